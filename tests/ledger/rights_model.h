// What records 6, 8 and 11 should do, on std::map and without a line of the ledger's code: the differential
// oracle of rights_property_test.cpp. It knows organisations by their codes and predicts the exact outcome.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace circula::ledger::testing {

using Shares = std::map<std::string, std::uint32_t>;  // ppm by oid

using ModelSource = std::pair<bool, std::string>;  // derived; asset id, or empty

// One record, in the model's words.
struct ModelRequest {
  enum class Kind { kStanding, kRegister, kNotice, kIssue, kRefuse, kRevoke, kTransfer, kSurrender };
  Kind kind{};
  std::string author;                              // oid
  std::set<std::pair<std::string, char>> signers;  // oid and usage: 'o'fficer, 'c'do, 'f'inance
  std::string asset;                               // id; of a registration the one that it makes

  std::string target;  // standing
  bool suspend = false;

  unsigned grade = 2;  // registration
  enum class Personal { kNone, kDeidentified, kPersonal } personal = Personal::kNone;
  bool salted = false;
  std::string content;
  std::vector<ModelSource> sources;

  std::int64_t valid_to_s = 0;   // issue
  std::array<Shares, 3> tables;  // H, U, O

  unsigned right = 0;  // move: index into tables
  std::string from;
  Shares to;
  std::uint32_t ppm = 0;
};

struct ModelAsset {
  enum class Status { kApplied, kNotice, kCertified, kRefused, kRevoked };
  Status status = Status::kApplied;
  std::string applicant;
  unsigned grade = 0;
  std::string registrar;
  std::int64_t notice_ends_s = 0;
  std::int64_t valid_to_s = 0;
  std::uint32_t serial = 0;  // of the certificate
  std::array<Shares, 3> tables;
};

class RightsModel {
 public:
  std::set<std::string> organisations;
  std::map<std::string, std::string> registrars;  // code by oid
  std::set<std::string> regulators;               // national ones
  std::map<std::string, std::string> parents;     // by oid
  int notice_working_days = 0;
  std::int64_t time_s = 0;

  std::map<std::string, ModelAsset> assets;  // by id
  std::set<std::string> suspended;
  std::map<std::string, int> open_items;

  // Changes the model and says the outcome's name.
  [[nodiscard]] std::string apply(const ModelRequest& request);
  [[nodiscard]] bool in_force(const ModelAsset& asset) const {
    return asset.status == ModelAsset::Status::kCertified && time_s < asset.valid_to_s;
  }

 private:
  [[nodiscard]] std::string enroll(const ModelRequest& request);
  [[nodiscard]] std::string check_source(const ModelRequest& request, const ModelSource& source) const;
  [[nodiscard]] std::string may_decide(const ModelRequest& request, const ModelAsset& asset) const;
  [[nodiscard]] std::string decide(const ModelRequest& request, ModelAsset& asset);
  [[nodiscard]] std::string issue(const ModelRequest& request, ModelAsset& asset);
  [[nodiscard]] std::string may_move(const ModelRequest& request, const ModelAsset& asset) const;
  [[nodiscard]] std::string move(const ModelRequest& request, ModelAsset& asset);
  [[nodiscard]] std::string check_organisations(const Shares& shares) const;

  std::map<std::string, std::string> content_of_;                 // asset by content
  std::map<std::pair<std::string, int>, std::uint32_t> serials_;  // by code and year
};

}  // namespace circula::ledger::testing
