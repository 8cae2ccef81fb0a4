// circula-sim: one seed of the simulator, from the command line.
//
//   circula-sim --seed N --nodes K [--learners L] [--seconds S] [--trace]
//
// Last line: trace_hash <64 hex> virtual_s <n> commits <n>. Exit 0; 1 with the invariant's name and the
// command that repeats it; 2 for a command line that is not understood.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "tests/sim/sim_world.h"

namespace {

bool read_number(const char* text, std::uint64_t& out) {
  const char* end = text + std::strlen(text);
  const auto [stopped, failed] = std::from_chars(text, end, out);
  return failed == std::errc() && stopped == end;
}

}  // namespace

int main(int count, char** arguments) {
  circula::sim::SimOptions options;
  std::uint64_t nodes = options.nodes;
  std::uint64_t learners = 0;
  for (int at = 1; at < count; ++at) {
    const std::string name = arguments[at];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    std::uint64_t* target = name == "--seed"       ? &options.seed
                            : name == "--nodes"    ? &nodes
                            : name == "--learners" ? &learners
                            : name == "--seconds"  ? &options.virtual_s
                                                   : nullptr;
    if (target == nullptr || at + 1 == count || !read_number(arguments[++at], *target)) {
      std::fprintf(stderr, "usage: circula-sim --seed N --nodes K [--learners L] [--seconds S] [--trace]\n");
      return 2;
    }
  }
  if (nodes < 1 || nodes > 9 || learners > 16) {
    std::fprintf(stderr, "circula-sim: 1 to 9 nodes and at most 16 learners\n");
    return 2;
  }
  options.nodes = static_cast<unsigned>(nodes);
  options.learners = static_cast<unsigned>(learners);
  if (auto ready = circula::crypto::init(); !ready) {
    std::fprintf(stderr, "circula-sim: %s\n", ready.error().detail.c_str());
    return 9;
  }
  try {
    circula::sim::World world(options);
    const circula::sim::SimReport report = world.run();
    std::printf(
        "seed %llu nodes %u: acknowledged %llu, sales settled %llu; elections %llu crashes %llu messages "
        "lost %llu\n",
        static_cast<unsigned long long>(options.seed), options.nodes,
        static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.settled),
        static_cast<unsigned long long>(report.elections), static_cast<unsigned long long>(report.crashes),
        static_cast<unsigned long long>(report.messages_lost));
    std::printf("trace_hash %s virtual_s %llu commits %llu\n",
                circula::crypto::to_hex(report.trace_hash.view()).c_str(),
                static_cast<unsigned long long>(report.virtual_s),
                static_cast<unsigned long long>(report.commits));
    return 0;
  } catch (const circula::sim::Violation& violation) {
    std::printf(
        "VIOLATED %s\nreplay: circula-sim --seed %llu --nodes %u --learners %u --seconds %llu --trace\n",
        violation.what(), static_cast<unsigned long long>(options.seed), options.nodes, options.learners,
        static_cast<unsigned long long>(options.virtual_s));
    return 1;
  }
}
