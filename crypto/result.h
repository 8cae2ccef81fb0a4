// Errors of the crypto layer, as values.
//
// Every function that reads bytes from outside returns Result<T>; nothing outside can trip an assertion
// or raise an exception across a module border. The ledger maps a Fault to a code of its outcome table.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace circula::crypto {

enum class Fault : std::uint8_t {
  kMalformed,     // the bytes do not have the form that the specification asks for
  kInvalidKey,    // not a canonical point of the prime-order subgroup, or not a key at all
  kBadSignature,  // a known key's signature does not verify
  kWrongRoot,     // a proof leads to another root
  kOutOfRange,    // an index, size or count outside what it may be
  kUnknownKey,    // no key that we know signed
  kQuorum,        // too few known keys signed
  kPassphrase,    // an encrypted key file and no passphrase, or a wrong one
  kEnvironment,   // the operating system or a library refused (file, permission, random)
};

[[nodiscard]] std::string_view to_string(Fault fault);

struct Error {
  Fault fault;
  std::string detail;  // for people: what was expected, what was found
};

template <class T>
using Result = boost::system::result<T, Error>;

// Boost.System calls this from result::value() on an error, which is a programmer's mistake: every
// caller looks before it reads.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("unchecked result: " + error.detail);
}

}  // namespace circula::crypto
