#include "cli/drafting.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <set>

#include "cli/key_store.h"
#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/json_view.h"
#include "ledger/proto/clock.pb.h"
#include "ledger/registry.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

constexpr std::uint64_t kHourMs = 3'600'000;
// On a wall clock: long enough for a draft that travels by mail. On a scripted one ledger time jumps by days.
constexpr std::uint64_t kLifetimeWallMs = 7 * 24 * kHourMs;
constexpr std::uint64_t kLifetimeScriptedMs = 30 * 24 * kHourMs;
constexpr int kRoundsMax = 4;  // each adds the signers that the last dry run missed

std::string bytes_text(const PublicKey& key) { return std::string(key.text()); }

Result<Bytes> encode_body(const RecordInput& input) {
  const ledger::RecordType* type = ledger::find_record_type(input.type, input.version);
  if (type == nullptr) {
    return error(Code::E_TYPE, "this program knows no record type " + std::to_string(input.type) +
                                   " version " + std::to_string(input.version));
  }
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(type->body());
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  if (auto read = ledger::message_from_json(input.body, *message); !read) return read.error();
  return ledger::serialise_canonical(*message);
}

struct ChainTime {
  Digest chain_id{};
  std::uint64_t now_ms = 0;
  bool scripted = false;
};

Result<ChainTime> chain_time(NodeClient& client, const Home& home) {
  auto clock = client.get("/v1/clock");
  if (!clock) return clock.error();
  ChainTime time;
  time.scripted = text_at(*clock, "clock") == "scripted";
  if (time.scripted) {
    time.now_ms = number_at(*clock, "ledger_time_ms");
  } else {
    time.now_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::system_clock::now().time_since_epoch())
                                                 .count());
  }
  std::string id = home.settings.chain_id;
  if (id.empty()) {
    auto status = client.get("/v1/status");
    if (!status) return status.error();
    id = text_at(*status, "chain_id");
  }
  auto chain = crypto::fixed_from_hex<Digest>(id, "chain id");
  if (!chain) return error(Code::E_CHAIN, "no chain id known: `circula context set --chain HEX`");
  time.chain_id = *chain;
  return time;
}

// Keys of organisations on the ledger.
class KeyDirectory {
 public:
  explicit KeyDirectory(NodeClient& client) : client_(client) {}

  // Keys of the organisation with one of the usages, in their order, that are not revoked.
  [[nodiscard]] Result<std::vector<PublicKey>> find_all(const std::string& oid,
                                                        const std::vector<std::string>& usages) {
    if (auto loaded = load(); !loaded) return loaded.error();
    std::vector<PublicKey> keys;
    for (const std::string& usage : usages) {
      for (const Row& row : rows_) {
        if (row.oid == oid && row.usage == usage) keys.push_back(row.key);
      }
    }
    if (!keys.empty()) return keys;
    std::string wanted;
    for (const std::string& usage : usages) wanted += (wanted.empty() ? "" : " or ") + usage;
    return error(Code::E_NOT_FOUND, oid + " has no " + wanted + " key on the ledger");
  }
  [[nodiscard]] Result<PublicKey> find(const std::string& oid, const std::vector<std::string>& usages) {
    auto keys = find_all(oid, usages);
    if (!keys) return keys.error();
    return keys->front();
  }
  [[nodiscard]] std::string owner(const PublicKey& key) {
    if (!load()) return {};
    for (const Row& row : rows_) {
      if (row.key == key) return row.oid;
    }
    return {};
  }

 private:
  struct Row {
    PublicKey key{};
    std::string oid;
    std::string usage;
  };

  Result<void> load() {
    if (loaded_) return {};
    auto list = client_.get_all("/v1/subjects?prefix=key/&view=1&limit=1000", "subjects");
    if (!list) return list.error();
    for (const boost::json::value& item : *list) {
      const boost::json::object& row = item.get_object();
      const boost::json::object& fields = object_at(row, "fields");
      const std::string subject = text_at(row, "subject");
      auto key = crypto::fixed_from_hex<PublicKey>(subject.substr(subject.find('/') + 1), "key");
      if (!key || number_at(fields, "revoked_at_s") != 0) continue;
      rows_.push_back({*key, text_at(fields, "oid"), text_at(fields, "usage")});
    }
    loaded_ = true;
    return {};
  }

  NodeClient& client_;
  std::vector<Row> rows_;
  bool loaded_ = false;
};

