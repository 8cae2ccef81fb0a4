#include "consensus/configuration.h"

#include <algorithm>

namespace circula::consensus {
namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::binary_search(nodes.begin(), nodes.end(), node);
}

bool strictly_ascending(const std::vector<NodeId>& nodes) {
  return std::adjacent_find(nodes.begin(), nodes.end(), [](NodeId a, NodeId b) { return a >= b; }) ==
         nodes.end();
}

std::string listed(const std::vector<NodeId>& nodes) {
  std::string text = "{";
  for (const NodeId node : nodes) {
    if (text.size() > 1) text += ",";
    text += std::to_string(node.value);
  }
  return text + "}";
}

}  // namespace

bool Configuration::is_voter(NodeId node) const { return contains(voters, node) || contains(outgoing, node); }

bool Configuration::is_learner(NodeId node) const { return contains(learners, node); }

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  all.insert(all.end(), outgoing.begin(), outgoing.end());
  all.insert(all.end(), learners.begin(), learners.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool Configuration::well_formed() const {
  if (voters.empty()) return false;
  for (const auto* nodes : {&voters, &outgoing, &learners}) {
    if (!strictly_ascending(*nodes)) return false;
    if (!nodes->empty() && nodes->front() == kNobody) return false;
  }
  return std::none_of(learners.begin(), learners.end(), [this](NodeId node) { return is_voter(node); });
}

std::string Configuration::text() const {
  std::string text = listed(voters);
  if (joint()) text += "&" + listed(outgoing);
  if (!learners.empty()) text += " learners " + listed(learners);
  return text;
}

bool may_follow(const Configuration& current, const Configuration& next) {
  if (!next.well_formed()) return false;
  if (current.joint()) return !next.joint() && next.voters == current.voters;
  if (next.joint()) return next.outgoing == current.voters;
  return next.voters == current.voters;
}

}  // namespace circula::consensus
