// Opening after a crash, on databases that LevelDB wrote: the one write that was in flight may be lost, in
// whatever shape the disk left it; every acknowledged one is there. And what is not the torn tail of that one
// write is refused, with nothing changed.
#include "ledger/torn_tail.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "ledger/crc32c.h"
#include "ledger/leveldb_storage.h"
#include "tests/ledger/faulty_disk.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::ledger {
namespace {

namespace fs = std::filesystem;

std::string key_of(int number) {
  std::string digits = std::to_string(number);
  return "key/" + std::string(6 - digits.size(), '0') + digits;
}

std::string value_of(int number, std::size_t size) {
  std::mt19937 random(static_cast<std::uint32_t>(number));
  std::string value(size, '\0');
  for (char& byte : value) byte = static_cast<char>(random());
  return value;
}

[[nodiscard]] Result<void> put(Storage& storage, int number, std::size_t value_bytes) {
  WriteBatch batch;
  batch.put(crypto::as_bytes(key_of(number)), crypto::as_bytes(value_of(number, value_bytes)));
  return storage.write(batch);
}

LevelDbOptions options_for(const fs::path& directory) {
  LevelDbOptions options;
  static test::UnsyncedDisk disk;
  options.instance = Instance::kChain;
  options.disk = &disk;
  options.directory = directory.string();
  return options;
}

fs::path only(const fs::path& directory, std::string_view part) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().find(part) == std::string::npos) continue;
    EXPECT_TRUE(found.empty()) << "two files with " << part;
    found = entry.path();
  }
  return found;
}

void expect_rows(const Storage& storage, int count, std::size_t value_bytes) {
  for (int i = 0; i < count; ++i) {
    const auto value = storage.get(crypto::as_bytes(key_of(i)));
    ASSERT_TRUE(value) << value.error().detail;
    ASSERT_TRUE(*value) << "acknowledged row " << i << " is missing";
    EXPECT_EQ(crypto::as_text(**value), value_of(i, value_bytes));
  }
}

// A file as it was when all acknowledged writes were in it, and as it is with the write in flight.
struct InFlight {
  std::string acknowledged;
  std::string complete;

  [[nodiscard]] std::size_t begin() const { return acknowledged.size(); }

  // Every shape in which a crash may leave it. `at_every_byte` for short records.
  [[nodiscard]] std::vector<std::string> shapes(bool at_every_byte) const {
    std::vector<std::string> all;
    const std::size_t step = at_every_byte ? 1 : 4001;
    for (std::size_t end = begin(); end < complete.size(); end += step)
      all.push_back(complete.substr(0, end));
    const std::size_t length = complete.size() - begin();
    std::mt19937 random(5);
    std::string garbage(length, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    all.push_back(acknowledged + std::string(length, '\0'));           // zeroed
    all.push_back(acknowledged + std::string(length + 100000, '\0'));  // the file grew, the data never came
    all.push_back(acknowledged + garbage);                             // garbled
    const std::size_t page = at_every_byte ? 512 : 4096;
    for (std::size_t at = begin(); at < complete.size();
         at = at - at % page + page) {  // a page missing, or garbled
      const std::size_t end = std::min(complete.size(), at - at % page + page);
      all.push_back(complete);
      all.back().replace(at, end - at, std::string(end - at, '\0'));
      all.push_back(complete);
      all.back().replace(at, end - at, garbage.substr(at - begin(), end - at));
    }
    return all;
  }
};

class TornTailTest : public testing::Test {
 protected:
  // What the rule says of one shape of `file` in a copy of `database`, which holds `rows` acknowledged rows.
  void expect_opens(const fs::path& database, const std::string& file, const std::string& shape,
                    const InFlight& in_flight, int rows, std::size_t value_bytes) {
    const fs::path copy = scratch_.path() / "copy";
    const fs::path quarantine = scratch_.path() / "quarantine";
    fs::remove_all(copy);
    fs::remove_all(quarantine);
    fs::copy(database, copy, fs::copy_options::recursive);
    test::write_text(copy / file, shape);
    {
      const auto opened = LevelDbStorage::open(options_for(copy));
      ASSERT_TRUE(opened) << opened.error().detail;
      expect_rows(**opened, rows, value_bytes);
      const auto& tails = (*opened)->torn_tails();
      if (shape == in_flight.acknowledged || shape == in_flight.complete) {
        EXPECT_TRUE(tails.empty());
        EXPECT_FALSE(fs::exists(quarantine));
      } else {
        ASSERT_EQ(tails.size(), 1U);
        EXPECT_EQ(tails[0].file, file);
        EXPECT_EQ(tails[0].intact_bytes, in_flight.begin());
        EXPECT_EQ(tails[0].file_bytes, shape.size());
        EXPECT_EQ(test::read_text(tails[0].copy), shape);
      }
    }
    const auto again = LevelDbStorage::open(options_for(copy));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE((*again)->torn_tails().empty());
    expect_rows(**again, rows, value_bytes);
  }

