// Currencies and amounts as text. A currency is an alphabetic code of ISO 4217; an amount is a number of its
// minor units (records.md 3.1, `fen`), written with as many decimals as the currency has: 123450 of CNY is
// "1234.50", of JPY "123450", of BHD "123.450".
//
// The table holds the active codes of ISO 4217 (list one, 2024) which have a minor unit, so neither
// metals, drawing rights nor test codes. Rules of the ledger read it: a change of the table is a new rules
// version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

// Decimals of the currency, 0 to 4; nothing for an unknown code.
[[nodiscard]] std::optional<unsigned> currency_decimals(std::string_view currency);

// E_CURRENCY unless the code is in the table.
[[nodiscard]] Result<void> check_currency(std::string_view currency, std::string_view field);

// "1234.50"; a negative amount begins with '-'. An unknown currency has no decimals.
[[nodiscard]] std::string format_amount(std::int64_t amount_minor, std::string_view currency);

}  // namespace circula::ledger
