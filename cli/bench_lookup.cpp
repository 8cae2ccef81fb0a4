#include "cli/bench_lookup.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "crypto/encoding.h"
#include "node/http_client.h"

namespace circula::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kCatchUp{60};  // a node that was started again replays and fetches
constexpr std::chrono::milliseconds kPoll{50};
constexpr std::uint64_t kPage = 1'000;  // entries an answer
constexpr std::size_t kExamples = 10;   // of what is lost, for people

std::optional<json::object> get_object(node::HttpClient& client, const std::string& target) {
  auto reply = client.get(target);
  if (!reply || reply->status != 200) return std::nullopt;
  boost::system::error_code failed;
  auto value = json::parse(reply->body, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}
std::uint64_t number_of(const json::object& object, std::string_view key) {
  auto value = crypto::u64_from_decimal(text_of(object, key));
  return value ? *value : 0;
}

struct FinalPoint {
  std::uint64_t size = 0;
  std::uint64_t height = 0;
};
std::optional<FinalPoint> final_point(node::HttpClient& client) {
  const auto status = get_object(client, "/v1/status");
  if (!status) return std::nullopt;
  const auto* checkpoint = status->if_contains("checkpoint");
  if (checkpoint == nullptr || !checkpoint->is_object()) return std::nullopt;
  return FinalPoint{number_of(checkpoint->as_object(), "size"), number_of(checkpoint->as_object(), "height")};
}

// A node that answers at all is waited for.
std::optional<FinalPoint> wait_for_size(node::HttpClient& client, std::uint64_t size, bool& answers) {
  const auto deadline = std::chrono::steady_clock::now() + kCatchUp;
  answers = false;
  int silent = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto point = final_point(client);
    if (point) answers = true;
    if (point && point->size >= size) return point;
    constexpr int kSilentPolls = 100;  // five seconds
    if (!point && ++silent > kSilentPolls) return std::nullopt;
    std::this_thread::sleep_for(kPoll);
  }
  return std::nullopt;
}

struct FoundEntry {
  std::string record;
  std::int64_t outcome = 0;
};

// The record entries that a node has from `first` to before `size`.
std::map<std::uint64_t, FoundEntry> entries_of(node::HttpClient& client, std::uint64_t first,
                                               std::uint64_t size) {
  std::map<std::uint64_t, FoundEntry> found;
  while (first < size) {
    const auto page = get_object(client, "/v1/entries?first=" + std::to_string(first) +
                                             "&limit=" + std::to_string(std::min(kPage, size - first)));
    const auto* entries = page ? page->if_contains("entries") : nullptr;
    if (entries == nullptr || !entries->is_array() || entries->as_array().empty()) return found;
    for (const json::value& each : entries->as_array()) {
      const json::object& entry = each.as_object();
      const auto* outcome = entry.if_contains("outcome");
      const bool is_record = text_of(entry, "kind") == "record" && outcome != nullptr && outcome->is_int64();
      if (is_record) found[number_of(entry, "index")] = {text_of(entry, "record"), outcome->as_int64()};
    }
    first += entries->as_array().size();
  }
  return found;
}

std::string block_roots(node::HttpClient& client, std::uint64_t height) {
  const auto block = get_object(client, "/v1/blocks/" + std::to_string(height));
  return block ? text_of(*block, "log_root") + " " + text_of(*block, "state_root") : "no answer";
}

// Where a node has the records of an envelope without acknowledgement: their indices, or "unknown".
std::string place_of(node::HttpClient& client, const BenchUnanswered& envelope) {
  std::string places;
  for (const crypto::Digest& record : envelope.records) {
    const auto status = get_object(client, "/v1/records/" + crypto::to_hex(record.view()) + "/status");
    if (!status) return "no answer";
    const auto* records = status->if_contains("records");
    if (records == nullptr || !records->is_array() || records->as_array().empty()) {
      places += "unknown ";
    } else {
      places += text_of(records->as_array().front().as_object(), "index") + " ";
    }
  }
  return places;
}

