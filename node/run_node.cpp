#include "node/run_node.h"

#include <google/protobuf/stubs/logging.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "crypto/ed25519.h"
#include "node/api/api.h"
#include "node/daemon.h"
#include "node/event_log.h"
#include "node/http_server.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// All connections that the limits allow, and as many files as the databases open. A login on Debian has 1,024
// for both: clients that hold connections open would keep the node from its own files.
constexpr rlim_t kDescriptorsWanted = 4096;

// The soft limit is ours to raise. Returns what there is.
rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur >= kDescriptorsWanted) return limit.rlim_cur;
  limit.rlim_cur = std::min(kDescriptorsWanted, limit.rlim_max);
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

Result<std::unique_ptr<HttpServer>> serve_http(const NodeConfig& config, api::Api& interface) {
  HttpOptions options;
  options.public_listener = {config.listen_http.host, config.listen_http.port};
  options.operator_listener = HttpListener{config.listen_operator.host, config.listen_operator.port};
  options.hosts = config.http_hosts;
  if (const rlim_t descriptors = raise_descriptor_limit(); descriptors < kDescriptorsWanted) {
    options.limits.connections = std::min<std::size_t>(options.limits.connections, descriptors / 4);
    log_event(LogLevel::kWarn, "few_descriptors",
              {{"limit", descriptors}, {"http_connections", options.limits.connections}});
  }
  if (!config.http_certificate.empty()) {
    options.tls = HttpTls{read_whole(config.http_certificate), read_whole(config.http_private_key)};
  }
  options.authenticate = [&interface](std::string_view token) { return interface.authenticate(token); };
  auto routes = interface.routes();
  if (!routes) return routes.error();
  return HttpServer::start(std::move(options), std::move(*routes));
}

int fail(const ledger::Error& problem) {
  std::fprintf(stderr, "error[%s]: %s%s%s\n", std::string(ledger::name(problem.code)).c_str(),
               problem.detail.c_str(), problem.field.empty() ? "" : " at ", problem.field.c_str());
  return ledger::outcome_row(problem.code).exit_code;
}

}  // namespace

int run_node(const std::filesystem::path& config_file, const std::string& version) {
  // Blocked before any thread starts, so that only sigwait below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  if (auto ready = crypto::init(); !ready) return fail(error(Code::E_UNAVAILABLE, ready.error().detail));
  auto config = read_config(config_file);
  if (!config) return fail(config.error());
  set_up_event_log(config->log_format, config->log_level, config->node_id);
  // Protobuf would write a line of its own for every malformed text that a peer sends.
  google::protobuf::SetLogHandler(nullptr);
  auto daemon = Daemon::start(*config);
  if (!daemon) return fail(daemon.error());

  api::ApiOptions options;
  options.version = version;
  options.genesis_file = read_whole(config->genesis);
  options.now_ms = [] { return wall_ms(); };
  options.random = [](std::span<std::uint8_t> out) { crypto::random_bytes(out); };
  api::Api interface(**daemon, std::move(options));
  auto server = serve_http(*config, interface);
  if (!server) return fail(server.error());

  std::printf("ready http=%s operator=http://127.0.0.1:%u peers=%s:%u\n", (*server)->origin().c_str(),
              (*server)->operator_port(), config->listen_peers.host.c_str(), (*daemon)->peer_port());
  std::fflush(stdout);
  log_event(LogLevel::kInfo, "node_ready",
            {{"http", (*server)->origin()}, {"chain", (*daemon)->genesis().fingerprint()}});

  int signal_number = 0;
  sigwait(&signals, &signal_number);
  log_event(LogLevel::kInfo, "node_stopping", {{"signal", signal_number}});
  (*server)->stop();
  (*daemon)->stop();
  return 0;
}

}  // namespace circula::node
