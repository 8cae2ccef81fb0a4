#include "ledger/holder_table.h"

#include "ledger/proto/rights.pb.h"
#include "ledger/rights.h"
#include "ledger/subject.h"

namespace circula::ledger {
namespace {

Error wrong(std::string detail) { return error(Code::E_PROOF, std::move(detail)); }

}  // namespace

std::int64_t HolderTable::sum_ppm() const {
  std::int64_t sum = 0;
  for (const auto& [oid, ppm] : ppm_by_oid_) sum += static_cast<std::int64_t>(ppm);
  return sum;
}

Result<void> HolderTable::open(const std::string& fields) {
  proto::RightOpened opened;
  if (!opened.ParseFromString(fields)) return wrong("an opening that does not parse");
  if (!ppm_by_oid_.empty()) return wrong("a second opening of the table");
  for (const proto::Holder& holder : opened.holders()) ppm_by_oid_[holder.oid()] += holder.ppm();
  return {};
}

template <class Move>
Result<void> HolderTable::move(const std::string& fields) {
  Move move;
  if (!move.ParseFromString(fields)) return wrong("a move that does not parse");
  const auto from = ppm_by_oid_.find(move.from());
  if (from == ppm_by_oid_.end() || from->second < move.ppm()) {
    return wrong(move.from() + " gives " + std::to_string(move.ppm()) + " ppm and holds fewer");
  }
  from->second -= move.ppm();
  if (from->second == 0) ppm_by_oid_.erase(from);
  std::uint64_t taken = 0;
  for (const proto::Holder& holder : move.to()) {
    ppm_by_oid_[holder.oid()] += holder.ppm();
    taken += holder.ppm();
  }
  if (taken != move.ppm()) {
    return wrong(std::to_string(move.ppm()) + " ppm are given and " + std::to_string(taken) + " taken");
  }
  return {};
}

Result<void> HolderTable::apply(ByteView effect) {
  const auto decoded = decode_effect(effect);
  if (!decoded) return wrong("an event that does not parse");
  switch (decoded->type) {
    case kEffectRightOpened:
      return open(decoded->fields);
    case kEffectRightTransferred:
      return move<proto::RightTransferred>(decoded->fields);
    case kEffectRightSurrendered:
      return move<proto::RightSurrendered>(decoded->fields);
    default:
      return wrong("an event of type " + std::to_string(decoded->type) + ", which changes no table");
  }
}

}  // namespace circula::ledger
