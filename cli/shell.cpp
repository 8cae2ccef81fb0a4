#include "cli/shell.h"

#include <boost/json.hpp>

#include "cli/local_file.h"
#include "crypto/private_file.h"

namespace circula::cli {
namespace {

constexpr std::string_view kDefaultHome = "./.circula";
constexpr std::size_t kPassphraseBytesMax = 4096;  // longer ones are a file given by mistake

}  // namespace

Shell::Shell(Terminal& terminal, Environment environment, const Arguments& globals)
    : terminal_(terminal),
      environment_(std::move(environment)),
      globals_(globals),
      json_(globals.has("json")),
      language_(Language::kEnglish) {
  std::string language = setting("lang", "CIRCULA_LANG");
  if (language.empty()) language = environment_("LANG").value_or("");
  if (language.starts_with("zh")) language_ = Language::kChinese;
}

std::string Shell::setting(std::string_view option, const std::string& variable) const {
  if (globals_.has(option)) return globals_.text(option);
  return environment_(variable).value_or("");
}

void Shell::answer(std::string_view schema, boost::json::object object, std::string_view text) {
  if (!json_) return terminal_.print(text);
  boost::json::object out{{"schema", "circula." + std::string(schema) + "/1"}};
  for (auto& [key, value] : object) out[key] = std::move(value);
  terminal_.print(boost::json::serialize(out) + "\n");
}

std::string Shell::base_directory() const {
  const std::string given = setting("home", "CIRCULA_HOME");
  return given.empty() ? std::string(kDefaultHome) : given;
}

Result<Home> Shell::home() {
  if (!home_) {
    auto opened = open_home(base_directory(), setting("ctx", "CIRCULA_CTX"));
    if (!opened) return opened.error();
    home_ = std::move(*opened);
  }
  return *home_;
}

Result<std::string> Shell::url() {
  if (const std::string given = setting("url", "CIRCULA_URL"); !given.empty()) return given;
  auto opened = home();
  if (!opened) return opened.error();
  if (!opened->settings.url.empty()) return opened->settings.url;
  return error(Code::E_USAGE,
               "nothing says which node to ask: no context is selected in " + base_directory() +
                   ", where `circula up` keeps them; go there, or give --home DIR or --url URL");
}

Result<std::string> Shell::operator_url() {
  if (const std::string given = setting("url", "CIRCULA_OPERATOR_URL"); !given.empty()) return given;
  auto opened = home();
  if (!opened) return opened.error();
  if (!opened->settings.operator_url.empty()) return opened->settings.operator_url;
  return error(Code::E_USAGE,
               "the operator's listener of which node? Give --url, or the context of its exchange");
}

Result<std::string> Shell::policy_path() {
  if (const std::string given = setting("policy", "CIRCULA_POLICY"); !given.empty()) return given;
  auto opened = home();
  if (!opened) return opened.error();
  if (!opened->settings.policy.empty()) return opened->resolve(opened->settings.policy);
  return error(Code::E_USAGE, "whom to trust? Give the chain's trust policy with --policy FILE");
}

bool Shell::has_passphrase_source() const {
  return !setting("passphrase-file", "CIRCULA_PASSPHRASE_FILE").empty();
}

Result<std::string> Shell::passphrase() {
  if (passphrase_) return *passphrase_;
  const std::string file = setting("passphrase-file", "CIRCULA_PASSPHRASE_FILE");
  Result<std::string> text = std::string{};
  if (file.empty()) {
    text = terminal_.ask_secret("Passphrase of the key");
  } else if (file == "-") {
    text = terminal_.read_stdin(kPassphraseBytesMax);
  } else {
    auto content = crypto::read_private_file(file, kPassphraseBytesMax);
    if (content) {
      text = std::move(*content);
    } else {
      text = error(Code::E_KEY_FILE, content.error().detail);
    }
  }
  if (!text) return text.error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return error(Code::E_KEY_FILE, "the passphrase is empty");
  passphrase_ = *text;
  return *text;
}

}  // namespace circula::cli
