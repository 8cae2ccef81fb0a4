// How many sequences property tests run: 10,000, as so many ways on from each of some chains. A
// sanitiser takes ten times as long for each; there a tenth of them has to do.
#pragma once

#include <cstdint>

namespace circula::ledger::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kChains = 6;
inline constexpr std::uint64_t kSequencesPerChain = 170;
#else
inline constexpr std::uint64_t kChains = 20;
inline constexpr std::uint64_t kSequencesPerChain = 500;
#endif
inline constexpr std::uint64_t kSequences = kChains * kSequencesPerChain;
// What sequences are for has to come up in more than so many of them.
inline constexpr std::uint64_t kSeenMin = kSequences / 1'000;

}  // namespace circula::ledger::testing
