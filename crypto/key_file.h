// Private keys as files: PKCS#8 in PEM (RFC 5958, RFC 8410), so that other tools read them, encrypted with
// PBES2 (RFC 8018: PBKDF2 with HMAC-SHA-256, AES-256-CBC) when a passphrase is given.
//
// Files follow crypto/private_file.h: mode 0600, whole or not at all, never replaced, refused when others can
// read them. Thread rule: no shared state. An encrypted key takes a few tenths of a second to open, on
// purpose.
#pragma once

#include <filesystem>
#include <optional>

#include "crypto/ed25519.h"

namespace circula::crypto {

[[nodiscard]] Result<std::string> key_to_pem(const SigningKey& key,
                                             std::optional<std::string_view> passphrase);

// kPassphrase: the key is encrypted and no passphrase was given, or a wrong one.
[[nodiscard]] Result<SigningKey> key_from_pem(std::string_view pem,
                                              std::optional<std::string_view> passphrase);

[[nodiscard]] Result<void> write_key_file(const std::filesystem::path& path, const SigningKey& key,
                                          std::optional<std::string_view> passphrase = std::nullopt);
[[nodiscard]] Result<SigningKey> read_key_file(const std::filesystem::path& path,
                                               std::optional<std::string_view> passphrase = std::nullopt);

// Whether the file's key is encrypted, so that a caller knows to ask for the passphrase.
[[nodiscard]] Result<bool> key_file_is_encrypted(const std::filesystem::path& path);

}  // namespace circula::crypto
