// What happens on a connection whose key is known: greeting, the choice of the channel, frames, the drain.
//
// Control frames (kind 0), first byte of the payload:
//   1 hello  || instance u64                     by the side that does not choose, at once
//   2 choose || instance u64 || generation u64   by the side that chooses: this connection carries the
//   channel 3 ping 4 bye                                        nothing more will be written on this
//   connection
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "crypto/encoding.h"
#include "node/event_log.h"
#include "node/peer_transport_state.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;
using Stage = PeerConnection::Stage;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint8_t kHello = 1, kChoose = 2, kPing = 3, kBye = 4;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;    // four TLS records
constexpr std::size_t kBatchBytes = std::size_t{256} * 1024;  // small frames share a write up to this
// Pings that the peer does not take are not piled up.
constexpr std::size_t kControlFramesMax = 8;

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

bool PeerTransport::State::has_greeting(const PeerLink& link) const {
  for (const Connection& connection : connections) {
    if (connection->link.get() == &link && connection->stage == Stage::kGreeting) return true;
  }
  return false;
}

void PeerTransport::State::control(PeerConnection& connection, const crypto::Bytes& payload) {
  connection.control.push_back(encode_frame(kTransportKind, payload).value());
  connection.writable.cancel();
}

void PeerTransport::State::ping(PeerConnection& connection) {
  if (connection.control.size() < kControlFramesMax) control(connection, {kPing});
}

asio::awaitable<void> PeerTransport::State::converse(Connection connection) {
  connection->stage = Stage::kGreeting;
  connection->since = connection->last_in = connection->last_out = now();
  asio::co_spawn(io, write_frames(connection), asio::detached);
  if (!chooses(*connection->link)) {
    crypto::Bytes hello{kHello};
    crypto::put_u64be(hello, instance);
    control(*connection, hello);
  }
  co_await read_frames(connection);
  close(connection);
}

// The next bytes to write: control frames first, then, on the channel, what waits for the peer; a draining
// connection ends with bye. Returns the number of frames that are not the transport's own.
std::size_t PeerTransport::State::take_batch(PeerConnection& connection, crypto::Bytes& batch) {
  while (!connection.control.empty()) {
    crypto::put_bytes(batch, *connection.control.front());
    connection.control.pop_front();
  }
  std::vector<EncodedFrame> taken;
  if (connection.stage == Stage::kChannel) {
    PeerLink& link = *connection.link;
    std::size_t size = batch.size();
    const std::lock_guard lock(mutex);
    while (!link.queue.empty() && (size == 0 || size + link.queue.front()->size() <= kBatchBytes)) {
      size += link.queue.front()->size();
      link.queued_bytes -= link.queue.front()->size();
      taken.push_back(std::move(link.queue.front()));
      link.queue.pop_front();
    }
  }
  for (const EncodedFrame& frame : taken) crypto::put_bytes(batch, *frame);
  if (connection.stage == Stage::kDraining && !connection.bye_sent) {
    connection.bye_sent = true;
    crypto::put_bytes(batch, *encode_frame(kTransportKind, crypto::Bytes{kBye}).value());
  }
  return taken.size();
}

asio::awaitable<void> PeerTransport::State::write_frames(Connection connection) {
  crypto::Bytes batch;
  while (connection->stage != Stage::kClosed) {
    if (batch.capacity() > 2 * kBatchBytes) batch = {};
    batch.clear();
    const std::size_t frames = take_batch(*connection, batch);
    if (batch.empty()) {
      if (connection->bye_sent && connection->bye_received) break;
      connection->writable.expires_at(SteadyTime::max());
      co_await connection->writable.async_wait(kAwait);
      continue;
    }
    auto [failed, written] = co_await asio::async_write(connection->stream, asio::buffer(batch), kAwait);
    if (failed) break;
    connection->last_out = now();
    const std::lock_guard lock(mutex);
    counters.frames_out += frames;
    counters.bytes_out += written;
    connection->link->frames_out += frames;
    connection->link->bytes_out += written;
  }
  close(connection);
}

asio::awaitable<void> PeerTransport::State::read_frames(Connection connection) {
  FrameDecoder decoder;
  crypto::Bytes buffer(kReadBytes);
  while (connection->stage != Stage::kClosed) {
    auto [failed, size] = co_await connection->stream.async_read_some(asio::buffer(buffer), kAwait);
    if (failed || connection->stage == Stage::kClosed) co_return;
    connection->last_in = now();
    {
      const std::lock_guard lock(mutex);
      counters.bytes_in += size;
      connection->link->bytes_in += size;
    }
    auto frames = decoder.feed(crypto::ByteView(buffer).first(size));
    bool good = frames.has_value();
    for (std::size_t next = 0; good && next < frames->size(); ++next) {
      good = receive(connection, std::move((*frames)[next]));
      if (connection->stage == Stage::kClosed) co_return;
    }
    if (!good) {
      {
        const std::lock_guard lock(mutex);
        ++counters.protocol_faults;
      }
      refusals.note(frames.has_error() ? "frame_length" : "protocol_fault", connection->remote, now());
      co_return;
    }
    while (connection->stage != Stage::kClosed && connection->link->window->full()) {
      connection->paused = true;
      connection->readable.expires_at(SteadyTime::max());
      co_await connection->readable.async_wait(kAwait);
    }
    if (connection->paused) connection->last_in = now();
    connection->paused = false;
  }
}

