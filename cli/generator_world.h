// The organisations of a generated data set and their record keys.
//
// 1. Those of genesis come first: either with keys out of the seed, for a genesis that says so
//    (`generated_keys`), or with the keys of homes that members made themselves.
// 2. Traders are admitted later by records; their keys always come out of the seed, so such a data set is
//    for rehearsal and scripted chains.
// 3. Names are made up; codes have good check characters in a region that no organisation has.
//
// Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"
#include "ledger/proto/genesis.pb.h"

namespace circula::cli {

inline constexpr ledger::proto::KeyUsage kGeneratedUsages[] = {
    ledger::proto::KEY_USAGE_OFFICER, ledger::proto::KEY_USAGE_CDO, ledger::proto::KEY_USAGE_FINANCE,
    ledger::proto::KEY_USAGE_FINANCE};
// Of the same keys, as the files of a home are called.
inline constexpr std::string_view kGeneratedKeyNames[] = {"officer", "cdo", "finance", "finance-2"};

struct GeneratedOrganisation {
  std::string name;
  std::string oid;
  std::vector<ledger::proto::OrgKind> kinds;  // ascending
  std::string region;
  std::string registrar_code;
  std::string admitted_by;               // oid of the exchange; empty: of genesis
  std::vector<crypto::SigningKey> keys;  // as kGeneratedUsages

  [[nodiscard]] bool is(ledger::proto::OrgKind kind) const;
  [[nodiscard]] const crypto::SigningKey& officer() const { return keys[0]; }
  [[nodiscard]] const crypto::SigningKey& cdo() const { return keys[1]; }
  [[nodiscard]] const crypto::SigningKey& finance() const { return keys[2]; }
  // Large holds, payouts and what banks sign take two finance keys.
  [[nodiscard]] const crypto::SigningKey& finance_2() const { return keys[3]; }
};

// In a deque, so that pointers to them stay good while traders are added.
using GeneratedWorld = std::deque<GeneratedOrganisation>;

// The institutions of a national market (cli/institutions.h), among them "vendor-b".
[[nodiscard]] GeneratedWorld seeded_world(std::uint64_t seed);
// A provider, merchant or buyer that asks to be admitted; `number` counts from 1.
[[nodiscard]] GeneratedOrganisation seeded_trader(std::uint64_t seed, std::size_t number,
                                                  ledger::proto::OrgKind kind);
[[nodiscard]] ledger::proto::GenesisOrganisation genesis_entry(const GeneratedOrganisation& organisation);
// Who keeps the yuan of the exchange's customers. REQUIRES: there is a bank.
[[nodiscard]] const GeneratedOrganisation& settlement_bank(const GeneratedWorld& world,
                                                           const GeneratedOrganisation& exchange);
// Of all exchanges; ascending, as genesis wants them.
[[nodiscard]] std::vector<ledger::proto::SettlementBank> settlement_banks(const GeneratedWorld& world);

[[nodiscard]] const GeneratedOrganisation* find_named(const GeneratedWorld& world, std::string_view name);
[[nodiscard]] const GeneratedOrganisation* find_oid(const GeneratedWorld& world, std::string_view oid);
[[nodiscard]] std::vector<const GeneratedOrganisation*> all_of_kind(const GeneratedWorld& world,
                                                                    ledger::proto::OrgKind kind);

}  // namespace circula::cli
