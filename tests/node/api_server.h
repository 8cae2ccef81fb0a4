// The API of a FakeBackend on a real server on loopback, with a client for each who asks.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <string>

#include "ledger/proto/identity.pb.h"
#include "node/api/api.h"
#include "node/http_client.h"
#include "node/http_server.h"
#include "node/session.h"
#include "tests/ledger/trade_chain.h"
#include "tests/node/fake_backend.h"

namespace circula::node::testing {

inline constexpr std::uint16_t kOrg = 1;
inline constexpr std::uint16_t kKey = 2;
inline constexpr std::uint64_t kWallMs = 1'700'000'000'000;

// A member of an object that is a text; empty when it is not there.
[[nodiscard]] std::string text(const boost::json::value& object, std::string_view name);

class ApiServer : public ::testing::Test {
 protected:
  ApiServer();
  ~ApiServer() override;

  struct Reply {
    std::uint16_t status = 0;
    std::map<std::string, std::string> headers;
    std::string body;

    [[nodiscard]] boost::json::object json() const;
    [[nodiscard]] std::string code() const;  // of a problem; empty: none
  };
  // As the session of the key with this name; empty: nobody.
  Reply get(const std::string& target, const std::string& as = {}, const HttpHeaders& headers = {});
  Reply post(const std::string& target, std::string_view type, std::string_view body,
             const std::string& as = {});
  Reply post(const std::string& target, crypto::ByteView envelope, const std::string& as = {});
  Reply remove(const std::string& target, const std::string& as);
  Reply get_as_operator(const std::string& target);

  // Opens a session by the challenge, once for each key.
  const std::string& token(const std::string& key);
  // `signer` signs the challenge; empty: the key.
  [[nodiscard]] Reply open_session(const std::string& key, const std::string& origin,
                                   const std::string& signer = {});

  // Registration of an organisation by the exchange; the key has its name.
  [[nodiscard]] ledger::testing::RecordSpec registration(const std::string& name, unsigned number,
                                                         const std::string& exchange = "exchange");
  // A block with one record, final; the record's id in hex.
  std::string record(const ledger::testing::RecordSpec& spec);

  ledger::testing::TradeChain chain;
  FakeBackend backend{chain};
  std::uint64_t now_ms = kWallMs;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<HttpServer> server;

 private:
  Reply answer(const ledger::Result<HttpReply>& reply);
  HttpHeaders with_token(const std::string& as, HttpHeaders headers = {});

  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<HttpClient> operator_client_;
  std::map<std::string, std::string> tokens_;
};

}  // namespace circula::node::testing
