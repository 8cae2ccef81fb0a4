#include "tests/ledger/audit_sample.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/encoding.h"
#include "ledger/chain_file.h"
#include "ledger/leveldb_storage.h"
#include "ledger/proto/identity.pb.h"

namespace circula::ledger::testing {
namespace {

constexpr std::uint16_t kOrg = 1;

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

}  // namespace

AuditSample::AuditSample(unsigned count) {
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

RecordSpec AuditSample::rename(const std::string& organisation, unsigned n) {
  proto::Org body;
  body.mutable_update()->set_oid(chain.oid(organisation));
  body.mutable_update()->mutable_profile()->set_name(organisation + " " + std::to_string(n));
  return spec(organisation, kOrg, body);
}

Result<AuditReport> AuditSample::audit() {
  ListedChain listed(blocks);
  const LogIndex index(chain.index());
  return audit_chain({genesis, listed, note, &chain.state(), &index, &chain.index()});
}

std::string AuditSample::findings() {
  auto report = audit();
  if (!report) return std::string(name(report.error().code));
  std::set<std::string> rules;
  for (const AuditFinding& finding : report->findings.kept()) rules.insert(finding.rule);
  std::string out;
  for (const std::string& rule : rules) out += (out.empty() ? "" : " ") + rule;
  return out.empty() ? "none" : out;
}

void AuditSample::store(const std::string& directory) const {
  const auto open = [&](const char* name, Instance instance) {
    LevelDbOptions options;
    options.instance = instance;
    options.directory = directory + "/" + name;
    auto opened = LevelDbStorage::open(options);
    EXPECT_TRUE(opened) << opened.error().detail;
    return std::move(*opened);
  };
  auto kept = open("chain", Instance::kChain);
  for (std::uint64_t height = 1; height <= blocks.size(); ++height) {
    WriteBatch batch;
    batch.put(chain_key(height), blocks[height - 1]);
    ASSERT_TRUE(kept->write(batch));
  }
  WriteBatch final_note;
  final_note.put(final_note_key(), crypto::as_bytes(note));
  ASSERT_TRUE(open("meta", Instance::kMeta)->write(final_note));
  auto state = open("state", Instance::kState);
  auto index = open("index", Instance::kIndex);
  ASSERT_TRUE(chain.replay(*state, *index)->flush());
}

}  // namespace circula::ledger::testing
