#include "ledger/proof_json.h"

#include <algorithm>

#include "crypto/encoding.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;
using crypto::Bytes;

void write(const json::value& value, std::size_t depth, std::string& out);

void new_line(std::size_t depth, std::string& out) {
  out += '\n';
  out.append(2 * depth, ' ');
}

void write(const json::value& value, std::size_t depth, std::string& out) {
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    char before = '{';
    for (const auto& [name, member] : *object) {
      out += before;
      before = ',';
      new_line(depth + 1, out);
      out += json::serialize(name) + ": ";
      write(member, depth + 1, out);
    }
    new_line(depth, out);
    out += '}';
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    char before = '[';
    for (const json::value& element : *array) {
      out += before;
      before = ',';
      new_line(depth + 1, out);
      write(element, depth + 1, out);
    }
    new_line(depth, out);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string proof_text(const json::value& value) {
  std::string out;
  write(value, 0, out);
  return out + "\n";
}

Result<json::value> parse_proof_text(std::string_view text) {
  if (text.size() > kProofFileBytesMax) return error(Code::E_PROOF, "the file has more than 64 MiB");
  json::parse_options options;
  options.max_depth = kProofJsonDepthMax;
  json::parser parser({}, options);
  json::error_code failed;
  const std::size_t read = parser.write_some(text, failed);
  if (!failed && read < text.size()) failed = json::error::extra_data;
  if (failed) {
    return error(Code::E_PROOF, "not JSON at byte " + std::to_string(read) + ": " + failed.message());
  }
  return parser.release();
}

Result<void> check_proof_text(std::string_view text, std::string_view rewritten) {
  if (text == rewritten) return {};
  const auto [left, right] = std::mismatch(text.begin(), text.end(), rewritten.begin(), rewritten.end());
  return error(Code::E_PROOF,
               "byte " + std::to_string(left - text.begin()) + " is not as the one form of this file has it");
}

json::string json_base64(crypto::ByteView bytes) { return json::string(crypto::to_base64(bytes)); }
json::string json_hex(crypto::ByteView bytes) { return json::string(crypto::to_hex(bytes)); }
json::string json_number(std::uint64_t number) { return json::string(std::to_string(number)); }

json::array json_path(std::span<const crypto::Digest> path) {
  json::array out;
  for (const crypto::Digest& hash : path) out.emplace_back(json_base64(hash.view()));
  return out;
}

ProofFields::ProofFields(const json::value& value, std::string place, std::optional<Error>& fault)
    : object_(value.if_object()), place_(std::move(place)), fault_(fault) {
  if (object_ == nullptr) fail("", "an object expected");
}

void ProofFields::fail(std::string_view name, const std::string& detail) {
  if (fault_) return;
  std::string place = place_;
  if (!name.empty()) place += (place.empty() ? "" : ".") + std::string(name);
  fault_ = error(Code::E_PROOF, (place.empty() ? "the file" : place) + ": " + detail, place);
}

bool ProofFields::has(std::string_view name) const {
  return object_ != nullptr && object_->if_contains(name) != nullptr;
}

const json::value& ProofFields::member(std::string_view name) {
  static const json::value kNothing;
  if (object_ == nullptr) return kNothing;
  const json::value* found = object_->if_contains(name);
  if (found == nullptr) {
    fail(name, "it is missing");
    return kNothing;
  }
  return *found;
}

std::string ProofFields::text(std::string_view name) {
  const json::string* found = member(name).if_string();
  if (found == nullptr) {
    fail(name, "a text expected");
    return {};
  }
  return std::string(*found);
}

std::uint64_t ProofFields::number(std::string_view name) {
  const auto number = crypto::u64_from_decimal(text(name));
  if (!number) fail(name, "a decimal number expected");
  return number ? *number : 0;
}

Bytes ProofFields::base64(std::string_view name) {
  auto bytes = crypto::from_base64(text(name));
  if (!bytes) fail(name, bytes.error().detail);
  return bytes ? std::move(*bytes) : Bytes();
}

Bytes ProofFields::hex_bytes(std::string_view name, std::size_t size) {
  auto bytes = crypto::from_hex(text(name));
  if (bytes && bytes->size() == size) return std::move(*bytes);
  fail(name, std::to_string(size) + " bytes in lower-case hex expected");
  return {};
}

crypto::HashPath ProofFields::path(std::string_view name) {
  crypto::HashPath path;
  const json::array* found = member(name).if_array();
  if (found == nullptr) {
    fail(name, "a list expected");
    return path;
  }
  for (const json::value& element : *found) {
    const json::string* text = element.if_string();
    auto hash = crypto::to_fixed<crypto::Digest>(
        crypto::from_base64(text == nullptr ? std::string_view("-") : std::string_view(*text)), "hash");
    if (!hash) {
      fail(name, hash.error().detail);
      return path;
    }
    path.push_back(*hash);
  }
  return path;
}

ProofFields ProofFields::object(std::string_view name) {
  return {member(name), place_.empty() ? std::string(name) : place_ + "." + std::string(name), fault_};
}

std::vector<ProofFields> ProofFields::objects(std::string_view name) {
  std::vector<ProofFields> out;
  const json::array* found = member(name).if_array();
  if (found == nullptr) {
    fail(name, "a list expected");
    return out;
  }
  for (const json::value& element : *found) {
    const std::string place = std::string(name) + "[" + std::to_string(out.size()) + "]";
    out.emplace_back(element, place_.empty() ? place : place_ + "." + place, fault_);
  }
  return out;
}

}  // namespace circula::ledger
