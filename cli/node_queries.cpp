// status, clock, clock advance, rejections: how a node and its chain stand.
#include <algorithm>
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/drafting.h"
#include "cli/key_store.h"
#include "cli/submission.h"
#include "cli/text_view.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"
#include "ledger/calendar.h"

namespace circula::cli {
namespace {

std::string status_text(Terminal& terminal, const boost::json::object& status) {
  const bool ready = flag_at(status, "ready");
  const bool quorum = number_at(status, "voters_up") >= number_at(status, "finality_quorum");
  std::string text = (ready && quorum ? terminal.good() + " ready" : terminal.bad() + " not ready") +
                     "  node " + text_at(status, "node") + " (" + text_at(status, "role") + ")  leader " +
                     text_at(status, "leader") + "  term " + text_at(status, "term") + "\n";
  text += "origin      " + text_at(status, "origin") + "  " + text_at(status, "fingerprint") + "\n";
  if (flag_at(status, "rehearsal")) text += "            REHEARSAL: not for business\n";
  text += "clock       " + text_at(status, "clock") + "  " + text_at(status, "ledger_time") + "\n";
  text += "voters      " + text_at(status, "voters_up") + " of " + text_at(status, "voters") +
          " up, finality needs " + text_at(status, "finality_quorum") + "; learners " +
          text_at(status, "learners_up") + " of " + text_at(status, "learners") + " up\n";
  const auto& checkpoint = object_at(status, "checkpoint");
  text += "height      " + text_at(status, "executed_height") + "  entries " + text_at(status, "log_size") +
          "  final to " + text_at(checkpoint, "height") + " (size " + text_at(checkpoint, "size") + ")\n";
  text += "durability  " + text_at(status, "durability") + "\n";
  for (const char* key : {"not_ready", "why_not_final", "why_not_leader"}) {
    if (const std::string why = text_at(status, key); !why.empty()) {
      std::string name(key);
      std::replace(name.begin(), name.end(), '_', ' ');
      text += name + ": " + why + "\n";
    }
  }
  return text;
}

Result<int> status(Shell& shell, const Arguments&) {
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto answer = client->get("/v1/status");
  if (!answer) return answer.error();
  const std::string text = status_text(shell.terminal(), *answer);
  shell.answer("status", std::move(*answer), text);
  return 0;
}

Result<int> clock(Shell& shell, const Arguments&) {
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto answer = client->get("/v1/clock");
  if (!answer) return answer.error();
  const std::string text = text_at(*answer, "ledger_time") + "  " + text_at(*answer, "clock") +
                           " clock, periods of " + text_at(*answer, "profile") + ", height " +
                           text_at(*answer, "height") + "\n";
  shell.answer("clock", std::move(*answer), text);
  return 0;
}

// Ledger time moves by at most 40 days in one block (design.md 4), so a longer way takes several records.
constexpr std::uint64_t kStepMaxMs = 40ULL * 24 * 3600 * 1000;

Result<boost::json::object> move_clock(Shell& shell, NodeClient& client, const Home& home,
                                       const Digest& chain_id, std::uint64_t to_ms) {
  const std::vector<std::string> usages{"officer", "cdo"};
  auto stored = key_for(home, usages);
  if (!stored) return stored.error();
  auto key = open_key_file(shell, stored->path);
  if (!key) return key.error();
  auto draft = clock_draft(chain_id, key->public_key(), to_ms);
  if (!draft) return draft.error();
  if (auto done = draft->sign(*key); !done) return done.error();
  auto envelope = draft->seal();
  if (!envelope) return envelope.error();
  auto entry = put_in_outbox(home, *envelope, chain_id);
  if (!entry) return entry.error();
  auto answer = send_entry(shell, client, home, *entry, {});
  if (!answer) return answer;
  if (auto outcome = outcome_of(*answer); !outcome) return outcome.error();
  return answer;
}

Result<int> advance(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto now = client->get("/v1/clock");
  if (!now) return now.error();
  if (text_at(*now, "clock") != "scripted") {
    return error(Code::E_TYPE, "this chain has a wall clock; only scripted chains are advanced by records");
  }
  auto by = parse_duration_ms(arguments.text("by"));
  if (!by) return by.error();
  std::uint64_t at_ms = number_at(*now, "ledger_time_ms");
  std::uint64_t to_ms = at_ms + *by;
  if (arguments.has("to")) {
    auto time = time_option(arguments, "to");
    if (!time) return time.error();
    to_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(*time, 0)) * 1000;
  }
  if (to_ms <= at_ms) return error(Code::E_USAGE, "where to? Give --to TIME after ledger time, or --by 3d");
  auto chain = crypto::fixed_from_hex<Digest>(home->settings.chain_id, "chain id");
  if (!chain) return error(Code::E_USAGE, "the home has no chain: `circula context set --chain HEX`");
  while (at_ms < to_ms) {
    at_ms = std::min(at_ms + kStepMaxMs, to_ms);
    auto moved = move_clock(shell, *client, *home, *chain, at_ms);
    if (!moved) return moved.error();
  }
  shell.answer("clock",
               {{"ledger_time_ms", std::to_string(at_ms)}, {"ledger_time", ledger::format_time_ms(at_ms)}},
               "ledger time is " + ledger::format_time_ms(at_ms) + "\n");
  return 0;
}

Result<int> rejections(Shell& shell, const Arguments&) {
  auto home = shell.home();
  if (!home) return home.error();
  // Operator's routes are on a listener of their own.
  auto url = shell.operator_url();
  if (!url) return url.error();
  auto client = NodeClient::make_for(shell, *url);
  if (!client) return client.error();
  auto answer = client->get("/v1/rejections");
  if (!answer) return answer.error();
  std::string text;
  for (const boost::json::value& item : array_at(*answer, "rejections")) {
    const boost::json::object& row = item.get_object();
    text += text_at(row, "wall") + "  " + text_at(row, "code") + "  " + text_at(row, "detail") +
            (text_at(row, "field").empty() ? "" : " (" + text_at(row, "field") + ")") + "\n";
  }
  if (text.empty()) text = "nothing was refused since the node started\n";
  shell.answer("rejections", std::move(*answer), text);
  return 0;
}

constexpr Option kAdvanceOptions[] = {
    {"--to", "TIME", "A date or time"},
    {"--by", "TIME", "90m, 12h, 30d"},
};

const Command kCommands[] = {
    {"status", "The chain as the node sees it: leader, voters, height, checkpoint", {}, &status, "--json"},
    {"clock", "Ledger time", {}, &clock, "--json"},
    {"clock advance", "Move the time of a scripted chain (39 CLOCK), as a founding exchange", kAdvanceOptions,
     &advance, "--by 3d"},
    {"rejections",
     "What the node refused lately, and why (operator's listener)",
     {},
     &rejections,
     "--ctx exchange-a"},
};

}  // namespace

std::span<const Command> node_query_commands() { return kCommands; }

}  // namespace circula::cli
