#include "ledger/audit_rule.h"
#include "ledger/holder_table.h"
#include "ledger/proto/rights.pb.h"

namespace circula::ledger {
namespace {

// I18: every table of holders sums to 1,000,000 after every event; I19: no ppm moves that its holder does not
// have. At the end the tables are those of the state.
class Holders final : public AuditRule {
 public:
  void entry(const AuditedEntry& entry, AuditFindings& findings) override {
    for (const AppliedEffect& effect : entry.effects) {
      if (!effect.subject.starts_with("right/")) continue;
      HolderTable& table = tables_[effect.subject];
      if (auto applied = table.apply(effect.bytes); !applied) {
        findings.add("I19", entry.height, effect.subject + ": " + applied.error().detail, entry.index);
      }
      if (table.sum_ppm() != kWholePpm) {
        findings.add("I18", entry.height,
                     effect.subject + " sums to " + std::to_string(table.sum_ppm()) + " ppm", entry.index);
      }
    }
  }

  void finish(const Ledger& ledger, AuditFindings& findings) override {
    for (const auto& [key, table] : tables_) {
      const auto subject = ledger.subject(key);
      proto::RightState state;
      std::map<std::string, std::uint64_t> stored;
      if (subject && *subject && state.ParseFromString((*subject)->fields)) {
        for (const proto::Holder& holder : state.holders()) stored[holder.oid()] += holder.ppm();
      }
      if (stored != table.ppm_by_oid()) {
        findings.add("I18", ledger.position().height, key + " is not the table that its events give");
      }
    }
  }

 private:
  std::map<SubjectKey, HolderTable> tables_;
};

}  // namespace

std::unique_ptr<AuditRule> make_holders_rule() { return std::make_unique<Holders>(); }

}  // namespace circula::ledger
