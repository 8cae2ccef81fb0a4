// Random sequences of the trade path, valid and invalid mixed, beside the reference of trade_model.h: the
// same outcome for every record, the same balances after every block, and books that add up. Then what
// happened is told again to references in which one rule is broken: each of them says something else
// somewhere.
#include <gtest/gtest.h>

#include <functional>

#include "tests/ledger/market_draw.h"
#include "tests/ledger/sequences.h"
#include "tests/ledger/trade_chain.h"
#include "tests/ledger/trade_model.h"

namespace circula::ledger::testing {
namespace {

constexpr std::int64_t kPrice = 1'003;  // shares that do not divide
constexpr const char* kEverybody[] = {"buyer", "provider", "vendor-b", "exchange", "merchant"};

using Seen = std::map<std::string, std::size_t>;
// What a record or the time does to a reference; its outcome.
using Told = std::function<std::string(TradeModel&)>;

// Everybody's balances, as text.
std::string books_of(TradeModel& model) {
  std::string text = std::to_string(model.bank) + " " + std::to_string(model.fund);
  for (const char* who : kEverybody) {
    text += " " + std::to_string(model.avail[who]) + "/" + std::to_string(model.due[who]) + "/" +
            std::to_string(model.owed(who));
  }
  return text;
}

class TradeSequence {
 public:
  struct Event {
    Told told;
    std::string outcome, books;
  };

  explicit TradeSequence(std::uint64_t seed) : draw_(seed) {
    RevenueAgreement terms;
    terms.rounding = Rounding::kLargestRemainder;
    terms.steps = {PercentStep{chain_.oid("exchange"), 20'000, ShareBase::kGross, 0, {}, {}},
                   SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    sale_ = chain_.put_on_sale("provider", "roads", kPrice, terms);
    tell([now = chain_.now_s()](TradeModel& model) {
      model.now = now;
      return std::string("E_OK");
    });
    for (const char* who : {"buyer", "vendor-b", "merchant"}) {
      chain_.fund(who, 3'000);
      tell([who](TradeModel& model) {
        return model.funds_in(who, 3'000, "before " + std::string(who), "bank", false);
      });
    }
    for (int i = 0; i < 3; ++i) add_contract();
  }

  // The first difference between ledger and reference, or nothing.
  std::string run(int records, Seen* seen) {
    for (int i = 0; i < records; ++i) {
      if (draw_.one_in(3)) pass_time();
      if (draw_.one_in(25)) add_contract();
      const Step step = next();
      const std::string expected = tell(step.told);
      Error outcome;
      const Digest id = chain_.submit_for_id(step.record, &outcome);
      const std::string found(name(outcome.code));
      if (seen != nullptr) ++(*seen)[step.what + " " + found];
      if (found != expected)
        return step.what + ": " + found + " " + outcome.detail + ", the reference says " + expected;
      if (step.what == "payout" && found == "E_OK")
        payouts_.push_back(ShortId::from(id.view().first(ShortId::kSize)));
      if (const std::string books = books_of_chain(); books != history_.back().books)
        return step.what + ": " + books + ", the reference has " + history_.back().books;
    }
    return {};
  }
  [[nodiscard]] std::string check_books() { return chain_.check_books(); }

  [[nodiscard]] const std::vector<Event>& history() const { return history_; }

  // Another way on from where keep() was called; then back again.
  void keep() {
    chain_.keep();
    kept_ = {model_, contracts_, payouts_, references_};
  }
  std::string branch(std::uint64_t seed, int records, Seen* seen) {
    draw_ = Draw(seed);
    const std::size_t told = history_.size();
    std::string different = run(records, seen);
    std::tie(model_, contracts_, payouts_, references_) = kept_;
    history_.resize(told);
    chain_.rewind();
    return different;
  }

 private:
  struct Step {
    std::string what;
    RecordSpec record;
    Told told;
  };

  std::string tell(Told told) {
    std::string outcome = told(model_);
    history_.push_back({std::move(told), outcome, books_of(model_)});
    return outcome;
  }

  template <class List>
  auto pick(const List& list) {
    return list[static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(std::size(list))))];
  }
  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(bound)));
  }
  std::string somebody() { return pick(kEverybody); }
  // The right one, most of the time.
  std::string mostly(const std::string& right) { return draw_.one_in(12) ? somebody() : right; }

