// A consortium of five processes, used as its members use it: each command is a process, each member has a
// home of its own.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/cluster.h"
#include "crypto/encoding.h"
#include "ledger/envelope.h"
#include "tests/e2e/consortium.h"
#include "tests/e2e/interceptor.h"
#include "tests/e2e/log_copy.h"

namespace circula::e2e {
namespace {

TEST_F(Consortium, a_record_is_final_proven_and_audited) {
  bring_up();
  const Ended status = run({"status", "--json"}, variables());
  EXPECT_EQ(value_at(status.out, "/voters_up"), "4");
  EXPECT_EQ(value_at(status.out, "/durability"), "fsync");
  write_text(file("gps.csv"), "1,2,3");
  const Ended submitted =
      run({"submit", "asset", "--title", "Bus GPS", "--content", file("gps.csv"), "--json"}, variables());
  ASSERT_EQ(submitted.exit, 0) << submitted.err;
  EXPECT_EQ(value_at(submitted.out, "/status"), "final");
  const std::string receipt = value_at(submitted.out, "/receipt");
  const std::vector<std::string> verify{"verify", receipt, "--policy", net() + "/policy.txt"};
  EXPECT_EQ(run(verify, {}).exit, 0);

  // One flipped bit, anywhere in the file, is refused with exit 7.
  const std::string whole = read_text(receipt);
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    write_text(file("altered.json"), altered);
    const Ended refused = run({"verify", file("altered.json"), "--policy", net() + "/policy.txt"}, {});
    EXPECT_EQ(refused.exit, 7) << "byte " << at;
  }

  ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
  for (const char* node : {"/1", "/5"}) {
    const Ended audited = run({"audit", "--dir", net() + node, "--json"}, {});
    EXPECT_EQ(audited.exit, 0) << audited.err;
    EXPECT_EQ(value_at(audited.out, "/findings"), "0");
    for (const char* count : {"/blocks", "/entries", "/signatures", "/effects", "/roots_compared"}) {
      EXPECT_NE(value_at(audited.out, count), "0") << count;
    }
  }
  const Ended exported = run({"export", "chain", "--dir", net() + "/2", "-o", file("chain")}, {});
  EXPECT_EQ(exported.exit, 0) << exported.err;
  EXPECT_EQ(run({"audit", file("chain")}, {}).exit, 0);
}

TEST_F(Consortium, parties_sign_drafts_in_homes_of_their_own) {
  bring_up();
  const std::string asset = certified_asset("roads");
  const std::string draft = file("t.draft.json");
  ASSERT_EQ(as("provider", {"draft", "transfer", asset, "--to", "@vendor-b", "--right", "O", "--ppm",
                            "250000", "-o", draft})
                .exit,
            0);
  // Each signs a copy; the copies come back in another order.
  const std::string copy = file("copy.draft.json");
  write_text(copy, read_text(draft));
  sign("vendor-b", copy);
  sign("provider", draft);
  const Ended early = as("provider", {"submit", draft});
  EXPECT_EQ(early.exit, 4);
  EXPECT_NE(early.err.find("E_DRAFT"), std::string::npos) << early.err;
  ASSERT_EQ(run({"draft", "merge", copy, draft, "-o", file("both.json")}, {}).exit, 0);
  const Ended done = as("provider", {"submit", file("both.json"), "--json"});
  EXPECT_EQ(done.exit, 0) << done.err;
  const Ended again = as("vendor-b", {"submit", file("both.json"), "--json"});
  EXPECT_EQ(value_at(again.out, "/index"), value_at(done.out, "/index")) << "the same answer for ever";

  // The regulator's own node may be some milliseconds behind.
  Ended title;
  for (int tries = 0; tries < 50 && value_at(title.out, "/lines/1/ppm") != "250000"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    title = as("regulator", {"history", asset, "--right", "O", "--json"});
  }
  EXPECT_EQ(value_at(title.out, "/lines/1/ppm"), "250000");
  EXPECT_EQ(value_at(title.out, "/holders/1/ppm") + value_at(title.out, "/holders/0/ppm"), "250000750000");

  // Nobody moves what it does not hold.
  const Ended stranger = as("buyer", {"draft", "transfer", asset, "--to", "@vendor-b", "--right", "O",
                                      "--ppm", "5", "-o", file("s.json")});
  ASSERT_EQ(stranger.exit, 0) << stranger.err;
  sign("buyer", file("s.json"));
  sign("vendor-b", file("s.json"));
  const Ended refused = as("buyer", {"submit", file("s.json")});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_NE(refused.err.find("E_NO_RIGHT"), std::string::npos) << refused.err;
}

// 0 when there is no such directory yet.
std::size_t files_in(const std::string& directory, const std::string& ending = {}) {
  std::size_t files = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none))
    files += entry.path().string().ends_with(ending) ? 1 : 0;
  return files;
}

