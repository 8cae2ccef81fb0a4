"""The formats of docs/formats.md, section by section. Shares nothing with the code that it checks."""

import base64
import hashlib
import struct


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
    "product": 16,
    "listing": 17,
    "order": 18,
    "hold": 19,
    "account": 20,
    "bank": 21,
    "payout": 22,
    "licence": 23,
    "trade_certificate": 24,
    "open_items": 25,
}


RECORD_TYPES = {
    1: "Org",
    2: "Key",
    6: "AssetRegister",
    8: "Certify",
    11: "Rights",
    14: "Product",
    15: "Listing",
    16: "Order",
    17: "Contract",
    18: "FundsIn",
    19: "Hold",
    20: "Delivery",
    22: "Acceptance",
    23: "Settle",
    24: "Refund",
    26: "Agreement",
    28: "PeriodClose",
    29: "Payout",
    39: "ClockMove",
}

EFFECT_TYPES = {
    1: "Spent",
    2: "UniqueState",
    3: "ChainFounded",
    4: "ParametersSet",
    5: "VotersSet",
    6: "BankAppointed",
    7: "Posted",
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
    1201: "LicenceGranted",
    1202: "LicenceChanged",
    1401: "ProductVersionOpened",
    1402: "ProductVersionMade",
    1403: "ProductRetired",
    1404: "ProductListingsCounted",
    1501: "ListingOpened",
    1502: "ListingPriced",
    1503: "ListingStatusChanged",
    1601: "OrderPlaced",
    1602: "OrderAccepted",
    1603: "OrderRejected",
    1604: "OrderCancelled",
    1605: "OrderExpired",
    1606: "OrderContracted",
    1701: "ContractReported",
    1702: "MilestoneSettled",
    1703: "ContractSigned",
    1704: "ContractAmended",
    1705: "ContractTerminated",
    1706: "MilestoneFunded",
    1707: "MilestoneReleased",
    1901: "HoldPlaced",
    1902: "HoldPinned",
    1903: "HoldEnded",
    2001: "DeliveryStarted",
    2002: "DeliverySuspended",
    2003: "DeliveryCompleted",
    2004: "DeliveryAcknowledged",
    2005: "DeliveryTerminated",
    2201: "MilestoneAccepted",
    2202: "MilestoneRejected",
    2203: "MilestonesDeemed",
    2301: "EventSettled",
    2302: "TradeCertificateIssued",
    2401: "EventRefunded",
    2601: "AgreementVersionOpened",
    2602: "AgreementVersionRegistered",
    2603: "AgreementEnded",
    2604: "AgreementTraded",
    2701: "CounterChanged",
    2702: "CarryChanged",
    2703: "NodeDistributed",
    2704: "NodeReversed",
    2705: "IncomeBooked",
    2706: "Earned",
    2801: "AgreementPeriodClosed",
    2901: "PayoutOrdered",
    2902: "PayoutEnded",
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
