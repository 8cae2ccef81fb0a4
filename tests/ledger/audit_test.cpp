#include "ledger/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "crypto/checkpoint.h"
#include "crypto/encoding.h"
#include "ledger/audit_directory.h"
#include "ledger/chain_file.h"
#include "ledger/leveldb_storage.h"
#include "ledger/proto/identity.pb.h"
#include "ledger/rights.h"
#include "tests/ledger/scratch_directory.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using test::ScratchDirectory;
using testing::spec;
using testing::TestChain;

constexpr std::uint16_t kOrg = 1;

Bytes bytes_of(std::string_view text) {
  const ByteView view = crypto::as_bytes(text);
  return {view.begin(), view.end()};
}

// Blocks of a given list, and what a node stored about them.
class ListedChain final : public ChainSource {
 public:
  explicit ListedChain(const std::vector<Bytes>& blocks) : blocks_(blocks) {}
  Result<std::optional<Bytes>> next() override {
    if (at_ == blocks_.size()) return std::optional<Bytes>();
    return std::optional(blocks_[at_++]);
  }

 private:
  const std::vector<Bytes>& blocks_;
  std::size_t at_ = 0;
};

struct Sample {
  TestChain chain{TestChain::Options{.voters = 4}};
  GenesisFile genesis;
  std::vector<Bytes> blocks;
  std::string note;

  explicit Sample(unsigned count = 5) {
    genesis.genesis = chain.genesis().bytes();
    genesis.signatures[chain.key("exchange").public_key()] =
        chain.key("exchange").sign(genesis_statement(chain.genesis().chain_id()));
    for (unsigned n = 0; n < count; ++n) {
      chain.advance_ms(1000);
      chain.execute({chain.envelope({rename("buyer", n), rename("provider", n)}),
                     chain.envelope({spec("nobody", kOrg, proto::Org())})});
    }
    EXPECT_TRUE(chain.ledger().flush());
    for (const Block& block : chain.blocks()) blocks.push_back(encode_block(block));
    note = chain.final_note();
  }

  testing::RecordSpec rename(const std::string& organisation, unsigned n) {
    proto::Org body;
    body.mutable_update()->set_oid(chain.oid(organisation));
    body.mutable_update()->mutable_profile()->set_name(organisation + " " + std::to_string(n));
    return spec(organisation, kOrg, body);
  }

  [[nodiscard]] Result<AuditReport> audit() {
    ListedChain listed(blocks);
    const LogIndex index(chain.index());
    return audit_chain({genesis, listed, note, &chain.state(), &index, &chain.index()});
  }
  // The rules of the findings, each once, joined; "none", or the code of an error.
  [[nodiscard]] std::string findings() {
    auto report = audit();
    if (!report) return std::string(name(report.error().code));
    std::set<std::string> rules;
    for (const AuditFinding& finding : report->findings.kept()) rules.insert(finding.rule);
    std::string out;
    for (const std::string& rule : rules) out += (out.empty() ? "" : " ") + rule;
    return out.empty() ? "none" : out;
  }
};

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
  Sample sample;
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
  Sample sample(3);
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
  Sample sample;
  std::swap(sample.blocks[2], sample.blocks[3]);
  EXPECT_NE(sample.findings().find("I01"), std::string::npos);
  std::swap(sample.blocks[2], sample.blocks[3]);
  sample.blocks.pop_back();
  EXPECT_EQ(sample.findings(), "I01 I37");  // state/ and index/ are ahead; the checkpoint's block is missing
}

