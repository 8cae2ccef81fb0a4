#include "consensus/durability.h"

#include <algorithm>

namespace circula::consensus {

AppendTicket Durability::begin(EntryId last) {
  if (writes_.empty()) waiting_ticks_ = 0;
  writes_.push_back({next_sequence_, last.index});
  return {next_sequence_++, last};
}

bool Durability::complete(const AppendTicket& ticket) {
  if (writes_.empty() || ticket.sequence < writes_.front().sequence ||
      ticket.sequence > writes_.back().sequence) {
    return false;
  }
  // A write shortened by a truncation ends below its successors; the newest one says where the log stands.
  while (!writes_.empty() && writes_.front().sequence <= ticket.sequence) {
    durable_ = std::max(durable_, writes_.front().last);
    writes_.pop_front();
  }
  waiting_ticks_ = 0;
  return true;
}

void Durability::truncate_from(Index index) {
  durable_ = std::min(durable_, index.previous());
  for (Write& write : writes_) write.last = std::min(write.last, index.previous());
}

}  // namespace circula::consensus
