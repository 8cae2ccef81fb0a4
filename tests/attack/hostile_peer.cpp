#include "tests/attack/hostile_peer.h"

#include <fcntl.h>
#include <poll.h>

#include <array>

#include "crypto/encoding.h"

namespace circula::attack {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeptFrames = 64;
constexpr std::chrono::milliseconds kTakesNothing{10'000};

}  // namespace

HostilePeer::HostilePeer(SSL_CTX* context, std::uint16_t port)
    : socket_(port), ssl_(SSL_new(context), &SSL_free) {
  shake();
}

HostilePeer::HostilePeer(const node::PeerTls& tls, std::uint16_t port)
    : socket_(port), ssl_(SSL_new(tls.context()), &SSL_free) {
  tls.watch(ssl_.get(), verdict_);
  shake();
}

HostilePeer::~HostilePeer() = default;

void HostilePeer::shake() {
  SSL_set_fd(ssl_.get(), socket_.descriptor());
  shaken_ = open_ = socket_.connected() && SSL_connect(ssl_.get()) == 1;
  const int flags = fcntl(socket_.descriptor(), F_GETFL);
  fcntl(socket_.descriptor(), F_SETFL, flags | O_NONBLOCK);
}

bool HostilePeer::wait_for(short events, std::chrono::milliseconds patience) const {
  pollfd ready{socket_.descriptor(), events, 0};
  return ::poll(&ready, 1, static_cast<int>(patience.count())) > 0;
}

bool HostilePeer::write(crypto::ByteView bytes) {
  const auto end = Clock::now() + kTakesNothing;
  while (open_ && !bytes.empty()) {
    read();
    if (!open_) break;
    const int sent =
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 65'536)));
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    const int why = SSL_get_error(ssl_.get(), sent);
    if (why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ) open_ = false;
    if (Clock::now() > end) return false;
    (void)wait_for(POLLIN | POLLOUT, std::chrono::milliseconds(10));
  }
  return open_;
}

bool HostilePeer::send(std::uint8_t kind, std::string_view payload) {
  const auto frame = node::encode_frame(kind, crypto::as_bytes(payload));
  return frame && write(**frame);
}

bool HostilePeer::hello() {
  crypto::Bytes payload{1};
  crypto::put_u64be(payload, static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()));
  return send(0, crypto::as_text(payload));
}

void HostilePeer::read() {
  std::array<std::uint8_t, 65'536> buffer{};
  while (open_) {
    const int got = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) {
      const int why = SSL_get_error(ssl_.get(), got);
      open_ = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
      return;
    }
    auto frames = decoder_.feed(crypto::ByteView(buffer).first(static_cast<std::size_t>(got)));
    if (!frames) continue;
    for (const node::Frame& frame : *frames) {
      if (frame.kind != 1) continue;
      received_.emplace_back(crypto::as_text(frame.payload));
      if (received_.size() > kKeptFrames) received_.pop_front();
    }
  }
}

bool HostilePeer::closes(std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (open_ && Clock::now() < end) {
    (void)wait_for(POLLIN, std::chrono::milliseconds(20));
    read();
  }
  return !open_;
}

}  // namespace circula::attack
