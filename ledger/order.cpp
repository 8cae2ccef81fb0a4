#include "ledger/order.h"

#include <algorithm>

#include "ledger/account.h"
#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/asset.h"
#include "ledger/calendar.h"
#include "ledger/identity.h"
#include "ledger/listing.h"
#include "ledger/product.h"
#include "ledger/registered.h"
#include "ledger/rights.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kReasonBytesMax = 200;

constexpr std::uint16_t kEffectPlaced = 1601;
constexpr std::uint16_t kEffectAccepted = 1602;
constexpr std::uint16_t kEffectRejected = 1603;
constexpr std::uint16_t kEffectCancelled = 1604;
constexpr std::uint16_t kEffectExpired = 1605;
constexpr std::uint16_t kEffectContracted = 1606;

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }

// "CN", "CN-35", "350200": letters, digits and hyphens.
Result<void> check_territory(const std::string& code, const std::string& field) {
  const bool plain = std::ranges::all_of(
      code, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!plain || code.size() > kTerritoryCharactersMax)
    return error(Code::E_FORMAT, "a territory is at most 16 capital letters, digits or '-'", field);
  return check_text(code, kTerritoryCharactersMax, field);
}

// What the body alone decides.
Result<void> check_form(const proto::OrderPlace& body) {
  if (body.quantity() == 0) return error(Code::E_FORMAT, "an order is for at least one", "place.quantity");
  if (!body.purpose().empty()) {
    if (auto good = check_purpose(body.purpose(), "place.purpose"); !good) return good;
  }
  return check_territory(body.territory(), "place.territory");
}

Result<void> check_purpose_of(const proto::ListingState& listing, const std::string& purpose) {
  const bool known = listing.purposes().empty() ||
                     std::ranges::find(listing.purposes(), purpose) != listing.purposes().end();
  if (known) return {};
  return error(Code::E_PURPOSE, "the product is not offered for this", "place.purpose");
}

// A buyer who is the only one that could sell would buy from itself.
Result<void> check_buyer(Execution& execution, const proto::ListingState& listing, const std::string& buyer) {
  const proto::RightState sellers =
      right_table(execution, short_id(listing.product()), proto::RIGHT_KIND_OPERATION);
  if (held_ppm(sellers, buyer) == kWholePpm)
    return error(Code::E_BUYER, buyer + " holds all of right O", "author");
  if (!is_priced(listing)) return {};
  if (buyer == listing.exchange())
    return error(Code::E_BUYER, "an exchange does not buy what it settles", "author");
  return require_account(execution, buyer, listing.exchange(), "author");
}

Result<void> check_total(const proto::ListingState& listing, const proto::OrderPlace& body) {
  const Wide total = static_cast<Wide>(listing.price_minor()) * body.quantity();
  if (total <= kAmountMax && total == body.total_minor()) return {};
  return error(Code::E_AMOUNT,
               "the total is " + std::to_string(listing.price_minor()) + " x " +
                   std::to_string(body.quantity()) + ", and at most " + std::to_string(kAmountMax),
               "place.total_minor");
}

Result<void> require_buyer(Execution& execution, const std::string& buyer, std::uint32_t grade) {
  if (grade >= kGradeImportant) return require_for_grade(execution, buyer, grade, "author");
  return execution.require(buyer, kBusiness, "author");
}

proto::OrderState placed(const proto::OrderPlace& body, const proto::ListingState& listing,
                         const std::string& buyer) {
  proto::OrderState state;
  state.set_listing(body.listing());
  state.set_exchange(listing.exchange());
  state.set_product(listing.product());
  state.set_product_version(listing.product_version());
  state.set_agreement(listing.agreement());
  state.set_buyer(buyer);
  state.set_price_version(body.price_version());
  state.set_quantity(body.quantity());
  state.set_total_minor(body.total_minor());
  state.set_currency(listing.currency());
  state.set_purpose(body.purpose());
  state.set_territory(body.territory());
  state.set_open_until_s(body.open_until_s());
  state.set_status(proto::ORDER_STATUS_OPEN);
  return state;
}

