#include "node/api/parameters.h"

#include <algorithm>
#include <limits>

#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/object_id.h"

namespace circula::node::api {
namespace {

using ledger::Code;
using ledger::Error;
using ledger::error;
using ledger::ObjectKind;
using ledger::Result;
using ledger::SubjectKey;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What objects of a subject kind are called; its first id part names one.
std::optional<ObjectKind> object_of(std::string_view kind) {
  if (kind == "asset" || kind == "right") return ObjectKind::kAsset;
  if (kind == "agreement" || kind == "counter" || kind == "period") return ObjectKind::kAgreement;
  if (kind == "product") return ObjectKind::kProduct;
  if (kind == "listing") return ObjectKind::kListing;
  if (kind == "order") return ObjectKind::kOrder;
  if (kind == "contract" || kind == "hold") return ObjectKind::kContract;
  if (kind == "licence") return ObjectKind::kLicence;
  if (kind == "payout") return ObjectKind::kPayout;
  if (kind == "event") return ObjectKind::kEvent;
  return std::nullopt;
}

// The kind whose keys are exactly the objects of `kind`.
std::string_view owner_of(std::string_view kind) {
  if (kind == "right") return "asset";
  if (kind == "counter" || kind == "period") return "agreement";
  if (kind == "hold") return "contract";
  return kind;
}

// The whole hexadecimal digits that the first characters of a base32 id fix.
std::string hex_of_base32_prefix(std::string_view text) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string digits;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    bits = (bits << 5) | static_cast<unsigned>(kAlphabet.find(c));
    count += 5;
    while (count >= 4) {
      count -= 4;
      digits += kHex[(bits >> count) & 0xF];
    }
    bits &= (1U << count) - 1;
  }
  return digits;
}

Error ambiguous(std::string_view text, std::size_t count) {
  return error(Code::E_REQUEST,
               std::to_string(count) + (count >= kPrefixCandidatesMax ? " or more" : "") +
                   " ids begin with \"" + std::string(text) + "\"; write more of it",
               "id");
}

Result<std::string> object_part(const Backend& backend, std::string_view kind, std::string_view text,
                                const Readable& readable) {
  if (kind == "right" && text.starts_with("pd-")) kind = "product";  // rights stand on products, too
  const ObjectKind object = *object_of(kind);
  if (text.size() == 2 * ledger::ObjectId::kSize && is_lower_hex(text)) return std::string(text);
  const std::string expected = std::string(ledger::prefix(object)) + "-";
  const Error malformed =
      error(Code::E_REQUEST,
            "\"" + std::string(text) + "\" is no " + std::string(owner_of(kind)) + " id: " + expected +
                " and 26 characters, at least the first 6 of them, or 32 hexadecimal digits",
            "id");
  if (!text.starts_with(expected)) return malformed;
  if (auto whole = ledger::parse_object_id(object, text)) return crypto::to_hex(whole->view());
  const std::string_view start = text.substr(expected.size());
  if (start.size() < kIdPrefixCharactersMin || start.size() >= crypto::kShortIdCharacters ||
      !crypto::is_base32_prefix(start)) {
    return malformed;
  }
  const std::string owner(owner_of(kind));
  auto keys = backend.index().subjects(owner + "/" + hex_of_base32_prefix(start), {}, kPrefixCandidatesMax);
  if (!keys) return keys.error();
  std::erase_if(*keys, [&](const SubjectKey& key) {
    const bool is_part = key.find('/', owner.size() + 1) != std::string::npos;  // a version of the object
    return is_part || !display_id(key).starts_with(text) || (readable && !readable(key));
  });
  if (keys->size() > 1) return ambiguous(text, keys->size());
  if (keys->empty())
    return error(Code::E_NOT_FOUND, "no " + owner + " has an id that begins with " + std::string(text), "id");
  return keys->front().substr(owner.size() + 1);
}

Result<std::uint64_t> size_at_height(const Backend& backend, std::uint64_t height, PointSense sense,
                                     std::uint64_t otherwise) {
  auto row = backend.index().block(height);
  if (!row) return row.error();
  if (!*row) return sense == PointSense::kAt ? std::numeric_limits<std::uint64_t>::max() : otherwise;
  return sense == PointSense::kAt ? (*row)->size_after() : (*row)->first();
}

Result<std::uint64_t> size_at_time(const Backend& backend, ledger::Seconds time, PointSense sense) {
  if (time <= 0) return std::uint64_t{0};
  const std::uint64_t time_ms =
      static_cast<std::uint64_t>(time) * 1000 - (sense == PointSense::kBound ? 1 : 0);
  auto row = backend.index().last_block_at(time_ms);
  if (!row) return row.error();
  return *row ? (*row)->size_after() : 0;
}

Result<ledger::Seconds> parse_moment(std::string_view text) {
  constexpr std::size_t kMonthCharacters = 7;  // "2023-05"
  if (text.size() != kMonthCharacters) return ledger::parse_time(text);
  auto month = ledger::parse_period(text);
  if (!month) return month.error();
  return month->from;
}

}  // namespace

Result<std::uint64_t> number_parameter(const Request& request, const std::string& name,
                                       std::uint64_t otherwise, std::uint64_t max, std::uint64_t min) {
  const std::optional<std::string> text = request.query_value(name);
  if (!text) return otherwise;
  const auto number = crypto::u64_from_decimal(*text);
  if (!number || *number < min || *number > max) {
    return error(Code::E_REQUEST,
                 name + " is a number from " + std::to_string(min) + " to " + std::to_string(max), name);
  }
  return *number;
}

Result<std::uint64_t> number_in_path(const Request& request, const std::string& name) {
  const auto number = crypto::u64_from_decimal(request.params.at(name));
  if (!number) return error(Code::E_REQUEST, "the path needs a number for " + name, name);
  return *number;
}

