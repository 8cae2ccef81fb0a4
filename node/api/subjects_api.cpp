// GET /v1/subjects/... and /v1/history/...: what there is, and what happened to it (docs/api.md, "Subjects").
#include <array>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "node/api/context.h"
#include "node/api/fields.h"
#include "node/api/parameters.h"
#include "node/api/readable.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;
using ledger::Subject;
using ledger::SubjectKey;

// A subject that this caller may read.
struct FoundSubject {
  SubjectKey key;
  Subject subject;
};

ledger::Result<FoundSubject> readable(const Backend& backend, std::string_view kind, const Request& request) {
  auto key = readable_key(backend, kind, request);
  if (!key) return key.error();
  auto subject = backend.subject(*key);
  if (!subject) return subject.error();
  if (!*subject) return error(Code::E_NOT_FOUND, "there is no " + *key);
  return FoundSubject{std::move(*key), std::move(**subject)};
}

void put_fields(json::object& view, const Backend& backend, const SubjectKey& key, const Subject& subject) {
  view["version"] = number_text(subject.count());
  if (const auto fields = subject_message(key, subject.fields)) {
    view["fields"] = message_view(backend, *fields, true);
  }
}

json::object reference(const SubjectKey& key) {
  return {{"subject", key}, {"kind", key.substr(0, key.find('/'))}, {"id", display_id(key)}};
}

// Where the subject's newest effect stands.
ledger::Result<void> put_last(json::object& view, const Backend& backend, const FoundSubject& found) {
  auto rows = backend.index().history(found.key, found.subject.count() - 1, found.subject.count());
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  const std::uint64_t index = rows->front().log_index;
  auto row = backend.index().entry(index);
  if (!row) return row.error();
  json::object last{{"index", number_text(index)}};
  if (*row) {
    last["height"] = number_text((*row)->height());
    put_time(last, "time", block_time(backend, (*row)->height()));
  }
  view["last"] = std::move(last);
  view["final"] = index < backend.final_checkpoint().size;
  return {};
}

Answer show(const Context& context, std::string_view kind, const Request& request) {
  auto found = readable(context.backend, kind, request);
  if (!found) return found.error();
  json::object view = reference(found->key);
  put_fields(view, context.backend, found->key, found->subject);
  view["history_root"] = hex_text(found->subject.history.root().view());
  view["value"] = base64url_text(found->subject.value());
  if (auto put = put_last(view, context.backend, *found); !put) return put.error();
  view["history"] = "/v1/history/" + found->key;
  view["proof"] = "/v1/proofs/" + found->key;
  return json_answer(view);
}

// Which rows of a history an answer is about; a cursor carries all of it, so that pages fit together however
// far the log grows between them.
struct Span {
  std::uint64_t begin = 0, end = 0;  // seqs
  std::uint64_t version = 0;         // rows at the point asked for
  std::uint64_t log_size = 0;
  std::uint64_t at = 0;  // rows of the span that were given before
  bool descending = false;
};

std::string key_mark(const SubjectKey& key) {
  constexpr std::size_t kMarkCharacters = 16;
  return crypto::to_hex(crypto::sha256(key).view()).substr(0, kMarkCharacters);
}

std::string write_cursor(const SubjectKey& key, const Span& span) {
  Bytes out;
  crypto::put_bytes(out, key_mark(key));
  for (const std::uint64_t number : {span.begin, span.end, span.version, span.log_size, span.at}) {
    crypto::put_u64be(out, number);
  }
  crypto::put_u8(out, span.descending ? 1 : 0);
  return crypto::to_base64url(out);
}

ledger::Result<Span> read_cursor(const Request& request, const SubjectKey& key, std::uint64_t count) {
  for (const std::string name : {"from", "to", "at", "order"}) {
    if (request.query.contains(name)) {
      return error(Code::E_REQUEST, "a cursor has its own " + name + "; leave it out", name);
    }
  }
  const ledger::Error stale = error(Code::E_CURSOR, "the cursor is not one of this path", "cursor");
  const auto bytes = crypto::from_base64url(request.query.at("cursor"));
  if (!bytes) return stale;
  crypto::Reader in(*bytes);
  const std::string mark(crypto::as_text(in.bytes(key_mark(key).size())));
  Span span;
  for (std::uint64_t* number : {&span.begin, &span.end, &span.version, &span.log_size, &span.at}) {
    *number = in.u64be();
  }
  span.descending = in.u8() == 1;
  const bool fits = span.begin <= span.end && span.end <= span.version && span.version <= count &&
                    span.at <= span.end - span.begin;
  if (!in.finish("cursor") || mark != key_mark(key) || !fits) return stale;
  return span;
}

