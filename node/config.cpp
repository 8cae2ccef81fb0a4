#include "node/config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "ledger/nearest_name.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr ConfigKey kKeys[] = {
    {"node_id", "integer", "", "This node's id in the configuration of the chain, 1 to 65,535."},
    {"genesis", "string", "genesis.json", "The chain's genesis file."},
    {"data_dir", "string", "data", "Where chain, state and evidence are kept."},
    {"keys_dir", "string", "keys", "Where transport.pem, node.pem, cosign.pem and log.pem are, mode 0600."},
    {"listen.peers", "string", "127.0.0.1:0", "Address for other nodes. Port 0: any free one."},
    {"listen.http", "string", "127.0.0.1:0",
     "Address of the HTTP API. Off loopback it needs http.certificate."},
    {"listen.operator", "string", "127.0.0.1:0", "Address for metrics and peers; loopback only."},
    {"http.certificate", "string", "", "PEM file with the certificate chain of the HTTP API."},
    {"http.private_key", "string", "", "PEM file with its private key."},
    {"http.hosts", "list", "", "Names by which clients may call the HTTP API."},
    {"peers", "list", "", "Tables {id, address}: where the other nodes listen."},
    {"storage.reserve_bytes", "integer", "268435456", "Free bytes below which the node turns read-only."},
    {"storage.resume_bytes", "integer", "402653184", "Free bytes from which it writes again."},
    {"log.level", "string", "info", "debug, info, warn or error."},
    {"log.format", "string", "json", "json: a JSON object a line; text: for a terminal."},
};

// Walks the file's keys and finds the first that no row names.
Result<void> check_keys(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, value] : table) {
    const std::string name = prefix + std::string(key.str());
    const auto is = [&](const ConfigKey& row) { return row.name == name; };
    if (std::any_of(std::begin(kKeys), std::end(kKeys), is)) continue;
    const bool is_section = std::any_of(std::begin(kKeys), std::end(kKeys), [&](const ConfigKey& row) {
      return row.name.starts_with(name + ".");
    });
    if (is_section && value.is_table()) {
      if (auto good = check_keys(*value.as_table(), name + "."); !good) return good;
      continue;
    }
    std::vector<std::string> names;
    for (const ConfigKey& row : kKeys) names.emplace_back(row.name);
    return error(Code::E_CONFIG, "unknown key " + name + ledger::nearest_name_hint(name, names), name);
  }
  return {};
}

template <class T>
Result<T> value_of(const toml::table& table, std::string_view key, T fallback) {
  const auto node = table.at_path(key);
  if (!node) return fallback;
  const auto value = node.template value_exact<T>();
  if (!value) return error(Code::E_CONFIG, "a value of another kind than expected", std::string(key));
  return *value;
}

Result<std::uint64_t> bytes_of(const toml::table& table, std::string_view key, std::uint64_t fallback) {
  auto value = value_of<std::int64_t>(table, key, static_cast<std::int64_t>(fallback));
  if (!value) return value.error();
  if (*value < 0) return error(Code::E_CONFIG, "a number of bytes is not negative", std::string(key));
  return static_cast<std::uint64_t>(*value);
}

Result<std::vector<PeerConfig>> peers_of(const toml::table& table) {
  std::vector<PeerConfig> peers;
  const toml::array* list = table["peers"].as_array();
  if (table.contains("peers") && list == nullptr)
    return error(Code::E_CONFIG, "peers is a list of tables", "peers");
  if (list == nullptr) return peers;
  for (const toml::node& item : *list) {
    const toml::table* entry = item.as_table();
    const std::string field = "peers[" + std::to_string(peers.size()) + "]";
    if (entry == nullptr || entry->size() != 2)
      return error(Code::E_CONFIG, "a peer is {id, address}", field);
    const auto id = (*entry)["id"].value_exact<std::int64_t>();
    const auto address = (*entry)["address"].value_exact<std::string>();
    if (!id || *id < 1 || *id > UINT16_MAX || !address)
      return error(Code::E_CONFIG, "a peer is {id, address}", field);
    auto parsed = parse_host_port(*address, field + ".address");
    if (!parsed) return parsed.error();
    const auto same = [&](const PeerConfig& peer) { return peer.id == *id; };
    if (std::any_of(peers.begin(), peers.end(), same))
      return error(Code::E_CONFIG, "node " + std::to_string(*id) + " is listed twice", field + ".id");
    peers.push_back({static_cast<std::uint16_t>(*id), *parsed});
  }
  return peers;
}

Result<void> read_listeners(const toml::table& table, NodeConfig& config) {
  const std::pair<std::string_view, HostPort*> listeners[] = {
      {"listen.peers", &config.listen_peers},
      {"listen.http", &config.listen_http},
      {"listen.operator", &config.listen_operator},
  };
  for (const auto& [key, target] : listeners) {
    auto text = value_of<std::string>(table, key, "127.0.0.1:0");
    if (!text) return text.error();
    auto parsed = parse_host_port(*text, key);
    if (!parsed) return parsed.error();
    *target = *parsed;
  }
  return {};
}

