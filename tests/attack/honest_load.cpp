#include "tests/attack/honest_load.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/key_file.h"

namespace circula::attack {
namespace {

cli::BenchWorkload make_workload(const Consortium& consortium) {
  auto client = node::HttpClient::make({.url = consortium.node(1).bench.url}).value();
  return cli::BenchWorkload::make(member_keys(consortium), "asset", 1, client).value();
}

}  // namespace

std::vector<crypto::SigningKey> member_keys(const Consortium& consortium) {
  std::vector<crypto::SigningKey> keys;
  for (const std::string& file : cli::key_files_of_cluster(consortium.directory())) {
    keys.push_back(crypto::read_key_file(file).value());
  }
  return keys;
}

HonestLoad::HonestLoad(const Consortium& consortium, std::uint64_t records_per_second, std::uint64_t clients)
    : consortium_(consortium), workload_(make_workload(consortium)) {
  plan_.records_per_second = records_per_second;
  plan_.clients = clients;
  plan_.wait = "final";
}

void HonestLoad::start(std::uint64_t seconds, unsigned nodes) {
  plan_.seconds = seconds;
  target_ = consortium_.target(nodes);
  load_ = std::make_unique<cli::BenchLoad>(target_, workload_, plan_,
                                           workload_.prepare(plan_.records_per_second * seconds),
                                           consortium_.file("load-" + std::to_string(windows_++)));
  thread_ = std::thread([this] {
    auto ended = load_->run();
    if (ended) {
      result_ = std::move(*ended);
    } else {
      failure_ = ended.error().detail;
    }
  });
}

LoadFigures HonestLoad::finish() {
  thread_.join();
  if (!failure_.empty()) throw std::runtime_error(failure_);
  LoadFigures figures;
  figures.seconds = static_cast<double>(plan_.seconds);
  figures.offered = plan_.records_per_second * plan_.seconds;
  figures.lost = result_.unanswered.size() + result_.unsent;
  for (const auto& [code, count] : result_.refused) figures.refused += count;
  const cli::BenchTime end = result_.started + std::chrono::seconds(plan_.seconds + 1);
  std::vector<std::uint64_t> latencies_ms;
  for (const cli::BenchSample& sample : result_.samples) {
    if (sample.acknowledged <= end) ++figures.in_time;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(sample.acknowledged - sample.due);
    latencies_ms.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count())));
  }
  std::ranges::sort(latencies_ms);
  if (!latencies_ms.empty()) {
    figures.median_ms = latencies_ms[latencies_ms.size() / 2];
    figures.worst_ms = latencies_ms.back();
  }
  return figures;
}

}  // namespace circula::attack
