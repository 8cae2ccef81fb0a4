// The contract of storage.h, the same cases against every implementation, and random operations against
// std::map as the reference.
#include "ledger/storage.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "ledger/leveldb_storage.h"
#include "ledger/memory_storage.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::ledger {
namespace {

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
std::string text(ByteView view) { return std::string(crypto::as_text(view)); }

WriteBatch puts(std::initializer_list<std::pair<std::string_view, std::string_view>> rows) {
  WriteBatch batch;
  for (const auto& [key, value] : rows) batch.put(crypto::as_bytes(key), crypto::as_bytes(value));
  return batch;
}

std::string keys(const Reader& reader, const KeyRange& range, Direction direction) {
  std::string found;
  const auto scanned = reader.scan(range, direction, [&](ByteView key, ByteView) {
    found += text(key) + " ";
    return true;
  });
  EXPECT_TRUE(scanned);
  return found;
}

struct InMemory {
  MemoryStorage storage;
  Storage& get() { return storage; }
};

struct OnDisk {
  test::ScratchDirectory scratch;
  std::unique_ptr<LevelDbStorage> storage;
  OnDisk() {
    LevelDbOptions options;
    options.directory = scratch / "state";
    storage = std::move(LevelDbStorage::open(options).value());
  }
  Storage& get() { return *storage; }
};

template <class Kind>
class StorageContract : public testing::Test {
 protected:
  Kind kind_;
  Storage& storage_ = kind_.get();
};

using Kinds = testing::Types<InMemory, OnDisk>;
TYPED_TEST_SUITE(StorageContract, Kinds);

TYPED_TEST(StorageContract, reads_what_was_written_and_nothing_else) {
  ASSERT_TRUE(this->storage_.write(puts({{"a", "1"}, {"b", ""}})));
  EXPECT_EQ(this->storage_.get(bytes("a")).value(), bytes("1"));
  EXPECT_EQ(this->storage_.get(bytes("b")).value(), bytes(""));
  EXPECT_EQ(this->storage_.get(bytes("c")).value(), std::nullopt);
  EXPECT_EQ(this->storage_.get(bytes("")).value(), std::nullopt);
}

TYPED_TEST(StorageContract, applies_the_changes_of_a_batch_in_order) {
  WriteBatch batch = puts({{"a", "1"}, {"a", "2"}, {"b", "1"}});
  batch.remove(bytes("b"));
  batch.remove(bytes("c"));
  batch.append(puts({{"c", "3"}}));
  ASSERT_TRUE(this->storage_.write(batch));
  EXPECT_EQ(this->storage_.get(bytes("a")).value(), bytes("2"));
  EXPECT_EQ(this->storage_.get(bytes("b")).value(), std::nullopt);
  EXPECT_EQ(this->storage_.get(bytes("c")).value(), bytes("3"));
}

TYPED_TEST(StorageContract, scans_in_the_order_of_unsigned_bytes) {
  ASSERT_TRUE(this->storage_.write(puts({{"b", ""}, {"ab", ""}, {"a", ""}, {"\xff", ""}, {"a\x7f", ""}})));
  EXPECT_EQ(keys(this->storage_, KeyRange::all(), Direction::kForward), "a ab a\x7f b \xff ");
  EXPECT_EQ(keys(this->storage_, KeyRange::all(), Direction::kReverse), "\xff b a\x7f ab a ");
}

TYPED_TEST(StorageContract, scans_from_begin_inclusive_to_end_exclusive) {
  ASSERT_TRUE(this->storage_.write(puts({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}})));
  const auto scan = [&](std::string_view begin, std::string_view end) {
    const KeyRange range{bytes(begin), bytes(end)};
    const std::string forward = keys(this->storage_, range, Direction::kForward);
    const std::string reverse = keys(this->storage_, range, Direction::kReverse);
    EXPECT_EQ(std::string(reverse.rbegin(), reverse.rend()),
              forward.empty() ? "" : " " + forward.substr(0, forward.size() - 1));
    return forward;
  };
  EXPECT_EQ(scan("b", "d"), "b c ");
  EXPECT_EQ(scan("aa", "cc"), "b c ");
  EXPECT_EQ(scan("b", ""), "b c d ");
  EXPECT_EQ(scan("", "b"), "a ");
  EXPECT_EQ(scan("b", "b"), "");
  EXPECT_EQ(scan("c", "b"), "");
  EXPECT_EQ(scan("x", "z"), "");
}

