#!/usr/bin/env python3
"""Writes golden.json: the bytes of every format of docs/formats.md, for a small chain.

    make.py            writes golden.json beside itself
    make.py --check    compares with it, exit code 1 when they differ

Python 3.9 and its standard library; formats.py has the rules and schema.py reads the messages off the page. Nothing
here shares anything with the code that golden.json is compared with.
"""

import json
import pathlib
import sys

from ed25519 import Key
from formats import (
    COSIGNATURE_LINE,
    Chain,
    EFFECT_TYPES,
    KINDS,
    LOG_LINE,
    RECORD_TYPES,
    b64,
    block_entry,
    certificate_number,
    checkpoint_text,
    cosignature_line,
    cosignature_message,
    data,
    due_entry,
    effect_leaf,
    element,
    envelope_message,
    envelope_statement,
    gb32100_check,
    genesis_entry,
    hashed_rows,
    head,
    inclusion_path,
    leaf,
    number,
    numbered,
    object_id,
    packed,
    record_entry,
    record_message,
    repeated,
    sha256,
    signature_line,
    state_proof,
    state_root,
    statement,
    stored_block,
    u8,
    verifier_key,
)
from schema import make_frames, make_messages

ORIGIN = "golden.example/ledger"
FOUNDED_MS = 1_680_000_000_000
VOTERS = 4
QUORUM = 2 * VOTERS // 3 + 1
E_TYPE = 2
CLOCK = 39
UNKNOWN_TYPE = 999  # active on no chain
ENUMS = {"scripted": 2, "production": 1, "voter": 1, "learner": 2, "exchange": 1, "registrar": 2, "active": 1}
OFFICER, FINANCE = 1, 3
NODE_KEYS = ("node", "cosign", "log", "transport")


def oid(number_):
    body = f"91990000{number_:09}"
    return body + gb32100_check(body)


class Organisation:
    def __init__(self, name, number_, kind, registrar_code=""):
        self.oid, self.kind, self.registrar_code, self.name = oid(number_), kind, registrar_code, name
        self.officer, self.finance = Key(name), Key(name + ".finance")
        usages = [(self.officer, OFFICER), (self.finance, FINANCE)]
        self.keys = sorted(usages, key=lambda pair: pair[0].public)

    def profile(self):
        return data(1, self.name) + data(2, "350200")

    def genesis(self):
        possession = statement("possession", bytes(32), self.oid.encode())
        keys = [data(1, key.public) + number(2, usage) + data(3, key.sign(possession)) for key, usage in self.keys]
        return (
            data(1, self.oid)
            + packed(2, [self.kind])
            + data(3, self.profile())
            + data(4, self.registrar_code)
            + repeated(5, keys)
        )

    def found(self, chain):
        start = packed(1, [self.kind]) + data(2, self.profile())
        state = start + number(3, ENUMS["active"]) + data(5, self.registrar_code)
        state += repeated(6, [data(1, key.public) for key, usage in self.keys if usage == OFFICER])
        chain.change("org/" + self.oid, 101, start + data(4, self.registrar_code), state)
        for key, usage in self.keys:
            fields = data(1, self.oid) + number(2, usage)
            chain.change("key/" + key.public.hex(), 201, fields, fields)


def make_genesis(exchange, registrar, nodes):
    active = repeated(10, [number(1, record_type) + number(2, 1) for record_type in (1, 2, CLOCK)])
    parameters = (
        number(1, 5)
        + number(2, 30)
        + number(3, 86_400_000)
        + number(10, 2_592_000_000)
        + packed(12, [19_478, 19_843])
        + packed(13, [19_470])
    )
    members = [
        number(1, node_id)
        + number(2, ENUMS["voter"] if node_id <= VOTERS else ENUMS["learner"])
        + data(3, exchange.oid)
        + b"".join(data(4 + at, keys[name].public) for at, name in enumerate(NODE_KEYS))
        for node_id, keys in nodes.items()
    ]
    configuration = repeated(1, members)
    start = number(1, 1) + number(2, 1) + data(3, ORIGIN) + number(4, ENUMS["scripted"])
    start += number(5, ENUMS["production"])
    message = (
        start
        + number(6, FOUNDED_MS)
        + data(7, parameters)
        + repeated(8, [exchange.genesis(), registrar.genesis()])
        + data(9, configuration)
        + active
        + repeated(11, [number(1, 1) + data(2, "127.0.0.1:7001")])
        + number(12, 1)
    )
    chain_state = start + repeated(6, [number(1, record_type) + number(2, 1) for record_type in (1, 2, CLOCK)])
    return message, chain_state, parameters, configuration


