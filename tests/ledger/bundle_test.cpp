#include "ledger/bundle.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "crypto/encoding.h"
#include "ledger/bundle_file.h"
#include "ledger/bundle_range.h"
#include "ledger/proto/identity.pb.h"
#include "ledger/subject_view.h"
#include "ledger/trust_policy.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using testing::spec;
using testing::TestChain;

constexpr std::uint16_t kOrg = 1;
constexpr std::uint64_t kHourMs = 3600'000;

// The buyer is registered in genesis (event 0) and renamed in blocks 1 to n, an hour apart (events 1 to n).
class Renamed {
 public:
  explicit Renamed(unsigned events) {
    for (unsigned n = 1; n <= events; ++n) rename(n);
  }

  void rename(unsigned n) {
    chain.advance_ms(kHourMs);
    proto::Org body;
    body.mutable_update()->set_oid(chain.oid("buyer"));
    body.mutable_update()->mutable_profile()->set_name("buyer " + std::to_string(n));
    EXPECT_EQ(name(chain.submit(spec("buyer", kOrg, body)).code), "E_OK");
  }

  Result<std::string> make(const BundleQuestion& question, std::optional<SubjectKey> key = std::nullopt) {
    auto state = chain.ledger().prove(key ? *key : org_key(chain.oid("buyer")));
    if (!state) return state.error();
    const std::string note = chain.final_note();
    return make_bundle({*state, chain.ledger().index(), note, policy}, question);
  }
  BundleVerdict ask(const BundleQuestion& question, std::optional<SubjectKey> key = std::nullopt) {
    auto made = make(question, std::move(key));
    EXPECT_TRUE(made) << made.error().detail;
    BundleVerdict verdict = verify_bundle(*made, policy);
    EXPECT_TRUE(verdict.good()) << verdict.result().error().detail;
    return verdict;
  }
  [[nodiscard]] std::uint64_t at_ms(unsigned hours) const { return start_ms + hours * kHourMs; }

  TestChain chain{TestChain::Options{.voters = 4}};
  crypto::Policy policy = make_policy(chain.genesis());
  std::uint64_t start_ms = chain.time_ms();
};

std::vector<std::uint64_t> numbers(const std::vector<HistoryRow>& rows) {
  std::vector<std::uint64_t> out;
  for (const HistoryRow& row : rows) out.push_back(row.seq);
  return out;
}
using Numbers = std::vector<std::uint64_t>;

TEST(Bundle, shows_a_value_as_of_its_block) {
  Renamed sample(3);
  const BundleVerdict verdict = sample.ask(AskState{});
  EXPECT_EQ(verdict.bundle->kind(), "state");
  EXPECT_EQ(verdict.facts->value->count, 4U);
  EXPECT_EQ(verdict.bundle->block.entry.height, 3U);
  EXPECT_EQ(verdict.bundle->block.entry.time_ms, sample.at_ms(3));
  proto::OrgState state;
  ASSERT_TRUE(state.ParseFromString(verdict.facts->value->fields));
  EXPECT_EQ(state.profile().name(), "buyer 3");
}

TEST(Bundle, shows_that_a_subject_does_not_exist) {
  Renamed sample(2);
  const SubjectKey nobody = org_key(testing::test_oid(777));
  for (const BundleQuestion& question : {BundleQuestion(AskState{}), BundleQuestion(AskHistory{})}) {
    const BundleVerdict verdict = sample.ask(question, nobody);
    EXPECT_EQ(verdict.bundle->kind(), "absence");
    EXPECT_FALSE(verdict.facts->value.has_value());
  }
}

