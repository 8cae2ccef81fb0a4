#include "cli/demo_checks.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <thread>

#include "cli/generator_diary.h"
#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/envelope.h"
#include "ledger/json_field.h"
#include "ledger/object_id.h"
#include "ledger/proto/clock.pb.h"

namespace circula::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};
constexpr milliseconds kPoll{100};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kOrderedAgainMaxMs = 10'000;  // design.md 12
#else
constexpr std::int64_t kOrderedAgainMaxMs = 3'000;
#endif

std::string hex(const crypto::Digest& digest) { return crypto::to_hex(digest.view()); }

std::string root_of(Shell& shell, const ClusterNode& node) {
  auto client = NodeClient::make_for(shell, node.url());
  if (!client) return "no client";
  auto status = client->get("/v1/status");
  if (!status) return "node " + std::to_string(node.id) + " does not answer";
  const boost::json::object& checkpoint = object_at(*status, "checkpoint");
  return "size " + text_at(checkpoint, "size") + " root " + text_at(checkpoint, "root").substr(0, 16);
}

// Of every node by its id, when they have come to agree or the patience ends: a node that came back may
// still be behind, and a new term adds a block.
std::map<std::uint16_t, std::string> settled_roots(DemoSubject& demo) {
  const auto deadline = Clock::now() + kPatience;
  while (true) {
    std::map<std::uint16_t, std::string> roots;
    std::set<std::string> distinct;
    for (const ClusterNode& node : demo.cluster.nodes)
      distinct.insert(roots[node.id] = root_of(demo.shell, node));
    if (distinct.size() == 1 || Clock::now() >= deadline || interrupted()) return roots;
    std::this_thread::sleep_for(kPoll);
  }
}

// Who answers for a record: the last node that is not the one submitted to.
const ClusterNode& other_node(const Cluster& cluster, std::uint16_t submitted_to) {
  return cluster.nodes.back().id == submitted_to ? cluster.nodes.front() : cluster.nodes.back();
}

// Codes by record, as a node tells them of every envelope.
Result<std::map<std::string, std::string>> codes_on(DemoSubject& demo, const ClusterNode& node) {
  auto client = NodeClient::make_for(demo.shell, node.url());
  if (!client) return client.error();
  std::map<std::string, std::string> codes;
  std::set<std::string> envelopes;
  for (const AcknowledgedRecord& one : demo.acknowledged) envelopes.insert(one.envelope);
  for (const std::string& envelope : envelopes) {
    auto status = client->get("/v1/records/" + envelope + "/status");
    if (!status) return status.error();
    const std::string word = text_at(*status, "status");
    for (const boost::json::value& item : array_at(*status, "records")) {
      const boost::json::object& row = item.get_object();
      codes[text_at(row, "record")] = word == "final" ? text_at(row, "code") : word;
    }
  }
  return codes;
}

std::string shares_text(const Cluster& cluster, const Holders& holders) {
  std::string text;
  for (const auto& [oid, ppm] : holders) {
    std::string name = oid;
    for (const ClusterMember& member : cluster.members) {
      if (member.oid == oid) name = member.name;
    }
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(ppm);
  }
  return text;
}

void apply_move(const boost::json::object& fields, Holders& holders) {
  for (const boost::json::value& item : array_at(fields, "holders"))
    holders[text_at(item.get_object(), "oid")] =
        static_cast<std::uint32_t>(number_at(item.get_object(), "ppm"));
  const std::string from = text_at(fields, "from");
  if (from.empty()) return;
  for (const boost::json::value& item : array_at(fields, "to"))
    holders[text_at(item.get_object(), "oid")] +=
        static_cast<std::uint32_t>(number_at(item.get_object(), "ppm"));
  holders[from] -= static_cast<std::uint32_t>(number_at(fields, "ppm"));
  if (holders[from] == 0) holders.erase(from);
}

