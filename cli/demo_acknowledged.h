// What clients were told, in files: one a client, each line synced before it counts. A demonstration checks
// what these files say and holds no figure of its own.
//
//   DIR/NAME.acknowledged     "record index outcome envelope node"
//
// Thread rule: a file belongs to one thread. Crash rule: a line that a crash left half written is no
// acknowledgement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/outcome.h"

namespace circula::cli {

struct AcknowledgedRecord {
  std::string record;  // hex
  std::uint64_t index = 0;
  std::uint64_t outcome = 0;
  std::string envelope;    // hex
  std::uint16_t node = 0;  // that answered
};

class AcknowledgementFile {
 public:
  [[nodiscard]] static ledger::Result<AcknowledgementFile> create(const std::string& directory,
                                                                  const std::string& name);
  AcknowledgementFile(AcknowledgementFile&& other) noexcept : descriptor_(other.descriptor_) {
    other.descriptor_ = -1;
  }
  AcknowledgementFile(const AcknowledgementFile&) = delete;
  AcknowledgementFile& operator=(const AcknowledgementFile&) = delete;
  AcknowledgementFile& operator=(AcknowledgementFile&&) = delete;
  ~AcknowledgementFile();

  // The lines are on disk when it returns.
  [[nodiscard]] ledger::Result<void> keep(const std::vector<AcknowledgedRecord>& records);

 private:
  explicit AcknowledgementFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Of all files of the directory.
[[nodiscard]] ledger::Result<std::vector<AcknowledgedRecord>> read_acknowledged(const std::string& directory);

}  // namespace circula::cli
