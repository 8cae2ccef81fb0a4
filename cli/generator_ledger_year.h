// A data set as a consortium would make it in its first ledger year (records.md 8, the parts for the record
// types that are there): traders admitted, assets registered and certified, rights transferred, income
// agreements with every kind of step and royalties through derived works, deals reported, settled and given
// back, periods closed; and attempts that must fail.
//
// 1. The same seed, organisations and chain give the same bytes; nothing else is read.
// 2. All records of a ledger day have one time, so ledger time on a scripted chain does not depend on how
//    envelopes come into blocks; days come in order, and so do the records of a day.
// 3. Envelopes are sealed as a client seals them, within the limits of ledger/envelope.h.
// 4. The settled total is 420,000,000,000 fen x scale, exactly.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/generator_truth.h"
#include "cli/generator_world.h"
#include "ledger/signing.h"

namespace circula::cli {

inline constexpr std::string_view kGeneratedYearBegins = "2022-07-22";  // at UTC+8
inline constexpr std::size_t kGeneratedEnvelopeRecords = 200;

struct GeneratorPlan {
  std::uint64_t seed = 1;
  std::uint32_t scale_ppm = 20'000;  // 0.02
  crypto::Digest chain_id{};
  std::uint32_t notice_working_days = 5;  // of the chain's parameters
};

struct GeneratedEnvelope {
  std::int64_t time_s = 0;  // of all its records
  std::vector<crypto::Digest> records;
  crypto::Bytes bytes;
};

struct GeneratedYear {
  std::vector<GeneratedEnvelope> envelopes;
  GeneratorTruth truth;
};

// Adds the traders to the world. E_NOT_FOUND when genesis lacks a kind of organisation that it needs:
// exchange, registrar, provider, vendor-b, buyer, tax authority.
[[nodiscard]] ledger::Result<GeneratedYear> generate_year(const GeneratorPlan& plan, GeneratedWorld& world);

}  // namespace circula::cli
