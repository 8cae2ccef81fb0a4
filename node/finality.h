// Finality: promises, cosignatures, final checkpoints (design.md 3 "Checkpoints", 6 "Divergence").
//
// A voter that has executed a block above its newest final height asks for one promise (size, root) to be
// synced; only then it signs. Whoever holds `finality_quorum` good cosignatures for the (size, root) that it
// executed itself assembles the note. A block is final when a checkpoint of its size or a larger one is.
//
// Invariants
//  1. nothing is signed before its promise is synced, and never two roots for one size, across restarts;
//  2. a checkpoint becomes final here only if its root is the one that this node executed, or the node says
//     that it diverged;
//  3. the newest final height never falls;
//  4. a note is taken by the size and root that it signs. The height beside it is a stranger's word;
//  5. whoever contradicts an executed block leaves evidence, also when the block has long been final.
// Thread rule: belongs to the replica. Crash rule: promise and newest final note are restored; the rest is
// signed again or asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/ed25519.h"
#include "crypto/note.h"
#include "ledger/genesis.h"
#include "node/backend.h"
#include "node/proto/peer.pb.h"

namespace circula::node {

using NodeNumber = std::uint16_t;

// What one block's execution came to.
struct Sealed {
  std::uint64_t height = 0;
  std::uint64_t size = 0;
  Digest root{};
  bool operator==(const Sealed&) const = default;
};

class Finality {
 public:
  // Statements kept of one voter, and executed blocks that wait for finality: the newest. A checkpoint of
  // the newest covers all below it, so nothing is lost when finality stands still for longer.
  static constexpr std::size_t kHeightsMax = 4096;
  // Final blocks against which late statements are held: a minute at ten blocks a second and more.
  static constexpr std::size_t kSettledMax = 1024;
  // Own signatures that are sent again: a full pipeline and as much again.
  static constexpr std::size_t kResentMax = 16;

  struct Keys {
    const crypto::SigningKey* cosigning = nullptr;  // both null: a learner
    const crypto::SigningKey* log = nullptr;
  };
  struct Restored {
    std::optional<Sealed> promise;
    FinalCheckpoint final_checkpoint;  // empty note: none yet
  };
  // What a call brought about.
  struct Outcome {
    std::vector<Sealed> promises;          // to be synced, the last one covers those before it
    std::vector<proto::Cosigned> to_send;  // own signatures
    std::optional<FinalCheckpoint> finalised;
    std::vector<proto::Evidence> evidence;
    std::optional<std::string> diverged;  // the node must stop
  };

  Finality(const ledger::Genesis& genesis, NodeNumber self, Keys keys, Restored restored);

  void set_voters(const ledger::proto::Configuration& configuration);
  [[nodiscard]] Outcome executed(const Sealed& block);
  [[nodiscard]] Outcome promised(const Sealed& promise, std::uint64_t wall_s);
  [[nodiscard]] Outcome cosigned(NodeNumber from, const proto::Cosigned& message);
  // A statement of `signer` that somebody else brings as evidence: looked at only if it contradicts a block
  // that was executed here.
  [[nodiscard]] Outcome relayed(NodeNumber signer, const proto::Cosigned& message);
  [[nodiscard]] Outcome final_note(const proto::FinalNote& message);

  [[nodiscard]] const FinalCheckpoint& newest() const { return final_; }
  // Newest size that a good note signs, also one that is not executed here yet. A block that is executed on
  // a log of a smaller size is covered by it.
  [[nodiscard]] std::uint64_t known_final_size() const;
  [[nodiscard]] std::uint64_t newest_cosigned_height(NodeNumber node) const;
  // The newest own signatures for blocks above the final one, to send again.
  [[nodiscard]] std::vector<proto::Cosigned> own_unfinished() const;
  // "2 of 3 cosignatures for block 17: nodes 1, 2", or empty.
  [[nodiscard]] std::string waiting_for() const;

 private:
  struct Statement {
    proto::Cosigned message;
    bool verified = false;
  };
  [[nodiscard]] std::string text(std::uint64_t size, const Digest& root) const;
  [[nodiscard]] bool verify(NodeNumber node, const proto::Cosigned& message, std::string_view text) const;
  [[nodiscard]] const ledger::proto::Member* voter(NodeNumber node) const;
  [[nodiscard]] std::uint32_t quorum() const;
  void keep_statement(NodeNumber from, Statement statement);
  void try_assemble(std::uint64_t height, Outcome& outcome);
  [[nodiscard]] bool assemble(const Sealed& block, Outcome& outcome);
  // The block executed here at this height, if it is still known.
  [[nodiscard]] const Sealed* sealed_at(std::uint64_t height) const;
  void judge(NodeNumber signer, const proto::Cosigned& message, const Sealed& block, Outcome& outcome);
  void judge_waiting(const Sealed& block, Outcome& outcome);
  void settle_pending_note(Outcome& outcome);
  void diverge_from_note(const FinalCheckpoint& note, const Sealed& block, Outcome& outcome);
  void adopt(FinalCheckpoint checkpoint, Outcome& outcome);
  void settle(const Sealed& block);

  std::string origin_;
  std::uint32_t extra_;
  NodeNumber self_;
  Keys keys_;
  ledger::proto::Configuration configuration_;
  std::optional<Sealed> promise_;
  FinalCheckpoint final_;
  std::map<std::uint64_t, Sealed> executed_;                             // above the final height
  std::map<std::uint64_t, Sealed> settled_;                              // at and below it
  std::map<std::uint64_t, std::map<NodeNumber, Statement>> statements_;  // above the final height
  std::map<NodeNumber, std::set<std::uint64_t>> heights_of_;             // of the statements
  std::map<std::uint64_t, std::set<NodeNumber>> contradictions_;         // proven ones, by height
  std::map<NodeNumber, std::uint64_t> cosigned_height_;
  std::optional<FinalCheckpoint> pending_note_;  // good, but of a size that is not executed here yet
};

}  // namespace circula::node
