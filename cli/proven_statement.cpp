#include "cli/proven_statement.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "cli/subject_path.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"
#include "ledger/bundle.h"

namespace circula::cli {
namespace {

Result<ledger::StatementRow> row_of(const boost::json::value& item) {
  const boost::json::object& row = item.get_object();
  auto effect = crypto::from_base64url(text_at(row, "bytes"));
  if (!effect) return error(Code::E_FORMAT, "the node sent a malformed effect");
  return ledger::StatementRow{number_at(row, "seq"), number_at(row, "index"), number_at(row, "time_ms"),
                              std::move(*effect)};
}

// The rows of the period and the one before it, whose running total is the opening.
Result<std::vector<ledger::StatementRow>> fetch_rows(NodeClient& client, const std::string& subject,
                                                     const StatementPeriod& period) {
  boost::json::array list;
  std::string query = "?limit=1000";
  if (period.bounds) {
    const std::string from = percent_encoded(ledger::format_time(period.bounds->from));
    auto before = client.get("/v1/history/" + subject + "?limit=1&order=desc&to=" + from);
    if (!before) return before.error();
    list = array_at(*before, "rows");
    query += "&from=" + from + "&to=" + percent_encoded(ledger::format_time(period.bounds->to));
  }
  auto inside = client.get_all("/v1/history/" + subject + query, "rows");
  if (!inside) return inside.error();
  list.insert(list.end(), inside->begin(), inside->end());
  std::vector<ledger::StatementRow> rows;
  for (const boost::json::value& item : list) {
    auto row = row_of(item);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

bool same_leaf(const ledger::HistoryRow& proven, const ledger::StatementRow& shown) {
  return proven.seq == shown.seq && proven.log_index == shown.log_index && proven.effect == shown.effect;
}

std::uint64_t milliseconds(ledger::Seconds seconds) { return static_cast<std::uint64_t>(seconds) * 1000; }

// The node's own proof that answers the question, verified.
Result<ledger::BundleFacts> proven_facts(NodeClient& client, const std::string& subject,
                                         const std::string& query, const ledger::BundleQuestion& question,
                                         const crypto::Policy& policy, ProvenStatement& statement) {
  auto bundle = client.get_text("/v1/proofs/" + subject + query);
  if (!bundle) return bundle.error();
  const auto verdict = ledger::verify_answer(*bundle, policy, subject, question);
  if (auto good = verdict.result(); !good) return good.error();
  const std::uint64_t as_of_ms = verdict.bundle->block.entry.time_ms;
  const auto& bounds = statement.period.bounds;
  const bool is_over = verdict.facts->settled && (!bounds || milliseconds(bounds->to) <= as_of_ms);
  const auto& checkpoint = verdict.facts->checkpoint.checkpoint;
  statement.proven_by = "checkpoint of size " + std::to_string(checkpoint.size) + " of " + checkpoint.origin +
                        ", as of " + ledger::format_time_ms(as_of_ms) +
                        (is_over ? "" : ", before the period is over");
  statement.bundle = std::move(*bundle);
  return *verdict.facts;
}

// Compares what was shown with what is proven: E_PROOF names the first difference.
Result<void> prove(NodeClient& client, const std::string& subject, const crypto::Policy& policy,
                   std::span<const ledger::StatementRow> before, std::span<const ledger::StatementRow> inside,
                   ProvenStatement& statement) {
  const auto& bounds = statement.period.bounds;
  const std::string query = bounds ? "?from=" + percent_encoded(ledger::format_time(bounds->from)) +
                                         "&to=" + percent_encoded(ledger::format_time(bounds->to))
                                   : "?history=1";
  ledger::BundleQuestion question = ledger::AskHistory{};
  if (bounds) question = ledger::AskPeriod{milliseconds(bounds->from), milliseconds(bounds->to)};
  auto facts = proven_facts(client, subject, query, question, policy, statement);
  if (!facts) return facts.error();
  if (!facts->value) {
    return error(Code::E_PROOF, "the node showed an account and proved that there is none");
  }
  const auto& proven = facts->answer;
  // The row before the period, whose running total is the opening.
  const auto& neighbour = facts->before;
  const bool same_opening =
      before.empty() == !neighbour.has_value() && (before.empty() || same_leaf(*neighbour, before.back()));
  if (!same_opening) return error(Code::E_PROOF, "the node showed another opening than it proved");
  for (std::size_t at = 0; at < std::max(proven.size(), inside.size()); ++at) {
    if (at < proven.size() && at < inside.size() && same_leaf(proven[at], inside[at])) continue;
    return error(Code::E_PROOF, "the node showed other lines than it proved, from the " +
                                    std::to_string(at + 1) + "th entry of the period on");
  }
  return {};
}

// There is no account at all: nothing was ever written in it.
Result<void> prove_absence(NodeClient& client, const std::string& subject, const crypto::Policy& policy,
                           ProvenStatement& statement) {
  auto facts = proven_facts(client, subject, "", ledger::AskState{}, policy, statement);
  if (!facts) return facts.error();
  if (facts->value) return error(Code::E_PROOF, "the node showed no account and proved that there is one");
  return {};
}

std::string amount_text(std::int64_t minor) {
  const std::string sign = minor < 0 ? "-" : "";
  const auto whole = static_cast<std::uint64_t>(minor < 0 ? -minor : minor);
  std::string cents = std::to_string(whole % 100);
  if (cents.size() < 2) cents.insert(0, "0");
  std::string text = sign + std::to_string(whole / 100) + "." + cents;
  constexpr std::size_t kWidth = 18;
  if (text.size() < kWidth) text.insert(0, kWidth - text.size(), ' ');
  return text;
}

}  // namespace

Result<StatementPeriod> statement_period(const Arguments& arguments) {
  if (!arguments.has("month")) return StatementPeriod{"all", std::nullopt};
  const std::string text = arguments.text("month");
  auto period = period_option(arguments, "month");
  if (!period) return period.error();
  return StatementPeriod{text, *period};
}

Result<ProvenStatement> proven_statement(NodeClient& client, const std::string& subject,
                                         const StatementPeriod& period, const crypto::Policy* policy,
                                         const MakeOfRows& make) {
  ProvenStatement statement;
  statement.period = period;
  auto rows = fetch_rows(client, subject, period);
  if (!rows) {
    if (rows.error().code != Code::E_NOT_FOUND) return rows.error();
    if (policy == nullptr) return statement;
    if (auto proven = prove_absence(client, subject, *policy, statement); !proven) return proven.error();
    return statement;
  }
  const std::uint64_t from_ms = period.bounds ? milliseconds(period.bounds->from) : 0;
  const std::uint64_t to_ms =
      period.bounds ? milliseconds(period.bounds->to) : std::numeric_limits<std::uint64_t>::max();
  auto entries = make(*rows, from_ms, to_ms, statement);
  if (!entries) return entries.error();
  const std::span all(*rows);
  const auto before = all.first(rows->size() - *entries), inside = all.subspan(rows->size() - *entries);
  if (!inside.empty()) {
    statement.first_seq = inside.front().seq;
    statement.end_seq = inside.back().seq + 1;
  }
  if (policy != nullptr) {
    if (auto proven = prove(client, subject, *policy, before, inside, statement); !proven)
      return proven.error();
  }
  return statement;
}

void put_statement(const ProvenStatement& statement, boost::json::object& out) {
  const auto& bounds = statement.period.bounds;
  out["period"] = statement.period.text;
  out["from"] = bounds ? ledger::format_time(bounds->from) : "";
  out["to"] = bounds ? ledger::format_time(bounds->to) : "";
  out["opening_minor"] = std::to_string(statement.opening_minor);
  out["lines_minor"] = std::to_string(statement.closing_minor - statement.opening_minor);
  out["closing_minor"] = std::to_string(statement.closing_minor);
  out["proven_by"] = statement.proven_by;
  out["first_seq"] = std::to_string(statement.first_seq);
  out["end_seq"] = std::to_string(statement.end_seq);
  out["count"] = statement.lines.size();
  out["lines"] = statement.lines;
}

std::string statement_text(const ProvenStatement& statement, const std::string& title,
                           const std::function<std::string(const boost::json::object& line)>& line_text) {
  const auto& bounds = statement.period.bounds;
  std::string text = title + "  " + statement.period.text + " (by posting, UTC+8)\n";
  text += amount_text(statement.opening_minor) + "  opening" +
          (bounds ? "  " + ledger::format_time(bounds->from) : "") + "\n";
  for (const boost::json::value& item : statement.lines) {
    const boost::json::object& line = item.get_object();
    text += amount_text(signed_at(line, "amount_minor")) + "  " + text_at(line, "posted") + "  " +
            line_text(line) + "  entry " + text_at(line, "entry") + (flag_at(line, "late") ? "  late" : "") +
            "\n";
  }
  text += amount_text(statement.closing_minor) + "  closing" +
          (bounds ? "  " + ledger::format_time(bounds->to) : "") + "\n";
  return text + std::to_string(statement.lines.size()) + (statement.lines.size() == 1 ? " line" : " lines") +
         ", account entries " + std::to_string(statement.first_seq) + " to " +
         std::to_string(statement.end_seq) + " (not in it); opening + lines = closing\n" +
         (statement.proven_by.empty()
              ? "not proven: no trust policy (--policy)\n"
              : "complete and unaltered, proven against the " + statement.proven_by + "\n");
}

}  // namespace circula::cli
