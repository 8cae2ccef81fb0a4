#include "node/route_table.h"

#include <gtest/gtest.h>

namespace circula::node {
namespace {

using ledger::Code;

// A row without a visibility must not compile (design.md 9).
template <class Row>
concept DoesWithoutVisibility = requires {
  Row{.method = Method::get, .pattern = "/", .summary = ""};
};
template <class Row>
concept WorksWithVisibility = requires {
  Row{.method = Method::get, .pattern = "/", .visibility = Visibility::public_, .summary = ""};
};
static_assert(!DoesWithoutVisibility<Route>);
static_assert(WorksWithVisibility<Route>);

Route row(Method method, std::string pattern, Visibility visibility = Visibility::public_) {
  return {method, std::move(pattern), visibility, "a test", [](Request, Respond) {}};
}

RouteTable table() {
  return RouteTable::make({row(Method::get, "/v1/records/{id}"), row(Method::post, "/v1/records"),
                           row(Method::get, "/v1/records"), row(Method::get, "/v1/records/latest"),
                           row(Method::get, "/v1/{kind}/{id}/history"), row(Method::get, "/tile/{path*}"),
                           row(Method::get, "/"), row(Method::get, "/metrics", Visibility::operator_)})
      .value();
}

std::string pattern_of(const RouteTable::Found& found) {
  const auto* match = std::get_if<RouteTable::Match>(&found);
  return match == nullptr ? "" : match->route->pattern;
}

TEST(RouteTable, finds_literals_and_parameters) {
  const RouteTable routes = table();
  const auto found = routes.find(Method::get, "/v1/records/abc%20d", false);
  EXPECT_EQ(pattern_of(found), "/v1/records/{id}");
  EXPECT_EQ(std::get<RouteTable::Match>(found).params.at("id"), "abc d");
  EXPECT_EQ(pattern_of(routes.find(Method::post, "/v1/records", false)), "/v1/records");
  EXPECT_EQ(pattern_of(routes.find(Method::get, "/", false)), "/");
}

TEST(RouteTable, the_pattern_that_is_literal_earlier_wins) {
  const RouteTable routes = table();
  EXPECT_EQ(pattern_of(routes.find(Method::get, "/v1/records/latest", false)), "/v1/records/latest");
  EXPECT_EQ(pattern_of(routes.find(Method::get, "/v1/assets/x/history", false)), "/v1/{kind}/{id}/history");
}

TEST(RouteTable, a_last_parameter_may_take_the_rest) {
  const auto found = table().find(Method::get, "/tile/0/x001/234", false);
  EXPECT_EQ(std::get<RouteTable::Match>(found).params.at("path"), "0/x001/234");
  EXPECT_EQ(pattern_of(table().find(Method::get, "/tile/", false)), "");
}

TEST(RouteTable, says_which_methods_a_path_takes) {
  const auto found = table().find(Method::delete_, "/v1/records", false);
  EXPECT_EQ(std::get<RouteTable::NoMethod>(found).allow, "POST, GET, HEAD");
}

TEST(RouteTable, says_which_path_is_nearest) {
  const auto found = table().find(Method::get, "/v1/record", false);
  EXPECT_EQ(std::get<RouteTable::NoRoute>(found).nearest.substr(0, 11), "/v1/records");
  EXPECT_EQ(std::get<RouteTable::NoRoute>(table().find(Method::get, "/nothing", false)).nearest, "");
}

TEST(RouteTable, operator_routes_exist_only_for_the_operator) {
  EXPECT_EQ(pattern_of(table().find(Method::get, "/metrics", true)), "/metrics");
  EXPECT_TRUE(std::holds_alternative<RouteTable::NoRoute>(table().find(Method::get, "/metrics", false)));
  EXPECT_EQ(std::get<RouteTable::NoRoute>(table().find(Method::get, "/metric", false)).nearest, "");
}

TEST(RouteTable, refuses_paths_that_hide_something) {
  for (const std::string_view path :
       {"/v1/records/a%2Fb", "/v1/records/%00", "/v1/records/%zz", "/v1/records/%4", "/v1/records/..",
        "/v1/records/%2e%2e", "v1/records", "", "/v1/records/a\nb", "*", "http://evil/v1/records"}) {
    EXPECT_TRUE(std::holds_alternative<RouteTable::Malformed>(table().find(Method::get, path, false)))
        << path;
  }
}

TEST(RouteTable, refuses_bad_tables) {
  EXPECT_EQ(RouteTable::make({row(Method::get, "x")}).error().code, Code::E_CONFIG);
  EXPECT_EQ(RouteTable::make({row(Method::get, "/{rest*}/x")}).error().code, Code::E_CONFIG);
  EXPECT_EQ(RouteTable::make({row(Method::get, "/{a}"), row(Method::get, "/{b}")}).error().code,
            Code::E_CONFIG);
  EXPECT_EQ(RouteTable::make({{Method::get, "/", Visibility::public_, "no handler", nullptr}}).error().code,
            Code::E_CONFIG);
}

TEST(RouteTable, parses_queries) {
  const auto query = parse_query("a=1&b=x+y%26z&empty=&flag").value();
  EXPECT_EQ(query,
            (std::map<std::string, std::string>{{"a", "1"}, {"b", "x y&z"}, {"empty", ""}, {"flag", ""}}));
  EXPECT_TRUE(parse_query("").value().empty());
  for (const std::string_view bad : {"a=1&a=2", "a=%", "=1", "a=%0a"}) {
    EXPECT_EQ(parse_query(bad).error().code, Code::E_REQUEST) << bad;
  }
}

}  // namespace
}  // namespace circula::node