const ExpectedRecord* expected_as(const GeneratorTruth& truth, std::string_view what) {
  const auto found = std::ranges::find(truth.records, what, &ExpectedRecord::what);
  return found == truth.records.end() ? nullptr : &*found;
}

std::uint16_t submitted_to(const DemoSubject& demo, const crypto::Digest& record) {
  const auto found = std::ranges::find(demo.acknowledged, hex(record), &AcknowledgedRecord::record);
  return found == demo.acknowledged.end() ? 0 : found->node;
}

void check_expected(DemoSubject& demo, std::string_view what) {
  const ExpectedRecord* expected = expected_as(demo.truth, what);
  if (expected == nullptr) return demo.report.check(what, false, "the data set has none");
  const ClusterNode& node = other_node(demo.cluster, submitted_to(demo, expected->id));
  auto client = NodeClient::make_for(demo.shell, node.url());
  if (!client) return demo.report.fail(what, client.error());
  auto status = client->get("/v1/records/" + hex(expected->id) + "/status");
  if (!status) return demo.report.fail(what, status.error());
  const auto& rows = array_at(*status, "records");
  demo.report.compare(what, rows.empty() ? "no record" : text_at(rows.front().get_object(), "code"),
                      ledger::name(expected->outcome));
}

// By a key that no organisation has: refused, and not in the log.
void check_unknown_key(DemoSubject& demo) {
  constexpr std::string_view kWhat = "record by an unknown key";
  auto chain = crypto::fixed_from_hex<crypto::Digest>(demo.cluster.chain_id, "chain id");
  if (!chain) return;
  const crypto::SigningKey stranger = crypto::SigningKey::generate();
  GeneratorTruth unused;
  GeneratorDiary diary(*chain, demo.truth.seed + 1, unused);
  auto client = NodeClient::make_for(demo.shell, demo.cluster.nodes.front().url());
  if (!client) return demo.report.fail(kWhat, client.error());
  auto clock = client->get("/v1/clock");
  if (!clock) return demo.report.fail(kWhat, clock.error());
  diary.begin_day(static_cast<std::int64_t>(number_at(*clock, "ledger_time_ms") / 1000));
  ledger::proto::ClockMove body;
  body.set_to_ms(number_at(*clock, "ledger_time_ms"));
  diary.write(39, body, {&stranger});
  const GeneratedEnvelope envelope = diary.finish().front();
  auto answer = client->post_bytes("/v1/records?wait=final", envelope.bytes);
  demo.report.compare(kWhat, answer ? "accepted" : ledger::name(answer.error().code), "E_KEY_UNKNOWN");
  const ClusterNode& elsewhere = demo.cluster.nodes.back();
  auto other = NodeClient::make_for(demo.shell, elsewhere.url());
  if (!other) return demo.report.fail(kWhat, other.error());
  auto status = other->get("/v1/records/" + hex(envelope.records.front()) + "/status");
  demo.report.compare("the same record on node " + std::to_string(elsewhere.id),
                      status ? text_at(*status, "status") : "no answer", "unknown");
}

// Every line of every client: the entry at its index, with its record and outcome.
void check_acknowledged(DemoSubject& demo, const ClusterNode& node) {
  const std::string what = "acknowledged, found on node " + std::to_string(node.id) +
                           (node.id == demo.load.killed ? ", which was killed" : "");
  auto client = NodeClient::make_for(demo.shell, node.url());
  if (!client) return demo.report.fail(what, client.error());
  auto entries = client->get_all("/v1/entries?limit=1000", "entries");
  if (!entries) return demo.report.fail(what, entries.error());
  std::size_t found = 0;
  for (const AcknowledgedRecord& one : demo.acknowledged) {
    if (one.index >= entries->size()) continue;
    const boost::json::object& entry = entries->at(one.index).get_object();
    found += text_at(entry, "record") == one.record && number_at(entry, "outcome") == one.outcome ? 1 : 0;
  }
  const std::size_t lost = demo.acknowledged.size() - found;
  demo.report.check(what, lost == 0 && found > 0,
                    "acknowledged " + std::to_string(demo.acknowledged.size()) + ", found " +
                        std::to_string(found) + ", lost " + std::to_string(lost));
}

}  // namespace

