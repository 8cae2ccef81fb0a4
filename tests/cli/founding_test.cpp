// Four members found a chain, each in a home of its own, as design.md 10 says.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "crypto/policy.h"
#include "ledger/genesis.h"
#include "ledger/genesis_file.h"
#include "tests/cli/command_run.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::cli::testing {
namespace {

using ledger::test::read_text;
using ledger::test::write_text;

class Founding : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return scratch_ / name; }

  void init_members() {
    unsigned number = 0;
    for (const std::string name : {"a", "b", "c", "d"}) {
      ++number;
      const CommandRun done =
          run({"org", "init", "--home", at(name), "--name", "Exchange " + name, "--oid", test_oid(number),
               "--kind", "exchange", "--address", "127.0.0.1:700" + std::to_string(number)});
      ASSERT_EQ(done.exit, 0) << done.err;
    }
  }
  void assemble(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"genesis", "assemble"};
    for (const char* name : {"a", "b", "c", "d"}) words.push_back(at(name) + "/member.json");
    words.insert(words.end(), {"--voters", "a,b,c,d", "--origin", "test.example/chain", "-o", draft()});
    words.insert(words.end(), more.begin(), more.end());
    const CommandRun done = run(words);
    ASSERT_EQ(done.exit, 0) << done.err;
  }
  CommandRun sign(const std::string& name) {
    return run({"sign", draft(), "--home", at(name), "--yes", "-q"});
  }
  CommandRun finish() { return run({"genesis", "finish", draft(), "-o", at("genesis.json"), "--json"}); }
  [[nodiscard]] std::string draft() const { return at("genesis.draft.json"); }

  ledger::test::ScratchDirectory scratch_;
};

TEST_F(Founding, makes_a_signed_genesis_and_its_policy) {
  init_members();
  assemble();
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(sign(name).exit, 0) << name;
  const CommandRun done = finish();
  ASSERT_EQ(done.exit, 0) << done.err;
  const auto file = ledger::read_genesis_file(read_text(at("genesis.json")));
  ASSERT_TRUE(file);
  const auto genesis = ledger::Genesis::decode(file->genesis);
  ASSERT_TRUE(genesis);
  EXPECT_TRUE(genesis->check_signatures(file->signatures));
  EXPECT_EQ(genesis->founders().size(), 4u);
  const auto policy = crypto::Policy::parse(read_text(at("policy.txt")));
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->witnesses.size(), 4u);
  const auto answer = boost::json::parse(done.out).as_object();
  EXPECT_EQ(answer.at("fingerprint").as_string(), genesis->fingerprint());
}

TEST_F(Founding, needs_every_founder) {
  init_members();
  assemble();
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(sign(name).exit, 0);
  const CommandRun done = finish();
  EXPECT_EQ(done.exit, 4);
  EXPECT_NE(done.err.find(test_oid(4)), std::string::npos) << done.err;
  EXPECT_FALSE(std::filesystem::exists(at("genesis.json")));
}

TEST_F(Founding, merges_drafts_that_were_signed_apart) {
  init_members();
  assemble();
  const std::string unsigned_draft = read_text(draft());
  std::vector<std::string> words{"genesis", "finish"};
  for (const std::string name : {"a", "b", "c", "d"}) {
    write_text(at(name + ".draft.json"), unsigned_draft);
    ASSERT_EQ(run({"sign", at(name + ".draft.json"), "--home", at(name), "-y", "-q"}).exit, 0);
    words.push_back(at(name + ".draft.json"));
  }
  words.insert(words.end(), {"-o", at("genesis.json")});
  EXPECT_EQ(run(words).exit, 0);
}

TEST_F(Founding, a_signature_is_for_these_bytes_only) {
  init_members();
  assemble();
  ASSERT_EQ(sign("a").exit, 0);
  const auto signed_first = ledger::read_genesis_file(read_text(draft()));
  ASSERT_TRUE(signed_first);
  assemble({"--finality-extra", "1"});  // the same members agree on something else
  auto changed = ledger::read_genesis_file(read_text(draft()));
  ASSERT_TRUE(changed);
  changed->signatures = signed_first->signatures;
  write_text(draft(), ledger::write_genesis_file(*changed));
  for (const char* name : {"b", "c", "d"}) EXPECT_EQ(sign(name).exit, 0);
  const CommandRun done = finish();
  EXPECT_NE(done.err.find("E_SIG"), std::string::npos) << done.err;
}

