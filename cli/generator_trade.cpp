#include "cli/generator_trade.h"

#include <algorithm>
#include <cassert>

#include "cli/generator_deals.h"
#include "ledger/agreement_terms.h"
#include "ledger/calendar.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/delivery.pb.h"
#include "ledger/proto/funds.pb.h"
#include "ledger/proto/hold.pb.h"
#include "ledger/proto/listing.pb.h"
#include "ledger/proto/order.pb.h"
#include "ledger/proto/settlement.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::Code;

constexpr std::int64_t kDay = ledger::kSecondsPerDay;
constexpr std::int64_t kPayInDays = 3;    // after signing
constexpr std::int64_t kDeliverDays = 5;  // after paying in
constexpr std::int64_t kAcceptDays = 6;   // after delivery
constexpr std::uint32_t kDeemedDays = 7;  // of the contract
constexpr std::int64_t kNextMilestoneDays = 12;
constexpr std::int64_t kPayoutDays = 10;  // after settlement: refunds come before, so nobody owes anything

struct Trade {
  const GeneratedProduct* product = nullptr;
  const GeneratedOrganisation* buyer = nullptr;
  ledger::ShortId contract{};
  std::vector<std::int64_t> milestones;
};

const GeneratedOrganisation& seller_of(const Trade& trade) { return *trade.product->item.applicant; }

std::int64_t& account(GeneratorYearPlan& year, const std::string& oid,
                      const GeneratedOrganisation& exchange) {
  return year.truth.accounts[{oid, exchange.oid}];
}

proto::DataDigest numbered_digest(GeneratorYearPlan& year, const std::string& thing) {
  return generated_digest(thing + " " + std::to_string(year.seed) + " " +
                          std::to_string(++year.truth.counts[thing]));
}

Signers money_keys(const GeneratedOrganisation& organisation) {
  return {&organisation.finance(), &organisation.finance_2()};
}

void pay_in(GeneratorYearPlan& year, const GeneratedOrganisation& buyer,
            const GeneratedOrganisation& exchange, std::int64_t amount_minor) {
  proto::FundsIn body;
  body.set_oid(buyer.oid);
  body.set_exchange(exchange.oid);
  body.set_currency("CNY");
  body.set_amount_minor(amount_minor);
  *body.mutable_bank_reference() = numbered_digest(year, "bank transfers in");
  body.set_value_date_s(year.diary.now_s());
  year.diary.write(18, body, money_keys(settlement_bank(year.world, exchange)));
  if (year.truth.counts["bank transfers in"] % 12 == 1)
    year.diary.write(18, body, money_keys(settlement_bank(year.world, exchange)), Code::E_BANK_REF,
                     "a bank reference used twice");
  account(year, buyer.oid, exchange) += amount_minor;
  year.truth.banks[exchange.oid] += amount_minor;
}

void pay_out(GeneratorYearPlan& year, const GeneratedOrganisation& payee,
             const GeneratedOrganisation& exchange, std::int64_t amount_minor) {
  if (amount_minor <= 0) return;
  proto::Payout order;
  order.mutable_order()->set_payee(payee.oid);
  order.mutable_order()->set_exchange(exchange.oid);
  order.mutable_order()->set_currency("CNY");
  order.mutable_order()->set_amount_minor(amount_minor);
  *order.mutable_order()->mutable_account() = generated_digest("bank account of " + payee.oid);
  const ledger::ShortId payout = object_of(year.diary.write(29, order, money_keys(payee)));
  proto::Payout paid;
  paid.mutable_paid()->set_payout(bytes_of(payout));
  *paid.mutable_paid()->mutable_bank_reference() = numbered_digest(year, "bank transfers out");
  year.diary.write(29, paid, money_keys(settlement_bank(year.world, exchange)));
  account(year, payee.oid, exchange) -= amount_minor;
  year.truth.banks[exchange.oid] -= amount_minor;
}

ledger::ShortId ordered(GeneratorYearPlan& year, GeneratedProduct& product,
                        const GeneratedOrganisation& buyer, std::int64_t total_minor) {
  if (product.price_minor != total_minor) {
    proto::Listing price;
    price.mutable_price()->set_listing(bytes_of(product.listing));
    price.mutable_price()->set_price_minor(total_minor);
    year.diary.write(15, price, {&product.item.applicant->cdo(), &product.exchange->officer()});
    ++product.price_version;
    product.price_minor = total_minor;
  }
  proto::Order place;
  place.mutable_place()->set_listing(bytes_of(product.listing));
  place.mutable_place()->set_price_version(product.price_version);
  place.mutable_place()->set_quantity(1);
  place.mutable_place()->set_total_minor(total_minor);
  place.mutable_place()->set_purpose("research");
  place.mutable_place()->set_open_until_s(year.diary.now_s() + 5 * kDay);
  if (++year.truth.counts["orders"] % 10 == 1 && product.price_version > 1) {
    proto::Order late = place;
    late.mutable_place()->set_price_version(product.price_version - 1);
    year.diary.write(16, late, {&buyer.officer()}, Code::E_PRICE_CHANGED, "an order at an old price");
  }
  const ledger::ShortId order = object_of(year.diary.write(16, place, {&buyer.officer()}));
  proto::Order accept;
  accept.mutable_accept()->set_order(bytes_of(order));
  year.diary.write(16, accept, {&product.item.applicant->cdo()});
  return order;
}

