#include "node/route_table.h"

#include <algorithm>

namespace circula::node {
namespace {

constexpr std::size_t kQueryParametersMax = 32;  // more than any route has

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

std::string parameter_name(std::string_view segment) {
  std::string name(segment.substr(1, segment.size() - 2));
  if (name.ends_with('*')) name.pop_back();
  return name;
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decoding. Control characters are refused: no id, name or cursor has one.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '%') {
      if (at + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      at += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return std::nullopt;
    out.push_back(c);
  }
  return out;
}

// A decoded slash would let one segment pass for two.
bool decode_segments(std::vector<std::string>& segments) {
  for (std::string& segment : segments) {
    auto decoded = decode(segment, false);
    if (!decoded || decoded->find('/') != std::string::npos || *decoded == "." || *decoded == "..") {
      return false;
    }
    segment = std::move(*decoded);
  }
  return true;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

std::string_view to_string(Visibility visibility) {
  switch (visibility) {
    case Visibility::public_:
      return "public";
    case Visibility::party:
      return "party";
    case Visibility::regulator:
      return "regulator";
    case Visibility::operator_:
      return "operator";
  }
  return "";
}

ledger::Result<RouteTable> RouteTable::make(std::vector<Route> routes) {
  RouteTable table;
  table.routes_ = std::move(routes);
  std::map<std::string, const Route*> meanings;
  for (const Route& route : table.routes_) {
    const auto bad = [&](const std::string& why) {
      return ledger::error(ledger::Code::E_CONFIG, "route " + route.pattern + ": " + why);
    };
    if (!route.pattern.starts_with('/')) return bad("does not begin with a slash");
    if (!route.handler) return bad("has no handler");
    Shape shape{split(route.pattern), false, ""};
    std::string meaning = std::string(to_string(route.method)) + " ";
    for (std::size_t n = 0; n < shape.segments.size(); ++n) {
      const std::string& segment = shape.segments[n];
      if (shape.takes_rest) return bad("goes on after the parameter that takes the rest");
      shape.takes_rest = is_parameter(segment) && segment.ends_with("*}");
      shape.literal_mask += is_parameter(segment) ? (shape.takes_rest ? 'r' : 'p') : 'l';
      meaning += "/" + (is_parameter(segment) ? std::string("{}") : segment);
    }
    if (!meanings.try_emplace(meaning, &route).second) {
      return bad("means the same as " + meanings[meaning]->pattern);
    }
    table.shapes_.push_back(std::move(shape));
  }
  return table;
}

bool RouteTable::matches(const Shape& shape, const std::vector<std::string>& path) {
  if (shape.takes_rest ? path.size() < shape.segments.size() : path.size() != shape.segments.size()) {
    return false;
  }
  for (std::size_t n = 0; n < shape.segments.size(); ++n) {
    if (is_parameter(shape.segments[n]) ? path[n].empty() : shape.segments[n] != path[n]) return false;
  }
  return true;
}

std::vector<std::size_t> RouteTable::candidates(const std::vector<std::string>& path,
                                                bool with_operator) const {
  std::vector<std::size_t> found;
  for (std::size_t n = 0; n < routes_.size(); ++n) {
    if (!with_operator && routes_[n].visibility.value == Visibility::operator_) continue;
    if (matches(shapes_[n], path)) found.push_back(n);
  }
  std::stable_sort(found.begin(), found.end(), [this](std::size_t a, std::size_t b) {
    return shapes_[a].literal_mask < shapes_[b].literal_mask;
  });
  return found;
}

RouteTable::Found RouteTable::find_among(const Method* method, std::string_view path,
                                         bool with_operator) const {
  if (!path.starts_with('/')) return Malformed{"the path does not begin with a slash"};
  std::vector<std::string> segments = split(path);
  if (!decode_segments(segments)) return Malformed{"the path is not well encoded"};
  const std::vector<std::size_t> found = candidates(segments, with_operator);
  if (found.empty()) {
    NoRoute none;
    std::size_t alike = 1;  // the slash alone is no likeness
    for (const Route& route : routes_) {
      if (!with_operator && route.visibility.value == Visibility::operator_) continue;
      const std::size_t common = common_prefix(path, route.pattern);
      if (common > alike) {
        alike = common;
        none.nearest = route.pattern;
      }
    }
    return none;
  }
  NoMethod other;
  for (const std::size_t n : found) {
    if (shapes_[n].literal_mask != shapes_[found.front()].literal_mask) break;
    if (method == nullptr || routes_[n].method != *method) {
      if (!other.allow.empty()) other.allow += ", ";
      other.allow += to_string(routes_[n].method);
      if (routes_[n].method == Method::get) other.allow += ", HEAD";
      continue;
    }
    Match match{&routes_[n], {}};
    const Shape& shape = shapes_[n];
    for (std::size_t s = 0; s < shape.segments.size(); ++s) {
      if (is_parameter(shape.segments[s])) match.params[parameter_name(shape.segments[s])] = segments[s];
    }
    if (shape.takes_rest) {
      std::string& rest = match.params[parameter_name(shape.segments.back())];
      for (std::size_t s = shape.segments.size(); s < segments.size(); ++s) rest += "/" + segments[s];
    }
    return match;
  }
  return other;
}

RouteTable::Found RouteTable::find(Method method, std::string_view path, bool with_operator) const {
  return find_among(&method, path, with_operator);
}

RouteTable::Found RouteTable::find_any(std::string_view path, bool with_operator) const {
  return find_among(nullptr, path, with_operator);
}

ledger::Result<std::map<std::string, std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::string> values;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || name->empty()) {
      return ledger::error(ledger::Code::E_REQUEST, "the query is not well encoded");
    }
    if (values.size() == kQueryParametersMax) {
      return ledger::error(ledger::Code::E_REQUEST, "the query has too many parameters");
    }
    if (!values.try_emplace(*name, std::move(*value)).second) {
      return ledger::error(ledger::Code::E_REQUEST, "the query names a parameter twice", *name);
    }
  }
  return values;
}

}  // namespace circula::node
