#include "cli/generator_products.h"

#include <algorithm>
#include <cassert>

#include "cli/generator_deals.h"
#include "cli/generator_terms.h"
#include "ledger/agreement_terms.h"
#include "ledger/calendar.h"
#include "ledger/proto/certificate.pb.h"
#include "ledger/proto/listing.pb.h"
#include "ledger/proto/product.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::Code;

constexpr std::int64_t kValidForS = 3 * 365 * ledger::kSecondsPerDay;
constexpr std::uint32_t kWhole = 1'000'000;
constexpr std::uint64_t kProductsAtScale1 = 1'500;
constexpr std::size_t kTitleBytes = 120;  // of what it is made of
// Records.md 8: of 100 products 55 are made of assets, 30, 12 and 3 of products two, three and four deep.
constexpr std::uint64_t kDerivedPercent[] = {55, 40, 25};  // of those of depth 1, 2, 3
constexpr std::uint64_t kAnotherPercent = 60;              // of the same asset

const GeneratedAsset* find_asset(const GeneratorYearPlan& year, const ledger::ShortId& id) {
  const auto found = std::ranges::find(year.assets, id, &GeneratedAsset::id);
  return found == year.assets.end() ? nullptr : &*found;
}

// Adds every exchange that admitted somebody whom the asset's income can go to; false when the cascade has
// something that keeps it off the exchange.
bool add_homes(const GeneratorYearPlan& year, const GeneratedAsset& asset, std::set<std::string>& homes) {
  if (asset.income_from_s == 0 || asset.revised || asset.terms.guarantees_size() > 0) return false;
  const auto terms = ledger::read_terms(asset.terms);
  assert(terms && "generated terms are well formed");
  for (const std::string& oid : ledger::payees_of(*terms)) {
    const GeneratedOrganisation& payee = *find_oid(year.world, oid);
    if (!payee.admitted_by.empty()) homes.insert(payee.admitted_by);
  }
  return std::ranges::all_of(asset.sources, [&](const ledger::ShortId& source) {
    const GeneratedAsset* below = find_asset(year, source);
    return below != nullptr && add_homes(year, *below, homes);
  });
}

// Whether a product of the asset can be sold at its home: everybody whom the income can go to has an account.
bool can_be_sold(const GeneratorYearPlan& year, const GeneratedAsset& asset) {
  std::set<std::string> homes;
  return add_homes(year, asset, homes) &&
         (homes.empty() || (homes.size() == 1 && homes.contains(asset.home->oid)));
}

proto::Product register_body(const GeneratorYearPlan& year, const GeneratedAsset& item) {
  proto::Product body;
  proto::ProductDescription& description = *body.mutable_register_()->mutable_description();
  description.set_kind(proto::PRODUCT_KIND_DATASET);
  description.set_title(item.title);
  proto::ProductInput& input = *description.add_inputs();
  input.set_subject(bytes_of(item.sources.front()));
  if (item.depth > 1) input.set_version(1);  // of a product
  input.set_basis(proto::INPUT_BASIS_RIGHT);
  input.set_weight_ppm(kWhole);
  *description.mutable_process() = generated_digest("process " + item.title + std::to_string(year.seed));
  description.set_grade(item.grade);
  description.set_personal_information(proto::PERSONAL_INFORMATION_NONE);
  description.set_unit(proto::PRODUCT_UNIT_FILE);
  return body;
}

const GeneratedOrganisation& registrar_of(const GeneratorYearPlan& year) {
  return *all_of_kind(year.world, proto::ORG_KIND_REGISTRAR).front();
}

void register_product(GeneratorYearPlan& year, const GeneratedAsset& source,
                      const GeneratedOrganisation& exchange, std::size_t depth);

void list_product(GeneratorYearPlan& year, GeneratedProduct& product) {
  proto::Listing body;
  proto::ListingOpen& open = *body.mutable_list();
  open.set_exchange(product.exchange->oid);
  open.set_product(bytes_of(product.item.id));
  open.set_product_version(1);
  open.set_model(proto::PRICING_MODEL_FIXED);
  open.set_price_minor(product.price_minor);
  open.set_currency("CNY");
  open.add_purposes("research");
  open.set_agreement(bytes_of(product.item.agreement));
  *open.mutable_offer() = generated_digest("offer " + product.item.title + std::to_string(year.seed));
  const Signers both{&product.item.applicant->cdo(), &product.exchange->officer()};
  product.listing = object_of(year.diary.write(15, body, both));
  product.price_version = 1;
  if (++year.truth.counts["listings"] % 8 == 1)
    year.diary.write(15, body, both, Code::E_ALREADY_LISTED, "a product listed twice");
  // Its maker makes more of it.
  const std::size_t depth = product.item.depth;
  if (depth <= std::size(kDerivedPercent) && year.draw.below(100) < kDerivedPercent[depth - 1])
    register_product(year, product.item, *product.exchange, depth + 1);
}

void certify_product(GeneratorYearPlan& year, GeneratedProduct& product) {
  proto::Certify body;
  proto::CertifyIssue& issue = *body.mutable_issue();
  issue.set_subject(bytes_of(product.item.id));
  issue.set_valid_to_s(year.diary.now_s() + kValidForS);
  for (auto* table : {issue.mutable_holding(), issue.mutable_use(), issue.mutable_operation()}) {
    proto::Holder& holder = *table->Add();
    holder.set_oid(product.item.applicant->oid);
    holder.set_ppm(kWhole);
  }
  year.diary.write(8, body, {&registrar_of(year).cdo()});
  for (const char right : {'H', 'U', 'O'})
    year.truth.holders[{product.item.id, right}][product.item.applicant->oid] = kWhole;
  for (const char right : {'H', 'U', 'O'}) year.truth.moves[{product.item.id, right}] = 1;
  ++year.truth.counts["certificates"];
  year.days_later(1, [&year, &product] {
    agree_on_product(year, product.item, *product.exchange);
    year.days_later(2, [&year, &product] { list_product(year, product); });
  });
}

void register_product(GeneratorYearPlan& year, const GeneratedAsset& source,
                      const GeneratedOrganisation& exchange, std::size_t depth) {
  const std::uint64_t number = year.truth.counts["products"];
  if (number >= year.scaled(kProductsAtScale1)) return;
  GeneratedProduct made;
  made.item.title = "feed " + std::to_string(number + 1) + " of " + source.title.substr(0, kTitleBytes);
  made.item.applicant = source.applicant;
  made.item.grade = source.grade;
  made.item.depth = depth;
  made.item.sources = {source.id};
  made.exchange = &exchange;
  made.item.id = object_of(year.diary.write(14, register_body(year, made.item), {&source.applicant->cdo()}));
  ++year.truth.counts["products"];
  year.products.push_back(std::move(made));
  GeneratedProduct& product = year.products.back();
  proto::Certify notice;
  notice.mutable_notice()->set_subject(bytes_of(product.item.id));
  year.diary.write(8, notice, {&registrar_of(year).cdo()});
  const std::int64_t over_s = ledger::WorkCalendar().deadline(year.diary.now_s(), year.notice_working_days);
  year.at_time(over_s + 9 * 3600, [&year, &product] { certify_product(year, product); });
}

}  // namespace

void make_products(GeneratorYearPlan& year, const GeneratedAsset& asset) {
  const Holders& users = year.truth.holders.at({asset.id, 'U'});
  if (!can_be_sold(year, asset) || !users.contains(asset.applicant->oid)) return;
  do {
    register_product(year, asset, *asset.home, 1);
  } while (year.draw.below(100) < kAnotherPercent);
}

}  // namespace circula::cli
