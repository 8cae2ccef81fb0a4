// Ports on loopback that nobody uses.
#pragma once

#include <cstdint>
#include <set>

#include "ledger/outcome.h"

namespace circula::cli {

[[nodiscard]] bool is_free_port(std::uint16_t port);
// Not one of `taken`; the new one is added to them. From a range that the system does not give to outgoing
// connections, beginning at a random place, so that two clusters at once do not meet.
[[nodiscard]] ledger::Result<std::uint16_t> take_free_port(std::set<std::uint16_t>& taken);

}  // namespace circula::cli
