// What people type in place of organisations and objects: @alias, an oid, as-… or its beginning.
//
// @name is looked up in aliases.json of the home, then among the names of the organisations on the ledger.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>

#include "cli/node_client.h"

namespace circula::cli {

class Names {
 public:
  Names(NodeClient& client, Home home) : client_(client), home_(std::move(home)) {}

  [[nodiscard]] Result<std::string> oid(const std::string& text);
  // The name of an organisation for people: its alias, else its name on the ledger, else the oid.
  [[nodiscard]] std::string display(const std::string& oid);
  // The whole id of an object of which at least the first six characters after the hyphen are given.
  [[nodiscard]] Result<std::string> object(const std::string& text);
  // The same, of an object of this kind of subject: E_USAGE for an id of another.
  [[nodiscard]] Result<std::string> object(const std::string& text, std::string_view kind);
  // The path below /v1/subjects of a certificate, of registration or of a trade, by its number.
  [[nodiscard]] Result<std::string> certificate_path(const std::string& number);
  // What the ledger says of a subject, by its path below /v1/subjects.
  [[nodiscard]] Result<boost::json::object> fields(const std::string& path);
  // The exchange that a user named, or, without a name, the one that admitted the organisation: E_USAGE when
  // it came with genesis and has accounts at all of them.
  [[nodiscard]] Result<std::string> exchange_of(const std::string& text, const std::string& oid);
  // Every text of the document that begins with @ becomes an oid.
  [[nodiscard]] Result<void> resolve_aliases(boost::json::value& document);

 private:
  [[nodiscard]] Result<void> load_aliases();
  [[nodiscard]] Result<void> load_organisations();

  NodeClient& client_;
  Home home_;
  bool aliases_loaded_ = false;
  bool organisations_loaded_ = false;
  std::map<std::string, std::string, std::less<>> aliases_;        // name to oid
  std::map<std::string, std::string, std::less<>> organisations_;  // name on the ledger to oid
};

// The kind of subjects that an object's prefix names: "asset" of "as-".
[[nodiscard]] Result<std::string> subject_kind(std::string_view object);

}  // namespace circula::cli
