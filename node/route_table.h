// The one table of HTTP routes: what a path is called, who may read it, who answers. The server, the OpenAPI
// document and the documentation read it.
//
// A pattern is literal segments and parameters: `/v1/records/{id}`; a last segment `{rest*}` takes the rest
// of the path with its slashes. Where several patterns match, the one that is literal earlier wins.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "node/http_message.h"

namespace circula::node {

// Who may read (design.md 9). The server lets a request to a `party` or `regulator` route pass only with a
// session; whether its key is a party is the handler's question (E_NOT_PARTY). `operator_` routes exist only
// on the operator's listener.
enum class Visibility : std::uint8_t { public_, party, regulator, operator_ };
[[nodiscard]] std::string_view to_string(Visibility visibility);

// A visibility that somebody wrote down: it has no default, so a row without one does not compile.
struct VisibleTo {
  constexpr VisibleTo(Visibility visibility) : value(visibility) {}  // NOLINT: a row reads as a table
  Visibility value;
};

struct QueryParameter {
  std::string name;
  std::string summary;
};

struct Route {
  Method method;
  std::string pattern;
  VisibleTo visibility;
  std::string summary;
  Handler handler;
  std::vector<QueryParameter> query = {};  // others are refused
  std::string request_body = {};           // what a POST takes, for the documentation
  std::vector<ledger::Code> errors = {};   // besides those that every route has
};

class RouteTable {
 public:
  struct Match {
    const Route* route;
    std::map<std::string, std::string> params;
  };
  struct NoRoute {
    std::string nearest;  // pattern that begins most alike
  };
  struct NoMethod {
    std::string allow;  // for the header of that name
  };
  struct Malformed {
    std::string what;
  };
  using Found = std::variant<Match, NoRoute, NoMethod, Malformed>;

  // E_CONFIG when a pattern is malformed or two rows mean the same.
  [[nodiscard]] static ledger::Result<RouteTable> make(std::vector<Route> routes);

  // `path` as it stands in the request. Rows for which `visible` is false are as if they did not exist.
  [[nodiscard]] Found find(Method method, std::string_view path, bool with_operator) const;
  // When no method of ours was meant at all.
  [[nodiscard]] Found find_any(std::string_view path, bool with_operator) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Shape {
    std::vector<std::string> segments;
    bool takes_rest = false;
    std::string literal_mask;  // 'l' sorts before 'p': literal earlier wins
  };
  [[nodiscard]] static bool matches(const Shape& shape, const std::vector<std::string>& path);
  [[nodiscard]] std::vector<std::size_t> candidates(const std::vector<std::string>& path,
                                                    bool with_operator) const;
  [[nodiscard]] Found find_among(const Method* method, std::string_view path, bool with_operator) const;

  std::vector<Route> routes_;
  std::vector<Shape> shapes_;  // of each route
};

// The query of a request target, decoded. E_REQUEST when it is malformed or names something twice.
[[nodiscard]] ledger::Result<std::map<std::string, std::string>> parse_query(std::string_view query);

}  // namespace circula::node
