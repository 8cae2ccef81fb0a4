#include "tests/node/codes.h"

#include <google/protobuf/descriptor.h>

#include "ledger/proto/envelope.pb.h"
#include "ledger/registry.h"

namespace circula::node::testing {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ledger::testing::OnSale;

namespace {

// Whether a path such as "sign.milestones[0].due_s" leads to a field, or to a choice of fields, of the
// message.
bool leads_to_a_field(const Descriptor* message, std::string_view path) {
  while (!path.empty()) {
    if (message == nullptr) return false;
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    const std::string name(part.substr(0, part.find('[')));
    const FieldDescriptor* field = message->FindFieldByName(name);
    if (field == nullptr) return path.empty() && message->FindOneofByName(name) != nullptr;
    message = field->message_type();
  }
  return true;
}

bool leads_to_a_field(const ledger::testing::RecordSpec& record, std::string_view path) {
  constexpr std::string_view kBody = "body.";
  if (!path.starts_with(kBody)) return leads_to_a_field(ledger::proto::Record::descriptor(), path);
  const ledger::RecordType* type = ledger::find_record_type(record.type, record.version);
  return type != nullptr && leads_to_a_field(type->body(), path.substr(kBody.size()));
}

}  // namespace

void Codes::TearDown() {
  EXPECT_GT(refusals_, 0) << "the test provokes nothing";
  EXPECT_EQ(row().test, "node_test.Codes." + std::string(row().name)) << "another test is listed";
}

const ledger::OutcomeRow& Codes::row() const {
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const auto code = ledger::code_from_name(name);
  EXPECT_TRUE(code) << name << " is no code";
  return ledger::outcome_row(code.value_or(ledger::Code::E_OK));
}

void Codes::refuses(const RecordSpec& record, std::string_view field) {
  EXPECT_TRUE(leads_to_a_field(record, field)) << field;
  expect_outcome(post("/v1/records", chain.envelope({record})->bytes()), field);
}

void Codes::expect_outcome(const Reply& reply, std::string_view field) {
  ++refusals_;
  ASSERT_EQ(reply.status, 201) << reply.body;
  const json::object answer = reply.json();
  EXPECT_EQ(text(answer, "status"), "final");
  const json::value& record = answer.at("records").at(0);
  EXPECT_EQ(text(record, "code"), row().name) << reply.body;
  EXPECT_EQ(record.at("outcome").to_number<std::uint16_t>(), static_cast<std::uint16_t>(row().code));
  EXPECT_EQ(record.at("retryable").as_bool(), row().retryable);
  EXPECT_EQ(text(record, "field"), field) << reply.body;
  EXPECT_NE(text(record, "detail"), "");
}

void Codes::expect_problem(const Reply& reply, std::string_view field) {
  ++refusals_;
  EXPECT_EQ(reply.status, row().http_status) << reply.body;
  ASSERT_EQ(reply.code(), row().name) << reply.body;
  const json::object problem = reply.json();
  EXPECT_EQ(text(problem, "type"), "/errors/" + std::string(row().name));
  EXPECT_EQ(text(problem, "title"), row().english);
  EXPECT_EQ(text(problem, "remedy"), row().remedy);
  EXPECT_NE(text(problem, "detail"), "");
  EXPECT_EQ(problem.at("status").to_number<std::uint16_t>(), row().http_status);
  EXPECT_EQ(problem.at("retryable").as_bool(), row().retryable);
  const json::array expected = field.empty() ? json::array() : json::array{field};
  EXPECT_EQ(problem.at("fields"), expected) << reply.body;
}

const OnSale& Codes::sale() {
  if (!on_sale_) {
    on_sale_ = true;
    sale_ = chain.put_on_sale("provider", "Index", 1'000, ledger::testing::all_to(chain.oid("provider")));
    chain.fund("buyer", 10'000);
  }
  return sale_;
}

ledger::ShortId Codes::signed_deal() { return chain.signed_contract(sale(), "provider", "buyer", {1'000}); }

ledger::ShortId Codes::funded_deal() {
  const ShortId contract = signed_deal();
  chain.must(chain.hold_spec("buyer", contract, 1, 1'000));
  return contract;
}

ledger::ShortId Codes::started_deal() {
  const ShortId contract = funded_deal();
  chain.must(chain.start_spec("provider", contract, 1));
  return contract;
}

ledger::ShortId Codes::delivered_deal() {
  const ShortId contract = started_deal();
  chain.must(chain.complete_spec("provider", contract, 1));
  return contract;
}

ledger::ShortId Codes::accepted_deal() {
  const ShortId contract = delivered_deal();
  chain.must(chain.accept_spec("buyer", contract, 1));
  return contract;
}

ledger::ShortId Codes::settled_event() {
  return chain.made_by(chain.exchange_settle_spec("exchange", accepted_deal(), 1, 1'000));
}

ledger::ShortId Codes::reported_deal() {
  const ShortId product = chain.product("vendor-b", "Road map");
  const ShortId agreement = chain.agree("vendor-b", product, ledger::testing::all_to(chain.oid("vendor-b")));
  return chain.contract("vendor-b", "buyer", product, agreement, {1'000});
}

}  // namespace circula::node::testing
