// Stands between a client and a node, and hands out a submission when it is whole: sent by the client, heard
// by nobody yet. Everything else is passed on and answered.
//
// Thread rule: one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "node/http_client.h"

namespace circula::e2e {

class Interceptor {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::string content_type;
    std::string body;
  };

  explicit Interceptor(const std::string& node_url);
  ~Interceptor();
  Interceptor(const Interceptor&) = delete;
  Interceptor& operator=(const Interceptor&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // The next submission of one client; its connection stays open and silent until the next call. Nothing when
  // none came in time.
  [[nodiscard]] std::optional<Request> wait_for_submission(std::chrono::milliseconds patience);

  // Passes it on to the node.
  [[nodiscard]] ledger::Result<node::HttpReply> pass_on(const Request& request);

 private:
  [[nodiscard]] bool is_readable(int descriptor, std::chrono::steady_clock::time_point deadline) const;
  [[nodiscard]] std::optional<Request> read_request(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool answer(const node::HttpReply& reply) const;
  void hang_up();

  node::HttpClient node_;
  int listener_ = -1;
  int connection_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace circula::e2e
