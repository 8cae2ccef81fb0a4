// sign FILE: signs a draft record or a draft genesis after showing every field, decoded from the bytes.
#include <algorithm>
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/draft_file.h"
#include "cli/genesis_view.h"
#include "cli/key_store.h"
#include "cli/local_file.h"
#include "cli/text_view.h"
#include "crypto/encoding.h"
#include "ledger/genesis_file.h"

namespace circula::cli {
namespace {

// The keys to sign with: the one that --key names, else all of the home that are wanted.
Result<std::vector<crypto::SigningKey>> keys_to_sign(Shell& shell, const Home& home,
                                                     const Arguments& arguments,
                                                     const std::vector<PublicKey>& wanted) {
  std::vector<crypto::SigningKey> keys;
  if (arguments.has("key")) {
    auto key = find_key(shell, home, arguments.text("key"));
    if (!key) return key.error();
    keys.push_back(std::move(*key));
    return keys;
  }
  auto stored = list_keys(home);
  if (!stored) return stored.error();
  for (const StoredKey& candidate : *stored) {
    if (!is_record_usage(candidate.usage)) continue;
    if (std::find(wanted.begin(), wanted.end(), candidate.key) == wanted.end()) continue;
    auto key = open_key_file(shell, candidate.path);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) {
    return error(Code::E_DRAFT, "no key in " + home.path("keys") +
                                    " is asked for: select the context that has it, or name it with --key");
  }
  return keys;
}

Result<void> ask(Shell& shell, const std::string& shown) {
  shell.terminal().note(shown);
  auto agreed = shell.terminal().confirm("Sign this?");
  if (!agreed) return agreed.error();
  if (!*agreed) return error(Code::E_DRAFT, "not signed: you said no");
  return {};
}

Result<int> sign_genesis(Shell& shell, const Arguments& arguments, const std::string& text) {
  auto home = shell.home();
  if (!home) return home.error();
  auto file = ledger::read_genesis_file(text);
  if (!file) {
    return error(
        Code::E_DRAFT,
        arguments.text("FILE") + " is neither a draft of records nor of a genesis: " + file.error().detail,
        file.error().field);
  }
  auto genesis = ledger::Genesis::decode(file->genesis);
  if (!genesis) return genesis.error();
  // Each founder signs once, with an officer's key.
  const auto founders = genesis->founders();
  std::vector<PublicKey> officers;
  for (const auto& organisation : genesis->message().organisations()) {
    if (std::find(founders.begin(), founders.end(), organisation.oid()) == founders.end()) continue;
    for (const auto& key : organisation.keys()) {
      if (key.usage() == ledger::proto::KEY_USAGE_OFFICER)
        officers.push_back(PublicKey::from(crypto::as_bytes(key.public_key())));
    }
  }
  if (auto agreed = ask(shell, genesis_details(*genesis) + "\n" + genesis_summary(*genesis)); !agreed)
    return agreed.error();
  auto keys = keys_to_sign(shell, *home, arguments, officers);
  if (!keys) return keys.error();
  boost::json::array signed_by;
  for (const crypto::SigningKey& key : *keys) {
    if (std::find(officers.begin(), officers.end(), key.public_key()) == officers.end()) {
      return error(Code::E_DRAFT, "the key " + crypto::to_hex(key.public_key().view()) +
                                      " is no officer's key of a founder of this genesis");
    }
    file->signatures[key.public_key()] = key.sign(ledger::genesis_statement(genesis->chain_id()));
    signed_by.emplace_back(crypto::to_hex(key.public_key().view()));
  }
  const std::string path = arguments.text("output", arguments.text("FILE"));
  if (auto written = write_text(path, ledger::write_genesis_file(*file)); !written) return written.error();
  const std::size_t count = file->signatures.size();
  shell.answer("signed",
               {{"draft", path},
                {"chain_id", crypto::to_hex(genesis->chain_id().view())},
                {"fingerprint", genesis->fingerprint()},
                {"signed_by", std::move(signed_by)},
                {"signatures", count},
                {"founders", founders.size()}},
               "signed " + path + ": " + std::to_string(count) + " of " + std::to_string(founders.size()) +
                   " founders\n");
  return 0;
}

Result<int> sign_draft(Shell& shell, const Arguments& arguments, const std::string& text) {
  auto home = shell.home();
  if (!home) return home.error();
  auto draft = read_draft(text);
  if (!draft) return draft.error();
  const std::string& chain = home->settings.chain_id;
  if (!chain.empty() && chain != crypto::to_hex(draft->chain_id.view())) {
    return error(Code::E_CHAIN, "the draft is for chain " + crypto::to_hex(draft->chain_id.view()) +
                                    ", this home is on " + chain);
  }
  auto records = draft->decode();
  auto wanted = draft->required();
  if (!records) return records.error();
  if (!wanted) return wanted.error();
  std::string shown;
  for (const auto& record : *records) shown += text_view(record_view(record));
  if (auto agreed = ask(shell, shown); !agreed) return agreed.error();
  auto keys = keys_to_sign(shell, *home, arguments, *wanted);
  if (!keys) return keys.error();
  boost::json::array signed_by;
  for (const crypto::SigningKey& key : *keys) {
    if (auto done = draft->sign(key); !done) return done.error();
    signed_by.emplace_back(crypto::to_hex(key.public_key().view()));
  }
  const std::string path = arguments.text("output", arguments.text("FILE"));
  if (auto written = write_text(path, write_draft(*draft)); !written) return written.error();
  auto missing = draft->missing();
  if (!missing) return missing.error();
  boost::json::array absent;
  std::string next;
  for (const PublicKey& key : *missing) {
    absent.emplace_back(crypto::to_hex(key.view()));
    next += "  still to sign: " + draft->describe(key) + "\n";
  }
  if (next.empty()) next = "  complete: " + shell.terminal().command({"submit", path}) + "\n";
  shell.answer("signed",
               {{"draft", path}, {"signed_by", std::move(signed_by)}, {"missing", std::move(absent)}},
               "signed " + path + "\n" + next);
  return 0;
}

Result<int> sign(Shell& shell, const Arguments& arguments) {
  auto text = read_text(arguments.text("FILE"));
  if (!text) return text.error();
  return looks_like_draft(*text) ? sign_draft(shell, arguments, *text)
                                 : sign_genesis(shell, arguments, *text);
}

constexpr Option kSignOptions[] = {
    {"FILE", "", "A draft of records or of a genesis", Take::kValue, true},
    {"--key", "KEY", "Name, path or public key (default: the keys of the home that are asked for)"},
    {"-o,--output", "FILE", "Default: the same file"},
};

const Command kCommands[] = {
    {"sign", "Show a draft, decoded from its bytes, and sign it", kSignOptions, &sign,
     "transfer.draft.json --home D/homes/vendor-b"},
};

}  // namespace

std::span<const Command> sign_commands() { return kCommands; }

}  // namespace circula::cli
