#include "tests/attack/consortium.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "crypto/key_file.h"
#include "node/http_client.h"

namespace circula::attack {
namespace {

namespace fs = std::filesystem;

// What a login on Debian gives a process, whatever the machine that tests gives it.
constexpr rlim_t kUsualDescriptors = 1024;

// While it lives, children get the usual soft limit.
class UsualLimits {
 public:
  UsualLimits() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit usual{kUsualDescriptors, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &usual);
  }
  UsualLimits(const UsualLimits&) = delete;
  UsualLimits& operator=(const UsualLimits&) = delete;
  ~UsualLimits() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

std::string get_text(const std::string& url, const std::string& path) {
  auto client = node::HttpClient::make({.url = url});
  if (!client) return {};
  auto reply = client->get(path);
  return reply && reply->status == 200 ? reply->body : std::string();
}

}  // namespace

crypto::SigningKey Node::key(const std::string& name) const {
  return crypto::read_key_file(config.keys_dir / (name + ".pem")).value();
}

Consortium::Consortium() {
  up();
  const cli::BenchTarget found = cli::BenchTarget::of_directory(directory()).value();
  for (const cli::BenchNode& node : found.nodes) {
    nodes_.push_back({node, node::read_config(node.config).value()});
  }
}

Consortium::~Consortium() {
  (void)e2e::run({"down", "--dir", directory()}, {{"CIRCULA_HOME", scratch_ / "home"}});
}

void Consortium::up() {
  const UsualLimits limits;
  const e2e::Ended ended =
      e2e::run({"up", "--dir", directory(), "--voters", std::to_string(kVoters), "--learners", "0", "--json"},
               {{"CIRCULA_HOME", scratch_ / "home"}, {"LC_ALL", "C.UTF-8"}});
  if (ended.exit != 0) throw std::runtime_error("circula up: " + ended.err);
}

void Consortium::start_what_is_down() { up(); }

void Consortium::kill(unsigned id) { cli::kill_node(node(id).bench).value(); }

bool Consortium::runs(unsigned id) const { return cli::node_process(node(id).bench).has_value(); }

cli::BenchTarget Consortium::target(unsigned nodes) const {
  cli::BenchTarget target;
  target.directory = directory();
  for (unsigned id = 1; id <= nodes; ++id) target.nodes.push_back(node(id).bench);
  return target;
}

ProcessFigures Consortium::figures(unsigned id) const {
  ProcessFigures figures;
  const auto process = cli::node_process(node(id).bench);
  if (!process) return figures;
  const std::string proc = "/proc/" + std::to_string(*process);
  std::ifstream status(proc + "/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "VmRSS:") words >> figures.resident_kib;
    if (name == "Threads:") words >> figures.threads;
  }
  std::error_code failed;
  for (fs::directory_iterator at(proc + "/fd", failed), end; !failed && at != end; at.increment(failed)) {
    ++figures.descriptors;
  }
  return figures;
}

std::string Consortium::status(unsigned id, const std::string& pointer) const {
  return e2e::value_at(get_text(node(id).bench.url, "/v1/status"), pointer);
}

std::uint64_t Consortium::log_file_bytes(unsigned id) const {
  std::error_code failed;
  const std::uint64_t bytes = fs::file_size(node(id).bench.log_file, failed);
  return failed ? 0 : bytes;
}

std::uint64_t Consortium::evidence_bytes(unsigned id) const {
  return cli::directory_bytes((node(id).config.data_dir / "evidence").string());
}

std::uint64_t Consortium::refused_peers(unsigned id) const {
  constexpr std::string_view kName = "circula_peer_refusals ";
  std::istringstream lines(get_text(node(id).bench.operator_url, "/metrics"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kName))
      return static_cast<std::uint64_t>(std::strtod(line.c_str() + kName.size(), nullptr));
  }
  return 0;
}

}  // namespace circula::attack
