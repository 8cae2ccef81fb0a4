#include "ledger/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/checkpoint.h"
#include "crypto/encoding.h"
#include "ledger/proto/identity.pb.h"
#include "tests/ledger/audit_sample.h"

namespace circula::ledger {
namespace {

using testing::AuditSample;
using testing::spec;
using testing::TestChain;

constexpr std::uint16_t kOrg = 1;

Bytes bytes_of(std::string_view text) {
  const ByteView view = crypto::as_bytes(text);
  return {view.begin(), view.end()};
}

// Changes a stored row's last byte but `from_end`.
void flip(Storage& storage, const Bytes& key, std::size_t from_end = 0) {
  auto row = storage.get(key);
  ASSERT_TRUE(row && *row);
  Bytes value = **row;
  value.at(value.size() - 1 - from_end) ^= 1;
  WriteBatch batch;
  batch.put(key, value);
  ASSERT_TRUE(storage.write(batch));
}

// The first row with this tag.
Bytes first_key(Storage& storage, char tag) {
  auto row = storage.first(KeyRange::prefix(bytes_of(std::string(1, tag))));
  EXPECT_TRUE(row && *row);
  return (*row)->key;
}

TEST(Audit, of_an_honest_chain_recomputes_everything_and_finds_nothing) {
  AuditSample sample;
  const auto report = sample.audit();
  ASSERT_TRUE(report) << report.error().detail;
  for (const AuditFinding& finding : report->findings.kept()) ADD_FAILURE() << finding.rule << finding.text;
  EXPECT_EQ(report->blocks, 5U);
  EXPECT_EQ(report->records, 15U);
  EXPECT_EQ(report->entries, sample.chain.ledger().position().log.size());
  EXPECT_EQ(report->entries, 2U + 5 * 4);
  // Founder; for each block the header, two keys and one key; four cosignatures and the log's.
  EXPECT_EQ(report->signatures, 1U + 5 * 4 + 5);
  EXPECT_EQ(report->roots_compared, 2U * 6 + 2 + 1);
  EXPECT_GT(report->effects, 0U);
  EXPECT_EQ(report->checkpoint_size, report->entries);
  EXPECT_EQ(report->log_root, sample.chain.ledger().position().log.root());
  EXPECT_EQ(report->state_root, sample.chain.ledger().state_root());
  const auto json = boost::json::parse(audit_json(*report));
  EXPECT_EQ(json.at("findings").as_int64(), 0);
  EXPECT_EQ(json.at("blocks").as_int64(), 5);
}

TEST(Audit, finds_every_flipped_bit_of_a_stored_block) {
  AuditSample sample(3);
  for (std::size_t number = 0; number < sample.blocks.size(); ++number) {
    for (std::size_t at = number; at < sample.blocks[number].size(); at += 5) {
      sample.blocks[number][at] ^= static_cast<std::uint8_t>(1 << (at % 8));
      EXPECT_NE(sample.findings(), "none") << "block " << number + 1 << " byte " << at;
      sample.blocks[number][at] ^= static_cast<std::uint8_t>(1 << (at % 8));
    }
  }
  EXPECT_EQ(sample.findings(), "none");
}

TEST(Audit, finds_a_missing_or_moved_block) {
  AuditSample sample;
  std::swap(sample.blocks[2], sample.blocks[3]);
  EXPECT_NE(sample.findings().find("I01"), std::string::npos);
  std::swap(sample.blocks[2], sample.blocks[3]);
  sample.blocks.pop_back();
  EXPECT_EQ(sample.findings(), "I01 I37");  // state/ and index/ are ahead; the checkpoint's block is missing
}

TEST(Audit, finds_a_bad_signature_in_a_block_that_is_chained_well) {
  AuditSample sample(2);
  // A leader puts an envelope with a bad signature into the last block and signs its header.
  const Block& last = sample.chain.blocks().back();
  proto::Envelope message;
  ASSERT_TRUE(message.ParseFromArray(last.bodies[0]->bytes().data(),
                                     static_cast<int>(last.bodies[0]->bytes().size())));
  (*message.mutable_signatures(0)->mutable_signature())[5] ^= 1;
  auto forged = Envelope::decode(serialise_canonical(message), sample.chain.genesis().chain_id());
  ASSERT_TRUE(forged);
  Block block{last.frame, {*forged}};
  block.frame = make_frame(last.frame.header, {(*forged)->body_hash()}, {}, sample.chain.genesis().chain_id(),
                           sample.chain.key("node"));
  sample.blocks.back() = encode_block(block);
  EXPECT_NE(sample.findings().find("I03"), std::string::npos);

  // Another voter's key under the header.
  block = last;
  block.frame = make_frame(last.frame.header, last.frame.body_hashes, {}, sample.chain.genesis().chain_id(),
                           sample.chain.key("node-2"));
  sample.blocks.back() = encode_block(block);
  EXPECT_EQ(sample.findings(), "I03");
}

TEST(Audit, finds_what_a_node_stored_otherwise) {
  const auto after = [](const std::function<void(AuditSample&)>& change) {
    AuditSample sample;
    change(sample);
    return sample.findings();
  };
  EXPECT_EQ(after([](AuditSample&) {}), "none");
  EXPECT_EQ(
      after([](AuditSample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'B')); }),
      "I05");
  EXPECT_EQ(
      after([](AuditSample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'e')); }),
      "I05");
  EXPECT_EQ(
      after([](AuditSample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'h')); }),
      "I38");
  // state/: the log frontier in its position, and the value of a subject.
  EXPECT_EQ(after([](AuditSample& sample) { flip(sample.chain.state(), bytes_of("p")); }), "I05");
  EXPECT_EQ(
      after([](AuditSample& sample) { flip(sample.chain.state(), first_key(sample.chain.state(), 's')); }),
      "I05");
}

