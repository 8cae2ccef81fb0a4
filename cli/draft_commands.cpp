// draft show|merge: drafts on their way (cli/draft_file.h). The commands that begin one are in
// record_commands.cpp.
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/draft_file.h"
#include "cli/drafting.h"
#include "cli/local_file.h"
#include "cli/shell.h"
#include "cli/text_view.h"
#include "crypto/encoding.h"

namespace circula::cli {
namespace {

Result<DraftFile> open_draft(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  auto draft = read_draft(*text);
  if (!draft) return error(draft.error().code, path + ": " + draft.error().detail, draft.error().field);
  return draft;
}

Result<int> show(Shell& shell, const Arguments& arguments) {
  auto draft = open_draft(arguments.text("FILE"));
  if (!draft) return draft.error();
  auto records = draft->decode();
  auto required = draft->required();
  if (!records) return records.error();
  if (!required) return required.error();
  boost::json::array shown;
  std::string text = "chain: " + crypto::to_hex(draft->chain_id.view()) + "\n";
  const auto ids = draft->record_ids();
  for (std::size_t at = 0; at < records->size(); ++at) {
    boost::json::object view = record_view((*records)[at]);
    text += "record: " + crypto::to_hex(ids[at].view()) + "\n" + text_view(view, 2);
    view["record"] = crypto::to_hex(ids[at].view());
    shown.push_back(std::move(view));
  }
  boost::json::array signers;
  for (const PublicKey& key : *required) {
    const bool has_signed = draft->signatures.contains(key);
    text +=
        (has_signed ? shell.terminal().good() + " signed   " : shell.terminal().attention() + " missing  ") +
        draft->describe(key) + "\n";
    signers.push_back(boost::json::object{{"key", crypto::to_hex(key.view())}, {"signed", has_signed}});
  }
  boost::json::object forecast;
  if (auto client = NodeClient::make(shell); client) {
    auto dry = dry_run(*client, *draft);
    if (dry) {
      text += forecast_text(*dry);
      forecast = std::move(*dry);
    } else {
      text += "  what would happen now is not known: " + std::string(ledger::name(dry.error().code)) + " " +
              dry.error().detail + "\n";
    }
  }
  shell.answer("draft",
               {{"chain_id", crypto::to_hex(draft->chain_id.view())},
                {"records", std::move(shown)},
                {"signers", std::move(signers)},
                {"complete", draft->signatures.size() == required->size()},
                {"dry_run", std::move(forecast)}},
               text);
  return 0;
}

Result<int> merge(Shell& shell, const Arguments& arguments) {
  const auto paths = arguments.list("FILE");
  auto merged = open_draft(paths.front());
  if (!merged) return merged.error();
  for (const std::string& path : std::span(paths).subspan(1)) {
    auto other = open_draft(path);
    if (!other) return other.error();
    auto both = merge_drafts(*merged, *other);
    if (!both) return error(both.error().code, path + ": " + both.error().detail);
    merged = std::move(both);
  }
  const std::string out = arguments.text("output", paths.front());
  if (auto written = write_text(out, write_draft(*merged)); !written) return written.error();
  auto missing = merged->missing();
  if (!missing) return missing.error();
  shell.answer("merged",
               {{"draft", out}, {"signatures", merged->signatures.size()}, {"missing", missing->size()}},
               out + ": " + std::to_string(merged->signatures.size()) + " signatures, " +
                   std::to_string(missing->size()) + " missing\n");
  return 0;
}

constexpr Option kShowOptions[] = {{"FILE", "", "The draft", Take::kValue, true}};
constexpr Option kMergeOptions[] = {
    {"FILE", "", "Drafts of the same records", Take::kList, true},
    {"-o,--output", "FILE", "Default: the first one"},
};

const Command kCommands[] = {
    {"draft show",
     "Every field of a draft, decoded from its bytes, who has signed, and what would happen now",
     kShowOptions, &show, "transfer.draft.json"},
    {"draft merge", "Put the signatures of several copies together", kMergeOptions, &merge,
     "a.draft.json b.draft.json -o both.draft.json"},
};

}  // namespace

std::span<const Command> draft_commands() { return kCommands; }

}  // namespace circula::cli
