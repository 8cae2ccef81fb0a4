// The income of a generated data set: agreements on what is certified, deals reported off the exchange (those
// on it are in generator_trade.h), their milestones settled, refunds, closes of guaranteed periods.
#pragma once

#include "cli/generator_assets.h"

namespace circula::cli {

// An agreement on a product that was certified yesterday; at most as many as the scale says.
void make_agreement(GeneratorYearPlan& year, GeneratedAsset& asset);
// An agreement on a product of an asset, with parties who have accounts at the exchange.
void agree_on_product(GeneratorYearPlan& year, GeneratedAsset& product,
                      const GeneratedOrganisation& exchange);
// Fixed deals have one to three milestones, metered ones six months.
[[nodiscard]] std::vector<std::int64_t> cut_milestones(Draw& draw, std::int64_t total_minor, bool metered);
// Deals over the year.
void plan_deals(GeneratorYearPlan& year);

}  // namespace circula::cli
