#include "ledger/audit_rows.h"

#include <string_view>

#include "crypto/encoding.h"
#include "ledger/log_index.h"

namespace circula::ledger {
namespace {

// The tags of log_index.h. An envelope's row is written again when the envelope comes again, the height with
// each block; every other row is written once.
constexpr char kEnvelopeTag = 'v';
constexpr char kHeightTag = 'p';
constexpr std::string_view kWrittenOnce = "eBrhtTk";
constexpr std::string_view kComparedHere = "rtTk";

char tag_of(ByteView key) { return key.empty() ? '\0' : static_cast<char>(key.front()); }
bool holds(std::string_view tags, char tag) { return tags.find(tag) != std::string_view::npos; }

std::string row_name(std::string_view instance, ByteView key) {
  return std::string(instance) + "/: the row " + crypto::to_hex(key);
}

// Whether an envelope's row points at entries of that envelope, in the block and body that it names: the
// entries themselves have been compared. Of several places of one envelope the first that decided counts.
Result<bool> leads_to_its_entries(const LogIndex& index, const Digest& envelope_id,
                                  const proto::IndexedEnvelope& row) {
  bool decided = false;
  bool decided_elsewhere = false;
  for (std::uint64_t number = 0; number < row.records(); ++number) {
    const std::uint64_t at = row.first_entry() + number;
    auto stored = index.entry(at);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->height() != row.height() || (*stored)->body() != row.body()) return false;
    const auto decoded = decode_entry(crypto::as_bytes((*stored)->entry()));
    const auto* entry = decoded ? std::get_if<RecordEntry>(&*decoded) : nullptr;
    if (entry == nullptr || entry->envelope_id != envelope_id || entry->position != number) return false;
    decided = decided || entry->effects > 0;
    auto known = index.record(entry->record_id);
    if (!known) return known.error();
    decided_elsewhere = decided_elsewhere || (*known && **known != at);
  }
  const auto next = index.entry(row.first_entry() + row.records());
  if (!next) return next.error();
  if (!*next) return false;  // a block entry at the least follows
  const auto decoded = decode_entry(crypto::as_bytes((*next)->entry()));
  const auto* entry = decoded ? std::get_if<RecordEntry>(&*decoded) : nullptr;
  const bool whole = entry == nullptr || entry->position == 0;
  return row.records() > 0 && whole && (decided || !decided_elsewhere);
}

}  // namespace

Result<std::unique_ptr<Snapshot>> IndexRows::snapshot() const {
  return error(Code::E_STORAGE_FAILED, "an audit keeps no index");
}

void IndexRows::unreadable(const Error& fault) {
  findings_.add("I05", 0, "index/ cannot be read: " + fault.detail);
  stored_ = nullptr;
}

Result<void> IndexRows::write(const WriteBatch& batch) {
  for (std::size_t number = 0; number < batch.size() && stored_ != nullptr; ++number) {
    const WriteBatch::Change change = batch[number];
    if (!change.value) continue;
    const char tag = tag_of(change.key);
    if (holds(kWrittenOnce, tag)) ++written_[tag];
    if (holds(kComparedHere, tag) || tag == kEnvelopeTag) compare(change.key, *change.value);
  }
  return {};
}

void IndexRows::compare(ByteView key, ByteView value) {
  auto stored = stored_->get(key);
  if (!stored) return unreadable(stored.error());
  if (!*stored) {
    findings_.add("I05", 0, row_name("index", key) + " is missing");
  } else if (tag_of(key) != kEnvelopeTag && crypto::as_text(**stored) != crypto::as_text(value)) {
    findings_.add("I05", 0, row_name("index", key) + " is another than execution gives");
  }
}

void IndexRows::check_envelope(const Row& row, std::uint64_t height) {
  proto::IndexedEnvelope parsed;
  const bool good = row.key.size() == 1 + Digest::kSize &&
                    parsed.ParseFromArray(row.value.data(), static_cast<int>(row.value.size()));
  auto leads = good ? leads_to_its_entries(*index_, Digest::from(ByteView(row.key).subspan(1)), parsed)
                    : Result<bool>(false);
  if (!leads || !*leads) {
    findings_.add("I05", height, row_name("index", row.key) + " does not lead to its envelope's entries");
  }
}

void IndexRows::finish(std::uint64_t height) {
  if (stored_ == nullptr) return;
  std::map<char, std::uint64_t> found;
  std::vector<Row> envelopes;  // of the part that is looked at next
  Bytes after;
  // In parts, because a look at an entry is another read of the same storage.
  constexpr std::size_t kPartRows = 4096;
  for (bool more = true; more;) {
    envelopes.clear();
    more = false;
    std::size_t rows = 0;
    auto scanned = stored_->scan({after, {}}, Direction::kForward, [&](ByteView key, ByteView value) {
      if (rows++ == kPartRows) {
        after.assign(key.begin(), key.end());
        more = true;
        return false;
      }
      const char tag = tag_of(key);
      if (tag == kEnvelopeTag) {
        envelopes.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
      } else if (holds(kWrittenOnce, tag)) {
        ++found[tag];
      } else if (key.size() != 1 || tag != kHeightTag) {
        findings_.add("I05", height, row_name("index", key) + " is of no kind that an index has");
      }
      return true;
    });
    if (!scanned) return unreadable(scanned.error());
    for (const Row& row : envelopes) check_envelope(row, height);
  }
  for (const char tag : kWrittenOnce) {
    if (found[tag] != written_[tag]) {
      findings_.add("I05", height,
                    "index/ has " + std::to_string(found[tag]) + " rows of kind " + std::string(1, tag) +
                        ", execution gives " + std::to_string(written_[tag]));
    }
  }
  stored_ = nullptr;
}

void compare_state_rows(const Reader& stored, const Reader& computed, std::uint64_t height,
                        AuditFindings& findings) {
  // A row on one side that the other lacks or has otherwise; a row with two values is found once.
  const auto look = [&](const Reader& from, const Reader& in, bool values) {
    Result<void> outcome;
    auto scanned = from.scan(KeyRange::all(), Direction::kForward, [&](ByteView key, ByteView value) {
      auto other = in.get(key);
      if (!other) {
        outcome = other.error();
        return false;
      }
      if (!*other) {
        findings.add("I05", height, row_name("state", key) + (values ? " is one too many" : " is missing"));
      } else if (values && crypto::as_text(**other) != crypto::as_text(value)) {
        findings.add("I05", height, row_name("state", key) + " is another than execution gives");
      }
      return true;
    });
    if (scanned && outcome) return;
    findings.add("I05", height,
                 "state/ cannot be read: " + (scanned ? outcome.error().detail : scanned.error().detail));
  };
  look(stored, computed, true);
  look(computed, stored, false);
}

}  // namespace circula::ledger
