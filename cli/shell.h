// What every command works with: the terminal, the global options, the environment, the home.
//
// A setting comes from the option, else from CIRCULA_..., else from the context's settings, else it has its
// default.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/home.h"
#include "cli/problem.h"
#include "cli/terminal.h"

namespace circula::cli {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

class Shell {
 public:
  Shell(Terminal& terminal, Environment environment, const Arguments& globals);

  [[nodiscard]] Terminal& terminal() { return terminal_; }
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] Language language() const { return language_; }

  // The answer: the object with --json, the text otherwise. `schema` names the object's form.
  void answer(std::string_view schema, boost::json::object object, std::string_view text);

  [[nodiscard]] Result<Home> home();
  // The directory that --home names, where contexts.json stands.
  [[nodiscard]] std::string base_directory() const;
  // E_USAGE when nothing says which node.
  [[nodiscard]] Result<std::string> url();
  [[nodiscard]] Result<std::string> operator_url();
  [[nodiscard]] Result<std::string> policy_path();
  // The passphrase of key files, asked for once.
  [[nodiscard]] Result<std::string> passphrase();
  [[nodiscard]] bool has_passphrase_source() const;

 private:
  // The option, or the environment's variable.
  [[nodiscard]] std::string setting(std::string_view option, const std::string& variable) const;

  Terminal& terminal_;
  Environment environment_;
  const Arguments& globals_;
  bool json_;
  Language language_;
  std::optional<Home> home_;
  std::optional<std::string> passphrase_;
};

}  // namespace circula::cli
