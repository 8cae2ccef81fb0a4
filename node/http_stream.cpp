#include "node/http_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace circula::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

class PlainStream final : public HttpStream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<StreamResult> read(asio::mutable_buffer into) override {
    auto [failed, bytes] = co_await socket_.async_read_some(asio::mutable_buffers_1(into), kAwait);
    co_return StreamResult{failed, bytes};
  }
  asio::awaitable<StreamResult> write(asio::const_buffer from) override {
    auto [failed, bytes] = co_await socket_.async_write_some(asio::const_buffers_1(from), kAwait);
    co_return StreamResult{failed, bytes};
  }
  asio::awaitable<StreamResult> handshake(asio::ssl::stream_base::handshake_type) override {
    co_return StreamResult{};
  }
  tcp::socket& socket() override { return socket_; }
  SSL* tls() override { return nullptr; }

 private:
  tcp::socket socket_;
};

class SecureStream final : public HttpStream {
 public:
  SecureStream(tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  asio::awaitable<StreamResult> read(asio::mutable_buffer into) override {
    auto [failed, bytes] = co_await stream_.async_read_some(asio::mutable_buffers_1(into), kAwait);
    co_return StreamResult{failed, bytes};
  }
  asio::awaitable<StreamResult> write(asio::const_buffer from) override {
    auto [failed, bytes] = co_await stream_.async_write_some(asio::const_buffers_1(from), kAwait);
    co_return StreamResult{failed, bytes};
  }
  asio::awaitable<StreamResult> handshake(asio::ssl::stream_base::handshake_type role) override {
    auto [failed] = co_await stream_.async_handshake(role, kAwait);
    co_return StreamResult{failed, 0};
  }
  tcp::socket& socket() override { return stream_.next_layer(); }
  SSL* tls() override { return stream_.native_handle(); }

 private:
  asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

std::unique_ptr<HttpStream> HttpStream::plain(tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<HttpStream> HttpStream::secure(tcp::socket socket, asio::ssl::context& context) {
  return std::make_unique<SecureStream>(std::move(socket), context);
}

}  // namespace circula::node
