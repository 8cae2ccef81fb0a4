#include "crypto/policy.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/tlog_proof.h"

namespace circula::crypto {
namespace {

constexpr const char* kOrigin = "ledger.example/main";

// Two log keys of one origin, witnesses x1 x2 x3 and y1 y2.
class Policies : public testing::Test {
 protected:
  Policies() {
    for (int i = 0; i < 2; ++i) log_keys_.push_back(SigningKey::generate());
    for (int i = 0; i < 5; ++i) witness_keys_.push_back(SigningKey::generate());
    checkpoint_ = {kOrigin, 7, sha256("root"), {}};
  }

  std::string log_lines() const {
    std::string text;
    for (const SigningKey& key : log_keys_) {
      text += "log " + VerifierKey{kOrigin, SignatureType::kEd25519, key.public_key()}.format() + "\n";
    }
    return text;
  }
  static std::string signature_name(std::size_t i) {
    return std::string(kOrigin) + "/node/" + std::to_string(i);
  }
  std::string vkey(std::size_t i) const {
    return VerifierKey{signature_name(i), SignatureType::kCosignature, witness_keys_[i].public_key()}
        .format();
  }
  std::string witness_lines() const {
    std::string text;
    for (std::size_t i = 0; i < 5; ++i) text += "witness " + kNames[i] + " " + vkey(i) + "\n";
    return text;
  }
  // The checkpoint signed by one log key and these witnesses.
  std::string signed_by(std::size_t log, const std::vector<std::size_t>& witnesses) const {
    Note note{checkpoint_.format(), {}};
    note.signatures.push_back(sign_note(note.text, kOrigin, log_keys_[log]));
    for (const std::size_t i : witnesses) {
      note.signatures.push_back(cosign_note(note.text, signature_name(i), witness_keys_[i], 1000 + i));
    }
    return note.format();
  }
  Policy policy(const std::string& rules) const {
    return Policy::parse(log_lines() + witness_lines() + rules).value();
  }
  static bool accepts(const Policy& policy, const std::string& note) {
    return policy.accept(note).has_value();
  }

  const std::vector<std::string> kNames = {"x1", "x2", "x3", "y1", "y2"};
  std::vector<SigningKey> log_keys_, witness_keys_;
  Checkpoint checkpoint_;
};

TEST_F(Policies, nested_groups_count_as_the_specification_says) {
  const Policy nested = policy("group X 2 x1 x2 x3\ngroup Y any y1 y2\ngroup both all X Y\nquorum both\n");
  for (unsigned set = 0; set < 32; ++set) {
    std::vector<std::size_t> witnesses;
    for (std::size_t i = 0; i < 5; ++i) {
      if ((set >> i & 1) != 0) witnesses.push_back(i);
    }
    const unsigned x = (set & 1) + (set >> 1 & 1) + (set >> 2 & 1);
    const unsigned y = (set >> 3 & 1) + (set >> 4 & 1);
    EXPECT_EQ(accepts(nested, signed_by(0, witnesses)), x >= 2 && y >= 1) << set;
  }
}

TEST_F(Policies, any_listed_log_key_of_the_origin_suffices) {
  const Policy none = policy("quorum none\n");
  EXPECT_TRUE(accepts(none, signed_by(0, {})));
  EXPECT_TRUE(accepts(none, signed_by(1, {})));
  Note note{checkpoint_.format(), {sign_note(checkpoint_.format(), kOrigin, SigningKey::generate())}};
  EXPECT_EQ(none.accept(note.format()).error().fault, Fault::kUnknownKey);
  note.signatures = {cosign_note(note.text, signature_name(0), witness_keys_[0], 1)};
  EXPECT_EQ(none.accept(note.format()).error().fault, Fault::kUnknownKey);
  Checkpoint other = checkpoint_;
  other.origin = "elsewhere.example";
  const Note foreign{other.format(), {sign_note(other.format(), kOrigin, log_keys_[0])}};
  EXPECT_EQ(none.accept(foreign.format()).error().fault, Fault::kUnknownKey);
}

TEST_F(Policies, a_single_witness_can_be_the_quorum) {
  const Policy one = policy("quorum x2\n");
  EXPECT_TRUE(accepts(one, signed_by(0, {1})));
  EXPECT_FALSE(accepts(one, signed_by(0, {0, 2, 3, 4})));
}

TEST_F(Policies, the_error_names_who_is_missing) {
  const Policy three = policy("group voters 3 x1 x2 x3 y1\nquorum voters\n");
  const auto refused = three.accept(signed_by(0, {0, 3}));
  EXPECT_EQ(refused.error().fault, Fault::kQuorum);
  EXPECT_NE(refused.error().detail.find("voters needs 3 of 4, found 2; not there: x2, x3"), std::string::npos)
      << refused.error().detail;
}

TEST_F(Policies, an_accepted_checkpoint_tells_what_and_by_whom) {
  const auto accepted =
      policy("group voters 2 x1 x2\nquorum voters\n").accept(signed_by(1, {4, 1, 0})).value();
  EXPECT_EQ(accepted.checkpoint, checkpoint_);
  ASSERT_EQ(accepted.cosigners.size(), 3U);
  EXPECT_EQ(accepted.cosigners[0].name, "x1");
  EXPECT_EQ(accepted.cosigners[2].name, "y2");
  EXPECT_EQ(accepted.cosigners[2].time_s, 1004U);
}

TEST_F(Policies, a_repeated_cosignature_counts_once) {
  const Policy two = policy("group voters 2 x1 x2\nquorum voters\n");
  EXPECT_FALSE(accepts(two, signed_by(0, {0, 0, 0})));
}

TEST_F(Policies, blanks_comments_and_urls_are_allowed) {
  const std::string text = "# trust\n\n \t\n\tlog  " + log_lines().substr(4, log_lines().find('\n') - 4) +
                           " https://ledger.example\n  # more\nwitness w " + vkey(0) +
                           " https://w.example\t\nquorum w\n";
  const Policy parsed = Policy::parse(text).value();
  EXPECT_EQ(parsed.logs.at(0).url, "https://ledger.example");
  EXPECT_EQ(parsed.witnesses.at(0).url, "https://w.example");
  EXPECT_TRUE(accepts(parsed, signed_by(0, {0})));
}

TEST_F(Policies, what_is_formatted_parses_to_the_same) {
  const Policy nested = policy("group X 2 x1 x2 x3\ngroup Y any y1 y2\ngroup both all X Y\nquorum both\n");
  EXPECT_EQ(Policy::parse(nested.format()).value().format(), nested.format());
  EXPECT_TRUE(accepts(Policy::parse(nested.format()).value(), signed_by(0, {0, 1, 3})));
}

TEST_F(Policies, broken_policies_are_refused_with_the_line) {
  const std::string head = log_lines() + witness_lines();  // 7 lines
  const std::pair<std::string, std::string> broken[] = {
      {"", "no quorum"},
      {"quorum x9\n", "line 8"},
      {"quorum x1\nquorum x1\n", "line 9"},
      {"quorum x1 x2\n", "line 8"},
      {"quorum x1", "does not end"},
      {"group g 2 x1\nquorum g\n", "1 to 1"},
      {"group g 0 x1\nquorum g\n", "line 8"},
      {"group g 01 x1\nquorum g\n", "line 8"},
      {"group g some x1\nquorum g\n", "line 8"},
      {"group g all\nquorum g\n", "line 8"},
      {"group g all x1 x1\nquorum g\n", "already"},
      {"group g all x1\ngroup h all x1 g\nquorum h\n", "already"},
      {"group g all g\nquorum g\n", "not defined"},
      {"group x1 all x2\nquorum x1\n", "defined already"},
      {"group none all x2\nquorum none\n", "taken"},
      {"group g all none\nquorum g\n", "not defined"},
      {"witness z " + vkey(0) + "\nquorum z\n", "listed already"},
      {"witness z\nquorum z\n", "line 8"},
      {"observer x1\nquorum x1\n", "line 8"},
      {"quorum\vx1\n", "control"},
      {log_lines() + "quorum x1\n", "listed already"},
      {"log " + vkey(0) + "\nquorum x1\n", "0x01"},
  };
  for (const auto& [rules, expected] : broken) {
    const auto parsed = Policy::parse(head + rules);
    ASSERT_FALSE(parsed) << rules;
    EXPECT_NE(parsed.error().detail.find(expected), std::string::npos) << parsed.error().detail;
  }
}

class ProofFiles : public Policies {
 protected:
  ProofFiles() {
    for (int i = 0; i < 11; ++i) tree_.append(leaf_hash(as_bytes(std::to_string(i))));
    checkpoint_.size = tree_.size();
    checkpoint_.root = tree_.root();
    proof_ = {{}, 4, prove_inclusion(tree_, 4, 11).value(), signed_by(0, {0, 1})};
  }

