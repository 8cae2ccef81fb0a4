#include "cli/institutions.h"

#include "ledger/organisation_code.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

struct Named {
  const char* name;
  proto::OrgKind kind;
};
// The first ones run the learners, in this order.
constexpr Named kOthers[] = {{"regulator", proto::ORG_KIND_REGULATOR},
                             {"auditor", proto::ORG_KIND_AUDITOR},
                             {"bank", proto::ORG_KIND_BANK},
                             {"registrar", proto::ORG_KIND_REGISTRAR},
                             {"provider", proto::ORG_KIND_PROVIDER},
                             {"vendor-b", proto::ORG_KIND_PROVIDER},
                             {"buyer", proto::ORG_KIND_BUYER},
                             {"merchant", proto::ORG_KIND_MERCHANT},
                             {"broker", proto::ORG_KIND_BROKER},
                             {"assessor", proto::ORG_KIND_ASSESSOR},
                             {"arbitrator", proto::ORG_KIND_ARBITRATOR},
                             {"department", proto::ORG_KIND_DEPARTMENT},
                             {"tax-authority", proto::ORG_KIND_TAX_AUTHORITY}};

// The provinces of the mainland, and those of the eastern coast once more, by GB/T 2260.
constexpr const char* kProvinces[] = {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33",
                                      "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50",
                                      "51", "52", "53", "54", "61", "62", "63", "64", "65"};
constexpr const char* kEasternCoast[] = {"31", "32", "33", "35", "37", "44", "12"};

struct Group {
  const char* name;
  proto::OrgKind kind;
  std::size_t first, last;  // numbers in their names
  bool provincial;
};
constexpr Group kMarket[] = {{"exchange", proto::ORG_KIND_EXCHANGE, 5, 48, true},
                             {"regulator", proto::ORG_KIND_REGULATOR, 2, 32, true},
                             {"department", proto::ORG_KIND_DEPARTMENT, 2, 20, true},
                             {"assessor", proto::ORG_KIND_ASSESSOR, 2, 60, false},
                             {"bank", proto::ORG_KIND_BANK, 2, 12, false},
                             {"broker", proto::ORG_KIND_BROKER, 2, 40, false},
                             {"arbitrator", proto::ORG_KIND_ARBITRATOR, 2, 3, false}};

std::string region_at(std::size_t place) {
  if (place < std::size(kProvinces)) return kProvinces[place];
  return kEasternCoast[(place - std::size(kProvinces)) % std::size(kEasternCoast)];
}

}  // namespace

std::vector<Institution> founding_institutions(std::size_t voters) {
  std::vector<Institution> all;
  for (std::size_t voter = 0; voter < voters; ++voter)
    all.push_back({std::string("exchange-") + static_cast<char>('a' + voter), proto::ORG_KIND_EXCHANGE, {}});
  for (const Named& other : kOthers) all.push_back({other.name, other.kind, {}});
  return all;
}

std::vector<Institution> market_institutions() {
  std::vector<Institution> all;
  for (const Group& group : kMarket) {
    for (std::size_t number = group.first; number <= group.last; ++number) {
      const std::string digits = std::to_string(number);
      all.push_back({std::string(group.name) + "-" + (number < 10 ? "0" : "") + digits, group.kind,
                     group.provincial ? region_at(number - group.first) : std::string()});
    }
  }
  return all;
}

std::string made_up_oid(std::size_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 9 - digits.size(), '0');
  const std::string body = "91990000" + digits;
  return body + ledger::gb32100_check_character(body).value_or('0');
}

}  // namespace circula::cli
