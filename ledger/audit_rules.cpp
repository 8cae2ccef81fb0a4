#include <algorithm>
#include <map>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/state_tree.h"
#include "ledger/audit_rule.h"

namespace circula::ledger {
namespace {

// I02: an id is spent once in the whole chain.
class SpentOnce final : public AuditRule {
 public:
  void entry(const AuditedEntry& entry, AuditFindings&) override {
    const auto* record = std::get_if<RecordEntry>(&entry.entry);
    if (record == nullptr) return;
    // What is decided leaves an effect, `spent` at the least; a rule may decide for E_TIME too.
    if (record->effects > 0) spent_.push_back(record->record_id);
  }

  void finish(const Ledger& ledger, AuditFindings& findings) override {
    std::sort(spent_.begin(), spent_.end());
    for (auto twin = std::adjacent_find(spent_.begin(), spent_.end()); twin != spent_.end();
         twin = std::adjacent_find(twin + 1, spent_.end())) {
      findings.add("I02", ledger.position().height,
                   "record " + crypto::to_hex(twin->view()) + " took effect twice");
    }
  }

 private:
  std::vector<Digest> spent_;
};

// I04 and I38: every history, rebuilt from the effects of the entries, is the one that the state commits; the
// effects are those that the entries commit; and the state root is that of exactly these subjects.
class RebuiltHistories final : public AuditRule {
 public:
  void entry(const AuditedEntry& entry, AuditFindings& findings) override {
    std::vector<Digest> leaves;
    for (const AppliedEffect& effect : entry.effects) {
      leaves.push_back(effect_leaf(entry.salt_seed, static_cast<std::uint16_t>(leaves.size()), effect.subject,
                                   effect.bytes));
      crypto::CompactRange& history = histories_[effect.subject];
      const auto decoded = decode_effect(effect.bytes);
      if (!decoded || decoded->seq != history.size()) {
        findings.add(
            "I04", entry.height,
            "the versions of " + effect.subject + " are not contiguous at " + std::to_string(history.size()),
            entry.index);
      }
      history.append(history_leaf(entry.index, effect.bytes));
    }
    if (committed(entry.entry) != std::pair(leaves.size(), crypto::tree_head(leaves)) &&
        !std::holds_alternative<BlockEntry>(entry.entry)) {
      findings.add("I38", entry.height, "the entry commits other effects", entry.index);
    }
  }

  void finish(const Ledger& ledger, AuditFindings& findings) override {
    const std::uint64_t height = ledger.position().height;
    std::vector<crypto::StateRow> rows;
    for (const auto& [key, history] : histories_) {
      const auto subject = ledger.subject(key);
      if (!subject || !*subject) {
        findings.add("I38", height, key + " has a history and is not in the state");
        continue;
      }
      if ((*subject)->count() != history.size() || (*subject)->history.root() != history.root()) {
        findings.add("I38", height, "the state commits another history of " + key);
      }
      rows.push_back({crypto::sha256(key), crypto::sha256((*subject)->value())});
    }
    std::sort(rows.begin(), rows.end(),
              [](const auto& left, const auto& right) { return left.key_hash < right.key_hash; });
    if (crypto::StateTree(rows).root() != ledger.state_root()) {
      findings.add("I38", height, "the state root is not that of the subjects with a history");
    }
  }

 private:
  static std::pair<std::size_t, Digest> committed(const Entry& entry) {
    return std::visit(
        [](const auto& one) -> std::pair<std::size_t, Digest> {
          if constexpr (requires { one.effects_root; }) {
            return {one.effects, one.effects_root};
          } else {
            return {};
          }
        },
        entry);
  }

  std::map<SubjectKey, crypto::CompactRange> histories_;
};

}  // namespace

std::vector<std::unique_ptr<AuditRule>> audit_rules() {
  std::vector<std::unique_ptr<AuditRule>> rules;
  rules.push_back(std::make_unique<SpentOnce>());
  rules.push_back(std::make_unique<RebuiltHistories>());
  rules.push_back(make_holders_rule());
  rules.push_back(make_money_rule());
  return rules;
}

}  // namespace circula::ledger
