#include "node/finality.h"

#include <algorithm>

#include "crypto/checkpoint.h"
#include "crypto/encoding.h"

namespace circula::node {
namespace {

using crypto::PublicKey;
using crypto::Signature;
using crypto::SignatureType;
using crypto::VerifierKey;

PublicKey to_key(const std::string& bytes) { return PublicKey::from(crypto::as_bytes(bytes)); }

crypto::NoteSignature cosignature_line(const std::string& name, const PublicKey& key,
                                       const proto::Cosigned& message) {
  crypto::NoteSignature line{name, VerifierKey{name, SignatureType::kCosignature, key}.id(), {}};
  crypto::put_u64be(line.signature, message.time_s());
  crypto::put_bytes(line.signature, message.cosignature());
  return line;
}

crypto::NoteSignature log_line(const std::string& origin, const PublicKey& key,
                               const proto::Cosigned& message) {
  crypto::NoteSignature line{origin, VerifierKey{origin, SignatureType::kEd25519, key}.id(), {}};
  crypto::put_bytes(line.signature, message.log_signature());
  return line;
}

}  // namespace

Finality::Finality(const ledger::Genesis& genesis, NodeNumber self, Keys keys, Restored restored)
    : origin_(genesis.message().origin()),
      extra_(genesis.message().parameters().finality_extra()),
      self_(self),
      keys_(keys),
      configuration_(genesis.configuration()),
      promise_(std::move(restored.promise)),
      final_(std::move(restored.final_checkpoint)) {}

void Finality::set_voters(const ledger::proto::Configuration& configuration) {
  configuration_ = configuration;
}

std::string Finality::text(std::uint64_t size, const Digest& root) const {
  return crypto::Checkpoint{origin_, size, root, {}}.format();
}

const ledger::proto::Member* Finality::voter(NodeNumber node) const {
  for (const ledger::proto::Member& member : configuration_.members()) {
    if (member.node_id() == node && member.role() == ledger::proto::MEMBER_ROLE_VOTER) return &member;
  }
  return nullptr;
}

std::uint32_t Finality::quorum() const {
  return ledger::finality_quorum(ledger::voter_count(configuration_), extra_);
}

bool Finality::verify(NodeNumber node, const proto::Cosigned& message, std::string_view text) const {
  const ledger::proto::Member* member = voter(node);
  if (member == nullptr || message.cosignature().size() != Signature::kSize ||
      message.log_signature().size() != Signature::kSize || message.time_s() > crypto::kMaxCosignatureTime) {
    return false;
  }
  const std::string cosigned = crypto::cosignature_message(text, message.time_s());
  const crypto::VerifyJob jobs[] = {
      {to_key(member->cosign_key()), crypto::as_bytes(cosigned),
       Signature::from(crypto::as_bytes(message.cosignature()))},
      {to_key(member->log_key()), crypto::as_bytes(text),
       Signature::from(crypto::as_bytes(message.log_signature()))},
  };
  const std::vector<bool> good = crypto::verify_batch(jobs);
  return good[0] && good[1];
}

Finality::Outcome Finality::executed(const Sealed& block) {
  Outcome outcome;
  if (block.height <= final_.height && !final_.note.empty()) {
    if (block.size == final_.size && block.root != final_.root) {
      outcome.diverged =
          "block " + std::to_string(block.height) + " executes to another root than its final checkpoint";
    }
    return outcome;
  }
  executed_[block.height] = block;
  judge_conflicts(block, outcome);
  settle_pending_note(outcome);
  if (outcome.diverged) return outcome;

  if (keys_.cosigning != nullptr && voter(self_) != nullptr && block.height > final_.height) {
    if (!promise_ || block.height > promise_->height) {
      promise_ = block;
      outcome.promises.push_back(block);
    } else if (block.height == promise_->height) {
      // Executed again after a restart: what was promised must come out again.
      if (*promise_ == block) {
        outcome.promises.push_back(block);
      } else {
        outcome.diverged = "this node promised another root for size " + std::to_string(promise_->size);
      }
    }
  }
  try_assemble(outcome);
  return outcome;
}

Finality::Outcome Finality::promised(const Sealed& promise, std::uint64_t wall_s) {
  Outcome outcome;
  if (promise.height <= final_.height && !final_.note.empty()) return outcome;
  const std::string signed_text = text(promise.size, promise.root);
  const std::string name = origin_ + "/node/" + std::to_string(self_);
  proto::Cosigned message;
  message.set_height(promise.height);
  message.set_size(promise.size);
  message.set_root(std::string(promise.root.text()));
  message.set_time_s(wall_s);
  message.set_cosignature(
      std::string(keys_.cosigning->sign(crypto::cosignature_message(signed_text, wall_s)).text()));
  message.set_log_signature(std::string(keys_.log->sign(signed_text).text()));
  statements_[promise.height][self_] = {message, true};
  cosigned_height_[self_] = std::max(cosigned_height_[self_], promise.height);
  outcome.to_send.push_back(std::move(message));
  try_assemble(outcome);
  return outcome;
}

Finality::Outcome Finality::cosigned(NodeNumber from, const proto::Cosigned& message) {
  Outcome outcome;
  if (voter(from) == nullptr || from == self_ || message.root().size() != Digest::kSize) return outcome;
  if (message.height() <= final_.height || message.height() > final_.height + kHeightsMax) return outcome;
  auto [place, fresh] = statements_[message.height()].try_emplace(from, Statement{message, false});
  // A statement of this process is not replaced by an unverified one; the first that verifies counts.
  if (!fresh && !place->second.verified) place->second = {message, false};
  cosigned_height_[from] = std::max(cosigned_height_[from], message.height());
  if (const auto block = executed_.find(message.height()); block != executed_.end()) {
    judge_conflicts(block->second, outcome);
  }
  if (!outcome.diverged) try_assemble(outcome);
  return outcome;
}

// Statements for another (size, root) than this node executed: evidence against their signers, and a reason
// to stop when so many contradict that the quorum must be on their side.
void Finality::judge_conflicts(const Sealed& block, Outcome& outcome) {
  const auto statements = statements_.find(block.height);
  if (statements == statements_.end()) return;
  for (auto statement = statements->second.begin(); statement != statements->second.end();) {
    const proto::Cosigned& message = statement->second.message;
    const Digest root = Digest::from(crypto::as_bytes(message.root()));
    if (message.size() == block.size && root == block.root) {
      ++statement;
      continue;
    }
    const NodeNumber signer = statement->first;
    if (verify(signer, message, text(message.size(), root)) &&
        !contradictions_[block.height].contains(signer)) {
      contradictions_[block.height][signer] = root;
      proto::Evidence evidence;
      evidence.set_kind("cosignature");
      evidence.set_signer(signer);
      evidence.add_statements(message.SerializeAsString());
      evidence.set_reason("cosigned another root or size for block " + std::to_string(block.height));
      outcome.evidence.push_back(std::move(evidence));
    }
    statement = statements->second.erase(statement);
  }
  const std::uint32_t voters = ledger::voter_count(configuration_);
  if (const auto found = contradictions_.find(block.height);
      found != contradictions_.end() && found->second.size() > voters - std::min(voters, quorum())) {
    outcome.diverged = std::to_string(found->second.size()) +
                       " voters contradict this node's execution of block " + std::to_string(block.height);
  }
}

// The highest block with enough statements makes all below it final.
void Finality::try_assemble(Outcome& outcome) {
  for (auto block = executed_.rbegin(); block != executed_.rend(); ++block) {
    const auto statements = statements_.find(block->first);
    if (statements == statements_.end() || statements->second.size() < quorum()) continue;
    const Sealed sealed = block->second;
    if (assemble(sealed, outcome)) return;
  }
}

bool Finality::assemble(const Sealed& block, Outcome& outcome) {
  auto& statements = statements_[block.height];
  const std::string signed_text = text(block.size, block.root);
  for (auto statement = statements.begin(); statement != statements.end();) {
    const bool matches = statement->second.message.size() == block.size &&
                         statement->second.message.root() == block.root.text();
    if (matches && !statement->second.verified) {
      statement->second.verified = verify(statement->first, statement->second.message, signed_text);
    }
    statement = matches && statement->second.verified ? std::next(statement) : statements.erase(statement);
  }
  if (statements.size() < quorum()) return false;

  crypto::Note note{signed_text, {}};
  for (const auto& [node, statement] : statements) {  // ascending by node id
    const ledger::proto::Member& member = *voter(node);
    if (note.signatures.empty())
      note.signatures.push_back(log_line(origin_, to_key(member.log_key()), statement.message));
    note.signatures.push_back(cosignature_line(origin_ + "/node/" + std::to_string(node),
                                               to_key(member.cosign_key()), statement.message));
  }
  adopt({block.height, block.size, block.root, note.format()}, outcome);
  return true;
}

Finality::Outcome Finality::final_note(const proto::FinalNote& message) {
  Outcome outcome;
  if (message.height() <= known_final_height()) return outcome;
  auto note = crypto::Note::parse(message.note());
  if (!note) return outcome;
  auto checkpoint = crypto::Checkpoint::parse(note->text);
  if (!checkpoint || checkpoint->origin != origin_ || !checkpoint->extensions.empty()) return outcome;
  std::vector<VerifierKey> keys;
  for (const ledger::proto::Member& member : configuration_.members()) {
    if (member.role() != ledger::proto::MEMBER_ROLE_VOTER) continue;
    keys.push_back({origin_ + "/node/" + std::to_string(member.node_id()), SignatureType::kCosignature,
                    to_key(member.cosign_key())});
    keys.push_back({origin_, SignatureType::kEd25519, to_key(member.log_key())});
  }
  auto signers = crypto::verify_note(*note, keys);
  if (!signers) return outcome;
  const auto cosigners = std::count_if(
      signers->begin(), signers->end(),
      [&](const crypto::NoteSigner& signer) { return keys[signer.key].type == SignatureType::kCosignature; });
  const bool log_signed = static_cast<std::size_t>(cosigners) < signers->size();
  if (!log_signed || static_cast<std::uint32_t>(cosigners) < quorum()) return outcome;
  pending_note_ = FinalCheckpoint{message.height(), checkpoint->size, checkpoint->root, message.note()};
  settle_pending_note(outcome);
  return outcome;
}

void Finality::settle_pending_note(Outcome& outcome) {
  if (!pending_note_) return;
  const auto block = executed_.find(pending_note_->height);
  if (block == executed_.end()) return;
  if (block->second.size != pending_note_->size || block->second.root != pending_note_->root) {
    outcome.diverged = "a final checkpoint of size " + std::to_string(pending_note_->size) +
                       " contradicts this node's execution of block " + std::to_string(block->first);
    proto::Evidence evidence;
    evidence.set_kind("cosignature");
    evidence.add_statements(pending_note_->note);
    evidence.set_reason(*outcome.diverged);
    outcome.evidence.push_back(std::move(evidence));
    return;
  }
  FinalCheckpoint checkpoint = std::move(*pending_note_);
  pending_note_.reset();
  if (checkpoint.height > final_.height) adopt(std::move(checkpoint), outcome);
}

void Finality::adopt(FinalCheckpoint checkpoint, Outcome& outcome) {
  final_ = std::move(checkpoint);
  executed_.erase(executed_.begin(), executed_.upper_bound(final_.height));
  statements_.erase(statements_.begin(), statements_.upper_bound(final_.height));
  contradictions_.erase(contradictions_.begin(), contradictions_.upper_bound(final_.height));
  if (pending_note_ && pending_note_->height <= final_.height) pending_note_.reset();
  outcome.finalised = final_;
}

std::uint64_t Finality::known_final_height() const {
  return std::max(final_.height, pending_note_ ? pending_note_->height : 0);
}

std::uint64_t Finality::newest_cosigned_height(NodeNumber node) const {
  const auto found = cosigned_height_.find(node);
  return found == cosigned_height_.end() ? 0 : found->second;
}

std::vector<proto::Cosigned> Finality::own_unfinished() const {
  std::vector<proto::Cosigned> own;
  for (const auto& [height, statements] : statements_) {
    if (const auto mine = statements.find(self_); mine != statements.end())
      own.push_back(mine->second.message);
  }
  return own;
}

std::string Finality::waiting_for() const {
  if (executed_.empty()) return {};
  const std::uint64_t height = executed_.rbegin()->first;
  std::string nodes;
  std::size_t count = 0;
  if (const auto statements = statements_.find(height); statements != statements_.end()) {
    count = statements->second.size();
    for (const auto& [node, statement] : statements->second)
      nodes += (nodes.empty() ? "" : ", ") + std::to_string(node);
  }
  return std::to_string(count) + " of " + std::to_string(quorum()) + " cosignatures for block " +
         std::to_string(height) + (nodes.empty() ? "" : ": nodes " + nodes);
}

}  // namespace circula::node
