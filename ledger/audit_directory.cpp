#include "ledger/audit_directory.h"

#include "crypto/encoding.h"
#include "ledger/chain_file.h"
#include "ledger/leveldb_storage.h"

namespace circula::ledger {
namespace {

bool is_filled(const std::string& directory) {
  std::vector<std::string> names;
  return system_disk().list(directory, names) == 0 && !names.empty();
}

// None when the directory is not there: opening would create it.
Result<std::unique_ptr<LevelDbStorage>> open_instance(const std::string& directory, const char* name,
                                                      Instance instance,
                                                      std::uint64_t* torn_tails = nullptr) {
  const std::string path = directory + "/" + name;
  if (!is_filled(path)) return std::unique_ptr<LevelDbStorage>();
  LevelDbOptions options;
  options.instance = instance;
  options.directory = path;
  auto opened = LevelDbStorage::open(std::move(options));
  if (!opened) return opened.error();
  if (torn_tails != nullptr) *torn_tails += (*opened)->torn_tails().size();
  return std::move(*opened);
}

Result<std::string> read_final_note(const std::string& directory, std::uint64_t* torn_tails = nullptr) {
  auto meta = open_instance(directory, "meta", Instance::kMeta, torn_tails);
  if (!meta) return meta.error();
  if (*meta == nullptr) return std::string();
  // The other rows are the node's own memory, which no chain can confirm; what an audit sees of them is
  // whether they are as they were written.
  auto read = (*meta)->scan(KeyRange::all(), Direction::kForward, [](ByteView, ByteView) { return true; });
  if (!read) return read.error();
  auto note = (*meta)->get(final_note_key());
  if (!note) return note.error();
  return *note ? std::string(crypto::as_text(**note)) : std::string();
}

// A finding for what is broken on the disk; an error for what only hinders the audit.
template <class T>
bool is_broken(const Result<T>& opened) {
  return !opened && opened.error().code == Code::E_STORAGE_CORRUPT;
}

}  // namespace

bool holds_a_chain(const std::string& directory) { return is_filled(directory + "/chain"); }

Result<AuditReport> audit_directory(const std::string& directory, const GenesisFile& genesis,
                                    const AuditOptions& options) {
  if (!holds_a_chain(directory)) return error(Code::E_NOTHING, "nothing to audit in " + directory);
  std::uint64_t torn_tails = 0;
  auto chain = open_instance(directory, "chain", Instance::kChain, &torn_tails);
  if (!chain && !is_broken(chain)) return chain.error();
  if (!chain) {
    AuditReport report;
    report.findings.add("I01", 0, "chain/ cannot be opened: " + chain.error().detail);
    return report;
  }
  auto note = read_final_note(directory, &torn_tails);
  if (!note && !is_broken(note)) return note.error();
  auto state = open_instance(directory, "state", Instance::kState, &torn_tails);
  if (!state && !is_broken(state)) return state.error();
  auto index = open_instance(directory, "index", Instance::kIndex, &torn_tails);
  if (!index && !is_broken(index)) return index.error();

  StoredChain blocks(**chain);
  std::optional<LogIndex> rows;
  if (index && *index != nullptr) rows.emplace(**index);
  const AuditSource source{genesis,
                           blocks,
                           note ? std::move(*note) : std::string(),
                           state ? state->get() : nullptr,
                           rows ? &*rows : nullptr,
                           index ? index->get() : nullptr};
  auto report = audit_chain(source, options);
  if (!report) return report;
  report->torn_tails = torn_tails;
  if (is_broken(note)) report->findings.add("I37", 0, "meta/ cannot be read: " + note.error().detail);
  if (is_broken(state)) report->findings.add("I05", 0, "state/ cannot be opened: " + state.error().detail);
  if (is_broken(index)) report->findings.add("I05", 0, "index/ cannot be opened: " + index.error().detail);
  return report;
}

Result<AuditReport> audit_file(const std::string& path, const AuditOptions& options) {
  auto file = ChainFileReader::open(path);
  if (!file) return file.error();
  return audit_chain({(*file)->genesis(), **file, (*file)->final_note()}, options);
}

Result<std::uint64_t> export_directory(const std::string& directory, const GenesisFile& genesis,
                                       const std::string& path) {
  if (!holds_a_chain(directory)) return error(Code::E_NOTHING, "nothing to export in " + directory);
  auto chain = open_instance(directory, "chain", Instance::kChain);
  if (!chain) return chain.error();
  auto note = read_final_note(directory);
  if (!note) return note.error();
  auto file = ChainFileWriter::create(path, genesis, *note);
  if (!file) return file.error();
  StoredChain blocks(**chain);
  for (std::uint64_t count = 0;; ++count) {
    auto block = blocks.next();
    if (!block) return block.error();
    if (!*block) {
      if (auto done = (*file)->finish(); !done) return done.error();
      return count;
    }
    if (auto done = (*file)->block(**block); !done) return done.error();
  }
}

}  // namespace circula::ledger
