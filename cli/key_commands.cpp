// key new|list|show: the keys of the home in use.
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/key_store.h"
#include "crypto/encoding.h"
#include "ledger/signing.h"

namespace circula::cli {
namespace {

boost::json::object key_json(const StoredKey& key) {
  return {
      {"name", key.name}, {"usage", key.usage}, {"key", crypto::to_hex(key.key.view())}, {"path", key.path}};
}

Result<int> make(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  const std::string usage = arguments.text("usage", "officer");
  if (!is_record_usage(usage)) {
    return error(Code::E_USAGE, "--usage is officer, cdo, finance, system or audit, not \"" + usage + "\"");
  }
  const std::string name = arguments.text("NAME");
  auto key = make_key(shell, *home, name, usage, arguments.has("encrypt") || shell.has_passphrase_source());
  if (!key) return key.error();
  const StoredKey made{name, usage, key->public_key(), home->path("keys/" + name + ".pem")};
  shell.answer("key", key_json(made),
               crypto::to_hex(made.key.view()) + "\n" + made.path + " (back it up; " + usage +
                   " keys of an organisation are registered with `circula submit key`)\n");
  return 0;
}

Result<int> list(Shell& shell, const Arguments&) {
  auto home = shell.home();
  if (!home) return home.error();
  auto keys = list_keys(*home);
  if (!keys) return keys.error();
  boost::json::array rows;
  std::string text;
  for (const StoredKey& key : *keys) {
    rows.push_back(key_json(key));
    std::string name = key.name;
    if (name.size() < 12) name.resize(12, ' ');
    std::string usage = key.usage;
    usage.resize(10, ' ');
    text += name + " " + usage + crypto::to_hex(key.key.view()) + "\n";
  }
  if (text.empty()) text = "no keys in " + home->path("keys") + "\n";
  shell.answer("keys", {{"keys", std::move(rows)}}, text);
  return 0;
}

Result<int> show(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  auto keys = list_keys(*home);
  if (!keys) return keys.error();
  const std::string name = arguments.text("NAME");
  for (const StoredKey& key : *keys) {
    if (key.name != name) continue;
    boost::json::object object = key_json(key);
    std::string text = crypto::to_hex(key.key.view()) + "\n";
    if (arguments.has("possession")) {
      // Shows to a chain that the holder of this key wants it in that organisation.
      auto chain = crypto::fixed_from_hex<crypto::Digest>(home->settings.chain_id, "chain id");
      if (!chain) return error(Code::E_USAGE, "the home has no chain: `circula context set --chain HEX`");
      auto signing = open_key_file(shell, key.path);
      if (!signing) return signing.error();
      const std::string proof = crypto::to_hex(
          signing->sign(ledger::possession_statement(*chain, arguments.text("possession"))).view());
      object["possession"] = proof;
      text += proof + "\n";
    }
    shell.answer("key", std::move(object), text);
    return 0;
  }
  return error(Code::E_NOT_FOUND, "no key \"" + name + "\" in " + home->path("keys"));
}

constexpr Option kNewOptions[] = {
    {"NAME", "", "Name of the key file", Take::kValue, true},
    {"--usage", "USAGE", "officer (default), cdo, finance, system or audit"},
    {"--encrypt", "", "Protect it with a passphrase, asked for or from --passphrase-file", Take::kFlag},
};
constexpr Option kShowOptions[] = {
    {"NAME", "", "Name of the key", Take::kValue, true},
    {"--possession", "OID", "Also the proof of possession for this organisation"},
};

const Command kCommands[] = {
    {"key new", "Make a key, mode 0600", kNewOptions, &make, "finance2 --usage finance --encrypt"},
    {"key list", "The keys of the home", {}, &list, "--json"},
    {"key show", "Public key of a key file", kShowOptions, &show, "officer --possession 91310000MA1FL5HN0X"},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace circula::cli
