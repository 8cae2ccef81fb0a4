#include "cli/bench_workload.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "ledger/canonical.h"
#include "ledger/envelope.h"
#include "ledger/json_view.h"
#include "ledger/proto/asset.pb.h"
#include "ledger/proto/identity.pb.h"

namespace circula::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kLifetimeMs = 3'600'000;  // longer than any run
constexpr std::uint32_t kTypeOrg = 1;
constexpr std::uint32_t kTypeAssetRegister = 6;
constexpr std::uint32_t kVersion = 1;

Result<json::object> get_object(node::HttpClient& client, const std::string& target) {
  auto reply = client.get(target);
  if (!reply) return reply.error();
  if (reply->status == 404) return error(Code::E_NOT_FOUND, target);
  boost::system::error_code failed;
  auto value = json::parse(reply->body, failed);
  if (reply->status != 200 || failed || !value.is_object())
    return error(Code::E_UNAVAILABLE, target + " answered " + std::to_string(reply->status));
  return value.as_object();
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

const json::object* fields_of(const json::object& subject) {
  const auto* fields = subject.if_contains("fields");
  return fields != nullptr && fields->is_object() ? &fields->as_object() : nullptr;
}

// The update that changes nothing.
Result<crypto::Bytes> org_update_body(node::HttpClient& client, const std::string& oid) {
  auto subject = get_object(client, "/v1/subjects/org/" + oid);
  if (!subject) return subject.error();
  ledger::proto::Org body;
  body.mutable_update()->set_oid(oid);
  const json::object* fields = fields_of(*subject);
  const auto* profile = fields == nullptr ? nullptr : fields->if_contains("profile");
  if (profile == nullptr) return error(Code::E_UNAVAILABLE, "the organisation " + oid + " has no profile");
  // The view shows every field; the defaults among them are no canonical form.
  ledger::proto::OrgProfile& copy = *body.mutable_update()->mutable_profile();
  if (!profile->is_object()) return error(Code::E_UNAVAILABLE, "a profile is an object");
  copy.set_name(text_of(profile->as_object(), "name"));
  copy.set_region(text_of(profile->as_object(), "region"));
  copy.set_industry(text_of(profile->as_object(), "industry"));
  return ledger::serialise_canonical(body);
}

// Every asset has a content of its own, since a content is registered once.
crypto::Bytes asset_body() {
  ledger::proto::AssetRegister body;
  ledger::proto::AssetDescription& description = *body.mutable_description();
  description.set_asset_class(ledger::proto::ASSET_CLASS_ENTERPRISE);
  description.set_form(ledger::proto::ASSET_FORM_DATASET);
  description.set_title("Bus positions, one day");
  description.set_grade(1);
  description.set_personal_information(ledger::proto::PERSONAL_INFORMATION_NONE);
  description.set_size_bytes(1'000'000);
  description.set_update(ledger::proto::UPDATE_RHYTHM_ONCE);
  description.mutable_content()->set_suite(1);
  description.mutable_content()->set_digest(std::string(crypto::random_fixed<crypto::Digest>().text()));
  description.add_rights_claimed(ledger::proto::RIGHT_KIND_HOLDING);
  return ledger::serialise_canonical(body);
}

void add_key_files(const fs::path& directory, std::vector<std::string>& files) {
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, failed)) {
    if (entry.path().extension() == ".pem") files.push_back(entry.path().string());
  }
}

}  // namespace

