// A chain on which random registrations, certificates and moves of rights happen, good and bad mixed, beside
// the model that predicts each outcome: for rights_property_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crypto/encoding.h"
#include "ledger/certificate_number.h"
#include "ledger/rights.h"
#include "ledger/title.h"
#include "tests/ledger/asset_records.h"
#include "tests/ledger/rights_requests.h"

namespace circula::ledger::testing {

class RightsScenario {
  using Kind = ModelRequest::Kind;
  using Status = ModelAsset::Status;
  static constexpr char kLetters[] = {'H', 'U', 'O'};
  static constexpr std::int64_t kDaySeconds = 86'400;

 public:
  explicit RightsScenario(std::uint64_t seed) : random_(seed) {
    for (const char* name : {"exchange", "registrar", "registrar-2", "registrar-3", "regulator", "provider",
                             "vendor-b", "buyer", "merchant", "broker", "department"}) {
      name_of_[chain_.oid(name)] = name;
      model_.organisations.insert(chain_.oid(name));
    }
    model_.registrars = {
        {chain_.oid("registrar"), "R1"}, {chain_.oid("registrar-2"), "R2"}, {chain_.oid("registrar-3"), ""}};
    model_.regulators = {chain_.oid("regulator")};
    model_.parents = {{chain_.oid("merchant"), chain_.oid("registrar-2")}};
    model_.notice_working_days = 5;
    proto::Org body;
    body.mutable_update()->set_oid(chain_.oid("merchant"));
    body.mutable_update()->mutable_profile()->set_name("merchant");
    body.mutable_update()->mutable_profile()->set_parent(chain_.oid("registrar-2"));
    EXPECT_EQ(outcome(chain_, spec("merchant", 1, body)), "E_OK");
  }

  void run_block(std::size_t records) {
    chain_.advance_ms(below(5) == 0 ? below(3 * kDaySeconds * 1000) : 1 + below(3'600'000));
    model_.time_s = static_cast<std::int64_t>(chain_.time_ms() / 1000);
    std::vector<EnvelopePtr> bodies;
    std::vector<std::string> expected;
    touched_.clear();
    while (expected.size() < records) {
      std::vector<ModelRequest> requests;
      std::vector<RecordSpec> specs;
      const std::size_t count = std::min<std::size_t>(1 + below(4), records - expected.size());
      for (std::size_t item = 0; item < count; ++item) {
        requests.push_back(next_request());
        specs.push_back(record_of(requests.back()));
      }
      bodies.push_back(chain_.envelope(specs));
      for (std::size_t item = 0; item < count; ++item) {
        if (requests[item].kind == Kind::kRegister)
          requests[item].asset = bodies.back()->records()[item].id.text().substr(0, ShortId::kSize);
        expected.push_back(model_.apply(requests[item]));
        ++outcomes_[expected.back()];
        touched_.insert(requests[item].asset);
        if (requests[item].kind == Kind::kRegister && expected.back() == "E_OK")
          ids_.push_back(requests[item].asset);
      }
    }
    const ExecutedBlock block = chain_.execute(bodies);
    ASSERT_EQ(block.outcomes.size(), expected.size());
    for (std::size_t item = 0; item < expected.size(); ++item) {
      const Error& found = block.outcomes[item].error;
      ASSERT_EQ(name(found.code), expected[item])
          << "height " << block.height << " record " << item << ": " << found.field << ": " << found.detail;
    }
    for (const std::string& id : touched_) check_asset(id);
    for (const auto& [oid, organisation] : name_of_) {
      ASSERT_EQ(static_cast<int>(chain_.open_items(organisation)), model_.open_items[oid]) << organisation;
    }
  }

