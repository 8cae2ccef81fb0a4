#include "ledger/title.h"

#include <gtest/gtest.h>

#include "ledger/canonical.h"
#include "ledger/rights.h"
#include "tests/ledger/asset_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

HistoryRow row(std::uint64_t seq, std::uint64_t log_index, std::uint16_t type,
               const google::protobuf::Message& fields) {
  const Bytes bytes = serialise_canonical(fields);
  return {seq, log_index, encode(Effect{type, seq, std::string(crypto::as_text(bytes))})};
}

proto::RightOpened opened(std::uint32_t a_ppm, std::uint32_t b_ppm) {
  proto::RightOpened effect;
  effect.set_certificate("R1-2023-000001-0");
  effect.add_holders()->set_oid("a");
  effect.mutable_holders(0)->set_ppm(a_ppm);
  effect.add_holders()->set_oid("b");
  effect.mutable_holders(1)->set_ppm(b_ppm);
  return effect;
}

proto::RightTransferred moved(const std::string& from, const std::string& to, std::uint32_t ppm) {
  proto::RightTransferred effect;
  effect.set_from(from);
  effect.add_to()->set_oid(to);
  effect.mutable_to(0)->set_ppm(ppm);
  effect.set_ppm(ppm);
  return effect;
}

std::vector<HistoryRow> three_rows() {
  return {row(0, 10, kEffectRightOpened, opened(600'000, 400'000)),
          row(1, 20, kEffectRightTransferred, moved("a", "c", 600'000)),
          row(2, 30, kEffectRightSurrendered, moved("c", "b", 1))};
}

TEST(Title, holders_as_of_a_log_size_count_entries_below_it) {
  const std::vector<HistoryRow> rows = three_rows();
  EXPECT_EQ(*holders_at(rows, 10), HolderShares());
  EXPECT_EQ(*holders_at(rows, 11), (HolderShares{{"a", 600'000}, {"b", 400'000}}));
  EXPECT_EQ(*holders_at(rows, 20), (HolderShares{{"a", 600'000}, {"b", 400'000}}));
  EXPECT_EQ(*holders_at(rows, 21), (HolderShares{{"b", 400'000}, {"c", 600'000}}));
  EXPECT_EQ(*holders_at(rows, UINT64_MAX), (HolderShares{{"b", 400'001}, {"c", 599'999}}));
}

TEST(Title, a_chain_of_title_tells_every_step) {
  const auto chain = chain_of_title(three_rows());
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 3U);
  EXPECT_EQ((*chain)[0].certificate, "R1-2023-000001-0");
  EXPECT_EQ((*chain)[1].from, "a");
  EXPECT_EQ((*chain)[1].to, (HolderShares{{"c", 600'000}}));
  EXPECT_EQ((*chain)[1].log_index, 20U);
  EXPECT_EQ(to_string((*chain)[2].step), "surrendered");
}

TEST(Title, rows_that_no_ledger_wrote_are_refused) {
  const auto refused = [](const std::vector<HistoryRow>& rows) {
    const auto chain = chain_of_title(rows);
    return !chain && chain.error().code == Code::E_PROOF;
  };
  std::vector<HistoryRow> rows = three_rows();
  EXPECT_FALSE(refused(rows));
  EXPECT_TRUE(refused({rows[0], rows[2]}));
  EXPECT_TRUE(refused({rows[1]}));
  EXPECT_TRUE(refused({rows[0], rows[0]}));
  EXPECT_TRUE(refused({row(0, 1, kEffectRightOpened, opened(600'000, 399'999))}));
  EXPECT_TRUE(refused({rows[0], row(1, 10, kEffectRightTransferred, moved("a", "c", 1))}));
  EXPECT_TRUE(refused({rows[0], row(1, 20, kEffectRightTransferred, moved("a", "c", 600'001))}));
  EXPECT_TRUE(refused({rows[0], row(1, 20, kEffectRightTransferred, moved("c", "a", 1))}));
  EXPECT_TRUE(refused({rows[0], row(1, 20, kEffectRightTransferred, moved("a", "a", 1))}));
  EXPECT_TRUE(refused({rows[0], row(1, 20, kEffectRightOpened, opened(1, 999'999))}));
  EXPECT_TRUE(refused({row(0, 1, 601, opened(600'000, 400'000))}));
  rows[2].effect.push_back(0);
  EXPECT_TRUE(refused(rows));
}

TEST(Title, the_history_of_a_right_gives_its_table) {
  TestChain chain;
  const ShortId asset = certified(chain, "provider", asset_body("a"));
  std::vector<std::uint64_t> sizes = {chain.ledger().position().log.size()};
  for (unsigned step = 0; step < 5; ++step) {
    const std::string to = step % 2 == 0 ? "vendor-b" : "buyer";
    ASSERT_EQ(outcome(chain, spec("provider.cdo", kRights,
                                  transfer_body(chain, asset, "provider", {{to, 100 + step}}, 100 + step),
                                  {to + ".cdo"})),
              "E_OK");
    sizes.push_back(chain.ledger().position().log.size());
  }
  const SubjectKey key = right_key(asset, 'O');
  const auto rows = chain.ledger().index().history(key, 0, 6);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 6U);
  EXPECT_EQ(holders_at(*rows, sizes[0])->at(chain.oid("provider")), 1'000'000U);
  EXPECT_EQ(holders_at(*rows, sizes[1])->at(chain.oid("vendor-b")), 100U);
  const auto last = *holders_at(*rows, sizes[5]);
  HolderShares present;
  const auto state = chain.read<proto::RightState>(key);
  for (const proto::Holder& holder : state->holders()) present[holder.oid()] = holder.ppm();
  EXPECT_EQ(last, present);
}

}  // namespace
}  // namespace circula::ledger
