// The assets of a generated data set: registered, published, certified or refused; their rights transferred;
// works derived from them. And what the parts of a data set share while it is made.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/generator_diary.h"
#include "cli/generator_world.h"
#include "ledger/proto/agreement.pb.h"

namespace circula::cli {

struct GeneratedAsset {
  ledger::ShortId id{};
  std::string title;
  const GeneratedOrganisation* applicant = nullptr;
  const GeneratedOrganisation* home = nullptr;  // the exchange where all who share its income have accounts
  std::uint32_t grade = 0;
  std::size_t depth = 0;  // 0: not derived
  std::vector<ledger::ShortId> sources;
  ledger::ShortId agreement{};
  std::int64_t income_from_s = 0;  // its agreement is in force since; 0: none
  std::uint32_t versions = 0;
  bool revised = false;                 // has, or will have, more than one version
  ledger::proto::AgreementTerms terms;  // of the newest
};

// A product that is made of an asset or of another product, in the words of an asset: its one source, and
// how many products deep it is.
struct GeneratedProduct {
  GeneratedAsset item;
  const GeneratedOrganisation* exchange = nullptr;
  ledger::ShortId listing{};
  std::uint32_t price_version = 0;  // 0: not listed yet
  std::int64_t price_minor = 100;   // the present one
};

// A year that is being made: what is to happen, by time, and everything that has happened.
struct GeneratorYearPlan {
  std::uint64_t seed = 0;
  std::uint32_t scale_ppm = 0;
  std::uint32_t notice_working_days = 0;
  std::int64_t begin_s = 0;
  GeneratedWorld& world;
  GeneratorDiary& diary;
  GeneratorTruth& truth;
  Draw draw;
  std::multimap<std::int64_t, std::function<void()>> actions;  // of one time in the order of planning
  std::deque<GeneratedAsset> assets;                           // certified ones
  std::deque<GeneratedProduct> products;
  std::vector<const GeneratedOrganisation*> homes;  // the exchange of each trader: the active ones more often
  // Income is counted apart by where it comes from, as the ledger does; all agreements stand in both.
  ledger::RevenueScenario posted, reported;

  [[nodiscard]] std::uint64_t scaled(std::uint64_t count) const;  // rounded up
  void at_day(std::int64_t day, std::function<void()> action);    // of the year, from 0
  void at_time(std::int64_t time_s, std::function<void()> action);
  void days_later(std::int64_t days, std::function<void()> action);
};

// Registrations from one day of the year to another, with all that follows from them.
void plan_assets(GeneratorYearPlan& year, std::int64_t from_day, std::int64_t to_day);

// Who holds most of a right, and the keys of all its holders, the largest one's first.
[[nodiscard]] const GeneratedOrganisation& main_holder(const GeneratorYearPlan& year, const RightName& right);
[[nodiscard]] Signers holders_cdos(const GeneratorYearPlan& year, const RightName& right);
// Providers and merchants, those admitted so far.
[[nodiscard]] std::vector<const GeneratedOrganisation*> sellers(const GeneratorYearPlan& year);
// Any of `among` but those of these oids.
[[nodiscard]] const GeneratedOrganisation& pick_other(GeneratorYearPlan& year,
                                                      const std::vector<const GeneratedOrganisation*>& among,
                                                      const std::vector<std::string>& but);
[[nodiscard]] ledger::proto::DataDigest generated_digest(const std::string& of);

}  // namespace circula::cli
