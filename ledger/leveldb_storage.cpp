#include "ledger/leveldb_storage.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/write_batch.h>

#include <utility>

#include "crypto/encoding.h"
#include "ledger/leveldb_env.h"
#include "ledger/value_seal.h"

namespace circula::ledger {

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr int kBloomBitsPerKey = 10;  // 1 % false positives; what Bitcoin and geth use

// reliability.md 3.3. A write buffer exists twice while it is flushed, and is what an open replays at most.
// Open files: four instances stay below 500, so that a limit of 1,024 leaves room for sockets.
struct Tuning {
  std::size_t write_buffer_bytes;
  std::size_t table_bytes;
  std::size_t block_bytes;
  std::size_t cache_bytes;
  int open_files;
  bool bloom;
};

Tuning tuning_of(Instance instance) {
  switch (instance) {
    case Instance::kChain:
      return {32 * kMiB, 32 * kMiB, 64 * kKiB, 8 * kMiB, 100, false};
    case Instance::kMeta:
      return {1 * kMiB, 2 * kMiB, 4 * kKiB, 1 * kMiB, 74, false};
    case Instance::kState:
      return {32 * kMiB, 8 * kMiB, 4 * kKiB, 64 * kMiB, 150, true};
    case Instance::kIndex:
      break;
  }
  return {32 * kMiB, 32 * kMiB, 8 * kKiB, 64 * kMiB, 150, true};
}

leveldb::Slice slice(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

ByteView bytes(const leveldb::Slice& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class SilentLogger final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

}  // namespace

// Everything that a database needs while it is open. Members are destroyed from the last to the first: the
// database before what it uses, the lock at the very end.
struct LevelDbStorage::Core {
  Core(DirectoryLock held, LevelDbOptions chosen)
      : options(std::move(chosen)),
        lock(std::move(held)),
        latch(options.on_failure),
        env(*options.disk, latch) {}

  [[nodiscard]] Error to_error(const leveldb::Status& status) const {
    if (latch.tripped()) return latch.cause();
    const std::string detail = options.directory + ": " + status.ToString();
    return error(status.IsCorruption() ? Code::E_STORAGE_CORRUPT : Code::E_STORAGE_FAILED, detail);
  }

  [[nodiscard]] leveldb::ReadOptions read_options(const leveldb::Snapshot* at) const {
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    read.snapshot = at;
    return read;
  }

  [[nodiscard]] Result<Bytes> unsealed(ByteView key, ByteView stored) const {
    auto value = open_value(key, stored);
    if (value) return std::move(*value);
    return error(Code::E_STORAGE_CORRUPT,
                 options.directory + ": the value of key " + crypto::to_hex(key) + " does not have its hash");
  }

  [[nodiscard]] leveldb::Status open_database();
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, const leveldb::Snapshot* at) const;
  [[nodiscard]] Result<void> scan(const KeyRange& range, Direction direction, const RowVisitor& visit,
                                  const leveldb::Snapshot* at) const;
  [[nodiscard]] Result<void> write(const WriteBatch& batch);

  const LevelDbOptions options;
  const DirectoryLock lock;
  std::vector<TornTail> torn_tails;
  FailureLatch latch;
  LevelDbEnv env;
  SilentLogger logger;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> bloom;
  std::mutex writing;  // one write at a time: the next begins when the one before is synced
  std::unique_ptr<leveldb::DB> db;
};

leveldb::Status LevelDbStorage::Core::open_database() {
  const Tuning tuning = tuning_of(options.instance);
  cache.reset(leveldb::NewLRUCache(tuning.cache_bytes));
  if (tuning.bloom) bloom.reset(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey));

  leveldb::Options chosen;
  chosen.env = &env;
  chosen.info_log = &logger;
  chosen.create_if_missing = true;
  chosen.paranoid_checks = true;
  chosen.reuse_logs = false;  // it would append behind what a crash left (google/leveldb issue 1287)
  chosen.compression = leveldb::kNoCompression;  // hashes and signatures do not shrink
  chosen.write_buffer_size =
      options.write_buffer_bytes != 0 ? options.write_buffer_bytes : tuning.write_buffer_bytes;
  chosen.max_file_size = tuning.table_bytes;
  chosen.block_size = tuning.block_bytes;
  chosen.max_open_files = tuning.open_files;
  chosen.block_cache = cache.get();
  chosen.filter_policy = bloom.get();

  leveldb::DB* opened = nullptr;
  leveldb::Status status = leveldb::DB::Open(chosen, options.directory, &opened);
  db.reset(opened);
  return status;
}

Result<std::optional<Bytes>> LevelDbStorage::Core::get(ByteView key, const leveldb::Snapshot* at) const {
  if (latch.tripped()) return latch.cause();
  std::string stored;
  const leveldb::Status status = db->Get(read_options(at), slice(key), &stored);
  if (status.IsNotFound()) return std::optional<Bytes>{};
  if (!status.ok()) return to_error(status);
  auto value = unsealed(key, crypto::as_bytes(stored));
  if (!value) return value.error();
  return std::optional<Bytes>(std::move(*value));
}

