#!/usr/bin/env python3
"""Writes golden.json: the bytes of every format of docs/formats.md, for a small chain.

The program follows docs/formats.md and shares nothing with the code that it checks; section numbers below
are that page's. It needs Python 3.9 and its standard library.

    make.py            writes golden.json beside itself
    make.py --check    compares with it, exit code 1 when they differ
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data):
    return base64.b64encode(data).decode()


def u8(value):
    return struct.pack(">B", value)


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


# --- Ed25519, RFC 8032 section 5.1; points in extended coordinates (X, Y, Z, T)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    return ((f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = x if x % 2 == 0 else P - x
    return (x, y, 1, x * y % P)


BASE = base_point()


class Key:
    """A signing key whose seed is made from its name."""

    def __init__(self, name):
        self.seed = sha256(b"circula golden key ", name.encode())
        digest = hashlib.sha512(self.seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.public = point_encode(point_multiply(self.scalar, BASE))

    def sign(self, message):
        def hash_number(*parts):
            return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER

        r = hash_number(self.prefix, message)
        point = point_encode(point_multiply(r, BASE))
        s = (r + hash_number(point, self.public, message) * self.scalar) % ORDER
        return point + s.to_bytes(32, "little")


# --- Section 1: trees


def leaf(data):
    return sha256(b"\x00", data)


def node(left, right):
    return sha256(b"\x01", left, right)


def split(count):
    return 1 << ((count - 1).bit_length() - 1)


def head(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(head(hashes[:k]), head(hashes[k:]))


def inclusion_path(index, hashes):
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return inclusion_path(index, hashes[:k]) + [head(hashes[k:])]
    return inclusion_path(index - k, hashes[k:]) + [head(hashes[:k])]


PLACEHOLDER = b"SPARSE_MERKLE_PLACEHOLDER_HASH__"


def bit(digest, depth):
    return digest[depth // 8] >> (7 - depth % 8) & 1


def state_root(rows, depth=0):
    """`rows`: pairs (SHA-256 of the key, SHA-256 of the value)."""
    if not rows:
        return PLACEHOLDER
    if len(rows) == 1:
        return sha256(b"JMT::LeafNode", *rows[0])
    halves = [[row for row in rows if bit(row[0], depth) == side] for side in (0, 1)]
    return sha256(b"JMT::IntrnalNode", state_root(halves[0], depth + 1), state_root(halves[1], depth + 1))


def hashed_rows(pairs):
    return [(sha256(key), sha256(value)) for key, value in pairs]


def state_proof(pairs, key):
    rows, wanted, siblings = hashed_rows(pairs), sha256(key), []
    while len(rows) > 1:
        depth = len(siblings)
        halves = [[row for row in rows if bit(row[0], depth) == side] for side in (0, 1)]
        rows = halves[bit(wanted, depth)]
        siblings.append(state_root(halves[1 - bit(wanted, depth)], depth + 1))
    bits = "".join("1" if sibling == PLACEHOLDER else "0" for sibling in siblings)
    bits += "0" * (-len(bits) % 8)
    bitmap = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    other = b"".join(rows[0]) if rows and rows[0][0] != wanted else b""
    return u16(len(siblings)) + bitmap + b"".join(s for s in siblings if s != PLACEHOLDER) + other


# --- Section 2: canonical messages. A field that says nothing gives no bytes.


def varint(value):
    out = b""
    while value > 0x7F:
        out += u8(value & 0x7F | 0x80)
        value >>= 7
    return out + u8(value)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def element(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def data(field, content):
    content = content.encode() if isinstance(content, str) else content
    return element(field, content) if content else b""


def packed(field, values):
    return data(field, b"".join(varint(value) for value in values))


def repeated(field, contents):
    return b"".join(element(field, content) for content in contents)


# --- Section 3: statements


def statement(context, chain_id, rest=b""):
    return b"circula/v1/" + context.encode() + b"\n" + chain_id + rest


# --- Section 4: envelopes and records


def record_message(author, signers, created_at_ms, lifetime_ms, nonce, expects, record_type, body):
    return (
        data(1, author.public)
        + repeated(2, sorted(key.public for key in signers))
        + number(3, created_at_ms)
        + number(4, created_at_ms + lifetime_ms)
        + data(5, nonce)
        + repeated(8, [data(1, subject) + number(2, version) for subject, version in sorted(expects.items())])
        + number(9, record_type)
        + number(10, 1)
        + data(11, body)
    )


def envelope_statement(chain_id, records):
    return statement("envelope", chain_id, u32(len(records)) + head([leaf(record) for record in records]))


def envelope_message(chain_id, records, keys):
    signed = envelope_statement(chain_id, records)
    signatures = [
        data(1, key.public) + data(2, key.sign(signed)) for key in sorted(keys, key=lambda key: key.public)
    ]
    return number(1, 1) + repeated(2, records) + repeated(3, signatures)


# --- Section 6: blocks


def header(chain_id, fields):
    return statement(
        "block",
        chain_id,
        u64(fields["height"])
        + u64(fields["term"])
        + fields["parent"]
        + u64(fields["time_ms"])
        + u16(fields["proposer"])
        + u8(fields["kind"])
        + fields["config_hash"]
        + u32(fields["bodies"])
        + fields["bodies_root"],
    )


def stored_block(chain_id, fields, key, bodies, configuration=b""):
    hashes = [sha256(body) for body in bodies]
    fields["bodies"] = len(bodies)
    fields["bodies_root"] = head([leaf(body_hash) for body_hash in hashes])
    fields["config_hash"] = sha256(configuration) if configuration else bytes(32)
    signed = header(chain_id, fields)
    frame = data(1, signed) + data(2, key.sign(signed)) + repeated(3, hashes) + data(4, configuration)
    return {
        "fields": dict(fields),
        "header": signed,
        "hash": sha256(signed),
        "frame": frame,
        "stored": data(1, frame) + repeated(2, bodies),
    }


# --- Section 7: entries and effects


def record_entry(e):
    return (
        b"\x01\x01"
        + b"".join(u16(e[name]) for name in ("outcome", "type", "type_version", "position"))
        + e["envelope_id"]
        + e["body_hash"]
        + e["record_id"]
        + u16(e["effects"])
        + e["effects_root"]
    )


def block_entry(e):
    return (
        b"\x02\x01"
        + u64(e["height"])
        + u64(e["first"])
        + u32(e["entries"])
        + e["block_hash"]
        + e["state_root"]
        + u64(e["state_keys"])
        + u64(e["time_ms"])
        + u32(e["term"])
        + u16(e["proposer"])
    )


def due_entry(e):
    return b"\x03\x01" + u16(e["rule"]) + e["subject_hash"] + u16(e["effects"]) + e["effects_root"]


def genesis_entry(e):
    return b"\x04\x01" + e["chain_id"] + u16(e["effects"]) + e["effects_root"]


def effect_bytes(effect_type, seq, fields):
    return u8(1) + u16(effect_type) + u64(seq) + fields


def effect_leaf(seed, index, subject, effect):
    salt = sha256(b"circula/v1/effect", seed, u16(index))[:16]
    return leaf(salt + u16(len(subject)) + subject.encode() + effect)


# --- Section 8: subjects

KINDS = {
    "org": 1,
    "key": 2,
    "asset": 3,
    "right": 4,
    "certificate": 5,
    "agreement": 6,
    "contract": 7,
    "event": 8,
    "counter": 9,
    "income": 10,
    "period": 11,
    "replay": 12,
    "unique": 13,
    "serial": 14,
    "config": 15,
}


RECORD_TYPES = {
    1: "Org",
    2: "Key",
    6: "AssetRegister",
    8: "Certify",
    11: "Rights",
    17: "Contract",
    23: "Settle",
    24: "Refund",
    26: "Agreement",
    28: "PeriodClose",
    39: "ClockMove",
}

EFFECT_TYPES = {
    1: "Spent",
    2: "UniqueState",
    3: "ChainFounded",
    4: "ParametersSet",
    5: "VotersSet",
    101: "OrgRegistered",
    102: "OrgUpdated",
    103: "OrgStatusChanged",
    104: "OrgOfficersChanged",
    105: "OrgOpenItems",
    201: "KeyAdded",
    202: "KeyRotated",
    203: "KeyRevoked",
    601: "AssetRegistered",
    801: "AssetNoticeOpened",
    802: "AssetNoticeOver",
    803: "AssetCertified",
    804: "AssetRefused",
    805: "AssetRevoked",
    806: "CertificateIssued",
    807: "CertificateRevoked",
    808: "RightOpened",
    809: "SerialGiven",
    1101: "RightTransferred",
    1102: "RightSurrendered",
    1701: "ContractReported",
    1702: "MilestoneSettled",
    2301: "EventSettled",
    2401: "EventRefunded",
    2601: "AgreementVersionOpened",
    2602: "AgreementVersionRegistered",
    2603: "AgreementEnded",
    2701: "CounterChanged",
    2702: "CarryChanged",
    2703: "NodeDistributed",
    2704: "NodeReversed",
    2705: "IncomeBooked",
    2706: "Earned",
    2801: "AgreementPeriodClosed",
}


def numbered(messages):
    return [{"number": number_, "message": message} for number_, message in messages.items()]


def state_value(kind, leaves, fields):
    return u8(1) + u8(kind) + u64(len(leaves)) + head(leaves) + fields


class Chain:
    """The log and the state, as genesis and records build them up."""

    def __init__(self):
        self.log = []  # entries
        self.leaves = {}  # of each subject's history
        self.fields = {}  # of each subject
        self.effects = []  # of the entry under way

    def change(self, subject, effect_type, effect, fields):
        history = self.leaves.setdefault(subject, [])
        content = effect_bytes(effect_type, len(history), effect)
        history.append(leaf(u64(len(self.log)) + content))
        self.fields[subject] = fields
        self.effects.append((subject, content))

    def finish_effects(self, seed):
        made, self.effects = self.effects, []
        leaves = [effect_leaf(seed, index, subject, effect) for index, (subject, effect) in enumerate(made)]
        return made, {"effects": len(made), "effects_root": head(leaves)}

    def value(self, subject):
        return state_value(KINDS[subject.split("/")[0]], self.leaves[subject], self.fields[subject])

    def state(self):
        return [(subject.encode(), self.value(subject)) for subject in self.fields]

    def seal(self, fields):
        fields["state_root"] = state_root(hashed_rows(self.state()))
        fields["state_keys"] = len(self.fields)
        fields["entries"] = len(self.log) - fields["first"]
        self.log.append(block_entry(fields))
        return fields

    def root(self):
        return head([leaf(entry) for entry in self.log])


# --- Section 9: ids for people

GB32100 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def gb32100_check(text):
    total = sum(GB32100.index(character) * 3**at for at, character in enumerate(text))
    return GB32100[(31 - total % 31) % 31]


def object_id(prefix, identity):
    bits = "".join(f"{byte:08b}" for byte in identity) + "00"
    return prefix + "-" + "".join(BASE32[int(bits[at : at + 5], 2)] for at in range(0, 130, 5))


def certificate_number(code, year, serial):
    return f"{code}-{year:04}-{serial:06}-{gb32100_check(f'{code}{year:04}{serial:06}')}"


# --- Section 10: checkpoints

LOG_LINE, COSIGNATURE_LINE = 0x01, 0x04


def key_id(name, line_type, key):
    return sha256(name.encode(), b"\n", u8(line_type), key.public)[:4]


def verifier_key(name, line_type, key):
    return f"{name}+{key_id(name, line_type, key).hex()}+{b64(u8(line_type) + key.public)}"


def signature_line(name, line_type, key, signature):
    return f"\u2014 {name} {b64(key_id(name, line_type, key) + signature)}\n"


def checkpoint_text(origin, size, root):
    return f"{origin}\n{size}\n{b64(root)}\n"


def cosignature_message(text, time_s):
    return f"cosignature/v1\ntime {time_s}\n{text}"


def cosignature_line(origin, node_id, key, text, time_s):
    signature = u64(time_s) + key.sign(cosignature_message(text, time_s).encode())
    return signature_line(f"{origin}/node/{node_id}", COSIGNATURE_LINE, key, signature)


# --- The chain that golden.json shows

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
        (f"income/{exchange.oid}/CNY", "IncomeState"),
        (f"period/{short}/{exchange.oid}/2023-12-31", "EarningState"),
        ("replay/466667", "ReplayState"),
        ("unique/certificate/" + digest, "UniqueState"),
        ("serial/FJ/2023", "SerialState"),
        ("config/chain", "ChainState"),
        ("config/parameters", "Parameters"),
        ("config/voters", "Configuration"),
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
