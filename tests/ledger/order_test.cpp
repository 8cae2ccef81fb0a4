// Record 16 ORDER: what buyers ask for, and how the seller's side answers.
#include "ledger/order.h"

#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

using P = proto::OrderPlace;

class Orders : public Trade {
 protected:
  std::string by(const std::string& author, const proto::Order& body) {
    return submit(spec(author, kOrder, body));
  }
  // The outcome of the buyer's order with one thing altered.
  template <class Alter>
  std::string altered(Alter alter) {
    proto::Order body = chain_.order_body(listing_);
    alter(*body.mutable_place());
    return by("buyer", body);
  }
  proto::OrderStatus status(const ShortId& order) { return chain_.order_state(order).status(); }
  std::string at_the_exchange(const proto::Listing& body) { return submit(spec("exchange", kListing, body)); }

  ShortId listing_ = listed();
};

TEST_F(Orders, are_placed_by_a_buyer_and_accepted_by_a_seller) {
  const ShortId id = ordered(listing_);
  proto::OrderState state = chain_.order_state(id);
  EXPECT_EQ(state.buyer(), chain_.oid("buyer"));
  EXPECT_EQ(state.seller(), "");
  EXPECT_EQ(state.exchange(), chain_.oid("exchange"));
  EXPECT_EQ(state.product(), id_text(product_));
  EXPECT_EQ(state.product_version(), 1U);
  EXPECT_EQ(state.agreement(), id_text(agreement_));
  EXPECT_EQ(state.total_minor(), 500);
  EXPECT_EQ(state.currency(), "CNY");
  EXPECT_EQ(state.status(), proto::ORDER_STATUS_OPEN);
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_OK");
  state = chain_.order_state(id);
  EXPECT_EQ(state.seller(), chain_.oid("provider"));
  EXPECT_EQ(state.status(), proto::ORDER_STATUS_ACCEPTED);
  EXPECT_TRUE(can_be_contracted(state, state.open_until_s() - 1));
  EXPECT_FALSE(can_be_contracted(state, state.open_until_s()));
}

TEST_F(Orders, keep_the_form_of_their_fields) {
  const auto is_malformed = [&](auto alter) { EXPECT_EQ(altered(alter), "E_FORMAT"); };
  is_malformed([](P& place) { place.set_listing("short"); });
  is_malformed([](P& place) { place.clear_quantity(); });
  is_malformed([](P& place) { place.set_purpose("Analysis"); });
  is_malformed([](P& place) { place.set_territory("cn"); });
  is_malformed([](P& place) { place.set_territory(std::string(17, 'A')); });
  EXPECT_EQ(altered([](P& place) { place.set_territory("13812345678"); }), "E_PI_FIELD");
  EXPECT_EQ(altered([](P& place) { place.set_listing(std::string(16, 'x')); }), "E_NOT_FOUND");
  EXPECT_EQ(altered([&](P& place) { place.set_open_until_s(chain_.now_s()); }), "E_TERMS");
  EXPECT_EQ(altered([](P& place) { place.set_open_until_s(INT64_MAX); }), "E_TERMS");
  EXPECT_EQ(altered([&](P& place) { place.set_open_until_s(chain_.now_s() + 1); }), "E_OK");
  RecordSpec record = spec("buyer", kOrder, chain_.order_body(listing_));
  record.body = {0x2a, 0x00};  // field 5, an operation that this version does not know
  EXPECT_EQ(submit(record), "E_FORMAT");
  EXPECT_EQ(by("provider", chain_.accept_body(ShortId{})), "E_NOT_FOUND");
}

