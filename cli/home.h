// Where a member's things are, and in which context a command acts.
//
// A home is one directory of one member; nothing is written outside it:
//   settings.json    {"name", "oid", "kinds", "url", "operator_url", "chain_id", "origin", "clock",
//   "profile", "policy", "genesis"} keys/NAME.pem    record keys and node keys; the name says what for
//   (key_store.h) aliases.json
//   {"vendor-b": "9199…"}: what @vendor-b means outbox/          signed envelopes that are not known to be
//   final (outbox.h) receipts/        X.receipt.json
//
// A directory may also hold contexts.json, {"current": N, "contexts": [{"cluster", "name", "home"}]}: names
// for the homes of others, such as `circula up` makes them. The home of a command is, in this order: the one
// that --ctx or CIRCULA_CTX names in contexts.json; without a name the current context; without contexts the
// directory itself. The directory is --home, CIRCULA_HOME or ./.circula.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.h"

namespace circula::cli {

struct Settings {
  std::string name;  // of the organisation, for people
  std::string oid;
  std::vector<std::string> kinds;
  std::string url;           // of the node to ask; several with commas
  std::string operator_url;  // of its operator's listener, for who runs it
  std::string chain_id;      // hex
  std::string origin;
  std::string clock;    // "wall", "scripted"
  std::string profile;  // "production", "rehearsal"
  std::string policy;   // path, from the home's directory
  std::string genesis;  // path
};

struct Home {
  std::string directory;
  std::string context;  // "cluster/name" or empty
  Settings settings;
  bool has_settings = false;

  [[nodiscard]] std::string path(std::string_view name) const { return directory + "/" + std::string(name); }
  // A path out of the settings: as it is, or below the home when it is relative.
  [[nodiscard]] std::string resolve(const std::string& path_in_settings) const;
};

struct ContextEntry {
  std::string cluster;  // the directory that `up` made, absolute; empty for others
  std::string name;
  std::string home;  // absolute

  [[nodiscard]] std::string display() const;
};
struct Contexts {
  std::vector<ContextEntry> entries;
  std::optional<std::size_t> current;

  // By "name", in the current context's cluster first, or by "cluster/name" with the last part of the
  // cluster's path. E_NOT_FOUND with the nearest name.
  [[nodiscard]] ledger::Result<std::size_t> find(std::string_view wanted) const;
};

[[nodiscard]] ledger::Result<Contexts> read_contexts(const std::string& directory);
[[nodiscard]] ledger::Result<void> write_contexts(const std::string& directory, const Contexts& contexts);

[[nodiscard]] ledger::Result<Home> open_home(const std::string& directory, std::string_view context);
[[nodiscard]] ledger::Result<void> write_settings(const std::string& home, const Settings& settings);

}  // namespace circula::cli
