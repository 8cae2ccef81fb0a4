// What a command is: a row with its path, its options and its function. Help, parsing, suggestions and shell
// completion are made from these rows; nothing else declares a flag.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.h"

namespace circula::cli {

using ledger::Code;
using ledger::Error;
using ledger::error;
using ledger::Result;

class Shell;

enum class Take : std::uint8_t {
  kFlag,   // no value
  kValue,  // one value
  kList,   // values: an option may stand several times, and its values be separated by commas
};

struct Option {
  std::string_view name;   // "--title", "-o,--output"; without dashes a positional: "FILE"
  std::string_view value;  // of an option: how its value is called in the help; empty for a flag
  std::string_view help;
  Take take = Take::kValue;
  bool required = false;
};

// What the user gave, by the option's long name without dashes or the positional's name.
class Arguments {
 public:
  void set(std::string name, std::vector<std::string> values) {
    values_[std::move(name)] = std::move(values);
  }

  [[nodiscard]] bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  // An unsigned decimal: E_USAGE naming the option.
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name, std::uint64_t otherwise = 0) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Command {
  std::string_view path;     // "draft transfer"
  std::string_view summary;  // one line
  std::span<const Option> options;
  // The exit code, or the error to report; the error's code gives the exit code then.
  std::function<Result<int>(Shell&, const Arguments&)> run;
  std::string_view example;       // for --help: what may stand after the path
  std::string_view details = {};  // for --help: files, exit codes
};

// One function a group, in the file of its name.
[[nodiscard]] std::span<const Command> about_commands();
[[nodiscard]] std::span<const Command> context_commands();
[[nodiscard]] std::span<const Command> node_commands();
[[nodiscard]] std::span<const Command> digest_commands();
[[nodiscard]] std::span<const Command> draft_commands();
[[nodiscard]] std::span<const Command> genesis_commands();
[[nodiscard]] std::span<const Command> key_commands();
[[nodiscard]] std::span<const Command> node_query_commands();
[[nodiscard]] std::span<const Command> org_commands();
[[nodiscard]] std::span<const Command> query_commands();
[[nodiscard]] std::span<const Command> record_commands();
[[nodiscard]] std::span<const Command> sign_commands();
[[nodiscard]] std::span<const Command> up_commands();
[[nodiscard]] std::span<const Command> demo_commands();
[[nodiscard]] std::span<const Command> verify_commands();
[[nodiscard]] std::span<const Command> bench_commands();

// All commands, in the order of the help.
[[nodiscard]] std::span<const Command> all_commands();
[[nodiscard]] std::span<const Option> global_options();

}  // namespace circula::cli
