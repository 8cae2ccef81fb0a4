// Receipts and bundles: as text, and made of arbitrary parts, so that what stands behind the one form of the
// file is reached. No input is a proof: the policy's only key has signed nothing.
#include <cstdlib>

#include "crypto/encoding.h"
#include "ledger/bundle.h"
#include "ledger/bundle_file.h"
#include "ledger/receipt.h"
#include "ledger/receipt_file.h"

namespace {

using namespace circula::ledger;
namespace crypto = circula::crypto;

const crypto::Policy& policy() {
  static const crypto::Policy policy = [] {
    const std::array<std::uint8_t, crypto::SigningKey::kSeedBytes> seed{1};
    const crypto::SigningKey key = crypto::SigningKey::from_seed(seed);
    crypto::Policy made;
    made.logs.push_back({{"fuzz.example", crypto::SignatureType::kEd25519, key.public_key()}, {}});
    made.quorum = std::string(crypto::Policy::kNoQuorum);
    return made;
  }();
  return policy;
}

// Takes parts off the front of the input.
class Parts {
 public:
  explicit Parts(ByteView bytes) : rest_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(byte_() % 9)) value = value << 8 | byte;
    return value;
  }
  Bytes bytes() {
    const ByteView part = take(byte_());
    return {part.begin(), part.end()};
  }
  std::string text() {
    std::string text;
    for (const std::uint8_t byte : take(byte_())) text += static_cast<char>(byte & 0x7f);
    return text;
  }
  Digest digest() {
    Digest digest{};
    const ByteView part = take(digest.size());
    std::copy(part.begin(), part.end(), digest.begin());
    return digest;
  }
  crypto::HashPath path() {
    crypto::HashPath path(byte_() % 4);
    for (Digest& hash : path) hash = digest();
    return path;
  }
  std::size_t count() { return byte_() % 5; }

 private:
  std::uint8_t byte_() { return rest_.empty() ? 0 : take(1)[0]; }
  ByteView take(std::size_t size) {
    const ByteView part = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(part.size());
    return part;
  }
  ByteView rest_;
};

void receipt_of(Parts in) {
  Receipt receipt;
  receipt.entry = in.bytes();
  receipt.record = in.bytes();
  receipt.outcome = static_cast<std::uint16_t>(in.number());
  receipt.outcome_name = in.text();
  for (std::size_t n = in.count(); n > 0; --n) receipt.effects.push_back({in.text(), in.bytes()});
  receipt.chain_id = in.digest();
  receipt.envelope_records = static_cast<std::uint32_t>(in.number());
  receipt.envelope_root = in.digest();
  receipt.envelope_path = in.path();
  for (std::size_t n = in.count(); n > 0; --n) receipt.signatures.push_back({});
  receipt.proof.index = in.number();
  receipt.proof.path = in.path();
  receipt.proof.checkpoint = in.text();
  const std::string text = write_receipt(receipt);
  if (const auto read = read_receipt(text); !read || write_receipt(read->receipt) != text) std::abort();
  if (verify_receipt(text, policy()).good()) std::abort();
}

void bundle_of(Parts in) {
  Bundle bundle;
  const std::uint64_t bound = in.number();
  switch (in.count()) {
    case 0:
      break;
    case 1:
      bundle.question = AskHistory{};
      break;
    case 2:
      bundle.question = AskPeriod{bound, in.number()};
      break;
    case 3:
      bundle.question = AskBefore{bound};
      break;
    default:
      bundle.question = AskHeight{bound};
  }
  bundle.subject = in.text();
  if (in.count() > 0) bundle.value = in.bytes();
  bundle.state_proof.siblings = in.path();
  const auto block = [&] {
    BlockProof proof;
    proof.entry.height = in.number();
    proof.entry.first = in.number();
    proof.entry.entries = static_cast<std::uint32_t>(in.number());
    proof.entry.time_ms = in.number();
    proof.path = in.path();
    return proof;
  };
  bundle.block = block();
  std::uint64_t seq = in.number();
  for (std::size_t n = in.count(); n > 0; --n) bundle.leaves.push_back({seq++, in.number(), in.bytes()});
  if (!bundle.leaves.empty()) {
    bundle.history_path = in.path();
    for (std::size_t n = in.count(); n > 0; --n) bundle.blocks.push_back(block());
  }
  bundle.checkpoint = in.text();
  const std::string text = write_bundle(bundle);
  if (const auto read = read_bundle(text); !read || write_bundle(read->bundle) != text) std::abort();
  if (verify_bundle(text, policy()).good()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  if (data[0] % 4 == 0) receipt_of(Parts(rest));
  if (data[0] % 4 == 1) bundle_of(Parts(rest));
  if (data[0] % 4 == 2 && verify_receipt(crypto::as_text(rest), policy()).good()) std::abort();
  if (data[0] % 4 == 3 && verify_bundle(crypto::as_text(rest), policy()).good()) std::abort();
  return 0;
}
