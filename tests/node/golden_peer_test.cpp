// What nodes say to each other, as docs/formats.md section 12 has it.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "node/consensus_codec.h"
#include "node/frame.h"
#include "tests/ledger/golden_message.h"

namespace circula::node {
namespace {

using ledger::testing::Golden;
using ledger::testing::golden;
using ledger::testing::hex;

TEST(GoldenPeer, messages) {
  const std::set<std::string> names =
      ledger::testing::expect_golden_messages(golden("messages")["peer"], "circula.node.proto.");
  ledger::testing::expect_all_listed(*proto::PeerMessage::descriptor()->file(), names);
}

TEST(GoldenPeer, frames) {
  crypto::Bytes stream;
  std::vector<Frame> frames;
  for (const Golden& expected : golden("frames").list()) {
    frames.push_back({expected["kind"].number<std::uint8_t>(), expected["payload"].bytes()});
    const auto encoded = encode_frame(frames.back().kind, frames.back().payload);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(hex(**encoded), expected["bytes"].text()) << expected["name"].text();
    crypto::put_bytes(stream, crypto::ByteView(**encoded));
  }
  FrameDecoder decoder;
  const auto decoded = decoder.feed(stream);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, frames);
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(GoldenPeer, an_append_carries_frames_in_place_of_entries) {
  const Golden expected = golden("append");
  const auto frame =
      ledger::decode_frame(golden("blocks").list()[1]["frame"].bytes(), ledger::testing::golden_chain_id());
  ASSERT_TRUE(frame) << frame.error().detail;
  const auto number = [&](const char* name) { return expected[name].number<std::uint64_t>(); };
  consensus::Append append;
  append.term = {number("term")};
  append.prev = {{number("prev_term")}, {number("prev_index")}};
  append.commit = {number("commit")};
  append.entries.push_back({append.term, expected["bytes"].number<std::uint32_t>(), {}});
  proto::PeerMessage message;
  *message.mutable_consensus() = encode_consensus(append, {*frame});
  const std::string bytes = message.SerializeAsString();
  const std::vector<Golden> frames = golden("frames").list();
  const auto stated =
      std::ranges::find_if(frames, [](const Golden& one) { return one["name"].text() == "message"; });
  ASSERT_NE(stated, frames.end());
  EXPECT_EQ(hex(crypto::as_bytes(bytes)), (*stated)["payload"].text());
}

}  // namespace
}  // namespace circula::node
