#include "cli/outbox.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "crypto/ed25519.h"
#include "ledger/canonical.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::cli::testing {
namespace {

Bytes sealed(const Digest& chain, const crypto::SigningKey& key, char nonce) {
  ledger::proto::Record record;
  record.set_author(std::string(key.public_key().text()));
  record.set_created_at_ms(1'700'000'000'000);
  record.set_expires_at_ms(1'700'003'600'000);
  record.set_nonce(std::string(16, nonce));
  record.set_type(39);
  record.set_version(1);
  record.set_body(std::string("\x08\x01", 2));
  return ledger::seal_envelope(chain, {ledger::serialise_canonical(record)}, {&key});
}

class Outbox : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(crypto::init());
    home_.directory = scratch_ / "home";
  }
  ledger::test::ScratchDirectory scratch_;
  Home home_;
  Digest chain_{};
};

TEST_F(Outbox, keeps_envelopes_until_they_are_removed) {
  const auto key = crypto::SigningKey::generate();
  const auto first = put_in_outbox(home_, sealed(chain_, key, 'a'), chain_);
  const auto second = put_in_outbox(home_, sealed(chain_, key, 'b'), chain_);
  ASSERT_TRUE(first && second);
  ASSERT_EQ(read_outbox(home_, chain_).entries.size(), 2u);
  ASSERT_TRUE(remove_from_outbox(*first));
  const auto left = read_outbox(home_, chain_).entries;
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front().envelope->id(), second->envelope->id());
  EXPECT_TRUE(remove_from_outbox(*first)) << "a second removal finds nothing to do";
}

// The first bytes that were sent are the ones to send again: another valid signature would be another body.
TEST_F(Outbox, keeps_the_first_bytes_of_an_intent) {
  const auto key = crypto::SigningKey::generate();
  const Bytes bytes = sealed(chain_, key, 'a');
  ASSERT_TRUE(put_in_outbox(home_, bytes, chain_));
  ledger::proto::Envelope other;
  ASSERT_TRUE(other.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  other.mutable_signatures(0)->set_signature(std::string(64, 's'));
  const auto again = put_in_outbox(home_, ledger::serialise_canonical(other), chain_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), again->envelope->bytes().begin(),
                         again->envelope->bytes().end()));
}

// A crash before the rename leaves a file that was never sent. It goes when no writer can still be at it.
TEST_F(Outbox, removes_what_a_crash_left_half_written) {
  const auto key = crypto::SigningKey::generate();
  ASSERT_TRUE(put_in_outbox(home_, sealed(chain_, key, 'a'), chain_));
  const std::string old = home_.path("outbox/" + std::string(64, '0') + ".env.new");
  const std::string young = home_.path("outbox/" + std::string(64, '1') + ".env.new");
  ledger::test::write_text(old, "half");
  ledger::test::write_text(young, "half");
  std::filesystem::last_write_time(old,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_EQ(read_outbox(home_, chain_).entries.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(young)) << "another process may be writing it";
}

// What cannot be read is named, stays where it is, and keeps nothing else from being sent.
TEST_F(Outbox, names_a_damaged_file_and_gives_the_others) {
  const auto good = put_in_outbox(home_, sealed(chain_, crypto::SigningKey::generate(), 'a'), chain_);
  ASSERT_TRUE(good);
  const std::string damaged = home_.path("outbox/" + std::string(64, '0') + ".env");
  ledger::test::write_text(damaged, "half an envelope");
  const OutboxContent outbox = read_outbox(home_, chain_);
  ASSERT_EQ(outbox.entries.size(), 1u);
  EXPECT_EQ(outbox.entries.front().path, good->path);
  ASSERT_EQ(outbox.damaged.size(), 1u);
  EXPECT_TRUE(outbox.damaged.front().detail.starts_with(damaged)) << outbox.damaged.front().detail;
  EXPECT_TRUE(std::filesystem::exists(damaged));
}

TEST_F(Outbox, is_empty_where_nothing_was_sent) {
  const OutboxContent outbox = read_outbox(home_, chain_);
  EXPECT_TRUE(outbox.entries.empty());
  EXPECT_TRUE(outbox.damaged.empty());
}

}  // namespace
}  // namespace circula::cli::testing
