// A reference of the trade path on plain maps, written from records.md 3.3, 3.4 and 3.7 and not from the
// rules: what outcome each record has, and what everybody's balance is then. It shares nothing with the
// ledger but the names of outcomes. Money is in one venue; a sale gives the exchange 2 % of gross, and the
// rest 70 : 30 to the seller and vendor-b.
//
// `mutation` breaks one of its rules: trade_property_test.cpp shows that each of them is told apart.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace circula::ledger::testing {

class TradeModel {
 public:
  static constexpr int kMutations = 23;
  static constexpr std::int64_t kDay = 86'400;

  enum class Stage { kSigned, kFunded, kDelivering, kDelivered, kAccepted, kSettled, kTerminated };
  struct Milestone {
    std::int64_t amount = 0, due = 0;
    Stage stage = Stage::kSigned;
    bool held = false, pinned = false, suspended = false, deemed = false, delivered = false;
    std::int64_t expires = 0, accept_until = 0, cure_until = 0, accepted_at = 0;
    std::vector<std::pair<std::string, std::int64_t>> left;  // of its lines, after refunds
  };
  struct Contract {
    std::string buyer;
    std::vector<Milestone> milestones;
    std::int64_t licence_to = 0;
  };
  struct Payout {
    std::string payee;
    std::int64_t amount = 0;
    bool open = true;
  };
  struct Claim {
    std::string creditor;  // empty: the fund
    std::int64_t left = 0;
  };

  int mutation = 0;
  std::int64_t now = 0;
  std::int64_t bank = 0, fund = 0;
  std::map<std::string, std::int64_t> avail, due;
  std::map<std::string, std::vector<Claim>> claims;
  std::vector<Contract> contracts;
  std::vector<Payout> payouts;
  std::map<std::string, bool> references;

  std::int64_t owed(const std::string& who) const {
    std::int64_t sum = 0;
    if (const auto found = claims.find(who); found != claims.end())
      for (const Claim& claim : found->second) sum += claim.left;
    return sum;
  }

  // What time alone does, in its order.
  void advance(std::int64_t to) {
    while (true) {
      std::int64_t first = to + 1;
      for_each([&](Contract&, Milestone& m) {
        if (m.held && !m.pinned) first = std::min(first, m.expires);
        if (m.stage == Stage::kDelivered) first = std::min(first, m.accept_until);
      });
      if (first > to) break;
      now = first;
      for_each([&](Contract& c, Milestone& m) {
        if (m.held && !m.pinned && m.expires == first) {
          free(c, m);
          m.stage = Stage::kSigned;
        }
        if (m.stage == Stage::kDelivered && m.accept_until == first) accept_at(m, true);
      });
    }
    now = to;
  }

  std::string funds_in(const std::string& who, std::int64_t amount, const std::string& reference,
                       const std::string& by, bool to_fund) {
    if (amount < 1) return "E_AMOUNT";
    if (by != "bank") return "E_BANK";
    if (references.contains(reference) && !is(1)) return "E_BANK_REF";
    if (to_fund && who != "exchange") return "E_ROLE";
    references[reference] = true;
    bank += amount;
    if (to_fund)
      fund += amount;
    else
      credit(who, amount);
    return "E_OK";
  }

  std::string order_payout(const std::string& who, std::int64_t amount, const std::string& by) {
    if (amount < 1) return "E_AMOUNT";
    if (by != who) return "E_POLICY";
    if (owed(who) > 0 && !is(2)) return "E_CLAWBACK";
    if (avail[who] < amount) return "E_FUNDS";
    avail[who] -= amount;
    payouts.push_back({who, amount, true});
    return "E_OK";
  }

  std::string end_payout(std::size_t number, bool paid, const std::string& reference, const std::string& by) {
    Payout& payout = payouts.at(number);
    if (by != "bank") return "E_BANK";
    if (references.contains(reference)) return "E_BANK_REF";
    if (!payout.open) return "E_STATE";
    references[reference] = true;
    payout.open = false;
    if (paid || is(3))
      bank -= payout.amount;
    else
      credit(payout.payee, payout.amount);
    return "E_OK";
  }

