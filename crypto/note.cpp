#include "crypto/note.h"

#include <algorithm>
#include <map>

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::crypto {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014, space
constexpr std::size_t kKeyIdBytes = 4;

Error malformed(std::string detail) { return {Fault::kMalformed, std::move(detail)}; }

// The white space of Unicode outside ASCII, in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028,
// U+2029, U+202F, U+205F, U+3000.
bool holds_unicode_space(std::string_view text) {
  static constexpr std::string_view kSpaces[] = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
      "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
      "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  return std::any_of(std::begin(kSpaces), std::end(kSpaces),
                     [text](std::string_view space) { return text.find(space) != std::string_view::npos; });
}

bool is_known_type(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(SignatureType::kEd25519) ||
         type == static_cast<std::uint8_t>(SignatureType::kCosignature);
}

std::string type_and_key(const VerifierKey& key) {
  std::string bytes(1, static_cast<char>(key.type));
  bytes += key.key.text();
  return bytes;
}

std::string hex8(std::uint32_t id) {
  Bytes bytes;
  put_u32be(bytes, id);
  return to_hex(bytes);
}

// A signature by a known key, taken apart.
struct Claim {
  std::size_t key;
  std::uint64_t time_s;
  std::string message;
  Signature signature;
};

Result<Claim> claim_of(const NoteSignature& line, std::size_t number, SignatureType type,
                       const std::string& text) {
  if (type == SignatureType::kCosignature) {
    const Result<Cosignature> parts = parse_cosignature(line);
    if (!parts) return parts.error();
    return Claim{number, parts->time_s, cosignature_message(text, parts->time_s), parts->signature};
  }
  const auto signature = to_fixed<Signature>(line.signature, "signature of " + line.name);
  if (!signature) return Error{Fault::kBadSignature, signature.error().detail};
  return Claim{number, 0, text, *signature};
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && !holds_unicode_space(name) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) > 0x20 && c != '+' && c != 0x7F; });
}

std::uint32_t VerifierKey::id() const {
  const Digest digest = Sha256().update(name).update("\n").update(type_and_key(*this)).finish();
  return Reader(digest).u32be();
}

std::string VerifierKey::format() const {
  return name + "+" + hex8(id()) + "+" + to_base64(as_bytes(type_and_key(*this)));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return malformed("verifier key: name+id+key expected");
  const std::string_view name = text.substr(0, first);
  if (!is_key_name(name))
    return malformed("verifier key: the name is empty or has spaces or control characters");
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes) return bytes.error();
  if (bytes->empty() || !is_known_type(bytes->front())) {
    return malformed("verifier key of " + std::string(name) +
                     ": type 0x01 (Ed25519) or 0x04 (cosignature) expected");
  }
  const auto key =
      to_fixed<PublicKey>(Bytes(bytes->begin() + 1, bytes->end()), "verifier key of " + std::string(name));
  if (!key) return key.error();
  const VerifierKey parsed{std::string(name), static_cast<SignatureType>(bytes->front()), *key};
  if (const std::string id = hex8(parsed.id()); text.substr(first + 1, second - first - 1) != id) {
    return malformed("verifier key of " + parsed.name + ": id " + id + " expected, " +
                     std::string(text.substr(first + 1, second - first - 1)) + " found");
  }
  if (!is_valid_key(parsed.key)) {
    return Error{Fault::kInvalidKey,
                 "verifier key of " + parsed.name + ": not a point of the prime-order subgroup"};
  }
  return parsed;
}

std::string NoteSignature::line() const {
  Bytes bytes;
  put_u32be(bytes, key_id);
  put_bytes(bytes, signature);
  return std::string(kDash) + name + " " + to_base64(bytes) + "\n";
}

Result<NoteSignature> NoteSignature::parse(std::string_view line) {
  if (!line.starts_with(kDash)) return malformed("note: a signature line begins with an em dash and a space");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos)
    return malformed("note: a signature line is a key name, a space and base64");
  NoteSignature signature{std::string(line.substr(0, space)), 0, {}};
  if (!is_key_name(signature.name)) return malformed("note: a signature line has an unusable key name");
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes) return malformed("note: signature of " + signature.name + ": " + bytes.error().detail);
  if (bytes->size() <= kKeyIdBytes)
    return malformed("note: signature of " + signature.name + " is cut short");
  signature.key_id = Reader(*bytes).u32be();
  signature.signature.assign(bytes->begin() + kKeyIdBytes, bytes->end());
  return signature;
}

