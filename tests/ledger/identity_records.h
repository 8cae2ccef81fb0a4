// Bodies of records 1 and 2 that are good as they stand, for tests to alter.
#pragma once

#include <string>

#include "ledger/proto/identity.pb.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger::testing {

inline constexpr std::uint16_t kOrg = 1;
inline constexpr std::uint16_t kKey = 2;

// A key's public half, by the key's name.
[[nodiscard]] std::string public_key(TestChain& chain, const std::string& key);
// The key's signature for this organisation on this chain.
[[nodiscard]] std::string possession(TestChain& chain, const std::string& key, const std::string& oid);

// A provider whose officer key has its name.
[[nodiscard]] proto::Org registration(TestChain& chain, const std::string& name, const std::string& oid);
[[nodiscard]] proto::Org suspension(const std::string& oid);
[[nodiscard]] proto::Org reinstatement(const std::string& oid);
[[nodiscard]] proto::Org exit_of(const std::string& oid);

// A key of this name for the organisation of this code.
[[nodiscard]] proto::Key addition(TestChain& chain, const std::string& key, const std::string& oid,
                                  proto::KeyUsage usage);
[[nodiscard]] proto::Key rotation(TestChain& chain, const std::string& replaces, const std::string& key,
                                  const std::string& oid, std::int64_t overlap_until_s);
[[nodiscard]] proto::Key recovery(TestChain& chain, const std::string& key, const std::string& oid);
[[nodiscard]] proto::Key revocation(TestChain& chain, const std::string& key);

// Admitted by the exchange; throws unless that is E_OK.
void admit(TestChain& chain, const std::string& name, const std::string& oid);

}  // namespace circula::ledger::testing
