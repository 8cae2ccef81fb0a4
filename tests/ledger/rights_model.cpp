#include "tests/ledger/rights_model.h"

namespace circula::ledger::testing {
namespace {

using Kind = ModelRequest::Kind;
using Status = ModelAsset::Status;
using Personal = ModelRequest::Personal;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kChina = 8 * 3600;

bool signed_by(const ModelRequest& request, const std::string& oid, char usage) {
  return request.signers.contains({oid, usage});
}

bool signed_for_grade(const ModelRequest& request, const std::string& oid, unsigned grade) {
  return signed_by(request, oid, 'c') && (grade < 5 || signed_by(request, oid, 'o'));
}

bool is_whole(const Shares& shares) {
  std::uint64_t sum = 0;
  for (const auto& [oid, ppm] : shares) {
    if (ppm == 0) return false;
    sum += ppm;
  }
  return sum == 1'000'000;
}

// The midnight at UTC+8 that ends the n-th day from Monday to Friday after the day of `time_s`.
std::int64_t after_working_days(std::int64_t time_s, int days) {
  if (days == 0) return time_s;
  std::int64_t day = (time_s + kChina) / kDay;
  while (days > 0) {
    ++day;
    if ((day + 3) % 7 < 5) --days;  // day 0 was a Thursday
  }
  return (day + 1) * kDay - kChina;
}

int year_of(std::int64_t time_s) {
  std::int64_t day = (time_s + kChina) / kDay;
  for (int year = 1970;; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 365 + leap) return year;
    day -= 365 + leap;
  }
}

}  // namespace

std::string RightsModel::apply(const ModelRequest& request) {
  for (const auto& [oid, usage] : request.signers) {
    if (suspended.contains(oid)) return "E_ORG_SUSPENDED";
  }
  if (request.kind == Kind::kStanding) {
    if (suspended.contains(request.target) == request.suspend) return "E_STATE";
    request.suspend ? (void)suspended.insert(request.target) : (void)suspended.erase(request.target);
    return "E_OK";
  }
  if (request.kind == Kind::kRegister) return enroll(request);
  const bool moves = request.kind == Kind::kTransfer || request.kind == Kind::kSurrender;
  if (moves && request.to.empty()) return "E_FORMAT";
  const auto found = assets.find(request.asset);
  if (found == assets.end()) return "E_NOT_FOUND";
  return moves ? move(request, found->second) : decide(request, found->second);
}

std::string RightsModel::check_source(const ModelRequest& request, const ModelSource& source) const {
  const auto& [derived, id] = source;
  if (id.empty()) return derived ? "E_SOURCE" : "E_OK";
  const auto found = assets.find(id);
  if (found == assets.end() || !in_force(found->second)) return "E_SOURCE";
  return found->second.tables[1].contains(request.author) ? "E_OK" : "E_SOURCE";
}

std::string RightsModel::enroll(const ModelRequest& request) {
  if (request.personal == Personal::kNone && request.salted) return "E_FORMAT";
  if (request.personal != Personal::kNone && !request.salted) return "E_PI_FIELD";
  if (!signed_for_grade(request, request.author, request.grade)) return "E_POLICY";
  bool derived = false;
  for (const ModelSource& source : request.sources) {
    if (check_source(request, source) != "E_OK") return "E_SOURCE";
    derived = derived || source.first;
  }
  if (request.grade == 6) return "E_CORE_DATA";
  if (request.personal != Personal::kNone) return "E_NO_BASIS";
  const auto taken = content_of_.find(request.content);
  const bool counts = taken != content_of_.end() && assets.at(taken->second).status != Status::kRefused &&
                      assets.at(taken->second).status != Status::kRevoked;
  if (counts && !derived) return "E_DUP_CONTENT";
  if (!counts) content_of_[request.content] = request.asset;
  ModelAsset& asset = assets[request.asset];
  asset.applicant = request.author;
  asset.grade = request.grade;
  return "E_OK";
}

std::string RightsModel::may_decide(const ModelRequest& request, const ModelAsset& asset) const {
  const std::string& author = request.author;
  if (!registrars.contains(author)) return "E_ROLE";
  const int keys = signed_by(request, author, 'o') + signed_by(request, author, 'c');
  if (keys < (asset.grade >= 5 ? 2 : 1)) return "E_POLICY";
  const auto is_parent = [&](const std::string& parent, const std::string& child) {
    const auto found = parents.find(child);
    return found != parents.end() && found->second == parent;
  };
  if (asset.applicant == author || is_parent(author, asset.applicant) || is_parent(asset.applicant, author))
    return "E_RELATED";
  if (!asset.registrar.empty() && asset.registrar != author) return "E_SCOPE";
  return "E_OK";
}

