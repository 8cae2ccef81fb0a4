#include "ledger/chain_file.h"

#include <fcntl.h>

#include "crypto/encoding.h"
#include "crypto/note.h"

namespace circula::ledger {
namespace {

constexpr std::string_view kChainFileHead = "circula/v1/chain\n";
constexpr char kGenesisTag = 'G';
constexpr char kSignatureTag = 'S';
constexpr char kFinalTag = 'F';
constexpr char kBlockTag = 'B';
constexpr char kEndTag = 'Z';
constexpr std::size_t kWriteBytes = 1024 * 1024;  // written out in pieces of this size
constexpr std::size_t kFrameHeadBytes = 5;

std::string part_of(const std::string& path) { return path + ".part"; }

// Frames hold genesis, a note or a block; a block is the largest.
static_assert(crypto::kMaxNoteBytes <= kStoredBlockBytesMax);

}  // namespace

ChainFileWriter::ChainFileWriter(std::string path, Descriptor file)
    : path_(std::move(path)), file_(std::move(file)) {}

ChainFileWriter::~ChainFileWriter() {
  if (!finished_) system_disk().unlink(part_of(path_));
}

Result<std::unique_ptr<ChainFileWriter>> ChainFileWriter::create(const std::string& path,
                                                                 const GenesisFile& genesis,
                                                                 std::string_view final_note) {
  DiskCalls& disk = system_disk();
  const int opened = disk.open(part_of(path), O_WRONLY | O_CREAT | O_TRUNC);
  if (opened < 0) return disk_error("cannot create", part_of(path));
  std::unique_ptr<ChainFileWriter> writer(new ChainFileWriter(path, Descriptor(disk, opened)));
  writer->put(crypto::as_bytes(kChainFileHead));
  if (auto done = writer->frame(kGenesisTag, genesis.genesis); !done) return done.error();
  for (const auto& [key, signature] : genesis.signatures) {
    Bytes content(key.begin(), key.end());
    crypto::put_bytes(content, signature.view());
    if (auto done = writer->frame(kSignatureTag, content); !done) return done.error();
  }
  if (!final_note.empty()) {
    if (auto done = writer->frame(kFinalTag, crypto::as_bytes(final_note)); !done) return done.error();
  }
  return writer;
}

void ChainFileWriter::put(ByteView bytes) {
  digest_.update(bytes);
  crypto::put_bytes(buffer_, bytes);
}

Result<void> ChainFileWriter::frame(char tag, ByteView content) {
  if (content.empty() || content.size() > kStoredBlockBytesMax) {
    return error(Code::E_SIZE, "a frame of an exported chain has 1 byte to 4 MiB");
  }
  Bytes head{static_cast<std::uint8_t>(tag)};
  crypto::put_u32be(head, static_cast<std::uint32_t>(content.size()));
  put(head);
  put(content);
  return buffer_.size() < kWriteBytes ? Result<void>() : write_out();
}

Result<void> ChainFileWriter::write_out() {
  if (write_all(system_disk(), file_.number(), buffer_.data(), buffer_.size()) != 0) {
    return disk_error("cannot write", part_of(path_));
  }
  buffer_.clear();
  return {};
}

Result<void> ChainFileWriter::block(ByteView stored_block) { return frame(kBlockTag, stored_block); }

Result<void> ChainFileWriter::finish() {
  const Digest digest = digest_.finish();
  Bytes end{static_cast<std::uint8_t>(kEndTag)};
  crypto::put_u32be(end, Digest::kSize);
  crypto::put_bytes(end, digest.view());
  crypto::put_bytes(buffer_, ByteView(end));
  if (auto done = write_out(); !done) return done;
  DiskCalls& disk = system_disk();
  if (disk.fsync(file_.number()) != 0 || file_.close() != 0) return disk_error("cannot sync", part_of(path_));
  if (disk.rename(part_of(path_), path_) != 0) return disk_error("cannot rename to", path_);
  finished_ = true;
  return sync_directory(disk, parent_directory(path_));
}

Error ChainFileReader::malformed(std::string detail) const {
  return error(Code::E_FORMAT, path_ + ": " + std::move(detail) + " at byte " + std::to_string(offset_));
}

Result<Bytes> ChainFileReader::take(std::size_t size) {
  Bytes bytes(size);
  const ssize_t got = pread_all(system_disk(), file_.number(), bytes.data(), size, offset_);
  if (got < 0) return disk_error("cannot read", path_);
  if (static_cast<std::size_t>(got) != size) return malformed("the file ends too early");
  digest_.update(bytes);
  offset_ += size;
  return bytes;
}

Result<ChainFileReader::Frame> ChainFileReader::frame() {
  auto head = take(kFrameHeadBytes);
  if (!head) return head.error();
  crypto::Reader in(*head);
  Frame frame;
  frame.tag = static_cast<char>(in.u8());
  const std::uint32_t size = in.u32be();
  if (size == 0 || size > kStoredBlockBytesMax) return malformed("a frame of no allowed length");
  auto content = take(size);
  if (!content) return content.error();
  frame.content = std::move(*content);
  return frame;
}

Result<std::unique_ptr<ChainFileReader>> ChainFileReader::open(const std::string& path) {
  const int opened = system_disk().open(path, O_RDONLY);
  if (opened < 0) return error(Code::E_FILE, disk_error("cannot open", path).detail);
  std::unique_ptr<ChainFileReader> reader(new ChainFileReader(path, Descriptor(system_disk(), opened)));
  if (auto read = reader->read_head(); !read) return read.error();
  return reader;
}

Result<void> ChainFileReader::read_head() {
  auto magic = take(kChainFileHead.size());
  if (!magic) return magic.error();
  if (crypto::as_text(*magic) != kChainFileHead) return malformed("not an exported chain");
  auto genesis = frame();
  if (!genesis) return genesis.error();
  if (genesis->tag != kGenesisTag) return malformed("genesis expected");
  genesis_.genesis = std::move(genesis->content);
  for (;;) {
    const crypto::Sha256 before = digest_;
    auto read = frame();
    if (!read) return read.error();
    if (read->tag == kSignatureTag && final_note_.empty()) {
      if (read->content.size() != PublicKey::kSize + Signature::kSize) return malformed("not a signature");
      crypto::Reader in(read->content);
      const auto key = in.fixed<PublicKey>();
      if (!genesis_.signatures.empty() && !(genesis_.signatures.rbegin()->first < key)) {
        return malformed("signatures are ascending by key");
      }
      genesis_.signatures[key] = in.fixed<Signature>();
    } else if (read->tag == kFinalTag && final_note_.empty()) {
      final_note_ = std::string(crypto::as_text(read->content));
    } else if (read->tag == kEndTag) {
      return check_end(crypto::Sha256(before).finish(), read->content);
    } else {
      next_ = std::move(*read);
      return {};
    }
  }
}

Result<void> ChainFileReader::check_end(const Digest& before, ByteView content) {
  if (content.size() != Digest::kSize || Digest::from(content) != before) {
    return malformed("the digest is not that of the file");
  }
  std::uint8_t more = 0;
  if (pread_all(system_disk(), file_.number(), &more, 1, offset_) != 0)
    return malformed("bytes after the end");
  ended_ = true;
  return {};
}

Result<std::optional<Bytes>> ChainFileReader::next() {
  if (ended_) return std::optional<Bytes>();
  const crypto::Sha256 before = digest_;
  Result<Frame> read = next_ ? Result<Frame>(std::move(*next_)) : frame();
  next_.reset();
  if (!read) return read.error();
  if (read->tag == kBlockTag) return std::optional<Bytes>(std::move(read->content));
  if (read->tag != kEndTag) return malformed("a block or the end expected");
  if (auto good = check_end(crypto::Sha256(before).finish(), read->content); !good) return good.error();
  return std::optional<Bytes>();
}

}  // namespace circula::ledger
