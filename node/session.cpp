#include "node/session.h"

#include <algorithm>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::node {
namespace {

using ledger::Code;

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kNonceRandomBytes = 16;  // the rest of the nonce is the seal
constexpr std::size_t kOriginBytesMax = 300;   // a scheme, the longest host name, a port

crypto::Digest token_digest(std::string_view token) { return crypto::sha256(token); }

}  // namespace

crypto::Bytes session_statement(const crypto::Digest& chain_id, std::string_view origin,
                                const SessionNonce& nonce, std::uint64_t expires_ms) {
  crypto::Bytes statement;
  crypto::put_bytes(statement, "circula/v1/session\n");
  crypto::put_bytes(statement, chain_id.view());
  crypto::put_u16be(statement, static_cast<std::uint16_t>(origin.size()));
  crypto::put_bytes(statement, origin);
  crypto::put_bytes(statement, nonce.view());
  crypto::put_u64be(statement, expires_ms);
  return statement;
}

SessionTable::SessionTable(const crypto::Digest& chain_id, Seams seams, SessionLimits limits)
    : chain_id_(chain_id), seams_(std::move(seams)), limits_(limits) {
  seams_.random(challenge_key_);
}

// Fills the second half of the nonce from the first and the expiry.
SessionNonce SessionTable::seal(SessionNonce nonce, std::uint64_t expires_ms) const {
  crypto::Bytes message(nonce.begin(), nonce.begin() + kNonceRandomBytes);
  crypto::put_u64be(message, expires_ms);
  const crypto::Digest digest = crypto::hmac_sha256(challenge_key_.view(), message);
  std::copy_n(digest.begin(), nonce.size() - kNonceRandomBytes, nonce.begin() + kNonceRandomBytes);
  return nonce;
}

SessionTable::Challenge SessionTable::challenge() {
  SessionNonce nonce{};
  seams_.random(std::span(nonce).first(kNonceRandomBytes));
  const std::uint64_t expires_ms = seams_.now_ms() + limits_.challenge_lifetime_ms;
  return {seal(nonce, expires_ms), expires_ms};
}

ledger::Result<SessionTable::Session> SessionTable::open(const Claim& claim, std::string_view our_origin) {
  const std::uint64_t now_ms = seams_.now_ms();
  if (claim.expires_ms <= now_ms || claim.expires_ms > now_ms + limits_.challenge_lifetime_ms ||
      seal(claim.nonce, claim.expires_ms) != claim.nonce) {
    return ledger::error(Code::E_SESSION, "the challenge has expired or is not of this node", "nonce");
  }
  if (claim.origin != our_origin || claim.origin.size() > kOriginBytesMax) {
    return ledger::error(Code::E_SESSION, "the origin signed is not the one that was called", "origin");
  }
  if (!seams_.is_active(claim.key)) {
    return ledger::error(Code::E_KEY_UNKNOWN, "the key is not registered or not active", "key");
  }
  const crypto::Bytes statement = session_statement(chain_id_, claim.origin, claim.nonce, claim.expires_ms);
  const crypto::VerifyJob job{claim.key, statement, claim.signature};
  if (!crypto::verify_batch({&job, 1}).front()) {
    return ledger::error(Code::E_SIG, "the signature is not over this challenge, origin and chain",
                         "signature");
  }
  std::array<std::uint8_t, kTokenBytes> secret{};
  seams_.random(secret);
  Session session{crypto::to_base64url(secret), now_ms + limits_.session_lifetime_ms};

  const std::lock_guard lock(mutex_);
  if (auto spent = spend(claim, now_ms); spent.has_error()) return spent.error();
  make_room(claim.key, now_ms);
  if (sessions_.size() >= limits_.sessions) return ledger::error(Code::E_QUOTA, "too many sessions are open");
  sessions_[token_digest(session.token)] = {claim.key, session.expires_ms};
  return session;
}

ledger::Result<void> SessionTable::spend(const Claim& claim, std::uint64_t now_ms) {
  if (spent_.contains(claim.nonce)) {
    return ledger::error(Code::E_SESSION, "the challenge was used before", "nonce");
  }
  if (spent_.size() >= limits_.spent_challenges) {
    std::erase_if(spent_, [now_ms](const auto& entry) { return entry.second <= now_ms; });
  }
  if (spent_.size() >= limits_.spent_challenges) {
    return ledger::error(Code::E_QUOTA, "too many sessions were opened within a minute");
  }
  spent_[claim.nonce] = claim.expires_ms;
  return {};
}

void SessionTable::make_room(const crypto::PublicKey& key, std::uint64_t now_ms) {
  if (sessions_.size() >= limits_.sessions) {
    std::erase_if(sessions_, [now_ms](const auto& entry) { return entry.second.expires_ms <= now_ms; });
  }
  std::size_t of_key = 0;
  auto oldest = sessions_.end();
  for (auto entry = sessions_.begin(); entry != sessions_.end(); ++entry) {
    if (entry->second.key != key) continue;
    ++of_key;
    if (oldest == sessions_.end() || entry->second.expires_ms < oldest->second.expires_ms) oldest = entry;
  }
  if (of_key >= limits_.sessions_per_key) sessions_.erase(oldest);
}

std::optional<crypto::PublicKey> SessionTable::authenticate(std::string_view token) {
  const crypto::Digest digest = token_digest(token);
  const std::uint64_t now_ms = seams_.now_ms();
  std::optional<crypto::PublicKey> key;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(digest);
    if (found == sessions_.end()) return std::nullopt;
    if (found->second.expires_ms > now_ms) key = found->second.key;
    if (!key) sessions_.erase(found);
  }
  if (key && !seams_.is_active(*key)) {
    close(token);
    return std::nullopt;
  }
  return key;
}

void SessionTable::close(std::string_view token) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(token_digest(token));
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace circula::node
