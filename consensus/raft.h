// Raft (Ongaro's dissertation; section numbers in comments) as a pure state machine: ticks, messages and
// completions in, effects out. It knows entries as {index, term, payload size, configuration?} and never
// their bytes. It has no clock, thread, socket or file; equal calls with an equal `random` give equal
// effects.
//
// How a shell drives it:
//   construct from what is stored; take_effects(); then forever: tick() every tick, receive() for messages,
//   durable() for finished appends, propose() while leader, and after each call take_effects() and carry it
//   out in the order that effects.h demands. After a pause, hand in the waiting messages before the next
//   tick, and never make up for missed ticks: a node that slept has not heard its leader, and would disturb
//   it.
//
// Invariants, checked after every step, in release builds too (invariants.h):
// 1. term, commit index and deliverable index never fall.
// 2. One vote a term: a vote, once given, stands until the term changes (B5).
// 3. commit_index() <= last index; deliverable_index() = min(commit_index(), durable_index()).
// 4. Only an entry of the leader's own term commits by counting (Fig. 8, B11), and counting uses durable
//    matches only, the leader's own included (B6).
// 5. A follower's `verified` index, up to which its log is known to equal the leader's, bounds what it
//    acknowledges and what it commits (B1, B4, B26). Truncation never reaches a committed entry.
// 6. As in progress.h for every follower.
//
// Input from outside never trips an assertion: a message that makes no sense is dropped, one that shows a
// broken member raises an alarm.
//
// Thread rule: one thread. Crash rule: a crash at any moment loses what was not yet synced and nothing else;
// the shell restores hard state and log and constructs a new core.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "consensus/durability.h"
#include "consensus/effects.h"
#include "consensus/explain.h"
#include "consensus/invariants.h"
#include "consensus/log.h"
#include "consensus/message.h"
#include "consensus/options.h"
#include "consensus/progress.h"
#include "consensus/quorum.h"
#include "consensus/read_index.h"
#include "consensus/types.h"

namespace circula::consensus {

// What a node has on disk when it starts. A fresh one: {{}, Log(genesis configuration)}.
struct Restored {
  HardState hard_state;
  Log log;                // all of it durable
  Index commit;           // known to be committed (executed, final); genesis if unknown
  bool in_doubt = false;  // as Raft::set_in_doubt()
};

enum class ProposeResult : std::uint8_t {
  kAccepted,
  kNotLeader,
  kStale,                  // term or index is not the next one: build the block again
  kTransferring,           // leadership is being handed over
  kTooMuchUncommitted,     // wait for commits
  kConfigurationTooEarly,  // nothing of this term is committed yet (B18)
  kConfigurationOpen,      // the last configuration is not committed yet
  kConfigurationInvalid,   // may_follow() is false
};

enum class TransferResult : std::uint8_t {
  kStarted,
  kNotLeader,
  kTransferring,
  kNoTarget,  // not another voter, not heard lately, refused, or in doubt
};

enum class ReadResult : std::uint8_t { kPending, kNoLeader, kTooMany };

// What a node shows of itself.
struct Status {
  struct Peer {
    NodeId node;
    Progress::State state;
    Index match;
    Index counted_match;
    Index next;
    std::size_t inflight_messages;
    std::uint64_t inflight_bytes;
    std::uint64_t silent_ticks;
  };
  Term term;
  Role role = Role::kFollower;
  NodeId leader = kNobody;
  NodeId vote = kNobody;
  Index last;
  Index durable;
  Index commit;
  Index deliverable;
  std::uint64_t uncommitted_bytes = 0;
  bool in_doubt = false;
  NodeId transfer_target = kNobody;
  Configuration configuration;
  Index configuration_index;
  std::vector<Peer> peers;  // of a leader
};

class Raft {
 public:
  Raft(Options options, Restored restored);

  // Events of any node.

  void tick();
  // A message whose sender the transport vouches for. An Append only when the shell holds and has verified
  // all its blocks, see message.h.
  void receive(NodeId from, const Message& message);
  // An append is durable, and with it all before it. Repeated or outdated tickets do no harm.
  void durable(const AppendTicket& ticket);
  // Asks for a linearizable read; the outcome comes as Effects::reads with this context. On a follower it is
  // forwarded to the leader.
  [[nodiscard]] ReadResult read_index(std::uint64_t context);
  // A node in doubt (`design.md` 7) follows and stores, and counts in nothing: no vote, no candidacy, no
  // counted acknowledgement, no confirmed read (B43). A leader that comes into doubt steps down.
  void set_in_doubt(bool in_doubt);
  // A node that cannot write blocks (its disk is at the reserve) goes on following and voting, and does not
  // campaign.
  void set_may_lead(bool may_lead) { may_lead_ = may_lead; }

