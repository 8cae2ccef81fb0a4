// Honest clients: real signed records at a fixed open-loop rate, each sent again until it is final.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "cli/bench_load.h"
#include "tests/attack/consortium.h"

namespace circula::attack {

struct LoadFigures {
  std::uint64_t offered = 0;
  std::uint64_t in_time = 0;  // final before the window and a second more were over
  std::uint64_t lost = 0;     // neither acknowledged nor refused within a minute
  std::uint64_t refused = 0;  // for good
  std::uint64_t median_ms = 0, worst_ms = 0;
  double seconds = 0;

  [[nodiscard]] double offered_rate() const { return static_cast<double>(offered) / seconds; }
  [[nodiscard]] double commit_rate() const { return static_cast<double>(in_time) / seconds; }
};

class HonestLoad {
 public:
  HonestLoad(const Consortium& consortium, std::uint64_t records_per_second, std::uint64_t clients);

  [[nodiscard]] const cli::BenchWorkload& workload() const { return workload_; }
  void set_rate(std::uint64_t records_per_second) { plan_.records_per_second = records_per_second; }
  // Over the first `nodes` nodes. finish() waits for the end of the window and of all its records.
  void start(std::uint64_t seconds, unsigned nodes);
  [[nodiscard]] LoadFigures finish();

 private:
  const Consortium& consortium_;
  cli::BenchWorkload workload_;
  cli::BenchPlan plan_;
  cli::BenchTarget target_;
  unsigned windows_ = 0;
  std::unique_ptr<cli::BenchLoad> load_;
  cli::BenchLoadResult result_;
  std::string failure_;
  std::thread thread_;
};

// Every key of the cluster's members.
[[nodiscard]] std::vector<crypto::SigningKey> member_keys(const Consortium& consortium);

}  // namespace circula::attack
