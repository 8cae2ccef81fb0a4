// Deals on the exchange in a generated data set: ordered, contracted, paid in, held, delivered, accepted or
// deemed so, settled, now and then given back, and the seller's part paid out (records.md 8).
#pragma once

#include "cli/generator_products.h"

namespace circula::cli {

// A deal of this total on a listed product, if there is one yet; says whether it was made.
bool trade(GeneratorYearPlan& year, std::int64_t total_minor);

}  // namespace circula::cli
