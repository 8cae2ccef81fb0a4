#include "cli/cluster.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "cli/free_port.h"
#include "cli/home.h"
#include "cli/institutions.h"
#include "cli/local_file.h"
#include "cli/node_client.h"
#include "crypto/encoding.h"
#include "ledger/disk_calls.h"
#include "ledger/genesis.h"
#include "ledger/genesis_file.h"
#include "ledger/json_field.h"
#include "node/config.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr std::string_view kFile = "cluster.json";
constexpr std::string_view kFormat = "circula-cluster-1";

constexpr std::uint64_t kLearnersMax = 3;  // of the organisations above, those that may run a node

Result<Cluster> plan_cluster(const std::string& directory, const ClusterPlan& plan) {
  if (plan.voters < 1 || plan.voters > ledger::kVotersMax)
    return error(Code::E_USAGE, "--voters is 1 to 9; 4 or 7 survive the most");
  if (plan.learners > kLearnersMax) return error(Code::E_USAGE, "--learners is 0 to 3");
  Cluster cluster;
  cluster.directory = directory;
  std::vector<Institution> institutions = founding_institutions(plan.voters);
  if (plan.market) {
    for (Institution& more : market_institutions()) institutions.push_back(std::move(more));
  }
  for (const Institution& each : institutions) {
    const auto& kind = *ledger::proto::OrgKind_descriptor()->FindValueByNumber(each.kind);
    cluster.members.push_back(
        {each.name, ledger::enum_text(kind), made_up_oid(cluster.members.size() + 1), each.region});
  }
  std::set<std::uint16_t> taken;
  auto free = take_free_ports(static_cast<std::uint16_t>(3 * (plan.voters + plan.learners)), taken);
  if (!free) return free.error();
  std::uint16_t next = *free;
  for (std::uint64_t at = 0; at < plan.voters + plan.learners; ++at) {
    ClusterNode node;
    node.id = static_cast<std::uint16_t>(at + 1);
    node.member = cluster.members[at].name;
    node.voter = at < plan.voters;
    for (std::uint16_t* port : {&node.peers_port, &node.http_port, &node.operator_port}) *port = next++;
    cluster.nodes.push_back(node);
  }
  return cluster;
}

// As each member does on its own machine.
Result<void> init_member(const Cluster& cluster, const ClusterMember& member) {
  std::vector<std::string> words{"org",    "init",      "--home", cluster.home(member.name),
                                 "--name", member.name, "--oid",  member.oid,
                                 "--kind", member.kind, "--json"};
  for (const ClusterNode& node : cluster.nodes) {
    if (node.member != member.name) continue;
    words.insert(words.end(), {"--address", "127.0.0.1:" + std::to_string(node.peers_port)});
  }
  if (member.kind == "registrar") words.insert(words.end(), {"--registrar-code", "R1"});
  if (!member.region.empty()) words.insert(words.end(), {"--region", member.region});
  if (auto done = run_self(words); !done) return done.error();
  return {};
}

