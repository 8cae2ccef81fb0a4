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
  if (last >= next_) inflight_.add(last, bytes);
  next_ = std::max(next_, last.next());
  if (state_ == State::kProbe) probe_sent_ = true;
}

bool Progress::acknowledge(Index match, bool counts) {
  if (state_ == State::kRefused) return false;
  const bool ended_probe = state_ == State::kProbe && match >= match_;
  const bool news = match > match_ || (counts && match > counted_match_);
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
  // A node in doubt may have lost what it acknowledged: look below its match again. No quorum counts it.
  if (!counts && rejected <= match_) match_ = std::min(match_, retry);
  if (rejected <= match_) return false;
  // While probing, only the answer to the probe under way says anything.
  if (state_ == State::kProbe && rejected != next_.previous() && counts) return false;
  const bool probing = state_ == State::kProbe;
  probe_from(std::max(match_.next(), probing || !counts ? std::min(rejected, retry.next()) : match_.next()));
  return true;
}

bool Progress::heard(Index last_sent, Index verified, Index held) {
  if (state_ == State::kRefused) return false;
  const Index there = std::max(verified, held);
  if (there >= last_sent) {
    short_ = false;
    return false;
  }
  if (!short_ || there > short_at_) {
    short_ = true;
    short_at_ = there;
    return false;
  }
  restart();
  return true;
}

void Progress::restart() {
  if (state_ == State::kRefused) return;
  probe_from(match_.next());
}

void Progress::probe_from(Index next) {
  state_ = State::kProbe;
  next_ = next;
  inflight_.clear();
  probe_sent_ = false;
  short_ = false;
}

}  // namespace circula::consensus
