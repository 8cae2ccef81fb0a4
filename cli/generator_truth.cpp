#include "cli/generator_truth.h"

#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/object_id.h"

namespace circula::cli {

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
  boost::json::object counts;
  for (const auto& [thing, count] : truth.counts) counts[thing] = count;
  return {{"format", "circula-truth-1"},
          {"seed", std::to_string(truth.seed)},
          {"counts", std::move(counts)},
          {"settled_minor", std::to_string(truth.settled_minor)},
          {"refunded_minor", std::to_string(truth.refunded_minor)},
          {"records", std::move(records)},
          {"holders", std::move(rights)},
          {"income", std::move(income)}};
}

}  // namespace circula::cli
