// Who may read what (design.md 9, "Who may read what"; docs/api.md).
//
//   record    the organisations of its author and signers, the one that it acts for, and those that were
//             given income by it
//   subject   by kind: public; or the organisations that it names, an income's own one, a counter's
//             agreement's; of a contract, its licence and its holds the two sides and the exchange; of an
//             account or a payout its owner, the exchange and the settlement bank; or nobody but who reads
//             everything
//   and the exchange that admitted one of these organisations; regulators and auditors read everything.
//
// All of it is decided by the executed state, so a key that was revoked a block ago reads nothing.
// Thread rule: any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ledger/proto/envelope.pb.h"
#include "ledger/proto/identity.pb.h"
#include "ledger/proto/index.pb.h"
#include "ledger/subject.h"
#include "node/backend.h"
#include "node/route_table.h"

namespace circula::node::api {

// A registered key in its period and not revoked.
[[nodiscard]] std::optional<ledger::proto::KeyState> active_key(const Backend& backend,
                                                                const crypto::PublicKey& key);
// The organisation that a key belongs to, active or not; empty: none.
[[nodiscard]] std::string organisation_of(const Backend& backend, const crypto::PublicKey& key);

// Visibility of the routes of a subject kind.
[[nodiscard]] Visibility visibility_of(ledger::SubjectKind kind);

using Oids = std::set<std::string>;

[[nodiscard]] Oids parties_of_record(const Backend& backend, const ledger::proto::Record& record,
                                     const ledger::proto::IndexedEntry& entry);
// Of a subject that is of party visibility; also of one that does not exist, as far as its key tells.
[[nodiscard]] Oids parties_of_subject(const Backend& backend, const ledger::SubjectKey& key);
// Every organisation code that a message has in a text field, at any depth.
[[nodiscard]] Oids organisations_named(const google::protobuf::Message& message);

// The one who asks.
class Caller {
 public:
  // Without a session: nobody, who reads what is public.
  [[nodiscard]] static Caller of(const Backend& backend, const std::optional<crypto::PublicKey>& key);

  [[nodiscard]] bool reads_everything() const { return reads_everything_; }  // regulator, auditor
  [[nodiscard]] bool runs_node() const { return runs_node_; }
  [[nodiscard]] bool is_exchange() const { return is_exchange_; }
  [[nodiscard]] const std::string& oid() const { return oid_; }
  [[nodiscard]] const ledger::proto::KeyState& key_state() const { return key_state_; }
  [[nodiscard]] const ledger::proto::OrgState& organisation() const { return organisation_; }

  [[nodiscard]] bool may_read(const Oids& parties) const;
  [[nodiscard]] bool may_read_subject(const ledger::SubjectKey& key) const;
  // E_NOT_PARTY, in words that tell nothing of what there is.
  [[nodiscard]] static ledger::Error not_party();

 private:
  explicit Caller(const Backend& backend) : backend_(&backend) {}

  const Backend* backend_;
  std::string oid_;
  ledger::proto::KeyState key_state_;
  ledger::proto::OrgState organisation_;
  bool reads_everything_ = false;
  bool runs_node_ = false;
  bool is_exchange_ = false;
};

}  // namespace circula::node::api
