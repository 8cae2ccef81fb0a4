// org init: an organisation begins. Its keys stay in its home; member.json is for the others.
#include <boost/json.hpp>
#include <map>

#include "cli/command.h"
#include "cli/key_store.h"
#include "cli/local_file.h"
#include "cli/member.h"
#include "crypto/encoding.h"
#include "ledger/genesis.h"
#include "ledger/json_field.h"
#include "ledger/nearest_name.h"
#include "ledger/organisation_code.h"
#include "ledger/text.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
constexpr std::size_t kNameBytesMax = 120;  // txt(120) of records.md 3.4, record 1

Result<proto::OrgKind> kind_from_text(const std::string& text) {
  std::vector<std::string> names;
  const auto* descriptor = proto::OrgKind_descriptor();
  for (int at = 0; at < descriptor->value_count(); ++at) {
    const auto& value = *descriptor->value(at);
    if (value.number() == 0) continue;
    const std::string name = ledger::enum_text(value);
    if (name == text) return static_cast<proto::OrgKind>(value.number());
    names.push_back(name);
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return error(Code::E_USAGE,
               "no kind \"" + text + "\"" + ledger::nearest_name_hint(text, names) + "; kinds: " + all);
}

Result<proto::GenesisOrganisation> organisation_from(const Arguments& arguments) {
  proto::GenesisOrganisation organisation;
  const std::string oid = arguments.text("oid");
  if (auto good = ledger::check_oid(oid); !good) return good.error();
  organisation.set_oid(oid);
  std::map<int, int> kinds;
  for (const std::string& text : arguments.list("kind")) {
    auto kind = kind_from_text(text);
    if (!kind) return kind.error();
    kinds[*kind] = 1;
  }
  for (const auto& [kind, unused] : kinds) organisation.add_kinds(static_cast<proto::OrgKind>(kind));
  if (auto good = ledger::check_text(arguments.text("name"), kNameBytesMax, "--name"); !good) {
    return good.error();
  }
  organisation.mutable_profile()->set_name(arguments.text("name"));
  organisation.mutable_profile()->set_region(arguments.text("region"));
  organisation.set_registrar_code(arguments.text("registrar-code"));
  return organisation;
}

// Large payouts and holds take two finance keys, so every organisation begins with two.
struct RecordKey {
  std::string_view name;
  std::string_view usage;
  proto::KeyUsage number;
};
constexpr RecordKey kRecordKeys[] = {{"officer", "officer", proto::KEY_USAGE_OFFICER},
                                     {"cdo", "cdo", proto::KEY_USAGE_CDO},
                                     {"finance", "finance", proto::KEY_USAGE_FINANCE},
                                     {"finance-2", "finance", proto::KEY_USAGE_FINANCE}};

// Record keys, ascending by key as genesis wants them, each with its proof of possession: no chain is known
// yet, so the proof is for a chain id of zeros.
Result<void> make_record_keys(Shell& shell, const Home& home, bool encrypted,
                              proto::GenesisOrganisation& organisation) {
  std::map<std::string, proto::GenesisKey> ordered;
  for (const RecordKey& wanted : kRecordKeys) {
    auto key = make_key(shell, home, std::string(wanted.name), wanted.usage, encrypted);
    if (!key) return key.error();
    proto::GenesisKey entry;
    entry.set_public_key(std::string(key->public_key().text()));
    entry.set_usage(wanted.number);
    entry.set_possession(std::string(key->sign(ledger::possession_statement({}, organisation.oid())).text()));
    ordered[entry.public_key()] = entry;
  }
  for (const auto& [key, entry] : ordered) *organisation.add_keys() = entry;
  return {};
}

// A node starts by itself, so its keys carry no passphrase; their files are for its owner only.
Result<void> make_node_keys(Shell& shell, const Home& home, proto::Member& node) {
  for (const std::string_view name : kNodeKeyNames) {
    auto key = make_key(shell, home, std::string(name), name, false);
    if (!key) return key.error();
    const std::string bytes(key->public_key().text());
    if (name == "node") node.set_node_key(bytes);
    if (name == "cosign") node.set_cosign_key(bytes);
    if (name == "log") node.set_log_key(bytes);
    if (name == "transport") node.set_transport_key(bytes);
  }
  return {};
}

Result<int> init(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  if (home->has_settings) {
    return error(Code::E_USAGE, home->directory + " is the home of " + home->settings.name +
                                    " already: name another with --home DIR");
  }
  MemberFile member;
  auto organisation = organisation_from(arguments);
  if (!organisation) return organisation.error();
  member.organisation = std::move(*organisation);
  member.address = arguments.text("address");
  const bool encrypted = arguments.has("encrypt") || shell.has_passphrase_source();
  if (auto made = make_record_keys(shell, *home, encrypted, member.organisation); !made) return made.error();
  if (auto made = make_node_keys(shell, *home, member.node); !made) return made.error();
  Settings settings;
  settings.name = arguments.text("name");
  settings.oid = member.organisation.oid();
  for (const int kind : member.organisation.kinds()) {
    settings.kinds.push_back(ledger::enum_text(*proto::OrgKind_descriptor()->FindValueByNumber(kind)));
  }
  const std::string path = arguments.text("output", home->path("member.json"));
  if (auto written = write_text(path, write_member(member)); !written) return written.error();
  if (auto written = write_settings(home->directory, settings); !written) return written.error();
  auto print = member_fingerprint(path);
  if (!print) return print.error();
  shell.answer("member",
               {{"member", path}, {"oid", settings.oid}, {"fingerprint", *print}, {"home", home->directory}},
               settings.name + " (" + settings.oid + ")\n  keys         " + home->path("keys") +
                   " (back them up; never send them)\n  for others   " + path + "\n  fingerprint  " + *print +
                   " (compare it by telephone)\n");
  return 0;
}

constexpr Option kInitOptions[] = {
    {"--name", "NAME", "Name of the organisation, at most 120 bytes", Take::kValue, true},
    {"--oid", "OID", "Unified social credit code (18 characters), or lei: and 20", Take::kValue, true},
    {"--kind", "KIND", "exchange, registrar, regulator, provider, ...; several with commas", Take::kList,
     true},
    {"--address", "HOST:PORT", "Where its node will listen for the others", Take::kValue},
    {"--region", "CODE", "GB/T 2260, 2 to 12 digits"},
    {"--registrar-code", "CODE", "Of a registrar: opens its certificate numbers"},
    {"--encrypt", "", "Protect the record keys with a passphrase", Take::kFlag},
    {"-o,--output", "FILE", "The public file (default: member.json in the home)"},
};

const Command kCommands[] = {
    {"org init", "Make an organisation's keys and its public member.json", kInitOptions, &init,
     "--name \"Data Exchange\" --oid 91310000MA1FL5HN0X --kind exchange --address node.example.org:7400",
     "The home gets record keys (officer, cdo, finance, finance-2) and the four keys of a node. Send "
     "member.json to\n"
     "whoever assembles the genesis, and compare fingerprints by telephone."},
};

}  // namespace

std::span<const Command> org_commands() { return kCommands; }

}  // namespace circula::cli
