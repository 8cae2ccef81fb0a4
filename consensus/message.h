// What cores say to each other: one struct for each purpose.
//
// Every message names its sender's term, so that whoever is behind finds out. The transport must say
// truthfully who sent a message; it may lose, repeat, delay and reorder messages at will.
//
// Of all messages only `Append` needs the shell's hand on the way:
// - the sending shell reads the blocks [first_index, last_index] and attaches them. When a block that it
//   reads has another term than the entry here, the log has changed meanwhile: it drops the message;
// - the receiving shell rebuilds `entries` from the blocks' headers, checks heights, terms and parent
//   hashes, and calls receive() only when it holds and has verified all of it. Until then it reports
//   Raft::hold_back(). A block that it holds to be invalid ends in Raft::refuse(). An append whose `prev` it
//   has neither in the log (Log::holds) nor among what it holds back goes to receive() at once, whatever it
//   carries: the core rejects it by `prev` alone and says where to look.
//
// Plain values.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "consensus/log.h"
#include "consensus/types.h"

namespace circula::consensus {

// "Would you vote for me in this term?" Changes nothing at the receiver (dissertation 9.6). `term` is the
// term that the sender would campaign in, one above its own.
struct PreVoteRequest {
  Term term;
  EntryId last;
  friend bool operator==(const PreVoteRequest&, const PreVoteRequest&) = default;
};

// Granted: `term` is the term asked about. Denied: the answering node's own, so that a sender that is behind
// catches up (B13).
struct PreVoteResponse {
  Term term;
  bool granted = false;
  friend bool operator==(const PreVoteResponse&, const PreVoteResponse&) = default;
};

// `transfer`: the leader asked for this election (TimeoutNow), so a voter that still hears it votes as well.
struct VoteRequest {
  Term term;
  EntryId last;
  bool transfer = false;
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

struct VoteResponse {
  Term term;
  bool granted = false;
  friend bool operator==(const VoteResponse&, const VoteResponse&) = default;
};

// Entries `prev.index + 1`, `+ 2`, ... without gaps by construction (B8). Without entries it is a probe.
struct Append {
  Term term;
  EntryId prev;
  std::vector<Entry> entries;
  Index commit;
  [[nodiscard]] Index first_index() const { return prev.index.next(); }
  [[nodiscard]] Index last_index() const { return prev.index + entries.size(); }
  friend bool operator==(const Append&, const Append&) = default;
};

// `match`: up to here the sender's log equals the leader's and is durable. `counts` is false while the
// sender is in doubt (`design.md` 7): flow control uses the number, no quorum does.
struct AppendAccepted {
  Term term;
  Index match;
  bool counts = true;
  friend bool operator==(const AppendAccepted&, const AppendAccepted&) = default;
};

// The sender does not hold `prev` of the append whose prev.index was `rejected`. `hint` is its last entry at
// or below `rejected` with a term not above prev's. It is a place to look, never a match (B3).
struct AppendRejected {
  Term term;
  Index rejected;
  EntryId hint;
  bool counts = true;
  friend bool operator==(const AppendRejected&, const AppendRejected&) = default;
};

// The sender holds a block of this leader to be invalid and accepts nothing more from it in this term.
struct AppendRefused {
  Term term;
  friend bool operator==(const AppendRefused&, const AppendRefused&) = default;
};

// Keeps followers following while appends are held back or lost. `last_sent` comes back in the answer: what
// the receiver lacks of it was lost. `round` confirms reads.
struct Heartbeat {
  Term term;
  Index commit;
  Index last_sent;
  std::uint64_t round = 0;
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

// What is committed, sent at once when no append goes out that would say it. Not answered.
struct CommitNotice {
  Term term;
  Index commit;
  friend bool operator==(const CommitNotice&, const CommitNotice&) = default;
};

struct HeartbeatResponse {
  Term term;
  Index last_sent;
  std::uint64_t round = 0;
  Index verified;  // up to here the sender's log equals the leader's
  Index held;      // up to here the sender's shell has blocks that it holds back
  Index match;     // as in AppendAccepted, so that a lost acknowledgement costs one heartbeat
  bool counts = true;
  friend bool operator==(const HeartbeatResponse&, const HeartbeatResponse&) = default;
};

// Campaign at once, without PreVote (dissertation 3.10).
struct TimeoutNow {
  Term term;
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

// A follower's read for the leader to confirm. `request` is never used twice, so an old answer cannot meet
// a new read (B10).
struct ReadIndexRequest {
  Term term;
  std::uint64_t request = 0;
  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};

struct ReadIndexResponse {
  Term term;
  std::uint64_t request = 0;
  Index index;
  bool confirmed = false;  // false: the leader cannot confirm it; ask again
  friend bool operator==(const ReadIndexResponse&, const ReadIndexResponse&) = default;
};

// Answer to a leader's message of a term that is over: without it a node of a higher term and a leader of a
// lower one could ignore each other for ever (B13).
struct TermOver {
  Term term;
  friend bool operator==(const TermOver&, const TermOver&) = default;
};

using Message = std::variant<PreVoteRequest, PreVoteResponse, VoteRequest, VoteResponse, Append,
                             AppendAccepted, AppendRejected, AppendRefused, Heartbeat, CommitNotice,
                             HeartbeatResponse, TimeoutNow, ReadIndexRequest, ReadIndexResponse, TermOver>;

[[nodiscard]] inline Term term_of(const Message& message) {
  return std::visit([](const auto& m) { return m.term; }, message);
}

}  // namespace circula::consensus
