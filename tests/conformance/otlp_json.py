"""OTLP/JSON from protobuf bytes, by Google's parser and its descriptors: the twin of a request.

The plain style is protobuf's JSON mapping with OTLP's exceptions, as compact text: lowerCamelCase names,
members in the order of their field numbers, ids as lowercase hex, enums as numbers, 64-bit integers as
strings, other bytes as base64, "NaN" and "Infinity" as strings. STYLES are other ways to write the same
request: each is one thing that a reader has to accept, whoever writes it.

A request is written in two steps: `Writer` makes a tree of Object, list and str (a scalar's JSON text), and
`Style.layout` makes text from the tree.

What JSON cannot carry, and what is done about it:

| what                             | its twin                                                              |
| -------------------------------- | --------------------------------------------------------------------- |
| the sign and payload of a NaN    | none; `carried` gives the request with the one NaN that JSON has      |
| unknown protobuf fields          | none, and no value of ours is in them; `carried` leaves them out      |
| how a field came over the wire   | the message that the pieces make: pieces, packing and order are gone  |
| text that is not UTF-8           | the same bytes between the quotes: no JSON, but what clients send     |
| an empty message, a oneof or     | is carried: {}, "", 0 and false are written where presence exists     |
| optional field with its default  |                                                                       |
"""

import base64
import functools
import json
import math
import random
import re
from dataclasses import dataclass

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from otlp_pieces import REQUEST_TYPES

# The bytes fields of OTLP. Those written as hex are ids.
IDS = {"trace_id", "span_id", "parent_span_id"}
BYTES = IDS | {"bytes_value"}
# Members that only profiles use: to a reader of the other signals they are unknown.
PROFILES = {"key_strindex", "string_value_strindex"}


# ---- reading protobuf ---------------------------------------------------------------------------------


def _all_files(file, found):
    """A .proto file's descriptor after those that it imports."""
    for imported in file.dependencies:
        _all_files(imported, found)
    found.setdefault(file.name, file)
    return found


def _strings_as_bytes(message):
    """Makes the string fields of a message type, and of those inside it, bytes fields."""
    for field in message.field:
        if field.type == field.TYPE_STRING:
            field.type = field.TYPE_BYTES
    for nested in message.nested_type:
        _strings_as_bytes(nested)


def _message_types():
    """OTLP's request types with bytes in the place of strings, so that any bytes can be read."""
    pool, found = descriptor_pool.DescriptorPool(), {}
    for request_type in REQUEST_TYPES.values():
        _all_files(request_type.DESCRIPTOR.file, found)
    for file in found.values():
        description = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(description)
        for message in description.message_type:
            _strings_as_bytes(message)
        pool.Add(description)
    return {
        signal: message_factory.GetMessageClass(pool.FindMessageTypeByName(request_type.DESCRIPTOR.full_name))
        for signal, request_type in REQUEST_TYPES.items()
    }


_TYPES = _message_types()


def parse(signal, data):
    """The request as a message whose strings are bytes."""
    return _TYPES[signal].FromString(data)


def carried(signal, data):
    """What JSON carries of a request, as protobuf."""
    message = parse(signal, data)
    message.DiscardUnknownFields()
    _unify_nans(message)
    return message.SerializeToString()


def _unify_nans(message):
    for field, value in message.ListFields():
        if field.message_type:
            for item in value if field.is_repeated else [value]:
                _unify_nans(item)
        elif field.type == field.TYPE_DOUBLE:
            if field.is_repeated:
                value[:] = [math.nan if math.isnan(item) else item for item in value]
            elif math.isnan(value):
                setattr(message, field.name, math.nan)


# ---- styles -------------------------------------------------------------------------------------------


class Object(list):
    """The members of a JSON object, in order, as (name, value): names may repeat."""


def quoted(text):
    """A JSON string with the escapes that it must have."""
    return json.dumps(text, ensure_ascii=False)


@functools.cache
def _camel(name):
    return re.sub("_([a-z])", lambda match: match[1].upper(), name)


def _identity(members, _rng):
    return members


@dataclass(frozen=True)
class Style:
    """How a request is written; the defaults are the plain style."""

    name: object = _camel  # of a member, from the field's
    integer: object = str  # of 32 bits
    long: object = lambda number: f'"{number}"'  # integers of 64 bits
    double: object = repr  # finite ones
    boolean: object = lambda value: "true" if value else "false"
    enum: object = lambda number, _values: str(number)
    id: object = bytes.hex
    base64: object = lambda data: base64.b64encode(data).decode()
    string: object = quoted  # every string, names included
    defaults: bool = False  # fields without presence that have their defaults are written
    nulls: bool = False  # fields that are not there are written as null
    decoys: bool = False  # every member comes twice, or its oneof does
    members: object = _identity  # an object's members in another order, or with others between
    layout: object = lambda tree, _rng: compact(tree)
    edit: object = lambda text: text  # of the whole, as bytes