  void pass_time() {
    const std::int64_t by_s =
        draw_.one_in(4) ? draw_.between(1, 15) * TradeModel::kDay : draw_.between(1, 12 * 3'600);
    chain_.advance_ms(static_cast<std::uint64_t>(by_s) * 1'000);
    (void)chain_.execute({});  // due work stands alone, so that what it did is compared, too
    tell([to = chain_.now_s()](TradeModel& model) {
      model.advance(to);
      return std::string("E_OK");
    });
  }

  void add_contract() {
    const std::string buyer = pick(std::vector<std::string>{"buyer", "vendor-b", "merchant"});
    const std::vector<std::int64_t> amounts =
        draw_.one_in(2) ? std::vector<std::int64_t>{kPrice} : std::vector<std::int64_t>{500, 1'506};
    const ShortId order = chain_.ordered(sale_, buyer, static_cast<std::uint32_t>(amounts.size()));
    proto::Contract body = chain_.sign_body(order, amounts);
    body.mutable_sign()->mutable_licence()->set_to_s(chain_.now_s() + 60 * TradeModel::kDay);
    contracts_.push_back(chain_.made_by(chain_.sign_spec(body, "provider", buyer)));
    TradeModel::Contract contract{buyer, {}, body.sign().licence().to_s()};
    for (const proto::Milestone& milestone : body.sign().milestones()) {
      TradeModel::Milestone added;
      added.amount = milestone.amount_minor();
      added.due = milestone.due_s();
      contract.milestones.push_back(added);
    }
    tell([contract](TradeModel& model) {
      model.contracts.push_back(contract);
      return std::string("E_OK");
    });
  }

  Step next() {
    const std::size_t c = below(contracts_.size());
    const std::size_t n = below(model_.contracts[c].milestones.size());
    if (draw_.one_in(2)) return onwards(c, n);
    const std::int64_t drawn = draw_.below(100);
    if (drawn < 13) return hold(c, n);
    if (drawn < 16) return release(c, n);
    if (drawn < 20) return acknowledge(c, n);
    if (drawn < 45) return deliver(c, n);
    if (drawn < 57) return judge(c, n);
    if (drawn < 72) return settle(c, n);
    if (drawn < 80) return refund();
    if (drawn < 86) return funds();
    if (drawn < 95) return payout();
    return terminate(c);
  }

  [[nodiscard]] static std::uint32_t number(std::size_t n) { return static_cast<std::uint32_t>(n + 1); }

  // What brings a milestone further, so that money comes out in the end, and goes back.
  Step onwards(std::size_t c, std::size_t n) {
    switch (model_.contracts[c].milestones[n].stage) {
      case TradeModel::Stage::kSigned:
        return hold(c, n);
      case TradeModel::Stage::kFunded:
      case TradeModel::Stage::kDelivering:
        if (model_.contracts[c].milestones[n].cure_until != 0 && draw_.one_in(4)) return terminate(c);
        return draw_.one_in(16) ? terminate(c) : deliver(c, n);
      case TradeModel::Stage::kDelivered:
        return judge(c, n);
      case TradeModel::Stage::kAccepted:
        return draw_.one_in(16) ? terminate(c) : settle(c, n);
      default:
        return draw_.one_in(2) ? refund() : payout();
    }
  }

  Step hold(std::size_t c, std::size_t n) {
    const TradeModel::Contract& about = model_.contracts[c];
    const std::int64_t amount = about.milestones[n].amount + (draw_.one_in(10) ? 1 : 0);
    const std::int64_t expires = chain_.now_s() + draw_.between(10, 40) * TradeModel::kDay;
    const std::string by = mostly(about.buyer);
    RecordSpec record = chain_.hold_spec(by, contracts_[c], number(n), amount);
    proto::Hold body;
    body.ParseFromArray(record.body.data(), static_cast<int>(record.body.size()));
    body.mutable_place()->set_expires_s(expires);
    record.body = serialise_canonical(body);
    return {"hold", record, [=](TradeModel& m) { return m.hold(c, n, amount, expires, by); }};
  }

  Step release(std::size_t c, std::size_t n) {
    const std::string by = mostly(draw_.one_in(2) ? model_.contracts[c].buyer : "provider");
    return {"release", chain_.release_spec(by, contracts_[c], number(n)),
            [=](TradeModel& m) { return m.release(c, n, by); }};
  }

  Step acknowledge(std::size_t c, std::size_t n) {
    const std::string by = mostly(model_.contracts[c].buyer);
    proto::Delivery body;
    body.set_contract(id_text(contracts_[c]));
    body.set_milestone(number(n));
    body.mutable_acknowledge();
    return {"acknowledge", chain_.delivery_spec(by, body),
            [=](TradeModel& m) { return m.acknowledge(c, n, by); }};
  }

  Step deliver(std::size_t c, std::size_t n) {
    const std::string by = mostly("provider");
    const std::int64_t drawn = draw_.below(24);
    if (drawn < 10)
      return {"start", chain_.start_spec(by, contracts_[c], number(n)),
              [=](TradeModel& m) { return m.start(c, n, by); }};
    if (drawn < 21)
      return {"complete", chain_.complete_spec(by, contracts_[c], number(n)),
              [=](TradeModel& m) { return m.complete(c, n, by); }};
    proto::Delivery body;
    body.set_contract(id_text(contracts_[c]));
    body.set_milestone(number(n));
    if (drawn == 23) {
      body.mutable_terminate();
      return {"give up", chain_.delivery_spec(by, body), [=](TradeModel& m) { return m.give_up(c, n, by); }};
    }
    body.mutable_suspend();
    return {"suspend", chain_.delivery_spec(by, body), [=](TradeModel& m) { return m.suspend(c, n, by); }};
  }

  Step judge(std::size_t c, std::size_t n) {
    const bool good = !draw_.one_in(4);
    const std::string by = mostly(model_.contracts[c].buyer);
    return {good ? "accept" : "reject",
            good ? chain_.accept_spec(by, contracts_[c], number(n))
                 : chain_.reject_spec(by, contracts_[c], number(n)),
            [=](TradeModel& m) { return m.judge(c, n, good, by); }};
  }

  Step settle(std::size_t c, std::size_t n) {
    const std::int64_t less = draw_.one_in(4) ? draw_.between(-1, 300) : 0;
    const std::int64_t amount = model_.contracts[c].milestones[n].amount - less;
    const std::string by = mostly(draw_.one_in(4) ? "provider" : "exchange");
    const bool with_seller = by != "provider" && draw_.one_in(2);
    const bool with_exchange = by == "provider" && draw_.one_in(3);
    std::vector<std::string> with;
    if (with_seller) with.push_back("provider.finance");
    if (with_exchange) with.push_back("exchange.finance");
    return {with_seller && less > 0 ? "settle with the seller" : "settle",
            chain_.exchange_settle_spec(by, contracts_[c], number(n), amount, with),
            [=](TradeModel& m) { return m.settle(c, n, amount, by, with_seller, with_exchange); }};
  }

  // Of a milestone that has been settled, if one of some is.
  Step refund() {
    for (int tries = 0; tries < 8; ++tries) {
      const std::size_t c = below(contracts_.size());
      const std::size_t n = below(model_.contracts[c].milestones.size());
      const proto::MilestoneState state = chain_.milestone(contracts_[c], number(n));
      if (state.event().empty()) continue;
      const std::int64_t amount = draw_.one_in(3) ? state.settled_minor() : draw_.between(0, 700);
      const std::string by = mostly("exchange");
      RecordSpec record =
          chain_.refund_spec("provider", by, ShortId::from(crypto::as_bytes(state.event())), amount);
      if (by == "provider") record.signers.clear();
      return {"refund", record, [=](TradeModel& m) { return m.refund(c, n, amount, by); }};
    }
    return funds();
  }

  Step funds() {
    const bool to_fund = draw_.one_in(4);
    const std::string who = to_fund && !draw_.one_in(8) ? "exchange" : somebody();
    const std::int64_t amount = draw_.one_in(12) ? 0 : draw_.between(1, 1'500);
    const std::string by = draw_.one_in(10) ? "exchange" : "bank";
    const std::string used = reference();
    proto::FundsIn body = chain_.funds_body(who, amount);
    body.set_guarantee_fund(to_fund);
    *body.mutable_bank_reference() = data_digest(used);
    return {"funds in", spec(by + ".finance", 18, body),
            [=](TradeModel& m) { return m.funds_in(who, amount, used, by, to_fund); }};
  }

  Step payout() {
    if (payouts_.empty() || draw_.one_in(2)) {
      const std::string who = draw_.one_in(2) ? "provider" : somebody();
      const std::int64_t amount = draw_.one_in(2) ? model_.avail[who] : draw_.between(0, 900);
      const std::string by = mostly(who);
      RecordSpec record = chain_.payout_spec(who, amount);
      record.author = by + ".finance";
      return {"payout", record, [=](TradeModel& m) { return m.order_payout(who, amount, by); }};
    }
    const std::size_t which = below(payouts_.size());
    const bool paid = draw_.one_in(2);
    const std::string by = draw_.one_in(10) ? "exchange" : "bank";
    const std::string used = reference();
    RecordSpec record =
        paid ? chain_.paid_spec(payouts_[which], used) : chain_.returned_spec(payouts_[which], used);
    record.author = by + ".finance";
    return {paid ? "paid" : "returned", record,
            [=](TradeModel& m) { return m.end_payout(which, paid, used, by); }};
  }

  Step terminate(std::size_t c) {
    const std::string& buyer = model_.contracts[c].buyer;
    const bool both = draw_.one_in(3), with_exchange = draw_.one_in(2);
    const std::string by = both ? buyer : mostly(draw_.one_in(2) ? buyer : "provider");
    std::vector<std::string> signers = {by};
    if (both) signers.push_back("provider");
    if (with_exchange && by != "exchange") signers.push_back("exchange");
    const bool ends_accepted = both && with_exchange &&
                               std::ranges::any_of(model_.contracts[c].milestones, [](const auto& milestone) {
                                 return milestone.stage == TradeModel::Stage::kAccepted;
                               });
    return {ends_accepted ? "end what is accepted" : "terminate",
            chain_.terminate_spec(signers, contracts_[c]),
            [=](TradeModel& m) { return m.terminate(c, by, both, with_exchange); }};
  }

  // A new reference of the bank's, now and then one that was used.
  std::string reference() {
    if (references_ > 0 && draw_.one_in(10)) return "ref " + std::to_string(draw_.below(references_));
    return "ref " + std::to_string(references_++);
  }

  std::string books_of_chain() {
    std::string text = std::to_string(chain_.balance(AccountKind::kBank, "exchange")) + " " +
                       std::to_string(chain_.balance(AccountKind::kFund, "exchange"));
    for (const char* who : kEverybody) {
      text += " " + std::to_string(chain_.available(who)) + "/" +
              std::to_string(chain_.balance(AccountKind::kDue, who)) + "/" +
              std::to_string(chain_.balance(AccountKind::kOwed, who));
    }
    return text;
  }

  TradeChain chain_;
  TradeModel model_;
  Draw draw_;
  OnSale sale_;
  std::vector<ShortId> contracts_, payouts_;
  std::int64_t references_ = 0;
  std::vector<Event> history_;
  std::tuple<TradeModel, std::vector<ShortId>, std::vector<ShortId>, std::int64_t> kept_;
};

constexpr int kRecordsBefore = 80;
constexpr int kRecordsOfSequence = 6;

TEST(TradeProperties, ten_thousand_sequences_come_out_as_the_reference_says) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= kChains; ++seed) {
    TradeSequence trade(seed);
    ASSERT_EQ(trade.run(kRecordsBefore, &seen), "") << "seed " << seed;
    trade.keep();
    for (std::uint64_t number = 1; number <= kSequencesPerChain; ++number) {
      ASSERT_EQ(trade.branch(seed << 32 | number, kRecordsOfSequence, &seen), "")
          << "seed " << seed << " sequence " << number;
    }
    ASSERT_EQ(trade.check_books(), "") << "seed " << seed;
  }
  for (const char* what : {"hold E_OK",
                           "hold E_FUNDS",
                           "hold E_AMOUNT",
                           "hold E_HOLD_EXISTS",
                           "hold E_TIME",
                           "release E_OK",
                           "release E_DELIVERED",
                           "start E_OK",
                           "start E_NOT_FUNDED",
                           "complete E_OK",
                           "accept E_OK",
                           "accept E_LATE",
                           "reject E_OK",
                           "settle E_OK",
                           "settle E_SETTLED",
                           "settle E_NOT_ACCEPTED",
                           "refund E_OK",
                           "refund E_REFUND_EXCEEDS",
                           "payout E_OK",
                           "payout E_CLAWBACK",
                           "payout E_FUNDS",
                           "paid E_OK",
                           "returned E_OK",
                           "paid E_BANK_REF",
                           "funds in E_OK",
                           "terminate E_OK",
                           "terminate E_POLICY",
                           "give up E_OK",
                           "acknowledge E_OK",
                           "acknowledge E_STATE",
                           "settle E_POLICY",
                           "settle with the seller E_OK",
                           "end what is accepted E_OK"}) {
    EXPECT_GT(seen[what], kSeenMin) << what;
  }
}

// A reference that says the same as the ledger whatever its rules are would show nothing.
TEST(TradeProperties, each_broken_rule_of_the_reference_is_found) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kSeeds = 3;  // a sanitizer looks for what any sequence reaches
  constexpr std::size_t kFound = 15;
#else
  constexpr std::uint64_t kSeeds = 150;  // as many as are needed, at most
  constexpr std::size_t kFound = TradeModel::kMutations;
#endif
  constexpr int kRecords = 250;
  std::map<int, std::uint64_t> found;
  for (std::uint64_t seed = 1; seed <= kSeeds && found.size() < TradeModel::kMutations; ++seed) {
    TradeSequence trade(1'000 + seed);
    ASSERT_EQ(trade.run(kRecords, nullptr), "") << "seed " << seed;
    ASSERT_EQ(trade.check_books(), "") << "seed " << seed;
    for (int mutation = 1; mutation <= TradeModel::kMutations; ++mutation) {
      if (found.contains(mutation)) continue;
      TradeModel broken;
      broken.mutation = mutation;
      for (const auto& event : trade.history()) {
        if (event.told(broken) == event.outcome && books_of(broken) == event.books) continue;
        found[mutation] = seed;
        break;
      }
    }
  }
  std::string missing;
  for (int mutation = 1; mutation <= TradeModel::kMutations; ++mutation) {
    if (!found.contains(mutation)) missing += " " + std::to_string(mutation);
  }
  EXPECT_GE(found.size(), kFound) << "nothing shows that these rules are broken:" << missing;
}

}  // namespace
}  // namespace circula::ledger::testing
