#include "ledger/bundle.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "ledger/bundle_file.h"
#include "ledger/bundle_range.h"
#include "ledger/calendar.h"
#include "ledger/subject_key.h"
#include "ledger/trust_policy.h"

namespace circula::ledger {
namespace {

// Makes one bundle.
class BundleMaker {
 public:
  BundleMaker(const ProofSource& source, const BundleQuestion& question)
      : source_(source), hashes_(source.index.log_hashes()) {
    bundle_.question = question;
  }

  Result<std::string> make() {
    if (auto done = state(); !done) return done.error();
    if (bundle_.value && !std::holds_alternative<AskState>(bundle_.question)) {
      if (auto done = history(); !done) return done.error();
    }
    return write_bundle(bundle_);
  }

 private:
  Result<void> state() {
    const StateAnswer& state = source_.state;
    if (!is_subject_key(state.key))
      return error(Code::E_NOT_FOUND, "no subject can have this key", "subject");
    auto note = strip_note(source_.policy, source_.final_note);
    if (!note) return note.error();
    auto accepted = source_.policy.accept(*note);
    if (!accepted) return error(Code::E_TRUST, accepted.error().detail);
    tree_size_ = accepted->checkpoint.size;
    bundle_.checkpoint = std::move(*note);
    bundle_.subject = state.key;
    bundle_.value = state.value;
    bundle_.state_proof = state.proof;
    auto block = prove_block(state.height);
    if (!block) return block.error();
    bundle_.block = std::move(*block);
    return {};
  }

  Result<BlockProof> prove_block(std::uint64_t height) {
    auto row = source_.index.block(height);
    if (!row) return row.error();
    if (!*row) return error(Code::E_NOT_FOUND, "block " + std::to_string(height) + " is not executed here");
    if ((*row)->size_after() > tree_size_) {
      return error(Code::E_FINALITY_STALLED, "block " + std::to_string(height) + " is not final yet");
    }
    const std::uint64_t at = (*row)->size_after() - 1;
    auto entry = source_.index.entry(at);
    if (!entry) return entry.error();
    auto decoded = *entry ? decode_entry(crypto::as_bytes((*entry)->entry()))
                          : Result<Entry>(error(Code::E_STORAGE_CORRUPT, ""));
    const auto* found = decoded ? std::get_if<BlockEntry>(&*decoded) : nullptr;
    if (found == nullptr) {
      return error(Code::E_STORAGE_CORRUPT, "index/: entry " + std::to_string(at) + " is no block entry");
    }
    auto path = crypto::prove_inclusion(*hashes_, at, tree_size_);
    if (!path) return error(Code::E_STORAGE_CORRUPT, path.error().detail);
    return BlockProof{*found, std::move(*path)};
  }

  Result<void> history() {
    if (kind_of(bundle_.subject) == SubjectKind::kReplay) {
      return error(Code::E_NOT_FOUND, "the history of spent ids is not kept for proofs");
    }
    auto value = decode_state_value(*bundle_.value);
    if (!value) return value.error();
    auto range = range_of(value->count);
    if (!range) return range.error();
    const auto [begin, end] = *range;
    if (end - begin > kBundleLeavesMax) {
      return error(Code::E_LIMIT, std::to_string(end - begin) + " events, at most " +
                                      std::to_string(kBundleLeavesMax) + " in a bundle: ask for periods");
    }
    auto leaves = source_.index.history(bundle_.subject, begin, end);
    if (!leaves) return leaves.error();
    if (leaves->size() != end - begin) {
      return error(Code::E_STORAGE_CORRUPT, "index/: the history of " + bundle_.subject + " has a gap");
    }
    bundle_.leaves = std::move(*leaves);
    auto path = crypto::prove_range(*source_.index.history_hashes(bundle_.subject), begin, end, value->count);
    if (!path) return error(Code::E_STORAGE_CORRUPT, path.error().detail);
    bundle_.history_path = std::move(*path);
    return outermost_blocks();
  }

  // The leaves that the bundle needs, with neighbours: [first, second).
  Result<std::pair<std::uint64_t, std::uint64_t>> range_of(std::uint64_t count) {
    const std::pair all{std::uint64_t{0}, count};
    if (std::holds_alternative<AskHistory>(bundle_.question)) return all;
    if (const auto* period = std::get_if<AskPeriod>(&bundle_.question)) {
      if (period->from_ms >= period->to_ms) return error(Code::E_TIME, "an empty period");
      auto from = leaves_before(period->from_ms, count);
      if (!from) return from.error();
      auto to = leaves_before(period->to_ms, count);
      if (!to) return to.error();
      return std::pair{*from - std::min<std::uint64_t>(*from, 1), std::min(*to + 1, count)};
    }
    if (const auto* up_to = std::get_if<AskHistoryTo>(&bundle_.question)) {
      auto to = leaves_up_to(up_to->height, count);
      if (!to) return to.error();
      return std::pair{std::uint64_t{0}, std::min(*to + 1, count)};
    }
    Result<std::uint64_t> before = 0;
    if (const auto* height = std::get_if<AskHeight>(&bundle_.question)) {
      before = leaves_up_to(height->height, count);
    } else {
      before = leaves_before(std::get<AskBefore>(bundle_.question).before_ms, count);
    }
    if (!before) return before.error();
    return std::pair{*before - std::min<std::uint64_t>(*before, 1), std::min(*before + 1, count)};
  }

