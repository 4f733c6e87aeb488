"""Bytes that are not protobuf, or not OTLP: cut off, lengths beyond the end, bad varints, keys and groups."""

import struct

from google.protobuf.message import DecodeError

import wire
from case import case, logs_of, SIGNALS
from otlp_shapes import REQUESTS, TIME, all_places, good_protobuf, known_fields, wire_type
from wire import (
    BYTES,
    FIXED32,
    FIXED64,
    GROUP_END,
    GROUP_START,
    VARINT,
    field,
    fields,
    fixed32,
    fixed64,
    group,
    tag,
    varint,
)


def small_request(signal):
    """A request that has all wire types and several levels, in few bytes."""
    key_value = field(1, "k") + field(2, field(1, "v"))
    number = field(1, "n") + field(2, field(3, 300))
    nested = field(1, "a") + field(2, field(5, field(1, field(2, 1)) + field(1, fixed64(4, 1))))
    resource = field(1, field(1, key_value) + field(2, 200) + field(3, field(2, "host") + field(3, "id")))
    scope = field(1, field(1, "lib") + field(3, number))
    if signal == "logs":
        item = fixed64(1, TIME) + field(2, 9) + field(5, field(1, "text")) + field(6, nested) + fixed32(8, 1)
        item += field(9, bytes(range(16)))
    elif signal == "traces":
        event, link = fixed64(1, TIME) + field(2, "e") + field(3, number), field(1, b"\1" * 16) + fixed32(
            6, 1
        )
        item = field(1, b"\2" * 16) + field(5, "span") + fixed64(7, TIME) + fixed64(8, TIME + 1)
        item += field(9, nested) + field(11, event) + field(13, link) + field(15, field(2, "m") + field(3, 2))
    else:
        exemplar = fixed64(2, TIME) + fixed64(6, 7) + field(7, number)
        point = fixed64(3, TIME) + fixed64(4, 2) + field(6, struct.pack("<2Q", 1, 1)) + fixed64(7, 0)
        point += field(8, exemplar) + field(9, number)
        buckets = fixed64(3, TIME) + field(6, 5) + field(8, field(1, 3) + field(2, b"\1\2\x80\1"))
        item = field(1, "m") + field(9, field(1, point) + field(2, 2)) + field(12, number)
        second = field(1, "e") + field(10, field(1, buckets))
        return field(1, resource + field(2, scope + fields(2, [item, second]) + field(3, "url")))
    return field(1, resource + field(2, scope + fields(2, [item, item]) + field(3, "url")))


def protobuf_reads(signal, data):
    """Whether Google's protobuf takes the bytes for a request."""
    try:
        REQUESTS[signal]().ParseFromString(data)
        return True
    except DecodeError:
        return False


def truncated_protobuf():
    for signal in SIGNALS:
        whole = small_request(signal)
        assert protobuf_reads(signal, whole)
        case(f"truncation_{signal}_protobuf_none", whole, signal=signal)
        # One request more in front, so that there are cuts that leave one whole.
        data = good_protobuf(signal) + whole
        for size in range(len(data)):
            cut = data[:size]
            status = "OK" if protobuf_reads(signal, cut) else "TRUNCATED"
            case(f"truncation_{signal}_protobuf_at_{size}", cut, status, signal=signal)


