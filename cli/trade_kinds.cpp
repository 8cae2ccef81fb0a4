// Records 17 CONTRACT on the exchange, 20 DELIVERY and 22 ACCEPTANCE from flags.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>

#include "cli/record_kind.h"
#include "cli/shell.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"
#include "ledger/json_field.h"
#include "ledger/nearest_name.h"
#include "ledger/proto/contract.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

const std::vector<std::string> kCdoFirst{"cdo", "officer"};
const std::vector<std::string> kSideFirst{"cdo", "officer", "finance"};

// Names of an enum, in the order of their numbers as bodies have them: E_USAGE for another.
Result<boost::json::array> enum_names(const google::protobuf::EnumDescriptor& type,
                                      const std::vector<std::string>& texts, std::string_view option) {
  std::map<int, std::string> ordered;
  std::vector<std::string> known;
  for (int at = 0; at < type.value_count(); ++at) {
    const auto& value = *type.value(at);
    const std::string name = ledger::enum_text(value);
    if (value.number() != 0) known.push_back(name);
    if (std::ranges::find(texts, name) != texts.end()) ordered[value.number()] = name;
  }
  for (const std::string& text : texts) {
    if (std::ranges::find(known, text) != known.end()) continue;
    return error(Code::E_USAGE, "--" + std::string(option) + ": no \"" + text + "\"" +
                                    ledger::nearest_name_hint(text, known));
  }
  boost::json::array names;
  for (const auto& [number, name] : ordered) names.emplace_back(name);
  return names;
}

boost::json::array ascending(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  return boost::json::array(texts.begin(), texts.end());
}

// --- 17 CONTRACT

// "--milestone 600000@2023-06-01", in their order; and their sum as `total_minor`.
Result<void> put_schedule(const Arguments& arguments, boost::json::object& body) {
  boost::json::array milestones;
  std::uint64_t total = 0;
  for (const std::string& text : arguments.list("milestone")) {
    const auto at = text.find('@');
    const auto amount = crypto::u64_from_decimal(text.substr(0, at));
    const std::string due = at == std::string::npos ? std::string{} : text.substr(at + 1);
    if (!amount || !ledger::parse_time(due) || __builtin_add_overflow(total, *amount, &total))
      return error(Code::E_USAGE, "--milestone AMOUNT@DATE such as 600000@2023-06-01, not \"" + text + "\"");
    milestones.push_back(boost::json::object{{"n", milestones.size() + 1},
                                             {"amount_minor", std::to_string(*amount)},
                                             {"trigger", "delivery"},
                                             {"due", due}});
  }
  body["milestones"] = std::move(milestones);
  body["total_minor"] = std::to_string(total);
  return {};
}

Result<boost::json::object> licence_of(Names& names, const Arguments& arguments, const std::string& order) {
  auto acts = enum_names(*proto::LicenceAct_descriptor(), arguments.list("acts"), "acts");
  if (!acts) return acts.error();
  std::vector<std::string> wanted = arguments.list("modes");
  if (wanted.empty()) wanted = {"file"};
  auto modes = enum_names(*proto::DeliveryMode_descriptor(), wanted, "modes");
  if (!modes) return modes.error();
  std::vector<std::string> purposes = arguments.list("purposes");
  if (purposes.empty()) {
    auto ordered = names.fields("order/" + order);
    if (!ordered) return ordered.error();
    purposes = {text_at(*ordered, "purpose")};
  }
  if (auto good = check_time_options(arguments, {"from", "to"}); !good) return good.error();
  auto uses = arguments.number("uses-max");
  auto retention = arguments.number("retention-days");
  if (!uses) return uses.error();
  if (!retention) return retention.error();
  boost::json::object licence{{"acts", std::move(*acts)},
                              {"purposes", ascending(std::move(purposes))},
                              {"territory", ascending(arguments.list("territory"))},
                              {"to", arguments.text("to")},
                              {"uses_max", std::to_string(*uses)},
                              {"exclusivity", "none"},
                              {"modes", std::move(*modes)},
                              {"retention_days", *retention}};
  if (arguments.has("from")) licence["from"] = arguments.text("from");
  return licence;
}

Result<RecordInput> contract_sign(Shell&, Names& names, const Arguments& arguments) {
  auto order = names.object(arguments.text("ORDER"), "order");
  if (!order) return order.error();
  auto licence = licence_of(names, arguments, *order);
  if (!licence) return licence.error();
  auto forum = names.oid(arguments.text("forum"));
  if (!forum) return forum.error();
  auto text = plain_digest_json(arguments.text("text"));
  if (!text) return text.error();
  auto acceptance = arguments.number("acceptance-days");
  auto cure = arguments.number("cure-days");
  if (!acceptance) return acceptance.error();
  if (!cure) return cure.error();
  boost::json::object body{{"order", *order},
                           {"licence", std::move(*licence)},
                           {"acceptance_days", *acceptance},
                           {"cure_days", *cure},
                           {"forum", *forum},
                           {"text", std::move(*text)}};
  if (auto put = put_schedule(arguments, body); !put) return put.error();
  return operation_of(17, "sign", std::move(body), kCdoFirst);
}