  // How many leaves were posted before the time.
  Result<std::uint64_t> leaves_before(std::uint64_t time_ms, std::uint64_t count) {
    if (time_ms == 0) return std::uint64_t{0};
    auto block = source_.index.last_block_at(time_ms - 1);
    if (!block) return block.error();
    if (!*block) return std::uint64_t{0};
    return source_.index.history_size_at(bundle_.subject, count, (*block)->size_after());
  }

  Result<std::uint64_t> leaves_up_to(std::uint64_t height, std::uint64_t count) {
    if (height > bundle_.block.entry.height) {
      return error(Code::E_NOT_FOUND, "block " + std::to_string(height) + " is not executed yet");
    }
    auto block = source_.index.block(height);
    if (!block) return block.error();
    if (!*block) return error(Code::E_NOT_FOUND, "block " + std::to_string(height) + " is not executed here");
    return source_.index.history_size_at(bundle_.subject, count, (*block)->size_after());
  }

  Result<void> outermost_blocks() {
    std::set<std::uint64_t> heights;
    for (const std::size_t number : outermost(bundle_)) {
      auto entry = source_.index.entry(bundle_.leaves[number].log_index);
      if (!entry) return entry.error();
      if (!*entry) return error(Code::E_STORAGE_CORRUPT, "index/: the entry of an event is missing");
      heights.insert((*entry)->height());
    }
    for (const std::uint64_t height : heights) {
      auto block = prove_block(height);
      if (!block) return block.error();
      bundle_.blocks.push_back(std::move(*block));
    }
    return {};
  }

  const ProofSource& source_;
  std::unique_ptr<crypto::HashSource> hashes_;
  std::uint64_t tree_size_ = 0;
  Bundle bundle_;
};

std::string events(std::size_t count) { return std::to_string(count) + (count == 1 ? " event" : " events"); }

std::string claim_of(const Bundle& bundle) {
  if (!bundle.value) return "there is no " + bundle.subject + ".";
  const auto value = decode_state_value(*bundle.value);
  const std::string version = value ? std::to_string(value->count) : "0";
  const std::uint64_t block_ms = bundle.block.entry.time_ms;
  const std::string open = ", up to that block; what comes later may be in it too.";
  if (const auto* period = std::get_if<AskPeriod>(&bundle.question)) {
    return "the " + events(answer_leaves(bundle).size()) + " of " + bundle.subject +
           " in this file, but for the neighbours, are all that were posted from " +
           format_time_ms(period->from_ms) + " to before " + format_time_ms(period->to_ms) +
           (block_ms < period->to_ms ? open : ".");
  }
  const auto last = [&](const std::string& when, const std::string& end) {
    const auto answer = answer_leaves(bundle);
    return answer.empty()
               ? "nothing had happened to " + bundle.subject + " " + when + end
               : "event " + std::to_string(answer.front().seq) + " of " + bundle.subject + ", entry " +
                     std::to_string(answer.front().log_index) + ", was its last one " + when + end;
  };
  if (const auto* before = std::get_if<AskBefore>(&bundle.question)) {
    return last("before " + format_time_ms(before->before_ms), block_ms < before->before_ms ? open : ".");
  }
  if (const auto* height = std::get_if<AskHeight>(&bundle.question)) {
    return last("up to block " + std::to_string(height->height), ".");
  }
  if (const auto* up_to = std::get_if<AskHistoryTo>(&bundle.question)) {
    return "the " + events(answer_leaves(bundle).size()) + " of " + bundle.subject +
           " in this file, but for the one after them, are all up to block " + std::to_string(up_to->height) +
           ".";
  }
  if (std::holds_alternative<AskHistory>(bundle.question)) {
    return "the " + events(bundle.leaves.size()) + " in this file are the whole history of " +
           bundle.subject + ": nothing is missing.";
  }
  return bundle.subject + " had version " + version + " and the value in this file.";
}

}  // namespace

std::string_view Bundle::kind() const {
  if (!value) return "absence";
  if (std::holds_alternative<AskState>(question)) return "state";
  if (std::holds_alternative<AskHistory>(question)) return "history";
  if (std::holds_alternative<AskHistoryTo>(question)) return "history-to";
  return std::holds_alternative<AskPeriod>(question) ? "period" : "as-of";
}

std::string Bundle::shows() const {
  return "As of block " + std::to_string(block.entry.height) + " of the log " +
         checkpoint.substr(0, checkpoint.find('\n')) + ", ledger time " +
         format_time_ms(block.entry.time_ms) + ", " + claim_of(*this);
}

std::string Bundle::does_not_show() const {
  return "It does not show that the nodes executed every record by the rules: re-execution from genesis "
         "does, "
         "and a record in the log that should be here and is not is evidence against the checkpoint's "
         "signers.";
}

Result<std::string> make_bundle(const ProofSource& source, const BundleQuestion& question) {
  return BundleMaker(source, question).make();
}

}  // namespace circula::ledger