def length_bombs():
    places = {
        "resource_logs": lambda number: b"" + tag(1, BYTES) + number,
        "scope_logs": lambda number: field(1, tag(2, BYTES) + number),
        "record": lambda number: field(1, field(2, tag(2, BYTES) + number)),
        "text": lambda number: logs_of(tag(3, BYTES) + number + b"x"),
        "body": lambda number: logs_of(tag(5, BYTES) + number),
        "body_text": lambda number: logs_of(field(5, tag(1, BYTES) + number)),
        "key": lambda number: logs_of(field(6, tag(1, BYTES) + number)),
        "trace_id": lambda number: logs_of(tag(9, BYTES) + number),
        "unknown_field": lambda number: logs_of(tag(1000, BYTES) + number),
        "in_group": lambda number: logs_of(tag(1000, GROUP_START) + tag(3, BYTES) + number),
        "resource_attribute": lambda number: field(1, field(1, tag(1, BYTES) + number)),
        "scope_name": lambda number: field(1, field(2, field(1, tag(1, BYTES) + number))),
    }
    lengths = {
        "127": 127,
        "16_kib": 1 << 14,
        "2_31": 1 << 31,
        "2_32_less_1": 2**32 - 1,
        "2_32": 1 << 32,
        "2_63_less_1": 2**63 - 1,
        "2_63": 1 << 63,
        "2_64_less_1": 2**64 - 1,
    }
    for where, make in places.items():
        for name, length in lengths.items():
            data = make(varint(length))
            case(f"length_bomb_{where}_{name}", data, "TRUNCATED", within=(0, len(data)))
    for name, length in lengths.items():
        point = tag(6, BYTES) + varint(length)
        data = field(1, field(2, field(2, field(9, field(1, point)))))
        case(f"length_bomb_packed_{name}", data, "TRUNCATED", signal="metrics")
    # Past the enclosing message, but not past the input.
    inner = tag(3, BYTES) + varint(6) + b"x"
    data = logs_of(inner) + good_protobuf("logs")
    case("length_past_record_not_input", data, "TRUNCATED", within=(6, 9))
    case("length_one_too_long_at_end", good_protobuf("logs")[:-1], "TRUNCATED")
    case(
        "length_in_body_past_body",
        logs_of(field(5, tag(1, BYTES) + b"\5ab") + field(3, "abcdef")),
        "TRUNCATED",
    )
    case("fixed64_past_record", logs_of(tag(1, FIXED64) + b"1234567") + bytes(8), "TRUNCATED")
    case("fixed32_past_record", logs_of(tag(8, FIXED32) + b"123") + bytes(8), "TRUNCATED")
    case("varint_past_record", logs_of(tag(2, VARINT) + b"\x80") + bytes(8), "TRUNCATED")
    case("key_past_record", logs_of(b"\x80") + bytes(8), "TRUNCATED")
    for size in range(1, 8):
        point = field(6, bytes(8) + bytes(size))
        data = field(1, field(2, field(2, field(9, field(1, point)))))
        case(f"packed_fixed64_with_{size}_bytes_more", data, "TRUNCATED", signal="metrics")
    buckets = field(8, field(2, b"\1\x80"))
    data = field(1, field(2, field(2, field(10, field(1, buckets)))))
    case("packed_varint_cut_off", data, "TRUNCATED", signal="metrics")


def varints():
    ten = {
        "minus_one": varint(-1),
        "minimum": varint(1 << 63),
        "of_nine": varint(9, extra=9),
        "tenth_byte_127": b"\xff" * 9 + b"\x7f",
    }
    eleven = {
        "zeros": b"\x80" * 10 + b"\0",
        "ones": b"\xff" * 10 + b"\1",
        "endless": b"\xff" * 40,
        "tenth_goes_on": b"\xff" * 9 + b"\x81\0",
    }
    spots = {
        "severity": lambda number: logs_of(tag(2, VARINT) + number),
        "dropped": lambda number: logs_of(tag(7, VARINT) + number),
        "int_body": lambda number: logs_of(field(5, tag(3, VARINT) + number)),
        "bool_body": lambda number: logs_of(field(5, tag(2, VARINT) + number)),
        "unknown": lambda number: logs_of(tag(1000, VARINT) + number),
        "in_group": lambda number: logs_of(group(1000, tag(1, VARINT) + number)),
    }
    for where, make in spots.items():
        for name, number in ten.items():
            case(f"varint_of_ten_bytes_{where}_{name}", make(number), counts={"accepted": 1})
        for name, number in eleven.items():
            case(f"varint_of_eleven_bytes_{where}_{name}", make(number), "MALFORMED")
    for name, number in eleven.items():
        case(f"varint_of_eleven_bytes_key_{name}", logs_of(number), "MALFORMED")
        case(f"varint_of_eleven_bytes_length_{name}", logs_of(tag(3, BYTES) + number), "MALFORMED")
        buckets = field(8, field(2, number))
        data = field(1, field(2, field(2, field(10, field(1, buckets)))))
        case(f"varint_of_eleven_bytes_packed_{name}", data, "MALFORMED", signal="metrics")
    for extra in range(1, 5):
        key, length = varint(3 << 3 | BYTES, extra=extra), varint(4, extra=extra)
        plain = logs_of(field(3, "text"))
        case(f"varint_with_{extra}_bytes_too_many_in_key", logs_of(key + b"\4text"), same_as=plain)
        case(
            f"varint_with_{extra}_bytes_too_many_in_length",
            logs_of(tag(3, BYTES) + length + b"text"),
            same_as=plain,
        )
    for extra in range(1, 10):
        data = logs_of(tag(2, VARINT) + varint(9, extra=extra))
        case(f"varint_with_{extra}_bytes_too_many_in_number", data, same_as=logs_of(field(2, 9)))


