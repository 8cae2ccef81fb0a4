// Records 18 FUNDS_IN, 19 HOLD and 29 PAYOUT from flags. Settling is in deal_kinds.cpp.
#include <boost/json.hpp>

#include "cli/record_kind.h"
#include "cli/shell.h"
#include "cli/time_option.h"

namespace circula::cli {
namespace {

const std::vector<std::string> kFinanceFirst{"finance", "cdo", "officer"};

Result<RecordInput> funds_in(Shell& shell, Names& names, const Arguments& arguments) {
  auto oid = names.oid(arguments.text("ORG"));
  if (!oid) return oid.error();
  auto exchange = names.exchange_of(arguments.text("exchange"), *oid);
  if (!exchange) return exchange.error();
  auto amount = arguments.number("amount-minor");
  if (!amount) return amount.error();
  if (auto good = check_time_options(arguments, {"value-date"}); !good) return good.error();
  auto reference = reference_json(shell, arguments.text("reference"));
  if (!reference) return reference.error();
  boost::json::object body{{"oid", *oid},
                           {"exchange", *exchange},
                           {"currency", arguments.text("currency", "CNY")},
                           {"amount_minor", std::to_string(*amount)},
                           {"bank_reference", std::move(*reference)},
                           {"value_date", arguments.text("value-date")},
                           {"guarantee_fund", arguments.has("guarantee-fund")}};
  return RecordInput{18, 1, std::move(body), kFinanceFirst};
}

// The milestone's whole amount, unless the buyer says what it expects.
Result<std::uint64_t> amount_held(Names& names, const Arguments& arguments, const std::string& contract,
                                  std::uint64_t milestone) {
  if (arguments.has("amount-minor")) return arguments.number("amount-minor");
  auto state = names.fields("contract/" + contract);
  if (!state) return state.error();
  const auto& milestones = array_at(*state, "milestones");
  if (milestone < 1 || milestone > milestones.size())
    return error(Code::E_NOT_FOUND, contract + " has no milestone " + std::to_string(milestone));
  return number_at(milestones[milestone - 1].get_object(), "amount_minor");
}

Result<RecordInput> hold_place(Shell&, Names& names, const Arguments& arguments) {
  auto contract = names.object(arguments.text("CONTRACT"), "contract");
  if (!contract) return contract.error();
  if (auto good = check_time_options(arguments, {"expires"}); !good) return good.error();
  auto milestone = arguments.number("milestone", 1);
  if (!milestone) return milestone.error();
  auto amount = amount_held(names, arguments, *contract, *milestone);
  if (!amount) return amount.error();
  return operation_of(19, "place",
                      {{"contract", *contract},
                       {"milestone", *milestone},
                       {"amount_minor", std::to_string(*amount)},
                       {"expires", arguments.text("expires")}},
                      kFinanceFirst);
}

Result<RecordInput> hold_release(Shell&, Names& names, const Arguments& arguments) {
  auto contract = names.object(arguments.text("CONTRACT"), "contract");
  if (!contract) return contract.error();
  auto milestone = arguments.number("milestone", 1);
  if (!milestone) return milestone.error();
  return operation_of(19, "release", {{"contract", *contract}, {"milestone", *milestone}}, kFinanceFirst);
}

Result<RecordInput> payout_order(Shell& shell, Names& names, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  auto payee = names.oid(arguments.text("payee", home->settings.oid));
  if (!payee) return payee.error();
  auto exchange = names.exchange_of(arguments.text("exchange"), *payee);
  if (!exchange) return exchange.error();
  auto amount = arguments.number("amount-minor");
  if (!amount) return amount.error();
  auto account = reference_json(shell, arguments.text("account"));
  if (!account) return account.error();
  return operation_of(29, "order",
                      {{"payee", *payee},
                       {"exchange", *exchange},
                       {"currency", arguments.text("currency", "CNY")},
                       {"amount_minor", std::to_string(*amount)},
                       {"account", std::move(*account)}},
                      kFinanceFirst);
}

Result<RecordInput> payout_ended(Shell& shell, Names& names, const Arguments& arguments,
                                 std::string_view operation) {
  auto payout = names.object(arguments.text("PAYOUT"), "payout");
  if (!payout) return payout.error();
  auto reference = reference_json(shell, arguments.text("reference"));
  if (!reference) return reference.error();
  return operation_of(29, operation, {{"payout", *payout}, {"bank_reference", std::move(*reference)}},
                      kFinanceFirst);
}
Result<RecordInput> payout_paid(Shell& shell, Names& names, const Arguments& arguments) {
  return payout_ended(shell, names, arguments, "paid");
}
Result<RecordInput> payout_returned(Shell& shell, Names& names, const Arguments& arguments) {
  return payout_ended(shell, names, arguments, "returned");
}

constexpr Option kAmountOption = {"--amount-minor", "N", "Minor units", Take::kValue, true};
constexpr Option kExchangeOption = {"--exchange", "@ORG",
                                    "At which it has the account (the one that admitted it)"};
constexpr Option kCurrencyOption = {"--currency", "CCY", "CNY"};
constexpr Option kReferenceOption = {
    "--reference", "TEXT", "The bank's: a file or the text itself, by its digest", Take::kValue, true};

constexpr Option kFundsOptions[] = {
    {"ORG", "", "@alias or oid of whose money it is", Take::kValue, true},
    kExchangeOption,
    kAmountOption,
    kReferenceOption,
    {"--value-date", "DATE", "When the bank received it", Take::kValue, true},
    kCurrencyOption,
    {"--guarantee-fund", "", "Into the exchange's guarantee fund; ORG is the exchange", Take::kFlag},
};
constexpr Option kHoldOptions[] = {
    {"CONTRACT", "", "ct-…", Take::kValue, true},
    {"--expires", "TIME", "At least the last delivery date, the acceptance days and 5 days", Take::kValue,
     true},
    {"--milestone", "N", "Default 1"},
    {"--amount-minor", "N", "Minor units (the milestone's)"},
};
constexpr Option kReleaseOptions[] = {
    {"CONTRACT", "", "ct-…", Take::kValue, true},
    {"--milestone", "N", "Default 1"},
};
constexpr Option kOrderOptions[] = {
    kAmountOption,
    {"--account", "TEXT", "The bank account to pay to: a file or the text itself, by its digest",
     Take::kValue, true},
    kExchangeOption,
    kCurrencyOption,
    {"--payee", "@ORG", "Default: the own organisation"},
};
constexpr Option kEndedOptions[] = {{"PAYOUT", "", "po-…", Take::kValue, true}, kReferenceOption};

constexpr RecordKind kKinds[] = {
    {"funds-in", "Say that money has come in, as the settlement bank (18 FUNDS_IN)", kFundsOptions, &funds_in,
     "@buyer --exchange @exchange-a --amount-minor 1000000 --reference T-20230502-17 --value-date "
     "2023-05-02"},
    {"hold place", "Reserve the money for a milestone, as the buyer (19 HOLD)", kHoldOptions, &hold_place,
     "ct-4h8d2x --milestone 1 --expires 2023-07-15"},
    {"hold release", "Free it again: the seller, or the buyer before delivery starts", kReleaseOptions,
     &hold_release, "ct-4h8d2x --milestone 1"},
    {"payout order", "Ask the settlement bank to pay out what is available (29 PAYOUT)", kOrderOptions,
     &payout_order, "--exchange @exchange-a --amount-minor 500000 --account account.txt"},
    {"payout paid", "Say that it was paid, as the settlement bank", kEndedOptions, &payout_paid,
     "po-8m3q6z --reference T-20230620-4"},
    {"payout returned", "Say that it came back, as the settlement bank", kEndedOptions, &payout_returned,
     "po-8m3q6z --reference T-20230621-9"},
};

}  // namespace

std::span<const RecordKind> money_kinds() { return kKinds; }

}  // namespace circula::cli
