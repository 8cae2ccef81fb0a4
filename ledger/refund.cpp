#include "ledger/refund.h"

#include <cassert>

#include "ledger/apportion.h"

namespace circula::ledger {
namespace {

class Reversal {
 public:
  Reversal(std::span<const IncomeNode> nodes, const AgreementSource& agreements, const RevenueBook& book)
      : nodes_(nodes), agreements_(agreements), book_(book) {}

  Result<void> walk(std::uint16_t index, std::int64_t amount_minor) {
    const IncomeNode& node = nodes_[index];
    const RevenueAgreement* agreement = agreements_.version(node.agreement, node.version);
    if (agreement == nullptr) {
      return error(Code::E_NO_AGREEMENT, node.agreement + " has no version " + std::to_string(node.version),
                   node.path);
    }
    const std::vector<RevenueStep>& steps = agreement->list(node.is_royalty());

    std::vector<std::int64_t> left;
    for (const IncomeLine& line : node.lines) left.push_back(line.left_minor);
    const std::vector<std::int64_t> parts = apportion(amount_minor, left);

    RefundNode reversed{.node = index, .gross_minor = amount_minor, .lines = {}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] == 0) continue;
      reversed.lines.push_back({static_cast<std::uint16_t>(i), parts[i]});
      for (const std::string& id : counter_ids_of(node.lines[i], steps)) {
        const RevenueCounterKey key{node.agreement, id, {}};
        book_.set_counter(key, book_.counter(key) - parts[i]);
      }
    }
    result_.nodes.push_back(std::move(reversed));

    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] == 0 || node.lines[i].kind != IncomeKind::kRoyalty) continue;
      assert(node.lines[i].child > index && node.lines[i].child < nodes_.size());
      if (auto walked = walk(node.lines[i].child, parts[i]); !walked) return walked;
    }
    return {};
  }

  Refund take() {
    result_.changes = book_.take_changes();
    return std::move(result_);
  }

 private:
  std::span<const IncomeNode> nodes_;
  const AgreementSource& agreements_;
  BookOverlay book_;
  Refund result_;
};

}  // namespace

std::int64_t left_of(const IncomeNode& node) {
  std::int64_t left = 0;
  for (const IncomeLine& line : node.lines) left += line.left_minor;
  return left;
}

Result<Refund> refund(std::span<const IncomeNode> nodes, std::int64_t amount_minor,
                      const AgreementSource& agreements, const RevenueBook& book) {
  if (amount_minor < 1 || amount_minor > kAmountMax) {
    return error(Code::E_AMOUNT, "an amount is 1 to " + std::to_string(kAmountMax), "amount");
  }
  const std::int64_t left = nodes.empty() ? 0 : left_of(nodes.front());
  if (amount_minor > left) {
    return error(Code::E_REFUND_EXCEEDS, "only " + std::to_string(left) + " is left of the event", "amount");
  }
  Reversal reversal(nodes, agreements, book);
  if (auto walked = reversal.walk(0, amount_minor); !walked) return walked.error();
  return reversal.take();
}

void apply_refund(const Refund& refund, std::span<IncomeNode> nodes) {
  for (const RefundNode& reversed : refund.nodes) {
    for (const RefundLine& line : reversed.lines) {
      nodes[reversed.node].lines[line.line].left_minor -= line.amount_minor;
    }
  }
}

}  // namespace circula::ledger