Result<BenchWorkload> BenchWorkload::make(std::vector<crypto::SigningKey> keys, const std::string& kind,
                                          std::size_t records_per_envelope, node::HttpClient& client) {
  BenchWorkload workload;
  workload.kind_ = kind;
  workload.records_per_envelope_ = records_per_envelope;
  auto status = get_object(client, "/v1/status");
  if (!status) return status.error();
  auto chain = crypto::fixed_from_hex<crypto::Digest>(text_of(*status, "chain_id"), "chain_id");
  if (!chain) return error(Code::E_UNAVAILABLE, chain.error().detail);
  workload.chain_id_ = *chain;
  auto clock = get_object(client, "/v1/clock");
  if (!clock) return clock.error();
  auto ledger_time = crypto::u64_from_decimal(text_of(*clock, "ledger_time_ms"));
  const bool scripted = text_of(*clock, "clock") == "scripted";
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  workload.created_at_ms_ = scripted && ledger_time ? *ledger_time : static_cast<std::uint64_t>(wall.count());

  for (crypto::SigningKey& key : keys) {
    auto subject = get_object(client, "/v1/subjects/key/" + crypto::to_hex(key.public_key().view()));
    if (!subject && subject.error().code == Code::E_NOT_FOUND) continue;  // a node's key, or of elsewhere
    if (!subject) return subject.error();
    const json::object* fields = fields_of(*subject);
    if (fields == nullptr) continue;
    const std::string usage = text_of(*fields, "usage");
    if (usage != (kind == "org" ? "officer" : "cdo")) continue;
    Author author{std::move(key), {}};
    if (kind == "org") {
      auto body = org_update_body(client, text_of(*fields, "oid"));
      if (!body) return body.error();
      author.body = std::move(*body);
    }
    workload.authors_.push_back(std::move(author));
  }
  if (workload.authors_.empty())
    return error(Code::E_KEY_UNKNOWN,
                 "none of the " + std::to_string(keys.size()) + " keys may sign such records on this chain");
  return workload;
}

crypto::Bytes BenchWorkload::record(const Author& author) const {
  ledger::proto::Record record;
  record.set_author(std::string(author.key.public_key().text()));
  record.set_created_at_ms(created_at_ms_);
  record.set_expires_at_ms(created_at_ms_ + kLifetimeMs);
  record.set_nonce(std::string(crypto::random_fixed<crypto::ShortId>().text()));
  record.set_type(kind_ == "org" ? kTypeOrg : kTypeAssetRegister);
  record.set_version(kVersion);
  record.set_body(std::string(crypto::as_text(kind_ == "org" ? author.body : asset_body())));
  return ledger::serialise_canonical(record);
}

BenchEnvelope BenchWorkload::envelope(std::uint64_t number) const {
  const Author& author = authors_[number % authors_.size()];
  std::vector<crypto::Bytes> records;
  BenchEnvelope envelope;
  for (std::size_t each = 0; each < records_per_envelope_; ++each) {
    records.push_back(record(author));
    envelope.records.push_back(crypto::leaf_hash(records.back()));
  }
  envelope.bytes = ledger::seal_envelope(chain_id_, records, {&author.key});
  return envelope;
}

std::vector<BenchEnvelope> BenchWorkload::prepare(std::uint64_t count) const {
  std::vector<BenchEnvelope> envelopes(count);
  const std::uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> signers;
  for (std::uint64_t first = 0; first < threads; ++first) {
    signers.emplace_back([&, first] {
      for (std::uint64_t number = first; number < count; number += threads)
        envelopes[number] = envelope(number);
    });
  }
  signers.clear();
  return envelopes;
}

std::string BenchWorkload::description() const {
  return std::string(kind_ == "org" ? "1 ORG update" : "6 ASSET_REGISTER") + ", " +
         std::to_string(records_per_envelope_) + " an envelope, " + std::to_string(authors_.size()) +
         (authors_.size() == 1 ? " key" : " keys");
}

std::vector<std::string> key_files_of_home(const std::string& directory) {
  std::vector<std::string> files;
  add_key_files(fs::path(directory) / "keys", files);
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> key_files_of_cluster(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code failed;
  for (const fs::directory_entry& home : fs::directory_iterator(fs::path(directory) / "homes", failed))
    add_key_files(home.path() / "keys", files);
  std::ranges::sort(files);
  return files;
}

}  // namespace circula::cli
