#include "ledger/classification_code.h"

#include <algorithm>
#include <string>

namespace circula::ledger {
namespace {

constexpr std::size_t kRegionSizes[] = {0, 2, 4, 6, 9, 12};
constexpr std::size_t kIndustryCharactersMax = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<void> check_region(std::string_view code, std::string_view field) {
  if (std::ranges::find(kRegionSizes, code.size()) != std::end(kRegionSizes) &&
      std::ranges::all_of(code, is_digit)) {
    return {};
  }
  return error(Code::E_FORMAT, "not a GB/T 2260 region code: 2, 4, 6, 9 or 12 digits", std::string(field));
}

Result<void> check_industry(std::string_view code, std::string_view field) {
  const bool good = code.empty() || (code.size() <= kIndustryCharactersMax && code.front() >= 'A' &&
                                     code.front() <= 'Z' && std::ranges::all_of(code.substr(1), is_digit));
  if (good) return {};
  return error(Code::E_FORMAT, "not a GB/T 4754 industry code such as I64", std::string(field));
}

}  // namespace circula::ledger
