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

bool contradicts(const proto::Cosigned& message, const Sealed& block) {
  return message.size() != block.size || message.root() != block.root.text();
}

// Of the right sizes, so that what is kept of a peer is bounded by a number of messages.
bool well_formed(const proto::Cosigned& message) {
  return message.root().size() == Digest::kSize && message.cosignature().size() == Signature::kSize &&
         message.log_signature().size() == Signature::kSize;
}

// The known fields only: a message may carry others.
proto::Cosigned known_fields(const proto::Cosigned& message) {
  proto::Cosigned known;
  known.set_height(message.height());
  known.set_size(message.size());
  known.set_root(message.root());
  known.set_time_s(message.time_s());
  known.set_cosignature(message.cosignature());
  known.set_log_signature(message.log_signature());
  return known;
}

}  // namespace

Finality::Finality(const ledger::Genesis& genesis, NodeNumber self, Keys keys, Restored restored)
    : origin_(genesis.message().origin()),
      extra_(genesis.message().parameters().finality_extra()),
      self_(self),
      keys_(keys),
      configuration_(genesis.configuration()),
      promise_(std::move(restored.promise)),
      final_(std::move(restored.final_checkpoint)) {
  if (!final_.note.empty()) settle({final_.height, final_.size, final_.root});
}

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
  if (member == nullptr || message.time_s() > crypto::kMaxCosignatureTime) return false;
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
    if (block.height == final_.height && (block.size != final_.size || block.root != final_.root)) {
      outcome.diverged =
          "block " + std::to_string(block.height) + " executes to another root than its final checkpoint";
    }
    settle(block);
    return outcome;
  }
  executed_[block.height] = block;
  if (executed_.size() > kHeightsMax) executed_.erase(executed_.begin());
  judge_waiting(block, outcome);
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
  try_assemble(block.height, outcome);
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
  keep_statement(self_, {message, true});
  outcome.to_send.push_back(std::move(message));
  try_assemble(promise.height, outcome);
  return outcome;
}

Finality::Outcome Finality::cosigned(NodeNumber from, const proto::Cosigned& message) {
  Outcome outcome;
  if (voter(from) == nullptr || from == self_ || !well_formed(message)) return outcome;
  const Sealed* block = sealed_at(message.height());
  if (block != nullptr && contradicts(message, *block)) {
    judge(from, message, *block, outcome);
    return outcome;
  }
  if (message.height() <= final_.height) {
    cosigned_height_[from] = std::max(cosigned_height_[from], message.height());
    return outcome;
  }
  keep_statement(from, {known_fields(message), false});
  try_assemble(message.height(), outcome);
  return outcome;
}

Finality::Outcome Finality::relayed(NodeNumber signer, const proto::Cosigned& message) {
  Outcome outcome;
  if (voter(signer) == nullptr || signer == self_ || !well_formed(message)) return outcome;
  const Sealed* block = sealed_at(message.height());
  if (block != nullptr && contradicts(message, *block)) judge(signer, message, *block, outcome);
  return outcome;
}

// One that has been verified is not replaced by one that has not. Of each voter the newest are kept.
void Finality::keep_statement(NodeNumber from, Statement statement) {
  const std::uint64_t height = statement.message.height();
  cosigned_height_[from] = std::max(cosigned_height_[from], height);
  Statement& place = statements_[height][from];
  if (!place.verified) place = std::move(statement);
  std::set<std::uint64_t>& heights = heights_of_[from];
  heights.insert(height);
  if (heights.size() <= kHeightsMax) return;
  if (const auto oldest = statements_.find(*heights.begin()); oldest != statements_.end()) {
    oldest->second.erase(from);
    if (oldest->second.empty()) statements_.erase(oldest);
  }
  heights.erase(heights.begin());
}

const Sealed* Finality::sealed_at(std::uint64_t height) const {
  if (const auto found = executed_.find(height); found != executed_.end()) return &found->second;
  const auto found = settled_.find(height);
  return found == settled_.end() ? nullptr : &found->second;
}

// A statement for another (size, root) than this node executed: evidence against its signer, and a reason to
// stop when so many contradict that the quorum must be on their side.
void Finality::judge(NodeNumber signer, const proto::Cosigned& message, const Sealed& block,
                     Outcome& outcome) {
  const auto known = contradictions_.find(block.height);
  if (known != contradictions_.end() && known->second.contains(signer)) return;
  if (!verify(signer, message, text(message.size(), Digest::from(crypto::as_bytes(message.root()))))) return;
  std::set<NodeNumber>& signers = contradictions_[block.height];
  signers.insert(signer);
  proto::Evidence evidence;
  evidence.set_kind("cosignature");
  evidence.set_signer(signer);
  evidence.add_statements(known_fields(message).SerializeAsString());
  evidence.set_reason("cosigned another root or size for block " + std::to_string(block.height));
  outcome.evidence.push_back(std::move(evidence));
  const std::uint32_t voters = ledger::voter_count(configuration_);
  if (signers.size() > voters - std::min(voters, quorum())) {
    outcome.diverged = std::to_string(signers.size()) + " voters contradict this node's execution of block " +
                       std::to_string(block.height);
  }
}

