#include "ledger/chain_family.h"

#include "ledger/account.h"
#include "ledger/identity.h"
#include "ledger/proto/clock.pb.h"

namespace circula::ledger {
namespace {

constexpr std::uint64_t kHourMs = 3600ULL * 1000;

// Record 39: moves the ledger time of a scripted chain, by being in a block.
Result<void> move_clock(Execution& execution, const proto::ClockMove& body) {
  if (execution.chain().chain.clock() != proto::CLOCK_SCRIPTED) {
    return error(Code::E_TYPE, "ledger time is moved by hand on scripted chains only");
  }
  const auto author = execution.read<proto::OrgState>(org_key(execution.author_oid()));
  if (!author || !has_kind(*author, proto::ORG_KIND_EXCHANGE) || !author->admitted_by().empty()) {
    return error(Code::E_ROLE, "only a founding exchange moves the clock");
  }
  if (auto signed_by = execution.require(execution.author_oid(), kExecutive, "author"); !signed_by)
    return signed_by;
  if (body.to_ms() != execution.created_at_ms()) {
    return error(Code::E_TIME, "to_ms is the record's created_at_ms", "to_ms");
  }
  return {};
}

constexpr RecordType kRecords[] = {record_type<proto::ClockMove, move_clock>(39, 1, "CLOCK")};
constexpr EffectType kEffects[] = {
    effect_type<proto::Spent>(kEffectSpent, "spent"),
    effect_type<proto::UniqueState>(kEffectUniqueTaken, "unique taken"),
    effect_type<proto::ChainFounded>(kEffectChainFounded, "chain founded"),
    effect_type<proto::ParametersSet>(kEffectParametersSet, "parameters set"),
    effect_type<proto::VotersSet>(kEffectVotersSet, "voters set"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::ReplayState>(SubjectKind::kReplay, "replay/"),
    subject_fields<proto::UniqueState>(SubjectKind::kUnique, "unique/"),
    subject_fields<proto::ChainState>(SubjectKind::kConfig, "config/chain"),
    subject_fields<proto::Parameters>(SubjectKind::kConfig, "config/parameters"),
    subject_fields<proto::Configuration>(SubjectKind::kConfig, "config/voters"),
};

}  // namespace

const Family kChainFamily = {"chain", kRecords, kEffects, kSubjects, {}};

void take_unique(Execution& execution, const SubjectKey& key, const SubjectKey& subject) {
  proto::UniqueState state;
  state.set_subject(subject);
  execution.change(key, kEffectUniqueTaken, state, state);
}

std::uint32_t expiry_hour(std::uint64_t expires_at_ms) {
  return static_cast<std::uint32_t>(expires_at_ms / kHourMs);
}

void spend(Execution& execution, std::uint64_t expires_at_ms) {
  proto::Spent effect;
  effect.set_record_id(std::string(execution.record_id().text()));
  execution.change(replay_key(expiry_hour(expires_at_ms)), kEffectSpent, effect, proto::ReplayState());
}

void found_chain(Execution& execution, const proto::Genesis& genesis) {
  proto::ChainFounded founded;
  proto::ChainState& chain = *founded.mutable_chain();
  chain.set_format(genesis.format());
  chain.set_rules(genesis.rules());
  chain.set_origin(genesis.origin());
  chain.set_clock(genesis.clock());
  chain.set_profile(genesis.profile());
  *chain.mutable_active() = genesis.active();
  execution.change(config_key("chain"), kEffectChainFounded, founded, chain);

  proto::ParametersSet parameters;
  *parameters.mutable_parameters() = genesis.parameters();
  execution.change(config_key("parameters"), kEffectParametersSet, parameters, genesis.parameters());

  proto::VotersSet voters;
  *voters.mutable_configuration() = genesis.configuration();
  execution.change(config_key("voters"), kEffectVotersSet, voters, genesis.configuration());

  for (const proto::GenesisOrganisation& organisation : genesis.organisations()) {
    found_organisation(execution, organisation);
  }
  for (const proto::SettlementBank& appointed : genesis.settlement_banks()) {
    appoint_bank(execution, appointed);
  }
}

}  // namespace circula::ledger