def make_genesis_file(message, founder, chain_id):
    signature = b64(founder.sign(statement("genesis", chain_id)))
    signatures = [{"key": founder.public.hex(), "signature": signature}]
    return json.dumps({"format": "circula-genesis-1", "genesis": b64(message), "signatures": signatures})


def execute_genesis(chain, genesis, chain_id, organisations):
    message, chain_state, parameters, configuration = genesis
    chain.change("config/chain", 3, data(1, chain_state), chain_state)
    chain.change("config/parameters", 4, data(1, parameters), parameters)
    chain.change("config/voters", 5, data(1, configuration), configuration)
    for organisation in organisations:
        organisation.found(chain)
    made, effects = chain.finish_effects(message)
    entry = {"chain_id": chain_id, **effects}
    chain.log.append(genesis_entry(entry))
    block = {"height": 0, "first": 0, "block_hash": chain_id, "time_ms": FOUNDED_MS, "term": 0, "proposer": 0}
    return made, entry, chain.seal(block)


def execute_block(chain, block, envelopes):
    """`envelopes`: (body, statement, [(record, type, hour of expiry, outcome)]); all have `spent` alone."""
    first, entries, all_made = len(chain.log), [], []
    for body, signed, records in envelopes:
        for position, (record, record_type, hour, outcome) in enumerate(records):
            chain.change(f"replay/{hour}", 1, data(1, leaf(record)), b"")
            made, effects = chain.finish_effects(record)
            entry = {
                "outcome": outcome,
                "type": record_type,
                "type_version": 1,
                "position": position,
                "envelope_id": sha256(signed),
                "body_hash": sha256(body),
                "record_id": leaf(record),
                **effects,
            }
            chain.log.append(record_entry(entry))
            entries.append(entry)
            all_made.append(made)
    fields = {name: block["fields"][name] for name in ("height", "time_ms", "term", "proposer")}
    return entries, all_made, chain.seal({**fields, "first": first, "block_hash": block["hash"]})


def make_policy(chain_id, nodes):
    text = f"# Trust policy of {ORIGIN}\n# chain {chain_id.hex()}\n"
    voters = [(node_id, keys) for node_id, keys in nodes.items() if node_id <= VOTERS]
    for _, keys in voters:
        text += f"log {verifier_key(ORIGIN, LOG_LINE, keys['log'])}\n"
    for node_id, keys in voters:
        name = f"{ORIGIN}/node/{node_id}"
        text += f"witness node-{node_id} {verifier_key(name, COSIGNATURE_LINE, keys['cosign'])}\n"
    return text + f"group finality {QUORUM} " + " ".join(f"node-{n}" for n, _ in voters) + "\nquorum finality\n"


