#include "node/peer_message.h"

#include <gtest/gtest.h>

namespace circula::node {
namespace {

std::optional<proto::PeerMessage> read_text(const std::string& payload) {
  return read_peer_message(crypto::as_bytes(payload));
}

std::string announcement(std::size_t hashes, std::size_t bytes_each) {
  proto::PeerMessage message;
  for (std::size_t n = 0; n < hashes; ++n) {
    message.mutable_announcement()->add_hashes(std::string(bytes_each, 'h'));
  }
  return message.SerializeAsString();
}

TEST(PeerMessage, reads_what_an_honest_node_says) {
  const auto message = read_text(announcement(65'536, crypto::Digest::kSize));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->announcement().hashes_size(), 65'536);

  proto::PeerMessage append;
  append.mutable_consensus()->set_term(7);
  auto& frames = *append.mutable_consensus()->mutable_append();
  frames.mutable_prev()->set_index(9);
  for (int n = 0; n < 64; ++n) {
    frames.add_frames()->set_header(std::string(181, 'x'));
    frames.add_sizes(300);
  }
  const auto again = read_text(append.SerializeAsString());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->SerializeAsString(), append.SerializeAsString());
  EXPECT_TRUE(read_text("").has_value());
}

// Two megabytes of empty bodies were parsed into forty times as much, on the thread that orders.
TEST(PeerMessage, refuses_more_elements_than_an_honest_message_has) {
  // Beside the elements, the announcement itself is one.
  EXPECT_TRUE(read_text(announcement(kPeerElementsMax - 1, 0)).has_value());
  EXPECT_FALSE(read_text(announcement(kPeerElementsMax, 0)).has_value());
}

TEST(PeerMessage, counts_unknown_fields_and_packed_numbers) {
  std::string unknown;
  for (std::size_t n = 0; n <= kPeerElementsMax; ++n) unknown += "\x78\x01";  // field 15
  EXPECT_FALSE(read_text(unknown).has_value());
  EXPECT_TRUE(read_text(unknown.substr(0, 2 * kPeerElementsMax)).has_value());

  proto::PeerMessage sizes;
  for (std::size_t n = 0; n <= kPeerElementsMax; ++n)
    sizes.mutable_consensus()->mutable_append()->add_sizes(1);
  EXPECT_FALSE(read_text(sizes.SerializeAsString()).has_value());
}

TEST(PeerMessage, refuses_what_is_no_message) {
  const std::string good = announcement(3, 32);
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(read_text(good.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(read_text("\x1b\x1c").has_value());               // a group
  EXPECT_FALSE(read_text(std::string(11, '\xff')).has_value());  // a varint without end
  EXPECT_FALSE(read_text("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").has_value());  // 2^64 - 1 bytes
}

}  // namespace
}  // namespace circula::node
