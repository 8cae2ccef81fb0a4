#include "ledger/revenue_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "ledger/json_text.h"
#include "ledger/revenue_json_reader.h"
#include "ledger/revenue_scenario.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;

std::string payee_name(const IncomeLine& line) {
  return line.kind == IncomeKind::kRoyalty ? "product:" + line.payee : line.payee;
}

json::object write_node(const IncomeNode& node, std::int64_t gross_minor, json::array lines) {
  return {{"path", node.path},       {"product", node.product}, {"agreement", node.agreement},
          {"version", node.version}, {"gross", gross_minor},    {"lines", std::move(lines)}};
}

json::array write_sale(const std::vector<IncomeNode>& nodes) {
  json::array written;
  for (const IncomeNode& node : nodes) {
    json::array lines;
    for (const IncomeLine& line : node.lines) {
      json::object object{{"step", line.step},
                          {"kind", to_string(line.kind)},
                          {"payee", payee_name(line)},
                          {"amount", line.amount_minor}};
      if (!line.for_party.empty()) object.emplace("for", line.for_party);
      if (line.kind == IncomeKind::kRoyalty) object.emplace("child", nodes[line.child].path);
      lines.push_back(std::move(object));
    }
    written.push_back(write_node(node, node.gross_minor, std::move(lines)));
  }
  return written;
}

json::array write_refund(const Refund& refund, const std::vector<IncomeNode>& nodes) {
  json::array written;
  for (const RefundNode& reversed : refund.nodes) {
    const IncomeNode& node = nodes[reversed.node];
    json::array lines;
    for (const RefundLine& part : reversed.lines) {
      const IncomeLine& line = node.lines[part.line];
      lines.push_back({{"line", part.line},
                       {"kind", to_string(line.kind)},
                       {"payee", payee_name(line)},
                       {"amount", part.amount_minor}});
    }
    written.push_back(write_node(node, reversed.gross_minor, std::move(lines)));
  }
  return written;
}

json::array write_top_ups(const std::vector<TopUp>& top_ups) {
  json::array written;
  for (const TopUp& top_up : top_ups) {
    written.push_back({{"party", top_up.party},
                       {"guarantor", top_up.guarantor},
                       {"earned", top_up.earned_minor},
                       {"amount", top_up.amount_minor}});
  }
  return written;
}

json::object refused(json::object named, const Error& error) {
  named.emplace("ok", false);
  named.emplace("error", name(error.code));
  return named;
}

json::object accepted(json::object named, std::string_view what, json::array list) {
  named.emplace("ok", true);
  named.emplace(what, std::move(list));
  return named;
}

// Runs each event and writes what came out of it.
class EventRun {
 public:
  explicit EventRun(RevenueScenario& scenario) : scenario_(scenario) {}

  json::object operator()(const SaleEvent& event) {
    const auto sold = scenario_.sell(event.id, {event.product, event.time_s, event.amount_minor});
    if (!sold) return refused({{"id", event.id}}, sold.error());
    return accepted({{"id", event.id}}, "nodes", write_sale(*sold.value()));
  }

  json::object operator()(const RefundEvent& event) {
    const auto refunded = scenario_.give_back(event.id, event.of, event.amount_minor);
    if (!refunded) return refused({{"id", event.id}}, refunded.error());
    return accepted({{"id", event.id}}, "nodes", write_refund(refunded.value(), *scenario_.sale(event.of)));
  }

  json::object operator()(const CloseEvent& event) {
    const auto closed = scenario_.close(event.id, event.agreement, event.from_s, event.to_s);
    if (!closed) return refused({{"id", event.id}}, closed.error());
    return accepted({{"id", event.id}}, "topups", write_top_ups(closed.value()));
  }

 private:
  RevenueScenario& scenario_;
};

Result<json::object> write_totals(const RevenueScenario& scenario) {
  json::object written;
  for (const auto& [payee, total] : scenario.totals()) {
    const auto narrow = static_cast<std::int64_t>(total);
    if (narrow != total) return error(Code::E_AMOUNT, "the sum leaves 64 bits", "totals." + payee);
    written.emplace(payee, narrow);
  }
  return written;
}

json::object write_state(const MemoryBook& book) {
  json::object used;
  json::object tiers;
  for (const auto& [key, value] : book.counters()) {
    const std::string id = key.agreement + "/" + key.id;
    if (key.period.empty()) {
      used.emplace(id, value);
    } else {
      tiers.emplace(id + "@" + key.period, value);
    }
  }
  json::object carry;
  for (const auto& [key, values] : book.carries()) {
    const std::string list = key.royalty_list ? "/royalty_steps" : "/steps";
    carry.emplace(key.agreement + "@" + std::to_string(key.version) + list,
                  json::array(values.begin(), values.end()));
  }
  return {{"used", std::move(used)}, {"tiers", std::move(tiers)}, {"carry", std::move(carry)}};
}

Result<json::object> evaluate(RevenueCase&& given) {
  RevenueScenario scenario;
  json::array agreements;
  for (RevenueAgreement& agreement : given.agreements) {
    json::object named{{"agreement", agreement.id}, {"version", agreement.version}};
    if (const auto added = scenario.add_agreement(std::move(agreement)); !added) {
      agreements.push_back(refused(std::move(named), added.error()));
    } else {
      named.emplace("ok", true);
      agreements.push_back(std::move(named));
    }
  }
  json::array results;
  EventRun run(scenario);
  for (const RevenueEvent& event : given.events) results.push_back(std::visit(run, event));
  auto totals = write_totals(scenario);
  if (!totals) return totals;
  return json::object{{"agreements", std::move(agreements)},
                      {"results", std::move(results)},
                      {"totals", std::move(totals.value())},
                      {"state", write_state(scenario.book())}};
}

}  // namespace

Result<std::string> evaluate_revenue_document(std::string_view text) {
  auto document = parse_json(text);
  if (!document) return document.error();
  auto cases = read_revenue_cases(document.value());
  if (!cases) return cases.error();

  // read_revenue_cases() has seen that these are a list and objects.
  json::array& written = document.value().get_object()["cases"].get_array();
  for (std::size_t i = 0; i < written.size(); ++i) {
    auto expected = evaluate(std::move(cases.value()[i]));
    if (!expected) {
      Error failed = expected.error();
      failed.field = "cases[" + std::to_string(i) + "].expected." + failed.field;
      return failed;
    }
    written[i].get_object()["expected"] = std::move(expected.value());
  }
  return json::serialize(document.value());
}

}  // namespace circula::ledger