def make_receipt(chain_id, records, keys, entry, index, made, leaves, note):
    """Section 11, for the first record of an envelope."""
    ids = [leaf(record) for record in records]
    signed = envelope_statement(chain_id, records)
    proof = f"c2sp.org/tlog-proof@v1\nindex {index}\n"
    proof += "".join(b64(digest) + "\n" for digest in inclusion_path(index, leaves)) + "\n" + note
    receipt = {
        "format": "circula-receipt-1",
        "shows": f"Record {ids[0].hex()} of type {entry['type']} is entry {index} of the log {ORIGIN}, signed by the "
        f"keys in this file, with outcome E_OK and exactly these {len(made)} effect.",
        "does_not_show": "It does not show what later records did to the same subjects, nor that a list of records is "
        "complete: ask for a bundle of the subject.",
        "outcome": {"number": str(entry["outcome"]), "name": "E_OK"},
        "entry": b64(record_entry(entry)),
        "record": b64(records[0]),
        "effects": [{"subject": subject, "effect": b64(effect)} for subject, effect in made],
        "envelope": {
            "chain_id": chain_id.hex(),
            "records": str(len(records)),
            "root": head(ids).hex(),
            "path": [b64(digest) for digest in inclusion_path(0, ids)],
            "signatures": [
                {"key": key.public.hex(), "signature": b64(key.sign(signed))}
                for key in sorted(keys, key=lambda key: key.public)
            ],
        },
        "tlog_proof": proof,
    }
    return json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"


def subject_keys(exchange):
    """At least one of each kind."""
    short, digest = bytes(range(16)).hex(), sha256(b"unique").hex()
    keys = [
        ("org/" + exchange.oid, "OrgState"),
        ("key/" + exchange.officer.public.hex(), "KeyState"),
        ("asset/" + short, "AssetState"),
        (f"right/{short}/H", "RightState"),
        (f"right/{short}/U", "RightState"),
        (f"right/{short}/O", "RightState"),
        ("certificate/" + certificate_number("FJ", 2023, 42), "CertificateState"),
        ("agreement/" + short, "AgreementState"),
        (f"agreement/{short}/3", "AgreementVersionState"),
        ("contract/" + short, "ContractState"),
        ("event/" + short, "EventState"),
        (f"event/{short}/0.1", "EventNodeState"),
        (f"counter/{short}/cap-1", "CounterState"),
        (f"counter/{short}/tier-1/2023-12", "CounterState"),
        (f"counter/{short}/@reported/tier-1/2023-12", "CounterState"),
        (f"income/{exchange.oid}/CNY", "IncomeState"),
        (f"period/{short}/{exchange.oid}/2023-12-31", "EarningState"),
        (f"period/{short}/{exchange.oid}/@reported/2023-12-31", "EarningState"),
        ("replay/466667", "ReplayState"),
        ("unique/certificate/" + digest, "UniqueState"),
        ("serial/FJ/2023", "SerialState"),
        ("config/chain", "ChainState"),
        ("config/parameters", "Parameters"),
        ("config/voters", "Configuration"),
        ("product/" + short, "ProductState"),
        (f"product/{short}/2", "ProductVersionState"),
        ("listing/" + short, "ListingState"),
        ("order/" + short, "OrderState"),
        (f"hold/{short}/2", "HoldState"),
        (f"account/avail/{exchange.oid}@{exchange.oid}/CNY", "AccountState"),
        (f"bank/{exchange.oid}/CNY", "BankState"),
        ("payout/" + short, "PayoutState"),
        ("licence/" + short, "LicenceState"),
        ("trade_certificate/" + certificate_number("FJ", 2023, 42), "TradeCertificateState"),
        ("open_items/" + exchange.oid, "OpenItemsState"),
    ]
    return [{"key": key, "kind": KINDS[key.split("/")[0]], "fields": message} for key, message in keys]


def make_trees():
    small = [sha256(u8(at)) for at in range(7)]
    pairs = [(f"key-{at}".encode(), f"value-{at}".encode()) for at in range(9)]
    absent = [f"none-{at}" for at in range(9)]
    return {
        "log_heads": [head(small[:count]) for count in range(8)],
        "log_paths_of_7": [inclusion_path(index, small) for index in range(7)],
        "state_roots": [state_root(hashed_rows(pairs[:count])) for count in range(10)],
        "state_members": [state_proof(pairs, key) for key, _ in pairs],
        "state_absent": [{"key": key, "proof": state_proof(pairs, key.encode())} for key in absent],
    }


