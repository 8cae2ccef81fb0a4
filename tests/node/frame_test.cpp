#include "node/frame.h"

#include <gtest/gtest.h>

namespace circula::node {
namespace {

using crypto::Bytes;
using crypto::ByteView;

Bytes joined(std::initializer_list<EncodedFrame> frames) {
  Bytes stream;
  for (const EncodedFrame& frame : frames) stream.insert(stream.end(), frame->begin(), frame->end());
  return stream;
}

EncodedFrame encoded(std::uint8_t kind, const Bytes& payload) { return encode_frame(kind, payload).value(); }

TEST(Frame, is_a_big_endian_length_a_kind_and_the_payload) {
  EXPECT_EQ(*encoded(7, {0xAA, 0xBB}), (Bytes{0, 0, 0, 3, 7, 0xAA, 0xBB}));
  EXPECT_EQ(*encoded(255, {}), (Bytes{0, 0, 0, 1, 255}));
}

TEST(Frame, comes_out_the_same_at_every_split) {
  const std::vector<Frame> expected = {{1, {}}, {2, {9}}, {3, Bytes(300, 5)}, {4, {1, 2, 3}}};
  const Bytes stream =
      joined({encoded(1, {}), encoded(2, {9}), encoded(3, Bytes(300, 5)), encoded(4, {1, 2, 3})});
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    FrameDecoder decoder;
    std::vector<Frame> frames = decoder.feed(ByteView(stream).first(first)).value();
    for (Frame& frame : decoder.feed(ByteView(stream).subspan(first)).value()) frames.push_back(frame);
    EXPECT_EQ(frames, expected) << "cut at " << first;
    EXPECT_TRUE(decoder.at_boundary());
  }
}

TEST(Frame, comes_out_the_same_byte_by_byte) {
  const Bytes stream = joined({encoded(1, {}), encoded(3, Bytes(300, 5))});
  FrameDecoder decoder;
  std::vector<Frame> frames;
  for (const std::uint8_t byte : stream) {
    for (Frame& frame : decoder.feed({&byte, 1}).value()) frames.push_back(frame);
  }
  EXPECT_EQ(frames, (std::vector<Frame>{{1, {}}, {3, Bytes(300, 5)}}));
}

TEST(Frame, an_unfinished_frame_is_not_a_boundary) {
  FrameDecoder decoder;
  const Bytes stream = *encoded(1, {1, 2});
  for (std::size_t n = 0; n + 1 < stream.size(); ++n) {
    EXPECT_TRUE(decoder.feed(ByteView(stream).subspan(n, 1)).value().empty());
    EXPECT_FALSE(decoder.at_boundary());
  }
}

TEST(Frame, encodes_up_to_the_limit_and_not_one_byte_more) {
  EXPECT_TRUE(encode_frame(1, Bytes(kFramePayloadMax)).has_value());
  EXPECT_EQ(encode_frame(1, Bytes(kFramePayloadMax + 1)).error().fault, crypto::Fault::kOutOfRange);
}

TEST(Frame, decodes_up_to_the_limit) {
  for (const std::size_t below : {std::size_t{0}, std::size_t{1}}) {
    FrameDecoder decoder;
    const Bytes payload(kFramePayloadMax - below, 0x5A);
    EXPECT_EQ(decoder.feed(*encoded(9, payload)).value(), (std::vector<Frame>{{9, payload}}));
  }
}

TEST(Frame, refuses_a_length_above_the_limit_with_its_fourth_byte) {
  FrameDecoder decoder;
  EXPECT_TRUE(decoder.feed(Bytes{0x00, 0x40, 0x00}).has_value());
  EXPECT_EQ(decoder.feed(Bytes{0x01}).error().fault, crypto::Fault::kOutOfRange);  // 4 MiB + 1
}

TEST(Frame, refuses_a_length_of_zero) {
  FrameDecoder decoder;
  EXPECT_EQ(decoder.feed(Bytes(4, 0)).error().fault, crypto::Fault::kOutOfRange);
}

TEST(Frame, refuses_everything_after_a_refusal) {
  FrameDecoder decoder;
  EXPECT_TRUE(decoder.feed(Bytes{0xFF, 0xFF, 0xFF, 0xFF}).has_error());
  EXPECT_TRUE(decoder.feed(*encoded(1, {})).has_error());
  EXPECT_FALSE(decoder.at_boundary());
}

TEST(Frame, a_whole_frame_before_a_bad_length_is_lost_with_the_stream) {
  Bytes stream = *encoded(1, {});
  stream.insert(stream.end(), {0, 0, 0, 0});
  FrameDecoder decoder;
  EXPECT_TRUE(decoder.feed(stream).has_error());
}

}  // namespace
}  // namespace circula::node