// Some at a time: each waits for the disk to keep its keys.
Result<void> init_members(const Cluster& cluster) {
  constexpr std::size_t kAtATime = 8;
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // guards failed
  std::optional<ledger::Error> failed;
  const auto work = [&] {
    for (std::size_t at = next++; at < cluster.members.size() && !interrupted(); at = next++) {
      if (auto done = init_member(cluster, cluster.members[at]); !done) {
        const std::lock_guard lock(mutex);
        failed = done.error();
        next = cluster.members.size();
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t at = 0; at < kAtATime; ++at) workers.emplace_back(work);
  }
  if (interrupted()) return error(Code::E_UNAVAILABLE, "interrupted");  // it ends the children first
  if (failed) return *failed;
  return {};
}

std::vector<std::string> names_of_kind(const Cluster& cluster, std::string_view kind) {
  std::vector<std::string> names;
  for (const ClusterMember& member : cluster.members) {
    if (member.kind == kind) names.push_back(member.name);
  }
  return names;
}

Result<void> found_chain(Cluster& cluster, const ClusterPlan& plan) {
  const std::string draft = cluster.directory + "/genesis.draft.json";
  std::vector<std::string> words{"genesis", "assemble"};
  std::string voters;
  std::string learners;
  for (const ClusterNode& node : cluster.nodes) {
    std::string& list = node.voter ? voters : learners;
    list += (list.empty() ? "" : ",") + node.member;
  }
  for (const ClusterMember& member : cluster.members)
    words.push_back(cluster.home(member.name) + "/member.json");
  words.insert(words.end(),
               {"--voters", voters, "--profile", plan.profile, "--clock", plan.clock, "-o", draft, "--json"});
  if (!learners.empty()) words.insert(words.end(), {"--learners", learners});
  const auto exchanges = names_of_kind(cluster, "exchange"), banks = names_of_kind(cluster, "bank");
  for (std::size_t at = 0; at < exchanges.size(); ++at) {
    const std::string& bank = banks[settlement_bank_at(at, banks.size())];
    words.insert(words.end(), {"--settlement-bank", exchanges[at] + "=" + bank + "/CNY"});
  }
  if (!plan.time.empty()) words.insert(words.end(), {"--time", plan.time});
  if (auto done = run_self(words); !done) return done.error();
  for (const ClusterNode& node : cluster.nodes) {
    if (!node.voter) continue;
    auto done = run_self({"sign", draft, "--home", cluster.home(node.member), "--yes", "--quiet", "--json"});
    if (!done) return done.error();
  }
  auto done = run_self({"genesis", "finish", draft, "-o", cluster.directory + "/genesis.json", "--json"});
  if (!done) return done.error();
  return {};
}

Result<void> read_genesis(Cluster& cluster) {
  auto text = read_text(cluster.directory + "/genesis.json");
  if (!text) return text.error();
  auto file = ledger::read_genesis_file(*text);
  if (!file) return file.error();
  auto genesis = ledger::Genesis::decode(file->genesis);
  if (!genesis) return genesis.error();
  cluster.chain_id = crypto::to_hex(genesis->chain_id().view());
  cluster.origin = genesis->message().origin();
  cluster.clock = genesis->message().clock() == ledger::proto::CLOCK_WALL ? "wall" : "scripted";
  cluster.profile =
      genesis->message().profile() == ledger::proto::PROFILE_PRODUCTION ? "production" : "rehearsal";
  return {};
}

std::string node_toml(const Cluster& cluster, const ClusterNode& node) {
  const auto address = [](std::uint16_t port) { return "\"127.0.0.1:" + std::to_string(port) + "\""; };
  std::string text = "node_id = " + std::to_string(node.id) + "\ngenesis = \"../genesis.json\"\n" +
                     "data_dir = \".\"\nkeys_dir = \"../homes/" + node.member +
                     "/keys\"\n\n[listen]\npeers = " + address(node.peers_port) +
                     "\nhttp = " + address(node.http_port) + "\noperator = " + address(node.operator_port) +
                     "\n";
  for (const ClusterNode& peer : cluster.nodes) {
    if (peer.id == node.id) continue;
    text += "\n[[peers]]\nid = " + std::to_string(peer.id) + "\naddress = " + address(peer.peers_port) + "\n";
  }
  return text;
}

// Every "127.0.0.1:PORT" of a port that moved.
std::string with_moved_ports(const std::string& text, const MovedPorts& moved) {
  constexpr std::string_view kLoopback = "127.0.0.1:";
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find(kLoopback); at != std::string::npos; at = text.find(kLoopback, done)) {
    const std::size_t begin = at + kLoopback.size();
    const std::size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    out.append(text, done, begin - done);
    const std::string port = text.substr(begin, end - begin);
    const auto number = crypto::u64_from_decimal(port);
    const auto found =
        !number || *number > UINT16_MAX ? moved.end() : moved.find(static_cast<std::uint16_t>(*number));
    out += found == moved.end() ? port : std::to_string(found->second);
    done = end;
  }
  return out.append(text, done, std::string::npos);
}

