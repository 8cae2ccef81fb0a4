// The ledger's own subjects: replay buckets, unique marks, configuration; record 39 CLOCK; and genesis.
#pragma once

#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kChainFamily;

inline constexpr std::uint16_t kEffectSpent = 1;
inline constexpr std::uint16_t kEffectUniqueTaken = 2;
inline constexpr std::uint16_t kEffectChainFounded = 3;
inline constexpr std::uint16_t kEffectParametersSet = 4;
inline constexpr std::uint16_t kEffectVotersSet = 5;

// Marks `key` (unique/...) as taken by `subject`. REQUIRES: it does not exist, or the family has found that
// what took it no longer counts.
void take_unique(Execution& execution, const SubjectKey& key, const SubjectKey& subject);

// Marks a record id as spent in the bucket of its expiry.
void spend(Execution& execution, std::uint64_t expires_at_ms);
[[nodiscard]] std::uint32_t expiry_hour(std::uint64_t expires_at_ms);

// Executes genesis: chain, parameters, voters, organisations and their keys.
void found_chain(Execution& execution, const proto::Genesis& genesis);

}  // namespace circula::ledger
