// One node's deterministic core (design.md 6): consensus, pool, gossip of bodies, block building, hand-over
// to execution, finality. Events in, effects out; no thread, clock, socket or file. The daemon runs one with
// Asio, LevelDB and workers around it; the simulator runs many in one thread.
//
// How a shell drives it: construct; then forever call an event function and carry out take_effects():
//   1. `save` is synced before anything else of the batch or of a later one leaves or is written;
//   2. `writes` go to chain/ in order, each atomic and synced, then on_durable(ticket);
//   3. the last of `promises` is synced in meta/, then on_promised() for each, in order;
//   4. `messages` may be lost; `verify` and `execute` may take their time, `execute` in order;
//   5. a failed write, or `stop`, ends the process.
//
// Invariants
//  1. a block is handed to the core for appending only when all its bodies are here, verified, and the block
//     is valid (design.md 3 "Validity");
//  2. blocks execute in order of height, each once, after commit;
//  3. nothing is signed before its promise is synced (finality.h);
//  4. the window is the core's log: a block enters it when the core appends it, and by no other way;
//  5. every queue here has a bound, and what one peer can make this node send, verify or keep has one too.
// A learner has no core: it pulls committed blocks and executes those that a final checkpoint covers.
//
// Thread rule: one thread. Crash rule: as the core's; pool and bodies in flight are lost and come again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/raft.h"
#include "ledger/block.h"
#include "ledger/genesis.h"
#include "ledger/ledger.h"
#include "node/backend.h"
#include "node/body_exchange.h"
#include "node/finality.h"
#include "node/pool.h"

namespace circula::node {

// A block that is complete: shared by the window, the writer, the executor and messages.
using BlockPtr = std::shared_ptr<const ledger::Block>;

struct BlockWrite {
  consensus::AppendTicket ticket;
  std::optional<std::uint64_t> truncate_from;
  std::vector<BlockPtr> blocks;
};

struct PeerOutput {
  NodeNumber to = 0;
  std::shared_ptr<const Bytes> frame;  // a serialised PeerMessage; shared by the peers it goes to
};

// An answer to submit(): taken into the pool, or refused.
struct Admission {
  std::uint64_t token = 0;
  std::optional<ledger::Error> refusal;
};

struct ReplicaEffects {
  std::optional<consensus::HardState> save;
  std::vector<BlockWrite> writes;
  std::vector<Sealed> promises;  // ascending: syncing the last covers all
  std::vector<PeerOutput> messages;
  std::vector<ledger::EnvelopePtr> verify;  // answer each with on_verified
  std::vector<BlockPtr> execute;            // answer each with on_executed
  std::vector<Admission> admissions;
  std::optional<FinalCheckpoint> finalised;  // to be kept in meta/, soon
  std::vector<proto::Evidence> evidence;     // to be kept on disk
  std::vector<std::string> alarms;
  std::optional<std::string> stop;  // diverged: the node must not go on

  [[nodiscard]] bool empty() const;
};

class Replica {
 public:
  struct Options {
    NodeNumber self = 0;
    bool voter = true;
    consensus::Options raft;  // self and random are set from here
    std::function<std::uint64_t(std::uint64_t bound)> random;
    // A committed or appended block that has left the window. Reads chain/.
    std::function<ledger::Result<BlockPtr>(std::uint64_t height)> read_block;
    const crypto::SigningKey* node_key = nullptr;
    Finality::Keys finality_keys;
    RecordPool::Limits pool;
    std::uint64_t tick_ms = 10;
  };
  struct Restored {
    consensus::HardState hard_state;
    std::optional<consensus::Log> log;  // absent: genesis only
    ledger::ParentLink tip;             // last block of chain/
    ledger::Position executed;
    Finality::Restored finality;
  };

  Replica(const ledger::Genesis& genesis, Options options, Restored restored);

  // Events.
  void tick(std::uint64_t mono_ms, std::uint64_t wall_ms);
  void on_peer_message(NodeNumber from, ByteView frame);
  void on_peer_up(NodeNumber peer);
  void on_peer_down(NodeNumber peer);
  void submit(std::uint64_t token, ledger::EnvelopePtr envelope);
  void on_verified(const Digest& body_hash, bool good);
  void on_durable(const consensus::AppendTicket& ticket);
  void on_promised(const Sealed& promise);
  void on_executed(const ledger::ExecutedBlock& block, std::optional<std::uint64_t> next_due_ms);
  // A configuration that execution made the one in force for cosigning.
  void on_voters_changed(const ledger::proto::Configuration& configuration);
  void set_read_only(bool read_only);  // disk reserve reached: nothing is appended
  // Hands leadership over before a shutdown; true while it is under way.
  [[nodiscard]] bool hand_over();