Result<void> LevelDbStorage::Core::scan(const KeyRange& range, Direction direction, const RowVisitor& visit,
                                        const leveldb::Snapshot* at) const {
  if (latch.tripped()) return latch.cause();
  leveldb::ReadOptions read = read_options(at);
  read.fill_cache = false;  // an export must not drive out what execution reads
  const std::unique_ptr<leveldb::Iterator> row(db->NewIterator(read));
  if (direction == Direction::kForward) {
    row->Seek(slice(range.begin));
  } else if (range.end.empty()) {
    row->SeekToLast();
  } else {
    row->Seek(slice(range.end));
    if (row->Valid()) {
      row->Prev();
    } else if (row->status().ok()) {
      row->SeekToLast();
    }
  }
  while (row->Valid()) {
    // LevelDB's iterator steps over a block that it cannot read and goes on behind it: without this look at
    // the status a row behind the hole would be taken for the next one.
    if (const leveldb::Status status = row->status(); !status.ok()) return to_error(status);
    const ByteView key = bytes(row->key());
    if (!range.contains(key)) break;
    const auto value = unsealed(key, bytes(row->value()));
    if (!value) return value.error();
    if (!visit(key, *value)) return {};
    direction == Direction::kForward ? row->Next() : row->Prev();
  }
  if (const leveldb::Status status = row->status(); !status.ok()) return to_error(status);
  return {};
}

Result<void> LevelDbStorage::Core::write(const WriteBatch& batch) {
  leveldb::WriteBatch changes;
  std::string stored;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const WriteBatch::Change change = batch[i];
    if (change.value) {
      seal_value(change.key, *change.value, stored);
      changes.Put(slice(change.key), stored);
    } else {
      changes.Delete(slice(change.key));
    }
  }
  leveldb::WriteOptions synced;
  synced.sync = true;
  const std::lock_guard one_at_a_time(writing);
  if (latch.tripped()) return latch.cause();
  if (batch.empty()) return {};
  const leveldb::Status status = db->Write(synced, &changes);
  if (status.ok() && !latch.tripped()) return {};
  latch.trip(to_error(status));
  return latch.cause();
}

// A LevelDB snapshot and the core that it belongs to.
class LevelDbStorage::View final : public Snapshot {
 public:
  explicit View(std::shared_ptr<Core> core) : core_(std::move(core)), at_(core_->db->GetSnapshot()) {}
  ~View() override { core_->db->ReleaseSnapshot(at_); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Result<std::optional<Bytes>> get(ByteView key) const override { return core_->get(key, at_); }
  Result<void> scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const override {
    return core_->scan(range, direction, visit, at_);
  }

 private:
  const std::shared_ptr<Core> core_;
  const leveldb::Snapshot* const at_;
};

Result<std::unique_ptr<LevelDbStorage>> LevelDbStorage::open(LevelDbOptions options) {
  DiskCalls& disk = *options.disk;
  auto lock = DirectoryLock::take(disk, options.directory);
  if (!lock) return lock.error();
  if (auto claimed = claim_directory(disk, options.directory, options.versions); !claimed) {
    return claimed.error();
  }
  if (options.quarantine.empty()) options.quarantine = parent_directory(options.directory) + "/quarantine";
  auto cut = cut_torn_tails(disk, options.directory, options.quarantine);
  if (!cut) return cut.error();
  const auto core = std::make_shared<Core>(std::move(*lock), std::move(options));
  core->torn_tails = std::move(*cut);
  if (const leveldb::Status status = core->open_database(); !status.ok()) return core->to_error(status);
  return std::unique_ptr<LevelDbStorage>(new LevelDbStorage(core));
}

LevelDbStorage::LevelDbStorage(std::shared_ptr<Core> core) : core_(std::move(core)) {}
LevelDbStorage::~LevelDbStorage() = default;

Result<std::optional<Bytes>> LevelDbStorage::get(ByteView key) const { return core_->get(key, nullptr); }

Result<void> LevelDbStorage::scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const {
  return core_->scan(range, direction, visit, nullptr);
}

Result<void> LevelDbStorage::write(const WriteBatch& batch) { return core_->write(batch); }

Result<std::unique_ptr<Snapshot>> LevelDbStorage::snapshot() const {
  if (core_->latch.tripped()) return core_->latch.cause();
  return std::unique_ptr<Snapshot>(std::make_unique<View>(core_));
}

bool LevelDbStorage::failed() const { return core_->latch.tripped(); }

const std::vector<TornTail>& LevelDbStorage::torn_tails() const { return core_->torn_tails; }

StorageCounters LevelDbStorage::counters() const {
  const DiskCounters& counted = core_->env.counters();
  return {counted.bytes_written, counted.bytes_read, counted.syncs, counted.files_open};
}

std::string LevelDbStorage::statistics() const {
  std::string text;
  core_->db->GetProperty("leveldb.stats", &text);
  return text;
}

}  // namespace circula::ledger
