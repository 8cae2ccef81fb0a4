// Records a second that one submitting key may bring to this node (design.md 12): a bucket a key.
//
// Thread rule: any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>

#include "crypto/bytes.h"

namespace circula::node {

class KeyQuota {
 public:
  static constexpr std::uint64_t kRecordsPerSecond = 5'000;
  static constexpr std::size_t kKeysMax = 65'536;  // 6 MiB; idle keys are forgotten first

  [[nodiscard]] bool take(const crypto::PublicKey& key, std::uint64_t records, std::uint64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (buckets_.size() >= kKeysMax) {
      std::erase_if(buckets_, [&](const auto& entry) { return entry.second.filled_ms + 1'000 < now_ms; });
      if (buckets_.size() >= kKeysMax) return false;
    }
    Bucket& bucket = buckets_.try_emplace(key, Bucket{kRecordsPerSecond, now_ms}).first->second;
    const std::uint64_t earned = (now_ms - bucket.filled_ms) * kRecordsPerSecond / 1'000;
    if (earned > 0) {
      bucket.records = std::min(kRecordsPerSecond, bucket.records + earned);
      bucket.filled_ms = now_ms;
    }
    if (bucket.records < records) return false;
    bucket.records -= records;
    return true;
  }

 private:
  struct Bucket {
    std::uint64_t records;
    std::uint64_t filled_ms;
  };
  std::mutex mutex_;
  std::map<crypto::PublicKey, Bucket> buckets_;
};

}  // namespace circula::node
