#include "crypto/state_tree.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::crypto {
namespace {

constexpr std::string_view kLeafPrefix = "JMT::LeafNode";
constexpr std::string_view kInnerPrefix = "JMT::IntrnalNode";
constexpr std::string_view kPlaceholder = "SPARSE_MERKLE_PLACEHOLDER_HASH__";
static_assert(kPlaceholder.size() == Digest::kSize);

// 256 buckets to begin with: a few KiB. At most 2^24: the top levels take 1.1 GB there, and 2 rows a bucket
// are 33 million keys; beyond it buckets grow instead.
constexpr unsigned kMinTopBits = 8;
constexpr unsigned kMaxTopBits = 24;
// Between one and two rows in a bucket on average: fewer would store empty nodes, more would hash neighbours
// anew.
constexpr std::uint64_t kRowsPerBucket = 2;

bool bit(const Digest& hash, unsigned depth) { return ((hash[depth / 8] >> (7 - depth % 8)) & 1) != 0; }

// The first `count` bits of both are the same.
bool share_prefix(const Digest& a, const Digest& b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bit(a, static_cast<unsigned>(i)) != bit(b, static_cast<unsigned>(i))) return false;
  }
  return true;
}

// Where the rows with bit `depth` = 1 begin. REQUIRES rows sorted and equal in all earlier bits.
std::size_t split_at(std::span<const StateRow> rows, unsigned depth) {
  const auto right = std::partition_point(rows.begin(), rows.end(),
                                          [depth](const StateRow& row) { return !bit(row.key_hash, depth); });
  return static_cast<std::size_t>(right - rows.begin());
}

template <std::size_t N>
Digest hash_of_pair(std::string_view prefix, const Digest& first, const Digest& second) {
  std::array<std::uint8_t, N + 2 * Digest::kSize> input;
  auto at = std::copy(prefix.begin(), prefix.end(), input.begin());
  at = std::copy(first.begin(), first.end(), at);
  std::copy(second.begin(), second.end(), at);
  return sha256(input);
}

// The root that a path leads to when `head` stands at its lower end. Left or right comes from the key's hash.
Digest fold(const Digest& key_hash, Digest head, std::span<const Digest> siblings) {
  for (std::size_t depth = siblings.size(); depth-- > 0;) {
    const Digest& sibling = siblings[depth];
    head = bit(key_hash, static_cast<unsigned>(depth)) ? state_inner_hash(sibling, head)
                                                       : state_inner_hash(head, sibling);
  }
  return head;
}

Error malformed(std::string detail) { return {Fault::kMalformed, std::move(detail)}; }

Result<void> check_root(std::string_view claim, std::string_view key, const Digest& expected,
                        const Digest& found) {
  if (expected == found) return {};
  return Error{Fault::kWrongRoot, "state proof: " + std::string(claim) + " of " + std::string(key) +
                                      ": root " + to_hex(expected) + " expected, the proof leads to " +
                                      to_hex(found)};
}

}  // namespace

Digest state_leaf_hash(const StateRow& row) {
  return hash_of_pair<kLeafPrefix.size()>(kLeafPrefix, row.key_hash, row.value_hash);
}

Digest state_inner_hash(const Digest& left, const Digest& right) {
  return hash_of_pair<kInnerPrefix.size()>(kInnerPrefix, left, right);
}

const Digest& empty_state_root() {
  static const Digest root = Digest::from(as_bytes(kPlaceholder));
  return root;
}

StateTree::StateTree()
    : top_bits_(kMinTopBits),
      hashes_(std::size_t{2} << kMinTopBits, empty_state_root()),
      kinds_(std::size_t{2} << kMinTopBits, Kind::kEmpty),
      buckets_(std::size_t{1} << kMinTopBits) {}

StateTree::StateTree(std::span<const StateRow> rows) : StateTree() {
  std::vector<HashedStateChange> changes;
  changes.reserve(rows.size());
  for (const StateRow& row : rows) changes.push_back({row.key_hash, row.value_hash});
  apply(changes);
}

void StateTree::apply(std::span<const StateChange> changes) {
  std::vector<HashedStateChange> hashed;
  hashed.reserve(changes.size());
  for (const StateChange& change : changes) {
    assert(!change.key.empty());
    assert(!change.value || !change.value->empty());
    hashed.push_back(
        {sha256(change.key), change.value ? std::optional(sha256(*change.value)) : std::nullopt});
  }
  apply(hashed);
}