  // Events of a follower's shell, about appends that it cannot hand in.

  // It has blocks of the leader of `term` up to `last` and holds them back (bodies missing, being verified,
  // time too far ahead). Say so on arrival and whenever it changes; the leader hears it with the next
  // heartbeat, so it neither sends them again nor takes them for lost. Forgotten when the term changes.
  void hold_back(Term term, Index last);
  // It has pulled the entries after `prev` from some node and knows them to be committed, by a final
  // checkpoint: how a learner outside the configuration, a node in doubt or one far behind catches up without
  // the leader. False when they do not join the log, or are none that could be committed; nothing has changed
  // then.
  [[nodiscard]] bool adopt_committed(EntryId prev, const std::vector<Entry>& entries);
  // It holds a block of `leader` in `term` to be invalid: nothing more is accepted from that leader in that
  // term, and the election timer runs (`design.md` 3). The leader is told that it is refused.
  void refuse(NodeId leader, Term term);

  // Events of a leader's shell.

  // Adds the entry for (term, index), which must be (term(), next_index()): the block's signed header names
  // both. The first one of a term is the one that Effects::first_block asked for.
  [[nodiscard]] ProposeResult propose(Term term, Index index, std::uint32_t bytes,
                                      std::optional<Configuration> configuration = std::nullopt);
  // Hands leadership to `target`, or to the best voter there is: stops accepting proposals, brings it up to
  // date, tells it to campaign. Given up after an election timeout (B21): then proposals are accepted again.
  [[nodiscard]] TransferResult transfer(NodeId target = kNobody);
  // The connection to a peer broke: all in flight to it may be lost. Sending starts again from what it
  // acknowledged.
  void connection_lost(NodeId peer);

  [[nodiscard]] Effects take_effects();

  // Views.

