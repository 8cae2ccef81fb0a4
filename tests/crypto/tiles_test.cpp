#include "crypto/tiles.h"

#include "crypto/checkpoint.h"
#include "tests/crypto/vectors.h"

namespace circula::crypto {
namespace {

Digest leaf(std::uint64_t number) {
  Bytes entry;
  put_u64be(entry, number);
  return leaf_hash(entry);
}

// Tiles of a tree in memory, each cut where the tree of `size` ends.
class MadeTiles final : public TileStore {
 public:
  explicit MadeTiles(const MemoryTree& tree) : tree_(tree) {}
  Result<Bytes> hash_tile(const TileName& name) const override {
    ++reads_;
    return make_tile(tree_, name);
  }
  int reads() const { return reads_; }

 private:
  const MemoryTree& tree_;
  mutable int reads_ = 0;
};

// Tiles that lie below a folder of the vectors.
class TileFiles final : public TileStore {
 public:
  explicit TileFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<Bytes> hash_tile(const TileName& name) const override {
    const std::string bytes = vectors::read(folder_ + "/" + name.path());
    return Bytes(bytes.begin(), bytes.end());
  }

 private:
  std::string folder_;
};

TEST(TilePaths, are_those_of_the_specification) {
  EXPECT_EQ((TileName{0, 1234067, 256}.path()), "tile/0/x001/x234/067");
  EXPECT_EQ((TileName{2, 0, 1}.path()), "tile/2/000.p/1");
  EXPECT_EQ((TileName{std::nullopt, 999, 255}.path()), "tile/entries/999.p/255");
  EXPECT_EQ((TileName{63, 1000, 256}.path()), "tile/63/x001/000");
}

TEST(TilePaths, c2sp_examples) {
  CIRCULA_NEEDS_VECTORS("c2sp-examples/examples.json");
  const auto file = vectors::read_json("c2sp-examples/examples.json");
  int paths = 0;
  int trees = 0;
  for (const auto& example : file.at("tile_paths").as_array()) {
    const auto& fields = example.as_object();
    if (fields.contains("path")) {
      ++paths;
      const TileName name{0, fields.at("index").to_number<std::uint64_t>(), kTileWidth};
      EXPECT_EQ(name.path(), "tile/0/" + vectors::text(fields.at("path")));
      EXPECT_EQ(TileName::parse(name.path()).value(), name);
      continue;
    }
    ++trees;
    const auto size = fields.at("tree_size").to_number<std::uint64_t>();
    for (unsigned level = 0; level < 3; ++level) {
      const std::string prefix = "level" + std::to_string(level);
      if (const auto* full = fields.if_contains(prefix + "_full")) {
        EXPECT_EQ(full_tiles(size, level), full->to_number<std::uint64_t>());
      }
      if (const auto* partial = fields.if_contains(prefix + "_partial")) {
        EXPECT_EQ(partial_tile_width(size, level), partial->to_number<std::uint64_t>());
      }
    }
  }
  EXPECT_EQ(paths, 1);
  EXPECT_EQ(trees, 2);
}

TEST(TilePaths, round_trip_and_have_one_spelling) {
  for (const std::uint64_t index : {0ULL, 1ULL, 999ULL, 1000ULL, 999999ULL, 1000000ULL, ~0ULL}) {
    for (const unsigned width : {1U, 255U, 256U}) {
      const TileName tile{5, index, width};
      EXPECT_EQ(TileName::parse(tile.path()).value(), tile);
      const TileName bundle{std::nullopt, index, width};
      EXPECT_EQ(TileName::parse(bundle.path()).value(), bundle);
    }
  }
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/1",
                           "tile/0/0000",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/x/000",
                           "tile/0/x000/067",
                           "tile/0/001/067",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/",
                           "tile/0/000/",
                           "tile/0/000.p/1/2",
                           "/tile/0/000",
                           "tile/0/0a0",
                           "tile/-1/000",
                           "tile/0/x018/x446/x744/x073/x709/x551/616",
                           "tile/data/000"}) {
    EXPECT_FALSE(TileName::parse(path)) << path;
  }
}

