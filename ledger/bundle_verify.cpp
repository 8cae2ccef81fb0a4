// The checking half of bundle.h.
#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/bundle.h"
#include "ledger/bundle_file.h"
#include "ledger/bundle_range.h"
#include "ledger/calendar.h"
#include "ledger/subject_key.h"
#include "ledger/trust_policy.h"

namespace circula::ledger {
namespace {

Error wrong(std::string detail) { return error(Code::E_PROOF, std::move(detail)); }

// Verifies one bundle, one member function a step.
class BundleCheck {
 public:
  BundleCheck(const BundleFile& file, const crypto::Policy& policy, BundleVerdict& verdict)
      : file_(file), bundle_(file.bundle), policy_(policy), verdict_(verdict) {}

  void run() {
    auto accepted = verify_final_note(policy_, bundle_.checkpoint, verdict_);
    if (!accepted) return;
    facts_.checkpoint = std::move(*accepted);
    if (!verdict_.add("block", block())) return;
    if (!verdict_.add("state", state())) return;
    if (!verdict_.add("history", history())) return;
    const bool bounded = bundle_.value && !std::holds_alternative<AskState>(bundle_.question) &&
                         !std::holds_alternative<AskHistory>(bundle_.question);
    if (bounded && !verdict_.add("range", range())) return;
    if (!verdict_.add("words", words())) return;
    verdict_.facts = std::move(facts_);
  }

 private:
  Result<void> included(const BlockProof& block) const {
    const crypto::Checkpoint& tree = facts_.checkpoint.checkpoint;
    const Digest leaf = crypto::leaf_hash(encode(Entry(block.entry)));
    auto included = crypto::verify_inclusion(leaf, block.index(), tree.size, block.path, tree.root);
    if (included) return {};
    return wrong("the entry of block " + std::to_string(block.entry.height) + ": " + included.error().detail);
  }

  Result<std::string> block() {
    if (auto good = included(bundle_.block); !good) return good.error();
    for (const BlockProof& block : bundle_.blocks) {
      if (auto good = included(block); !good) return good.error();
    }
    return "block " + std::to_string(bundle_.block.entry.height) + " of " +
           format_time_ms(bundle_.block.entry.time_ms) + " is entry " +
           std::to_string(bundle_.block.index()) + " of " + std::to_string(facts_.checkpoint.checkpoint.size);
  }

  Result<std::string> state() {
    if (!is_subject_key(bundle_.subject)) return wrong("no subject can have this key: " + bundle_.subject);
    const Digest& root = bundle_.block.entry.state_root;
    if (!bundle_.value) {
      if (auto absent = crypto::verify_absent(root, bundle_.subject, bundle_.state_proof); !absent) {
        return wrong(absent.error().detail);
      }
      return "no " + bundle_.subject + " under the state root of the block";
    }
    if (auto member = crypto::verify_member(root, bundle_.subject, *bundle_.value, bundle_.state_proof);
        !member) {
      return wrong(member.error().detail);
    }
    auto value = decode_state_value(*bundle_.value);
    if (!value) return wrong("the value: " + value.error().detail);
    if (value->kind != kind_of(bundle_.subject)) return wrong("the value is one of another kind of subject");
    facts_.value = std::move(*value);
    return bundle_.subject + ", version " + std::to_string(facts_.value->count) + ", under the state root, " +
           std::to_string(bundle_.state_proof.siblings.size()) + " siblings";
  }

  Result<std::string> history() {
    if (!bundle_.value || std::holds_alternative<AskState>(bundle_.question)) {
      if (!bundle_.leaves.empty()) return wrong("events that nobody asked for");
      return std::string("not asked for");
    }
    if (bundle_.leaves.empty()) return wrong("no event of the history is there");
    std::vector<Digest> leaves;
    const HistoryRow* previous = nullptr;
    for (const HistoryRow& leaf : bundle_.leaves) {
      const auto effect = decode_effect(leaf.effect);
      if (!effect || effect->seq != leaf.seq) {
        return wrong("event " + std::to_string(leaf.seq) + " is not that event of the history");
      }
      if ((previous != nullptr && previous->log_index >= leaf.log_index) ||
          leaf.log_index >= bundle_.block.index()) {
        return wrong("the entries of the events do not rise up to the block");
      }
      previous = &leaf;
      leaves.push_back(crypto::leaf_hash(leaf.leaf()));
    }
    const std::uint64_t begin = bundle_.leaves.front().seq;
    const std::uint64_t count = facts_.value->count;
    const bool whole = std::holds_alternative<AskHistory>(bundle_.question);
    if (whole && !bundle_.blocks.empty()) return wrong("blocks that nobody asked for");
    if (whole && leaves.size() != count) {
      return wrong("the history has " + std::to_string(count) + " events, " + std::to_string(leaves.size()) +
                   " are there");
    }
    if (auto good =
            crypto::verify_range(leaves, begin, count, bundle_.history_path, facts_.value->history_root);
        !good) {
      return wrong(good.error().detail);
    }
    const auto answer = answer_leaves(bundle_);
    facts_.answer.assign(answer.begin(), answer.end());
    return "events " + std::to_string(begin) + " to " + std::to_string(bundle_.leaves.back().seq) + " of " +
           std::to_string(count) + " give the history root of the value";
  }

