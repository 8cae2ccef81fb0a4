// The trade path: contract, hold, delivery, acceptance, settlement, refund (records 17, 19, 20, 22, 23, 24 on
// the exchange).
#include "tests/ledger/trade_deals.h"

namespace circula::ledger::testing {
namespace {

class TradePathSteps : public TradeDeals {};

TEST_F(TradePathSteps, goes_from_contract_to_the_money_of_all_payees) {
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

TEST_F(TradePathSteps, each_step_waits_for_the_one_before) {
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

TEST_F(TradePathSteps, each_step_has_its_signer) {
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

TEST_F(TradePathSteps, what_is_settled_below_the_hold_goes_back_to_the_buyer) {
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

TEST_F(TradePathSteps, what_is_accepted_is_ended_by_all_three) {
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

TEST_F(TradePathSteps, a_silent_buyer_has_accepted_after_the_days) {
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

TEST_F(TradePathSteps, a_rejected_delivery_is_cured_or_ends_the_contract) {
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

TEST_F(TradePathSteps, the_seller_settles_when_the_exchange_does_not) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(submit(chain_.exchange_settle_spec("provider", id, 1, 1'000)), "E_POLICY");
  days(7);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("provider", id, 1, 1'000)), "E_OK");
}

TEST_F(TradePathSteps, one_side_ends_what_the_other_does_not_do) {
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
TEST_F(TradePathSteps, the_licence_ends_with_a_contract_under_which_nothing_was_accepted) {
  const ShortId id = contract();
  chain_.must(chain_.hold_spec("buyer", id, 1, 1'000));
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.reject_spec("buyer", id, 1));
  days(10);
  chain_.must(chain_.terminate_spec({"buyer"}, id));
  EXPECT_EQ(chain_.read<proto::LicenceState>(licence_key(id))->status(), proto::LICENCE_STATUS_TERMINATED);
}

TEST_F(TradePathSteps, who_is_in_default_with_one_milestone_does_not_end_the_delivery_of_another) {
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
TEST_F(TradePathSteps, what_has_ended_is_not_acknowledged) {
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

TEST_F(TradePathSteps, a_contract_signs_what_was_ordered) {
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

TEST_F(TradePathSteps, delivery_stays_within_the_licence) {
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

TEST_F(TradePathSteps, a_delivery_after_the_licence_is_refused) {
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

TEST_F(TradePathSteps, a_contract_is_amended_by_all_three_where_nothing_hangs_on_it) {
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

TEST_F(TradePathSteps, an_amendment_makes_nothing_due_before_the_licence_begins) {
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
TEST_F(TradePathSteps, settles_by_the_versions_that_the_contract_pinned) {
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

TEST_F(TradePathSteps, an_exchange_does_not_trade_where_it_settles) {
  EXPECT_EQ(submit(chain_.order_spec("exchange", sale_.listing, 1'000, 1, 1, kDay_s)), "E_BUYER");
}

TEST_F(TradePathSteps, a_deal_for_nothing_needs_no_money) {
  const OnSale open = chain_.put_on_sale("provider", "open roads", 0, all_to(chain_.oid("provider")));
  const ShortId order = chain_.ordered(open, "buyer");
  const ShortId id = chain_.made_by(chain_.sign_spec(chain_.sign_body(order, {0}), "provider", "buyer"));
  EXPECT_EQ(submit(chain_.hold_spec("buyer", id, 1, 0)), "E_AMOUNT");
  chain_.deliver("provider", id, 1);
  chain_.must(chain_.accept_spec("buyer", id, 1));
  EXPECT_EQ(status(id), proto::CONTRACT_STATUS_CLOSED);
  EXPECT_EQ(submit(chain_.exchange_settle_spec("exchange", id, 1, 1)), "E_SETTLED");
}

TEST_F(TradePathSteps, replays_to_the_same_roots) {
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
