#include "ledger/certificate.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/asset.h"
#include "ledger/calendar.h"
#include "ledger/certificate_number.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/parameters.h"
#include "ledger/registered.h"
#include "ledger/rights.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kNoteBytesMax = 200;

constexpr std::uint16_t kEffectNoticeOpened = 801;
constexpr std::uint16_t kEffectNoticeOver = 802;
constexpr std::uint16_t kEffectAssetCertified = 803;
constexpr std::uint16_t kEffectAssetRefused = 804;
constexpr std::uint16_t kEffectAssetRevoked = 805;
constexpr std::uint16_t kEffectCertificateIssued = 806;
constexpr std::uint16_t kEffectCertificateRevoked = 807;  // 808: right opened (rights.h)
constexpr std::uint16_t kEffectSerialGiven = 809;

using Holders = google::protobuf::RepeatedPtrField<proto::Holder>;

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }

// One is the other, or its parent (records.md 3.4; I27).
bool is_related(Execution& execution, const proto::OrgState& registrar, const std::string& applicant_oid) {
  if (applicant_oid == execution.author_oid() || registrar.profile().parent() == applicant_oid) return true;
  const auto applicant = execution.read<proto::OrgState>(org_key(applicant_oid));
  return applicant && applicant->profile().parent() == execution.author_oid();
}

// The author is a registrar that may decide on this application.
Result<proto::OrgState> require_registrar(Execution& execution, const Registered& subject) {
  auto registrar = active_organisation(execution, execution.author_oid(), "author");
  if (!registrar) return registrar.error();
  if (!has_kind(*registrar, proto::ORG_KIND_REGISTRAR))
    return error(Code::E_ROLE, "a registrar certifies", "author");
  const bool important = subject.grade() >= kGradeImportant;
  auto signed_by = important ? require_for_grade(execution, execution.author_oid(), kGradeImportant, "author")
                             : execution.require(execution.author_oid(), kExecutive, "author");
  if (!signed_by) return signed_by.error();
  if (is_related(execution, *registrar, subject.applicant()))
    return error(Code::E_RELATED, "the registrar is or belongs to the applicant, or the reverse", "author");
  if (!subject.registrar().empty() && subject.registrar() != execution.author_oid())
    return error(Code::E_SCOPE, subject.registrar() + " deals with this application", "author");
  return registrar;
}

// An application of an organisation that has left can be refused, and nothing else.
Result<void> check_applicant(Execution& execution, const Registered& subject, const std::string& field) {
  const auto applicant = execution.read<proto::OrgState>(org_key(subject.applicant()));
  if (!applicant || applicant->status() != proto::ORG_STATUS_EXITED) return {};
  return error(Code::E_STATE, subject.applicant() + ", which applied, has left", field);
}

Result<void> check_reason(int reason, const std::string& note, const std::string& field) {
  if (reason == 0) return error(Code::E_FORMAT, "a reason is given", field + ".reason");
  return check_text(note, kNoteBytesMax, field + ".note");
}

Result<void> open_notice(Execution& execution, const proto::CertifyNotice& body) {
  auto subject = find_registered(execution, body.subject(), "notice.subject");
  if (!subject) return subject.error();
  const auto registrar = require_registrar(execution, *subject);
  if (!registrar) return registrar.error();
  if (subject->status() != proto::ASSET_STATUS_APPLIED)
    return error(Code::E_STATE, "not an application that waits", "notice.subject");
  if (auto good = check_applicant(execution, *subject, "notice.subject"); !good) return good;
  // The certificate will need a number.
  if (auto good = check_registrar_code(registrar->registrar_code(), "author"); !good) return good;

  const std::uint32_t days = execution.parameters().notice_working_days();
  const std::int64_t ends_s = work_calendar(execution.parameters()).deadline(execution.time_s(), days);
  subject->alter([&](auto& state) {
    state.set_status(proto::ASSET_STATUS_NOTICE);
    state.set_registrar(execution.author_oid());
    state.set_notice_from_s(execution.time_s());
    state.set_notice_ends_s(ends_s);
    state.set_notice_over(ends_s <= execution.time_s());
  });
  proto::AssetNoticeOpened effect;
  effect.set_registrar(execution.author_oid());
  effect.set_notice_ends_s(ends_s);
  subject->write(execution, kEffectNoticeOpened, effect);
  if (!subject->notice_over()) execution.schedule(ms(ends_s), subject->key(), kDueNoticeOver);
  return {};
}

// Due work: tells that the period has ended. Nothing depends on it.
void end_notice(Execution& execution, const SubjectKey& key) {
  const auto id = crypto::fixed_from_hex<ShortId>(key.substr(key.find('/') + 1));
  assert(id && "asset/<id> or product/<id>");
  auto subject = read_registered(execution, *id);
  if (!subject || subject->status() != proto::ASSET_STATUS_NOTICE || subject->notice_over()) return;
  subject->alter([](auto& state) { state.set_notice_over(true); });
  subject->write(execution, kEffectNoticeOver, proto::AssetNoticeOver());
}

