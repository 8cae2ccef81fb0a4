// Sessions: who asks (docs/api.md, "Sessions"; node/session.h holds the rules).
#include "crypto/encoding.h"
#include "ledger/json_text.h"
#include "ledger/json_view.h"
#include "node/api/access.h"
#include "node/api/context.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;

Answer challenge(const Context& context, SessionTable& sessions, const Request& request) {
  const SessionTable::Challenge given = sessions.challenge();
  json::object answer{{"nonce", hex_text(given.nonce.view())}};
  put_time(answer, "expires", given.expires_ms);
  answer["origin"] = request.origin;
  answer["chain_id"] = hex_text(context.backend.genesis().chain_id().view());
  return json_answer(answer);
}

// Reads the texts of a claim; the first fault is kept.
class ClaimReader {
 public:
  explicit ClaimReader(const Request& request) {
    auto parsed = ledger::parse_json(crypto::as_text(request.body));
    if (!parsed) {
      fail(parsed.error().field, parsed.error().detail);
      return;
    }
    parsed_ = std::move(*parsed);
    if (!parsed_.is_object()) fail("", "the body is a JSON object");
  }
  [[nodiscard]] std::string text(std::string_view name) {
    const json::value* member = fault_ ? nullptr : parsed_.get_object().if_contains(name);
    if (member == nullptr || !member->is_string()) return fail(name, "a text is missing");
    return std::string(member->get_string());
  }
  template <class Fixed>
  [[nodiscard]] Fixed hex(std::string_view name) {
    const auto value = crypto::fixed_from_hex<Fixed>(text(name), name);
    if (!value) fail(name, value.error().detail);
    return value ? *value : Fixed{};
  }
  [[nodiscard]] std::uint64_t number(std::string_view name) {
    const auto value = crypto::u64_from_decimal(text(name));
    if (!value) fail(name, "a decimal number as a text");
    return value ? *value : 0;
  }
  [[nodiscard]] const std::optional<ledger::Error>& fault() const { return fault_; }

 private:
  std::string fail(std::string_view name, const std::string& detail) {
    if (!fault_) fault_ = error(Code::E_REQUEST, detail, std::string(name));
    return {};
  }
  json::value parsed_;
  std::optional<ledger::Error> fault_;
};

Answer open(const Context& context, SessionTable& sessions, const Request& request) {
  ClaimReader in(request);
  SessionTable::Claim claim;
  claim.key = in.hex<crypto::PublicKey>("key");
  claim.nonce = in.hex<SessionNonce>("nonce");
  claim.expires_ms = in.number("expires_ms");
  claim.origin = in.text("origin");
  claim.signature = in.hex<crypto::Signature>("signature");
  if (in.fault()) return *in.fault();
  auto session = sessions.open(claim, request.origin);
  if (!session) return session.error();
  json::object answer{{"token", session->token}};
  put_time(answer, "expires", session->expires_ms);
  answer["key"] = hex_text(claim.key.view());
  answer["oid"] = organisation_of(context.backend, claim.key);
  return json_answer(answer, 201);
}

Answer close(SessionTable& sessions, const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("authorization");
  if (authorization.starts_with(kBearer)) sessions.close(authorization.substr(kBearer.size()));
  return Response{204, {}, {}, {}, nullptr};
}

Answer whoami(const Context& context, const Request& request) {
  const Caller caller = Caller::of(context.backend, request.caller);
  if (caller.oid().empty()) return error(Code::E_SESSION, "the key of the session is not active");
  json::object answer{{"key", hex_text(request.caller->view())}, {"oid", caller.oid()}};
  json::object organisation = ledger::json_view(caller.organisation(), {.with_defaults = true, .kinds = {}});
  answer["usage"] = ledger::json_view(caller.key_state())["usage"];
  answer["name"] = caller.organisation().profile().name();
  answer["kinds"] = std::move(organisation["kinds"]);
  answer["reads"] = caller.reads_everything() ? "all" : caller.is_exchange() ? "members" : "own";
  answer["runs_node"] = caller.runs_node();
  return json_answer(answer);
}

}  // namespace

Routes session_routes(const ContextPtr& context) {
  SessionTable& sessions = context->sessions;
  return {
      {Method::get, "/v1/session/challenge", Visibility::public_, "Something to sign",
       at_once(context, [context, &sessions](const Request& r) { return challenge(*context, sessions, r); })},
      {Method::post,
       "/v1/session",
       Visibility::public_,
       "A bearer token for a signed challenge",
       at_once(context, [context, &sessions](const Request& r) { return open(*context, sessions, r); }),
       {},
       "application/json {\"key\", \"nonce\", \"expires_ms\", \"origin\", \"signature\"}",
       {Code::E_SESSION, Code::E_KEY_UNKNOWN, Code::E_SIG, Code::E_QUOTA}},
      {Method::delete_, "/v1/session", Visibility::public_, "Ends the session of the bearer token",
       at_once(context, [&sessions](const Request& r) { return close(sessions, r); })},
      {Method::get, "/v1/whoami", Visibility::party, "Whose session this is and what it may read",
       at_once(context, [context](const Request& r) { return whoami(*context, r); })},
  };
}

}  // namespace circula::node::api