Result<void> place(Execution& execution, const proto::OrderPlace& body) {
  const std::string& buyer = execution.author_oid();
  if (auto good = check_form(body); !good) return good;
  const auto listing = find_listing(execution, body.listing(), "place.listing");
  if (!listing) return listing.error();
  const auto product = find_product(execution, listing->product(), "place.listing");
  if (!product) return product.error();
  if (auto signed_by = require_buyer(execution, buyer, product->grade()); !signed_by) return signed_by;
  if (!takes_orders(*listing, execution.time_s()))
    return error(Code::E_STATE, "the listing takes no orders", "place.listing");
  if (auto good = check_saleable(execution, *listing, "place.listing"); !good) return good;
  if (body.price_version() != listing->price_version())
    return error(Code::E_PRICE_CHANGED,
                 "price version " + std::to_string(listing->price_version()) + " holds",
                 "place.price_version");
  if (auto good = check_purpose_of(*listing, body.purpose()); !good) return good;
  if (auto good = check_buyer(execution, *listing, buyer); !good) return good;
  if (auto good = check_total(*listing, body); !good) return good;
  if (body.open_until_s() <= execution.time_s() || body.open_until_s() > kTimeMax)
    return error(Code::E_TERMS, "an order is open until later than now, by the year 9999",
                 "place.open_until_s");

  const SubjectKey key = order_key(execution.new_id());
  if (execution.exists(key)) return error(Code::E_DUPLICATE, key + " is there already");
  proto::OrderPlaced effect;
  *effect.mutable_place() = body;
  effect.set_buyer(buyer);
  execution.change(key, kEffectPlaced, effect, placed(body, *listing, buyer));
  execution.schedule(ms(body.open_until_s()), key, kDueOrderOver);
  return {};
}

Result<void> check_open(const Execution& execution, const proto::OrderState& order,
                        const std::string& field) {
  if (order.status() == proto::ORDER_STATUS_OPEN && execution.time_s() < order.open_until_s()) return {};
  return error(Code::E_STATE, "the order is no longer open", field);
}

Result<void> require_sellers(Execution& execution, const proto::OrderState& order, const std::string& field) {
  const auto product = find_product(execution, order.product(), field);
  if (!product) return product.error();
  return require_operators(execution, order.product(), product->grade(), kBusiness, field);
}

// The seller of what was ordered, who is the author.
Result<void> check_seller(Execution& execution, const proto::OrderState& order,
                          const proto::ListingState& listing) {
  const std::string& seller = execution.author_oid();
  const proto::RightState sellers =
      right_table(execution, short_id(order.product()), proto::RIGHT_KIND_OPERATION);
  if (held_ppm(sellers, seller) == 0)
    return error(Code::E_NO_RIGHT, seller + " holds nothing of right O", "author");
  if (seller == order.buyer()) return error(Code::E_BUYER, "the buyer cannot be the seller", "author");
  if (!is_priced(listing)) return {};
  if (seller == order.exchange())
    return error(Code::E_BUYER, "an exchange does not sell what it settles", "author");
  return require_account(execution, seller, order.exchange(), "author");
}

Result<void> accept(Execution& execution, const proto::OrderAccept& body) {
  auto order = find_order(execution, body.order(), "accept.order");
  if (!order) return order.error();
  const auto listing = find_listing(execution, order->listing(), "accept.order");
  if (!listing) return listing.error();
  if (auto signed_by = require_sellers(execution, *order, "accept.order"); !signed_by) return signed_by;
  if (auto good = check_open(execution, *order, "accept.order"); !good) return good;
  if (listing->status() == proto::LISTING_STATUS_SUSPENDED ||
      listing->status() == proto::LISTING_STATUS_DELISTED)
    return error(Code::E_STATE, "the listing was suspended or delisted", "accept.order");
  if (auto active = active_organisation(execution, order->buyer(), "accept.order"); !active)
    return active.error();
  if (auto good = check_saleable(execution, *listing, "accept.order"); !good) return good;
  if (auto good = check_seller(execution, *order, *listing); !good) return good;
  order->set_seller(execution.author_oid());
  order->set_status(proto::ORDER_STATUS_ACCEPTED);
  proto::OrderAccepted effect;
  effect.set_seller(order->seller());
  execution.change(order_key(short_id(body.order())), kEffectAccepted, effect, *order);
  return {};
}

// Its time does not matter any longer.
void close(Execution& execution, const ShortId& id, std::uint16_t effect_type,
           const google::protobuf::Message& effect, const proto::OrderState& state) {
  const SubjectKey key = order_key(id);
  execution.change(key, effect_type, effect, state);
  execution.unschedule(ms(state.open_until_s()), key, kDueOrderOver);
}

