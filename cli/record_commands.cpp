// draft KIND and submit KIND for every kind of record, submit DRAFT, submit --resume.
#include <boost/json.hpp>
#include <deque>

#include "cli/command.h"
#include "cli/key_store.h"
#include "cli/local_file.h"
#include "cli/record_kind.h"
#include "cli/submission.h"
#include "cli/text_view.h"
#include "crypto/encoding.h"
#include "ledger/nearest_name.h"

namespace circula::cli {
namespace {

constexpr Option kDraftingOptions[] = {
    {"--key", "KEY", "The author's key: name or public key in the home"},
    {"--signer", "ORG", "A further signer: @org, @org:usage or a public key", Take::kList},
    {"--on-behalf", "OID", "The organisation that it acts for, when not the author's own"},
    {"--expires-in", "TIME", "90m, 12h, 30d (default: 7 days, on a scripted clock 30)"},
    {"--expect", "SUBJECT=N", "Only if the subject still has this version", Take::kList},
    {"--no-dry-run", "", "Do not ask the node who must sign and what would happen", Take::kFlag},
};
constexpr Option kOutputOption[] = {
    {"-o,--output", "FILE", "The draft (default: KIND.draft.json)"},
};
constexpr Option kWaitOptions[] = {
    {"--wait", "STATUS", "final (default), ordered or pending"},
    {"--timeout", "SECONDS", "How long to wait (30)"},
};

DraftingOptions drafting_options(const Arguments& arguments) {
  DraftingOptions options;
  options.author_key = arguments.text("key");
  options.signers = arguments.list("signer");
  options.on_behalf = arguments.text("on-behalf");
  options.expects = arguments.list("expect");
  options.dry_run = !arguments.has("no-dry-run");
  return options;
}

Result<SubmitOptions> submit_options(const Arguments& arguments) {
  SubmitOptions options;
  options.wait = arguments.text("wait", "final");
  if (options.wait != "final" && options.wait != "ordered" && options.wait != "pending") {
    return error(Code::E_USAGE, "--wait is final, ordered or pending, not \"" + options.wait + "\"");
  }
  auto seconds = arguments.number("timeout", 30);
  if (!seconds) return seconds.error();
  constexpr std::uint64_t kSecondsMax = 86'400;
  options.timeout = std::chrono::seconds(std::min(*seconds, kSecondsMax));
  return options;
}

Result<Drafted> draft_of(Shell& shell, const RecordKind& kind, const Arguments& arguments,
                         NodeClient& client) {
  auto home = shell.home();
  if (!home) return home.error();
  Names names(client, *home);
  auto input = kind.build(shell, names, arguments);
  if (!input) return input.error();
  auto options = drafting_options(arguments);
  auto lifetime = parse_duration_ms(arguments.text("expires-in"));
  if (!lifetime) return lifetime.error();
  options.lifetime_ms = *lifetime;
  return draft_record(shell, client, names, *input, options);
}

// Signs with every key of the home that the draft asks for.
Result<void> sign_with_own_keys(Shell& shell, const Home& home, DraftFile& draft) {
  auto missing = draft.missing();
  auto keys = list_keys(home);
  if (!missing) return missing.error();
  if (!keys) return keys.error();
  for (const StoredKey& stored : *keys) {
    if (!is_record_usage(stored.usage)) continue;
    if (std::find(missing->begin(), missing->end(), stored.key) == missing->end()) continue;
    auto key = open_key_file(shell, stored.path);
    if (!key) return key.error();
    if (auto done = draft.sign(*key); !done) return done;
  }
  return {};
}

Result<int> begin_draft(Shell& shell, const RecordKind& kind, const Arguments& arguments) {
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto drafted = draft_of(shell, kind, arguments, *client);
  if (!drafted) return drafted.error();
  std::string path = arguments.text("output");
  if (path.empty()) {
    path = std::string(kind.path) + ".draft.json";
    std::replace(path.begin(), path.end(), ' ', '-');
  }
  if (auto written = write_text(path, write_draft(drafted->draft)); !written) return written.error();
  auto required = drafted->draft.required();
  if (!required) return required.error();
  std::string text = path + "\n";
  boost::json::array signers;
  for (const PublicKey& key : *required) {
    text += "  must sign: " + drafted->draft.describe(key) + "\n";
    const auto hint = drafted->draft.oid_hints.find(key);
    signers.push_back(
        boost::json::object{{"key", crypto::to_hex(key.view())},
                            {"oid", hint == drafted->draft.oid_hints.end() ? std::string{} : hint->second}});
  }
  text += forecast_text(drafted->dry_run);
  text += "  next: " + shell.terminal().command({"sign", path}) + "\n";
  shell.answer("draft",
               {{"draft", path},
                {"record", crypto::to_hex(drafted->draft.record_ids().front().view())},
                {"required", std::move(signers)},
                {"dry_run", drafted->dry_run}},
               text);
  return 0;
}

Result<int> send(Shell& shell, NodeClient& client, const Home& home, const OutboxEntry& entry,
                 const Arguments& arguments) {
  auto options = submit_options(arguments);
  if (!options) return options.error();
  auto answer = send_entry(shell, client, home, entry, *options);
  if (!answer) return answer.error();
  const std::string text = submission_text(shell.terminal(), home, *answer);
  auto outcome = outcome_of(*answer);
  shell.answer("submission", std::move(*answer), text);
  if (!outcome) return outcome.error();
  return 0;
}

Result<int> submit_sealed(Shell& shell, NodeClient& client, const DraftFile& draft,
                          const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  auto envelope = draft.seal();
  if (!envelope) return envelope.error();
  auto entry = put_in_outbox(*home, *envelope, draft.chain_id);
  if (!entry) return entry.error();
  return send(shell, client, *home, *entry, arguments);
}

Result<int> submit_kind(Shell& shell, const RecordKind& kind, const Arguments& arguments) {
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto home = shell.home();
  if (!home) return home.error();
  auto drafted = draft_of(shell, kind, arguments, *client);
  if (!drafted) return drafted.error();
  if (auto done = sign_with_own_keys(shell, *home, drafted->draft); !done) return done.error();
  return submit_sealed(shell, *client, drafted->draft, arguments);
}

Result<int> resume(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  auto chain = crypto::fixed_from_hex<Digest>(home->settings.chain_id, "chain id");
  if (!chain) return error(Code::E_USAGE, "the home has no chain: `circula context set --chain HEX`");
  const OutboxContent outbox = read_outbox(*home, *chain);
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  auto options = submit_options(arguments);
  if (!options) return options.error();
  boost::json::array answers;
  std::string text;
  Result<int> result = 0;
  // One damaged file does not keep the others from being sent.
  for (const Error& damaged : outbox.damaged) {
    text +=
        shell.terminal().bad() + " " + std::string(ledger::name(damaged.code)) + " " + damaged.detail + "\n";
    result = damaged;
  }
  for (const OutboxEntry& entry : outbox.entries) {
    auto answer = send_entry(shell, *client, *home, entry, *options);
    if (!answer) {
      text += shell.terminal().bad() + " " + crypto::to_hex(entry.envelope->id().view()) + "  " +
              std::string(ledger::name(answer.error().code)) + " " + answer.error().detail + "\n";
      result = answer.error();
      continue;
    }
    text += submission_text(shell.terminal(), *home, *answer);
    if (auto outcome = outcome_of(*answer); !outcome) result = outcome.error();
    answers.push_back(std::move(*answer));
  }
  if (text.empty()) text = "the outbox is empty\n";
  shell.answer("resumed", {{"envelopes", std::move(answers)}}, text);
  return result;
}

std::span<const RecordKind> all_kinds() {
  static const std::vector<RecordKind> all = [] {
    std::vector<RecordKind> rows;
    for (const auto& group :
         {asset_kinds(), market_kinds(), trade_kinds(), deal_kinds(), money_kinds(), member_kinds()}) {
      rows.insert(rows.end(), group.begin(), group.end());
    }
    return rows;
  }();
  return all;
}

Result<int> submit(Shell& shell, const Arguments& arguments) {
  if (arguments.has("resume")) return resume(shell, arguments);
  if (!arguments.has("DRAFT")) {
    return error(Code::E_USAGE, "what to submit? A draft file, or a kind: circula submit asset --help");
  }
  const std::string path = arguments.text("DRAFT");
  if (!exists(path) && path.find_first_of("./") == std::string::npos) {
    std::vector<std::string> kinds;
    for (const RecordKind& kind : all_kinds()) kinds.emplace_back(kind.path.substr(0, kind.path.find(' ')));
    return error(Code::E_USAGE, "\"" + path + "\" is no draft file and no kind of record" +
                                    ledger::nearest_name_hint(path, kinds));
  }
  auto text = read_text(path);
  if (!text) return text.error();
  auto draft = read_draft(*text);
  if (!draft) return error(draft.error().code, path + ": " + draft.error().detail, draft.error().field);
  auto client = NodeClient::make(shell);
  if (!client) return client.error();
  return submit_sealed(shell, *client, *draft, arguments);
}

constexpr Option kSubmitOptions[] = {
    {"DRAFT", "", "A draft that all have signed"},
    {"--resume", "", "Send again what a crash or a time-out left in the outbox", Take::kFlag},
    {"--wait", "STATUS", "final (default), ordered or pending"},
    {"--timeout", "SECONDS", "How long to wait (30)"},
};

const Command kSubmit{
    "submit",
    "Send a complete draft and wait until it is final",
    kSubmitOptions,
    &submit,
    "transfer.draft.json --wait final",
    "The signed envelope is written to the outbox before its first byte is sent; whatever happens, `circula\n"
    "submit --resume` finishes it and never signs again. The receipt is written to the home's receipts."};

// Rows whose texts and options live as long as the program.
struct MadeCommands {
  std::deque<std::string> texts;
  std::deque<std::vector<Option>> options;
  std::vector<Command> rows;

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  std::span<const Option> keep(std::initializer_list<std::span<const Option>> parts) {
    std::vector<Option>& all = options.emplace_back();
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
};

}  // namespace

std::span<const Command> record_commands() {
  static const MadeCommands made = [] {
    MadeCommands all;
    all.rows.push_back(kSubmit);
    for (const RecordKind& kind : all_kinds()) {
      all.rows.push_back(
          {all.keep("submit " + std::string(kind.path)), kind.summary,
           all.keep({kind.options, kDraftingOptions, kWaitOptions}),
           [&kind](Shell& shell, const Arguments& arguments) { return submit_kind(shell, kind, arguments); },
           kind.example, kind.details});
    }
    for (const RecordKind& kind : all_kinds()) {
      all.rows.push_back(
          {all.keep("draft " + std::string(kind.path)), all.keep("Draft: " + std::string(kind.summary)),
           all.keep({kind.options, kDraftingOptions, kOutputOption}),
           [&kind](Shell& shell, const Arguments& arguments) { return begin_draft(shell, kind, arguments); },
           kind.example, kind.details});
    }
    return all;
  }();
  return made.rows;
}

}  // namespace circula::cli
