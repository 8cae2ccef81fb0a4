#include "node/daemon.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "crypto/encoding.h"
#include "crypto/key_file.h"
#include "ledger/genesis_file.h"
#include "node/event_log.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::E_FILE, "cannot read " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<ledger::Genesis> load_genesis(const std::filesystem::path& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  auto file = ledger::read_genesis_file(*text);
  if (!file) return file.error();
  auto genesis = ledger::Genesis::decode(file->genesis);
  if (!genesis) return genesis.error();
  if (auto good = genesis->check_signatures(file->signatures); !good) return good.error();
  return genesis;
}

Result<crypto::SigningKey> load_key(const std::filesystem::path& directory, const char* name) {
  auto key = crypto::read_key_file(directory / name);
  if (!key) return error(Code::E_KEY_FILE, (directory / name).string() + ": " + key.error().detail);
  return std::move(*key);
}

int exit_code_of(const ledger::Error& failure) { return ledger::outcome_row(failure.code).exit_code; }

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const NodeConfig& config) {
  std::unique_ptr<Daemon> daemon(new Daemon(config));
  if (auto opened = daemon->open(); !opened) return opened.error();
  return daemon;
}

Daemon::~Daemon() { stop(); }

void Daemon::end_process(int exit_code, const std::string& reason) {
  log_event(LogLevel::kCritical, "node_stops", {{"code", exit_code}, {"reason", reason}});
  close_event_log();
  std::_Exit(exit_code);
}

Result<void> Daemon::open() {
  auto genesis = load_genesis(config_.genesis);
  if (!genesis) return genesis.error();
  genesis_ = std::move(*genesis);
  auto node = load_key(config_.keys_dir, "node.pem");
  auto cosigning = load_key(config_.keys_dir, "cosign.pem");
  auto log = load_key(config_.keys_dir, "log.pem");
  auto transport = load_key(config_.keys_dir, "transport.pem");
  for (const auto* key : {&node, &cosigning, &log, &transport}) {
    if (!*key) return key->error();
  }
  keys_.emplace(Keys{std::move(*node), std::move(*cosigning), std::move(*log), std::move(*transport)});
  const ledger::proto::Member* self = nullptr;
  for (const auto& member : genesis_->configuration().members()) {
    if (member.node_id() == config_.node_id) self = &member;
  }
  if (self == nullptr)
    return error(Code::E_CONFIG, "genesis has no node " + std::to_string(config_.node_id), "node_id");
  const std::pair<const std::string*, const crypto::SigningKey*> pairs[] = {
      {&self->node_key(), &keys_->node},
      {&self->cosign_key(), &keys_->cosigning},
      {&self->log_key(), &keys_->log},
      {&self->transport_key(), &keys_->transport},
  };
  for (const auto& [expected, key] : pairs) {
    if (*expected != key->public_key().text()) {
      return error(Code::E_KEY_FILE, "a key in " + config_.keys_dir.string() +
                                         " is not the one that genesis names for node " +
                                         std::to_string(config_.node_id));
    }
  }
  for (const PeerConfig& peer : config_.peers) {
    const auto& members = genesis_->configuration().members();
    if (std::none_of(members.begin(), members.end(),
                     [&](const auto& one) { return one.node_id() == peer.id; }))
      return error(Code::E_CONFIG, "genesis has no node " + std::to_string(peer.id), "peers");
  }
  if (auto opened = open_storages(); !opened) return opened;
  count_evidence();
  reserve_.emplace(ledger::system_disk(), config_.data_dir.string(), config_.reserve_bytes,
                   config_.resume_bytes);
  if (auto looked = reserve_->look(); !looked) return looked.error();
  auto recovered = store_->recover(to_core(genesis_->configuration()));
  if (!recovered) return recovered.error();
  if (auto opened = open_ledger(*recovered); !opened) return opened;
  if (auto started = start_replica(std::move(*recovered)); !started) return started;
  return start_transport();
}