def make_append(term, prev, commit, block_frame, payload_bytes):
    """Section 12: the leader of a term sends one block."""
    append = data(1, number(1, prev[0]) + number(2, prev[1])) + number(2, commit) + repeated(3, [block_frame])
    return element(1, number(1, term) + element(6, append + packed(4, [payload_bytes])))


def make_ids():
    prefixes = ("as", "pd", "ls", "or", "ct", "lc", "ag", "dp", "ev")
    identity = sha256(b"object")[:16]
    certificates = [("FJ", 2023, 42), ("R1", 2024, 1), ("ABCDEFGH", 9999, 999_999)]
    return {
        "object": identity,
        "objects": [object_id(prefix, identity) for prefix in prefixes],
        "certificates": [
            {"code": code, "year": year, "serial": serial, "number": certificate_number(code, year, serial)}
            for code, year, serial in certificates
        ],
        "oids": [oid(number_) for number_ in (1, 2, 77, 123_456_789)],
    }


def make():
    exchange = Organisation("exchange", 1, ENUMS["exchange"])
    registrar = Organisation("registrar", 2, ENUMS["registrar"], "GD")
    nodes = {node_id: {name: Key(f"{name}-{node_id}") for name in NODE_KEYS} for node_id in range(1, VOTERS + 2)}
    genesis = make_genesis(exchange, registrar, nodes)
    chain_id = sha256(genesis[0])
    founder = exchange.officer

    chain = Chain()
    genesis_effects, first_entry, first_block = execute_genesis(chain, genesis, chain_id, [exchange, registrar])

    fields = {"height": 1, "term": 1, "parent": chain_id, "time_ms": FOUNDED_MS, "proposer": 2, "kind": 1}
    opening = stored_block(chain_id, fields, nodes[2]["node"], [])
    execute_block(chain, opening, [])

    moved_ms, lifetime_ms = FOUNDED_MS + 90_061_001, 3_600_000
    hour = (moved_ms + lifetime_ms) // 3_600_000
    expects = {"org/" + exchange.oid: 1}
    clock = record_message(
        founder, [registrar.officer], moved_ms, lifetime_ms, bytes(range(16)), expects, CLOCK, number(1, moved_ms)
    )
    nonce = b"\xff" * 16
    unknown = record_message(registrar.officer, [], moved_ms, lifetime_ms, nonce, {}, UNKNOWN_TYPE, b"\x00\x01")
    records, keys = [clock, unknown], [founder, registrar.officer]
    body, signed = envelope_message(chain_id, records, keys), envelope_statement(chain_id, records)
    fields = {"height": 2, "term": 1, "parent": opening["hash"], "time_ms": moved_ms, "proposer": 2, "kind": 0}
    block = stored_block(chain_id, fields, nodes[2]["node"], [body])
    executed = [(clock, CLOCK, hour, 0), (unknown, UNKNOWN_TYPE, hour, E_TYPE)]
    entries, effects, last_block = execute_block(chain, block, [(body, signed, executed)])

    fields = {"height": 7, "term": 3, "parent": sha256(b"parent"), "time_ms": moved_ms, "proposer": 4, "kind": 2}
    configuring = stored_block(chain_id, fields, nodes[4]["node"], [], genesis[3])

    text = checkpoint_text(ORIGIN, len(chain.log), chain.root())
    cosigners = [(node_id, moved_ms // 1000 + node_id) for node_id in (1, 2, 4)]
    note = text + "\n" + signature_line(ORIGIN, LOG_LINE, nodes[1]["log"], nodes[1]["log"].sign(text.encode()))
    for node_id, time_s in cosigners:
        note += cosignature_line(ORIGIN, node_id, nodes[node_id]["cosign"], text, time_s)
    leaves = [leaf(entry) for entry in chain.log]
    subject_hash = sha256(b"asset/" + bytes(16).hex().encode())
    due = {"rule": 801, "subject_hash": subject_hash, "effects": 0, "effects_root": head([])}
    replay = f"replay/{hour}"

    return {
        "keys": [{"seed": key.seed, "public": key.public} for key in (founder, registrar.officer, nodes[1]["log"])],
        "statements": {
            "possession": statement("possession", bytes(32), exchange.oid.encode()),
            "genesis": statement("genesis", chain_id),
        },
        "genesis": {
            "message": genesis[0],
            "chain_id": chain_id,
            "origin": ORIGIN,
            "time_ms": FOUNDED_MS,
            "oids": [exchange.oid, registrar.oid],
            "founder": founder.public,
            "founder_signature": founder.sign(statement("genesis", chain_id)),
            "node_keys": [[keys_[name].public for name in NODE_KEYS] for keys_ in nodes.values()],
            "file": make_genesis_file(genesis[0], founder, chain_id),
            "policy": make_policy(chain_id, nodes),
            "effects": [{"subject": subject, "effect": effect} for subject, effect in genesis_effects],
        },
        "envelope": {
            "records": records,
            "record_ids": [leaf(record) for record in records],
            "seeds": [key.seed for key in keys],
            "statement": signed,
            "message": body,
            "envelope_id": sha256(signed),
            "body_hash": sha256(body),
        },
        "blocks": [opening, block],
        "configuration_block": {"seed": nodes[4]["node"].seed, "configuration": genesis[3], **configuring},
        "proposer_seed": nodes[2]["node"].seed,
        "entries": {
            "genesis": {"fields": first_entry, "bytes": genesis_entry(first_entry)},
            "block": [{"fields": e, "bytes": block_entry(e)} for e in (first_block, last_block)],
            "record": [{"fields": e, "bytes": record_entry(e)} for e in entries],
            "due": {"fields": due, "bytes": due_entry(due)},
        },
        "effect": {
            "type": 1,
            "seq": 1,
            "fields": data(1, leaf(unknown)),
            "bytes": effects[1][0][1],
            "seed": unknown,
            "number": 0,
            "subject": replay,
            "leaf": effect_leaf(unknown, 0, *effects[1][0]),
            "log_index": 4,
            "history_leaf": chain.leaves[replay][1],
        },
        "subject_keys": subject_keys(exchange),
        "record_types": numbered(RECORD_TYPES),
        "effect_types": numbered(EFFECT_TYPES),
        "state": [{"key": key.decode(), "value": value} for key, value in sorted(chain.state())],
        "log": {"entries": chain.log, "root": chain.root(), "state_root": last_block["state_root"]},
        "checkpoint": {
            "text": text,
            "cosignature_message": cosignature_message(text, cosigners[0][1]),
            "log_seed": nodes[1]["log"].seed,
            "cosigners": [
                {"node_id": node_id, "time_s": time_s, "seed": nodes[node_id]["cosign"].seed}
                for node_id, time_s in cosigners
            ],
            "note": note,
        },
        "receipt": {
            "index": 3,
            "text": make_receipt(chain_id, records, keys, entries[0], 3, effects[0], leaves, note),
        },
        "messages": make_messages(),
        "append": {"prev_term": 1, "prev_index": 1, "commit": 1, "term": 1, "bytes": len(body)},
        "frames": make_frames(make_append(1, (1, 1), 1, block["frame"], len(body))),
        "trees": make_trees(),
        "ids": make_ids(),
    }


def in_hex(value):
    return value.hex() if isinstance(value, bytes) else json.JSONEncoder().default(value)


def main():
    path = pathlib.Path(__file__).with_name("golden.json")
    text = json.dumps(make(), indent=1, ensure_ascii=False, default=in_hex) + "\n"
    if sys.argv[1:] == ["--check"]:
        committed = path.read_text(encoding="utf-8").splitlines()
        made = text.splitlines()
        for at, (left, right) in enumerate(zip(committed, made), start=1):
            if left != right:
                sys.exit(f"golden.json:{at}: {left.strip()} is committed, {right.strip()} is what the formats say")
        if len(committed) != len(made):
            sys.exit(f"golden.json has {len(committed)} lines, {len(made)} expected")
    else:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
