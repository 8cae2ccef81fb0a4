#include "ledger/currency.h"

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

}  // namespace circula::ledger
