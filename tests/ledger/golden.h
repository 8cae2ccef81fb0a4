// Reads tests/vectors/golden.json, which tests/vectors/make.py writes by the rules of docs/formats.md: it
// shares no code with the encoders that tests compare with it.
#pragma once

#include <boost/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "ledger/genesis.h"

namespace circula::ledger::testing {

// A value of golden.json. Bytes are texts in hex; a member that is missing throws and fails the test.
class Golden {
 public:
  explicit Golden(const boost::json::value& value) : value_(value) {}

  Golden operator[](std::string_view name) const { return Golden(value_.as_object().at(name)); }
  [[nodiscard]] std::vector<Golden> list() const {
    std::vector<Golden> items;
    for (const boost::json::value& item : value_.as_array()) items.emplace_back(item);
    return items;
  }
  [[nodiscard]] std::string text() const { return std::string(value_.as_string()); }
  [[nodiscard]] Bytes bytes() const { return crypto::from_hex(text()).value(); }
  template <class Fixed>
  [[nodiscard]] Fixed fixed() const {
    return crypto::fixed_from_hex<Fixed>(text()).value();
  }
  [[nodiscard]] Digest digest() const { return fixed<Digest>(); }
  template <class Number>
  [[nodiscard]] Number number() const {
    return value_.to_number<Number>();
  }
  [[nodiscard]] crypto::SigningKey key() const {
    const Digest seed = digest();
    return crypto::SigningKey::from_seed(std::span<const std::uint8_t, 32>(seed.data(), 32));
  }

 private:
  const boost::json::value& value_;
};

// A member of the file.
[[nodiscard]] Golden golden(std::string_view section);

[[nodiscard]] Genesis golden_genesis();
[[nodiscard]] Digest golden_chain_id();

[[nodiscard]] inline std::string hex(ByteView bytes) { return crypto::to_hex(bytes); }
[[nodiscard]] inline std::string hex(const Digest& digest) { return hex(digest.view()); }

}  // namespace circula::ledger::testing