PLAIN = Style()


def _enum_name(number, values):
    """Numbers without a name have no other form."""
    return f'"{values[number].name}"' if number in values else str(number)


def _base64_id(data):
    """Only the lengths that ids have: the base64 of others may be hex too."""
    return base64.b64encode(data).decode() if len(data) in (8, 16) else data.hex()


def _as_float(number):
    """An integer as JavaScript or a careless printf would give it: 100 becomes 1e2, 101 101.0."""
    digits = str(number).rstrip("0")
    zeros = len(str(number)) - len(digits)
    return f"{digits}e{zeros}" if zeros > 1 else f"{number}.0"


def _long_double(number):
    """More digits than the shortest form has: the exact value, with an exponent."""
    return f"{number:.40E}"


def _short_double(number):
    """Integers without a point, as Go and JavaScript write them."""
    whole = number.is_integer() and abs(number) < 1e15 and repr(number) != "-0.0"
    return str(int(number)) if whole else repr(number)


def _escaped(text):
    """Every character that is not ASCII as \\uXXXX, in surrogate pairs where it takes two; `/` as `\\/`."""
    return _escape(text, lambda char: char > "\x7e" or char in '"\\' or char < " ")


def _all_escaped(text):
    return _escape(text, lambda _char: True)


def _escape(text, chosen):
    out = []
    for char in text:
        if "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8 stays one
            out.append(char)
        elif chosen(char):
            units = char.encode("utf-16-be")
            out += [f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)]
        else:
            out.append("\\/" if char == "/" else char)
    return '"' + "".join(out) + '"'


UNKNOWN = [
    ("x", "null"), ("x", '"again"'), ("", '""'), ("TraceId", '"not hex"'), ("trace__id", "1e999"),
    ("resourceLogs2", "true"), ("flags_", "18446744073709551616"),
    ("\u6f22\U0001f600", "[[],[{}],[[1,-0.5E-7,null]]]"), ("some", '{"values":[{"intValue":{}}],"values":7}'),
    ("future", '{"resourceSpans":[{"a":{}}],"x":"\\ud800"}'),
]


def _with_unknown(members, rng):
    """Unknown members of every kind before, between and after the known ones."""
    out = Object(members)
    for name, value in rng.sample(UNKNOWN, rng.randrange(1, 4)):
        out.insert(rng.randrange(len(out) + 1), (name, Raw(value)))
    return out


class Raw(str):
    """A value that is written as it is, and is not of the request."""


def _shuffled(members, rng):
    return Object(rng.sample(members, len(members)))


STYLES = {
    "snake_case": Style(name=str),
    "longs_as_numbers": Style(long=str),
    "longs_as_floats": Style(long=_as_float, integer=_as_float),
    "numbers_in_quotes": Style(
        integer=lambda number: f'"{number}"', double=lambda number: f'"{number!r}"',
        enum=lambda number, _values: f'"{number}"', boolean=lambda value: '"true"' if value else '"false"',
    ),
    "enum_names": Style(enum=_enum_name),
    "doubles_without_point": Style(double=_short_double),
    "doubles_with_41_digits": Style(double=_long_double),
    "upper_hex": Style(id=lambda data: data.hex().upper()),
    "base64_ids": Style(id=_base64_id),
    "base64_url_safe": Style(base64=lambda data: base64.urlsafe_b64encode(data).decode()),
    "base64_unpadded": Style(base64=lambda data: base64.b64encode(data).decode().rstrip("=")),
    "base64_url_safe_unpadded": Style(
        base64=lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")
    ),
    "defaults_written": Style(defaults=True),
    "nulls_written": Style(nulls=True),
    "nulls_among_members": Style(nulls=True, members=_shuffled),
    "unknown_members": Style(members=_with_unknown),
    "indented": Style(layout=lambda tree, _rng: indented(tree)),
    "odd_spaces": Style(layout=lambda tree, rng: spaced(tree, rng)),
    "byte_order_mark": Style(edit=lambda text: b"\xef\xbb\xbf" + text),
    "escapes": Style(string=_escaped),
    "escapes_everywhere": Style(string=_all_escaped),
    "reversed_members": Style(members=lambda members, _rng: Object(reversed(members))),
    "shuffled_members": Style(members=_shuffled),
    "members_given_twice": Style(decoys=True),
}


# ---- the tree -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """A JSON text, and how many unknown members it has."""

    data: bytes
    unknown_members: int


def write(signal, data, style=PLAIN, seed=0):
    """The request in OTLP/JSON. What a style leaves to chance is the seed's."""
    writer = Writer(style, random.Random(seed))
    tree = writer.message(parse(signal, data))
    text = style.layout(tree, writer.rng).encode(errors="surrogateescape")
    return Text(style.edit(text), writer.unknown_members)


