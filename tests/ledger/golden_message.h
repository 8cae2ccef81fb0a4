// The messages of golden.json against the descriptors and the canonical writer of this program.
#pragma once

#include <set>
#include <string>

#include "tests/ledger/golden.h"

namespace google::protobuf {
class FileDescriptor;
}

namespace circula::ledger::testing {

// Each message of the list has these fields, and its samples, made here from the descriptors by the rule of
// tests/vectors/schema.py, are written as these bytes and read back. Returns the names. `package` ends in a
// dot.
std::set<std::string> expect_golden_messages(const Golden& list, const std::string& package);

// The page has every message of the file.
void expect_all_listed(const google::protobuf::FileDescriptor& file, const std::set<std::string>& names);

}  // namespace circula::ledger::testing