ledger::Result<Span> read_span(const Backend& backend, const Request& request, const FoundSubject& found) {
  const std::uint64_t count = found.subject.count();
  if (request.query.contains("cursor")) return read_cursor(request, found.key, count);
  Span span;
  const std::string order = request.query_value("order").value_or("asc");
  if (order != "asc" && order != "desc") return error(Code::E_REQUEST, "order is asc or desc", "order");
  span.descending = order == "desc";
  const std::uint64_t final_size = backend.final_checkpoint().size;
  auto at = point_parameter(backend, request, "at", PointSense::kAt, final_size);
  if (!at) return at.error();
  span.log_size = std::min(*at, final_size);
  auto from = point_parameter(backend, request, "from", PointSense::kBound, span.log_size);
  if (!from) return from.error();
  auto to = point_parameter(backend, request, "to", PointSense::kBound, span.log_size);
  if (!to) return to.error();
  const auto rows_below = [&](std::uint64_t size) {
    return backend.index().history_size_at(found.key, count, std::min(size, span.log_size));
  };
  auto version = rows_below(span.log_size);
  if (!version) return version.error();
  auto begin = rows_below(request.query.contains("from") ? *from : 0);
  if (!begin) return begin.error();
  auto end = rows_below(*to);
  if (!end) return end.error();
  span.version = *version;
  span.begin = std::min(*begin, *end);
  span.end = *end;
  return span;
}

json::object row_view(const Backend& backend, const ledger::HistoryRow& row) {
  json::object view;
  put_effect(view, backend, row.effect);
  view["seq"] = number_text(row.seq);
  view["index"] = number_text(row.log_index);
  const auto indexed = backend.index().entry(row.log_index);
  if (!indexed || !*indexed) return view;
  view["height"] = number_text((*indexed)->height());
  put_time(view, "time", block_time(backend, (*indexed)->height()));
  const auto entry = ledger::decode_entry(crypto::as_bytes((*indexed)->entry()));
  if (!entry) return view;
  view["source"] = std::holds_alternative<ledger::DueEntry>(*entry) ? "due" : "genesis";
  if (const auto* record = std::get_if<ledger::RecordEntry>(&*entry)) {
    view["source"] = "record";
    view["record"] = hex_text(record->record_id.view());
    view["envelope"] = hex_text(record->envelope_id.view());
  }
  return view;
}

Answer history(const Context& context, std::string_view kind, const Request& request) {
  const Backend& backend = context.backend;
  auto limit = limit_parameter(request);
  if (!limit) return limit.error();
  auto found = readable(backend, kind, request);
  if (!found) return found.error();
  auto span = read_span(backend, request, *found);
  if (!span) return span.error();
  const std::uint64_t count = std::min<std::uint64_t>(*limit, span->end - span->begin - span->at);
  const std::uint64_t first = span->descending ? span->end - span->at - count : span->begin + span->at;
  auto rows = backend.index().history(found->key, first, first + count);
  if (!rows) return rows.error();
  if (span->descending) std::reverse(rows->begin(), rows->end());

  json::object view = reference(found->key);
  view["version"] = number_text(span->version);
  view["begin"] = number_text(span->begin);
  view["end"] = number_text(span->end);
  view["log_size"] = number_text(span->log_size);
  json::array shown;
  for (const ledger::HistoryRow& row : *rows) shown.push_back(row_view(backend, row));
  view["rows"] = std::move(shown);
  span->at += count;
  if (span->at < span->end - span->begin) {
    view["next"] = "/v1/history/" + found->key + "?limit=" + std::to_string(*limit) +
                   "&cursor=" + write_cursor(found->key, *span);
  }
  return json_answer(view);
}

