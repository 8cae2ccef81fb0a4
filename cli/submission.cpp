#include "cli/submission.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <thread>

#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "ledger/object_id.h"
#include "ledger/proto/agreement.pb.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/funds.pb.h"
#include "ledger/proto/listing.pb.h"
#include "ledger/proto/order.pb.h"
#include "ledger/proto/product.pb.h"
#include "ledger/registry.h"

namespace circula::cli {
namespace {

using Clock = std::chrono::steady_clock;

// The longest that one request waits at the node, so that a node that dies is noticed.
constexpr std::chrono::milliseconds kWaitMax{10'000};
constexpr std::chrono::milliseconds kPause{200};  // before the same bytes are sent again

template <class Body>
Body body_of(const ledger::proto::Record& record) {
  Body body;
  if (!body.ParseFromString(record.body())) body.Clear();
  return body;
}

// What the record creates; most operations are about something that is there.
std::optional<ledger::ObjectKind> kind_made(const ledger::proto::Record& record) {
  namespace proto = ledger::proto;
  using ledger::ObjectKind;
  const auto when = [](bool creates, ObjectKind kind) {
    return creates ? std::optional(kind) : std::nullopt;
  };
  switch (record.type()) {
    case 6:
      return ObjectKind::kAsset;
    case 14:
      return when(body_of<proto::Product>(record).has_register_(), ObjectKind::kProduct);
    case 15:
      return when(body_of<proto::Listing>(record).has_list(), ObjectKind::kListing);
    case 16:
      return when(body_of<proto::Order>(record).has_place(), ObjectKind::kOrder);
    case 17: {
      const auto body = body_of<proto::Contract>(record);
      return when(body.has_sign() || body.has_report(), ObjectKind::kContract);
    }
    case 23:
      return ObjectKind::kEvent;
    case 26: {
      const auto body = body_of<proto::Agreement>(record);
      return when(body.has_register_() && body.register_().agreement().empty(), ObjectKind::kAgreement);
    }
    case 29:
      return when(body_of<proto::Payout>(record).has_order(), ObjectKind::kPayout);
    default:
      return std::nullopt;
  }
}

// The id of the object that a record creates, when its outcome is 0.
std::string object_made(const ledger::proto::Record& record, const Digest& record_id) {
  const auto kind = kind_made(record);
  if (!kind) return {};
  return ledger::object_text(*kind, ledger::ObjectId::from(record_id.view().first(ledger::ObjectId::kSize)));
}

// Writes the receipts and adds their paths and the ids of new objects.
Result<void> keep_receipts(NodeClient& client, const Home& home, const ledger::Envelope& envelope,
                           boost::json::object& answer) {
  boost::json::value* list = answer.if_contains("records");
  if (list == nullptr || !list->is_array()) return {};
  for (boost::json::value& item : list->get_array()) {
    if (!item.is_object()) continue;
    boost::json::object& row = item.get_object();
    const std::string id = text_at(row, "record");
    auto receipt = client.get_text("/v1/records/" + id + "/receipt?wait_ms=10000");
    if (!receipt) return receipt.error();
    const std::string path = home.path("receipts/" + id.substr(0, 16) + ".receipt.json");
    if (auto written = write_text(path, *receipt); !written) return written;
    row["receipt"] = path;
    for (const ledger::SignedRecord& record : envelope.records()) {
      if (crypto::to_hex(record.id.view()) != id || number_at(row, "outcome") != 0) continue;
      if (const std::string made = object_made(record.fields, record.id); !made.empty()) row["id"] = made;
    }
  }
  return {};
}

void lift_first_record(boost::json::object& answer) {
  const auto& records = array_at(answer, "records");
  if (records.empty() || !records.front().is_object()) return;
  const boost::json::object first = records.front().get_object();
  for (const char* key : {"record", "id", "outcome", "code", "index", "receipt"}) {
    if (const auto* value = first.if_contains(key)) answer[key] = *value;
  }
}

bool reached(const std::string& status, const std::string& wanted) {
  if (status == "final" || status == "expired") return true;
  if (wanted == "ordered") return status == "ordered";
  return wanted == "pending" && (status == "ordered" || status == "pending");
}

// Whether the envelope may still be, or come, in the ledger after this error.
bool may_be_underway(const Error& problem) {
  return ledger::outcome_row(problem.code).retryable || problem.code == Code::E_SESSION ||
         problem.code == Code::E_NOT_PARTY;
}

}  // namespace

Result<boost::json::object> send_entry(Shell& shell, NodeClient& client, const Home& home,
                                       const OutboxEntry& entry, const SubmitOptions& options) {
  const Clock::time_point deadline = Clock::now() + options.timeout;
  Error last = error(Code::E_TIMEOUT, "");
  bool told = false;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), kWaitMax);
    const std::string target = "/v1/records?wait=" + options.wait +
                               "&timeout_ms=" + std::to_string(wait.count()) +
                               (home.settings.chain_id.empty() ? "" : "&chain=" + home.settings.chain_id);
    auto answer = client.post_bytes(target, entry.envelope->bytes());
    if (answer) {
      const std::string status = text_at(*answer, "status");
      if (status == "expired") {
        if (auto gone = remove_from_outbox(entry); !gone) return gone.error();
        return error(Code::E_EXPIRED, "ledger time has passed the expiry; nothing is in the ledger");
      }
      if (status == "final") {
        if (auto kept = keep_receipts(client, home, *entry.envelope, *answer); !kept) return kept.error();
        if (auto gone = remove_from_outbox(entry); !gone) return gone.error();
        lift_first_record(*answer);
        return answer;
      }
      if (reached(status, options.wait)) {
        lift_first_record(*answer);
        return answer;
      }
      last = error(Code::E_TIMEOUT, "reached \"" + status + "\", waits for " + text_at(*answer, "waits_for"));
    } else if (!may_be_underway(answer.error())) {
      if (auto gone = remove_from_outbox(entry); !gone) return gone.error();
      return answer.error();
    } else {
      last = answer.error();
      if (!told)
        shell.terminal().note("waiting: " + std::string(ledger::name(last.code)) + " " + last.detail);
      told = true;
    }
    if (Clock::now() + kPause >= deadline) break;
    std::this_thread::sleep_for(kPause);
  }
  last.detail += "; it is kept in " + entry.path + ": `circula submit --resume` sends the same bytes again";
  return last;
}

