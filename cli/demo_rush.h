// Records that do not depend on each other, for several clients to send at once: assets that the members of a
// consortium register on one ledger day, an envelope each.
#pragma once

#include "cli/generator_ledger_year.h"

namespace circula::cli {

// The same seed, members and chain give the same bytes. Adds the records to the truth.
[[nodiscard]] std::vector<GeneratedEnvelope> generate_rush(const GeneratorPlan& plan,
                                                           const GeneratedWorld& world, std::int64_t time_s,
                                                           GeneratorTruth& truth);

}  // namespace circula::cli
