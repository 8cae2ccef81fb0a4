#include "tests/ledger/rights_requests.h"

#include "crypto/encoding.h"
#include "ledger/rights.h"
#include "tests/ledger/asset_records.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger::testing {
namespace {

using Kind = ModelRequest::Kind;

proto::AssetRegister registration_body(const ModelRequest& request) {
  proto::AssetRegister body = asset_body("Asset " + request.content);
  proto::AssetDescription& description = *body.mutable_description();
  description.set_grade(request.grade);
  description.set_personal_information(
      request.personal == ModelRequest::Personal::kNone           ? proto::PERSONAL_INFORMATION_NONE
      : request.personal == ModelRequest::Personal::kDeidentified ? proto::PERSONAL_INFORMATION_DEIDENTIFIED
                                                                  : proto::PERSONAL_INFORMATION_PERSONAL);
  *description.mutable_content() = data_digest(request.content, request.salted);
  description.clear_sources();
  for (const auto& [derived, asset] : request.sources) {
    proto::AssetSource& entry = *description.add_sources();
    entry.set_how(derived ? proto::SOURCE_KIND_DERIVED : proto::SOURCE_KIND_BOUGHT);
    entry.set_asset(asset);
  }
  return body;
}

void set_holders(const Shares& shares, google::protobuf::RepeatedPtrField<proto::Holder>& holders) {
  for (const auto& [oid, ppm] : shares) {
    proto::Holder& holder = *holders.Add();
    holder.set_oid(oid);
    holder.set_ppm(ppm);
  }
}

proto::Certify certify_body(const ModelRequest& request) {
  const ShortId asset = short_id(request.asset);
  if (request.kind == Kind::kNotice) return notice_body(asset);
  if (request.kind == Kind::kRefuse) return refuse_body(asset);
  if (request.kind == Kind::kRevoke) return revoke_body(asset);
  proto::Certify body;
  proto::CertifyIssue& issue = *body.mutable_issue();
  issue.set_subject(request.asset);
  issue.set_valid_to_s(request.valid_to_s);
  set_holders(request.tables[0], *issue.mutable_holding());
  set_holders(request.tables[1], *issue.mutable_use());
  set_holders(request.tables[2], *issue.mutable_operation());
  return body;
}

proto::Rights rights_body(const ModelRequest& request) {
  proto::Rights body;
  const auto fill = [&](auto& op) {
    op.set_subject(request.asset);
    op.set_right(kRightKinds[request.right]);
    op.set_from(request.from);
    set_holders(request.to, *op.mutable_to());
    op.set_ppm(request.ppm);
  };
  request.kind == Kind::kTransfer ? fill(*body.mutable_transfer()) : fill(*body.mutable_surrender());
  return body;
}

}  // namespace

ShortId short_id(const std::string& id) { return ShortId::from(crypto::as_bytes(id)); }

std::uint16_t record_type_of(const ModelRequest& request) {
  switch (request.kind) {
    case Kind::kStanding:
      return kOrg;
    case Kind::kRegister:
      return kAssetRegister;
    case Kind::kTransfer:
    case Kind::kSurrender:
      return kRights;
    default:
      return kCertify;
  }
}

Bytes record_body_of(const ModelRequest& request) {
  switch (request.kind) {
    case Kind::kStanding:
      return serialise_canonical(request.suspend ? suspension(request.target)
                                                 : reinstatement(request.target));
    case Kind::kRegister:
      return serialise_canonical(registration_body(request));
    case Kind::kTransfer:
    case Kind::kSurrender:
      return serialise_canonical(rights_body(request));
    default:
      return serialise_canonical(certify_body(request));
  }
}

}  // namespace circula::ledger::testing
