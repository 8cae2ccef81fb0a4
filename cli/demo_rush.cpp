#include "cli/demo_rush.h"

#include "cli/generator_assets.h"
#include "cli/generator_diary.h"
#include "ledger/proto/asset.pb.h"

namespace circula::cli {
namespace {

constexpr std::size_t kEnvelopes = 200;  // some seconds of four clients that wait for `final`
constexpr std::uint64_t kNonceStep = 1'000'003;

ledger::proto::AssetRegister asset_body(std::uint64_t seed, std::size_t number) {
  ledger::proto::AssetRegister body;
  ledger::proto::AssetDescription& description = *body.mutable_description();
  description.set_asset_class(ledger::proto::ASSET_CLASS_ENTERPRISE);
  description.set_form(ledger::proto::ASSET_FORM_DATASET);
  description.set_title("Hourly readings no. " + std::to_string(number + 1));
  description.set_grade(1);
  description.set_personal_information(ledger::proto::PERSONAL_INFORMATION_NONE);
  description.set_size_bytes(std::uint64_t{1} << 20);
  description.set_update(ledger::proto::UPDATE_RHYTHM_ONCE);
  *description.mutable_content() = generated_digest(std::to_string(seed) + " " + description.title());
  description.add_rights_claimed(ledger::proto::RIGHT_KIND_HOLDING);
  return body;
}

}  // namespace

std::vector<GeneratedEnvelope> generate_rush(const GeneratorPlan& plan, const GeneratedWorld& world,
                                             std::int64_t time_s, GeneratorTruth& truth) {
  std::vector<const GeneratedOrganisation*> authors;
  for (const char* name : {"provider", "vendor-b", "buyer"}) {
    if (const GeneratedOrganisation* author = find_named(world, name)) authors.push_back(author);
  }
  std::vector<GeneratedEnvelope> envelopes;
  for (std::size_t number = 0; number < kEnvelopes && !authors.empty(); ++number) {
    // A diary each, so that each record has an envelope of its own; its seed makes the nonce.
    GeneratorDiary diary(plan.chain_id, plan.seed + (number + 1) * kNonceStep, truth);
    diary.begin_day(time_s);
    diary.write(6, asset_body(plan.seed, number), {&authors[number % authors.size()]->cdo()});
    envelopes.push_back(std::move(diary.finish().front()));
  }
  truth.counts["rush"] = envelopes.size();
  return envelopes;
}

}  // namespace circula::cli
