#include "ledger/listing.h"

#include <algorithm>
#include <limits>

#include "crypto/hash.h"
#include "ledger/account.h"
#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/asset.h"
#include "ledger/calendar.h"
#include "ledger/chain_family.h"
#include "ledger/currency.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/product.h"
#include "ledger/registered.h"
#include "ledger/rights.h"
#include "ledger/settlement_exchange.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kReasonBytesMax = 200;

constexpr std::uint16_t kEffectOpened = 1501;
constexpr std::uint16_t kEffectPriced = 1502;
constexpr std::uint16_t kEffectStatusChanged = 1503;

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }
std::int64_t end_of(const proto::ListingState& listing) {
  return listing.to_s() == 0 ? std::numeric_limits<std::int64_t>::max() : listing.to_s();
}
bool has_live_status(const proto::ListingState& listing) {
  return listing.status() == proto::LISTING_STATUS_LISTED ||
         listing.status() == proto::LISTING_STATUS_SUSPENDED;
}
bool is_live(const proto::ListingState& listing, std::int64_t time_s) {
  return has_live_status(listing) && time_s < end_of(listing);
}

Result<void> check_price(proto::PricingModel model, std::int64_t price_minor, const std::string& field) {
  if (model == proto::PRICING_MODEL_FREE) {
    if (price_minor == 0) return {};
    return error(Code::E_AMOUNT, "what is free has no price", field);
  }
  if (price_minor >= 1 && price_minor <= kAmountMax) return {};
  return error(Code::E_AMOUNT, "a price is 1 to " + std::to_string(kAmountMax) + " minor units", field);
}

Result<void> check_purposes(const proto::ListingOpen& body) {
  if (body.purposes_size() > kPurposesMax)
    return error(Code::E_LIMIT, "at most 16 purposes", "list.purposes");
  for (int item = 0; item < body.purposes_size(); ++item) {
    const std::string field = "list.purposes[" + std::to_string(item) + "]";
    if (auto good = check_purpose(body.purposes(item), field); !good) return good;
    if (item > 0 && body.purposes(item) <= body.purposes(item - 1))
      return error(Code::E_FORMAT, "purposes are ascending, each once", field);
  }
  return {};
}

// What the body alone decides.
Result<void> check_form(const proto::ListingOpen& body) {
  if (body.model() != proto::PRICING_MODEL_FIXED && body.model() != proto::PRICING_MODEL_FREE)
    return error(Code::E_FORMAT, "a listing has a fixed price or is free; other models not yet",
                 "list.model");
  if (auto good = check_currency(body.currency(), "list.currency"); !good) return good;
  if (auto good = check_price(body.model(), body.price_minor(), "list.price_minor"); !good) return good;
  if (auto good = check_purposes(body); !good) return good;
  if (auto good = check_data_digest(body.offer(), "list.offer"); !good) return good;
  if (body.from_s() < 0 || body.from_s() > kTimeMax)
    return error(Code::E_FORMAT, "a time until the year 9999", "list.from_s");
  if (body.to_s() < 0 || body.to_s() > kTimeMax || (body.to_s() != 0 && body.to_s() <= body.from_s()))
    return error(Code::E_FORMAT, "a listing ends after it begins, by the year 9999", "list.to_s");
  return {};
}

// --- Who signs

