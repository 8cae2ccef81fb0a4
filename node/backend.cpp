#include "node/backend.h"

namespace circula::node {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kUnknown:
      return "unknown";
    case Status::kPending:
      return "pending";
    case Status::kOrdered:
      return "ordered";
    case Status::kFinal:
      return "final";
    case Status::kExpired:
      return "expired";
    case Status::kRefused:
      return "refused";
  }
  return "unknown";
}

}  // namespace circula::node
