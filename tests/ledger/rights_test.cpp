#include "ledger/rights.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/asset_records.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;
using Shares = std::map<std::string, std::uint32_t>;

class Rights : public ::testing::Test {
 protected:
  // A transfer of right O by the cdos of `from` and the receivers.
  std::string move(const std::string& from, const NamedShares& to, std::uint32_t ppm) {
    return submit(transfer_body(chain_, asset_, from, to, ppm), from, to);
  }
  std::string submit(const proto::Rights& body, const std::string& from, const NamedShares& to) {
    RecordSpec record = spec(from + ".cdo", kRights, body);
    for (const auto& [name, ppm] : to) {
      if (name != from) record.signers.push_back(name + ".cdo");
    }
    return outcome(chain_, record);
  }
  std::string surrender(const std::string& from, const NamedShares& to, std::uint32_t ppm) {
    const proto::Rights moved = transfer_body(chain_, asset_, from, to, ppm);
    proto::Rights body;
    body.mutable_surrender()->set_subject(moved.transfer().subject());
    body.mutable_surrender()->set_right(moved.transfer().right());
    body.mutable_surrender()->set_from(moved.transfer().from());
    *body.mutable_surrender()->mutable_to() = moved.transfer().to();
    body.mutable_surrender()->set_ppm(ppm);
    return submit(body, from, to);
  }
  std::uint64_t open_items(const std::string& name) { return chain_.open_items(name); }

  TestChain chain_;
  ShortId asset_ = certified(chain_, "provider", asset_body("Bus GPS"));
};

TEST_F(Rights, move_from_holder_to_holder) {
  EXPECT_EQ(move("provider", {{"vendor-b", 250'000}}, 250'000), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"provider", 750'000}, {"vendor-b", 250'000}}));
  EXPECT_EQ(table(chain_, asset_, 'H'), (Shares{{"provider", 1'000'000}}));
  EXPECT_EQ(move("vendor-b", {{"buyer", 250'000}}, 250'000), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"provider", 750'000}, {"buyer", 250'000}}));
}

TEST_F(Rights, split_among_several_and_merge_with_one) {
  EXPECT_EQ(move("provider", {{"vendor-b", 1}, {"merchant", 2}, {"buyer", 999'997}}, 1'000'000), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"vendor-b", 1}, {"merchant", 2}, {"buyer", 999'997}}));
  EXPECT_EQ(move("merchant", {{"vendor-b", 2}}, 2), "E_OK");
  EXPECT_EQ(move("buyer", {{"vendor-b", 999'997}}, 999'997), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"vendor-b", 1'000'000}}));
}