Result<std::unique_ptr<ledger::Storage>> Daemon::open_storage(ledger::Instance instance,
                                                              const std::string& name) {
  ledger::LevelDbOptions options;
  options.instance = instance;
  options.directory = (config_.data_dir / name).string();
  options.on_failure = [this, name](const ledger::Error& failure) {
    end_process(exit_code_of(failure), name + "/: " + failure.detail);
  };
  auto opened = ledger::LevelDbStorage::open(std::move(options));
  if (!opened) return opened.error();
  for (const ledger::TornTail& torn : (*opened)->torn_tails()) {
    log_event(LogLevel::kWarn, "torn_tail_cut",
              {{"file", name + "/" + torn.file},
               {"from", torn.file_bytes},
               {"to", torn.intact_bytes},
               {"copy", torn.copy}});
  }
  return std::unique_ptr<ledger::Storage>(std::move(*opened));
}

Result<void> Daemon::open_storages() {
  std::error_code failed;
  std::filesystem::create_directories(config_.data_dir, failed);
  if (failed)
    return error(Code::E_FILE, "cannot make " + config_.data_dir.string() + ": " + failed.message());
  auto chain = open_storage(ledger::Instance::kChain, "chain");
  if (!chain) return chain.error();
  chain_storage_ = std::move(*chain);
  auto meta = open_storage(ledger::Instance::kMeta, "meta");
  if (!meta) return meta.error();
  meta_storage_ = std::move(*meta);
  store_.emplace(*chain_storage_, *meta_storage_, *genesis_);
  return store_->claim();
}

// state/ and index/ can be made again from chain/, so what does not fit is moved away. Blocks that are known
// to be final are executed before the node takes part.
Result<void> Daemon::open_ledger(const ChainStore::Recovered& recovered) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto state = open_storage(ledger::Instance::kState, "state");
    auto index = open_storage(ledger::Instance::kIndex, "index");
    Result<std::unique_ptr<ledger::Ledger>> opened = error(Code::E_STORAGE_CORRUPT, "");
    if (!state) {
      opened = state.error();
    } else if (!index) {
      opened = index.error();
    } else {
      state_storage_ = std::move(*state);
      index_storage_ = std::move(*index);
      opened = ledger::Ledger::open(*genesis_, *state_storage_, *index_storage_);
    }
    if (opened) {
      ledger_ = std::move(*opened);
      break;
    }
    if (opened.error().code != Code::E_STORAGE_CORRUPT || attempt == 1) return opened.error();
    log_event(LogLevel::kWarn, "state_rebuilt", {{"reason", opened.error().detail}});
    state_storage_.reset();
    index_storage_.reset();
    const std::filesystem::path quarantine = config_.data_dir / ("quarantine-" + std::to_string(wall_ms()));
    std::error_code failed;
    std::filesystem::create_directories(quarantine, failed);
    for (const char* name : {"state", "index"})
      std::filesystem::rename(config_.data_dir / name, quarantine / name, failed);
  }
  if (auto whole = check_chain_is_whole(recovered); !whole) return whole;
  while (ledger_->position().height < recovered.finality.final_checkpoint.height) {
    const std::uint64_t height = ledger_->position().height + 1;
    auto block = store_->block(height);
    if (!block) return block.error();
    auto executed = ledger_->execute(**block);
    if (!executed) return executed.error();
  }
  return {};
}

// Only what is durable in chain/ is executed, promised or made final. A chain/ that ends before any of them
// was lost or taken from a backup, and the node may have forgotten what it acknowledged (design.md 7).
Result<void> Daemon::check_chain_is_whole(const ChainStore::Recovered& recovered) const {
  const std::uint64_t promised = recovered.finality.promise ? recovered.finality.promise->height : 0;
  const std::pair<std::uint64_t, const char*> known[] = {
      {recovered.finality.final_checkpoint.height, "meta/ has a final checkpoint"},
      {promised, "meta/ has a promise"},
      {ledger_->position().height, "state/ is the state"}};
  for (const auto& [height, what] : known) {
    if (height <= recovered.tip.height) continue;
    return error(Code::E_STORAGE_CORRUPT, "chain/ ends at block " + std::to_string(recovered.tip.height) +
                                              ", and " + what + " of block " + std::to_string(height));
  }
  return {};
}

