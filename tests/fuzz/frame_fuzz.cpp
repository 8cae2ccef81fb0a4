// The frame decoder against arbitrary streams and cuts: whatever comes out of one cut comes out of another,
// and encodes back to the bytes that it came from.
#include <cstdlib>

#include "node/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using circula::crypto::ByteView;
  using circula::node::Frame;
  if (size == 0) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  const ByteView stream(data + 1, size - 1);

  circula::node::FrameDecoder whole;
  auto expected = whole.feed(stream);

  circula::node::FrameDecoder pieces;
  std::vector<Frame> frames;
  bool refused = false;
  for (std::size_t from = 0; from < stream.size() && !refused; from += step) {
    auto some = pieces.feed(stream.subspan(from, std::min(step, stream.size() - from)));
    refused = some.has_error();
    if (!refused) frames.insert(frames.end(), some->begin(), some->end());
  }
  if (refused != expected.has_error()) std::abort();
  if (!refused && frames != *expected) std::abort();

  std::size_t at = 0;
  for (const Frame& frame : frames) {
    const auto encoded = circula::node::encode_frame(frame.kind, frame.payload);
    if (encoded.has_error() || !std::equal((*encoded)->begin(), (*encoded)->end(), stream.begin() + at)) {
      std::abort();
    }
    at += (*encoded)->size();
  }
  return 0;
}
