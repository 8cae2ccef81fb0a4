// The trade path: contract, hold, delivery, acceptance, settlement, refund (records 17, 19, 20, 22, 23, 24 on
// the exchange).
#include <gtest/gtest.h>

#include "ledger/calendar.h"
#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;

class Trade : public ::testing::Test {
 protected:
  void SetUp() override {
    RevenueAgreement terms;
    terms.rounding = Rounding::kLargestRemainder;
    terms.steps = {PercentStep{chain_.oid("exchange"), 20'000, ShareBase::kGross, 0, {}, {}},
                   SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    sale_ = chain_.put_on_sale("provider", "roads", 1'000, terms);
    chain_.fund("buyer", 10'000);
  }
  void TearDown() override { EXPECT_EQ(chain_.check_books(), ""); }

  ShortId contract(const std::vector<std::int64_t>& milestones = {1'000}) {
    std::uint32_t quantity = 0;
    for (const std::int64_t amount : milestones) quantity += static_cast<std::uint32_t>(amount / 1'000);
    const ShortId order = chain_.ordered(sale_, "buyer", quantity);
    return chain_.made_by(chain_.sign_spec(chain_.sign_body(order, milestones), "provider", "buyer"));
  }
  std::string submit(const RecordSpec& record) { return chain_.submit_name(record); }
  void days(std::uint64_t n) { chain_.advance_ms(n * kDayMs); }
  // Executes a block without records, so that due work is done.
  void tick() { (void)chain_.execute({}); }
  proto::ContractStatus status(const ShortId& id, std::uint32_t n = 1) {
    return chain_.milestone(id, n).status();
  }
  std::uint64_t open_items(const std::string& name) { return chain_.open_items(name); }

  TradeChain chain_;
  OnSale sale_;
};

TEST_F(Trade, goes_from_contract_to_the_money_of_all_payees) {
  const std::uint64_t buyer_items = open_items("buyer");
  const ShortId id = contract();
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_CONDITIONAL);
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 1'000)), "E_OK");
  EXPECT_EQ(chain_.available("buyer"), 9'000);
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 1)), "E_OK");
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_ACTIVE);
  EXPECT_EQ(submit(chain_.complete_spec("provider", id, 1)), "E_OK");
  EXPECT_EQ(submit(chain_.accept_spec("buyer", id, 1)), "E_OK");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_OK");
  EXPECT_EQ(chain_.available("exchange"), 20);
  EXPECT_EQ(chain_.available("provider"), 686);
  EXPECT_EQ(chain_.available("vendor-b"), 294);
  EXPECT_EQ(chain_.income("provider"), 686) << "income and account are two histories of the same money";
  EXPECT_EQ(chain_.read<proto::ContractState>(contract_key(id))->status(), proto::CONTRACT_STATUS_SETTLED);
  EXPECT_EQ(open_items("buyer"), buyer_items) << "nothing is open but the money that is left";
  const std::string number = chain_.milestone(id, 1).trade_certificate();
  const auto certificate = chain_.read<proto::TradeCertificateState>(trade_certificate_key(number));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->seller(), chain_.oid("provider"));
}

TEST_F(Trade, each_step_waits_for_the_one_before) {
  const ShortId id = contract();
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 1)), "E_NOT_FUNDED");
  EXPECT_EQ(submit(chain_.complete_spec("provider", id, 1)), "E_STATE");
  EXPECT_EQ(submit(chain_.accept_spec("buyer", id, 1)), "E_NOT_DELIVERED");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_NOT_ACCEPTED");
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 1'000)), "E_HOLD_EXISTS");
  chain_.must(chain_.start_spec("provider", id, 1));
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 1)), "E_STATE");
  EXPECT_EQ(submit(chain_.release_spec("buyer", id, 1)), "E_DELIVERED");
  chain_.must(chain_.complete_spec("provider", id, 1));
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.accept_spec("buyer", id, 1)), "E_STATE");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'001)), "E_EXCEEDS_HOLD");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 0)), "E_AMOUNT");
  chain_.must(chain_.exchange_settle_spec("exchange", id, 1, 1'000));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_SETTLED");
}

TEST_F(Trade, each_step_has_its_signer) {
  const ShortId id = contract();
  EXPECT_EQ(submit(chain_.hold_spec("provider", id, 1, 1'000)), "E_POLICY");
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  EXPECT_EQ(submit(chain_.release_spec("exchange", id, 1)), "E_ROLE");
  EXPECT_EQ(submit(chain_.start_spec("buyer", id, 1)), "E_POLICY");
  chain_.deliver("provider", id, 1);
  EXPECT_EQ(submit(chain_.accept_spec("provider", id, 1)), "E_POLICY");
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("buyer", id, 1, 1'000)), "E_POLICY");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange-2", id, 1, 1'000)), "E_POLICY");
}

TEST_F(Trade, what_is_settled_below_the_hold_goes_back_to_the_buyer) {
  const ShortId id = contract();
  (void)chain_.settle_whole("provider", "buyer", id, 1, 1'000);
  const ShortId other = contract();
  chain_.must(chain_.hold_spec("buyer", other, 1, 1'000));
  chain_.deliver("provider", other, 1);
  chain_.must(chain_.accept_spec("buyer", other, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", other, 1, 400)), "E_POLICY")
      << "what was accepted is the seller's money";
  days(10);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("provider", other, 1, 400)), "E_POLICY")
      << "and that of all payees of its income, when the seller settles for a late exchange";
  chain_.must(chain_.exchange_settle_spec("exchange", other, 1, 400, {"provider.finance"}));
  EXPECT_EQ(chain_.available("buyer"), 8'600);
}

TEST_F(Trade, what_is_accepted_is_ended_by_all_three) {
  const ShortId id = contract({1'000, 2'000});
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  chain_.must(chain_.terminate_spec({"buyer", "provider"}, id));
  EXPECT_EQ(status(id, 1), proto::CONTRACT_STATUS_ACCEPTED) << "its income belongs to more than two";
  EXPECT_EQ(status(id, 2), proto::CONTRACT_STATUS_TERMINATED);
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer", "exchange"}, id)), "E_POLICY");
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer", "provider", "exchange"}, id)), "E_OK");
  EXPECT_EQ(status(id, 1), proto::CONTRACT_STATUS_TERMINATED);
  EXPECT_EQ(chain_.available("buyer"), 10'000);
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_TERMINATED);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_NOT_ACCEPTED");
}

TEST_F(Trade, a_silent_buyer_has_accepted_after_the_days) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  const std::int64_t until_s = chain_.milestone(id, 1).accept_until_s();
  days(7);
  tick();
  EXPECT_EQ(status(id), proto::CONTRACT_STATUS_ACCEPTED);
  EXPECT_TRUE(chain_.milestone(id, 1).deemed());
  EXPECT_EQ(chain_.milestone(id, 1).accepted_at_s(), until_s) << "the legal time is the due time";
  EXPECT_EQ(submit(chain_.reject_spec("buyer", id, 1)), "E_LATE");
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_OK");
}

TEST_F(Trade, a_rejected_delivery_is_cured_or_ends_the_contract) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.reject_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_NOT_ACCEPTED");
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer"}, id)), "E_POLICY") << "ten days to deliver again";
  chain_.must(chain_.complete_spec("provider", id, 1));
  chain_.must(chain_.reject_spec("buyer", id, 1));
  days(10);
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer"}, id)), "E_OK");
  EXPECT_EQ(status(id), proto::CONTRACT_STATUS_TERMINATED);
  EXPECT_EQ(chain_.available("buyer"), 10'000);
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer", "provider"}, id)), "E_STATE");
}

TEST_F(Trade, a_hold_expires_before_delivery_and_never_after_it_has_started) {
  const ShortId id = contract({1'000, 1'000});
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.must(chain_.hold_spec("buyer", id, 2, 1'000));
  chain_.must(chain_.start_spec("provider", id, 1));
  days(120);
  tick();
  EXPECT_EQ(chain_.available("buyer"), 9'000) << "the second milestone's money is back";
  EXPECT_EQ(status(id, 2), proto::CONTRACT_STATUS_SIGNED);
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 2)), "E_NOT_FUNDED");
  EXPECT_EQ(submit(chain_.complete_spec("provider", id, 1)), "E_OK");
  days(400);
  tick();
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_OK");
}

TEST_F(Trade, a_hold_lasts_until_the_last_acceptance_can_be) {
  const ShortId id = contract();
  RecordSpec early = chain_.hold_spec("buyer", id, 1, 1'000);
  proto::Hold body;
  body.ParseFromArray(early.body.data(), static_cast<int>(early.body.size()));
  body.mutable_place()->set_expires_s(chain_.milestone(id, 1).due_s() + 12 * kDay_s - 1);
  early.body = serialise_canonical(body);
  EXPECT_EQ(submit(early), "E_TIME");
  body.mutable_place()->set_expires_s(body.place().expires_s() + 1);
  early.body = serialise_canonical(body);
  EXPECT_EQ(submit(early), "E_OK");
}

TEST_F(Trade, a_hold_is_the_milestones_amount_and_the_buyers_money) {
  const ShortId id = contract({5'000, 6'000});
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 4'999)), "E_AMOUNT");
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 3, 5'000)), "E_NOT_FOUND");
  chain_.must(chain_.hold_spec("buyer", id, 1, 5'000));
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 2, 6'000)), "E_FUNDS");
  chain_.must(chain_.release_spec("provider", id, 1));
  EXPECT_EQ(chain_.available("buyer"), 10'000);
  EXPECT_EQ(submit(chain_.release_spec("buyer", id, 1)), "E_NOT_FUNDED");
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 2, 6'000)), "E_OK");
}

TEST_F(Trade, the_seller_settles_when_the_exchange_does_not) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("provider", id, 1, 1'000)), "E_POLICY");
  days(7);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("provider", id, 1, 1'000)), "E_OK");
}

TEST_F(Trade, one_side_ends_what_the_other_does_not_do) {
  const ShortId unpaid = contract();
  EXPECT_EQ(submit(chain_.terminate_spec({"provider"}, unpaid)), "E_POLICY");
  EXPECT_EQ(submit(chain_.terminate_spec({"exchange"}, unpaid)), "E_ROLE");
  days(10);
  EXPECT_EQ(submit(chain_.terminate_spec({"provider"}, unpaid)), "E_OK") << "due, and nothing was paid in";
  const ShortId started = contract();
  chain_.must(chain_.hold_spec("buyer", started, 1, 1'000));
  chain_.must(chain_.start_spec("provider", started, 1));
  days(10);
  EXPECT_EQ(submit(chain_.terminate_spec({"provider"}, started)), "E_POLICY");
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer"}, started)), "E_OK") << "started, and never completed";
  EXPECT_EQ(chain_.available("buyer"), 10'000);
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(unpaid))->status(),
            proto::LICENCE_STATUS_TERMINATED);
}

// The licence was active, and the buyer has its money again.
TEST_F(Trade, the_licence_ends_with_a_contract_under_which_nothing_was_accepted) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.reject_spec("buyer", id, 1));
  days(10);
  chain_.must(chain_.terminate_spec({"buyer"}, id));
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_TERMINATED);
}

TEST_F(Trade, who_is_in_default_with_one_milestone_does_not_end_the_delivery_of_another) {
  const ShortId id = contract({1'000, 2'000});
  chain_.must(chain_.hold_spec("buyer", id, 2, 2'000));
  chain_.must(chain_.start_spec("provider", id, 2));
  proto::MilestoneState unpaid = chain_.milestone(id, 1);
  while (chain_.now_s() < unpaid.due_s()) days(1);
  ASSERT_LT(chain_.now_s(), chain_.milestone(id, 2).due_s()) << "the second is not late";
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer"}, id)), "E_OK");
  EXPECT_EQ(status(id, 1), proto::CONTRACT_STATUS_TERMINATED);
  EXPECT_EQ(status(id, 2), proto::CONTRACT_STATUS_DELIVERING);
  EXPECT_EQ(chain_.available("buyer"), 8'000);
  EXPECT_EQ(submit(chain_.terminate_spec({"buyer", "provider"}, id)), "E_OK");
  EXPECT_EQ(chain_.available("buyer"), 10'000);
}

// It would have freed the parties a second time.
TEST_F(Trade, what_has_ended_is_not_acknowledged) {
  const std::uint64_t buyer_items = open_items("buyer");
  const ShortId id = contract();
  const ShortId open = contract();
  proto::Delivery body;
  body.set_contract(id_text(id));
  body.set_milestone(1);
  body.mutable_acknowledge();
  EXPECT_EQ(submit(chain_.delivery_spec("buyer", body)), "E_NOT_DELIVERED");
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  EXPECT_EQ(submit(chain_.delivery_spec("buyer", body)), "E_OK");
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.delivery_spec("buyer", body)), "E_OK");
  chain_.must(chain_.exchange_settle_spec("exchange", id, 1, 1'000));
  EXPECT_EQ(submit(chain_.delivery_spec("buyer", body)), "E_STATE");
  EXPECT_EQ(open_items("buyer"), buyer_items + 1) << "the other contract";
  chain_.must(chain_.terminate_spec({"buyer", "provider"}, open));
}

TEST_F(Trade, a_contract_signs_what_was_ordered) {
  const ShortId order = chain_.ordered(sale_, "buyer", 2);
  const auto outcome = [&](const std::function<void(proto::ContractSign&)>& change) {
    proto::Contract body = chain_.sign_body(order, {2'000});
    change(*body.mutable_sign());
    return submit(chain_.sign_spec(body, "provider", "buyer"));
  };
  EXPECT_EQ(outcome([](auto& sign) {
              sign.mutable_milestones(0)->set_amount_minor(1'999);
              sign.set_total_minor(1'999);
            }),
            "E_TERMS");
  EXPECT_EQ(outcome([](auto& sign) { sign.set_total_minor(2'001); }), "E_SCHEDULE_SUM");
  EXPECT_EQ(outcome([](auto& sign) { sign.set_acceptance_days(0); }), "E_TERMS");
  EXPECT_EQ(outcome([](auto& sign) { sign.mutable_licence()->set_purposes(0, "resale"); }), "E_PURPOSE");
  EXPECT_EQ(outcome([](auto& sign) { sign.mutable_licence()->add_territory("31"); }), "E_SCOPE_EXCEEDS");
  EXPECT_EQ(
      outcome([](auto& sign) { sign.mutable_licence()->set_exclusivity(proto::EXCLUSIVITY_EXCLUSIVE); }),
      "E_EXCLUSIVE");
  EXPECT_EQ(outcome([](auto& sign) { sign.mutable_licence()->set_onward_depth(1); }), "E_NO_SUBLICENCE");
  EXPECT_EQ(outcome([&](auto& sign) { sign.set_forum(chain_.oid("broker")); }), "E_ROLE");
  EXPECT_EQ(outcome([&](auto& sign) { sign.mutable_milestones(0)->set_due_s(chain_.now_s()); }), "E_TERMS");
  EXPECT_EQ(outcome([&](auto& sign) { sign.mutable_licence()->set_from_s(sign.milestones(0).due_s()); }),
            "E_TERMS")
      << "nothing could be delivered by then";
  EXPECT_EQ(outcome([](auto& sign) { sign.mutable_milestones(0)->set_due_s(0); }), "E_FORMAT");
  proto::Contract body = chain_.sign_body(order, {2'000});
  EXPECT_EQ(submit(spec("provider", kContract, body, {"buyer"})), "E_POLICY") << "the exchange signs, too";
  EXPECT_EQ(submit(chain_.sign_spec(body, "provider", "buyer")), "E_OK");
  EXPECT_EQ(submit(chain_.sign_spec(chain_.sign_body(order, {2'000}), "provider", "buyer")), "E_STATE");
}

TEST_F(Trade, delivery_stays_within_the_licence) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  proto::Delivery body;
  body.set_contract(id_text(id));
  body.set_milestone(1);
  body.mutable_start()->set_mode(proto::DELIVERY_MODE_API);
  body.mutable_start()->set_environment(proto::DELIVERY_ENVIRONMENT_PLAIN);
  body.mutable_start()->set_provider_process("out-1");
  body.mutable_start()->set_consumer_process("in-1");
  EXPECT_EQ(submit(chain_.delivery_spec("provider", body)), "E_SCOPE_EXCEEDS");
  days(365);
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 1)), "E_NOT_FUNDED");
  proto::Delivery digestless;
  digestless.set_contract(id_text(id));
  digestless.set_milestone(1);
  digestless.mutable_complete();
  EXPECT_EQ(submit(chain_.delivery_spec("provider", digestless)), "E_DIGEST");
}

TEST_F(Trade, a_delivery_after_the_licence_is_refused) {
  const ShortId id = contract();
  RecordSpec hold = chain_.hold_spec("buyer", id, 1, 1'000);
  proto::Hold body;
  body.ParseFromArray(hold.body.data(), static_cast<int>(hold.body.size()));
  body.mutable_place()->set_expires_s(chain_.now_s() + 500 * kDay_s);
  hold.body = serialise_canonical(body);
  chain_.must(hold);
  days(365);
  EXPECT_EQ(submit(chain_.start_spec("provider", id, 1)), "E_LICENCE_INACTIVE");
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_ENDED);
}

TEST_F(Trade, a_contract_is_amended_by_all_three_where_nothing_hangs_on_it) {
  const ShortId id = contract({1'000, 1'000});
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  const auto outcome = [&](std::int64_t first, std::int64_t second, std::vector<std::string> more) {
    proto::Contract body;
    proto::ContractAmend& amend = *body.mutable_amend();
    amend.set_contract(id_text(id));
    for (const std::int64_t amount : {first, second}) {
      proto::Milestone& milestone = *amend.add_milestones();
      milestone.set_n(static_cast<std::uint32_t>(amend.milestones_size()));
      milestone.set_amount_minor(amount);
      milestone.set_trigger(proto::MILESTONE_TRIGGER_DELIVERY);
      milestone.set_due_s(chain_.milestone(id, milestone.n()).due_s());
      amend.set_total_minor(amend.total_minor() + amount);
    }
    return submit(spec("provider", kContract, body, std::move(more)));
  };
  EXPECT_EQ(outcome(900, 1'000, {"buyer", "exchange"}), "E_TERMS") << "money is held for the first";
  EXPECT_EQ(outcome(1'000, 700, {"buyer"}), "E_POLICY");
  EXPECT_EQ(outcome(1'000, 700, {"buyer", "exchange"}), "E_OK");
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 2, 700)), "E_OK");
}

TEST_F(Trade, an_amendment_makes_nothing_due_before_the_licence_begins) {
  proto::Contract body = chain_.sign_body(chain_.ordered(sale_, "buyer"), {1'000});
  const std::int64_t from_s = chain_.now_s() + 5 * kDay_s;
  body.mutable_sign()->mutable_licence()->set_from_s(from_s);
  const ShortId id = chain_.made_by(chain_.sign_spec(body, "provider", "buyer"));
  const auto outcome = [&](std::int64_t due_s) {
    proto::Contract change;
    proto::ContractAmend& amend = *change.mutable_amend();
    amend.set_contract(id_text(id));
    *amend.add_milestones() = body.sign().milestones(0);
    amend.mutable_milestones(0)->set_due_s(due_s);
    amend.set_total_minor(1'000);
    return submit(spec("provider", kContract, change, {"buyer", "exchange"}));
  };
  EXPECT_EQ(outcome(from_s), "E_TERMS");
  EXPECT_EQ(outcome(from_s + 1), "E_OK");
}

// The agreement ends, or another version comes: what was sold is settled by what was signed.
TEST_F(Trade, settles_by_the_versions_that_the_contract_pinned) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  days(1);
  chain_.next_version("provider", sale_.agreement, sale_.product, 2, all_to(chain_.oid("provider")));
  days(1);
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1'000)), "E_OK");
  EXPECT_EQ(chain_.available("vendor-b"), 294);
}

// records.md 3.3, and "what must not break it": the vendor's next income pays the buyer first.
TEST_F(Trade, a_refund_takes_what_is_there_and_the_rest_is_owed) {
  const ShortId first = contract();
  const ShortId event = chain_.settle_whole("provider", "buyer", first, 1, 1'000);
  chain_.pay_out("provider", 686);
  EXPECT_EQ(submit(chain_.exchange_refund_spec("provider", event, 1'000)), "E_OK");
  EXPECT_EQ(chain_.available("buyer"), 9'000 + 20 + 294);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 686);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 686);
  EXPECT_EQ(submit(chain_.payout_spec("buyer", 10'000)), "E_FUNDS") << "what is owed is not money";
  EXPECT_EQ(submit(chain_.payout_spec("provider", 1)), "E_CLAWBACK");
  EXPECT_EQ(chain_.check_books(), "");
  (void)chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 0);
  EXPECT_EQ(chain_.available("provider"), 0);
  EXPECT_EQ(chain_.available("buyer"), 9'314 - 1'000 + 686);
  EXPECT_EQ(submit(chain_.exchange_refund_spec("provider", event, 1)), "E_REFUND_EXCEEDS");
}

// What each payee was given is not for the buyer to know.
TEST_F(Trade, a_refund_is_one_line_in_the_buyers_account) {
  const ShortId event = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  const std::uint64_t lines = chain_.account("avail", "buyer").lines();
  chain_.must(chain_.exchange_refund_spec("provider", event, 500));
  EXPECT_EQ(chain_.account("avail", "buyer").lines(), lines + 1);
  EXPECT_EQ(chain_.available("buyer"), 9'500);
}

TEST_F(Trade, an_exchange_does_not_trade_where_it_settles) {
  EXPECT_EQ(submit(chain_.order_spec("exchange", sale_.listing, 1'000, 1, 1, kDay_s)), "E_BUYER");
}

// Money is not held for what can no longer be delivered, nor for a date that a hold cannot outlive.
TEST_F(Trade, a_hold_needs_a_licence_that_runs) {
  const ShortId order = chain_.ordered(sale_, "buyer");
  proto::Contract body = chain_.sign_body(order, {1'000});
  body.mutable_sign()->mutable_licence()->set_to_s(chain_.now_s() + 20 * kDay_s);
  const ShortId id = chain_.made_by(chain_.sign_spec(body, "provider", "buyer"));
  days(20);
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 1'000)), "E_LICENCE_INACTIVE");
  proto::Contract late = chain_.sign_body(chain_.ordered(sale_, "buyer"), {1'000});
  late.mutable_sign()->mutable_licence()->set_to_s(kTimeMax);
  late.mutable_sign()->mutable_milestones(0)->set_due_s(kTimeMax - 90 * kDay_s);
  EXPECT_EQ(submit(chain_.sign_spec(late, "provider", "buyer")), "E_FORMAT");
}

TEST_F(Trade, the_guarantee_fund_advances_and_gets_it_back) {
  chain_.feed_guarantee_fund(500);
  const ShortId event = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  chain_.pay_out("provider", 686);
  chain_.must(chain_.exchange_refund_spec("provider", event, 1'000));
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 186);
  EXPECT_EQ(chain_.available("buyer"), 9'000 + 20 + 294 + 500);
  chain_.fund("provider", 100);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 86) << "the buyer before the fund";
  chain_.fund("provider", 700);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 500);
  EXPECT_EQ(chain_.available("provider"), 114);
}

// A debtor's debtor: what reaches the vendor goes on to the buyer, by way of who was owed in between.
TEST_F(Trade, money_goes_through_a_chain_of_debts) {
  const ShortId first = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  chain_.pay_out("vendor-b", 294);
  chain_.must(chain_.exchange_refund_spec("provider", first, 1'000));  // vendor-b owes the buyer 294
  chain_.fund("vendor-b", 1'294);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "vendor-b"), 0) << "paying in fills it, too";
  const ShortId order = chain_.ordered(sale_, "vendor-b");
  const ShortId second =
      chain_.made_by(chain_.sign_spec(chain_.sign_body(order, {1'000}), "provider", "vendor-b"));
  const ShortId event = chain_.settle_whole("provider", "vendor-b", second, 1, 1'000);
  chain_.pay_out("provider", chain_.available("provider"));
  chain_.pay_out("vendor-b", chain_.available("vendor-b"));
  chain_.must(chain_.exchange_refund_spec("provider", event, 1'000));  // the provider owes vendor-b
  const std::int64_t to_vendor = chain_.balance(AccountKind::kDue, "vendor-b");
  ASSERT_GT(to_vendor, 0);
  EXPECT_EQ(chain_.check_books(), "");
  chain_.fund("provider", to_vendor + 7);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "vendor-b"), 0);
  EXPECT_EQ(chain_.available("provider"), 7);
}

// Record 28 where the agreement's income is dealt in on an exchange: the guarantor pays out of its account.
TEST_F(Trade, a_guarantee_is_posted_and_what_is_missing_is_owed) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps = {SplitStep{{part(chain_.oid("provider"), 900'000), part(chain_.oid("merchant"), 100'000)}}};
  terms.guarantees = {Guarantee{chain_.oid("merchant"), chain_.oid("provider"), 2'000}};
  chain_.feed_guarantee_fund(500);
  const OnSale sale = chain_.put_on_sale("provider", "guaranteed roads", 1'000, terms);
  const ShortId id = chain_.signed_contract(sale, "provider", "buyer", {1'000});
  (void)chain_.settle_whole("provider", "buyer", id, 1, 1'000);
  EXPECT_EQ(chain_.available("merchant"), 100);
  const std::int64_t day_s = chain_.now_s() - (chain_.now_s() + 8 * 3'600) % kDay_s;
  days(1);
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s, day_s + kDay_s));
  EXPECT_EQ(chain_.available("merchant"), 1'000) << "100 earned; 900 were there of the 1,900 that it lacked";
  EXPECT_EQ(chain_.available("provider"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 1'000);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "merchant"), 1'000);
  EXPECT_EQ(chain_.income("merchant"), 2'000) << "income is what was agreed; the account is what is there";
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 500) << "the exchange has signed none of this";
}

TEST_F(Trade, of_two_holds_in_one_block_the_money_is_there_for_one) {
  const ShortId first = contract({6'000}), second = contract({6'000});
  const auto executed = chain_.execute({chain_.envelope({chain_.hold_spec("buyer", first, 1, 6'000)}),
                                        chain_.envelope({chain_.hold_spec("buyer", second, 1, 6'000)})});
  EXPECT_EQ(name(executed.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(executed.outcomes[1].error.code), "E_FUNDS");
}

TEST_F(Trade, a_deal_for_nothing_needs_no_money) {
  const OnSale open = chain_.put_on_sale("provider", "open roads", 0, all_to(chain_.oid("provider")));
  const ShortId order = chain_.ordered(open, "buyer");
  const ShortId id = chain_.made_by(chain_.sign_spec(chain_.sign_body(order, {0}), "provider", "buyer"));
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 0)), "E_AMOUNT");
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(status(id), proto::CONTRACT_STATUS_CLOSED);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1)), "E_SETTLED");
}

TEST_F(Trade, replays_to_the_same_roots) {
  (void)chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  days(40);
  tick();
  MemoryStorage state, index;
  const auto again = chain_.replay(state, index);
  EXPECT_EQ(again->state_root(), chain_.ledger().state_root());
  EXPECT_EQ(again->position().log.root(), chain_.ledger().position().log.root());
}

}  // namespace
}  // namespace circula::ledger::testing
