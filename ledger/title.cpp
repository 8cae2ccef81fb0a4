#include "ledger/title.h"

#include "ledger/canonical.h"
#include "ledger/holder_table.h"
#include "ledger/rights.h"

namespace circula::ledger {
namespace {

Error contradiction(std::uint64_t seq, const std::string& detail) {
  return error(Code::E_PROOF, "history row " + std::to_string(seq) + ": " + detail);
}

HolderShares shares_of(const google::protobuf::RepeatedPtrField<proto::Holder>& holders) {
  HolderShares shares;
  for (const proto::Holder& holder : holders) shares[holder.oid()] += holder.ppm();
  return shares;
}

Result<void> describe_opening(const Effect& effect, TitleLine& line) {
  const auto fields = parse_canonical<proto::RightOpened>(crypto::as_bytes(effect.fields), Code::E_PROOF);
  if (!fields) return fields.error();
  line.certificate = fields->certificate();
  line.to = shares_of(fields->holders());
  line.ppm = static_cast<std::uint64_t>(sum_ppm(fields->holders()));
  return {};
}

template <class Fields>
Result<void> describe_move(const Effect& effect, TitleStep step, TitleLine& line) {
  const auto fields = parse_canonical<Fields>(crypto::as_bytes(effect.fields), Code::E_PROOF);
  if (!fields) return fields.error();
  line.step = step;
  line.from = fields->from();
  line.to = shares_of(fields->to());
  line.ppm = fields->ppm();
  if (line.to.contains(line.from)) return contradiction(line.seq, line.from + " is giver and receiver");
  return {};
}

// REQUIRES: a holder table has accepted the effect.
Result<void> describe(const Effect& effect, TitleLine& line) {
  switch (effect.type) {
    case kEffectRightOpened:
      return describe_opening(effect, line);
    case kEffectRightTransferred:
      return describe_move<proto::RightTransferred>(effect, TitleStep::kTransferred, line);
    default:
      return describe_move<proto::RightSurrendered>(effect, TitleStep::kSurrendered, line);
  }
}

}  // namespace

std::string_view to_string(TitleStep step) {
  switch (step) {
    case TitleStep::kOpened:
      return "opened";
    case TitleStep::kTransferred:
      return "transferred";
    default:
      return "surrendered";
  }
}

Result<std::vector<TitleLine>> chain_of_title(std::span<const HistoryRow> rows) {
  std::vector<TitleLine> chain;
  HolderTable table;
  for (const HistoryRow& row : rows) {
    const auto effect = decode_effect(row.effect);
    if (!effect) return error(Code::E_PROOF, effect.error().detail);
    if (row.seq != chain.size() || effect->seq != row.seq ||
        (!chain.empty() && row.log_index <= chain.back().log_index)) {
      return contradiction(row.seq, "not the one after the row before it");
    }
    if (auto applied = table.apply(row.effect); !applied)
      return contradiction(row.seq, applied.error().detail);
    if (table.sum_ppm() != kWholePpm) return contradiction(row.seq, "the table does not sum to 1,000,000");
    TitleLine line;
    line.seq = row.seq;
    line.log_index = row.log_index;
    if (auto described = describe(*effect, line); !described) return described.error();
    line.after = table.ppm_by_oid();
    chain.push_back(std::move(line));
  }
  return chain;
}

Result<HolderShares> holders_at(std::span<const HistoryRow> rows, std::uint64_t log_size) {
  std::size_t count = 0;
  while (count < rows.size() && rows[count].log_index < log_size) ++count;
  auto chain = chain_of_title(rows.first(count));
  if (!chain) return chain.error();
  return chain->empty() ? HolderShares() : std::move(chain->back().after);
}

}  // namespace circula::ledger
