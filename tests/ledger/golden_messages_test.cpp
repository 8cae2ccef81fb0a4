// Every message that is signed, hashed or committed: its fields as docs/formats.md lists them, its bytes as a
// writer makes them that knows nothing but the page.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "ledger/proto/block.pb.h"
#include "ledger/proto/common.pb.h"
#include "ledger/proto/envelope.pb.h"
#include "ledger/proto/genesis.pb.h"
#include "ledger/registry.h"
#include "tests/ledger/golden_message.h"

namespace circula::ledger {
namespace {

TEST(GoldenMessages, of_records_effects_subjects_envelopes_blocks_and_genesis) {
  const std::set<std::string> names =
      testing::expect_golden_messages(testing::golden("messages")["ledger"], "circula.ledger.proto.");
  std::set<const google::protobuf::FileDescriptor*> files = {
      proto::Envelope::descriptor()->file(), proto::StoredBlock::descriptor()->file(),
      proto::Genesis::descriptor()->file(), proto::DataDigest::descriptor()->file()};
  for (const Family* family : families()) {
    for (const RecordType& type : family->records) files.insert(type.body()->file());
    for (const EffectType& type : family->effects) files.insert(type.fields()->file());
    for (const SubjectFields& subject : family->subjects) files.insert(subject.fields()->file());
  }
  EXPECT_GT(files.size(), 10U);
  for (const auto* file : files) testing::expect_all_listed(*file, names);
}

}  // namespace
}  // namespace circula::ledger
