#include "cli/generator_ledger_year.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "cli/generator_assets.h"
#include "cli/generator_deals.h"
#include "cli/generator_diary.h"
#include "ledger/calendar.h"
#include "ledger/proto/clock.pb.h"
#include "ledger/proto/identity.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::Code;

constexpr std::int64_t kOfficeHourS = 9 * 3600;
constexpr std::int64_t kTradersFromDay = 1;
constexpr std::int64_t kAssetsFromDay = 22;
constexpr std::int64_t kAssetsToDay = 230;
constexpr std::int64_t kLastDay = 374;  // 31 July 2023

ledger::Result<void> require_kinds(const GeneratedWorld& world) {
  for (const proto::OrgKind kind :
       {proto::ORG_KIND_EXCHANGE, proto::ORG_KIND_REGISTRAR, proto::ORG_KIND_BANK, proto::ORG_KIND_PROVIDER,
        proto::ORG_KIND_BUYER, proto::ORG_KIND_TAX_AUTHORITY, proto::ORG_KIND_ARBITRATOR}) {
    if (all_of_kind(world, kind).empty())
      return ledger::error(Code::E_NOT_FOUND, "genesis has no " + proto::OrgKind_Name(kind));
  }
  if (find_named(world, "vendor-b") == nullptr)
    return ledger::error(Code::E_NOT_FOUND, "genesis has no vendor-b");
  return {};
}

// An exchange admits a trader, which then adds its other keys.
void admit(GeneratorDiary& diary, const GeneratedOrganisation& exchange,
           const GeneratedOrganisation& trader) {
  const auto possession = [&](const crypto::SigningKey& key) {
    return std::string(key.sign(ledger::possession_statement(diary.chain_id(), trader.oid)).text());
  };
  proto::Org body;
  proto::OrgRegister& entry = *body.mutable_register_();
  entry.set_oid(trader.oid);
  for (const proto::OrgKind kind : trader.kinds) entry.add_kinds(kind);
  entry.mutable_profile()->set_name(trader.name);
  entry.set_first_key(std::string(trader.officer().public_key().text()));
  entry.set_possession(possession(trader.officer()));
  diary.write(1, body, {&exchange.officer()});
  for (std::size_t at = 1; at < trader.keys.size(); ++at) {
    proto::Key key;
    key.mutable_add()->set_public_key(std::string(trader.keys[at].public_key().text()));
    key.mutable_add()->set_usage(kGeneratedUsages[at]);
    key.mutable_add()->set_possession(possession(trader.keys[at]));
    diary.write(2, key, {&trader.officer()});
  }
}

// Activity of the k-th exchange: 1 / (k + 1)^1.05, in millionths (records.md 8).
constexpr std::int64_t kActivity[] = {
    1'000'000, 482'968, 315'517, 233'258, 184'536, 152'385, 129'613, 112'656, 99'551, 89'125, 80'638, 73'597,
    67'664,    62'599,  58'224,  54'409,  51'054,  48'080,  45'426,  43'045,  40'895, 38'945, 37'169, 35'545,
    34'054,    32'680,  31'410,  30'233,  29'140,  28'120,  27'169,  26'278,  25'443, 24'657, 23'918, 23'221,
    22'563,    21'940,  21'349,  20'789,  20'257,  19'751,  19'269,  18'809,  18'371, 17'952, 17'551, 17'167};

std::vector<const GeneratedOrganisation*> homes_of(GeneratorYearPlan& year, std::uint64_t traders) {
  const auto exchanges = all_of_kind(year.world, proto::ORG_KIND_EXCHANGE);
  const std::vector<std::int64_t> weights(
      std::begin(kActivity),
      std::begin(kActivity) + static_cast<std::ptrdiff_t>(std::min(exchanges.size(), std::size(kActivity))));
  const auto counts = ledger::apportion(static_cast<std::int64_t>(traders), weights);
  std::vector<const GeneratedOrganisation*> homes;
  for (std::size_t at = 0; at < counts.size(); ++at)
    homes.insert(homes.end(), static_cast<std::size_t>(counts[at]), exchanges[at]);
  for (std::size_t left = homes.size(); left > 1; --left)
    std::swap(homes[left - 1], homes[year.draw.below(left)]);
  return homes;
}

