// demo: a consortium that is founded, used, hurt and checked (cli/demo_run.h).
#include "cli/command.h"
#include "cli/demo_run.h"
#include "cli/shell.h"
#include "crypto/encoding.h"

namespace circula::cli {
namespace {

// "0.02" as 20,000 millionths.
Result<std::uint32_t> parse_scale(const std::string& text) {
  constexpr std::size_t kDigits = 6;
  const std::size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? std::string() : text.substr(point + 1);
  const bool good_fraction = point == std::string::npos || (!fraction.empty() && fraction.size() <= kDigits);
  fraction.resize(kDigits, '0');
  const auto whole = crypto::u64_from_decimal(text.substr(0, point));
  const auto millionths = crypto::u64_from_decimal("1" + fraction);  // decimals do not begin with 0
  if (good_fraction && whole && millionths && *whole <= 1) {
    const std::uint64_t scale_ppm = (*whole - 1) * 1'000'000 + *millionths;
    if (scale_ppm >= 20'000 && scale_ppm <= 1'000'000) return static_cast<std::uint32_t>(scale_ppm);
  }
  return error(Code::E_USAGE, "--scale is 0.02 to 1, not \"" + text + "\"");
}

Result<int> demo(Shell& shell, const Arguments& arguments) {
  DemoPlan plan;
  auto scale = parse_scale(arguments.text("scale", "0.02"));
  if (!scale) return scale.error();
  plan.scale_ppm = *scale;
  auto seed = arguments.number("seed", plan.seed);
  if (!seed) return seed.error();
  plan.directory = arguments.text("dir", plan.directory);
  plan.seed = *seed;
  plan.once = arguments.has("once");
  plan.keep = arguments.has("keep");
  return run_demo(shell, plan);
}

constexpr Option kDemoOptions[] = {
    {"--once", "", "Check everything and end; else stay until Ctrl-C", Take::kFlag},
    {"--seed", "N", "Of the generated data (1)"},
    {"--scale", "S", "Of the generated data: 0.02 (default) to 1, which settles 4.2 bn yuan"},
    {"--dir", "DIR", "Where everything goes (circula-demo)"},
    {"--keep", "", "Keep the directory", Take::kFlag},
};

const Command kCommands[] = {
    {"demo", "A consortium that is founded, used for a ledger year, hurt and checked", kDemoOptions, &demo,
     "--once --seed 7"},
};

}  // namespace

std::span<const Command> demo_commands() { return kCommands; }

}  // namespace circula::cli
