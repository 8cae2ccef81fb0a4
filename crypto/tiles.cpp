#include "crypto/tiles.h"

#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

constexpr std::string_view kTilePrefix = "tile/";
constexpr std::string_view kEntriesPrefix = "entries/";

Error malformed(std::string detail) { return {Fault::kMalformed, std::move(detail)}; }

std::string three_digits(std::uint64_t group) {
  const std::string digits = std::to_string(group);
  return std::string(3 - digits.size(), '0') + digits;
}

// Groups of three digits, all but the last marked with x: 1234067 is x001/x234/067.
std::string index_path(std::uint64_t index) {
  std::string path = three_digits(index % 1000);
  for (index /= 1000; index != 0; index /= 1000) path = "x" + three_digits(index % 1000) + "/" + path;
  return path;
}

Result<std::uint64_t> parse_index(std::string_view path) {
  std::uint64_t index = 0;
  bool more = true;
  while (more) {
    more = path.starts_with('x');
    if (more) path.remove_prefix(1);
    if (path.size() < 3) return malformed("tile path: groups of three digits expected");
    for (int i = 0; i < 3; ++i) {
      const auto digit = static_cast<unsigned>(path[i] - '0');
      if (digit > 9) return malformed("tile path: groups of three digits expected");
      if (index > (UINT64_MAX - digit) / 10) return malformed("tile path: the tile number is too large");
      index = index * 10 + digit;
    }
    path.remove_prefix(3);
    if (more && !path.starts_with('/'))
      return malformed("tile path: a group that begins with x is not the last");
    if (more) path.remove_prefix(1);
  }
  if (!path.empty()) return malformed("tile path: unexpected text after the tile number");
  return index;
}

// `text` up to the next slash, which is taken away with it.
std::string_view take_part(std::string_view& text) {
  const std::size_t slash = text.find('/');
  const std::string_view part = text.substr(0, slash);
  text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
  return part;
}

}  // namespace

std::string TileName::path() const {
  std::string path{kTilePrefix};
  path += level ? std::to_string(*level) + "/" : std::string(kEntriesPrefix);
  path += index_path(index);
  if (width < kTileWidth) path += ".p/" + std::to_string(width);
  return path;
}

Result<TileName> TileName::parse(std::string_view path) {
  std::string_view rest = path;
  if (!rest.starts_with(kTilePrefix)) return malformed("tile path: it begins with tile/");
  rest.remove_prefix(kTilePrefix.size());
  TileName name;
  if (rest.starts_with(kEntriesPrefix)) {
    rest.remove_prefix(kEntriesPrefix.size());
  } else {
    const auto level = u64_from_decimal(take_part(rest));
    if (!level || *level > kMaxTileLevel) return malformed("tile path: the level is 0 to 63, or entries");
    name.level = static_cast<unsigned>(*level);
  }
  if (const std::size_t mark = rest.find(".p/"); mark != std::string_view::npos) {
    const auto width = u64_from_decimal(rest.substr(mark + 3));
    if (!width || *width == 0 || *width >= kTileWidth)
      return malformed("tile path: a partial width is 1 to 255");
    name.width = static_cast<unsigned>(*width);
    rest = rest.substr(0, mark);
  }
  const auto index = parse_index(rest);
  if (!index) return index.error();
  name.index = *index;
  if (name.path() != path) return malformed("tile path: " + name.path() + " expected");
  return name;
}

std::uint64_t tile_hashes(std::uint64_t size, unsigned level) {
  const unsigned shift = kTileHeight * level;
  return shift < 64 ? size >> shift : 0;
}

bool tile_exists(const TileName& name, std::uint64_t size) {
  const std::uint64_t hashes = tile_hashes(size, name.level.value_or(0));
  if (name.index < hashes / kTileWidth) return true;
  return name.index == hashes / kTileWidth && name.width <= hashes % kTileWidth;
}

Result<Bytes> make_tile(const HashSource& source, const TileName& name) {
  assert(name.level);
  Bytes tile;
  tile.reserve(name.width * Digest::kSize);
  for (unsigned i = 0; i < name.width; ++i) {
    const Result<Digest> hash = source.subtree(kTileHeight * *name.level, name.index * kTileWidth + i);
    if (!hash) return hash.error();
    put_bytes(tile, *hash);
  }
  return tile;
}

void put_bundle_entry(Bytes& bundle, ByteView entry) {
  assert(entry.size() <= kMaxTileEntryBytes);
  put_u16be(bundle, static_cast<std::uint16_t>(entry.size()));
  put_bytes(bundle, entry);
}

Result<std::vector<ByteView>> parse_bundle(ByteView bundle, unsigned width) {
  Reader reader(bundle);
  std::vector<ByteView> entries;
  for (unsigned i = 0; i < width && reader.ok(); ++i) {
    const std::size_t length = reader.u16be();
    entries.push_back(reader.bytes(length));
  }
  if (auto done = reader.finish("entry bundle"); !done) return done.error();
  return entries;
}

Result<const Bytes*> TiledSource::tile(unsigned level, std::uint64_t index) const {
  const bool full = index < full_tiles(size_, level);
  const TileName name{level, index, full ? kTileWidth : partial_tile_width(size_, level)};
  if (!tile_exists(name, size_) || name.width == 0) {
    return Error{Fault::kOutOfRange, "a tree of " + std::to_string(size_) + " leaves has no tile " +
                                         TileName{level, index, kTileWidth}.path()};
  }
  auto known = read_.find(name);
  if (known == read_.end()) {
    Result<Bytes> bytes = store_.hash_tile(name);
    if (!bytes) return bytes.error();
    if (bytes->size() < name.width * Digest::kSize) return malformed("tile " + name.path() + ": cut short");
    known = read_.emplace(name, std::move(*bytes)).first;
  }
  return &known->second;
}

Result<Digest> TiledSource::subtree(unsigned level, std::uint64_t index) const {
  const unsigned tile_level = level / kTileHeight;
  const unsigned height = level % kTileHeight;  // above the tile's own hashes
  const std::uint64_t first = index << height;
  const std::uint64_t count = std::uint64_t{1} << height;
  const std::uint64_t hashes = tile_hashes(size_, tile_level);
  if (index > (hashes >> height) || first > hashes || count > hashes - first) {
    return Error{Fault::kOutOfRange, "a tree of " + std::to_string(size_) +
                                         " leaves has no perfect subtree " + std::to_string(index) +
                                         " at level " + std::to_string(level)};
  }
  const Result<const Bytes*> bytes = tile(tile_level, first / kTileWidth);
  if (!bytes) return bytes.error();
  CompactRange range;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>((first + i) % kTileWidth) * Digest::kSize;
    range.append(Digest::from(ByteView(**bytes).subspan(at, Digest::kSize)));
  }
  return range.root();
}

}  // namespace circula::crypto
