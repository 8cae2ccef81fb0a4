// A second implementation of records.md 3.7 to compare the engine with, by other means: no counters, tiers or
// carries are kept, all are added up anew from the whole history at every step; left-over units are found by
// repeated search, and the cascade is walked with a stack. Slow on purpose; a reader checks it by the text.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "ledger/revenue_agreement.h"

namespace circula::ledger::model {

__extension__ typedef __int128 Big;
constexpr Big kMillion = 1'000'000;

struct Line {
  std::size_t step;
  std::string kind, payee, for_party;
  Big amount, left;
  std::set<std::string> counts_for;  // ids of recoupments, advances and caps
};

struct Node {
  std::string path, product;
  const RevenueAgreement* agreement;
  Big gross;
  std::vector<Line> lines;
  // What later events need to know: volumes by tier id and period, and the split.
  std::vector<std::pair<std::string, Big>> volumes;
  std::vector<Big> weights, parts;
  [[nodiscard]] bool second_list() const { return path != "0" && !agreement->royalty_steps.empty(); }
};

struct Event {
  std::int64_t time;
  std::vector<Node> nodes;
};

inline Big nearest(Big n, Big d) {
  const Big q = n / d;
  return 2 * (n - q * d) >= d ? q + 1 : q;
}

// Largest remainder: one unit at a time to whoever is furthest behind its exact entitlement.
inline std::vector<Big> shares(Big amount, const std::vector<Big>& weights) {
  Big whole = 0, given = 0;
  for (Big w : weights) whole += w;
  std::vector<Big> parts;
  for (Big w : weights) given += parts.emplace_back(amount * w / whole);
  for (; given < amount; ++given) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < weights.size(); ++i) {
      if (amount * weights[i] - whole * parts[i] > amount * weights[best] - whole * parts[best]) best = i;
    }
    ++parts[best];
  }
  return parts;
}

// The same with what earlier payments left owing, in millionths.
inline std::vector<Big> shares_with_debt(Big amount, const std::vector<Big>& weights,
                                         const std::vector<Big>& owing) {
  std::vector<Big> entitled, parts;
  Big given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    entitled.push_back(amount * weights[i] + owing[i]);
    given += parts.emplace_back(entitled[i] < 0 ? Big{0} : entitled[i] / kMillion);
  }
  while (given != amount) {
    std::set<std::pair<Big, std::size_t>> order;  // smallest debt first, earlier entry first
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Big debt = entitled[i] - kMillion * parts[i];
      if (given < amount) order.insert({-debt, i});
      if (given > amount && parts[i] > 0) order.insert({debt, i});
    }
    const Big unit = given < amount ? 1 : -1;
    parts[order.begin()->second] += unit;
    given += unit;
  }
  return parts;
}

class Model {
 public:
  std::vector<RevenueAgreement> agreements;
  std::map<std::string, Event> history;

  [[nodiscard]] const RevenueAgreement* effective(const std::string& product, std::int64_t time) const {
    const RevenueAgreement* best = nullptr;
    for (const RevenueAgreement& a : agreements) {
      const bool started = a.product == product && a.effective_from_s <= time;
      if (started && (!best || a.version > best->version)) best = &a;
    }
    return best && best->effective_to_s && time >= *best->effective_to_s ? nullptr : best;
  }

  // The error's name, or empty. Form, ids and limits are not modelled.
  std::string sell(const std::string& id, const std::string& product, std::int64_t time, Big amount) {
    Event& event = history[id] = Event{time, {}};
    using Task = std::tuple<std::string, Big, std::string, std::set<std::string>>;
    for (std::vector<Task> stack{{product, amount, "0", {}}}; !stack.empty();) {
      auto [what, gross, path, above] = stack.back();
      stack.pop_back();
      const RevenueAgreement* agreement = effective(what, time);
      const bool cycle = !above.insert(what).second;
      if (cycle || agreement == nullptr) {
        history.erase(id);
        return cycle ? "E_CYCLE" : "E_NO_AGREEMENT";
      }
      Node& node = event.nodes.emplace_back(Node{path, what, agreement, gross, {}, {}, {}, {}});
      fill(node, time);
      std::vector<Task> below;
      for (const Line& line : node.lines) {
        const std::string place = path + "." + std::to_string(below.size());
        if (line.kind == "royalty") below.emplace_back(line.payee, line.amount, place, above);
      }
      stack.insert(stack.end(), below.rbegin(), below.rend());
    }
    return {};
  }