  void check_all() {
    for (const auto& [id, asset] : model_.assets) check_asset(id);
  }
  // Each table again from its history alone.
  void check_titles() {
    for (const auto& [id, asset] : model_.assets) {
      if (asset.serial == 0) continue;
      for (std::size_t right = 0; right < 3; ++right) {
        const SubjectKey key = right_key(short_id(id), kLetters[right]);
        const auto rows = chain_.ledger().index().history(key, 0, (*chain_.ledger().subject(key))->count());
        ASSERT_TRUE(rows);
        const auto holders = holders_at(*rows, UINT64_MAX);
        ASSERT_TRUE(holders) << holders.error().detail;
        const Shares& table = asset.tables[right];
        ASSERT_EQ(*holders, HolderShares(table.begin(), table.end()));
      }
    }
  }
  // Another way on from where the chain stands now; then back again.
  void branch(std::uint64_t seed, int blocks, std::size_t records) {
    const RightsModel model = model_;
    const std::vector<std::string> ids = ids_;
    random_.seed(seed);
    for (int block = 0; block < blocks && !::testing::Test::HasFatalFailure(); ++block) run_block(records);
    model_ = model;
    ids_ = ids;
    chain_.rewind();
  }
  void keep() { chain_.keep(); }
  [[nodiscard]] const std::map<std::string, int>& outcomes() const { return outcomes_; }
  [[nodiscard]] TestChain& chain() { return chain_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

  template <class List>
  const auto& any_of(const List& list) {
    return *std::next(list.begin(), static_cast<std::ptrdiff_t>(below(list.size())));
  }
  std::string trader() {
    static const std::vector<std::string> names = {"provider", "vendor-b", "buyer",
                                                   "merchant", "broker",   "department"};
    return chain_.oid(any_of(names));
  }
  // Mostly an asset for which `fits` holds, seldom one that is not there.
  template <class Fits>
  std::string some_asset(Fits fits) {
    if (ids_.empty() || chance(1)) return std::string(ShortId::kSize, 'x');
    std::string id = any_of(ids_);
    for (int tries = chance(10) ? 0 : 50; tries > 0 && !fits(model_.assets.at(id)); --tries)
      id = any_of(ids_);
    return id;
  }
  std::string some_asset_in_force() {
    return some_asset([this](const ModelAsset& asset) { return model_.in_force(asset); });
  }
  void sign(ModelRequest& request, const std::string& oid, unsigned grade) {
    if (!chance(2)) request.signers.insert({oid, 'c'});
    if ((grade >= 5 && !chance(3)) || chance(2)) request.signers.insert({oid, 'o'});
  }

  ModelRequest registration() {
    ModelRequest request;
    request.kind = Kind::kRegister;
    request.author = trader();
    request.grade = chance(2) ? 6 : chance(20) ? 5 : 1 + static_cast<unsigned>(below(4));
    if (chance(10)) {
      request.personal =
          chance(30) ? ModelRequest::Personal::kPersonal : ModelRequest::Personal::kDeidentified;
      request.salted = !chance(10);
    } else {
      request.salted = chance(2);
    }
    request.content = std::to_string(chance(15) ? below(next_content_) : next_content_++);
    for (std::uint64_t count = below(3); count > 0; --count) {
      request.sources.push_back({chance(30), chance(60) ? std::string() : some_asset_in_force()});
      auto& [derived, asset] = request.sources.back();
      if (asset.empty() && !chance(5)) derived = false;
    }
    sign(request, request.author, request.grade);
    return request;
  }

  Shares whole() {
    Shares shares;
    std::uint32_t left = 1'000'000;
    for (std::uint64_t count = 1 + below(4); count > 1; --count) {
      const auto part = static_cast<std::uint32_t>(below(left));
      shares[trader()] += part;  // 0 now and then
      left -= part;
    }
    shares[trader()] += chance(2) ? left - 1 : left;
    if (chance(1)) shares[test_oid(900)] = 0;
    return shares;
  }

  ModelRequest decision() {
    ModelRequest request;
    request.asset = some_asset([this](const ModelAsset& one) {
      return one.status == Status::kApplied ||
             (one.status == Status::kNotice && model_.time_s >= one.notice_ends_s);
    });
    const auto found = model_.assets.find(request.asset);
    const ModelAsset asset = found == model_.assets.end() ? ModelAsset() : found->second;
    switch (chance(10) ? static_cast<Status>(below(5)) : asset.status) {
      case Status::kApplied:
        request.kind = chance(6) ? Kind::kRefuse : Kind::kNotice;
        break;
      case Status::kNotice:
        request.kind = chance(4) ? Kind::kRefuse : Kind::kIssue;
        break;
      default:
        request.kind = chance(20) ? Kind::kRevoke : Kind::kIssue;
    }
    request.author = !asset.registrar.empty() && !chance(5) ? asset.registrar
                     : chance(3)                            ? trader()
                     : chance(10)                           ? chain_.oid("registrar-3")
                     : chance(50)                           ? chain_.oid("registrar")
                                                            : chain_.oid("registrar-2");
    sign(request, request.author, asset.grade);
    if (request.kind == Kind::kIssue) {
      for (Shares& table : request.tables) table = whole();
      request.valid_to_s =
          model_.time_s + (chance(2) ? 0 : static_cast<std::int64_t>(below(60 * kDaySeconds)));
    }
    return request;
  }

  ModelRequest move() {
    ModelRequest request;
    request.kind = chance(15) ? Kind::kSurrender : Kind::kTransfer;
    request.asset = some_asset_in_force();
    request.right = static_cast<unsigned>(below(3));
    const auto found = model_.assets.find(request.asset);
    const ModelAsset asset = found == model_.assets.end() ? ModelAsset() : found->second;
    const Shares& table = asset.tables[request.right];
    request.from = !table.empty() && !chance(6) ? any_of(table).first : trader();
    const auto held = table.find(request.from);
    const std::uint32_t most = held == table.end() ? 1'000'000 : held->second;
    request.ppm = chance(25) ? most : static_cast<std::uint32_t>(below(most + 1));
    if (chance(4)) request.ppm = most + 1 + static_cast<std::uint32_t>(below(3));
    std::uint32_t left = chance(3) ? request.ppm + 1 : request.ppm;
    for (std::uint64_t count = 1 + below(3); count > 0; --count) {
      const std::uint32_t part = count == 1 ? left : static_cast<std::uint32_t>(below(left + 1));
      std::string to =
          request.kind == Kind::kSurrender && !table.empty() && !chance(10) ? any_of(table).first : trader();
      if (to == request.from && !chance(10)) to = chain_.oid(to == chain_.oid("buyer") ? "broker" : "buyer");
      request.to[to] += part;
      left -= part;
    }
    if (chance(1)) request.to.clear();
    if (chance(1)) request.to[test_oid(900)] = 1;
    sign(request, request.from, asset.grade);
    for (const auto& [oid, ppm] : request.to) {
      if (name_of_.contains(oid)) sign(request, oid, asset.grade);
    }
    if (asset.grade >= 5 && !chance(10)) request.signers.insert({chain_.oid("regulator"), 'o'});
    request.author = chance(95) ? request.from : chain_.oid("exchange");
    return request;
  }

  ModelRequest next_request() {
    if (chance(1)) {
      ModelRequest request;
      request.kind = Kind::kStanding;
      request.author = chain_.oid("regulator");
      request.signers.insert({request.author, 'o'});
      request.target = chain_.oid(chance(50) ? "broker" : "department");
      request.suspend = model_.suspended.empty() ? !chance(10) : chance(10);
      if (!request.suspend && !model_.suspended.empty() && !chance(10))
        request.target = *model_.suspended.begin();
      return request;
    }
    ModelRequest request = chance(14) ? registration() : chance(35) ? decision() : move();
    // Somebody of the author's organisation must be the author.
    const bool signs = std::ranges::any_of(
        request.signers, [&](const auto& signer) { return signer.first == request.author; });
    if (!signs) request.signers.insert({request.author, 'f'});
    return request;
  }

  std::string key_name(const std::pair<std::string, char>& signer) {
    const std::string& organisation = name_of_.at(signer.first);
    return signer.second == 'o'   ? organisation
           : signer.second == 'c' ? organisation + ".cdo"
                                  : organisation + ".finance";
  }

  RecordSpec record_of(const ModelRequest& request) {
    RecordSpec record;
    for (const auto& signer : request.signers) {
      const std::string key = key_name(signer);
      if (record.author.empty() && signer.first == request.author) {
        record.author = key;
      } else {
        record.signers.push_back(key);
      }
    }
    record.type = record_type_of(request);
    record.body = record_body_of(request);
    return record;
  }

  void check_asset(const std::string& id) {
    const auto found = model_.assets.find(id);
    if (found == model_.assets.end()) {
      if (id.size() == ShortId::kSize) {
        ASSERT_FALSE(chain_.read<proto::AssetState>(asset_key(short_id(id))));
      }
      return;
    }
    const proto::AssetState asset = asset_state(chain_, short_id(id));
    static const std::map<Status, proto::AssetStatus> statuses = {
        {Status::kApplied, proto::ASSET_STATUS_APPLIED},
        {Status::kNotice, proto::ASSET_STATUS_NOTICE},
        {Status::kCertified, proto::ASSET_STATUS_CERTIFIED},
        {Status::kRefused, proto::ASSET_STATUS_REFUSED},
        {Status::kRevoked, proto::ASSET_STATUS_REVOKED}};
    ASSERT_EQ(asset.status(), statuses.at(found->second.status));
    if (found->second.serial != 0) {
      ASSERT_EQ(parse_certificate_number(asset.certificate())->serial, found->second.serial);
    }
    for (std::size_t right = 0; right < 3; ++right) {
      const auto state = chain_.read<proto::RightState>(right_key(short_id(id), kLetters[right]));
      ASSERT_EQ(state.has_value(), found->second.serial != 0);
      if (!state) continue;
      Shares shares;
      std::uint64_t sum = 0;
      for (const proto::Holder& holder : state->holders()) {
        shares[holder.oid()] = holder.ppm();
        sum += holder.ppm();
      }
      ASSERT_EQ(sum, 1'000'000U);
      ASSERT_EQ(shares, found->second.tables[right]);
    }
  }

  // Production periods need the scripted clock here: the keys come from names.
  TestChain chain_{{.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION}};
  RightsModel model_;
  std::mt19937_64 random_;
  std::map<std::string, std::string> name_of_;  // by oid
  std::vector<std::string> ids_;
  std::set<std::string> touched_;
  std::map<std::string, int> outcomes_;
  std::uint64_t next_content_ = 1;
};

}  // namespace circula::ledger::testing