std::string RightsModel::decide(const ModelRequest& request, ModelAsset& asset) {
  if (const std::string may = may_decide(request, asset); may != "E_OK") return may;
  switch (request.kind) {
    case Kind::kNotice:
      if (asset.status != Status::kApplied) return "E_STATE";
      if (registrars.at(request.author).empty()) return "E_CERT_NO";
      asset.status = Status::kNotice;
      asset.registrar = request.author;
      asset.notice_ends_s = after_working_days(time_s, notice_working_days);
      return "E_OK";
    case Kind::kRefuse:
      if (asset.status != Status::kApplied && asset.status != Status::kNotice) return "E_STATE";
      asset.status = Status::kRefused;
      asset.registrar = request.author;
      return "E_OK";
    case Kind::kRevoke:
      if (asset.status != Status::kCertified) return "E_STATE";
      asset.status = Status::kRevoked;
      for (const Shares& table : asset.tables) {
        for (const auto& [oid, ppm] : table) --open_items[oid];
      }
      return "E_OK";
    default:
      return issue(request, asset);
  }
}

std::string RightsModel::issue(const ModelRequest& request, ModelAsset& asset) {
  for (const Shares& table : request.tables) {
    if (const std::string there = check_organisations(table); there != "E_OK") return there;
  }
  if (asset.status == Status::kApplied) return "E_NOTICE";
  if (asset.status != Status::kNotice) return "E_STATE";
  if (time_s < asset.notice_ends_s) return "E_NOTICE";
  if (request.valid_to_s <= time_s) return "E_TIME";
  for (const Shares& table : request.tables) {
    if (!is_whole(table)) return "E_PPM";
  }
  asset.status = Status::kCertified;
  asset.valid_to_s = request.valid_to_s;
  asset.serial = ++serials_[{registrars.at(request.author), year_of(time_s)}];
  asset.tables = request.tables;
  for (const Shares& table : asset.tables) {
    for (const auto& [oid, ppm] : table) ++open_items[oid];
  }
  return "E_OK";
}

std::string RightsModel::check_organisations(const Shares& shares) const {
  for (const auto& [oid, ppm] : shares) {
    if (!organisations.contains(oid)) return "E_NOT_FOUND";
    if (suspended.contains(oid)) return "E_ORG_SUSPENDED";
  }
  return "E_OK";
}

std::string RightsModel::may_move(const ModelRequest& request, const ModelAsset& asset) const {
  if (const std::string there = check_organisations({{request.from, 1}}); there != "E_OK") return there;
  if (const std::string there = check_organisations(request.to); there != "E_OK") return there;
  bool approved = signed_for_grade(request, request.from, asset.grade);
  for (const auto& [oid, ppm] : request.to)
    approved = approved && signed_for_grade(request, oid, asset.grade);
  if (!approved) return "E_POLICY";
  bool regulator = asset.grade < 5;
  for (const std::string& oid : regulators)
    regulator = regulator || signed_by(request, oid, 'o') || signed_by(request, oid, 'c');
  if (!regulator) return "E_GRADE_APPROVAL";
  if (request.to.contains(request.from)) return "E_REF";
  return in_force(asset) ? "E_OK" : "E_STATE";
}

std::string RightsModel::move(const ModelRequest& request, ModelAsset& asset) {
  if (const std::string may = may_move(request, asset); may != "E_OK") return may;
  Shares& table = asset.tables[request.right];
  if (!table.contains(request.from)) return "E_NO_RIGHT";
  std::uint64_t sum = 0;
  for (const auto& [oid, ppm] : request.to) {
    if (ppm == 0) return "E_PPM";
    sum += ppm;
  }
  if (sum != request.ppm || request.ppm > table[request.from]) return "E_PPM";
  for (const auto& [oid, ppm] : request.to) {
    if (request.kind == Kind::kSurrender && !table.contains(oid)) return "E_REF";
  }
  for (const auto& [oid, ppm] : request.to) {
    if (!table.contains(oid)) ++open_items[oid];
    table[oid] += ppm;
  }
  if ((table[request.from] -= request.ppm) == 0) {
    table.erase(request.from);
    --open_items[request.from];
  }
  return "E_OK";
}

}  // namespace circula::ledger::testing
