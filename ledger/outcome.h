// The closed table of outcome codes: one number, one spelling, for ever.
//
// A code stands in the log (u16, big endian), in HTTP problems ("/errors/E_NAME"), in exit codes of the
// command line and in the documentation; all of them read this table (records.md 3.2, design.md 3).
//   1..99      common to all records, and the faults of form that admission refuses
//   100 t + n  the n-th code of record type t
//   9000 + n   conditions of a node or of a client; never in the log
// A number is never used again for something else. outcome_table.inc holds the rows, outcome_tests.inc the
// test that provokes each code; one without cause, remedy, English and Chinese text, or without a word about
// its test, does not compile.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace circula::ledger {

enum class Code : std::uint16_t {
  E_OK = 0,
#define CIRCULA_CODE(number, name, ...) name = number,
#include "ledger/outcome_table.inc"
#undef CIRCULA_CODE
};

// Where a code is decided.
enum class Stage : std::uint8_t {
  kAdmission,  // one node refuses; nothing is in the ledger
  kExecution,  // stands in the log as the record's outcome
  kNode,       // a condition of a node
  kClient,     // found by the command line or a verifier
};

struct OutcomeRow {
  Code code;
  std::string_view name;  // "E_NO_RIGHT"
  Stage stage;
  std::uint16_t http_status;
  bool retryable;           // the same bytes may succeed later
  std::uint8_t exit_code;   // product.md 3.3
  std::string_view cause;   // why it happens
  std::string_view remedy;  // what to do
  std::string_view english;
  std::string_view chinese;
  std::string_view test;  // that provokes it, by its name in ctest; empty: reserved

  // No rule of this version answers it; its number stands for what is to come.
  [[nodiscard]] constexpr bool reserved() const { return test.empty(); }
};

[[nodiscard]] std::span<const OutcomeRow> outcome_table();
[[nodiscard]] const OutcomeRow& outcome_row(Code code);
[[nodiscard]] std::string_view name(Code code);
[[nodiscard]] std::string_view name(Stage stage);  // "admission"
[[nodiscard]] std::optional<Code> code_from_number(std::uint16_t number);
[[nodiscard]] std::optional<Code> code_from_name(std::string_view name);

struct Error {
  Code code;
  std::string detail;  // what was found and what was expected, for people
  std::string field;   // path of the field, such as "shares[3].ppm"; empty when none is meant
};

template <class T>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error error(Code code, std::string detail, std::string field = {}) {
  return {code, std::move(detail), std::move(field)};
}

// Boost.System calls this from result::value() on an error, which is a programmer's mistake.
[[noreturn]] inline void throw_exception_from_error(const Error& unchecked, const boost::source_location&) {
  throw std::logic_error("unchecked result: " + std::string(name(unchecked.code)) + ": " + unchecked.detail);
}

}  // namespace circula::ledger