Result<void> reject(Execution& execution, const proto::OrderReject& body) {
  if (auto good = check_text(body.reason(), kReasonBytesMax, "reject.reason"); !good) return good;
  auto order = find_order(execution, body.order(), "reject.order");
  if (!order) return order.error();
  if (auto signed_by = require_sellers(execution, *order, "reject.order"); !signed_by) return signed_by;
  if (auto good = check_open(execution, *order, "reject.order"); !good) return good;
  order->set_status(proto::ORDER_STATUS_REJECTED);
  proto::OrderRejected effect;
  effect.set_by(execution.author_oid());
  effect.set_reason(body.reason());
  close(execution, short_id(body.order()), kEffectRejected, effect, *order);
  return {};
}

Result<void> cancel(Execution& execution, const proto::OrderCancel& body) {
  auto order = find_order(execution, body.order(), "cancel.order");
  if (!order) return order.error();
  if (auto signed_by = execution.require(order->buyer(), kBusiness, "cancel.order"); !signed_by)
    return signed_by;
  if (auto good = check_open(execution, *order, "cancel.order"); !good) return good;
  order->set_status(proto::ORDER_STATUS_CANCELLED);
  close(execution, short_id(body.order()), kEffectCancelled, proto::OrderCancelled(), *order);
  return {};
}

// Due work: nobody answered, or no contract came of it, in time.
void expire(Execution& execution, const SubjectKey& key) {
  auto order = execution.read<proto::OrderState>(key);
  const bool waits = order && (order->status() == proto::ORDER_STATUS_OPEN ||
                               order->status() == proto::ORDER_STATUS_ACCEPTED);
  if (!waits) return;
  order->set_status(proto::ORDER_STATUS_EXPIRED);
  execution.change(key, kEffectExpired, proto::OrderExpired(), *order);
}

Result<void> apply_order(Execution& execution, const proto::Order& body) {
  switch (body.op_case()) {
    case proto::Order::kPlace:
      return place(execution, body.place());
    case proto::Order::kAccept:
      return accept(execution, body.accept());
    case proto::Order::kReject:
      return reject(execution, body.reject());
    case proto::Order::kCancel:
      return cancel(execution, body.cancel());
    case proto::Order::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Order, apply_order>(16, 1, "ORDER")};
constexpr EffectType kEffects[] = {
    effect_type<proto::OrderPlaced>(kEffectPlaced, "placed"),
    effect_type<proto::OrderAccepted>(kEffectAccepted, "accepted"),
    effect_type<proto::OrderRejected>(kEffectRejected, "rejected"),
    effect_type<proto::OrderCancelled>(kEffectCancelled, "cancelled"),
    effect_type<proto::OrderExpired>(kEffectExpired, "expired"),
    effect_type<proto::OrderContracted>(kEffectContracted, "contracted"),
};
constexpr SubjectFields kSubjects[] = {subject_fields<proto::OrderState>(SubjectKind::kOrder, "order/")};
constexpr DueRule kDueRules[] = {{kDueOrderOver, "order over", expire}};

}  // namespace

const Family kOrderFamily = {"order", kRecords, kEffects, kSubjects, kDueRules};

Result<proto::OrderState> find_order(Execution& execution, const std::string& id, const std::string& field) {
  if (id.size() != ShortId::kSize) return error(Code::E_FORMAT, "an order id has 16 bytes", field);
  const SubjectKey key = order_key(short_id(id));
  auto state = execution.read<proto::OrderState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, field);
  return *state;
}

bool can_be_contracted(const proto::OrderState& order, std::int64_t time_s) {
  return order.status() == proto::ORDER_STATUS_ACCEPTED && time_s < order.open_until_s();
}

void mark_contracted(Execution& execution, const ShortId& order, proto::OrderState state,
                     const ShortId& contract) {
  assert(can_be_contracted(state, execution.time_s()));
  state.set_status(proto::ORDER_STATUS_CONTRACTED);
  state.set_contract(std::string(contract.text()));
  proto::OrderContracted effect;
  effect.set_contract(state.contract());
  close(execution, order, kEffectContracted, effect, state);
}

}  // namespace circula::ledger
