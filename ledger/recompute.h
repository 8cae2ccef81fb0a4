// Shares a revenue event's income again, from the agreements and from what the event says that it found in
// their counters: how a vendor verifies a payment up to the sale, without trusting who computed it
// (records.md 5). The same engine, fed from subjects and effects that the reader has proven.
//
// Pure functions; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/distribution.h"
#include "ledger/proto/agreement.pb.h"
#include "ledger/proto/income.pb.h"
#include "ledger/proto/settlement.pb.h"
#include "ledger/signing.h"

namespace circula::ledger {

// An effect on a subject, as an entry lists it.
struct SubjectEffect {
  std::string subject;
  Bytes effect;
};

// What a SETTLE entry says of its event.
struct RecordedEvent {
  ShortId event{};
  proto::EventSettled settled;
  std::map<std::string, proto::EventNodeState> nodes;  // by path
};

// Agreements as a client has gathered them: subjects agreement/<id> and agreement/<id>/<version>.
struct GatheredAgreements {
  std::map<ShortId, proto::AgreementState> states;
  std::map<std::pair<ShortId, std::uint32_t>, proto::AgreementTerms> versions;
};

// Picks the event and its nodes out of an entry's effects; others are left aside. E_PROOF.
[[nodiscard]] Result<RecordedEvent> read_event(std::span<const SubjectEffect> effects);

// The versions that a recomputation needs: agreement and number, each once, ascending.
[[nodiscard]] std::vector<std::pair<ShortId, std::uint32_t>> versions_needed(const RecordedEvent& event);

// Distributes the event again and compares node by node and line by line. The versions that the nodes name
// must have been in force at the event's time, or be the one that the contract pins. Returns what was
// computed; E_PROOF with the place ("0.1[2]": node and line) at the first difference, E_NOT_FOUND when an
// agreement was not gathered.
[[nodiscard]] Result<Distribution> recompute(const RecordedEvent& event,
                                             const GatheredAgreements& agreements);

// Whether the entry of an organisation's income has exactly the lines that the event gives it: E_PROOF.
[[nodiscard]] Result<void> check_income(const Distribution& distribution, std::string_view oid,
                                        const proto::IncomeBooked& booked);

}  // namespace circula::ledger
