#include "tests/ledger/trade_records.h"

#include <algorithm>

#include "ledger/proto/clock.pb.h"

namespace circula::ledger::testing {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

}  // namespace

proto::ProductInput of_asset(const ShortId& asset) {
  proto::ProductInput input;
  input.set_subject(id_text(asset));
  input.set_basis(proto::INPUT_BASIS_RIGHT);
  input.set_weight_ppm(1'000);
  return input;
}

proto::ProductInput of_product(const ShortId& product, std::uint32_t version, proto::InputBasis basis) {
  proto::ProductInput input = of_asset(product);
  input.set_version(version);
  input.set_basis(basis);
  return input;
}

proto::ProductDescription description(const std::string& title, std::vector<proto::ProductInput> inputs) {
  std::ranges::sort(inputs, {}, [](const proto::ProductInput& input) { return input.subject(); });
  proto::ProductDescription result;
  result.set_kind(proto::PRODUCT_KIND_INDEX);
  result.set_title(title);
  for (const proto::ProductInput& input : inputs) *result.add_inputs() = input;
  *result.mutable_process() = data_digest("process");
  result.set_grade(2);
  result.set_personal_information(proto::PERSONAL_INFORMATION_NONE);
  result.set_unit(proto::PRODUCT_UNIT_CALL);
  return result;
}

proto::Product product_body(const proto::ProductDescription& description) {
  proto::Product body;
  *body.mutable_register_()->mutable_description() = description;
  return body;
}

proto::Product version_body(const ShortId& product, std::uint32_t version,
                            const proto::ProductDescription& description) {
  proto::Product body;
  body.mutable_version()->set_product(id_text(product));
  body.mutable_version()->set_version(version);
  *body.mutable_version()->mutable_description() = description;
  return body;
}

proto::Product retire_body(const ShortId& product) {
  proto::Product body;
  body.mutable_retire()->set_product(id_text(product));
  return body;
}

ShortId MarketChain::create(const RecordSpec& record) {
  Error outcome;
  const Digest id = submit_for_id(record, &outcome);
  require_ok(outcome);
  return ShortId::from(id.view().first(ShortId::kSize));
}

void MarketChain::tick() {
  proto::ClockMove body;  // refused on a wall chain, which is no matter
  body.set_to_ms(time_ms());
  (void)submit(spec("exchange", 39, body));
}

ShortId MarketChain::made(const std::string& maker, const proto::ProductDescription& description) {
  RecordSpec record = spec(maker + ".cdo", kProduct, product_body(description));
  if (description.grade() >= 5) record.signers = {maker};
  return create(record);
}

ShortId MarketChain::sold(const std::string& maker, const proto::ProductDescription& description) {
  const ShortId product = made(maker, description);
  certify(*this, product, maker);
  return product;
}

proto::ProductState MarketChain::product_state(const ShortId& product) {
  return read<proto::ProductState>(product_key(product)).value_or(proto::ProductState());
}

proto::Listing MarketChain::listing_body(const ShortId& product, const ShortId& agreement) const {
  proto::Listing body;
  proto::ListingOpen& list = *body.mutable_list();
  list.set_exchange(oid("exchange"));
  list.set_product(id_text(product));
  list.set_product_version(1);
  list.set_model(proto::PRICING_MODEL_FIXED);
  list.set_price_minor(500);
  list.set_currency("CNY");
  list.add_purposes("analysis");
  list.add_purposes("training");
  list.set_agreement(id_text(agreement));
  *list.mutable_offer() = data_digest("offer");
  return body;
}

proto::Listing MarketChain::price_body(const ShortId& listing, std::int64_t price_minor) const {
  proto::Listing body;
  body.mutable_price()->set_listing(id_text(listing));
  body.mutable_price()->set_price_minor(price_minor);
  return body;
}

proto::Listing MarketChain::suspend_body(const ShortId& listing) const {
  proto::Listing body;
  body.mutable_suspend()->set_listing(id_text(listing));
  body.mutable_suspend()->set_reason("sample data differ");
  return body;
}

proto::Listing MarketChain::resume_body(const ShortId& listing) const {
  proto::Listing body;
  body.mutable_resume()->set_listing(id_text(listing));
  return body;
}

proto::Listing MarketChain::delist_body(const ShortId& listing) const {
  proto::Listing body;
  body.mutable_delist()->set_listing(id_text(listing));
  return body;
}

proto::ListingState MarketChain::listing_state(const ShortId& listing) {
  return read<proto::ListingState>(listing_key(listing)).value_or(proto::ListingState());
}

proto::Order MarketChain::order_body(const ShortId& listing) const {
  proto::Order body;
  proto::OrderPlace& place = *body.mutable_place();
  place.set_listing(id_text(listing));
  place.set_price_version(1);
  place.set_quantity(1);
  place.set_total_minor(500);
  place.set_purpose("analysis");
  place.set_territory("CN-35");
  place.set_open_until_s(now_s() + kDaySeconds);
  return body;
}

proto::Order MarketChain::accept_body(const ShortId& order) const {
  proto::Order body;
  body.mutable_accept()->set_order(id_text(order));
  return body;
}

proto::Order MarketChain::reject_body(const ShortId& order) const {
  proto::Order body;
  body.mutable_reject()->set_order(id_text(order));
  body.mutable_reject()->set_reason("no capacity");
  return body;
}

proto::Order MarketChain::cancel_body(const ShortId& order) const {
  proto::Order body;
  body.mutable_cancel()->set_order(id_text(order));
  return body;
}

proto::OrderState MarketChain::order_state(const ShortId& order) {
  return read<proto::OrderState>(order_key(order)).value_or(proto::OrderState());
}

}  // namespace circula::ledger::testing
