#include "ledger/rights.h"

#include <algorithm>

#include "ledger/apportion.h"
#include "ledger/asset.h"
#include "ledger/currency.h"
#include "ledger/identity.h"
#include "ledger/registered.h"

namespace circula::ledger {
namespace {

using Holders = google::protobuf::RepeatedPtrField<proto::Holder>;

// What a transfer and a surrender have in common.
struct Move {
  const std::string& subject;
  proto::RightKind right;
  const std::string& from;
  const Holders& to;
  std::uint32_t ppm;
  std::string field;  // "transfer" or "surrender"
};

template <class Body>
Move move_of(const Body& body, std::string field) {
  return {body.subject(), body.right(), body.from(), body.to(), body.ppm(), std::move(field)};
}

Result<void> check_form(const Move& move) {
  if (move.subject.size() != ShortId::kSize)
    return error(Code::E_FORMAT, "the id of an asset or a product has 16 bytes", move.field + ".subject");
  if (move.right == proto::RIGHT_KIND_UNSPECIFIED)
    return error(Code::E_FORMAT, "H, U or O", move.field + ".right");
  if (move.to.empty()) return error(Code::E_FORMAT, "at least one receiver", move.field + ".to");
  return check_holders(move.to, move.field + ".to");
}

// Important data moves only with a regulator in whose scope it lies (records.md 2.1, 3.4).
Result<void> require_regulator(Execution& execution, const SupervisedPlace& place) {
  for (const Signer& signer : execution.signers()) {
    const auto organisation = execution.read<proto::OrgState>(org_key(signer.oid));
    if (!organisation || !supervises(*organisation, place.region, place.industry) ||
        !execution.has_signed(signer.oid, kExecutive)) {
      continue;
    }
    return execution.require(signer.oid, kExecutive, "signers", Code::E_GRADE_APPROVAL);
  }
  return execution.require(
      place.region.empty() ? "a national regulator" : "a regulator of region " + place.region, kExecutive,
      "signers", Code::E_GRADE_APPROVAL);
}

// The organisations and their signatures: every party accepts what it gives or gets.
Result<void> require_parties(Execution& execution, const Move& move, const Registered& subject) {
  std::vector<std::pair<std::string, std::string>> parties = {{move.from, move.field + ".from"}};
  for (int item = 0; item < move.to.size(); ++item)
    parties.emplace_back(move.to[item].oid(), move.field + ".to[" + std::to_string(item) + "].oid");
  for (const auto& [oid, field] : parties) {
    if (auto active = active_organisation(execution, oid, field); !active) return active.error();
  }
  const std::uint32_t grade = subject.grade();
  for (const auto& [oid, field] : parties) {
    if (auto signed_by = require_for_grade(execution, oid, grade, field); !signed_by) return signed_by;
  }
  if (grade < kGradeImportant) return {};
  return require_regulator(execution, supervised_place(execution, subject));
}

Result<void> check_references(const Move& move) {
  for (int item = 0; item < move.to.size(); ++item) {
    if (move.to[item].oid() == move.from)
      return error(Code::E_REF, move.from + " is giver and receiver",
                   move.field + ".to[" + std::to_string(item) + "].oid");
  }
  return {};
}

Result<void> check_in_force(Execution& execution, const Move& move) {
  const auto subject = find_certified(execution, move.subject, move.field + ".subject");
  return subject ? Result<void>() : subject.error();
}

// Whether `from` has what is moved, and the parts add up.
Result<void> check_shares(const proto::RightState& table, const Move& move) {
  const std::uint32_t held = held_ppm(table, move.from);
  if (held == 0) {
    return error(Code::E_NO_RIGHT,
                 move.from + " holds nothing of right " + std::string(1, right_letter(move.right)),
                 move.field + ".from");
  }
  const bool each = std::ranges::all_of(move.to, [](const proto::Holder& part) { return part.ppm() > 0; });
  if (!each || sum_ppm(move.to) != move.ppm) {
    return error(Code::E_PPM,
                 "the receivers get " + std::to_string(sum_ppm(move.to)) +
                     " ppm, each at least 1; moved are " + std::to_string(move.ppm),
                 move.field + ".to");
  }
  if (move.ppm > held) {
    return error(Code::E_PPM,
                 move.from + " holds " + std::to_string(held) + " ppm, moved are " + std::to_string(move.ppm),
                 move.field + ".ppm");
  }
  return {};
}

// Takes, gives and writes the table. REQUIRES: check_shares().
template <class Effect>
Result<void> write_move(Execution& execution, const Move& move, std::uint16_t effect_type) {
  const ShortId subject = short_id(move.subject);
  std::map<std::string, std::uint32_t> shares;
  std::map<std::string, int> open_items;
  const proto::RightState before = right_table(execution, subject, move.right);
  for (const proto::Holder& holder : before.holders()) shares[holder.oid()] = holder.ppm();
  if ((shares[move.from] -= move.ppm) == 0) {
    shares.erase(move.from);
    open_items[move.from] = -1;
  }
  for (const proto::Holder& part : move.to) {
    std::uint32_t& share = shares[part.oid()];
    if (share == 0) open_items[part.oid()] = 1;
    share += part.ppm();
  }
  if (shares.size() > static_cast<std::size_t>(kHoldersMax)) {
    return error(Code::E_LIMIT,
                 "a right has at most 64 holders, it would have " + std::to_string(shares.size()),
                 move.field + ".to");
  }

  proto::RightState table;
  for (const auto& [oid, ppm] : shares) {
    proto::Holder& holder = *table.add_holders();
    holder.set_oid(oid);
    holder.set_ppm(ppm);
  }
  assert(is_whole(table.holders()));
  Effect effect;
  effect.set_from(move.from);
  *effect.mutable_to() = move.to;
  effect.set_ppm(move.ppm);
  execution.change(right_key(subject, right_letter(move.right)), effect_type, effect, table);
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> check_price(const proto::RightsTransfer& body) {
  if (body.price_minor() == 0 && body.currency().empty()) return {};
  if (body.price_minor() < 1 || body.price_minor() > kAmountMax)
    return error(Code::E_AMOUNT, "a price is 1 to 9,000,000,000,000,000 minor units", "transfer.price_minor");
  return check_currency(body.currency(), "transfer.currency");
}

Result<void> transfer(Execution& execution, const proto::RightsTransfer& body) {
  const Move move = move_of(body, "transfer");
  if (auto good = check_form(move); !good) return good;
  if (!body.contract().empty() && body.contract().size() != ShortId::kSize)
    return error(Code::E_FORMAT, "a contract id has 16 bytes", "transfer.contract");
  const auto subject = find_registered(execution, move.subject, "transfer.subject");
  if (!subject) return subject.error();
  if (auto signed_by = require_parties(execution, move, *subject); !signed_by) return signed_by;
  if (auto good = check_references(move); !good) return good;
  if (!body.contract().empty()) {
    const SubjectKey contract = contract_key(short_id(body.contract()));
    if (!execution.exists(contract)) return error(Code::E_NOT_FOUND, "no " + contract, "transfer.contract");
  }
  if (auto good = check_in_force(execution, move); !good) return good;
  if (auto good = check_price(body); !good) return good;
  const proto::RightState table = right_table(execution, subject->id(), move.right);
  if (auto good = check_shares(table, move); !good) return good;
  return write_move<proto::RightTransferred>(execution, move, kEffectRightTransferred);
}

Result<void> surrender(Execution& execution, const proto::RightsSurrender& body) {
  const Move move = move_of(body, "surrender");
  if (auto good = check_form(move); !good) return good;
  const auto subject = find_registered(execution, move.subject, "surrender.subject");
  if (!subject) return subject.error();
  if (auto signed_by = require_parties(execution, move, *subject); !signed_by) return signed_by;
  if (auto good = check_references(move); !good) return good;
  if (auto good = check_in_force(execution, move); !good) return good;
  const proto::RightState table = right_table(execution, subject->id(), move.right);
  if (auto good = check_shares(table, move); !good) return good;
  for (const proto::Holder& part : move.to) {
    if (held_ppm(table, part.oid()) == 0)
      return error(Code::E_REF, part.oid() + " is no co-holder; a transfer is the way to others",
                   "surrender.to");
  }
  return write_move<proto::RightSurrendered>(execution, move, kEffectRightSurrendered);
}

Result<void> apply_rights(Execution& execution, const proto::Rights& body) {
  switch (body.op_case()) {
    case proto::Rights::kTransfer:
      return transfer(execution, body.transfer());
    case proto::Rights::kSurrender:
      return surrender(execution, body.surrender());
    case proto::Rights::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Rights, apply_rights>(11, 1, "RIGHTS")};
constexpr EffectType kEffects[] = {
    effect_type<proto::RightOpened>(kEffectRightOpened, "opened"),
    effect_type<proto::RightTransferred>(kEffectRightTransferred, "transferred"),
    effect_type<proto::RightSurrendered>(kEffectRightSurrendered, "surrendered"),
};
constexpr SubjectFields kSubjects[] = {subject_fields<proto::RightState>(SubjectKind::kRight, "right/")};

}  // namespace

const Family kRightsFamily = {"rights", kRecords, kEffects, kSubjects, {}};

char right_letter(proto::RightKind right) {
  switch (right) {
    case proto::RIGHT_KIND_HOLDING:
      return 'H';
    case proto::RIGHT_KIND_USE:
      return 'U';
    default:
      assert(right == proto::RIGHT_KIND_OPERATION);
      return 'O';
  }
}

proto::RightState right_table(Execution& execution, const ShortId& subject, proto::RightKind right) {
  return execution.read<proto::RightState>(right_key(subject, right_letter(right)))
      .value_or(proto::RightState());
}

std::uint32_t held_ppm(const proto::RightState& table, std::string_view oid) {
  for (const proto::Holder& holder : table.holders()) {
    if (holder.oid() == oid) return holder.ppm();
  }
  return 0;
}

Result<void> check_holders(const Holders& holders, const std::string& field) {
  if (holders.size() > kHoldersMax) return error(Code::E_LIMIT, "a right has at most 64 holders", field);
  for (int item = 0; item < holders.size(); ++item) {
    const bool ascending = item == 0 || holders[item - 1].oid() < holders[item].oid();
    if (holders[item].oid().empty() || !ascending)
      return error(Code::E_FORMAT, "organisations are ascending, each once",
                   field + "[" + std::to_string(item) + "].oid");
  }
  return {};
}

std::int64_t sum_ppm(const Holders& holders) {
  std::int64_t sum = 0;
  for (const proto::Holder& holder : holders) sum += holder.ppm();
  return sum;
}

bool is_whole(const Holders& holders) { return sum_ppm(holders) == kWholePpm; }

void open_right(Execution& execution, const ShortId& subject, proto::RightKind right,
                const std::string& certificate, const Holders& holders) {
  assert(is_whole(holders));
  proto::RightOpened effect;
  effect.set_certificate(certificate);
  *effect.mutable_holders() = holders;
  proto::RightState table;
  *table.mutable_holders() = holders;
  execution.change(right_key(subject, right_letter(right)), kEffectRightOpened, effect, table);
}

}  // namespace circula::ledger
