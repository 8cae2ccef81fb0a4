// Products of a generated data set: made of a certified asset by its applicant, certified, agreed upon and
// listed at the exchange at which everybody whom a sale can pay has an account.
#pragma once

#include "cli/generator_assets.h"

namespace circula::cli {

// Products of an asset whose agreement is in force, and products of those, unless its cascade spans
// exchanges, has terms that change during the year, or guarantees (whose top-ups the truth does not follow
// into accounts).
void make_products(GeneratorYearPlan& year, const GeneratedAsset& asset);

}  // namespace circula::cli
