#include "ledger/state.h"

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::ledger {
namespace {

constexpr std::uint64_t kHourMs = 3600ULL * 1000;
constexpr std::size_t kDroppedRowsMax = 16384;  // a block: twice what a block can spend, so it catches up

Bytes tagged(char tag) { return {static_cast<std::uint8_t>(tag)}; }

Bytes subject_row_key(const Digest& key_hash) {
  Bytes key = tagged('s');
  crypto::put_bytes(key, key_hash.view());
  return key;
}

Bytes due_row_key(const DueRow& row) {
  Bytes key = tagged('d');
  crypto::put_u64be(key, row.time_ms);
  crypto::put_bytes(key, row.subject);
  crypto::put_u8(key, 0);
  crypto::put_u16be(key, row.rule);
  return key;
}

Result<DueRow> decode_due_row(ByteView key) {
  crypto::Reader in(key.subspan(1));
  DueRow row;
  row.time_ms = in.u64be();
  if (in.remaining() < 3) return error(Code::E_STORAGE_CORRUPT, "a due row is too short");
  row.subject = crypto::as_text(in.bytes(in.remaining() - 3));
  (void)in.u8();
  row.rule = in.u16be();
  return row;
}

Bytes spent_row_key(const SpentId& id) {
  Bytes key = tagged('x');
  crypto::put_u32be(key, id.hour);
  crypto::put_bytes(key, id.record_id.view());
  return key;
}

Bytes encode_subject_row(const SubjectKey& key, const Subject& subject) {
  const Bytes value = subject.value();
  Bytes row;
  crypto::put_u16be(row, static_cast<std::uint16_t>(key.size()));
  crypto::put_bytes(row, key);
  crypto::put_u32be(row, static_cast<std::uint32_t>(value.size()));
  crypto::put_bytes(row, value);
  crypto::put_u64be(row, subject.newest_entry);
  crypto::put_bytes(row, subject.history.serialise());
  return row;
}

struct SubjectRow {
  SubjectKey key;
  Bytes value;
  Subject subject;
};

Result<SubjectRow> decode_subject_row(ByteView bytes) {
  crypto::Reader in(bytes);
  SubjectRow row;
  row.key = crypto::as_text(in.bytes(in.u16be()));
  const ByteView value = in.bytes(in.u32be());
  row.value.assign(value.begin(), value.end());
  const std::uint64_t newest_entry = in.u64be();
  auto history = crypto::CompactRange::parse(in.bytes(in.remaining()));
  auto decoded = decode_state_value(value);
  if (!history || !decoded) return error(Code::E_STORAGE_CORRUPT, "a subject row is malformed");
  row.subject = {decoded->kind, std::move(*history), std::move(decoded->fields), newest_entry};
  if (row.subject.value() != row.value) {
    return error(Code::E_STORAGE_CORRUPT, "the stored history of " + row.key + " is not the committed one");
  }
  return row;
}

}  // namespace

Bytes Position::encode() const {
  Bytes out;
  crypto::put_u64be(out, height);
  crypto::put_u64be(out, term);
  crypto::put_u64be(out, time_ms);
  crypto::put_bytes(out, block_hash.view());
  crypto::put_bytes(out, log.serialise());
  return out;
}

Result<Position> Position::decode(ByteView bytes) {
  crypto::Reader in(bytes);
  Position position;
  position.height = in.u64be();
  position.term = in.u64be();
  position.time_ms = in.u64be();
  position.block_hash = in.fixed<Digest>();
  auto log = crypto::CompactRange::parse(in.bytes(in.remaining()));
  if (!in.ok() || !log) return error(Code::E_STORAGE_CORRUPT, "the stored position is malformed");
  position.log = std::move(*log);
  return position;
}

Result<std::unique_ptr<State>> State::open(Storage& storage) {
  std::unique_ptr<State> state(new State(storage));
  if (auto loaded = state->load(storage); !loaded) return loaded.error();
  return state;
}

Result<void> State::load(Storage& storage) {
  auto stored = storage.get(tagged('p'));
  if (!stored) return stored.error();
  if (!*stored) {
    // The position is written with the rows: without it there are none, or they are not to be built upon.
    auto any = storage.first(KeyRange::all());
    if (!any) return any.error();
    if (*any) return error(Code::E_STORAGE_CORRUPT, "state/ has rows and no position");
    return {};
  }
  auto position = Position::decode(**stored);
  if (!position) return position.error();
  position_ = std::move(*position);

  std::vector<crypto::StateRow> rows;
  Result<void> outcome;
  auto scanned =
      storage.scan(KeyRange::prefix(tagged('s')), Direction::kForward, [&](ByteView key, ByteView value) {
        auto row = decode_subject_row(value);
        if (!row) {
          outcome = row.error();
          return false;
        }
        const Digest key_hash = crypto::sha256(row->key);
        if (crypto::as_text(key) != crypto::as_text(subject_row_key(key_hash))) {
          outcome = error(Code::E_STORAGE_CORRUPT, "the row of " + row->key + " stands in another's place");
          return false;
        }
        rows.push_back({key_hash, crypto::sha256(row->value)});
        return true;
      });
  if (!scanned) return scanned;
  if (!outcome) return outcome;
  tree_ = crypto::StateTree(rows);
  return {};
}

Result<std::optional<Subject>> State::subject(const SubjectKey& key) const {
  auto stored = rows_.get(subject_row_key(crypto::sha256(key)));
  if (!stored) return stored.error();
  if (!*stored) return std::optional<Subject>();
  auto row = decode_subject_row(**stored);
  if (!row) return row.error();
  return std::optional(std::move(row->subject));
}

Result<bool> State::is_spent(const SpentId& id) const {
  auto stored = rows_.get(spent_row_key(id));
  if (!stored) return stored.error();
  return stored->has_value();
}

Result<std::vector<DueRow>> State::due_until(std::uint64_t time_ms, std::size_t limit) const {
  KeyRange range{tagged('d'), tagged('d')};
  crypto::put_u64be(range.end, time_ms + 1);
  std::vector<DueRow> due;
  Result<void> outcome;
  auto scanned = rows_.scan(range, Direction::kForward, [&](ByteView key, ByteView) {
    auto row = decode_due_row(key);
    if (!row) {
      outcome = row.error();
      return false;
    }
    due.push_back(std::move(*row));
    return due.size() < limit;
  });
  if (!scanned) return scanned.error();
  if (!outcome) return outcome.error();
  return due;
}

Result<std::optional<std::uint64_t>> State::next_due_ms() const {
  auto rows = due_until(UINT64_MAX - 1, 1);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<std::uint64_t>();
  return std::optional(rows->front().time_ms);
}

Digest State::apply(const StateChanges& changes) {
  std::vector<crypto::HashedStateChange> hashed;
  hashed.reserve(changes.subjects.size());
  for (const auto& [key, subject] : changes.subjects) {
    hashed.push_back({crypto::sha256(key), crypto::sha256(subject.value())});
  }
  tree_.apply(hashed);
  return tree_.root();
}

void State::publish(const StateChanges& changes, const Position& position) {
  RowChanges rows;
  for (const auto& [key, subject] : changes.subjects) {
    rows[subject_row_key(crypto::sha256(key))] = encode_subject_row(key, subject);
  }
  for (const auto& [row, added] : changes.due) {
    rows[due_row_key(row)] = added ? std::optional(Bytes()) : std::nullopt;
  }
  for (const auto& [id, log_index] : changes.spent) {
    Bytes index;
    crypto::put_u64be(index, log_index);
    rows[spent_row_key(id)] = std::move(index);
  }
  drop_expired(position.time_ms, rows);
  rows[tagged('p')] = position.encode();
  position_ = position;
  rows_.publish(std::move(rows));
}

void State::drop_expired(std::uint64_t time_ms, RowChanges& rows) const {
  KeyRange range{tagged('x'), tagged('x')};
  crypto::put_u32be(range.end, static_cast<std::uint32_t>(time_ms / kHourMs));
  std::size_t dropped = 0;
  // A row that cannot be read now is dropped with a later block; nothing that executes looks at it.
  (void)rows_.scan(range, Direction::kForward, [&](ByteView key, ByteView) {
    rows[Bytes(key.begin(), key.end())] = std::nullopt;
    return ++dropped < kDroppedRowsMax;
  });
}

}  // namespace circula::ledger
