// What a hostile voter says after a good handshake, and what strangers try instead of one.
//
// Left out is only what the protocol gives every voter the power to do: to speak in a newer term, and so to
// depose the leader (docs/reliability.md). `deposes` says what that is.
#pragma once

#include <openssl/ssl.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/ed25519.h"
#include "node/proto/peer.pb.h"
#include "tests/attack/draw.h"
#include "tests/attack/hostile_peer.h"

namespace circula::attack {

// The hostile voter: its keys, and what it has learnt of the chain from what it was sent.
struct HostileView {
  std::uint16_t self = 0;
  crypto::Digest chain_id{};
  const crypto::SigningKey* node_key = nullptr;
  const crypto::SigningKey* cosigning_key = nullptr;
  const crypto::SigningKey* log_key = nullptr;
  std::string origin;  // of checkpoints

  std::uint64_t term = 1;
  std::uint64_t height = 0;  // newest block seen
  crypto::Digest parent{};   // its hash
  std::uint64_t time_ms = 0;
  std::uint64_t final_height = 0;
  std::string note;              // of the newest final checkpoint
  std::deque<std::string> good;  // frames that honest nodes sent

  void learn(const std::deque<std::string>& received);
};

// A connection-ending fault: bytes inside TLS, before or after the greeting.
struct FramingFault {
  std::string name;
  bool after_greeting = true;
  std::function<crypto::Bytes(Draw&)> bytes;
};
[[nodiscard]] std::vector<FramingFault> framing_faults();

// A whole frame whose content is wrong. The connection may go on.
struct ContentFault {
  std::string name;
  std::function<std::string(Draw&, const HostileView&)> payload;
};
[[nodiscard]] std::vector<ContentFault> content_faults();
// The same of up to four megabytes, which cost the attacker as much as the node.
[[nodiscard]] std::vector<ContentFault> large_content_faults();

// Whether a payload speaks in a newer term than the present one, and so ends a leader's office.
[[nodiscard]] bool deposes(const std::string& payload, std::uint64_t term);

// Somebody who is not let in. `attempt` says what was wrong with the node's answer; empty: nothing.
struct Stranger {
  std::string name;
  std::function<std::string(Draw&, std::uint16_t port)> attempt;
};
[[nodiscard]] std::vector<Stranger> strangers(const HostileView& view,
                                              const crypto::SigningKey& transport_key);

}  // namespace circula::attack