Result<NodeClient> client_of(DemoSubject& demo, const ClusterNode& node, const std::string& member) {
  auto home = open_home(demo.cluster.home(member), {});
  if (!home) return home.error();
  auto client = NodeClient::make_for(demo.shell, node.url());
  if (!client) return client.error();
  client->use_keys_of(std::move(*home));
  return client;
}

void check_same_root(DemoSubject& demo) {
  const auto roots = settled_roots(demo);
  std::map<std::string, std::string> nodes_with;
  for (const auto& [id, root] : roots)
    nodes_with[root] += (nodes_with[root].empty() ? "nodes " : ", ") + std::to_string(id);
  std::string text;
  for (const auto& [root, nodes] : nodes_with)
    text += (text.empty() ? "" : " differs from ") + nodes + ": " + root;
  demo.report.check(std::to_string(roots.size()) + " nodes, one size and root", nodes_with.size() == 1, text);
  const auto other =
      std::ranges::find_if(roots, [&](const auto& row) { return row.first != demo.load.killed; });
  demo.report.compare("killed node " + std::to_string(demo.load.killed) + " is back",
                      roots.at(demo.load.killed), other->second);
}

void check_every_record(DemoSubject& demo) {
  for (const ClusterNode& node : demo.cluster.nodes) {
    const std::string what = "every record final on node " + std::to_string(node.id) + " as the truth says";
    auto codes = codes_on(demo, node);
    if (!codes) {
      demo.report.fail(what, codes.error());
      continue;
    }
    std::size_t agree = 0;
    for (const ExpectedRecord& expected : demo.truth.records) {
      const auto found = codes->find(hex(expected.id));
      agree += found != codes->end() && found->second == ledger::name(expected.outcome) ? 1 : 0;
    }
    demo.report.compare(what, std::to_string(agree) + " records",
                        std::to_string(demo.truth.records.size()) + " records");
  }
}

void check_chain_of_title(DemoSubject& demo) {
  const auto most =
      std::ranges::max_element(demo.truth.moves, {}, [](const auto& row) { return row.second; });
  const std::string id = ledger::object_text(ledger::ObjectKind::kAsset, most->first.first) + "/" +
                         std::string(1, most->first.second);
  const std::string what = "chain of title of " + id;
  auto client = NodeClient::make_for(demo.shell, demo.cluster.nodes.back().url());
  if (!client) return demo.report.fail(what, client.error());
  auto rows = client->get_all("/v1/history/right/" + id + "?limit=1000", "rows");
  if (!rows) return demo.report.fail(what, rows.error());
  Holders holders;
  for (const boost::json::value& row : *rows) apply_move(object_at(row.get_object(), "fields"), holders);
  demo.report.compare(what, std::to_string(rows->size()) + " entries: " + shares_text(demo.cluster, holders),
                      std::to_string(most->second) +
                          " entries: " + shares_text(demo.cluster, demo.truth.holders.at(most->first)));
}

void check_refusals(DemoSubject& demo) {
  check_expected(demo, "transfer by a non-holder");
  check_expected(demo, "transfer signed by a finance key");
  check_unknown_key(demo);
}