  test::ScratchDirectory scratch_;
};

TEST_F(TornTailTest, opens_behind_a_torn_log_with_every_acknowledged_write) {
  struct Shape {
    std::size_t acknowledged_bytes, in_flight_bytes;
    bool at_every_byte;
  };
  for (const auto& [acknowledged_bytes, in_flight_bytes, at_every_byte] :
       {Shape{30, 12, true}, Shape{9000, 40, false}, Shape{5000, 100000, false}}) {
    constexpr int kRows = 12;
    const fs::path database = scratch_.path() / ("database" + std::to_string(in_flight_bytes));
    InFlight in_flight;
    std::string log;
    {
      const auto storage = std::move(LevelDbStorage::open(options_for(database)).value());
      log = only(database, ".log").filename();
      for (int i = 0; i < kRows; ++i) ASSERT_TRUE(put(*storage, i, acknowledged_bytes));
      in_flight.acknowledged = test::read_text(database / log);
      ASSERT_TRUE(put(*storage, kRows, in_flight_bytes));
      in_flight.complete = test::read_text(database / log);
    }
    for (const std::string& shape : in_flight.shapes(at_every_byte)) {
      ASSERT_NO_FATAL_FAILURE(expect_opens(database, log, shape, in_flight, kRows, acknowledged_bytes));
    }
  }
}

// Stops the world when an edit of a chosen size of history is about to be added to the MANIFEST, and keeps a
// copy of the directory as it is at that moment.
class ManifestCopier : public test::FaultyDisk {
 public:
  ManifestCopier(fs::path from, fs::path to) : from_(std::move(from)), to_(std::move(to)) {}

  std::atomic<int> acknowledged{0};
  int rows_at_copy = -1;
  std::string manifest;
  InFlight in_flight;

  ssize_t write(int descriptor, const void* data, std::size_t size) override {
    const std::string path = path_of(descriptor);
    if (path.find("MANIFEST") != std::string::npos && size > 0 && ++edits_ == kEditToCopy) {
      rows_at_copy = acknowledged;
      manifest = fs::path(path).filename();
      fs::copy(from_, to_, fs::copy_options::recursive);
      in_flight.acknowledged = test::read_text(path);
      in_flight.complete = in_flight.acknowledged + std::string(static_cast<const char*>(data), size);
    }
    return FaultyDisk::write(descriptor, data, size);
  }

 private:
  // Two make the first MANIFEST, two more the second; then one each for a flush or a compaction.
  static constexpr int kEditToCopy = 8;
  const fs::path from_;
  const fs::path to_;
  int edits_ = 0;
};

TEST_F(TornTailTest, opens_behind_a_torn_manifest_with_every_acknowledged_write) {
  constexpr std::size_t kValueBytes = 8000;
  const fs::path live = scratch_.path() / "live";
  const fs::path database = scratch_.path() / "database";
  ManifestCopier disk(live, database);
  {
    LevelDbOptions options = options_for(live);
    options.disk = &disk;
    options.write_buffer_bytes = 65536;
    const auto storage = std::move(LevelDbStorage::open(options).value());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(put(*storage, i, kValueBytes));
      disk.acknowledged = i + 1;
    }
  }
  ASSERT_GT(disk.rows_at_copy, 0);
  // The copy was made while another thread wrote: what that left of the newest log is not this test's matter.
  { ASSERT_TRUE(cut_torn_tails(system_disk(), database.string(), scratch_ / "elsewhere")); }
  for (const std::string& shape : disk.in_flight.shapes(true)) {
    ASSERT_NO_FATAL_FAILURE(
        expect_opens(database, disk.manifest, shape, disk.in_flight, disk.rows_at_copy, kValueBytes));
  }
}

class CorruptionTest : public testing::Test {
 protected:
  static constexpr int kRows = 40;

  CorruptionTest() {
    const auto storage = std::move(LevelDbStorage::open(options_for(database_)).value());
    for (int i = 0; i < kRows; ++i) EXPECT_TRUE(put(*storage, i, 3000));
  }

  void expect_refused(const std::string& what) {
    const auto before = test::contents_of(scratch_.path());
    const auto opened = LevelDbStorage::open(options_for(database_));
    ASSERT_FALSE(opened) << what;
    EXPECT_EQ(opened.error().code, Code::E_STORAGE_CORRUPT) << what;
    EXPECT_EQ(test::contents_of(scratch_.path()), before) << what;
  }

  void expect_refused_with(const fs::path& file, const std::string& content, const std::string& what) {
    const std::string good = test::read_text(file);
    test::write_text(file, content);
    expect_refused(what);
    test::write_text(file, good);
  }

  test::ScratchDirectory scratch_;
  const fs::path database_ = scratch_.path() / "chain";
};