  [[nodiscard]] ReplicaEffects take_effects();

  // Views.
  [[nodiscard]] bool is_leader() const { return raft_ && raft_->is_leader(); }
  [[nodiscard]] NodeNumber leader() const;
  [[nodiscard]] std::uint64_t committed_height() const { return committed_; }
  [[nodiscard]] std::uint64_t executed_height() const { return executed_; }
  [[nodiscard]] const Finality& finality() const { return finality_; }
  [[nodiscard]] const RecordPool& pool() const { return pool_; }
  [[nodiscard]] const consensus::Raft* raft() const { return raft_ ? &*raft_ : nullptr; }
  [[nodiscard]] NodeStatus status() const;
  // Whether a body with this intent waits in the pool or in a block that is not executed.
  [[nodiscard]] bool is_pending(const Digest& envelope_id) const;
  // Whether this body was executed lately: it never waits for a block again.
  [[nodiscard]] bool was_executed(const Digest& body_hash) const {
    return executed_bodies_.contains(body_hash);
  }

 private:
  using WindowMap = std::map<std::uint64_t, BlockPtr>;
  struct PeerView {
    bool up = false;
    std::uint64_t served_bytes = 0;  // on request, since `served_since_ms`
    std::uint64_t served_since_ms = 0;
    std::uint64_t note_sent_ms = 0;
    std::uint64_t evidence = 0;  // pieces that it was the first to bring
  };

  // replica.cpp
  void pump();  // takes the core's effects until it has none
  void carry_out(consensus::Effects effects);
  void send(NodeNumber to, const proto::PeerMessage& message);
  enum class Audience : std::uint8_t { kVoters, kLearners, kAll };
  void broadcast(const proto::PeerMessage& message, Audience audience);
  void send_final_note(NodeNumber to);
  void send_consensus(const consensus::Outgoing& outgoing);
  void push_old_bodies(NodeNumber to, const BlockPtr& block);
  void write_blocks(const consensus::AppendEffect& append);
  void on_cosigned(NodeNumber from, const proto::Cosigned& message);
  void apply_finality(Finality::Outcome outcome);
  void execute_committed();
  void commit_as_learner();
  void trim_window();
  void place_block(BlockPtr block);
  void drop_window_from(std::uint64_t height);
  [[nodiscard]] BlockPtr block_at(std::uint64_t height) const;
  [[nodiscard]] std::optional<ledger::ParentLink> link_at(std::uint64_t height) const;
  [[nodiscard]] const ledger::proto::Member* member(NodeNumber node) const;
  [[nodiscard]] bool is_voter(NodeNumber node) const;
  void remember_executed(const Digest& body_hash);
  void remember_log();
  void repeat_unfinished();

  // replica_leader.cpp: building blocks.
  void build_first_block(const consensus::FirstBlockNeeded& needed);
  void build_blocks();
  [[nodiscard]] std::vector<ledger::EnvelopePtr> choose_bodies() const;
  [[nodiscard]] bool may_propose() const;
  [[nodiscard]] bool due_work_waits() const;
  [[nodiscard]] bool propose(ledger::BlockKind kind, std::vector<ledger::EnvelopePtr> bodies);

  // replica_follower.cpp: appends that wait for their bodies.
  void on_consensus(NodeNumber from, const proto::Consensus& message);
  void on_append(NodeNumber from, const proto::Consensus& message);
  [[nodiscard]] bool take_frames(NodeNumber from, const proto::Consensus& message);
  void advance_held();
  enum class Readiness : std::uint8_t { kReady, kWaits, kInvalid };
  [[nodiscard]] Readiness complete(const ledger::BlockFrame& frame, const ledger::ParentLink& parent,
                                   BlockPtr& block);
  [[nodiscard]] Readiness judge(const ledger::Block& block, const ledger::ParentLink& parent);
  [[nodiscard]] bool waits_for_time(const ledger::BlockFrame& frame) const;
  void tell_core_what_precedes();
  void need_bodies(const ledger::BlockFrame& frame);
  void need_body(const Digest& hash);
  void refuse_held(const ledger::Block& block, NodeNumber signer, const ledger::Error& reason);
  void refuse_leader(NodeNumber leader, consensus::Term term);
  void watch_refused();
  void report_held();
  void ask_for_stuck_block();
  void forget_held();

