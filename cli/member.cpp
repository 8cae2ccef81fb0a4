#include "cli/member.h"

#include <boost/json.hpp>

#include "cli/fingerprint.h"
#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/json_view.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;

constexpr std::string_view kFormat = "circula-member-1";

std::string hex(const std::string& bytes) { return crypto::to_hex(crypto::as_bytes(bytes)); }

ledger::Result<std::string> key_of(const boost::json::object& node, std::string_view name) {
  const boost::json::value* value = node.if_contains(name);
  auto key = crypto::fixed_from_hex<crypto::PublicKey>(
      value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{},
      name);
  if (!key) return error(Code::E_FORMAT, key.error().detail, "node." + std::string(name));
  return std::string(key->text());
}

}  // namespace

std::string write_member(const MemberFile& member) {
  const auto& node = member.node;
  return pretty(boost::json::object{{"format", kFormat},
                                    {"organisation", ledger::json_view(member.organisation)},
                                    {"node",
                                     {{"address", member.address},
                                      {"node_key", hex(node.node_key())},
                                      {"cosign_key", hex(node.cosign_key())},
                                      {"log_key", hex(node.log_key())},
                                      {"transport_key", hex(node.transport_key())}}}});
}

ledger::Result<MemberFile> read_member(const std::string& path) {
  auto value = read_json(path);
  if (!value) return value.error();
  const boost::json::object* object = value->if_object();
  const boost::json::value* format = object == nullptr ? nullptr : object->if_contains("format");
  const boost::json::value* organisation = object == nullptr ? nullptr : object->if_contains("organisation");
  const boost::json::value* node = object == nullptr ? nullptr : object->if_contains("node");
  if (format == nullptr || !format->is_string() || format->get_string() != kFormat ||
      organisation == nullptr || node == nullptr || !node->is_object()) {
    return error(Code::E_FORMAT, path + " is not a member file: `circula org init` writes one");
  }
  MemberFile member;
  if (auto read = ledger::message_from_json(*organisation, member.organisation); !read) {
    return error(read.error().code, path + ": " + read.error().detail, "organisation." + read.error().field);
  }
  const boost::json::object& keys = node->get_object();
  const auto* descriptor = ledger::proto::Member::descriptor();
  for (const char* name : {"node_key", "cosign_key", "log_key", "transport_key"}) {
    auto key = key_of(keys, name);
    if (!key) return error(key.error().code, path + ": " + key.error().detail, key.error().field);
    member.node.GetReflection()->SetString(&member.node, descriptor->FindFieldByName(name), *key);
  }
  if (const auto* address = keys.if_contains("address"); address != nullptr && address->is_string()) {
    member.address = std::string(address->get_string());
  }
  return member;
}

ledger::Result<std::string> member_fingerprint(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  return fingerprint(crypto::sha256(*text));
}

}  // namespace circula::cli
