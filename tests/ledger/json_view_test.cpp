#include "ledger/json_view.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <vector>

#include "ledger/canonical.h"
#include "ledger/nearest_name.h"
#include "ledger/proto/agreement.pb.h"
#include "ledger/proto/certificate.pb.h"
#include "ledger/proto/envelope.pb.h"
#include "tests/ledger/proto/sample.pb.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;
using sample::Sample;

std::string view(const google::protobuf::Message& message, const JsonViewOptions& options = {}) {
  return json::serialize(json_view(message, options));
}

// What reading the text says: "ok", or the field and the sentence.
std::string read(std::string_view text, Sample& message) {
  const Result<void> result =
      message_from_json(json::parse(json::string_view(text.data(), text.size())), message);
  if (result) return "ok";
  EXPECT_EQ(result.error().code, Code::E_FORMAT);
  return result.error().field + ": " + result.error().detail;
}

std::string read(std::string_view text) {
  Sample message;
  return read(text, message);
}

std::string sixteen_bytes() {
  std::string bytes;
  for (char c = 0; c < 16; ++c) bytes += c;
  return bytes;
}

TEST(JsonView, shows_each_kind_of_field) {
  Sample m;
  m.set_u32(7);
  m.set_s32(-1);
  m.set_flag(true);
  m.set_colour(sample::COLOUR_BLUE);
  m.set_text("公交");
  m.set_data(std::string("\x00\xff", 2));
  m.add_numbers(0);
  m.add_numbers(18'446'744'073'709'551'615U);
  m.add_leaves()->set_ppm(5);
  m.add_leaves();
  m.mutable_choice()->mutable_leaf();
  m.set_i64(-5);
  m.add_signers("\x01");
  EXPECT_EQ(view(m), R"({"u32":7,"s32":-1,"flag":true,"colour":"blue","text":"公交","data":"00ff",)"
                     R"("numbers":["0","18446744073709551615"],"leaves":[{"ppm":5},{}],"choice":{"leaf":{}},)"
                     R"("i64":"-5","signers":["01"]})");
}

TEST(JsonView, shows_object_ids_as_people_write_them) {
  Sample m;
  m.set_asset_id(sixteen_bytes());
  EXPECT_EQ(view(m), R"({"asset_id":"as-000g40r40m30e209185gr38e1w"})");
  m.set_asset_id("\x01\x02");
  EXPECT_EQ(view(m), R"({"asset_id":"0102"})");
}

TEST(JsonView, the_caller_can_say_what_a_field_names) {
  Sample m;
  m.set_data(sixteen_bytes());
  const std::vector<FieldObjectKind> kinds{{"circula.ledger.sample.Sample.data", ObjectKind::kContract}};
  EXPECT_EQ(view(m, {.with_defaults = false, .kinds = kinds}), R"({"data":"ct-000g40r40m30e209185gr38e1w"})");
}

TEST(JsonView, shows_what_may_be_an_asset_or_a_product_as_what_it_is) {
  proto::CertifyNotice notice;
  notice.set_subject(sixteen_bytes());
  proto::RoyaltyItem item;
  item.set_product(sixteen_bytes());
  EXPECT_EQ(view(notice), R"({"subject":"as-000g40r40m30e209185gr38e1w"})");
  EXPECT_EQ(view(item), R"({"product":"pd-000g40r40m30e209185gr38e1w"})");
  for (const ObjectKind kind : {ObjectKind::kAsset, ObjectKind::kProduct}) {
    const ObjectKindOf kind_of = [&](const ObjectId&) { return kind; };
    const JsonViewOptions options{.with_defaults = false, .kinds = {}, .kind_of = &kind_of};
    const std::string id = object_text(kind, ObjectId::from(crypto::as_bytes(notice.subject())));
    EXPECT_EQ(view(notice, options), R"({"subject":")" + id + R"("})");
    EXPECT_EQ(view(item, options), R"({"product":")" + id + R"("})");
    for (google::protobuf::Message* message :
         std::initializer_list<google::protobuf::Message*>{&notice, &item}) {
      const std::unique_ptr<google::protobuf::Message> back(message->New());
      ASSERT_TRUE(message_from_json(json_view(*message, options), *back)) << id;
      EXPECT_EQ(back->SerializeAsString(), message->SerializeAsString());
    }
  }
  Sample sample;
  sample.set_asset_id(sixteen_bytes());
  const ObjectKindOf product = [](const ObjectId&) { return ObjectKind::kProduct; };
  EXPECT_EQ(view(sample, {.with_defaults = false, .kinds = {}, .kind_of = &product}),
            R"({"asset_id":"as-000g40r40m30e209185gr38e1w"})");
}

TEST(JsonInput, takes_the_id_of_an_asset_or_a_product_and_no_other) {
  proto::RoyaltyItem item;
  const auto result = message_from_json(json::parse(R"({"product": "ct-000g40r40m30e209185gr38e1w"})"), item);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "an id that begins with as- or pd- expected");
}

TEST(JsonView, shows_times_beside_their_numbers_but_not_durations) {
  Sample m;
  m.set_created_at_ms(1'682'899'199'007);
  EXPECT_EQ(view(m), R"({"created_at_ms":"1682899199007","created_at":"2023-05-01T07:59:59.007+08:00"})");
  m.set_created_at_ms(86'400'000);
  EXPECT_EQ(view(m), R"({"created_at_ms":"86400000"})");
}

TEST(JsonView, shows_defaults_when_asked) {
  EXPECT_EQ(view(sample::Leaf{}, {.with_defaults = true, .kinds = {}}), R"({"ppm":0})");
  EXPECT_EQ(view(sample::Choice{}, {.with_defaults = true, .kinds = {}}), R"({"weight":0})");
}