std::string Note::format() const {
  std::string bytes = text + "\n";
  for (const NoteSignature& signature : signatures) bytes += signature.line();
  return bytes;
}

Result<Note> Note::parse(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes) return malformed("note: more than 262144 bytes");
  if (!is_utf8(bytes)) return malformed("note: not UTF-8");
  const auto is_control = [](char c) { return static_cast<std::uint8_t>(c) < 0x20 && c != '\n'; };
  if (std::any_of(bytes.begin(), bytes.end(), is_control)) return malformed("note: a control character");
  const std::size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return malformed("note: no empty line before the signatures");
  Note note{std::string(bytes.substr(0, split + 1)), {}};
  std::string_view lines = bytes.substr(split + 2);
  if (lines.empty()) return malformed("note: no signature");
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) return malformed("note: the last line does not end");
    if (note.signatures.size() == kMaxNoteSignatures) return malformed("note: more than 100 signatures");
    auto signature = NoteSignature::parse(lines.substr(0, end));
    if (!signature) return signature.error();
    note.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  return note;
}

std::string cosignature_message(std::string_view text, std::uint64_t time_s) {
  assert(time_s <= kMaxCosignatureTime);
  return "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + std::string(text);
}

NoteSignature sign_note(std::string_view text, const std::string& name, const SigningKey& key) {
  const Signature signature = key.sign(text);
  return {name,
          VerifierKey{name, SignatureType::kEd25519, key.public_key()}.id(),
          {signature.begin(), signature.end()}};
}

NoteSignature cosign_note(std::string_view text, const std::string& name, const SigningKey& key,
                          std::uint64_t time_s) {
  NoteSignature line{name, VerifierKey{name, SignatureType::kCosignature, key.public_key()}.id(), {}};
  put_u64be(line.signature, time_s);
  put_bytes(line.signature, key.sign(cosignature_message(text, time_s)));
  return line;
}

Result<Cosignature> parse_cosignature(const NoteSignature& line) {
  Reader reader(line.signature);
  Cosignature parts;
  parts.time_s = reader.u64be();
  parts.signature = reader.fixed<Signature>();
  if (auto done = reader.finish("cosignature of " + line.name); !done) {
    return Error{Fault::kBadSignature, done.error().detail};
  }
  if (parts.time_s > kMaxCosignatureTime) {
    return Error{Fault::kBadSignature, "cosignature of " + line.name + ": the time is beyond 2^63 - 1"};
  }
  return parts;
}

Result<std::vector<NoteSigner>> verify_note(const Note& note, std::span<const VerifierKey> keys) {
  std::map<std::pair<std::string_view, std::uint32_t>, std::size_t> known;
  for (std::size_t i = 0; i < keys.size(); ++i)
    known.emplace(std::pair{std::string_view(keys[i].name), keys[i].id()}, i);

  std::vector<Claim> claims;
  for (const NoteSignature& line : note.signatures) {
    const auto key = known.find({line.name, line.key_id});
    if (key == known.end()) continue;
    auto claim = claim_of(line, key->second, keys[key->second].type, note.text);
    if (!claim) return claim.error();
    claims.push_back(std::move(*claim));
  }
  if (claims.empty()) {
    return Error{Fault::kUnknownKey, "note: none of its " + std::to_string(note.signatures.size()) +
                                         " signatures is by a known key"};
  }

  std::vector<VerifyJob> jobs;
  for (const Claim& claim : claims)
    jobs.push_back({keys[claim.key].key, as_bytes(claim.message), claim.signature});
  const std::vector<bool> verdicts = verify_batch(jobs);
  std::map<std::size_t, std::uint64_t> signers;  // key number to newest time
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (!verdicts[i]) {
      return Error{Fault::kBadSignature,
                   "note: the signature of " + keys[claims[i].key].name + " does not verify"};
    }
    std::uint64_t& time_s = signers[claims[i].key];
    time_s = std::max(time_s, claims[i].time_s);
  }
  std::vector<NoteSigner> result;
  for (const auto& [key, time_s] : signers) result.push_back({key, time_s});
  return result;
}

}  // namespace circula::crypto
