// A vendor's income, read from a node and computed again on the client's side.
#include <boost/json.hpp>

#include "cli/demo_checks.h"
#include "cli/income_statement.h"
#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/object_id.h"
#include "ledger/recompute.h"
#include "ledger/subject.h"
#include "ledger/trust_policy.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

constexpr std::string_view kVendor = "vendor-b";

template <class Fields>
Result<Fields> subject_fields(NodeClient& client, const std::string& target) {
  auto answer = client.get("/v1/subjects/" + target);
  if (!answer) return answer.error();
  auto bytes = crypto::from_base64url(text_at(*answer, "value"));
  if (!bytes) return error(Code::E_PROOF, target + " has no value");
  auto value = ledger::decode_state_value(*bytes);
  if (!value) return value.error();
  return ledger::parse_canonical<Fields>(crypto::as_bytes(value->fields));
}

// What the reader may see of an entry's effects.
Result<std::vector<ledger::SubjectEffect>> effects_of(NodeClient& client, const std::string& record) {
  auto answer = client.get("/v1/records/" + record);
  if (!answer) return answer.error();
  std::vector<ledger::SubjectEffect> effects;
  for (const boost::json::value& item : array_at(*answer, "effects")) {
    const boost::json::object& row = item.get_object();
    if (flag_at(row, "withheld")) continue;
    auto bytes = crypto::from_base64url(text_at(row, "bytes"));
    if (!bytes) return error(Code::E_PROOF, "an effect of " + record + " is no base64url");
    effects.push_back({text_at(row, "subject"), std::move(*bytes)});
  }
  return effects;
}

Result<void> gather(NodeClient& client, const ledger::RecordedEvent& event,
                    ledger::GatheredAgreements& gathered) {
  for (const auto& [agreement, version] : ledger::versions_needed(event)) {
    const std::string id = "agreement/" + ledger::object_text(ledger::ObjectKind::kAgreement, agreement);
    auto state = subject_fields<proto::AgreementState>(client, id);
    if (!state) return state.error();
    gathered.states[agreement] = std::move(*state);
    if (gathered.versions.contains({agreement, version})) continue;
    auto terms = subject_fields<proto::AgreementVersionState>(client, id + "/" + std::to_string(version));
    if (!terms) return terms.error();
    gathered.versions[{agreement, version}] = terms->terms();
  }
  return {};
}

// One settlement: its event shared again, and the vendor's entry compared line by line.
Result<std::size_t> recompute_row(NodeClient& client, const std::string& oid, const boost::json::object& row,
                                  ledger::GatheredAgreements& gathered) {
  auto effects = effects_of(client, text_at(row, "record"));
  if (!effects) return effects.error();
  auto event = ledger::read_event(*effects);
  if (!event) return event.error();
  if (auto done = gather(client, *event, gathered); !done) return done.error();
  auto distribution = ledger::recompute(*event, gathered);
  if (!distribution) return distribution.error();
  auto bytes = crypto::from_base64url(text_at(row, "bytes"));
  if (!bytes) return error(Code::E_PROOF, "an entry of the account is no base64url");
  auto effect = ledger::decode_effect(*bytes);
  if (!effect) return effect.error();
  auto booked = ledger::parse_canonical<proto::IncomeBooked>(crypto::as_bytes(effect->fields));
  if (!booked) return booked.error();
  if (auto same = ledger::check_income(*distribution, oid, *booked); !same) return same.error();
  return static_cast<std::size_t>(booked->lines_size());
}

void recompute_all(DemoSubject& demo, NodeClient& client, const std::string& oid) {
  const std::string what = "lines of settlements computed again from agreement and event";
  auto rows = client.get_all("/v1/history/income/" + oid + "/CNY?limit=1000", "rows");
  if (!rows) return demo.report.fail(what, rows.error());
  ledger::GatheredAgreements gathered;
  std::size_t lines = 0;
  std::size_t computed = 0;
  for (const boost::json::value& item : *rows) {
    const boost::json::object& row = item.get_object();
    const boost::json::object& fields = object_at(row, "fields");
    if (text_at(fields, "cause") != "settle") continue;
    lines += array_at(fields, "lines").size();
    auto good = recompute_row(client, oid, row, gathered);
    if (!good) return demo.report.fail(what, good.error());
    computed += *good;
  }
  demo.report.check(
      what, computed == lines && lines > 0,
      std::to_string(computed) + " of " + std::to_string(lines) + " lines of " + std::string(kVendor));
}

}  // namespace

void check_income(DemoSubject& demo) {
  const std::string what = "income of " + std::string(kVendor) + " in fen";
  std::string oid;
  for (const ClusterMember& member : demo.cluster.members) {
    if (member.name == kVendor) oid = member.oid;
  }
  auto home = open_home(demo.cluster.home(std::string(kVendor)), {});
  if (!home) return demo.report.fail(what, home.error());
  auto client = NodeClient::make_for(demo.shell, demo.cluster.nodes.back().url());
  if (!client) return demo.report.fail(what, client.error());
  client->use_keys_of(std::move(*home));
  auto text = read_text(demo.cluster.directory + "/policy.txt");
  if (!text) return demo.report.fail(what, text.error());
  auto policy = ledger::read_policy(*text);
  if (!policy) return demo.report.fail(what, policy.error());
  auto statement = income_statement(*client, oid, "CNY", StatementPeriod{"all", {}}, &*policy);
  if (!statement) return demo.report.fail(what, statement.error());
  const auto expected = demo.truth.income.find(oid);
  demo.report.compare(what, std::to_string(statement->closing_minor),
                      std::to_string(expected == demo.truth.income.end() ? 0 : expected->second));
  recompute_all(demo, *client, oid);
}

}  // namespace circula::cli