// Whatever text one likes is absent from the state tree, and the sentence repeats it.
TEST(Bundle, of_a_key_that_no_subject_can_have_shows_nothing) {
  Renamed sample(2);
  const SubjectKey nobody = org_key(testing::test_oid(777));
  auto honest = read_bundle(*sample.make(AskState{}, nobody));
  ASSERT_TRUE(honest);
  const std::string id(32, 'a');
  for (const SubjectKey& key :
       std::vector<SubjectKey>{"org/x\nAnd asset/" + id + " is certified", SubjectKey("org/\u202e"),
                               "asset/" + std::string(32, 'A'), "asset/" + id + "/", "asset/" + id + " ",
                               "right/" + id + "/\u041e", SubjectKey("weather/today"), SubjectKey("org"),
                               SubjectKey("income/x/cny")}) {
    auto answer = sample.chain.ledger().prove(key);
    ASSERT_TRUE(answer && !answer->value);
    BundleFile forged = *honest;
    forged.bundle.subject = key;
    forged.bundle.state_proof = answer->proof;
    const BundleVerdict verdict = verify_bundle(write_bundle(forged.bundle), sample.policy);
    EXPECT_FALSE(verdict.good()) << key;
    EXPECT_EQ(verdict.steps.back().name, "state") << key;
    EXPECT_FALSE(sample.make(AskState{}, key)) << key;
  }
}

TEST(Bundle, shows_a_whole_history) {
  Renamed sample(300);  // more than one stored tile
  const BundleVerdict verdict = sample.ask(AskHistory{});
  ASSERT_EQ(verdict.facts->answer.size(), 301U);
  const auto view = history_view(verdict.facts->answer[7]);
  EXPECT_EQ(view.at("fields").at("profile").at("name"), "buyer 7");
  EXPECT_EQ(view.at("seq"), "7");
}

TEST(Bundle, shows_a_period_with_its_neighbours) {
  Renamed sample(300);
  const BundleVerdict verdict = sample.ask(AskPeriod{sample.at_ms(100), sample.at_ms(104)});
  EXPECT_EQ(numbers(verdict.facts->answer), (Numbers{100, 101, 102, 103}));
  EXPECT_EQ(verdict.facts->before->seq, 99U);
  EXPECT_EQ(verdict.facts->after->seq, 104U);
  EXPECT_EQ(*verdict.facts->answer_first_ms, sample.at_ms(100));
  EXPECT_EQ(*verdict.facts->answer_last_ms, sample.at_ms(103));
  EXPECT_TRUE(verdict.facts->settled);
  EXPECT_EQ(verdict.bundle->blocks.size(), 4U);
}

