// The torn-tail rule on logs that this file writes itself, after LevelDB's doc/log_format.md.
#include "ledger/log_scan.h"

#include <gtest/gtest.h>

#include <random>

#include "ledger/crc32c.h"

namespace circula::ledger {
namespace {

using crypto::Bytes;
using crypto::ByteView;

Bytes made_of(std::size_t size, std::uint8_t byte) { return Bytes(size, byte); }

TEST(Crc32c, agrees_with_rfc_3720_appendix_b_4) {
  Bytes ascending(32);
  for (std::size_t i = 0; i < ascending.size(); ++i) ascending[i] = static_cast<std::uint8_t>(i);
  const Bytes descending(ascending.rbegin(), ascending.rend());
  EXPECT_EQ(crc32c(made_of(32, 0x00)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(made_of(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cU);
  EXPECT_EQ(crc32c(crypto::as_bytes("6789"), crc32c(crypto::as_bytes("12345"))), 0xe3069283U);
}

// A log writer, and where each of its records begins.
struct Log {
  Bytes file;
  std::vector<std::size_t> begins;

  void fragment(std::uint8_t type, ByteView payload) {
    Bytes guarded{type};
    guarded.insert(guarded.end(), payload.begin(), payload.end());
    const std::uint32_t crc = masked_crc32c(crc32c(guarded));
    for (int shift = 0; shift < 32; shift += 8) file.push_back(static_cast<std::uint8_t>(crc >> shift));
    file.push_back(static_cast<std::uint8_t>(payload.size()));
    file.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
    file.insert(file.end(), guarded.begin(), guarded.end());
  }

  void add(ByteView record) {
    bool first = true;
    do {
      std::size_t left = 32768 - file.size() % 32768;
      if (left < 7) {
        file.resize(file.size() + left);
        left = 32768;
      }
      if (first) begins.push_back(file.size());
      const std::size_t size = std::min(record.size(), left - 7);
      const bool last = size == record.size();
      fragment(first ? (last ? 1 : 2) : (last ? 4 : 3), record.first(size));
      record = record.subspan(size);
      first = false;
      if (last) return;
    } while (true);
  }
};

Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes made(size);
  for (auto& byte : made) byte = static_cast<std::uint8_t>(random());
  return made;
}

TEST(LogScan, reads_whole_logs_of_every_record_size_around_a_block) {
  for (const std::size_t size : {0UL, 1UL, 32754UL, 32755UL, 32756UL, 32760UL, 32761UL, 32762UL, 70000UL}) {
    std::mt19937 random(1);
    Log log;
    std::vector<Bytes> records;
    for (const std::size_t each : {std::size_t{100}, size, std::size_t{0}, size, std::size_t{5}}) {
      records.push_back(random_bytes(random, each));
      log.add(records.back());
    }
    std::vector<Bytes> read;
    const auto verdict =
        scan_log(log.file, [&](ByteView record) { read.emplace_back(record.begin(), record.end()); });
    EXPECT_EQ(verdict.state, LogState::kWhole) << verdict.reason;
    EXPECT_EQ(verdict.intact_bytes, log.file.size());
    EXPECT_EQ(read, records) << size;
  }
}

TEST(LogScan, takes_an_empty_file_for_whole) { EXPECT_EQ(scan_log({}).state, LogState::kWhole); }

TEST(LogScan, takes_a_cut_at_every_byte_of_the_last_record_for_a_torn_tail) {
  std::mt19937 random(2);
  for (const std::size_t size : {20UL, 66000UL}) {
    Log log;
    log.add(random_bytes(random, 500));
    log.add(random_bytes(random, 32768 - 550));  // the last record begins near the end of the block
    log.add(random_bytes(random, size));
    const std::size_t step = size < 100 ? 1 : 397;
    for (std::size_t end = log.begins.back() + 1; end < log.file.size(); end += step) {
      const auto verdict = scan_log(ByteView(log.file).first(end));
      ASSERT_EQ(verdict.state, LogState::kTornTail) << end;
      ASSERT_EQ(verdict.intact_bytes, log.begins.back()) << end;
    }
    EXPECT_EQ(scan_log(ByteView(log.file).first(log.begins.back())).state, LogState::kWhole);
  }
}

TEST(LogScan, takes_every_damage_to_pages_of_the_last_record_for_a_torn_tail) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    Log log;
    for (auto count = random() % 4; count > 0; --count) log.add(random_bytes(random, random() % 50000));
    log.add(random_bytes(random, random() % 150000));
    const std::size_t begin = log.begins.back();
    const Bytes whole = log.file;
    const std::size_t page = random() % 2 == 0 ? 512 : 4096;
    for (std::size_t at = begin; at < log.file.size(); at = at - at % page + page) {
      const auto fate = random() % 4;  // kept, kept, zeroed, garbled
      const std::size_t end = std::min(log.file.size(), at - at % page + page);
      for (std::size_t i = at; i < end && fate >= 2; ++i) {
        log.file[i] = fate == 2 ? 0 : static_cast<std::uint8_t>(random());
      }
    }
    if (random() % 3 == 0)
      log.file.resize(log.file.size() + random() % 70000);  // the file grew, its pages did not
    const auto verdict = scan_log(log.file);
    if (log.file == whole) {
      EXPECT_EQ(verdict.state, LogState::kWhole) << seed;
      continue;
    }
    EXPECT_NE(verdict.state, LogState::kCorrupt) << seed << ": " << verdict.reason;
    // Only a file that grew by less than a header's room at the end of a block may still count as whole.
    if (verdict.state == LogState::kTornTail) {
      EXPECT_TRUE(verdict.intact_bytes == begin || verdict.intact_bytes == whole.size()) << seed;
    }
  }
}

TEST(LogScan, takes_any_flipped_bit_before_the_last_record_for_corruption) {
  std::mt19937 random(3);
  Log log;
  for (const std::size_t size : {40UL, 0UL, 17UL, 32768UL - 170, 90UL, 60UL})
    log.add(random_bytes(random, size));
  const std::size_t last = log.begins.back();
  ASSERT_GT(last, 32768U);  // records on both sides of a block's end
  for (std::size_t at = 0; at<last; at += at> 200 && at < 32500 ? 111 : 1) {
    Bytes damaged = log.file;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1 << random() % 8));
    ASSERT_EQ(scan_log(damaged).state, LogState::kCorrupt) << at;
  }
}

