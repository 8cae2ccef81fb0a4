// Holds: the buyer's money for a milestone (record 19).
#include "ledger/calendar.h"
#include "tests/ledger/trade_deals.h"

namespace circula::ledger::testing {
namespace {

class Holds : public TradeDeals {};

TEST_F(Holds, a_hold_expires_before_delivery_and_never_after_it_has_started) {
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

TEST_F(Holds, a_hold_lasts_until_the_last_acceptance_can_be) {
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

TEST_F(Holds, a_hold_is_the_milestones_amount_and_the_buyers_money) {
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

// Money is not held for what can no longer be delivered, nor for a date that a hold cannot outlive.
TEST_F(Holds, a_hold_needs_a_licence_that_runs) {
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

TEST_F(Holds, of_two_holds_in_one_block_the_money_is_there_for_one) {
  const ShortId first = contract({6'000}), second = contract({6'000});
  const auto executed = chain_.execute({chain_.envelope({chain_.hold_spec("buyer", first, 1, 6'000)}),
                                        chain_.envelope({chain_.hold_spec("buyer", second, 1, 6'000)})});
  EXPECT_EQ(name(executed.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(executed.outcomes[1].error.code), "E_FUNDS");
}

}  // namespace
}  // namespace circula::ledger::testing
