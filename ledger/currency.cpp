#include "ledger/currency.h"

#include <algorithm>

#include "ledger/apportion.h"

namespace circula::ledger {
namespace {

// Codes of three letters, one after the other, ascending.
constexpr std::string_view kNoDecimals = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF";
constexpr std::string_view kTwoDecimals =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCNYCOPCOUCRCCUP"
    "CVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKGSKHRKPWKYDKZT"
    "LAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQAR"
    "RONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAHUSDUSNUYUUZSVEDVES"
    "WSTXCDYERZARZMWZWL";
constexpr std::string_view kThreeDecimals = "BHDIQDJODKWDLYDOMRTND";
constexpr std::string_view kFourDecimals = "CLFUYW";

bool contains_code(std::string_view codes, std::string_view code) {
  for (std::size_t at = 0; at < codes.size(); at += 3) {
    if (codes.substr(at, 3) == code) return true;
  }
  return false;
}

std::string with_decimals(std::string digits, unsigned decimals) {
  if (decimals == 0) return digits;
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - decimals, 1, '.');
  return digits;
}

// The absolute value, also of the smallest number.
std::string magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return std::to_string(number < 0 ? 0 - bits : bits);
}

// Appends the digits of `text` to `value`; false for other characters and above kAmountMax.
bool append_digits(std::string_view text, std::int64_t& value) {
  for (const char c : text) {
    if (c < '0' || c > '9' || value > kAmountMax / 10) return false;
    value = value * 10 + (c - '0');
  }
  return value <= kAmountMax;
}

}  // namespace

std::optional<unsigned> currency_decimals(std::string_view currency) {
  if (currency.size() != 3) return std::nullopt;
  if (contains_code(kTwoDecimals, currency)) return 2;
  if (contains_code(kNoDecimals, currency)) return 0;
  if (contains_code(kThreeDecimals, currency)) return 3;
  if (contains_code(kFourDecimals, currency)) return 4;
  return std::nullopt;
}

Result<void> check_currency(std::string_view currency, std::string_view field) {
  if (currency_decimals(currency)) return {};
  return error(Code::E_CURRENCY,
               "an ISO 4217 code such as CNY expected, found \"" + std::string(currency) + "\"",
               std::string(field));
}

std::string format_amount(std::int64_t amount_minor, std::string_view currency) {
  const std::string text = with_decimals(magnitude(amount_minor), currency_decimals(currency).value_or(0));
  return amount_minor < 0 ? "-" + text : text;
}

std::string format_amount_grouped(std::int64_t amount_minor, std::string_view currency) {
  std::string text = format_amount(amount_minor, currency);
  const std::size_t first = amount_minor < 0 ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

Result<std::int64_t> parse_amount(std::string_view text, std::string_view currency, std::string_view field) {
  if (auto known = check_currency(currency, field); !known) return known.error();
  const unsigned decimals = *currency_decimals(currency);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string fraction =
      point == text.size() ? std::string(decimals, '0') : std::string(text.substr(point + 1));
  const bool shape = !whole.empty() && (whole == "0" || whole[0] != '0') && fraction.size() == decimals &&
                     (point == text.size() || decimals > 0);
  std::int64_t value = 0;
  if (!shape || !append_digits(whole, value) || !append_digits(fraction, value)) {
    return error(Code::E_AMOUNT,
                 "an amount from 0 to " + format_amount(kAmountMax, currency) + " as " +
                     format_amount(123'450, currency) + " expected, found \"" + std::string(text) + "\"",
                 std::string(field));
  }
  return value;
}

}  // namespace circula::ledger