TEST(Bundle, bounds_of_a_period_are_from_inclusive_to_exclusive) {
  Renamed sample(10);
  const auto answer = [&](std::uint64_t from_ms, std::uint64_t to_ms) {
    return numbers(sample.ask(AskPeriod{from_ms, to_ms}).facts->answer);
  };
  EXPECT_EQ(answer(sample.at_ms(3), sample.at_ms(4)), (Numbers{3}));
  EXPECT_EQ(answer(sample.at_ms(3) + 1, sample.at_ms(4) + 1), (Numbers{4}));
  EXPECT_EQ(answer(sample.at_ms(3) + 1, sample.at_ms(4)), (Numbers{}));
  EXPECT_EQ(answer(0, sample.at_ms(1)), (Numbers{0}));
  EXPECT_EQ(answer(0, 1), (Numbers{}));
  EXPECT_EQ(answer(sample.at_ms(9), UINT64_MAX), (Numbers{9, 10}));
  EXPECT_EQ(answer(sample.at_ms(20), sample.at_ms(30)), (Numbers{}));
  EXPECT_EQ(answer(0, UINT64_MAX), (Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Bundle, a_period_that_is_not_over_says_so) {
  Renamed sample(5);
  EXPECT_TRUE(sample.ask(AskPeriod{0, sample.at_ms(5)}).facts->settled);
  const BundleVerdict verdict = sample.ask(AskPeriod{0, sample.at_ms(5) + 1});
  EXPECT_FALSE(verdict.facts->settled);
  EXPECT_NE(verdict.bundle->shows().find("what comes later"), std::string::npos);
}

TEST(Bundle, shows_the_last_event_before_a_time_or_up_to_a_height) {
  Renamed sample(300);
  const auto answer = [&](const BundleQuestion& question) {
    return numbers(sample.ask(question).facts->answer);
  };
  EXPECT_EQ(answer(AskBefore{sample.at_ms(100)}), (Numbers{99}));
  EXPECT_EQ(answer(AskBefore{sample.at_ms(100) + 1}), (Numbers{100}));
  EXPECT_EQ(answer(AskBefore{sample.at_ms(0)}), (Numbers{}));
  EXPECT_EQ(answer(AskBefore{sample.at_ms(1000)}), (Numbers{300}));
  EXPECT_EQ(answer(AskHeight{0}), (Numbers{0}));
  EXPECT_EQ(answer(AskHeight{42}), (Numbers{42}));
  EXPECT_EQ(answer(AskHeight{300}), (Numbers{300}));
  const auto late = sample.make(AskHeight{301});
  EXPECT_EQ(name(late.error().code), "E_NOT_FOUND");
}

TEST(Bundle, shows_the_history_up_to_a_height) {
  Renamed sample(6);
  const auto up_to = [&](std::uint64_t height) { return sample.ask(AskHistoryTo{height}); };
  EXPECT_EQ(numbers(up_to(0).facts->answer), (Numbers{0}));
  EXPECT_EQ(numbers(up_to(3).facts->answer), (Numbers{0, 1, 2, 3}));
  EXPECT_EQ(up_to(3).facts->after->seq, 4U);
  EXPECT_EQ(up_to(3).bundle->blocks.size(), 2U);
  EXPECT_EQ(numbers(up_to(6).facts->answer).size(), 7U);
  EXPECT_FALSE(up_to(6).facts->after.has_value());
  EXPECT_EQ(name(sample.make(AskHistoryTo{7}).error().code), "E_NOT_FOUND");
}

TEST(Bundle, several_events_in_one_block_share_its_proof) {
  Renamed sample(1);
  sample.chain.advance_ms(kHourMs);
  std::vector<EnvelopePtr> bodies;
  for (int n = 0; n < 4; ++n) {
    proto::Org body;
    body.mutable_update()->set_oid(sample.chain.oid("buyer"));
    body.mutable_update()->mutable_profile()->set_name("buyer in one block " + std::to_string(n));
    bodies.push_back(sample.chain.envelope({spec("buyer", kOrg, body)}));
  }
  sample.chain.execute(bodies);
  const BundleVerdict verdict = sample.ask(AskPeriod{sample.at_ms(2), sample.at_ms(3)});
  EXPECT_EQ(numbers(verdict.facts->answer), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(verdict.bundle->blocks.size(), 2U);
}

TEST(Bundle, is_made_of_an_older_state_while_the_index_is_ahead) {
  Renamed sample(5);
  const auto state = sample.chain.ledger().prove(org_key(sample.chain.oid("buyer")));
  ASSERT_TRUE(state);
  const std::string early = sample.chain.final_note();
  for (unsigned n = 6; n <= 9; ++n) sample.rename(n);
  const std::string note = sample.chain.final_note();
  const auto made =
      make_bundle({*state, sample.chain.ledger().index(), note, sample.policy}, BundleQuestion(AskHistory{}));
  ASSERT_TRUE(made);
  const BundleVerdict verdict = verify_bundle(*made, sample.policy);
  ASSERT_TRUE(verdict.good()) << verdict.result().error().detail;
  EXPECT_EQ(verdict.facts->answer.size(), 6U);

  const auto newer = sample.chain.ledger().prove(org_key(sample.chain.oid("buyer")));
  const auto stalled = make_bundle({*newer, sample.chain.ledger().index(), early, sample.policy}, AskState{});
  EXPECT_EQ(name(stalled.error().code), "E_FINALITY_STALLED");
}

TEST(Bundle, one_changed_byte_anywhere_is_refused) {
  Renamed sample(6);
  const SubjectKey nobody = org_key(testing::test_oid(777));
  const std::vector<Result<std::string>> bundles = {
      sample.make(AskState{}),
      sample.make(AskState{}, nobody),
      sample.make(AskHistory{}),
      sample.make(AskPeriod{sample.at_ms(2), sample.at_ms(4)}),
      sample.make(AskBefore{sample.at_ms(3)}),
      sample.make(AskHeight{4}),
      sample.make(AskHistoryTo{3}),
  };
  for (const auto& made : bundles) {
    ASSERT_TRUE(made);
    ASSERT_TRUE(verify_bundle(*made, sample.policy).good());
    // Every byte of the richest one, every fifth of the others: a check costs five signatures.
    const std::size_t stride = read_bundle(*made)->bundle.kind() == "period" ? 1 : 5;
    for (std::size_t at = 0; at < made->size(); at += stride) {
      std::string changed = *made;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 6)));
      ASSERT_FALSE(verify_bundle(changed, sample.policy).good()) << "byte " << at << " of\n" << *made;
    }
  }
}

