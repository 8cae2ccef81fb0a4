// Whatever the canonical checker accepts must parse, must be written again as the same bytes, and must
// survive the JSON view. Built only with Clang and CIRCULA_FUZZ.
#include <boost/json.hpp>
#include <cstdlib>

#include "ledger/canonical.h"
#include "ledger/json_view.h"
#include "ledger/pi_scan.h"
#include "tests/ledger/proto/sample.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace circula;
  (void)ledger::find_personal_data({reinterpret_cast<const char*>(data), size});
  const auto message = ledger::parse_canonical<ledger::sample::Sample>({data, size});
  if (!message) return 0;
  const crypto::Bytes bytes(data, data + size);
  if (ledger::serialise_canonical(*message) != bytes) std::abort();
  ledger::sample::Sample back;
  if (!ledger::message_from_json(ledger::json_view(*message), back)) std::abort();
  if (ledger::serialise_canonical(back) != bytes) std::abort();
  return 0;
}
