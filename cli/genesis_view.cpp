#include "cli/genesis_view.h"

#include <boost/json.hpp>
#include <map>

#include "cli/text_view.h"
#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/json_view.h"

namespace circula::cli {

namespace proto = ledger::proto;

std::string genesis_summary(const ledger::Genesis& genesis) {
  const proto::Genesis& message = genesis.message();
  std::map<std::string, std::string> names;
  for (const auto& organisation : message.organisations()) {
    names[organisation.oid()] = organisation.profile().name();
  }
  std::string text = "chain        " + genesis.fingerprint() + "\norigin       " + message.origin() + "\n";
  text += "begins       " + ledger::format_time_ms(message.time_ms()) + "\n";
  text += std::string("clock        ") + (message.clock() == proto::CLOCK_WALL ? "wall" : "scripted") +
          ", periods of " + (message.profile() == proto::PROFILE_PRODUCTION ? "production" : "rehearsal") +
          "\n";
  const std::uint32_t voters = ledger::voter_count(message.configuration());
  text += "finality     " +
          std::to_string(ledger::finality_quorum(voters, message.parameters().finality_extra())) + " of " +
          std::to_string(voters) + " voters\n";
  for (const proto::Member& member : message.configuration().members()) {
    std::string address;
    for (const auto& hint : message.addresses()) {
      if (hint.node_id() == member.node_id()) address = hint.address();
    }
    text += "node " + std::to_string(member.node_id()) +
            (member.role() == proto::MEMBER_ROLE_VOTER ? "  voter    " : "  learner  ") +
            names[member.oid()] + "  " + address + "\n";
  }
  for (const proto::SettlementBank& each : message.settlement_banks()) {
    text += "money        " + names[each.bank()] + " keeps the " + each.currency() + " of " +
            names[each.exchange()] + "\n";
  }
  return text;
}

std::string genesis_details(const ledger::Genesis& genesis) {
  return text_view(ledger::json_view(genesis.message(), {.with_defaults = true, .kinds = {}}));
}

}  // namespace circula::cli
