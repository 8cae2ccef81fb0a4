// What the organisations, keys and nodes of a genesis must keep (design.md 3, 9, 10).
#include "ledger/genesis.h"

#include <gtest/gtest.h>

#include "tests/ledger/asset_records.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

class GenesisRules : public ::testing::Test {
 protected:
  template <class Alter>
  std::string altered(Alter alter) {
    proto::Genesis message = chain_.genesis().message();
    alter(message);
    const auto genesis = Genesis::decode(serialise_canonical(message));
    return genesis ? "E_OK" : std::string(name(genesis.error().code));
  }
  // Alters the first organisation.
  template <class Alter>
  std::string with_organisation(Alter alter) {
    return altered([&](proto::Genesis& genesis) { alter(*genesis.mutable_organisations(0)); });
  }

  TestChain chain_;
};

TEST_F(GenesisRules, its_organisations_keep_the_form_of_record_1) {
  using O = proto::GenesisOrganisation;
  EXPECT_EQ(with_organisation([](O&) {}), "E_OK");
  EXPECT_EQ(with_organisation([](O& o) { o.set_oid("91990000000000001X"); }), "E_USCC");
  EXPECT_EQ(with_organisation([](O& o) { o.clear_kinds(); }), "E_FORMAT");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->clear_name(); }), "E_FORMAT");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->set_name("call 13812345678"); }), "E_PI_FIELD");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->set_name(std::string(121, 'a')); }),
            "E_FORMAT");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->set_region("fuzhou"); }), "E_FORMAT");
  EXPECT_EQ(with_organisation([](O& o) { *o.mutable_profile()->mutable_contact() = data_digest("c"); }),
            "E_PI_FIELD");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->set_parent(test_oid(900)); }), "E_NOT_FOUND");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_profile()->set_parent(o.oid()); }), "E_NOT_FOUND");
  EXPECT_EQ(altered([](proto::Genesis& g) { g.mutable_organisations()->SwapElements(0, 1); }), "E_FORMAT");
}

TEST_F(GenesisRules, registrar_codes_are_unique_and_of_registrars) {
  EXPECT_EQ(with_organisation([](proto::GenesisOrganisation& o) { o.set_registrar_code("R9"); }), "E_ROLE")
      << "the first one is an exchange";
  EXPECT_EQ(altered([](proto::Genesis& genesis) {
              for (proto::GenesisOrganisation& each : *genesis.mutable_organisations()) {
                if (each.registrar_code() == "R2") each.set_registrar_code("R1");
              }
            }),
            "E_DUPLICATE");
  EXPECT_EQ(altered([](proto::Genesis& genesis) {
              for (proto::GenesisOrganisation& each : *genesis.mutable_organisations()) {
                if (each.registrar_code() == "R2") each.set_registrar_code("I");
              }
            }),
            "E_CERT_NO");
}

TEST_F(GenesisRules, every_key_has_one_use_and_its_holder) {
  using O = proto::GenesisOrganisation;
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_keys(0)->set_possession(std::string(64, 'x')); }),
            "E_POP");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_keys(0)->clear_usage(); }), "E_FORMAT");
  EXPECT_EQ(with_organisation([](O& o) { o.mutable_keys(0)->set_public_key(std::string(32, '\xff')); }),
            "E_FORMAT")
      << "no point of the curve";
  EXPECT_EQ(with_organisation([](O& o) {
              for (proto::GenesisKey& key : *o.mutable_keys()) key.set_usage(proto::KEY_USAGE_CDO);
            }),
            "E_LAST_KEY");
  EXPECT_EQ(altered([](proto::Genesis& g) {
              proto::Member& member = *g.mutable_configuration()->mutable_members(0);
              member.set_log_key(member.node_key());
            }),
            "E_KEY_REUSED");
  EXPECT_EQ(
      altered([](proto::Genesis& g) {
        g.mutable_configuration()->mutable_members(0)->set_log_key(g.organisations(0).keys(0).public_key());
      }),
      "E_KEY_REUSED")
      << "a node's key signs no records";
}

TEST_F(GenesisRules, the_chain_has_its_frame) {
  using G = proto::Genesis;
  EXPECT_EQ(altered([](G& g) { g.set_format(9); }), "E_FORMAT_VERSION");
  EXPECT_EQ(altered([](G& g) { g.set_rules(9); }), "E_FORMAT_VERSION");
  EXPECT_EQ(altered([](G& g) { g.set_origin("with space"); }), "E_FORMAT");
  EXPECT_EQ(altered([](G& g) { g.clear_clock(); }), "E_FORMAT");
  EXPECT_EQ(altered([](G& g) { g.mutable_parameters()->clear_record_lifetime_max_ms(); }), "E_FORMAT");
  EXPECT_EQ(altered([](G& g) { g.set_profile(proto::PROFILE_PRODUCTION); }), "E_FORMAT")
      << "generated keys with a wall clock";
  EXPECT_EQ(altered([](G& g) {
              g.mutable_configuration()->mutable_members(0)->set_role(proto::MEMBER_ROLE_LEARNER);
            }),
            "E_LIMIT")
      << "nobody votes";
  EXPECT_EQ(altered([](G& g) { g.mutable_parameters()->set_finality_extra(1); }), "E_LIMIT");
  EXPECT_EQ(altered([](G& g) { g.mutable_configuration()->mutable_members(0)->set_oid(test_oid(900)); }),
            "E_NOT_FOUND");
  EXPECT_EQ(altered([](G& g) { g.mutable_active()->SwapElements(0, 1); }), "E_FORMAT");
}

}  // namespace
}  // namespace circula::ledger
