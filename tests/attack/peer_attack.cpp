#include "tests/attack/peer_attack.h"

#include <mutex>
#include <thread>

#include "crypto/encoding.h"

namespace circula::attack {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{8'000};
constexpr std::size_t kFaultsMax = 40;
// Three hundred frames of megabytes among ten thousand: more would measure how fast two cores encrypt.
constexpr std::uint64_t kOneInIsLarge = 16;

// The attack on one node, over one connection after the other: only one of a peer's connections is its
// channel.
class PeerAttack {
 public:
  PeerAttack(const PeerAttackPlan& plan, const Consortium& consortium, unsigned target, std::uint64_t frames)
      : plan_(plan),
        port_(consortium.node(target).peer_port()),
        frames_(frames),
        draw_(plan.seed * 7'919 + target),
        node_key_(consortium.node(plan.hostile).key("node")),
        cosigning_key_(consortium.node(plan.hostile).key("cosign")),
        log_key_(consortium.node(plan.hostile).key("log")),
        transport_key_(consortium.node(plan.hostile).key("transport")) {
    view_.self = static_cast<std::uint16_t>(plan.hostile);
    view_.chain_id = crypto::fixed_from_hex<crypto::Digest>(consortium.status(target, "/chain_id")).value();
    view_.origin = consortium.status(target, "/origin");
    view_.node_key = &node_key_;
    view_.cosigning_key = &cosigning_key_;
    view_.log_key = &log_key_;
    std::array<std::uint8_t, 32> seed{};
    std::copy(transport_key_.seed().begin(), transport_key_.seed().end(), seed.begin());
    const auto anybody = [](const crypto::PublicKey&) { return std::optional<node::PeerId>(1); };
    tls_.emplace(node::PeerTls::make(seed, view_.chain_id, anybody).value());
    strangers_ = strangers(view_, transport_key_);
  }

  PeerAttackResult run() {
    const auto start = Clock::now();
    for (std::uint64_t number = 0; number < frames_; ++number) {
      std::this_thread::sleep_until(start + plan_.duration * number / frames_);
      ++result_.sent;
      switch (number % 8) {
        case 0:
          send_stranger(strangers_[number / 8 % strangers_.size()]);
          break;
        case 1:
          send_framing_fault(framing_faults_[number / 8 % framing_faults_.size()]);
          break;
        case 2:
        case 3:
          send_altered();
          break;
        default:
          send_content_fault(draw_.one_of(draw_.one_in(kOneInIsLarge) ? large_faults_ : content_faults_));
          break;
      }
    }
    return std::move(result_);
  }

 private:
  // A channel on which the node has said something, so that there is something to alter.
  HostilePeer* channel() {
    if (peer_ && peer_->open()) return peer_.get();
    peer_ = std::make_unique<HostilePeer>(*tls_, port_);
    ++result_.connections;
    if (!peer_->shaken() || !peer_->hello()) {
      note("the channel", "a voter's key is not let in");
      peer_.reset();
      return nullptr;
    }
    const auto end = Clock::now() + kPatience;
    while (peer_->open() && peer_->received().empty() && Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      peer_->read();
    }
    if (peer_->received().empty()) note("the channel", "the node says nothing to a voter");
    return peer_.get();
  }

  void send(const std::string& name, std::uint8_t kind, const std::string& payload) {
    HostilePeer* peer = channel();
    if (peer == nullptr) return;
    ++result_.kinds[name];
    (void)peer->send(kind, payload);
  }

  void send_content_fault(const ContentFault& fault) {
    if (HostilePeer* peer = channel()) {
      peer->read();
      view_.learn(peer->received());
    }
    const std::string payload = fault.payload(draw_, view_);
    if (!deposes(payload, view_.term)) send(fault.name, 1, payload);
  }

  void send_altered() {
    HostilePeer* peer = channel();
    if (peer == nullptr) return;
    view_.learn(peer->received());
    const std::string payload =
        view_.good.empty() ? std::string() : mutated(draw_, view_.good[draw_.below(view_.good.size())]);
    const bool other_kind = draw_.one_in(10);
    if (deposes(payload, view_.term) && !other_kind) return;
    send("altered", other_kind ? static_cast<std::uint8_t>(draw_.between(2, 255)) : 1, payload);
  }

  void send_framing_fault(const FramingFault& fault) {
    HostilePeer peer(*tls_, port_);
    ++result_.connections;
    ++result_.kinds[fault.name];
    if (!peer.shaken()) return note(fault.name, "a voter's key is not let in");
    if (fault.after_greeting) (void)peer.hello();
    (void)peer.write(fault.bytes(draw_));
    if (!peer.closes(kPatience)) note(fault.name, "the connection is not closed");
  }

  void send_stranger(const Stranger& stranger) {
    ++result_.kinds[stranger.name];
    const std::string fault = stranger.attempt(draw_, port_);
    if (!fault.empty()) return note(stranger.name, fault);
    ++result_.refused_strangers;
  }

  void note(const std::string& name, const std::string& fault) {
    if (result_.faults.size() < kFaultsMax) result_.faults.push_back(name + ": " + fault);
  }

  const PeerAttackPlan& plan_;
  std::uint16_t port_;
  std::uint64_t frames_;
  Draw draw_;
  crypto::SigningKey node_key_, cosigning_key_, log_key_, transport_key_;
  HostileView view_;
  std::optional<node::PeerTls> tls_;
  std::vector<Stranger> strangers_;
  std::vector<FramingFault> framing_faults_ = framing_faults();
  std::vector<ContentFault> content_faults_ = content_faults();
  std::vector<ContentFault> large_faults_ = large_content_faults();
  std::unique_ptr<HostilePeer> peer_;
  PeerAttackResult result_;
};

}  // namespace

PeerAttackResult attack_peers(const PeerAttackPlan& plan, const Consortium& consortium) {
  PeerAttackResult total;
  const auto start = Clock::now();
  std::mutex mutex;
  {
    std::vector<std::jthread> attackers;
    const unsigned targets = Consortium::kVoters - 1;
    for (unsigned id = 1; id <= Consortium::kVoters; ++id) {
      if (id == plan.hostile) continue;
      attackers.emplace_back([&, id] {
        const PeerAttackResult one =
            PeerAttack(plan, consortium, id, (plan.frames + targets - 1) / targets).run();
        const std::lock_guard lock(mutex);
        total.sent += one.sent;
        total.connections += one.connections;
        total.refused_strangers += one.refused_strangers;
        for (const auto& [kind, count] : one.kinds) total.kinds[kind] += count;
        for (const std::string& fault : one.faults)
          total.faults.push_back("node " + std::to_string(id) + ": " + fault);
      });
    }
  }
  total.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  return total;
}

}  // namespace circula::attack
