// LevelDB's environment, hardened (reliability.md 3.5): the one place where its files meet POSIX.
//
//  1. A new file is durable in its directory before its first byte is written, and a rename (which is how
//  CURRENT
//     changes) before anything that follows. LevelDB's own environment syncs the directory for the MANIFEST
//     only: a new .log may be gone after a power cut with all that was acknowledged in it. And it does so
//     after it has written the edit that names a new table: a cut between the two can keep the edit and lose
//     the name, and the database does not open ("missing files").
//  2. The first failed create, write, sync, close or rename trips the latch; from then on every call that
//     would touch a file fails with that error, and nothing buffered is written any more. No sync is
//     repeated.
//  3. Files are read with pread: of a mapped file a read error or a truncation is a SIGBUS.
//  4. Bytes, syncs and open files are counted.
//  5. One background thread, of this instance alone, so that compaction of one instance does not delay
//  another.
//
// LevelDB's own directory lock does nothing here: DirectoryLock holds the same file since before the scan for
// torn tails.
//
// Threads: as leveldb::Env asks, all functions from any thread. Destroy the database first: the destructor
// finishes the queued background work.
#pragma once

#include <leveldb/env.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "ledger/disk_calls.h"
#include "ledger/failure_latch.h"

namespace circula::ledger {

struct DiskCounters {
  std::atomic<std::uint64_t> bytes_written{0};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> syncs{0};
  std::atomic<std::int64_t> files_open{0};
};

class LevelDbEnv final : public leveldb::Env {
 public:
  LevelDbEnv(DiskCalls& disk, FailureLatch& latch);
  ~LevelDbEnv() override;
  LevelDbEnv(const LevelDbEnv&) = delete;
  LevelDbEnv& operator=(const LevelDbEnv&) = delete;

  [[nodiscard]] const DiskCounters& counters() const { return counters_; }

  leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** file) override;
  leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override;
  leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
  leveldb::Status NewLogger(const std::string& path, leveldb::Logger** logger) override;
  bool FileExists(const std::string& path) override;
  leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* names) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  leveldb::Status CreateDir(const std::string& directory) override;
  leveldb::Status RemoveDir(const std::string& directory) override;
  leveldb::Status GetFileSize(const std::string& path, std::uint64_t* size) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*function)(void*), void* argument) override;
  void StartThread(void (*function)(void*), void* argument) override;
  leveldb::Status GetTestDirectory(std::string* path) override;
  std::uint64_t NowMicros() override;
  void SleepForMicroseconds(int duration_us) override;

 private:
  struct Job {
    void (*function)(void*);
    void* argument;
  };
  void run_background();

  DiskCalls& disk_;
  FailureLatch& latch_;
  DiskCounters counters_;

  std::mutex mutex_;  // guards jobs_ and stopping_
  std::condition_variable wake_;
  std::deque<Job> jobs_;  // LevelDB schedules at most one at a time
  bool stopping_ = false;
  std::thread background_;  // last: it uses all of the above
};

}  // namespace circula::ledger
