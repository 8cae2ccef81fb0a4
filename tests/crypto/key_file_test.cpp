#include "crypto/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "crypto/encoding.h"
#include "crypto/private_file.h"

namespace circula::crypto {
namespace {

// RFC 8410 section 10.3: a private key and the public key that belongs to it (section 10.1).
constexpr const char* kRfc8410Key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kRfc8410PublicKey = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

class KeyFiles : public testing::Test {
 protected:
  KeyFiles() {
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("circula_key_file_" + to_hex(random_fixed<ShortId>()));
    std::filesystem::create_directory(folder_);
  }
  ~KeyFiles() override { std::filesystem::remove_all(folder_); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
};

TEST_F(KeyFiles, example_of_rfc_8410_is_read_and_written) {
  const SigningKey key = key_from_pem(kRfc8410Key, std::nullopt).value();
  EXPECT_EQ(to_hex(key.public_key()), kRfc8410PublicKey);
  EXPECT_EQ(key_to_pem(key, std::nullopt).value(), kRfc8410Key);
}

TEST_F(KeyFiles, a_written_key_is_read_back_and_only_its_owner_may_read_it) {
  const SigningKey key = SigningKey::generate();
  const auto path = folder_ / "org.key";
  ASSERT_TRUE(write_key_file(path, key));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(files(), 1U);  // nothing temporary stays
  EXPECT_EQ(read_key_file(path).value().public_key(), key.public_key());
  EXPECT_FALSE(key_file_is_encrypted(path).value());
}

TEST_F(KeyFiles, an_encrypted_key_opens_with_its_passphrase_only) {
  const SigningKey key = SigningKey::generate();
  const auto path = folder_ / "org.key";
  ASSERT_TRUE(write_key_file(path, key, "correct horse"));
  EXPECT_TRUE(key_file_is_encrypted(path).value());
  EXPECT_EQ(read_key_file(path, "correct horse").value().public_key(), key.public_key());
  EXPECT_EQ(read_key_file(path, "wrong horse").error().fault, Fault::kPassphrase);
  EXPECT_EQ(read_key_file(path).error().fault, Fault::kPassphrase);
  EXPECT_EQ(key_to_pem(key, "").error().fault, Fault::kPassphrase);
  EXPECT_EQ(read_private_file(path, 4096).value().find("-----BEGIN ENCRYPTED PRIVATE KEY-----"), 0U);
}

TEST_F(KeyFiles, an_existing_file_is_never_replaced) {
  const SigningKey key = SigningKey::generate();
  const auto path = folder_ / "org.key";
  ASSERT_TRUE(write_key_file(path, key));
  EXPECT_EQ(write_key_file(path, SigningKey::generate()).error().fault, Fault::kEnvironment);
  EXPECT_EQ(read_key_file(path).value().public_key(), key.public_key());
  EXPECT_EQ(files(), 1U);
}

TEST_F(KeyFiles, a_key_that_others_can_read_is_refused_with_advice) {
  const auto path = folder_ / "org.key";
  ASSERT_TRUE(write_key_file(path, SigningKey::generate()));
  for (const unsigned mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto refused = read_key_file(path);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("chmod 600"), std::string::npos) << refused.error().detail;
  }
  ASSERT_EQ(chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(read_key_file(path));
}

TEST_F(KeyFiles, what_is_no_ed25519_key_is_refused) {
  EXPECT_EQ(read_key_file(folder_ / "absent.key").error().fault, Fault::kEnvironment);
  EXPECT_EQ(read_key_file(folder_).error().fault, Fault::kEnvironment);
  const auto path = folder_ / "other.key";
  ASSERT_TRUE(write_private_file(path, std::string(20'000, 'x')));
  EXPECT_EQ(read_key_file(path).error().fault, Fault::kMalformed);
  for (const char* pem :
       {"", "no key\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        // X25519 (1.3.101.110) in place of Ed25519 (1.3.101.112)
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"}) {
    EXPECT_EQ(key_from_pem(pem, "passphrase").error().fault, Fault::kInvalidKey) << pem;
  }
}

TEST_F(KeyFiles, writing_into_an_absent_folder_fails_and_leaves_nothing) {
  EXPECT_EQ(write_key_file(folder_ / "absent" / "org.key", SigningKey::generate()).error().fault,
            Fault::kEnvironment);
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace circula::crypto
