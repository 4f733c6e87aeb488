"""Protobuf bytes written by hand, for inputs that no protobuf library would write.

`scramble` writes a message the way the specification allows but serializers do not: fields in any order,
a message field in several pieces, repeated scalars packed and unpacked in turns, a scalar given twice,
over-long varints, unknown fields of every wire type. A conforming parser reads the same message from it.
"""

import struct

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = 0, 1, 2, 3, 4, 5

_FIXED = {"double": "<d", "fixed64": "<Q", "sfixed64": "<q", "float": "<f", "fixed32": "<I", "sfixed32": "<i"}


def varint(value, extra=0):
    """`value` (taken modulo 2^64) as a varint, with `extra` bytes more than it needs."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    for _ in range(min(extra, 10 - len(out))):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def tag(number, wire_type, extra=0):
    return varint(number << 3 | wire_type, extra)


def field(number, value):
    """One field: an int becomes a varint; bytes, str and messages are length-delimited."""
    if isinstance(value, int):
        return tag(number, VARINT) + varint(value)
    data = value if isinstance(value, bytes) else _bytes_of(value)
    return tag(number, BYTES) + varint(len(data)) + data


def _bytes_of(value):
    return value.encode() if isinstance(value, str) else value.SerializeToString()


def fields(number, values):
    """One field a value, all of one number."""
    return b"".join(field(number, value) for value in values)


def request(*records):
    """A request with one resource and one scope, both without a message of their own, and these records."""
    return field(1, field(2, fields(2, records)))


def fixed64(number, value):
    return tag(number, FIXED64) + struct.pack("<Q", value)


def fixed32(number, value):
    return tag(number, FIXED32) + struct.pack("<I", value)


def group(number, content=b""):
    return tag(number, GROUP_START) + content + tag(number, GROUP_END)


def join(requests):
    """Requests in one file, each after its length as a varint."""
    return b"".join(varint(len(request)) + request for request in requests)


def split(data):
    """The requests of such a file."""
    position = 0
    while position < len(data):
        length = shift = 0
        while True:
            byte = data[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield data[position : position + length]
        position += length


def unknown_fields(number=4000):
    """One unknown field of each wire type; the group holds another group."""
    return [
        field(number, 7),
        fixed64(number + 1, 2**63),
        field(number + 2, b"\xff\x00 not UTF-8"),
        group(number + 3, field(1, 5) + group(2, field(3, b"inner"))),
        fixed32(number + 5, 9),
        field(536870911, 1),  # the greatest field number there is
    ]


# ---- scrambling ---------------------------------------------------------------------------------------


def scramble(message, rng, unknown=True):
    """Another serialization of `message`. `rng` is a random.Random; with `unknown` it has unknown fields."""
    return b"".join(_pieces(message, rng, unknown))


def _pieces(message, rng, unknown):
    """The message's fields as chunks: those of one field in order, those of different fields in any order."""
    queues = [_field_chunks(descriptor, value, rng, unknown) for descriptor, value in message.ListFields()]
    if unknown and rng.random() < 0.15:
        queues.append([rng.choice(unknown_fields(rng.randrange(2000, 100000)))])
    chunks = []
    while queues:
        queue = rng.choice(queues)
        chunks.append(queue.pop(0))
        if not queue:
            queues.remove(queue)
    return chunks


def _field_chunks(descriptor, value, rng, unknown):
    if descriptor.message_type:
        if descriptor.is_repeated:
            return [_length_delimited(descriptor.number, scramble(item, rng, unknown), rng) for item in value]
        pieces = _pieces(value, rng, unknown)
        cut = rng.randrange(len(pieces) + 1) if rng.random() < 0.3 else 0
        halves = [pieces[:cut], pieces[cut:]] if cut else [pieces]
        return [_length_delimited(descriptor.number, b"".join(half), rng) for half in halves]
    if descriptor.is_repeated:
        return _repeated_scalar(descriptor, value, rng)
    chunk = _scalar(descriptor, value, rng)
    return [_decoy(descriptor) + chunk] if rng.random() < 0.1 else [chunk]


def _decoy(descriptor):
    """A value that loses, since the same field or another member of its oneof comes after it."""
    oneof = descriptor.containing_oneof
    if oneof and oneof.name == "value" and descriptor.containing_type.name == "AnyValue":
        return field(5, field(1, field(1, "decoy")))
    wire_type, _ = _encode(descriptor, 0, 0)
    return {
        VARINT: lambda: field(descriptor.number, 1),
        FIXED64: lambda: fixed64(descriptor.number, 1),
        FIXED32: lambda: fixed32(descriptor.number, 1),
        BYTES: lambda: field(descriptor.number, b"decoy"),
    }[wire_type]()


def _repeated_scalar(descriptor, values, rng):
    """Runs of values, each run packed or one by one; strings cannot be packed."""
    chunks, position = [], 0
    values = list(values)
    while position < len(values):
        run = values[position : position + rng.randrange(1, 5)]
        position += len(run)
        if _encode(descriptor, run[0], 0)[0] != BYTES and rng.random() < 0.5:
            packed = b"".join(_encode(descriptor, value, 0)[1] for value in run)
            chunks.append(_length_delimited(descriptor.number, packed, rng))
        else:
            chunks.extend(_scalar(descriptor, value, rng) for value in run)
    return chunks


def _scalar(descriptor, value, rng):
    wire_type, data = _encode(descriptor, value, _extra(rng))
    if wire_type == BYTES:
        return _length_delimited(descriptor.number, data, rng)
    return tag(descriptor.number, wire_type) + data


def _encode(descriptor, value, extra):
    """(wire type, bytes without tag and length) of one scalar value."""
    kind = _TYPE_NAMES[descriptor.type]
    if kind in _FIXED:
        form = _FIXED[kind]
        return (FIXED64 if struct.calcsize(form) == 8 else FIXED32), struct.pack(form, value)
    if kind in ("string", "bytes"):
        return BYTES, value.encode() if isinstance(value, str) else bytes(value or b"")
    if kind in ("sint32", "sint64"):
        value = value << 1 ^ value >> 63
    return VARINT, varint(int(value), extra)


# By FieldDescriptor.TYPE_*.
_TYPE_NAMES = {
    1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool",
    9: "string", 12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32", 16: "sfixed64", 17: "sint32",
    18: "sint64",
}


def _length_delimited(number, data, rng):
    return tag(number, BYTES, _extra(rng)) + varint(len(data), _extra(rng)) + data


def _extra(rng):
    """Now and then bytes a varint does not need (lengths stay within five bytes, as parsers ask)."""
    return 1 if rng.random() < 0.03 else 0