Result<void> require_exchange(Execution& execution, const std::string& exchange, std::uint32_t grade,
                              const std::string& field) {
  const auto organisation = active_organisation(execution, exchange, field);
  if (!organisation) return organisation.error();
  if (!has_kind(*organisation, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, exchange + " is no exchange", field);
  if (grade >= kGradeImportant) return require_for_grade(execution, exchange, grade, field);
  return execution.require(exchange, kExecutive, field);
}

Result<void> require_both(Execution& execution, const std::string& product, const std::string& exchange,
                          std::uint32_t grade, const std::string& field) {
  if (auto signed_by = require_exchange(execution, exchange, grade, field); !signed_by) return signed_by;
  return require_operators(execution, product, grade, kExecutive, field);
}

// The exchange when it is the author, else the seller's side.
Result<void> require_either(Execution& execution, const proto::ListingState& listing,
                            const std::string& field) {
  if (execution.author_oid() == listing.exchange())
    return execution.require(listing.exchange(), kExecutive, field);
  const auto product = find_product(execution, listing.product(), field);
  if (!product) return product.error();
  return require_operators(execution, listing.product(), product->grade(), kExecutive, field);
}

// --- What must hold

// Everybody whom a sale can pay, and the bank that would hold the money.
Result<void> check_accounts(Execution& execution, const proto::ListingState& listing,
                            const SharedIncome& shared, const std::string& field) {
  if (!is_priced(listing)) return {};
  const auto bank = settlement_bank(execution, listing.exchange(), listing.currency(), field);
  if (!bank) return bank.error();
  // Each settlement takes a number of the exchange's.
  if (const auto code = trade_code(execution, listing.exchange(), field); !code) return code.error();
  for (const std::string& oid : shared.payees) {
    if (auto good = require_account(execution, oid, listing.exchange(), field); !good) return good;
  }
  const proto::RightState sellers =
      right_table(execution, short_id(listing.product()), proto::RIGHT_KIND_OPERATION);
  for (const proto::Holder& holder : sellers.holders()) {
    if (!execution.has_signed(holder.oid(), kExecutive)) continue;
    if (auto good = require_account(execution, holder.oid(), listing.exchange(), field); !good) return good;
  }
  return {};
}

// The agreement that the listing names, and all that share its income from a moment on.
Result<SharedIncome> check_agreement(Execution& execution, const proto::ListingState& listing,
                                     std::int64_t from_s, const std::string& field) {
  const auto state = find_agreement(execution, listing.agreement(), field + ".agreement");
  if (!state) return state.error();
  if (state->product() != listing.product())
    return error(Code::E_REF, "the agreement is about another product", field + ".agreement");
  if (state->currency() != listing.currency())
    return error(Code::E_CURRENCY, "the agreement shares income in " + state->currency(),
                 field + ".currency");
  const LedgerAgreements agreements(execution);
  return trace_income(product_name(short_id(listing.product())), listing.currency(), agreements, from_s,
                      end_of(listing), field + ".agreement");
}

SubjectKey live_key(const proto::ListingState& listing) {
  return unique_key("listing", crypto::sha256(listing.product() + listing.exchange()));
}

Result<void> check_only_one(Execution& execution, const proto::ListingState& listing) {
  const auto taken = execution.read<proto::UniqueState>(live_key(listing));
  if (!taken) return {};
  const auto other = execution.read<proto::ListingState>(taken->subject());
  assert(other && "taken by listing/<id>");
  if (!is_live(*other, execution.time_s())) return {};
  return error(Code::E_ALREADY_LISTED, "the product is listed there as " + taken->subject(), "list.product");
}

// --- What changes

proto::ListingState opened(const proto::ListingOpen& body, std::int64_t from_s) {
  proto::ListingState state;
  state.set_exchange(body.exchange());
  state.set_product(body.product());
  state.set_product_version(body.product_version());
  state.set_model(body.model());
  state.set_price_minor(body.price_minor());
  state.set_price_version(1);
  state.set_currency(body.currency());
  *state.mutable_purposes() = body.purposes();
  state.set_agreement(body.agreement());
  *state.mutable_offer() = body.offer();
  state.set_from_s(from_s);
  state.set_to_s(body.to_s());
  state.set_status(proto::LISTING_STATUS_LISTED);
  return state;
}

// Counts the listing, or no longer, wherever a live one matters.
void count_live(Execution& execution, const proto::ListingState& listing, int by) {
  adjust_product_listings(execution, short_id(listing.product()), by);
  for (const std::string& agreement : listing.agreements())
    adjust_live_listings(execution, short_id(agreement), by);
  adjust_open_items(execution, {{listing.exchange(), by}});
}

void write_status(Execution& execution, const SubjectKey& key, proto::ListingState listing,
                  proto::ListingStatus status, const std::string& by, const std::string& reason) {
  listing.set_status(status);
  proto::ListingStatusChanged effect;
  effect.set_status(status);
  effect.set_by(by);
  effect.set_reason(reason);
  execution.change(key, kEffectStatusChanged, effect, listing);
}

Result<void> list(Execution& execution, const proto::ListingOpen& body) {
  if (auto good = check_form(body); !good) return good;
  const auto product = find_product(execution, body.product(), "list.product");
  if (!product) return product.error();
  if (body.product_version() < 1 || body.product_version() > product->versions())
    return error(Code::E_NOT_FOUND, "the product has versions 1 to " + std::to_string(product->versions()),
                 "list.product_version");
  const auto certified = find_certified(execution, body.product(), "list.product", Code::E_NOT_CERTIFIED);
  if (!certified) return certified.error();
  if (auto signed_by =
          require_both(execution, body.product(), body.exchange(), product->grade(), "list.exchange");
      !signed_by)
    return signed_by;
  if (product->retired()) return error(Code::E_STATE, "the product is retired", "list.product");
  if (body.to_s() != 0 && body.to_s() <= execution.time_s())
    return error(Code::E_TERMS, "the listing would be over", "list.to_s");

  proto::ListingState state = opened(body, std::max(body.from_s(), execution.time_s()));
  const auto shared = check_agreement(execution, state, state.from_s(), "list");
  if (!shared) return shared.error();
  if (auto good = check_accounts(execution, state, *shared, "list.exchange"); !good) return good;
  if (auto good = check_only_one(execution, state); !good) return good;

  proto::ListingOpened effect;
  *effect.mutable_offer() = body;
  effect.set_from_s(state.from_s());
  for (const std::string& name : shared->agreements)
    effect.add_agreements(std::string(agreement_of(name).text()));
  *state.mutable_agreements() = effect.agreements();
  const SubjectKey key = listing_key(execution.new_id());
  if (execution.exists(key)) return error(Code::E_DUPLICATE, key + " is there already");
  execution.change(key, kEffectOpened, effect, state);
  take_unique(execution, live_key(state), key);
  count_live(execution, state, 1);
  if (state.to_s() != 0) execution.schedule(ms(state.to_s()), key, kDueListingOver);
  return {};
}

Result<void> price(Execution& execution, const proto::ListingPrice& body) {
  auto listing = find_listing(execution, body.listing(), "price.listing");
  if (!listing) return listing.error();
  const auto product = find_product(execution, listing->product(), "price.listing");
  if (!product) return product.error();
  if (auto signed_by =
          require_both(execution, listing->product(), listing->exchange(), product->grade(), "price.listing");
      !signed_by)
    return signed_by;
  if (!is_live(*listing, execution.time_s()))
    return error(Code::E_STATE, "the listing is over", "price.listing");
  if (auto good = check_price(listing->model(), body.price_minor(), "price.price_minor"); !good) return good;
  if (body.price_minor() == listing->price_minor())
    return error(Code::E_DUPLICATE, "that is the present price", "price.price_minor");
  listing->set_price_minor(body.price_minor());
  listing->set_price_version(listing->price_version() + 1);
  proto::ListingPriced effect;
  effect.set_price_version(listing->price_version());
  effect.set_price_minor(listing->price_minor());
  execution.change(listing_key(short_id(body.listing())), kEffectPriced, effect, *listing);
  return {};
}

Result<void> suspend(Execution& execution, const proto::ListingSuspend& body) {
  if (auto good = check_text(body.reason(), kReasonBytesMax, "suspend.reason"); !good) return good;
  auto listing = find_listing(execution, body.listing(), "suspend.listing");
  if (!listing) return listing.error();
  if (auto signed_by = require_either(execution, *listing, "suspend.listing"); !signed_by) return signed_by;
  if (listing->status() != proto::LISTING_STATUS_LISTED || !is_live(*listing, execution.time_s()))
    return error(Code::E_STATE, "the listing is suspended or over", "suspend.listing");
  write_status(execution, listing_key(short_id(body.listing())), *std::move(listing),
               proto::LISTING_STATUS_SUSPENDED, execution.author_oid(), body.reason());
  return {};
}

// What has changed meanwhile is asked again.
Result<void> resume(Execution& execution, const proto::ListingResume& body) {
  auto listing = find_listing(execution, body.listing(), "resume.listing");
  if (!listing) return listing.error();
  const auto product = find_certified(execution, listing->product(), "resume.listing", Code::E_NOT_CERTIFIED);
  if (!product) return product.error();
  if (auto signed_by = require_both(execution, listing->product(), listing->exchange(), product->grade(),
                                    "resume.listing");
      !signed_by)
    return signed_by;
  if (listing->status() != proto::LISTING_STATUS_SUSPENDED || !is_live(*listing, execution.time_s()))
    return error(Code::E_STATE, "the listing is not suspended, or over", "resume.listing");
  const auto shared =
      check_agreement(execution, *listing, std::max(listing->from_s(), execution.time_s()), "resume.listing");
  if (!shared) return shared.error();
  if (auto good = check_accounts(execution, *listing, *shared, "resume.listing"); !good) return good;
  write_status(execution, listing_key(short_id(body.listing())), *std::move(listing),
               proto::LISTING_STATUS_LISTED, execution.author_oid(), {});
  return {};
}

Result<void> delist(Execution& execution, const proto::ListingDelist& body) {
  if (auto good = check_text(body.reason(), kReasonBytesMax, "delist.reason"); !good) return good;
  const auto listing = find_listing(execution, body.listing(), "delist.listing");
  if (!listing) return listing.error();
  if (auto signed_by = require_either(execution, *listing, "delist.listing"); !signed_by) return signed_by;
  if (!is_live(*listing, execution.time_s()))
    return error(Code::E_STATE, "the listing is over", "delist.listing");
  const SubjectKey key = listing_key(short_id(body.listing()));
  write_status(execution, key, *listing, proto::LISTING_STATUS_DELISTED, execution.author_oid(),
               body.reason());
  count_live(execution, *listing, -1);
  if (listing->to_s() != 0) execution.unschedule(ms(listing->to_s()), key, kDueListingOver);
  return {};
}

// Due work: its time is over.
void expire(Execution& execution, const SubjectKey& key) {
  const auto listing = execution.read<proto::ListingState>(key);
  if (!listing || !has_live_status(*listing)) return;
  write_status(execution, key, *listing, proto::LISTING_STATUS_EXPIRED, {}, {});
  count_live(execution, *listing, -1);
}

Result<void> apply_listing(Execution& execution, const proto::Listing& body) {
  switch (body.op_case()) {
    case proto::Listing::kList:
      return list(execution, body.list());
    case proto::Listing::kPrice:
      return price(execution, body.price());
    case proto::Listing::kSuspend:
      return suspend(execution, body.suspend());
    case proto::Listing::kResume:
      return resume(execution, body.resume());
    case proto::Listing::kDelist:
      return delist(execution, body.delist());
    case proto::Listing::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Listing, apply_listing>(15, 1, "LISTING")};
constexpr EffectType kEffects[] = {
    effect_type<proto::ListingOpened>(kEffectOpened, "listed"),
    effect_type<proto::ListingPriced>(kEffectPriced, "priced"),
    effect_type<proto::ListingStatusChanged>(kEffectStatusChanged, "status changed"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::ListingState>(SubjectKind::kListing, "listing/"),
};
constexpr DueRule kDueRules[] = {{kDueListingOver, "listing over", expire}};

}  // namespace

const Family kListingFamily = {"listing", kRecords, kEffects, kSubjects, kDueRules};

Result<proto::ListingState> find_listing(Execution& execution, const std::string& id,
                                         const std::string& field) {
  if (id.size() != ShortId::kSize) return error(Code::E_FORMAT, "a listing id has 16 bytes", field);
  const SubjectKey key = listing_key(short_id(id));
  auto state = execution.read<proto::ListingState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, field);
  return *state;
}

Result<void> check_purpose(const std::string& code, const std::string& field) {
  const bool plain = std::ranges::all_of(code, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  if (!plain || code.empty() || code.size() > kPurposeCharactersMax)
    return error(Code::E_FORMAT, "a purpose is 1 to 32 lower-case letters, digits, '.', '_' or '-'", field);
  return check_text(code, kPurposeCharactersMax, field);  // no telephone number either
}

bool takes_orders(const proto::ListingState& listing, std::int64_t time_s) {
  return listing.status() == proto::LISTING_STATUS_LISTED && listing.from_s() <= time_s &&
         time_s < end_of(listing);
}

bool is_priced(const proto::ListingState& listing) { return listing.model() != proto::PRICING_MODEL_FREE; }

Result<void> check_saleable(Execution& execution, const proto::ListingState& listing,
                            const std::string& field) {
  if (auto active = active_organisation(execution, listing.exchange(), field); !active) return active.error();
  const auto product = find_certified(execution, listing.product(), field, Code::E_NOT_CERTIFIED);
  if (!product) return product.error();
  const LedgerAgreements agreements(execution);
  const std::int64_t now_s = execution.time_s();
  const auto shared = trace_income(product_name(short_id(listing.product())), listing.currency(), agreements,
                                   now_s, now_s + 1, field);
  return shared ? Result<void>() : shared.error();
}

}  // namespace circula::ledger
