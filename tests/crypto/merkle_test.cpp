#include "crypto/merkle.h"

#include "tests/crypto/vectors.h"

namespace circula::crypto {
namespace {

// MTH as RFC 9162 section 2.1.1 writes it, independent of the code under test.
Digest naive_head(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256(ByteView{});
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  const Digest left = naive_head(leaves.first(k));
  const Digest right = naive_head(leaves.subspan(k));
  return Sha256().update(std::string_view("\x01", 1)).update(left).update(right).finish();
}

Digest leaf(std::uint64_t number) {
  Bytes entry;
  put_u64be(entry, number);
  return leaf_hash(entry);
}

constexpr std::uint64_t kLargest = 130;  // past two powers of two on either side

class MerkleTrees : public testing::Test {
 protected:
  MerkleTrees() {
    for (std::uint64_t i = 0; i < kLargest; ++i) {
      leaves_.push_back(leaf(i));
      tree_.append(leaves_.back());
    }
    for (std::uint64_t size = 0; size <= kLargest; ++size)
      roots_.push_back(naive_head(std::span(leaves_).first(size)));
  }

  std::vector<Digest> leaves_, roots_;
  MemoryTree tree_;
};

template <class Check>
void expect_altered_paths_fail(const HashPath& path, const Digest& extra, const Check& check) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    HashPath altered = path;
    altered[i][i % 32] ^= 0x10;
    EXPECT_FALSE(check(altered));
    altered = path;
    altered.erase(altered.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(check(altered));
  }
  HashPath longer = path;
  longer.push_back(extra);
  EXPECT_FALSE(check(longer));
  longer = path;
  longer.insert(longer.begin(), extra);
  EXPECT_FALSE(check(longer));
}

TEST_F(MerkleTrees, every_size_has_the_head_of_the_definition) {
  CompactRange range;
  for (std::uint64_t size = 0; size <= kLargest; ++size) {
    EXPECT_EQ(range.root(), roots_[size]) << size;
    EXPECT_EQ(range.size(), size);
    EXPECT_EQ(tree_.root_at(size).value(), roots_[size]) << size;
    EXPECT_EQ(tree_head(std::span(leaves_).first(size)), roots_[size]) << size;
    EXPECT_EQ(CompactRange::parse(range.serialise()).value(), range);
    if (size < kLargest) range.append(leaves_[size]);
  }
}

TEST_F(MerkleTrees, a_frontier_of_another_length_is_refused) {
  CompactRange range;
  for (int i = 0; i < 7; ++i) range.append(leaves_[i]);
  Bytes bytes = range.serialise();
  EXPECT_EQ(bytes.size(), 8U + 3 * 32);
  EXPECT_FALSE(CompactRange::parse(ByteView(bytes).first(bytes.size() - 1)));
  bytes.push_back(0);
  EXPECT_FALSE(CompactRange::parse(bytes));
  EXPECT_FALSE(CompactRange::parse({}));
}

TEST_F(MerkleTrees, every_inclusion_proof_verifies_and_no_altered_one) {
  for (std::uint64_t size = 1; size <= kLargest; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const HashPath path = prove_inclusion(tree_, index, size).value();
      ASSERT_TRUE(verify_inclusion(leaves_[index], index, size, path, roots_[size]))
          << index << " of " << size;
      EXPECT_FALSE(verify_inclusion(leaf(1000), index, size, path, roots_[size]));
      EXPECT_FALSE(verify_inclusion(leaves_[index], index, size, path, roots_[size - 1]));
      EXPECT_FALSE(verify_inclusion(leaves_[index], index ^ 1, size, path, roots_[size]));
      expect_altered_paths_fail(path, leaves_[0], [&](const HashPath& altered) {
        return verify_inclusion(leaves_[index], index, size, altered, roots_[size]).has_value();
      });
    }
    EXPECT_FALSE(prove_inclusion(tree_, size, size));
    EXPECT_FALSE(verify_inclusion(leaves_[0], size, size, {}, roots_[size]));
  }
}

TEST_F(MerkleTrees, every_consistency_proof_verifies_and_no_altered_one) {
  for (std::uint64_t size = 1; size <= kLargest; ++size) {
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const HashPath path = prove_consistency(tree_, old_size, size).value();
      ASSERT_TRUE(verify_consistency(old_size, roots_[old_size], size, roots_[size], path))
          << old_size << ", " << size;
      EXPECT_FALSE(verify_consistency(old_size, leaf(1000), size, roots_[size], path));
      EXPECT_FALSE(verify_consistency(old_size, roots_[old_size], size, leaf(1000), path));
      expect_altered_paths_fail(path, leaves_[0], [&](const HashPath& altered) {
        return verify_consistency(old_size, roots_[old_size], size, roots_[size], altered).has_value();
      });
    }
    EXPECT_FALSE(prove_consistency(tree_, 0, size));
    EXPECT_FALSE(prove_consistency(tree_, size + 1, size));
    EXPECT_FALSE(verify_consistency(0, roots_[0], size, roots_[size], {}));
  }
}

TEST_F(MerkleTrees, every_range_proof_verifies) {
  for (std::uint64_t size = 1; size <= kLargest; ++size) {
    for (std::uint64_t begin = 0; begin < size; ++begin) {
      for (std::uint64_t end = begin + 1; end <= size; end += 1 + (end - begin) / 3) {
        const HashPath path = prove_range(tree_, begin, end, size).value();
        const auto part = std::span(leaves_).subspan(begin, end - begin);
        ASSERT_TRUE(verify_range(part, begin, size, path, roots_[size]))
            << begin << "-" << end << " of " << size;
      }
    }
  }
}

