#include "crypto/checkpoint.h"

#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

Error malformed(std::string detail) { return {Fault::kMalformed, std::move(detail)}; }

}  // namespace

std::string Checkpoint::format() const {
  assert(!origin.empty() && origin.find('\n') == std::string::npos);
  std::string text = origin + "\n" + std::to_string(size) + "\n" + to_base64(root) + "\n";
  for (const std::string& line : extensions) {
    assert(!line.empty() && line.find('\n') == std::string::npos);
    text += line + "\n";
  }
  return text;
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed("checkpoint: the last line does not end");
    if (end == 0) return malformed("checkpoint: an empty line");
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() < 3) return malformed("checkpoint: origin, size and root expected in three lines");
  const auto size = u64_from_decimal(lines[1]);
  if (!size) return malformed("checkpoint: size: " + size.error().detail);
  const auto root = to_fixed<Digest>(from_base64(lines[2]), "root");
  if (!root) return malformed("checkpoint: root: " + root.error().detail);
  Checkpoint checkpoint{std::string(lines[0]), *size, *root, {}};
  checkpoint.extensions.assign(lines.begin() + 3, lines.end());
  return checkpoint;
}

}  // namespace circula::crypto
