#include "ledger/recompute.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "ledger/agreement_terms.h"
#include "ledger/apportion.h"
#include "ledger/canonical.h"
#include "ledger/income.h"
#include "ledger/settlement.h"

namespace circula::ledger {
namespace {

ShortId id_of(const std::string& bytes) { return ShortId::from(crypto::as_bytes(bytes)); }

Error differs(std::string field, std::string what) {
  return error(Code::E_PROOF, std::move(what), std::move(field));
}

std::string line_place(const std::string& path, std::size_t line) {
  return path + "[" + std::to_string(line) + "]";
}

template <class Fields>
Result<Fields> read_fields(const Effect& effect, const std::string& subject) {
  auto fields = parse_canonical<Fields>(crypto::as_bytes(effect.fields));
  if (!fields) return differs(subject, fields.error().detail);
  return fields;
}

bool has_id(const std::string& bytes) { return bytes.size() == ShortId::kSize; }

// As the engine leaves it: of a few units at most, and in sum nothing.
bool is_carry(const proto::CarryRead& read) {
  constexpr std::int64_t kCarryMost = 1'000 * kWholePpm;
  Wide sum = 0;
  for (const std::int64_t part : read.carry_ppm()) {
    if (part > kCarryMost || part < -kCarryMost) return false;
    sum += part;
  }
  return sum == 0;
}

// The event comes from outside here; everything below takes it as it is.
Result<void> check_values(const RecordedEvent& event) {
  bool good = has_id(event.settled.product()) && has_id(event.settled.agreement());
  for (const proto::CounterRead& read : event.settled.counters())
    good &= has_id(read.agreement()) && read.value() > 0;
  for (const proto::CarryRead& read : event.settled.carries())
    good &= has_id(read.agreement()) && is_carry(read);
  for (const auto& [path, node] : event.nodes) {
    good &= has_id(node.product()) && has_id(node.agreement());
    for (const proto::NodeLine& line : node.lines())
      good &= line.royalty_product().empty() || has_id(line.royalty_product());
  }
  if (good) return {};
  return differs("event", "an id or a number that no event has");
}

// Whether this version shared income at the time. A version that began, or an end that was set, in the same
// second may have come after the event in the log: then the one before it counts too.
bool was_in_force(const proto::AgreementState& agreement, std::uint32_t version, std::int64_t time_s) {
  if (version < 1 || version > static_cast<std::uint32_t>(agreement.versions_size())) return false;
  const int item = static_cast<int>(version) - 1;
  const proto::VersionPeriod& period = agreement.versions(item);
  if (period.from_s() > time_s || (period.to_s() != 0 && period.to_s() < time_s)) return false;
  return item + 1 == agreement.versions_size() || agreement.versions(item + 1).from_s() >= time_s;
}

// The versions that the nodes name, once they are found to be those that had to be taken.
class StatedVersions final : public AgreementSource {
 public:
  Result<void> read(const RecordedEvent& event, const GatheredAgreements& gathered) {
    for (const auto& [path, node] : event.nodes) {
      if (auto good = read(event, path, node, gathered); !good) return good;
    }
    return {};
  }

  [[nodiscard]] const RevenueAgreement* in_force(std::string_view product, std::int64_t) const override {
    const auto found = by_product_.find(product);
    return found == by_product_.end() ? nullptr : &found->second;
  }
  // Only refunds ask by number.
  [[nodiscard]] const RevenueAgreement* version(std::string_view, std::int64_t) const override {
    return nullptr;
  }

 private:
  Result<void> read(const RecordedEvent& event, const std::string& path, const proto::EventNodeState& node,
                    const GatheredAgreements& gathered) {
    const ShortId agreement = id_of(node.agreement());
    const std::string name = agreement_name(agreement) + "@" + std::to_string(node.version());
    const auto state = gathered.states.find(agreement);
    const auto terms = gathered.versions.find({agreement, node.version()});
    if (state == gathered.states.end() || terms == gathered.versions.end())
      return error(Code::E_NOT_FOUND, name + " is needed", path);
    if (state->second.product() != node.product()) return differs(path, name + " is about another product");
    // On the exchange the whole cascade was pinned when the contract was signed, off it at most its top.
    const std::int64_t pinned_at_s = event.settled.pinned_at_s();
    const bool pinned = path == "0" && event.settled.pinned_version() != 0;
    if (pinned && node.version() != event.settled.pinned_version())
      return differs(path, name + " is not the version that the contract pins");
    const std::int64_t decides_s = pinned_at_s != 0 ? pinned_at_s : event.settled.time_s();
    if ((pinned_at_s != 0 || !pinned) && !was_in_force(state->second, node.version(), decides_s))
      return differs(path, name + " was not in force at the time that decides");
    auto read = read_terms(terms->second);
    if (!read) return differs(path, read.error().detail);
    read->id = agreement_name(agreement);
    read->version = node.version();
    read->product = product_name(id_of(node.product()));
    if (auto good = check_terms(*read); !good) return differs(path, good.error().detail);
    const auto [place, fresh] = by_product_.try_emplace(read->product, *read);
    if (!fresh && place->second.version != read->version)
      return differs(path, "two versions of one agreement in one event");
    return {};
  }

