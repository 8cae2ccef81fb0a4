#include "ledger/disk_reserve.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace circula::ledger {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class MeasuredDisk : public DiskCalls {
 public:
  std::uint64_t free_mib = 0;
  int failure = 0;

  int free_space(const std::string&, std::uint64_t& free_bytes) override {
    errno = failure;
    if (failure != 0) return -1;
    free_bytes = free_mib * kMiB;
    return 0;
  }
};

TEST(DiskReserve, stops_below_256_mib_and_resumes_at_384) {
  MeasuredDisk disk;
  DiskReserve reserve(disk, "/data");
  EXPECT_FALSE(reserve.writable());  // nobody has looked
  const auto at = [&](std::uint64_t free_mib) {
    disk.free_mib = free_mib;
    const bool writable = reserve.look().value();
    EXPECT_EQ(reserve.writable(), writable);
    EXPECT_EQ(reserve.free_bytes(), free_mib * kMiB);
    return writable;
  };
  EXPECT_TRUE(at(300));  // a restart between the bounds
  EXPECT_TRUE(at(256));
  EXPECT_FALSE(at(255));
  EXPECT_FALSE(at(256));
  EXPECT_FALSE(at(383));
  EXPECT_TRUE(at(384));
  EXPECT_TRUE(at(257));
  EXPECT_FALSE(at(0));
}

TEST(DiskReserve, begins_read_only_on_a_full_disk) {
  MeasuredDisk disk;
  disk.free_mib = 100;
  DiskReserve reserve(disk, "/data");
  EXPECT_FALSE(reserve.look().value());
}

TEST(DiskReserve, takes_other_bounds) {
  MeasuredDisk disk;
  DiskReserve reserve(disk, "/data", 4 * kMiB, 6 * kMiB);
  disk.free_mib = 5;
  EXPECT_TRUE(reserve.look().value());
  disk.free_mib = 3;
  EXPECT_FALSE(reserve.look().value());
  disk.free_mib = 5;
  EXPECT_FALSE(reserve.look().value());
  disk.free_mib = 6;
  EXPECT_TRUE(reserve.look().value());
}

TEST(DiskReserve, keeps_its_state_when_the_file_system_does_not_answer) {
  MeasuredDisk disk;
  disk.free_mib = 1000;
  DiskReserve reserve(disk, "/data");
  ASSERT_TRUE(reserve.look().value());
  disk.failure = EIO;
  EXPECT_EQ(reserve.look().error().code, Code::E_STORAGE_FAILED);
  EXPECT_TRUE(reserve.writable());
}

TEST(DiskReserve, says_what_is_free_and_what_is_needed) {
  MeasuredDisk disk;
  disk.free_mib = 200;
  DiskReserve reserve(disk, "/data");
  ASSERT_FALSE(reserve.look().value());
  EXPECT_EQ(reserve.refusal().code, Code::E_DISK_FULL);
  EXPECT_EQ(reserve.refusal().detail,
            "/data has 200 MiB free; writing stops below 256 MiB and resumes by itself at 384 MiB");
}

TEST(DiskReserve, asks_the_real_file_system) {
  DiskReserve reserve(system_disk(), "/", 0, 0);
  EXPECT_TRUE(reserve.look().value());
  EXPECT_GT(reserve.free_bytes(), 0U);
  DiskReserve nowhere(system_disk(), "/no/such/path");
  EXPECT_FALSE(nowhere.look());
}

}  // namespace
}  // namespace circula::ledger
