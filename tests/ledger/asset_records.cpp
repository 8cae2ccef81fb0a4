#include "tests/ledger/asset_records.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/hash.h"
#include "ledger/proto/product.pb.h"

namespace circula::ledger::testing {
namespace {

void require_ok(const Error& outcome) {
  if (outcome.code != Code::E_OK)
    throw std::runtime_error(std::string(name(outcome.code)) + " " + outcome.field + ": " + outcome.detail);
}

void set_holders(TestChain& chain, const NamedShares& shares,
                 google::protobuf::RepeatedPtrField<proto::Holder>& holders) {
  std::map<std::string, std::uint32_t> by_oid;
  for (const auto& [organisation, ppm] : shares) by_oid[chain.oid(organisation)] = ppm;
  for (const auto& [oid, ppm] : by_oid) {
    proto::Holder& holder = *holders.Add();
    holder.set_oid(oid);
    holder.set_ppm(ppm);
  }
}

}  // namespace

proto::DataDigest data_digest(std::string_view of, bool salted) {
  proto::DataDigest digest;
  digest.set_suite(1);
  digest.set_salted(salted);
  digest.set_digest(std::string(crypto::sha256(of).text()));
  return digest;
}

proto::AssetRegister asset_body(const std::string& title) {
  proto::AssetRegister body;
  proto::AssetDescription& description = *body.mutable_description();
  description.set_asset_class(proto::ASSET_CLASS_ENTERPRISE);
  description.set_form(proto::ASSET_FORM_DATASET);
  description.set_title(title);
  description.set_region("3501");
  description.set_industry("I64");
  description.set_grade(2);
  description.set_personal_information(proto::PERSONAL_INFORMATION_NONE);
  description.set_update(proto::UPDATE_RHYTHM_DAY);
  *description.mutable_content() = data_digest(title);
  description.add_sources()->set_how(proto::SOURCE_KIND_COLLECTED);
  for (const int right : {1, 2, 3}) description.add_rights_claimed(static_cast<proto::RightKind>(right));
  description.add_standards("GB/T 36344-2018");
  return body;
}

std::string id_text(const ShortId& id) { return std::string(id.text()); }

proto::Certify notice_body(const ShortId& asset) {
  proto::Certify body;
  body.mutable_notice()->set_subject(id_text(asset));
  return body;
}

proto::Certify issue_body(TestChain& chain, const ShortId& asset, const NamedShares& holding,
                          const NamedShares& use, const NamedShares& operation) {
  proto::Certify body;
  proto::CertifyIssue& issue = *body.mutable_issue();
  issue.set_subject(id_text(asset));
  issue.set_valid_to_s(static_cast<std::int64_t>(chain.time_ms() / 1000) + kYearSeconds);
  set_holders(chain, holding, *issue.mutable_holding());
  set_holders(chain, use, *issue.mutable_use());
  set_holders(chain, operation, *issue.mutable_operation());
  return body;
}

proto::Certify refuse_body(const ShortId& asset) {
  proto::Certify body;
  body.mutable_refuse()->set_subject(id_text(asset));
  body.mutable_refuse()->set_reason(proto::REFUSAL_REASON_SOURCE);
  return body;
}

proto::Certify revoke_body(const ShortId& asset) {
  proto::Certify body;
  body.mutable_revoke()->set_subject(id_text(asset));
  body.mutable_revoke()->set_reason(proto::REVOCATION_REASON_RULING);
  *body.mutable_revoke()->mutable_document() = data_digest("ruling");
  return body;
}

proto::Rights transfer_body(TestChain& chain, const ShortId& asset, const std::string& from,
                            const NamedShares& to, std::uint32_t ppm) {
  proto::Rights body;
  proto::RightsTransfer& transfer = *body.mutable_transfer();
  transfer.set_subject(id_text(asset));
  transfer.set_right(proto::RIGHT_KIND_OPERATION);
  transfer.set_from(chain.oid(from));
  set_holders(chain, to, *transfer.mutable_to());
  transfer.set_ppm(ppm);
  return body;
}

ShortId registered(TestChain& chain, const std::string& applicant, const proto::AssetRegister& body) {
  Error outcome;
  RecordSpec record = spec(applicant + ".cdo", kAssetRegister, body);
  if (body.description().grade() >= 5) record.signers = {applicant};
  const Digest id = chain.submit_for_id(record, &outcome);
  require_ok(outcome);
  return ShortId::from(id.view().first(ShortId::kSize));
}

void certify(TestChain& chain, const ShortId& subject, const std::string& applicant) {
  require_ok(chain.submit(spec("registrar.cdo", kCertify, notice_body(subject), {"registrar"})));
  const auto product = chain.read<proto::ProductState>(product_key(subject));
  const std::int64_t ends_s =
      product ? product->notice_ends_s() : asset_state(chain, subject).notice_ends_s();
  chain.set_time_ms(std::max(chain.time_ms(), static_cast<std::uint64_t>(ends_s) * 1000));
  const NamedShares all = {{applicant, 1'000'000}};
  require_ok(chain.submit(
      spec("registrar.cdo", kCertify, issue_body(chain, subject, all, all, all), {"registrar"})));
}

ShortId certified(TestChain& chain, const std::string& applicant, const proto::AssetRegister& body) {
  const ShortId asset = registered(chain, applicant, body);
  certify(chain, asset, applicant);
  return asset;
}

proto::AssetState asset_state(TestChain& chain, const ShortId& asset) {
  return chain.read<proto::AssetState>(asset_key(asset)).value_or(proto::AssetState());
}

std::string outcome(TestChain& chain, const RecordSpec& record) {
  return std::string(name(chain.submit(record).code));
}

std::map<std::string, std::uint32_t> table(TestChain& chain, const ShortId& asset, char right) {
  std::map<std::string, std::uint32_t> shares;
  const auto state = chain.read<proto::RightState>(right_key(asset, right));
  if (!state) return shares;
  for (const proto::Holder& holder : state->holders()) shares[chain.name_of(holder.oid())] = holder.ppm();
  return shares;
}

}  // namespace circula::ledger::testing