proto::Contract contract_body(GeneratorYearPlan& year, const ledger::ShortId& order,
                              const std::vector<std::int64_t>& milestones) {
  proto::Contract body;
  proto::ContractSign& sign = *body.mutable_sign();
  const std::int64_t now_s = year.diary.now_s();
  sign.set_order(bytes_of(order));
  proto::LicenceTerms& licence = *sign.mutable_licence();
  licence.add_acts(proto::LICENCE_ACT_QUERY);
  licence.add_acts(proto::LICENCE_ACT_DOWNLOAD);
  licence.add_purposes("research");
  licence.set_from_s(now_s);
  licence.set_to_s(now_s + 365 * kDay);
  licence.set_exclusivity(proto::EXCLUSIVITY_NONE);
  licence.add_modes(proto::DELIVERY_MODE_FILE);
  for (const std::int64_t amount_minor : milestones) {
    proto::Milestone& milestone = *sign.add_milestones();
    milestone.set_n(static_cast<std::uint32_t>(sign.milestones_size()));
    milestone.set_amount_minor(amount_minor);
    milestone.set_trigger(proto::MILESTONE_TRIGGER_DELIVERY);
    milestone.set_due_s(now_s + (20 + kNextMilestoneDays * sign.milestones_size()) * kDay);
    sign.set_total_minor(sign.total_minor() + amount_minor);
  }
  sign.set_acceptance_days(kDeemedDays);
  sign.set_forum(all_of_kind(year.world, proto::ORG_KIND_ARBITRATOR).front()->oid);
  *sign.mutable_text() = numbered_digest(year, "contracts on the exchange");
  return body;
}

// What the engine gives to everybody, and takes from them, moves in their accounts; the parts.
std::map<std::string, std::int64_t> post_income(GeneratorYearPlan& year,
                                                const GeneratedOrganisation& exchange,
                                                const std::function<void()>& happen) {
  std::map<std::string, std::int64_t> parts;
  for (const auto& [oid, total] : year.posted.totals()) parts[oid] = -static_cast<std::int64_t>(total);
  happen();  // who comes to nothing has no total any more
  for (const auto& [oid, total] : year.posted.totals()) parts[oid] += static_cast<std::int64_t>(total);
  std::erase_if(parts, [](const auto& part) { return part.second == 0; });
  for (const auto& [oid, part] : parts) account(year, oid, exchange) += part;
  return parts;
}

void give_back(GeneratorYearPlan& year, const Trade& trade, const ledger::ShortId& event,
               std::int64_t amount_minor) {
  proto::Refund body;
  body.set_event(bytes_of(event));
  body.set_amount_minor(amount_minor);
  body.set_reason(proto::REFUND_REASON_AGREED);
  const GeneratedOrganisation& exchange = *trade.product->exchange;
  const crypto::Digest record =
      year.diary.write(24, body, {&seller_of(trade).finance(), &exchange.finance()});
  (void)post_income(year, exchange, [&] {
    [[maybe_unused]] const auto refunded =
        year.posted.give_back(bytes_of(object_of(record)), bytes_of(event), amount_minor);
    assert(refunded && "what is left of the event is more");
  });
  account(year, trade.buyer->oid, exchange) += amount_minor;
  year.truth.refunded_minor += amount_minor;
  ++year.truth.counts["refunds"];
}