TEST_F(MerkleTrees, no_altered_range_proof_verifies) {
  for (const std::uint64_t size : {1, 2, 3, 8, 13, 64, 65, 100, 127}) {
    for (std::uint64_t begin = 0; begin < size; ++begin) {
      for (std::uint64_t end = begin + 1; end <= size; end += 1 + (end - begin) / 2) {
        const HashPath path = prove_range(tree_, begin, end, size).value();
        std::vector<Digest> part(leaves_.begin() + static_cast<std::ptrdiff_t>(begin),
                                 leaves_.begin() + static_cast<std::ptrdiff_t>(end));
        expect_altered_paths_fail(path, leaves_[0], [&](const HashPath& altered) {
          return verify_range(part, begin, size, altered, roots_[size]).has_value();
        });
        EXPECT_FALSE(verify_range(part, begin + 1, size, path, roots_[size]));
        EXPECT_FALSE(verify_range(part, begin, size, path, leaf(1000)));
        part.back()[0] ^= 1;
        EXPECT_FALSE(verify_range(part, begin, size, path, roots_[size]));
        part.pop_back();
        EXPECT_FALSE(verify_range(part, begin, size, path, roots_[size]));
      }
    }
  }
}

TEST_F(MerkleTrees, a_range_of_one_leaf_needs_the_hashes_of_its_inclusion_path) {
  for (std::uint64_t index = 0; index < 100; ++index) {
    HashPath inclusion = prove_inclusion(tree_, index, 100).value();
    HashPath range = prove_range(tree_, index, index + 1, 100).value();
    std::sort(inclusion.begin(), inclusion.end());
    std::sort(range.begin(), range.end());
    EXPECT_EQ(inclusion, range);
  }
}

TEST_F(MerkleTrees, empty_and_outside_ranges_are_refused) {
  EXPECT_FALSE(prove_range(tree_, 3, 3, 10));
  EXPECT_FALSE(prove_range(tree_, 3, 11, 10));
  EXPECT_FALSE(verify_range({}, 3, 10, {}, roots_[10]));
  EXPECT_FALSE(verify_range(std::span(leaves_).first(2), UINT64_MAX, UINT64_MAX, {}, roots_[10]));
}

TEST_F(MerkleTrees, proofs_beyond_the_source_are_errors) {
  EXPECT_FALSE(prove_inclusion(tree_, 0, kLargest + 1));
  EXPECT_FALSE(tree_.root_at(kLargest + 1));
}

std::vector<boost::json::value> transparency_dev_cases(const std::string& kind) {
  std::vector<boost::json::value> cases;
  const auto folder = vectors::path_of("transparency-dev-merkle/testdata/" + kind);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() == ".json")
      cases.push_back(boost::json::parse(vectors::read_file(file.path())));
  }
  return cases;
}

// Some cases carry hashes of another length, which no Digest can hold: such a case cannot pass.
bool read_hashes(const boost::json::value& list, HashPath& path) {
  if (list.is_null()) return true;
  for (const auto& hash : list.as_array()) {
    const auto digest = to_fixed<Digest>(from_base64(vectors::text(hash)), "hash");
    if (!digest) return false;
    path.push_back(*digest);
  }
  return true;
}

std::uint64_t number(const boost::json::value& value) { return value.to_number<std::uint64_t>(); }

TEST(MerkleVectors, inclusion_of_transparency_dev) {
  CIRCULA_NEEDS_VECTORS("transparency-dev-merkle");
  const auto cases = transparency_dev_cases("inclusion");
  EXPECT_EQ(cases.size(), 98U);
  for (const auto& test : cases) {
    HashPath path;
    bool good = read_hashes(test.at("proof"), path);
    const auto root = to_fixed<Digest>(from_base64(vectors::text(test.at("root"))), "root");
    const auto hash = to_fixed<Digest>(from_base64(vectors::text(test.at("leafHash"))), "leaf");
    good = good && root && hash &&
           verify_inclusion(*hash, number(test.at("leafIdx")), number(test.at("treeSize")), path, *root);
    EXPECT_EQ(good, !test.at("wantErr").as_bool()) << test;
  }
}

TEST(MerkleVectors, consistency_of_transparency_dev) {
  CIRCULA_NEEDS_VECTORS("transparency-dev-merkle");
  const auto cases = transparency_dev_cases("consistency");
  EXPECT_EQ(cases.size(), 98U);
  int twelve_byte_roots = 0;
  for (const auto& test : cases) {
    // That project compares the roots of equal sizes without checking their length.
    if (test.at("desc").as_string() == "sizes are equal (one) and proof is empty") {
      ++twelve_byte_roots;
      continue;
    }
    HashPath path;
    bool good = read_hashes(test.at("proof"), path);
    const auto old_root = to_fixed<Digest>(from_base64(vectors::text(test.at("root1"))), "root");
    const auto root = to_fixed<Digest>(from_base64(vectors::text(test.at("root2"))), "root");
    good = good && root && old_root &&
           verify_consistency(number(test.at("size1")), *old_root, number(test.at("size2")), *root, path);
    EXPECT_EQ(good, !test.at("wantErr").as_bool()) << test;
  }
  EXPECT_EQ(twelve_byte_roots, 1);
}

}  // namespace
}  // namespace circula::crypto
