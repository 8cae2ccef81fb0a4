// Evidence: what shows that a member broke the rules (design.md 3, 6). It is checked before it is kept, also
// when a peer brings it; what cannot be checked here is nothing.
#include "crypto/encoding.h"
#include "node/replica.h"

namespace circula::node {
namespace {

constexpr std::uint64_t kEvidenceOfPeerMax = 256;  // brought by one peer in the life of this process
constexpr std::size_t kTwoHeadersMax = 1'024;      // pairs that are remembered as reported

}  // namespace

bool Replica::signed_by_proposer(const ledger::BlockFrame& frame) const {
  const ledger::proto::Member* proposer = member(frame.header.proposer);
  if (proposer == nullptr) return false;
  const crypto::VerifyJob job =
      ledger::signature_job(frame, crypto::PublicKey::from(crypto::as_bytes(proposer->node_key())));
  return crypto::verify_batch({&job, 1})[0];
}

void Replica::keep_evidence(proto::Evidence evidence) { effects_.evidence.push_back(std::move(evidence)); }

// Two signed headers for one height and term.
void Replica::note_two_headers(const ledger::BlockFrame& known, const ledger::BlockFrame& other) {
  proto::Evidence evidence;
  evidence.set_kind("headers");
  evidence.set_signer(other.header.proposer);
  for (const ledger::BlockFrame* frame : {&known, &other})
    evidence.add_statements(frame->message().SerializeAsString());
  evidence.set_reason("signed two blocks for height " + std::to_string(other.header.height) + " and term " +
                      std::to_string(other.header.term));
  if (!shows_two_headers(evidence)) return;
  if (two_headers_.size() >= kTwoHeadersMax ||
      !two_headers_.emplace(other.header.height, other.header.term).second) {
    return;
  }
  proto::PeerMessage message;
  *message.mutable_evidence() = evidence;
  broadcast(message, Audience::kAll);
  keep_evidence(std::move(evidence));
}

bool Replica::shows_two_headers(const proto::Evidence& evidence) const {
  if (evidence.statements_size() != 2) return false;
  std::vector<ledger::BlockFrame> frames;
  for (const std::string& statement : evidence.statements()) {
    ledger::proto::BlockFrame message;
    if (!message.ParseFromString(statement)) return false;
    auto frame = ledger::decode_frame(message, genesis_.chain_id());
    if (!frame) return false;
    frames.push_back(std::move(*frame));
  }
  const ledger::BlockHeader& one = frames[0].header;
  const ledger::BlockHeader& two = frames[1].header;
  return one.height == two.height && one.term == two.term && one.proposer == two.proposer &&
         one.proposer == evidence.signer() && frames[0].hash != frames[1].hash &&
         signed_by_proposer(frames[0]) && signed_by_proposer(frames[1]);
}

void Replica::on_evidence(NodeNumber from, const proto::Evidence& evidence) {
  PeerView& peer = peers_[from];
  if (evidence.statements_size() == 0 || peer.evidence >= kEvidenceOfPeerMax) return;
  ++peer.evidence;
  if (evidence.kind() == "cosignature") {
    proto::Cosigned statement;
    if (statement.ParseFromString(evidence.statements(0)))
      apply_finality(finality_.relayed(static_cast<NodeNumber>(evidence.signer()), statement));
  } else if (evidence.kind() == "checkpoint") {
    proto::FinalNote note;
    note.set_note(evidence.statements(0));
    apply_finality(finality_.final_note(note));
  } else if (evidence.kind() == "headers" && shows_two_headers(evidence)) {
    ledger::proto::BlockFrame message;
    (void)message.ParseFromString(evidence.statements(0));
    const auto frame = ledger::decode_frame(message, genesis_.chain_id());
    if (two_headers_.size() < kTwoHeadersMax &&
        two_headers_.emplace(frame->header.height, frame->header.term).second) {
      proto::Evidence kept;
      kept.set_kind("headers");
      kept.set_signer(evidence.signer());
      *kept.mutable_statements() = evidence.statements();
      kept.set_reason("signed two blocks for height " + std::to_string(frame->header.height) + " and term " +
                      std::to_string(frame->header.term));
      keep_evidence(std::move(kept));
    }
  }
}

}  // namespace circula::node
