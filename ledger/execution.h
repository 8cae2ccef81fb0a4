// What a rule sees while one entry executes: the state, the signers, ledger time; and the only way in which
// it changes anything (design.md 3 "Executing", 4).
//
// Invariants
//  1. a rule reads subjects and its context, nothing else; what it changes counts only if it succeeds;
//  2. an entry has at most one effect on a subject, and touches at most kSubjectsPerEntryMax;
//  3. a storage fault shows as absence here and is kept in the block's fault, which stops the node before
//     anything of the block counts.
#pragma once

#include <google/protobuf/message.h>

#include <cassert>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/outcome.h"
#include "ledger/proto/genesis.pb.h"
#include "ledger/state.h"
#include "ledger/subject.h"

namespace circula::ledger {

inline constexpr std::size_t kSubjectsPerEntryMax = 2048;

// The chain as a block finds it; the same for all its entries, but for keys and policies, which are subjects.
struct ChainContext {
  Digest chain_id{};
  proto::ChainState chain;
  proto::Parameters parameters;
};

// The state with the changes of the block so far.
class BlockState {
 public:
  explicit BlockState(const State& state) : state_(state) {}

  [[nodiscard]] std::optional<Subject> subject(const SubjectKey& key);
  [[nodiscard]] bool is_spent(const SpentId& id);
  [[nodiscard]] StateChanges& changes() { return changes_; }
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

 private:
  const State& state_;
  StateChanges changes_;
  std::optional<Error> fault_;
};

// A signature that counts for the record: its key, whose it is and what it may do.
struct Signer {
  PublicKey key{};
  std::string oid;
  proto::KeyUsage usage = proto::KEY_USAGE_UNSPECIFIED;
};

// Sets of key usages, for require().
using Usages = unsigned;
[[nodiscard]] constexpr Usages usage(proto::KeyUsage one) { return 1U << static_cast<unsigned>(one); }
inline constexpr Usages kOfficer = usage(proto::KEY_USAGE_OFFICER);
inline constexpr Usages kCdo = usage(proto::KEY_USAGE_CDO);
inline constexpr Usages kFinance = usage(proto::KEY_USAGE_FINANCE);
inline constexpr Usages kExecutive = kOfficer | kCdo;            // who may bind the organisation
inline constexpr Usages kBusiness = kOfficer | kCdo | kFinance;  // who may act in its daily deals

// A signature that a rule asked for; what a dry run and a draft show to people.
struct Requirement {
  std::string oid;
  Usages usages = 0;
  bool met = false;
  unsigned count = 1;  // so many different keys of these usages
};

struct AppliedEffect {
  SubjectKey subject;
  Bytes bytes;  // version || type || seq || fields
};

class Execution {
 public:
  struct Entry {
    std::uint64_t log_index = 0;
    std::uint64_t time_ms = 0;  // ledger time; a due entry's own due time
    Digest record_id{};         // of a record
    std::uint64_t created_at_ms = 0;
    // Collect what signatures are missing instead of failing at the first (dry run).
    bool collects_requirements = false;
  };

  Execution(BlockState& state, const ChainContext& chain, Entry entry)
      : state_(state), chain_(chain), entry_(std::move(entry)) {}

  [[nodiscard]] const ChainContext& chain() const { return chain_; }
  [[nodiscard]] const proto::Parameters& parameters() const { return chain_.parameters; }
  [[nodiscard]] std::uint64_t time_ms() const { return entry_.time_ms; }
  [[nodiscard]] std::int64_t time_s() const { return static_cast<std::int64_t>(entry_.time_ms / 1000); }
  [[nodiscard]] std::uint64_t log_index() const { return entry_.log_index; }
  [[nodiscard]] const Digest& record_id() const { return entry_.record_id; }
  [[nodiscard]] std::uint64_t created_at_ms() const { return entry_.created_at_ms; }
  // The id of the object that this record creates: at most one of a kind (records.md 3.1).
  [[nodiscard]] ShortId new_id() const {
    return ShortId::from(entry_.record_id.view().first(ShortId::kSize));
  }
  // The author first. Set once, before the rule.
  void set_signers(std::vector<Signer> signers) { signers_ = std::move(signers); }
  [[nodiscard]] const std::vector<Signer>& signers() const { return signers_; }
  [[nodiscard]] const std::string& author_oid() const { return signers_.front().oid; }

  // The subject's fields, or nothing when it does not exist.
  template <class Fields>
  [[nodiscard]] std::optional<Fields> read(const SubjectKey& key) {
    const Subject* subject = find(key);
    if (subject == nullptr) return std::nullopt;
    Fields fields;
    const bool parsed = fields.ParseFromString(subject->fields);
    assert(parsed && "a subject's fields are written by rules only");
    return fields;
  }
  [[nodiscard]] bool exists(const SubjectKey& key) { return find(key) != nullptr; }
  [[nodiscard]] std::uint64_t version(const SubjectKey& key);

  // One effect on one subject, and the subject's fields after it.
  void change(const SubjectKey& key, std::uint16_t effect_type, const google::protobuf::Message& effect,
              const google::protobuf::Message& fields);

  // Due work for this subject: the rule is executed when ledger time reaches `time_ms`.
  void schedule(std::uint64_t time_ms, const SubjectKey& subject, std::uint16_t rule);
  void unschedule(std::uint64_t time_ms, const SubjectKey& subject, std::uint16_t rule);

  // Signatures of the organisation by so many keys of one of the usages must be there; otherwise `code`.
  [[nodiscard]] Result<void> require(std::string_view oid, Usages usages, std::string_view field,
                                     Code code = Code::E_POLICY, unsigned count = 1);
  [[nodiscard]] bool has_signed(std::string_view oid, Usages usages, unsigned count = 1) const;
  [[nodiscard]] const std::vector<Requirement>& requirements() const { return requirements_; }

  // Whether the entry keeps within its bounds; asked once, after the rule.
  [[nodiscard]] Result<void> within_limits() const;
  // Each subject that a record expects a version of must be one that it read or changed.
  [[nodiscard]] bool touched(const SubjectKey& key) const { return touched_.contains(key); }
  [[nodiscard]] const std::vector<AppliedEffect>& effects() const { return effects_; }
  // Subtrees of histories that the effects completed and index/ keeps.
  struct HistoryHead {
    SubjectKey subject;
    unsigned level;
    std::uint64_t n;
    Digest hash;
  };
  [[nodiscard]] const std::vector<HistoryHead>& history_heads() const { return history_heads_; }

  // Makes the entry's changes the block's.
  void commit();
  // Forgets what a failed rule did.
  void roll_back();

 private:
  [[nodiscard]] const Subject* find(const SubjectKey& key);

  BlockState& state_;
  const ChainContext& chain_;
  Entry entry_;
  std::map<SubjectKey, std::optional<Subject>> seen_;  // read in this entry, with its changes
  std::set<SubjectKey> changed_;
  std::set<SubjectKey> touched_;
  std::map<DueRow, bool> due_;
  std::vector<AppliedEffect> effects_;
  std::vector<HistoryHead> history_heads_;
  std::vector<Signer> signers_;
  std::vector<Requirement> requirements_;
};

}  // namespace circula::ledger
