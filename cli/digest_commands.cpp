// digest make|check, revenue evaluate: what is computed from files alone.
//
// A salted digest is HMAC-SHA-256 under a salt of its own, which stays with the submitter: FILE.salt, 32
// bytes in hex (records.md 3.4, personal data rule). Destroying the salt makes the digest say nothing.
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/data_digest_file.h"
#include "cli/local_file.h"
#include "cli/shell.h"
#include "crypto/encoding.h"
#include "ledger/revenue_json.h"

namespace circula::cli {
namespace {

Result<int> make(Shell& shell, const Arguments& arguments) {
  boost::json::array rows;
  std::string text;
  for (const std::string& path : arguments.list("FILE")) {
    std::string salt_path;
    Result<crypto::Digest> digest = error(Code::E_FILE, "");
    if (arguments.has("salted")) {
      salt_path = path + ".salt";
      if (exists(salt_path)) {
        return error(Code::E_FILE, salt_path + " is there already: a salt belongs to one record only");
      }
      digest = make_salted_digest(path, salt_path);
    } else {
      digest = plain_digest(path);
    }
    if (!digest) return digest.error();
    const std::string hex = crypto::to_hex(digest->view());
    boost::json::object row{{"file", path}, {"digest", hex}, {"salted", arguments.has("salted")}};
    if (!salt_path.empty()) row["salt"] = salt_path;
    rows.push_back(std::move(row));
    text += hex + "  " + path + (salt_path.empty() ? "" : "  (salt in " + salt_path + ", keep it)") + "\n";
  }
  shell.answer("digests", {{"digests", std::move(rows)}}, text);
  return 0;
}

Result<int> check(Shell& shell, const Arguments& arguments) {
  const std::string path = arguments.text("FILE");
  auto wanted = crypto::fixed_from_hex<crypto::Digest>(arguments.text("DIGEST"), "digest");
  if (!wanted) return error(Code::E_USAGE, wanted.error().detail);
  auto digest = arguments.has("salt") ? salted_digest(path, arguments.text("salt")) : plain_digest(path);
  if (!digest) return digest.error();
  const bool same = *digest == *wanted;
  shell.answer(
      "digest_check", {{"file", path}, {"matches", same}, {"computed", crypto::to_hex(digest->view())}},
      same
          ? shell.terminal().good() + " " + path + " is what the digest names\n"
          : shell.terminal().bad() + " " + path + " has the digest " + crypto::to_hex(digest->view()) + "\n");
  if (!same) return error(Code::E_PROOF, path + " is not what the digest names");
  return 0;
}

Result<int> evaluate(Shell& shell, const Arguments& arguments) {
  const std::string path = arguments.text("FILE");
  auto text = path == "-" ? shell.terminal().read_stdin(kLocalFileBytesMax) : read_text(path);
  if (!text) return text.error();
  auto document = ledger::evaluate_revenue_document(*text);
  if (!document) return document.error();
  shell.terminal().print(*document);
  if (!document->ends_with('\n')) shell.terminal().print("\n");
  return 0;
}

constexpr Option kMakeOptions[] = {
    {"FILE", "", "Files", Take::kList, true},
    {"--salted", "", "For anything that may touch persons; the salt is written to FILE.salt", Take::kFlag},
};
constexpr Option kCheckOptions[] = {
    {"FILE", "", "The file", Take::kValue, true},
    {"DIGEST", "", "64 hex characters", Take::kValue, true},
    {"--salt", "FILE", "The salt of a salted digest"},
};
constexpr Option kEvaluateOptions[] = {
    {"FILE", "", "Agreements and events (format revenue-cases), - for stdin", Take::kValue, true},
};

const Command kCommands[] = {
    {"revenue evaluate", "Share income by agreements in a file; no ledger is asked", kEvaluateOptions,
     &evaluate, "cases.json", "Prints the same document with `expected` computed in every case."},
    {"digest make", "Digests of files, plain or salted", kMakeOptions, &make, "gps.csv --salted"},
    {"digest check", "Is a file what a digest names?", kCheckOptions, &check,
     "gps.csv HEX --salt gps.csv.salt"},
};

}  // namespace

std::span<const Command> digest_commands() { return kCommands; }

}  // namespace circula::cli