  Result<std::string> range() {
    if (auto good = check_range(bundle_, facts_.value->count); !good) return good.error();
    const std::uint64_t block_ms = bundle_.block.entry.time_ms;
    const auto* height = std::get_if<AskHeight>(&bundle_.question);
    const auto* up_to = std::get_if<AskHistoryTo>(&bundle_.question);
    if (height != nullptr || up_to != nullptr) {
      const std::uint64_t asked = height != nullptr ? height->height : up_to->height;
      if (asked > bundle_.block.entry.height) return wrong("a height after the block of the state");
    } else if (const auto* before = std::get_if<AskBefore>(&bundle_.question)) {
      facts_.settled = block_ms >= before->before_ms;
    } else {
      const auto& period = std::get<AskPeriod>(bundle_.question);
      if (period.from_ms >= period.to_ms) return wrong("an empty period");
      facts_.settled = block_ms >= period.to_ms;
      if (bundle_.leaves.front().seq < first_answer_seq()) facts_.before = bundle_.leaves.front();
    }
    if (bundle_.leaves.back().seq + 1 > first_answer_seq() + facts_.answer.size()) {
      facts_.after = bundle_.leaves.back();
    }
    if (!facts_.answer.empty()) {
      facts_.answer_first_ms = time_of(facts_.answer.front());
      facts_.answer_last_ms = time_of(facts_.answer.back());
    }
    return std::to_string(facts_.answer.size()) + " of them answer, decided by the times of " +
           std::to_string(bundle_.blocks.size()) + " block entries";
  }

  [[nodiscard]] std::optional<std::uint64_t> time_of(const HistoryRow& leaf) const {
    const BlockEntry* block = block_of(bundle_, leaf);
    return block == nullptr ? std::nullopt : std::optional(block->time_ms);
  }

  // Number of the first leaf that is not the neighbour before.
  [[nodiscard]] std::uint64_t first_answer_seq() const {
    const auto answer = answer_leaves(bundle_);
    if (!answer.empty()) return answer.front().seq;
    const BlockEntry* block = block_of(bundle_, bundle_.leaves.front());
    const auto* period = std::get_if<AskPeriod>(&bundle_.question);
    const bool is_before = period != nullptr && block->time_ms < period->from_ms;
    return bundle_.leaves.front().seq + (is_before ? 1 : 0);
  }

  Result<std::string> words() {
    if (file_.shows != bundle_.shows() || file_.does_not_show != bundle_.does_not_show()) {
      return wrong("the sentences of the bundle do not say what it shows");
    }
    return bundle_.shows();
  }

  const BundleFile& file_;
  const Bundle& bundle_;
  const crypto::Policy& policy_;
  BundleVerdict& verdict_;
  BundleFacts facts_;
};

}  // namespace

BundleVerdict verify_bundle(std::string_view text, const crypto::Policy& policy) {
  BundleVerdict verdict;
  auto file = read_bundle(text);
  if (!verdict.add("form",
                   file ? Result<std::string>(std::to_string(text.size()) + " bytes, in their one form")
                        : Result<std::string>(file.error()))) {
    return verdict;
  }
  verdict.bundle = file->bundle;
  BundleCheck(*file, policy, verdict).run();
  return verdict;
}

BundleVerdict verify_answer(std::string_view text, const crypto::Policy& policy, std::string_view subject,
                            const BundleQuestion& question) {
  BundleVerdict verdict = verify_bundle(text, policy);
  if (!verdict.good()) return verdict;
  Result<std::string> answered = "as it was asked";
  if (verdict.bundle->subject != subject) {
    answered = wrong("it is about " + verdict.bundle->subject + ", asked was " + std::string(subject));
  } else if (verdict.bundle->value && verdict.bundle->question != question) {
    answered = wrong("it answers another question than the one that was asked");
  }
  if (!verdict.add("question", answered)) verdict.facts.reset();
  return verdict;
}

}  // namespace circula::ledger