// What a dishonest node might send: well-formed, with true proofs, but not the whole truth.
class Dishonest : public ::testing::Test {
 protected:
  Dishonest() : sample_(8) {}

  Bundle bundle(const BundleQuestion& question) {
    auto made = sample_.make(question);
    EXPECT_TRUE(made);
    return read_bundle(*made)->bundle;
  }
  std::string failed_step(const Bundle& bundle) {
    const BundleVerdict verdict = verify_bundle(write_bundle(bundle), sample_.policy);
    return verdict.good() ? "none" : verdict.steps.back().name;
  }
  Renamed sample_;
};

TEST_F(Dishonest, leaves_an_event_out_of_a_history) {
  for (const std::size_t place : {std::size_t{0}, std::size_t{4}, std::size_t{8}}) {
    Bundle changed = bundle(AskHistory{});
    changed.leaves.erase(changed.leaves.begin() + static_cast<std::ptrdiff_t>(place));
    EXPECT_EQ(failed_step(changed), "history");
  }
}

TEST_F(Dishonest, cuts_a_period_short) {
  // A true proof of fewer events, offered for the longer period.
  for (const AskPeriod shorter :
       {AskPeriod{sample_.at_ms(3), sample_.at_ms(5)}, AskPeriod{sample_.at_ms(2), sample_.at_ms(4)}}) {
    Bundle changed = bundle(shorter);
    changed.question = AskPeriod{sample_.at_ms(2), sample_.at_ms(5)};
    EXPECT_EQ(failed_step(changed), "range");
  }
}

TEST_F(Dishonest, takes_another_events_block_for_the_time) {
  Bundle changed = bundle(AskPeriod{sample_.at_ms(2), sample_.at_ms(4)});
  changed.blocks.pop_back();
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskPeriod{sample_.at_ms(2), sample_.at_ms(4)});
  changed.blocks.back() = bundle(AskPeriod{sample_.at_ms(6), sample_.at_ms(7)}).blocks.back();
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskPeriod{sample_.at_ms(2), sample_.at_ms(4)});
  changed.blocks.back().entry.time_ms += 1;
  EXPECT_EQ(failed_step(changed), "block");
}

TEST_F(Dishonest, answers_as_of_with_an_older_event) {
  Bundle changed = bundle(AskBefore{sample_.at_ms(3)});
  changed.question = AskBefore{sample_.at_ms(6)};
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskHeight{3});
  changed.question = AskHeight{6};
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskHeight{8});
  changed.question = AskHeight{9};
  EXPECT_EQ(failed_step(changed), "range");
}

