// Records 26 AGREEMENT, 17 CONTRACT, 23 SETTLE, 24 REFUND and 28 PERIOD_CLOSE from flags and files, and any
// record from a JSON body.
#include <boost/json.hpp>

#include "cli/record_kind.h"
#include "cli/time_option.h"
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
  if (auto good = check_time_options(arguments, {"accepted-at"}); !good) return good.error();
  auto milestone = arguments.number("milestone", 1);
  auto amount = arguments.number("amount-minor");
  if (!milestone) return milestone.error();
  if (!amount) return amount.error();
  boost::json::object body{
      {"contract", *contract_id}, {"milestone", *milestone}, {"amount_minor", std::to_string(*amount)}};
  if (arguments.has("accepted-at")) body["accepted_at"] = arguments.text("accepted-at");
  auto invoice = plain_digest_json(arguments.text("invoice"));
  if (!invoice) return invoice.error();
  body["invoice"] = std::move(*invoice);
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
  if (auto good = check_time_options(arguments, {"from", "to"}); !good) return good.error();
  return RecordInput{
      28,
      1,
      {{"agreement", *agreement_id}, {"from", arguments.text("from")}, {"to", arguments.text("to")}},
      kCdoFirst};
}

Result<RecordInput> any_record(Shell&, Names& names, const Arguments& arguments) {
  auto type = crypto::u64_from_decimal(arguments.text("TYPE"));
  auto version = arguments.number("type-version", 1);
  if (!version) return version.error();
  constexpr std::uint64_t kNumberMax = 65'535;  // design.md 3
  if (!type || *type > kNumberMax || *version > kNumberMax)
    return error(Code::E_USAGE,
                 "TYPE and --type-version are numbers up to 65,535; `circula version` lists them");
  auto input = from_file(names, arguments, static_cast<std::uint32_t>(*type));
  if (!input) return input.error();
  input->version = static_cast<std::uint32_t>(*version);
  if (arguments.has("author-usage")) input->author_usages = arguments.list("author-usage");
  return input;
}

constexpr Option kFileOptions[] = {
    {"FILE", "", "The body as JSON; @names stand for oids", Take::kValue, true}};
constexpr Option kSettleOptions[] = {
    {"CONTRACT", "", "ct-…", Take::kValue, true},
    {"--amount-minor", "N", "Minor units, at most the milestone's", Take::kValue, true},
    {"--accepted-at", "TIME", "Off the exchange: when it was accepted, the event's time"},
    {"--milestone", "N", "Default 1"},
    {"--invoice", "FILE", "Its digest goes to the ledger", Take::kValue, true},
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
     "agreement.json",
     "{\"register\": {\"version\": 1, \"product\": \"as-…\", \"currency\": \"CNY\", \"terms\": "
     "{\"rounding\":\n"
     "\"largest_remainder\", \"steps\": [{\"split\": {\"payees\": [{\"party\": \"@a\", \"share_ppm\": "
     "1000000}]}}]}}}"},
    {"contract", "Report a deal made off the exchange (17 CONTRACT)", kFileOptions, &contract,
     "contract.json",
     "{\"report\": {\"seller\": \"@provider\", \"buyer\": \"@buyer\", \"product\": \"as-…\",\n"
     "\"signed_at\": \"2023-05-01T08:00:00+08:00\", \"currency\": \"CNY\", \"total_minor\": \"1000000\",\n"
     "\"milestones\": [{\"n\": 1, \"amount_minor\": \"1000000\", \"trigger\": \"delivery\"}], \"agreement\": "
     "\"ag-…\",\n"
     "\"follows_versions\": true, \"text\": {\"suite\": 1, \"digest\": \"…\"}}}\n"
     "The text is the paper: `circula digest make FILE`."},
    {"settle", "Settle a milestone: income is shared; on the exchange as the exchange (23 SETTLE)",
     kSettleOptions, &settle, "ct-4h8d2x --amount-minor 1000000 --invoice invoice.pdf",
     "On the exchange the ledger knows when it was accepted. Off it both sides say so, with --accepted-at."},
    {"refund", "Give back some of a revenue event (24 REFUND)", kRefundOptions, &refund,
     "ev-9p3v7c --amount-minor 25000 --reason agreed"},
    {"close", "Close a period: guarantees are settled (28 PERIOD_CLOSE)", kCloseOptions, &close,
     "ag-2n6t5w --from 2023-05-01 --to 2023-06-01"},
    {"record", "Any record type from a JSON body", kRecordOptions, &any_record,
     "11 body.json --author-usage cdo"},
};

}  // namespace

std::span<const RecordKind> deal_kinds() { return kKinds; }

}  // namespace circula::cli