  std::map<std::string, RevenueAgreement, std::less<>> by_product_;
};

MemoryBook book_of(const proto::EventSettled& settled) {
  BookChanges found;
  for (const proto::CounterRead& read : settled.counters())
    found.counters[{agreement_name(id_of(read.agreement())), read.id(), read.period()}] = {0, read.value()};
  for (const proto::CarryRead& read : settled.carries())
    found.carries[{agreement_name(id_of(read.agreement())), read.version(), read.royalty_list()}] = {
        {}, {read.carry_ppm().begin(), read.carry_ppm().end()}};
  MemoryBook book;
  book.apply(found);
  return book;
}

Result<void> compare(const IncomeNode& computed, const proto::EventNodeState& recorded) {
  const proto::EventNodeState expected = node_state(computed);
  for (int line = 0; line < std::max(expected.lines_size(), recorded.lines_size()); ++line) {
    const std::string place = line_place(computed.path, static_cast<std::size_t>(line));
    if (line >= recorded.lines_size()) return differs(place, "the line is missing");
    if (line >= expected.lines_size()) return differs(place, "there is no such line");
    if (serialise_canonical(expected.lines(line)) == serialise_canonical(recorded.lines(line))) continue;
    return differs(place, "recorded " + std::to_string(recorded.lines(line).amount_minor()) + ", computed " +
                              std::to_string(expected.lines(line).amount_minor()));
  }
  if (serialise_canonical(expected) == serialise_canonical(recorded)) return {};
  return differs(computed.path, "the node's product, agreement or gross differs");
}

// Where all lines of an effect went: on the exchange suspense is as good as an account.
proto::MoneyPlace place_of(const proto::IncomeBooked& booked) {
  if (booked.exchange().empty()) return proto::MONEY_PLACE_REPORTED;
  const bool waits = !booked.lines().empty() && booked.lines(0).went() == proto::MONEY_PLACE_SUSPENSE;
  return waits ? proto::MONEY_PLACE_SUSPENSE : proto::MONEY_PLACE_ACCOUNT;
}

}  // namespace

Result<RecordedEvent> read_event(std::span<const SubjectEffect> effects) {
  RecordedEvent event;
  bool found = false;
  for (const SubjectEffect& each : effects) {
    if (!each.subject.starts_with("event/")) continue;
    const auto effect = decode_effect(each.effect);
    if (!effect) return differs(each.subject, effect.error().detail);
    if (effect->type == kEffectEventSettled) {
      auto settled = read_fields<proto::EventSettled>(*effect, each.subject);
      if (!settled) return settled.error();
      const auto id = crypto::fixed_from_hex<ShortId>(std::string_view(each.subject).substr(6));
      if (!id) return differs(each.subject, "not an event's key");
      event.event = *id;
      event.settled = std::move(*settled);
      found = true;
    } else if (effect->type == kEffectNodeDistributed) {
      auto node = read_fields<proto::NodeDistributed>(*effect, each.subject);
      if (!node) return node.error();
      event.nodes[each.subject.substr(each.subject.rfind('/') + 1)] = node->node();
    }
  }
  if (!found) return differs("event", "the entry settles nothing");
  for (const auto& [path, node] : event.nodes) {
    const SubjectKey key = event_node_key(event.event, path);
    const bool listed =
        std::ranges::any_of(effects, [&](const SubjectEffect& each) { return each.subject == key; });
    if (!listed) return differs(path, "a node of another event");
  }
  if (auto good = check_values(event); !good) return good.error();
  return event;
}

std::vector<std::pair<ShortId, std::uint32_t>> versions_needed(const RecordedEvent& event) {
  std::set<std::pair<ShortId, std::uint32_t>> needed;
  for (const auto& [path, node] : event.nodes) needed.emplace(id_of(node.agreement()), node.version());
  return {needed.begin(), needed.end()};
}

Result<Distribution> recompute(const RecordedEvent& event, const GatheredAgreements& agreements) {
  StatedVersions stated;
  if (auto read = stated.read(event, agreements); !read) return read.error();
  const std::string product = product_name(id_of(event.settled.product()));
  auto computed = distribute({product, event.settled.time_s(), event.settled.gross_minor()}, stated,
                             book_of(event.settled), kRecordDistributionLimits);
  if (!computed) return differs(computed.error().field, computed.error().detail);
  if (computed->nodes.size() != event.nodes.size() || event.settled.nodes() != event.nodes.size())
    return differs("event", "computed " + std::to_string(computed->nodes.size()) + " nodes, recorded " +
                                std::to_string(event.nodes.size()));
  for (const IncomeNode& node : computed->nodes) {
    const auto recorded = event.nodes.find(node.path);
    if (recorded == event.nodes.end()) return differs(node.path, "the node is missing");
    if (auto same = compare(node, recorded->second); !same) return same.error();
  }
  return computed;
}

Result<void> check_income(const Distribution& distribution, std::string_view oid,
                          const proto::IncomeBooked& booked) {
  int next = 0;
  for (const IncomeNode& node : distribution.nodes) {
    for (std::size_t i = 0; i < node.lines.size(); ++i) {
      const IncomeLine& line = node.lines[i];
      if (line.kind == IncomeKind::kRoyalty || line.payee != oid) continue;
      const std::string place = line_place(node.path, i);
      if (next >= booked.lines_size()) return differs(place, "the line is missing");
      proto::IncomeLine expected = income_line(node, i, line.amount_minor);
      expected.set_went(place_of(booked));
      if (serialise_canonical(booked.lines(next++)) != serialise_canonical(expected))
        return differs(place, "computed " + std::to_string(line.amount_minor) + ", booked " +
                                  std::to_string(booked.lines(next - 1).amount_minor()));
    }
  }
  if (next == booked.lines_size()) return {};
  return differs("lines", "more lines are booked than the event gives");
}

}  // namespace circula::ledger
