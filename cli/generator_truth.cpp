#include "cli/generator_truth.h"

#include <algorithm>
#include <boost/json.hpp>

#include "cli/node_client.h"
#include "crypto/encoding.h"
#include "ledger/object_id.h"

namespace circula::cli {
namespace {

Result<ExpectedRecord> record_of(const boost::json::object& row) {
  auto id = crypto::fixed_from_hex<crypto::Digest>(text_at(row, "record"), "record");
  if (!id) return error(Code::E_FORMAT, id.error().detail);
  const auto outcome = ledger::code_from_number(static_cast<std::uint16_t>(number_at(row, "outcome")));
  if (!outcome) return error(Code::E_FORMAT, "an outcome that is not in the table");
  return ExpectedRecord{*id, *outcome, static_cast<std::uint16_t>(number_at(row, "type")),
                        text_at(row, "what")};
}

Result<void> add_right(const boost::json::object& row, GeneratorTruth& truth) {
  auto asset = ledger::parse_object_id(ledger::ObjectKind::kAsset, text_at(row, "asset"));
  if (!asset) return asset.error();
  const std::string right = text_at(row, "right");
  if (right.size() != 1) return error(Code::E_FORMAT, "a right is one letter");
  const RightName name{*asset, right.front()};
  truth.moves[name] = static_cast<std::uint32_t>(number_at(row, "history"));
  for (const auto& [oid, ppm] : object_at(row, "holders"))
    truth.holders[name][oid] = static_cast<std::uint32_t>(number_at(object_at(row, "holders"), oid));
  return {};
}

bool all_objects(const boost::json::array& rows) {
  return std::ranges::all_of(rows, [](const boost::json::value& row) { return row.is_object(); });
}

}  // namespace

bool GeneratorTruth::adds_up() const {
  std::int64_t sum = 0;
  for (const auto& [oid, amount_minor] : income) sum += amount_minor;
  return sum == settled_minor - refunded_minor;
}

boost::json::object truth_json(const GeneratorTruth& truth) {
  boost::json::array records;
  for (const ExpectedRecord& record : truth.records) {
    boost::json::object row{{"record", crypto::to_hex(record.id.view())},
                            {"type", record.type},
                            {"outcome", static_cast<std::uint16_t>(record.outcome)},
                            {"code", ledger::name(record.outcome)}};
    if (!record.what.empty()) row["what"] = record.what;
    records.push_back(std::move(row));
  }
  boost::json::array rights;
  for (const auto& [right, holders] : truth.holders) {
    boost::json::object table;
    for (const auto& [oid, ppm] : holders) table[oid] = ppm;
    rights.push_back(
        boost::json::object{{"asset", ledger::object_text(ledger::ObjectKind::kAsset, right.first)},
                            {"right", std::string(1, right.second)},
                            {"history", truth.moves.at(right)},
                            {"holders", std::move(table)}});
  }
  boost::json::array income;
  for (const auto& [oid, amount_minor] : truth.income) {
    income.push_back(boost::json::object{
        {"org", oid}, {"currency", truth.currency}, {"total_minor", std::to_string(amount_minor)}});
  }
  boost::json::array accounts;
  for (const auto& [account, amount_minor] : truth.accounts) {
    accounts.push_back(boost::json::object{{"org", account.first},
                                           {"exchange", account.second},
                                           {"available_minor", std::to_string(amount_minor)}});
  }
  boost::json::array banks;
  for (const auto& [exchange, amount_minor] : truth.banks)
    banks.push_back(
        boost::json::object{{"exchange", exchange}, {"balance_minor", std::to_string(amount_minor)}});
  boost::json::object counts;
  for (const auto& [thing, count] : truth.counts) counts[thing] = count;
  return {{"format", "circula-truth-1"},
          {"seed", std::to_string(truth.seed)},
          {"counts", std::move(counts)},
          {"settled_minor", std::to_string(truth.settled_minor)},
          {"refunded_minor", std::to_string(truth.refunded_minor)},
          {"records", std::move(records)},
          {"holders", std::move(rights)},
          {"income", std::move(income)},
          {"accounts", std::move(accounts)},
          {"banks", std::move(banks)}};
}

Result<GeneratorTruth> truth_from_json(const boost::json::value& document) {
  const boost::json::object* whole = document.if_object();
  if (whole == nullptr || text_at(*whole, "format") != "circula-truth-1")
    return error(Code::E_FORMAT, "no truth file");
  GeneratorTruth truth;
  for (const char* list : {"records", "holders", "income", "accounts", "banks"}) {
    if (!all_objects(array_at(*whole, list)))
      return error(Code::E_FORMAT, std::string("the rows of ") + list + " are objects");
  }
  truth.seed = number_at(*whole, "seed");
  truth.settled_minor = signed_at(*whole, "settled_minor");
  truth.refunded_minor = signed_at(*whole, "refunded_minor");
  for (const boost::json::value& row : array_at(*whole, "records")) {
    auto record = record_of(row.get_object());
    if (!record) return record.error();
    truth.records.push_back(std::move(*record));
  }
  for (const boost::json::value& row : array_at(*whole, "holders")) {
    if (auto added = add_right(row.get_object(), truth); !added) return added.error();
  }
  for (const boost::json::value& row : array_at(*whole, "income"))
    truth.income[text_at(row.get_object(), "org")] = signed_at(row.get_object(), "total_minor");
  for (const boost::json::value& row : array_at(*whole, "accounts")) {
    const boost::json::object& account = row.get_object();
    truth.accounts[{text_at(account, "org"), text_at(account, "exchange")}] =
        signed_at(account, "available_minor");
  }
  for (const boost::json::value& row : array_at(*whole, "banks"))
    truth.banks[text_at(row.get_object(), "exchange")] = signed_at(row.get_object(), "balance_minor");
  for (const auto& [thing, count] : object_at(*whole, "counts"))
    truth.counts[thing] = number_at(object_at(*whole, "counts"), thing);
  return truth;
}

}  // namespace circula::cli
