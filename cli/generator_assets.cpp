#include "cli/generator_assets.h"

#include <algorithm>
#include <cassert>

#include "cli/generator_deals.h"
#include "crypto/hash.h"
#include "ledger/calendar.h"
#include "ledger/proto/asset.pb.h"
#include "ledger/proto/certificate.pb.h"
#include "ledger/proto/rights.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::Code;

constexpr std::uint32_t kWhole = 1'000'000;
constexpr std::int64_t kValidForS = 2 * 365 * ledger::kSecondsPerDay;
constexpr std::size_t kDepthMax = 3;
constexpr std::size_t kFirstCertified = 6;  // applications before the first one that may be refused

struct Industry {
  std::string_view code;  // GB/T 4754
  std::string_view title;
  std::uint64_t weight;
};
constexpr Industry kIndustries[] = {{"J66", "Credit index", 24},     {"I64", "Visitor flows", 15},
                                    {"G54", "Bus positions", 12},    {"Q84", "Clinic capacity", 9},
                                    {"D44", "Grid load", 8},         {"S92", "Permit register", 8},
                                    {"C39", "Machine telemetry", 8}, {"I63", "Network quality", 6},
                                    {"M74", "Weather stations", 5},  {"A01", "Crop yields", 5}};
constexpr std::string_view kRegions[] = {"35", "3501", "3502", "44", "4403", "31", "11", "12"};

const Industry& pick_industry(Draw& draw) {
  std::uint64_t left = draw.below(100);
  for (const Industry& industry : kIndustries) {
    if (left < industry.weight) return industry;
    left -= industry.weight;
  }
  return kIndustries[0];
}

proto::AssetRegister register_body(GeneratorYearPlan& year, std::size_t number,
                                   const std::vector<ledger::ShortId>& sources) {
  Draw& draw = year.draw;
  const Industry& industry = pick_industry(draw);
  proto::AssetRegister body;
  proto::AssetDescription& description = *body.mutable_description();
  const std::uint64_t drawn = draw.below(100);
  description.set_asset_class(drawn < 22   ? proto::ASSET_CLASS_PUBLIC
                              : drawn < 92 ? proto::ASSET_CLASS_ENTERPRISE
                                           : proto::ASSET_CLASS_MIXED);
  description.set_form(!sources.empty()       ? proto::ASSET_FORM_INDEX
                       : draw.below(100) < 58 ? proto::ASSET_FORM_RESOURCE
                                              : proto::ASSET_FORM_DATASET);
  description.set_title(std::string(industry.title) + " no. " + std::to_string(number + 1));
  description.set_industry(std::string(industry.code));
  description.set_region(std::string(draw.pick(kRegions)));
  const std::uint64_t graded = draw.below(98);
  description.set_grade(graded < 18 ? 1 : graded < 59 ? 2 : graded < 90 ? 3 : 4);
  description.set_personal_information(proto::PERSONAL_INFORMATION_NONE);
  description.set_size_bytes(std::uint64_t{1} << draw.between(28, 42));
  description.set_rows(std::uint64_t{1} << draw.between(12, 30));
  description.set_update(static_cast<proto::UpdateRhythm>(draw.between(1, 5)));
  *description.mutable_content() = generated_digest(std::to_string(year.seed) + " " + description.title());
  if (sources.empty()) description.add_sources()->set_how(proto::SOURCE_KIND_COLLECTED);
  for (const ledger::ShortId& source : sources) {
    proto::AssetSource& entry = *description.add_sources();
    entry.set_how(proto::SOURCE_KIND_DERIVED);
    entry.set_asset(bytes_of(source));
  }
  for (const int right : {1, 2, 3}) description.add_rights_claimed(static_cast<proto::RightKind>(right));
  if (draw.one_in(2)) description.add_standards("GB/T 36344-2018");
  return body;
}

