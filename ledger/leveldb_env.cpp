#include "ledger/leveldb_env.h"

#include <fcntl.h>
#include <pthread.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "ledger/durable_file.h"

namespace circula::ledger {

namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr std::size_t kWriteBufferBytes = 65536;  // as LevelDB's own environment: tables come in small pieces

// What a read or a look at the directory answers. LevelDB asks for NotFound where a file is missing.
Status read_status(const std::string& path) {
  const int number = errno;
  const std::string text = std::generic_category().message(number);
  return number == ENOENT ? Status::NotFound(path, text) : Status::IOError(path, text);
}

Status refused(const FailureLatch& latch) { return Status::IOError("storage stopped", latch.cause().detail); }

// A step of writing failed: latches with the error in errno.
Status failed(FailureLatch& latch, const std::string& action, const std::string& path) {
  latch.trip(disk_error(action, path));
  return refused(latch);
}

Status sync_names(DiskCalls& disk, FailureLatch& latch, const std::string& directory) {
  if (const auto synced = sync_directory(disk, directory); !synced) {
    latch.trip(synced.error());
    return refused(latch);
  }
  return Status::OK();
}

class CountedFile {
 public:
  CountedFile(DiskCalls& disk, DiskCounters& counters, std::string path, int descriptor)
      : disk_(disk), counters_(counters), path_(std::move(path)), file_(disk, descriptor) {
    ++counters_.files_open;
  }
  CountedFile(const CountedFile&) = delete;
  CountedFile& operator=(const CountedFile&) = delete;
  ~CountedFile() { --counters_.files_open; }

  Status read(std::uint64_t offset, std::size_t size, Slice* result, char* scratch) const {
    const ssize_t got = pread_all(disk_, file_.number(), scratch, size, offset);
    *result = Slice(scratch, got < 0 ? 0 : static_cast<std::size_t>(got));
    if (got < 0) return read_status(path_);
    counters_.bytes_read += static_cast<std::uint64_t>(got);
    return Status::OK();
  }

  DiskCalls& disk_;
  DiskCounters& counters_;
  const std::string path_;
  Descriptor file_;
};

class SequentialFile final : public leveldb::SequentialFile {
 public:
  SequentialFile(DiskCalls& disk, DiskCounters& counters, const std::string& path, int descriptor)
      : file_(disk, counters, path, descriptor) {}

  Status Read(std::size_t size, Slice* result, char* scratch) override {
    Status status = file_.read(offset_, size, result, scratch);
    offset_ += result->size();
    return status;
  }
  Status Skip(std::uint64_t size) override {
    offset_ += size;
    return Status::OK();
  }

 private:
  CountedFile file_;
  std::uint64_t offset_ = 0;
};

class RandomAccessFile final : public leveldb::RandomAccessFile {
 public:
  RandomAccessFile(DiskCalls& disk, DiskCounters& counters, const std::string& path, int descriptor)
      : file_(disk, counters, path, descriptor) {}

  Status Read(std::uint64_t offset, std::size_t size, Slice* result, char* scratch) const override {
    return file_.read(offset, size, result, scratch);
  }

 private:
  CountedFile file_;
};

class WritableFile final : public leveldb::WritableFile {
 public:
  WritableFile(DiskCalls& disk, DiskCounters& counters, FailureLatch& latch, const std::string& path,
               int descriptor)
      : file_(disk, counters, path, descriptor), latch_(latch) {
    buffer_.reserve(kWriteBufferBytes);
  }

  ~WritableFile() override {
    if (!file_.file_.is_open()) return;
    // LevelDB drops files that it no longer needs without closing them; Close() latches what goes wrong.
    (void)Close();
  }

  Status Append(const Slice& data) override {
    if (latch_.tripped()) return refused(latch_);
    if (buffer_.size() + data.size() <= kWriteBufferBytes) {
      buffer_.append(data.data(), data.size());
      return Status::OK();
    }
    if (Status status = Flush(); !status.ok()) return status;
    if (data.size() <= kWriteBufferBytes) {
      buffer_.append(data.data(), data.size());
      return Status::OK();
    }
    return write(data.data(), data.size());
  }

  Status Flush() override {
    if (latch_.tripped()) return refused(latch_);
    Status status = write(buffer_.data(), buffer_.size());
    buffer_.clear();
    return status;
  }

  Status Sync() override {
    if (latch_.tripped()) return refused(latch_);
    if (Status status = Flush(); !status.ok()) return status;
    ++file_.counters_.syncs;
    if (file_.disk_.fdatasync(file_.file_.number()) != 0) return failed(latch_, "sync", file_.path_);
    return Status::OK();
  }