// Of public kinds to anybody; of every kind, to regulators, auditors and who runs a node, what they may read.
Answer list(const Context& context, const Request& request, const std::string& path, bool any_kind) {
  const Backend& backend = context.backend;
  const Caller caller = Caller::of(backend, request.caller);
  if (any_kind && !caller.reads_everything() && !caller.runs_node()) return Caller::not_party();
  auto limit = limit_parameter(request);
  if (!limit) return limit.error();
  auto with_fields = flag_parameter(request, "view");
  if (!with_fields) return with_fields.error();
  const std::string wanted = request.query_value("prefix").value_or("");
  const auto kind = ledger::find_kind(wanted);
  const bool open = kind && (any_kind || visibility_of(*kind) == Visibility::public_);
  if (!open || wanted.find('/') == std::string::npos) {
    return error(Code::E_REQUEST,
                 any_kind ? "prefix begins with a kind, such as event/ or account/"
                          : "prefix begins with a kind that is public, such as asset/ or org/",
                 "prefix");
  }
  const KeyPrefix prefix = key_prefix(wanted);
  const std::string after = request.query_value("after").value_or("");
  if (!after.empty() && !after.starts_with(prefix.stored)) {
    return error(Code::E_CURSOR, "after is a subject key with the prefix", "after");
  }
  auto keys = backend.index().subjects(prefix.stored, after, *limit + 1);
  if (!keys) return keys.error();
  const bool more = keys->size() > *limit;
  if (more) keys->pop_back();
  json::array shown;
  for (const SubjectKey& key : *keys) {
    if (any_kind && !caller.may_read_subject(key)) continue;
    if (!prefix.shown.empty() && !display_id(key).starts_with(prefix.shown)) continue;
    json::object view = reference(key);
    view["href"] = "/v1/subjects/" + key;
    if (*with_fields) {
      const auto subject = backend.subject(key);
      if (subject && *subject) put_fields(view, context.backend, key, **subject);
    }
    shown.push_back(std::move(view));
  }
  json::object answer{{"subjects", std::move(shown)}};
  if (more) {
    answer["next"] = path + "?prefix=" + wanted + "&after=" + keys->back() +
                     "&limit=" + std::to_string(*limit) + (*with_fields ? "&view=1" : "");
  }
  return json_answer(answer);
}

const std::vector<QueryParameter>& history_query() {
  static const std::vector<QueryParameter> query = {
      {"from", "first point of the period: a log size, height:N, a date or a time"},
      {"to", "point that ends the period"},
      {"at", "what stood at a point, with it"},
      {"order", "asc (default) or desc"},
      {"limit", "1 to 1000, default 100"},
      {"cursor", "of the page before"}};
  return query;
}

std::vector<QueryParameter> list_query(const std::string& kind) {
  return {{"prefix", "of the keys: " + kind + " and /, then any beginning of an id"},
          {"after", "the key before the first one wanted"},
          {"limit", "1 to 1000, default 100"},
          {"view", "1: with the fields"}};
}

}  // namespace

Routes subject_routes(const ContextPtr& context) {
  Routes routes;
  routes.push_back(
      {Method::get,
       "/v1/subjects",
       Visibility::public_,
       "Keys of public subjects, in order",
       at_once(context, [context](const Request& r) { return list(*context, r, "/v1/subjects", false); }),
       list_query("a public kind"),
       {},
       {Code::E_CURSOR}});
  routes.push_back(
      {Method::get,
       "/v1/state",
       Visibility::regulator,
       "Keys of subjects of every kind, in order",
       at_once(context, [context](const Request& r) { return list(*context, r, "/v1/state", true); }),
       list_query("a kind"),
       {},
       {Code::E_CURSOR}});
  for (const ledger::SubjectKindName& kind : ledger::subject_kinds()) {
    const std::string name(kind.prefix);
    const Visibility visibility = visibility_of(kind.kind);
    std::vector<Code> errors = {Code::E_NOT_FOUND};
    if (visibility != Visibility::public_) errors.push_back(Code::E_NOT_PARTY);
    routes.push_back({Method::get,
                      "/v1/subjects/" + name + "/{id*}",
                      visibility,
                      "The present value of a subject of kind " + name,
                      at_once(context, [context, name](const Request& r) { return show(*context, name, r); }),
                      {},
                      {},
                      errors});
    // The set of spent ids has no history rows (ledger/log_index.h).
    if (kind.kind == ledger::SubjectKind::kReplay) continue;
    errors.push_back(Code::E_CURSOR);
    routes.push_back(
        {Method::get,
         "/v1/history/" + name + "/{id*}",
         visibility,
         "What happened to a subject of kind " + name,
         at_once(context, [context, name](const Request& r) { return history(*context, name, r); }),
         history_query(),
         {},
         errors});
  }
  return routes;
}

}  // namespace circula::node::api
