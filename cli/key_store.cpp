#include "cli/key_store.h"

#include <algorithm>

#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "crypto/key_file.h"
#include "ledger/durable_file.h"
#include "ledger/nearest_name.h"

namespace circula::cli {
namespace {

constexpr std::size_t kPublicFileBytesMax = 256;  // 64 hex characters and a usage

Error key_error(const crypto::Error& found) { return error(Code::E_KEY_FILE, found.detail); }

bool is_key_name(std::string_view name) {
  constexpr std::size_t kNameMax = 64;
  return !name.empty() && name.size() <= kNameMax && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

Result<StoredKey> read_public(const Home& home, const std::string& name) {
  auto text = read_text(home.path("keys/" + name + ".pub"), kPublicFileBytesMax);
  if (!text) return text.error();
  const auto space = text->find(' ');
  auto key = crypto::fixed_from_hex<crypto::PublicKey>(text->substr(0, space), "public key");
  if (!key || space == std::string::npos) {
    return error(Code::E_KEY_FILE, "keys/" + name + ".pub: \"<64 hex> <usage>\" is expected");
  }
  std::string usage = text->substr(space + 1);
  while (!usage.empty() && usage.back() == '\n') usage.pop_back();
  return StoredKey{name, usage, *key, home.path("keys/" + name + ".pem")};
}

}  // namespace

bool is_record_usage(std::string_view usage) {
  return std::find(std::begin(kRecordUsages), std::end(kRecordUsages), usage) != std::end(kRecordUsages);
}

Result<crypto::SigningKey> make_key(Shell& shell, const Home& home, const std::string& name,
                                    std::string_view usage, bool encrypted) {
  if (!is_key_name(name)) {
    return error(Code::E_USAGE, "a key's name has letters, digits, '-', '_' and '.', not \"" + name + "\"");
  }
  std::optional<std::string> passphrase;
  if (encrypted) {
    auto given = shell.passphrase();
    if (!given) return given.error();
    passphrase = std::move(*given);
  }
  const std::string path = home.path("keys/" + name + ".pem");
  if (exists(path)) return error(Code::E_KEY_FILE, path + " is there already; keys are never replaced");
  if (auto made = ledger::create_directory(ledger::system_disk(), home.path("keys")); !made) {
    return error(Code::E_FILE, made.error().detail);
  }
  auto key = crypto::SigningKey::generate();
  if (auto written = crypto::write_key_file(path, key, passphrase); !written)
    return key_error(written.error());
  const std::string line = crypto::to_hex(key.public_key().view()) + " " + std::string(usage) + "\n";
  if (auto written = write_text(home.path("keys/" + name + ".pub"), line); !written) return written.error();
  return key;
}

Result<std::vector<StoredKey>> list_keys(const Home& home) {
  std::vector<std::string> names;
  ledger::system_disk().list(home.path("keys"), names);  // without the directory there are none
  std::vector<StoredKey> keys;
  for (const std::string& file : names) {
    constexpr std::string_view kSuffix = ".pub";
    if (!file.ends_with(kSuffix)) continue;
    auto key = read_public(home, file.substr(0, file.size() - kSuffix.size()));
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<crypto::SigningKey> open_key_file(Shell& shell, const std::string& path) {
  auto encrypted = crypto::key_file_is_encrypted(path);
  if (!encrypted) return key_error(encrypted.error());
  std::optional<std::string> passphrase;
  if (*encrypted) {
    auto given = shell.passphrase();
    if (!given) return given.error();
    passphrase = std::move(*given);
  }
  auto key = crypto::read_key_file(path, passphrase);
  if (!key) return key_error(key.error());
  return std::move(*key);
}

Result<crypto::SigningKey> find_key(Shell& shell, const Home& home, const std::string& wanted) {
  auto keys = list_keys(home);
  if (!keys) return keys.error();
  std::vector<std::string> names;
  for (const StoredKey& key : *keys) {
    if (key.name == wanted || crypto::to_hex(key.key.view()) == wanted) return open_key_file(shell, key.path);
    names.push_back(key.name);
  }
  if (exists(wanted)) return open_key_file(shell, wanted);
  return error(Code::E_KEY_FILE, "no key \"" + wanted + "\" in " + home.path("keys") +
                                     ledger::nearest_name_hint(wanted, names));
}

Result<StoredKey> key_for(const Home& home, std::span<const std::string> usages) {
  auto keys = list_keys(home);
  if (!keys) return keys.error();
  std::string wanted;
  for (const std::string& usage : usages) {
    for (const StoredKey& key : *keys) {
      if (key.usage == usage) return key;
    }
    wanted += (wanted.empty() ? "" : " or ") + usage;
  }
  return error(Code::E_KEY_FILE, "no " + wanted + " key in " + home.path("keys") +
                                     ": make one with `circula key new`, or select a context that has it");
}

}  // namespace circula::cli
