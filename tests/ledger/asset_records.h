// Bodies of records 6, 8 and 11 that are good as they stand, for tests to alter; and the way of an asset to
// its certificate.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/proto/asset.pb.h"
#include "ledger/proto/certificate.pb.h"
#include "ledger/proto/rights.pb.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger::testing {

inline constexpr std::uint16_t kAssetRegister = 6;
inline constexpr std::uint16_t kCertify = 8;
inline constexpr std::uint16_t kRights = 11;
inline constexpr std::int64_t kYearSeconds = 365 * 86'400;

using NamedShares = std::vector<std::pair<std::string, std::uint32_t>>;  // organisation, ppm

[[nodiscard]] proto::DataDigest data_digest(std::string_view of, bool salted = false);
// Data without personal information, its content digest made from the title.
[[nodiscard]] proto::AssetRegister asset_body(const std::string& title);
[[nodiscard]] std::string id_text(const ShortId& id);

[[nodiscard]] proto::Certify notice_body(const ShortId& asset);
[[nodiscard]] proto::Certify issue_body(TestChain& chain, const ShortId& asset, const NamedShares& holding,
                                        const NamedShares& use, const NamedShares& operation);
[[nodiscard]] proto::Certify refuse_body(const ShortId& asset);
[[nodiscard]] proto::Certify revoke_body(const ShortId& asset);
[[nodiscard]] proto::Rights transfer_body(TestChain& chain, const ShortId& asset, const std::string& from,
                                          const NamedShares& to, std::uint32_t ppm);

// Registered by the organisation's cdo, and officer where the grade asks for it; throws unless that is E_OK.
[[nodiscard]] ShortId registered(TestChain& chain, const std::string& applicant,
                                 const proto::AssetRegister& body);
// Certifies an asset or a product: its notice opened and over, and all rights given to the applicant. Throws
// unless that is E_OK.
void certify(TestChain& chain, const ShortId& subject, const std::string& applicant);
// Registered and certified.
[[nodiscard]] ShortId certified(TestChain& chain, const std::string& applicant,
                                const proto::AssetRegister& body);
[[nodiscard]] proto::AssetState asset_state(TestChain& chain, const ShortId& asset);
// The outcome's name, for EXPECT_EQ.
[[nodiscard]] std::string outcome(TestChain& chain, const RecordSpec& record);
// Ppm by organisation name, as the state has it.
[[nodiscard]] std::map<std::string, std::uint32_t> table(TestChain& chain, const ShortId& asset, char right);

}  // namespace circula::ledger::testing