TEST(Audit, finds_a_bad_signature_in_a_block_that_is_chained_well) {
  Sample sample(2);
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
  const auto after = [](const std::function<void(Sample&)>& change) {
    Sample sample;
    change(sample);
    return sample.findings();
  };
  EXPECT_EQ(after([](Sample&) {}), "none");
  EXPECT_EQ(after([](Sample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'B')); }),
            "I05");
  EXPECT_EQ(after([](Sample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'e')); }),
            "I05");
  EXPECT_EQ(after([](Sample& sample) { flip(sample.chain.index(), first_key(sample.chain.index(), 'h')); }),
            "I38");
  // state/: the log frontier in its position, and the value of a subject.
  EXPECT_EQ(after([](Sample& sample) { flip(sample.chain.state(), bytes_of("p")); }), "I05");
  EXPECT_EQ(after([](Sample& sample) { flip(sample.chain.state(), first_key(sample.chain.state(), 's')); }),
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
  Sample sample(64);  // 258 entries: heads of large subtrees are stored
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
  Sample sample;
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
    Sample sample(2);
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
  Sample sample;
  sample.genesis.signatures.clear();
  EXPECT_EQ(sample.findings(), "I03");
}

TEST(Audit, of_no_block_has_nothing_to_audit) {
  Sample sample(0);
  EXPECT_EQ(sample.findings(), "E_NOTHING");
}