  // replica_evidence.cpp: what shows that a member broke the rules.
  [[nodiscard]] bool signed_by_proposer(const ledger::BlockFrame& frame) const;
  void note_two_headers(const ledger::BlockFrame& known, const ledger::BlockFrame& other);
  void keep_evidence(proto::Evidence evidence);
  void on_evidence(NodeNumber from, const proto::Evidence& evidence);
  [[nodiscard]] bool shows_two_headers(const proto::Evidence& evidence) const;

  // replica_gossip.cpp: bodies and blocks between peers.
  void on_bodies(NodeNumber from, const proto::Bodies& message);
  void on_announcement(NodeNumber from, const proto::Announcement& message);
  void on_body_request(NodeNumber from, const proto::BodyRequest& message);
  void take_body(ledger::EnvelopePtr envelope);
  [[nodiscard]] ledger::EnvelopePtr find_body(const Digest& hash) const;
  void verify_body(ledger::EnvelopePtr envelope);
  void flush_gossip();
  [[nodiscard]] std::optional<ledger::Error> judge_submission(const ledger::Envelope& envelope) const;
  void announce_pool(NodeNumber to);
  void request_bodies();
  void on_block_request(NodeNumber from, const proto::BlockRequest& message);
  void on_blocks(NodeNumber from, const proto::Blocks& message);
  void take_bodies_of(const proto::Blocks& message);
  void pull_blocks();
  void ask_another_peer();
  [[nodiscard]] std::set<NodeNumber> peers_up() const;
  [[nodiscard]] NodeNumber next_peer(NodeNumber after) const;  // in turn; 0: none is up
  [[nodiscard]] bool may_serve(NodeNumber peer);

  ledger::Genesis genesis_;
  Options options_;
  ledger::proto::Configuration configuration_;
  std::optional<consensus::Raft> raft_;
  Finality finality_;
  RecordPool pool_;
  BodyExchange exchange_;
  ReplicaEffects effects_;

  std::uint64_t now_ms_ = 0;
  std::uint64_t wall_ms_ = 0;
  std::uint64_t last_repeat_ms_ = 0;
  bool read_only_ = false;
  std::map<NodeNumber, PeerView> peers_;

  WindowMap window_;                              // complete blocks: appended, and some that are executed
  WindowMap arriving_;                            // complete, offered to the core
  ledger::ParentLink tip_;                        // of the log
  std::set<Digest> in_log_;                       // body hashes of appended blocks above the executed one
  std::map<Digest, ledger::EnvelopePtr> bodies_;  // verified bodies outside the pool, for held blocks
  std::uint64_t committed_ = 0;
  std::uint64_t handed_over_ = 0;  // to execution
  std::uint64_t executed_ = 0;
  std::uint64_t learner_durable_ = 0;  // newest height that is on a learner's disk
  std::uint64_t executed_size_ = 0;    // of the log of entries
  std::uint64_t executed_time_ms_ = 0;
  std::optional<std::uint64_t> next_due_ms_;
  std::uint64_t last_due_block_ms_ = 0;

  std::vector<ledger::EnvelopePtr> to_gossip_;  // since the last take_effects(): pushed in one message

  // Submissions whose signatures are being verified.
  std::map<Digest, std::vector<std::uint64_t>> submitters_;
  std::map<Digest, ledger::EnvelopePtr> verifying_;
  std::size_t verifying_bytes_ = 0;
  std::deque<Digest> executed_bodies_order_;
  std::set<Digest> executed_bodies_;  // newest ones, so that late gossip does not come back

  // Blocks of the leader that cannot be handed to the core yet: contiguous, of one leader and term.
  struct Held {
    NodeNumber leader = 0;
    consensus::Term term;
    consensus::EntryId prev;
    std::deque<ledger::BlockFrame> frames;
    std::deque<std::uint32_t> sizes;
    consensus::Index commit;
    std::vector<ledger::EnvelopePtr> found;  // the first bodies of the first frame
    bool prev_told = false;                  // the core knows that the log agrees up to prev
  };
  std::optional<Held> held_;
  std::uint64_t reported_held_ = 0;
  std::uint64_t stuck_height_ = 0;  // the first held block, and since when it lacks bodies
  std::uint64_t stuck_since_ms_ = 0;
  std::uint64_t stuck_rounds_ = 0;
  NodeNumber stuck_asked_ = 0;

  // Refused blocks, by hash: how high, and which leaders held them.
  struct Refused {
    std::uint64_t height = 0;
    std::set<NodeNumber> leaders;
  };
  std::map<Digest, Refused> refused_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> two_headers_;  // height and term that are reported

  // A learner's pull.
  NodeNumber pull_from_ = 0;
  std::uint64_t pulled_at_ms_ = 0;
  bool pull_open_ = false;
  std::uint64_t learner_ticket_ = 0;
};

}  // namespace circula::node
