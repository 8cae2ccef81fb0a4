// Well-formed requests with bad content: JSON, base64, protobuf, records, signatures, times.
#include "crypto/encoding.h"
#include "ledger/envelope.h"
#include "tests/attack/http_cases.h"

namespace circula::attack {
namespace {

using ledger::proto::Envelope;
using ledger::proto::Record;

constexpr unsigned kBad = 400, kUnprocessable = 422, kTooLarge = 413;
const std::string kBinary = "application/octet-stream", kJson = "application/json";

std::string submitted(const std::string& envelope) { return posted("/v1/records", kBinary, envelope); }
std::string submitted_json(const std::string& text) { return posted("/v1/records", kJson, text); }
std::string quoted_envelope(const std::string& envelope) {
  return "\"" + crypto::to_base64url(crypto::as_bytes(envelope)) + "\"";
}

// A record altered before it is signed.
HttpCase with_record(const EnvelopeForge& forge, std::string name, unsigned status, std::string code,
                     std::function<void(Draw&, Record&)> alter) {
  return {std::move(name), status, std::move(code), [&forge, alter = std::move(alter)](Draw& draw) {
            Record record = forge.record();
            alter(draw, record);
            return submitted(forge.sealed({record}));
          }};
}

// An envelope altered after it was signed.
HttpCase with_envelope(const EnvelopeForge& forge, std::string name, unsigned status, std::string code,
                       std::function<void(Draw&, Envelope&)> alter) {
  return {std::move(name), status, std::move(code), [&forge, alter = std::move(alter)](Draw& draw) {
            Envelope envelope = parsed(forge.good());
            alter(draw, envelope);
            return submitted(written(envelope));
          }};
}

// The bytes of an envelope altered: its encoding.
HttpCase with_bytes(const EnvelopeForge& forge, std::string name, unsigned status, std::string code,
                    std::function<std::string(Draw&, std::string)> alter) {
  return {std::move(name), status, std::move(code),
          [&forge, alter = std::move(alter)](Draw& draw) { return submitted(alter(draw, forge.good())); }};
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t n = 0; n < count; ++n) all += text;
  return all;
}

void add_json_cases(const EnvelopeForge& forge, std::vector<HttpCase>& cases) {
  const auto json = [&cases](std::string name, std::function<std::string(Draw&)> text) {
    cases.push_back({std::move(name), kBad, "E_REQUEST",
                     [text = std::move(text)](Draw& draw) { return submitted_json(text(draw)); }});
  };
  json("JSON garbage", [](Draw& draw) { return "{" + draw.bytes(50); });
  json("JSON cut short", [](Draw&) { return R"({"envelope":"abc)"; });
  json("deep nesting", [](Draw& draw) { return std::string(draw.between(1'000, 500'000), '['); });
  json("deep objects", [](Draw&) { return R"({"envelope":)" + repeated(R"({"a":)", 50'000); });
  json("a huge number",
       [](Draw& draw) { return R"({"envelope":1)" + std::string(draw.between(400, 9'000), '0') + "}"; });
  json("a huge exponent", [](Draw&) { return R"({"envelope":1e999999999})"; });
  json("invalid UTF-8", [](Draw& draw) { return "{\"envelope\":\"\xC3\x28\xFF" + draw.bytes(8) + "\"}"; });
  json("no envelope", [](Draw&) { return R"({"chain":"00"})"; });
  json("an unknown member",
       [&forge](Draw&) { return R"({"envelope":)" + quoted_envelope(forge.good()) + R"(,"sign":true})"; });
  json("a member twice", [&forge](Draw&) {  // the last one counts
    return R"({"envelope":)" + quoted_envelope(forge.good()) + R"(,"envelope":"?"})";
  });
  json("base64 with padding", [](Draw&) { return R"({"envelope":"CAE="})"; });
  json("base64 of the other alphabet", [](Draw&) { return R"({"envelope":"+/+/"})"; });
  json("base64 with spare bits", [](Draw&) { return R"({"envelope":"CB"})"; });
  cases.push_back({"JSON for another chain", kUnprocessable, "E_CHAIN", [&forge](Draw&) {
                     return submitted_json(R"({"chain":"00","envelope":)" + quoted_envelope(forge.good()) +
                                           "}");
                   }});
  cases.push_back({"no content type", kBad, "E_REQUEST",
                   [&forge](Draw&) { return posted("/v1/records", "text/html", forge.good()); }});
}

void add_encoding_cases(const EnvelopeForge& forge, std::vector<HttpCase>& cases) {
  const std::string code = "E_CANONICAL";
  const auto bytes = [&](std::string name, std::function<std::string(Draw&, std::string)> alter) {
    cases.push_back(with_bytes(forge, std::move(name), kUnprocessable, code, std::move(alter)));
  };
  // An envelope begins with field 1, the suite: 08 01.
  bytes("an overlong varint",
        [](Draw&, std::string good) { return std::string("\x08\x81\x80\x00", 4) + good.substr(2); });
  bytes("a varint of eleven bytes",
        [](Draw&, std::string good) { return "\x08" + std::string(10, '\x81') + "\x01" + good.substr(2); });
  bytes("a field twice", [](Draw&, std::string good) { return "\x08\x01" + good; });
  bytes("fields out of order", [](Draw&, std::string good) { return good.substr(2) + "\x08\x01"; });
  bytes("an unknown field", [](Draw& draw, std::string good) { return good + "\x22\x08" + draw.bytes(8); });
  bytes("a default value",
        [](Draw&, std::string good) { return std::string("\x08\x00", 2) + good.substr(2); });
  bytes("a group", [](Draw&, std::string good) { return good + "\x1b\x1c"; });
  bytes("a length that says more",
        [](Draw&, std::string good) { return good.substr(0, 2) + "\x12\xff\xff\xff\x7f" + good.substr(4); });
  bytes("an envelope cut short",
        [](Draw& draw, std::string good) { return good.substr(0, draw.between(3, good.size() - 1)); });
  cases.push_back(with_bytes(
      forge, "half a million empty records", kUnprocessable, code,
      [](Draw&, const std::string&) { return "\x08\x01" + repeated(std::string("\x12\x00", 2), 500'000); }));
  cases.push_back(with_bytes(
      forge, "half a million empty signatures", kUnprocessable, code,
      [](Draw&, const std::string&) { return "\x08\x01" + repeated(std::string("\x1a\x00", 2), 500'000); }));
  cases.push_back(with_bytes(forge, "an empty envelope", kUnprocessable, "E_SUITE",
                             [](Draw&, const std::string&) { return std::string(); }));
  cases.push_back(with_envelope(forge, "another suite", kUnprocessable, "E_SUITE",
                                [](Draw& draw, Envelope& e) { e.set_suite(draw.between(2, 9)); }));
  cases.push_back(with_envelope(forge, "no records", kUnprocessable, "E_LIMIT",
                                [](Draw&, Envelope& e) { e.clear_records(); }));
  cases.push_back(with_envelope(forge, "too many records", kUnprocessable, "E_LIMIT", [](Draw&, Envelope& e) {
    while (e.records_size() < 4'097) e.add_records("x");
  }));
  cases.push_back(
      with_envelope(forge, "an envelope that is too large", kTooLarge, "E_SIZE", [](Draw&, Envelope& e) {
        while (e.records_size() < 34) e.add_records(std::string(32'000, 'r'));
      }));
}

void add_record_cases(const EnvelopeForge& forge, std::vector<HttpCase>& cases) {
  cases.push_back(with_record(forge, "a record that is too large", kTooLarge, "E_SIZE",
                              [](Draw&, Record& r) { r.set_body(std::string(33'000, 'b')); }));
  cases.push_back(with_record(forge, "a short nonce", kUnprocessable, "E_CANONICAL",
                              [](Draw&, Record& r) { r.set_nonce("short"); }));
  cases.push_back(
      with_record(forge, "no type", kUnprocessable, "E_CANONICAL", [](Draw&, Record& r) { r.clear_type(); }));
  cases.push_back(with_record(forge, "a type that is too large", kUnprocessable, "E_CANONICAL",
                              [](Draw& draw, Record& r) { r.set_type(65'536 + draw.below(1'000'000)); }));
  cases.push_back(
      with_record(forge, "too many expectations", kUnprocessable, "E_LIMIT", [](Draw&, Record& r) {
        for (int n = 100; n < 200; ++n) r.add_expects()->set_subject("asset/" + std::to_string(n));
      }));
  cases.push_back(
      with_record(forge, "signers out of order", kUnprocessable, "E_CANONICAL", [](Draw&, Record& r) {
        r.add_signers(std::string(32, 'b'));
        r.add_signers(std::string(32, 'a'));
      }));
  cases.push_back(with_record(forge, "an expired record", 410, "E_EXPIRED", [](Draw& draw, Record& r) {
    r.set_created_at_ms(1'000'000 + draw.below(1'000));
    r.set_expires_at_ms(2'000'000);
  }));
  cases.push_back(with_record(forge, "a record of tomorrow", 425, "E_EARLY", [](Draw&, Record& r) {
    r.set_created_at_ms(r.created_at_ms() + 86'400'000);
    r.set_expires_at_ms(r.expires_at_ms() + 86'400'000);
  }));
  cases.push_back(with_record(forge, "a record that lives too long", kUnprocessable, "E_TIME",
                              [](Draw&, Record& r) { r.set_expires_at_ms(UINT64_MAX); }));
  cases.push_back(with_record(forge, "a record that ends before it begins", kUnprocessable, "E_TIME",
                              [](Draw&, Record& r) { r.set_expires_at_ms(r.created_at_ms() - 1); }));
}

void add_signature_cases(const EnvelopeForge& forge, const std::string& sent, std::vector<HttpCase>& cases) {
  cases.push_back(
      with_envelope(forge, "a signature of nothing", kUnprocessable, "E_SIG",
                    [](Draw& draw, Envelope& e) { e.mutable_signatures(0)->set_signature(draw.bytes(64)); }));
  cases.push_back(with_envelope(forge, "a signature with one bit changed", kUnprocessable, "E_SIG",
                                [](Draw& draw, Envelope& e) {
                                  char& c = (*e.mutable_signatures(0)->mutable_signature())[draw.below(64)];
                                  c = static_cast<char>(c ^ (1 << draw.below(8)));
                                }));
  cases.push_back(with_envelope(forge, "a signature that is too short", kUnprocessable, "E_CANONICAL",
                                [](Draw&, Envelope& e) { e.mutable_signatures(0)->set_signature("short"); }));
  cases.push_back(with_envelope(forge, "no signature", kUnprocessable, "E_SIGNERS",
                                [](Draw&, Envelope& e) { e.clear_signatures(); }));
  cases.push_back(
      with_envelope(forge, "too many signatures", kUnprocessable, "E_LIMIT", [](Draw&, Envelope& e) {
        while (e.signatures_size() < 33) *e.add_signatures() = e.signatures(0);
      }));
  cases.push_back(with_envelope(forge, "a signature more", kUnprocessable, "E_SIGNERS",
                                [](Draw&, Envelope& e) { *e.add_signatures() = e.signatures(0); }));
  cases.push_back(with_envelope(
      forge, "another key's signature", kUnprocessable, "E_SIGNERS",
      [](Draw& draw, Envelope& e) { e.mutable_signatures(0)->set_public_key(draw.bytes(32)); }));
  cases.push_back({"signed for another chain", kUnprocessable, "E_SIG", [&forge](Draw&) {
                     crypto::Digest other = forge.chain_id();
                     other[0] ^= 1;
                     return submitted(forge.sealed_for(other, {forge.record()}));
                   }});
  cases.push_back({"named for another chain", kUnprocessable, "E_CHAIN", [&forge](Draw&) {
                     return posted("/v1/records?chain=" + std::string(64, '0'), kBinary, forge.good());
                   }});
  cases.push_back({"by a key that nobody registered", 403, "E_KEY_UNKNOWN",
                   [&forge](Draw&) { return submitted(forge.by_a_stranger()); }});
  // A wrong key is a matter of the rules: the attempt stands in the log with its outcome, for the regulator.
  cases.push_back(with_record(forge, "a type that is not active", 201, "",
                              [](Draw& draw, Record& r) { r.set_type(40'000 + draw.below(1'000)); }));
  // The same bytes again are no fault: they get the same answer.
  cases.push_back({"sent again", 200, "", [again = submitted(sent)](Draw&) { return again; }});
}

}  // namespace

std::vector<HttpCase> submission_cases(const EnvelopeForge& forge, const std::string& sent) {
  std::vector<HttpCase> cases;
  add_json_cases(forge, cases);
  add_encoding_cases(forge, cases);
  add_record_cases(forge, cases);
  add_signature_cases(forge, sent, cases);
  return cases;
}

}  // namespace circula::attack
