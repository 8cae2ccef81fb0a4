// The other side of a connection, driven by hand: a blocking socket, with TLS when asked for, so that tests
// can break the protocol where the transport never would.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "crypto/encoding.h"
#include "node/frame.h"
#include "node/tls.h"

namespace circula::node::testing {

// Waits for another thread's doing; five seconds are for a loaded machine, not for the code.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds patience = std::chrono::seconds(5)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return condition();
}

inline std::array<std::uint8_t, 32> seed_of(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(number);
  return seed;
}

inline crypto::Digest chain_of(std::uint8_t number) {
  crypto::Digest chain;
  chain.fill(number);
  return chain;
}

// A TCP client on loopback. Reads give up after five seconds.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{5, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  RawSocket(RawSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), connected_(other.connected_) {}
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  bool write(std::string_view text) const {
    return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Everything until the other side closes.
  [[nodiscard]] std::string read_all() const {
    std::string all;
    char buffer[4096];
    for (;;) {
      const ssize_t size = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (size <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(size));
    }
  }
  // Whether the other side closes within five seconds, whatever it says before.
  [[nodiscard]] bool closes() const {
    char buffer[4096];
    for (;;) {
      const ssize_t size = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (size == 0) return true;
      if (size < 0) return errno == ECONNRESET;
    }
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

// A peer with a key, on one connection that it dialled.
class RawPeer {
 public:
  RawPeer(const PeerTls& tls, std::uint16_t port) : socket_(port), ssl_(SSL_new(tls.context())) {
    tls.watch(ssl_, verdict_);
    SSL_set_fd(ssl_, socket_.descriptor());
    shaken_ = SSL_connect(ssl_) == 1;
  }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  ~RawPeer() { SSL_free(ssl_); }

  [[nodiscard]] bool shaken() const { return shaken_; }
  bool write(crypto::ByteView bytes) const {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }
  bool send(std::uint8_t kind, const crypto::Bytes& payload) const {
    return write(*encode_frame(kind, payload).value());
  }
  // The next frame; pings are passed over. Empty when the other side closed.
  std::optional<Frame> next() {
    for (;;) {
      if (at_ < frames_.size()) {
        Frame frame = frames_[at_++];
        if (frame != Frame{0, {3}}) return frame;
        continue;
      }
      crypto::Bytes buffer(65536);
      const int size = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
      if (size <= 0) return std::nullopt;
      frames_ = decoder_.feed(crypto::ByteView(buffer).first(static_cast<std::size_t>(size))).value();
      at_ = 0;
    }
  }
  [[nodiscard]] bool closes() {
    while (next()) continue;
    return SSL_get_error(ssl_, -1) != SSL_ERROR_WANT_READ;
  }

  bool hello(std::uint64_t instance) const {
    crypto::Bytes payload{1};
    crypto::put_u64be(payload, instance);
    return send(0, payload);
  }
  bool choose(std::uint64_t instance, std::uint64_t generation) const {
    crypto::Bytes payload{2};
    crypto::put_u64be(payload, instance);
    crypto::put_u64be(payload, generation);
    return send(0, payload);
  }
  bool bye() const { return send(0, {4}); }

 private:
  RawSocket socket_;
  SSL* ssl_;
  PeerVerdict verdict_;
  bool shaken_ = false;
  FrameDecoder decoder_;
  std::vector<Frame> frames_;
  std::size_t at_ = 0;
};

}  // namespace circula::node::testing
