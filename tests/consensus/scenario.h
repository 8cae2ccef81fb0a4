// Scenario files: a story in comments, then one command a line, carried out on a Cluster.
//
//   cluster 1 2 3 [learners 4]     starts the nodes; first command of every file
//   option NAME N                  before `cluster`: uncommitted_bytes, append_bytes, append_entries,
//   inflight tick [NODE] N                  time for one or for all; nothing is delivered timeout NODE lets
//   its election timeout run out elect NODE                     the others forget their leader, NODE
//   campaigns, all is delivered; must win propose NODE [N]               N entries of 100 bytes; fails the
//   scenario unless accepted propose_size NODE BYTES        the same with a size configure NODE 2,3,4 [&
//   1,2,3] [learners 5] deliver [FROM TO [K]]          all until quiet, or the first K of one link (all
//   without K) drop FROM TO [K] | dup FROM TO | reorder FROM TO partition 1,2 | 3              cuts all links
//   between the groups cut FROM TO | isolate NODE | heal pause NODE | resume NODE | connection_lost NODE PEER
//   crash NODE [keep N] | restart NODE
//   stall NODE | complete NODE [N] | unstall NODE      its disk
//   hold NODE | release NODE | refuse NODE             its shell and appends
//   transfer NODE [TARGET] | read NODE CONTEXT | doubt NODE on|off
//   settle
//   assert_leader NODE | assert_no_leader | assert_role NODE ROLE | assert_term NODE N | assert_vote NODE N
//   assert_log NODE 1:1 2:2 ... | assert_last NODE N | assert_commit NODE N | assert_durable NODE N
//   assert_read NODE CONTEXT N|failed|pending | assert_peer LEADER FOLLOWER match N next N
//   assert_sent FROM TO N          messages on their way
//   assert_alarms NODE N | assert_result WORD (of the last propose_try, transfer_try or read_try)
//   propose_try, configure_try, transfer_try, read_try: as without _try, but note the result and go on
//
// An unknown command, a missing argument or a scenario without an assertion is a failure, never skipped
// (B44).
#pragma once

#include <string>

namespace circula::consensus::testing {

// Empty when the scenario holds; else the line and what is wrong with it.
[[nodiscard]] std::string run_scenario(const std::string& path);

}  // namespace circula::consensus::testing