// Statements that came before the block was executed here.
void Finality::judge_waiting(const Sealed& block, Outcome& outcome) {
  const auto statements = statements_.find(block.height);
  if (statements == statements_.end()) return;
  for (auto statement = statements->second.begin(); statement != statements->second.end();) {
    if (!contradicts(statement->second.message, block)) {
      ++statement;
      continue;
    }
    judge(statement->first, statement->second.message, block, outcome);
    statement = statements->second.erase(statement);
  }
}

// A block with enough statements makes all below it final.
void Finality::try_assemble(std::uint64_t height, Outcome& outcome) {
  const auto block = executed_.find(height);
  const auto statements = statements_.find(height);
  if (block == executed_.end() || statements == statements_.end() || statements->second.size() < quorum())
    return;
  (void)assemble(Sealed(block->second), outcome);
}

bool Finality::assemble(const Sealed& block, Outcome& outcome) {
  auto& statements = statements_[block.height];
  const std::string signed_text = text(block.size, block.root);
  for (auto statement = statements.begin(); statement != statements.end();) {
    const bool matches = voter(statement->first) != nullptr && !contradicts(statement->second.message, block);
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
  auto note = crypto::Note::parse(message.note());
  if (!note) return outcome;
  auto checkpoint = crypto::Checkpoint::parse(note->text);
  if (!checkpoint || checkpoint->origin != origin_ || !checkpoint->extensions.empty()) return outcome;
  // An older note is of interest only when it contradicts what was executed.
  const auto contradicted = std::find_if(settled_.begin(), settled_.end(), [&](const auto& settled) {
    return settled.second.size == checkpoint->size && settled.second.root != checkpoint->root;
  });
  if (checkpoint->size <= known_final_size() && contradicted == settled_.end()) return outcome;
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
  FinalCheckpoint received{0, checkpoint->size, checkpoint->root, message.note()};
  if (contradicted != settled_.end()) {
    diverge_from_note(received, contradicted->second, outcome);
    return outcome;
  }
  pending_note_ = std::move(received);
  settle_pending_note(outcome);
  return outcome;
}

// The note stands for the executed block of its size. When blocks on both sides of the size were executed
// here and none ends at it, the quorum's log is another one.
void Finality::settle_pending_note(Outcome& outcome) {
  if (!pending_note_ || executed_.empty() || executed_.rbegin()->second.size < pending_note_->size) return;
  auto block = executed_.end();
  while (block != executed_.begin() && std::prev(block)->second.size >= pending_note_->size) --block;
  if (block->second.size == pending_note_->size && block->second.root == pending_note_->root) {
    FinalCheckpoint checkpoint = std::move(*pending_note_);
    pending_note_.reset();
    checkpoint.height = block->first;
    adopt(std::move(checkpoint), outcome);
    return;
  }
  const bool all_known = block != executed_.begin() || block->first == final_.height + 1;
  if (block->second.size == pending_note_->size || all_known) {
    diverge_from_note(*pending_note_, block->second, outcome);
    return;
  }
  pending_note_.reset();  // of a block that is not remembered; a newer note will come
}

void Finality::diverge_from_note(const FinalCheckpoint& note, const Sealed& block, Outcome& outcome) {
  outcome.diverged = "a final checkpoint of size " + std::to_string(note.size) +
                     " contradicts this node's execution of block " + std::to_string(block.height);
  proto::Evidence evidence;
  evidence.set_kind("checkpoint");
  evidence.add_statements(note.note);
  evidence.set_reason(*outcome.diverged);
  outcome.evidence.push_back(std::move(evidence));
}

void Finality::adopt(FinalCheckpoint checkpoint, Outcome& outcome) {
  final_ = std::move(checkpoint);
  while (!executed_.empty() && executed_.begin()->first <= final_.height) {
    settle(executed_.begin()->second);
    executed_.erase(executed_.begin());
  }
  statements_.erase(statements_.begin(), statements_.upper_bound(final_.height));
  for (auto& [node, heights] : heights_of_)
    heights.erase(heights.begin(), heights.upper_bound(final_.height));
  if (pending_note_ && pending_note_->size <= final_.size) pending_note_.reset();
  outcome.finalised = final_;
}

void Finality::settle(const Sealed& block) {
  settled_[block.height] = block;
  if (settled_.size() > kSettledMax) settled_.erase(settled_.begin());
  contradictions_.erase(contradictions_.begin(), contradictions_.lower_bound(settled_.begin()->first));
}

std::uint64_t Finality::known_final_size() const {
  return std::max(final_.size, pending_note_ ? pending_note_->size : 0);
}

std::uint64_t Finality::newest_cosigned_height(NodeNumber node) const {
  const auto found = cosigned_height_.find(node);
  return found == cosigned_height_.end() ? 0 : found->second;
}

std::vector<proto::Cosigned> Finality::own_unfinished() const {
  std::vector<proto::Cosigned> own;
  const auto heights = heights_of_.find(self_);
  if (heights == heights_of_.end()) return own;
  for (auto height = heights->second.rbegin(); height != heights->second.rend() && own.size() < kResentMax;
       ++height) {
    const auto statements = statements_.find(*height);
    if (statements == statements_.end()) continue;
    if (const auto mine = statements->second.find(self_); mine != statements->second.end())
      own.push_back(mine->second.message);
  }
  std::reverse(own.begin(), own.end());
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