TYPED_TEST(StorageContract, finds_first_last_and_the_row_before_a_key) {
  ASSERT_TRUE(this->storage_.write(puts({{"a/1", "x"}, {"a/3", "y"}, {"b/1", "z"}})));
  const Reader& reader = this->storage_;
  EXPECT_EQ(reader.first(KeyRange::prefix(bytes("a/"))).value(), (Row{bytes("a/1"), bytes("x")}));
  EXPECT_EQ(reader.last(KeyRange::prefix(bytes("a/"))).value(), (Row{bytes("a/3"), bytes("y")}));
  EXPECT_EQ(reader.last_before(bytes("a/3")).value(), (Row{bytes("a/1"), bytes("x")}));
  EXPECT_EQ(reader.last_before(bytes("a/4")).value(), (Row{bytes("a/3"), bytes("y")}));
  EXPECT_EQ(reader.last_before(bytes("zz")).value(), (Row{bytes("b/1"), bytes("z")}));
  EXPECT_EQ(reader.last_before(bytes("a/1")).value(), std::nullopt);
  EXPECT_EQ(reader.last_before({}).value(), std::nullopt);
  EXPECT_EQ(reader.first(KeyRange::prefix(bytes("c"))).value(), std::nullopt);
}

TYPED_TEST(StorageContract, ends_a_scan_when_the_visitor_has_enough) {
  ASSERT_TRUE(this->storage_.write(puts({{"a", ""}, {"b", ""}, {"c", ""}})));
  int visited = 0;
  ASSERT_TRUE(this->storage_.scan(KeyRange::all(), Direction::kForward,
                                  [&](ByteView, ByteView) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2);
}

TYPED_TEST(StorageContract, lets_a_visitor_read) {
  ASSERT_TRUE(this->storage_.write(puts({{"a", "b"}, {"b", "a"}})));
  ASSERT_TRUE(this->storage_.scan(KeyRange::all(), Direction::kForward, [&](ByteView key, ByteView value) {
    EXPECT_EQ(this->storage_.get(value).value(), Bytes(key.begin(), key.end()));
    return true;
  }));
}

TYPED_TEST(StorageContract, keeps_a_snapshot_as_it_was) {
  ASSERT_TRUE(this->storage_.write(puts({{"a", "1"}, {"b", "1"}})));
  const auto before = std::move(this->storage_.snapshot().value());
  WriteBatch batch = puts({{"a", "2"}, {"c", "2"}});
  batch.remove(bytes("b"));
  ASSERT_TRUE(this->storage_.write(batch));
  const auto after = std::move(this->storage_.snapshot().value());

  EXPECT_EQ(before->get(bytes("a")).value(), bytes("1"));
  EXPECT_EQ(before->get(bytes("c")).value(), std::nullopt);
  EXPECT_EQ(keys(*before, KeyRange::all(), Direction::kForward), "a b ");
  EXPECT_EQ(before->last(KeyRange::all()).value(), (Row{bytes("b"), bytes("1")}));
  EXPECT_EQ(keys(*after, KeyRange::all(), Direction::kForward), "a c ");
  EXPECT_EQ(after->get(bytes("a")).value(), bytes("2"));
}

TYPED_TEST(StorageContract, serves_snapshots_to_other_threads_while_it_writes) {
  ASSERT_TRUE(this->storage_.write(puts({{"left", "0"}, {"right", "0"}})));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto view = std::move(this->storage_.snapshot().value());
      EXPECT_EQ(view->get(bytes("left")).value(), view->get(bytes("right")).value());
    }
  });
  for (int i = 1; i <= 200; ++i) {
    const std::string value = std::to_string(i);
    EXPECT_TRUE(this->storage_.write(puts({{"left", value}, {"right", value}})));
  }
  done = true;
  reader.join();
}

TEST(WriteBatch, counts_its_changes_and_their_bytes) {
  WriteBatch batch = puts({{"key", "value"}});
  batch.remove(bytes("other"));
  EXPECT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch.size_bytes(), 13U);
  EXPECT_EQ(text(*batch[0].value), "value");
  EXPECT_EQ(text(batch[1].key), "other");
  EXPECT_FALSE(batch[1].value);
  batch.clear();
  EXPECT_TRUE(batch.empty());
}

TEST(KeyRange, ends_a_prefix_behind_all_keys_that_begin_with_it) {
  EXPECT_EQ(KeyRange::prefix(bytes("ab")).end, bytes("ac"));
  EXPECT_EQ(KeyRange::prefix(bytes("a\xff\xff")).end, bytes("b"));
  EXPECT_EQ(KeyRange::prefix(bytes("\xff")).end, bytes(""));
  EXPECT_TRUE(KeyRange::prefix(bytes("\xff")).contains(bytes("\xff\xff")));
  EXPECT_FALSE(KeyRange::prefix(bytes("ab")).contains(bytes("ac")));
}

