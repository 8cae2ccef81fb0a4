// member.json: what an organisation gives to the others before a chain is founded, all of it public.
//
//   {"format": "circula-member-1", "organisation": a GenesisOrganisation as JSON, with a proof of possession
//    for each record key, "node": {"address", "node_key", "cosign_key", "log_key", "transport_key"}}
//
// Its fingerprint, over the bytes of the file, is what members compare by telephone.
#pragma once

#include <string>
#include <string_view>

#include "crypto/bytes.h"
#include "ledger/outcome.h"
#include "ledger/proto/genesis.pb.h"

namespace circula::cli {

struct MemberFile {
  ledger::proto::GenesisOrganisation organisation;
  ledger::proto::Member node;  // its four keys
  std::string address;         // host:port of the node for its peers
};

[[nodiscard]] std::string write_member(const MemberFile& member);
// The proofs are checked when a genesis is made of it.
[[nodiscard]] ledger::Result<MemberFile> read_member(const std::string& path);
[[nodiscard]] ledger::Result<std::string> member_fingerprint(const std::string& path);

}  // namespace circula::cli
