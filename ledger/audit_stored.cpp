#include "ledger/audit_stored.h"

#include "crypto/encoding.h"

namespace circula::ledger {

StoredComparison::StoredComparison(const AuditSource& source, AuditReport& report)
    : index_(source.index), report_(report) {
  if (index_ != nullptr) {
    auto height = index_->height();
    if (!height) {
      unreadable(0, height.error());
    } else if (!*height) {
      index_ = nullptr;  // never written
    } else {
      index_height_ = **height;
    }
  }
  if (source.state == nullptr) return;
  auto state = State::open(*source.state);
  if (!state) {
    report_.findings.add("I05", 0, "state/ cannot be read: " + state.error().detail);
  } else if ((*state)->position()) {
    state_ = StoredState{*(*state)->position(), (*state)->tree().root()};
    state_height_ = state_->position.height;
  }
}

void StoredComparison::unreadable(std::uint64_t height, const Error& fault) {
  report_.findings.add("I05", height, "index/ cannot be read: " + fault.detail);
  index_ = nullptr;
  index_height_.reset();
}

void StoredComparison::block(const Ledger& ledger) {
  const std::uint64_t height = ledger.position().height;
  if (index_ != nullptr && height <= *index_height_) {
    auto ours = ledger.index().block(height);
    if (ours && *ours) compare_block(ledger, **ours);
  }
  compare_state(ledger);
}

void StoredComparison::compare_block(const Ledger& ledger, const proto::IndexedBlock& ours) {
  const std::uint64_t height = ledger.position().height;
  auto stored = index_->block(height);
  if (!stored) return unreadable(height, stored.error());
  if (!*stored) {
    report_.findings.add("I05", height, "index/ has no row of the block");
    return;
  }
  report_.roots_compared += 2;
  if ((*stored)->state_root() != ours.state_root()) {
    report_.findings.add("I05", height, "the node stored another state root");
  }
  if ((*stored)->root_after() != ours.root_after()) {
    report_.findings.add("I05", height, "the node stored another root of the log");
  }
  if ((*stored)->block_hash() != ours.block_hash() || (*stored)->first() != ours.first() ||
      (*stored)->size_after() != ours.size_after() || (*stored)->time_ms() != ours.time_ms()) {
    report_.findings.add("I05", height, "the node stored another block hash, place or time");
  }
  compare_entries(ledger, ours);
}

void StoredComparison::compare_entries(const Ledger& ledger, const proto::IndexedBlock& ours) {
  const std::uint64_t height = ledger.position().height;
  for (std::uint64_t at = ours.first(); at < ours.size_after() && index_ != nullptr; ++at) {
    auto computed = ledger.index().entry(at);
    auto stored = index_->entry(at);
    if (!stored) return unreadable(height, stored.error());
    if (!computed || !*computed) continue;
    if (*stored) {
      // Texts for people, which another version may put in other words.
      for (proto::IndexedEntry* row : {&**computed, &**stored}) {
        row->clear_error_detail();
        row->clear_error_field();
      }
    }
    if (!*stored || (*stored)->SerializeAsString() != (*computed)->SerializeAsString()) {
      report_.findings.add("I05", height, "the node stored another entry, or other effects of it", at);
      continue;
    }
    for (const proto::IndexedEffect& effect : (*computed)->effects()) compare_history(height, at, effect);
  }
}

void StoredComparison::compare_history(std::uint64_t height, std::uint64_t log_index,
                                       const proto::IndexedEffect& effect) {
  if (index_ == nullptr || kind_of(effect.subject()) == SubjectKind::kReplay) return;
  const auto decoded = decode_effect(crypto::as_bytes(effect.effect()));
  if (!decoded) return;
  auto rows = index_->history(effect.subject(), decoded->seq, decoded->seq + 1);
  if (!rows) return unreadable(height, rows.error());
  if (rows->size() != 1 || rows->front().log_index != log_index ||
      crypto::as_text(rows->front().effect) != effect.effect()) {
    report_.findings.add(
        "I38", height,
        "the node stored another event " + std::to_string(decoded->seq) + " of " + effect.subject(),
        log_index);
  }
}

void StoredComparison::compare_state(const Ledger& ledger) {
  const Position& here = ledger.position();
  if (!state_ || state_->position.height != here.height) return;
  report_.roots_compared += 2;
  if (state_->root != ledger.state_root()) {
    report_.findings.add("I05", here.height, "the subjects in state/ give another state root");
  }
  if (state_->position.log.root() != here.log.root() || state_->position.block_hash != here.block_hash) {
    report_.findings.add("I05", here.height, "state/ stands at another block or root of the log");
  }
  state_.reset();
}

void StoredComparison::finish(const Ledger& ledger) {
  const std::uint64_t height = ledger.position().height;
  if (index_ != nullptr && *index_height_ > height) {
    report_.findings.add(
        "I01", height,
        "index/ stands at block " + std::to_string(*index_height_) + ", and the chain has no such block");
  }
  if (state_) {
    report_.findings.add("I01", height,
                         "state/ stands at block " + std::to_string(state_->position.height) +
                             ", and the chain has no such block");
  }
}

}  // namespace circula::ledger
