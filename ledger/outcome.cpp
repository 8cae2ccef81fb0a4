#include "ledger/outcome.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace circula::ledger {
namespace {

struct TestedCode {
  Code code;
  std::string_view test;
};

constexpr std::array kTests = {
#define CIRCULA_OVER_HTTP(name) TestedCode{Code::name, "node_test.Codes." #name},
#define CIRCULA_ELSEWHERE(name, test) TestedCode{Code::name, test},
#define CIRCULA_RESERVED(name) TestedCode{Code::name, {}},
#include "ledger/outcome_tests.inc"
#undef CIRCULA_OVER_HTTP
#undef CIRCULA_ELSEWHERE
#undef CIRCULA_RESERVED
};

constexpr std::string_view test_of(Code code) {
  for (const TestedCode& row : kTests) {
    if (row.code == code) return row.test;
  }
  return {};
}

constexpr std::array kTable = {
    OutcomeRow{Code::E_OK, "E_OK", Stage::kExecution, 200, false, 0, "The record took effect.",
               "Nothing to do.", "Done", "成功", test_of(Code::E_OK)},
#define CIRCULA_CODE(number, name, stage, http, retryable, exit, cause, remedy, english, chinese) \
  OutcomeRow{Code::name, #name,  Stage::stage, http,    retryable,          exit,                 \
             cause,      remedy, english,      chinese, test_of(Code::name)},
#include "ledger/outcome_table.inc"
#undef CIRCULA_CODE
};

constexpr bool each_code_has_its_test_row() {
  if (kTests.size() != kTable.size()) return false;
  for (std::size_t row = 0; row < kTable.size(); ++row) {
    if (kTests[row].code != kTable[row].code) return false;
  }
  return true;
}
static_assert(each_code_has_its_test_row(), "outcome_tests.inc has the codes of outcome_table.inc, in order");

constexpr bool numbers_rise() {
  for (std::size_t row = 1; row < kTable.size(); ++row) {
    if (kTable[row - 1].code >= kTable[row].code) return false;
  }
  return true;
}
static_assert(numbers_rise(), "the table is ascending by number, so each number stands once");

constexpr bool texts_are_complete() {
  return std::all_of(kTable.begin(), kTable.end(), [](const OutcomeRow& row) {
    return !row.cause.empty() && !row.remedy.empty() && !row.english.empty() && !row.chinese.empty();
  });
}
static_assert(texts_are_complete());

}  // namespace

std::span<const OutcomeRow> outcome_table() { return kTable; }

const OutcomeRow& outcome_row(Code code) {
  const auto row = std::lower_bound(kTable.begin(), kTable.end(), code,
                                    [](const OutcomeRow& left, Code right) { return left.code < right; });
  assert(row != kTable.end() && row->code == code);
  return *row;
}

std::string_view name(Code code) { return outcome_row(code).name; }

std::string_view name(Stage stage) {
  switch (stage) {
    case Stage::kAdmission:
      return "admission";
    case Stage::kExecution:
      return "execution";
    case Stage::kNode:
      return "node";
    case Stage::kClient:
      return "client";
  }
  return {};
}

std::optional<Code> code_from_number(std::uint16_t number) {
  const auto code = static_cast<Code>(number);
  const auto row = std::lower_bound(kTable.begin(), kTable.end(), code,
                                    [](const OutcomeRow& left, Code right) { return left.code < right; });
  if (row == kTable.end() || row->code != code) return std::nullopt;
  return code;
}

std::optional<Code> code_from_name(std::string_view wanted) {
  for (const OutcomeRow& row : kTable) {
    if (row.name == wanted) return row.code;
  }
  return std::nullopt;
}

}  // namespace circula::ledger
