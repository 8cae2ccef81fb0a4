// Sending an envelope until its fate is known: outbox, node, receipts.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <string>

#include "cli/node_client.h"
#include "cli/outbox.h"

namespace circula::cli {

struct SubmitOptions {
  std::string wait = "final";  // final, ordered, pending
  std::chrono::milliseconds timeout{30'000};
};

// Sends what stands in the outbox and waits. The answer is the node's, with `record`, `outcome`, `code` and
// `receipt` (a path) of the first record beside `records`. Errors: a refusal, which leaves the outbox;
// E_TIMEOUT and E_CONNECT, after which the envelope stays there for `circula submit --resume`.
[[nodiscard]] Result<boost::json::object> send_entry(Shell& shell, NodeClient& client, const Home& home,
                                                     const OutboxEntry& entry, const SubmitOptions& options);

// The error of the first record whose outcome is not 0.
[[nodiscard]] Result<void> outcome_of(const boost::json::object& answer);
[[nodiscard]] std::string submission_text(const Terminal& terminal, const Home& home,
                                          const boost::json::object& answer);

}  // namespace circula::cli
