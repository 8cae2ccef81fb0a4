#include "consensus/invariants.h"

#include <cstdio>
#include <cstdlib>

#include "consensus/raft.h"

namespace circula::consensus {

void broken_invariant(const char* what) {
  std::fprintf(stderr, "consensus: broken invariant: %s\n", what);
  std::abort();
}

InvariantChecker::InvariantChecker(const Raft& before)
    : term_(before.term()),
      vote_(before.vote()),
      commit_(before.commit_index()),
      last_(before.log().last_index()),
      leader_(before.is_leader()) {}

void InvariantChecker::check(const Raft& after) const {
  const Index last = after.log().last_index();
  const Index commit = after.commit_index();
  require(after.term() >= term_, "the term never falls");
  require(after.term() > term_ || vote_ == kNobody || after.vote() == vote_, "one vote a term");
  require(commit >= commit_, "the commit index never falls");
  require(commit <= last, "what is committed is in the log");
  require(after.durable_index() <= last, "what is durable is in the log");
  require(after.durability_.writing() || after.durable_index() == last,
          "what is not durable is being written");
  require(after.verified_ <= last, "what the leader verified is in the log");
  require(after.log().last().term <= after.term(), "no entry is of a later term");
  require(after.log().configuration().well_formed(), "the configuration is well formed");
  if (after.is_leader()) {
    check_leader(after);
  } else {
    require(after.progress().empty() && !after.transferring(), "only a leader has followers");
  }
}

void InvariantChecker::check_leader(const Raft& after) const {
  const Index last = after.log().last_index();
  require(after.vote() == after.self(), "a leader voted for itself");
  require(after.leader() == after.self(), "a leader knows that it leads");
  require(!after.in_doubt(), "a node in doubt does not lead");
  require(!leader_ || after.term() != term_ || last >= last_, "a leader only appends");
  if (after.commit_index() > commit_) {
    require(after.log().term_at(after.commit_index()) == after.term(),
            "only its own term commits by counting");
    require(after.commit_index() <= after.quorum_match(), "a quorum holds what is committed");
  }
  for (const auto& [node, progress] : after.progress()) {
    require(node != after.self(), "a leader does not follow itself");
    require(progress.next() > progress.match(), "next is above match");
    require(progress.counted_match() <= progress.match(), "what counts is acknowledged");
    require(progress.match() <= last, "a follower holds nothing that the leader lacks");
    require(progress.inflight().messages() <= after.options_.inflight_messages_max, "the window is bounded");
  }
}

}  // namespace circula::consensus
