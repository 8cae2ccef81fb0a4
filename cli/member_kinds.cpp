// Records 1 ORG and 2 KEY from flags.
#include <boost/json.hpp>

#include "cli/key_store.h"
#include "cli/record_kind.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"
#include "ledger/signing.h"

namespace circula::cli {
namespace {

const std::vector<std::string> kOfficerFirst{"officer", "cdo"};

boost::json::object profile_json(const Arguments& arguments) {
  boost::json::object profile{{"name", arguments.text("name")}};
  for (const char* name : {"region", "industry"}) {
    if (arguments.has(name)) profile[name] = arguments.text(name);
  }
  return profile;
}

Result<RecordInput> org_register(Shell&, Names&, const Arguments& arguments) {
  boost::json::array kinds;
  for (const std::string& kind : arguments.list("kind")) kinds.emplace_back(kind);
  boost::json::object body{{"oid", arguments.text("oid")},
                           {"kinds", std::move(kinds)},
                           {"profile", profile_json(arguments)},
                           {"first_key", arguments.text("first-key")},
                           {"possession", arguments.text("possession")}};
  return RecordInput{1, 1, {{"register", std::move(body)}}, kOfficerFirst};
}

Result<RecordInput> org_update(Shell& shell, Names&, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  boost::json::object body{{"oid", home->settings.oid}, {"profile", profile_json(arguments)}};
  return RecordInput{1, 1, {{"update", std::move(body)}}, kOfficerFirst};
}

Result<RecordInput> about_member(Names& names, const Arguments& arguments, std::string_view operation) {
  auto oid = names.oid(arguments.text("ORG"));
  if (!oid) return oid.error();
  boost::json::object body{{"oid", *oid}};
  if (arguments.has("reason")) body["reason"] = arguments.text("reason");
  RecordInput input{1, 1, {}, kOfficerFirst};
  input.body[operation] = std::move(body);
  return input;
}

Result<RecordInput> org_suspend(Shell&, Names& names, const Arguments& arguments) {
  return about_member(names, arguments, "suspend");
}
Result<RecordInput> org_reinstate(Shell&, Names& names, const Arguments& arguments) {
  return about_member(names, arguments, "reinstate");
}
Result<RecordInput> org_exit(Shell&, Names& names, const Arguments& arguments) {
  return about_member(names, arguments, "exit");
}

// The new key, of the home, with its proof that its holder wants it in this organisation.
struct NewKey {
  std::string hex;
  std::string possession;
  std::string usage;
};
Result<NewKey> new_key(Shell& shell, const std::string& name) {
  auto home = shell.home();
  if (!home) return home.error();
  auto chain = crypto::fixed_from_hex<crypto::Digest>(home->settings.chain_id, "chain id");
  if (!chain) return error(Code::E_USAGE, "the home has no chain: `circula context set --chain HEX`");
  auto keys = list_keys(*home);
  if (!keys) return keys.error();
  for (const StoredKey& stored : *keys) {
    if (stored.name != name) continue;
    auto key = open_key_file(shell, stored.path);
    if (!key) return key.error();
    const auto statement = ledger::possession_statement(*chain, home->settings.oid);
    return NewKey{crypto::to_hex(stored.key.view()), crypto::to_hex(key->sign(statement).view()),
                  stored.usage};
  }
  return error(Code::E_KEY_FILE, "no key \"" + name + "\" in the home: `circula key new " + name + "` first");
}

Result<RecordInput> key_add(Shell& shell, Names&, const Arguments& arguments) {
  auto key = new_key(shell, arguments.text("NAME"));
  if (!key) return key.error();
  auto from = time_option(arguments, "not-before");
  auto to = time_option(arguments, "not-after");
  if (!from) return from.error();
  if (!to) return to.error();
  boost::json::object body{{"public_key", key->hex}, {"usage", key->usage}, {"possession", key->possession}};
  if (*from != 0) body["not_before_s"] = std::to_string(*from);
  if (*to != 0) body["not_after_s"] = std::to_string(*to);
  return RecordInput{2, 1, {{"add", std::move(body)}}, kOfficerFirst};
}

Result<RecordInput> key_rotate(Shell& shell, Names&, const Arguments& arguments) {
  auto key = new_key(shell, arguments.text("NAME"));
  if (!key) return key.error();
  auto until = time_option(arguments, "overlap-until");
  if (!until) return until.error();
  boost::json::object body{
      {"replaces", arguments.text("replaces")}, {"public_key", key->hex}, {"possession", key->possession}};
  if (*until != 0) body["overlap_until_s"] = std::to_string(*until);
  return RecordInput{2, 1, {{"rotate", std::move(body)}}, kOfficerFirst};
}

Result<RecordInput> key_revoke(Shell&, Names&, const Arguments& arguments) {
  auto since = time_option(arguments, "compromised-since");
  if (!since) return since.error();
  boost::json::object body{{"public_key", arguments.text("HEX")}};
  if (arguments.has("reason")) body["reason"] = arguments.text("reason");
  if (*since != 0) body["compromised_since_s"] = std::to_string(*since);
  return RecordInput{2, 1, {{"revoke", std::move(body)}}, kOfficerFirst};
}

Result<RecordInput> key_recover(Shell&, Names& names, const Arguments& arguments) {
  auto oid = names.oid(arguments.text("ORG"));
  if (!oid) return oid.error();
  boost::json::object body{{"oid", *oid},
                           {"public_key", arguments.text("public-key")},
                           {"possession", arguments.text("possession")}};
  return RecordInput{2, 1, {{"recover", std::move(body)}}, kOfficerFirst};
}

constexpr Option kRegisterOptions[] = {
    {"--oid", "OID", "Code of the new organisation", Take::kValue, true},
    {"--name", "NAME", "Its name", Take::kValue, true},
    {"--kind", "KIND", "provider, buyer, merchant, broker, ...", Take::kList, true},
    {"--first-key", "HEX", "Its first officer key: `circula key show NAME` there", Take::kValue, true},
    {"--possession", "HEX", "`circula key show NAME --possession OID` there", Take::kValue, true},
    {"--region", "CODE", "GB/T 2260"},
    {"--industry", "CODE", "GB/T 4754"},
};
constexpr Option kUpdateOptions[] = {
    {"--name", "NAME", "The name", Take::kValue, true},
    {"--region", "CODE", "GB/T 2260"},
    {"--industry", "CODE", "GB/T 4754"},
};
constexpr Option kMemberOptions[] = {
    {"ORG", "", "@alias or oid", Take::kValue, true},
    {"--reason", "TEXT", "At most 200 bytes"},
};
constexpr Option kPlainMemberOptions[] = {{"ORG", "", "@alias or oid", Take::kValue, true}};
constexpr Option kAddOptions[] = {
    {"NAME", "", "A key of the home", Take::kValue, true},
    {"--not-before", "TIME", "Valid from"},
    {"--not-after", "TIME", "Valid until"},
};
constexpr Option kRotateOptions[] = {
    {"NAME", "", "The new key, of the home", Take::kValue, true},
    {"--replaces", "HEX", "The old public key", Take::kValue, true},
    {"--overlap-until", "TIME", "The old key stays valid until then"},
};
constexpr Option kRevokeOptions[] = {
    {"HEX", "", "The public key", Take::kValue, true},
    {"--reason", "TEXT", "At most 200 bytes"},
    {"--compromised-since", "TIME", "From when others may have had it"},
};
constexpr Option kRecoverOptions[] = {
    {"ORG", "", "@alias or oid of who has lost its officer keys", Take::kValue, true},
    {"--public-key", "HEX", "The new officer key: `circula key show NAME` there", Take::kValue, true},
    {"--possession", "HEX", "`circula key show NAME --possession OID` there", Take::kValue, true},
};

constexpr RecordKind kKinds[] = {
    {"org register", "Admit an organisation, as an exchange (1 ORG)", kRegisterOptions, &org_register,
     "--oid 91310000MA1FL5HN0X --name \"New Data Ltd\" --kind provider --first-key HEX --possession HEX"},
    {"org update", "Change what the own organisation says of itself", kUpdateOptions, &org_update,
     "--name \"New name\""},
    {"org suspend", "Suspend an organisation", kMemberOptions, &org_suspend,
     "@broker --reason \"audit of 2023-05\""},
    {"org reinstate", "Lift a suspension", kPlainMemberOptions, &org_reinstate, "@broker"},
    {"org exit", "Leave, with the exchange's consent", kPlainMemberOptions, &org_exit, "@broker"},
    {"key add", "Register a key of the home (2 KEY)", kAddOptions, &key_add,
     "finance2 --not-after 2026-01-01"},
    {"key rotate", "Replace a key", kRotateOptions, &key_rotate,
     "officer2 --replaces HEX --overlap-until 2023-07-01"},
    {"key revoke", "Revoke a key", kRevokeOptions, &key_revoke,
     "HEX --reason \"laptop lost\" --compromised-since 2023-05-01T08:00:00+08:00"},
    {"key recover", "Vouch for a lost organisation's new officer key, as two officers of an exchange",
     kRecoverOptions, &key_recover, "@vendor-b --public-key HEX --possession HEX"},
};

}  // namespace

std::span<const RecordKind> member_kinds() { return kKinds; }

}  // namespace circula::cli
