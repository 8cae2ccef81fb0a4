#include "ledger/execution.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/canonical.h"

namespace circula::ledger {
namespace {

std::string name_of(Usages usages) {
  std::string names;
  const std::pair<Usages, std::string_view> table[] = {
      {kOfficer, "officer"},
      {kCdo, "cdo"},
      {kFinance, "finance"},
      {usage(proto::KEY_USAGE_SYSTEM), "system"},
      {usage(proto::KEY_USAGE_AUDIT), "audit"},
  };
  for (const auto& [one, text] : table) {
    if ((usages & one) != 0) names += (names.empty() ? "" : " or ") + std::string(text);
  }
  return names;
}

}  // namespace

std::optional<Subject> BlockState::subject(const SubjectKey& key) {
  if (const auto changed = changes_.subjects.find(key); changed != changes_.subjects.end())
    return changed->second;
  auto stored = state_.subject(key);
  if (stored) return std::move(*stored);
  if (!fault_) fault_ = stored.error();
  return std::nullopt;
}

bool BlockState::is_spent(const SpentId& id) {
  if (changes_.spent.contains(id)) return true;
  auto spent = state_.is_spent(id);
  if (spent) return *spent;
  if (!fault_) fault_ = spent.error();
  return true;
}

const Subject* Execution::find(const SubjectKey& key) {
  // Bodies name organisations and certificates by text of any length; no such subject is ever written.
  if (key.size() > kSubjectKeyBytesMax) return nullptr;
  touched_.insert(key);
  auto [place, fresh] = seen_.try_emplace(key);
  if (fresh) place->second = state_.subject(key);
  return place->second ? &*place->second : nullptr;
}

std::uint64_t Execution::version(const SubjectKey& key) {
  const Subject* subject = find(key);
  return subject == nullptr ? 0 : subject->count();
}

void Execution::change(const SubjectKey& key, std::uint16_t effect_type,
                       const google::protobuf::Message& effect, const google::protobuf::Message& fields) {
  assert(key.size() <= kSubjectKeyBytesMax);
  const bool first = changed_.insert(key).second;
  assert(first && "an entry has at most one effect on a subject");
  (void)find(key);
  std::optional<Subject>& subject = seen_[key];
  if (!subject) subject = Subject{kind_of(key), {}, {}, 0};
  Bytes bytes = encode(
      Effect{effect_type, subject->count(), std::string(crypto::as_text(serialise_canonical(effect)))});
  subject->history.append(history_leaf(entry_.log_index, bytes),
                          [&](unsigned level, std::uint64_t n, const Digest& head) {
                            if (level >= kStoredLevel) history_heads_.push_back({key, level, n, head});
                          });
  subject->fields = crypto::as_text(serialise_canonical(fields));
  subject->newest_entry = entry_.log_index;
  effects_.push_back({key, std::move(bytes)});
}

void Execution::schedule(std::uint64_t time_ms, const SubjectKey& subject, std::uint16_t rule) {
  due_[DueRow{time_ms, subject, rule}] = true;
}

void Execution::unschedule(std::uint64_t time_ms, const SubjectKey& subject, std::uint16_t rule) {
  due_[DueRow{time_ms, subject, rule}] = false;
}

bool Execution::has_signed(std::string_view oid, Usages usages, unsigned count) const {
  // A record names each signer once, so these are different keys.
  return std::count_if(signers_.begin(), signers_.end(), [&](const Signer& signer) {
           return signer.oid == oid && (usages & usage(signer.usage)) != 0;
         }) >= static_cast<std::ptrdiff_t>(count);
}

Result<void> Execution::require(std::string_view oid, Usages usages, std::string_view field, Code code,
                                unsigned count) {
  const bool met = has_signed(oid, usages, count);
  if (entry_.collects_requirements) {
    requirements_.push_back({std::string(oid), usages, met, count});
    return {};
  }
  if (met) return {};
  const std::string keys =
      count == 1 ? "a signature of " + std::string(oid) + " by its " + name_of(usages) + " key is missing"
                 : std::string(oid) + " signs with " + std::to_string(count) + " of its " + name_of(usages) +
                       " keys";
  return error(code, keys, std::string(field));
}

Result<void> Execution::within_limits() const {
  if (touched_.size() > kSubjectsPerEntryMax) {
    return error(Code::E_LIMIT,
                 "a record touches at most 2,048 subjects, this one " + std::to_string(touched_.size()));
  }
  for (const SubjectKey& key : changed_) {
    const std::size_t size = seen_.at(key)->fields.size();
    if (size > kSubjectValueBytesMax - 42) {
      return error(Code::E_LIMIT, key + " would have " + std::to_string(size) + " bytes; 16 KiB are allowed");
    }
  }
  return {};
}

void Execution::commit() {
  for (const SubjectKey& key : changed_) state_.changes().subjects[key] = std::move(*seen_[key]);
  for (const auto& [row, added] : due_) state_.changes().due[row] = added;
}

void Execution::roll_back() {
  for (const SubjectKey& key : changed_) seen_.erase(key);
  changed_.clear();
  due_.clear();
  effects_.clear();
  history_heads_.clear();
}

}  // namespace circula::ledger
