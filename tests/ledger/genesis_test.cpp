#include "ledger/genesis.h"

#include <gtest/gtest.h>

#include <functional>

#include "ledger/canonical.h"
#include "ledger/genesis_file.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using testing::TestChain;

// What becomes of a good genesis when something in it is changed: the field of the fault, or "good".
std::string after(const std::function<void(proto::Genesis&)>& change) {
  const TestChain chain{TestChain::Options{.voters = 4}};
  proto::Genesis message = chain.genesis().message();
  change(message);
  const auto genesis = Genesis::decode(serialise_canonical(message));
  return genesis ? "good" : genesis.error().field;
}

TEST(Genesis, asks_for_no_more_cosignatures_than_there_are_voters) {
  const auto with_extra = [](std::uint32_t extra) {
    return after([=](proto::Genesis& message) { message.mutable_parameters()->set_finality_extra(extra); });
  };
  EXPECT_EQ(with_extra(0), "good");
  EXPECT_EQ(with_extra(1), "good");
  EXPECT_EQ(with_extra(2), "parameters.finality_extra");
  // Three and 2^32 - 3 make zero in 32 bits: a checkpoint that nobody has signed would be final.
  for (const std::uint32_t extra : {UINT32_MAX - 2, UINT32_MAX - 1, UINT32_MAX, UINT32_MAX / 2}) {
    EXPECT_EQ(with_extra(extra), "parameters.finality_extra") << extra;
  }
}

// The origin is the log's key name: a checkpoint under another name does not parse, and nothing is ever
// final.
TEST(Genesis, has_an_origin_that_a_signed_note_can_hold) {
  const auto with_origin = [](const std::string& origin) {
    return after([&](proto::Genesis& message) { message.set_origin(origin); });
  };
  EXPECT_EQ(with_origin("ledger.example/main"), "good");
  EXPECT_EQ(with_origin("\xe8\xb4\xa6\xe6\x9c\xac.example/1"), "good");
  EXPECT_EQ(with_origin(std::string(128, 'x')), "good");
  for (const std::string& origin :
       {std::string(), std::string("a b"), std::string("a+b"), std::string("a\nb"), std::string("a\tb"),
        std::string("a\x1b[2Jb"), std::string("a\x7f"),
        std::string("a\xc2\xa0"
                    "b"),
        std::string("a\xe3\x80\x80"),
        std::string("a\xe2\x80\xae"
                    "b"),
        std::string(129, 'x')}) {
    EXPECT_EQ(with_origin(origin), "origin") << origin;
  }
}

TEST(Genesis, has_names_that_say_what_they_show) {
  const auto with_name = [](const std::string& name) {
    return after([&](proto::Genesis& message) {
      message.mutable_organisations(0)->mutable_profile()->set_name(name);
    });
  };
  EXPECT_EQ(with_name("Xiamen Data Exchange"), "good");
  EXPECT_EQ(with_name(std::string(120, 'x')), "good");
  for (const std::string& name : {std::string("a\nb"),
                                  std::string("a\xe2\x80\xae"
                                              "b"),
                                  std::string("a\x1b[1mb"), std::string(121, 'x')}) {
    EXPECT_EQ(with_name(name), "organisations[0].profile.name") << name;
  }
}

TEST(GenesisFile, is_of_its_version_and_names_each_key_once) {
  TestChain chain;
  GenesisFile file{chain.genesis().bytes(), {}};
  const crypto::SigningKey& founder = chain.key("exchange");
  file.signatures[founder.public_key()] = founder.sign(genesis_statement(chain.genesis().chain_id()));
  const std::string text = write_genesis_file(file);
  ASSERT_TRUE(read_genesis_file(text));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return other.replace(at, from.size(), to);
  };
  EXPECT_FALSE(read_genesis_file(replaced("circula-genesis-1", "circula-genesis-2")));
  EXPECT_FALSE(read_genesis_file(replaced("\"format\":\"circula-genesis-1\",", "")));
  const std::string one =
      text.substr(text.find("{\"key\""), text.find("}]", text.find("{\"key\"")) + 1 - text.find("{\"key\""));
  EXPECT_FALSE(read_genesis_file(replaced(one, one + "," + one)));
}

}  // namespace
}  // namespace circula::ledger