  // What each line (path, number) gives back.
  std::string refund(const std::string& of, Big amount,
                     std::map<std::pair<std::string, std::size_t>, Big>& back) {
    Event& event = history[of];
    std::map<std::string, Big> of_node{{"0", amount}};
    Big left = 0;
    for (const Line& line : event.nodes[0].lines) left += line.left;
    if (amount > left) return "E_REFUND_EXCEEDS";
    for (Node& node : event.nodes) {  // parents stand before children
      if (of_node[node.path] == 0) continue;
      std::vector<Big> weights;
      for (const Line& line : node.lines) weights.push_back(line.left);
      const std::vector<Big> parts = shares(of_node[node.path], weights);
      std::size_t child = 0;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        node.lines[i].left -= parts[i];
        if (parts[i] != 0) back[{node.path, i}] = parts[i];
        if (node.lines[i].kind == "royalty") of_node[node.path + "." + std::to_string(child++)] = parts[i];
      }
    }
    return {};
  }

  // What a party has of the agreement's splits in [from, to), before advance and withholding.
  [[nodiscard]] Big earned(const std::string& agreement, const std::string& party, std::int64_t from,
                           std::int64_t to) const {
    return left_where([&](const Event& event, const Node& node, const Line& line) {
      return node.agreement->id == agreement && event.time >= from && event.time < to &&
             line.for_party == party && line.kind != "overflow";
    });
  }

  [[nodiscard]] Big used(const std::string& agreement, const std::string& id) const {
    return left_where([&](const Event&, const Node& node, const Line& line) {
      return node.agreement->id == agreement && line.counts_for.contains(id);
    });
  }

  [[nodiscard]] Big volume(const std::string& agreement, const std::string& tier_and_period) const {
    Big sum = 0;
    each_node([&](const Event&, const Node& node) {
      for (const auto& [key, base] : node.volumes)
        sum += node.agreement->id == agreement && key == tier_and_period ? base : 0;
    });
    return sum;
  }

  [[nodiscard]] std::vector<Big> owing(const RevenueAgreement& a, bool second, std::size_t payees) const {
    std::vector<Big> sums(payees, 0);
    each_node([&](const Event&, const Node& node) {
      if (node.agreement != &a || node.second_list() != second || node.parts.empty()) return;
      const Big amount = std::accumulate(node.parts.begin(), node.parts.end(), Big{0});
      for (std::size_t i = 0; i < payees; ++i) sums[i] += amount * node.weights[i] - kMillion * node.parts[i];
    });
    return sums;
  }

 private:
  template <class Visit>
  void each_node(Visit visit) const {
    for (const auto& [id, event] : history) {
      for (const Node& node : event.nodes) visit(event, node);
    }
  }

  template <class Counts>
  Big left_where(Counts counts) const {
    Big sum = 0;
    each_node([&](const Event& event, const Node& node) {
      for (const Line& line : node.lines) sum += counts(event, node, line) ? line.left : 0;
    });
    return sum;
  }

  // The tier periods in which a moment lies, in the order of TierPeriod.
  static std::string period_of(TierPeriod period, std::int64_t time) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(
        std::chrono::sys_seconds{std::chrono::seconds{time + 8 * 3600}})};
    const unsigned month = unsigned{day.month()};
    const std::string year = std::to_string(int{day.year()});
    const std::string keys[] = {"", "all", year + (month < 10 ? "-0" : "-") + std::to_string(month), year};
    return keys[static_cast<std::size_t>(period)];
  }

  // Runs the steps of a node that has no lines yet.
  void fill(Node& node, std::int64_t time) {
    const RevenueAgreement& a = *node.agreement;
    Big rem = node.gross, net = node.gross;
    const auto& steps = node.second_list() ? a.royalty_steps : a.steps;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const auto pay = [&](std::string kind, std::string payee, Big amount, std::set<std::string> ids = {},
                           std::string whose = {}) {
        rem -= amount;
        if (amount != 0) node.lines.push_back({s, kind, payee, whose, amount, amount, ids});
        return amount;
      };
      const auto base = [&](ShareBase b) {
        return b == ShareBase::kGross ? node.gross : b == ShareBase::kNet ? net : rem;
      };
      const auto room = [&](const auto& id, Big total) { return std::max(Big{0}, total - used(a.id, id)); };
      if (const auto* tax = std::get_if<TaxStep>(&steps[s])) {
        pay("tax", tax->payee, nearest(rem * tax->rate_ppm, kMillion + tax->rate_ppm));
        net = rem;
      } else if (const auto* fixed = std::get_if<FixedStep>(&steps[s])) {
        pay("fixed", fixed->payee, std::min<Big>(fixed->amount_minor, rem));
      } else if (const auto* percent = std::get_if<PercentStep>(&steps[s])) {
        std::vector<Big> bounds{rem};
        if (percent->max_minor) bounds.push_back(*percent->max_minor);
        if (percent->cap) bounds.push_back(room(percent->cap->id, percent->cap->total_minor));
        const Big wanted =
            std::max<Big>(nearest(base(percent->base) * percent->rate_ppm, kMillion), percent->min_minor);
        pay("percent", percent->payee, std::min(wanted, *std::min_element(bounds.begin(), bounds.end())),
            percent->cap ? std::set<std::string>{percent->cap->id} : std::set<std::string>{});
      } else if (const auto* tiered = std::get_if<TieredStep>(&steps[s])) {
        const std::string key = tiered->id + "@" + period_of(tiered->period, time);
        const Big before = volume(a.id, key);
        const Big added = base(tiered->base);
        const auto price = [&](Big x) {
          Big millionths = 0, low = 0;
          for (const Tier& tier : tiered->tiers) {
            const Big high = tier.upto_minor ? Big{*tier.upto_minor} : x;
            millionths += std::max(Big{0}, std::min(x, high) - low) * tier.rate_ppm;
            low = high;
          }
          return nearest(millionths, kMillion);
        };
        node.volumes.emplace_back(key, added);
        pay("tiered", tiered->payee, std::min(price(before + added) - price(before), rem));
      } else if (const auto* royalty = std::get_if<RoyaltyStep>(&steps[s])) {
        std::vector<Big> weights;
        for (const RoyaltyItem& item : royalty->items) weights.push_back(item.rate_ppm);
        weights.push_back(kMillion - std::accumulate(weights.begin(), weights.end(), Big{0}));
        const std::vector<Big> parts = shares(base(royalty->base), weights);
        for (std::size_t i = 0; i + 1 < parts.size(); ++i)
          pay("royalty", royalty->items[i].product, std::min(parts[i], rem));
      } else if (const auto* recoup = std::get_if<RecoupStep>(&steps[s])) {
        const Big most = room(recoup->id, recoup->total_minor);
        pay("recoup", recoup->payee, std::min(nearest(rem * recoup->rate_ppm, kMillion), most), {recoup->id});
      } else if (const auto* split = std::get_if<SplitStep>(&steps[s])) {
        for (const SplitPayee& payee : split->payees) node.weights.push_back(payee.share_ppm);
        const std::vector<Big> debts = owing(a, node.second_list(), node.weights.size());
        const bool carries = a.rounding == Rounding::kCarry;
        const auto parts = carries ? shares_with_debt(rem, node.weights, debts) : shares(rem, node.weights);
        for (std::size_t i = 0; i < parts.size(); ++i) {
          const SplitPayee& payee = split->payees[i];
          Big x = parts[i];
          std::set<std::string> ids;
          const std::string& who = payee.party;
          if (const auto& cap = payee.cap) {
            x -= pay("overflow", cap->overflow, std::max(Big{0}, x - room(cap->id, cap->total_minor)), {},
                     who);
            ids.insert(cap->id);
          }
          if (const auto& advance = payee.advance) {
            auto both = ids;
            both.insert(advance->id);
            const Big most = room(advance->id, advance->total_minor);
            x -= pay("advance", advance->to, std::min(nearest(x * advance->rate_ppm, kMillion), most), both,
                     who);
          }
          if (const auto& withhold = payee.withhold)
            x -= pay("withhold", withhold->payee, nearest(x * withhold->rate_ppm, kMillion), ids, who);
          pay("share", who, x, ids, who);
        }
        node.parts = parts;
      }
    }
  }
};

}  // namespace circula::ledger::model
