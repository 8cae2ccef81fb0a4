#include <gtest/gtest.h>

#include "ledger/certificate_number.h"
#include "ledger/object_id.h"
#include "ledger/organisation_code.h"

namespace circula::ledger {
namespace {

// Codes that real organisations publish.
TEST(OrganisationCode, accepts_published_codes) {
  for (const char* oid :
       {"9144030071526726XG", "91330100799655058B", "914403001922038216", "lei:506700GE1G29325QX363",
        "lei:529900T8BM49AURSDO55", "lei:5493001KJTIIGC8Y1R12"}) {
    EXPECT_TRUE(check_oid(oid)) << oid;
  }
}

TEST(OrganisationCode, refuses_other_lengths_letters_and_check_characters) {
  for (const char* oid :
       {"", "9144030071526726X", "9144030071526726XH", "9144030071526726xg", "9144030071526726XG ",
        "9I44030071526726XG", "506700GE1G29325QX363", "lei:506700GE1G29325QX364", "lei:506700GE1G29325QX36",
        "LEI:506700GE1G29325QX363", "lei:506700ge1g29325qx363"}) {
    const Result<void> checked = check_oid(oid, "oid");
    ASSERT_FALSE(checked) << oid;
    EXPECT_EQ(checked.error().code, Code::E_USCC);
    EXPECT_EQ(checked.error().field, "oid");
  }
  EXPECT_EQ(check_oid("9144030071526726XH").error().detail, "check character G expected");
}

TEST(OrganisationCode, the_check_character_notices_each_changed_character_and_each_swap) {
  const std::string code = "9144030071526726XG";
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (const char c : kGb32100Alphabet) {
      std::string changed = code;
      changed[i] = c;
      EXPECT_EQ(is_uscc(changed), changed == code) << changed;
    }
    if (i + 1 == code.size()) continue;
    std::string swapped = code;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(is_uscc(swapped), swapped == code) << swapped;
  }
}

TEST(OrganisationCode, computes_the_check_digits_of_an_lei) {
  EXPECT_EQ(lei_check_digits("506700GE1G29325QX3"), "63");
  EXPECT_EQ(lei_check_digits("506700GE1G29325QX"), std::nullopt);
  EXPECT_EQ(lei_check_digits("506700ge1G29325QX3"), std::nullopt);
}

ObjectId counting_id() {
  ObjectId id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(i);
  return id;
}

// The base32 text was computed by a Python program from the definition.
TEST(ObjectId, has_prefix_and_26_characters) {
  EXPECT_EQ(object_text(ObjectKind::kAsset, counting_id()), "as-000g40r40m30e209185gr38e1w");
  EXPECT_EQ(object_text(ObjectKind::kEvent, counting_id()), "ev-000g40r40m30e209185gr38e1w");
  ObjectId ones;
  ones.fill(0xff);
  EXPECT_EQ(object_text(ObjectKind::kAgreement, ones), "ag-zzzzzzzzzzzzzzzzzzzzzzzzzw");
}

TEST(ObjectId, each_kind_comes_back_from_its_text) {
  for (const ObjectKind kind : {ObjectKind::kAsset, ObjectKind::kProduct, ObjectKind::kListing,
                                ObjectKind::kOrder, ObjectKind::kContract, ObjectKind::kLicence,
                                ObjectKind::kAgreement, ObjectKind::kDispute, ObjectKind::kEvent}) {
    const auto parsed = parse_object_name(object_text(kind, counting_id()));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (ObjectName{kind, counting_id()}));
    EXPECT_EQ(kind_of_prefix(prefix(kind)), kind);
  }
}

TEST(ObjectId, refuses_every_other_spelling) {
  for (const char* text :
       {"", "as", "as-", "000g40r40m30e209185gr38e1w", "AS-000g40r40m30e209185gr38e1w",
        "as-000G40R40M30E209185GR38E1W", "as-000g40r40m30e209185gr38e1", "xx-000g40r40m30e209185gr38e1w",
        "as-000g40r40m30e209185gr38e1x",  // spare bits
        "as-ooog40r40m30e209185gr38e1w", "as-000g40r40m30e209185gr38e1w0"}) {
    const auto parsed = parse_object_name(text, "asset");
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::E_FORMAT);
    EXPECT_EQ(parsed.error().field, "asset");
  }
  EXPECT_FALSE(parse_object_id(ObjectKind::kProduct, "as-000g40r40m30e209185gr38e1w"));
  EXPECT_TRUE(parse_object_id(ObjectKind::kAsset, "as-000g40r40m30e209185gr38e1w"));
}

// Check characters computed by a Python program from the definition.
TEST(CertificateNumber, is_written_with_its_check_character) {
  EXPECT_EQ(*format_certificate_number({"FJ", 2023, 42}), "FJ-2023-000042-C");
  EXPECT_EQ(*format_certificate_number({"BJ", 2023, 1}), "BJ-2023-000001-5");
  EXPECT_EQ(*format_certificate_number({"GD4EX01X", 2024, 999'999}), "GD4EX01X-2024-999999-M");
}

TEST(CertificateNumber, comes_back_from_its_text) {
  for (const CertificateNumber& number :
       {CertificateNumber{"GD4EX01X", 2024, 999'999}, {"FJ", 2023, 1'000'000}, {"FJ", 2023, 999'999'999}}) {
    const auto parsed = parse_certificate_number(*format_certificate_number(number));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, number);
  }
  EXPECT_EQ(parse_certificate_number("GD4EX01X-2024-999999-M")->serial, 999'999U);
}

TEST(CertificateNumber, refuses_parts_out_of_range) {
  for (const CertificateNumber& number : {CertificateNumber{"F", 2023, 1},
                                          {"FJ4EX01X2", 2023, 1},
                                          {"fj", 2023, 1},
                                          {"SZ", 2023, 1},
                                          {"FJ", 999, 1},
                                          {"FJ", 10'000, 1},
                                          {"FJ", 2023, 0},
                                          {"FJ", 2023, 1'000'000'000}}) {
    ASSERT_FALSE(format_certificate_number(number)) << number.registrar_code << number.year;
    EXPECT_EQ(format_certificate_number(number).error().code, Code::E_CERT_NO);
  }
}

TEST(CertificateNumber, refuses_every_other_spelling) {
  for (const char* text :
       {"", "FJ-2023-000042-D", "FJ-2023-00042-C", "FJ-2023-0000042-C", "FJ-2023-0000000042-C",
        "FJ-02023-000042-C", "FJ--000042-C", "---", "FJ_2023-000042-C", "FJ-2023-0000420C", "F-2023-000042-C",
        "FJ-2O23-000042-C", "fj-2023-000042-C", "FJ-2032-000042-C", "FJ-2023-000042-C "}) {
    EXPECT_FALSE(parse_certificate_number(text)) << text;
  }
}

}  // namespace
}  // namespace circula::ledger
