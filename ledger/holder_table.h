// Who held how much of a right, rebuilt from the events of its history alone: for readers who hold a proven
// history (bundle.h) and for the audit. It shares nothing with the rules that made the events.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ledger/apportion.h"
#include "ledger/outcome.h"
#include "ledger/signing.h"

namespace circula::ledger {

class HolderTable {
 public:
  // The next event of right/<asset>/<H|U|O>, in order. E_PROOF when it does not follow from the table: a
  // second opening, more given than held, or not the same number taken.
  [[nodiscard]] Result<void> apply(ByteView effect);

  [[nodiscard]] const std::map<std::string, std::uint64_t>& ppm_by_oid() const { return ppm_by_oid_; }
  [[nodiscard]] std::int64_t sum_ppm() const;

 private:
  template <class Move>
  [[nodiscard]] Result<void> move(const std::string& fields);
  [[nodiscard]] Result<void> open(const std::string& fields);

  std::map<std::string, std::uint64_t> ppm_by_oid_;  // none with 0
};

}  // namespace circula::ledger
