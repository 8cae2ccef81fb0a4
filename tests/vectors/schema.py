"""The messages of docs/formats.md: reads their fields out of the page and writes samples of them.

A message stands there as `Name { field = number type; ... }`, an enum as `enum Name { VALUE = number; ... }`. What
follows `one of name:` are the members of a oneof. Sample values follow from the fields alone, so that another
program can make the same ones; `Schema.value` says how.
"""

import pathlib
import re

from formats import data, element, number, packed, repeated, varint

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats.md"
UNSIGNED = ("uint32", "uint64")
SIGNED = ("int32", "int64")
ZIGZAG = ("sint32", "sint64")
SCALARS = UNSIGNED + SIGNED + ZIGZAG + ("bool", "string", "bytes")


class Field:
    def __init__(self, text, one_of):
        match = re.fullmatch(r"(\w+) = (\d+) (repeated )?(\w+)", text)
        if not match:
            raise ValueError(f"no field: {text}")
        self.name, self.number, self.type = match[1], int(match[2]), match[4]
        self.repeated, self.one_of = bool(match[3]), one_of

    def described(self):
        words = [str(self.number), self.name, "repeated" if self.repeated else "", self.type]
        return " ".join(word for word in words if word) + (f" of {self.one_of}" if self.one_of else "")


class Message:
    def __init__(self, section, body):
        self.section = section
        plain, _, choice = body.partition("one of ")
        one_of, _, members = choice.partition(":")
        self.fields = [Field(text, "") for text in split(plain)] + [Field(text, one_of) for text in split(members)]
        self.fields.sort(key=lambda field: field.number)
        self.variants = max(1, len(split(members)))


def split(text):
    return [part.strip() for part in text.split(";") if part.strip()]


class Schema:
    def __init__(self, page):
        self.messages, self.enums = {}, {}
        for section in re.split(r"(?m)^## ", page)[1:]:
            title = int(section.split(".")[0])
            for match in re.finditer(r"\b(enum )?([A-Z]\w*) +\{([^{}]*)\}", section):
                name, body = match[2], " ".join(match[3].split())
                if body and " = " not in body:
                    continue
                if name in self.messages or name in self.enums:
                    raise ValueError(f"{name} stands twice on the page")
                if match[1]:
                    self.enums[name] = {key: int(value) for key, _, value in (p.partition(" = ") for p in split(body))}
                else:
                    self.messages[name] = Message(title, body)

    def scalar(self, field, second):
        """The number, as it stands in a varint."""
        if field.type in UNSIGNED:
            return 0 if second else 300 + field.number
        if field.type in SIGNED:
            return (1 if second else -field.number) % (1 << 64)
        if field.type in ZIGZAG:
            return 2 if second else 2 * (300 + field.number) - 1
        if field.type == "bool":
            return 0 if second else 1
        values = self.enums[field.type].values()
        return min(values) if second else max(values)

    def value(self, field, second=False):
        """The value of a field, or of the second element of a repeated one.

        Numbers are 300 + the field's number, minus the field's number for int and minus 300 less the number for
        sint; then 0, 1 and 1. An enum has its largest value, then its smallest. Text is the field's name, then
        empty; bytes are the name, 0x00 and 0xff, then empty. A message is a sample of its first variant, then of
        its last if it has a oneof, and otherwise without fields.
        """
        if field.type == "string":
            return b"" if second else field.name.encode()
        if field.type == "bytes":
            return b"" if second else field.name.encode() + b"\x00\xff"
        message = self.messages[field.type]
        if not second:
            return self.sample(field.type, 0)
        return self.sample(field.type, message.variants - 1) if message.variants > 1 else b""

    def sample(self, name, variant):
        """All fields, of a oneof the member number `variant`."""
        message = self.messages[name]
        members = [field for field in message.fields if field.one_of]
        content = b""
        for field in message.fields:
            if field.one_of and field is not members[variant]:
                continue
            if field.type in self.messages or field.type in ("string", "bytes"):
                if field.repeated:
                    content += repeated(field.number, [self.value(field), self.value(field, True)])
                elif field.one_of:
                    content += element(field.number, self.value(field))
                else:
                    content += data(field.number, self.value(field))
            elif field.repeated:
                content += packed(field.number, [self.scalar(field, False), self.scalar(field, True)])
            else:
                content += number(field.number, self.scalar(field, False))
        return content

    def check(self):
        """Every type that a field names is on the page."""
        for name, message in self.messages.items():
            for field in message.fields:
                if field.type not in SCALARS and field.type not in self.messages and field.type not in self.enums:
                    raise ValueError(f"{name}.{field.name}: no {field.type} on the page")


PEER_SECTION = 12


def make_messages():
    schema = Schema(PAGE.read_text(encoding="utf-8"))
    schema.check()
    made = {"enums": [], "ledger": [], "peer": []}
    for name, values in schema.enums.items():
        made["enums"].append({"name": name, "values": [f"{value} {key}" for key, value in values.items()]})
    for name, message in schema.messages.items():
        made["peer" if message.section == PEER_SECTION else "ledger"].append(
            {
                "name": name,
                "fields": [field.described() for field in message.fields],
                "samples": [schema.sample(name, variant) for variant in range(message.variants)],
            }
        )
    return made


def make_frames(content):
    """Section 12: what two nodes say when they meet, and a message. `content` is a PeerMessage."""
    u64 = lambda value: value.to_bytes(8, "big")  # noqa: E731
    payloads = [
        ("hello", 0, b"\x01" + u64(0x0102030405060708)),
        ("choose", 0, b"\x02" + u64(0x0102030405060708) + u64(7)),
        ("ping", 0, b"\x03"),
        ("bye", 0, b"\x04"),
        ("message", 1, content),
        ("empty", 255, b""),
    ]
    return [
        {"name": name, "kind": kind, "payload": payload, "bytes": frame(kind, payload)}
        for name, kind, payload in payloads
    ]


def frame(kind, payload):
    return (1 + len(payload)).to_bytes(4, "big") + bytes([kind]) + payload
