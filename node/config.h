// The node's configuration: one TOML file, checked whole at start. Unknown keys are refused with the nearest
// name; every default is good.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.h"
#include "node/event_log.h"

namespace circula::node {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

struct PeerConfig {
  std::uint16_t id = 0;
  HostPort address;
};

struct NodeConfig {
  std::uint16_t node_id = 0;
  std::filesystem::path genesis;  // relative paths are the configuration file's neighbours
  std::filesystem::path data_dir;
  std::filesystem::path keys_dir;  // transport.pem, node.pem, cosign.pem, log.pem
  HostPort listen_peers{"127.0.0.1", 0};
  HostPort listen_http{"127.0.0.1", 0};
  HostPort listen_operator{"127.0.0.1", 0};
  std::string http_certificate;  // PEM files; needed when listen_http is not on loopback
  std::string http_private_key;
  std::vector<std::string> http_hosts;
  std::vector<PeerConfig> peers;
  std::uint64_t reserve_bytes = 256ULL * 1024 * 1024;
  std::uint64_t resume_bytes = 384ULL * 1024 * 1024;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kJson;
};

// One row a key: the file's documentation and its check read the same table.
struct ConfigKey {
  std::string_view name;  // dotted
  std::string_view kind;  // "integer", "string", "list"
  std::string_view fallback;
  std::string_view meaning;
};
[[nodiscard]] std::span<const ConfigKey> config_keys();

[[nodiscard]] ledger::Result<NodeConfig> read_config(const std::filesystem::path& file);
[[nodiscard]] ledger::Result<NodeConfig> parse_config(std::string_view text,
                                                      const std::filesystem::path& directory);
[[nodiscard]] ledger::Result<HostPort> parse_host_port(std::string_view text, std::string_view key);

}  // namespace circula::node
