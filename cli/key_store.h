// The keys of a home: keys/NAME.pem, a PKCS#8 file that only its owner reads, and keys/NAME.pub, one line
// "<hex> <usage>", so that a key is found without its passphrase.
//
// Record keys have a usage (officer, cdo, finance, system, audit); those of a node are called node, cosign,
// log and transport, and sign no records (design.md 9).
// Invariant: a key file is never replaced.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/shell.h"
#include "crypto/ed25519.h"

namespace circula::cli {

inline constexpr std::string_view kNodeKeyNames[] = {"node", "cosign", "log", "transport"};
inline constexpr std::string_view kRecordUsages[] = {"officer", "cdo", "finance", "system", "audit"};

struct StoredKey {
  std::string name;
  std::string usage;  // of a record key; of a node's key its name
  crypto::PublicKey key{};
  std::string path;
};

[[nodiscard]] bool is_record_usage(std::string_view usage);

// Makes keys/NAME.pem; encrypted when `encrypted`, with the shell's passphrase. E_KEY_FILE when it is there.
[[nodiscard]] Result<crypto::SigningKey> make_key(Shell& shell, const Home& home, const std::string& name,
                                                  std::string_view usage, bool encrypted);
// By name, ascending.
[[nodiscard]] Result<std::vector<StoredKey>> list_keys(const Home& home);
[[nodiscard]] Result<crypto::SigningKey> open_key_file(Shell& shell, const std::string& path);

// `wanted` is a key's name in the home, a path, or a public key in hex that the home has.
[[nodiscard]] Result<crypto::SigningKey> find_key(Shell& shell, const Home& home, const std::string& wanted);

// The home's first key with one of these usages, in their order.
[[nodiscard]] Result<StoredKey> key_for(const Home& home, std::span<const std::string> usages);

}  // namespace circula::cli
