#include "cli/bench_load.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstring>
#include <filesystem>
#include <thread>

#include "crypto/encoding.h"
#include "node/http_client.h"

namespace circula::cli {
namespace {

namespace json = boost::json;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How long one envelope is tried: twenty elections. What is still open then counts as not acknowledged.
constexpr std::chrono::seconds kGiveUp{60};
// An open loop that cannot keep its rate ends this much late; what is not sent by then is counted.
constexpr std::chrono::seconds kOvertime{30};
constexpr milliseconds kPauseBeforeAgain{10};
constexpr milliseconds kAnswerTimeout{6'000};  // above the node's own, below kGiveUp
constexpr std::string_view kNodeTimeout = "5000";

BenchTime now() { return std::chrono::steady_clock::now(); }

std::int64_t ns_of(BenchTime time) { return duration_cast<nanoseconds>(time.time_since_epoch()).count(); }

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

bool is_retryable(const json::object& problem) {
  const auto* value = problem.if_contains("retryable");
  return value != nullptr && value->is_bool() && value->as_bool();
}

}  // namespace

struct BenchLoad::Client {
  std::size_t node = 0;
  std::optional<node::HttpClient> http;
  int file = -1;
  std::vector<BenchSample> samples;
  std::vector<BenchUnanswered> unanswered;
  std::map<std::string, std::uint64_t> refused;
  std::map<std::string, std::uint64_t> outcomes;
  std::uint64_t resent = 0;
  std::string error;

