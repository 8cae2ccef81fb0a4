#include "cli/demo_acknowledged.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "ledger/disk_calls.h"
#include "ledger/durable_file.h"

namespace circula::cli {

using ledger::Code;
using ledger::error;
using ledger::Result;

namespace {

constexpr std::string_view kSuffix = ".acknowledged";

}  // namespace

Result<AcknowledgementFile> AcknowledgementFile::create(const std::string& directory,
                                                        const std::string& name) {
  ledger::DiskCalls& disk = ledger::system_disk();
  if (auto made = ledger::create_directory(disk, directory); !made) return made.error();
  const std::string path = directory + "/" + name + std::string(kSuffix);
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return error(Code::E_FILE, ledger::disk_error("create", path).detail);
  AcknowledgementFile file(descriptor);
  if (auto synced = ledger::sync_directory(disk, directory); !synced) return synced.error();
  return file;
}

AcknowledgementFile::~AcknowledgementFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<void> AcknowledgementFile::keep(const std::vector<AcknowledgedRecord>& records) {
  std::ostringstream lines;
  for (const AcknowledgedRecord& one : records) {
    lines << one.record << ' ' << one.index << ' ' << one.outcome << ' ' << one.envelope << ' ' << one.node
          << '\n';
  }
  const std::string text = lines.str();
  ledger::DiskCalls& disk = ledger::system_disk();
  if (ledger::write_all(disk, descriptor_, text.data(), text.size()) != 0 || fdatasync(descriptor_) != 0)
    return error(Code::E_FILE, ledger::disk_error("write", "an acknowledgement").detail);
  return {};
}

Result<std::vector<AcknowledgedRecord>> read_acknowledged(const std::string& directory) {
  std::vector<std::string> names;
  if (ledger::system_disk().list(directory, names) != 0)
    return error(Code::E_FILE, ledger::disk_error("list", directory).detail);
  std::ranges::sort(names);
  std::vector<AcknowledgedRecord> all;
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    std::ifstream file(directory + "/" + name);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      std::istringstream words(line);
      AcknowledgedRecord one;
      if (!(words >> one.record >> one.index >> one.outcome >> one.envelope >> one.node))
        return error(Code::E_FILE, directory + "/" + name + " has a line that is no acknowledgement");
      all.push_back(std::move(one));
    }
    if (!file.eof()) return error(Code::E_FILE, directory + "/" + name + " cannot be read");
  }
  return all;
}

}  // namespace circula::cli
