#include "ledger/title.h"

#include "ledger/canonical.h"
#include "ledger/rights.h"

namespace circula::ledger {
namespace {

Error contradiction(const TitleLine& line, std::string detail) {
  return error(Code::E_PROOF, "history row " + std::to_string(line.seq) + ": " + std::move(detail));
}

Result<HolderShares> shares_of(const google::protobuf::RepeatedPtrField<proto::Holder>& holders,
                               const TitleLine& line) {
  HolderShares shares;
  for (const proto::Holder& holder : holders) {
    if (holder.ppm() == 0 || !shares.emplace(holder.oid(), holder.ppm()).second)
      return contradiction(line, "an empty share, or an organisation twice");
  }
  return shares;
}

Result<void> read_opening(const Effect& effect, TitleLine& line) {
  if (line.seq != 0) return contradiction(line, "a table is opened once");
  const auto fields = parse_canonical<proto::RightOpened>(crypto::as_bytes(effect.fields), Code::E_PROOF);
  if (!fields) return fields.error();
  if (!is_whole(fields->holders())) return contradiction(line, "the table does not sum to 1,000,000");
  auto shares = shares_of(fields->holders(), line);
  if (!shares) return shares.error();
  line.certificate = fields->certificate();
  line.ppm = static_cast<std::uint32_t>(sum_ppm(fields->holders()));
  line.to = *shares;
  line.after = std::move(*shares);
  return {};
}

template <class Fields>
Result<void> read_move(const Effect& effect, TitleLine& line) {
  const auto fields = parse_canonical<Fields>(crypto::as_bytes(effect.fields), Code::E_PROOF);
  if (!fields) return fields.error();
  auto shares = shares_of(fields->to(), line);
  if (!shares) return shares.error();
  const auto giver = line.after.find(fields->from());
  if (giver == line.after.end() || giver->second < fields->ppm() || fields->ppm() == 0 ||
      sum_ppm(fields->to()) != fields->ppm() || shares->contains(fields->from())) {
    return contradiction(line, "moves what " + fields->from() + " does not hold, or does not add up");
  }
  giver->second -= fields->ppm();
  if (giver->second == 0) line.after.erase(giver);
  for (const auto& [oid, ppm] : *shares) line.after[oid] += ppm;
  line.from = fields->from();
  line.to = std::move(*shares);
  line.ppm = fields->ppm();
  return {};
}

Result<void> read_effect(const Effect& effect, TitleLine& line) {
  switch (effect.type) {
    case kEffectRightOpened:
      line.step = TitleStep::kOpened;
      return read_opening(effect, line);
    case kEffectRightTransferred:
      line.step = TitleStep::kTransferred;
      return read_move<proto::RightTransferred>(effect, line);
    case kEffectRightSurrendered:
      line.step = TitleStep::kSurrendered;
      return read_move<proto::RightSurrendered>(effect, line);
    default:
      return contradiction(line, "effect " + std::to_string(effect.type) + " is none on a right");
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
  for (const HistoryRow& row : rows) {
    const auto effect = decode_effect(row.effect);
    if (!effect) return error(Code::E_PROOF, effect.error().detail);
    TitleLine line;
    line.seq = row.seq;
    line.log_index = row.log_index;
    if (row.seq != chain.size() || effect->seq != row.seq ||
        (!chain.empty() && row.log_index <= chain.back().log_index)) {
      return contradiction(line, "not the one after the row before it");
    }
    if (!chain.empty()) line.after = chain.back().after;
    if (auto read = read_effect(*effect, line); !read) return read.error();
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
