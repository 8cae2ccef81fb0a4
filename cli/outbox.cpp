#include "cli/outbox.h"

#include <chrono>
#include <filesystem>

#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "ledger/durable_file.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr std::string_view kSuffix = ".env";
// A crash while an envelope was written leaves it under its temporary name: it was never sent. Far longer
// than a write takes, so that no other process is still at it.
constexpr std::string_view kUnfinishedSuffix = ".env.new";
constexpr std::chrono::minutes kUnfinishedAge{10};

void remove_unfinished(const std::string& path) {
  std::error_code failed;
  const auto written = std::filesystem::last_write_time(path, failed);
  if (failed || written > std::filesystem::file_time_type::clock::now() - kUnfinishedAge) return;
  ledger::system_disk().unlink(path);  // what cannot be removed now is tried again the next time
}

Result<ledger::EnvelopePtr> read_envelope(const std::string& path, const Digest& chain_id) {
  auto text = read_text(path, ledger::kEnvelopeBytesMax);
  if (!text) return text.error();
  const auto bytes = crypto::as_bytes(*text);
  return ledger::Envelope::decode(Bytes(bytes.begin(), bytes.end()), chain_id);
}

}  // namespace

Result<OutboxEntry> put_in_outbox(const Home& home, const Bytes& envelope, const Digest& chain_id) {
  auto decoded = ledger::Envelope::decode(envelope, chain_id);
  if (!decoded) return decoded.error();
  const std::string path =
      home.path("outbox/" + crypto::to_hex((*decoded)->id().view()) + std::string(kSuffix));
  // The first bytes that went out are the ones to send again: another signature would be another body.
  if (exists(path)) {
    auto known = read_envelope(path, chain_id);
    if (!known) return known.error();
    return OutboxEntry{path, std::move(*known)};
  }
  if (auto written = write_text(path, crypto::as_text(envelope)); !written) return written.error();
  return OutboxEntry{path, std::move(*decoded)};
}

OutboxContent read_outbox(const Home& home, const Digest& chain_id) {
  std::vector<std::string> names;
  ledger::system_disk().list(home.path("outbox"), names);  // without the directory there are none
  OutboxContent outbox;
  for (const std::string& name : names) {
    const std::string path = home.path("outbox/" + name);
    if (name.ends_with(kUnfinishedSuffix)) remove_unfinished(path);
    if (!name.ends_with(kSuffix)) continue;
    auto envelope = read_envelope(path, chain_id);
    if (envelope) {
      outbox.entries.push_back({path, std::move(*envelope)});
    } else {
      outbox.damaged.push_back(error(envelope.error().code, path + ": " + envelope.error().detail));
    }
  }
  return outbox;
}

Result<void> remove_from_outbox(const OutboxEntry& entry) {
  ledger::DiskCalls& disk = ledger::system_disk();
  if (disk.unlink(entry.path) != 0 && exists(entry.path)) {
    return error(Code::E_FILE, ledger::disk_error("remove", entry.path).detail);
  }
  auto synced = ledger::sync_directory(disk, ledger::parent_directory(entry.path));
  if (!synced) return error(Code::E_FILE, synced.error().detail);
  return {};
}

}  // namespace circula::cli
