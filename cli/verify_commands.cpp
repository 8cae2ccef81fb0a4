// verify, audit: checking without trusting a node. Nothing here opens a socket.
#include <boost/json.hpp>
#include <chrono>

#include "cli/command.h"
#include "cli/local_file.h"
#include "cli/shell.h"
#include "crypto/encoding.h"
#include "ledger/audit_directory.h"
#include "ledger/bundle.h"
#include "ledger/bundle_file.h"
#include "ledger/durable_file.h"
#include "ledger/genesis_file.h"
#include "ledger/receipt.h"
#include "ledger/trust_policy.h"

namespace circula::cli {
namespace {

boost::json::array steps_json(const ledger::Verdict& verdict) {
  boost::json::array steps;
  for (const ledger::VerifyStep& step : verdict.steps) {
    steps.push_back(boost::json::object{{"step", step.name}, {"ok", step.ok}, {"text", step.text}});
  }
  return steps;
}

std::string steps_text(Terminal& terminal, const ledger::Verdict& verdict) {
  std::string text;
  for (const ledger::VerifyStep& step : verdict.steps) {
    std::string name = step.name;
    if (name.size() < 12) name.resize(12, ' ');
    // The sentences of a good file follow below.
    const bool words = step.ok && step.name == "words";
    text += (step.ok ? terminal.good() : terminal.bad()) + " " + name + " " +
            (words ? "they say what the proofs bear out" : step.text) + "\n";
  }
  return text;
}

Result<int> conclude(Shell& shell, const ledger::Verdict& verdict, std::string_view kind,
                     const std::string& shows, const std::string& does_not_show) {
  std::string text = steps_text(shell.terminal(), verdict);
  if (verdict.good()) {
    text += shell.terminal().coloured_out("VERIFIED offline", Colour::kGreen) + "\n" + shows + "\n" +
            does_not_show + "\n";
  } else {
    text += shell.terminal().coloured_out("NOT VERIFIED", Colour::kRed) +
            ": this file was altered, or the node that made it lied, or the policy is of another chain. "
            "Keep it.\n";
  }
  shell.answer("verify",
               {{"verified", verdict.good()},
                {"kind", kind},
                {"steps", steps_json(verdict)},
                {"shows", shows},
                {"does_not_show", does_not_show}},
               text);
  if (auto result = verdict.result(); !result) return result.error();
  return 0;
}

Result<int> verify(Shell& shell, const Arguments& arguments) {
  auto text = read_text(arguments.text("FILE"));
  if (!text) return text.error();
  auto policy_path = shell.policy_path();
  if (!policy_path) return policy_path.error();
  auto policy_text = read_text(*policy_path, crypto::Policy::kMaxBytes);
  if (!policy_text) return policy_text.error();
  auto policy = ledger::read_policy(*policy_text);
  if (!policy) return policy.error();
  if (ledger::looks_like_bundle(*text)) {
    const auto verdict = ledger::verify_bundle(*text, *policy);
    const bool told = verdict.good() && verdict.bundle.has_value();
    return conclude(shell, verdict, "bundle", told ? verdict.bundle->shows() : "",
                    told ? verdict.bundle->does_not_show() : "");
  }
  const auto verdict = ledger::verify_receipt(*text, *policy);
  const bool told = verdict.good() && verdict.receipt.has_value();
  return conclude(shell, verdict, "receipt", told ? verdict.receipt->shows() : "",
                  told ? verdict.receipt->does_not_show() : "");
}

// The genesis of a node's directory: given, in it, or beside it.
Result<ledger::GenesisFile> genesis_for(const Arguments& arguments, const std::string& directory) {
  std::string path = arguments.text("genesis");
  for (const std::string& place : {directory + "/genesis.json", directory + "/../genesis.json"}) {
    if (path.empty() && exists(place)) path = place;
  }
  if (path.empty()) {
    return error(Code::E_NOTHING, "no genesis.json in or beside " + directory + ": name it with --genesis");
  }
  auto text = read_text(path);
  if (!text) return text.error();
  return ledger::read_genesis_file(*text);
}

std::string audit_text(Terminal& terminal, const ledger::AuditReport& report, std::uint64_t took_ms) {
  std::string text = report.origin + "  chain " + crypto::to_hex(report.chain_id.view()).substr(0, 16) +
                     "…  height " + std::to_string(report.height) + "\n";
  for (const auto& [name, count] :
       {std::pair("blocks executed again", report.blocks), std::pair("entries", report.entries),
        std::pair("records", report.records), std::pair("signatures verified", report.signatures),
        std::pair("effects", report.effects), std::pair("roots compared", report.roots_compared)}) {
    std::string line = name;
    line.resize(24, ' ');
    text += "  " + line + std::to_string(count) + "\n";
  }
  if (report.checkpoint_size == 0) {
    text += "  no final checkpoint      what came out was compared with nothing that a quorum signed\n";
  } else {
    text += "  final checkpoint at      " + std::to_string(report.checkpoint_size) + " entries\n";
  }
  if (report.torn_tails > 0) {
    text +=
        "  files with a torn end    " + std::to_string(report.torn_tails) + ", cut and kept in quarantine/\n";
  }
  if (report.good()) {
    return text + terminal.good() + " no findings, " + std::to_string(took_ms) + " ms\n";
  }
  return text + terminal.bad() + " " + std::to_string(report.findings.count()) +
         " findings: --json lists them\n";
}

Result<int> audit(Shell& shell, const Arguments& arguments) {
  const std::string place = arguments.text("dir", arguments.text("FILE"));
  if (place.empty()) return error(Code::E_USAGE, "what to audit? --dir DIR of a node, or an exported FILE");
  std::uint64_t blocks_done = 0;
  ledger::AuditOptions options;
  options.progress = [&](std::uint64_t height) {
    constexpr std::uint64_t kEvery = 10'000;
    if (height / kEvery != blocks_done / kEvery) shell.terminal().note("block " + std::to_string(height));
    blocks_done = height;
  };
  const auto began = std::chrono::steady_clock::now();
  Result<ledger::AuditReport> report = error(Code::E_NOTHING, "nothing to audit in " + place);
  if (arguments.has("dir")) {
    if (ledger::holds_a_chain(place)) {
      auto genesis = genesis_for(arguments, place);
      if (!genesis) return genesis.error();
      report = ledger::audit_directory(place, *genesis, options);
    }
  } else {
    report = ledger::audit_file(place, options);
  }
  if (!report) return report.error();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  boost::system::error_code failed;
  boost::json::value object = boost::json::parse(ledger::audit_json(*report), failed);
  shell.answer("audit", failed ? boost::json::object{} : std::move(object.get_object()),
               audit_text(shell.terminal(), *report, static_cast<std::uint64_t>(took)));
  if (!report->good()) {
    return error(Code::E_FINDINGS, std::to_string(report->findings.count()) + " findings in " + place);
  }
  return 0;
}

Result<int> export_chain(Shell& shell, const Arguments& arguments) {
  const std::string directory = arguments.text("dir");
  const std::string path = arguments.text("output");
  if (path.empty()) return error(Code::E_USAGE, "where to? Give -o FILE");
  if (!ledger::holds_a_chain(directory)) return error(Code::E_NOTHING, "no chain in " + directory);
  auto genesis = genesis_for(arguments, directory);
  if (!genesis) return genesis.error();
  auto blocks = ledger::export_directory(directory, *genesis, path);
  if (!blocks) return blocks.error();
  shell.answer("export", {{"file", path}, {"blocks", *blocks}},
               path + ": genesis and " + std::to_string(*blocks) +
                   " blocks; check it with: " + shell.terminal().command({"audit", path}) + "\n");
  return 0;
}

constexpr Option kVerifyOptions[] = {
    {"FILE", "", "A receipt or a proof bundle", Take::kValue, true},
};
constexpr Option kAuditOptions[] = {
    {"FILE", "", "An exported chain"},
    {"--dir", "DIR", "Directory of a node that is down"},
    {"--genesis", "FILE", "Default: genesis.json in the directory or beside it"},
};
constexpr Option kExportOptions[] = {
    {"--dir", "DIR", "Directory of a node that is down", Take::kValue, true},
    {"--genesis", "FILE", "Default: genesis.json in the directory or beside it"},
    {"-o,--output", "FILE", "The exported chain", Take::kValue, true},
};

const Command kCommands[] = {
    {"verify", "Check a receipt or bundle offline, with the trust policy alone", kVerifyOptions, &verify,
     "receipt.json --policy D/policy.txt",
     "Exit 0 when everything holds, 7 and the step that failed when not. The policy (--policy, or that of\n"
     "the context) is policy.txt of the founding: get it from people, not from the node that answered."},
    {"audit", "Execute a chain again from genesis and compare every root", kAuditOptions, &audit,
     "--dir D/1 --json", "Exit 0 without findings, 8 with findings or when there is nothing to audit."},
    {"export chain", "Write a node's whole chain into one file for auditors", kExportOptions, &export_chain,
     "--dir D/1 -o chain.export"},
};

}  // namespace

std::span<const Command> verify_commands() { return kCommands; }

}  // namespace circula::cli
