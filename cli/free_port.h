// Ports on loopback that nobody uses.
#pragma once

#include <cstdint>
#include <set>

#include "ledger/outcome.h"

namespace circula::cli {

[[nodiscard]] bool is_free_port(std::uint16_t port);
// So many in a row, none of `taken`; they are added to it. From a range that the system does not give to
// outgoing connections, beginning at a random multiple of 16: two clusters that are founded at once seldom
// meet, and one that is founded while a node of another is down does not take that node's place.
[[nodiscard]] ledger::Result<std::uint16_t> take_free_ports(std::uint16_t count,
                                                            std::set<std::uint16_t>& taken);

}  // namespace circula::cli