TEST_F(Rights, holding_is_an_open_item) {
  EXPECT_EQ(move("provider", {{"vendor-b", 250'000}}, 250'000), "E_OK");
  EXPECT_EQ(open_items("provider"), 3U);
  EXPECT_EQ(open_items("vendor-b"), 1U);
  EXPECT_EQ(move("provider", {{"vendor-b", 750'000}}, 750'000), "E_OK");
  EXPECT_EQ(open_items("provider"), 2U);
  EXPECT_EQ(open_items("vendor-b"), 1U);
}

TEST_F(Rights, nobody_gives_what_it_does_not_hold) {
  EXPECT_EQ(move("buyer", {{"vendor-b", 1}}, 1), "E_NO_RIGHT");
  EXPECT_EQ(move("provider", {{"vendor-b", 1'000'001}}, 1'000'001), "E_PPM");
  EXPECT_EQ(move("provider", {{"vendor-b", 500'000}}, 500'000), "E_OK");
  EXPECT_EQ(move("provider", {{"vendor-b", 500'001}}, 500'001), "E_PPM");
  EXPECT_EQ(move("provider", {{"vendor-b", 500'000}}, 500'000), "E_OK");
  EXPECT_EQ(move("provider", {{"vendor-b", 1}}, 1), "E_NO_RIGHT");
}

TEST_F(Rights, two_transfers_of_the_same_share_in_one_block_move_it_once) {
  const auto all_to = [&](const std::string& to) {
    return chain_.envelope(
        {spec("provider.cdo", kRights,
              transfer_body(chain_, asset_, "provider", {{to, 1'000'000}}, 1'000'000), {to + ".cdo"})});
  };
  const ExecutedBlock block = chain_.execute({all_to("vendor-b"), all_to("buyer")});
  EXPECT_EQ(name(block.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[1].error.code), "E_NO_RIGHT");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"vendor-b", 1'000'000}}));
}

TEST_F(Rights, parts_add_up) {
  EXPECT_EQ(move("provider", {{"vendor-b", 2}}, 3), "E_PPM");
  EXPECT_EQ(move("provider", {{"vendor-b", 3}, {"buyer", 0}}, 3), "E_PPM");
  EXPECT_EQ(move("provider", {{"vendor-b", 0}}, 0), "E_PPM");
  // 2^32 - 1 and 2 would be 1 if sums wrapped.
  EXPECT_EQ(move("provider", {{"vendor-b", UINT32_MAX}, {"buyer", 2}}, 1), "E_PPM");
  EXPECT_EQ(move("provider", {}, 0), "E_FORMAT");
}

TEST_F(Rights, the_cdos_of_all_parties_sign) {
  const proto::Rights body = transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}, {"buyer", 1}}, 2);
  const auto signed_by = [&](const std::string& author, const std::vector<std::string>& signers) {
    return outcome(chain_, spec(author, kRights, body, signers));
  };
  EXPECT_EQ(signed_by("provider.cdo", {}), "E_POLICY");
  EXPECT_EQ(signed_by("provider.cdo", {"vendor-b.cdo"}), "E_POLICY");
  EXPECT_EQ(signed_by("buyer.cdo", {"vendor-b.cdo"}), "E_POLICY");
  EXPECT_EQ(signed_by("provider", {"vendor-b.cdo", "buyer.cdo"}), "E_POLICY");
  EXPECT_EQ(signed_by("buyer.cdo", {"vendor-b.cdo", "provider.cdo"}), "E_OK");
}

TEST_F(Rights, a_dry_run_names_everybody_who_must_sign) {
  const proto::Rights body = transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}, {"buyer", 1}}, 2);
  const auto dry =
      chain_.ledger().dry_run(*chain_.envelope({spec("vendor-b.cdo", kRights, body)}), chain_.time_ms());
  ASSERT_TRUE(dry);
  EXPECT_EQ(name((*dry)[0].error.code), "E_OK");
  Shares met;
  for (const Requirement& requirement : (*dry)[0].requirements) {
    EXPECT_EQ(requirement.usages, kCdo);
    met[chain_.name_of(requirement.oid)] = requirement.met ? 1 : 0;
  }
  EXPECT_EQ(met, (Shares{{"provider", 0}, {"vendor-b", 1}, {"buyer", 0}}));
}

TEST_F(Rights, references_make_sense) {
  EXPECT_EQ(move("provider", {{"provider", 1}}, 1), "E_REF");
  proto::Rights body = transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}}, 1);
  proto::RightsTransfer& transfer = *body.mutable_transfer();
  const auto submit_it = [&] { return submit(body, "provider", {{"vendor-b", 1}}); };
  transfer.set_subject(std::string(16, 'x'));
  EXPECT_EQ(submit_it(), "E_NOT_FOUND");
  transfer.set_subject("short");
  EXPECT_EQ(submit_it(), "E_FORMAT");
  transfer.set_subject(id_text(asset_));
  transfer.clear_right();
  EXPECT_EQ(submit_it(), "E_FORMAT");
  transfer.set_right(proto::RIGHT_KIND_OPERATION);
  transfer.set_contract(std::string(16, 'x'));
  EXPECT_EQ(submit_it(), "E_NOT_FOUND");
  transfer.set_contract("short");
  EXPECT_EQ(submit_it(), "E_FORMAT");
  transfer.clear_contract();
  *transfer.add_to() = transfer.to(0);
  EXPECT_EQ(submit_it(), "E_FORMAT");
  transfer.mutable_to()->RemoveLast();
  transfer.mutable_to(0)->set_oid(test_oid(900));
  EXPECT_EQ(submit_it(), "E_NOT_FOUND");
  EXPECT_EQ(submit(proto::Rights(), "provider", {}), "E_FORMAT");
}