def bad_keys():
    spots = {
        "request": lambda content: content,
        "resource_logs": lambda content: field(1, content),
        "resource": lambda content: field(1, field(1, content)),
        "scope_logs": lambda content: field(1, field(2, content)),
        "scope": lambda content: field(1, field(2, field(1, content))),
        "record": logs_of,
        "body": lambda content: logs_of(field(5, content)),
        "array": lambda content: logs_of(field(5, field(5, content))),
        "attribute": lambda content: logs_of(field(6, content)),
        "group": lambda content: logs_of(group(1000, content)),
    }
    wrong = {f"field_0_wire_type_{kind}": bytes([kind]) + bytes(8) for kind in range(6)}
    wrong |= {f"wire_type_{kind}": tag(77, kind) + bytes(8) for kind in (6, 7)}
    wrong |= {
        "group_end_alone": tag(77, GROUP_END),
        "number_beyond_29_bits": varint(2**29 << 3 | VARINT) + b"\0",
        "number_of_64_bits": varint(2**64 - 8) + b"\0",
        "key_of_33_bits": varint(1 << 32 | 8) + b"\0",
        "group_closed_by_another": tag(77, GROUP_START) + tag(78, GROUP_END),
        "group_closed_by_outer": tag(77, GROUP_START) + tag(78, GROUP_START) + tag(77, GROUP_END),
        "group_with_field_0": group(77, b"\0\0"),
        "group_with_wire_type_7": group(77, tag(5, 7)),
    }
    for where, make in spots.items():
        for name, content in wrong.items():
            data = make(content)
            case(f"bad_key_{where}_{name}", data, "MALFORMED", within=(0, len(data)))
        # In a group, what closes the outer one comes next.
        status = "MALFORMED" if where == "group" else "TRUNCATED"
        case(f"bad_key_{where}_group_never_closed", make(tag(77, GROUP_START) + field(1, 1)), status)
        case(f"group_{where}_closed", make(group(77, group(78, field(1, b"x")) + fixed64(4, 0))))
    case("group_end_of_enclosing_message", field(1, tag(9, GROUP_START)) + tag(9, GROUP_END), "TRUNCATED")


def wrong_wire_types():
    contents = {
        VARINT: b"\1",
        FIXED64: bytes(8),
        BYTES: b"\3abc",
        GROUP_START: field(1, 1),
        FIXED32: bytes(4),
    }
    names = {VARINT: "varint", FIXED64: "fixed64", BYTES: "bytes", GROUP_START: "group", FIXED32: "fixed32"}
    for place in all_places():
        for known in known_fields(place.message):
            packable = known.is_repeated and wire_type(known) != BYTES
            for kind, content in contents.items():
                if kind == wire_type(known) or (packable and kind == BYTES):
                    continue
                bad = tag(known.number, kind) + content
                if kind == GROUP_START:
                    bad += tag(known.number, GROUP_END)
                data = place.protobuf(bad)
                case(
                    f"wire_type_{place.name}_{known.name}_as_{names[kind]}",
                    data,
                    "WIRE_TYPE",
                    signal=place.signal,
                    within=(len(data) - len(bad), len(data) - 1),
                    path=place.path(known),
                )


def unknown_fields():
    for place in all_places():
        extra = b"".join(wire.unknown_fields())
        case(
            f"unknown_fields_{place.name}",
            place.protobuf(extra),
            signal=place.signal,
            counts={"unknown_fields": len(wire.unknown_fields())},
        )
    case(
        "unknown_fields_100000",
        logs_of(field(1000, 1) * 100_000),
        counts={"unknown_fields": 100_000, "accepted": 1},
    )
    case(
        "unknown_groups_100000",
        logs_of(group(1000, field(1, 1)) * 100_000),
        counts={"unknown_fields": 100_000},
    )