Result<RecordInput> contract_amend(Shell&, Names& names, const Arguments& arguments) {
  auto contract = names.object(arguments.text("CONTRACT"), "contract");
  if (!contract) return contract.error();
  boost::json::object body{{"contract", *contract}};
  if (auto put = put_schedule(arguments, body); !put) return put.error();
  return operation_of(17, "amend", std::move(body), kCdoFirst);
}

Result<RecordInput> contract_terminate(Shell&, Names& names, const Arguments& arguments) {
  auto contract = names.object(arguments.text("CONTRACT"), "contract");
  if (!contract) return contract.error();
  return operation_of(17, "terminate", {{"contract", *contract}}, kCdoFirst);
}

// --- 20 DELIVERY and 22 ACCEPTANCE: an operation beside the milestone that it is about

Result<RecordInput> about_milestone(Names& names, const Arguments& arguments, std::uint32_t type,
                                    std::string_view operation, boost::json::object what) {
  auto contract = names.object(arguments.text("CONTRACT"), "contract");
  if (!contract) return contract.error();
  auto milestone = arguments.number("milestone", 1);
  if (!milestone) return milestone.error();
  RecordInput input = operation_of(type, operation, std::move(what), kSideFirst);
  input.body["contract"] = *contract;
  input.body["milestone"] = *milestone;
  return input;
}

Result<RecordInput> delivery_start(Shell&, Names& names, const Arguments& arguments) {
  return about_milestone(names, arguments, 20, "start",
                         {{"mode", arguments.text("mode", "file")},
                          {"environment", arguments.text("environment", "plain")},
                          {"provider_process", arguments.text("provider-process")},
                          {"consumer_process", arguments.text("consumer-process")}});
}

Result<RecordInput> delivery_suspend(Shell&, Names& names, const Arguments& arguments) {
  return about_milestone(names, arguments, 20, "suspend", {});
}

Result<RecordInput> delivery_complete(Shell& shell, Names& names, const Arguments& arguments) {
  if (arguments.has("content") == arguments.has("endpoint"))
    return error(Code::E_USAGE, "what was delivered is --content FILE, or is to be had at --endpoint TEXT");
  auto rows = arguments.number("rows");
  if (!rows) return rows.error();
  boost::json::object what{{"rows", std::to_string(*rows)}};
  if (arguments.has("endpoint")) {
    auto endpoint = reference_json(shell, arguments.text("endpoint"));
    if (!endpoint) return endpoint.error();
    what["endpoint"] = std::move(*endpoint);
  } else {
    const std::string path = arguments.text("content");
    auto content = plain_digest_json(path);
    if (!content) return content.error();
    std::error_code failed;
    const auto size_bytes = std::filesystem::file_size(path, failed);
    if (failed) return error(Code::E_FILE, path + ": " + failed.message());
    what["content"] = std::move(*content);
    what["size_bytes"] = std::to_string(size_bytes);
  }
  return about_milestone(names, arguments, 20, "complete", std::move(what));
}

Result<RecordInput> delivery_acknowledge(Shell&, Names& names, const Arguments& arguments) {
  return about_milestone(names, arguments, 20, "acknowledge", {});
}
Result<RecordInput> delivery_terminate(Shell&, Names& names, const Arguments& arguments) {
  return about_milestone(names, arguments, 20, "terminate", {});
}

Result<RecordInput> judge(Names& names, const Arguments& arguments, std::string_view operation) {
  auto score = arguments.number("score-ppm");
  if (!score) return score.error();
  auto input = about_milestone(names, arguments, 22, operation, {{"score_ppm", *score}});
  if (!input || !arguments.has("findings")) return input;
  auto findings = plain_digest_json(arguments.text("findings"));
  if (!findings) return findings.error();
  input->body["findings"] = std::move(*findings);
  return input;
}
Result<RecordInput> acceptance_accept(Shell&, Names& names, const Arguments& arguments) {
  return judge(names, arguments, "accept");
}
Result<RecordInput> acceptance_reject(Shell&, Names& names, const Arguments& arguments) {
  return judge(names, arguments, "reject");
}

constexpr Option kContractOption = {"CONTRACT", "", "ct-…", Take::kValue, true};
constexpr Option kMilestoneOption = {"--milestone", "N", "Default 1"};
constexpr Option kScheduleOption = {"--milestone", "AMOUNT@DATE",
                                    "Minor units, and the day before which it is delivered; all in order",
                                    Take::kList, true};

