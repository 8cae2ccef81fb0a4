#include "cli/names.h"

#include <boost/json.hpp>

#include "cli/local_file.h"
#include "ledger/nearest_name.h"
#include "ledger/object_id.h"
#include "ledger/organisation_code.h"

namespace circula::cli {

Result<void> Names::load_aliases() {
  if (aliases_loaded_) return {};
  aliases_loaded_ = true;
  const std::string path = home_.path("aliases.json");
  if (!exists(path)) return {};
  auto value = read_json(path);
  if (!value) return value.error();
  if (!value->is_object()) return error(Code::E_FORMAT, path + ": an object of names is expected");
  for (const auto& [name, oid] : value->get_object()) {
    if (oid.is_string()) aliases_[std::string(name)] = std::string(oid.get_string());
  }
  return {};
}

Result<void> Names::load_organisations() {
  if (organisations_loaded_) return {};
  auto list = client_.get_all("/v1/subjects?prefix=org/&view=1&limit=1000", "subjects");
  if (!list) return list.error();
  organisations_loaded_ = true;
  for (const boost::json::value& item : *list) {
    const boost::json::object& row = item.get_object();
    const std::string oid = text_at(row, "id");
    organisations_[text_at(object_at(object_at(row, "fields"), "profile"), "name")] = oid;
  }
  return {};
}

Result<std::string> Names::oid(const std::string& text) {
  if (!text.starts_with('@')) {
    if (auto good = ledger::check_oid(text); !good) return good.error();
    return text;
  }
  const std::string name = text.substr(1);
  if (auto loaded = load_aliases(); !loaded) return loaded.error();
  if (const auto found = aliases_.find(name); found != aliases_.end()) return found->second;
  if (auto loaded = load_organisations(); !loaded) return loaded.error();
  if (const auto found = organisations_.find(name); found != organisations_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [alias, unused] : aliases_) known.push_back(alias);
  for (const auto& [organisation, unused] : organisations_) known.push_back(organisation);
  return error(Code::E_NOT_FOUND,
               "nobody is called \"" + text + "\"" + ledger::nearest_name_hint(name, known));
}

std::string Names::display(const std::string& oid) {
  if (load_aliases()) {
    for (const auto& [name, known] : aliases_) {
      if (known == oid) return "@" + name;
    }
  }
  return oid;
}

Result<std::string> subject_kind(std::string_view object) {
  const auto kind = ledger::kind_of_prefix(object.substr(0, object.find('-')));
  for (const auto& [known, name] :
       {std::pair(ledger::ObjectKind::kAsset, "asset"), std::pair(ledger::ObjectKind::kProduct, "product"),
        std::pair(ledger::ObjectKind::kListing, "listing"), std::pair(ledger::ObjectKind::kOrder, "order"),
        std::pair(ledger::ObjectKind::kContract, "contract"),
        std::pair(ledger::ObjectKind::kLicence, "licence"),
        std::pair(ledger::ObjectKind::kAgreement, "agreement"),
        std::pair(ledger::ObjectKind::kEvent, "event"), std::pair(ledger::ObjectKind::kPayout, "payout")}) {
    if (kind == known) return std::string(name);
  }
  return error(Code::E_USAGE, "\"" + std::string(object) +
                                  "\" is no id of an object: as-…, pd-…, ls-…, or-…, ct-…, lc-…, ag-…, ev-…, "
                                  "po-…");
}

Result<std::string> Names::object(const std::string& text) {
  auto kind = subject_kind(text);
  if (!kind) return kind.error();
  if (ledger::parse_object_name(text)) return text;
  auto subject = client_.get("/v1/subjects/" + *kind + "/" + text);
  if (!subject) return subject.error();
  return text_at(*subject, "id");
}

Result<std::string> Names::object(const std::string& text, std::string_view kind) {
  auto found = subject_kind(text);
  if (found && *found != kind) {
    return error(Code::E_USAGE, "\"" + text + "\" is the id of another kind of object (" + *found + "); " +
                                    std::string(kind) + " is expected");
  }
  return object(text);
}

Result<std::string> Names::certificate_path(const std::string& number) {
  for (const std::string kind : {"certificate/", "trade_certificate/"}) {
    auto found = client_.get("/v1/subjects/" + kind + number);
    if (found) return kind + number;
    if (found.error().code != Code::E_NOT_FOUND) return found.error();
  }
  return "certificate/" + number;  // there is none: whoever asks for it is told so
}

Result<boost::json::object> Names::fields(const std::string& path) {
  auto subject = client_.get("/v1/subjects/" + path);
  if (!subject) return subject.error();
  return object_at(*subject, "fields");
}

Result<std::string> Names::exchange_of(const std::string& text, const std::string& oid) {
  if (!text.empty()) return this->oid(text);
  auto organisation = fields("org/" + oid);
  if (!organisation) return organisation.error();
  std::string admitted_by = text_at(*organisation, "admitted_by");
  if (!admitted_by.empty()) return admitted_by;
  return error(Code::E_USAGE, oid + " has accounts at every exchange: name one with --exchange");
}

Result<void> Names::resolve_aliases(boost::json::value& document) {
  if (auto* object = document.if_object()) {
    for (auto& [key, value] : *object) {
      if (auto done = resolve_aliases(value); !done) return done;
    }
  } else if (auto* array = document.if_array()) {
    for (boost::json::value& value : *array) {
      if (auto done = resolve_aliases(value); !done) return done;
    }
  } else if (document.is_string() && document.get_string().starts_with('@')) {
    auto found = oid(std::string(document.get_string()));
    if (!found) return found.error();
    document = *found;
  }
  return {};
}

}  // namespace circula::cli
