#include "tests/ledger/trade_chain.h"

#include <stdexcept>

#include "crypto/encoding.h"

namespace circula::ledger::testing {
namespace {

constexpr std::uint16_t kProduct = 14, kListing = 15, kOrder = 16, kFundsIn = 18, kHold = 19, kDelivery = 20,
                        kAcceptance = 22, kPayout = 29;
const std::string kExchange = "exchange";

Venue venue(const TestChain& chain, const std::string& exchange = kExchange) {
  return {chain.oid(exchange), "CNY"};
}

}  // namespace

ShortId TradeChain::made_by(const RecordSpec& record) {
  Error outcome;
  const Digest id = submit_for_id(record, &outcome);
  require_ok(outcome);
  return ShortId::from(id.view().first(ShortId::kSize));
}

proto::FundsIn TradeChain::funds_body(const std::string& name, std::int64_t amount_minor) {
  proto::FundsIn body;
  body.set_oid(oid(name));
  body.set_exchange(oid(kExchange));
  body.set_currency("CNY");
  body.set_amount_minor(amount_minor);
  *body.mutable_bank_reference() = data_digest("transfer " + std::to_string(++references_));
  body.set_value_date_s(now_s());
  return body;
}

void TradeChain::fund(const std::string& name, std::int64_t amount_minor) {
  must(spec("bank.finance", kFundsIn, funds_body(name, amount_minor), {"bank.finance-2"}));
}

void TradeChain::feed_guarantee_fund(std::int64_t amount_minor) {
  proto::FundsIn body = funds_body(kExchange, amount_minor);
  body.set_guarantee_fund(true);
  must(spec("bank.finance", kFundsIn, body, {"bank.finance-2"}));
}

RecordSpec TradeChain::payout_spec(const std::string& name, std::int64_t amount_minor) const {
  proto::Payout body;
  body.mutable_order()->set_payee(oid(name));
  body.mutable_order()->set_exchange(oid(kExchange));
  body.mutable_order()->set_currency("CNY");
  body.mutable_order()->set_amount_minor(amount_minor);
  *body.mutable_order()->mutable_account() = data_digest("account of " + name);
  return spec(name + ".finance", kPayout, body);
}

ShortId TradeChain::order_payout(const std::string& name, std::int64_t amount_minor) {
  return made_by(payout_spec(name, amount_minor));
}

RecordSpec TradeChain::paid_spec(const ShortId& payout, const std::string& reference) const {
  proto::Payout body;
  body.mutable_paid()->set_payout(id_text(payout));
  *body.mutable_paid()->mutable_bank_reference() = data_digest(reference);
  return spec("bank.finance", kPayout, body);
}

RecordSpec TradeChain::returned_spec(const ShortId& payout, const std::string& reference) const {
  proto::Payout body;
  body.mutable_returned()->set_payout(id_text(payout));
  *body.mutable_returned()->mutable_bank_reference() = data_digest(reference);
  return spec("bank.finance", kPayout, body);
}

void TradeChain::pay_out(const std::string& name, std::int64_t amount_minor) {
  const ShortId payout = order_payout(name, amount_minor);
  must(paid_spec(payout, "paid " + std::to_string(++references_)));
}

std::int64_t TradeChain::balance(AccountKind kind, const std::string& name, const std::string& exchange) {
  const auto state = read<proto::AccountState>(account_key(kind, oid(name), venue(*this, exchange)));
  return state ? state->balance_minor() : 0;
}

RecordSpec TradeChain::asset_spec(const std::string& owner, const std::string& title) const {
  return spec(owner + ".cdo", 6, asset_body(title));
}

RecordSpec TradeChain::notice_spec(const ShortId& id) const {
  return spec("registrar.cdo", kCertify, notice_body(id), {"registrar"});
}

RecordSpec TradeChain::issue_spec(const ShortId& id, const std::string& owner) {
  const NamedShares all = {{owner, 1'000'000}};
  return spec("registrar.cdo", kCertify, issue_body(*this, id, all, all, all), {"registrar"});
}

RecordSpec TradeChain::product_spec(const std::string& owner, const ShortId& asset,
                                    const std::string& title) const {
  proto::Product product;
  proto::ProductDescription& description = *product.mutable_register_()->mutable_description();
  description.set_kind(proto::PRODUCT_KIND_DATASET);
  description.set_title(title);
  proto::ProductInput& input = *description.add_inputs();
  input.set_subject(id_text(asset));
  input.set_basis(proto::INPUT_BASIS_RIGHT);
  input.set_weight_ppm(1'000'000);
  *description.mutable_process() = data_digest("process of " + title);
  description.set_grade(2);
  description.set_personal_information(proto::PERSONAL_INFORMATION_NONE);
  description.set_unit(proto::PRODUCT_UNIT_FILE);
  return by_cdos(kProduct, product, {owner});
}

RecordSpec TradeChain::agreement_spec(const std::string& owner, const ShortId& product,
                                      const RevenueAgreement& terms) const {
  return by_cdos(kAgreement, agreement_body(product, terms), signers_of(owner, terms));
}

RecordSpec TradeChain::listing_spec(const std::string& owner, const OnSale& sale,
                                    std::int64_t price_minor) const {
  proto::Listing listing;
  proto::ListingOpen& open = *listing.mutable_list();
  open.set_exchange(oid(kExchange));
  open.set_product(id_text(sale.product));
  open.set_product_version(1);
  open.set_model(price_minor == 0 ? proto::PRICING_MODEL_FREE : proto::PRICING_MODEL_FIXED);
  open.set_price_minor(price_minor);
  open.set_currency("CNY");
  open.add_purposes("research");
  open.set_agreement(id_text(sale.agreement));
  *open.mutable_offer() = data_digest("offer");
  return spec(owner + ".cdo", kListing, listing, {kExchange});
}

RecordSpec TradeChain::order_spec(const std::string& buyer, const ShortId& listing, std::int64_t price_minor,
                                  std::uint32_t price_version, std::uint32_t quantity,
                                  std::int64_t open_for_s) const {
  proto::Order place;
  place.mutable_place()->set_listing(id_text(listing));
  place.mutable_place()->set_price_version(price_version);
  place.mutable_place()->set_quantity(quantity);
  place.mutable_place()->set_total_minor(price_minor * quantity);
  place.mutable_place()->set_purpose("research");
  place.mutable_place()->set_open_until_s(now_s() + open_for_s);
  return spec(buyer, kOrder, place);
}

RecordSpec TradeChain::order_accept_spec(const std::string& owner, const ShortId& order) const {
  proto::Order accept;
  accept.mutable_accept()->set_order(id_text(order));
  return spec(owner + ".cdo", kOrder, accept);
}

void TradeChain::certify(const ShortId& product, const std::string& owner) {
  must(notice_spec(product));
  const auto state = read<proto::ProductState>(product_key(product));
  set_time_ms(std::max(time_ms(), static_cast<std::uint64_t>(state->notice_ends_s()) * 1000));
  must(issue_spec(product, owner));
}

OnSale TradeChain::put_on_sale(const std::string& owner, const std::string& title, std::int64_t price_minor,
                               const RevenueAgreement& terms) {
  OnSale sale;
  sale.product = made_by(product_spec(owner, DealChain::product(owner, title), title));
  certify(sale.product, owner);
  sale.agreement = made_by(agreement_spec(owner, sale.product, terms));
  sale.listing = made_by(listing_spec(owner, sale, price_minor));
  return sale;
}

ShortId TradeChain::ordered(const OnSale& sale, const std::string& buyer, std::uint32_t quantity) {
  const auto listing = read<proto::ListingState>(listing_key(sale.listing));
  const ShortId order = made_by(order_spec(buyer, sale.listing, listing->price_minor(),
                                           listing->price_version(), quantity, 5 * kDay_s));
  must(order_accept_spec(name_of(read<proto::ProductState>(product_key(sale.product))->maker()), order));
  return order;
}

proto::Contract TradeChain::sign_body(const ShortId& order,
                                      const std::vector<std::int64_t>& milestones) const {
  proto::Contract body;
  proto::ContractSign& sign = *body.mutable_sign();
  sign.set_order(id_text(order));
  proto::LicenceTerms& licence = *sign.mutable_licence();
  licence.add_acts(proto::LICENCE_ACT_QUERY);
  licence.add_acts(proto::LICENCE_ACT_DOWNLOAD);
  licence.add_purposes("research");
  licence.set_from_s(now_s());
  licence.set_to_s(now_s() + 365 * kDay_s);
  licence.set_exclusivity(proto::EXCLUSIVITY_NONE);
  licence.add_modes(proto::DELIVERY_MODE_FILE);
  for (const std::int64_t amount : milestones) {
    proto::Milestone& milestone = *sign.add_milestones();
    milestone.set_n(static_cast<std::uint32_t>(sign.milestones_size()));
    milestone.set_amount_minor(amount);
    milestone.set_trigger(proto::MILESTONE_TRIGGER_DELIVERY);
    milestone.set_due_s(now_s() + 10 * kDay_s * sign.milestones_size());
    sign.set_total_minor(sign.total_minor() + amount);
  }
  sign.set_acceptance_days(7);
  sign.set_forum(oid("arbitrator"));
  *sign.mutable_text() = data_digest("contract");
  return body;
}

RecordSpec TradeChain::sign_spec(const proto::Contract& body, const std::string& seller,
                                 const std::string& buyer) const {
  return spec(seller, kContract, body, {buyer, kExchange});
}

ShortId TradeChain::signed_contract(const OnSale& sale, const std::string& seller, const std::string& buyer,
                                    const std::vector<std::int64_t>& milestones) {
  return made_by(sign_spec(sign_body(ordered(sale, buyer), milestones), seller, buyer));
}

RecordSpec TradeChain::hold_spec(const std::string& buyer, const ShortId& contract, std::uint32_t milestone,
                                 std::int64_t amount_minor) const {
  proto::Hold body;
  body.mutable_place()->set_contract(id_text(contract));
  body.mutable_place()->set_milestone(milestone);
  body.mutable_place()->set_amount_minor(amount_minor);
  body.mutable_place()->set_expires_s(now_s() + 120 * kDay_s);
  return spec(buyer + ".finance", kHold, body);
}

RecordSpec TradeChain::release_spec(const std::string& by, const ShortId& contract,
                                    std::uint32_t milestone) const {
  proto::Hold body;
  body.mutable_release()->set_contract(id_text(contract));
  body.mutable_release()->set_milestone(milestone);
  return spec(by + ".finance", kHold, body);
}

RecordSpec TradeChain::delivery_spec(const std::string& by, proto::Delivery body) const {
  return spec(by + ".finance", kDelivery, body);
}

RecordSpec TradeChain::start_spec(const std::string& seller, const ShortId& contract,
                                  std::uint32_t milestone) const {
  proto::Delivery body;
  body.set_contract(id_text(contract));
  body.set_milestone(milestone);
  body.mutable_start()->set_mode(proto::DELIVERY_MODE_FILE);
  body.mutable_start()->set_environment(proto::DELIVERY_ENVIRONMENT_PLAIN);
  body.mutable_start()->set_provider_process("out-1");
  body.mutable_start()->set_consumer_process("in-1");
  return delivery_spec(seller, body);
}

RecordSpec TradeChain::complete_spec(const std::string& seller, const ShortId& contract,
                                     std::uint32_t milestone) const {
  proto::Delivery body;
  body.set_contract(id_text(contract));
  body.set_milestone(milestone);
  *body.mutable_complete()->mutable_content() = data_digest("what was delivered");
  return delivery_spec(seller, body);
}

RecordSpec TradeChain::accept_spec(const std::string& buyer, const ShortId& contract,
                                   std::uint32_t milestone) const {
  proto::Acceptance body;
  body.set_contract(id_text(contract));
  body.set_milestone(milestone);
  body.mutable_accept()->set_score_ppm(900'000);
  return spec(buyer + ".finance", kAcceptance, body);
}

RecordSpec TradeChain::reject_spec(const std::string& buyer, const ShortId& contract,
                                   std::uint32_t milestone) const {
  proto::Acceptance body;
  body.set_contract(id_text(contract));
  body.set_milestone(milestone);
  *body.mutable_findings() = data_digest("rows are missing");
  body.mutable_reject();
  return spec(buyer + ".finance", kAcceptance, body);
}

RecordSpec TradeChain::exchange_settle_spec(const std::string& by, const ShortId& contract,
                                            std::uint32_t milestone, std::int64_t amount_minor,
                                            std::vector<std::string> with) const {
  proto::Settle body = settle_body(contract, milestone, amount_minor);
  body.set_accepted_at_s(0);
  return spec(by + ".finance", kSettle, body, std::move(with));
}

RecordSpec TradeChain::terminate_spec(const std::vector<std::string>& by, const ShortId& contract) const {
  proto::Contract body;
  body.mutable_terminate()->set_contract(id_text(contract));
  return spec(by.front(), kContract, body, {by.begin() + 1, by.end()});
}

void TradeChain::deliver(const std::string& seller, const ShortId& contract, std::uint32_t milestone) {
  must(start_spec(seller, contract, milestone));
  must(complete_spec(seller, contract, milestone));
}

ShortId TradeChain::settle_whole(const std::string& seller, const std::string& buyer, const ShortId& contract,
                                 std::uint32_t milestone, std::int64_t amount_minor) {
  must(hold_spec(buyer, contract, milestone, amount_minor));
  deliver(seller, contract, milestone);
  must(accept_spec(buyer, contract, milestone));
  return made_by(exchange_settle_spec(kExchange, contract, milestone, amount_minor));
}

RecordSpec TradeChain::exchange_refund_spec(const std::string& seller, const ShortId& event,
                                            std::int64_t amount_minor) const {
  return refund_spec(seller, kExchange, event, amount_minor);
}

proto::MilestoneState TradeChain::milestone(const ShortId& contract, std::uint32_t n) {
  return read<proto::ContractState>(contract_key(contract))->milestones(static_cast<int>(n) - 1);
}

std::string TradeChain::check_books(const std::string& exchange) {
  const std::string suffix = "@" + oid(exchange) + "/CNY";
  std::map<std::string, std::int64_t> sums;
  std::int64_t claims = 0, advanced = 0;
  std::string problem;
  if (const auto flushed = ledger().flush(); !flushed) return flushed.error().detail;
  const auto scanned =
      state().scan(KeyRange::prefix(Bytes{'s'}), Direction::kForward, [&](ByteView, ByteView bytes) {
        crypto::Reader in(bytes);
        const std::string key(crypto::as_text(in.bytes(in.u16be())));
        const auto value = decode_state_value(in.bytes(in.u32be()));
        if (!value) return true;
        if (key.starts_with("account/") && key.ends_with(suffix)) {
          proto::AccountState account;
          if (!account.ParseFromString(value->fields)) problem = key;
          sums[key.substr(8, key.find('/', 8) - 8)] += account.balance_minor();
          if (account.balance_minor() < 0) problem = key + " is negative";
          std::int64_t own = 0;
          for (const proto::Claim& claim : account.claims()) {
            own += claim.left_minor();
            if (claim.creditor().empty()) advanced += claim.left_minor();
          }
          claims += own;
          if (key.starts_with("account/claw/") && own != account.balance_minor())
            problem = key + " is not the sum of its claims";
        } else if (key.starts_with("hold/")) {
          proto::HoldState hold;
          (void)hold.ParseFromString(value->fields);
          if (hold.exchange() == oid(exchange) && hold.status() == proto::HOLD_STATUS_LIVE)
            sums["hold"] += hold.amount_minor();
        } else if (key.starts_with("payout/")) {
          proto::PayoutState payout;
          (void)payout.ParseFromString(value->fields);
          if (payout.exchange() == oid(exchange) && payout.status() == proto::PAYOUT_STATUS_ORDERED)
            sums["transit"] += payout.amount_minor();
        }
        return true;
      });
  if (!scanned) return scanned.error().detail;
  if (!problem.empty()) return problem;
  const std::int64_t claimed = sums["avail"] + sums["susp"] + sums["hold"] + sums["transit"] + sums["fund"];
  if (claimed != sums["bank"])
    return "bank " + std::to_string(sums["bank"]) + ", accounts " + std::to_string(claimed);
  if (sums["claw"] != sums["due"] + advanced)
    return "owed " + std::to_string(sums["claw"]) + ", due " + std::to_string(sums["due"]) + ", advanced " +
           std::to_string(advanced);
  return {};
}

}  // namespace circula::ledger::testing
