#include "ledger/subject.h"

#include <cassert>

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::ledger {
namespace {

constexpr std::string_view kEffectSalt = "circula/v1/effect";
constexpr std::size_t kSaltBytes = 16;

constexpr SubjectKindName kKinds[] = {
    {SubjectKind::kOrg, "org"},
    {SubjectKind::kKey, "key"},
    {SubjectKind::kAsset, "asset"},
    {SubjectKind::kRight, "right"},
    {SubjectKind::kCertificate, "certificate"},
    {SubjectKind::kAgreement, "agreement"},
    {SubjectKind::kContract, "contract"},
    {SubjectKind::kEvent, "event"},
    {SubjectKind::kCounter, "counter"},
    {SubjectKind::kIncome, "income"},
    {SubjectKind::kPeriod, "period"},
    {SubjectKind::kReplay, "replay"},
    {SubjectKind::kUnique, "unique"},
    {SubjectKind::kSerial, "serial"},
    {SubjectKind::kConfig, "config"},
    {SubjectKind::kHold, "hold"},
    {SubjectKind::kAccount, "account"},
    {SubjectKind::kBank, "bank"},
    {SubjectKind::kPayout, "payout"},
    {SubjectKind::kLicence, "licence"},
    {SubjectKind::kTradeCertificate, "trade_certificate"},
    {SubjectKind::kProduct, "product"},
    {SubjectKind::kListing, "listing"},
    {SubjectKind::kOrder, "order"},
    {SubjectKind::kOpenItems, "open_items"},
};

template <class... Parts>
SubjectKey join(std::string_view kind, const Parts&... parts) {
  SubjectKey key(kind);
  ((key += '/', key += parts), ...);
  return key;
}

std::string hex(const ShortId& id) { return crypto::to_hex(id.view()); }

// Ids that people choose have no '@'.
std::string_view reported_part(IncomeOrigin origin) {
  return origin == IncomeOrigin::kReported ? "@reported" : "";
}

}  // namespace

std::span<const SubjectKindName> subject_kinds() { return kKinds; }

std::optional<SubjectKind> find_kind(std::string_view key) {
  const std::string_view prefix = key.substr(0, key.find('/'));
  for (const SubjectKindName& row : kKinds) {
    if (row.prefix == prefix) return row.kind;
  }
  return std::nullopt;
}

SubjectKind kind_of(std::string_view key) {
  const std::optional<SubjectKind> kind = find_kind(key);
  assert(kind.has_value());
  return *kind;
}

SubjectKey org_key(std::string_view oid) {
  return join("org", oid.size() <= kOidCharactersMax ? oid : std::string_view());
}
SubjectKey open_items_key(std::string_view oid) { return join("open_items", oid); }
SubjectKey key_key(const PublicKey& key) { return join("key", crypto::to_hex(key.view())); }
SubjectKey asset_key(const ShortId& asset) { return join("asset", hex(asset)); }
SubjectKey product_key(const ShortId& product) { return join("product", hex(product)); }
SubjectKey product_version_key(const ShortId& product, std::uint32_t version) {
  return join("product", hex(product), std::to_string(version));
}
SubjectKey right_key(const ShortId& registered, char right) {
  return join("right", hex(registered), std::string(1, right));
}
SubjectKey certificate_key(std::string_view number) { return join("certificate", number); }
SubjectKey agreement_key(const ShortId& agreement) { return join("agreement", hex(agreement)); }
SubjectKey agreement_version_key(const ShortId& agreement, std::uint32_t version) {
  return join("agreement", hex(agreement), std::to_string(version));
}
SubjectKey listing_key(const ShortId& listing) { return join("listing", hex(listing)); }
SubjectKey order_key(const ShortId& order) { return join("order", hex(order)); }
SubjectKey contract_key(const ShortId& contract) { return join("contract", hex(contract)); }
SubjectKey event_key(const ShortId& event) { return join("event", hex(event)); }
SubjectKey event_node_key(const ShortId& event, std::string_view path) {
  return join("event", hex(event), path);
}
SubjectKey counter_key(const ShortId& agreement, std::string_view id, std::string_view period,
                       IncomeOrigin origin) {
  SubjectKey key = join("counter", hex(agreement));
  for (const std::string_view part : {reported_part(origin), id, period}) {
    if (!part.empty()) (key += '/') += part;
  }
  return key;
}
SubjectKey income_key(std::string_view oid, std::string_view currency) {
  return join("income", oid, currency);
}
SubjectKey period_key(const ShortId& agreement, std::string_view oid, std::string_view period,
                      IncomeOrigin origin) {
  const std::string_view reported = reported_part(origin);
  return reported.empty() ? join("period", hex(agreement), oid, period)
                          : join("period", hex(agreement), oid, reported, period);
}
SubjectKey replay_key(std::uint64_t expiry_hour) { return join("replay", std::to_string(expiry_hour)); }
SubjectKey unique_key(std::string_view name, const Digest& digest) {
  return join("unique", name, crypto::to_hex(digest.view()));
}
SubjectKey serial_key(std::string_view registrar_code, std::string_view year) {
  return join("serial", registrar_code, year);
}
SubjectKey config_key(std::string_view name) { return join("config", name); }
SubjectKey hold_key(const ShortId& contract, std::uint32_t milestone) {
  return join("hold", hex(contract), std::to_string(milestone));
}
SubjectKey account_key(std::string_view kind, std::string_view oid, std::string_view exchange,
                       std::string_view currency) {
  return join("account", kind, std::string(oid) + "@" + std::string(exchange), currency);
}
SubjectKey bank_key(std::string_view exchange, std::string_view currency) {
  return join("bank", exchange, currency);
}
SubjectKey payout_key(const ShortId& payout) { return join("payout", hex(payout)); }
SubjectKey licence_key(const ShortId& licence) { return join("licence", hex(licence)); }
SubjectKey trade_certificate_key(std::string_view number) { return join("trade_certificate", number); }

Bytes Subject::value() const {
  Bytes out;
  out.reserve(42 + fields.size());
  crypto::put_u8(out, kStateVersion);
  crypto::put_u8(out, static_cast<std::uint8_t>(kind));
  crypto::put_u64be(out, count());
  crypto::put_bytes(out, history.root().view());
  crypto::put_bytes(out, fields);
  return out;
}

Result<StateValue> decode_state_value(ByteView bytes) {
  crypto::Reader in(bytes);
  StateValue value;
  const std::uint8_t version = in.u8();
  value.kind = static_cast<SubjectKind>(in.u8());
  value.count = in.u64be();
  value.history_root = in.fixed<Digest>();
  if (!in.ok() || version != kStateVersion) return error(Code::E_FORMAT, "not a state value of version 1");
  value.fields = crypto::as_text(in.bytes(in.remaining()));
  return value;
}

Bytes encode(const Effect& effect) {
  Bytes out;
  out.reserve(11 + effect.fields.size());
  crypto::put_u8(out, kEffectVersion);
  crypto::put_u16be(out, effect.type);
  crypto::put_u64be(out, effect.seq);
  crypto::put_bytes(out, effect.fields);
  return out;
}

Result<Effect> decode_effect(ByteView bytes) {
  crypto::Reader in(bytes);
  Effect effect;
  const std::uint8_t version = in.u8();
  effect.type = in.u16be();
  effect.seq = in.u64be();
  if (!in.ok() || version != kEffectVersion) return error(Code::E_FORMAT, "not an effect of version 1");
  effect.fields = crypto::as_text(in.bytes(in.remaining()));
  return effect;
}

Digest history_leaf(std::uint64_t log_index, ByteView effect) {
  Bytes leaf;
  leaf.reserve(8 + effect.size());
  crypto::put_u64be(leaf, log_index);
  crypto::put_bytes(leaf, effect);
  return crypto::leaf_hash(leaf);
}

Digest effect_leaf(ByteView seed, std::uint16_t number, std::string_view subject_key, ByteView effect) {
  Bytes number_bytes;
  crypto::put_u16be(number_bytes, number);
  const Digest salt = crypto::Sha256().update(kEffectSalt).update(seed).update(number_bytes).finish();
  Bytes leaf;
  leaf.reserve(kSaltBytes + 2 + subject_key.size() + effect.size());
  crypto::put_bytes(leaf, salt.view().first(kSaltBytes));
  crypto::put_u16be(leaf, static_cast<std::uint16_t>(subject_key.size()));
  crypto::put_bytes(leaf, subject_key);
  crypto::put_bytes(leaf, effect);
  return crypto::leaf_hash(leaf);
}

}  // namespace circula::ledger