  ~Client() {
    if (file >= 0) close(file);
  }
};

BenchLoad::BenchLoad(const BenchTarget& target, const BenchWorkload& workload, const BenchPlan& plan,
                     std::vector<BenchEnvelope> prepared, std::string directory)
    : target_(target),
      workload_(workload),
      plan_(plan),
      prepared_(std::move(prepared)),
      directory_(std::move(directory)) {}

void BenchLoad::mark_kill() { killed_ns_ = ns_of(now()); }

std::optional<microseconds> BenchLoad::ordered_again() const {
  const std::int64_t again = again_ns_;
  if (again == 0) return std::nullopt;
  return duration_cast<microseconds>(nanoseconds(again - killed_ns_));
}

Result<BenchLoadResult> BenchLoad::run() {
  std::error_code made;
  std::filesystem::create_directories(directory_, made);
  std::vector<Client> clients(plan_.clients);
  for (std::size_t number = 0; number < clients.size(); ++number) {
    const std::string path = directory_ + "/client-" + std::to_string(number) + ".acknowledged";
    clients[number].file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (clients[number].file < 0) return error(Code::E_UNAVAILABLE, path + ": " + std::strerror(errno));
    clients[number].node = number % target_.nodes.size();
    result_.files.push_back(path);
  }
  start_ = now();
  result_.started = start_;
  {
    std::vector<std::jthread> threads;
    for (Client& client : clients) threads.emplace_back([this, &client] { serve(client); });
  }
  over_ = true;
  result_.ended = now();
  const std::uint64_t planned = plan_.records_per_second * plan_.seconds / plan_.records_per_envelope;
  if (plan_.records_per_second > 0 && next_ < planned) result_.unsent = planned - next_;
  for (Client& client : clients) {
    if (!client.error.empty()) return error(Code::E_UNAVAILABLE, client.error);
    result_.samples.insert(result_.samples.end(), client.samples.begin(), client.samples.end());
    for (BenchUnanswered& each : client.unanswered) result_.unanswered.push_back(std::move(each));
    for (const auto& [code, count] : client.refused) result_.refused[code] += count;
    for (const auto& [code, count] : client.outcomes) result_.outcomes[code] += count;
    result_.resent += client.resent;
  }
  return std::move(result_);
}

// The next envelope to send and when it is due; false at the end.
bool BenchLoad::next(std::uint64_t& number, BenchTime& due) {
  const auto end = start_ + std::chrono::seconds(plan_.seconds);
  if (plan_.records_per_second == 0) {
    due = now();
    if (due >= end) return false;
    number = next_++;
    return true;
  }
  if (now() > end + kOvertime) return false;
  number = next_++;
  due = start_ + nanoseconds(number * plan_.records_per_envelope * 1'000'000'000 / plan_.records_per_second);
  if (due < end) return true;
  --next_;
  return false;
}

void BenchLoad::serve(Client& client) {
  std::uint64_t number = 0;
  BenchTime due;
  while (client.error.empty() && next(number, due)) {
    if (number < prepared_.size()) {
      std::this_thread::sleep_until(due);
      send(client, prepared_[number], due);
    } else {
      const BenchEnvelope made = workload_.envelope(number);
      if (plan_.records_per_second == 0) due = now();
      std::this_thread::sleep_until(due);
      send(client, made, due);
    }
  }
}

void BenchLoad::send(Client& client, const BenchEnvelope& envelope, BenchTime due) {
  const BenchTime sent = now();
  const std::string target = "/v1/records?wait=" + plan_.wait + "&timeout_ms=" + std::string(kNodeTimeout);
  for (bool again = false; now() < sent + kGiveUp; again = true) {
    if (again) {
      ++client.resent;
      std::this_thread::sleep_for(kPauseBeforeAgain);
    }
    if (!client.http) {
      auto http = node::HttpClient::make({.url = target_.nodes[client.node].url, .timeout = kAnswerTimeout});
      if (!http) {
        client.error = http.error().detail;
        return;
      }
      client.http.emplace(std::move(*http));
    }
    auto reply = client.http->post(target, "application/octet-stream", crypto::as_text(envelope.bytes));
    const bool answered = reply && reply->status < 300;
    if (answered && acknowledge(client, envelope, due, sent, reply->body)) return;
    if (answered) continue;  // its time ran out first: ask again
    if (reply) {
      boost::system::error_code failed;
      const auto problem = json::parse(reply->body, failed);
      const bool readable = !failed && problem.is_object();
      if (!readable || !is_retryable(problem.as_object())) {
        ++client.refused[readable ? text_of(problem.as_object(), "code") : std::to_string(reply->status)];
        return;
      }
    }
    client.node = (client.node + 1) % target_.nodes.size();
    client.http.reset();
  }
  client.unanswered.push_back({envelope.records});
}

bool BenchLoad::acknowledge(Client& client, const BenchEnvelope& envelope, BenchTime due, BenchTime sent,
                            const std::string& body) {
  const BenchTime at = now();
  boost::system::error_code failed;
  const auto answer = json::parse(body, failed);
  if (failed || !answer.is_object()) return false;
  const std::string status = text_of(answer.as_object(), "status");
  if (status != "final" && (status != "ordered" || plan_.wait == "final")) return false;
  const auto* records = answer.as_object().if_contains("records");
  if (records == nullptr || !records->is_array() || records->as_array().size() != envelope.records.size())
    return false;
  std::string lines;
  BenchSample sample{due, at, 0};
  for (const json::value& each : records->as_array()) {
    if (!each.is_object()) return false;
    const auto index = crypto::u64_from_decimal(text_of(each.as_object(), "index"));
    const auto* outcome = each.as_object().if_contains("outcome");
    if (!index || outcome == nullptr || !outcome->is_int64()) return false;
    lines += text_of(each.as_object(), "record") + " " + std::to_string(*index) + " " +
             std::to_string(outcome->as_int64()) + "\n";
    if (outcome->as_int64() != 0) ++client.outcomes[text_of(each.as_object(), "code")];
    sample.last_index = std::max(sample.last_index, *index);
  }
  if (write(client.file, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()) ||
      fdatasync(client.file) != 0) {
    client.error = std::string("an acknowledgement could not be kept: ") + std::strerror(errno);
    return true;
  }
  client.samples.push_back(sample);
  const std::int64_t killed = killed_ns_;
  std::int64_t none = 0;
  if (killed != 0 && ns_of(sent) > killed) again_ns_.compare_exchange_strong(none, ns_of(at));
  return true;
}

}  // namespace circula::cli
