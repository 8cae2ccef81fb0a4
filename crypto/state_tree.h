// The state tree `jmt-sha256` of formats.md section 3: one root over all (key, value) pairs of the state.
//
//   leaf(key, value) = SHA-256("JMT::LeafNode" || SHA-256(key) || SHA-256(value))
//   inner(l, r)      = SHA-256("JMT::IntrnalNode" || l || r)
//   root(S, d)       = "SPARSE_MERKLE_PLACEHOLDER_HASH__" if S is empty; the leaf if S has one; otherwise
//                      inner of the leaves whose key hash has bit d = 0 and of those with bit d = 1
//
// Layout: the top levels are an implicit binary tree of hashes over buckets of rows; it gains a level when
// the rows outgrow it, so a small state is small and a large one needs few hashes an update.
//
// Invariants: 1. the root is a function of the set of pairs alone, not of the order or grouping of changes;
// 2. keys and values are never empty (ICS-23 verifiers reject them): an empty one is a programmer's mistake.
// Thread rule: one writer; readers only between two apply() calls.
// Crash rule: nothing is stored; the tree is rebuilt from the rows of the state.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "crypto/bytes.h"
#include "crypto/result.h"

namespace circula::crypto {

// A pair of the state, hashed.
struct StateRow {
  Digest key_hash;
  Digest value_hash;
  friend bool operator==(const StateRow&, const StateRow&) = default;
};

// Sets a key's value, or removes the key. Removing a key that is not there changes nothing. Of several
// changes of one key in a batch the last counts.
struct StateChange {
  std::string_view key;
  std::optional<ByteView> value;
};
struct HashedStateChange {
  Digest key_hash;
  std::optional<Digest> value_hash;
};

// Membership or absence of a key.
struct StateProof {
  static constexpr std::size_t kMaxSiblings = 256;

  std::vector<Digest> siblings;  // from the root down
  // Absence only: the one leaf that stands where the key's would; none when nothing stands there.
  std::optional<StateRow> other;

  // u16be sibling count || a bit for each sibling, first one highest, set for an empty subtree || the other
  // siblings || for absence next to another leaf its key hash and value hash.
  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] static Result<StateProof> decode(ByteView bytes);

  friend bool operator==(const StateProof&, const StateProof&) = default;
};

class StateTree {
 public:
  StateTree();
  explicit StateTree(std::span<const StateRow> rows);

  void apply(std::span<const StateChange> changes);
  void apply(std::span<const HashedStateChange> changes);

  [[nodiscard]] const Digest& root() const { return hashes_[1]; }
  [[nodiscard]] std::uint64_t size() const { return rows_; }

  // A proof of membership when the key is there, of absence when not; contains() tells which.
  [[nodiscard]] StateProof prove(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const;

 private:
  enum class Kind : std::uint8_t { kEmpty, kLeaf, kInner };
  struct Node {
    Kind kind;
    Digest hash;
  };
  using Bucket = std::vector<StateRow>;  // ascending by key hash

  [[nodiscard]] static Node combine(const Node& left, const Node& right);
  [[nodiscard]] static Node head_of(std::span<const StateRow> rows, unsigned depth);
  [[nodiscard]] std::size_t bucket_of(const Digest& key_hash) const;
  [[nodiscard]] const StateRow* find(const Digest& key_hash) const;
  [[nodiscard]] Node node(std::size_t at) const { return {kinds_[at], hashes_[at]}; }
  void set_node(std::size_t at, const Node& node);
  void change_row(Bucket& bucket, const HashedStateChange& change);
  void grow_for(std::uint64_t rows);
  void add_level();

  unsigned top_bits_;  // levels above the buckets; 2^top_bits_ buckets
  std::uint64_t rows_ = 0;
  std::vector<Digest> hashes_;  // node p of level d at 2^d + p; [0] unused
  std::vector<Kind> kinds_;
  std::vector<Bucket> buckets_;
};

[[nodiscard]] Digest state_leaf_hash(const StateRow& row);
[[nodiscard]] Digest state_inner_hash(const Digest& left, const Digest& right);
[[nodiscard]] const Digest& empty_state_root();

// Does the state with this root hold exactly this value under the key?
[[nodiscard]] Result<void> verify_member(const Digest& root, std::string_view key, ByteView value,
                                         const StateProof& proof);
// Does the state with this root hold no such key?
[[nodiscard]] Result<void> verify_absent(const Digest& root, std::string_view key, const StateProof& proof);

}  // namespace circula::crypto