struct Asked {
  const BenchNode* node = nullptr;
  node::HttpClient client;
  std::uint64_t height = 0;
};

void compare_nodes(std::vector<Asked>& asked, const std::vector<BenchUnanswered>& unanswered,
                   BenchLookup& lookup) {
  if (asked.empty()) return;
  lookup.compared_height = std::ranges::min_element(asked, {}, &Asked::height)->height;
  const std::string roots = block_roots(asked.front().client, lookup.compared_height);
  for (Asked& each : asked) {
    if (block_roots(each.client, lookup.compared_height) == roots) continue;
    lookup.contradictions.push_back("nodes " + std::to_string(asked.front().node->id) + " and " +
                                    std::to_string(each.node->id) + " have different roots at height " +
                                    std::to_string(lookup.compared_height));
  }
  for (const BenchUnanswered& envelope : unanswered) {
    const std::string place = place_of(asked.front().client, envelope);
    if (place.find("unknown") == std::string::npos) ++lookup.unanswered_found;
    for (Asked& each : asked) {
      if (place_of(each.client, envelope) == place) continue;
      lookup.contradictions.push_back("nodes " + std::to_string(asked.front().node->id) + " and " +
                                      std::to_string(each.node->id) + " differ about record " +
                                      crypto::to_hex(envelope.records.front().view()));
    }
  }
}

}  // namespace

Result<BenchAcknowledgements> read_acknowledgements(const std::vector<std::string>& files) {
  BenchAcknowledgements all;
  for (const std::string& path : files) {
    std::ifstream file(path);
    if (!file) return error(Code::E_UNAVAILABLE, path + " cannot be read");
    std::string record;
    std::uint64_t index = 0;
    std::int64_t outcome = 0;
    while (file >> record >> index >> outcome) all.emplace(index, BenchAcknowledged{record, outcome});
    if (!file.eof()) return error(Code::E_UNAVAILABLE, path + " has a line that is no acknowledgement");
  }
  return all;
}

Result<BenchLookup> look_up(const BenchTarget& target, const BenchAcknowledgements& acknowledgements,
                            const std::vector<BenchUnanswered>& unanswered) {
  BenchLookup lookup;
  lookup.acknowledged = acknowledgements.size();
  const std::uint64_t first = acknowledgements.empty() ? 0 : acknowledgements.begin()->first;
  const std::uint64_t size = acknowledgements.empty() ? 0 : acknowledgements.rbegin()->first + 1;
  std::vector<Asked> asked;
  std::set<const BenchAcknowledged*> lost;
  for (const BenchNode& node : target.nodes) {
    auto client = node::HttpClient::make({.url = node.url});
    if (!client) return client.error();
    bool answers = false;
    const auto point = wait_for_size(*client, size, answers);
    if (!answers) {
      lookup.not_asked.push_back(node.id);
      continue;
    }
    lookup.nodes.push_back(node.id);
    const auto entries = entries_of(*client, first, size);
    for (const auto& [index, line] : acknowledgements) {
      const auto entry = entries.find(index);
      if (entry != entries.end() && entry->second.record == line.record &&
          entry->second.outcome == line.outcome)
        continue;
      lost.insert(&line);
      if (lookup.lost.size() >= kExamples) continue;
      lookup.lost.push_back("node " + std::to_string(node.id) + ": record " + line.record + " at index " +
                            std::to_string(index) + " with outcome " + std::to_string(line.outcome) +
                            (entry == entries.end() ? ": no such entry" : ": another entry is there"));
    }
    if (point) asked.push_back({&node, std::move(*client), point->height});
  }
  if (lookup.nodes.empty()) return error(Code::E_CONNECT, "no node answers");
  lookup.lost_count = lost.size();
  lookup.found = lookup.acknowledged - lookup.lost_count;
  compare_nodes(asked, unanswered, lookup);
  return lookup;
}

}  // namespace circula::cli