constexpr Option kSignOptions[] = {
    {"ORDER", "", "or-…, accepted", Take::kValue, true},
    {"--acts", "ACTS", "view, query, download, process, train, derive, redistribute, operate", Take::kList,
     true},
    {"--to", "TIME", "The licence ends then", Take::kValue, true},
    kScheduleOption,
    {"--acceptance-days", "N", "1 to 90: then a delivery counts as accepted", Take::kValue, true},
    {"--forum", "@ORG", "The arbitrator who rules on disputes", Take::kValue, true},
    {"--text", "FILE", "Of the contract; its digest goes to the ledger", Take::kValue, true},
    {"--purposes", "CODES", "Default: the order's", Take::kList},
    {"--territory", "CODES", "Regions of GB/T 2260; without, the whole country", Take::kList},
    {"--modes", "MODES", "file (default), api, report, sandbox, tee, mpc, federated", Take::kList},
    {"--from", "TIME", "The licence begins then (with the contract)"},
    {"--uses-max", "N", "Without: without bound"},
    {"--retention-days", "N", "Deleted so long after its end; without: need not be"},
    {"--cure-days", "N", "To deliver again after a rejection (10)"},
};
constexpr Option kAmendOptions[] = {kContractOption, kScheduleOption};
constexpr Option kContractOptions[] = {kContractOption};
constexpr Option kStartOptions[] = {
    kContractOption,
    {"--provider-process", "NAME", "The transfer in the seller's system", Take::kValue, true},
    {"--consumer-process", "NAME", "The transfer in the buyer's system", Take::kValue, true},
    kMilestoneOption,
    {"--mode", "MODE", "file (default), api, report, sandbox, tee, mpc, federated"},
    {"--environment", "ENV", "plain (default), sandbox, tee, mpc, federated"},
};
constexpr Option kMilestoneOptions[] = {kContractOption, kMilestoneOption};
constexpr Option kCompleteOptions[] = {
    kContractOption,
    kMilestoneOption,
    {"--content", "FILE", "What was delivered; its digest goes to the ledger"},
    {"--endpoint", "TEXT", "Or where it is to be had: a file or the text itself, by its digest"},
    {"--rows", "N", "How many"},
};
constexpr Option kJudgeOptions[] = {
    kContractOption,
    kMilestoneOption,
    {"--score-ppm", "N", "Up to 1,000,000"},
    {"--findings", "FILE", "Its digest goes to the ledger; a rejection has one"},
};

constexpr RecordKind kKinds[] = {
    {"contract sign", "Make an accepted order a contract; seller, buyer and exchange sign (17 CONTRACT)",
     kSignOptions, &contract_sign,
     "or-5t7r3n --acts process,derive --to 2024-06-01 --milestone 600000@2023-06-01 "
     "--milestone 400000@2023-07-01 --acceptance-days 5 --forum @arbitrator --text contract.pdf",
     "Begun as a draft by one of them: `circula draft contract sign …`, then each signs it in its own home."},
    {"contract amend", "Agree on other milestones; seller, buyer and exchange sign", kAmendOptions,
     &contract_amend, "ct-4h8d2x --milestone 600000@2023-06-01 --milestone 400000@2023-09-01",
     "All milestones are written again; those with money held, delivered or settled as they are."},
    {"contract terminate", "End what is not delivered, both sides or the one that was failed",
     kContractOptions, &contract_terminate, "ct-4h8d2x"},
    {"delivery start", "Begin to deliver, as the seller; the money must be held (20 DELIVERY)", kStartOptions,
     &delivery_start, "ct-4h8d2x --provider-process transfer-17 --consumer-process in-204"},
    {"delivery suspend", "Interrupt a delivery, as the seller", kMilestoneOptions, &delivery_suspend,
     "ct-4h8d2x --milestone 1"},
    {"delivery complete", "Say what was delivered, as the seller", kCompleteOptions, &delivery_complete,
     "ct-4h8d2x --content index.csv --rows 12000"},
    {"delivery acknowledge", "Say that it has come, as the buyer; no judgement", kMilestoneOptions,
     &delivery_acknowledge, "ct-4h8d2x"},
    {"delivery terminate", "Give a delivery up, as the seller: the money is free again", kMilestoneOptions,
     &delivery_terminate, "ct-4h8d2x --milestone 2"},
    {"acceptance accept", "Accept a delivery, as the buyer (22 ACCEPTANCE)", kJudgeOptions,
     &acceptance_accept, "ct-4h8d2x --score-ppm 980000"},
    {"acceptance reject", "Reject a delivery, as the buyer; it may be delivered again", kJudgeOptions,
     &acceptance_reject, "ct-4h8d2x --findings report.pdf"},
};

}  // namespace

std::span<const RecordKind> trade_kinds() { return kKinds; }

}  // namespace circula::cli
