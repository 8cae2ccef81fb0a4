#include "crypto/policy.h"

#include <algorithm>
#include <map>
#include <set>

#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

Error malformed(std::size_t line, const std::string& detail) {
  return {Fault::kMalformed, "policy line " + std::to_string(line) + ": " + detail};
}

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t";
  Words words;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// Builds a policy line by line.
class PolicyParser {
 public:
  Result<void> line(std::size_t number, const Words& words) {
    number_ = number;
    if (words[0] == "log") return log(words);
    if (words[0] == "witness") return witness(words);
    if (words[0] == "group") return group(words);
    if (words[0] == "quorum") return quorum(words);
    return fault("log, witness, group or quorum expected, " + std::string(words[0]) + " found");
  }

  Result<Policy> finish() {
    if (policy_.quorum.empty()) return Error{Fault::kMalformed, "policy: no quorum line"};
    return std::move(policy_);
  }

 private:
  [[nodiscard]] Error fault(const std::string& detail) const { return malformed(number_, detail); }

  Result<void> log(const Words& words) {
    if (words.size() < 2 || words.size() > 3) return fault("log <vkey> [<url>] expected");
    if (policy_.logs.size() == Policy::kMaxLines) return fault("more than 256 logs");
    auto key = parse_key(words[1], SignatureType::kEd25519, "a log signs with type 0x01");
    if (!key) return key.error();
    if (!log_keys_.insert(key->key).second) return fault("the key of this log is listed already");
    policy_.logs.push_back({std::move(*key), words.size() > 2 ? std::string(words[2]) : std::string()});
    return {};
  }

  Result<void> witness(const Words& words) {
    if (words.size() < 3 || words.size() > 4) return fault("witness <name> <vkey> [<url>] expected");
    if (policy_.witnesses.size() == Policy::kMaxLines) return fault("more than 256 witnesses");
    auto key = parse_key(words[2], SignatureType::kCosignature, "a witness signs with type 0x04");
    if (!key) return key.error();
    if (!witness_keys_.insert(key->key).second) return fault("the key of this witness is listed already");
    if (auto defined = define(words[1]); !defined) return defined;
    policy_.witnesses.push_back(
        {std::string(words[1]), std::move(*key), words.size() > 3 ? std::string(words[3]) : std::string()});
    return {};
  }

  Result<void> group(const Words& words) {
    if (words.size() < 4) return fault("group <name> <k|all|any> <name>... expected");
    if (policy_.groups.size() == Policy::kMaxLines) return fault("more than 256 groups");
    Policy::Group group{std::string(words[1]), 0, {}};
    for (const std::string_view member : std::span(words).subspan(3)) {
      if (!defined_.contains(member)) return fault(std::string(member) + " is not defined above");
      if (!members_.emplace(member).second)
        return fault(std::string(member) + " is a member of a group already");
      group.members.emplace_back(member);
    }
    if (words[2] == "all") {
      group.threshold = group.members.size();
    } else if (words[2] == "any") {
      group.threshold = 1;
    } else {
      const auto threshold = u64_from_decimal(words[2]);
      if (!threshold || *threshold == 0 || *threshold > group.members.size()) {
        return fault("all, any or a number from 1 to " + std::to_string(group.members.size()) +
                     " expected, " + std::string(words[2]) + " found");
      }
      group.threshold = static_cast<std::size_t>(*threshold);
    }
    if (auto defined = define(words[1]); !defined) return defined;
    policy_.groups.push_back(std::move(group));
    return {};
  }

  Result<void> quorum(const Words& words) {
    if (words.size() != 2) return fault("quorum <name|none> expected");
    if (!policy_.quorum.empty()) return fault("a second quorum line");
    if (words[1] != Policy::kNoQuorum && !defined_.contains(words[1])) {
      return fault(std::string(words[1]) + " is not defined above");
    }
    policy_.quorum = std::string(words[1]);
    return {};
  }

  Result<VerifierKey> parse_key(std::string_view text, SignatureType type, const char* expected) {
    auto key = VerifierKey::parse(text);
    if (!key) return Error{key.error().fault, malformed(number_, key.error().detail).detail};
    if (key->type != type) return fault(std::string(expected) + "; " + key->name + " has another type");
    // A key ground to share another's name and id would turn that one's signatures into bad ones.
    if (!signature_names_.emplace(key->name, key->id()).second && !log_keys_.contains(key->key) &&
        !witness_keys_.contains(key->key)) {
      return fault("another key has the name and the id of " + key->name);
    }
    return key;
  }

