// A connected byte stream, plain or TLS, behind one interface, so that server and client are written once
// and Asio's TLS templates are instantiated once. Used by http_*.cpp only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <memory>
#include <string>

namespace circula::node {

struct StreamResult {
  boost::system::error_code failed;
  std::size_t bytes = 0;
};

class HttpStream {
 public:
  virtual ~HttpStream() = default;
  [[nodiscard]] virtual boost::asio::awaitable<StreamResult> read(boost::asio::mutable_buffer into) = 0;
  // Writes some, at least a byte unless it fails.
  [[nodiscard]] virtual boost::asio::awaitable<StreamResult> write(boost::asio::const_buffer from) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<StreamResult> handshake(
      boost::asio::ssl::stream_base::handshake_type role) = 0;
  [[nodiscard]] virtual boost::asio::ip::tcp::socket& socket() = 0;
  // Null without TLS.
  [[nodiscard]] virtual SSL* tls() = 0;

  [[nodiscard]] static std::unique_ptr<HttpStream> plain(boost::asio::ip::tcp::socket socket);
  [[nodiscard]] static std::unique_ptr<HttpStream> secure(boost::asio::ip::tcp::socket socket,
                                                          boost::asio::ssl::context& context);
};

}  // namespace circula::node
