// Record 11 RIGHTS: who holds how much of right H, U or O of an asset or a product, and how it moves
// (records.md 3.4, 2.5).
//
// A split is a transfer to several organisations, a merge one to an organisation that holds some already. A
// surrender is a transfer without price to organisations that hold some of the same right: a table sums to
// 1,000,000, so what one gives up another takes, and accepts by signing.
//
// Invariants (I18 to I20): 1. a table is there exactly when its subject has been certified, has 1 to 64
// holders, ascending by oid, each with at least 1 ppm, and sums to 1,000,000; 2. a move takes ppm that `from`
// holds at this log index, and gives the same number; 3. tables of what is not certified and in
// force do not change.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ledger/proto/rights.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kRightsFamily;

inline constexpr int kHoldersMax = 64;  // keeps a table's row small and a change of it cheap

inline constexpr std::uint16_t kEffectRightOpened = 808;
inline constexpr std::uint16_t kEffectRightTransferred = 1101;
inline constexpr std::uint16_t kEffectRightSurrendered = 1102;

inline constexpr proto::RightKind kRightKinds[] = {proto::RIGHT_KIND_HOLDING, proto::RIGHT_KIND_USE,
                                                   proto::RIGHT_KIND_OPERATION};

// 'H', 'U' or 'O'. REQUIRES: one of the three.
[[nodiscard]] char right_letter(proto::RightKind right);

// The table of a right; empty when none was opened.
[[nodiscard]] proto::RightState right_table(Execution& execution, const ShortId& subject,
                                            proto::RightKind right);
[[nodiscard]] std::uint32_t held_ppm(const proto::RightState& table, std::string_view oid);

// A list of holders as a body carries it: E_LIMIT, E_FORMAT for its length, order and codes. What the shares
// sum to is for the rule.
[[nodiscard]] Result<void> check_holders(const google::protobuf::RepeatedPtrField<proto::Holder>& holders,
                                         const std::string& field);
[[nodiscard]] std::int64_t sum_ppm(const google::protobuf::RepeatedPtrField<proto::Holder>& holders);
// The ppm sum to 1,000,000.
[[nodiscard]] bool is_whole(const google::protobuf::RepeatedPtrField<proto::Holder>& holders);

// Opens the table of a right. REQUIRES: none is there; the holders are checked and are the whole.
void open_right(Execution& execution, const ShortId& subject, proto::RightKind right,
                const std::string& certificate,
                const google::protobuf::RepeatedPtrField<proto::Holder>& holders);

}  // namespace circula::ledger
