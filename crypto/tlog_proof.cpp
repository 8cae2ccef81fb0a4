#include "crypto/tlog_proof.h"

#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

Error malformed(std::string detail) { return {Fault::kMalformed, "proof file: " + std::move(detail)}; }

// The next line without its LF, taken from the front; nothing when no line ends.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string TlogProof::format() const {
  std::string text = std::string(kFirstLine) + "\n";
  if (!extra.empty()) text += std::string(kExtra) + to_base64(extra) + "\n";
  text += std::string(kIndex) + std::to_string(index) + "\n";
  for (const Digest& hash : path) text += to_base64(hash) + "\n";
  return text + "\n" + checkpoint;
}

Result<TlogProof> TlogProof::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return malformed("more than 1048576 bytes");
  std::string_view line;
  if (!take_line(text, line) || line != kFirstLine)
    return malformed("c2sp.org/tlog-proof@v1 expected as the first line");
  TlogProof proof;
  if (!take_line(text, line)) return malformed("no index line");
  if (line.starts_with(kExtra)) {
    auto extra = from_base64(line.substr(kExtra.size()));
    if (!extra) return malformed("extra: " + extra.error().detail);
    if (extra->empty()) return malformed("extra: without data the line is left out");
    proof.extra = std::move(*extra);
    if (!take_line(text, line)) return malformed("no index line");
  }
  if (!line.starts_with(kIndex)) return malformed("no index line");
  const auto index = u64_from_decimal(line.substr(kIndex.size()));
  if (!index) return malformed("index: " + index.error().detail);
  proof.index = *index;
  for (;;) {
    if (!take_line(text, line)) return malformed("no empty line before the checkpoint");
    if (line.empty()) break;
    if (proof.path.size() == kMaxPathHashes) return malformed("more than 64 hashes");
    const auto hash = to_fixed<Digest>(from_base64(line), "hash");
    if (!hash) return malformed(hash.error().detail);
    proof.path.push_back(*hash);
  }
  proof.checkpoint = std::string(text);
  return proof;
}

Result<AcceptedCheckpoint> TlogProof::verify(const Policy& policy, const Digest& leaf) const {
  auto accepted = policy.accept(checkpoint);
  if (!accepted) return accepted;
  const Checkpoint& tree = accepted->checkpoint;
  if (auto included = verify_inclusion(leaf, index, tree.size, path, tree.root); !included)
    return included.error();
  return accepted;
}

}  // namespace circula::crypto
