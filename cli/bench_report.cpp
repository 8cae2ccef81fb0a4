#include "cli/bench_report.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#ifndef CIRCULA_COMMIT
#define CIRCULA_COMMIT ""
#endif

namespace circula::cli {
namespace {

namespace json = boost::json;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string line(const std::string& name, const std::string& value) {
  std::string padded = name;
  padded.resize(15, ' ');
  return "  " + padded + value + "\n";
}

std::string percentile_line(const BenchPercentiles& each) {
  if (each.count == 0) return "not measured";
  const auto ms = [](std::uint64_t us) { return fixed(static_cast<double>(us) / 1'000, 1); };
  return "p50 " + ms(each.p50) + "  p90 " + ms(each.p90) + "  p99 " + ms(each.p99) + "  p99.9 " +
         ms(each.p999) + "  max " + ms(each.max) + "  ms";
}

json::value percentile_json(const BenchPercentiles& each) {
  if (each.count == 0) return nullptr;
  return json::object{{"count", each.count}, {"p50_us", each.p50},   {"p90_us", each.p90},
                      {"p99_us", each.p99},  {"p999_us", each.p999}, {"max_us", each.max}};
}

json::value optional_json(const std::optional<double>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

std::string plan_text(const BenchPlan& plan) {
  const std::string clients =
      std::to_string(plan.clients) + " clients, " + std::to_string(plan.seconds) + " s";
  return plan.records_per_second == 0
             ? "closed loop, " + clients
             : "open loop, " + std::to_string(plan.records_per_second) + " records/s, " + clients;
}

std::string cost_text(const BenchCost& cost) {
  std::string text;
  const auto add = [&](const std::optional<double>& value, const std::string& unit) {
    if (value) text += (text.empty() ? "" : ", ") + fixed(*value, 0) + " " + unit;
  };
  add(cost.cpu_us_record_node, "us CPU a node");
  add(cost.cpu_us_record_client, "us CPU of the clients");
  add(cost.disk_bytes_record_node, "bytes on disk a node");
  add(cost.wire_bytes_record, "bytes on the wire");
  return text.empty() ? "not measured" : text;
}

std::string faults_text(const BenchReport& report) {
  std::string text;
  for (const auto& [code, count] : report.load.refused)
    text += line("refused", std::to_string(count) + " envelopes with " + code);
  for (const auto& [code, count] : report.load.outcomes)
    text += line("outcome", std::to_string(count) + " records with " + code);
  if (report.load.unsent > 0)
    text += line("not sent", std::to_string(report.load.unsent) + " envelopes: the rate was not kept");
  if (report.load.resent > 0) text += line("sent again", std::to_string(report.load.resent) + " times");
  if (!report.load.unanswered.empty())
    text += line("unanswered", std::to_string(report.load.unanswered.size()) + " envelopes, of which " +
                                   std::to_string(report.lookup.unanswered_found) + " are in the ledger");
  for (const std::string& each : report.lookup.lost) text += line("lost", each);
  for (const std::string& each : report.lookup.contradictions) text += line("contradiction", each);
  for (const std::uint16_t node : report.lookup.not_asked)
    text += line("not asked", "node " + std::to_string(node) + " does not answer");
  return text;
}

}  // namespace

BenchMachine this_machine() {
  BenchMachine machine;
  machine.cores = std::thread::hardware_concurrency();
  machine.memory_bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                         static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string each; std::getline(cpus, each);) {
    if (!each.starts_with("model name") || each.find(": ") == std::string::npos) continue;
    machine.cpu = each.substr(each.find(": ") + 2);
    break;
  }
  std::ifstream load("/proc/loadavg");
  std::string one, five, fifteen;
  if (load >> one >> five >> fifteen) machine.load_average = one + " " + five + " " + fifteen;
  machine.version = CIRCULA_VERSION;
  machine.commit = CIRCULA_COMMIT;
  return machine;
}

BenchPercentiles percentiles(std::vector<std::uint64_t> latencies_us) {
  BenchPercentiles result;
  result.count = latencies_us.size();
  if (latencies_us.empty()) return result;
  std::ranges::sort(latencies_us);
  // The smallest value that at least `per_mille` of all do not exceed.
  const auto at = [&](std::size_t per_mille) {
    const std::size_t rank = (latencies_us.size() * per_mille + 999) / 1'000;
    return latencies_us[std::max<std::size_t>(rank, 1) - 1];
  };
  result.p50 = at(500);
  result.p90 = at(900);
  result.p99 = at(990);
  result.p999 = at(999);
  result.max = latencies_us.back();
  return result;
}

std::string report_text(const BenchReport& report) {
  const BenchMachine& machine = report.machine;
  const double records = static_cast<double>(report.lookup.acknowledged);
  std::string text;
  text += line("machine", std::to_string(machine.cores) + " cores, " + machine.cpu + ", " +
                              fixed(static_cast<double>(machine.memory_bytes) / (1ULL << 30), 1) +
                              " GiB; load " + machine.load_average);
  text +=
      line("program", "circula " + machine.version + (machine.commit.empty() ? "" : " " + machine.commit));
  text += line("cluster", std::to_string(report.voters) + " voters, " + std::to_string(report.nodes) +
                              " nodes asked, sync mode " + report.durability);
  text += line("workload", report.workload + "; " + plan_text(report.plan));
  text +=
      line("rate",
           fixed(records / std::max(report.seconds, 0.001), 0) + " records/s, " +
               fixed(static_cast<double>(report.load.samples.size()) / std::max(report.seconds, 0.001), 0) +
               " envelopes/s over " + fixed(report.seconds, 1) + " s");
  text += line("to ordered", percentile_line(report.ordered));
  text += line("to final", percentile_line(report.final));
  text += line("one record", cost_text(report.cost));
  if (report.killed) text += line("killed", report.killed_text);
  text += faults_text(report);
  if (report.lookup.contradictions.empty())
    text += line("roots", "equal on " + std::to_string(report.lookup.nodes.size()) + " nodes at height " +
                              std::to_string(report.lookup.compared_height));
  text += "acknowledged " + std::to_string(report.lookup.acknowledged) + ", found " +
          std::to_string(report.lookup.found) + ", lost " + std::to_string(report.lookup.lost_count);
  if (report.killed) {
    text += report.ordered_again_ms
                ? "; ordered again after " + std::to_string(*report.ordered_again_ms) + " ms"
                : "; not ordered again";
  }
  return text + "\n";
}

json::object report_json(const BenchReport& report) {
  const BenchMachine& machine = report.machine;
  json::object refused;
  for (const auto& [code, count] : report.load.refused) refused[code] = count;
  json::object outcomes;
  for (const auto& [code, count] : report.load.outcomes) outcomes[code] = count;
  json::array lost(report.lookup.lost.begin(), report.lookup.lost.end());
  json::array contradictions(report.lookup.contradictions.begin(), report.lookup.contradictions.end());
  json::array not_asked(report.lookup.not_asked.begin(), report.lookup.not_asked.end());
  json::object out{{"machine",
                    {{"cores", machine.cores},
                     {"cpu", machine.cpu},
                     {"memory_bytes", machine.memory_bytes},
                     {"load_average", machine.load_average}}},
                   {"version", machine.version},
                   {"commit", machine.commit},
                   {"durability", report.durability},
                   {"voters", report.voters},
                   {"nodes", report.nodes},
                   {"workload", report.workload},
                   {"loop", report.plan.records_per_second == 0 ? "closed" : "open"},
                   {"records_per_second_wanted", report.plan.records_per_second},
                   {"records_per_envelope", report.plan.records_per_envelope},
                   {"clients", report.plan.clients},
                   {"seconds", report.seconds},
                   {"records_per_second",
                    static_cast<double>(report.lookup.acknowledged) / std::max(report.seconds, 0.001)},
                   {"to_ordered", percentile_json(report.ordered)},
                   {"to_final", percentile_json(report.final)},
                   {"cpu_us_per_record_and_node", optional_json(report.cost.cpu_us_record_node)},
                   {"client_cpu_us_per_record", optional_json(report.cost.cpu_us_record_client)},
                   {"disk_bytes_per_record_and_node", optional_json(report.cost.disk_bytes_record_node)},
                   {"wire_bytes_per_record", optional_json(report.cost.wire_bytes_record)},
                   {"acknowledged", report.lookup.acknowledged},
                   {"found", report.lookup.found},
                   {"lost", report.lookup.lost_count},
                   {"lost_examples", std::move(lost)},
                   {"contradictions", std::move(contradictions)},
                   {"not_asked", std::move(not_asked)},
                   {"refused", std::move(refused)},
                   {"outcomes", std::move(outcomes)},
                   {"sent_again", report.load.resent},
                   {"unsent", report.load.unsent},
                   {"unanswered", report.load.unanswered.size()},
                   {"unanswered_found", report.lookup.unanswered_found}};
  if (report.killed) {
    out["killed"] = report.killed_text;
    out["ordered_again_ms"] =
        report.ordered_again_ms ? json::value(*report.ordered_again_ms) : json::value(nullptr);
  }
  return out;
}

}  // namespace circula::cli
