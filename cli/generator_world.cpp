#include "cli/generator_world.h"

#include <algorithm>
#include <map>

#include "cli/generator_draw.h"
#include "cli/institutions.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/signing.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

constexpr std::string_view kPlaces[] = {"Linhe",  "Anyuan",  "Qingpu", "Donghai",  "Xishan", "Nanping",
                                        "Beiwan", "Yunfeng", "Haitan", "Minjiang", "Luxi",   "Taihe"};
constexpr std::string_view kIndustries[] = {"Finance", "Transport",   "Health",      "Energy",
                                            "Telecom", "Meteorology", "Agriculture", "Industry"};
constexpr std::size_t kVoters = 4;
constexpr std::size_t kFirstTraderNumber = 1000;  // after the organisations of genesis

std::vector<crypto::SigningKey> seeded_keys(std::uint64_t seed, std::string_view oid) {
  std::vector<crypto::SigningKey> keys;
  for (const std::string_view name : kGeneratedKeyNames) {
    crypto::Bytes seed_bytes;
    crypto::put_u64be(seed_bytes, seed);
    const crypto::Digest secret = crypto::Sha256()
                                      .update("circula generated key\n")
                                      .update(seed_bytes)
                                      .update(oid)
                                      .update("\n")
                                      .update(name)
                                      .finish();
    keys.push_back(crypto::SigningKey::from_seed(
        std::span<const std::uint8_t, crypto::SigningKey::kSeedBytes>(secret.data(), crypto::Digest::kSize)));
  }
  return keys;
}

std::string_view kind_word(proto::OrgKind kind) {
  if (kind == proto::ORG_KIND_BUYER) return "Analytics";
  return kind == proto::ORG_KIND_MERCHANT ? "Data Merchants" : "Data Services";
}

}  // namespace

bool GeneratedOrganisation::is(proto::OrgKind kind) const {
  return std::ranges::find(kinds, kind) != kinds.end();
}

GeneratedWorld seeded_world(std::uint64_t seed) {
  GeneratedWorld world;
  std::vector<Institution> institutions = founding_institutions(kVoters);
  for (Institution& more : market_institutions()) institutions.push_back(std::move(more));
  for (const Institution& institution : institutions) {
    GeneratedOrganisation organisation;
    organisation.name = institution.name;
    organisation.oid = made_up_oid(world.size() + 1);
    organisation.kinds = {institution.kind};
    organisation.region = institution.region;
    if (organisation.is(proto::ORG_KIND_REGISTRAR)) organisation.registrar_code = "R1";
    organisation.keys = seeded_keys(seed, organisation.oid);
    world.push_back(std::move(organisation));
  }
  return world;
}

GeneratedOrganisation seeded_trader(std::uint64_t seed, std::size_t number, proto::OrgKind kind) {
  Draw draw(seed ^ (0x7261646572ULL + number));
  GeneratedOrganisation trader;
  trader.name = std::string(draw.pick(kPlaces)) + " " + std::string(draw.pick(kIndustries)) + " " +
                std::string(kind_word(kind));
  trader.oid = made_up_oid(kFirstTraderNumber + number);
  trader.kinds = {kind};
  trader.keys = seeded_keys(seed, trader.oid);
  return trader;
}

proto::GenesisOrganisation genesis_entry(const GeneratedOrganisation& organisation) {
  proto::GenesisOrganisation entry;
  entry.set_oid(organisation.oid);
  for (const proto::OrgKind kind : organisation.kinds) entry.add_kinds(kind);
  entry.mutable_profile()->set_name(organisation.name);
  entry.mutable_profile()->set_region(organisation.region);
  entry.set_registrar_code(organisation.registrar_code);
  std::map<std::string, proto::GenesisKey> ordered;
  for (std::size_t at = 0; at < organisation.keys.size(); ++at) {
    const crypto::SigningKey& key = organisation.keys[at];
    proto::GenesisKey item;
    item.set_public_key(std::string(key.public_key().text()));
    item.set_usage(kGeneratedUsages[at]);
    item.set_possession(std::string(key.sign(ledger::possession_statement({}, organisation.oid)).text()));
    ordered[item.public_key()] = item;
  }
  for (const auto& [bytes, item] : ordered) *entry.add_keys() = item;
  return entry;
}

const GeneratedOrganisation& settlement_bank(const GeneratedWorld& world,
                                             const GeneratedOrganisation& exchange) {
  const auto exchanges = all_of_kind(world, proto::ORG_KIND_EXCHANGE);
  const auto banks = all_of_kind(world, proto::ORG_KIND_BANK);
  const auto at = std::ranges::find(exchanges, &exchange) - exchanges.begin();
  return *banks[settlement_bank_at(static_cast<std::size_t>(at), banks.size())];
}

std::vector<proto::SettlementBank> settlement_banks(const GeneratedWorld& world) {
  std::map<std::string, proto::SettlementBank> ordered;
  for (const GeneratedOrganisation* exchange : all_of_kind(world, proto::ORG_KIND_EXCHANGE)) {
    proto::SettlementBank& appointed = ordered[exchange->oid];
    appointed.set_exchange(exchange->oid);
    appointed.set_currency("CNY");
    appointed.set_bank(settlement_bank(world, *exchange).oid);
  }
  std::vector<proto::SettlementBank> list;
  for (const auto& [exchange, appointed] : ordered) list.push_back(appointed);
  return list;
}

const GeneratedOrganisation* find_named(const GeneratedWorld& world, std::string_view name) {
  const auto found = std::ranges::find(world, name, &GeneratedOrganisation::name);
  return found == world.end() ? nullptr : &*found;
}

const GeneratedOrganisation* find_oid(const GeneratedWorld& world, std::string_view oid) {
  const auto found = std::ranges::find(world, oid, &GeneratedOrganisation::oid);
  return found == world.end() ? nullptr : &*found;
}

std::vector<const GeneratedOrganisation*> all_of_kind(const GeneratedWorld& world, proto::OrgKind kind) {
  std::vector<const GeneratedOrganisation*> found;
  for (const GeneratedOrganisation& organisation : world) {
    if (organisation.is(kind)) found.push_back(&organisation);
  }
  return found;
}

}  // namespace circula::cli
