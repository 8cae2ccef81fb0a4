// Signatures of the simulator: as short to compute as a hash, and many good ones for one message, as a
// holder of an Ed25519 key can make them. Nobody can forge one who does not mean to. A signature is
//
//   nonce (32 bytes) || BLAKE2b-256 keyed with the public key, of nonce || message
//
// Thread rule: of one thread, as the simulator.
#pragma once

#include <cstdint>

namespace circula::sim {

enum class Signatures : std::uint8_t { kStandIn, kEd25519 };

// What every signature from here on is, and the sequence of nonces.
void use_signatures(Signatures kind, std::uint64_t seed);

}  // namespace circula::sim
