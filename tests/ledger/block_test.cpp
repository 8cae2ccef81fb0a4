#include "ledger/block.h"

#include <gtest/gtest.h>

#include "ledger/canonical.h"
#include "ledger/proto/clock.pb.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using testing::spec;
using testing::TestChain;

constexpr std::uint16_t kClock = 39;

// The largest block by count: 8,192 envelopes of one record each, well below 2 MiB. A StoredBlock lists every
// body twice, its hash and its bytes; counted with the limit of one envelope, blocks from 4,096 bodies on
// could be ordered and stored, and never be read again: not at a restart, not by an audit, not by a learner.
TEST(Block, with_as_many_bodies_as_a_block_may_have_is_read_back) {
  TestChain chain;
  proto::ClockMove move;
  Block block;
  std::vector<Digest> hashes;
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < kBlockRecordsMax; ++n) {
    move.set_to_ms(n + 1);
    block.bodies.push_back(chain.envelope({spec("buyer", kClock, move)}));
    hashes.push_back(block.bodies.back()->body_hash());
    bytes += block.bodies.back()->bytes().size();
  }
  ASSERT_LT(bytes, kBlockBytesMax);
  BlockHeader header;
  header.height = 1;
  header.term = 1;
  header.parent = chain.genesis().chain_id();
  header.time_ms = chain.time_ms();
  header.proposer = 1;
  block.frame = make_frame(header, hashes, {}, chain.genesis().chain_id(), chain.key("node"));
  ASSERT_TRUE(check_block(block, {0, 0, chain.genesis().chain_id(), 0}, proto::CLOCK_WALL,
                          chain.genesis().configuration()));

  const auto frame = decode_frame(serialise_canonical(block.frame.message()), chain.genesis().chain_id());
  ASSERT_TRUE(frame) << frame.error().detail;
  const auto stored = decode_block(encode_block(block), chain.genesis().chain_id());
  ASSERT_TRUE(stored) << stored.error().detail;
  EXPECT_EQ(stored->bodies.size(), kBlockRecordsMax);
  EXPECT_EQ(stored->frame.hash, block.frame.hash);
}

}  // namespace
}  // namespace circula::ledger
