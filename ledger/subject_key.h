// Which texts can be the key of a subject. A proof of absence is good for any text, and the text stands in
// the sentence that people read: "there is no asset/9F3C." says nothing about asset/9f3c..., and a key with a
// line feed in it could say anything. So whoever shows that something does not exist asks first whether it
// could.
//
// Pure function; any thread.
#pragma once

#include <string_view>

namespace circula::ledger {

// A kind with parts as docs/formats.md section 8 lists them: ASCII, at most 255 bytes, ids in lower-case hex
// of their length. It does not ask whether such a subject exists.
[[nodiscard]] bool is_subject_key(std::string_view key);

}  // namespace circula::ledger
