// Signed notes, checkpoints, proof files and policies: what parses is written again as the same bytes.
#include <cstdlib>

#include "crypto/checkpoint.h"
#include "crypto/policy.h"
#include "crypto/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace circula::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = Note::parse(text)) {
    if (note->format() != text) std::abort();
    for (const NoteSignature& line : note->signatures) (void)parse_cosignature(line);
  }
  if (const auto checkpoint = Checkpoint::parse(text); checkpoint && checkpoint->format() != text)
    std::abort();
  if (const auto proof = TlogProof::parse(text); proof && proof->format() != text) std::abort();
  if (const auto key = VerifierKey::parse(text); key && key->format() != text) std::abort();
  // A policy may have comments and blanks: it is its written form that stays.
  if (const auto policy = Policy::parse(text)) {
    const std::string written = policy->format();
    const auto again = Policy::parse(written);
    if (!again || again->format() != written) std::abort();
    (void)policy->accept(text);
  }
  return 0;
}
