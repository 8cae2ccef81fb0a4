// The bytes of every format as the encoders make them.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>

#include "crypto/state_tree.h"
#include "ledger/block.h"
#include "ledger/canonical.h"
#include "ledger/certificate_number.h"
#include "ledger/entry.h"
#include "ledger/object_id.h"
#include "ledger/organisation_code.h"
#include "ledger/proto/block.pb.h"
#include "ledger/registry.h"
#include "ledger/subject.h"
#include "tests/ledger/golden.h"

namespace circula::ledger {
namespace {

using testing::Golden;
using testing::golden;
using testing::golden_chain_id;
using testing::hex;

TEST(Golden, public_keys_and_statements) {
  for (const Golden& key : golden("keys").list()) {
    EXPECT_EQ(hex(key["seed"].key().public_key().view()), key["public"].text());
  }
  const Golden statements = golden("statements");
  EXPECT_EQ(hex(possession_statement(Digest{}, golden("genesis")["oids"].list()[0].text())),
            statements["possession"].text());
  EXPECT_EQ(hex(genesis_statement(golden_chain_id())), statements["genesis"].text());
}

TEST(Golden, envelope_and_record_ids) {
  const Golden expected = golden("envelope");
  std::vector<Bytes> records;
  for (const Golden& record : expected["records"].list()) records.push_back(record.bytes());
  std::vector<crypto::SigningKey> keys;
  for (const Golden& seed : expected["seeds"].list()) keys.push_back(seed.key());
  std::vector<const crypto::SigningKey*> signers;
  for (const crypto::SigningKey& key : keys) signers.push_back(&key);
  EXPECT_EQ(hex(seal_envelope(golden_chain_id(), records, signers)), expected["message"].text());

  const auto envelope = Envelope::decode(expected["message"].bytes(), golden_chain_id());
  ASSERT_TRUE(envelope) << envelope.error().detail;
  EXPECT_EQ(hex((*envelope)->id()), expected["envelope_id"].text());
  EXPECT_EQ(hex((*envelope)->body_hash()), expected["body_hash"].text());
  std::vector<Digest> ids;
  for (const SignedRecord& record : (*envelope)->records()) {
    EXPECT_EQ(hex(record.id), expected["record_ids"].list()[ids.size()].text());
    EXPECT_EQ(hex(serialise_canonical(record.fields)), hex(record.bytes));
    ids.push_back(record.id);
  }
  EXPECT_EQ(hex(envelope_signing_bytes(golden_chain_id(), ids)), expected["statement"].text());
  const std::vector<crypto::VerifyJob> jobs = (*envelope)->signature_jobs();
  EXPECT_EQ(crypto::verify_batch(jobs), std::vector<bool>(jobs.size(), true));
}

void expect_block(const Golden& expected, const crypto::SigningKey& key, Bytes configuration = {}) {
  const Golden fields = expected["fields"];
  BlockHeader header;
  header.height = fields["height"].number<std::uint64_t>();
  header.term = fields["term"].number<std::uint64_t>();
  header.parent = fields["parent"].digest();
  header.time_ms = fields["time_ms"].number<std::uint64_t>();
  header.proposer = fields["proposer"].number<std::uint16_t>();
  header.kind = static_cast<BlockKind>(fields["kind"].number<std::uint8_t>());
  std::vector<Digest> hashes;
  if (fields["bodies"].number<int>() == 1) hashes.push_back(golden("envelope")["body_hash"].digest());
  const BlockFrame frame = make_frame(header, hashes, std::move(configuration), golden_chain_id(), key);
  EXPECT_EQ(hex(frame.header_bytes), expected["header"].text());
  EXPECT_EQ(hex(frame.hash), expected["hash"].text());
  EXPECT_EQ(hex(serialise_canonical(frame.message())), expected["frame"].text());
  EXPECT_EQ(hex(frame.header.bodies_root), fields["bodies_root"].text());
  EXPECT_EQ(hex(frame.header.config_hash), fields["config_hash"].text());

  const auto block = decode_block(expected["stored"].bytes(), golden_chain_id());
  ASSERT_TRUE(block) << block.error().detail;
  EXPECT_EQ(block->frame.header, frame.header);
  EXPECT_EQ(hex(encode_block(*block)), expected["stored"].text());
}

TEST(Golden, block_headers_frames_and_stored_blocks) {
  const crypto::SigningKey proposer = golden("proposer_seed").key();
  for (const Golden& block : golden("blocks").list()) expect_block(block, proposer);
  const Golden configuring = golden("configuration_block");
  expect_block(configuring, configuring["seed"].key(), configuring["configuration"].bytes());
}

template <class Fields>
void expect_entry(const Fields& fields, const Golden& expected) {
  EXPECT_EQ(hex(encode(fields)), expected["bytes"].text());
  const auto decoded = decode_entry(expected["bytes"].bytes());
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, Entry(fields));
}

TEST(Golden, entries_of_every_kind) {
  const Golden entries = golden("entries");
  for (const Golden& expected : entries["record"].list()) {
    const Golden fields = expected["fields"];
    RecordEntry entry;
    entry.outcome = fields["outcome"].number<std::uint16_t>();
    entry.type = fields["type"].number<std::uint16_t>();
    entry.type_version = fields["type_version"].number<std::uint16_t>();
    entry.position = fields["position"].number<std::uint16_t>();
    entry.envelope_id = fields["envelope_id"].digest();
    entry.body_hash = fields["body_hash"].digest();
    entry.record_id = fields["record_id"].digest();
    entry.effects = fields["effects"].number<std::uint16_t>();
    entry.effects_root = fields["effects_root"].digest();
    expect_entry(entry, expected);
  }
  for (const Golden& expected : entries["block"].list()) {
    const Golden fields = expected["fields"];
    BlockEntry entry;
    entry.height = fields["height"].number<std::uint64_t>();
    entry.first = fields["first"].number<std::uint64_t>();
    entry.entries = fields["entries"].number<std::uint32_t>();
    entry.block_hash = fields["block_hash"].digest();
    entry.state_root = fields["state_root"].digest();
    entry.state_keys = fields["state_keys"].number<std::uint64_t>();
    entry.time_ms = fields["time_ms"].number<std::uint64_t>();
    entry.term = fields["term"].number<std::uint32_t>();
    entry.proposer = fields["proposer"].number<std::uint16_t>();
    expect_entry(entry, expected);
  }
  const Golden due = entries["due"]["fields"];
  expect_entry(DueEntry{due["rule"].number<std::uint16_t>(), due["subject_hash"].digest(),
                        due["effects"].number<std::uint16_t>(), due["effects_root"].digest()},
               entries["due"]);
  const Golden first = entries["genesis"]["fields"];
  expect_entry(GenesisEntry{first["chain_id"].digest(), first["effects"].number<std::uint16_t>(),
                            first["effects_root"].digest()},
               entries["genesis"]);
}

TEST(Golden, effect_with_its_leaf_and_its_history_leaf) {
  const Golden expected = golden("effect");
  const Bytes bytes =
      encode(Effect{expected["type"].number<std::uint16_t>(), expected["seq"].number<std::uint64_t>(),
                    std::string(crypto::as_text(expected["fields"].bytes()))});
  EXPECT_EQ(hex(bytes), expected["bytes"].text());
  EXPECT_EQ(hex(effect_leaf(expected["seed"].bytes(), expected["number"].number<std::uint16_t>(),
                            expected["subject"].text(), bytes)),
            expected["leaf"].text());
  EXPECT_EQ(hex(history_leaf(expected["log_index"].number<std::uint64_t>(), bytes)),
            expected["history_leaf"].text());
}

TEST(Golden, subject_keys_of_every_kind) {
  const std::string oid = golden("genesis")["oids"].list()[0].text();
  ShortId id{};
  for (std::size_t at = 0; at < id.size(); ++at) id[at] = static_cast<std::uint8_t>(at);
  const std::vector<SubjectKey> made = {
      org_key(oid),
      key_key(golden("keys").list()[0]["public"].fixed<PublicKey>()),
      asset_key(id),
      right_key(id, 'H'),
      right_key(id, 'U'),
      right_key(id, 'O'),
      certificate_key(*format_certificate_number({"FJ", 2023, 42})),
      agreement_key(id),
      agreement_version_key(id, 3),
      contract_key(id),
      event_key(id),
      event_node_key(id, "0.1"),
      counter_key(id, "cap-1", "", IncomeOrigin::kPosted),
      counter_key(id, "tier-1", "2023-12", IncomeOrigin::kPosted),
      counter_key(id, "tier-1", "2023-12", IncomeOrigin::kReported),
      income_key(oid, "CNY"),
      period_key(id, oid, "2023-12-31", IncomeOrigin::kPosted),
      period_key(id, oid, "2023-12-31", IncomeOrigin::kReported),
      replay_key(466667),
      unique_key("certificate", crypto::sha256("unique")),
      serial_key("FJ", "2023"),
      config_key("chain"),
      config_key("parameters"),
      config_key("voters"),
      product_key(id),
      product_version_key(id, 2),
      listing_key(id),
      order_key(id),
      hold_key(id, 2),
      account_key("avail", oid, oid, "CNY"),
      bank_key(oid, "CNY"),
      payout_key(id),
      licence_key(id),
      trade_certificate_key(*format_certificate_number({"FJ", 2023, 42})),
      open_items_key(oid),
  };
  const std::vector<Golden> expected = golden("subject_keys").list();
  ASSERT_EQ(made.size(), expected.size());
  std::set<SubjectKind> kinds;
  for (std::size_t number = 0; number < made.size(); ++number) {
    EXPECT_EQ(made[number], expected[number]["key"].text());
    EXPECT_EQ(static_cast<int>(kind_of(made[number])), expected[number]["kind"].number<int>());
    kinds.insert(kind_of(made[number]));
    const SubjectFields* fields = find_subject_fields(made[number]);
    ASSERT_NE(fields, nullptr) << made[number];
    EXPECT_EQ(fields->fields()->name(), expected[number]["fields"].text());
  }
  EXPECT_EQ(kinds.size(), subject_kinds().size()) << "a kind of subject has no golden key";
}

TEST(Golden, numbers_of_record_and_effect_types) {
  std::size_t records = 0;
  std::size_t effects = 0;
  for (const Family* family : families()) {
    records += family->records.size();
    effects += family->effects.size();
  }
  const std::vector<Golden> record_types = golden("record_types").list();
  EXPECT_EQ(records, record_types.size());
  for (const Golden& expected : record_types) {
    const RecordType* type = find_record_type(expected["number"].number<std::uint16_t>(), 1);
    ASSERT_NE(type, nullptr) << expected["message"].text();
    EXPECT_EQ(type->body()->name(), expected["message"].text());
  }
  const std::vector<Golden> effect_types = golden("effect_types").list();
  EXPECT_EQ(effects, effect_types.size());
  for (const Golden& expected : effect_types) {
    const EffectType* type = find_effect_type(expected["number"].number<std::uint16_t>());
    ASSERT_NE(type, nullptr) << expected["message"].text();
    EXPECT_EQ(type->fields()->name(), expected["message"].text());
  }
}

TEST(Golden, trees_and_their_proofs) {
  const Golden expected = golden("trees");
  crypto::MemoryTree log;
  std::vector<Digest> heads = {log.root()};
  for (std::uint8_t number = 0; number < 7; ++number) {
    log.append(crypto::sha256(ByteView(&number, 1)));
    heads.push_back(log.root());
  }
  for (std::size_t size = 0; size < heads.size(); ++size) {
    EXPECT_EQ(hex(heads[size]), expected["log_heads"].list()[size].text());
  }
  for (std::uint64_t index = 0; index < 7; ++index) {
    const std::vector<Golden> path = expected["log_paths_of_7"].list()[index].list();
    const auto made = crypto::prove_inclusion(log, index, 7);
    ASSERT_TRUE(made);
    ASSERT_EQ(made->size(), path.size());
    for (std::size_t at = 0; at < path.size(); ++at) EXPECT_EQ(hex((*made)[at]), path[at].text());
  }

  crypto::StateTree state;
  const std::vector<Golden> roots = expected["state_roots"].list();
  EXPECT_EQ(hex(state.root()), roots[0].text());
  for (std::size_t number = 0; number < 9; ++number) {
    const std::string key = "key-" + std::to_string(number);
    const std::string value = "value-" + std::to_string(number);
    const crypto::StateChange change{key, crypto::as_bytes(value)};
    state.apply(std::span(&change, 1));
    EXPECT_EQ(hex(state.root()), roots[number + 1].text());
  }
  for (std::size_t number = 0; number < 9; ++number) {
    EXPECT_EQ(hex(state.prove("key-" + std::to_string(number)).encode()),
              expected["state_members"].list()[number].text());
  }
  for (const Golden& absent : expected["state_absent"].list()) {
    EXPECT_EQ(hex(state.prove(absent["key"].text()).encode()), absent["proof"].text());
  }
}

TEST(Golden, ids_for_people) {
  const Golden expected = golden("ids");
  const auto id = expected["object"].fixed<ShortId>();
  constexpr ObjectKind kKinds[] = {ObjectKind::kAsset,     ObjectKind::kProduct,  ObjectKind::kListing,
                                   ObjectKind::kOrder,     ObjectKind::kContract, ObjectKind::kLicence,
                                   ObjectKind::kAgreement, ObjectKind::kDispute,  ObjectKind::kEvent};
  const std::vector<Golden> objects = expected["objects"].list();
  ASSERT_EQ(objects.size(), std::size(kKinds));
  for (std::size_t kind = 0; kind < objects.size(); ++kind) {
    EXPECT_EQ(object_text(kKinds[kind], id), objects[kind].text());
  }
  for (const Golden& one : expected["certificates"].list()) {
    const CertificateNumber number{one["code"].text(), one["year"].number<std::uint32_t>(),
                                   one["serial"].number<std::uint32_t>()};
    EXPECT_EQ(*format_certificate_number(number), one["number"].text());
  }
  for (const Golden& oid : expected["oids"].list()) EXPECT_TRUE(is_uscc(oid.text())) << oid.text();
}

}  // namespace
}  // namespace circula::ledger
