// The text of a receipt: what make_receipt() writes and verify_receipt() reads.
#pragma once

#include <string>
#include <string_view>

#include "ledger/receipt.h"

namespace circula::ledger {

[[nodiscard]] std::string write_receipt(const Receipt& receipt);
// `shows` and `does_not_show` are returned as they stand, to be compared when the rest has been verified.
struct ReceiptFile {
  Receipt receipt;
  std::string shows;
  std::string does_not_show;
};
[[nodiscard]] Result<ReceiptFile> read_receipt(std::string_view text);

}  // namespace circula::ledger