  std::string hold(std::size_t contract, std::size_t n, std::int64_t amount, std::int64_t expires,
                   const std::string& by) {
    Contract& c = contracts.at(contract);
    if (n >= c.milestones.size()) return "E_NOT_FOUND";
    Milestone& m = c.milestones[n];
    if (by != c.buyer) return "E_POLICY";
    if (amount != m.amount) return "E_AMOUNT";
    if (m.held) return "E_HOLD_EXISTS";
    if (m.stage != Stage::kSigned) return "E_STATE";
    if (now >= c.licence_to) return "E_LICENCE_INACTIVE";
    std::int64_t last = 0;
    for (const Milestone& each : c.milestones) last = std::max(last, each.due);
    const std::int64_t slack = is(4) ? 4 : 5;
    if (expires < last + (7 + slack) * kDay || expires <= now) return "E_TIME";
    if (avail[by] < amount) return "E_FUNDS";
    avail[by] -= amount;
    m.held = true;
    m.pinned = false;
    m.expires = expires;
    m.stage = Stage::kFunded;
    return "E_OK";
  }

  std::string release(std::size_t contract, std::size_t n, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != c.buyer && by != kSeller) return "E_ROLE";
    if (!m.held) return "E_NOT_FUNDED";
    if (m.stage != Stage::kFunded && !is(5)) return "E_DELIVERED";
    free(c, m);
    m.stage = Stage::kSigned;
    return "E_OK";
  }

  std::string start(std::size_t contract, std::size_t n, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != kSeller) return "E_POLICY";
    const bool again = m.stage == Stage::kDelivering;
    if (again && !m.suspended && m.cure_until == 0) return "E_STATE";
    if (m.stage == Stage::kSigned && !is(6)) return "E_NOT_FUNDED";
    if (!again && m.stage != Stage::kFunded && m.stage != Stage::kSigned) return "E_STATE";
    if (now >= c.licence_to) return "E_LICENCE_INACTIVE";
    m.pinned = !is(7);
    m.suspended = false;
    m.stage = Stage::kDelivering;
    return "E_OK";
  }

  std::string suspend(std::size_t contract, std::size_t n, const std::string& by) {
    Milestone& m = contracts.at(contract).milestones.at(n);
    if (by != kSeller) return "E_POLICY";
    if (m.stage != Stage::kDelivering || m.suspended) return "E_STATE";
    m.suspended = true;
    return "E_OK";
  }

  std::string complete(std::size_t contract, std::size_t n, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != kSeller) return "E_POLICY";
    if (m.stage != Stage::kDelivering || (m.suspended && !is(8))) return "E_STATE";
    if (now >= c.licence_to && !is(9)) return "E_LICENCE_INACTIVE";
    m.stage = Stage::kDelivered;
    m.delivered = true;
    m.accept_until = now + (is(10) ? 8 : 7) * kDay;
    m.cure_until = 0;
    return "E_OK";
  }

  std::string acknowledge(std::size_t contract, std::size_t n, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != c.buyer) return "E_POLICY";
    if (!m.delivered) return "E_NOT_DELIVERED";
    if ((m.stage == Stage::kSettled || m.stage == Stage::kTerminated) && !is(23)) return "E_STATE";
    return "E_OK";
  }

  std::string give_up(std::size_t contract, std::size_t n, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != kSeller) return "E_POLICY";
    if (m.stage != Stage::kDelivering) return "E_STATE";
    free(c, m);
    m.stage = Stage::kTerminated;
    return "E_OK";
  }

  std::string judge(std::size_t contract, std::size_t n, bool good, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != c.buyer) return "E_POLICY";
    if (m.deemed && !is(11)) return "E_LATE";
    if (m.stage != Stage::kDelivered) return m.accepted_at != 0 ? "E_STATE" : "E_NOT_DELIVERED";
    if (good) {
      accept_at(m, false);
    } else {
      m.stage = Stage::kDelivering;
      m.cure_until = now + 10 * kDay;
    }
    return "E_OK";
  }

  std::string settle(std::size_t contract, std::size_t n, std::int64_t amount, const std::string& by,
                     bool with_seller, bool with_exchange) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by == kSeller && !with_exchange) {
      if (m.stage == Stage::kAccepted && now < working_days_after(m.accepted_at, is(12) ? 2 : 3))
        return "E_POLICY";
    } else if (by != "exchange" && by != kSeller) {
      return "E_POLICY";
    }
    if (m.stage == Stage::kSettled) return "E_SETTLED";
    if (m.stage != Stage::kAccepted) return "E_NOT_ACCEPTED";
    if (amount < 1) return "E_AMOUNT";
    if (amount > m.amount) return "E_EXCEEDS_HOLD";
    const bool both = (by == kSeller || with_seller) && (by != kSeller || with_exchange);
    if (amount < m.amount && !both && !is(21)) return "E_POLICY";
    m.left = shares(amount);
    std::map<std::string, std::int64_t> by_payee;
    for (const auto& [payee, part] : m.left) by_payee[payee] += part;
    for (const auto& [payee, part] : by_payee) credit(payee, part);
    if (amount < m.amount && !is(13)) credit(c.buyer, m.amount - amount);
    m.held = false;
    m.stage = Stage::kSettled;
    return "E_OK";
  }

  std::string refund(std::size_t contract, std::size_t n, std::int64_t amount, const std::string& by) {
    Contract& c = contracts.at(contract);
    Milestone& m = c.milestones.at(n);
    if (by != "exchange") return "E_POLICY";  // beside the seller
    std::int64_t left = 0;
    std::vector<std::int64_t> weights;
    for (const auto& [payee, part] : m.left) {
      left += part;
      weights.push_back(part);
    }
    if (amount < 1) return "E_AMOUNT";
    if (amount > left) return "E_REFUND_EXCEEDS";
    const std::vector<std::int64_t> parts = largest_remainder(amount, weights);
    std::map<std::string, std::int64_t> debts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      m.left[i].second -= parts[i];
      if (parts[i] > 0) debts[m.left[i].first] += parts[i];
    }
    give_back(debts, c.buyer);
    return "E_OK";
  }

  std::string terminate(std::size_t contract, const std::string& by, bool both, bool with_exchange) {
    Contract& c = contracts.at(contract);
    if (!both && by != kSeller && by != c.buyer) return "E_ROLE";
    if (!both && std::ranges::none_of(c.milestones, [&](const Milestone& m) { return failed(c, m, by); }))
      return "E_POLICY";
    bool any = false;
    for (Milestone& m : c.milestones) {
      if (m.stage == Stage::kDelivered || m.stage == Stage::kSettled || m.stage == Stage::kTerminated)
        continue;
      if (m.stage == Stage::kAccepted && (!both || (!with_exchange && !is(22)))) continue;
      if (m.stage == Stage::kDelivering && !both && !failed(c, m, by)) continue;
      if (m.held) free(c, m);
      m.stage = Stage::kTerminated;
      any = true;
    }
    if (!any && both && !with_exchange &&
        std::ranges::any_of(c.milestones, [](const Milestone& m) { return m.stage == Stage::kAccepted; }))
      return "E_POLICY";
    return any ? "E_OK" : "E_STATE";
  }

 private:
  static constexpr const char* kSeller = "provider";

  [[nodiscard]] bool is(int rule) const { return mutation == rule; }

  template <class Do>
  void for_each(const Do& action) {
    for (Contract& c : contracts)
      for (Milestone& m : c.milestones) action(c, m);
  }

  void accept_at(Milestone& m, bool deemed) {
    m.stage = Stage::kAccepted;
    m.accepted_at = now;
    m.deemed = deemed;
  }

  void free(Contract& c, Milestone& m) {
    m.held = m.pinned = false;
    credit(c.buyer, m.amount);
  }

  bool failed(const Contract& c, const Milestone& m, const std::string& by) const {
    if (m.stage == Stage::kDelivering && m.cure_until != 0) return now >= m.cure_until || is(14);
    if (now < m.due) return false;
    if (m.stage == Stage::kSigned) return true;
    return (m.stage == Stage::kFunded || m.stage == Stage::kDelivering) && (by == c.buyer || is(15));
  }

  void credit(const std::string& who, std::int64_t amount) {
    std::vector<Claim>& list = claims[who];
    std::map<std::string, std::int64_t> on;
    while (amount > 0 && !list.empty() && !is(16)) {
      Claim& claim = is(17) ? list.back() : list.front();
      const std::int64_t paid = std::min(amount, claim.left);
      claim.left -= paid;
      amount -= paid;
      if (claim.creditor.empty()) {
        fund += paid;
      } else {
        due[claim.creditor] -= paid;
        on[claim.creditor] += paid;
      }
      std::erase_if(list, [](const Claim& each) { return each.left == 0; });
    }
    avail[who] += amount;
    for (const auto& [creditor, paid] : on) credit(creditor, paid);
  }

  void give_back(const std::map<std::string, std::int64_t>& debts, const std::string& buyer) {
    std::int64_t there = 0;
    std::map<std::string, std::int64_t> missing;
    for (const auto& [who, amount] : debts) {
      if (who == buyer) continue;
      const std::int64_t taken = is(18) ? 0 : std::min(avail[who], amount);
      avail[who] -= taken;
      there += taken;
      missing[who] = amount - taken;
    }
    for (const auto& [who, amount] : missing) {
      const std::int64_t advanced = is(19) ? 0 : std::min(fund, amount);
      fund -= advanced;
      there += advanced;
      if (amount > advanced) {
        claims[who].push_back({buyer, amount - advanced});
        due[buyer] += amount - advanced;
      }
      if (advanced > 0) claims[who].push_back({"", advanced});
    }
    credit(buyer, there);
  }

  // 2 % to the exchange, a half unit up; the rest 70 : 30 by largest remainder, ties to the earlier.
  std::vector<std::pair<std::string, std::int64_t>> shares(std::int64_t gross) const {
    const std::int64_t fee = is(20) ? gross * 2 / 100 : (gross * 2 + 50) / 100;
    const std::vector<std::int64_t> parts = largest_remainder(gross - fee, {700'000, 300'000});
    std::vector<std::pair<std::string, std::int64_t>> lines;
    for (const auto& [payee, part] :
         {std::pair("exchange", fee), std::pair(kSeller, parts[0]), std::pair("vendor-b", parts[1])}) {
      if (part > 0) lines.emplace_back(payee, part);
    }
    return lines;
  }

  static std::vector<std::int64_t> largest_remainder(std::int64_t amount,
                                                     const std::vector<std::int64_t>& weights) {
    std::int64_t whole = 0, given = 0;
    for (const std::int64_t weight : weights) whole += weight;
    std::vector<std::int64_t> parts, rests;
    for (const std::int64_t weight : weights) {
      parts.push_back(amount * weight / whole);
      rests.push_back(amount * weight % whole);
      given += parts.back();
    }
    for (; given < amount; ++given) {
      const auto largest = std::ranges::max_element(rests);
      ++parts[static_cast<std::size_t>(largest - rests.begin())];
      *largest = -1;
    }
    return parts;
  }

  // The end of the n-th Monday to Friday after the day, at UTC+8.
  static std::int64_t working_days_after(std::int64_t time, int n) {
    constexpr std::int64_t kEast = 8 * 3'600;
    std::int64_t day = (time + kEast) / kDay;
    while (n > 0) {
      ++day;
      if ((day + 3) % 7 < 5) --n;  // 1970-01-01 was a Thursday
    }
    return (day + 1) * kDay - kEast;
  }
};

}  // namespace circula::ledger::testing
