#include "cli/bench_target.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "cli/process.h"
#include "node/config.h"
#include "node/http_client.h"

namespace circula::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kKillPatience{10'000};
constexpr std::size_t kStatFieldUserTime = 11;  // after the name in /proc/PID/stat, from 0

std::string url_of(const node::HostPort& address) {
  return "http://" + address.host + ":" + std::to_string(address.port);
}

// The fields of /proc/PID/stat after the name, which may hold blanks itself.
std::vector<std::string> process_fields(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line) || line.rfind(')') == std::string::npos) return {};
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields.size() > kStatFieldUserTime + 1 ? fields : std::vector<std::string>{};
}

Result<BenchNode> node_of(const fs::path& config_file) {
  auto config = node::read_config(config_file);
  if (!config) return config.error();
  BenchNode node;
  node.id = config->node_id;
  node.url = url_of(config->listen_http);
  node.operator_url = url_of(config->listen_operator);
  node.config = config_file.string();
  node.data_directory = config->data_dir.string();
  node.pid_file = (config_file.parent_path() / "node.pid").string();
  node.log_file = (config_file.parent_path() / "node.log").string();
  return node;
}

}  // namespace

Result<BenchTarget> BenchTarget::of_directory(const std::string& directory) {
  BenchTarget target;
  std::error_code failed;
  target.directory = fs::absolute(directory, failed).string();
  for (const fs::directory_entry& entry : fs::directory_iterator(target.directory, failed)) {
    const fs::path config_file = entry.path() / "node.toml";
    if (!fs::exists(config_file, failed)) continue;
    auto node = node_of(config_file);
    if (!node) return node.error();
    target.nodes.push_back(std::move(*node));
  }
  std::ranges::sort(target.nodes, {}, &BenchNode::id);
  if (target.nodes.empty()) return error(Code::E_NOT_FOUND, "no cluster in " + target.directory);
  return target;
}

BenchTarget BenchTarget::of_urls(const std::vector<std::string>& urls) {
  BenchTarget target;
  for (const std::string& url : urls) {
    BenchNode node;
    node.id = static_cast<std::uint16_t>(target.nodes.size() + 1);
    node.url = url;
    target.nodes.push_back(std::move(node));
  }
  return target;
}

std::optional<pid_t> node_process(const BenchNode& node) {
  const auto process = read_pid_file(node.pid_file);
  return process ? std::optional(process->pid) : std::nullopt;
}

std::optional<double> cpu_seconds(pid_t pid) {
  const auto fields = process_fields(pid);
  if (fields.empty()) return std::nullopt;
  const double ticks = std::strtod(fields[kStatFieldUserTime].c_str(), nullptr) +
                       std::strtod(fields[kStatFieldUserTime + 1].c_str(), nullptr);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t directory_bytes(const std::string& directory) {
  std::uint64_t total = 0;
  std::error_code failed;
  // Files come and go under a running database: what cannot be read any more counts nothing.
  for (fs::recursive_directory_iterator at(directory, failed), end; !failed && at != end;
       at.increment(failed)) {
    std::error_code gone;
    if (!at->is_regular_file(gone)) continue;
    const std::uint64_t bytes = at->file_size(gone);
    if (!gone) total += bytes;
  }
  return total;
}

std::optional<std::uint64_t> peer_bytes_out(const BenchNode& node) {
  if (node.operator_url.empty()) return std::nullopt;
  auto client = node::HttpClient::make({.url = node.operator_url});
  if (!client) return std::nullopt;
  auto reply = client->get("/metrics");
  if (!reply || reply->status != 200) return std::nullopt;
  std::istringstream lines(reply->body);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kName = "circula_peer_bytes_out ";
    if (line.starts_with(kName))
      return static_cast<std::uint64_t>(std::strtod(line.c_str() + kName.size(), nullptr));
  }
  return std::nullopt;
}

Result<void> kill_node(const BenchNode& node) {
  const auto process = read_pid_file(node.pid_file);
  const std::string name = "node " + std::to_string(node.id);
  if (!process) return error(Code::E_UNAVAILABLE, name + " does not run");
  if (kill(process->pid, SIGKILL) != 0) return error(Code::E_UNAVAILABLE, name + ": " + std::strerror(errno));
  const auto deadline = std::chrono::steady_clock::now() + kKillPatience;
  while (is_running(*process)) {
    waitpid(process->pid, nullptr, WNOHANG);  // where it is our own child
    if (std::chrono::steady_clock::now() > deadline) return error(Code::E_TIMEOUT, name + " does not end");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

Result<void> start_node(const BenchNode& node) {
  auto process = start_self({"node", "run", "--config", node.config}, node.log_file);
  if (!process) return process.error();
  return write_pid_file(node.pid_file, *process);
}

std::optional<std::size_t> find_leader(const BenchTarget& target) {
  std::map<std::int64_t, std::size_t> votes;
  std::map<std::int64_t, std::size_t> position;  // node id on the chain -> where it is in the target
  for (std::size_t at = 0; at < target.nodes.size(); ++at) {
    auto client = node::HttpClient::make({.url = target.nodes[at].url});
    if (!client) continue;
    auto reply = client->get("/v1/status");
    if (!reply || reply->status != 200) continue;
    boost::system::error_code failed;
    const auto status = boost::json::parse(reply->body, failed);
    if (failed || !status.is_object()) continue;
    const auto* own = status.as_object().if_contains("node");
    const auto* leader = status.as_object().if_contains("leader");
    if (own == nullptr || !own->is_int64() || leader == nullptr || !leader->is_int64()) continue;
    position[own->as_int64()] = at;
    if (leader->as_int64() != 0) ++votes[leader->as_int64()];
  }
  for (const auto& [leader, count] : votes) {
    if (count * 2 > position.size() && position.contains(leader)) return position[leader];
  }
  return std::nullopt;
}

}  // namespace circula::cli