void StateTree::apply(std::span<const HashedStateChange> changes) {
  grow_for(rows_ + changes.size());
  std::vector<const HashedStateChange*> sorted;
  sorted.reserve(changes.size());
  for (const HashedStateChange& change : changes) sorted.push_back(&change);
  // Stable, so that the last change of a key is applied last.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->key_hash < b->key_hash; });

  std::vector<std::size_t> touched;  // ascending node numbers of one level, each once
  for (auto change = sorted.begin(); change != sorted.end();) {
    const std::size_t number = bucket_of((*change)->key_hash);
    Bucket& bucket = buckets_[number];
    for (; change != sorted.end() && bucket_of((*change)->key_hash) == number; ++change)
      change_row(bucket, **change);
    touched.push_back((std::size_t{1} << top_bits_) + number);
    set_node(touched.back(), head_of(bucket, top_bits_));
  }
  for (unsigned level = top_bits_; level-- > 0;) {
    for (std::size_t& at : touched) at >>= 1;
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::size_t at : touched) set_node(at, combine(node(2 * at), node(2 * at + 1)));
  }
}

StateProof StateTree::prove(std::string_view key) const {
  const Digest key_hash = sha256(key);
  StateProof proof;
  std::size_t at = 1;
  unsigned depth = 0;
  for (; depth < top_bits_ && kinds_[at] == Kind::kInner; ++depth) {
    at = 2 * at + (bit(key_hash, depth) ? 1 : 0);
    proof.siblings.push_back(hashes_[at ^ 1]);
  }
  const StateRow* last = nullptr;  // the leaf at the end of the key's path
  if (kinds_[at] == Kind::kLeaf) {
    // The only row below: go down to its bucket.
    while (at < (std::size_t{1} << top_bits_)) at = kinds_[2 * at] == Kind::kEmpty ? 2 * at + 1 : 2 * at;
    last = &buckets_[at - (std::size_t{1} << top_bits_)].front();
  } else if (kinds_[at] == Kind::kInner) {
    std::span<const StateRow> rows = buckets_[at - (std::size_t{1} << top_bits_)];
    for (; rows.size() > 1; ++depth) {
      const std::size_t split = split_at(rows, depth);
      const bool right = bit(key_hash, depth);
      proof.siblings.push_back(head_of(right ? rows.first(split) : rows.subspan(split), depth + 1).hash);
      rows = right ? rows.subspan(split) : rows.first(split);
    }
    if (!rows.empty()) last = &rows.front();
  }
  if (last != nullptr && last->key_hash != key_hash) proof.other = *last;
  return proof;
}

bool StateTree::contains(std::string_view key) const { return find(sha256(key)) != nullptr; }

StateTree::Node StateTree::combine(const Node& left, const Node& right) {
  if (right.kind == Kind::kEmpty && left.kind != Kind::kInner) return left;
  if (left.kind == Kind::kEmpty && right.kind != Kind::kInner) return right;
  return {Kind::kInner, state_inner_hash(left.hash, right.hash)};
}

StateTree::Node StateTree::head_of(std::span<const StateRow> rows, unsigned depth) {
  if (rows.empty()) return {Kind::kEmpty, empty_state_root()};
  if (rows.size() == 1) return {Kind::kLeaf, state_leaf_hash(rows.front())};
  const std::size_t split = split_at(rows, depth);
  return combine(head_of(rows.first(split), depth + 1), head_of(rows.subspan(split), depth + 1));
}

std::size_t StateTree::bucket_of(const Digest& key_hash) const {
  const std::uint32_t first = static_cast<std::uint32_t>(key_hash[0]) << 24 |
                              static_cast<std::uint32_t>(key_hash[1]) << 16 |
                              static_cast<std::uint32_t>(key_hash[2]) << 8 | key_hash[3];
  return first >> (32 - top_bits_);
}

const StateRow* StateTree::find(const Digest& key_hash) const {
  const Bucket& bucket = buckets_[bucket_of(key_hash)];
  const auto row = std::lower_bound(bucket.begin(), bucket.end(), key_hash,
                                    [](const StateRow& a, const Digest& hash) { return a.key_hash < hash; });
  return row != bucket.end() && row->key_hash == key_hash ? &*row : nullptr;
}

void StateTree::set_node(std::size_t at, const Node& node) {
  kinds_[at] = node.kind;
  hashes_[at] = node.hash;
}

void StateTree::change_row(Bucket& bucket, const HashedStateChange& change) {
  const auto row = std::lower_bound(bucket.begin(), bucket.end(), change.key_hash,
                                    [](const StateRow& a, const Digest& hash) { return a.key_hash < hash; });
  const bool there = row != bucket.end() && row->key_hash == change.key_hash;
  if (there && change.value_hash) {
    row->value_hash = *change.value_hash;
  } else if (there) {
    bucket.erase(row);
    --rows_;
  } else if (change.value_hash) {
    bucket.insert(row, StateRow{change.key_hash, *change.value_hash});
    ++rows_;
  }
}

