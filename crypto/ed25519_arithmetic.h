// What Ed25519 computes, apart from the rule by which ed25519.h takes or refuses it. It stands in a file of
// its own, so that an executable which defines the two functions itself is linked without this one: the
// simulator does, to spend its time on faults and not on curves (reliability.md 1). No switch does that in a
// running process.
#pragma once

#include "crypto/bytes.h"

namespace circula::crypto::arithmetic {

inline constexpr std::size_t kSecretBytes = 64;  // seed || public key

[[nodiscard]] Signature sign(const std::uint8_t* secret, ByteView message);
[[nodiscard]] bool accepts(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace circula::crypto::arithmetic
