// What a run of `circula bench` measured, as text and as JSON.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_load.h"
#include "cli/bench_lookup.h"

namespace circula::cli {

struct BenchMachine {
  std::string cpu;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  std::string load_average;  // before the run: 1, 5 and 15 minutes
  std::string version;
  std::string commit;
};
[[nodiscard]] BenchMachine this_machine();

// Microseconds.
struct BenchPercentiles {
  std::uint64_t count = 0;
  std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};
[[nodiscard]] BenchPercentiles percentiles(std::vector<std::uint64_t> latencies_us);

// What a record costs; absent where the processes are not on this machine or were killed meanwhile.
struct BenchCost {
  std::optional<double> cpu_us_record_node;  // per record and node
  std::optional<double> cpu_us_record_client;
  std::optional<double> disk_bytes_record_node;
  std::optional<double> wire_bytes_record;  // all nodes together
};

struct BenchReport {
  BenchMachine machine;
  BenchPlan plan;
  std::string workload;
  std::string durability;
  std::uint64_t nodes = 0;
  std::uint64_t voters = 0;
  BenchLoadResult load;
  BenchPercentiles ordered;  // empty when final was waited for
  BenchPercentiles final;
  double seconds = 0;  // from the first sending to the last acknowledgement
  BenchCost cost;
  BenchLookup lookup;
  bool killed = false;
  std::string killed_text;  // which node, and whether it runs again
  std::optional<std::uint64_t> ordered_again_ms;
};

[[nodiscard]] std::string report_text(const BenchReport& report);
[[nodiscard]] boost::json::object report_json(const BenchReport& report);

}  // namespace circula::cli
