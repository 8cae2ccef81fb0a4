// The small chain of golden.json: genesis, what its execution comes to, its checkpoint and a receipt.
#include <gtest/gtest.h>

#include <memory>

#include "crypto/checkpoint.h"
#include "ledger/canonical.h"
#include "ledger/genesis_file.h"
#include "ledger/ledger.h"
#include "ledger/memory_storage.h"
#include "ledger/receipt.h"
#include "ledger/trust_policy.h"
#include "tests/ledger/golden.h"

namespace circula::ledger {
namespace {

using testing::Golden;
using testing::golden;
using testing::golden_genesis;
using testing::hex;

TEST(GoldenChain, genesis) {
  const Golden expected = golden("genesis");
  const Genesis genesis = golden_genesis();
  const proto::Genesis& message = genesis.message();
  EXPECT_EQ(hex(genesis.chain_id()), expected["chain_id"].text());
  EXPECT_EQ(hex(serialise_canonical(message)), expected["message"].text());
  EXPECT_EQ(message.origin(), expected["origin"].text());
  EXPECT_EQ(message.time_ms(), expected["time_ms"].number<std::uint64_t>());
  EXPECT_EQ(message.clock(), proto::CLOCK_SCRIPTED);
  EXPECT_EQ(message.profile(), proto::PROFILE_PRODUCTION);
  EXPECT_EQ(message.parameters().record_lifetime_max_ms(), 2'592'000'000U);
  EXPECT_EQ(message.parameters().holidays(1), 19'843U);
  EXPECT_EQ(message.parameters().workdays(0), 19'470U);
  EXPECT_TRUE(message.generated_keys());
  EXPECT_EQ(message.active(2).type(), 39U);
  EXPECT_EQ(message.addresses(0).address(), "127.0.0.1:7001");

  ASSERT_EQ(message.organisations_size(), 2);
  for (int item = 0; item < 2; ++item) {
    EXPECT_EQ(message.organisations(item).oid(),
              expected["oids"].list()[static_cast<std::size_t>(item)].text());
  }
  EXPECT_EQ(message.organisations(0).kinds(0), proto::ORG_KIND_EXCHANGE);
  EXPECT_EQ(message.organisations(1).kinds(0), proto::ORG_KIND_REGISTRAR);
  EXPECT_EQ(message.organisations(1).registrar_code(), "GD");
  EXPECT_EQ(message.organisations(1).profile().region(), "350200");

  const std::vector<Golden> nodes = expected["node_keys"].list();
  ASSERT_EQ(static_cast<std::size_t>(message.configuration().members_size()), nodes.size());
  for (std::size_t number = 0; number < nodes.size(); ++number) {
    const proto::Member& member = message.configuration().members(static_cast<int>(number));
    EXPECT_EQ(member.node_id(), number + 1);
    EXPECT_EQ(member.role(), number < 4 ? proto::MEMBER_ROLE_VOTER : proto::MEMBER_ROLE_LEARNER);
    const std::string* keys[] = {&member.node_key(), &member.cosign_key(), &member.log_key(),
                                 &member.transport_key()};
    for (std::size_t key = 0; key < 4; ++key) {
      EXPECT_EQ(hex(crypto::as_bytes(*keys[key])), nodes[number].list()[key].text());
    }
  }
  EXPECT_TRUE(genesis.check_signatures(
      {{expected["founder"].fixed<PublicKey>(), expected["founder_signature"].fixed<Signature>()}}));
  EXPECT_EQ(policy_file(genesis), expected["policy"].text());

  const auto file = read_genesis_file(expected["file"].text());
  ASSERT_TRUE(file) << file.error().detail;
  EXPECT_EQ(hex(file->genesis), expected["message"].text());
  EXPECT_TRUE(genesis.check_signatures(file->signatures));
}

TEST(GoldenChain, checkpoint_cosignatures_and_final_note) {
  const Golden expected = golden("checkpoint");
  const std::string origin = golden("genesis")["origin"].text();
  const std::string text = crypto::Checkpoint{
      origin,
      golden("log")["entries"].list().size(),
      golden("log")["root"].digest(),
      {}}.format();
  EXPECT_EQ(text, expected["text"].text());
  crypto::Note note{text, {crypto::sign_note(text, origin, expected["log_seed"].key())}};
  const std::vector<Golden> cosigners = expected["cosigners"].list();
  EXPECT_EQ(crypto::cosignature_message(text, cosigners[0]["time_s"].number<std::uint64_t>()),
            expected["cosignature_message"].text());
  for (const Golden& cosigner : cosigners) {
    note.signatures.push_back(
        crypto::cosign_note(text, cosigner_name(origin, cosigner["node_id"].number<std::uint32_t>()),
                            cosigner["seed"].key(), cosigner["time_s"].number<std::uint64_t>()));
  }
  EXPECT_EQ(note.format(), expected["note"].text());
  const auto accepted = make_policy(golden_genesis()).accept(note.format());
  ASSERT_TRUE(accepted) << accepted.error().detail;
  EXPECT_EQ(accepted->cosigners.size(), 3U);
}

// The chain of golden.json, executed.
struct ExecutedChain {
  Genesis genesis = golden_genesis();
  MemoryStorage state_storage;
  MemoryStorage index_storage;
  std::unique_ptr<Ledger> ledger = Ledger::open(genesis, state_storage, index_storage).value();
  std::vector<Block> blocks;
  ExecutedBlock last;

  ExecutedChain() {
    ParentLink parent{0, 0, genesis.chain_id(), genesis.message().time_ms()};
    for (const Golden& stored : golden("blocks").list()) {
      blocks.push_back(decode_block(stored["stored"].bytes(), genesis.chain_id()).value());
      const BlockHeader& header = blocks.back().frame.header;
      check_block(blocks.back(), parent, proto::CLOCK_SCRIPTED, genesis.configuration()).value();
      last = ledger->execute(blocks.back()).value();
      parent = {header.height, header.term, blocks.back().frame.hash, header.time_ms};
    }
  }
};

TEST(GoldenChain, execution_of_genesis_and_blocks) {
  const ExecutedChain chain;
  const std::vector<Golden> entries = golden("log")["entries"].list();
  ASSERT_EQ(chain.last.log_size, entries.size());
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const auto row = chain.ledger->index().entry(index);
    ASSERT_TRUE(row && *row);
    EXPECT_EQ(hex(crypto::as_bytes((*row)->entry())), entries[index].text()) << "entry " << index;
  }
  EXPECT_EQ(hex(chain.last.log_root), golden("log")["root"].text());
  EXPECT_EQ(hex(chain.last.state_root), golden("log")["state_root"].text());

  const auto first = chain.ledger->index().entry(0);
  const std::vector<Golden> effects = golden("genesis")["effects"].list();
  ASSERT_EQ(static_cast<std::size_t>((*first)->effects_size()), effects.size());
  for (std::size_t number = 0; number < effects.size(); ++number) {
    const proto::IndexedEffect& found = (*first)->effects(static_cast<int>(number));
    EXPECT_EQ(found.subject(), effects[number]["subject"].text());
    EXPECT_EQ(hex(crypto::as_bytes(found.effect())), effects[number]["effect"].text());
  }
}

TEST(GoldenChain, state_values) {
  const ExecutedChain chain;
  const std::vector<Golden> state = golden("state").list();
  EXPECT_EQ(chain.ledger->state_keys(), state.size());
  for (const Golden& expected : state) {
    const auto subject = chain.ledger->subject(expected["key"].text());
    ASSERT_TRUE(subject && *subject) << expected["key"].text();
    EXPECT_EQ(hex((*subject)->value()), expected["value"].text()) << expected["key"].text();
  }
}

TEST(GoldenChain, receipt) {
  const ExecutedChain chain;
  const Golden expected = golden("receipt");
  const crypto::Policy policy = make_policy(chain.genesis);
  const auto made =
      make_receipt(chain.ledger->index(), expected["index"].number<std::uint64_t>(), chain.genesis.chain_id(),
                   *chain.blocks.back().bodies[0], golden("checkpoint")["note"].text(), policy);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(*made, expected["text"].text());
  const ReceiptVerdict verdict = verify_receipt(expected["text"].text(), policy);
  EXPECT_TRUE(verdict.good()) << verdict.steps.back().name;
}

}  // namespace
}  // namespace circula::ledger
