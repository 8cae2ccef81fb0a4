// What must hold of a core after every step, checked in release builds too: a core that is wrong stops
// before it can tell others, and a restart from disk is always safe.
//
// Only a defect of this code trips a check. Input from outside does not: it is dropped where it makes no
// sense (raft.h).
//
// Pure functions. On failure the process ends, naming the invariant.
#pragma once

#include "consensus/types.h"

namespace circula::consensus {

class Raft;

[[noreturn]] void broken_invariant(const char* what);

inline void require(bool holds, const char* what) {
  if (!holds) broken_invariant(what);
}

// Compares a core with itself before the step.
class InvariantChecker {
 public:
  explicit InvariantChecker(const Raft& before);
  void check(const Raft& after) const;

 private:
  void check_leader(const Raft& after) const;

  Term term_;
  NodeId vote_;
  Index commit_;
  Index last_;
  bool leader_;
};

}  // namespace circula::consensus
