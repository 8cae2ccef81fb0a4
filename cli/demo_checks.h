// The checks of a demonstration. Every figure is read over HTTP from a node other than the one that was
// submitted to, or by a process of its own; the other side is what two kinds of files say: the truth of the
// generated data, and what the clients were told.
#pragma once

#include "cli/demo_acknowledged.h"
#include "cli/demo_load.h"
#include "cli/demo_report.h"

namespace circula::cli {

struct DemoSubject {
  Shell& shell;
  const Cluster& cluster;
  const GeneratorTruth& truth;                          // read back from its file
  const std::vector<AcknowledgedRecord>& acknowledged;  // read back from the clients' files
  const DemoLoad& load;
  DemoReport& report;
};

// A client of the node that uses the keys of a member's home.
[[nodiscard]] Result<NodeClient> client_of(DemoSubject& demo, const ClusterNode& node,
                                           const std::string& member);

void check_load(DemoSubject& demo);            // in the time that it may take
void check_same_root(DemoSubject& demo);       // all nodes; waits for the one that was killed
void check_every_record(DemoSubject& demo);    // final on every node, with the truth's outcome
void check_chain_of_title(DemoSubject& demo);  // of the right that moved most
void check_income(DemoSubject& demo);          // vendor-b's, each settlement computed again
void check_market(DemoSubject& demo);          // figures, banks, a vendor's accounts, another's statement
void check_refusals(DemoSubject& demo);        // a transfer by a non-holder, wrong keys
void check_receipt(DemoSubject& demo);         // offline; with one bit changed
void check_kill(DemoSubject& demo);
void check_audit(DemoSubject& demo);  // stops the last node

}  // namespace circula::cli