class Writer:
    def __init__(self, style, rng):
        self.style, self.rng, self.unknown_members = style, rng, 0

    def message(self, message):
        present = message.ListFields()
        self.unknown_members += sum(field.name in PROFILES for field, _ in present)
        members = Object()
        for field, value in self.with_absent(message, present):
            members += self.absent(field) if value is None else self.present(field, value)
        members = self.style.members(members, self.rng)
        self.unknown_members += sum(isinstance(value, Raw) for _, value in members)
        return Object((self.style.string(name), value) for name, value in members)

    def with_absent(self, message, present):
        """The fields by number, those that are absent with None where the style writes any of them."""
        if not (self.style.defaults or self.style.nulls):
            return present
        values = {field.number: value for field, value in present}
        fields = sorted(message.DESCRIPTOR.fields, key=lambda field: field.number)
        return [(field, values.get(field.number)) for field in fields]

    def present(self, field, value):
        member = (self.style.name(field.name), self.value(field, value))
        decoys = self.style.decoys and field.name not in PROFILES  # an unknown member replaces nothing
        return [*self.decoy(field), member] if decoys else [member]

    def absent(self, field):
        """Nothing, unless the style asks for it. A default is not written where that would mean presence."""
        if field.name in PROFILES:
            return []
        if self.style.nulls:
            return [(self.style.name(field.name), "null")]
        if not self.style.defaults or field.has_presence:
            return []
        default = [] if field.is_repeated else field.default_value
        return [(self.style.name(field.name), self.value(field, default))]

    def value(self, field, value):
        if field.is_repeated:
            return [self.one(field, item) for item in value]
        return self.one(field, value)

    def one(self, field, value):
        if field.message_type:
            return self.message(value)
        if field.type == field.TYPE_BYTES:
            return self.bytes(field.name, value)
        if field.type == field.TYPE_ENUM:
            values = field.enum_type.values_by_number
            return self.requoted(self.style.enum(value, values))
        if field.type == field.TYPE_BOOL:
            return self.requoted(self.style.boolean(value))
        if field.type == field.TYPE_DOUBLE:
            return self.double(value)
        bits64 = field.type in (
            field.TYPE_INT64, field.TYPE_UINT64, field.TYPE_FIXED64, field.TYPE_SFIXED64, field.TYPE_SINT64,
        )
        return self.requoted((self.style.long if bits64 else self.style.integer)(value))

    def bytes(self, name, value):
        if name in IDS:
            return self.style.string(self.style.id(value))
        if name in BYTES:
            return self.style.string(self.style.base64(value))
        return self.style.string(value.decode(errors="surrogateescape"))

    def double(self, value):
        if math.isfinite(value):
            return self.requoted(self.style.double(value))
        return self.style.string("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")

    def requoted(self, token):
        """What a style has put in quotes is a string, and escaped like any other."""
        return self.style.string(token[1:-1]) if token.startswith('"') else token

    def decoy(self, field):
        """A member before the one that counts: of the same name, or of the same oneof."""
        others = [
            other
            for other in (field.containing_oneof.fields if field.containing_oneof else [])
            if other is not field and other.name not in PROFILES
        ]
        chosen = self.rng.choice(others) if others and self.rng.random() < 0.5 else field
        return [(self.style.name(chosen.name), self.decoy_value(chosen))]

    def decoy_value(self, field):
        """Some value of the field's type, as full as it gets in one level."""
        if field.message_type:
            inner = Object()
            for child in field.message_type.fields:
                if not child.message_type and not child.containing_oneof and child.name not in PROFILES:
                    inner.append((self.style.string(self.style.name(child.name)), self.decoy_value(child)))
            value = inner
        elif field.type == field.TYPE_BYTES:
            value = self.bytes(field.name, b"decoys")
        else:
            value = self.one(field, 1)
        return [value, value] if field.is_repeated else value


# ---- text ---------------------------------------------------------------------------------------------


def compact(tree):
    if isinstance(tree, Object):
        return "{" + ",".join(f"{name}:{compact(value)}" for name, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(compact, tree)) + "]"
    return tree


def indented(tree, margin="\n"):
    inner = margin + "  "
    if isinstance(tree, Object):
        lines = [f"{name}: {indented(value, inner)}" for name, value in tree]
        return "{" + ",".join(inner + line for line in lines) + margin + "}" if lines else "{}"
    if isinstance(tree, list):
        lines = [indented(item, inner) for item in tree]
        return "[" + ",".join(inner + line for line in lines) + margin + "]" if lines else "[]"
    return tree


def spaced(tree, rng):
    """Spaces of every kind wherever they are allowed, around the whole too."""

    def space():
        return "".join(rng.choices(" \t\r\n", k=rng.randrange(3)))

    def around(text):
        return space() + text + space()

    if isinstance(tree, Object):
        members = [around(name) + ":" + spaced(value, rng) for name, value in tree]
        return around("{" + (",".join(members) or space()) + "}")
    if isinstance(tree, list):
        return around("[" + (",".join(spaced(item, rng) for item in tree) or space()) + "]")
    return around(tree)