Result<PublicKey> author_key(const Home& home, const RecordInput& input, const DraftingOptions& options) {
  auto keys = list_keys(home);
  if (!keys) return keys.error();
  if (!options.author_key.empty()) {
    for (const StoredKey& key : *keys) {
      if (key.name == options.author_key || crypto::to_hex(key.key.view()) == options.author_key) {
        return key.key;
      }
    }
    return error(Code::E_KEY_FILE, "no key \"" + options.author_key + "\" in " + home.path("keys"));
  }
  auto found = key_for(home, input.author_usages);
  if (!found) return found.error();
  return found->key;
}

Result<PublicKey> signer_key(Names& names, KeyDirectory& directory, const std::string& text) {
  if (auto key = crypto::fixed_from_hex<PublicKey>(text, "key"); key) return *key;
  const auto colon = text.starts_with("lei:") ? text.find(':', 4) : text.find(':');
  auto oid = names.oid(text.substr(0, colon));
  if (!oid) return oid.error();
  std::vector<std::string> usages{"cdo", "officer"};
  if (colon != std::string::npos) usages = {text.substr(colon + 1)};
  return directory.find(*oid, usages);
}

Result<void> set_expectations(const std::vector<std::string>& texts, proto::Record& record) {
  std::map<std::string, std::uint64_t> ordered;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    auto version = crypto::u64_from_decimal(
        equals == std::string::npos ? std::string_view{} : std::string_view(text).substr(equals + 1));
    if (!version) return error(Code::E_USAGE, "--expect SUBJECT=VERSION, not \"" + text + "\"");
    ordered[text.substr(0, equals)] = *version;
  }
  for (const auto& [subject, version] : ordered) {
    proto::Expectation& expected = *record.add_expects();
    expected.set_subject(subject);
    expected.set_version(version);
  }
  return {};
}

// An envelope with zeros for signatures, for a dry run.
Bytes unsigned_envelope(const DraftFile& draft, const std::vector<PublicKey>& keys) {
  DraftFile stand_in = draft;
  for (const PublicKey& key : keys) stand_in.signatures[key] = Signature{};
  auto sealed = stand_in.seal();
  return sealed ? *sealed : Bytes{};
}