Result<void> Daemon::start_replica(ChainStore::Recovered recovered) {
  Replica::Options options;
  options.self = config_.node_id;
  options.voter = recovered.log.configuration().is_voter({config_.node_id});
  options.random = [](std::uint64_t bound) {
    std::uint8_t bytes[8];
    crypto::random_bytes(bytes);
    return crypto::Reader(bytes).u64be() % bound;
  };
  options.read_block = [this](std::uint64_t height) { return store_->block(height); };
  options.node_key = &keys_->node;
  if (options.voter) options.finality_keys = {&keys_->cosigning, &keys_->log};
  final_ = recovered.finality.final_checkpoint;
  Replica::Restored restored{recovered.hard_state, std::nullopt, recovered.tip, ledger_->position(),
                             std::move(recovered.finality)};
  if (options.voter) restored.log = std::move(recovered.log);
  replica_.emplace(*genesis_, std::move(options), std::move(restored));
  replica_->set_read_only(!reserve_->writable());
  log_size_ = ledger_->position().log.size();
  next_tick_ms_ = mono_ms();
  publish_status();
  return {};
}

Result<void> Daemon::start_transport() {
  TransportOptions options;
  options.self = config_.node_id;
  options.listen_address = config_.listen_peers.host;
  options.listen_port = config_.listen_peers.port;
  std::copy(keys_->transport.seed().begin(), keys_->transport.seed().end(), options.transport_seed.begin());
  options.chain_id = genesis_->chain_id();
  std::map<crypto::PublicKey, PeerId> known;
  for (const auto& member : genesis_->configuration().members()) {
    known[crypto::PublicKey::from(crypto::as_bytes(member.transport_key()))] =
        static_cast<PeerId>(member.node_id());
  }
  options.allow = [known](const crypto::PublicKey& key) -> std::optional<PeerId> {
    const auto found = known.find(key);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
  PeerTransport::Callbacks callbacks;
  callbacks.on_frame = [this](ReceivedFrame frame) { on_frame(std::move(frame)); };
  callbacks.on_up = [this](PeerId peer) {
    replica_thread_->post([this, peer] { replica_->on_peer_up(peer); });
  };
  callbacks.on_down = [this](PeerId peer) {
    replica_thread_->post([this, peer] { replica_->on_peer_down(peer); });
  };

  // Consumers before producers: each worker exists before the one that posts to it runs.
  for (unsigned core = 0; core < std::max(1U, std::thread::hardware_concurrency()); ++core) {
    verifiers_.push_back(std::make_unique<Worker>("verifier"));
  }
  disk_ = std::make_unique<Worker>("chain-writer");
  seals_ = std::make_unique<Worker>("seals");
  execution_ = std::make_unique<Worker>(
      "execution",
      [this] {
        flush_if_due(false);
        return_memory_if_due();
      },
      std::chrono::milliseconds(250));
  // Frames may come before there is a transport to answer with; they wait.
  replica_thread_ = std::make_unique<Worker>(
      "replica",
      [this] {
        if (started_) step();
      },
      std::chrono::milliseconds(10));
  auto transport = PeerTransport::start(std::move(options), std::move(callbacks));
  if (!transport) return transport.error();
  transport_ = std::move(*transport);
  started_ = true;
  std::vector<PeerAddress> peers;
  for (const PeerConfig& peer : config_.peers) {
    if (peer.id != config_.node_id) peers.push_back({peer.id, peer.address.host, peer.address.port, true});
  }
  transport_->set_peers(std::move(peers));
  return {};
}

void Daemon::stop() {
  if (stopping_.exchange(true)) return;
  if (replica_thread_ && transport_) {
    // Half a second is several round trips: enough for a follower that is up to date to take over.
    replica_thread_->post([this] { (void)replica_->hand_over(); });
    for (int wait = 0; wait < 50 && status().role == "leader"; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  if (transport_) transport_->stop();
  if (replica_thread_) replica_thread_->stop();
  for (const auto& verifier : verifiers_) verifier->stop();
  if (disk_) disk_->stop();
  if (seals_) seals_->stop();
  if (execution_) {
    execution_->post([this] { flush_if_due(true); });
    execution_->stop();
  }
}

}  // namespace circula::node
