// TLS 1.3 between nodes: mutual, pinned by key, bound to the chain (design.md 9).
//
// Invariants
//   1. A certificate is only a container for an Ed25519 transport key: self-signed, made in memory, valid
//      until 9999-12-31. Dates and names are never checked, so no date can stop the cluster.
//   2. The other side's key is checked against the allow-list inside the handshake, on both sides; a key
//      outside it ends the handshake with an alert. Nothing is allocated for it above OpenSSL's handshake.
//   3. ALPN is `circula-peer/1/<chain id in hex>`; a side that offers or selects anything else, or nothing,
//      fails the handshake. The chain id is the hash of genesis, so one genesis, one network.
//   4. No resumption, no tickets, no early data: each connection proves its key anew.
//
// Thread rule: the context may make connections on any thread; the allow-list is called on the thread that
// runs the handshake and must be safe there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "crypto/bytes.h"
#include "crypto/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace circula::node {

using PeerId = std::uint16_t;  // the node id of the configuration, from 1

// Whose transport key this is, or nobody's.
using PeerAllowList = std::function<std::optional<PeerId>(const crypto::PublicKey&)>;

enum class TlsRefusal : std::uint8_t {
  kNone,         // not refused by this side
  kCertificate,  // no certificate, or not an Ed25519 one
  kUnknownKey,   // the allow-list does not know the key
  kWrongChain,   // another chain's ALPN, or none
  kWrongPeer,    // a known key, but not the peer that was dialled
};

// What this side's check found about the other side of one connection. The connection owns it; it must
// outlive the handshake.
struct PeerVerdict {
  std::optional<PeerId> expected;  // set by the dialling side
  std::optional<PeerId> peer;      // set when the key was accepted
  crypto::PublicKey key{};
  TlsRefusal refusal = TlsRefusal::kNone;
};

class PeerTls {
 public:
  static constexpr std::size_t kSeedBytes = 32;

  [[nodiscard]] static crypto::Result<PeerTls> make(std::span<const std::uint8_t, kSeedBytes> transport_seed,
                                                    const crypto::Digest& chain_id, PeerAllowList allow);
  PeerTls(PeerTls&&) noexcept;
  PeerTls& operator=(PeerTls&&) noexcept;
  ~PeerTls();

  // For both roles. The caller that keeps it beyond this object takes its own reference (SSL_CTX_up_ref),
  // but the checks need this object for as long as handshakes run.
  [[nodiscard]] ssl_ctx_st* context() const;
  // Binds a connection to its verdict; before the handshake.
  void watch(ssl_st* connection, PeerVerdict& verdict) const;

  [[nodiscard]] const crypto::PublicKey& public_key() const;

 private:
  struct State;
  explicit PeerTls(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace circula::node
