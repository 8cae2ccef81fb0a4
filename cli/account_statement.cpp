#include "cli/account_statement.h"

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/account_statement.h"
#include "ledger/json_field.h"
#include "ledger/nearest_name.h"
#include "ledger/object_id.h"
#include "ledger/subject.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::ObjectKind;

const std::vector<std::string> kKinds{"avail", "susp", "claw", "due", "bank", "fund"};

std::string object_or_hex(std::optional<ObjectKind> kind, const std::string& bytes) {
  const auto view = crypto::as_bytes(bytes);
  if (!kind || bytes.size() != ledger::ObjectId::kSize) return crypto::to_hex(view);
  return ledger::object_text(*kind, ledger::ObjectId::from(view));
}

// What the money moved for: an object, or the beginning of the id of a record that makes none (18, 24, 28).
std::string reference_text(const proto::Posted& posted) {
  switch (posted.cause()) {
    case proto::MONEY_CAUSE_HOLD:
    case proto::MONEY_CAUSE_HOLD_VOIDED:
    case proto::MONEY_CAUSE_HOLD_EXPIRED:
      return object_or_hex(ObjectKind::kContract, posted.reference());
    case proto::MONEY_CAUSE_SETTLE:
      return object_or_hex(ObjectKind::kEvent, posted.reference());
    case proto::MONEY_CAUSE_PAYOUT:
    case proto::MONEY_CAUSE_PAYOUT_PAID:
    case proto::MONEY_CAUSE_PAYOUT_RETURNED:
      return object_or_hex(ObjectKind::kPayout, posted.reference());
    default:
      return object_or_hex(std::nullopt, posted.reference());
  }
}

// "hold/ct-…/1", "payout/po-…" and "event/ev-…" of their keys; accounts as they are.
std::string counter_text(const std::string& key) {
  constexpr std::size_t kHexCharacters = 2 * ledger::ObjectId::kSize;
  for (const auto& [prefix, kind] : {std::pair(std::string("hold/"), ObjectKind::kContract),
                                     std::pair(std::string("payout/"), ObjectKind::kPayout),
                                     std::pair(std::string("event/"), ObjectKind::kEvent)}) {
    if (!key.starts_with(prefix)) continue;
    const auto id = crypto::fixed_from_hex<ledger::ObjectId>(key.substr(prefix.size(), kHexCharacters));
    if (id) return prefix + ledger::object_text(kind, *id) + key.substr(prefix.size() + kHexCharacters);
  }
  return key;
}

// "avail of @buyer" of an account of the same exchange and currency.
std::string counter_for_people(Names& names, const std::string& counter) {
  const auto kind_at = counter.find('/') + 1;
  const auto oid_at = counter.find('/', kind_at) + 1;
  const auto oid_end = counter.find('@', oid_at);
  if (!counter.starts_with("account/") || oid_end == std::string::npos) return counter;
  return counter.substr(kind_at, oid_at - 1 - kind_at) + " of " +
         names.display(counter.substr(oid_at, oid_end - oid_at));
}

void add_lines(const ledger::AccountEntry& entry, std::int64_t before_minor, boost::json::array& lines) {
  const auto* cause = proto::MoneyCause_descriptor()->FindValueByNumber(entry.posted.cause());
  std::int64_t balance_minor = before_minor;
  for (const proto::PostingLine& line : entry.posted.lines()) {
    balance_minor += line.amount_minor();
    lines.push_back(boost::json::object{{"entry", std::to_string(entry.log_index)},
                                        {"seq", std::to_string(entry.seq)},
                                        {"posted", ledger::format_time_ms(entry.time_ms)},
                                        {"cause", cause == nullptr ? "unknown" : ledger::enum_text(*cause)},
                                        {"reference", reference_text(entry.posted)},
                                        {"counter", counter_text(line.counter())},
                                        {"amount_minor", std::to_string(line.amount_minor())},
                                        {"balance_minor", std::to_string(balance_minor)}});
  }
}

}  // namespace

Result<AccountName> account_named(Names& names, const Arguments& arguments, const std::string& own_oid) {
  AccountName account;
  account.kind = arguments.text("kind", "avail");
  account.currency = arguments.text("currency", "CNY");
  if (std::find(kKinds.begin(), kKinds.end(), account.kind) == kKinds.end()) {
    return error(Code::E_USAGE, "--kind is avail, susp, claw, due, bank or fund, not \"" + account.kind +
                                    "\"" + ledger::nearest_name_hint(account.kind, kKinds));
  }
  const bool of_exchange = account.kind == "bank" || account.kind == "fund";
  if (of_exchange && arguments.has("exchange") && !arguments.has("org")) {
    auto exchange = names.oid(arguments.text("exchange"));
    if (!exchange) return exchange.error();
    account.oid = account.exchange = *exchange;
    return account;
  }
  auto oid = names.oid(arguments.text("org", own_oid));
  if (!oid) return oid.error();
  account.oid = *oid;
  auto exchange = of_exchange && !arguments.has("exchange")
                      ? oid
                      : names.exchange_of(arguments.text("exchange"), account.oid);
  if (!exchange) return exchange.error();
  account.exchange = *exchange;
  return account;
}

Result<AccountStatement> account_statement(NodeClient& client, const AccountName& account,
                                           const StatementPeriod& period, const crypto::Policy* policy) {
  const auto make = [](std::span<const ledger::StatementRow> rows, std::uint64_t from_ms, std::uint64_t to_ms,
                       ProvenStatement& statement) -> Result<std::size_t> {
    auto made = ledger::make_account_statement(rows, from_ms, to_ms);
    if (!made) return made.error();
    statement.opening_minor = made->opening_minor;
    statement.closing_minor = made->closing_minor;
    std::int64_t balance_minor = made->opening_minor;
    for (const ledger::AccountEntry& entry : made->entries) {
      add_lines(entry, balance_minor, statement.lines);
      balance_minor = entry.posted.balance_minor();
    }
    return made->entries.size();
  };
  const ledger::SubjectKey subject =
      ledger::account_key(account.kind, account.oid, account.exchange, account.currency);
  auto proven = proven_statement(client, subject, period, policy, make);
  if (!proven) return proven.error();
  return AccountStatement{std::move(*proven), account};
}

boost::json::object statement_json(const AccountStatement& statement) {
  boost::json::object out{{"org", statement.account.oid},
                          {"exchange", statement.account.exchange},
                          {"kind", statement.account.kind},
                          {"currency", statement.account.currency}};
  put_statement(statement, out);
  return out;
}

std::string statement_text(Names& names, const AccountStatement& statement) {
  const AccountName& account = statement.account;
  return statement_text(statement,
                        "Account " + account.kind + " of " + names.display(account.oid) + " at " +
                            names.display(account.exchange) + "  " + account.currency,
                        [&names](const boost::json::object& line) {
                          const bool comes = signed_at(line, "amount_minor") > 0;
                          return text_at(line, "cause") + "  " + text_at(line, "reference") +
                                 (comes ? "  from " : "  to ") +
                                 counter_for_people(names, text_at(line, "counter"));
                        });
}

}  // namespace circula::cli