// The client is killed when it has begun to write to its outbox: a moment before it sends, or after.
TEST_F(Consortium, a_client_that_dies_leaves_each_record_exactly_once) {
  bring_up();
  constexpr int kClients = 20;
  const std::string home = net() + "/homes/provider";
  for (int client = 0; client < kClients; ++client) {
    const std::string name = "asset-" + std::to_string(client);
    write_text(file(name), name);
    const std::size_t before = files_in(home + "/outbox");
    const pid_t process =
        start({"submit", "asset", "--title", name, "--content", file(name)}, variables("provider"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (files_in(home + "/outbox") <= before && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(client % 7));
    kill(process, SIGKILL);
    EXPECT_EQ(wait_for(process), 128 + SIGKILL);
  }
  ASSERT_EQ(as("provider", {"submit", "--resume"}).exit, 0);
  EXPECT_EQ(files_in(home + "/outbox", ".env"), 0U);  // a half-written one was never sent
  const Ended status = run({"status", "--json"}, variables());
  const std::size_t receipts = files_in(home + "/receipts", ".receipt.json");
  ASSERT_GT(receipts, 0U) << "the kills came too early to show anything";
  for (const auto& receipt : std::filesystem::directory_iterator(home + "/receipts"))
    EXPECT_EQ(run({"verify", receipt.path(), "--policy", net() + "/policy.txt"}, {}).exit, 0);
  // The log has an entry a record, one a block, genesis and its block entry.
  const std::size_t size = std::stoul(value_at(status.out, "/log_size"));
  const std::size_t height = std::stoul(value_at(status.out, "/executed_height"));
  EXPECT_EQ(size - height - 2, receipts)
      << "every record in the log has its receipt, and no record is there twice";
}

// The client is killed when its request is whole and before it hears a byte of the answer, fifty times. The
// request was lost, or a node has taken it, or it is final already: `submit --resume`, itself killed at that
// moment, sends the same bytes again, and each record is in the log once.
TEST_F(Consortium, fifty_clients_that_die_between_sending_and_hearing_leave_each_record_exactly_once) {
  bring_up();
  constexpr std::size_t kClients = 50;
  constexpr std::size_t kResumesKilled = 5;
  constexpr std::chrono::milliseconds kPatience{60'000};
  const auto cluster = cli::read_cluster(net());
  ASSERT_TRUE(cluster);
  const auto chain = crypto::fixed_from_hex<crypto::Digest>(cluster->chain_id, "chain");
  ASSERT_TRUE(chain);
  Interceptor interceptor(cluster->nodes.front().url());
  const std::string home = cluster->home("provider");
  std::map<std::string, std::string> bodies;  // by record: the hash of what was sent

  for (std::size_t client = 0; client < kClients; ++client) {
    const std::string name = "asset-" + std::to_string(client);
    write_text(file(name), name);
    const pid_t process =
        start({"submit", "asset", "--title", name, "--content", file(name), "--url", interceptor.url()},
              variables("provider"));
    auto request = interceptor.wait_for_submission(kPatience);
    ASSERT_TRUE(request) << name;
    const auto bytes = crypto::as_bytes(request->body);
    const auto sent = ledger::Envelope::decode({bytes.begin(), bytes.end()}, *chain);
    ASSERT_TRUE(sent) << sent.error().detail;
    bodies[crypto::to_hex((*sent)->records().front().id.view())] =
        crypto::to_hex((*sent)->body_hash().view());
    if (client % 3 == 1) request->target = "/v1/records?wait=pending";
    if (client % 3 != 0) {
      const auto reply = interceptor.pass_on(*request);
      ASSERT_TRUE(reply) << reply.error().detail;
      EXPECT_LT(reply->status, 300) << reply->body;
    }
    kill(process, SIGKILL);
    EXPECT_EQ(wait_for(process), 128 + SIGKILL);
  }
  ASSERT_EQ(bodies.size(), kClients);
  EXPECT_EQ(files_in(home + "/outbox", ".env"), kClients);

  for (std::size_t resume = 0; resume < kResumesKilled; ++resume) {
    const pid_t process = start({"submit", "--resume", "--url", interceptor.url()}, variables("provider"));
    const auto request = interceptor.wait_for_submission(kPatience);
    ASSERT_TRUE(request);
    EXPECT_TRUE(interceptor.pass_on(*request));
    kill(process, SIGKILL);
    EXPECT_EQ(wait_for(process), 128 + SIGKILL);
  }
  const Ended resumed = as("provider", {"submit", "--resume"});
  ASSERT_EQ(resumed.exit, 0) << resumed.err;
  EXPECT_EQ(files_in(home + "/outbox", ".env"), 0U);
  EXPECT_EQ(files_in(home + "/receipts", ".receipt.json"), kClients);

  for (const cli::ClusterNode& node : cluster->nodes) {
    std::map<std::string, std::size_t> times;
    for (int tries = 0; tries < 100 && times.size() < kClients; ++tries) {
      if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));  // a learner is behind
      times.clear();
      const Ended status = run({"status", "--json", "--url", node.url()}, variables());
      for (const LogEntry& entry :
           read_log(node.url(), std::stoul(value_at(status.out, "/checkpoint/size")))) {
        if (entry.record.empty()) continue;
        ++times[entry.record];
        EXPECT_EQ(entry.body_hash, bodies[entry.record]) << "signed again";
        EXPECT_EQ(entry.outcome, "0");
      }
    }
    EXPECT_EQ(times.size(), kClients) << "node " << node.id;
    for (const auto& [record, count] : times) EXPECT_EQ(count, 1U) << "node " << node.id << " " << record;
  }
}

TEST_F(Consortium, survives_the_leader_and_starts_it_again) {
  bring_up();
  const std::string before = submit_asset("before");
  const std::string leader = value_at(run({"status", "--json"}, variables()).out, "/leader");
  const std::string pid = read_text(net() + "/" + leader + "/node.pid");
  ASSERT_EQ(kill(static_cast<pid_t>(std::stol(pid)), SIGKILL), 0);
  const std::string meanwhile = submit_asset("without-a-leader");  // waits for the next one
  bring_up();                                                      // starts what is down
  const std::string url = value_at(run({"up", "--dir", net(), "--json"}, variables()).out,
                                   "/nodes/" + std::to_string(std::stoi(leader) - 1) + "/url");
  for (const std::string& asset : {before, meanwhile}) {
    const Ended shown = run({"show", asset, "--json", "--url", url}, variables());
    EXPECT_EQ(value_at(shown.out, "/id"), asset) << "the killed node has what it missed: " << shown.err;
  }
}

}  // namespace
}  // namespace circula::e2e
