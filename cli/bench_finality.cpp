#include "cli/bench_finality.h"

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "node/http_client.h"

namespace circula::cli {
namespace {

constexpr std::chrono::milliseconds kPause{1};  // the resolution, and what keeps it from loading the node
constexpr std::chrono::milliseconds kPauseWithoutAnswer{20};
constexpr std::chrono::milliseconds kTimeout{3'000};

std::optional<std::uint64_t> log_size(const std::string& body) {
  boost::system::error_code failed;
  const auto answer = boost::json::parse(body, failed);
  const auto* size = failed || !answer.is_object() ? nullptr : answer.as_object().if_contains("log_size");
  if (size == nullptr || !size->is_string()) return std::nullopt;
  auto number = crypto::u64_from_decimal(std::string_view(size->as_string()));
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace

void BenchFinality::start() {
  thread_ = std::jthread([this] { watch(); });
  while (!started_) std::this_thread::sleep_for(kPause);
}

void BenchFinality::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void BenchFinality::watch() {
  std::size_t node = 0;
  std::string after = "latest";
  while (!stopping_) {
    auto client = node::HttpClient::make({.url = target_.nodes[node].url, .timeout = kTimeout});
    while (client && !stopping_) {
      auto reply = client->get("/v1/events?limit=1&after=" + after +
                               (after == "latest" ? "&wait_ms=0" : "&wait_ms=500"));
      const auto at = std::chrono::steady_clock::now();
      const auto size = reply && reply->status == 200 ? log_size(reply->body) : std::nullopt;
      if (!size) break;
      if (*size > 0) after = std::to_string(*size - 1);
      if (seen_.empty() || *size > seen_.back().size) seen_.push_back({*size, at});
      started_ = true;
      std::this_thread::sleep_for(kPause);
    }
    started_ = true;
    node = (node + 1) % target_.nodes.size();
    std::this_thread::sleep_for(kPauseWithoutAnswer);
  }
}

std::optional<std::chrono::steady_clock::time_point> BenchFinality::final_at(std::uint64_t index) const {
  const auto covers = std::ranges::upper_bound(seen_, index, {}, &Seen::size);
  return covers == seen_.end() ? std::nullopt : std::optional(covers->at);
}

}  // namespace circula::cli
