// Record 15 LISTING: a version of a product, offered at an exchange (records.md 3.4).
//
// Who may: holders of a quorum of right O, and the exchange, list, set prices and resume; either side alone
// suspends and delists. Everything that a later order, contract or settlement would refuse is asked here: the
// certificate, the agreement and its whole cascade, now and at every announced version of it, and for a
// priced product an account at the exchange for everybody whom the cascade can name, and a bank that settles
// there.
//
// A listing is live from its record until it is delisted or its time is over. While it lives, the agreements
// that share its income do not end and do not lead royalties elsewhere (agreement.h), its product is not
// retired, and the exchange has an open item.
//
// Invariants: 1. one live listing per product and exchange; 2. price versions count 1, 2, 3 ..., and only a
// present one is ordered; 3. a listing whose time is over takes no orders, also while its due row waits.
#pragma once

#include <string>

#include "ledger/proto/listing.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kListingFamily;

inline constexpr int kPurposesMax = 16;  // a person can read them; records.md 3.4
inline constexpr std::size_t kPurposeCharactersMax = 32;

// Due work: the time of a listing is over.
inline constexpr std::uint16_t kDueListingOver = 1501;

// A listing that a body names by its 16 bytes: E_FORMAT, E_NOT_FOUND.
[[nodiscard]] Result<proto::ListingState> find_listing(Execution& execution, const std::string& id,
                                                       const std::string& field);

// 1 to 32 lower-case letters, digits, '.', '_' or '-': E_FORMAT, E_PI_FIELD.
[[nodiscard]] Result<void> check_purpose(const std::string& code, const std::string& field);

// Listed, begun and not over.
[[nodiscard]] bool takes_orders(const proto::ListingState& listing, std::int64_t time_s);
[[nodiscard]] bool is_priced(const proto::ListingState& listing);

// Whether what is listed could be sold at ledger time: the exchange is active, the product certified and in
// force, its income shared. E_ORG_SUSPENDED, E_STATE, E_NOT_CERTIFIED, E_NO_AGREEMENT and whatever
// check_cascade() finds.
[[nodiscard]] Result<void> check_saleable(Execution& execution, const proto::ListingState& listing,
                                          const std::string& field);

}  // namespace circula::ledger
