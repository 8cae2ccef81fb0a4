// Record 2 KEY: organisations add, rotate and revoke the keys that they sign records with; an exchange helps
// one that has lost its officer keys to a new one (records.md 2.2, 3.4).
//
// Invariants: 1. a public key belongs to one organisation for ever; 2. every organisation that has not left
// keeps an officer key that has begun and has no end; 3. a key acts on every later log index only, and
// revocation undoes nothing.
#pragma once

#include "ledger/proto/identity.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kRecordKeyFamily;

}  // namespace circula::ledger
