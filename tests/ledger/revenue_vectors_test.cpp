// The 61 cases of tests/vectors/revenue_cases.json, which an independent program computed in exact
// fractions: W1 to W7 are the worked examples of records.md 3.8, R01 to R30 one rule each, X01 to X24 random.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ledger/revenue_json.h"
#include "tests/paths.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;

const std::string kCommitted = paths::source("tests/vectors/revenue_cases.json");
const std::string kShared = paths::vectors("revenue_cases.json");
constexpr std::size_t kCases = 61;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

json::array cases_of(const std::string& document) { return json::parse(document).at("cases").as_array(); }

void expect_all_cases_equal(const std::string& text) {
  const auto evaluated = evaluate_revenue_document(text);
  ASSERT_TRUE(evaluated) << evaluated.error().detail << " at " << evaluated.error().field;
  const json::array given = cases_of(text);
  const json::array computed = cases_of(*evaluated);
  ASSERT_EQ(given.size(), kCases);
  ASSERT_EQ(computed.size(), kCases);
  for (std::size_t i = 0; i < kCases; ++i) {
    for (const char* part : {"agreements", "results", "totals", "state"}) {
      EXPECT_EQ(given[i].at("expected").at(part), computed[i].at("expected").at(part))
          << given[i].at("id") << " " << part;
    }
    EXPECT_EQ(given[i], computed[i]) << given[i].at("id") << ": the document is otherwise unchanged";
  }
}

TEST(RevenueVectors, every_case_is_equal) { expect_all_cases_equal(read_file(kCommitted)); }

TEST(RevenueVectors, the_shared_file_is_the_committed_one) {
  if (!std::filesystem::exists(kShared)) GTEST_SKIP() << kShared << " is not there";
  EXPECT_EQ(read_file(kShared), read_file(kCommitted));
}

TEST(RevenueVectors, are_computed_from_the_input_alone) {
  json::value document = json::parse(read_file(kCommitted));
  for (json::value& each : document.as_object()["cases"].as_array()) each.as_object().erase("expected");
  const auto evaluated = evaluate_revenue_document(json::serialize(document));
  ASSERT_TRUE(evaluated);
  EXPECT_EQ(cases_of(*evaluated), cases_of(read_file(kCommitted)));
}

TEST(RevenueVectors, integers_stay_integers) {
  const auto evaluated = evaluate_revenue_document(read_file(kCommitted));
  ASSERT_TRUE(evaluated);
  EXPECT_NE(evaluated->find("27149523293827162"), std::string::npos);  // a total of R30, above 2^53
  EXPECT_EQ(evaluated->find("E+"), std::string::npos);
  EXPECT_EQ(evaluated->find("\"amount\":\""), std::string::npos);
}

}  // namespace
}  // namespace circula::ledger
