#include "consensus/invariants.h"

#include <cstdio>
#include <cstdlib>

namespace circula::consensus {

void broken_invariant(const char* what) {
  std::fprintf(stderr, "consensus: broken invariant: %s\n", what);
  std::abort();
}

}  // namespace circula::consensus
