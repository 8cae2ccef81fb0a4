// The binary formats of the ledger: what decodes is encoded again as the same bytes.
#include <cstdlib>

#include "crypto/encoding.h"
#include "crypto/merkle.h"
#include "crypto/state_tree.h"
#include "crypto/tiles.h"
#include "ledger/block.h"
#include "ledger/canonical.h"
#include "ledger/entry.h"
#include "ledger/log_scan.h"
#include "ledger/manifest.h"
#include "ledger/subject.h"
#include "ledger/value_seal.h"

namespace {

using namespace circula::ledger;

void expect(bool good) {
  if (!good) std::abort();
}
bool same(ByteView left, const Bytes& right) {
  return circula::crypto::as_text(left) == circula::crypto::as_text(right);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace crypto = circula::crypto;
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  const Digest chain_id{};
  switch (data[0] % 10) {
    case 0:
      if (const auto entry = decode_entry(bytes)) expect(same(bytes, encode(*entry)));
      break;
    case 1:
      if (const auto effect = decode_effect(bytes)) expect(same(bytes, encode(*effect)));
      break;
    case 2:
      if (const auto proof = crypto::StateProof::decode(bytes)) {
        expect(same(bytes, proof->encode()));
        (void)crypto::verify_member({}, "org/x", bytes, *proof);
        (void)crypto::verify_absent({}, "org/x", *proof);
      }
      break;
    case 3:
      if (const auto range = crypto::CompactRange::parse(bytes)) expect(same(bytes, range->serialise()));
      break;
    case 4:
      if (const auto header = decode_header(bytes, chain_id))
        expect(same(bytes, encode_header(*header, chain_id)));
      break;
    case 5:
      if (const auto block = decode_block(bytes, chain_id)) expect(same(bytes, encode_block(*block)));
      break;
    case 6:
      if (const auto envelope = Envelope::decode(Bytes(bytes.begin(), bytes.end()), chain_id)) {
        expect(same(bytes, Bytes((*envelope)->bytes().begin(), (*envelope)->bytes().end())));
        for (const SignedRecord& record : (*envelope)->records()) {
          expect(same(record.bytes, serialise_canonical(record.fields)));
        }
      }
      break;
    case 7: {
      std::size_t records = 0;
      ManifestNumbers numbers;
      const LogVerdict verdict = scan_log(bytes, [&](ByteView record) {
        ++records;
        (void)apply_version_edit(record, numbers);
      });
      expect(verdict.intact_bytes <= bytes.size());
      // What is left after the cut is whole.
      if (verdict.state == LogState::kTornTail) {
        expect(scan_log(bytes.first(static_cast<std::size_t>(verdict.intact_bytes)), {}).state ==
               LogState::kWhole);
      }
      break;
    }
    case 8: {
      std::string stored;
      seal_value(bytes.first(bytes.size() / 2), bytes.subspan(bytes.size() / 2), stored);
      const auto value = open_value(bytes.first(bytes.size() / 2), crypto::as_bytes(stored));
      expect(value && same(bytes.subspan(bytes.size() / 2), *value));
      (void)open_value({}, bytes);
      break;
    }
    default:
      if (const auto name = crypto::TileName::parse(crypto::as_text(bytes)))
        expect(name->path() == crypto::as_text(bytes));
      if (const auto number = crypto::u64_from_decimal(crypto::as_text(bytes))) {
        expect(std::to_string(*number) == crypto::as_text(bytes));
      }
      if (const auto hex = crypto::from_hex(crypto::as_text(bytes)))
        expect(crypto::to_hex(*hex) == crypto::as_text(bytes));
      if (const auto plain = crypto::from_base64(crypto::as_text(bytes))) {
        expect(crypto::to_base64(*plain) == crypto::as_text(bytes));
      }
      (void)crypto::parse_bundle(bytes, crypto::kTileWidth);
  }
  return 0;
}
