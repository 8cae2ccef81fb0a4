#include "tests/attack/http_attack.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "crypto/encoding.h"
#include "tests/attack/http_exchange.h"

namespace circula::attack {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kAttackers = 8;
constexpr std::size_t kFaultsMax = 40;  // enough to see what is wrong

class HttpAttack {
 public:
  HttpAttack(const HttpAttackPlan& plan, const std::vector<HttpCase>& cases, const EnvelopeForge& forge)
      : plan_(plan), cases_(cases), forge_(forge) {}

  HttpAttackResult run() {
    start_ = Clock::now();
    {
      std::vector<std::jthread> attackers;
      for (unsigned n = 0; n < kAttackers; ++n) attackers.emplace_back([this] { attack(); });
    }
    result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
    return std::move(result_);
  }

 private:
  void attack() {
    for (std::uint64_t number = next_++; number < plan_.requests; number = next_++) {
      std::this_thread::sleep_until(start_ + plan_.duration * number / plan_.requests);
      Draw draw(plan_.seed * 1'000'003 + number);
      const std::uint16_t port = plan_.ports[number / 2 % plan_.ports.size()];
      const auto began = Clock::now();
      if (number % 2 == 0) {
        send_case(port, cases_[number / 2 % cases_.size()], draw);
      } else {
        send_drawn(port, number, draw);
      }
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
      const std::lock_guard lock(mutex_);
      ++result_.sent;
      result_.slowest = std::max(result_.slowest, took);
    }
  }

  void send_case(std::uint16_t port, const HttpCase& wanted, Draw& draw) {
    const Exchange got = exchange(port, wanted.bytes(draw), wanted.half_close);
    const std::string fault = judge_case(wanted, got);
    if (!fault.empty()) note(wanted.name + ": " + fault);
  }

  std::string judge_case(const HttpCase& wanted, const Exchange& got) {
    std::string fault = judge_manner(got);
    if (!fault.empty()) return fault;
    const auto answers = answers_in(got.received);
    if (wanted.status == 0) return answers->empty() ? "" : "an answer where none was due";
    if (answers->empty()) return "no answer, " + std::to_string(wanted.status) + " expected";
    const HttpAnswer& first = answers->front();
    if (first.status == wanted.status && code_of(first) == wanted.code) return "";
    return std::to_string(first.status) + " " + code_of(first) + ", " + std::to_string(wanted.status) + " " +
           wanted.code + " expected: " + first.body;
  }

  void send_drawn(std::uint16_t port, std::uint64_t number, Draw& draw) {
    const std::string bytes = drawn_request(draw, forge_);
    const std::string fault = judge_manner(exchange(port, bytes, true));
    if (!fault.empty())
      note("drawn request " + std::to_string(number) + ": " + fault + "\n" +
           crypto::to_hex(crypto::as_bytes(bytes).first(std::min<std::size_t>(bytes.size(), 600))));
  }

  // What holds whatever was sent: a few whole answers or none, each with its code and sentences, no 5xx.
  std::string judge_manner(const Exchange& got) {
    if (!got.connected) return "no connection";
    if (got.hung) return "neither answered nor closed";
    const auto answers = answers_in(got.received);
    if (!answers) return "no whole answer: " + got.received.substr(0, 300);
    const std::lock_guard lock(mutex_);
    if (answers->empty()) ++result_.answers["closed"];
    for (const HttpAnswer& answer : *answers) {
      const std::string code = answer.status < 400 ? "" : " " + code_of(answer);
      ++result_.answers[std::to_string(answer.status) + code];
      const std::string fault = fault_of_problem(answer);
      if (!fault.empty()) return fault + ": " + answer.headers + answer.body;
    }
    return "";
  }

  void note(std::string fault) {
    const std::lock_guard lock(mutex_);
    if (result_.faults.size() < kFaultsMax) result_.faults.push_back(std::move(fault));
  }

  const HttpAttackPlan& plan_;
  const std::vector<HttpCase>& cases_;
  const EnvelopeForge& forge_;
  Clock::time_point start_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;  // guards the below
  HttpAttackResult result_;
};

}  // namespace

HttpAttackResult attack_http(const HttpAttackPlan& plan, const std::vector<HttpCase>& cases,
                             const EnvelopeForge& forge) {
  return HttpAttack(plan, cases, forge).run();
}

}  // namespace circula::attack
