// Records 14 PRODUCT, 15 LISTING and 16 ORDER from flags.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>

#include "cli/record_kind.h"
#include "cli/shell.h"
#include "cli/time_option.h"
#include "crypto/encoding.h"

namespace circula::cli {
namespace {

const std::vector<std::string> kCdoFirst{"cdo", "officer"};
const std::vector<std::string> kBuyerFirst{"cdo", "officer", "finance"};

constexpr std::uint64_t kWholePpm = 1'000'000;

// --- 14 PRODUCT

struct Input {
  std::string id;           // as-… or pd-…, whole
  boost::json::object row;  // a ProductInput
};

// "as-…", "as-…:400000", "pd-…@2:400000": what, of a product which version, and what it contributes.
Result<Input> input_of(Names& names, const std::string& own, const std::string& text,
                       std::uint64_t weight_otherwise) {
  const auto colon = text.find(':');
  const auto at = text.substr(0, colon).find('@');
  auto id = names.object(text.substr(0, std::min(at, colon)));
  if (!id) return id.error();
  auto kind = subject_kind(*id);
  if (!kind) return kind.error();
  boost::json::object row{{"subject", *id}, {"basis", "right"}, {"weight_ppm", weight_otherwise}};
  if (colon != std::string::npos) {
    const auto weight = crypto::u64_from_decimal(std::string_view(text).substr(colon + 1));
    if (!weight || *weight > kWholePpm)
      return error(Code::E_USAGE, "--input AS:WEIGHT, a weight up to 1,000,000, not \"" + text + "\"");
    row["weight_ppm"] = *weight;
  }
  if (*kind == "asset" && at == std::string::npos) return Input{*id, std::move(row)};
  std::uint64_t version = 0;  // versions count from 1
  if (at != std::string::npos) {
    const auto given = crypto::u64_from_decimal(std::string_view(text).substr(at + 1, colon - at - 1));
    if (given) version = *given;
  }
  if (*kind != "product" || version == 0)
    return error(Code::E_USAGE, "--input as-… or, with its version, pd-…@1, not \"" + text + "\"");
  row["version"] = version;
  auto product = names.fields("product/" + *id);
  if (!product) return product.error();
  if (text_at(*product, "maker") == own) row["basis"] = "own";
  return Input{*id, std::move(row)};
}

// Ascending by id, which its text orders as its bytes do.
Result<boost::json::array> inputs_of(Names& names, const std::string& own,
                                     const std::vector<std::string>& texts) {
  std::vector<Input> inputs;
  for (const std::string& text : texts) {
    auto input = input_of(names, own, text, kWholePpm / texts.size());
    if (!input) return input.error();
    inputs.push_back(std::move(*input));
  }
  std::ranges::sort(inputs, {}, [](const Input& input) { return input.id.substr(input.id.find('-')); });
  boost::json::array list;
  for (Input& input : inputs) list.push_back(std::move(input.row));
  return list;
}

Result<boost::json::object> service_level(const Arguments& arguments) {
  auto availability = arguments.number("availability-ppm");
  auto latency = arguments.number("latency-ms");
  if (!availability) return availability.error();
  if (!latency) return latency.error();
  return boost::json::object{{"availability_ppm", *availability}, {"latency_ms", *latency}};
}

Result<boost::json::object> description_of(Shell& shell, Names& names, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  for (const char* needed : {"title", "kind", "input", "process"}) {
    if (!arguments.has(needed))
      return error(Code::E_USAGE, std::string("a product needs --") + needed + ", or FILE with all fields");
  }
  auto inputs = inputs_of(names, home->settings.oid, arguments.list("input"));
  if (!inputs) return inputs.error();
  auto process = plain_digest_json(arguments.text("process"));
  if (!process) return process.error();
  auto grade = arguments.number("grade", 1);
  if (!grade) return grade.error();
  boost::json::object description{{"kind", arguments.text("kind")},
                                  {"title", arguments.text("title")},
                                  {"inputs", std::move(*inputs)},
                                  {"process", std::move(*process)},
                                  {"grade", *grade},
                                  {"personal_information", arguments.text("personal", "none")},
                                  {"unit", arguments.text("unit", "file")}};
  if (arguments.has("schema")) {
    auto schema = plain_digest_json(arguments.text("schema"));
    if (!schema) return schema.error();
    description["schema"] = std::move(*schema);
  }
  auto level = service_level(arguments);
  if (!level) return level.error();
  if (arguments.has("availability-ppm") || arguments.has("latency-ms"))
    description["sla"] = std::move(*level);
  return description;
}

Result<RecordInput> product(Shell& shell, Names& names, const Arguments& arguments) {
  if (arguments.has("FILE")) {
    auto body = body_from_file(arguments.text("FILE"), names);
    if (!body) return body.error();
    return RecordInput{14, 1, std::move(*body), kCdoFirst};
  }
  auto description = description_of(shell, names, arguments);
  if (!description) return description.error();
  return operation_of(14, "register", {{"description", std::move(*description)}}, kCdoFirst);
}

Result<RecordInput> product_version(Shell& shell, Names& names, const Arguments& arguments) {
  auto id = names.object(arguments.text("PRODUCT"), "product");
  if (!id) return id.error();
  auto state = names.fields("product/" + *id);
  if (!state) return state.error();
  auto description = description_of(shell, names, arguments);
  if (!description) return description.error();
  return operation_of(14, "version",
                      {{"product", *id},
                       {"version", number_at(*state, "versions") + 1},
                       {"description", std::move(*description)}},
                      kCdoFirst);
}

Result<RecordInput> product_retire(Shell&, Names& names, const Arguments& arguments) {
  auto id = names.object(arguments.text("PRODUCT"), "product");
  if (!id) return id.error();
  return operation_of(14, "retire", {{"product", *id}}, kCdoFirst);
}

// --- 15 LISTING

Result<RecordInput> listing_list(Shell&, Names& names, const Arguments& arguments) {
  auto id = names.object(arguments.text("PRODUCT"), "product");
  if (!id) return id.error();
  auto exchange = names.oid(arguments.text("exchange"));
  if (!exchange) return exchange.error();
  auto agreement = names.object(arguments.text("agreement"), "agreement");
  if (!agreement) return agreement.error();
  auto state = names.fields("product/" + *id);
  if (!state) return state.error();
  auto version = arguments.number("version", number_at(*state, "versions"));
  auto price = arguments.number("price-minor");
  if (!version) return version.error();
  if (!price) return price.error();
  if (auto good = check_time_options(arguments, {"from", "to"}); !good) return good.error();
  auto offer = plain_digest_json(arguments.text("offer"));
  if (!offer) return offer.error();
  std::vector<std::string> wanted = arguments.list("purposes");
  std::ranges::sort(wanted);
  boost::json::array purposes(wanted.begin(), wanted.end());
  boost::json::object body{{"exchange", *exchange},
                           {"product", *id},
                           {"product_version", *version},
                           {"model", *price == 0 ? "free" : "fixed"},
                           {"price_minor", std::to_string(*price)},
                           {"currency", arguments.text("currency", "CNY")},
                           {"purposes", std::move(purposes)},
                           {"agreement", *agreement},
                           {"offer", std::move(*offer)}};
  for (const char* time : {"from", "to"}) {
    if (arguments.has(time)) body[time] = arguments.text(time);
  }
  return operation_of(15, "list", std::move(body), kCdoFirst);
}

Result<RecordInput> about_listing(Names& names, const Arguments& arguments, std::string_view operation,
                                  boost::json::object body = {}) {
  auto id = names.object(arguments.text("LISTING"), "listing");
  if (!id) return id.error();
  body["listing"] = *id;
  if (arguments.has("reason")) body["reason"] = arguments.text("reason");
  return operation_of(15, operation, std::move(body), kCdoFirst);
}

Result<RecordInput> listing_price(Shell&, Names& names, const Arguments& arguments) {
  auto price = arguments.number("price-minor");
  if (!price) return price.error();
  return about_listing(names, arguments, "price", {{"price_minor", std::to_string(*price)}});
}
Result<RecordInput> listing_suspend(Shell&, Names& names, const Arguments& arguments) {
  return about_listing(names, arguments, "suspend");
}
Result<RecordInput> listing_resume(Shell&, Names& names, const Arguments& arguments) {
  return about_listing(names, arguments, "resume");
}
Result<RecordInput> listing_delist(Shell&, Names& names, const Arguments& arguments) {
  return about_listing(names, arguments, "delist");
}

// --- 16 ORDER

// What the order is placed at: the present price, or what the buyer says that it saw.
Result<RecordInput> order_place(Shell&, Names& names, const Arguments& arguments) {
  auto id = names.object(arguments.text("LISTING"), "listing");
  if (!id) return id.error();
  if (auto good = check_time_options(arguments, {"open-until"}); !good) return good.error();
  auto listing = names.fields("listing/" + *id);
  if (!listing) return listing.error();
  auto quantity = arguments.number("quantity", 1);
  auto price_version = arguments.number("price-version", number_at(*listing, "price_version"));
  if (!quantity) return quantity.error();
  if (!price_version) return price_version.error();
  std::uint64_t total = 0;
  if (__builtin_mul_overflow(number_at(*listing, "price_minor"), *quantity, &total) ||
      total > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return error(Code::E_USAGE, "--quantity: the total leaves 64 bits");
  auto said = arguments.number("total-minor", total);
  if (!said) return said.error();
  boost::json::object body{{"listing", *id},
                           {"price_version", *price_version},
                           {"quantity", *quantity},
                           {"total_minor", std::to_string(*said)},
                           {"open_until", arguments.text("open-until")}};
  for (const char* name : {"purpose", "territory"}) {
    if (arguments.has(name)) body[name] = arguments.text(name);
  }
  return operation_of(16, "place", std::move(body), kBuyerFirst);
}

Result<RecordInput> about_order(Names& names, const Arguments& arguments, std::string_view operation) {
  auto id = names.object(arguments.text("ORDER"), "order");
  if (!id) return id.error();
  boost::json::object body{{"order", *id}};
  if (arguments.has("reason")) body["reason"] = arguments.text("reason");
  return operation_of(16, operation, std::move(body), kBuyerFirst);
}

Result<RecordInput> order_accept(Shell&, Names& names, const Arguments& arguments) {
  return about_order(names, arguments, "accept");
}
Result<RecordInput> order_reject(Shell&, Names& names, const Arguments& arguments) {
  return about_order(names, arguments, "reject");
}
Result<RecordInput> order_cancel(Shell&, Names& names, const Arguments& arguments) {
  return about_order(names, arguments, "cancel");
}

constexpr Option kProductOptions[] = {
    {"FILE", "", "The body as JSON, in place of the flags"},
    {"--title", "TEXT", "At most 200 bytes"},
    {"--kind", "KIND", "dataset, api, report, index, model, tool, service, privacy_compute"},
    {"--input", "AS[:WEIGHT]", "What it is made of: as-…:400000 or pd-…@1:400000; without weights equally",
     Take::kList},
    {"--process", "FILE", "How it is made; its digest goes to the ledger"},
    {"--schema", "FILE", "Of its data; its digest goes to the ledger"},
    {"--grade", "N", "1 to 5, at least that of each input (1)"},
    {"--personal", "KIND", "none (default) or anonymised"},
    {"--unit", "UNIT", "file (default), call, row, mb, seat, month"},
    {"--availability-ppm", "N", "What is promised of the service"},
    {"--latency-ms", "N", "What is promised of the service"},
};
constexpr auto kVersionOptions = [] {
  auto options = std::to_array(kProductOptions);
  options.front() = {"PRODUCT", "", "pd-…", Take::kValue, true};
  return options;
}();
constexpr Option kRetireOptions[] = {{"PRODUCT", "", "pd-…", Take::kValue, true}};
constexpr Option kListOptions[] = {
    {"PRODUCT", "", "pd-…, certified", Take::kValue, true},
    {"--exchange", "@ORG", "Where it is offered", Take::kValue, true},
    {"--agreement", "AG", "By which its income is shared", Take::kValue, true},
    {"--offer", "FILE", "The offer's text; its digest goes to the ledger", Take::kValue, true},
    {"--price-minor", "N", "Of one unit, in minor units; without, it is free"},
    {"--currency", "CCY", "The agreement's (CNY)"},
    {"--version", "N", "Of the product (the newest)"},
    {"--purposes", "CODES", "What it may be bought for; without, anything", Take::kList},
    {"--from", "TIME", "Takes orders from then on (at once)"},
    {"--to", "TIME", "Takes orders before then (without end)"},
};
constexpr Option kPriceOptions[] = {
    {"LISTING", "", "ls-…", Take::kValue, true},
    {"--price-minor", "N", "The new price; placed orders keep theirs", Take::kValue, true},
};
constexpr Option kListingReasonOptions[] = {
    {"LISTING", "", "ls-…", Take::kValue, true},
    {"--reason", "TEXT", "At most 200 bytes"},
};
constexpr Option kListingOptions[] = {{"LISTING", "", "ls-…", Take::kValue, true}};
constexpr Option kPlaceOptions[] = {
    {"LISTING", "", "ls-…", Take::kValue, true},
    {"--open-until", "TIME", "Answered and contracted before then", Take::kValue, true},
    {"--quantity", "N", "Default 1"},
    {"--purpose", "CODE", "One of the listing's, if it names any"},
    {"--territory", "CODE", "Where it will be used: a region of GB/T 2260"},
    {"--price-version", "N", "The price that you saw (the present one)"},
    {"--total-minor", "N", "What you expect to pay (price times quantity)"},
};
constexpr Option kOrderOptions[] = {{"ORDER", "", "or-…", Take::kValue, true}};
constexpr Option kOrderReasonOptions[] = {
    {"ORDER", "", "or-…", Take::kValue, true},
    {"--reason", "TEXT", "At most 200 bytes"},
};

// Who holds a quorum of right O is known, whom of them the exchange means is not.
constexpr std::string_view kBegunByExchange =
    "A draft that the exchange begins names the seller: --signer @provider.";

constexpr RecordKind kKinds[] = {
    {"product", "Register a product of certified assets (14 PRODUCT)", kProductOptions, &product,
     "--title \"Traffic index\" --kind index --input as-7k2m4q --process process.md"},
    {"product version", "The next version of a product", kVersionOptions, &product_version,
     "pd-3c9x2m --title \"Traffic index\" --kind index --input as-7k2m4q --process process-2.md"},
    {"product retire", "Nothing is made or sold of it any longer", kRetireOptions, &product_retire,
     "pd-3c9x2m"},
    {"listing list", "Offer a product at an exchange, which signs too (15 LISTING)", kListOptions,
     &listing_list,
     "pd-3c9x2m --exchange @exchange-a --agreement ag-2n6t5w --price-minor 1000000 --offer offer.pdf"},
    {"listing price", "Change the price; seller and exchange sign", kPriceOptions, &listing_price,
     "ls-6w4y8k --price-minor 1200000", kBegunByExchange},
    {"listing suspend", "Take no orders for a while; seller or exchange", kListingReasonOptions,
     &listing_suspend, "ls-6w4y8k --reason \"new version under way\""},
    {"listing resume", "Take orders again; seller and exchange sign", kListingOptions, &listing_resume,
     "ls-6w4y8k", kBegunByExchange},
    {"listing delist", "End the offer; seller or exchange", kListingReasonOptions, &listing_delist,
     "ls-6w4y8k --reason \"replaced\""},
    {"order place", "Order from a listing, as the buyer (16 ORDER)", kPlaceOptions, &order_place,
     "ls-6w4y8k --purpose traffic-planning --open-until 2023-06-01"},
    {"order accept", "Accept an order, as the seller", kOrderOptions, &order_accept, "or-5t7r3n"},
    {"order reject", "Reject an order, as the seller", kOrderReasonOptions, &order_reject,
     "or-5t7r3n --reason \"sold out\""},
    {"order cancel", "Take an open order back, as the buyer", kOrderOptions, &order_cancel, "or-5t7r3n"},
};

}  // namespace

std::span<const RecordKind> market_kinds() { return kKinds; }

}  // namespace circula::cli
