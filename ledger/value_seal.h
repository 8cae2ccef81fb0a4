// The form in which a value lies on disk: with its own hash, so that no layer below can change it unseen.
//
//   stored = tag[8] || value XOR (tag, repeated)        tag = SHA-256(u32be(key length) || key || value)[:8]
//
// LevelDB's checksums do not suffice: a compaction gives rotten bytes a fresh checksum (reliability.md 0,
// finding 3), and a right value can appear under another key.
//
// The XOR is against a client that puts the bytes of a LevelDB log fragment into its record: the scan for
// torn tails (torn_tail.h) would take them for an acknowledged write behind the torn one. The tag depends on
// all of the value, on parts of which the client has no say, so the bytes on disk are not the client's
// choice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.h"

namespace circula::ledger {

constexpr std::size_t kSealBytes = 8;  // one false match in 2^64; more would cost index/ too much room

// The sealed form of `value` under `key`, into `stored` (reused between calls).
void seal_value(crypto::ByteView key, crypto::ByteView value, std::string& stored);

// The value, or nothing when the stored bytes are not what was sealed under this key.
[[nodiscard]] std::optional<crypto::Bytes> open_value(crypto::ByteView key, crypto::ByteView stored);

}  // namespace circula::ledger
