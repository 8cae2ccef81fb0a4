// Record 17 CONTRACT on the exchange: sign, amend, terminate (records.md 3.4, 3.5).
//
// An accepted order becomes a contract when seller, buyer and exchange sign its terms. It grants the licence,
// and pins the version of every agreement that will share its income: what was checked when it was signed
// holds when it is settled, whatever is agreed meanwhile. (A report off the exchange may follow the versions;
// here that would let somebody else's agreement stop a settlement.)
//
// Terminating ends what is not delivered. Both sides may at any time; one alone when the other has failed it:
// a rejected delivery was not cured in time, or a date has passed and nothing was delivered, or paid in. With
// the exchange both sides end what is accepted, too, so that there is a way out when it cannot be settled.
#pragma once

#include "ledger/milestone.h"

namespace circula::ledger {

inline constexpr std::uint16_t kEffectContractSigned = 1703;
inline constexpr std::uint16_t kEffectContractAmended = 1704;
inline constexpr std::uint16_t kEffectContractTerminated = 1705;

[[nodiscard]] Result<void> sign_contract(Execution& execution, const proto::ContractSign& body);
[[nodiscard]] Result<void> amend_contract(Execution& execution, const proto::ContractAmend& body);
[[nodiscard]] Result<void> terminate_contract(Execution& execution, const proto::ContractTerminate& body);

}  // namespace circula::ledger