Result<void> outcome_of(const boost::json::object& answer) {
  for (const boost::json::value& item : array_at(answer, "records")) {
    if (!item.is_object()) continue;
    const boost::json::object& row = item.get_object();
    const auto code = ledger::code_from_number(static_cast<std::uint16_t>(number_at(row, "outcome")));
    if (code == Code::E_OK) continue;
    return error(code.value_or(Code::E_TYPE),
                 "record " + text_at(row, "record").substr(0, 16) + "… is in the log with this outcome" +
                     (text_at(row, "detail").empty() ? "" : ": " + text_at(row, "detail")),
                 text_at(row, "field"));
  }
  return {};
}

std::string submission_text(const Terminal& terminal, const Home& home, const boost::json::object& answer) {
  std::string text;
  const std::string status = text_at(answer, "status");
  for (const boost::json::value& item : array_at(answer, "records")) {
    const boost::json::object& row = item.get_object();
    const bool good = number_at(row, "outcome") == 0;
    text += (good ? terminal.good() : terminal.bad()) + " " + status + "  " +
            (text_at(row, "id").empty() ? text_at(row, "code") : text_at(row, "id")) + "  entry " +
            text_at(row, "index") + "  block " + text_at(answer, "height") + "\n";
    text += "  record   " + text_at(row, "record") + "\n";
    const std::string receipt = text_at(row, "receipt");
    if (!receipt.empty() && !receipt.starts_with("/v1/")) {
      std::vector<std::string> verify{"verify", receipt};
      if (const std::string& policy = home.settings.policy; !policy.empty()) {
        const std::string path = home.resolve(policy);
        const auto whole = absolute_path(path);
        verify.insert(verify.end(), {"--policy", whole ? *whole : path});
      }
      text += "  receipt  " + receipt + "\n  check it without any node: " + terminal.command(verify) + "\n";
    }
  }
  if (text.empty()) text = status + "  envelope " + text_at(answer, "envelope") + "\n";
  return text;
}

}  // namespace circula::cli