TEST_F(CorruptionTest, refuses_damage_before_the_last_record_of_a_log) {
  const fs::path log = only(database_, ".log");
  const std::string good = test::read_text(log);
  for (std::size_t at = 0; at + 3200 < good.size(); at += 997) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    expect_refused_with(log, flipped, "bit at " + std::to_string(at));
  }
  for (std::size_t page = 0; page + 4096 + 3200 < good.size(); page += 4096) {
    std::string missing = good;
    missing.replace(page, 4096, std::string(4096, '\0'));
    expect_refused_with(log, missing, "page at " + std::to_string(page));
  }
}

TEST_F(CorruptionTest, refuses_damage_before_the_last_edit_of_the_manifest) {
  const fs::path manifest = only(database_, "MANIFEST");
  const std::string good = test::read_text(manifest);
  // The first edit is the snapshot; the second was synced before CURRENT named the file.
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    expect_refused_with(manifest, flipped, "bit at " + std::to_string(at));
    expect_refused_with(manifest, good.substr(0, at), "cut at " + std::to_string(at));
  }
}

TEST_F(CorruptionTest, refuses_a_torn_log_that_is_not_the_newest) {
  const fs::path log = only(database_, ".log");
  const std::string good = test::read_text(log);
  test::write_text(database_ / "000999.log", "");
  expect_refused_with(log, good.substr(0, good.size() - 1), "older log cut");
  EXPECT_TRUE(LevelDbStorage::open(options_for(database_)));
}

// LevelDB answers each of these by beginning anew, or does not notice.
TEST_F(CorruptionTest, refuses_a_directory_in_which_a_file_is_missing) {
  for (const std::string& name : {std::string("CURRENT"), only(database_, ".log").filename().string(),
                                  only(database_, "MANIFEST").filename().string()}) {
    const fs::path away = scratch_.path() / "away";
    fs::rename(database_ / name, away);
    expect_refused(name + " is missing");
    fs::rename(away, database_ / name);
  }
  for (const std::string content : {"", "MANIFEST-000002", "MANIFEST-999999\n", "LOCK\n", "\n"}) {
    expect_refused_with(database_ / "CURRENT", content, "CURRENT holds " + content);
  }
  expect_refused_with(database_ / "CURRENT", std::string(16, '\0'), "CURRENT zeroed");
  const auto opened = LevelDbStorage::open(options_for(database_));
  ASSERT_TRUE(opened);
  expect_rows(**opened, kRows, 3000);
}

TEST(TornTail, keeps_the_newest_copies_in_quarantine) {
  test::ScratchDirectory scratch;
  const fs::path database = scratch.path() / "state";
  for (int crash = 0; crash < 12; ++crash) {
    {
      const auto storage = std::move(LevelDbStorage::open(options_for(database)).value());
      ASSERT_TRUE(put(*storage, crash, 100));
    }
    const fs::path log = only(database, ".log");
    test::write_text(log, test::read_text(log) + "torn");
  }
  ASSERT_TRUE(LevelDbStorage::open(options_for(database)));
  const auto kept = test::contents_of(scratch.path() / "quarantine");
  EXPECT_EQ(kept.size(), kQuarantineCopiesMax);
  EXPECT_TRUE(std::ranges::any_of(kept, [](const auto& copy) { return copy.first.ends_with(".12"); }));
  EXPECT_TRUE(std::ranges::none_of(kept, [](const auto& copy) { return copy.first.ends_with(".4"); }));
}

// A client puts the bytes of a good log fragment into its record. The block that carries it is torn in front
// of those bytes: were they on disk as they came, the scan would find "a good fragment behind the bad one"
// and refuse the database of every node on which that happened. The values are sealed, so they are not.
TEST(TornTail, is_not_misled_by_fragments_inside_a_value) {
  std::string payload = "twelve bytes and a little more";
  Bytes guarded{1};
  guarded.insert(guarded.end(), payload.begin(), payload.end());
  const std::uint32_t crc = masked_crc32c(crc32c(guarded));
  std::string fragment;
  for (int shift = 0; shift < 32; shift += 8) fragment.push_back(static_cast<char>(crc >> shift));
  fragment.push_back(static_cast<char>(payload.size()));
  fragment.push_back('\0');
  fragment += std::string(guarded.begin(), guarded.end());

  test::ScratchDirectory scratch;
  const fs::path database = scratch.path() / "chain";
  std::size_t begin = 0;
  fs::path log;
  {
    const auto storage = std::move(LevelDbStorage::open(options_for(database)).value());
    log = only(database, ".log");
    ASSERT_TRUE(put(*storage, 0, 100));
    begin = fs::file_size(log);
    std::string value(5000, 'x');
    for (int i = 0; i < 50; ++i) value += fragment;
    WriteBatch batch;
    batch.put(crypto::as_bytes("block"), crypto::as_bytes(value));
    ASSERT_TRUE(storage->write(batch));
  }
  std::string torn = test::read_text(log);
  torn.replace(begin, 512, std::string(512, '\0'));
  test::write_text(log, torn);
  const auto opened = LevelDbStorage::open(options_for(database));
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ((*opened)->torn_tails().size(), 1U);
  expect_rows(**opened, 1, 100);
}

}  // namespace
}  // namespace circula::ledger
