#include "ledger/account_statement.h"

#include <gtest/gtest.h>

#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {
namespace {

constexpr std::uint64_t kDay_ms = 86'400'000;
constexpr std::uint64_t kForEver = ~0ULL;

// The buyer pays in 1,000 and has 600 of it held; the provider is given them and pays 100 out.
class AccountStatements : public ::testing::Test {
 protected:
  void SetUp() override {
    const OnSale sale = chain_.put_on_sale("provider", "Index", 1'000, all_to(chain_.oid("provider")));
    const ShortId contract = chain_.signed_contract(sale, "provider", "buyer", {600, 400});
    chain_.fund("buyer", 1'000);
    next_day();
    event_ = chain_.settle_whole("provider", "buyer", contract, 1, 600);
    next_day();
    chain_.pay_out("provider", 100);
  }
  void next_day() {
    chain_.set_time_ms(chain_.time_ms() + kDay_ms);
    days_ms_.push_back(chain_.time_ms());
  }
  std::vector<StatementRow> rows(const std::string& name, AccountKind kind = AccountKind::kAvailable) {
    std::vector<StatementRow> result;
    const LogIndex& index = chain_.ledger().index();
    const SubjectKey key = account_key(kind, chain_.oid(name), {chain_.oid("exchange"), "CNY"});
    for (const HistoryRow& row : *index.history(key, 0, 1'000)) {
      const auto entry = index.entry(row.log_index);
      const auto block = index.block((*entry)->height());
      result.push_back({row.seq, row.log_index, (*block)->time_ms(), row.effect});
    }
    return result;
  }

  TradeChain chain_;
  ShortId event_{};
  std::vector<std::uint64_t> days_ms_;
};

std::string failure(const Result<AccountStatement>& statement) {
  return statement ? "E_OK" : std::string(name(statement.error().code)) + " " + statement.error().field;
}

// A row whose effect says something else.
template <class Change>
void alter(StatementRow& row, const Change& change) {
  Effect effect = *decode_effect(row.effect);
  auto posted = *parse_canonical<proto::Posted>(crypto::as_bytes(effect.fields));
  change(effect, posted);
  effect.fields = std::string(crypto::as_text(serialise_canonical(posted)));
  row.effect = encode(effect);
}

TEST_F(AccountStatements, say_what_moved_the_money) {
  const auto statement = make_account_statement(rows("provider"), 0, kForEver);
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->opening_minor, 0);
  EXPECT_EQ(statement->closing_minor, 500);
  EXPECT_EQ(statement->lines, 2U);
  EXPECT_EQ(statement->by_cause, (std::map<proto::MoneyCause, std::int64_t>{
                                     {proto::MONEY_CAUSE_SETTLE, 600}, {proto::MONEY_CAUSE_PAYOUT, -100}}));
  EXPECT_EQ(statement->entries.front().posted.reference(), std::string(event_.text()));
  EXPECT_EQ(make_account_statement(rows("buyer"), 0, kForEver)->closing_minor, 400);
}

TEST_F(AccountStatements, of_the_bank_add_up_what_came_in_and_went_out) {
  const auto statement = make_account_statement(rows("exchange", AccountKind::kBank), 0, kForEver);
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->closing_minor, 900);
  EXPECT_EQ(statement->by_cause.at(proto::MONEY_CAUSE_PAYOUT_PAID), -100);
}

TEST_F(AccountStatements, carry_the_balance_from_one_period_to_the_next) {
  const auto all = rows("buyer");
  const auto first = make_account_statement(all, 0, days_ms_[0]);
  const auto second = make_account_statement(all, days_ms_[0], days_ms_[1]);
  const auto third = make_account_statement(all, days_ms_[1], kForEver);
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->closing_minor, 1'000);
  EXPECT_EQ(second->opening_minor, 1'000);
  EXPECT_EQ(second->sum_minor(), -600);
  EXPECT_EQ(third->opening_minor, 400);
  EXPECT_TRUE(third->entries.empty()) << "nothing moved, and the opening is known";
  EXPECT_EQ(third->closing_minor, 400);
  EXPECT_EQ(make_account_statement({}, 0, 1)->closing_minor, 0);
}

TEST_F(AccountStatements, show_what_was_left_out_or_altered) {
  const auto all = rows("provider");
  ASSERT_EQ(all.size(), 2U);
  auto more = all;
  alter(more[0], [](Effect&, proto::Posted& posted) {
    posted.mutable_lines(0)->set_amount_minor(601);
    posted.set_balance_minor(601);
  });
  EXPECT_EQ(failure(make_account_statement(more, 0, kForEver)), "E_PROOF entry 1")
      << "the totals do not follow";
  auto first = all;
  alter(first[0], [](Effect&, proto::Posted& posted) { posted.set_balance_minor(700); });
  EXPECT_EQ(failure(make_account_statement(first, 0, kForEver)), "E_PROOF entry 0")
      << "it begins with nothing";
  auto overdrawn = all;
  alter(overdrawn[1], [](Effect&, proto::Posted& posted) {
    posted.mutable_lines(0)->set_amount_minor(-700);
    posted.set_balance_minor(-100);
  });
  EXPECT_EQ(failure(make_account_statement(overdrawn, 0, kForEver)), "E_PROOF entry 1")
      << "no balance is negative";
  auto another = all;
  alter(another[1], [](Effect& effect, proto::Posted&) { effect.type = kEffectBankAppointed; });
  EXPECT_EQ(failure(make_account_statement(another, 0, kForEver)), "E_PROOF entry 1");
  auto gap = rows("buyer");
  gap.erase(gap.begin());
  auto tail = gap;
  ASSERT_TRUE(make_account_statement(tail, 0, kForEver)) << "rows may begin anywhere";
  tail.front().seq = 7;
  EXPECT_EQ(failure(make_account_statement(tail, 0, kForEver)), "E_PROOF entry 7");
}

}  // namespace
}  // namespace circula::ledger::testing
