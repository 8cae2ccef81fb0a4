// show, history, proof, statement: reading the ledger through a node.
#include <algorithm>
#include <boost/json.hpp>

#include "cli/account_statement.h"
#include "cli/command.h"
#include "cli/income_statement.h"
#include "cli/local_file.h"
#include "cli/market_figures.h"
#include "cli/names.h"
#include "cli/subject_path.h"
#include "cli/text_view.h"
#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/log_index.h"
#include "ledger/title.h"
#include "ledger/trust_policy.h"

namespace circula::cli {
namespace {

struct Reading {
  Home home;
  NodeClient client;
};

Result<Reading> begin(Shell& shell) {
  auto home = shell.home();
  if (!home) return home.error();
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  return Reading{std::move(*home), std::move(*client)};
}

Result<int> show(Shell& shell, const Arguments& arguments) {
  auto reading = begin(shell);
  if (!reading) return reading.error();
  Names names(reading->client, reading->home);
  const std::string id = arguments.text("ID");
  Result<boost::json::object> object = boost::json::object{};
  if (is_record_id(id)) {
    object = reading->client.get("/v1/records/" + id);
  } else {
    auto path = subject_path(names, id, arguments.text("right"));
    if (!path) return path.error();
    object = reading->client.get("/v1/subjects/" + *path);
  }
  if (!object) return object.error();
  boost::json::object shown = *object;
  for (const char* raw : {"value", "bytes", "entry"}) shown.erase(raw);
  const std::string text = text_view(shown);
  shell.answer("object", std::move(*object), text);
  return 0;
}

// The rows of a history as the ledger's own reader of titles takes them.
Result<std::vector<ledger::HistoryRow>> rows_of(const boost::json::array& list) {
  std::vector<ledger::HistoryRow> rows;
  for (const boost::json::value& item : list) {
    const boost::json::object& row = item.get_object();
    auto effect = crypto::from_base64url(text_at(row, "bytes"));
    if (!effect) return error(Code::E_FORMAT, "the node sent a malformed effect");
    rows.push_back({number_at(row, "seq"), number_at(row, "index"), std::move(*effect)});
  }
  return rows;
}

boost::json::array holders_list(Names& names, const ledger::HolderShares& shares) {
  boost::json::array list;
  for (const auto& [oid, ppm] : shares) {
    list.push_back(boost::json::object{{"oid", oid}, {"name", names.display(oid)}, {"ppm", ppm}});
  }
  return list;
}

Result<int> title(Shell& shell, Names& names, const boost::json::array& list, const std::string& subject,
                  const std::string& as_of) {
  auto rows = rows_of(list);
  if (!rows) return rows.error();
  auto lines = ledger::chain_of_title(*rows);
  if (!lines) return lines.error();
  boost::json::array shown;
  std::string text = subject + (as_of.empty() ? "" : "  as of " + as_of) + "\n";
  for (std::size_t at = 0; at < lines->size(); ++at) {
    const ledger::TitleLine& line = (*lines)[at];
    const boost::json::object& row = list[at].get_object();
    boost::json::object entry{
        {"seq", std::to_string(line.seq)},      {"entry", std::to_string(line.log_index)},
        {"time", text_at(row, "time")},         {"record", text_at(row, "record")},
        {"step", ledger::to_string(line.step)}, {"ppm", line.ppm},
        {"to", holders_list(names, line.to)},   {"after", holders_list(names, line.after)}};
    if (!line.from.empty()) entry["from"] = line.from;
    if (!line.certificate.empty()) entry["certificate"] = line.certificate;
    std::string to;
    for (const auto& [oid, ppm] : line.to) {
      to += (to.empty() ? "" : ", ") + names.display(oid) + " " + std::to_string(ppm);
    }
    text += "  entry " + std::to_string(line.log_index) + "  " + text_at(row, "time") + "  " +
            std::string(ledger::to_string(line.step)) + "  " +
            (line.from.empty() ? "certificate " + line.certificate : names.display(line.from)) + " → " + to +
            "\n";
    shown.push_back(std::move(entry));
  }
  const ledger::HolderShares holders = lines->empty() ? ledger::HolderShares{} : lines->back().after;
  text += "holders\n";
  for (const auto& [oid, ppm] : holders) {
    text += "  " + std::to_string(ppm) + " ppm  " + names.display(oid) + "\n";
  }
  if (holders.empty()) text += "  nobody\n";
  shell.answer("title",
               {{"subject", subject},
                {"as_of", as_of},
                {"holders", holders_list(names, holders)},
                {"lines", std::move(shown)}},
               text);
  return 0;
}

Result<int> history(Shell& shell, const Arguments& arguments) {
  auto reading = begin(shell);
  if (!reading) return reading.error();
  Names names(reading->client, reading->home);
  auto path = subject_path(names, arguments.text("ID"), arguments.text("right"));
  if (!path) return path.error();
  auto query = point_query(arguments);
  if (!query) return query.error();
  auto list = reading->client.get_all("/v1/history/" + *path + "?limit=1000" + *query, "rows");
  if (!list) return list.error();
  if (path->starts_with("right/") && !arguments.has("from") && !arguments.has("to")) {
    return title(shell, names, *list, *path, arguments.text("as-of"));
  }
  std::string text = *path + "\n";
  for (const boost::json::value& item : *list) {
    const boost::json::object& row = item.get_object();
    text += "entry " + text_at(row, "index") + "  " + text_at(row, "time") + "  " + text_at(row, "name") +
            "\n" + text_view(object_at(row, "fields"), 2);
  }
  shell.answer("history", {{"subject", *path}, {"count", list->size()}, {"rows", std::move(*list)}}, text);
  return 0;
}

Result<int> proof(Shell& shell, const Arguments& arguments) {
  auto reading = begin(shell);
  if (!reading) return reading.error();
  Names names(reading->client, reading->home);
  const std::string id = arguments.text("ID");
  std::string target;
  if (is_record_id(id)) {
    target = "/v1/records/" + id + "/receipt?wait_ms=10000";
  } else {
    auto path = subject_path(names, id, arguments.text("right"));
    if (!path) return path.error();
    auto query = proof_query(arguments);
    if (!query) return query.error();
    target = "/v1/proofs/" + *path + *query;
  }
  auto bundle = reading->client.get_text(target);
  if (!bundle) return bundle.error();
  const std::string file = arguments.text("output");
  if (file.empty()) {
    shell.terminal().print(*bundle);
    return 0;
  }
  if (auto written = write_text(file, *bundle); !written) return written.error();
  shell.answer("proof", {{"file", file}},
               file + "\n  check it without any node: " + shell.terminal().command({"verify", file}) + "\n");
  return 0;
}

// Whose keys read: those of a context of the same cluster for another organisation, so that an operator of
// all of them (`up`) need not switch.
void read_as(Shell& shell, NodeClient& client, const std::string& oid) {
  auto contexts = read_contexts(shell.base_directory());
  if (!contexts || !contexts->current) return;
  const std::string& cluster = contexts->entries[*contexts->current].cluster;
  for (const ContextEntry& entry : contexts->entries) {
    if (entry.cluster != cluster) continue;
    auto home = open_home(entry.home, {});
    if (home && home->settings.oid == oid) return client.use_keys_of(std::move(*home));
  }
}

// Without a policy an answer is shown as the node gave it, and the text says so.
Result<std::optional<crypto::Policy>> policy_if_known(Shell& shell) {
  auto path = shell.policy_path();
  if (!path) return std::optional<crypto::Policy>{};
  auto text = read_text(*path, crypto::Policy::kMaxBytes);
  if (!text) return text.error();
  auto policy = ledger::read_policy(*text);
  if (!policy) return policy.error();
  return std::optional<crypto::Policy>(std::move(*policy));
}

template <class Made>
Result<int> answer_statement(Shell& shell, Names& names, const Arguments& arguments,
                             const Result<Made>& made) {
  if (!made) return made.error();
  if (const std::string file = arguments.text("proof"); !file.empty()) {
    if (made->bundle.empty()) return error(Code::E_NOT_FOUND, "nothing was proven: no policy");
    if (auto written = write_text(file, made->bundle); !written) return written.error();
  }
  const std::string text = statement_text(names, *made);
  shell.answer("statement", statement_json(*made), text);
  return 0;
}

Result<int> statement(Shell& shell, const Arguments& arguments) {
  const bool of_account = arguments.has("account");
  if (of_account && arguments.has("income")) return error(Code::E_USAGE, "either --income or --account");
  for (const char* option : {"exchange", "kind"}) {
    if (!of_account && arguments.has(option))
      return error(Code::E_USAGE, "--" + std::string(option) + " is for --account");
  }
  auto period = statement_period(arguments);
  if (!period) return period.error();
  auto reading = begin(shell);
  if (!reading) return reading.error();
  NodeClient& client = reading->client;
  const std::string own = reading->home.settings.oid;
  Names names(client, reading->home);
  auto policy = policy_if_known(shell);
  if (!policy) return policy.error();
  const crypto::Policy* proven_with = policy->has_value() ? &**policy : nullptr;
  if (of_account) {
    auto account = account_named(names, arguments, own);
    if (!account) return account.error();
    if (account->oid != own) read_as(shell, client, account->oid);
    return answer_statement(shell, names, arguments,
                            account_statement(client, *account, *period, proven_with));
  }
  auto oid = names.oid(arguments.text("org", own));
  if (!oid) return oid.error();
  if (*oid != own) read_as(shell, client, *oid);
  return answer_statement(
      shell, names, arguments,
      income_statement(client, *oid, arguments.text("currency", "CNY"), *period, proven_with));
}

Result<int> market(Shell& shell, const Arguments&) {
  auto reading = begin(shell);
  if (!reading) return reading.error();
  Names names(reading->client, reading->home);
  auto figures = market_figures(reading->client);
  if (!figures) return figures.error();
  shell.answer("market", market_json(names, *figures), market_text(names, *figures));
  return 0;
}

constexpr Option kShowOptions[] = {
    {"ID", "",
     "as-…, pd-…, ls-…, or-…, ct-…, lc-…, ag-…, ev-…, po-…, @org, a record, a certificate number, kind/id",
     Take::kValue, true},
    {"--right", "RIGHT", "H, U or O of an asset or product: its holders"},
};
constexpr Option kHistoryOptions[] = {
    {"ID", "", "As for show", Take::kValue, true},
    {"--right", "RIGHT", "H, U or O of an asset or product: its chain of title"},
    {"--as-of", "POINT", "What stood then: a date or time, or a height"},
    {"--from", "POINT", "Posted from then on"},
    {"--to", "POINT", "Posted before then"},
};
constexpr Option kProofOptions[] = {
    {"ID", "", "As for show; of a record its receipt", Take::kValue, true},
    {"--right", "RIGHT", "H, U or O of an asset or product"},
    {"--history", "", "With every leaf of the history: nothing is missing", Take::kFlag},
    {"--from", "TIME", "With --to: the leaves posted in this period"},
    {"--to", "TIME", "The end of the period"},
    {"--before", "TIME", "What stood before then"},
    {"--height", "N", "What stood at this height"},
    {"-o,--output", "FILE", "The bundle; without it, stdout"},
};
constexpr Option kStatementOptions[] = {
    {"--income", "", "Income (the default)", Take::kFlag},
    {"--account", "", "An account at an exchange: the money", Take::kFlag},
    {"--org", "ORG", "@alias or oid (default: one's own)"},
    {"--exchange", "ORG", "Where the account is (default: the exchange that admitted it)"},
    {"--kind", "KIND", "avail (default), susp, claw (owes), due (is owed), bank, fund"},
    {"--month", "MONTH", "2023-05; also a day or a year"},
    {"--currency", "CCY", "CNY"},
    {"--proof", "FILE", "Also write the bundle that proves it, for `circula verify`"},
};

const Command kCommands[] = {
    {"show", "An object, an organisation or a record as it stands", kShowOptions, &show,
     "as-7k2m4q --right O"},
    {"history", "Everything that happened to an object; of a right its chain of title", kHistoryOptions,
     &history, "as-7k2m4q --right O --as-of 2023-05-01"},
    {"proof", "A file that shows it without trusting the node", kProofOptions, &proof,
     "as-7k2m4q --right O --history -o title.bundle.json"},
    {"statement", "Income or an account in a period: opening, lines, closing", kStatementOptions, &statement,
     "--income --org @vendor-b --month 2023-05"},
    {"market",
     "Institutions, products, trades, value, income by role, the books of every exchange",
     {},
     &market,
     "--json"},
};

}  // namespace

std::span<const Command> query_commands() { return kCommands; }

}  // namespace circula::cli
