#include "crypto/note.h"

#include "crypto/checkpoint.h"
#include "crypto/hash.h"
#include "tests/crypto/vectors.h"

namespace circula::crypto {
namespace {

// c2sp.org/signed-note, "Example" of the specification.
constexpr const char* kExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr const char* kExampleNote =
    "This is an example message.\n\n"
    "\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

VerifierKey cosigner(const std::string& name, const SigningKey& key) {
  return {name, SignatureType::kCosignature, key.public_key()};
}
VerifierKey signer(const std::string& name, const SigningKey& key) {
  return {name, SignatureType::kEd25519, key.public_key()};
}

TEST(SignedNote, example_of_the_specification_verifies) {
  const VerifierKey key = VerifierKey::parse(kExampleKey).value();
  EXPECT_EQ(key.format(), kExampleKey);
  EXPECT_EQ(key.id(), 0x530d903aU);
  const Note note = Note::parse(kExampleNote).value();
  EXPECT_EQ(note.text, "This is an example message.\n");
  EXPECT_EQ(note.format(), kExampleNote);
  EXPECT_EQ(verify_note(note, {&key, 1}).value().size(), 1U);
}

TEST(SignedNote, c2sp_examples_verify_and_altered_ones_do_not) {
  CIRCULA_NEEDS_VECTORS("c2sp-examples/examples.json");
  const auto file = vectors::read_json("c2sp-examples/examples.json");
  EXPECT_EQ(file.at("notes").as_array().size(), 3U);
  for (const auto& example : file.at("notes").as_array()) {
    const std::string bytes = vectors::text(example.at("note"));
    std::vector<VerifierKey> keys;
    for (const auto& vkey : example.at("vkeys").as_array()) {
      keys.push_back(VerifierKey::parse(vectors::text(vkey)).value());
      EXPECT_EQ(keys.back().format(), vectors::text(vkey));
    }
    Note note = Note::parse(bytes).value();
    EXPECT_EQ(note.format(), bytes);
    EXPECT_EQ(verify_note(note, keys).value().size(), example.at("good").to_number<std::size_t>());
    note.text.insert(0, "x");
    EXPECT_EQ(verify_note(note, keys).error().fault, Fault::kBadSignature);
  }
}

TEST(SignedNote, cosignature_message_is_that_of_the_specification) {
  CIRCULA_NEEDS_VECTORS("c2sp-examples/examples.json");
  const auto file = vectors::read_json("c2sp-examples/examples.json");
  EXPECT_EQ(cosignature_message(
                "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                1679315147),
            vectors::text(file.at("cosignature_message").at("message")));
}

TEST(SignedNote, every_altered_byte_is_noticed) {
  const VerifierKey key = VerifierKey::parse(kExampleKey).value();
  const std::string good = kExampleNote;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    const auto note = Note::parse(bytes);
    EXPECT_FALSE(note && verify_note(*note, {&key, 1})) << i;
  }
}

TEST(SignedNote, malformed_notes_are_refused) {
  const std::string good = kExampleNote;
  const std::string line = good.substr(good.find("\n\n") + 2);
  for (const std::string& bytes : std::vector<std::string>{
           std::string(), std::string("text\n"), std::string("text\n\n"), "text\n" + line,
           good.substr(0, good.size() - 1), "text\n\n- example.com/foo Uw2QOkn8\n", "te\txt\n\n" + line,
           "te\xFFxt\n\n" + line, "text\n\n" + line + "\n", "text\n\n" + line + "rest\n",
           "text\n\n\xE2\x80\x94 a+b Uw2QOkn8\n", std::string("text\n\n\xE2\x80\x94  Uw2QOkn8\n"),
           std::string("text\n\n\xE2\x80\x94 name Uw2QOg==\n"),
           std::string("text\n\n\xE2\x80\x94 na\xE2\x80\xA8me Uw2QOkn8\n"),
           std::string("text\n\n\xE2\x80\x94 name Uw2QOkn9==\n")}) {
    EXPECT_FALSE(Note::parse(bytes)) << bytes;
  }
  EXPECT_TRUE(Note::parse("text\n\nmore\n\n" + line));  // split at the last empty line
  std::string many = "text\n\n";
  for (int i = 0; i < 101; ++i) many += line;
  EXPECT_FALSE(Note::parse(many));
}

TEST(SignedNote, non_zero_trailing_bits_in_a_signature_are_refused) {
  std::string bytes = kExampleNote;
  const std::size_t last = bytes.rfind("M=");
  bytes[last] = 'N';
  EXPECT_FALSE(Note::parse(bytes));
}

TEST(SignedNote, known_keys_count_once_and_unknown_ones_not_at_all) {
  const SigningKey first = SigningKey::generate();
  const SigningKey second = SigningKey::generate();
  const SigningKey stranger = SigningKey::generate();
  const std::vector<VerifierKey> keys = {signer("a.example", first), cosigner("b.example", second),
                                         cosigner("absent.example", SigningKey::generate())};
  Note note{"origin\n1\nroot\n", {}};
  note.signatures = {
      cosign_note(note.text, "b.example", second, 50), sign_note(note.text, "a.example", first),
      sign_note(note.text, "a.example", stranger),     cosign_note(note.text, "b.example", second, 70),
      cosign_note(note.text, "b.example", second, 60), sign_note(note.text, "a.example", first)};
  const auto signers = verify_note(Note::parse(note.format()).value(), keys).value();
  ASSERT_EQ(signers.size(), 2U);
  EXPECT_EQ(signers[0].key, 0U);
  EXPECT_EQ(signers[1].key, 1U);
  EXPECT_EQ(signers[1].time_s, 70U);
}

TEST(SignedNote, a_bad_signature_of_a_known_key_condemns_the_note) {
  const SigningKey first = SigningKey::generate();
  const SigningKey second = SigningKey::generate();
  const std::vector<VerifierKey> keys = {signer("a.example", first), cosigner("b.example", second)};
  const std::string text = "text\n";
  Note note{text, {sign_note(text, "a.example", first), cosign_note(text, "b.example", second, 5)}};
  EXPECT_TRUE(verify_note(note, keys));
  note.signatures[1].signature[7] ^= 1;  // its time
  EXPECT_EQ(verify_note(note, keys).error().fault, Fault::kBadSignature);
  note.signatures[1].signature.resize(64);
  EXPECT_EQ(verify_note(note, keys).error().fault, Fault::kBadSignature);
  note.signatures = {cosign_note(text, "b.example", second, 5)};
  note.signatures[0].signature[0] = 0x80;  // beyond 2^63 - 1
  EXPECT_EQ(verify_note(note, keys).error().fault, Fault::kBadSignature);
  note.signatures = {sign_note(text, "c.example", second)};
  EXPECT_EQ(verify_note(note, keys).error().fault, Fault::kUnknownKey);
}

TEST(VerifierKeys, are_checked_when_read) {
  const std::string good = kExampleKey;
  EXPECT_TRUE(VerifierKey::parse(good));
  std::string wrong_id = good;
  wrong_id[wrong_id.find('+') + 1] = '6';
  EXPECT_FALSE(VerifierKey::parse(wrong_id));
  EXPECT_FALSE(VerifierKey::parse("example.com/foo"));
  EXPECT_FALSE(VerifierKey::parse("a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"));
  EXPECT_FALSE(VerifierKey::parse(good + "A"));
  // B + (0,-1) under its right id: outside the prime-order subgroup.
  const VerifierKey weak{
      "weak.example", SignatureType::kEd25519,
      fixed_from_hex<PublicKey>("9599999999999999999999999999999999999999999999999999999999999999").value()};
  EXPECT_EQ(VerifierKey::parse(weak.format()).error().fault, Fault::kInvalidKey);
}

TEST(Checkpoints, have_one_spelling) {
  const Checkpoint checkpoint{"example.com/log", 42, sha256("root"), {}};
  const std::string text = checkpoint.format();
  EXPECT_EQ(Checkpoint::parse(text).value(), checkpoint);
  const Checkpoint extended{"example.com/log", 0, empty_root(), {"first", "second"}};
  EXPECT_EQ(Checkpoint::parse(extended.format()).value(), extended);
  const std::string root = to_base64(checkpoint.root);
  for (const std::string& bad : std::vector<std::string>{
           std::string(), std::string("example.com/log\n42\n"), "\n42\n" + root + "\n",
           "example.com/log\n042\n" + root + "\n", "example.com/log\n-1\n" + root + "\n",
           "example.com/log\n42\n" + root, "example.com/log\n42\nAAAA\n", text + "\n", text + "extension"}) {
    EXPECT_FALSE(Checkpoint::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace circula::crypto
