// An HTTP server on loopback with a route of every kind, and ways to ask it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "node/http_client.h"
#include "node/http_server.h"
#include "tests/node/raw_peer.h"

namespace circula::node::testing {

// Answers kept for later, as a handler that waits for finality does.
struct Later {
  std::mutex mutex;
  std::vector<Respond> waiting;

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return waiting.size();
  }
  std::vector<Respond> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(waiting, {});
  }
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest();

  std::vector<Route> routes();
  void start();
  HttpClient client(std::string_view scheme = "http");
  HttpClient operator_client();
  // Sends bytes as they are and reads until the server closes.
  std::string raw(std::string_view bytes);
  void TearDown() override;

  HttpOptions options;
  crypto::PublicKey caller{};
  Later later;
  bool stay_open = false;  // an event stream
  std::atomic<int> streams_gone = 0;
  std::unique_ptr<HttpServer> server;

 private:
  // Three events, each delivered by another thread, then the end; `stay_open` keeps it open.
  Response events();

  std::mutex threads_mutex_;
  std::vector<std::thread> threads_;  // guarded by threads_mutex_
};

inline constexpr std::string_view kHost = "Host: localhost\r\n";

}  // namespace circula::node::testing
