#include "tests/attack/draw.h"

namespace circula::attack {

std::string mutated(Draw& draw, std::string text) {
  const std::uint64_t changes = draw.between(1, 4);
  for (std::uint64_t change = 0; change < changes; ++change) {
    if (text.empty()) return draw.bytes(draw.between(1, 16));
    const std::size_t at = draw.below(text.size());
    const std::size_t length = draw.between(1, std::min<std::size_t>(64, text.size() - at));
    switch (draw.below(6)) {
      case 0:
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << draw.below(8)));
        break;
      case 1:
        text[at] = static_cast<char>(draw.next());
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      case 4:
        text.insert(at, draw.bytes(length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace circula::attack