TEST(Tiles, exist_also_at_the_widths_of_earlier_sizes) {
  EXPECT_TRUE(tile_exists({0, 272, 256}, 70'000));
  EXPECT_TRUE(tile_exists({0, 273, 112}, 70'000));
  EXPECT_TRUE(tile_exists({0, 273, 1}, 70'000));
  EXPECT_TRUE(tile_exists({std::nullopt, 273, 112}, 70'000));
  EXPECT_FALSE(tile_exists({0, 273, 113}, 70'000));
  EXPECT_FALSE(tile_exists({0, 274, 1}, 70'000));
  EXPECT_FALSE(tile_exists({1, 2, 1}, 70'000));
  EXPECT_FALSE(tile_exists({9, 0, 1}, ~0ULL));
}

TEST(TiledSource, gives_the_same_proofs_as_the_tree_in_memory) {
  MemoryTree tree;
  constexpr std::uint64_t kSize = 70'000;
  for (std::uint64_t i = 0; i < kSize; ++i) tree.append(leaf(i));
  const MadeTiles tiles(tree);
  for (const std::uint64_t size :
       {1ULL, 255ULL, 256ULL, 257ULL, 65'535ULL, 65'536ULL, 65'537ULL, 70'000ULL}) {
    EXPECT_EQ(head_at(TiledSource(tiles, size), size).value(), tree.root_at(size).value()) << size;
    for (std::uint64_t index = 0; index < size; index += 1 + size / 13) {
      const TiledSource source(tiles, size);
      EXPECT_EQ(prove_inclusion(source, index, size).value(), prove_inclusion(tree, index, size).value());
      EXPECT_EQ(prove_consistency(source, index + 1, size).value(),
                prove_consistency(tree, index + 1, size).value());
      EXPECT_EQ(prove_range(source, index, size, size).value(), prove_range(tree, index, size, size).value());
    }
  }
  const int before = tiles.reads();
  (void)prove_inclusion(TiledSource(tiles, kSize), 12'345, kSize);
  EXPECT_LE(tiles.reads() - before, 5);
}

TEST(TiledSource, has_nothing_beyond_its_size) {
  MemoryTree tree;
  for (std::uint64_t i = 0; i < 600; ++i) tree.append(leaf(i));
  const MadeTiles tiles(tree);
  const TiledSource source(tiles, 300);
  EXPECT_TRUE(source.subtree(0, 299));
  EXPECT_FALSE(source.subtree(0, 300));
  EXPECT_FALSE(source.subtree(3, 37));
  EXPECT_FALSE(source.subtree(8, 1));
  EXPECT_FALSE(source.subtree(63, 1));
  EXPECT_FALSE(source.subtree(0, ~0ULL));
  EXPECT_FALSE(source.subtree(7, ~0ULL));
}

TEST(Bundles, hold_each_entry_with_its_length) {
  Bytes bundle;
  put_bundle_entry(bundle, as_bytes("one"));
  put_bundle_entry(bundle, {});
  EXPECT_EQ(to_hex(bundle), "00036f6e650000");
  EXPECT_EQ(as_text(parse_bundle(bundle, 2).value()[0]), "one");
  EXPECT_FALSE(parse_bundle(bundle, 1));
  EXPECT_FALSE(parse_bundle(bundle, 3));
  EXPECT_FALSE(parse_bundle(ByteView(bundle).first(4), 1));
}

TEST(TesseraLog, checkpoints_tiles_and_bundles_of_all_sizes_agree) {
  CIRCULA_NEEDS_VECTORS("tessera-log");
  const std::string log = "tessera-log/testdata/log/";
  const auto examples = vectors::read_json("c2sp-examples/examples.json");
  const VerifierKey key = VerifierKey::parse(vectors::text(examples.at("tessera_vkeys").at(0))).value();
  std::vector<Checkpoint> checkpoints;
  for (unsigned size = 0; size <= 15; ++size) {
    const std::string bytes = vectors::read(log + "checkpoint." + std::to_string(size));
    const Note note = Note::parse(bytes).value();
    EXPECT_EQ(note.format(), bytes);
    EXPECT_EQ(verify_note(note, {&key, 1}).value().size(), 1U);
    checkpoints.push_back(Checkpoint::parse(note.text).value());
    EXPECT_EQ(checkpoints.back().format(), note.text);
    EXPECT_EQ(checkpoints.back().size, size);
  }
  EXPECT_EQ(checkpoints[0].root, empty_root());
  const TileFiles files(log.substr(0, log.size() - 1));
  for (unsigned size = 1; size <= 15; ++size) {
    EXPECT_EQ(head_at(TiledSource(files, size), size).value(), checkpoints[size].root);
    const std::string bundle = vectors::read(log + TileName{std::nullopt, 0, size}.path());
    CompactRange range;
    for (const ByteView entry : parse_bundle(as_bytes(bundle), size).value()) range.append(leaf_hash(entry));
    EXPECT_EQ(range.root(), checkpoints[size].root);
    for (unsigned old_size = 1; old_size <= size; ++old_size) {
      const HashPath path = prove_consistency(TiledSource(files, size), old_size, size).value();
      EXPECT_TRUE(
          verify_consistency(old_size, checkpoints[old_size].root, size, checkpoints[size].root, path));
    }
  }
}

TEST(SunlightMirror, tiles_hash_to_the_cosigned_root) {
  CIRCULA_NEEDS_VECTORS("sunlight-mirror");
  const auto examples = vectors::read_json("c2sp-examples/examples.json");
  const VerifierKey key =
      VerifierKey::parse(vectors::text(examples.at("sunlight_mirror_vkeys").at(0))).value();
  const Note note = Note::parse(vectors::read("sunlight-mirror/checkpoint")).value();
  const auto signers = verify_note(note, {&key, 1}).value();
  EXPECT_GT(signers.at(0).time_s, 1'700'000'000U);
  const Checkpoint checkpoint = Checkpoint::parse(note.text).value();
  EXPECT_EQ(checkpoint.size, 300U);
  const TileFiles files("sunlight-mirror");
  EXPECT_EQ(head_at(TiledSource(files, 300), 300).value(), checkpoint.root);

  MemoryTree tree;  // from the bottom level alone; the upper tile must follow
  for (const TileName name : {TileName{0, 0, 256}, TileName{0, 1, 44}}) {
    const Bytes tile = files.hash_tile(name).value();
    for (std::size_t at = 0; at < tile.size(); at += 32)
      tree.append(Digest::from(ByteView(tile).subspan(at, 32)));
  }
  EXPECT_EQ(tree.root(), checkpoint.root);
  EXPECT_EQ(make_tile(tree, {1, 0, 1}).value(), files.hash_tile({1, 0, 1}).value());
}

}  // namespace
}  // namespace circula::crypto
