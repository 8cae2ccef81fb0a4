#include "cli/income_statement.h"

#include <boost/json.hpp>

#include "cli/subject_path.h"

namespace circula::cli {
namespace {

// The running total before the period: that of the last entry before it.
Result<std::int64_t> opening(NodeClient& client, const std::string& account, const StatementPeriod& period) {
  if (period.from.empty()) return std::int64_t{0};
  auto page = client.get("/v1/history/" + account + "?limit=1&order=desc&to=" + percent_encoded(period.from));
  if (!page) return page.error();
  const auto& rows = array_at(*page, "rows");
  if (rows.empty()) return std::int64_t{0};
  return signed_at(object_at(rows.front().get_object(), "fields"), "total_minor");
}

// The lines of one entry, each with what made it.
void add_lines(const boost::json::object& row, Statement& statement) {
  const boost::json::object& fields = object_at(row, "fields");
  for (const boost::json::value& item : array_at(fields, "lines")) {
    const boost::json::object& line = item.get_object();
    const std::int64_t amount = signed_at(line, "amount_minor");
    boost::json::object shown{{"entry", text_at(row, "index")},
                              {"seq", text_at(row, "seq")},
                              {"posted", text_at(row, "time")},
                              {"record", text_at(row, "record")},
                              {"cause", text_at(fields, "cause")},
                              {"settle", text_at(fields, "event")},
                              {"contract", text_at(fields, "contract")},
                              {"payer", text_at(fields, "payer")},
                              {"event_time", text_at(fields, "event_time")},
                              {"late", flag_at(fields, "late")},
                              {"path", text_at(line, "path")},
                              {"product", text_at(line, "product")},
                              {"agreement", text_at(line, "agreement") + "@" + text_at(line, "version")},
                              {"step", number_at(line, "step")},
                              {"kind", text_at(line, "kind")},
                              {"for", text_at(line, "for_party")},
                              {"went", text_at(line, "went")},
                              {"amount_minor", std::to_string(amount)}};
    statement.lines_minor += amount;
    statement.lines.push_back(std::move(shown));
  }
}

}  // namespace

Result<StatementPeriod> statement_period(const Arguments& arguments) {
  if (!arguments.has("month")) return StatementPeriod{"all", "", ""};
  const std::string text = arguments.text("month");
  auto period = ledger::parse_period(text, "--month");
  if (!period) return period.error();
  return StatementPeriod{text, ledger::format_time(period->from), ledger::format_time(period->to)};
}

Result<Statement> income_statement(NodeClient& client, const std::string& oid, const std::string& currency,
                                   const StatementPeriod& period) {
  Statement statement;
  statement.oid = oid;
  statement.currency = currency;
  statement.period = period;
  const std::string account = "income/" + oid + "/" + currency;
  auto before = opening(client, account, period);
  if (!before) {
    // An organisation without income has no account.
    if (before.error().code == Code::E_NOT_FOUND) return statement;
    return before.error();
  }
  statement.opening_minor = statement.closing_minor = *before;
  std::string query = "?limit=1000";
  if (!period.from.empty()) {
    query += "&from=" + percent_encoded(period.from) + "&to=" + percent_encoded(period.to);
  }
  auto rows = client.get_all("/v1/history/" + account + query, "rows");
  if (!rows) {
    if (rows.error().code == Code::E_NOT_FOUND) return statement;
    return rows.error();
  }
  for (std::size_t at = 0; at < rows->size(); ++at) {
    const boost::json::object& row = (*rows)[at].get_object();
    const std::uint64_t seq = number_at(row, "seq");
    if (at == 0) statement.first_seq = statement.end_seq = seq;
    if (seq != statement.end_seq) {
      return error(Code::E_PROOF,
                   "the node left out entry " + std::to_string(statement.end_seq) + " of " + account);
    }
    statement.end_seq = seq + 1;
    add_lines(row, statement);
    statement.closing_minor = signed_at(object_at(row, "fields"), "total_minor");
  }
  if (!statement.adds_up()) {
    return error(Code::E_PROOF, account + ": opening " + std::to_string(statement.opening_minor) +
                                    " and lines of " + std::to_string(statement.lines_minor) +
                                    " do not make the closing " + std::to_string(statement.closing_minor));
  }
  return statement;
}

boost::json::object statement_json(const Statement& statement) {
  return {{"org", statement.oid},
          {"currency", statement.currency},
          {"period", statement.period.text},
          {"from", statement.period.from},
          {"to", statement.period.to},
          {"opening_minor", std::to_string(statement.opening_minor)},
          {"lines_minor", std::to_string(statement.lines_minor)},
          {"closing_minor", std::to_string(statement.closing_minor)},
          {"adds_up", statement.adds_up()},
          {"first_seq", std::to_string(statement.first_seq)},
          {"end_seq", std::to_string(statement.end_seq)},
          {"count", statement.lines.size()},
          {"lines", statement.lines}};
}

std::string statement_text(Names& names, const Statement& statement) {
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
          (statement.period.from.empty() ? "" : "  " + statement.period.from) + "\n";
  for (const boost::json::value& item : statement.lines) {
    const boost::json::object& line = item.get_object();
    text += amount(signed_at(line, "amount_minor")) + "  " + text_at(line, "posted") + "  " +
            text_at(line, "kind") + "  " + text_at(line, "settle") + " node " + text_at(line, "path") + "  " +
            text_at(line, "agreement") + " step " + text_at(line, "step") + "  entry " +
            text_at(line, "entry") + (flag_at(line, "late") ? "  late" : "") + "\n";
  }
  text += amount(statement.closing_minor) + "  closing" +
          (statement.period.to.empty() ? "" : "  " + statement.period.to) + "\n";
  return text + std::to_string(statement.lines.size()) + " lines, account entries " +
         std::to_string(statement.first_seq) + " to " + std::to_string(statement.end_seq) +
         " (not in it); opening + lines = closing\n";
}

}  // namespace circula::cli
