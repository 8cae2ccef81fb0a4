// An exported chain: one file with everything from genesis on, for auditors and archives (`export chain`).
//
//   "circula/v1/chain\n", then frames: tag u8 || length u32be || content
//     'G'  canonical genesis                                              once, first
//     'S'  a founder's signature: public key[32] || signature[64]         ascending by key
//     'F'  the newest final checkpoint of these blocks, a signed note     at most once
//     'B'  a block as chain/ holds it: canonical StoredBlock              heights 1, 2, ...
//     'Z'  SHA-256 of all bytes before this frame                         once, last
//
// The checkpoint stands before the blocks, so that an audit that reads once can compare the root when it gets
// there. Reading is strict: any other order, tag, length or byte after the end is E_FORMAT.
//
// Crash: the writer fills PATH.part and renames it when it is whole and synced.
// Threads: one thread for one object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "ledger/chain_source.h"
#include "ledger/durable_file.h"
#include "ledger/genesis_file.h"

namespace circula::ledger {

class ChainFileWriter {
 public:
  // `final_note` may be empty: nothing is final yet.
  [[nodiscard]] static Result<std::unique_ptr<ChainFileWriter>> create(const std::string& path,
                                                                       const GenesisFile& genesis,
                                                                       std::string_view final_note);
  ~ChainFileWriter();
  ChainFileWriter(const ChainFileWriter&) = delete;
  ChainFileWriter& operator=(const ChainFileWriter&) = delete;

  [[nodiscard]] Result<void> block(ByteView stored_block);
  [[nodiscard]] Result<void> finish();

 private:
  ChainFileWriter(std::string path, Descriptor file);
  void put(ByteView bytes);
  [[nodiscard]] Result<void> frame(char tag, ByteView content);
  [[nodiscard]] Result<void> write_out();

  std::string path_;
  Descriptor file_;
  crypto::Sha256 digest_;
  Bytes buffer_;
  bool finished_ = false;
};

class ChainFileReader final : public ChainSource {
 public:
  // Reads up to the first block.
  [[nodiscard]] static Result<std::unique_ptr<ChainFileReader>> open(const std::string& path);

  [[nodiscard]] const GenesisFile& genesis() const { return genesis_; }
  [[nodiscard]] const std::string& final_note() const { return final_note_; }
  // Nothing when the file has ended and its digest is good.
  [[nodiscard]] Result<std::optional<Bytes>> next() override;

 private:
  struct Frame {
    char tag = 0;
    Bytes content;
  };
  ChainFileReader(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  [[nodiscard]] Result<Bytes> take(std::size_t size);
  [[nodiscard]] Result<Frame> frame();
  [[nodiscard]] Result<void> read_head();
  [[nodiscard]] Result<void> check_end(const Digest& before, ByteView content);
  [[nodiscard]] Error malformed(std::string detail) const;

  std::string path_;
  Descriptor file_;
  std::uint64_t offset_ = 0;
  crypto::Sha256 digest_;
  GenesisFile genesis_;
  std::string final_note_;
  std::optional<Frame> next_;  // read ahead by read_head()
  bool ended_ = false;
};

}  // namespace circula::ledger