  [[nodiscard]] NodeId self() const { return options_.self; }
  [[nodiscard]] Term term() const { return hard_state_.term; }
  [[nodiscard]] NodeId vote() const { return hard_state_.vote; }
  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] bool is_leader() const { return role_ == Role::kLeader; }
  [[nodiscard]] NodeId leader() const { return leader_; }
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }
  [[nodiscard]] bool transferring() const { return transfer_target_ != kNobody; }
  [[nodiscard]] const Log& log() const { return log_; }
  [[nodiscard]] Index next_index() const { return log_.last_index().next(); }
  [[nodiscard]] Index durable_index() const { return durability_.durable(); }
  // What this node knows the cluster to have committed.
  [[nodiscard]] Index commit_index() const { return commit_; }
  // What of it is durable here: what Effects::commit says.
  [[nodiscard]] Index deliverable_index() const;
  // A leader that has committed in its term: from now on configurations may change and reads are served.
  [[nodiscard]] bool committed_in_term() const;
  [[nodiscard]] std::uint64_t uncommitted_bytes() const {
    return log_.bytes_between(commit_, log_.last_index());
  }
  [[nodiscard]] const Configuration& configuration() const { return log_.configuration(); }
  [[nodiscard]] const std::map<NodeId, Progress>& progress() const { return progress_; }
  [[nodiscard]] Status status() const;
  [[nodiscard]] WhyNotLeader why_not_leader() const;
  [[nodiscard]] WhyNotCommitted why_not_committed(Index index) const;

 private:
  friend class InvariantChecker;

  // raft.cpp: terms and roles.
  void become_follower(Term term, NodeId leader);
  void set_hard_state(Term term, NodeId vote);
  void draw_election_timeout();
  [[nodiscard]] bool follows_a_live_leader() const;
  [[nodiscard]] bool disk_hung() const;
  [[nodiscard]] bool is_current(NodeId from, const Message& message);
  void answer_old_term(NodeId from, const Message& message);
  void append_to_log(std::optional<Index> truncate_from, const Entry* first, const Entry* end);
  void advance_commit(Index index);
  void send(NodeId to, Message message);
  void alarm(std::string text);
  void finish_step(const InvariantChecker& before);

  // candidate.cpp: elections (3.4, 3.6.1, 4.2.3, 9.6).
  [[nodiscard]] bool is_eligible() const;
  [[nodiscard]] bool may_campaign() const;
  void election_timeout();
  void pre_campaign();
  void ask_again_soon();
  void campaign(bool transfer);
  void count_vote(NodeId from, bool granted);
  void ask_voters(const Message& request);
  void on(NodeId from, const PreVoteRequest& m);
  void on(NodeId from, const PreVoteResponse& m);
  void on(NodeId from, const VoteRequest& m);
  void on(NodeId from, const VoteResponse& m);
  void on(NodeId from, const TimeoutNow& m);

  // follower.cpp: accepting the leader's log (3.5).
  [[nodiscard]] bool follow(NodeId from);
  [[nodiscard]] static bool makes_sense(EntryId prev, const std::vector<Entry>& entries, Term newest);
  [[nodiscard]] bool store_entries(EntryId prev, const std::vector<Entry>& entries);
  void acknowledge(NodeId leader);
  [[nodiscard]] Index durable_match() const;
  void on(NodeId from, const Append& m);
  void on(NodeId from, const Heartbeat& m);
  void on(NodeId from, const CommitNotice& m);
  void on(NodeId from, const TermOver& m);

  // leader.cpp: replication and commitment (3.5, 3.6, 10.2.1).
  void become_leader();
  void leader_tick();
  void broadcast_heartbeat();
  void broadcast_append();
  void send_append(NodeId to);
  [[nodiscard]] Append next_append(const Progress& progress, std::uint64_t& bytes) const;
  void follow_configuration();
  void commit_by_counting();
  void tell_commit();
  void acknowledged(NodeId from, Index match, bool counts);
  [[nodiscard]] bool claims_too_much(NodeId from, Index match);
  [[nodiscard]] Progress* heard_from(NodeId node);
  [[nodiscard]] Index quorum_match() const;
  void on(NodeId from, const AppendAccepted& m);
  void on(NodeId from, const AppendRejected& m);
  void on(NodeId from, const AppendRefused& m);
  void on(NodeId from, const HeartbeatResponse& m);

  // handover.cpp: leaving leadership, wanted or not (3.10, 6.2).
  [[nodiscard]] bool quorum_is_heard() const;
  void watch_stalls();
  void continue_transfer(NodeId node);
  void hand_over();
  [[nodiscard]] bool may_succeed(NodeId node) const;
  [[nodiscard]] NodeId best_successor() const;

  // reads.cpp: ReadIndex (6.4).
  void admit_read(const LeaderRead& read);
  void confirm_reads();
  void answer_read(const LeaderRead& read, bool confirmed);
  void abandon_reads();
  void on(NodeId from, const ReadIndexRequest& m);
  void on(NodeId from, const ReadIndexResponse& m);

  Options options_;
  HardState hard_state_;
  Log log_;
  Durability durability_;
  Index commit_;
  bool in_doubt_ = false;
  bool may_lead_ = true;

  Role role_ = Role::kFollower;
  NodeId leader_ = kNobody;
  std::uint64_t election_ticks_ = 0;  // since the timer was reset
  std::uint64_t election_timeout_ticks_ = 0;
  std::uint64_t leader_silent_ticks_ = 0;  // since the leader was heard
  bool gives_way_ = false;                 // handed over: its election timeout is longer, once

  // Of a follower, in this term.
  Index verified_;
  Index held_;
  NodeId refused_leader_ = kNobody;

  // Of a candidate or pre-candidate.
  std::map<NodeId, bool> votes_;

  // Of a leader.
  std::map<NodeId, Progress> progress_;  // every member but itself
  std::uint64_t heartbeat_ticks_ = 0;
  std::uint64_t stalled_ticks_ = 0;
  Index stall_mark_;  // what a quorum had acknowledged when the count began
  NodeId transfer_target_ = kNobody;
  std::uint64_t transfer_ticks_ = 0;
  LeaderReads leader_reads_;

  ForwardedReads forwarded_reads_;

  Effects effects_;
  // What the last batches said.
  HardState saved_;
  Leadership announced_;
  Index delivered_;
};

}  // namespace circula::consensus
