// The first bytes of everything that is signed. Each kind of statement has a context line of its own, so a
// signature made for one is worth nothing for another (design.md 9, "Keys and statements").
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/bytes.h"

namespace circula::ledger {

using crypto::Bytes;
using crypto::ByteView;
using crypto::Digest;
using crypto::PublicKey;
using crypto::ShortId;
using crypto::Signature;

inline constexpr std::string_view kEnvelopeContext = "circula/v1/envelope\n";
inline constexpr std::string_view kPossessionContext = "circula/v1/possession\n";
inline constexpr std::string_view kBlockContext = "circula/v1/block\n";
inline constexpr std::string_view kPeerContext = "circula/v1/peer\n";
inline constexpr std::string_view kGenesisContext = "circula/v1/genesis\n";
inline constexpr std::string_view kInviteContext = "circula/v1/invite\n";
inline constexpr std::string_view kSessionContext = "circula/v1/session\n";

// context || chain_id || rest
[[nodiscard]] Bytes statement(std::string_view context, const Digest& chain_id, ByteView rest);

// What a new key signs to show that its holder has it: the organisation that it will belong to.
[[nodiscard]] Bytes possession_statement(const Digest& chain_id, std::string_view oid);

}  // namespace circula::ledger