void plan_traders(GeneratorYearPlan& year) {
  const std::uint64_t traders = year.scaled(1'423);
  year.homes = homes_of(year, traders);
  const std::uint64_t providers = (traders + 4) / 5;
  for (std::uint64_t at = 0; at < traders; ++at) {
    const proto::OrgKind kind = at < providers       ? proto::ORG_KIND_PROVIDER
                                : at < 2 * providers ? proto::ORG_KIND_MERCHANT
                                                     : proto::ORG_KIND_BUYER;
    const auto day =
        kTradersFromDay + static_cast<std::int64_t>(at) * 20 / static_cast<std::int64_t>(traders);
    year.at_day(day, [&year, at, kind, exchange = year.homes[at]] {
      year.world.push_back(seeded_trader(year.seed, at + 1, kind));
      year.world.back().admitted_by = exchange->oid;
      admit(year.diary, *exchange, year.world.back());
    });
  }
  year.truth.counts["traders"] = traders;
}

void move_clock(GeneratorYearPlan& year) {
  proto::ClockMove body;
  body.set_to_ms(static_cast<std::uint64_t>(year.diary.now_s()) * 1000);
  year.diary.write(39, body, {&all_of_kind(year.world, proto::ORG_KIND_EXCHANGE).front()->officer()});
}

}  // namespace

std::uint64_t GeneratorYearPlan::scaled(std::uint64_t count) const {
  return (count * scale_ppm + 999'999) / 1'000'000;
}

void GeneratorYearPlan::at_day(std::int64_t day, std::function<void()> action) {
  at_time(begin_s + day * ledger::kSecondsPerDay, std::move(action));
}

void GeneratorYearPlan::at_time(std::int64_t time_s, std::function<void()> action) {
  actions.emplace(std::max(time_s, diary.now_s()), std::move(action));
}

void GeneratorYearPlan::days_later(std::int64_t days, std::function<void()> action) {
  at_time(diary.now_s() + days * ledger::kSecondsPerDay, std::move(action));
}

ledger::Result<GeneratedYear> generate_year(const GeneratorPlan& plan, GeneratedWorld& world) {
  if (auto good = require_kinds(world); !good) return good.error();
  GeneratedYear result;
  result.truth.seed = plan.seed;
  GeneratorDiary diary(plan.chain_id, plan.seed, result.truth);
  auto begins = ledger::parse_date(kGeneratedYearBegins);
  if (!begins) return begins.error();
  GeneratorYearPlan year{.seed = plan.seed,
                         .scale_ppm = plan.scale_ppm,
                         .notice_working_days = plan.notice_working_days,
                         .begin_s = ledger::start_of_day(*begins) + kOfficeHourS,
                         .world = world,
                         .diary = diary,
                         .truth = result.truth,
                         .draw = Draw(plan.seed),
                         .actions = {},
                         .assets = {},
                         .products = {},
                         .homes = {},
                         .posted = {},
                         .reported = {}};
  plan_traders(year);
  plan_assets(year, kAssetsFromDay, kAssetsToDay);
  plan_deals(year);
  year.at_day(kLastDay, [&year] { move_clock(year); });
  while (!year.actions.empty()) {
    const auto next = year.actions.begin();
    const std::int64_t time_s = next->first;
    const std::function<void()> action = std::move(next->second);
    year.actions.erase(next);
    diary.begin_day(time_s);
    action();
  }
  result.envelopes = diary.finish();
  for (const ledger::RevenueScenario* scenario : {&year.posted, &year.reported}) {
    for (const auto& [oid, total] : scenario->totals())
      result.truth.income[oid] += static_cast<std::int64_t>(total);
  }
  result.truth.counts["records"] = result.truth.records.size();
  result.truth.counts["envelopes"] = result.envelopes.size();
  return result;
}

}  // namespace circula::cli
