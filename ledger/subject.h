// Subjects: every object of the ledger's state, each with a history of its own (design.md 3, formats.md 4).
//
//   state value  version u8 || kind u8 || count u64be || history_root[32] || fields
//   effect       version u8 || type u16be || seq u64be || fields;  seq is the leaf's number in the history
//   history leaf u64be(log index) || effect
//
// Invariants: 1. count is the number of effects so far, and the version that `expects` names; 2. the history
// root is the RFC 9162 head over the leaves; 3. fields are a canonical message of the kind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/merkle.h"
#include "ledger/outcome.h"
#include "ledger/signing.h"

namespace circula::ledger {

inline constexpr std::uint8_t kStateVersion = 1;
inline constexpr std::uint8_t kEffectVersion = 1;
inline constexpr std::size_t kSubjectValueBytesMax = 16 * 1024;
inline constexpr std::size_t kSubjectKeyBytesMax = 255;
inline constexpr std::size_t kOidCharactersMax = 24;  // "lei:" and 20

// Subtrees of histories and of the main log have their heads stored from this level on: 256 leaves, a tile of
// the C2SP format (formats.md 1.4).
inline constexpr unsigned kStoredLevel = 8;

// The frozen kind bytes; the prefix before the first '/' of a key names the same kind.
enum class SubjectKind : std::uint8_t {
  kOrg = 1,
  kKey = 2,
  kAsset = 3,
  kRight = 4,
  kCertificate = 5,
  kAgreement = 6,
  kContract = 7,
  kEvent = 8,
  kCounter = 9,
  kIncome = 10,
  kPeriod = 11,
  kReplay = 12,
  kUnique = 13,
  kSerial = 14,
  kConfig = 15,
  kProduct = 16,
  kListing = 17,
  kOrder = 18,
  kHold = 19,
  kAccount = 20,
  kBank = 21,
  kPayout = 22,
  kLicence = 23,
  kTradeCertificate = 24,
  kOpenItems = 25,
};

using SubjectKey = std::string;  // ASCII: kind, '/', id parts

struct SubjectKindName {
  SubjectKind kind;
  std::string_view prefix;
};
[[nodiscard]] std::span<const SubjectKindName> subject_kinds();
[[nodiscard]] std::optional<SubjectKind> find_kind(std::string_view key);
// REQUIRES: the key begins with a kind's prefix.
[[nodiscard]] SubjectKind kind_of(std::string_view key);

// Keys out of parts that a body gives may be longer than kSubjectKeyBytesMax: no subject has such a key.
// A code longer than kOidCharactersMax, which a body may hold, gives the key of no organisation.
[[nodiscard]] SubjectKey org_key(std::string_view oid);
[[nodiscard]] SubjectKey open_items_key(std::string_view oid);
[[nodiscard]] SubjectKey key_key(const PublicKey& key);
[[nodiscard]] SubjectKey asset_key(const ShortId& asset);
[[nodiscard]] SubjectKey product_key(const ShortId& product);
// What one version says: product/<id>/<version>.
[[nodiscard]] SubjectKey product_version_key(const ShortId& product, std::uint32_t version);
// Of an asset or a product; 'H', 'U' or 'O'.
[[nodiscard]] SubjectKey right_key(const ShortId& registered, char right);
[[nodiscard]] SubjectKey certificate_key(std::string_view number);
[[nodiscard]] SubjectKey agreement_key(const ShortId& agreement);
// What one version says: agreement/<id>/<version>.
[[nodiscard]] SubjectKey agreement_version_key(const ShortId& agreement, std::uint32_t version);
[[nodiscard]] SubjectKey listing_key(const ShortId& listing);
[[nodiscard]] SubjectKey order_key(const ShortId& order);
[[nodiscard]] SubjectKey contract_key(const ShortId& contract);
[[nodiscard]] SubjectKey event_key(const ShortId& event);
// A node of the event's cascade: event/<id>/<path>, such as "0.1".
[[nodiscard]] SubjectKey event_node_key(const ShortId& event, std::string_view path);
// What is counted of income is counted apart by where it comes from: money that an exchange posted, or a
// report of a deal off the exchange, which its two sides sign and no money stands behind.
enum class IncomeOrigin : std::uint8_t { kPosted, kReported };
// counter/<agreement>/<id>, with /<period> unless that is empty; of reports counter/<agreement>/@reported/...
[[nodiscard]] SubjectKey counter_key(const ShortId& agreement, std::string_view id, std::string_view period,
                                     IncomeOrigin origin);
[[nodiscard]] SubjectKey income_key(std::string_view oid, std::string_view currency);
// Earned in a calendar day or month at UTC+8, which a guarantee's close adds up:
// period/<agreement>/<oid>/<day>, of reports period/<agreement>/<oid>/@reported/<day>.
[[nodiscard]] SubjectKey period_key(const ShortId& agreement, std::string_view oid, std::string_view period,
                                    IncomeOrigin origin);
[[nodiscard]] SubjectKey replay_key(std::uint64_t expiry_hour);
[[nodiscard]] SubjectKey unique_key(std::string_view name, const Digest& digest);
[[nodiscard]] SubjectKey serial_key(std::string_view registrar_code, std::string_view year);
[[nodiscard]] SubjectKey config_key(std::string_view name);
// Money for milestone n of a contract: hold/<contract>/<n>.
[[nodiscard]] SubjectKey hold_key(const ShortId& contract, std::uint32_t milestone);
// account/<kind>/<oid>@<exchange>/<currency>
[[nodiscard]] SubjectKey account_key(std::string_view kind, std::string_view oid, std::string_view exchange,
                                     std::string_view currency);
[[nodiscard]] SubjectKey bank_key(std::string_view exchange, std::string_view currency);
[[nodiscard]] SubjectKey payout_key(const ShortId& payout);
[[nodiscard]] SubjectKey licence_key(const ShortId& licence);
[[nodiscard]] SubjectKey trade_certificate_key(std::string_view number);

struct Subject {
  SubjectKind kind{};
  crypto::CompactRange history;    // its size is the count
  std::string fields;              // canonical message
  std::uint64_t newest_entry = 0;  // log index of the newest effect; kept beside the value, not committed

  [[nodiscard]] std::uint64_t count() const { return history.size(); }
  [[nodiscard]] Bytes value() const;  // the state value
};

// A state value on its own, as proofs carry it.
struct StateValue {
  SubjectKind kind{};
  std::uint64_t count = 0;
  Digest history_root{};
  std::string fields;
};
[[nodiscard]] Result<StateValue> decode_state_value(ByteView bytes);  // E_FORMAT

struct Effect {
  std::uint16_t type = 0;  // 100 x record type + n; 1 to 99 for the ledger's own
  std::uint64_t seq = 0;
  std::string fields;
};
[[nodiscard]] Bytes encode(const Effect& effect);
[[nodiscard]] Result<Effect> decode_effect(ByteView bytes);  // E_FORMAT

[[nodiscard]] Digest history_leaf(std::uint64_t log_index, ByteView effect);

// A leaf of an entry's effects tree: salt[16] || u16be(key length) || subject key || effect. The salt, the
// first 16 bytes of SHA-256("circula/v1/effect" || seed || u16be number), keeps a public entry from
// confirming a guess of what it changed. The seed is the record's bytes, genesis' bytes, or the subject's
// history root before a due entry.
[[nodiscard]] Digest effect_leaf(ByteView seed, std::uint16_t number, std::string_view subject_key,
                                 ByteView effect);

}  // namespace circula::ledger