TEST(AuditRules, find_a_gap_in_versions_and_effects_that_the_entry_does_not_commit) {
  TestChain chain;
  AuditFindings findings;
  const auto rules = audit_rules();
  const Entry entry = RecordEntry{.effects = 1};
  const std::vector<AppliedEffect> effects = {{"org/x", encode(Effect{101, 3, "fields"})}};
  const Bytes seed = {1, 2, 3};
  for (const auto& rule : rules) rule->entry({7, 1, 0, entry, nullptr, seed, effects}, findings);
  ASSERT_EQ(findings.count(), 2U);
  EXPECT_EQ(findings.kept()[0].rule, "I04");
  EXPECT_EQ(findings.kept()[1].rule, "I38");
  // Once more the same record: it took effect twice; and the state has no such subject.
  for (const auto& rule : rules) rule->entry({8, 1, 0, entry, nullptr, seed, {}}, findings);
  for (const auto& rule : rules) rule->finish(chain.ledger(), findings);
  const auto has = [&](std::string_view rule, std::string_view text) {
    return std::any_of(findings.kept().begin(), findings.kept().end(), [&](const AuditFinding& finding) {
      return finding.rule == rule && finding.text.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("I02", "twice"));
  EXPECT_TRUE(has("I38", "org/x"));
  EXPECT_TRUE(has("I38", "state root"));
}

TEST(AuditRules, find_shares_that_come_from_nowhere) {
  proto::RightOpened opened;
  proto::Holder& whole = *opened.add_holders();
  whole.set_oid("a");
  whole.set_ppm(1'000'000);
  const auto moved = [](std::uint32_t given, std::uint32_t taken) {
    proto::RightTransferred move;
    move.set_from("a");
    move.set_ppm(given);
    move.add_to()->set_oid("b");
    move.mutable_to(0)->set_ppm(taken);
    return move.SerializeAsString();
  };
  const auto findings = [&](const std::vector<Effect>& events) {
    AuditFindings found;
    const auto rule = make_holders_rule();
    const Entry entry = RecordEntry{};
    for (const Effect& event : events) {
      const std::vector<AppliedEffect> effects = {{"right/x/O", encode(event)}};
      rule->entry({event.seq, 1, 0, entry, nullptr, {}, effects}, found);
    }
    std::string rules;
    for (const AuditFinding& finding : found.kept()) rules += finding.rule + " ";
    return rules;
  };
  const Effect open{kEffectRightOpened, 0, opened.SerializeAsString()};
  EXPECT_EQ(findings({open, {kEffectRightTransferred, 1, moved(400'000, 400'000)}}), "");
  EXPECT_EQ(findings({open, {kEffectRightTransferred, 1, moved(400'000, 400'001)}}), "I19 I18 ");
  EXPECT_EQ(findings({open,
                      {kEffectRightTransferred, 1, moved(600'000, 600'000)},
                      {kEffectRightTransferred, 2, moved(600'000, 600'000)}}),
            "I19 ");
  EXPECT_EQ(findings({open, {kEffectRightOpened, 1, opened.SerializeAsString()}}), "I19 ");
  EXPECT_EQ(findings({{kEffectRightTransferred, 0, moved(1, 1)}}), "I19 I18 ");
}

// A node's directory as the node leaves it.
void store(const Sample& sample, const std::string& directory) {
  const auto open = [&](const char* name, Instance instance) {
    LevelDbOptions options;
    options.instance = instance;
    options.directory = directory + "/" + name;
    auto opened = LevelDbStorage::open(options);
    EXPECT_TRUE(opened) << opened.error().detail;
    return std::move(*opened);
  };
  auto chain = open("chain", Instance::kChain);
  for (std::uint64_t height = 1; height <= sample.blocks.size(); ++height) {
    WriteBatch batch;
    batch.put(chain_key(height), sample.blocks[height - 1]);
    ASSERT_TRUE(chain->write(batch));
  }
  WriteBatch final_note;
  final_note.put(final_note_key(), crypto::as_bytes(sample.note));
  ASSERT_TRUE(open("meta", Instance::kMeta)->write(final_note));
  auto state = open("state", Instance::kState);
  auto index = open("index", Instance::kIndex);
  ASSERT_TRUE(sample.chain.replay(*state, *index)->flush());
}

TEST(AuditDirectory, checks_all_four_instances_of_a_node_that_is_down) {
  Sample sample;
  const ScratchDirectory scratch;
  store(sample, scratch / "node");
  EXPECT_TRUE(holds_a_chain(scratch / "node"));
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->blocks, 5U);
  EXPECT_EQ(report->roots_compared, 2U * 6 + 2 + 1);
}

TEST(AuditDirectory, of_an_empty_directory_has_nothing_to_audit_and_leaves_it_empty) {
  Sample sample(1);
  const ScratchDirectory scratch;
  EXPECT_FALSE(holds_a_chain(scratch.path().string()));
  EXPECT_EQ(name(audit_directory(scratch.path().string(), sample.genesis).error().code), "E_NOTHING");
  EXPECT_EQ(name(audit_directory(scratch / "nowhere", sample.genesis).error().code), "E_NOTHING");
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(AuditDirectory, waits_for_the_node_to_be_down) {
  Sample sample(1);
  const ScratchDirectory scratch;
  store(sample, scratch / "node");
  LevelDbOptions options;
  options.directory = scratch / "node/index";
  options.instance = Instance::kIndex;
  const auto running = LevelDbStorage::open(options);
  ASSERT_TRUE(running);
  EXPECT_EQ(name(audit_directory(scratch / "node", sample.genesis).error().code), "E_STORAGE_LOCKED");
}

TEST(AuditDirectory, finds_flipped_bytes_in_the_files_of_the_chain) {
  Sample sample(3);
  const ScratchDirectory scratch;
  store(sample, scratch / "node");
  std::filesystem::path log;
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "node/chain")) {
    if (entry.path().extension() == ".log") log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  const std::string whole = test::read_text(log);
  std::string broken = whole;
  broken[whole.size() / 3] ^= 1;
  test::write_text(log, broken);
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_FALSE(report->good());
}

// What the four instances hold.
std::vector<Row> all_rows(const std::string& directory) {
  std::vector<Row> rows;
  for (const auto& [name, instance] :
       {std::pair("chain", Instance::kChain), std::pair("meta", Instance::kMeta),
        std::pair("state", Instance::kState), std::pair("index", Instance::kIndex)}) {
    LevelDbOptions options;
    options.instance = instance;
    options.directory = directory + "/" + name;
    const auto storage = LevelDbStorage::open(options);
    if (!storage) continue;
    EXPECT_TRUE((*storage)->scan(KeyRange::all(), Direction::kForward, [&](ByteView key, ByteView value) {
      rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
      return true;
    }));
  }
  return rows;
}

// One bit of one file, wherever it stands: the audit fails, finds it, says that it cut the end of a file, or
// nothing that a node reads has changed.
TEST(AuditDirectory, finds_a_flipped_bit_in_any_file_or_it_changed_nothing) {
  Sample sample(3);
  const ScratchDirectory scratch;
  store(sample, scratch / "whole");
  const std::vector<Row> rows = all_rows(scratch / "whole");  // a second start: tables beside the log
  ASSERT_GT(rows.size(), 20U);
  namespace fs = std::filesystem;
  std::size_t flips = 0;
  std::size_t harmless = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch / "whole")) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    const std::string content = test::read_text(entry.path());
    const fs::path place = fs::path(scratch / "broken") / fs::relative(entry.path(), scratch / "whole");
    constexpr std::size_t kFlips = 5;
    for (std::size_t number = 0; number < kFlips; ++number) {
      // Spread over the file, with its first and last byte.
      const std::size_t at = number * (content.size() - 1) / (kFlips - 1);
      fs::remove_all(scratch / "broken");
      fs::copy(scratch / "whole", scratch / "broken", fs::copy_options::recursive);
      std::string broken = content;
      broken[at] = static_cast<char>(broken[at] ^ (1 << (number % 8)));
      test::write_text(place, broken);
      ++flips;
      const auto report = audit_directory(scratch / "broken", sample.genesis);
      if (!report || !report->good() || report->torn_tails > 0) continue;
      ++harmless;
      EXPECT_EQ(all_rows(scratch / "broken"), rows) << place << " byte " << at;
    }
  }
  EXPECT_GT(flips, 40U);
  EXPECT_LT(harmless, flips / 2) << flips;
}