proto::Rights transfer_body(const RightName& right, const std::string& from, const std::string& to,
                            std::uint32_t ppm) {
  proto::Rights body;
  proto::RightsTransfer& transfer = *body.mutable_transfer();
  transfer.set_subject(bytes_of(right.first));
  transfer.set_right(right.second == 'H'   ? proto::RIGHT_KIND_HOLDING
                     : right.second == 'U' ? proto::RIGHT_KIND_USE
                                           : proto::RIGHT_KIND_OPERATION);
  transfer.set_from(from);
  transfer.set_ppm(ppm);
  proto::Holder& receiver = *transfer.add_to();
  receiver.set_oid(to);
  receiver.set_ppm(ppm);
  return body;
}

void transfer(GeneratorYearPlan& year, const RightName& right, const GeneratedOrganisation& from,
              const GeneratedOrganisation& to, std::uint32_t ppm) {
  year.diary.write(11, transfer_body(right, from.oid, to.oid, ppm), {&from.cdo(), &to.cdo()});
  Holders& holders = year.truth.holders[right];
  holders[to.oid] += ppm;
  if ((holders[from.oid] -= ppm) == 0) holders.erase(from.oid);
  ++year.truth.moves[right];
  ++year.truth.counts["transfers"];
}

// A transfer, and now and then one that must fail.
void some_transfer(GeneratorYearPlan& year, std::uint64_t number) {
  const GeneratedAsset& asset = year.draw.pick(year.assets);
  const RightName right{asset.id, "HUO"[year.draw.below(3)]};
  const GeneratedOrganisation& from = main_holder(year, right);
  const std::uint32_t held = year.truth.holders.at(right).at(from.oid);
  const GeneratedOrganisation& to = pick_other(year, sellers(year), {from.oid});
  const auto ppm = static_cast<std::uint32_t>(year.draw.between(1, held / 2));
  transfer(year, right, from, to, ppm);
  if (number % 4 == 0) {
    std::vector<std::string> holders{to.oid};
    for (const auto& [oid, share] : year.truth.holders.at(right)) holders.push_back(oid);
    const GeneratedOrganisation& stranger = pick_other(year, sellers(year), holders);
    year.diary.write(11, transfer_body(right, stranger.oid, to.oid, 1'000), {&stranger.cdo(), &to.cdo()},
                     Code::E_NO_RIGHT, "transfer by a non-holder");
  } else if (number % 4 == 1) {
    const std::uint32_t left = year.truth.holders.at(right).at(from.oid);
    year.diary.write(11, transfer_body(right, from.oid, to.oid, left + 1), {&from.cdo(), &to.cdo()},
                     Code::E_PPM, "transfer of more than is held");
  } else if (number % 4 == 2) {
    year.diary.write(11, transfer_body(right, from.oid, to.oid, 1'000), {&from.finance(), &to.cdo()},
                     Code::E_POLICY, "transfer signed by a finance key");
  }
}

void open_tables(GeneratorYearPlan& year, const GeneratedAsset& asset, const proto::CertifyIssue& issue) {
  const auto open = [&](char letter, const auto& table) {
    const RightName right{asset.id, letter};
    for (const proto::Holder& holder : table) year.truth.holders[right][holder.oid()] = holder.ppm();
    year.truth.moves[right] = 1;
  };
  open('H', issue.holding());
  open('U', issue.use());
  open('O', issue.operation());
}

void add_holders(google::protobuf::RepeatedPtrField<proto::Holder>& table, const Holders& shares) {
  for (const auto& [oid, ppm] : shares) {
    proto::Holder& holder = *table.Add();
    holder.set_oid(oid);
    holder.set_ppm(ppm);
  }
}

// Nearly always everything goes to the applicant; one in six shares what it operates.
proto::Certify issue_body(GeneratorYearPlan& year, const GeneratedAsset& asset, bool shared) {
  proto::Certify body;
  proto::CertifyIssue& issue = *body.mutable_issue();
  issue.set_subject(bytes_of(asset.id));
  issue.set_valid_to_s(year.diary.now_s() + kValidForS);
  const Holders all{{asset.applicant->oid, kWhole}};
  add_holders(*issue.mutable_holding(), all);
  add_holders(*issue.mutable_use(), all);
  if (!shared) {
    add_holders(*issue.mutable_operation(), all);
    return body;
  }
  const GeneratedOrganisation& partner = pick_other(year, sellers(year), {asset.applicant->oid});
  add_holders(*issue.mutable_operation(), {{asset.applicant->oid, 700'000}, {partner.oid, 300'000}});
  return body;
}

const GeneratedOrganisation& registrar_of(const GeneratorYearPlan& year) {
  return *all_of_kind(year.world, proto::ORG_KIND_REGISTRAR).front();
}

void certify(GeneratorYearPlan& year, const GeneratedAsset& asset) {
  const GeneratedOrganisation& registrar = registrar_of(year);
  const proto::Certify body = issue_body(year, asset, year.draw.one_in(6));
  year.diary.write(8, body, {&registrar.cdo()});
  open_tables(year, asset, body.issue());
  year.assets.push_back(asset);
  ++year.truth.counts["certificates"];
  GeneratedAsset& certified = year.assets.back();
  year.days_later(1, [&year, &certified] { make_agreement(year, certified); });
}

void refuse(GeneratorYearPlan& year, const GeneratedAsset& asset) {
  proto::Certify body;
  body.mutable_refuse()->set_subject(bytes_of(asset.id));
  body.mutable_refuse()->set_reason(proto::REFUSAL_REASON_SOURCE);
  year.diary.write(8, body, {&registrar_of(year).cdo()});
  ++year.truth.counts["refused applications"];
}

// The registrar publishes the application; a day after the notice it decides.
void publish(GeneratorYearPlan& year, const GeneratedAsset& asset, std::size_t number) {
  const GeneratedOrganisation& registrar = registrar_of(year);
  proto::Certify body;
  body.mutable_notice()->set_subject(bytes_of(asset.id));
  if (number % 16 == 1) {
    year.diary.write(8, body, {&asset.applicant->cdo()}, Code::E_ROLE, "notice by the applicant");
  }
  year.diary.write(8, body, {&registrar.cdo()});
  const std::int64_t over_s = ledger::WorkCalendar().deadline(year.diary.now_s(), year.notice_working_days);
  if (number % 8 == 2 && year.notice_working_days > 1) {
    year.days_later(1, [&year, asset] {
      year.diary.write(8, issue_body(year, asset, false), {&registrar_of(year).cdo()}, Code::E_NOTICE,
                       "certificate before the notice is over");
    });
  }
  const bool refused = number >= kFirstCertified && year.draw.below(100) < 5;
  const std::int64_t decided_s = over_s + year.draw.between(0, 3) * ledger::kSecondsPerDay + 9 * 3600;
  year.at_time(decided_s, [&year, asset, refused] {
    if (refused) return refuse(year, asset);
    certify(year, asset);
  });
}

// Certified assets of the same home with income, of which the applicant has some of right U afterwards.
void take_sources(GeneratorYearPlan& year, GeneratedAsset& derived) {
  const GeneratedOrganisation& applicant = *derived.applicant;
  std::vector<const GeneratedAsset*> candidates;
  for (const GeneratedAsset& asset : year.assets) {
    if (asset.income_from_s != 0 && asset.income_from_s < year.diary.now_s() && asset.depth < kDepthMax &&
        asset.home == derived.home)
      candidates.push_back(&asset);
  }
  for (std::uint64_t left = 1 + year.draw.below(2); left > 0 && !candidates.empty(); --left) {
    // The earlier ones twice as likely, so that a few sources serve many.
    const std::size_t at = std::min(year.draw.below(candidates.size()), year.draw.below(candidates.size()));
    const GeneratedAsset& source = *candidates[at];
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(at));
    const RightName use{source.id, 'U'};
    if (!year.truth.holders.at(use).contains(applicant.oid)) {
      const GeneratedOrganisation& holder = main_holder(year, use);
      if (year.truth.holders.at(use).at(holder.oid) < 100'000) continue;
      transfer(year, use, holder, applicant, 50'000);
    }
    derived.sources.push_back(source.id);
    derived.depth = std::max(derived.depth, source.depth + 1);
  }
}

void apply_for(GeneratorYearPlan& year, std::size_t number) {
  GeneratedAsset asset;
  asset.applicant = number % 5 == 0 ? find_named(year.world, "vendor-b") : year.draw.pick(sellers(year));
  asset.home = asset.applicant->admitted_by.empty() ? year.draw.pick(year.homes)
                                                    : find_oid(year.world, asset.applicant->admitted_by);
  if (year.draw.below(100) < 55) take_sources(year, asset);
  const proto::AssetRegister body = register_body(year, number, asset.sources);
  asset.title = body.description().title();
  asset.grade = body.description().grade();
  if (number % 16 == 3) {
    year.diary.write(6, body, {&asset.applicant->finance()}, Code::E_POLICY,
                     "registration signed by a finance key");
  }
  asset.id = object_of(year.diary.write(6, body, {&asset.applicant->cdo()}));
  ++year.truth.counts["assets"];
  if (number % 16 == 5 && asset.sources.empty()) {
    year.diary.write(6, body, {&asset.applicant->cdo()}, Code::E_DUP_CONTENT,
                     "the same content registered again");
  }
  year.days_later(1, [&year, asset, number] { publish(year, asset, number); });
}

}  // namespace

const GeneratedOrganisation& main_holder(const GeneratorYearPlan& year, const RightName& right) {
  const Holders& holders = year.truth.holders.at(right);
  const auto most = std::ranges::max_element(holders, {}, [](const auto& holder) { return holder.second; });
  const GeneratedOrganisation* organisation = find_oid(year.world, most->first);
  assert(organisation != nullptr && "holders are organisations of the world");
  return *organisation;
}

Signers holders_cdos(const GeneratorYearPlan& year, const RightName& right) {
  Signers signers{&main_holder(year, right).cdo()};
  for (const auto& [oid, ppm] : year.truth.holders.at(right)) {
    const crypto::SigningKey* key = &find_oid(year.world, oid)->cdo();
    if (key != signers.front()) signers.push_back(key);
  }
  return signers;
}

std::vector<const GeneratedOrganisation*> sellers(const GeneratorYearPlan& year) {
  auto found = all_of_kind(year.world, proto::ORG_KIND_PROVIDER);
  const auto merchants = all_of_kind(year.world, proto::ORG_KIND_MERCHANT);
  found.insert(found.end(), merchants.begin(), merchants.end());
  return found;
}

const GeneratedOrganisation& pick_other(GeneratorYearPlan& year,
                                        const std::vector<const GeneratedOrganisation*>& among,
                                        const std::vector<std::string>& but) {
  std::vector<const GeneratedOrganisation*> others;
  for (const GeneratedOrganisation* one : among) {
    if (std::ranges::find(but, one->oid) == but.end()) others.push_back(one);
  }
  assert(!others.empty() && "the world has more sellers than an asset has holders");
  return *year.draw.pick(others);
}

proto::DataDigest generated_digest(const std::string& of) {
  proto::DataDigest digest;
  digest.set_suite(1);
  digest.set_digest(std::string(crypto::sha256("circula generated data\n" + of).text()));
  return digest;
}

void plan_assets(GeneratorYearPlan& year, std::int64_t from_day, std::int64_t to_day) {
  const auto assets = static_cast<std::int64_t>(year.scaled(2'600));
  for (std::int64_t number = 0; number < assets; ++number) {
    year.at_day(from_day + number * (to_day - from_day) / assets,
                [&year, number] { apply_for(year, static_cast<std::size_t>(number)); });
  }
  const std::uint64_t transfers = year.scaled(1'000);
  constexpr std::int64_t kTransfersFromDay = 60;
  constexpr std::int64_t kTransfersToDay = 360;
  for (std::uint64_t number = 0; number < transfers; ++number) {
    const auto day = kTransfersFromDay + static_cast<std::int64_t>(number) *
                                             (kTransfersToDay - kTransfersFromDay) /
                                             static_cast<std::int64_t>(transfers);
    year.at_day(day, [&year, number] { some_transfer(year, number); });
  }
}

}  // namespace circula::cli
