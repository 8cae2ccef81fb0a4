// What statements of income and of accounts have in common on the client's side: the rows of a history in a
// period, fetched from a node, and compared with a bundle of the same period that is verified here, so that
// the node can leave nothing out and alter nothing.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cli/names.h"
#include "crypto/policy.h"
#include "ledger/calendar.h"
#include "ledger/statement_rows.h"

namespace circula::cli {

struct StatementPeriod {
  std::string text;  // "2023-05", or "all"
  std::optional<ledger::Period> bounds;
};
[[nodiscard]] Result<StatementPeriod> statement_period(const Arguments& arguments);

// opening + lines = closing.
struct ProvenStatement {
  StatementPeriod period;
  std::int64_t opening_minor = 0;
  std::int64_t closing_minor = 0;
  std::uint64_t first_seq = 0;  // of the history's entries in the period
  std::uint64_t end_seq = 0;    // not in it
  boost::json::array lines;
  std::string proven_by;  // the checkpoint that the lines were proven against; empty: not proven
  std::string bundle;     // the proof, verbatim
};

// Makes the statement of [from, to) out of the rows, and says how many of them, which are the last ones, are
// its entries.
using MakeOfRows =
    std::function<Result<std::size_t>(std::span<const ledger::StatementRow> rows, std::uint64_t from_ms,
                                      std::uint64_t to_ms, ProvenStatement& statement)>;

// A statement from the history of this subject; a subject that is not there has no lines. E_PROOF when the
// rows do not follow from each other, or differ from what the verified bundle shows.
[[nodiscard]] Result<ProvenStatement> proven_statement(NodeClient& client, const std::string& subject,
                                                       const StatementPeriod& period,
                                                       const crypto::Policy* policy, const MakeOfRows& make);

// Period, bounds, lines and proof; put after what the statement says of itself.
void put_statement(const ProvenStatement& statement, boost::json::object& out);
// `title`, opening, a line for each by `line_text` after its amount, closing, and whether it is proven.
[[nodiscard]] std::string statement_text(
    const ProvenStatement& statement, const std::string& title,
    const std::function<std::string(const boost::json::object& line)>& line_text);

}  // namespace circula::cli