TEST_F(Rights, a_price_has_an_amount_and_a_currency) {
  proto::Rights body = transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}}, 1);
  const auto with_price = [&](std::int64_t amount, const std::string& currency) {
    body.mutable_transfer()->set_price_minor(amount);
    body.mutable_transfer()->set_currency(currency);
    return submit(body, "provider", {{"vendor-b", 1}});
  };
  EXPECT_EQ(with_price(1, ""), "E_CURRENCY");
  EXPECT_EQ(with_price(1, "ABC"), "E_CURRENCY");
  EXPECT_EQ(with_price(0, "CNY"), "E_AMOUNT");
  EXPECT_EQ(with_price(-1, "CNY"), "E_AMOUNT");
  EXPECT_EQ(with_price(9'000'000'000'000'001, "CNY"), "E_AMOUNT");
  EXPECT_EQ(with_price(9'000'000'000'000'000, "CNY"), "E_OK");
}

TEST_F(Rights, move_only_while_the_certificate_is_in_force) {
  const ShortId waiting = registered(chain_, "provider", asset_body("waiting"));
  EXPECT_EQ(
      submit(transfer_body(chain_, waiting, "provider", {{"vendor-b", 1}}, 1), "provider", {{"vendor-b", 1}}),
      "E_STATE");
  chain_.set_time_ms(static_cast<std::uint64_t>(asset_state(chain_, asset_).valid_to_s()) * 1000 - 1);
  EXPECT_EQ(move("provider", {{"vendor-b", 1}}, 1), "E_OK");
  chain_.advance_ms(1);
  EXPECT_EQ(move("provider", {{"vendor-b", 1}}, 1), "E_STATE");
}

TEST_F(Rights, a_surrender_goes_to_co_holders_who_accept) {
  EXPECT_EQ(surrender("provider", {{"vendor-b", 1}}, 1), "E_REF");
  EXPECT_EQ(move("provider", {{"vendor-b", 100}, {"buyer", 200}}, 300), "E_OK");
  EXPECT_EQ(surrender("buyer", {{"merchant", 1}, {"vendor-b", 199}}, 200), "E_REF");
  EXPECT_EQ(surrender("buyer", {{"vendor-b", 201}}, 201), "E_PPM");
  EXPECT_EQ(surrender("merchant", {{"vendor-b", 1}}, 1), "E_NO_RIGHT");
  EXPECT_EQ(surrender("buyer", {{"provider", 150}, {"vendor-b", 50}}, 200), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O'), (Shares{{"provider", 999'850}, {"vendor-b", 150}}));
}

TEST_F(Rights, important_data_moves_with_officers_and_a_regulator) {
  proto::AssetRegister body = asset_body("important");
  body.mutable_description()->set_grade(5);  // region 3501
  const ShortId asset = certified(chain_, "provider", body);
  const auto signed_by = [&](std::vector<std::string> signers) {
    return outcome(
        chain_, spec("provider.cdo", kRights, transfer_body(chain_, asset, "provider", {{"vendor-b", 1}}, 1),
                     std::move(signers)));
  };
  EXPECT_EQ(signed_by({"vendor-b.cdo", "regulator"}), "E_POLICY");
  EXPECT_EQ(signed_by({"provider", "vendor-b", "vendor-b.cdo"}), "E_GRADE_APPROVAL");
  EXPECT_EQ(signed_by({"provider", "vendor-b", "vendor-b.cdo", "auditor"}), "E_GRADE_APPROVAL");
  EXPECT_EQ(signed_by({"provider", "vendor-b", "vendor-b.cdo", "regulator.finance"}), "E_GRADE_APPROVAL");
  EXPECT_EQ(signed_by({"provider", "vendor-b", "vendor-b.cdo", "regulator"}), "E_OK");
}

