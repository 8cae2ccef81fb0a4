// The node itself: status, clock, health, outcome codes, and what its operator sees (docs/api.md, "Node").
#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/genesis.h"
#include "ledger/outcome_json.h"
#include "node/api/context.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;

// A chain whose time or whose waiting periods are not those of production says so everywhere (design.md 4).
bool is_rehearsal(const ledger::proto::Genesis& genesis) {
  return genesis.clock() == ledger::proto::CLOCK_SCRIPTED ||
         genesis.profile() == ledger::proto::PROFILE_REHEARSAL;
}

void put_clock(json::object& object, const ledger::proto::Genesis& genesis) {
  object["clock"] = genesis.clock() == ledger::proto::CLOCK_SCRIPTED ? "scripted" : "wall";
  object["profile"] = genesis.profile() == ledger::proto::PROFILE_REHEARSAL ? "rehearsal" : "production";
  object["rehearsal"] = is_rehearsal(genesis);
}

void put_chain(json::object& object, const Backend& backend, std::uint32_t voters) {
  const ledger::Genesis& genesis = backend.genesis();
  object["origin"] = genesis.message().origin();
  object["chain_id"] = hex_text(genesis.chain_id().view());
  object["fingerprint"] = genesis.fingerprint();
  put_clock(object, genesis.message());
  object["finality_quorum"] =
      ledger::finality_quorum(voters, genesis.message().parameters().finality_extra());
}

json::object checkpoint_view(const FinalCheckpoint& checkpoint) {
  json::object view{{"size", number_text(checkpoint.size)}, {"height", number_text(checkpoint.height)}};
  if (checkpoint.size > 0) view["root"] = hex_text(checkpoint.root.view());
  return view;
}

json::object status_view(const Context& context) {
  const NodeStatus status = context.backend.status();
  json::object view{{"node", status.node_id},
                    {"role", status.role},
                    {"leader", status.leader},
                    {"term", number_text(status.term)}};
  put_chain(view, context.backend, status.voters);
  view["durability"] = "fsync";
  view["version"] = context.options.version;
  view["voters"] = status.voters;
  view["voters_up"] = status.voters_up;
  view["learners"] = status.learners;
  view["learners_up"] = status.learners_up;
  view["committed_height"] = number_text(status.committed_height);
  view["executed_height"] = number_text(status.executed_height);
  put_time(view, "ledger_time", status.ledger_time_ms);
  view["log_size"] = number_text(status.log_size);
  view["checkpoint"] = checkpoint_view(status.checkpoint);
  view["pool"] = json::object{{"envelopes", number_text(status.pool_envelopes)},
                              {"bytes", number_text(status.pool_bytes)}};
  view["disk_free_bytes"] = number_text(status.disk_free_bytes);
  view["evidence"] = status.evidence;
  view["read_only"] = status.read_only;
  view["in_doubt"] = status.in_doubt;
  view["diverged"] = status.diverged;
  if (!status.why_not_leader.empty()) view["why_not_leader"] = status.why_not_leader;
  if (!status.why_not_final.empty()) view["why_not_final"] = status.why_not_final;
  const auto not_ready = context.backend.not_ready();
  view["ready"] = !not_ready.has_value();
  if (not_ready) view["not_ready"] = *not_ready;
  return view;
}

Answer clock(const Context& context) {
  const NodeStatus status = context.backend.status();
  json::object view;
  put_time(view, "ledger_time", status.ledger_time_ms);
  put_clock(view, context.backend.genesis().message());
  view["height"] = number_text(status.executed_height);
  return json_answer(view);
}

Answer list_errors() {
  json::array rows;
  for (const ledger::OutcomeRow& row : ledger::outcome_table()) rows.push_back(ledger::outcome_json(row));
  json::object answer;
  answer["errors"] = std::move(rows);
  return json_answer(answer);
}

Answer show_error(const Request& request) {
  const auto code = ledger::code_from_name(request.params.at("name"));
  if (!code) return error(Code::E_NOT_FOUND, "there is no such code; /v1/errors lists them all", "name");
  return json_answer(ledger::outcome_json(ledger::outcome_row(*code)));
}

Answer list_rejections(const Context& context) {
  std::vector<Rejection> rejections = context.backend.rejections();
  std::stable_sort(rejections.begin(), rejections.end(),
                   [](const Rejection& a, const Rejection& b) { return a.wall_ms > b.wall_ms; });
  json::array rows;
  for (const Rejection& one : rejections) {
    json::object row{{"code", ledger::name(one.code)}};
    put_time(row, "wall", one.wall_ms);
    put_details(row, one.detail, one.field);
    if (one.envelope_id != Digest{}) row["envelope"] = hex_text(one.envelope_id.view());
    if (!one.key.empty()) row["key"] = one.key;
    rows.push_back(std::move(row));
  }
  json::object answer;
  answer["rejections"] = std::move(rows);
  return json_answer(answer);
}

Answer list_peers(const Context& context) {
  json::array rows;
  for (const NodeStatus::Peer& peer : context.backend.status().peers) {
    rows.push_back(json::object{{"node_id", peer.node_id},
                                {"role", peer.role},
                                {"up", peer.up},
                                {"acknowledged_height", number_text(peer.acknowledged_height)},
                                {"cosigned_height", number_text(peer.cosigned_height)},
                                {"address", peer.address}});
  }
  json::object answer;
  answer["peers"] = std::move(rows);
  return json_answer(answer);
}

Answer ready(const Context& context) {
  if (const auto why = context.backend.not_ready()) return error(Code::E_UNAVAILABLE, *why);
  return Response::text(200, "ok\n");
}

Answer alive(const Context& context) {
  if (!context.backend.alive()) return error(Code::E_UNAVAILABLE, "a thread of the node does not answer");
  return Response::text(200, "ok\n");
}

}  // namespace

Routes status_routes(const ContextPtr& context) {
  const auto answer = [&context](Answer (*handler)(const Context&)) {
    return at_once(context, [context, handler](const Request&) { return handler(*context); });
  };
  return {
      {Method::get, "/v1/status", Visibility::public_, "The node, its chain and how far it is",
       at_once(context, [context](const Request&) -> Answer { return json_answer(status_view(*context)); })},
      {Method::get, "/v1/clock", Visibility::public_, "Ledger time", answer(clock)},
      {Method::get, "/v1/errors", Visibility::public_, "Every outcome code",
       at_once(context, [](const Request&) { return list_errors(); })},
      {Method::get,
       "/errors/{name}",
       Visibility::public_,
       "One outcome code",
       at_once(context, show_error),
       {},
       {},
       {Code::E_NOT_FOUND}},
      {Method::get,
       "/livez",
       Visibility::public_,
       "Whether the process works",
       answer(alive),
       {},
       {},
       {Code::E_UNAVAILABLE}},
      {Method::get,
       "/readyz",
       Visibility::public_,
       "Whether the node can take requests",
       answer(ready),
       {},
       {},
       {Code::E_UNAVAILABLE}},
      {Method::get, "/v1/rejections", Visibility::operator_, "What this node refused lately",
       answer(list_rejections)},
      {Method::get, "/v1/peers", Visibility::operator_, "The other nodes", answer(list_peers)},
      {Method::get, "/metrics", Visibility::operator_, "Prometheus text",
       at_once(
           context,
           [context](const Request&) -> Answer {
             return Response{
                 200, "text/plain; version=0.0.4; charset=utf-8", context->backend.metrics(), {}, nullptr};
           })},
  };
}

}  // namespace circula::node::api