// An operator may have written other ports into node.toml: they hold.
Result<void> adopt_configured_ports(const Cluster& cluster, ClusterNode& node, MovedPorts& moved) {
  const std::string path = cluster.node_directory(node) + "/node.toml";
  if (!exists(path)) return {};
  auto config = node::read_config(path);
  if (!config) return config.error();
  for (const auto& [port, configured] : {std::pair(&node.peers_port, config->listen_peers.port),
                                         std::pair(&node.http_port, config->listen_http.port),
                                         std::pair(&node.operator_port, config->listen_operator.port)}) {
    if (configured == 0 || configured == *port) continue;
    moved[*port] = configured;
    *port = configured;
  }
  return {};
}

Result<void> write_node_configs(const Cluster& cluster, const MovedPorts& moved) {
  for (const ClusterNode& node : cluster.nodes) {
    const std::string path = cluster.node_directory(node) + "/node.toml";
    std::string text = node_toml(cluster, node);
    if (exists(path)) {
      auto known = read_text(path);
      if (!known) return known.error();
      text = with_moved_ports(*known, moved);
      if (text == *known) continue;
    }
    if (auto written = write_text(path, text); !written) return written;
  }
  return {};
}

Result<void> write_home(const Cluster& cluster, const ClusterMember& member, const MovedPorts& moved) {
  auto home = open_home(cluster.home(member.name), {});
  if (!home) return home.error();
  Settings settings = home->settings;
  if (!settings.chain_id.empty()) {
    settings.url = with_moved_ports(settings.url, moved);
    settings.operator_url = with_moved_ports(settings.operator_url, moved);
    if (settings.url == home->settings.url && settings.operator_url == home->settings.operator_url) return {};
    return write_settings(home->directory, settings);
  }
  settings.url = cluster.voter_urls();
  for (const ClusterNode& node : cluster.nodes) {
    if (node.member != member.name) continue;  // who runs a node asks its own
    settings.url = node.url();
    settings.operator_url = "http://127.0.0.1:" + std::to_string(node.operator_port);
  }
  settings.chain_id = cluster.chain_id;
  settings.origin = cluster.origin;
  settings.clock = cluster.clock;
  settings.profile = cluster.profile;
  settings.policy = "../../policy.txt";
  settings.genesis = "../../genesis.json";
  return write_settings(home->directory, settings);
}

Result<void> write_homes(const Cluster& cluster, const MovedPorts& moved) {
  boost::json::object aliases;
  for (const ClusterMember& member : cluster.members) aliases[member.name] = member.oid;
  for (const ClusterMember& member : cluster.members) {
    if (auto written = write_home(cluster, member, moved); !written) return written;
    const std::string path = cluster.home(member.name) + "/aliases.json";
    if (exists(path)) continue;
    if (auto written = write_text(path, pretty(aliases)); !written) return written;
  }
  return {};
}

Result<void> write_cluster(const Cluster& cluster) {
  boost::json::array nodes;
  for (const ClusterNode& node : cluster.nodes) {
    nodes.push_back(boost::json::object{{"id", node.id},
                                        {"member", node.member},
                                        {"voter", node.voter},
                                        {"peers_port", node.peers_port},
                                        {"http_port", node.http_port},
                                        {"operator_port", node.operator_port}});
  }
  boost::json::array members;
  for (const ClusterMember& member : cluster.members) {
    members.push_back(boost::json::object{{"name", member.name}, {"kind", member.kind}, {"oid", member.oid}});
  }
  const boost::json::object object{
      {"format", kFormat}, {"nodes", std::move(nodes)}, {"members", std::move(members)}};
  return write_text(cluster.directory + "/" + std::string(kFile), pretty(object));
}

// What is in the directory besides the lock, the contexts of a caller who works in it, and the log of the
// command that founds it.
std::vector<std::string> names_besides_ours(const std::string& directory) {
  std::vector<std::string> names;
  ledger::system_disk().list(directory, names);
  std::erase_if(
      names, [](const std::string& name) { return name == "LOCK" || name == ".circula" || name == kUpLog; });
  return names;
}