void settle(GeneratorYearPlan& year, const Trade& trade, std::size_t milestone, std::int64_t accepted_at_s) {
  const GeneratedOrganisation& exchange = *trade.product->exchange;
  const std::int64_t amount_minor = trade.milestones[milestone];
  proto::Settle body;
  body.set_contract(bytes_of(trade.contract));
  body.set_milestone(static_cast<std::uint32_t>(milestone + 1));
  body.set_amount_minor(amount_minor);
  *body.mutable_invoice() = numbered_digest(year, "invoices");
  const ledger::ShortId event = object_of(year.diary.write(23, body, {&exchange.finance()}));
  auto parts = post_income(year, exchange, [&] {
    [[maybe_unused]] const auto sold = year.posted.sell(
        bytes_of(event), {ledger::product_name(trade.product->item.id), accepted_at_s, amount_minor});
    assert(sold && "the cascade was checked when the contract was signed");
  });
  const std::int64_t sellers_part = parts[seller_of(trade).oid];
  year.truth.settled_minor += amount_minor;
  ++year.truth.counts["settlements"];
  const std::uint64_t drawn = year.draw.below(1'000);
  if (drawn < 60) {
    const std::int64_t back_minor = drawn < 15 ? amount_minor : amount_minor / 3 + 1;
    year.days_later(7, [&year, trade, event, back_minor] { give_back(year, trade, event, back_minor); });
    return;
  }
  year.days_later(kPayoutDays, [&year, trade, sellers_part] {
    pay_out(year, seller_of(trade), *trade.product->exchange, sellers_part);
  });
}

proto::Delivery delivery_body(const Trade& trade, std::size_t milestone) {
  proto::Delivery body;
  body.set_contract(bytes_of(trade.contract));
  body.set_milestone(static_cast<std::uint32_t>(milestone + 1));
  return body;
}

proto::Delivery start_body(const Trade& trade, std::size_t milestone) {
  proto::Delivery body = delivery_body(trade, milestone);
  body.mutable_start()->set_mode(proto::DELIVERY_MODE_FILE);
  body.mutable_start()->set_environment(proto::DELIVERY_ENVIRONMENT_PLAIN);
  body.mutable_start()->set_provider_process("out-1");
  body.mutable_start()->set_consumer_process("in-1");
  return body;
}

void deliver(GeneratorYearPlan& year, const Trade& trade, std::size_t milestone) {
  year.diary.write(20, start_body(trade, milestone), {&seller_of(trade).officer()});
  proto::Delivery complete = delivery_body(trade, milestone);
  *complete.mutable_complete()->mutable_content() = numbered_digest(year, "deliveries");
  year.diary.write(20, complete, {&seller_of(trade).officer()});
  if (year.draw.below(100) < 18) {  // nobody says a word
    const std::int64_t deemed_s = year.diary.now_s() + kDeemedDays * kDay;
    ++year.truth.counts["deemed acceptances"];
    year.at_time(deemed_s + kDay,
                 [&year, trade, milestone, deemed_s] { settle(year, trade, milestone, deemed_s); });
    return;
  }
  year.days_later(kAcceptDays, [&year, trade, milestone] {
    proto::Acceptance body;
    body.set_contract(bytes_of(trade.contract));
    body.set_milestone(static_cast<std::uint32_t>(milestone + 1));
    body.mutable_accept()->set_score_ppm(static_cast<std::uint32_t>(year.draw.between(700'000, 1'000'000)));
    year.diary.write(22, body, {&trade.buyer->officer()});
    const std::int64_t accepted_s = year.diary.now_s();
    year.days_later(1, [&year, trade, milestone, accepted_s] { settle(year, trade, milestone, accepted_s); });
  });
}

void hold(GeneratorYearPlan& year, const Trade& trade, std::size_t milestone) {
  const GeneratedOrganisation& exchange = *trade.product->exchange;
  pay_in(year, *trade.buyer, exchange, trade.milestones[milestone]);
  proto::Hold body;
  body.mutable_place()->set_contract(bytes_of(trade.contract));
  body.mutable_place()->set_milestone(static_cast<std::uint32_t>(milestone + 1));
  body.mutable_place()->set_amount_minor(trade.milestones[milestone]);
  body.mutable_place()->set_expires_s(year.diary.now_s() + 200 * kDay);
  if (++year.truth.counts["holds"] % 12 == 1)
    year.diary.write(20, start_body(trade, milestone), {&seller_of(trade).officer()}, Code::E_NOT_FUNDED,
                     "a delivery before the money is held");
  year.diary.write(19, body, money_keys(*trade.buyer));
  account(year, trade.buyer->oid, exchange) -= trade.milestones[milestone];
  year.days_later(kDeliverDays, [&year, trade, milestone] { deliver(year, trade, milestone); });
}

}  // namespace

bool trade(GeneratorYearPlan& year, std::int64_t total_minor) {
  std::vector<GeneratedProduct*> listed;
  for (GeneratedProduct& product : year.products) {
    if (product.price_version > 0) listed.push_back(&product);
  }
  if (listed.empty()) return false;
  GeneratedProduct& product = *year.draw.pick(listed);
  std::vector<const GeneratedOrganisation*> buyers;
  for (const GeneratedOrganisation* buyer : all_of_kind(year.world, proto::ORG_KIND_BUYER)) {
    if (buyer->admitted_by.empty() || buyer->admitted_by == product.exchange->oid) buyers.push_back(buyer);
  }
  Trade made;
  made.product = &product;
  made.buyer = &pick_other(year, buyers, {product.item.applicant->oid});
  made.milestones = cut_milestones(year.draw, total_minor, false);
  const ledger::ShortId order = ordered(year, product, *made.buyer, total_minor);
  const Signers three{&product.item.applicant->officer(), &made.buyer->officer(),
                      &product.exchange->officer()};
  made.contract = object_of(year.diary.write(17, contract_body(year, order, made.milestones), three));
  ++year.truth.counts["contracts"];
  for (std::size_t at = 0; at < made.milestones.size(); ++at) {
    year.days_later(kPayInDays + static_cast<std::int64_t>(at) * kNextMilestoneDays,
                    [&year, made, at] { hold(year, made, at); });
  }
  return true;
}

}  // namespace circula::cli