bool PeerTransport::State::receive(const Connection& connection, Frame frame) {
  if (frame.kind == kTransportKind) return receive_control(connection, frame.payload);
  if (connection->stage == Stage::kGreeting || connection->bye_received) return false;
  PeerLink& link = *connection->link;
  {
    const std::lock_guard lock(mutex);
    ++counters.frames_in;
    ++link.frames_in;
  }
  if (!callbacks.on_frame) return true;
  ReceiveCredit credit(link.window, frame.payload.size() + kFrameHeaderBytes);
  callbacks.on_frame({link.address.id, frame.kind, std::move(frame.payload), std::move(credit)});
  return true;
}

bool PeerTransport::State::receive_control(const Connection& connection, const crypto::Bytes& payload) {
  PeerLink& link = *connection->link;
  crypto::Reader reader(payload);
  switch (reader.u8()) {
    case kHello: {
      connection->remote_instance = reader.u64be();
      if (!reader.finish("hello") || !chooses(link) || connection->stage != Stage::kGreeting) return false;
      crypto::Bytes choose{kChoose};
      crypto::put_u64be(choose, instance);
      crypto::put_u64be(choose, ++generation);
      control(*connection, choose);
      adopt(connection);
      return true;
    }
    case kChoose: {
      connection->remote_instance = reader.u64be();
      const std::uint64_t chosen = reader.u64be();
      if (!reader.finish("choose") || chooses(link) || connection->stage != Stage::kGreeting) return false;
      // Choices on two connections may arrive in the other order; the later one counts.
      if (connection->remote_instance == link.remote_instance && chosen <= link.generation) {
        drain(connection);
        return true;
      }
      link.generation = chosen;
      adopt(connection);
      return true;
    }
    case kPing:
      return reader.finish("ping").has_value();
    case kBye: {
      if (!reader.finish("bye") || connection->bye_received || connection->stage == Stage::kGreeting) {
        return false;
      }
      connection->bye_received = true;
      if (link.channel == connection) {
        // The peer has chosen another connection, on which its word is still under way.
        link.channel.reset();
        if (!has_greeting(link)) set_down(link);
      }
      drain(connection);
      connection->writable.cancel();
      return true;
    }
    default:
      return false;
  }
}

void PeerTransport::State::adopt(const Connection& connection) {
  PeerLink& link = *connection->link;
  const Connection before = std::exchange(link.channel, connection);
  connection->stage = Stage::kChannel;
  connection->since = now();
  if (before) drain(before);
  // The same process at the other end: the channel goes on. Another one: whatever waited was for its
  // predecessor.
  const bool goes_on = link.up && link.remote_instance == connection->remote_instance;
  link.remote_instance = connection->remote_instance;
  link.backoff = options.redial_min;
  if (!goes_on) {
    set_down(link);
    set_up(link);
  }
  connection->writable.cancel();
}

void PeerTransport::State::drain(const Connection& connection) {
  if (connection->stage == Stage::kDraining || connection->stage == Stage::kClosed) return;
  connection->stage = Stage::kDraining;
  connection->since = now();
  connection->writable.cancel();
}

void PeerTransport::State::close(const Connection& connection) {
  if (connection->stage == Stage::kClosed) return;
  connection->stage = Stage::kClosed;
  boost::system::error_code ignored;
  connection->stream.next_layer().close(ignored);
  connection->writable.cancel();
  connection->readable.cancel();
  const Connection self = connection;  // the caller's reference may be the list's
  connections.erase(self);
  if (!self->link) return;
  PeerLink& link = *self->link;
  const bool carried = link.channel == self;
  if (carried) link.channel.reset();
  // A channel that broke is down. One that was left behind is down only when nothing will follow it.
  if (carried || (!link.channel && !has_greeting(link))) set_down(link);
  link.changed.cancel();
}

void PeerTransport::State::set_up(PeerLink& link) {
  {
    const std::lock_guard lock(mutex);
    link.up = true;
    ++counters.channels;
  }
  log_event(LogLevel::kInfo, "peer_up", {{"peer", link.address.id}});
  if (callbacks.on_up) callbacks.on_up(link.address.id);
}

void PeerTransport::State::set_down(PeerLink& link) {
  {
    const std::lock_guard lock(mutex);
    if (!link.up) return;
    link.up = false;
    link.queue.clear();
    link.queued_bytes = 0;
  }
  log_event(LogLevel::kInfo, "peer_down", {{"peer", link.address.id}});
  if (callbacks.on_down) callbacks.on_down(link.address.id);
}

}  // namespace circula::node
