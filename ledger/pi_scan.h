// Finds clear-text personal data in text fields: identity cards, mobile numbers, bank cards, e-mail addresses
// (records.md 3.4, "Personal data rule"). Whether a record is E_PI_FIELD is decided by every node and must be
// the same for ever, so the rule is this fixed byte automaton, version 1, without locale, tables of Unicode
// or regular expressions. A changed rule is a new version, activated like a record version.
//
// It reads bytes. "Digit" is 0x30 to 0x39, "letter" A-Z a-z; all bytes from 0x80 on only separate. A GROUP is
// a maximal run of digits. A group is OPEN ON THE LEFT unless the byte before it is a letter or `_`, or is
// `.` with a digit before that; OPEN ON THE RIGHT unless the byte after it is a letter or `_`, or is `.` with
// a digit after that. So digits inside hashes, ids and codes, and numbers with a decimal point, are no
// candidates. Two groups are JOINED if exactly one byte, a space or `-`, stands between them.
//
//   identity card  GB 11643-1999. A group, open on both sides, of 18 digits; or a group of 17 digits, open on
//                  the left, followed by `X` or `x`, which is followed by no digit, letter or `_`. The first
//                  digit is 1 to 9, digits 7 to 14 read YYYYMMDD with YYYY 1800 to 2099, MM 01 to 12, DD 01
//                  to 31, and the last character is that of ISO 7064 MOD 11-2. (The old form of 15 digits has
//                  no check character and has been invalid since 2013: not sought.)
//   mobile number  Eleven digits, the first 1, the second 3 to 9, which may follow `86` or `0086` directly:
//   as
//                  one group (11, 13 or 15 digits) open on both sides; or as three groups, each joined to the
//                  next by the same byte, of 3 (5, 7 with the country code), 4 and 4 digits, the first open
//                  on the left, the last on the right. (A country code that stands apart, as in "+86 138...",
//                  is a group of its own.)
//   bank card      16 to 19 digits that pass the Luhn check and begin with 4, 6 or 9; or 16 digits that pass
//   it
//                  and begin with 51 to 55, 2221 to 2720 or 3528 to 3589: as one group open on both
//                  sides; or as groups each joined to the next by the same byte, all of 4 digits but
//                  the last, of 1 to 4, the first open on the left, the last on the right; the run of
//                  groups is whole: no group of 4 digits is joined before it and no group after it by that
//                  byte. Eighteen digits in one group that are a unified social credit code (GB 32100) are
//                  none.
//   e-mail         A maximal run of letters, digits and `.` `_` `%` `+` `-`, then `@`, then the maximal run
//   of
//                  letters, digits, `.` and `-` after it, in which some `.` has a letter or digit right
//                  before it and two or more letters right after it that end the run or are followed by `.`
//                  or `-`.
//
// The finding is the one with the smallest offset of its first byte; at one offset the order above decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace circula::ledger {

enum class PersonalData : std::uint8_t { kIdentityCard, kMobileNumber, kBankCard, kEmailAddress };

struct PersonalDataFound {
  PersonalData pattern;
  std::size_t offset;  // of its first byte
  friend bool operator==(const PersonalDataFound&, const PersonalDataFound&) = default;
};

[[nodiscard]] std::optional<PersonalDataFound> find_personal_data(std::string_view text);
[[nodiscard]] std::string_view to_string(PersonalData pattern);

}  // namespace circula::ledger
