// Record 26 AGREEMENT: how the income of a product is shared, version by version (records.md 3.4, 3.6, 3.7).
//
// Who may: whoever holds right O of the product decides over its income, so holders of at least 500,001 ppm
// of it sign with their cdo keys; so do all whom the terms bind, and exchanges that take a fee. A creditor of
// the version before, whose recoupment or advance is not repaid, signs too: a claim is not dropped behind
// its owner's back, nor by reports that repay it on paper. Ending takes the parties of the newest version and
// the exchanges that take a fee by it, and frees the parties: until then its agreements are open items of an
// organisation. Important data asks each of them for an officer, too.
//
// What can be refused now is refused now: payees that are not registered, royalties to products without an
// agreement at that moment, another currency below, royalties that run in a circle, a cascade that could
// leave the bounds of a record, at any time for which versions are known.
//
// Invariants (I16): 1. version n is the n-th, each begins after the one before, and none before the block
// that includes it; 2. a product has one agreement, for ever, and an agreement one currency; 3. what a
// version says never changes, only its end, which comes earlier, never before ledger time; 4. no record sets
// an end while a contract is open, or a listing live, whose income the agreement shares; 5. nor do its
// royalties go to other products while such a listing lives.
#pragma once

#include "ledger/cascade_agreements.h"
#include "ledger/proto/agreement.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kAgreementFamily;

// For decisions over a co-held right (records.md 2.5).
inline constexpr std::uint64_t kHolderQuorumPpm = 500'001;
// A version's period has about 14 bytes in the agreement's subject.
inline constexpr int kAgreementVersionsMax = 256;

// An agreement that a body names by its 16 bytes: E_FORMAT, E_NOT_FOUND.
[[nodiscard]] Result<proto::AgreementState> find_agreement(Execution& execution, const std::string& id,
                                                           const std::string& field);

// A deal on an exchange shares its income by this agreement: from the first one on its guarantees are posted
// there, and whoever a later version names has an account there.
void note_traded(Execution& execution, const ShortId& agreement, const std::string& exchange);

// Signers that hold a quorum of right O of the product; a holder of important data counts with its cdo and an
// officer. E_NO_RIGHT.
[[nodiscard]] Result<void> require_operators(Execution& execution, const std::string& product,
                                             std::uint32_t grade, Usages usages, std::string_view field,
                                             std::uint64_t quorum_ppm = kHolderQuorumPpm);

// The signature of each, with a key of the usages; each may originate records. E_NOT_FOUND, E_STATE,
// E_ORG_SUSPENDED, then `code`.
[[nodiscard]] Result<void> require_each(Execution& execution, const std::set<std::string>& oids,
                                        Usages usages, std::string_view field, Code code);

}  // namespace circula::ledger