TEST(AuditDirectory, finds_a_gap_in_the_chain) {
  Sample sample;
  const ScratchDirectory scratch;
  store(sample, scratch / "node");
  {
    LevelDbOptions options;
    options.instance = Instance::kChain;
    options.directory = scratch / "node/chain";
    const auto chain = LevelDbStorage::open(options);
    ASSERT_TRUE(chain);
    WriteBatch batch;
    batch.remove(chain_key(3));
    ASSERT_TRUE((*chain)->write(batch));
  }
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.kept().front().rule, "I01");
  EXPECT_NE(report->findings.kept().front().text.find("block 3 is missing"), std::string::npos);
}

TEST(ChainFile, holds_everything_that_an_audit_needs) {
  Sample sample;
  const ScratchDirectory scratch;
  store(sample, scratch / "node");
  const auto count = export_directory(scratch / "node", sample.genesis, scratch / "x.chain");
  ASSERT_TRUE(count) << count.error().detail;
  EXPECT_EQ(*count, 5U);
  const auto report = audit_file(scratch / "x.chain");
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->blocks, 5U);
  EXPECT_EQ(report->chain_id, sample.chain.genesis().chain_id());
  EXPECT_EQ(report->checkpoint_size, sample.chain.ledger().position().log.size());
  EXPECT_EQ(report->roots_compared, 1U);
  EXPECT_FALSE(std::filesystem::exists(scratch / "x.chain.part"));
}

TEST(ChainFile, refuses_any_other_bytes) {
  Sample sample(2);
  const ScratchDirectory scratch;
  auto writer = ChainFileWriter::create(scratch / "x.chain", sample.genesis, sample.note);
  ASSERT_TRUE(writer);
  for (const Bytes& block : sample.blocks) ASSERT_TRUE((*writer)->block(block));
  ASSERT_TRUE((*writer)->finish());
  const std::string whole = test::read_text(scratch / "x.chain");
  const auto is_good = [&](const std::string& content) {
    test::write_text(scratch / "y.chain", content);
    const auto report = audit_file(scratch / "y.chain");
    return report && report->good();
  };
  EXPECT_TRUE(is_good(whole));
  for (std::size_t at = 0; at < whole.size(); at += 31) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    EXPECT_FALSE(is_good(changed)) << "byte " << at;
    EXPECT_FALSE(is_good(whole.substr(0, at))) << "cut at " << at;
  }
  EXPECT_FALSE(is_good(whole.substr(0, whole.size() - 37)));  // without its end, whole frames
  EXPECT_FALSE(is_good(whole + "x"));
}

TEST(ChainFile, is_not_there_until_it_is_whole) {
  Sample sample(1);
  const ScratchDirectory scratch;
  {
    auto writer = ChainFileWriter::create(scratch / "x.chain", sample.genesis, "");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->block(sample.blocks[0]));
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

}  // namespace
}  // namespace circula::ledger