void check_receipt(DemoSubject& demo) {
  constexpr std::string_view kWhat = "receipt verified by a process of its own, offline";
  if (demo.acknowledged.empty()) return demo.report.check(kWhat, false, "nothing was acknowledged");
  const AcknowledgedRecord& one = demo.acknowledged[demo.acknowledged.size() / 3];
  auto client = client_of(demo, other_node(demo.cluster, one.node), "regulator");
  if (!client) return demo.report.fail(kWhat, client.error());
  auto receipt = client->get_text("/v1/records/" + one.record + "/receipt?wait_ms=10000");
  if (!receipt) return demo.report.fail(kWhat, receipt.error());
  const std::string path = demo.cluster.directory + "/demo.receipt.json";
  if (auto written = write_text(path, *receipt); !written) return demo.report.fail(kWhat, written.error());
  const std::string policy = demo.cluster.directory + "/policy.txt";
  auto good = run_offline({"verify", path, "--policy", policy, "--json"});
  if (!good) return demo.report.fail(kWhat, good.error());
  demo.report.compare(std::string(kWhat) + (good->isolated ? ", without a network" : "") +
                          (good->guarded ? ", any socket would end it" : ""),
                      "exit " + std::to_string(good->exit_code) +
                          (good->isolated || good->guarded ? "" : ", but with a network"),
                      "exit 0");
  // One bit in the middle of the entry, which stands first in the file.
  std::string changed = *receipt;
  const std::size_t at = changed.find("\"entry\"");
  changed[(at == std::string::npos ? changed.size() / 2 : at) + 40] ^= 1;
  const std::string changed_path = demo.cluster.directory + "/demo.changed.receipt.json";
  if (auto written = write_text(changed_path, changed); !written)
    return demo.report.fail(kWhat, written.error());
  auto bad = run_offline({"verify", changed_path, "--policy", policy, "--json"});
  if (!bad) return demo.report.fail(kWhat, bad.error());
  demo.report.compare("the same receipt with one bit changed", "exit " + std::to_string(bad->exit_code),
                      "exit 7");
}

void check_load(DemoSubject& demo) {
  const DemoLoad& load = demo.load;
  demo.report.check("data set loaded over HTTP", load.took_ms <= load.took_max_ms,
                    std::to_string(demo.acknowledged.size()) + " records in " + std::to_string(load.took_ms) +
                        " ms against at most " + std::to_string(load.took_max_ms) + " ms");
}

void check_kill(DemoSubject& demo) {
  const DemoLoad& load = demo.load;
  demo.report.check("leader killed under load, ordered again",
                    load.ordered_again_ms >= 0 && load.ordered_again_ms <= kOrderedAgainMaxMs,
                    "node " + std::to_string(load.killed) + ", " + std::to_string(load.ordered_again_ms) +
                        " ms against at most " + std::to_string(kOrderedAgainMaxMs) + " ms, " +
                        std::to_string(load.in_flight) + " requests in flight");
  for (const ClusterNode& node : demo.cluster.nodes) check_acknowledged(demo, node);
}

void check_audit(DemoSubject& demo) {
  constexpr std::string_view kWhat = "audit from genesis";
  constexpr milliseconds kStopPatience{20'000};
  const std::string expected = settled_roots(demo).begin()->second;
  const ClusterNode& node = demo.cluster.nodes.back();
  if (const auto process = read_pid_file(demo.cluster.pid_file(node)))
    (void)stop_processes({*process}, kStopPatience);
  auto text = run_self({"audit", "--dir", demo.cluster.node_directory(node), "--json"});
  if (!text) return demo.report.fail(kWhat, text.error());
  boost::system::error_code failed;
  const boost::json::value value = boost::json::parse(*text, failed);
  if (failed || !value.is_object()) return demo.report.check(kWhat, false, "no JSON: " + *text);
  const boost::json::object& audit = value.get_object();
  demo.report.compare(std::string(kWhat) + " of node " + std::to_string(node.id),
                      "size " + text_at(audit, "entries"), expected.substr(0, expected.find(" root")));
  std::string counts;
  bool all = true;
  for (const char* count : {"blocks", "entries", "signatures", "effects", "roots_compared"}) {
    counts += std::string(counts.empty() ? "" : ", ") + count + " " + text_at(audit, count);
    all = all && number_at(audit, count) > 0;
  }
  demo.report.check("its counts are above 0, findings 0", all && text_at(audit, "findings") == "0",
                    counts + ", findings " + text_at(audit, "findings"));
}

}  // namespace circula::cli
