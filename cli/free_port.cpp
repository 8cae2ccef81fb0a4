#include "cli/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/ed25519.h"

namespace circula::cli {
namespace {

// Below 32,768, where Linux begins with the ports of outgoing connections.
constexpr std::uint16_t kFirstPort = 20'000;
constexpr std::uint16_t kPorts = 12'000;
constexpr std::uint32_t kRow = 16;  // five nodes of three ports each

}  // namespace

bool is_free_port(std::uint16_t port) {
  const int socket_number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_number < 0) return false;
  const int yes = 1;  // a listener that ended a moment ago is no obstacle, for the node neither
  setsockopt(socket_number, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free =
      bind(socket_number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(socket_number, 1) == 0;
  close(socket_number);
  return is_free;
}

ledger::Result<std::uint16_t> take_free_ports(std::uint16_t count, std::set<std::uint16_t>& taken) {
  const auto random = crypto::random_fixed<crypto::ShortId>();
  const std::uint32_t begin =
      (static_cast<std::uint32_t>(random[0]) << 8 | random[1]) % (kPorts / kRow) * kRow;
  std::uint16_t found = 0;
  for (std::uint32_t tried = 0; tried < std::uint32_t{kPorts} + count; ++tried) {
    const auto port = static_cast<std::uint16_t>(kFirstPort + (begin + tried) % kPorts);
    if (port == kFirstPort) found = 0;  // the row does not go round the end
    found = taken.contains(port) || !is_free_port(port) ? 0 : static_cast<std::uint16_t>(found + 1);
    if (found < count) continue;
    const auto first = static_cast<std::uint16_t>(port - count + 1);
    for (std::uint16_t at = 0; at < count; ++at) taken.insert(static_cast<std::uint16_t>(first + at));
    return first;
  }
  return ledger::error(
      ledger::Code::E_FILE,
      "no " + std::to_string(count) + " free ports in a row between 20,000 and 31,999 on 127.0.0.1");
}

}  // namespace circula::cli