TEST_F(Orders, are_for_the_present_price) {
  EXPECT_EQ(altered([](P& place) { place.set_price_version(2); }), "E_PRICE_CHANGED");
  EXPECT_EQ(altered([](P& place) { place.set_total_minor(499); }), "E_AMOUNT");
  EXPECT_EQ(altered([](P& place) {
              place.set_quantity(3);
              place.set_total_minor(1'500);
            }),
            "E_OK");
  const ShortId earlier = ordered(listing_);
  EXPECT_EQ(by_both(chain_.price_body(listing_, 600)), "E_OK");
  EXPECT_EQ(altered([](P&) {}), "E_PRICE_CHANGED");
  EXPECT_EQ(altered([](P& place) {
              place.set_price_version(2);
              place.set_total_minor(600);
            }),
            "E_OK");
  EXPECT_EQ(by("provider", chain_.accept_body(earlier)), "E_OK") << "at the price it was placed at";
}

// The price changes in the block in which the order comes: what stands first counts.
TEST_F(Orders, meet_a_new_price_in_their_block) {
  const EnvelopePtr price =
      chain_.envelope({spec("provider", kListing, chain_.price_body(listing_, 600), {"exchange"})});
  const EnvelopePtr before = chain_.envelope({spec("buyer", kOrder, chain_.order_body(listing_))});
  const EnvelopePtr after = chain_.envelope({spec("buyer", kOrder, chain_.order_body(listing_))});
  const ExecutedBlock block = chain_.execute({before, price, after});
  EXPECT_EQ(name(block.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[1].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[2].error.code), "E_PRICE_CHANGED");
}

TEST_F(Orders, stay_within_the_largest_amount) {
  EXPECT_EQ(by_both(chain_.price_body(listing_, 3'000'000'000'000'000)), "E_OK");
  const auto priced = [&](std::uint32_t quantity, std::int64_t total_minor) {
    return altered([&](P& place) {
      place.set_price_version(2);
      place.set_quantity(quantity);
      place.set_total_minor(total_minor);
    });
  };
  EXPECT_EQ(priced(3, 9'000'000'000'000'000), "E_OK");
  EXPECT_EQ(priced(4, 12'000'000'000'000'000), "E_AMOUNT");
  // 3e15 x 4294967295 has the low 64 bits of this number.
  EXPECT_EQ(priced(UINT32_MAX, static_cast<std::int64_t>(3'000'000'000'000'000ULL * UINT32_MAX)), "E_AMOUNT");
}

TEST_F(Orders, are_for_a_purpose_of_the_listing) {
  EXPECT_EQ(altered([](P& place) { place.set_purpose("resale"); }), "E_PURPOSE");
  EXPECT_EQ(altered([](P& place) { place.clear_purpose(); }), "E_PURPOSE");
  EXPECT_EQ(at_the_exchange(chain_.delist_body(listing_)), "E_OK");
  proto::Listing any = listing();
  any.mutable_list()->clear_purposes();
  listing_ = listed(any);
  EXPECT_EQ(altered([](P& place) { place.set_purpose("resale"); }), "E_OK");
  EXPECT_EQ(altered([](P& place) { place.clear_purpose(); }), "E_OK");
}

TEST_F(Orders, are_not_placed_by_who_alone_could_sell) {
  EXPECT_EQ(by("provider", chain_.order_body(listing_)), "E_BUYER");
  give("vendor-b", 1);
  const ShortId id = chain_.create(spec("provider", kOrder, chain_.order_body(listing_)));
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_BUYER");
  EXPECT_EQ(submit(spec("vendor-b", kOrder, chain_.accept_body(id), {"provider"})), "E_OK");
  EXPECT_EQ(chain_.order_state(id).seller(), chain_.oid("vendor-b"));
}

TEST_F(Orders, with_a_price_need_accounts_at_the_exchange) {
  admit(chain_, "newcomer", test_oid(800));  // by the exchange
  proto::Listing elsewhere = listing();
  elsewhere.mutable_list()->set_exchange(chain_.oid("exchange-2"));
  listing_ = chain_.create(spec("provider", kListing, elsewhere, {"exchange-2"}));
  EXPECT_EQ(by("newcomer", chain_.order_body(listing_)), "E_CROSS_EXCHANGE");
  const ShortId id = ordered(listing_);
  proto::Rights body = transfer_body(chain_, product_, "provider", {}, 1);
  proto::Holder& share = *body.mutable_transfer()->add_to();
  share.set_oid(test_oid(800));
  share.set_ppm(1);
  require_ok(chain_.submit(
      spec("newcomer", kKey, addition(chain_, "newcomer.cdo", test_oid(800), proto::KEY_USAGE_CDO))));
  require_ok(chain_.submit(spec("provider.cdo", kRights, body, {"newcomer.cdo"})));
  EXPECT_EQ(submit(spec("newcomer", kOrder, chain_.accept_body(id), {"provider"})), "E_CROSS_EXCHANGE");
}

TEST_F(Orders, of_what_is_free_cost_nothing) {
  EXPECT_EQ(at_the_exchange(chain_.delist_body(listing_)), "E_OK");
  proto::Listing free = listing();
  free.mutable_list()->set_model(proto::PRICING_MODEL_FREE);
  free.mutable_list()->set_price_minor(0);
  listing_ = listed(free);
  EXPECT_EQ(altered([](P&) {}), "E_AMOUNT");
  EXPECT_EQ(altered([](P& place) {
              place.set_quantity(UINT32_MAX);
              place.clear_total_minor();
            }),
            "E_OK");
}

TEST_F(Orders, meet_a_listing_that_takes_orders) {
  const ShortId open = ordered(listing_);
  EXPECT_EQ(at_the_exchange(chain_.suspend_body(listing_)), "E_OK");
  EXPECT_EQ(altered([](P&) {}), "E_STATE");
  EXPECT_EQ(by("provider", chain_.accept_body(open)), "E_STATE");
  EXPECT_EQ(by_both(chain_.resume_body(listing_)), "E_OK");
  EXPECT_EQ(by("provider", chain_.accept_body(open)), "E_OK");
  EXPECT_EQ(at_the_exchange(chain_.delist_body(listing_)), "E_OK");
  EXPECT_EQ(altered([](P&) {}), "E_STATE");
  proto::Listing later = listing();
  later.mutable_list()->set_from_s(chain_.now_s() + 10);
  later.mutable_list()->set_to_s(chain_.now_s() + 20);
  listing_ = listed(later);
  EXPECT_EQ(altered([](P&) {}), "E_STATE") << "it has not begun";
  chain_.advance_ms(10'000);
  const ShortId last = ordered(listing_);
  chain_.advance_ms(10'000);
  EXPECT_EQ(altered([](P&) {}), "E_STATE") << "its time is over";
  EXPECT_EQ(by("provider", chain_.accept_body(last)), "E_OK") << "it came in time";
}

TEST_F(Orders, need_a_certificate_and_an_agreement_in_force) {
  const ShortId open = ordered(listing_);
  RevenueAgreement ending = all_to(chain_.oid("provider"));
  const ShortId other = chain_.sold("provider", description("Other", {of_asset(asset_)}));
  ending.effective_from_s = chain_.now_s();
  ending.effective_to_s = chain_.now_s() + 100;
  const ShortId brief = listed(chain_.listing_body(other, chain_.agree("provider", other, ending)));
  const ShortId placed = ordered(brief);
  chain_.advance_ms(100'000);
  EXPECT_EQ(by("buyer", chain_.order_body(brief)), "E_NO_AGREEMENT");
  EXPECT_EQ(by("provider", chain_.accept_body(placed)), "E_NO_AGREEMENT");
  revoke_certificate();
  EXPECT_EQ(altered([](P&) {}), "E_NOT_CERTIFIED");
  EXPECT_EQ(by("provider", chain_.accept_body(open)), "E_NOT_CERTIFIED");
}

TEST_F(Orders, are_answered_by_the_sellers_side) {
  const ShortId id = ordered(listing_);
  EXPECT_EQ(by("buyer", chain_.accept_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(submit(spec("exchange", kOrder, chain_.accept_body(id), {"provider"})), "E_NO_RIGHT")
      << "the author is the seller, and the exchange holds nothing";
  give("vendor-b", 500'000);
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_NO_RIGHT") << "half of the right";
  EXPECT_EQ(by("provider", chain_.reject_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(submit(spec("provider.finance", kOrder, chain_.accept_body(id), {"vendor-b.finance"})), "E_OK");
}

TEST_F(Orders, are_rejected_once) {
  const ShortId id = ordered(listing_);
  proto::Order body = chain_.reject_body(id);
  body.mutable_reject()->set_reason("call 13812345678");
  EXPECT_EQ(by("provider", body), "E_PI_FIELD");
  EXPECT_EQ(by("provider", chain_.reject_body(id)), "E_OK");
  EXPECT_EQ(status(id), proto::ORDER_STATUS_REJECTED);
  EXPECT_EQ(by("provider", chain_.reject_body(id)), "E_STATE");
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_STATE");
  EXPECT_EQ(by("buyer", chain_.cancel_body(id)), "E_STATE");
}

TEST_F(Orders, are_cancelled_by_the_buyer_while_open) {
  const ShortId id = ordered(listing_);
  EXPECT_EQ(by("provider", chain_.cancel_body(id)), "E_POLICY");
  // The acceptance comes second in the block.
  const EnvelopePtr cancel = chain_.envelope({spec("buyer", kOrder, chain_.cancel_body(id))});
  const EnvelopePtr accept = chain_.envelope({spec("provider", kOrder, chain_.accept_body(id))});
  const ExecutedBlock block = chain_.execute({cancel, accept});
  EXPECT_EQ(name(block.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[1].error.code), "E_STATE");
  EXPECT_EQ(status(id), proto::ORDER_STATUS_CANCELLED);
  const ShortId accepted = ordered(listing_);
  EXPECT_EQ(by("provider", chain_.accept_body(accepted)), "E_OK");
  EXPECT_EQ(by("buyer", chain_.cancel_body(accepted)), "E_STATE");
}

TEST_F(Orders, expire_when_their_time_is_over) {
  const ShortId open = ordered(listing_);
  const ShortId accepted = ordered(listing_);
  const ShortId cancelled = ordered(listing_);
  EXPECT_EQ(by("provider", chain_.accept_body(accepted)), "E_OK");
  EXPECT_EQ(by("buyer", chain_.cancel_body(cancelled)), "E_OK");
  chain_.advance_ms(86'400'000 - 1);
  chain_.tick();
  EXPECT_EQ(status(open), proto::ORDER_STATUS_OPEN);
  chain_.advance_ms(1);
  EXPECT_EQ(by("provider", chain_.accept_body(open)), "E_STATE");
  EXPECT_EQ(status(open), proto::ORDER_STATUS_EXPIRED);
  EXPECT_EQ(status(accepted), proto::ORDER_STATUS_EXPIRED);
  EXPECT_EQ(status(cancelled), proto::ORDER_STATUS_CANCELLED);
}

TEST_F(Orders, of_suspended_organisations_stand_still) {
  const auto suspend = [&](const std::string& name) {
    require_ok(chain_.submit(spec("regulator", kOrg, suspension(chain_.oid(name)))));
  };
  const auto reinstate = [&](const std::string& name) {
    require_ok(chain_.submit(spec("regulator", kOrg, reinstatement(chain_.oid(name)))));
  };
  const ShortId id = ordered(listing_);
  suspend("buyer");
  EXPECT_EQ(altered([](P&) {}), "E_ORG_SUSPENDED");
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_ORG_SUSPENDED");
  reinstate("buyer");
  suspend("exchange");
  EXPECT_EQ(altered([](P&) {}), "E_ORG_SUSPENDED") << "its exchange is suspended";
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_ORG_SUSPENDED");
  reinstate("exchange");
  suspend("provider");
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_ORG_SUSPENDED");
  EXPECT_EQ(by("buyer", chain_.cancel_body(id)), "E_OK");
}

TEST_F(Orders, for_important_data_ask_for_cdo_and_officer) {
  proto::ProductDescription what = description("Grid load", {of_asset(asset_)});
  what.set_grade(5);
  const ShortId important = chain_.sold("provider", what);
  RecordSpec agreed = chain_.by_cdos(
      kAgreement, chain_.agreement_body(important, all_to(chain_.oid("provider"))), {"provider"});
  agreed.signers = {"provider"};
  listing_ = chain_.create(spec("provider", kListing, chain_.listing_body(important, chain_.create(agreed)),
                                {"exchange", "exchange.cdo", "provider.cdo"}));
  EXPECT_EQ(by("buyer", chain_.order_body(listing_)), "E_POLICY");
  const ShortId id = chain_.create(spec("buyer", kOrder, chain_.order_body(listing_), {"buyer.cdo"}));
  EXPECT_EQ(by("provider", chain_.accept_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(submit(spec("provider", kOrder, chain_.accept_body(id), {"provider.cdo"})), "E_OK");
}

// What record 17 does with an accepted order.
TEST(AcceptedOrder, becomes_a_contract_and_does_not_expire) {
  MemoryStorage storage;
  const auto empty = State::open(storage);
  ASSERT_TRUE(empty);
  BlockState block(**empty);
  const ChainContext context;
  const Execution::Entry entry{.time_ms = 1'680'000'000'000, .record_id = {}};
  const ShortId order = ShortId::from(crypto::as_bytes("the order's id -"));
  const ShortId contract = ShortId::from(crypto::as_bytes("contract's id --"));
  proto::OrderState accepted;
  accepted.set_status(proto::ORDER_STATUS_ACCEPTED);
  accepted.set_open_until_s(1'680'000'001);
  Execution before(block, context, entry);
  before.change(order_key(order), 1602, proto::OrderAccepted(), accepted);
  before.schedule(1'680'000'001'000, order_key(order), kDueOrderOver);
  before.commit();
  ASSERT_EQ(block.changes().due.size(), 1U);

  Execution execution(block, context, entry);
  mark_contracted(execution, order, accepted, contract);
  execution.commit();
  EXPECT_FALSE(block.changes().due.begin()->second) << "nothing is due any longer";
  Execution after(block, context, entry);
  const auto state = find_order(after, id_text(order), "order");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->status(), proto::ORDER_STATUS_CONTRACTED);
  EXPECT_EQ(state->contract(), id_text(contract));
  EXPECT_FALSE(can_be_contracted(*state, after.time_s()));
}

}  // namespace
}  // namespace circula::ledger
