#include "cli/income_statement.h"

#include <boost/json.hpp>
#include <limits>

#include "cli/subject_path.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"
#include "ledger/bundle.h"
#include "ledger/json_view.h"
#include "ledger/statement.h"

namespace circula::cli {
namespace {

Result<ledger::IncomeRow> row_of(const boost::json::value& item) {
  const boost::json::object& row = item.get_object();
  auto effect = crypto::from_base64url(text_at(row, "bytes"));
  if (!effect) return error(Code::E_FORMAT, "the node sent a malformed effect");
  return ledger::IncomeRow{number_at(row, "seq"), number_at(row, "index"), number_at(row, "time_ms"),
                           std::move(*effect)};
}

// The rows of the period and the one before it, whose running total is the opening.
Result<std::vector<ledger::IncomeRow>> fetch_rows(NodeClient& client, const std::string& account,
                                                  const StatementPeriod& period) {
  boost::json::array list;
  std::string query = "?limit=1000";
  if (period.bounds) {
    const std::string from = percent_encoded(ledger::format_time(period.bounds->from));
    auto before = client.get("/v1/history/" + account + "?limit=1&order=desc&to=" + from);
    if (!before) return before.error();
    list = array_at(*before, "rows");
    query += "&from=" + from + "&to=" + percent_encoded(ledger::format_time(period.bounds->to));
  }
  auto inside = client.get_all("/v1/history/" + account + query, "rows");
  if (!inside) return inside.error();
  list.insert(list.end(), inside->begin(), inside->end());
  std::vector<ledger::IncomeRow> rows;
  for (const boost::json::value& item : list) {
    auto row = row_of(item);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

// The lines of one entry, each with what made it.
void add_lines(const ledger::StatementEntry& entry, boost::json::array& lines) {
  const boost::json::object booked = ledger::json_view(entry.booked, {.with_defaults = true, .kinds = {}});
  for (const boost::json::value& item : array_at(booked, "lines")) {
    const boost::json::object& line = item.get_object();
    lines.push_back(
        boost::json::object{{"entry", std::to_string(entry.log_index)},
                            {"seq", std::to_string(entry.seq)},
                            {"posted", ledger::format_time_ms(entry.time_ms)},
                            {"cause", text_at(booked, "cause")},
                            {"settle", text_at(booked, "event")},
                            {"contract", text_at(booked, "contract")},
                            {"payer", text_at(booked, "payer")},
                            {"event_time", text_at(booked, "event_time")},
                            {"late", flag_at(booked, "late")},
                            {"path", text_at(line, "path")},
                            {"line", number_at(line, "line")},
                            {"product", text_at(line, "product")},
                            {"agreement", text_at(line, "agreement") + "@" + text_at(line, "version")},
                            {"step", number_at(line, "step")},
                            {"kind", text_at(line, "kind")},
                            {"for", text_at(line, "for_party")},
                            {"went", text_at(line, "went")},
                            {"amount_minor", text_at(line, "amount_minor")}});
  }
}

bool same_leaf(const ledger::HistoryRow& proven, const ledger::IncomeRow& shown) {
  return proven.seq == shown.seq && proven.log_index == shown.log_index && proven.effect == shown.effect;
}

std::uint64_t milliseconds(ledger::Seconds seconds) { return static_cast<std::uint64_t>(seconds) * 1000; }

// The node's own proof that answers the question, verified.
Result<ledger::BundleFacts> proven_facts(NodeClient& client, const std::string& account,
                                         const std::string& query, const ledger::BundleQuestion& question,
                                         const crypto::Policy& policy, IncomeStatement& statement) {
  auto bundle = client.get_text("/v1/proofs/" + account + query);
  if (!bundle) return bundle.error();
  const auto verdict = ledger::verify_answer(*bundle, policy, account, question);
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
Result<void> prove(NodeClient& client, const std::string& account, const crypto::Policy& policy,
                   std::span<const ledger::IncomeRow> before, std::span<const ledger::IncomeRow> inside,
                   IncomeStatement& statement) {
  const auto& bounds = statement.period.bounds;
  const std::string query = bounds ? "?from=" + percent_encoded(ledger::format_time(bounds->from)) +
                                         "&to=" + percent_encoded(ledger::format_time(bounds->to))
                                   : "?history=1";
  ledger::BundleQuestion question = ledger::AskHistory{};
  if (bounds) question = ledger::AskPeriod{milliseconds(bounds->from), milliseconds(bounds->to)};
  auto facts = proven_facts(client, account, query, question, policy, statement);
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

// There is no account at all: nothing was ever given.
Result<void> prove_absence(NodeClient& client, const std::string& account, const crypto::Policy& policy,
                           IncomeStatement& statement) {
  auto facts = proven_facts(client, account, "", ledger::AskState{}, policy, statement);
  if (!facts) return facts.error();
  if (facts->value) return error(Code::E_PROOF, "the node showed no income and proved that there is some");
  return {};
}

}  // namespace

Result<StatementPeriod> statement_period(const Arguments& arguments) {
  if (!arguments.has("month")) return StatementPeriod{"all", std::nullopt};
  const std::string text = arguments.text("month");
  auto period = period_option(arguments, "month");
  if (!period) return period.error();
  return StatementPeriod{text, *period};
}

Result<IncomeStatement> income_statement(NodeClient& client, const std::string& oid,
                                         const std::string& currency, const StatementPeriod& period,
                                         const crypto::Policy* policy) {
  IncomeStatement statement;
  statement.oid = oid;
  statement.currency = currency;
  statement.period = period;
  const std::string account = "income/" + oid + "/" + currency;
  auto rows = fetch_rows(client, account, period);
  if (!rows) {
    if (rows.error().code != Code::E_NOT_FOUND) return rows.error();
    // An organisation that was never given anything has no account.
    if (policy == nullptr) return statement;
    if (auto proven = prove_absence(client, account, *policy, statement); !proven) return proven.error();
    return statement;
  }
  const std::uint64_t from_ms = period.bounds ? milliseconds(period.bounds->from) : 0;
  const std::uint64_t to_ms =
      period.bounds ? milliseconds(period.bounds->to) : std::numeric_limits<std::uint64_t>::max();
  auto made = ledger::make_statement(*rows, from_ms, to_ms);
  if (!made) return made.error();
  statement.opening_minor = made->opening_minor;
  statement.closing_minor = made->closing_minor;
  for (const ledger::StatementEntry& entry : made->entries) {
    if (statement.first_seq == statement.end_seq) statement.first_seq = entry.seq;
    statement.end_seq = entry.seq + 1;
    add_lines(entry, statement.lines);
  }
  if (policy != nullptr) {
    const std::size_t before = rows->size() - made->entries.size();
    const std::span all(*rows);
    auto proven = prove(client, account, *policy, all.first(before), all.subspan(before), statement);
    if (!proven) return proven.error();
  }
  return statement;
}

boost::json::object statement_json(const IncomeStatement& statement) {
  const auto& bounds = statement.period.bounds;
  return {{"org", statement.oid},
          {"currency", statement.currency},
          {"period", statement.period.text},
          {"from", bounds ? ledger::format_time(bounds->from) : ""},
          {"to", bounds ? ledger::format_time(bounds->to) : ""},
          {"opening_minor", std::to_string(statement.opening_minor)},
          {"lines_minor", std::to_string(statement.closing_minor - statement.opening_minor)},
          {"closing_minor", std::to_string(statement.closing_minor)},
          {"proven_by", statement.proven_by},
          {"first_seq", std::to_string(statement.first_seq)},
          {"end_seq", std::to_string(statement.end_seq)},
          {"count", statement.lines.size()},
          {"lines", statement.lines}};
}

std::string statement_text(Names& names, const IncomeStatement& statement) {
  const auto& bounds = statement.period.bounds;
  const auto amount = [](std::int64_t minor) {
    const std::string sign = minor < 0 ? "-" : "";
    const auto whole = static_cast<std::uint64_t>(minor < 0 ? -minor : minor);
    std::string cents = std::to_string(whole % 100);
    if (cents.size() < 2) cents.insert(0, "0");
    std::string text = sign + std::to_string(whole / 100) + "." + cents;
    constexpr std::size_t kWidth = 18;
    if (text.size() < kWidth) text.insert(0, kWidth - text.size(), ' ');
    return text;
  };
  std::string text = "Income of " + names.display(statement.oid) + "  " + statement.currency + "  " +
                     statement.period.text + " (by posting, UTC+8)\n";
  text += amount(statement.opening_minor) + "  opening" +
          (bounds ? "  " + ledger::format_time(bounds->from) : "") + "\n";
  for (const boost::json::value& item : statement.lines) {
    const boost::json::object& line = item.get_object();
    text += amount(signed_at(line, "amount_minor")) + "  " + text_at(line, "posted") + "  " +
            text_at(line, "kind") + "  " + text_at(line, "settle") + " node " + text_at(line, "path") + "  " +
            text_at(line, "agreement") + " step " + text_at(line, "step") + "  entry " +
            text_at(line, "entry") + (flag_at(line, "late") ? "  late" : "") + "\n";
  }
  text += amount(statement.closing_minor) + "  closing" +
          (bounds ? "  " + ledger::format_time(bounds->to) : "") + "\n";
  return text + std::to_string(statement.lines.size()) + (statement.lines.size() == 1 ? " line" : " lines") +
         ", account entries " + std::to_string(statement.first_seq) + " to " +
         std::to_string(statement.end_seq) + " (not in it); opening + lines = closing\n" +
         (statement.proven_by.empty()
              ? "not proven: no trust policy (--policy)\n"
              : "complete and unaltered, proven against the " + statement.proven_by + "\n");
}

}  // namespace circula::cli