  Status Close() override {
    Status status = Flush();
    if (file_.file_.close() != 0 && status.ok()) status = failed(latch_, "close", file_.path_);
    return status;
  }

 private:
  Status write(const char* data, std::size_t size) {
    if (write_all(file_.disk_, file_.file_.number(), data, size) != 0) {
      return failed(latch_, "write", file_.path_);
    }
    file_.counters_.bytes_written += size;
    return Status::OK();
  }

  CountedFile file_;
  FailureLatch& latch_;
  std::string buffer_;
};

class SilentLogger final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

class HeldLock final : public leveldb::FileLock {};

}  // namespace

LevelDbEnv::LevelDbEnv(DiskCalls& disk, FailureLatch& latch)
    : disk_(disk), latch_(latch), background_([this] { run_background(); }) {}

LevelDbEnv::~LevelDbEnv() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  background_.join();
}

Status LevelDbEnv::NewSequentialFile(const std::string& path, leveldb::SequentialFile** file) {
  *file = nullptr;
  if (latch_.tripped()) return refused(latch_);
  const int descriptor = disk_.open(path, O_RDONLY);
  if (descriptor < 0) return read_status(path);
  *file = new SequentialFile(disk_, counters_, path, descriptor);
  return Status::OK();
}

Status LevelDbEnv::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) {
  *file = nullptr;
  if (latch_.tripped()) return refused(latch_);
  const int descriptor = disk_.open(path, O_RDONLY);
  if (descriptor < 0) return read_status(path);
  *file = new RandomAccessFile(disk_, counters_, path, descriptor);
  return Status::OK();
}

Status LevelDbEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  *file = nullptr;
  if (latch_.tripped()) return refused(latch_);
  const int descriptor = disk_.open(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (descriptor < 0) return failed(latch_, "create", path);
  auto opened = std::make_unique<WritableFile>(disk_, counters_, latch_, path, descriptor);
  if (Status status = sync_names(disk_, latch_, parent_directory(path)); !status.ok()) return status;
  *file = opened.release();
  return Status::OK();
}

Status LevelDbEnv::NewLogger(const std::string&, leveldb::Logger** logger) {
  *logger = new SilentLogger();
  return Status::OK();
}

bool LevelDbEnv::FileExists(const std::string& path) { return file_exists(disk_, path); }

Status LevelDbEnv::GetChildren(const std::string& directory, std::vector<std::string>* names) {
  return disk_.list(directory, *names) == 0 ? Status::OK() : read_status(directory);
}

// A file that cannot be removed is only in the way: LevelDB tries again at its next start.
Status LevelDbEnv::RemoveFile(const std::string& path) {
  if (latch_.tripped()) return refused(latch_);
  return disk_.unlink(path) == 0 ? Status::OK() : read_status(path);
}

Status LevelDbEnv::CreateDir(const std::string& directory) {
  if (latch_.tripped()) return refused(latch_);
  if (const auto created = create_directory(disk_, directory); !created) {
    latch_.trip(created.error());
    return refused(latch_);
  }
  return Status::OK();
}

Status LevelDbEnv::RemoveDir(const std::string& directory) {
  return disk_.rmdir(directory) == 0 ? Status::OK() : read_status(directory);
}

Status LevelDbEnv::GetFileSize(const std::string& path, std::uint64_t* size) {
  *size = 0;
  return disk_.file_size(path, *size) == 0 ? Status::OK() : read_status(path);
}

Status LevelDbEnv::RenameFile(const std::string& from, const std::string& to) {
  if (latch_.tripped()) return refused(latch_);
  if (disk_.rename(from, to) != 0) return failed(latch_, "rename", from);
  return sync_names(disk_, latch_, parent_directory(to));
}

Status LevelDbEnv::LockFile(const std::string&, leveldb::FileLock** lock) {
  *lock = new HeldLock();
  return Status::OK();
}

Status LevelDbEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return Status::OK();
}

void LevelDbEnv::Schedule(void (*function)(void*), void* argument) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({function, argument});
  }
  wake_.notify_one();
}

void LevelDbEnv::run_background() {
  pthread_setname_np(pthread_self(), "leveldb");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job job = jobs_.front();
    jobs_.pop_front();
    lock.unlock();
    job.function(job.argument);
    lock.lock();
  }
}

void LevelDbEnv::StartThread(void (*function)(void*), void* argument) {
  std::thread(function, argument).detach();
}

Status LevelDbEnv::GetTestDirectory(std::string*) { return Status::NotSupported("no test directory"); }

std::uint64_t LevelDbEnv::NowMicros() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_start).count());
}

void LevelDbEnv::SleepForMicroseconds(int duration_us) {
  std::this_thread::sleep_for(std::chrono::microseconds(duration_us));
}

}  // namespace circula::ledger