void forget_notice(Execution& execution, const Registered& subject) {
  if (subject.status() == proto::ASSET_STATUS_NOTICE && !subject.notice_over())
    execution.unschedule(ms(subject.notice_ends_s()), subject.key(), kDueNoticeOver);
}

struct Table {
  proto::RightKind right;
  const Holders& holders;
  std::string field;
};
std::vector<Table> tables_of(const proto::CertifyIssue& body) {
  return {{proto::RIGHT_KIND_HOLDING, body.holding(), "issue.holding"},
          {proto::RIGHT_KIND_USE, body.use(), "issue.use"},
          {proto::RIGHT_KIND_OPERATION, body.operation(), "issue.operation"}};
}

Result<void> check_active(Execution& execution, const Table& table) {
  for (int item = 0; item < table.holders.size(); ++item) {
    const std::string field = table.field + "[" + std::to_string(item) + "].oid";
    if (auto active = active_organisation(execution, table.holders[item].oid(), field); !active)
      return active.error();
  }
  return {};
}

Result<void> check_whole(const Table& table) {
  const bool each =
      std::ranges::all_of(table.holders, [](const proto::Holder& holder) { return holder.ppm() > 0; });
  if (each && is_whole(table.holders)) return {};
  return error(Code::E_PPM,
               "holders have at least 1 ppm each and 1,000,000 together, here " +
                   std::to_string(sum_ppm(table.holders)),
               table.field);
}

Result<void> check_notice_over(const Registered& subject, std::int64_t time_s) {
  if (subject.status() == proto::ASSET_STATUS_APPLIED)
    return error(Code::E_NOTICE, "no notice was opened", "issue.subject");
  if (subject.status() != proto::ASSET_STATUS_NOTICE)
    return error(Code::E_STATE, "not an application that waits", "issue.subject");
  if (time_s >= subject.notice_ends_s()) return {};
  return error(Code::E_NOTICE, "the notice ends " + format_time(subject.notice_ends_s()), "issue.subject");
}

void write_certificate(Execution& execution, const proto::CertifyIssue& body, const std::string& number) {
  proto::CertificateIssued effect;
  effect.set_asset(body.subject());
  effect.set_registrar(execution.author_oid());
  effect.set_valid_to_s(body.valid_to_s());
  proto::CertificateState state;
  state.set_asset(body.subject());
  state.set_registrar(execution.author_oid());
  state.set_issued_at_s(execution.time_s());
  state.set_valid_to_s(body.valid_to_s());
  execution.change(certificate_key(number), kEffectCertificateIssued, effect, state);
}