TEST(JsonView, shows_subject_keys_as_text) {
  proto::Expectation expectation;
  expectation.set_subject("asset/000102");
  EXPECT_EQ(view(expectation), R"({"subject":"asset/000102"})");
  proto::Expectation back;
  ASSERT_TRUE(message_from_json(json_view(expectation), back));
  EXPECT_EQ(back.subject(), "asset/000102");
}

TEST(JsonInput, reads_what_the_view_shows) {
  Sample m;
  m.set_u32(4'294'967'295);
  m.set_i32(-2'147'483'647);
  m.set_flag(true);
  m.set_colour(sample::COLOUR_RED);
  m.set_f64(1);
  m.set_text("数据");
  m.set_data(std::string(32, '\xab'));
  m.mutable_leaf()->set_ppm(1);
  m.add_numbers(3);
  m.add_words("");
  m.add_leaves();
  m.add_colours(sample::COLOUR_NONE);
  m.mutable_choice()->set_name("x");
  m.set_u64(18'446'744'073'709'551'615U);
  m.set_i64(-9'223'372'036'854'775'807);
  m.mutable_inner()->mutable_choice()->mutable_leaf();
  m.set_asset_id(sixteen_bytes());
  m.set_created_at_ms(1'682'899'199'007);
  Sample back;
  const Result<void> result = message_from_json(json_view(m), back);
  ASSERT_TRUE(result) << result.error().field << ": " << result.error().detail;
  EXPECT_EQ(back.DebugString(), m.DebugString());
}

TEST(JsonInput, reads_times_alone_and_integers_as_numbers) {
  Sample m;
  ASSERT_EQ(
      read(R"({"created_at": "2023-05-01", "u64": 5, "asset_id": "000102030405060708090a0b0c0d0e0f"})", m),
      "ok");
  EXPECT_EQ(m.created_at_ms(), 1'682'870'400'000U);
  EXPECT_EQ(m.u64(), 5U);
  EXPECT_EQ(m.asset_id(), sixteen_bytes());
}

TEST(JsonInput, leaves_out_what_says_nothing) {
  Sample m;
  ASSERT_EQ(read(R"({"u32": 0, "text": "", "leaf": {}, "words": []})", m), "ok");
  EXPECT_EQ(m.ByteSizeLong(), 0U);
}

TEST(JsonInput, names_the_nearest_field_for_an_unknown_one) {
  EXPECT_EQ(read(R"({"colur": "red"})"), R"(colur: "colur" is unknown in Sample, did you mean "colour"?)");
  EXPECT_EQ(read(R"({"leaves": [{"ppm": 1}, {"pmp": 1}]})"),
            R"(leaves[1].pmp: "pmp" is unknown in Leaf, did you mean "ppm"?)");
  EXPECT_EQ(read(R"({"zebra": 1})"), R"(zebra: "zebra" is unknown in Sample)");
}

TEST(JsonInput, refuses_values_of_another_type_or_range) {
  EXPECT_EQ(read("[]"), ": an object {...} expected");
  EXPECT_EQ(read(R"({"u32": 4294967296})"), "u32: a whole number from 0 to 4294967295 expected");
  EXPECT_EQ(read(R"({"u32": -1})"), "u32: a whole number from 0 to 4294967295 expected");
  for (const char* number : {"1.0", "1e3", "\"01\"", "\"+1\"", "\"-0\"", "\" 1\"", "\"\"", "true", "null"}) {
    EXPECT_TRUE(read(std::string(R"({"u64": )") + number + "}").starts_with("u64: a whole number")) << number;
  }
  EXPECT_EQ(read(R"({"flag": 1})"), "flag: true or false expected");
  EXPECT_EQ(read(R"({"colour": "green"})"), "colour: one of red, blue expected");
  EXPECT_EQ(read(R"({"colour": 1})"), "colour: one of red, blue expected");
  EXPECT_EQ(read(R"({"text": 1})"), "text: a text \"...\" expected");
  EXPECT_EQ(read(R"({"data": "0G"})"), "data: lower-case hexadecimal expected");
  EXPECT_EQ(read(R"({"words": "a"})"), "words: a list [...] expected");
  EXPECT_EQ(read(R"({"words": ["a", null]})"), "words[1]: a text \"...\" expected");
  EXPECT_EQ(read(R"({"asset_id": "ct-000g40r40m30e209185gr38e1w"})"),
            "asset_id: an id that begins with as- expected");
  EXPECT_TRUE(read(R"({"created_at": "2023-13-01"})").starts_with("created_at: a time such as"));
}

TEST(JsonInput, refuses_a_time_that_is_not_that_of_its_number) {
  EXPECT_EQ(read(R"({"created_at_ms": "1682899199007", "created_at": "2023-05-01T07:59:59.008+08:00"})"),
            "created_at: not the time of created_at_ms; leave one of them out");
}

TEST(JsonInput, refuses_what_has_no_canonical_form) {
  EXPECT_EQ(read(R"({"choice": {"name": "x", "leaf": {}}})"),
            "choice.leaf: only one member of kind may be given");
  EXPECT_EQ(read(R"({"choice": {"weight": 1}})"), "choice.kind: no member of the choice is set");
  EXPECT_EQ(read(R"({"choice": {"number": 0}})"),
            "choice.number: a field with its default value is left out");
}

TEST(NearestName, is_the_one_that_differs_least) {
  const std::vector<std::string> names{"listen", "peers", "data_dir", "log_level"};
  EXPECT_EQ(nearest_name("lisetn", names), "listen");
  EXPECT_EQ(nearest_name("datadir", names), "data_dir");
  EXPECT_EQ(nearest_name("peer", names), "peers");
  EXPECT_EQ(nearest_name("zebra", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), names), std::nullopt);
}

}  // namespace
}  // namespace circula::ledger
