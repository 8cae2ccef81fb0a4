// The messages inside subjects, effects and record bodies, found by what the record families say of
// themselves (ledger/registry.h). Bytes that no family of this program knows have no message.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>

#include "ledger/json_view.h"
#include "ledger/subject.h"
#include "node/backend.h"

namespace circula::node::api {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

[[nodiscard]] MessagePtr subject_message(std::string_view key, const std::string& fields);
[[nodiscard]] MessagePtr effect_message(std::uint16_t type, const std::string& fields);
[[nodiscard]] MessagePtr body_message(std::uint32_t type, std::uint32_t version, const std::string& body);

// A message as JSON, its ids of assets and products as what they are in the executed state.
[[nodiscard]] boost::json::object message_view(const Backend& backend,
                                               const google::protobuf::Message& message,
                                               bool with_defaults = false);

}  // namespace circula::node::api