Result<void> issue(Execution& execution, const proto::CertifyIssue& body) {
  const std::vector<Table> tables = tables_of(body);
  for (const Table& table : tables) {
    if (auto good = check_holders(table.holders, table.field); !good) return good;
  }
  auto subject = find_registered(execution, body.subject(), "issue.subject");
  if (!subject) return subject.error();
  const auto registrar = require_registrar(execution, *subject);
  if (!registrar) return registrar.error();
  for (const Table& table : tables) {
    if (auto good = check_active(execution, table); !good) return good;
  }
  if (auto good = check_notice_over(*subject, execution.time_s()); !good) return good;
  if (auto good = check_applicant(execution, *subject, "issue.subject"); !good) return good;
  if (body.valid_to_s() <= execution.time_s() || body.valid_to_s() > kTimeMax)
    return error(Code::E_TIME, "a certificate ends later than now, by the year 9999", "issue.valid_to_s");
  for (const Table& table : tables) {
    if (auto good = check_whole(table); !good) return good;
  }
  const auto number = next_certificate_number(execution, registrar->registrar_code());
  if (!number) return number.error();

  forget_notice(execution, *subject);
  subject->alter([&](auto& state) {
    state.set_status(proto::ASSET_STATUS_CERTIFIED);
    state.set_certificate(*number);
    state.set_valid_to_s(body.valid_to_s());
  });
  proto::AssetCertified effect;
  effect.set_certificate(*number);
  effect.set_valid_to_s(body.valid_to_s());
  subject->write(execution, kEffectAssetCertified, effect);
  write_certificate(execution, body, *number);
  std::map<std::string, int> open_items;
  for (const Table& table : tables) {
    open_right(execution, subject->id(), table.right, *number, table.holders);
    for (const proto::Holder& holder : table.holders) ++open_items[holder.oid()];
  }
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> refuse(Execution& execution, const proto::CertifyRefuse& body) {
  if (auto good = check_reason(body.reason(), body.note(), "refuse"); !good) return good;
  auto subject = find_registered(execution, body.subject(), "refuse.subject");
  if (!subject) return subject.error();
  if (const auto registrar = require_registrar(execution, *subject); !registrar) return registrar.error();
  if (subject->status() != proto::ASSET_STATUS_APPLIED && subject->status() != proto::ASSET_STATUS_NOTICE)
    return error(Code::E_STATE, "the application has been decided", "refuse.subject");
  forget_notice(execution, *subject);
  subject->alter([&](auto& state) {
    state.set_status(proto::ASSET_STATUS_REFUSED);
    state.set_registrar(execution.author_oid());
  });
  proto::AssetRefused effect;
  effect.set_registrar(execution.author_oid());
  effect.set_reason(body.reason());
  effect.set_note(body.note());
  subject->write(execution, kEffectAssetRefused, effect);
  return {};
}

// The tables stay as they are, for what they were; their holders may leave the ledger.
void release_holders(Execution& execution, const ShortId& subject) {
  std::map<std::string, int> open_items;
  for (const proto::RightKind right : kRightKinds) {
    const proto::RightState table = right_table(execution, subject, right);
    for (const proto::Holder& holder : table.holders()) --open_items[holder.oid()];
  }
  adjust_open_items(execution, open_items);
}

Result<void> revoke(Execution& execution, const proto::CertifyRevoke& body) {
  if (auto good = check_reason(body.reason(), body.note(), "revoke"); !good) return good;
  if (!body.has_document())
    return error(Code::E_FORMAT, "the ruling, order or proof is named", "revoke.document");
  if (auto good = check_data_digest(body.document(), "revoke.document"); !good) return good;
  auto subject = find_registered(execution, body.subject(), "revoke.subject");
  if (!subject) return subject.error();
  if (const auto registrar = require_registrar(execution, *subject); !registrar) return registrar.error();
  if (subject->status() != proto::ASSET_STATUS_CERTIFIED)
    return error(Code::E_STATE, "no certificate to revoke", "revoke.subject");

  subject->alter([](auto& state) { state.set_status(proto::ASSET_STATUS_REVOKED); });
  proto::AssetRevoked effect;
  effect.set_certificate(subject->certificate());
  subject->write(execution, kEffectAssetRevoked, effect);
  const SubjectKey certificate = certificate_key(subject->certificate());
  auto state = execution.read<proto::CertificateState>(certificate).value_or(proto::CertificateState());
  state.set_revoked(true);
  state.set_revoked_at_s(execution.time_s());
  proto::CertificateRevoked revoked;
  revoked.set_reason(body.reason());
  revoked.set_note(body.note());
  *revoked.mutable_document() = body.document();
  execution.change(certificate, kEffectCertificateRevoked, revoked, state);
  release_holders(execution, subject->id());
  return {};
}

Result<void> apply_certify(Execution& execution, const proto::Certify& body) {
  switch (body.op_case()) {
    case proto::Certify::kNotice:
      return open_notice(execution, body.notice());
    case proto::Certify::kIssue:
      return issue(execution, body.issue());
    case proto::Certify::kRefuse:
      return refuse(execution, body.refuse());
    case proto::Certify::kRevoke:
      return revoke(execution, body.revoke());
    case proto::Certify::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Certify, apply_certify>(8, 1, "CERTIFY")};
constexpr EffectType kEffects[] = {
    effect_type<proto::AssetNoticeOpened>(kEffectNoticeOpened, "notice opened"),
    effect_type<proto::AssetNoticeOver>(kEffectNoticeOver, "notice over"),
    effect_type<proto::AssetCertified>(kEffectAssetCertified, "certified"),
    effect_type<proto::AssetRefused>(kEffectAssetRefused, "refused"),
    effect_type<proto::AssetRevoked>(kEffectAssetRevoked, "revoked"),
    effect_type<proto::CertificateIssued>(kEffectCertificateIssued, "issued"),
    effect_type<proto::CertificateRevoked>(kEffectCertificateRevoked, "certificate revoked"),
    effect_type<proto::SerialGiven>(kEffectSerialGiven, "serial given"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::CertificateState>(SubjectKind::kCertificate, "certificate/"),
    subject_fields<proto::SerialState>(SubjectKind::kSerial, "serial/"),
};
constexpr DueRule kDueRules[] = {{kDueNoticeOver, "notice over", end_notice}};

}  // namespace

const Family kCertificateFamily = {"certificate", kRecords, kEffects, kSubjects, kDueRules};

Result<std::string> next_certificate_number(Execution& execution, const std::string& code) {
  const std::string year = year_key(execution.time_s());
  const SubjectKey key = serial_key(code, year);
  proto::SerialState state = execution.read<proto::SerialState>(key).value_or(proto::SerialState());
  state.set_last(state.last() + 1);
  const CertificateNumber number{code, static_cast<std::uint32_t>(std::stoul(year)), state.last()};
  auto text = format_certificate_number(number);
  if (!text) return text;
  proto::SerialGiven effect;
  effect.set_serial(state.last());
  execution.change(key, kEffectSerialGiven, effect, state);
  return text;
}

}  // namespace circula::ledger