Result<bool> flag_parameter(const Request& request, const std::string& name) {
  auto number = number_parameter(request, name, 0, 1);
  if (!number) return number.error();
  return *number == 1;
}

Result<std::size_t> limit_parameter(const Request& request) {
  auto limit = number_parameter(request, "limit", kLimitDefault, kLimitMax, 1);
  if (!limit) return limit.error();
  return static_cast<std::size_t>(*limit);
}

Result<std::chrono::milliseconds> timeout_parameter(const Request& request, const std::string& name,
                                                    std::uint64_t otherwise) {
  auto number = number_parameter(request, name, otherwise, kTimeoutMaxMs);
  if (!number) return number.error();
  return std::chrono::milliseconds(*number);
}

Result<std::optional<Digest>> id_in_path(const Backend& backend, const Request& request) {
  const std::string& text = request.params.at("id");
  constexpr std::size_t kCharacters = 2 * Digest::kSize;
  if (!is_lower_hex(text) || text.size() < kIdPrefixCharactersMin || text.size() > kCharacters) {
    return error(Code::E_REQUEST, "an id is 64 lower-case hexadecimal characters, or at least the first 6",
                 "id");
  }
  if (text.size() == kCharacters) return std::optional(*crypto::fixed_from_hex<Digest>(text));
  const auto prefix = crypto::from_hex(std::string_view(text).substr(0, text.size() / 2 * 2));
  auto found = backend.index().records_with_prefix(*prefix, kPrefixCandidatesMax);
  if (!found) return found.error();
  auto envelopes = backend.index().envelopes_with_prefix(*prefix, kPrefixCandidatesMax);
  if (!envelopes) return envelopes.error();
  found->insert(found->end(), envelopes->begin(), envelopes->end());
  std::erase_if(*found, [&](const Digest& id) { return !crypto::to_hex(id.view()).starts_with(text); });
  if (found->size() > 1) return ambiguous(text, found->size());
  return found->empty() ? std::nullopt : std::optional(found->front());
}

Result<SubjectKey> subject_key_in_path(const Backend& backend, std::string_view kind, std::string_view rest,
                                       const Readable& readable) {
  const std::string_view first = rest.substr(0, rest.find('/'));
  std::string name(first);
  if (object_of(kind)) {
    auto part = object_part(backend, kind, first, readable);
    if (!part) return part.error();
    name = std::move(*part);
  }
  SubjectKey key = std::string(kind) + "/" + name + std::string(rest.substr(first.size()));
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!printable || key.size() > ledger::kSubjectKeyBytesMax || key.ends_with('/')) {
    return error(Code::E_REQUEST, "this is no subject key", "id");
  }
  return key;
}

std::string display_id(const SubjectKey& key) {
  const std::size_t slash = key.find('/');
  const std::string kind = key.substr(0, slash);
  const std::string rest = key.substr(slash + 1);
  const std::optional<ObjectKind> object = object_of(kind);
  if (!object) return rest;
  const std::string first = rest.substr(0, rest.find('/'));
  const auto id = crypto::fixed_from_hex<ledger::ObjectId>(first);
  if (!id) return rest;
  return ledger::object_text(*object, *id) + rest.substr(first.size());
}

KeyPrefix key_prefix(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view kind = text.substr(0, slash);
  const std::string_view rest = text.substr(std::min(slash + 1, text.size()));
  const std::optional<ObjectKind> object = object_of(kind);
  KeyPrefix prefix{std::string(text), {}};
  if (!object || rest.empty()) return prefix;
  const std::string expected = std::string(ledger::prefix(*object)) + "-";
  if (!rest.starts_with(expected) && !expected.starts_with(rest)) return prefix;
  const std::string_view start = rest.substr(std::min(expected.size(), rest.size()));
  const std::string_view id = start.substr(0, start.find('/'));
  if (!crypto::is_base32_prefix(id)) return prefix;
  prefix.stored = std::string(kind) + "/" + hex_of_base32_prefix(id);
  prefix.shown = rest;
  return prefix;
}

Result<std::uint64_t> point_parameter(const Backend& backend, const Request& request, const std::string& name,
                                      PointSense sense, std::uint64_t otherwise) {
  constexpr std::string_view kHeight = "height:";
  const std::optional<std::string> text = request.query_value(name);
  if (!text) return otherwise;
  // What stood at a point that is not final here cannot be told: this node may be behind.
  const auto known = [&](std::uint64_t size) -> Result<std::uint64_t> {
    if (sense == PointSense::kBound || size <= otherwise) return size;
    return error(Code::E_UNAVAILABLE, *text + " is not final on this node yet", name);
  };
  if (const auto size = crypto::u64_from_decimal(*text)) return known(*size);
  if (text->starts_with(kHeight)) {
    const auto height = crypto::u64_from_decimal(std::string_view(*text).substr(kHeight.size()));
    if (height) {
      auto size = size_at_height(backend, *height, sense, otherwise);
      if (!size) return size.error();
      return known(*size);
    }
  } else if (auto time = parse_moment(*text)) {
    return size_at_time(backend, *time, sense);
  }
  return error(
      Code::E_REQUEST,
      name +
          " is a log size (589), height:74, a month, a date or a time (2023-05-01T08:00:00+08:00), not \"" +
          *text + "\"",
      name);
}

Result<ledger::Seconds> ledger_time_parameter(const Request& request, const std::string& name) {
  auto time = parse_moment(request.query.at(name));
  if (!time || *time < 0) {
    return error(Code::E_REQUEST, name + " is a month, a date or a time (2023-05-01T08:00:00+08:00)", name);
  }
  return time;
}

}  // namespace circula::node::api
