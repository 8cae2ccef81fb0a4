// GET /v1/events: the final log as a cursor, by long poll or as a stream (docs/api.md). The server keeps
// nothing for a subscriber: where it stands is in its request.
#include <boost/json/serialize.hpp>
#include <limits>

#include "crypto/encoding.h"
#include "node/api/context.h"
#include "node/api/parameters.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;
using ledger::proto::IndexedEntry;

// Entries looked at for one answer, so that a rare type does not hold up a thread; the client goes on from
// where it ended.
constexpr std::uint64_t kScannedMax = 10'000;
constexpr std::size_t kStreamedAtOnce = 100;
constexpr std::chrono::milliseconds kStreamWait{kTimeoutMaxMs};

struct Cursor {
  std::uint64_t next = 0;  // index of the entry to come
  std::optional<std::uint64_t> type;
  std::size_t limit = kLimitDefault;
};

struct Batch {
  json::array events;
  std::uint64_t final_size = 0;
};

// Takes the entries that are there and moves the cursor behind them.
ledger::Result<Batch> take(const Backend& backend, Cursor& cursor) {
  Batch batch;
  batch.final_size = backend.final_checkpoint().size;
  if (cursor.next >= batch.final_size) return batch;
  const std::uint64_t end = std::min(batch.final_size, cursor.next + kScannedMax);
  std::uint64_t height = std::numeric_limits<std::uint64_t>::max(), time_ms = 0;
  auto read = backend.index().entries(cursor.next, [&](std::uint64_t index, const IndexedEntry& row) {
    if (index >= end) return false;
    cursor.next = index + 1;
    const auto record = record_entry(row);
    if (cursor.type && (!record || record->type != *cursor.type)) return true;
    json::object event = entry_view(index, row);
    if (row.height() != height) {
      height = row.height();
      time_ms = block_time(backend, height);
    }
    put_time(event, "time", time_ms);
    batch.events.push_back(std::move(event));
    return batch.events.size() < cursor.limit;
  });
  if (!read) return read.error();
  return batch;
}

ledger::Result<Cursor> read_cursor(const Backend& backend, const Request& request) {
  Cursor cursor;
  auto limit = limit_parameter(request);
  if (!limit) return limit.error();
  cursor.limit = *limit;
  if (request.query.contains("type")) {
    auto type = number_parameter(request, "type", 0, UINT16_MAX);
    if (!type) return type.error();
    cursor.type = *type;
  }
  std::string after = request.query_value("after").value_or("");
  if (after.empty()) after = std::string(request.header("last-event-id"));
  if (after == "latest") {
    cursor.next = backend.final_checkpoint().size;
  } else if (!after.empty()) {
    const auto index = crypto::u64_from_decimal(after);
    if (!index || *index == UINT64_MAX) {
      return error(Code::E_REQUEST, "after is the index of the last entry seen, or latest", "after");
    }
    cursor.next = *index + 1;
  }
  return cursor;
}

Response batch_answer(const Cursor& cursor, Batch batch) {
  json::object answer;
  answer["events"] = std::move(batch.events);
  if (cursor.next > 0) answer["after"] = number_text(cursor.next - 1);
  answer["log_size"] = number_text(batch.final_size);
  return json_answer(answer);
}

void poll(const ContextPtr& context, Cursor cursor, std::chrono::milliseconds wait, const Respond& respond,
          const std::string& trace) {
  auto batch = take(context->backend, cursor);
  if (!batch) return respond(Response::problem(batch.error(), trace));
  if (!batch->events.empty() || wait.count() == 0 || cursor.next < batch->final_size) {
    return respond(batch_answer(cursor, std::move(*batch)));
  }
  context->backend.wait_for_entries(batch->final_size, wait,
                                    [context, cursor, respond, trace](std::uint64_t) {
                                      poll(context, cursor, std::chrono::milliseconds(0), respond, trace);
                                    });
}

std::string stream_text(const json::array& events) {
  std::string text;
  for (const json::value& event : events) {
    const json::object& object = event.get_object();
    text += "id: " + std::string(object.at("index").get_string());
    text += "\nevent: " + std::string(object.at("kind").get_string());
    text += "\ndata: " + json::serialize(event) + "\n\n";
  }
  return text;
}

// One client's stream: asked for the next piece, it waits for entries as often as it takes.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(ContextPtr context, Cursor cursor) : context_(std::move(context)), cursor_(cursor) {
    cursor_.limit = std::min(cursor_.limit, kStreamedAtOnce);
  }

  void next(const Deliver& deliver) {
    auto batch = take(context_->backend, cursor_);
    if (!batch) return deliver(std::nullopt);
    if (!batch->events.empty()) return deliver(stream_text(batch->events));
    // Below the end only entries of other types were met: go on at once.
    const std::uint64_t known = cursor_.next < batch->final_size ? cursor_.next : batch->final_size;
    context_->backend.wait_for_entries(known, kStreamWait, [self = weak_from_this(), deliver](std::uint64_t) {
      if (const auto stream = self.lock()) stream->next(deliver);
    });
  }

 private:
  ContextPtr context_;
  Cursor cursor_;
};

void events(const ContextPtr& context, const Request& request, const Respond& respond) {
  auto cursor = read_cursor(context->backend, request);
  if (!cursor) return respond(Response::problem(cursor.error(), request.trace));
  auto wait = timeout_parameter(request, "wait_ms", 0);
  if (!wait) return respond(Response::problem(wait.error(), request.trace));
  if (request.header("accept").find("text/event-stream") == std::string_view::npos) {
    return poll(context, *cursor, *wait, respond, request.trace);
  }
  Response response{200, "text/event-stream", {}, {}, nullptr};
  // Owned by the source alone; the callback of a wait only asks whether it is still there.
  const auto stream = std::make_shared<EventStream>(context, *cursor);
  response.stream = [stream](const Deliver& deliver) { stream->next(deliver); };
  respond(std::move(response));
}

}  // namespace

Routes event_routes(const ContextPtr& context) {
  return {
      {Method::get,
       "/v1/events",
       Visibility::public_,
       "Entries of the final log as they come: long poll, or text/event-stream",
       later(context, [context](const Request& r, const Respond& respond) { events(context, r, respond); }),
       {{"after", "index of the last entry seen; absent: from the first; latest: from now on"},
        {"limit", "1 to 1000, default 100"},
        {"wait_ms", "0 to 60000, default 0: how long to wait for the next entry"},
        {"type", "a record type's number; other entries are left out"}}}};
}

}  // namespace circula::node::api
