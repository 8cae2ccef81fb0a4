#include "ledger/outcome_json.h"

#include <boost/json.hpp>

namespace circula::ledger {

boost::json::object outcome_json(const OutcomeRow& row) {
  boost::json::value test;  // null: reserved
  if (!row.reserved()) test = row.test;
  return {{"number", static_cast<std::uint16_t>(row.code)},
          {"code", row.name},
          {"stage", name(row.stage)},
          {"http_status", row.http_status},
          {"retryable", row.retryable},
          {"exit_code", row.exit_code},
          {"cause", row.cause},
          {"remedy", row.remedy},
          {"en", row.english},
          {"zh", row.chinese},
          {"test", std::move(test)},
          {"reserved", row.reserved()}};
}

}  // namespace circula::ledger
