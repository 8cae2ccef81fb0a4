// Reads the agreements and events of a revenue document (revenue_json.h) out of parsed JSON.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ledger/revenue_agreement.h"

namespace circula::ledger {

struct SaleEvent {
  std::string id;
  std::string product;
  std::int64_t time_s = 0;
  std::int64_t amount_minor = 0;
};

struct RefundEvent {
  std::string id;
  std::string of;
  std::int64_t amount_minor = 0;
};

struct CloseEvent {
  std::string id;
  std::string agreement;
  std::int64_t from_s = 0;
  std::int64_t to_s = 0;
};

using RevenueEvent = std::variant<SaleEvent, RefundEvent, CloseEvent>;

struct RevenueCase {
  std::vector<RevenueAgreement> agreements;
  std::vector<RevenueEvent> events;
};

// Errors: E_FORMAT, with the place as its field.
[[nodiscard]] Result<std::vector<RevenueCase>> read_revenue_cases(const boost::json::value& document);

}  // namespace circula::ledger