std::vector<Row> rows_of(const Reader& storage, std::string_view tags) {
  std::vector<Row> rows;
  for (const char tag : tags) {
    EXPECT_TRUE(storage.scan(KeyRange::prefix(bytes_of(std::string(1, tag))), Direction::kForward,
                             [&](ByteView key, ByteView value) {
                               rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
                               return true;
                             }));
  }
  return rows;
}

void change(Storage& storage, const Bytes& key, const std::optional<Bytes>& value) {
  WriteBatch batch;
  if (value) batch.put(key, *value);
  if (!value) batch.remove(key);
  ASSERT_TRUE(storage.write(batch));
}

// Somebody who may write to the disk changes a row and seals it again. No root commits where a record is
// found, which id was spent, what falls due or the heads of subtrees; re-execution makes them all the same.
TEST(Audit, finds_each_row_of_a_node_that_was_changed_removed_or_added) {
  AuditSample sample(64);  // 258 entries: heads of large subtrees are stored
  // A replayed envelope has entries in two places.
  const EnvelopePtr again = sample.chain.blocks().back().bodies[0];
  sample.chain.execute({again});
  ASSERT_TRUE(sample.chain.ledger().flush());
  sample.blocks.push_back(encode_block(sample.chain.blocks().back()));
  sample.note = sample.chain.final_note();
  ASSERT_EQ(sample.findings(), "none");
  for (const auto& [storage, tags] : {std::pair(&sample.chain.index(), std::string("eBrvhtkp")),
                                      std::pair(&sample.chain.state(), std::string("sxp"))}) {
    for (const char tag : tags) {
      const std::vector<Row> rows = rows_of(*storage, std::string(1, tag));
      ASSERT_FALSE(rows.empty()) << tag;
      const Row& row = rows[rows.size() / 2];
      Bytes other = row.value;
      if (other.empty()) other.push_back(0);
      other.back() ^= 1;
      change(*storage, row.key, other);
      EXPECT_NE(sample.findings(), "none") << "changed " << tag;
      change(*storage, row.key, std::nullopt);
      EXPECT_NE(sample.findings(), "none") << "removed " << tag;
      change(*storage, row.key, row.value);
      Bytes key = row.key;
      key.push_back(0x21);
      change(*storage, key, row.value);
      EXPECT_NE(sample.findings(), "none") << "added " << tag;
      change(*storage, key, std::nullopt);
    }
  }
  // The replayed envelope's row, moved to the entries that say E_REPLAY.
  Bytes key = bytes_of("v");
  crypto::put_bytes(key, again->id().view());
  const auto row = sample.chain.index().get(key);
  ASSERT_TRUE(row && *row);
  proto::IndexedEnvelope moved;
  ASSERT_TRUE(moved.ParseFromArray((*row)->data(), static_cast<int>((*row)->size())));
  moved.set_height(65);
  moved.set_body(0);
  moved.set_first_entry(sample.chain.ledger().position().log.size() - 1 - moved.records());
  change(sample.chain.index(), key, bytes_of(moved.SerializeAsString()));
  EXPECT_EQ(sample.findings(), "I05");
  change(sample.chain.index(), key, **row);
  change(sample.chain.index(), bytes_of("w"), Bytes{1});  // of no kind
  EXPECT_EQ(sample.findings(), "I05");
  change(sample.chain.index(), bytes_of("w"), std::nullopt);
  change(sample.chain.state(), bytes_of("d12345678org/x"), Bytes{});
  EXPECT_EQ(sample.findings(), "I05");
  change(sample.chain.state(), bytes_of("d12345678org/x"), std::nullopt);
  EXPECT_EQ(sample.findings(), "none");
}

