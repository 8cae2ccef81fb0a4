// Where a generated data set writes its records: day after day, each signed by who must, sealed into
// envelopes when a day ends or an envelope is full; with what each must come to.
//
// Thread rule: one thread.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/generator_draw.h"
#include "cli/generator_ledger_year.h"

namespace circula::cli {

using Signers = std::vector<const crypto::SigningKey*>;

class GeneratorDiary {
 public:
  GeneratorDiary(const crypto::Digest& chain_id, std::uint64_t seed, GeneratorTruth& truth)
      : chain_id_(chain_id), nonces_(seed ^ 0x6e6f6e6365ULL), truth_(truth) {}

  // Later than any time before; seals what is open.
  void begin_day(std::int64_t time_s);
  [[nodiscard]] std::int64_t now_s() const { return now_s_; }
  [[nodiscard]] const crypto::Digest& chain_id() const { return chain_id_; }

  // The id of a record that must come to `outcome`; the first signer is its author. `what` says why an
  // attempt fails.
  crypto::Digest write(std::uint16_t type, const google::protobuf::Message& body, const Signers& signers,
                       ledger::Code outcome = ledger::Code::E_OK, std::string_view what = {});

  [[nodiscard]] std::vector<GeneratedEnvelope> finish();

 private:
  void seal();

  crypto::Digest chain_id_;
  Draw nonces_;
  GeneratorTruth& truth_;
  std::int64_t now_s_ = 0;
  std::size_t bytes_ = 0;
  std::vector<crypto::Bytes> records_;
  std::vector<crypto::Digest> ids_;
  std::map<crypto::PublicKey, const crypto::SigningKey*> keys_;
  std::vector<GeneratedEnvelope> envelopes_;
};

[[nodiscard]] ledger::ShortId object_of(const crypto::Digest& record);
[[nodiscard]] std::string bytes_of(const ledger::ShortId& id);

}  // namespace circula::cli
