#include "ledger/registered.h"

#include "ledger/proto/identity.pb.h"

namespace circula::ledger {
namespace {

const std::string& applicant_of(const proto::AssetState& state) { return state.applicant(); }
const std::string& applicant_of(const proto::ProductState& state) { return state.maker(); }
std::uint32_t grade_of(const proto::AssetState& state) { return state.description().grade(); }
std::uint32_t grade_of(const proto::ProductState& state) { return state.grade(); }

}  // namespace

SubjectKey Registered::key() const { return product() != nullptr ? product_key(id_) : asset_key(id_); }

const std::string& Registered::applicant() const {
  return std::visit([](const auto& state) -> const std::string& { return applicant_of(state); }, state_);
}
std::uint32_t Registered::grade() const {
  return std::visit([](const auto& state) { return grade_of(state); }, state_);
}
proto::AssetStatus Registered::status() const {
  return std::visit([](const auto& state) { return state.status(); }, state_);
}
const std::string& Registered::registrar() const {
  return std::visit([](const auto& state) -> const std::string& { return state.registrar(); }, state_);
}
std::int64_t Registered::notice_ends_s() const {
  return std::visit([](const auto& state) { return state.notice_ends_s(); }, state_);
}
bool Registered::notice_over() const {
  return std::visit([](const auto& state) { return state.notice_over(); }, state_);
}
const std::string& Registered::certificate() const {
  return std::visit([](const auto& state) -> const std::string& { return state.certificate(); }, state_);
}

bool Registered::is_in_force(std::int64_t time_s) const {
  const std::int64_t valid_to_s = std::visit([](const auto& state) { return state.valid_to_s(); }, state_);
  return status() == proto::ASSET_STATUS_CERTIFIED && time_s < valid_to_s;
}

void Registered::write(Execution& execution, std::uint16_t effect_type,
                       const google::protobuf::Message& effect) const {
  std::visit([&](const auto& state) { execution.change(key(), effect_type, effect, state); }, state_);
}

ShortId short_id(const std::string& bytes) { return ShortId::from(crypto::as_bytes(bytes)); }

std::optional<Registered> read_registered(Execution& execution, const ShortId& id) {
  if (auto asset = execution.read<proto::AssetState>(asset_key(id))) return Registered(id, *std::move(asset));
  if (auto product = execution.read<proto::ProductState>(product_key(id)))
    return Registered(id, *std::move(product));
  return std::nullopt;
}

Result<Registered> find_registered(Execution& execution, const std::string& id, const std::string& field) {
  if (id.size() != ShortId::kSize)
    return error(Code::E_FORMAT, "the id of an asset or a product has 16 bytes", field);
  auto registered = read_registered(execution, short_id(id));
  if (registered) return *std::move(registered);
  return error(Code::E_NOT_FOUND, "no " + asset_key(short_id(id)) + ", and no product either", field);
}

Result<Registered> find_certified(Execution& execution, const std::string& id, const std::string& field,
                                  Code not_in_force) {
  auto registered = find_registered(execution, id, field);
  if (!registered || registered->is_in_force(execution.time_s())) return registered;
  return error(not_in_force,
               registered->status() == proto::ASSET_STATUS_CERTIFIED
                   ? "certificate " + registered->certificate() + " has expired"
                   : registered->key() + " is not certified",
               field);
}

SupervisedPlace supervised_place(Execution& execution, const Registered& registered) {
  if (const proto::AssetState* asset = registered.asset())
    return {asset->description().region(), asset->description().industry()};
  const auto maker = execution.read<proto::OrgState>(org_key(registered.applicant()));
  assert(maker && "an organisation is never forgotten");
  return {maker->profile().region(), maker->profile().industry()};
}

}  // namespace circula::ledger
