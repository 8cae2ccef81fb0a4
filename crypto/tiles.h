// The log as static files: c2sp.org/tlog-tiles. A tile is 256 hashes of every eighth level of the tree, so
// any web server can hold a log and any monitor can check it.
//
//   tile/<L>/<N>[.p/<W>]        hash i of tile n at level l is MTH(D[(n*256+i)*256^l : (n*256+i+1)*256^l])
//   tile/entries/<N>[.p/<W>]    for each entry u16be length || entry
//
// Invariant: a partial tile or bundle is a prefix of the full one, so the stored one is cut, never kept
// twice. Thread rule: values; a TiledSource belongs to one thread.
#pragma once

#include <map>
#include <optional>

#include "crypto/merkle.h"

namespace circula::crypto {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;
inline constexpr unsigned kMaxTileLevel = 63;
inline constexpr std::size_t kMaxTileEntryBytes = 65'535;

// The name of a hash tile, or of an entry bundle when it has no level.
struct TileName {
  std::optional<unsigned> level;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // hashes or entries in it; less than kTileWidth: partial

  [[nodiscard]] std::string path() const;
  // The path below the log's prefix, beginning with "tile/". Strict: one tile has one path.
  [[nodiscard]] static Result<TileName> parse(std::string_view path);

  friend auto operator<=>(const TileName&, const TileName&) = default;
};

// How many hashes a level holds in tiles of a tree of this size: floor(size / 256^level).
[[nodiscard]] std::uint64_t tile_hashes(std::uint64_t size, unsigned level);
[[nodiscard]] inline std::uint64_t full_tiles(std::uint64_t size, unsigned level) {
  return tile_hashes(size, level) / kTileWidth;
}
// 0: there is no partial tile.
[[nodiscard]] inline unsigned partial_tile_width(std::uint64_t size, unsigned level) {
  return static_cast<unsigned>(tile_hashes(size, level) % kTileWidth);
}
// Whether a tree of this size has this tile, also as a shorter partial one of an earlier size.
[[nodiscard]] bool tile_exists(const TileName& name, std::uint64_t size);

// The bytes of a hash tile.
[[nodiscard]] Result<Bytes> make_tile(const HashSource& source, const TileName& name);

// Entry bundles. REQUIRES entry.size() <= kMaxTileEntryBytes.
void put_bundle_entry(Bytes& bundle, ByteView entry);
// Exactly `width` entries; the views live as long as `bundle`.
[[nodiscard]] Result<std::vector<ByteView>> parse_bundle(ByteView bundle, unsigned width);

// Where tiles are kept: rows of a database, files, a web server.
class TileStore {
 public:
  virtual ~TileStore() = default;
  // At least 32 * name.width bytes of the hash tile.
  [[nodiscard]] virtual Result<Bytes> hash_tile(const TileName& name) const = 0;
};

// The hashes of a tree of `size` leaves out of its tiles. Make one for each proof: it keeps the tiles it
// read.
class TiledSource final : public HashSource {
 public:
  TiledSource(const TileStore& store, std::uint64_t size) : store_(store), size_(size) {}
  [[nodiscard]] Result<Digest> subtree(unsigned level, std::uint64_t index) const override;

 private:
  [[nodiscard]] Result<const Bytes*> tile(unsigned level, std::uint64_t index) const;

  const TileStore& store_;
  std::uint64_t size_;
  mutable std::map<TileName, Bytes> read_;  // at most two tiles a level in a proof
};

}  // namespace circula::crypto
