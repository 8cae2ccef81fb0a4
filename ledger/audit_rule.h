// What an audit looks at besides re-execution: a rule follows the chain entry by entry and finds what breaks
// an invariant of records.md 4. Rules do not trust the code that executes: they add up the effects again.
//
// A record family adds its rules to audit_rules.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/entry.h"
#include "ledger/ledger.h"

namespace circula::ledger {

struct AuditFinding {
  std::string rule;  // "I38"
  std::uint64_t height = 0;
  std::optional<std::uint64_t> entry;  // log index
  std::string text;
};

// Takes findings; bounded, so that a chain that is wrong throughout does not fill the memory.
class AuditFindings {
 public:
  static constexpr std::size_t kKeptMax = 1000;

  void add(std::string_view rule, std::uint64_t height, std::string text,
           std::optional<std::uint64_t> entry = std::nullopt) {
    ++count_;
    if (kept_.size() < kKeptMax) kept_.push_back({std::string(rule), height, entry, std::move(text)});
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::vector<AuditFinding>& kept() const { return kept_; }

 private:
  std::uint64_t count_ = 0;
  std::vector<AuditFinding> kept_;
};

// One entry of the chain as re-execution gives it.
struct AuditedEntry {
  std::uint64_t index = 0;
  std::uint64_t height = 0;
  std::uint64_t time_ms = 0;
  const Entry& entry;
  const SignedRecord* record;  // of a record entry
  ByteView salt_seed;          // of its effects (subject.h); empty for a block entry
  const std::vector<AppliedEffect>& effects;
};

class AuditRule {
 public:
  virtual ~AuditRule() = default;
  virtual void entry(const AuditedEntry& entry, AuditFindings& findings) = 0;
  // After the last block; the ledger is the re-executed one.
  virtual void finish(const Ledger& ledger, AuditFindings& findings) = 0;
};

[[nodiscard]] std::vector<std::unique_ptr<AuditRule>> audit_rules();

// I18, I19: tables of holders.
[[nodiscard]] std::unique_ptr<AuditRule> make_holders_rule();
// I06, I07, I09, I10: money at the settlement banks.
[[nodiscard]] std::unique_ptr<AuditRule> make_money_rule();

}  // namespace circula::ledger
