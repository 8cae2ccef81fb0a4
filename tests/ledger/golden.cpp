#include "tests/ledger/golden.h"

#include <fstream>
#include <iterator>

#include "tests/paths.h"

namespace circula::ledger::testing {

Golden golden(std::string_view section) {
  static const boost::json::value all = [] {
    std::ifstream file(paths::source("tests/vectors/golden.json"), std::ios::binary);
    return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  }();
  return Golden(all)[section];
}

Genesis golden_genesis() { return Genesis::decode(golden("genesis")["message"].bytes()).value(); }

Digest golden_chain_id() { return golden("genesis")["chain_id"].digest(); }

}  // namespace circula::ledger::testing