// Every run of events there is, with true proofs and the blocks that belong to it, offered as the answer to
// every question: only the one that an honest node sends is taken.
TEST_F(Dishonest, offers_any_other_run_of_events) {
  const std::vector<HistoryRow> history = bundle(AskHistory{}).leaves;
  ASSERT_EQ(history.size(), 9U);
  std::map<std::uint64_t, BlockProof> blocks;
  for (std::uint64_t height = 0; height <= 8; ++height) {
    for (const BlockProof& block : bundle(AskHeight{height}).blocks) blocks[block.entry.height] = block;
  }
  ASSERT_EQ(blocks.size(), 9U);
  std::vector<BundleQuestion> questions;
  const std::uint64_t times[] = {1,
                                 sample_.at_ms(0),
                                 sample_.at_ms(0) + 1,
                                 sample_.at_ms(3),
                                 sample_.at_ms(5) - 1,
                                 sample_.at_ms(8),
                                 sample_.at_ms(8) + 1,
                                 UINT64_MAX};
  for (const std::uint64_t time_ms : times) {
    questions.emplace_back(AskBefore{time_ms});
    for (const std::uint64_t to_ms : times) {
      if (time_ms < to_ms) questions.emplace_back(AskPeriod{time_ms, to_ms});
    }
  }
  for (std::uint64_t height = 0; height <= 8; height += 2) {
    questions.emplace_back(AskHeight{height});
    questions.emplace_back(AskHistoryTo{height});
  }
  const auto hashes = sample_.chain.ledger().index().history_hashes(org_key(sample_.chain.oid("buyer")));
  for (const BundleQuestion& question : questions) {
    const Bundle honest = bundle(question);
    for (std::size_t begin = 0; begin < history.size(); ++begin) {
      for (std::size_t end = begin + 1; end <= history.size(); ++end) {
        Bundle offered = honest;
        offered.leaves.assign(history.begin() + static_cast<std::ptrdiff_t>(begin),
                              history.begin() + static_cast<std::ptrdiff_t>(end));
        offered.history_path = crypto::prove_range(*hashes, begin, end, history.size()).value();
        offered.blocks.clear();
        // Event n is in block n.
        for (const std::size_t place : outermost(offered)) offered.blocks.push_back(blocks.at(begin + place));
        const bool same = offered.leaves.size() == honest.leaves.size() && begin == honest.leaves.front().seq;
        EXPECT_EQ(failed_step(offered), same ? "none" : "range")
            << offered.shows() << " events " << begin << " to " << end;
      }
    }
  }
}

// Shown are the lines of a shorter period, with a proof that the shorter period is complete: a statement that
// compared lines with a good bundle and not the bundle with the question left out what the node wanted.
TEST_F(Dishonest, answers_another_question) {
  const SubjectKey buyer = org_key(sample_.chain.oid("buyer"));
  const AskPeriod asked{sample_.at_ms(2), sample_.at_ms(6)};
  const auto step = [&](const BundleQuestion& answered,
                        const std::optional<SubjectKey>& subject = std::nullopt) {
    const BundleVerdict verdict =
        verify_answer(*sample_.make(answered, subject), sample_.policy, buyer, asked);
    EXPECT_EQ(verdict.good(), verdict.facts.has_value());
    return verdict.good() ? "none" : verdict.steps.back().name;
  };
  EXPECT_EQ(step(asked), "none");
  EXPECT_EQ(step(AskPeriod{sample_.at_ms(2), sample_.at_ms(5)}), "question");
  EXPECT_EQ(step(AskPeriod{sample_.at_ms(3), sample_.at_ms(6)}), "question");
  EXPECT_EQ(step(AskHistory{}), "question");
  EXPECT_EQ(step(AskState{}), "question");
  EXPECT_EQ(step(asked, org_key(sample_.chain.oid("provider"))), "question");
  const SubjectKey nobody = org_key(testing::test_oid(777));
  EXPECT_EQ(step(asked, nobody), "question");
  EXPECT_TRUE(verify_answer(*sample_.make(AskState{}, nobody), sample_.policy, nobody, asked).good());
}

TEST_F(Dishonest, cuts_a_history_up_to_a_height_short) {
  Bundle changed = bundle(AskHistoryTo{3});
  changed.question = AskHistoryTo{6};
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskHeight{3});
  changed.question = AskHistoryTo{3};
  EXPECT_EQ(failed_step(changed), "range");
  changed = bundle(AskHistoryTo{8});
  changed.question = AskHistoryTo{9};
  EXPECT_EQ(failed_step(changed), "range");
}

TEST_F(Dishonest, denies_a_subject_or_gives_it_another_value) {
  Bundle changed = bundle(AskState{});
  changed.value.reset();
  EXPECT_EQ(failed_step(changed), "state");
  changed = bundle(AskState{});
  changed.value->back() ^= 1;
  EXPECT_EQ(failed_step(changed), "state");
}

TEST_F(Dishonest, adds_what_nobody_asked_for) {
  Bundle changed = bundle(AskHistory{});
  changed.question = AskState{};
  EXPECT_EQ(failed_step(changed), "history");
  changed = bundle(AskHistory{});
  changed.blocks = bundle(AskHeight{2}).blocks;
  EXPECT_EQ(failed_step(changed), "history");
}

}  // namespace
}  // namespace circula::ledger