TEST(MemoryStorage, refuses_everything_after_a_failure_until_the_disk_is_repaired) {
  MemoryStorage storage;
  ASSERT_TRUE(storage.write(puts({{"a", "1"}})));
  storage.fail(error(Code::E_STORAGE_FAILED, "broken"));
  EXPECT_TRUE(storage.failed());
  EXPECT_EQ(storage.write(puts({{"a", "2"}})).error().code, Code::E_STORAGE_FAILED);
  EXPECT_EQ(storage.get(bytes("a")).error().code, Code::E_STORAGE_FAILED);
  EXPECT_EQ(storage.snapshot().error().code, Code::E_STORAGE_FAILED);
  storage.repair();
  EXPECT_EQ(storage.get(bytes("a")).value(), bytes("1"));
}

TEST(LevelDbStorage, keeps_its_directory_open_while_a_snapshot_lives) {
  test::ScratchDirectory scratch;
  LevelDbOptions options;
  options.directory = scratch / "state";
  auto storage = std::move(LevelDbStorage::open(options).value());
  ASSERT_TRUE(storage->write(puts({{"a", "1"}})));
  auto view = std::move(storage->snapshot().value());
  storage.reset();
  EXPECT_EQ(view->get(bytes("a")).value(), bytes("1"));
  EXPECT_EQ(LevelDbStorage::open(options).error().code, Code::E_STORAGE_LOCKED);
  view.reset();
  EXPECT_TRUE(LevelDbStorage::open(options));
}

// Random batches, reads, scans, snapshots and reopens; a small write buffer makes LevelDB flush and compact.
TEST(LevelDbStorage, behaves_like_an_ordered_map) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t bound) { return random() % bound; };
    const auto random_bytes = [&](std::uint32_t length_max, std::uint32_t letters) {
      Bytes made(below(length_max + 1));
      for (auto& byte : made) byte = static_cast<std::uint8_t>(below(letters) * 255 / (letters - 1));
      return made;
    };
    const auto random_range = [&] { return KeyRange{random_bytes(4, 5), random_bytes(4, 5)}; };

    test::ScratchDirectory scratch;
    LevelDbOptions options;
    options.directory = scratch / "index";
    options.instance = Instance::kIndex;
    options.write_buffer_bytes = 65536;
    std::unique_ptr<LevelDbStorage> storage = std::move(LevelDbStorage::open(options).value());
    std::map<Bytes, Bytes> model;

    const auto expect_equal_scan = [&](const Reader& reader, const std::map<Bytes, Bytes>& expected) {
      const KeyRange range = random_range();
      std::vector<Row> wanted;
      for (const auto& [key, value] : expected) {
        if (key >= range.begin && (range.end.empty() || key < range.end)) wanted.push_back({key, value});
      }
      std::vector<Row> forward;
      std::vector<Row> reverse;
      for (auto [rows, direction] :
           {std::pair(&forward, Direction::kForward), {&reverse, Direction::kReverse}}) {
        ASSERT_TRUE(reader.scan(range, direction, [rows = rows](ByteView key, ByteView value) {
          rows->push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
          return true;
        }));
      }
      EXPECT_EQ(forward, wanted);
      EXPECT_EQ(std::vector<Row>(reverse.rbegin(), reverse.rend()), wanted);
    };

    std::unique_ptr<Snapshot> view;
    std::map<Bytes, Bytes> model_of_view;
    for (int step = 0; step < 600; ++step) {
      WriteBatch batch;
      for (std::uint32_t i = below(8); i > 0; --i) {
        const Bytes key = random_bytes(4, 5);
        if (below(4) == 0) {
          batch.remove(key);
          model.erase(key);
        } else {
          const Bytes value = random_bytes(2000, 256);
          batch.put(key, value);
          model[key] = value;
        }
      }
      ASSERT_TRUE(storage->write(batch));

      const Bytes key = random_bytes(4, 5);
      const auto expected = model.find(key);
      EXPECT_EQ(storage->get(key).value(),
                expected == model.end() ? std::nullopt : std::optional(expected->second));
      const auto at = model.lower_bound(key);
      const auto before = storage->last_before(key).value();
      EXPECT_EQ(before, at == model.begin()
                            ? std::nullopt
                            : std::optional(Row{std::prev(at)->first, std::prev(at)->second}));
      if (below(20) == 0) expect_equal_scan(*storage, model);
      if (view && below(20) == 0) expect_equal_scan(*view, model_of_view);
      if (below(50) == 0) {
        view = std::move(storage->snapshot().value());
        model_of_view = model;
      }
      if (below(60) == 0) {
        view.reset();
        storage.reset();
        storage = std::move(LevelDbStorage::open(options).value());
      }
    }
    EXPECT_GT(storage->counters().bytes_written, 0U);
  }
}

}  // namespace
}  // namespace circula::ledger
