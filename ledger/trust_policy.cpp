#include "ledger/trust_policy.h"

#include <set>
#include <utility>

#include "crypto/encoding.h"

namespace circula::ledger {
namespace {

using LineKey = std::pair<std::string, std::uint32_t>;

std::set<LineKey> known_keys(const crypto::Policy& policy, std::string_view origin) {
  std::set<LineKey> known;
  for (const crypto::Policy::Log& log : policy.logs) {
    if (log.key.name == origin) known.emplace(log.key.name, log.key.id());
  }
  for (const crypto::Policy::Witness& witness : policy.witnesses) {
    known.emplace(witness.key.name, witness.key.id());
  }
  return known;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// Whether nothing in the note can be changed without a signature failing.
Result<void> check_note_lines(const crypto::Policy& policy, std::string_view signed_note) {
  const auto note = crypto::Note::parse(signed_note);
  if (!note) return error(Code::E_PROOF, note.error().detail);
  const std::set<LineKey> known = known_keys(policy, first_line(note->text));
  std::set<LineKey> seen;
  for (const crypto::NoteSignature& line : note->signatures) {
    const LineKey key{line.name, line.key_id};
    if (!known.contains(key)) {
      return error(Code::E_TRUST,
                   "a signature line of " + line.name + ", a key that the policy does not list");
    }
    if (!seen.insert(key).second) return error(Code::E_PROOF, "two signature lines of " + line.name);
  }
  return {};
}

}  // namespace

std::string cosigner_name(std::string_view origin, std::uint32_t node_id) {
  return std::string(origin) + "/node/" + std::to_string(node_id);
}

crypto::Policy make_policy(std::string_view origin, const proto::Configuration& configuration,
                           std::uint32_t finality_extra) {
  crypto::Policy policy;
  crypto::Policy::Group finality{"finality", 0, {}};
  for (const proto::Member& member : configuration.members()) {
    if (member.role() != proto::MEMBER_ROLE_VOTER) continue;
    const auto key = [](const std::string& bytes) { return PublicKey::from(crypto::as_bytes(bytes)); };
    policy.logs.push_back(
        {{std::string(origin), crypto::SignatureType::kEd25519, key(member.log_key())}, {}});
    const std::string name = "node-" + std::to_string(member.node_id());
    policy.witnesses.push_back({name,
                                {cosigner_name(origin, member.node_id()), crypto::SignatureType::kCosignature,
                                 key(member.cosign_key())},
                                {}});
    finality.members.push_back(name);
  }
  finality.threshold = finality_quorum(voter_count(configuration), finality_extra);
  policy.quorum = finality.name;
  policy.groups.push_back(std::move(finality));
  return policy;
}

crypto::Policy make_policy(const Genesis& genesis) {
  return make_policy(genesis.message().origin(), genesis.configuration(),
                     genesis.message().parameters().finality_extra());
}

std::string policy_file(const Genesis& genesis) {
  return "# Trust policy of " + genesis.message().origin() + "\n# chain " +
         crypto::to_hex(genesis.chain_id().view()) + "\n" + make_policy(genesis).format();
}

Result<crypto::Policy> read_policy(std::string_view text) {
  auto policy = crypto::Policy::parse(text);
  if (!policy) return error(Code::E_TRUST, policy.error().detail);
  return std::move(*policy);
}

Result<std::string> strip_note(const crypto::Policy& policy, std::string_view signed_note) {
  if (auto accepted = policy.accept(signed_note); !accepted) {
    return error(Code::E_TRUST, accepted.error().detail);
  }
  auto note = crypto::Note::parse(signed_note);
  if (!note) return error(Code::E_TRUST, note.error().detail);
  const std::set<LineKey> known = known_keys(policy, first_line(note->text));
  std::set<LineKey> seen;
  std::erase_if(note->signatures, [&](const crypto::NoteSignature& line) {
    const LineKey key{line.name, line.key_id};
    return !known.contains(key) || !seen.insert(key).second;
  });
  return note->format();
}

std::optional<crypto::AcceptedCheckpoint> verify_final_note(const crypto::Policy& policy,
                                                            std::string_view signed_note, Verdict& verdict) {
  if (auto lines = check_note_lines(policy, signed_note); !lines) {
    verdict.add("checkpoint", lines.error());
    return std::nullopt;
  }
  auto accepted = policy.accept(signed_note);
  if (!accepted && accepted.error().fault != crypto::Fault::kQuorum) {
    verdict.add("checkpoint", error(Code::E_TRUST, accepted.error().detail));
    return std::nullopt;
  }
  verdict.add("checkpoint", "signed by a log key of " + std::string(first_line(signed_note)));
  if (!accepted) {
    verdict.add("quorum", error(Code::E_TRUST, accepted.error().detail));
    return std::nullopt;
  }
  std::string names;
  for (const auto& cosigner : accepted->cosigners) names += (names.empty() ? "" : ", ") + cosigner.name;
  verdict.add("quorum", "cosigned by " + (names.empty() ? "nobody, as the policy allows" : names));
  return std::move(*accepted);
}

}  // namespace circula::ledger
