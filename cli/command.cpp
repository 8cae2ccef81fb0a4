#include "cli/command.h"

#include "crypto/encoding.h"

namespace circula::cli {
namespace {

constexpr Option kGlobalOptions[] = {
    {"--json", "", "Answer as one JSON object; errors as problem objects on stderr", Take::kFlag},
    {"-o,--output", "FILE", "Write the answer to FILE instead of stdout"},
    {"-q,--quiet", "", "No progress on stderr", Take::kFlag},
    {"-y,--yes", "", "Answer questions with yes", Take::kFlag},
    {"--color", "WHEN", "auto, always or never (also NO_COLOR)"},
    {"--ascii", "", "ok and FAIL in place of marks", Take::kFlag},
    {"--lang", "LANG", "en or zh, for the texts of codes"},
    {"--home", "DIR", "Keys, contexts, outbox and receipts (CIRCULA_HOME, ./.circula)"},
    {"--ctx", "NAME", "The context to act in (CIRCULA_CTX)"},
    {"--url", "URL", "The node to ask (CIRCULA_URL)"},
    {"--policy", "FILE", "Trust policy (CIRCULA_POLICY)"},
    {"--passphrase-file", "FILE", "Passphrase of the key files, - for stdin (CIRCULA_PASSPHRASE_FILE)"},
    {"-h,--help", "", "Help", Take::kFlag},
};

}  // namespace

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::string(otherwise);
  return found->second.front();
}

std::vector<std::string> Arguments::list(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

Result<std::uint64_t> Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  if (!has(name)) return otherwise;
  auto value = crypto::u64_from_decimal(text(name));
  if (!value) {
    return error(Code::E_USAGE,
                 "--" + std::string(name) + ": a whole number is expected, not \"" + text(name) + "\"");
  }
  return *value;
}

std::span<const Option> global_options() { return kGlobalOptions; }

std::span<const Command> all_commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> rows;
    for (const auto& group : {up_commands(), demo_commands(), node_query_commands(), record_commands(),
                              query_commands(), draft_commands(), sign_commands(), verify_commands(),
                              digest_commands(), org_commands(), genesis_commands(), key_commands(),
                              node_commands(), bench_commands(), context_commands(), about_commands()}) {
      rows.insert(rows.end(), group.begin(), group.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace circula::cli
