#include "cli/income_statement.h"

#include <boost/json.hpp>
#include <map>

#include "crypto/encoding.h"
#include "ledger/json_view.h"
#include "ledger/statement.h"

namespace circula::cli {
namespace {

// What is sold, asset or product, as the node has it; each is asked for once.
ledger::ObjectKindOf kind_of_sold(NodeClient& client) {
  return [&client,
          known = std::map<ledger::ObjectId, ledger::ObjectKind>()](const ledger::ObjectId& id) mutable {
    const auto [place, is_new] = known.try_emplace(id, ledger::ObjectKind::kAsset);
    if (is_new && client.get("/v1/subjects/product/" + crypto::to_hex(id.view())))
      place->second = ledger::ObjectKind::kProduct;
    return place->second;
  };
}

// The lines of one entry, each with what made it.
void add_lines(const ledger::StatementEntry& entry, const ledger::ObjectKindOf& kind_of,
               boost::json::array& lines) {
  const boost::json::object booked =
      ledger::json_view(entry.booked, {.with_defaults = true, .kinds = {}, .kind_of = &kind_of});
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

}  // namespace

Result<IncomeStatement> income_statement(NodeClient& client, const std::string& oid,
                                         const std::string& currency, const StatementPeriod& period,
                                         const crypto::Policy* policy) {
  const ledger::ObjectKindOf kind_of = kind_of_sold(client);
  const auto make = [&kind_of](std::span<const ledger::StatementRow> rows, std::uint64_t from_ms,
                               std::uint64_t to_ms, ProvenStatement& statement) -> Result<std::size_t> {
    auto made = ledger::make_statement(rows, from_ms, to_ms);
    if (!made) return made.error();
    statement.opening_minor = made->opening_minor;
    statement.closing_minor = made->closing_minor;
    for (const ledger::StatementEntry& entry : made->entries) add_lines(entry, kind_of, statement.lines);
    return made->entries.size();
  };
  auto proven = proven_statement(client, "income/" + oid + "/" + currency, period, policy, make);
  if (!proven) return proven.error();
  return IncomeStatement{std::move(*proven), oid, currency};
}

boost::json::object statement_json(const IncomeStatement& statement) {
  boost::json::object out{{"org", statement.oid}, {"currency", statement.currency}};
  put_statement(statement, out);
  return out;
}

std::string statement_text(Names& names, const IncomeStatement& statement) {
  return statement_text(statement, "Income of " + names.display(statement.oid) + "  " + statement.currency,
                        [](const boost::json::object& line) {
                          const std::string path = text_at(line, "path");
                          const std::string from = text_at(line, "kind") + "  " + text_at(line, "settle");
                          const std::string by = "  " + text_at(line, "agreement");
                          if (path.empty()) return from + by;  // a top-up
                          return from + " node " + path + by + " step " + text_at(line, "step");
                        });
}

}  // namespace circula::cli
