// Every code that a client can provoke over HTTP, each by a test of its name: Codes.E_HOLD_EXISTS sends what
// is refused with E_HOLD_EXISTS, so a test cannot be about another code than the one that it is listed for
// (ledger/outcome_tests.inc). Records go signed through POST /v1/records to a ledger that executes them; its
// time is the chain's, which the tests move.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/node/api_server.h"

namespace circula::node::testing {

class Codes : public ApiServer {
 protected:
  using RecordSpec = ledger::testing::RecordSpec;
  using ShortId = ledger::ShortId;

  void TearDown() override;

  // The record stands in the log with the code, found at this path, which leads to a field of the record.
  void refuses(const RecordSpec& record, std::string_view field);
  // The same of the first record of an envelope that was answered.
  void expect_outcome(const Reply& reply, std::string_view field);
  // The request itself is answered by a problem with the code and its HTTP status.
  void expect_problem(const Reply& reply, std::string_view field = {});

  // The record with another body.
  template <class Body, class Alter>
  static RecordSpec altered(RecordSpec record, Alter alter) {
    Body body;
    EXPECT_TRUE(body.ParseFromArray(record.body.data(), static_cast<int>(record.body.size())));
    alter(body);
    record.body = ledger::serialise_canonical(body);
    return record;
  }
  void days(std::uint64_t n) { chain.advance_ms(n * 86'400'000); }

  // "provider" has a product on sale at 1,000 to "buyer", who has 10,000. Its income is provider's.
  const ledger::testing::OnSale& sale();
  // One milestone of 1,000, and how far it has come.
  ShortId signed_deal();
  ShortId funded_deal();
  ShortId started_deal();
  ShortId delivered_deal();
  ShortId accepted_deal();
  ShortId settled_event();
  // Of "vendor-b" with "buyer", off the exchange: 1,000 for another product.
  ShortId reported_deal();

 private:
  const ledger::OutcomeRow& row() const;

  ledger::testing::OnSale sale_;
  bool on_sale_ = false;
  int refusals_ = 0;
};

}  // namespace circula::node::testing
