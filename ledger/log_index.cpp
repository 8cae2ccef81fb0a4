#include "ledger/log_index.h"

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::ledger {
namespace {

Bytes tagged(char tag) { return {static_cast<std::uint8_t>(tag)}; }

Bytes number_key(char tag, std::uint64_t number) {
  Bytes key = tagged(tag);
  crypto::put_u64be(key, number);
  return key;
}

Bytes digest_key(char tag, const Digest& digest) {
  Bytes key = tagged(tag);
  crypto::put_bytes(key, digest.view());
  return key;
}

Bytes history_key(const Digest& key_hash, std::uint64_t seq) {
  Bytes key = digest_key('h', key_hash);
  crypto::put_u64be(key, seq);
  return key;
}

Bytes head_key(Bytes prefix, unsigned level, std::uint64_t n) {
  crypto::put_u8(prefix, static_cast<std::uint8_t>(level));
  crypto::put_u64be(prefix, n);
  return prefix;
}

constexpr std::size_t kNumberBytes = 8;

// REQUIRES: at least 8 bytes; whoever reads rows has checked the size.
std::uint64_t last_u64(ByteView bytes) { return crypto::Reader(bytes.last(kNumberBytes)).u64be(); }

Bytes to_bytes(const google::protobuf::Message& message) {
  const std::string text = message.SerializeAsString();
  const ByteView view = crypto::as_bytes(text);
  return {view.begin(), view.end()};
}

Error corrupt(std::string_view what) {
  return error(Code::E_STORAGE_CORRUPT, "index/: " + std::string(what) + " does not parse");
}

template <class Message>
Result<std::optional<Message>> parse_row(const Result<std::optional<Bytes>>& row, std::string_view what) {
  if (!row) return row.error();
  if (!*row) return std::optional<Message>();
  Message message;
  if (!message.ParseFromArray((*row)->data(), static_cast<int>((*row)->size()))) return corrupt(what);
  return std::optional(std::move(message));
}

// Heads of one tree: stored from kStoredLevel on, computed from leaves below.
class StoredHashes final : public crypto::HashSource {
 public:
  using Leaves = std::function<Result<std::vector<Digest>>(std::uint64_t begin, std::uint64_t end)>;
  StoredHashes(const WriteBehind& rows, Bytes head_prefix, Leaves leaves)
      : rows_(rows), head_prefix_(std::move(head_prefix)), leaves_(std::move(leaves)) {}

  crypto::Result<Digest> subtree(unsigned level, std::uint64_t index) const override {
    if (level >= kStoredLevel) {
      auto row = rows_.get(head_key(head_prefix_, level, index));
      if (!row || !*row || (*row)->size() != Digest::kSize) return missing("a subtree's head");
      return Digest::from(**row);
    }
    const std::uint64_t begin = index << level;
    const std::uint64_t end = (index + 1) << level;
    auto leaves = leaves_(begin, end);
    if (!leaves || leaves->size() != end - begin) return missing("a leaf");
    return crypto::tree_head(*leaves);
  }

 private:
  static crypto::Error missing(std::string_view what) {
    return {crypto::Fault::kEnvironment, "index/: " + std::string(what) + " is not there"};
  }

  const WriteBehind& rows_;
  Bytes head_prefix_;
  Leaves leaves_;
};

}  // namespace

Bytes HistoryRow::leaf() const {
  Bytes out;
  crypto::put_u64be(out, log_index);
  crypto::put_bytes(out, effect);
  return out;
}

Result<std::optional<std::uint64_t>> LogIndex::height() const {
  auto row = rows_.get(tagged('p'));
  if (!row) return row.error();
  if (*row && (*row)->size() != kNumberBytes) return corrupt("its height");
  if (*row) return std::optional(last_u64(**row));
  // The height is written with the rows: without it there are none.
  bool any = false;
  auto scanned = rows_.scan(KeyRange::all(), Direction::kForward, [&](ByteView, ByteView) {
    any = true;
    return false;
  });
  if (!scanned) return scanned.error();
  if (any) return error(Code::E_STORAGE_CORRUPT, "index/ has rows and no height");
  return std::optional<std::uint64_t>();
}

Result<std::optional<proto::IndexedEntry>> LogIndex::entry(std::uint64_t index) const {
  return parse_row<proto::IndexedEntry>(rows_.get(number_key('e', index)), "an entry");
}

Result<void> LogIndex::entries(
    std::uint64_t first, const std::function<bool(std::uint64_t, const proto::IndexedEntry&)>& visit) const {
  const KeyRange range{number_key('e', first), tagged('e' + 1)};
  Result<void> outcome;
  auto scanned = rows_.scan(range, Direction::kForward, [&](ByteView key, ByteView value) {
    proto::IndexedEntry row;
    if (key.size() != 1 + kNumberBytes || !row.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      outcome = corrupt("an entry");
      return false;
    }
    return visit(last_u64(key), row);
  });
  return scanned ? outcome : scanned;
}

Result<std::optional<proto::IndexedBlock>> LogIndex::block(std::uint64_t height) const {
  return parse_row<proto::IndexedBlock>(rows_.get(number_key('B', height)), "a block");
}

// Block times never fall, so the newest block of a time is found by halving.
Result<std::optional<proto::IndexedBlock>> LogIndex::last_block_at(std::uint64_t time_ms) const {
  auto top = height();
  if (!top) return top.error();
  std::optional<proto::IndexedBlock> found;
  if (!*top) return found;
  std::uint64_t low = 0;
  std::uint64_t high = **top + 1;  // blocks below `low` are in time, from `high` on too late
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto row = block(middle);
    if (!row) return row.error();
    if (!*row) return corrupt("a block");
    if ((*row)->time_ms() <= time_ms) {
      found = std::move(*row);
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return found;
}

Result<std::optional<std::uint64_t>> LogIndex::record(const Digest& record_id) const {
  auto row = rows_.get(digest_key('r', record_id));
  if (!row) return row.error();
  if (!*row || (*row)->size() != 8) return std::optional<std::uint64_t>();
  return std::optional(last_u64(**row));
}

Result<std::optional<proto::IndexedEnvelope>> LogIndex::envelope(const Digest& envelope_id) const {
  return parse_row<proto::IndexedEnvelope>(rows_.get(digest_key('v', envelope_id)), "an envelope");
}

Result<std::vector<HistoryRow>> LogIndex::history(const SubjectKey& key, std::uint64_t begin,
                                                  std::uint64_t end) const {
  const Digest key_hash = crypto::sha256(key);
  std::vector<HistoryRow> rows;
  if (begin >= end) return rows;
  Result<void> outcome;
  auto scanned =
      rows_.scan({history_key(key_hash, begin), history_key(key_hash, end)}, Direction::kForward,
                 [&](ByteView row_key, ByteView value) {
                   if (row_key.size() != 1 + Digest::kSize + kNumberBytes || value.size() < kNumberBytes) {
                     outcome = corrupt("an event");
                     return false;
                   }
                   crypto::Reader in(value);
                   HistoryRow row{last_u64(row_key), in.u64be(), {}};
                   const ByteView effect = in.bytes(in.remaining());
                   row.effect.assign(effect.begin(), effect.end());
                   rows.push_back(std::move(row));
                   return true;
                 });
  if (!scanned) return scanned.error();
  if (!outcome) return outcome.error();
  return rows;
}

Result<std::uint64_t> LogIndex::history_size_at(const SubjectKey& key, std::uint64_t count,
                                                std::uint64_t log_size) const {
  std::uint64_t low = 0;
  std::uint64_t high = count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto rows = history(key, middle, middle + 1);
    if (!rows) return rows.error();
    if (rows->empty()) return corrupt("a history");
    if (rows->front().log_index < log_size) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::vector<SubjectKey>> LogIndex::subjects(std::string_view prefix, std::string_view after,
                                                   std::size_t limit) const {
  Bytes whole = tagged('k');
  crypto::put_bytes(whole, prefix);
  KeyRange range = KeyRange::prefix(whole);
  if (!after.empty()) {
    range.begin = tagged('k');
    crypto::put_bytes(range.begin, after);
    crypto::put_u8(range.begin, 0);
  }
  std::vector<SubjectKey> keys;
  if (limit == 0) return keys;
  auto scanned = rows_.scan(range, Direction::kForward, [&](ByteView key, ByteView) {
    keys.emplace_back(crypto::as_text(key.subspan(1)));
    return keys.size() < limit;
  });
  if (!scanned) return scanned.error();
  return keys;
}

Result<std::vector<Digest>> LogIndex::records_with_prefix(ByteView prefix, std::size_t limit) const {
  return ids_with_prefix('r', prefix, limit);
}

Result<std::vector<Digest>> LogIndex::envelopes_with_prefix(ByteView prefix, std::size_t limit) const {
  return ids_with_prefix('v', prefix, limit);
}

Result<std::vector<Digest>> LogIndex::ids_with_prefix(char tag, ByteView prefix, std::size_t limit) const {
  Bytes whole = tagged(tag);
  crypto::put_bytes(whole, prefix);
  std::vector<Digest> ids;
  auto scanned = rows_.scan(KeyRange::prefix(whole), Direction::kForward, [&](ByteView key, ByteView) {
    if (key.size() == 1 + Digest::kSize) ids.push_back(Digest::from(key.subspan(1)));
    return ids.size() < limit;
  });
  if (!scanned) return scanned.error();
  return ids;
}

std::unique_ptr<crypto::HashSource> LogIndex::log_hashes() const {
  return std::make_unique<StoredHashes>(
      rows_, tagged('t'), [this](std::uint64_t begin, std::uint64_t end) -> Result<std::vector<Digest>> {
        std::vector<Digest> leaves;
        auto read = entries(begin, [&](std::uint64_t, const proto::IndexedEntry& row) {
          leaves.push_back(crypto::leaf_hash(crypto::as_bytes(row.entry())));
          return leaves.size() < end - begin;
        });
        if (!read) return read.error();
        return leaves;
      });
}

std::unique_ptr<crypto::HashSource> LogIndex::history_hashes(const SubjectKey& key) const {
  return std::make_unique<StoredHashes>(
      rows_, digest_key('T', crypto::sha256(key)),
      [this, key](std::uint64_t begin, std::uint64_t end) -> Result<std::vector<Digest>> {
        auto rows = history(key, begin, end);
        if (!rows) return rows.error();
        std::vector<Digest> leaves;
        for (const HistoryRow& row : *rows) leaves.push_back(crypto::leaf_hash(row.leaf()));
        return leaves;
      });
}

Result<Bytes> LogIndex::log_tile(unsigned level, std::uint64_t n, std::uint64_t width) const {
  const auto source = log_hashes();
  Bytes tile;
  for (std::uint64_t hash = 0; hash < width; ++hash) {
    auto head = source->subtree(level * kStoredLevel, (n << kStoredLevel) + hash);
    if (!head) return error(Code::E_NOT_FOUND, head.error().detail);
    crypto::put_bytes(tile, head->view());
  }
  return tile;
}

void IndexWriter::add_entry(std::uint64_t log_index, const proto::IndexedEntry& row) {
  rows_[number_key('e', log_index)] = to_bytes(row);
}

void IndexWriter::add_history(const SubjectKey& key, const HistoryRow& row) {
  rows_[history_key(crypto::sha256(key), row.seq)] = row.leaf();
  if (row.seq != 0) return;
  Bytes listed = tagged('k');
  crypto::put_bytes(listed, key);
  rows_[std::move(listed)] = Bytes();
}

void IndexWriter::add_record(const Digest& record_id, std::uint64_t log_index) {
  Bytes index;
  crypto::put_u64be(index, log_index);
  rows_[digest_key('r', record_id)] = std::move(index);
}

void IndexWriter::add_envelope(const Digest& envelope_id, const proto::IndexedEnvelope& row) {
  rows_[digest_key('v', envelope_id)] = to_bytes(row);
}

void IndexWriter::add_block(std::uint64_t height, const proto::IndexedBlock& row) {
  rows_[number_key('B', height)] = to_bytes(row);
  Bytes mark;
  crypto::put_u64be(mark, height);
  rows_[tagged('p')] = std::move(mark);
}

void IndexWriter::add_log_head(unsigned level, std::uint64_t n, const Digest& head) {
  if (level < kStoredLevel) return;
  rows_[head_key(tagged('t'), level, n)] = Bytes(head.begin(), head.end());
}

void IndexWriter::add_history_head(const SubjectKey& key, unsigned level, std::uint64_t n,
                                   const Digest& head) {
  if (level < kStoredLevel) return;
  rows_[head_key(digest_key('T', crypto::sha256(key)), level, n)] = Bytes(head.begin(), head.end());
}

}  // namespace circula::ledger
