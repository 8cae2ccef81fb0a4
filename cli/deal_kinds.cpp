// Records 26 AGREEMENT, 17 CONTRACT, 23 SETTLE, 24 REFUND and 28 PERIOD_CLOSE from flags and files, and any
// record from a JSON body.
#include <boost/json.hpp>

#include "cli/record_kind.h"
#include "crypto/encoding.h"

namespace circula::cli {
namespace {

const std::vector<std::string> kCdoFirst{"cdo", "officer"};
const std::vector<std::string> kFinanceFirst{"finance", "cdo", "officer"};

Result<RecordInput> from_file(Names& names, const Arguments& arguments, std::uint32_t type) {
  auto body = body_from_file(arguments.text("FILE"), names);
  if (!body) return body.error();
  return RecordInput{type, 1, std::move(*body), kCdoFirst};
}

Result<RecordInput> agreement(Shell&, Names& names, const Arguments& arguments) {
  return from_file(names, arguments, 26);
}
Result<RecordInput> contract(Shell&, Names& names, const Arguments& arguments) {
  return from_file(names, arguments, 17);
}

Result<RecordInput> settle(Shell&, Names& names, const Arguments& arguments) {
  auto contract_id = names.object(arguments.text("CONTRACT"));
  if (!contract_id) return contract_id.error();
  auto milestone = arguments.number("milestone", 1);
  auto amount = arguments.number("amount-minor");
  if (!milestone) return milestone.error();
  if (!amount) return amount.error();
  boost::json::object body{{"contract", *contract_id},
                           {"milestone", *milestone},
                           {"amount_minor", std::to_string(*amount)},
                           {"accepted_at", arguments.text("accepted-at")}};
  if (arguments.has("invoice")) {
    auto digest = plain_digest_json(arguments.text("invoice"));
    if (!digest) return digest.error();
    body["invoice"] = std::move(*digest);
  }
  return RecordInput{23, 1, std::move(body), kFinanceFirst};
}

Result<RecordInput> refund(Shell&, Names& names, const Arguments& arguments) {
  auto event = names.object(arguments.text("EVENT"));
  if (!event) return event.error();
  auto amount = arguments.number("amount-minor");
  if (!amount) return amount.error();
  return RecordInput{24,
                     1,
                     {{"event", *event},
                      {"amount_minor", std::to_string(*amount)},
                      {"reason", arguments.text("reason", "agreed")}},
                     kFinanceFirst};
}

Result<RecordInput> close(Shell&, Names& names, const Arguments& arguments) {
  auto agreement_id = names.object(arguments.text("AGREEMENT"));
  if (!agreement_id) return agreement_id.error();
  return RecordInput{
      28,
      1,
      {{"agreement", *agreement_id}, {"from", arguments.text("from")}, {"to", arguments.text("to")}},
      kCdoFirst};
}

Result<RecordInput> any_record(Shell&, Names& names, const Arguments& arguments) {
  auto type = crypto::u64_from_decimal(arguments.text("TYPE"));
  if (!type) return error(Code::E_USAGE, "TYPE is a number; `circula version` lists them");
  auto input = from_file(names, arguments, static_cast<std::uint32_t>(*type));
  if (!input) return input.error();
  auto version = arguments.number("type-version", 1);
  if (!version) return version.error();
  input->version = static_cast<std::uint32_t>(*version);
  if (arguments.has("author-usage")) input->author_usages = arguments.list("author-usage");
  return input;
}

constexpr Option kFileOptions[] = {
    {"FILE", "", "The body as JSON; @names stand for oids", Take::kValue, true}};
constexpr Option kSettleOptions[] = {
    {"CONTRACT", "", "ct-…", Take::kValue, true},
    {"--amount-minor", "N", "Minor units, at most the milestone's", Take::kValue, true},
    {"--accepted-at", "TIME", "When it was accepted: the event's time", Take::kValue, true},
    {"--milestone", "N", "Default 1"},
    {"--invoice", "FILE", "Its digest goes to the ledger"},
};
constexpr Option kRefundOptions[] = {
    {"EVENT", "", "ev-…", Take::kValue, true},
    {"--amount-minor", "N", "Minor units", Take::kValue, true},
    {"--reason", "REASON", "agreed (default), ruling, recall, duplicate"},
};
constexpr Option kCloseOptions[] = {
    {"AGREEMENT", "", "ag-…", Take::kValue, true},
    {"--from", "DATE", "First day", Take::kValue, true},
    {"--to", "DATE", "The day after the last", Take::kValue, true},
};
constexpr Option kRecordOptions[] = {
    {"TYPE", "", "Number of the record type", Take::kValue, true},
    {"FILE", "", "The body as JSON; @names stand for oids", Take::kValue, true},
    {"--type-version", "N", "Default 1"},
    {"--author-usage", "USAGE", "Usage of the author's key (cdo, officer)", Take::kList},
};

constexpr RecordKind kKinds[] = {
    {"agreement", "Register or end a revenue agreement (26 AGREEMENT)", kFileOptions, &agreement,
     "{\"register\": {\"version\": 1, \"product\": \"as-…\", \"currency\": \"CNY\", \"terms\": "
     "{\"rounding\":\n"
     "\"largest_remainder\", \"steps\": [{\"split\": {\"payees\": [{\"party\": \"@a\", \"share_ppm\": "
     "1000000}]}}]}}}"},
    {"contract", "Report a deal made off the exchange (17 CONTRACT)", kFileOptions, &contract},
    {"settle", "Settle a milestone: income is shared (23 SETTLE)", kSettleOptions, &settle},
    {"refund", "Give back some of a revenue event (24 REFUND)", kRefundOptions, &refund},
    {"close", "Close a period: guarantees are settled (28 PERIOD_CLOSE)", kCloseOptions, &close},
    {"record", "Any record type from a JSON body", kRecordOptions, &any_record},
};

}  // namespace

std::span<const RecordKind> deal_kinds() { return kKinds; }

}  // namespace circula::cli
