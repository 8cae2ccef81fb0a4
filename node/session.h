// Sessions of record keys with this node's HTTP API (design.md 9): a challenge, signed, becomes a bearer
// token.
//
//   statement = "circula/v1/session\n" || chain_id[32] || u16be(length) || origin || nonce[32] ||
//   u64be(expires_ms)
//
// The origin is that of the URL that the client opened, so a signature given to one server opens nothing at
// another, and one given for a record, a block or a checkpoint opens nothing here.
//
// Invariants
//   1. A challenge costs no memory: its nonce carries a keyed digest by which the table knows it again. It is
//      good once, and until it expires.
//   2. A token is good for one key and one hour, and not after the key ceased to be active.
//   3. The tables are bounded; only active keys can fill them.
//
// Thread rule: any thread. `is_active` is called without the table's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::node {

using SessionNonce = crypto::FixedBytes<32, struct SessionNonceTag>;

// What a client signs with its record key.
[[nodiscard]] crypto::Bytes session_statement(const crypto::Digest& chain_id, std::string_view origin,
                                              const SessionNonce& nonce, std::uint64_t expires_ms);

struct SessionLimits {
  std::uint64_t challenge_lifetime_ms = 60'000;   // a person may have to enter a passphrase
  std::uint64_t session_lifetime_ms = 3'600'000;  // design.md 9
  std::size_t sessions = 16'384;                  // 2 MiB
  std::size_t sessions_per_key = 16;              // the oldest gives way
  std::size_t spent_challenges = 16'384;          // within a challenge's lifetime
};

class SessionTable {
 public:
  struct Seams {
    std::function<std::uint64_t()> now_ms;
    std::function<void(std::span<std::uint8_t>)> random;
    std::function<bool(const crypto::PublicKey&)> is_active;  // registered, not revoked, in its period
  };
  struct Challenge {
    SessionNonce nonce;
    std::uint64_t expires_ms;
  };
  struct Claim {
    crypto::PublicKey key;
    SessionNonce nonce;
    std::uint64_t expires_ms;
    std::string origin;
    crypto::Signature signature;
  };
  struct Session {
    std::string token;  // 32 random bytes in base64url
    std::uint64_t expires_ms;
  };

  SessionTable(const crypto::Digest& chain_id, Seams seams, SessionLimits limits = {});

  [[nodiscard]] Challenge challenge();
  // `our_origin` is the one of the request that brings the claim (Request::origin). E_SESSION when the
  // challenge or the origin is not ours, E_KEY_UNKNOWN, E_SIG, E_QUOTA.
  [[nodiscard]] ledger::Result<Session> open(const Claim& claim, std::string_view our_origin);
  [[nodiscard]] std::optional<crypto::PublicKey> authenticate(std::string_view token);
  void close(std::string_view token);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    crypto::PublicKey key;
    std::uint64_t expires_ms;
  };
  [[nodiscard]] SessionNonce seal(SessionNonce nonce, std::uint64_t expires_ms) const;
  [[nodiscard]] ledger::Result<void> spend(const Claim& claim, std::uint64_t now_ms);
  void make_room(const crypto::PublicKey& key, std::uint64_t now_ms);

  const crypto::Digest chain_id_;
  const Seams seams_;
  const SessionLimits limits_;
  crypto::Digest challenge_key_{};

  mutable std::mutex mutex_;
  std::map<crypto::Digest, Entry> sessions_;  // by the token's digest: looking up tells nothing about tokens
  std::map<SessionNonce, std::uint64_t> spent_;  // with their expiry
};

}  // namespace circula::node
