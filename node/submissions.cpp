#include "node/submissions.h"

namespace circula::node {

std::uint64_t Submissions::add(const Digest& envelope_id, WaitFor wait, std::uint64_t deadline_ms,
                               Done done) {
  if (waiters_.size() >= kWaitersMax) return 0;
  const std::uint64_t token = next_token_++;
  Waiter waiter{wait, deadline_ms, std::move(done), {}};
  waiter.status.envelope_id = envelope_id;
  waiters_.emplace(token, std::move(waiter));
  by_envelope_.emplace(envelope_id, token);
  return token;
}

void Submissions::admitted(std::uint64_t token) {
  const auto place = waiters_.find(token);
  if (place == waiters_.end()) return;
  if (place->second.status.status == Status::kUnknown) place->second.status.status = Status::kPending;
  if (place->second.wait == WaitFor::kPending) answer(token);
}

void Submissions::refused(std::uint64_t token, ledger::Error refusal) {
  const auto place = waiters_.find(token);
  if (place == waiters_.end()) return;
  place->second.status.status = Status::kRefused;
  place->second.status.refusal = std::move(refusal);
  answer(token);
}

void Submissions::ordered(std::uint64_t height, const std::vector<ledger::RecordOutcome>& outcomes) {
  for (std::size_t at = 0; at < outcomes.size();) {
    const Digest& envelope = outcomes[at].envelope_id;
    const std::uint64_t first = outcomes[at].log_index;
    std::uint32_t records = 0;
    while (at < outcomes.size() && outcomes[at].envelope_id == envelope) ++records, ++at;
    std::vector<std::uint64_t> done;
    const auto [begin, end] = by_envelope_.equal_range(envelope);
    for (auto place = begin; place != end; ++place) {
      Waiter& waiter = waiters_.at(place->second);
      if (waiter.status.status == Status::kOrdered) continue;
      waiter.status.status = Status::kOrdered;
      waiter.status.height = height;
      waiter.status.first_entry = first;
      waiter.status.records = records;
      waiter.wait == WaitFor::kFinal ? (void)by_height_.emplace(height, place->second)
                                     : done.push_back(place->second);
    }
    for (const std::uint64_t token : done) answer(token);
  }
}

void Submissions::final_up_to(std::uint64_t height) {
  while (!by_height_.empty() && by_height_.begin()->first <= height) {
    const std::uint64_t token = by_height_.begin()->second;
    by_height_.erase(by_height_.begin());
    const auto place = waiters_.find(token);
    if (place == waiters_.end()) continue;
    place->second.status.status = Status::kFinal;
    answer(token);
  }
}

void Submissions::expire(std::uint64_t now_ms, const std::string& waits_for) {
  std::vector<std::uint64_t> late;
  for (const auto& [token, waiter] : waiters_) {
    if (waiter.deadline_ms <= now_ms) late.push_back(token);
  }
  for (const std::uint64_t token : late) {
    EnvelopeStatus& status = waiters_.at(token).status;
    status.waits_for = status.status == Status::kOrdered ? waits_for : "the leader to order it";
    answer(token);
  }
}

void Submissions::answer(std::uint64_t token) {
  auto node = waiters_.extract(token);
  if (node.empty()) return;
  Waiter& waiter = node.mapped();
  const auto [begin, end] = by_envelope_.equal_range(waiter.status.envelope_id);
  for (auto place = begin; place != end; ++place) {
    if (place->second != token) continue;
    by_envelope_.erase(place);
    break;
  }
  waiter.done(std::move(waiter.status));
}

}  // namespace circula::node
