// The income of a generated data set: agreements on certified products, deals reported off the exchange,
// their milestones settled, refunds, closes of guaranteed periods.
#pragma once

#include "cli/generator_assets.h"

namespace circula::cli {

// An agreement on a product that was certified yesterday; at most as many as the scale says.
void make_agreement(GeneratorYearPlan& year, GeneratedAsset& asset);
// Deals over the year.
void plan_deals(GeneratorYearPlan& year);

}  // namespace circula::cli
