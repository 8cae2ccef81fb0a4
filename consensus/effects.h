// What the core wants done, as data. The shell calls Raft::take_effects() after every call that it made (or
// after a few) and carries the batch out.
//
// Order. The shell must keep this and nothing more:
// 1. `save` is synced before anything else of this batch or of a later one leaves the node or reaches the
//    disk: messages, appends, commits. There is no acknowledgement for it; it changes a few times a term.
// 2. `appends` are written in the order given, over all batches. Each is ONE atomic synced write: remove the
//    entries from `truncate_from` on, store [first, last]. It may be slow and several may be merged. When it
//    is durable the shell calls Raft::durable(ticket). Order among appends, messages and commits is free:
//    a message that depends on an append is only made after its durable() call.
// 3. `messages` go out when `save` is synced. They may be lost.
//    As everything of a batch, an append follows the batch's `save`: term and vote are never older on disk
//    than the entries.
// 4. `commit` never names an entry that is not durable here (B6), so it may be executed at once.
//
// A failed `save` or append must stop the node (`design.md` 7): the core cannot go back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/message.h"
#include "consensus/types.h"

namespace circula::consensus {

// Names one append. The sequence, never used twice in the life of a core, is what counts: an entry may be
// written, overwritten and written again with the same term and index, and the completion of the first write
// says nothing about the third (B9).
struct AppendTicket {
  std::uint64_t sequence = 0;
  EntryId last;
  friend bool operator==(const AppendTicket&, const AppendTicket&) = default;
};

struct AppendEffect {
  AppendTicket ticket;
  std::optional<Index> truncate_from;  // remove the stored entries from here on, in the same write
  Index first;
  Index last;
  friend bool operator==(const AppendEffect&, const AppendEffect&) = default;
};

struct Outgoing {
  NodeId to;
  Message message;
};

// The newest state when it differs from what the last batch said.
struct Leadership {
  Term term;
  Role role = Role::kFollower;
  NodeId leader = kNobody;
  friend bool operator==(const Leadership&, const Leadership&) = default;
};

// This node has won `term` and makes no entry by itself: build the term's first block for `index` and
// propose() it before anything else. Nothing of earlier terms can commit until then (dissertation 3.6.2).
struct FirstBlockNeeded {
  Term term;
  Index index;
};

struct ReadOutcome {
  std::uint64_t context = 0;
  // The state at or after this index answers the read. Absent: not confirmed (leader lost, time over); ask
  // again.
  std::optional<Index> index;
};

struct Effects {
  std::optional<HardState> save;
  std::vector<AppendEffect> appends;
  std::vector<Outgoing> messages;
  std::optional<Index> commit;
  std::optional<Leadership> leadership;
  std::optional<FirstBlockNeeded> first_block;
  std::vector<ReadOutcome> reads;
  // What an operator must hear of: a leader that overwrites what is committed, a member that claims more
  // than it was sent. Never raised by lost, late or repeated messages.
  std::vector<std::string> alarms;

  [[nodiscard]] bool empty() const {
    return !save && appends.empty() && messages.empty() && !commit && !leadership && !first_block &&
           reads.empty() && alarms.empty();
  }
};

}  // namespace circula::consensus
