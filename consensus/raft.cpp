#include "consensus/raft.h"

#include <algorithm>
#include <utility>

#include "consensus/invariants.h"

namespace circula::consensus {
namespace {

template <typename... Kinds>
bool is_one_of(const Message& message) {
  return (std::holds_alternative<Kinds>(message) || ...);
}

}  // namespace

Raft::Raft(Options options, Restored restored)
    : options_(std::move(options)),
      hard_state_(restored.hard_state),
      log_(std::move(restored.log)),
      durability_(log_.last_index()),
      commit_(restored.commit),
      in_doubt_(restored.in_doubt),
      forwarded_reads_(options_.random(std::uint64_t{1} << 62)),
      saved_(hard_state_),
      delivered_(restored.commit) {
  require(options_.self != kNobody, "a node has a name");
  require(options_.election_ticks_min > 0 && options_.election_ticks_min < options_.election_ticks_max,
          "election timeouts have a range");
  // Term and vote are saved before any entry of their term, and nothing is committed that is not durable
  // here: a disk that shows otherwise has lost something.
  if (hard_state_.term < log_.last().term) {
    hard_state_ = {log_.last().term, kNobody};
    in_doubt_ = true;
    alarm("the stored term is older than the last entry's: term and vote were lost");
  }
  if (commit_ > log_.last_index()) {
    commit_ = delivered_ = log_.last_index();
    in_doubt_ = true;
    alarm("the stored log ends before what was committed: entries were lost");
  }
  announced_ = {hard_state_.term, role_, leader_};
  draw_election_timeout();
}

void Raft::tick() {
  const InvariantChecker before(*this);
  ++election_ticks_;
  ++leader_silent_ticks_;
  durability_.tick();
  for (const std::uint64_t context : forwarded_reads_.tick(options_.election_ticks_max)) {
    effects_.reads.push_back({context, std::nullopt});
  }
  if (is_leader()) {
    leader_tick();
  } else if (election_ticks_ >= election_timeout_ticks_) {
    election_timeout();
  }
  finish_step(before);
}

void Raft::receive(NodeId from, const Message& message) {
  const InvariantChecker before(*this);
  if (from != kNobody && from != options_.self && term_of(message) <= kTermMax && is_current(from, message)) {
    std::visit([&](const auto& m) { on(from, m); }, message);
  }
  finish_step(before);
}

void Raft::durable(const AppendTicket& ticket) {
  const InvariantChecker before(*this);
  if (durability_.complete(ticket)) {
    if (is_leader()) {
      commit_by_counting();
    } else if (leader_ != kNobody && verified_ > Index{0}) {
      acknowledge(leader_);
    }
  }
  finish_step(before);
}

void Raft::set_in_doubt(bool in_doubt) {
  const InvariantChecker before(*this);
  in_doubt_ = in_doubt;
  if (in_doubt_ && is_leader()) hand_over();
  if (in_doubt_ && role_ != Role::kFollower) become_follower(term(), kNobody);
  finish_step(before);
}

// Whether `message` belongs to the current term, after learning of a newer one from it.
bool Raft::is_current(NodeId from, const Message& message) {
  const Term theirs = term_of(message);
  if (theirs < term()) {
    answer_old_term(from, message);
    return false;
  }
  if (theirs == term()) return true;
  // A pre-vote asks about a term that nobody is in yet.
  if (is_one_of<PreVoteRequest>(message)) return true;
  if (const auto* answer = std::get_if<PreVoteResponse>(&message); answer && answer->granted) return true;
  // Whoever hears a leader does not help to depose it (4.2.3), unless the leader asked for it (B15).
  if (const auto* request = std::get_if<VoteRequest>(&message);
      request && !request->transfer && follows_a_live_leader()) {
    return false;
  }
  become_follower(theirs, kNobody);
  return true;
}

void Raft::answer_old_term(NodeId from, const Message& message) {
  if (is_one_of<PreVoteRequest>(message)) {
    send(from, PreVoteResponse{term(), false});
  } else if (is_one_of<VoteRequest>(message)) {
    send(from, VoteResponse{term(), false});
  } else if (is_one_of<Append, Heartbeat, CommitNotice>(message)) {
    send(from, TermOver{term()});
  }
}

// A vote stands until the term changes, whatever role the node takes meanwhile (B5).
void Raft::become_follower(Term new_term, NodeId leader) {
  const bool abandons = new_term != term() || leader != leader_ || is_leader();
  if (new_term > term()) set_hard_state(new_term, kNobody);
  role_ = Role::kFollower;
  leader_ = leader;
  leader_silent_ticks_ = 0;
  votes_.clear();
  if (abandons) abandon_reads();
  progress_.clear();
  transfer_target_ = kNobody;
  effects_.first_block.reset();
  gives_way_ = false;
  draw_election_timeout();
}

void Raft::set_hard_state(Term new_term, NodeId vote) {
  if (new_term != term()) {
    verified_ = held_ = Index{0};
    refused_leader_ = kNobody;
  }
  hard_state_ = {new_term, vote};
}

void Raft::draw_election_timeout() {
  election_ticks_ = 0;
  election_timeout_ticks_ = options_.election_ticks_min +
                            options_.random(options_.election_ticks_max - options_.election_ticks_min);
}

// A leader counts as hearing one: CheckQuorum removes it when it should not (B14, B15).
bool Raft::follows_a_live_leader() const {
  return is_leader() || (leader_ != kNobody && leader_silent_ticks_ < options_.election_ticks_min);
}

bool Raft::disk_hung() const { return durability_.waiting_ticks() >= options_.disk_stall_ticks; }

void Raft::append_to_log(std::optional<Index> truncate_from, const Entry* first, const Entry* end) {
  if (truncate_from) {
    log_.truncate_from(*truncate_from);
    durability_.truncate_from(*truncate_from);
  }
  const Index first_index = next_index();
  for (const Entry* entry = first; entry != end; ++entry) log_.append(*entry);
  effects_.appends.push_back({durability_.begin(log_.last()), truncate_from, first_index, log_.last_index()});
}

void Raft::advance_commit(Index index) { commit_ = std::max(commit_, index); }

Index Raft::deliverable_index() const { return std::min(commit_, durability_.durable()); }

bool Raft::committed_in_term() const { return is_leader() && log_.term_at(commit_) == term(); }

void Raft::send(NodeId to, Message message) { effects_.messages.push_back({to, std::move(message)}); }

void Raft::alarm(std::string text) {
  // The reader wants the kinds of trouble, not each occurrence; a batch is taken after every step.
  constexpr std::size_t kAlarmsMax = 16;
  if (effects_.alarms.size() < kAlarmsMax) effects_.alarms.push_back(std::move(text));
}

void Raft::finish_step(const InvariantChecker& before) {
  if (is_leader()) tell_commit();
  before.check(*this);
}

Effects Raft::take_effects() {
  if (hard_state_ != saved_) effects_.save = saved_ = hard_state_;
  if (const Leadership now{term(), role_, leader_}; now != announced_) effects_.leadership = announced_ = now;
  if (deliverable_index() > delivered_) effects_.commit = delivered_ = deliverable_index();
  return std::exchange(effects_, Effects{});
}

Status Raft::status() const {
  Status status{term(),
                role_,
                leader_,
                vote(),
                log_.last_index(),
                durable_index(),
                commit_,
                deliverable_index(),
                uncommitted_bytes(),
                in_doubt_,
                transfer_target_,
                log_.configuration(),
                log_.configuration_index(),
                {}};
  for (const auto& [node, progress] : progress_) {
    status.peers.push_back({node, progress.state(), progress.match(), progress.counted_match(),
                            progress.next(), progress.inflight().messages(), progress.inflight().bytes(),
                            progress.silent_ticks});
  }
  return status;
}

}  // namespace circula::consensus