  MemoryTree tree_;
  TlogProof proof_;
  Digest leaf_ = leaf_hash(as_bytes("4"));
};

TEST_F(ProofFiles, verify_offline_with_the_policy_alone) {
  const Policy two = policy("group voters 2 x1 x2 x3\nquorum voters\n");
  EXPECT_TRUE(proof_.verify(two, leaf_));
  EXPECT_EQ(proof_.verify(two, leaf_hash(as_bytes("5"))).error().fault, Fault::kWrongRoot);
  TlogProof moved = proof_;
  moved.index = 5;
  EXPECT_EQ(moved.verify(two, leaf_).error().fault, Fault::kWrongRoot);
  moved.index = 11;
  EXPECT_EQ(moved.verify(two, leaf_).error().fault, Fault::kOutOfRange);
  EXPECT_EQ(proof_.verify(policy("quorum y1\n"), leaf_).error().fault, Fault::kQuorum);
}

TEST_F(ProofFiles, round_trip_with_and_without_extra) {
  EXPECT_EQ(TlogProof::parse(proof_.format()).value(), proof_);
  proof_.extra = Bytes{1, 2, 3};
  EXPECT_EQ(TlogProof::parse(proof_.format()).value(), proof_);
  EXPECT_TRUE(proof_.format().starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 4\n"));
  EXPECT_EQ(TlogProof::parse(proof_.format()).value().format(), proof_.format());
}

TEST_F(ProofFiles, every_altered_byte_is_noticed) {
  const Policy two = policy("group voters 2 x1 x2 x3\nquorum voters\n");
  const std::string good = proof_.format();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    const auto proof = TlogProof::parse(bytes);
    EXPECT_FALSE(proof && proof->verify(two, leaf_)) << i;
  }
}

TEST_F(ProofFiles, malformed_ones_are_refused) {
  const std::string good = proof_.format();
  const std::string first = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = to_base64(leaf_) + "\n";
  std::string long_path = first + "index 4\n";
  for (int i = 0; i < 65; ++i) long_path += hash;
  for (const std::string& text :
       std::vector<std::string>{std::string(), first, first + "index 4\n", first + "index 04\n\nnote",
                                first + "extra \nindex 4\n\nnote", first + "extra A\nindex 4\n\nnote",
                                first + "index 4\nAAAA\n\nnote", first + "extra AQID\n\nnote",
                                "c2sp.org/tlog-proof@v2\nindex 4\n\nnote", long_path + "\nnote"}) {
    EXPECT_FALSE(TlogProof::parse(text)) << text;
  }
}

}  // namespace
}  // namespace circula::crypto