Result<void> read_paths(const toml::table& table, const std::filesystem::path& directory,
                        NodeConfig& config) {
  const std::tuple<std::string_view, std::string_view, std::filesystem::path*> paths[] = {
      {"genesis", "genesis.json", &config.genesis},
      {"data_dir", "data", &config.data_dir},
      {"keys_dir", "keys", &config.keys_dir},
  };
  for (const auto& [key, fallback, target] : paths) {
    auto text = value_of<std::string>(table, key, std::string(fallback));
    if (!text) return text.error();
    *target = directory / *text;  // an absolute right side stays as it is
  }
  return {};
}

// One of the names, or the nearest one in the refusal.
Result<std::size_t> one_of(const toml::table& table, std::string_view key,
                           const std::vector<std::string>& names, const std::string& fallback) {
  auto text = value_of<std::string>(table, key, fallback);
  if (!text) return text.error();
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  return error(Code::E_CONFIG,
               "\"" + *text + "\" is none of its values" + ledger::nearest_name_hint(*text, names),
               std::string(key));
}

Result<void> read_log(const toml::table& table, NodeConfig& config) {
  const std::vector<std::string> levels{"debug", "info", "warn", "error"};
  auto level = one_of(table, "log.level", levels, "info");
  if (!level) return level.error();
  config.log_level = log_level(levels[*level]).value_or(LogLevel::kInfo);
  auto format = one_of(table, "log.format", {"json", "text"}, "json");
  if (!format) return format.error();
  config.log_format = *format == 0 ? LogFormat::kJson : LogFormat::kText;
  return {};
}

Result<void> read_hosts(const toml::table& table, NodeConfig& config) {
  const auto node = table.at_path("http.hosts");
  if (!node) return {};
  const toml::array* hosts = node.as_array();
  if (hosts == nullptr) return error(Code::E_CONFIG, "hosts is a list of names", "http.hosts");
  for (const toml::node& host : *hosts) {
    if (!host.is_string()) return error(Code::E_CONFIG, "hosts are strings", "http.hosts");
    config.http_hosts.push_back(host.value<std::string>().value_or(""));
  }
  return {};
}

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

Result<HostPort> parse_host_port(std::string_view text, std::string_view key) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&] {
    return error(Code::E_CONFIG, "host:port expected, " + std::string(text) + " found", std::string(key));
  };
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || text.size() - colon > 6)
    return bad();
  std::uint32_t port = 0;
  for (const char digit : text.substr(colon + 1)) {
    if (digit < '0' || digit > '9') return bad();
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port > UINT16_MAX) return bad();
  return HostPort{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(port)};
}

Result<NodeConfig> parse_config(std::string_view text, const std::filesystem::path& directory) {
  toml::table table;
  try {  // the library's only way to say that a file does not parse
    table = toml::parse(text);
  } catch (const toml::parse_error& failed) {
    return error(Code::E_CONFIG, "line " + std::to_string(failed.source().begin.line) + ": " +
                                     std::string(failed.description()));
  }
  if (auto good = check_keys(table, ""); !good) return good.error();
  NodeConfig config;
  auto id = value_of<std::int64_t>(table, "node_id", 0);
  if (!id) return id.error();
  if (*id < 1 || *id > UINT16_MAX) return error(Code::E_CONFIG, "a node id is 1 to 65,535", "node_id");
  config.node_id = static_cast<std::uint16_t>(*id);
  if (auto good = read_paths(table, directory, config); !good) return good.error();
  if (auto good = read_listeners(table, config); !good) return good.error();
  auto peers = peers_of(table);
  if (!peers) return peers.error();
  config.peers = std::move(*peers);
  auto reserve = bytes_of(table, "storage.reserve_bytes", config.reserve_bytes);
  auto resume = bytes_of(table, "storage.resume_bytes", config.resume_bytes);
  if (!reserve) return reserve.error();
  if (!resume) return resume.error();
  if (*resume < *reserve)
    return error(Code::E_CONFIG, "resume_bytes is not below reserve_bytes", "storage.resume_bytes");
  config.reserve_bytes = *reserve;
  config.resume_bytes = *resume;
  if (auto good = read_log(table, config); !good) return good.error();
  if (auto good = read_hosts(table, config); !good) return good.error();
  auto certificate = value_of<std::string>(table, "http.certificate", "");
  auto private_key = value_of<std::string>(table, "http.private_key", "");
  if (!certificate) return certificate.error();
  if (!private_key) return private_key.error();
  config.http_certificate = certificate->empty() ? "" : (directory / *certificate).string();
  config.http_private_key = private_key->empty() ? "" : (directory / *private_key).string();
  return config;
}

Result<NodeConfig> read_config(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return error(Code::E_FILE, "cannot read " + file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str(), file.parent_path());
}

}  // namespace circula::node