void StateTree::grow_for(std::uint64_t rows) {
  while (top_bits_ < kMaxTopBits && rows > kRowsPerBucket << top_bits_) add_level();
}

// The node numbers of the levels above stay as they are; each bucket falls into two.
void StateTree::add_level() {
  const std::size_t first = std::size_t{2} << top_bits_;  // of the new level
  hashes_.resize(2 * first, empty_state_root());
  kinds_.resize(2 * first, Kind::kEmpty);
  std::vector<Bucket> halves(2 * buckets_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::size_t split = split_at(buckets_[i], top_bits_);
    const auto middle = buckets_[i].begin() + static_cast<std::ptrdiff_t>(split);
    halves[2 * i + 1].assign(middle, buckets_[i].end());
    buckets_[i].erase(middle, buckets_[i].end());
    halves[2 * i] = std::move(buckets_[i]);
    set_node(first + 2 * i, head_of(halves[2 * i], top_bits_ + 1));
    set_node(first + 2 * i + 1, head_of(halves[2 * i + 1], top_bits_ + 1));
  }
  buckets_ = std::move(halves);
  ++top_bits_;
}

Bytes StateProof::encode() const {
  assert(siblings.size() <= kMaxSiblings);
  Bytes bytes;
  put_u16be(bytes, static_cast<std::uint16_t>(siblings.size()));
  Bytes bitmap((siblings.size() + 7) / 8);
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    if (siblings[i] == empty_state_root()) bitmap[i / 8] |= static_cast<std::uint8_t>(0x80 >> (i % 8));
  }
  put_bytes(bytes, bitmap);
  for (const Digest& sibling : siblings) {
    if (sibling != empty_state_root()) put_bytes(bytes, sibling);
  }
  if (other) {
    put_bytes(bytes, other->key_hash);
    put_bytes(bytes, other->value_hash);
  }
  return bytes;
}

Result<StateProof> StateProof::decode(ByteView bytes) {
  Reader reader(bytes);
  StateProof proof;
  const std::size_t count = reader.u16be();
  if (count > kMaxSiblings) {
    return malformed("state proof: at most 256 siblings, " + std::to_string(count) + " found");
  }
  const ByteView bitmap = reader.bytes((count + 7) / 8);
  if (!reader.ok()) return malformed("state proof: cut short");
  for (std::size_t i = 0; i < 8 * bitmap.size(); ++i) {
    const bool empty = (bitmap[i / 8] & (0x80 >> (i % 8))) != 0;
    if (i >= count && empty) return malformed("state proof: spare bits of the bitmap are not zero");
    if (i >= count) continue;
    proof.siblings.push_back(empty ? empty_state_root() : reader.fixed<Digest>());
    if (!empty && proof.siblings.back() == empty_state_root()) {
      return malformed("state proof: an empty subtree is written out");
    }
  }
  if (reader.remaining() != 0) {
    StateRow other;
    other.key_hash = reader.fixed<Digest>();
    other.value_hash = reader.fixed<Digest>();
    proof.other = other;
  }
  if (auto done = reader.finish("state proof"); !done) return done.error();
  return proof;
}

Result<void> verify_member(const Digest& root, std::string_view key, ByteView value,
                           const StateProof& proof) {
  if (key.empty() || value.empty())
    return malformed("state proof: empty keys and values are not in the state");
  if (proof.siblings.size() > StateProof::kMaxSiblings)
    return malformed("state proof: more than 256 siblings");
  if (proof.other) return malformed("state proof: a proof of membership names no other leaf");
  const StateRow row{sha256(key), sha256(value)};
  return check_root("membership", key, root, fold(row.key_hash, state_leaf_hash(row), proof.siblings));
}

Result<void> verify_absent(const Digest& root, std::string_view key, const StateProof& proof) {
  if (key.empty()) return malformed("state proof: empty keys are not in the state");
  if (proof.siblings.size() > StateProof::kMaxSiblings)
    return malformed("state proof: more than 256 siblings");
  const Digest key_hash = sha256(key);
  if (!proof.other)
    return check_root("absence", key, root, fold(key_hash, empty_state_root(), proof.siblings));
  if (proof.other->key_hash == key_hash)
    return malformed("state proof: the leaf shown for absence is the key's own");
  if (!share_prefix(key_hash, proof.other->key_hash, proof.siblings.size())) {
    return malformed("state proof: the leaf shown for absence does not stand in the key's place");
  }
  return check_root("absence", key, root, fold(key_hash, state_leaf_hash(*proof.other), proof.siblings));
}

}  // namespace circula::crypto