  Result<void> define(std::string_view name) {
    if (name == Policy::kNoQuorum) return fault("the name none is taken");
    if (!defined_.emplace(name).second) return fault("the name " + std::string(name) + " is defined already");
    return {};
  }

  Policy policy_;
  std::size_t number_ = 0;
  std::set<std::string, std::less<>> defined_, members_;
  std::set<PublicKey> log_keys_, witness_keys_;
  std::set<std::pair<std::string, std::uint32_t>> signature_names_;
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Which names have witnessed. A group comes after its members, so one pass is enough.
Result<void> check_quorum(const Policy& policy, const std::set<std::string>& signed_by) {
  if (policy.quorum == Policy::kNoQuorum) return {};
  std::set<std::string> witnessed = signed_by;
  std::string detail = policy.quorum + " has not cosigned";
  for (const Policy::Group& group : policy.groups) {
    std::vector<std::string> missing;
    for (const std::string& member : group.members) {
      if (!witnessed.contains(member)) missing.push_back(member);
    }
    const std::size_t found = group.members.size() - missing.size();
    if (found >= group.threshold) {
      witnessed.insert(group.name);
    } else if (group.name == policy.quorum) {
      detail = group.name + " needs " + std::to_string(group.threshold) + " of " +
               std::to_string(group.members.size()) + ", found " + std::to_string(found) +
               "; not there: " + joined(missing);
    }
  }
  if (witnessed.contains(policy.quorum)) return {};
  return Error{Fault::kQuorum, "checkpoint: quorum not reached: " + detail};
}

}  // namespace

Result<Policy> Policy::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return Error{Fault::kMalformed, "policy: more than 262144 bytes"};
  PolicyParser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed(number, "the last line does not end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto is_control = [](char c) {
      return (static_cast<std::uint8_t>(c) < 0x20 && c != '\t') || static_cast<std::uint8_t>(c) == 0x7F;
    };
    if (std::any_of(line.begin(), line.end(), is_control)) return malformed(number, "a control character");
    const Words words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (auto done = parser.line(number, words); !done) return done.error();
  }
  return parser.finish();
}

std::string Policy::format() const {
  const auto with_url = [](const std::string& url) { return (url.empty() ? url : " " + url) + "\n"; };
  std::string text;
  for (const Log& log : logs) text += "log " + log.key.format() + with_url(log.url);
  for (const Witness& witness : witnesses) {
    text += "witness " + witness.name + " " + witness.key.format() + with_url(witness.url);
  }
  for (const Group& group : groups) {
    text += "group " + group.name + " " + std::to_string(group.threshold);
    for (const std::string& member : group.members) text += " " + member;
    text += "\n";
  }
  return text + "quorum " + quorum + "\n";
}

Result<AcceptedCheckpoint> Policy::accept(std::string_view signed_note) const {
  const Result<Note> note = Note::parse(signed_note);
  if (!note) return note.error();
  Result<Checkpoint> checkpoint = Checkpoint::parse(note->text);
  if (!checkpoint) return checkpoint.error();

  std::vector<VerifierKey> keys;  // of the log that the checkpoint names, then of all witnesses
  for (const Log& log : logs) {
    if (log.key.name == checkpoint->origin) keys.push_back(log.key);
  }
  const std::size_t log_keys = keys.size();
  if (log_keys == 0) {
    return Error{Fault::kUnknownKey,
                 "checkpoint: its origin " + checkpoint->origin + " is no log of the policy"};
  }
  for (const Witness& witness : witnesses) keys.push_back(witness.key);
  const auto signers = verify_note(*note, keys);
  if (!signers) return signers.error();
  if (signers->front().key >= log_keys) {
    return Error{Fault::kUnknownKey,
                 "checkpoint: no key of the log " + checkpoint->origin + " that the policy lists has signed"};
  }

  AcceptedCheckpoint accepted{std::move(*checkpoint), {}};
  std::set<std::string> signed_by;
  for (const NoteSigner& signer : *signers) {
    if (signer.key < log_keys) continue;
    const Witness& witness = witnesses[signer.key - log_keys];
    signed_by.insert(witness.name);
    accepted.cosigners.push_back({witness.name, signer.time_s});
  }
  if (auto reached = check_quorum(*this, signed_by); !reached) return reached.error();
  return accepted;
}

}  // namespace circula::crypto