TEST_F(Founding, keys_are_private_and_never_replaced) {
  init_members();
  for (const char* name : {"officer", "cdo", "finance", "finance-2", "node", "cosign", "log", "transport"}) {
    const auto mode = std::filesystem::status(at("a") + "/keys/" + name + ".pem").permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << name;
  }
  const std::string before = read_text(at("a") + "/keys/officer.pem");
  const CommandRun again =
      run({"org", "init", "--home", at("a"), "--name", "Again", "--oid", test_oid(9), "--kind", "exchange"});
  EXPECT_EQ(again.exit, 2);
  EXPECT_EQ(run({"key", "new", "officer", "--home", at("a")}).exit, 9);
  EXPECT_EQ(read_text(at("a") + "/keys/officer.pem"), before);
}

TEST_F(Founding, member_files_hold_no_secret) {
  init_members();
  const std::string member = read_text(at("a") + "/member.json");
  for (const char* name : {"officer", "node"}) {
    const std::string pem = read_text(at("a") + "/keys/" + name + ".pem");
    EXPECT_EQ(member.find(pem.substr(28, 40)), std::string::npos);
  }
  EXPECT_EQ(member.find("PRIVATE"), std::string::npos);
}

TEST_F(Founding, a_rehearsal_says_so_in_its_name) {
  init_members();
  assemble({"--profile", "rehearsal"});
  const auto file = ledger::read_genesis_file(read_text(draft()));
  ASSERT_TRUE(file);
  const auto genesis = ledger::Genesis::decode(file->genesis);
  ASSERT_TRUE(genesis);
  EXPECT_NE(genesis->message().origin().find("REHEARSAL"), std::string::npos);
}

TEST_F(Founding, appoints_settlement_banks_by_the_names_of_members) {
  init_members();
  ASSERT_EQ(
      run({"org", "init", "--home", at("bank"), "--name", "Bank", "--oid", test_oid(5), "--kind", "bank"})
          .exit,
      0);
  std::vector<std::string> words{"genesis", "assemble"};
  for (const char* name : {"a", "b", "c", "d", "bank"}) words.push_back(at(name) + "/member.json");
  words.insert(words.end(), {"--voters", "a,b,c,d", "--origin", "test.example/chain", "-o", draft()});
  const auto with_banks = [&](const std::vector<std::string>& banks) {
    std::vector<std::string> all = words;
    for (const std::string& bank : banks) all.insert(all.end(), {"--settlement-bank", bank});
    return run(all);
  };
  const CommandRun done = with_banks({"b=bank/CNY", "Exchange a=bank/CNY", "a=" + test_oid(5) + "/USD"});
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_NE(done.out.find("Bank keeps the USD of Exchange a"), std::string::npos) << done.out;
  const auto file = ledger::read_genesis_file(read_text(draft()));
  ASSERT_TRUE(file);
  const auto genesis = ledger::Genesis::decode(file->genesis);
  ASSERT_TRUE(genesis);
  std::vector<std::string> appointed;
  for (const auto& each : genesis->message().settlement_banks())
    appointed.push_back(each.exchange() + " " + each.currency() + " " + each.bank());
  EXPECT_EQ(appointed, (std::vector<std::string>{test_oid(1) + " CNY " + test_oid(5),
                                                 test_oid(1) + " USD " + test_oid(5),
                                                 test_oid(2) + " CNY " + test_oid(5)}));
  EXPECT_EQ(with_banks({"a=bank"}).exit, 2);
  EXPECT_EQ(with_banks({"a=bank/CNY", "a=bank/CNY"}).exit, 2) << "one bank for a currency";
  EXPECT_EQ(with_banks({"a=banc/CNY"}).exit, 3);
  EXPECT_NE(with_banks({"a=b/CNY"}).err.find("E_ROLE"), std::string::npos) << "an exchange is no bank";
}

TEST_F(Founding, nobody_signs_without_being_asked) {
  init_members();
  assemble();
  const CommandRun done = run({"sign", draft(), "--home", at("a")});
  EXPECT_EQ(done.exit, 2);  // no terminal and no --yes
  EXPECT_NE(done.err.find("generated_keys: false"), std::string::npos) << "all fields are shown first";
}

}  // namespace
}  // namespace circula::cli::testing
