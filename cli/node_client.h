// A node as a command sees it: questions and JSON answers (docs/api.md), with a session made when one is
// asked for.
//
// A context may name several nodes, with commas: the next one is asked when one does not answer.
// Problems become errors of the same code, detail and field.
// Thread rule: one thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/shell.h"
#include "crypto/bytes.h"
#include "node/http_client.h"

namespace circula::cli {

class NodeClient {
 public:
  // No connection yet. `oid`: whose key opens the session, when a context of the same cluster has it; empty:
  // the home's own.
  [[nodiscard]] static Result<NodeClient> make(Shell& shell);
  [[nodiscard]] static Result<NodeClient> make_for(Shell& shell, const std::string& url);
  // The keys of another home open the sessions.
  void use_keys_of(Home home) { home_ = std::move(home); }

  [[nodiscard]] Result<boost::json::object> get(const std::string& target);
  [[nodiscard]] Result<std::string> get_text(const std::string& target);
  [[nodiscard]] Result<boost::json::object> post_bytes(const std::string& target, crypto::ByteView body);
  // All pages of a list: the items of `list` of each, following `next`.
  [[nodiscard]] Result<boost::json::array> get_all(const std::string& target, std::string_view list);

 private:
  NodeClient(Shell& shell, Home home) : shell_(&shell), home_(std::move(home)) {}
  [[nodiscard]] Result<node::HttpReply> ask(std::string_view method, const std::string& target,
                                            std::string_view body);
  [[nodiscard]] Result<node::HttpReply> ask_once(std::string_view method, const std::string& target,
                                                 std::string_view body);
  [[nodiscard]] Result<void> connect();
  [[nodiscard]] Result<void> open_session();

  Shell* shell_;
  Home home_;
  std::vector<std::string> urls_;
  std::size_t current_ = 0;
  std::optional<node::HttpClient> http_;
  std::string token_;
};

// The error that a problem document tells of.
[[nodiscard]] Error error_of_problem(std::uint16_t status, std::string_view body);

// Fields of JSON answers, empty or 0 where they are missing.
[[nodiscard]] std::string text_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::uint64_t number_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::int64_t signed_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] bool flag_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::object& object_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::array& array_at(const boost::json::object& object, std::string_view key);

}  // namespace circula::cli
