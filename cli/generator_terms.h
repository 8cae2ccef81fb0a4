// Terms of income agreements for generated data: six forms after the worked examples of records.md 3.8, so
// that every kind of step, and everything that a split can have, stands in some of them.
#pragma once

#include <string>
#include <vector>

#include "cli/generator_draw.h"
#include "ledger/proto/agreement.pb.h"
#include "ledger/signing.h"

namespace circula::cli {

inline constexpr std::size_t kTermForms = 6;

struct TermParties {
  std::string owner;  // oids, all different
  std::string partner;
  std::string third;
  std::string investor;
  std::string exchange;
  std::string tax;
  std::vector<ledger::ShortId> sources;  // products that get a royalty
};

[[nodiscard]] ledger::proto::AgreementTerms make_terms(std::size_t form, const TermParties& parties,
                                                       Draw& draw);
// The next version of them: the same lists and counters, other shares of the last split.
[[nodiscard]] ledger::proto::AgreementTerms next_terms(const ledger::proto::AgreementTerms& terms,
                                                       Draw& draw);

}  // namespace circula::cli
