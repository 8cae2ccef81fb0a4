// Records 6 ASSET_REGISTER, 8 CERTIFY and 11 RIGHTS from flags.
#include <algorithm>
#include <boost/json.hpp>

#include "cli/data_digest_file.h"
#include "cli/local_file.h"
#include "cli/record_kind.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"

namespace circula::cli {
namespace {

const std::vector<std::string> kCdoFirst{"cdo", "officer"};
const std::vector<std::string> kOfficerFirst{"officer", "cdo"};

Result<boost::json::object> content_digest(Shell& shell, const Arguments& arguments, bool impersonal) {
  const std::string path = arguments.text("content");
  if (impersonal) return plain_digest_json(path);
  const std::string salt = path + ".salt";
  auto digest = exists(salt) ? salted_digest(path, salt) : make_salted_digest(path, salt);
  if (!digest) return digest.error();
  shell.terminal().note("salt of the content in " + salt + ": keep it, it never goes to the ledger");
  return boost::json::object{{"suite", 1}, {"salted", true}, {"digest", crypto::to_hex(digest->view())}};
}

Result<boost::json::array> sources(Names& names, const Arguments& arguments) {
  boost::json::array list;
  for (const std::string& text : arguments.list("source")) {
    // "derived:as-…" or "collected"
    const auto colon = text.find(':');
    boost::json::object source{{"how", text.substr(0, colon)}};
    if (colon != std::string::npos) {
      auto asset = names.object(text.substr(colon + 1));
      if (!asset) return asset.error();
      source["asset"] = *asset;
    }
    list.push_back(std::move(source));
  }
  return list;
}

Result<RecordInput> asset(Shell& shell, Names& names, const Arguments& arguments) {
  RecordInput input{6, 1, {}, kCdoFirst};
  if (arguments.has("from-file")) {
    auto body = body_from_file(arguments.text("from-file"), names);
    if (!body) return body.error();
    input.body = std::move(*body);
    return input;
  }
  if (!arguments.has("title") || !arguments.has("content")) {
    return error(Code::E_USAGE, "an asset needs --title and --content, or --from-file with all fields");
  }
  const std::string personal = arguments.text("personal", "none");
  auto content = content_digest(shell, arguments, personal == "none" || personal == "anonymised");
  if (!content) return content.error();
  auto grade = arguments.number("grade", 1);
  auto rows = arguments.number("rows");
  auto persons = arguments.number("persons");
  auto from = sources(names, arguments);
  for (const auto* number : {&grade, &rows, &persons}) {
    if (!*number) return number->error();
  }
  if (!from) return from.error();
  auto text = read_text(arguments.text("content"));
  if (!text) return text.error();
  boost::json::array rights;
  std::vector<std::string> claimed = arguments.list("rights");
  if (claimed.empty()) claimed = {"H", "U", "O"};
  for (const char* name : {"holding", "use", "operation"}) {  // ascending by number
    for (const std::string& given : claimed) {
      auto right = right_name(given);
      if (!right) return right.error();
      if (*right == name) rights.emplace_back(name);
    }
  }
  boost::json::object description{{"asset_class", arguments.text("class", "enterprise")},
                                  {"form", arguments.text("form", "dataset")},
                                  {"title", arguments.text("title")},
                                  {"grade", *grade},
                                  {"personal_information", personal},
                                  {"size_bytes", std::to_string(text->size())},
                                  {"update", arguments.text("update", "once")},
                                  {"content", std::move(*content)},
                                  {"sources", std::move(*from)},
                                  {"rights_claimed", std::move(rights)}};
  for (const char* name : {"summary", "industry", "region"}) {
    if (arguments.has(name)) description[name] = arguments.text(name);
  }
  if (*rows != 0) description["rows"] = std::to_string(*rows);
  if (*persons != 0) description["data_subjects_bucket"] = *persons;
  input.body["description"] = std::move(description);
  return input;
}

Result<RecordInput> certify_notice(Shell&, Names& names, const Arguments& arguments) {
  auto asset_id = names.object(arguments.text("ASSET"));
  if (!asset_id) return asset_id.error();
  return RecordInput{8, 1, {{"notice", {{"subject", *asset_id}}}}, kOfficerFirst};
}

Result<RecordInput> certify_issue(Shell&, Names& names, const Arguments& arguments) {
  auto asset_id = names.object(arguments.text("ASSET"));
  if (!asset_id) return asset_id.error();
  if (auto good = check_time_options(arguments, {"valid-to"}); !good) return good.error();
  boost::json::object issue{{"subject", *asset_id}, {"valid_to", arguments.text("valid-to")}};
  for (const char* right : {"holding", "use", "operation"}) {
    auto shares = parse_shares(arguments.list(arguments.has(right) ? right : "holders"), names, right);
    if (!shares) return shares.error();
    if (shares->empty()) {
      return error(Code::E_USAGE, std::string("who holds the right ") + right + "? Give --" + right +
                                      " @org=1000000, or --holders for all three");
    }
    issue[right] = holders_json(*shares);
  }
  return RecordInput{8, 1, {{"issue", std::move(issue)}}, kOfficerFirst};
}

Result<RecordInput> certify_refuse(Shell&, Names& names, const Arguments& arguments) {
  auto asset_id = names.object(arguments.text("ASSET"));
  if (!asset_id) return asset_id.error();
  boost::json::object refuse{{"subject", *asset_id}, {"reason", arguments.text("reason", "description")}};
  if (arguments.has("note")) refuse["note"] = arguments.text("note");
  return RecordInput{8, 1, {{"refuse", std::move(refuse)}}, kOfficerFirst};
}

Result<RecordInput> certify_revoke(Shell&, Names& names, const Arguments& arguments) {
  auto asset_id = names.object(arguments.text("ASSET"));
  if (!asset_id) return asset_id.error();
  boost::json::object revoke{{"subject", *asset_id}, {"reason", arguments.text("reason", "falsehood")}};
  if (arguments.has("note")) revoke["note"] = arguments.text("note");
  if (arguments.has("document")) {
    auto digest = plain_digest_json(arguments.text("document"));
    if (!digest) return digest.error();
    revoke["document"] = std::move(*digest);
  }
  return RecordInput{8, 1, {{"revoke", std::move(revoke)}}, kOfficerFirst};
}

// transfer and surrender: `from` gives, and each of `to` takes.
Result<RecordInput> move(Shell& shell, Names& names, const Arguments& arguments, std::string_view operation) {
  auto home = shell.home();
  if (!home) return home.error();
  auto asset_id = names.object(arguments.text("ASSET"));
  if (!asset_id) return asset_id.error();
  auto right = right_name(arguments.text("right"));
  if (!right) return right.error();
  auto ppm = arguments.number("ppm");
  if (!ppm) return ppm.error();
  auto from = names.oid(arguments.text("from", home->settings.oid));
  if (!from) return from.error();
  // --to @a --ppm N, or --to @a=N,@b=M
  std::vector<std::string> texts = arguments.list("to");
  if (texts.size() == 1 && texts.front().find('=') == std::string::npos) {
    if (*ppm == 0) return error(Code::E_USAGE, "how much? Give --ppm N (1,000,000 is all)");
    texts.front() += "=" + std::to_string(*ppm);
  }
  auto to = parse_shares(texts, names, "to");
  if (!to) return to.error();
  std::uint64_t sum = 0;
  for (const NamedShare& share : *to) sum += share.ppm;
  if (*ppm != 0 && *ppm != sum) return error(Code::E_USAGE, "--ppm is not the sum of what the others get");
  boost::json::object body{
      {"subject", *asset_id}, {"right", *right}, {"from", *from}, {"to", holders_json(*to)}, {"ppm", sum}};
  if (arguments.has("price-minor")) {
    auto price = arguments.number("price-minor");
    if (!price) return price.error();
    body["price_minor"] = std::to_string(*price);
    body["currency"] = arguments.text("currency", "CNY");
  }
  if (arguments.has("contract")) {
    auto contract = names.object(arguments.text("contract"));
    if (!contract) return contract.error();
    body["contract"] = *contract;
  }
  RecordInput input{11, 1, {}, kCdoFirst};
  input.body[operation] = std::move(body);
  return input;
}

Result<RecordInput> transfer(Shell& shell, Names& names, const Arguments& arguments) {
  return move(shell, names, arguments, "transfer");
}
Result<RecordInput> surrender(Shell& shell, Names& names, const Arguments& arguments) {
  return move(shell, names, arguments, "surrender");
}

constexpr Option kAssetOptions[] = {
    {"--title", "TEXT", "Title, at most 200 bytes"},
    {"--content", "FILE", "The data, of which only the digest goes to the ledger"},
    {"--summary", "TEXT", "At most 2,000 bytes"},
    {"--class", "CLASS", "enterprise (default), public, personal, mixed"},
    {"--form", "FORM", "dataset (default), resource, model, index, report"},
    {"--grade", "N", "1 (default) to 4 general, 5 important"},
    {"--personal", "KIND", "none (default), anonymised, deidentified, ...; salted unless the first two"},
    {"--persons", "N", "Persons in the data: 100, 1000, 10000, 100000 or 1000000"},
    {"--industry", "CODE", "GB/T 4754"},
    {"--region", "CODE", "GB/T 2260"},
    {"--rows", "N", "Number of rows"},
    {"--update", "RHYTHM", "once (default), day, week, month, stream"},
    {"--rights", "RIGHTS", "Rights claimed: H,U,O (default all)", Take::kList},
    {"--source", "SOURCE", "collected, public, bought, authorised, or derived:as-…", Take::kList},
    {"--from-file", "FILE", "The whole body as JSON instead"},
};
constexpr Option kNoticeOptions[] = {{"ASSET", "", "as-…", Take::kValue, true}};
constexpr Option kIssueOptions[] = {
    {"ASSET", "", "as-…", Take::kValue, true},
    {"--valid-to", "DATE", "When the certificate ends", Take::kValue, true},
    {"--holders", "@ORG=PPM", "Who holds all three rights, in ppm summing to 1,000,000", Take::kList},
    {"--holding", "@ORG=PPM", "Who holds right H", Take::kList},
    {"--use", "@ORG=PPM", "Who holds right U", Take::kList},
    {"--operation", "@ORG=PPM", "Who holds right O", Take::kList},
};
constexpr Option kRefuseOptions[] = {
    {"ASSET", "", "as-…", Take::kValue, true},
    {"--reason", "REASON", "description, source, rights, privacy, objection, withdrawn"},
    {"--note", "TEXT", "At most 200 bytes"},
};
constexpr Option kRevokeOptions[] = {
    {"ASSET", "", "as-…", Take::kValue, true},
    {"--reason", "REASON", "ruling, order, falsehood"},
    {"--note", "TEXT", "At most 200 bytes"},
    {"--document", "FILE", "The ruling, order or proof: its digest goes to the ledger"},
};
constexpr Option kMoveOptions[] = {
    {"ASSET", "", "as-…", Take::kValue, true},
    {"--to", "@ORG", "Who takes; several as @a=PPM,@b=PPM", Take::kList, true},
    {"--right", "RIGHT", "H, U or O", Take::kValue, true},
    {"--ppm", "N", "How much of 1,000,000"},
    {"--from", "@ORG", "Who gives (default: the own organisation)"},
    {"--contract", "CT", "The contract that it fulfils"},
    {"--price-minor", "N", "Price in minor units"},
    {"--currency", "CCY", "Of the price (CNY)"},
};

constexpr RecordKind kKinds[] = {
    {"asset", "Register an asset (6 ASSET_REGISTER)", kAssetOptions, &asset,
     "--title \"Bus GPS\" --content gps.csv --rights H,U,O"},
    {"certify notice", "Publish an application (8 CERTIFY)", kNoticeOptions, &certify_notice,
     "as-7k2m4q --home D/homes/registrar"},
    {"certify issue", "Certify: open the tables of all three rights", kIssueOptions, &certify_issue,
     "as-7k2m4q --valid-to 2030-01-01 --holders @provider=1000000"},
    {"certify refuse", "Refuse an application", kRefuseOptions, &certify_refuse,
     "as-7k2m4q --reason source --note \"no proof of collection\""},
    {"certify revoke", "Revoke a certificate", kRevokeOptions, &certify_revoke,
     "as-7k2m4q --reason ruling --document ruling.pdf"},
    {"transfer", "Move shares of a right (11 RIGHTS)", kMoveOptions, &transfer,
     "as-7k2m4q --to @vendor-b --right O --ppm 250000"},
    {"surrender", "Give shares of a right up to other holders", kMoveOptions, &surrender,
     "as-7k2m4q --to @vendor-b --right U --ppm 1000"},
};

}  // namespace

std::span<const RecordKind> asset_kinds() { return kKinds; }

}  // namespace circula::cli
