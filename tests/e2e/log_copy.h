// A node's whole log as it tells it over HTTP, and the clients' files to hold against it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace circula::e2e {

struct LogEntry {
  std::string bytes;   // base64url of the entry
  std::string record;  // hex; empty for an entry of another kind
  std::string outcome;
  std::string body_hash;  // hex, of the envelope's bytes
};

// The final entries from genesis to before `size`, in their order; fewer when the node does not answer.
[[nodiscard]] std::vector<LogEntry> read_log(const std::string& url, std::uint64_t size);

struct AcknowledgedLine {
  std::string record;
  std::uint64_t index = 0;
  std::string outcome;
};

[[nodiscard]] std::vector<AcknowledgedLine> read_acknowledged(const std::vector<std::string>& files);
[[nodiscard]] std::vector<std::string> read_sent(const std::vector<std::string>& files);

// What is wrong with a log in the light of the clients' files, at most `kFindingsMax` sentences: a line that
// is not at its index with its outcome, or a record that is there more than once.
struct LogFindings {
  static constexpr std::size_t kFindingsMax = 5;  // enough to begin looking
  std::uint64_t count = 0;
  std::vector<std::string> first;
  std::uint64_t unacknowledged = 0;        // records that were sent and not acknowledged
  std::uint64_t unacknowledged_there = 0;  // of them, in the log
};
[[nodiscard]] LogFindings compare(const std::vector<LogEntry>& log,
                                  const std::vector<AcknowledgedLine>& acknowledged,
                                  const std::vector<std::string>& sent);

}  // namespace circula::e2e
