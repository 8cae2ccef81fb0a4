#include "tests/e2e/log_copy.h"

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "cli/node_client.h"
#include "node/http_client.h"

namespace circula::e2e {
namespace {

constexpr std::uint64_t kPage = 1'000;  // the most that an answer has

void add(LogFindings& findings, std::string text) {
  ++findings.count;
  if (findings.first.size() < LogFindings::kFindingsMax) findings.first.push_back(std::move(text));
}

}  // namespace

std::vector<LogEntry> read_log(const std::string& url, std::uint64_t size) {
  std::vector<LogEntry> log;
  auto client = node::HttpClient::make({.url = url});
  if (!client) return log;
  while (log.size() < size) {
    auto reply = client->get("/v1/entries?first=" + std::to_string(log.size()) +
                             "&limit=" + std::to_string(std::min(kPage, size - log.size())));
    boost::system::error_code failed;
    if (!reply || reply->status != 200) return log;
    const boost::json::value page = boost::json::parse(reply->body, failed);
    if (failed || !page.is_object()) return log;
    const boost::json::array& entries = cli::array_at(page.get_object(), "entries");
    if (entries.empty()) return log;
    for (const boost::json::value& item : entries) {
      const boost::json::object& row = item.get_object();
      log.push_back({cli::text_at(row, "bytes"), cli::text_at(row, "record"), cli::text_at(row, "outcome"),
                     cli::text_at(row, "body_hash")});
    }
  }
  return log;
}

std::vector<AcknowledgedLine> read_acknowledged(const std::vector<std::string>& files) {
  std::vector<AcknowledgedLine> lines;
  for (const std::string& path : files) {
    std::ifstream file(path);
    AcknowledgedLine line;
    while (file >> line.record >> line.index >> line.outcome) lines.push_back(line);
    if (!file.eof()) throw std::runtime_error(path + " cannot be read");
  }
  return lines;
}

std::vector<std::string> read_sent(const std::vector<std::string>& files) {
  std::vector<std::string> records;
  for (const std::string& path : files) {
    std::ifstream file(path);
    std::string record;
    while (file >> record) records.push_back(record);
    if (!file.eof()) throw std::runtime_error(path + " cannot be read");
  }
  return records;
}

LogFindings compare(const std::vector<LogEntry>& log, const std::vector<AcknowledgedLine>& acknowledged,
                    const std::vector<std::string>& sent) {
  LogFindings findings;
  std::map<std::string, std::vector<std::uint64_t>> places;  // in the log, by record
  for (std::uint64_t index = 0; index < log.size(); ++index) {
    if (!log[index].record.empty()) places[log[index].record].push_back(index);
  }
  std::set<std::string> answered;
  for (const AcknowledgedLine& line : acknowledged) {
    answered.insert(line.record);
    const std::string promised = "record " + line.record + " was acknowledged at index " +
                                 std::to_string(line.index) + " with outcome " + line.outcome;
    if (line.index >= log.size()) {
      add(findings, promised + ": the log ends before");
    } else if (log[line.index].record != line.record) {
      add(findings,
          promised + ": another entry is there" +
              (places.contains(line.record) ? ", the record is elsewhere" : ", the record is lost"));
    } else if (log[line.index].outcome != line.outcome) {
      add(findings, promised + ": it has outcome " + log[line.index].outcome);
    }
  }
  for (const std::string& record : sent) {
    const bool is_there = places.contains(record);
    if (is_there && places.at(record).size() > 1) {
      std::string text = "record " + record + " is there more than once:";
      for (const std::uint64_t index : places.at(record))
        text += " at index " + std::to_string(index) + " with outcome " + log[index].outcome;
      add(findings, std::move(text));
    }
    if (answered.contains(record)) continue;
    ++findings.unacknowledged;
    findings.unacknowledged_there += is_there ? 1 : 0;
  }
  return findings;
}

}  // namespace circula::e2e