TEST(LogScan, takes_a_missing_page_with_a_later_record_for_corruption) {
  // LevelDB's reader takes a zeroed header for unused space and passes over the rest of the block without a
  // word, also with paranoid checks: the acknowledged records in it would be gone.
  std::mt19937 random(4);
  Log log;
  for (int i = 0; i < 200; ++i) log.add(random_bytes(random, 993));
  for (std::size_t page = 0; page + 2 * 4096 < log.file.size(); page += 4096) {
    Bytes damaged = log.file;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page), 4096, std::uint8_t{0});
    EXPECT_EQ(scan_log(damaged).state, LogState::kCorrupt) << page;
  }
}

TEST(LogScan, takes_a_record_without_its_end_before_another_for_corruption) {
  Log log;
  log.add(made_of(10, 1));
  const std::size_t begin = log.file.size();
  log.fragment(2, made_of(10, 2));
  log.add(made_of(10, 3));
  const auto verdict = scan_log(log.file);
  EXPECT_EQ(verdict.state, LogState::kCorrupt);
  EXPECT_EQ(verdict.intact_bytes, begin);
}

TEST(LogScan, takes_the_end_of_a_record_without_its_beginning_for_a_torn_tail) {
  Log log;
  log.add(made_of(10, 1));
  const std::size_t begin = log.file.size();
  log.fragment(3, made_of(10, 2));
  log.fragment(4, made_of(10, 2));
  const auto verdict = scan_log(log.file);
  EXPECT_EQ(verdict.state, LogState::kTornTail);
  EXPECT_EQ(verdict.intact_bytes, begin);
}

TEST(LogScan, ignores_what_stands_in_the_filling_of_a_block) {
  Log log;
  log.add(made_of(32768 - 7 - 4, 1));
  log.add(made_of(10, 2));
  log.file[32766] = 0x55;
  EXPECT_EQ(scan_log(log.file).state, LogState::kWhole);
  log.file.resize(32767);
  EXPECT_EQ(scan_log(log.file).state, LogState::kWhole);
}

}  // namespace
}  // namespace circula::ledger