Result<Cluster> found_in(const std::string& directory, const ClusterPlan& plan, const Progress& progress) {
  auto cluster = plan_cluster(directory, plan);
  if (!cluster) return cluster.error();
  if (auto done = init_members(*cluster); !done) return done.error();
  progress("keys", std::to_string(cluster->members.size()) + " organisations, each with a home of its own");
  if (auto done = found_chain(*cluster, plan); !done) return done.error();
  if (auto done = read_genesis(*cluster); !done) return done.error();
  progress("genesis", cluster->origin + ", signed by " + std::to_string(plan.voters) + " founders");
  if (auto settled = settle_ports(*cluster); !settled) return settled.error();
  return cluster;
}

}  // namespace

std::string Cluster::voter_urls() const {
  std::string urls;
  for (const ClusterNode& node : nodes) {
    if (node.voter) urls += (urls.empty() ? "" : ",") + node.url();
  }
  return urls;
}

bool is_cluster(const std::string& directory) { return exists(directory + "/" + std::string(kFile)); }

Result<Cluster> read_cluster(const std::string& directory) {
  auto value = read_json(directory + "/" + std::string(kFile));
  if (!value) return value.error();
  const boost::json::object* object = value->if_object();
  if (object == nullptr || text_at(*object, "format") != kFormat)
    return error(Code::E_FORMAT, directory + "/cluster.json is of another version of circula");
  Cluster cluster;
  cluster.directory = directory;
  for (const boost::json::value& item : array_at(*object, "nodes")) {
    const boost::json::object& row = item.get_object();
    const auto port = [&](std::string_view key) { return static_cast<std::uint16_t>(number_at(row, key)); };
    cluster.nodes.push_back({port("id"), text_at(row, "member"), flag_at(row, "voter"), port("peers_port"),
                             port("http_port"), port("operator_port")});
  }
  for (const boost::json::value& item : array_at(*object, "members")) {
    const boost::json::object& row = item.get_object();
    cluster.members.push_back({text_at(row, "name"), text_at(row, "kind"), text_at(row, "oid"), {}});
  }
  if (auto read = read_genesis(cluster); !read) return read.error();
  return cluster;
}

Result<void> check_founding_place(const std::string& directory) {
  for (const std::string& name : names_besides_ours(directory)) {
    return error(Code::E_FILE, directory + " holds " + name +
                                   " and no cluster.json: it was not finished, or is something else; choose "
                                   "another --dir or remove it");
  }
  return {};
}

Result<Cluster> found_cluster(const std::string& directory, const ClusterPlan& plan,
                              const Progress& progress) {
  if (auto fit = check_founding_place(directory); !fit) return fit.error();
  auto cluster = found_in(directory, plan, progress);
  if (cluster) return cluster;
  // Half a consortium is of no use: the next attempt finds the directory as this one did.
  std::error_code ignored;
  for (const std::string& name : names_besides_ours(directory))
    std::filesystem::remove_all(directory + "/" + name, ignored);
  return cluster.error();
}

Result<MovedPorts> settle_ports(Cluster& cluster) {
  MovedPorts moved;
  std::set<std::uint16_t> taken;
  for (ClusterNode& node : cluster.nodes) {
    if (auto adopted = adopt_configured_ports(cluster, node, moved); !adopted) return adopted.error();
    taken.insert({node.peers_port, node.http_port, node.operator_port});
  }
  for (ClusterNode& node : cluster.nodes) {
    if (read_pid_file(cluster.pid_file(node))) continue;  // it holds them itself
    for (std::uint16_t* port : {&node.peers_port, &node.http_port, &node.operator_port}) {
      if (is_free_port(*port)) continue;
      auto free = take_free_ports(1, taken);
      if (!free) return free.error();
      moved[*port] = *free;
      *port = *free;
    }
  }
  if (auto written = write_node_configs(cluster, moved); !written) return written.error();
  if (auto written = write_homes(cluster, moved); !written) return written.error();
  if (auto written = write_cluster(cluster); !written) return written.error();
  return moved;
}

}  // namespace circula::cli
