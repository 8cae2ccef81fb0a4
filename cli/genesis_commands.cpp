// genesis assemble|finish: from the members' public files to a chain that all founders have signed
// (design.md 10). `sign` signs the draft between the two (sign_command.cpp).
//
// The draft is a genesis file with the signatures so far, so that it can travel, and be merged, in any order.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <map>

#include "cli/command.h"
#include "cli/genesis_view.h"
#include "cli/local_file.h"
#include "cli/member.h"
#include "cli/shell.h"
#include "cli/time_option.h"
#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/canonical.h"
#include "ledger/durable_file.h"
#include "ledger/genesis.h"
#include "ledger/genesis_file.h"
#include "ledger/nearest_name.h"
#include "ledger/registry.h"
#include "ledger/trust_policy.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

struct NamedMember {
  MemberFile member;
  std::string path;
  std::vector<std::string> names;  // by any of these the options may call it
};

std::string last_component(std::string path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// "sh.member.json" and ".../sh/member.json" are both called sh.
std::string stem(const std::string& path) {
  constexpr std::string_view kSuffix = ".member.json";
  const std::string file = last_component(path);
  if (file.ends_with(kSuffix)) return file.substr(0, file.size() - kSuffix.size());
  return last_component(ledger::parent_directory(path));
}

Result<std::vector<NamedMember>> read_members(const std::vector<std::string>& paths) {
  std::vector<NamedMember> members;
  for (const std::string& path : paths) {
    auto member = read_member(path);
    if (!member) return member.error();
    const auto& organisation = member->organisation;
    members.push_back({*member, path, {stem(path), organisation.oid(), organisation.profile().name()}});
  }
  return members;
}

Result<const NamedMember*> find_member(const std::vector<NamedMember>& members, const std::string& wanted) {
  std::vector<std::string> known;
  for (const NamedMember& member : members) {
    if (std::find(member.names.begin(), member.names.end(), wanted) != member.names.end()) return &member;
    known.insert(known.end(), member.names.begin(), member.names.end());
  }
  return error(Code::E_NOT_FOUND,
               "no member file is called \"" + wanted + "\"" + ledger::nearest_name_hint(wanted, known));
}

Result<void> add_nodes(const std::vector<NamedMember>& members, const std::vector<std::string>& wanted,
                       proto::MemberRole role, proto::Genesis& genesis) {
  for (const std::string& name : wanted) {
    auto found = find_member(members, name);
    if (!found) return found.error();
    const MemberFile& member = (*found)->member;
    if (member.address.empty()) {
      return error(Code::E_USAGE, name + " gave no address for its node: `circula org init --address`");
    }
    proto::Member& node = *genesis.mutable_configuration()->add_members();
    node = member.node;
    node.set_node_id(static_cast<std::uint32_t>(genesis.configuration().members_size()));
    node.set_role(role);
    node.set_oid(member.organisation.oid());
    proto::AddressHint& hint = *genesis.add_addresses();
    hint.set_node_id(node.node_id());
    hint.set_address(member.address);
  }
  return {};
}

// "EXCHANGE=BANK/CCY": who keeps the money of an exchange's customers in a currency.
Result<void> add_settlement_banks(const std::vector<NamedMember>& members,
                                  const std::vector<std::string>& wanted, proto::Genesis& genesis) {
  std::map<std::pair<std::string, std::string>, std::string> banks;  // as genesis orders them
  for (const std::string& text : wanted) {
    const auto equals = text.find('=');
    const auto slash = text.rfind('/');
    if (equals == std::string::npos || slash == std::string::npos || slash < equals) {
      return error(Code::E_USAGE, "--settlement-bank EXCHANGE=BANK/CCY, not \"" + text + "\"");
    }
    auto exchange = find_member(members, text.substr(0, equals));
    if (!exchange) return exchange.error();
    auto bank = find_member(members, text.substr(equals + 1, slash - equals - 1));
    if (!bank) return bank.error();
    const std::pair venue((*exchange)->member.organisation.oid(), text.substr(slash + 1));
    if (!banks.emplace(venue, (*bank)->member.organisation.oid()).second)
      return error(Code::E_USAGE,
                   "two settlement banks of " + text.substr(0, equals) + " for " + venue.second);
  }
  for (const auto& [venue, bank] : banks) {
    proto::SettlementBank& appointed = *genesis.add_settlement_banks();
    appointed.set_exchange(venue.first);
    appointed.set_currency(venue.second);
    appointed.set_bank(bank);
  }
  return {};
}

Result<std::uint64_t> founding_time_ms(const Arguments& arguments, proto::Clock clock) {
  if (arguments.has("time")) {
    if (clock != proto::CLOCK_SCRIPTED) {
      return error(Code::E_USAGE, "--time is for scripted chains; a wall clock begins now");
    }
    auto time = time_option(arguments, "time");
    if (!time) return time.error();
    return static_cast<std::uint64_t>(*time) * 1000;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// A chain that is not for business says so in its name (design.md 4).
Result<std::string> origin_of(const Arguments& arguments, const proto::Genesis& genesis) {
  constexpr std::string_view kMark = "REHEARSAL";
  const bool rehearsal =
      genesis.profile() == proto::PROFILE_REHEARSAL || genesis.clock() == proto::CLOCK_SCRIPTED;
  std::string origin = arguments.text("origin");
  if (origin.empty()) {
    if (!rehearsal) return error(Code::E_USAGE, "--origin is needed: a name such as ledger.example.org/main");
    origin = "circula.invalid/" + crypto::to_hex(crypto::random_fixed<crypto::ShortId>().view()).substr(0, 8);
  }
  if (rehearsal && origin.find(kMark) == std::string::npos) origin += "/" + std::string(kMark);
  return origin;
}

Result<void> add_terms(const Arguments& arguments, proto::Genesis& genesis) {
  const std::string profile = arguments.text("profile", "production");
  const std::string clock = arguments.text("clock", "wall");
  if (profile != "production" && profile != "rehearsal")
    return error(Code::E_USAGE, "--profile is production or rehearsal, not \"" + profile + "\"");
  if (clock != "wall" && clock != "scripted")
    return error(Code::E_USAGE, "--clock is wall or scripted, not \"" + clock + "\"");
  genesis.set_format(ledger::kFormatVersion);
  genesis.set_rules(ledger::kRulesVersion);
  genesis.set_profile(profile == "production" ? proto::PROFILE_PRODUCTION : proto::PROFILE_REHEARSAL);
  genesis.set_clock(clock == "wall" ? proto::CLOCK_WALL : proto::CLOCK_SCRIPTED);
  genesis.set_generated_keys(arguments.has("generated-keys"));
  auto time = founding_time_ms(arguments, genesis.clock());
  if (!time) return time.error();
  genesis.set_time_ms(*time);
  auto origin = origin_of(arguments, genesis);
  if (!origin) return origin.error();
  genesis.set_origin(*origin);
  *genesis.mutable_parameters() = ledger::default_parameters(genesis.profile());
  auto extra = arguments.number("finality-extra");
  if (!extra) return extra.error();
  genesis.mutable_parameters()->set_finality_extra(static_cast<std::uint32_t>(*extra));
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> types;
  for (const ledger::Family* family : ledger::families()) {
    for (const ledger::RecordType& type : family->records) types[{type.number, type.version}] = 1;
  }
  for (const auto& [type, unused] : types) {
    proto::RecordVersion& active = *genesis.add_active();
    active.set_type(type.first);
    active.set_version(type.second);
  }
  return {};
}

Result<int> assemble(Shell& shell, const Arguments& arguments) {
  auto members = read_members(arguments.list("MEMBER"));
  if (!members) return members.error();
  proto::Genesis message;
  if (auto added = add_terms(arguments, message); !added) return added.error();
  if (auto added = add_nodes(*members, arguments.list("voters"), proto::MEMBER_ROLE_VOTER, message); !added)
    return added.error();
  if (auto added = add_nodes(*members, arguments.list("learners"), proto::MEMBER_ROLE_LEARNER, message);
      !added)
    return added.error();
  if (auto added = add_settlement_banks(*members, arguments.list("settlement-bank"), message); !added)
    return added.error();
  std::map<std::string, const proto::GenesisOrganisation*> by_oid;
  for (const NamedMember& member : *members) {
    const auto& organisation = member.member.organisation;
    if (!by_oid.emplace(organisation.oid(), &organisation).second)
      return error(Code::E_USAGE, "two member files are of " + organisation.oid());
  }
  for (const auto& [oid, organisation] : by_oid) *message.add_organisations() = *organisation;
  auto genesis = ledger::Genesis::decode(ledger::serialise_canonical(message));
  if (!genesis) return genesis.error();
  const std::string path = arguments.text("output", "genesis.draft.json");
  if (auto written = write_text(path, ledger::write_genesis_file({genesis->bytes(), {}})); !written)
    return written.error();
  std::string text;
  for (const NamedMember& member : *members) {
    auto print = member_fingerprint(member.path);
    if (!print) return print.error();
    text += "  " + *print + "  " + member.member.organisation.profile().name() + "\n";
  }
  boost::json::array founders;
  for (const std::string& oid : genesis->founders()) founders.emplace_back(oid);
  shell.answer("genesis_draft",
               {{"draft", path},
                {"chain_id", crypto::to_hex(genesis->chain_id().view())},
                {"fingerprint", genesis->fingerprint()},
                {"founders", std::move(founders)}},
               "members, by the fingerprint of their files\n" + text + genesis_summary(*genesis) + path +
                   ": each founder signs it: " + shell.terminal().command({"sign", path}) + "\n");
  return 0;
}

Result<int> finish(Shell& shell, const Arguments& arguments) {
  ledger::GenesisFile all;
  for (const std::string& path : arguments.list("DRAFT")) {
    auto text = read_text(path);
    if (!text) return text.error();
    auto file = ledger::read_genesis_file(*text);
    if (!file) return error(file.error().code, path + ": " + file.error().detail, file.error().field);
    if (!all.genesis.empty() && file->genesis != all.genesis)
      return error(Code::E_DRAFT, path + " is a draft of another genesis");
    all.genesis = file->genesis;
    all.signatures.insert(file->signatures.begin(), file->signatures.end());
  }
  auto genesis = ledger::Genesis::decode(all.genesis);
  if (!genesis) return genesis.error();
  if (auto good = genesis->check_signatures(all.signatures); !good) return good.error();
  const std::string path = arguments.text("output", "genesis.json");
  const std::string policy = ledger::parent_directory(path) + "/policy.txt";
  if (exists(path)) return error(Code::E_FILE, path + " is there already; a chain is founded once");
  if (auto written = write_text(policy, ledger::policy_file(*genesis)); !written) return written.error();
  if (auto written = write_text(path, ledger::write_genesis_file(all)); !written) return written.error();
  const std::string id = crypto::to_hex(genesis->chain_id().view());
  shell.answer("genesis",
               {{"genesis", path},
                {"policy", policy},
                {"chain_id", id},
                {"fingerprint", genesis->fingerprint()},
                {"origin", genesis->message().origin()}},
               "chain        " + id + "\nfingerprint  " + genesis->fingerprint() +
                   " (compare it by telephone)\ngenesis      " + path + "\npolicy       " + policy +
                   " (for everybody who verifies)\n");
  return 0;
}

constexpr Option kAssembleOptions[] = {
    {"MEMBER", "", "member.json files of all organisations", Take::kList, true},
    {"--voters", "NAMES", "Who runs a voting node, in the order of the node ids", Take::kList, true},
    {"--learners", "NAMES", "Who runs a node that does not vote", Take::kList},
    {"--settlement-bank", "BANK", "EXCHANGE=BANK/CCY: the bank keeps the money of the exchange's customers",
     Take::kList},
    {"--profile", "PROFILE", "production (default) or rehearsal: the waiting periods"},
    {"--clock", "CLOCK", "wall (default) or scripted"},
    {"--origin", "NAME", "The log's name, a URL without scheme"},
    {"--time", "TIME", "Of a scripted chain: the time of its genesis"},
    {"--finality-extra", "N", "Cosignatures above the quorum"},
    {"--generated-keys", "", "Mark that keys come from a seed: never for production", Take::kFlag},
    {"-o,--output", "FILE", "Default: genesis.draft.json"},
};
constexpr Option kFinishOptions[] = {
    {"DRAFT", "", "The draft, or the drafts that founders signed apart", Take::kList, true},
    {"-o,--output", "FILE", "Default: genesis.json; policy.txt is written beside it"},
};

const Command kCommands[] = {
    {"genesis assemble", "Make a draft genesis out of member files", kAssembleOptions, &assemble,
     "*.member.json --voters a,b,c,d --profile production --origin ledger.example.org/main"},
    {"genesis finish", "Check that all founders signed; write genesis.json and policy.txt", kFinishOptions,
     &finish, "genesis.draft.json -o genesis.json"},
};

}  // namespace

std::span<const Command> genesis_commands() { return kCommands; }

}  // namespace circula::cli
