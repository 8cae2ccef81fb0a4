// Signed notes: c2sp.org/signed-note v1.0.0, and the timestamped signatures of c2sp.org/tlog-cosignature
// v1.0.1.
//
//   <text, ends in LF> LF { U+2014 SP <key name> SP base64(key id[4] || signature) LF }
//
// Invariants: 1. parsing is strict, so formatting what was parsed gives the same bytes; 2. a key counts once,
// however often its line is repeated; 3. a bad signature of a known key condemns the whole note.
// A signed note's hash identifies nothing: other verifiers accept rewritten lines.
// Thread rule: values.
#pragma once

#include <optional>
#include <span>

#include "crypto/bytes.h"
#include "crypto/ed25519.h"
#include "crypto/result.h"

namespace circula::crypto {

inline constexpr std::size_t kMaxNoteBytes =
    256 * 1024;                                         // 16 lines with post-quantum signatures and much text
inline constexpr std::size_t kMaxNoteSignatures = 100;  // as Go's implementation; ours write at most 16
inline constexpr std::uint64_t kMaxCosignatureTime = (std::uint64_t{1} << 63) - 1;

enum class SignatureType : std::uint8_t {
  kEd25519 = 0x01,      // over the text
  kCosignature = 0x04,  // over "cosignature/v1", a time and the text
};

// Who signs: a name, a kind of signature and a key. Its text form is the "vkey".
struct VerifierKey {
  std::string name;
  SignatureType type = SignatureType::kEd25519;
  PublicKey key{};

  // SHA-256(name || LF || type || key)[:4].
  [[nodiscard]] std::uint32_t id() const;
  // name "+" hex8(id) "+" base64(type || key).
  [[nodiscard]] std::string format() const;
  // Also checks the name, the id and that the key is a valid point.
  [[nodiscard]] static Result<VerifierKey> parse(std::string_view text);

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

// Not empty, UTF-8, without Unicode space, control character or plus.
[[nodiscard]] bool is_key_name(std::string_view name);

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;  // as the kind of signature has it

  [[nodiscard]] std::string line() const;
  [[nodiscard]] static Result<NoteSignature> parse(std::string_view line);  // without its LF

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // with its final LF
  std::vector<NoteSignature> signatures;

  [[nodiscard]] std::string format() const;
  [[nodiscard]] static Result<Note> parse(std::string_view bytes);

  friend bool operator==(const Note&, const Note&) = default;
};

// What an Ed25519 cosignature signs. REQUIRES time_s <= kMaxCosignatureTime.
[[nodiscard]] std::string cosignature_message(std::string_view text, std::uint64_t time_s);

[[nodiscard]] NoteSignature sign_note(std::string_view text, const std::string& name, const SigningKey& key);
[[nodiscard]] NoteSignature cosign_note(std::string_view text, const std::string& name, const SigningKey& key,
                                        std::uint64_t time_s);

// The parts of a cosignature line's signature: u64be time || signature.
struct Cosignature {
  std::uint64_t time_s = 0;
  Signature signature{};
};
[[nodiscard]] Result<Cosignature> parse_cosignature(const NoteSignature& line);

// A known key that signed, by its place among the keys given. Of repeated cosignatures the newest time.
struct NoteSigner {
  std::size_t key = 0;
  std::uint64_t time_s = 0;  // cosignatures only
};

// The known keys that signed the note, each once, in the order of `keys`. Lines of others are ignored. An
// error when a known key's signature is bad, or when no known key signed.
[[nodiscard]] Result<std::vector<NoteSigner>> verify_note(const Note& note,
                                                          std::span<const VerifierKey> keys);

}  // namespace circula::crypto
