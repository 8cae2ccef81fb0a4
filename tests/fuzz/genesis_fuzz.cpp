// Genesis: as a message, and as the file that founders send each other.
#include <cstdlib>

#include "ledger/canonical.h"
#include "ledger/genesis_file.h"
#include "ledger/trust_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace circula::ledger;
  if (const auto genesis = Genesis::decode(Bytes(data, data + size))) {
    if (serialise_canonical(genesis->message()) != genesis->bytes()) std::abort();
    if (!read_policy(policy_file(*genesis))) std::abort();
  }
  if (const auto file = read_genesis_file({reinterpret_cast<const char*>(data), size})) {
    const auto again = read_genesis_file(write_genesis_file(*file));
    if (!again || again->genesis != file->genesis || again->signatures != file->signatures) std::abort();
    if (const auto genesis = Genesis::decode(file->genesis))
      (void)genesis->check_signatures(file->signatures);
  }
  return 0;
}