TEST_F(Rights, of_important_data_move_with_a_regulator_in_whose_scope_it_lies) {
  const auto moved = [](const std::string& region, const std::string& industry) {
    TestChain chain({.scopes = {{"regulator", {region, industry}}}});
    proto::AssetRegister body = asset_body("important");  // region 3501, industry I64
    body.mutable_description()->set_grade(5);
    const ShortId asset = certified(chain, "provider", body);
    return outcome(
        chain, spec("provider.cdo", kRights, transfer_body(chain, asset, "provider", {{"vendor-b", 1}}, 1),
                    {"provider", "vendor-b", "vendor-b.cdo", "regulator"}));
  };
  EXPECT_EQ(moved("44", ""), "E_GRADE_APPROVAL");
  EXPECT_EQ(moved("350102", ""), "E_GRADE_APPROVAL");
  EXPECT_EQ(moved("35", "J66"), "E_GRADE_APPROVAL");
  EXPECT_EQ(moved("35", "I"), "E_OK");
}

// An organisation that the exchange admits, with a cdo key of its own; the name of its officer's key.
std::string admit_with_cdo(TestChain& chain, unsigned number) {
  const std::string name = "n" + std::to_string(number);
  admit(chain, name, test_oid(number));
  const proto::Key cdo = addition(chain, name + ".cdo", test_oid(number), proto::KEY_USAGE_CDO);
  EXPECT_EQ(outcome(chain, spec(name, kKey, cdo)), "E_OK");
  return name;
}

TEST_F(Rights, a_suspended_organisation_takes_part_in_no_transfer) {
  const std::string name = admit_with_cdo(chain_, 500);
  proto::Rights transfer = transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}}, 1);
  transfer.mutable_transfer()->mutable_to(0)->set_oid(test_oid(500));
  EXPECT_EQ(submit(transfer, "provider", {{name, 1}}), "E_OK");
  ASSERT_EQ(outcome(chain_, spec("exchange", kOrg, suspension(test_oid(500)))), "E_OK");
  EXPECT_EQ(submit(transfer, "provider", {{name, 1}}), "E_ORG_SUSPENDED");
}

TEST_F(Rights, a_table_has_at_most_64_holders) {
  const auto share_with = [&](unsigned first, unsigned last) {
    proto::Rights body = transfer_body(chain_, asset_, "provider", {}, last - first);
    NamedShares receivers;
    std::vector<std::string> oids;
    for (unsigned number = first; number < last; ++number) {
      receivers.emplace_back("n" + std::to_string(number), 1);
      oids.push_back(test_oid(number));
    }
    std::sort(oids.begin(), oids.end());
    for (const std::string& oid : oids) {
      proto::Holder& holder = *body.mutable_transfer()->add_to();
      holder.set_oid(oid);
      holder.set_ppm(1);
    }
    return submit(body, "provider", receivers);
  };
  for (unsigned number = 500; number < 564; ++number) (void)admit_with_cdo(chain_, number);
  EXPECT_EQ(share_with(500, 530), "E_OK");
  EXPECT_EQ(share_with(530, 560), "E_OK");
  EXPECT_EQ(share_with(560, 564), "E_LIMIT");
  EXPECT_EQ(share_with(560, 563), "E_OK");
  EXPECT_EQ(table(chain_, asset_, 'O').size(), 64U);
  EXPECT_EQ(share_with(500, 510), "E_OK");
  EXPECT_EQ(share_with(563, 564), "E_LIMIT");
}

}  // namespace
}  // namespace circula::ledger
