#include "consensus/progress.h"

#include <algorithm>

namespace circula::consensus {

bool Progress::may_send(bool caught_up, std::size_t messages_max, std::uint64_t bytes_max) const {
  switch (state_) {
    case State::kRefused:
      return false;
    case State::kProbe:
      return !probe_sent_;
    case State::kReplicate:
      return !caught_up && !inflight_.full(messages_max, bytes_max);
  }
  return false;
}

void Progress::sent(Index last, std::uint64_t bytes) {
  sent_through_ = std::max(sent_through_, last);
  if (state_ == State::kProbe) {
    probe_sent_ = true;
    return;
  }
  if (last >= next_) inflight_.add(last, bytes);
  next_ = std::max(next_, last.next());
}

bool Progress::acknowledge(Index match, bool counts) {
  if (state_ == State::kRefused) return false;
  const bool ended_probe = state_ == State::kProbe && match >= match_;
  const bool news = match > match_ || (counts && match > counted_match_);
  counts_ = counts;
  match_ = std::max(match_, match);
  if (counts) counted_match_ = std::max(counted_match_, match);
  inflight_.acknowledge(match_);
  next_ = std::max(next_, match_.next());
  if (ended_probe) {
    state_ = State::kReplicate;
    probe_sent_ = false;
  }
  if (news) short_ = false;
  return news || ended_probe;
}

bool Progress::reject(Index rejected, Index retry, bool counts) {
  if (state_ == State::kRefused) return false;
  counts_ = counts;
  if (!counts && rejected <= match_) {
    match_ = std::min(match_, retry);
    counted_match_ = std::min(counted_match_, match_);
  }
  if (rejected <= match_) return false;
  // While probing, only the answer to the probe under way says anything.
  if (state_ == State::kProbe && rejected != next_.previous()) return false;
  const bool use_hint = state_ == State::kProbe || !counts;
  const Index next = use_hint ? std::min(rejected, retry.next()) : match_.next();
  probe_from(std::max(match_.next(), next));
  return true;
}

bool Progress::heard(Index last_sent, Index verified, Index held) {
  if (state_ == State::kRefused) return false;
  const Index there = std::max(verified, held);
  if (there >= last_sent) {
    short_ = false;
    return false;
  }
  if (state_ == State::kProbe) {
    probe_sent_ = false;
    return true;
  }
  if (!short_ || there > short_at_) {
    short_ = true;
    short_at_ = there;
    return false;
  }
  restart();
  return true;
}

void Progress::restart() { probe_from(match_.next()); }

void Progress::probe_from(Index next) {
  state_ = State::kProbe;
  next_ = next;
  sent_through_ = match_;
  inflight_.clear();
  probe_sent_ = false;
  short_ = false;
}

}  // namespace circula::consensus
