// How many sequences property tests run: 10,000, as so many ways on from each of some chains. A
// sanitiser takes ten times as long for each; there a tenth of them has to do.
#pragma once

#include <cstdint>

namespace circula::ledger::testing {

inline constexpr std::uint64_t kChains = 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kSequencesPerChain = 50;
#else
inline constexpr std::uint64_t kSequencesPerChain = 500;
#endif

}  // namespace circula::ledger::testing
