#include "crypto/key_file.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <memory>

#include "crypto/private_file.h"

namespace circula::crypto {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 16 * 1024;  // a key is about 120 bytes, encrypted about 320
constexpr int kPbkdf2Iterations = 600'000;           // OWASP's figure for PBKDF2-HMAC-SHA-256, 2023
constexpr std::string_view kPlainLabel = "PRIVATE KEY";
constexpr std::string_view kEncryptedLabel = "ENCRYPTED PRIVATE KEY";

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPkcs8 = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;

// Wipes a buffer with key material when it goes.
class Wiped {
 public:
  explicit Wiped(std::span<std::uint8_t> bytes) : bytes_(bytes) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { sodium_memzero(bytes_.data(), bytes_.size()); }

 private:
  std::span<std::uint8_t> bytes_;
};

Error library_fault(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return {Fault::kEnvironment, what + ": " + text.data()};
}

Error not_a_key(const std::string& detail) {
  ERR_clear_error();
  return {Fault::kInvalidKey, "key file: " + detail};
}

// The first PEM block: its label and DER bytes.
struct PemBlock {
  std::string label;
  Bytes der;
};

Result<PemBlock> first_pem_block(std::string_view pem) {
  const Bio input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!input) return library_fault("key file");
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long length = 0;
  if (PEM_read_bio(input.get(), &label, &header, &der, &length) != 1) {
    return not_a_key("no PEM block \"-----BEGIN PRIVATE KEY-----\" in it");
  }
  PemBlock block{label, Bytes(der, der + length)};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(der, static_cast<std::size_t>(length));
  return block;
}

Result<Pkcs8> decrypt(const Bytes& der, std::optional<std::string_view> passphrase) {
  const std::uint8_t* at = der.data();
  const EncryptedPkcs8 encrypted(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!encrypted) return not_a_key("its encrypted content is not PKCS#8");
  if (!passphrase) return Error{Fault::kPassphrase, "key file: it is encrypted; a passphrase is needed"};
  Pkcs8 info(PKCS8_decrypt(encrypted.get(), passphrase->data(), static_cast<int>(passphrase->size())));
  ERR_clear_error();
  if (!info) return Error{Fault::kPassphrase, "key file: the passphrase does not open it"};
  return info;
}

Result<SigningKey> signing_key_of(const PKCS8_PRIV_KEY_INFO& info) {
  const PrivateKey key(EVP_PKCS82PKEY(&info));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return not_a_key("an Ed25519 key expected");
  std::array<std::uint8_t, SigningKey::kSeedBytes> seed;
  const Wiped wiped(seed);
  std::size_t length = seed.size();
  if (EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &length) != 1 || length != seed.size()) {
    return not_a_key("an Ed25519 key of 32 bytes expected");
  }
  return SigningKey::from_seed(seed);
}

// PKCS8_encrypt() would take 2,048 iterations.
Result<EncryptedPkcs8> encrypt(PKCS8_PRIV_KEY_INFO& info, std::string_view passphrase) {
  X509_ALGOR* scheme =
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPbkdf2Iterations, nullptr, 16, nullptr, NID_hmacWithSHA256);
  if (scheme == nullptr) return library_fault("cannot encrypt the key");
  EncryptedPkcs8 encrypted(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), &info, scheme));
  if (!encrypted) {
    X509_ALGOR_free(scheme);  // on success it belongs to the result
    return library_fault("cannot encrypt the key");
  }
  return encrypted;
}

}  // namespace

Result<std::string> key_to_pem(const SigningKey& key, std::optional<std::string_view> passphrase) {
  if (passphrase && passphrase->empty())
    return Error{Fault::kPassphrase, "an empty passphrase protects nothing"};
  const auto seed = key.seed();
  const PrivateKey private_key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  const Pkcs8 info(private_key ? EVP_PKEY2PKCS8(private_key.get()) : nullptr);
  const Bio output(BIO_new(BIO_s_secmem()));  // wiped when freed
  if (!info || !output) return library_fault("cannot write the key");
  if (passphrase) {
    const Result<EncryptedPkcs8> encrypted = encrypt(*info, *passphrase);
    if (!encrypted) return encrypted.error();
    if (PEM_write_bio_PKCS8(output.get(), encrypted->get()) != 1)
      return library_fault("cannot write the key");
  } else if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(output.get(), info.get()) != 1) {
    return library_fault("cannot write the key");
  }
  char* data = nullptr;
  const long length = BIO_get_mem_data(output.get(), &data);
  return std::string(data, static_cast<std::size_t>(length));
}

Result<SigningKey> key_from_pem(std::string_view pem, std::optional<std::string_view> passphrase) {
  if (pem.size() > kMaxKeyFileBytes) return not_a_key("more than 16384 bytes");
  Result<PemBlock> block = first_pem_block(pem);
  if (!block) return block.error();
  const Wiped wiped(block->der);
  if (block->label == kEncryptedLabel) {
    const Result<Pkcs8> info = decrypt(block->der, passphrase);
    if (!info) return info.error();
    return signing_key_of(**info);
  }
  if (block->label != kPlainLabel) return not_a_key("PRIVATE KEY expected, " + block->label + " found");
  const std::uint8_t* at = block->der.data();
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(block->der.size())));
  if (!info) return not_a_key("its content is not PKCS#8");
  return signing_key_of(*info);
}

Result<void> write_key_file(const std::filesystem::path& path, const SigningKey& key,
                            std::optional<std::string_view> passphrase) {
  Result<std::string> pem = key_to_pem(key, passphrase);
  if (!pem) return pem.error();
  const Wiped wiped({reinterpret_cast<std::uint8_t*>(pem->data()), pem->size()});
  return write_private_file(path, *pem);
}

Result<SigningKey> read_key_file(const std::filesystem::path& path,
                                 std::optional<std::string_view> passphrase) {
  Result<std::string> pem = read_private_file(path, kMaxKeyFileBytes);
  if (!pem) return pem.error();
  const Wiped wiped({reinterpret_cast<std::uint8_t*>(pem->data()), pem->size()});
  Result<SigningKey> key = key_from_pem(*pem, passphrase);
  if (!key) return Error{key.error().fault, path.string() + ": " + key.error().detail};
  return key;
}

Result<bool> key_file_is_encrypted(const std::filesystem::path& path) {
  Result<std::string> pem = read_private_file(path, kMaxKeyFileBytes);
  if (!pem) return pem.error();
  const Wiped wiped({reinterpret_cast<std::uint8_t*>(pem->data()), pem->size()});
  Result<PemBlock> block = first_pem_block(*pem);
  if (!block) return Error{block.error().fault, path.string() + ": " + block.error().detail};
  const Wiped wiped_der(block->der);
  return block->label == kEncryptedLabel;
}

}  // namespace circula::crypto