std::vector<std::string> texts(const boost::json::array& list) {
  std::vector<std::string> out;
  for (const boost::json::value& item : list) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

// Who may sign for a requirement: one's own keys first, since they are at hand, then those of the ledger.
Result<std::vector<PublicKey>> candidates(const Home& home, KeyDirectory& directory, const std::string& oid,
                                          const std::vector<std::string>& usages) {
  std::vector<PublicKey> keys;
  if (oid == home.settings.oid) {
    auto own = list_keys(home);
    if (!own) return own.error();
    for (const std::string& usage : usages) {
      for (const StoredKey& key : *own) {
        if (key.usage == usage && directory.owner(key.key) == oid) keys.push_back(key.key);
      }
    }
  }
  auto known = directory.find_all(oid, usages);
  if (!known) return known.error();
  for (const PublicKey& key : *known) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

// Adds as many different keys as each requirement that is not met still needs; says whether there were any.
Result<bool> add_missing_signers(const boost::json::object& dry, const Home& home, KeyDirectory& directory,
                                 const PublicKey& author, std::set<PublicKey>& signers, Shell& shell) {
  bool added = false;
  for (const boost::json::value& item : array_at(dry, "requirements")) {
    const boost::json::object& requirement = item.get_object();
    if (flag_at(requirement, "met")) continue;
    const std::string oid = text_at(requirement, "oid");
    const auto usages = texts(array_at(requirement, "usages"));
    const auto keys = candidates(home, directory, oid, usages);
    if (!keys) {
      // "a regulator of region 31" names nobody: the author chooses with --signer.
      shell.terminal().note("signature needed: " + oid + " (" + keys.error().detail +
                            "); name one with --signer");
      continue;
    }
    const auto signs = [&](const PublicKey& key) { return key == author || signers.contains(key); };
    auto left = static_cast<std::int64_t>(std::max<std::uint64_t>(number_at(requirement, "count"), 1)) -
                std::ranges::count_if(*keys, signs);
    for (const PublicKey& key : *keys) {
      if (left <= 0) break;
      if (signs(key)) continue;
      signers.insert(key);
      added = true;
      --left;
    }
    if (left > 0) {
      shell.terminal().note("signature needed: " + oid + " has too few keys on the ledger, " +
                            std::to_string(left) + " more must sign");
    }
  }
  return added;
}

}  // namespace

Result<std::uint64_t> parse_duration_ms(std::string_view text) {
  if (text.empty()) return std::uint64_t{0};
  const char unit = text.back();
  const std::uint64_t unit_ms = unit == 's'   ? 1000
                                : unit == 'm' ? 60'000
                                : unit == 'h' ? kHourMs
                                : unit == 'd' ? 24 * kHourMs
                                              : 0;
  auto number = crypto::u64_from_decimal(text.substr(0, text.size() - 1));
  constexpr std::uint64_t kNumberMax = 1'000'000;
  if (unit_ms == 0 || !number || *number > kNumberMax) {
    return error(Code::E_USAGE, "a time such as 90m, 12h or 30d, not \"" + std::string(text) + "\"");
  }
  return *number * unit_ms;
}

Result<boost::json::object> dry_run(NodeClient& client, const DraftFile& draft) {
  auto keys = draft.required();
  if (!keys) return keys.error();
  const std::string chain = crypto::to_hex(draft.chain_id.view());
  auto answer = client.post_bytes("/v1/dryrun?chain=" + chain, unsigned_envelope(draft, *keys));
  if (!answer) return answer.error();
  // The first record that would fail speaks for all; when none does, the first.
  boost::json::object shown;
  for (const boost::json::value& item : array_at(*answer, "records")) {
    if (!item.is_object()) continue;
    if (shown.empty() || text_at(item.get_object(), "code") != "E_OK") shown = item.get_object();
    if (text_at(shown, "code") != "E_OK") break;
  }
  return shown;
}

std::string forecast_text(const boost::json::object& dry_run) {
  if (dry_run.empty()) return {};
  const std::string code = text_at(dry_run, "code");
  if (code == "E_OK") return "  now it would succeed\n";
  const std::string field = text_at(dry_run, "field");
  return "  now it would be refused: " + code + " " + text_at(dry_run, "detail") +
         (field.empty() ? "" : " (" + field + ")") + "\n";
}

Result<DraftFile> clock_draft(const Digest& chain_id, const PublicKey& author, std::uint64_t to_ms) {
  constexpr std::uint32_t kClock = 39;
  proto::ClockMove body;
  body.set_to_ms(to_ms);
  proto::Record record;
  record.set_author(bytes_text(author));
  record.set_created_at_ms(to_ms);
  record.set_expires_at_ms(to_ms + kHourMs);
  record.set_nonce(std::string(crypto::random_fixed<ledger::ShortId>().text()));
  record.set_type(kClock);
  record.set_version(1);
  const Bytes encoded = ledger::serialise_canonical(body);
  record.set_body(std::string(crypto::as_text(encoded)));
  DraftFile draft;
  draft.chain_id = chain_id;
  draft.records = {ledger::serialise_canonical(record)};
  return draft;
}

Result<Drafted> draft_record(Shell& shell, NodeClient& client, Names& names, const RecordInput& input,
                             const DraftingOptions& options) {
  auto home = shell.home();
  if (!home) return home.error();
  auto body = encode_body(input);
  if (!body) return body.error();
  auto time = chain_time(client, *home);
  if (!time) return time.error();
  auto author = author_key(*home, input, options);
  if (!author) return author.error();
  KeyDirectory directory(client);
  std::set<PublicKey> signers;
  for (const std::string& text : options.signers) {
    auto key = signer_key(names, directory, text);
    if (!key) return key.error();
    signers.insert(*key);
  }

  proto::Record record;
  record.set_author(bytes_text(*author));
  record.set_created_at_ms(time->now_ms);
  std::uint64_t lifetime_ms = options.lifetime_ms;
  if (lifetime_ms == 0) lifetime_ms = time->scripted ? kLifetimeScriptedMs : kLifetimeWallMs;
  record.set_expires_at_ms(time->now_ms + lifetime_ms);
  record.set_nonce(std::string(crypto::random_fixed<ledger::ShortId>().text()));
  record.set_on_behalf(options.on_behalf);
  if (auto set = set_expectations(options.expects, record); !set) return set.error();
  record.set_type(input.type);
  record.set_version(input.version);
  record.set_body(std::string(crypto::as_text(*body)));

  Drafted drafted;
  drafted.draft.chain_id = time->chain_id;
  for (int round = 0; round < kRoundsMax; ++round) {
    signers.erase(*author);
    record.clear_signers();
    for (const PublicKey& key : signers) record.add_signers(bytes_text(key));
    drafted.draft.records = {ledger::serialise_canonical(record)};
    if (!options.dry_run) break;
    auto dry = dry_run(client, drafted.draft);
    if (!dry) return dry.error();
    drafted.dry_run = std::move(*dry);
    if (drafted.dry_run.empty()) break;
    auto added = add_missing_signers(drafted.dry_run, *home, directory, *author, signers, shell);
    if (!added) return added.error();
    if (!*added) break;
  }
  for (const PublicKey& key : signers) drafted.draft.oid_hints[key] = directory.owner(key);
  drafted.draft.oid_hints[*author] = home->settings.oid;
  return drafted;
}

}  // namespace circula::cli
