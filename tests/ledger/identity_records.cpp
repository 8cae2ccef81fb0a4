#include "tests/ledger/identity_records.h"

#include <stdexcept>

namespace circula::ledger::testing {

std::string public_key(TestChain& chain, const std::string& key) {
  return std::string(chain.key(key).public_key().text());
}

std::string possession(TestChain& chain, const std::string& key, const std::string& oid) {
  return std::string(chain.key(key).sign(possession_statement(chain.genesis().chain_id(), oid)).text());
}

proto::Org registration(TestChain& chain, const std::string& name, const std::string& oid) {
  proto::Org body;
  proto::OrgRegister& entry = *body.mutable_register_();
  entry.set_oid(oid);
  entry.add_kinds(proto::ORG_KIND_PROVIDER);
  entry.mutable_profile()->set_name(name);
  entry.set_first_key(public_key(chain, name));
  entry.set_possession(possession(chain, name, oid));
  return body;
}

proto::Org suspension(const std::string& oid) {
  proto::Org body;
  body.mutable_suspend()->set_oid(oid);
  return body;
}

proto::Org reinstatement(const std::string& oid) {
  proto::Org body;
  body.mutable_reinstate()->set_oid(oid);
  return body;
}

proto::Org exit_of(const std::string& oid) {
  proto::Org body;
  body.mutable_exit()->set_oid(oid);
  return body;
}

proto::Key addition(TestChain& chain, const std::string& key, const std::string& oid, proto::KeyUsage usage) {
  proto::Key body;
  proto::KeyAdd& add = *body.mutable_add();
  add.set_public_key(public_key(chain, key));
  add.set_usage(usage);
  add.set_possession(possession(chain, key, oid));
  return body;
}

proto::Key rotation(TestChain& chain, const std::string& replaces, const std::string& key,
                    const std::string& oid, std::int64_t overlap_until_s) {
  proto::Key body;
  proto::KeyRotate& rotate = *body.mutable_rotate();
  rotate.set_replaces(public_key(chain, replaces));
  rotate.set_public_key(public_key(chain, key));
  rotate.set_overlap_until_s(overlap_until_s);
  rotate.set_possession(possession(chain, key, oid));
  return body;
}

proto::Key recovery(TestChain& chain, const std::string& key, const std::string& oid) {
  proto::Key body;
  proto::KeyRecover& recover = *body.mutable_recover();
  recover.set_oid(oid);
  recover.set_public_key(public_key(chain, key));
  recover.set_possession(possession(chain, key, oid));
  return body;
}

proto::Key revocation(TestChain& chain, const std::string& key) {
  proto::Key body;
  body.mutable_revoke()->set_public_key(public_key(chain, key));
  return body;
}

void admit(TestChain& chain, const std::string& name, const std::string& oid) {
  const Error outcome = chain.submit(spec("exchange", kOrg, registration(chain, name, oid)));
  if (outcome.code != Code::E_OK) throw std::runtime_error(outcome.field + ": " + outcome.detail);
}

}  // namespace circula::ledger::testing