TEST(Audit, finds_a_final_checkpoint_that_execution_does_not_give) {
  AuditSample sample;
  const std::string origin = sample.chain.genesis().message().origin();
  sample.note = sample.chain.final_note({1, 2});
  EXPECT_EQ(sample.findings(), "I37");
  sample.note = "not a note";
  EXPECT_EQ(sample.findings(), "I37");

  // All voters sign another root.
  const auto conspired = [&](std::uint64_t size) {
    crypto::Note note{crypto::Checkpoint{origin, size, Digest{}, {}}.format(), {}};
    note.signatures.push_back(crypto::sign_note(note.text, origin, sample.chain.key("node.log")));
    for (const char* id : {"1", "2", "3", "4"}) {
      const std::string node = std::string(id) == "1" ? "node" : "node-" + std::string(id);
      note.signatures.push_back(
          crypto::cosign_note(note.text, origin + "/node/" + id, sample.chain.key(node + ".cosign"), 1));
    }
    return note.format();
  };
  const std::uint64_t size = sample.chain.ledger().position().log.size();
  for (const std::uint64_t claimed : {size, size - 1, size + 1}) {
    sample.note = conspired(claimed);
    EXPECT_EQ(sample.findings(), "I37");
  }
}

// Whoever proposes may write any configuration into a block and sign it; nothing executes it.
TEST(Audit, finds_voters_that_no_record_put_in) {
  for (const BlockKind kind : {BlockKind::kConfiguration, BlockKind::kRecovery}) {
    AuditSample sample(2);
    const Block& last = sample.chain.blocks().back();
    BlockHeader header = last.frame.header;
    header.height += 1;
    header.parent = last.frame.hash;
    header.kind = kind;
    const auto audited = [&](const proto::Configuration& configuration) {
      Block block{make_frame(header, {}, serialise_canonical(configuration),
                             sample.chain.genesis().chain_id(), sample.chain.key("node")),
                  {}};
      sample.blocks.resize(2);
      sample.blocks.push_back(encode_block(block));
      return sample.findings();
    };
    proto::Configuration configuration = sample.chain.genesis().configuration();
    EXPECT_EQ(audited(configuration), "none");
    configuration.mutable_members()->RemoveLast();
    EXPECT_EQ(audited(configuration), "I36");
  }
}

TEST(Audit, finds_a_genesis_that_its_founders_did_not_sign) {
  AuditSample sample;
  sample.genesis.signatures.clear();
  EXPECT_EQ(sample.findings(), "I03");
}

TEST(Audit, of_no_block_has_nothing_to_audit) {
  AuditSample sample(0);
  EXPECT_EQ(sample.findings(), "E_NOTHING");
}

}  // namespace
}  // namespace circula::ledger
