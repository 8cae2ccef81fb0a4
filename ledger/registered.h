// What a registrar certifies, and what rights, agreements and deals are about: an asset (record 6) or a
// product (record 14). The states of both have the fields of a certification alike, so whoever only asks "is
// it certified, and who applied?" need not know which of them it is.
//
// Invariant: no asset and product have one id (both registrations look), so 16 bytes name one of them.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "ledger/execution.h"
#include "ledger/proto/asset.pb.h"
#include "ledger/proto/product.pb.h"

namespace circula::ledger {

class Registered {
 public:
  using State = std::variant<proto::AssetState, proto::ProductState>;
  Registered(const ShortId& id, State state) : id_(id), state_(std::move(state)) {}

  [[nodiscard]] const ShortId& id() const { return id_; }
  [[nodiscard]] SubjectKey key() const;
  // Null when it is the other.
  [[nodiscard]] const proto::AssetState* asset() const { return std::get_if<proto::AssetState>(&state_); }
  [[nodiscard]] const proto::ProductState* product() const {
    return std::get_if<proto::ProductState>(&state_);
  }

  [[nodiscard]] const std::string& applicant() const;  // of a product its maker
  [[nodiscard]] std::uint32_t grade() const;           // of a product the highest of its versions
  [[nodiscard]] proto::AssetStatus status() const;
  [[nodiscard]] const std::string& registrar() const;
  [[nodiscard]] std::int64_t notice_ends_s() const;
  [[nodiscard]] bool notice_over() const;
  [[nodiscard]] const std::string& certificate() const;

  // Certified, and its certificate in force at the time.
  [[nodiscard]] bool is_in_force(std::int64_t time_s) const;

  // Calls `change` with the state, of either type: for the fields that both have.
  template <class Change>
  void alter(const Change& change) {
    std::visit(change, state_);
  }
  // One effect on its subject, whose fields are then the state.
  void write(Execution& execution, std::uint16_t effect_type, const google::protobuf::Message& effect) const;

 private:
  ShortId id_;
  State state_;
};

// REQUIRES: 16 bytes.
[[nodiscard]] ShortId short_id(const std::string& bytes);

[[nodiscard]] std::optional<Registered> read_registered(Execution& execution, const ShortId& id);
// What a body names by its 16 bytes: E_FORMAT, E_NOT_FOUND.
[[nodiscard]] Result<Registered> find_registered(Execution& execution, const std::string& id,
                                                 const std::string& field);
// As find_registered(), and in force at ledger time: E_STATE, or another code for that.
[[nodiscard]] Result<Registered> find_certified(Execution& execution, const std::string& id,
                                                const std::string& field, Code not_in_force = Code::E_STATE);

// Where it lies for those who supervise: an asset says so itself, a product lies where its maker does.
struct SupervisedPlace {
  std::string region;
  std::string industry;
};
[[nodiscard]] SupervisedPlace supervised_place(Execution& execution, const Registered& registered);

}  // namespace circula::ledger
