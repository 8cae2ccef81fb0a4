#include "tests/e2e/client_load.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <random>
#include <stdexcept>

#include "cli/node_client.h"
#include "crypto/encoding.h"
#include "node/http_client.h"

namespace circula::e2e {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPace{10};  // between two records of a client: some hundred records a second
constexpr milliseconds kPauseBeforeAgain{10};  // before another node is asked
constexpr milliseconds kAnswerTimeout{8'000};  // above what the node is told to wait
constexpr std::string_view kNodeTimeoutMs = "5000";

SteadyTime now() { return std::chrono::steady_clock::now(); }

// A file that only grows, by whole lines.
class LineFile {
 public:
  explicit LineFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) throw std::runtime_error("no file " + path);
  }
  ~LineFile() { close(descriptor_); }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  [[nodiscard]] bool append(const std::string& text) {
    return write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  [[nodiscard]] bool append_synced(const std::string& text) {
    return append(text) && fdatasync(descriptor_) == 0;
  }

 private:
  int descriptor_;
};

boost::json::object object_of(const std::string& body) {
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(body, failed);
  return !failed && value.is_object() ? std::move(value.get_object()) : boost::json::object{};
}

}  // namespace

class ClientLoad::Client {
 public:
  Client(ClientLoad& load, std::size_t number, std::uint64_t seed)
      : load_(load),
        sent_(load.sent_files_[number]),
        acknowledged_(load.acknowledged_files_[number]),
        draw_(seed),
        node_(number % load.urls_.size()),
        target_("/v1/records?wait=" + std::string(number % 2 == 0 ? "ordered" : "final") +
                "&timeout_ms=" + std::string(kNodeTimeoutMs)) {}

  void run() {
    while (!load_.stopping_) {
      send(load_.workload_.envelope(load_.next_envelope_++));
      std::this_thread::sleep_for(kPace);
    }
  }

 private:
  enum class Answer : std::uint8_t { kAcknowledged, kNone, kRefused };

  void send(const cli::BenchEnvelope& envelope) {
    if (!sent_.append(crypto::to_hex(envelope.records.front().view()) + "\n"))
      return load_.problem("a sent record could not be noted");
    const SteadyTime sent = now();
    while (true) {
      const Answer answer = ask(envelope);
      if (answer == Answer::kAcknowledged) return load_.acknowledged(sent);
      if (answer == Answer::kRefused) return;
      const bool gives_up = draw_() % 2 == 0;
      if (gives_up || load_.stopping_) return;
      std::this_thread::sleep_for(kPauseBeforeAgain);
    }
  }

  Answer ask(const cli::BenchEnvelope& envelope) {
    if (!http_) {
      auto made = node::HttpClient::make({.url = load_.urls_[node_], .timeout = kAnswerTimeout});
      if (!made) {
        load_.problem(made.error().detail);
        return Answer::kRefused;
      }
      http_.emplace(std::move(*made));
    }
    ++load_.in_flight_;
    auto reply = http_->post(target_, "application/octet-stream", crypto::as_text(envelope.bytes));
    --load_.in_flight_;
    if (reply && reply->status < 300 && keep(object_of(reply->body))) return Answer::kAcknowledged;
    if (reply && reply->status >= 300 && !cli::flag_at(object_of(reply->body), "retryable")) {
      load_.problem("refused: " + reply->body);
      return Answer::kRefused;
    }
    http_.reset();
    node_ = (node_ + 1) % load_.urls_.size();
    return Answer::kNone;
  }

  // An acknowledgement names the index and outcome; what does not is none.
  bool keep(const boost::json::object& answer) {
    const std::string status = cli::text_at(answer, "status");
    const boost::json::array& records = cli::array_at(answer, "records");
    if ((status != "ordered" && status != "final") || records.size() != 1) return false;
    const boost::json::object& row = records.front().get_object();
    if (cli::text_at(row, "index").empty()) return false;
    if (acknowledged_.append_synced(cli::text_at(row, "record") + " " + cli::text_at(row, "index") + " " +
                                    cli::text_at(row, "outcome") + "\n"))
      return true;
    load_.problem("an acknowledgement could not be kept");
    return false;
  }

  ClientLoad& load_;
  LineFile sent_, acknowledged_;
  std::mt19937_64 draw_;
  std::size_t node_;
  std::string target_;
  std::optional<node::HttpClient> http_;
};

ClientLoad::ClientLoad(std::vector<std::string> urls, const cli::BenchWorkload& workload,
                       std::string directory, std::size_t clients, std::uint64_t seed)
    : urls_(std::move(urls)), workload_(workload) {
  for (std::size_t number = 0; number < clients; ++number) {
    const std::string name = directory + "/client-" + std::to_string(number);
    sent_files_.push_back(name + ".sent");
    acknowledged_files_.push_back(name + ".acknowledged");
  }
  for (std::size_t number = 0; number < clients; ++number)
    threads_.emplace_back([this, number, seed] { run(number, seed); });
}

void ClientLoad::stop() {
  stopping_ = true;
  threads_.clear();
}

void ClientLoad::run(std::size_t number, std::uint64_t seed) { Client(*this, number, seed + number).run(); }

void ClientLoad::acknowledged(SteadyTime sent) {
  const std::lock_guard lock(mutex_);
  ++acknowledged_;
  if (marked_ && !again_ && sent > *marked_) again_ = now();
  changed_.notify_all();
}

void ClientLoad::problem(const std::string& text) {
  const std::lock_guard lock(mutex_);
  problems_.push_back(text);
}

bool ClientLoad::wait_for_acknowledgements(std::uint64_t more, milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = acknowledged_ + more;
  return changed_.wait_for(lock, patience, [&] { return acknowledged_ >= wanted; });
}

std::uint64_t ClientLoad::wait_for_request_in_flight(milliseconds patience) {
  const SteadyTime deadline = now() + patience;
  while (now() < deadline) {
    if (const std::uint64_t seen = in_flight_; seen > 0) return seen;
    std::this_thread::yield();
  }
  return 0;
}

void ClientLoad::mark(SteadyTime at) {
  const std::lock_guard lock(mutex_);
  marked_ = at;
  again_.reset();
}

std::optional<milliseconds> ClientLoad::wait_for_ordered_again(milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return again_.has_value(); })) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(*again_ - *marked_);
}

std::vector<std::string> ClientLoad::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

}  // namespace circula::e2e
