"""Edge cases of the wire format: requests whose bytes no serializer would write, and parsers must read."""

import struct

from opentelemetry.proto.common.v1.common_pb2 import EntityRef, InstrumentationScope
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

import wire
from otlp_cases import log_with_every_field, three_hours_of_logs
from otlp_pieces import (
    I64_MIN, TIME, TRACE_ID, U64_MAX, Cases, Wire, log, logs, pairs, resource, span, traces, value,
)

CASES = Cases()


@CASES.of("logs")
def resource_and_scope_after_the_records():
    record = log(body=value("early")).SerializeToString()
    scope_logs = (
        wire.field(3, "scope url") + wire.field(2, record) + wire.field(1, wire.field(1, "late scope"))
    )
    late_resource = wire.field(1, resource("late").SerializeToString())
    return Wire(wire.field(1, wire.field(3, "resource url") + wire.field(2, scope_logs) + late_resource))


@CASES.of("logs")
def resource_in_two_pieces():
    """A message field given twice merges: lists join, the last scalar wins."""
    first = Resource(attributes=pairs({"service.name": "shop", "a": 1}), dropped_attributes_count=1)
    second = Resource(attributes=pairs({"b": 2}), dropped_attributes_count=9)
    scopes = [
        InstrumentationScope(name="n1", version="v1"),
        InstrumentationScope(name="n2", attributes=pairs({"k": 1})),
    ]
    record = wire.field(2, log(body=value("x")).SerializeToString())
    scope_logs = (
        wire.field(1, scopes[0].SerializeToString()) + record + wire.field(1, scopes[1].SerializeToString())
    )
    group = (
        wire.field(1, first.SerializeToString())
        + wire.field(2, scope_logs)
        + wire.field(1, second.SerializeToString())
    )
    return Wire(wire.field(1, group))


@CASES.of("logs")
def request_of_two_requests():
    """Two requests end to end are one request: repeated fields join."""
    return Wire(log_with_every_field().SerializeToString() + three_hours_of_logs().SerializeToString())


@CASES.of("logs")
def body_in_two_pieces():
    """Pieces of one array join; a piece of another kind replaces what came before it."""
    array, other = value([1, "a"]).SerializeToString(), value([2.5]).SerializeToString()
    text, kvlist = value("text").SerializeToString(), value({"k": "v"}).SerializeToString()
    sequences = [[array, other], [array, text], [text, array], [array, text, other], [kvlist, kvlist], [array, kvlist],
                 [text, b""], [b"", text], [b"", b""], [array + text + other]]
    time = wire.fixed64(1, TIME)
    records = [time + b"".join(wire.field(5, piece) for piece in pieces) for pieces in sequences]
    records += [
        time + wire.field(6, wire.field(1, "k") + b"".join(wire.field(2, p) for p in s)) for s in sequences
    ]
    return Wire(wire.field(1, wire.field(2, b"".join(wire.field(2, record) for record in records))))


@CASES.of("metrics")
def metric_data_in_two_pieces():
    """Two gauges in one metric merge their points; a sum after a gauge replaces it."""
    one = metrics.Gauge(
        data_points=[metrics.NumberDataPoint(time_unix_nano=TIME, as_int=1)]
    ).SerializeToString()
    total = metrics.Sum(
        data_points=[metrics.NumberDataPoint(time_unix_nano=TIME, as_double=2.0)], aggregation_temporality=2
    ).SerializeToString()
    late = metrics.Sum(is_monotonic=True, aggregation_temporality=1).SerializeToString()
    sequences = [[(5, one), (5, one)], [(5, one), (7, total)], [(7, total), (5, one)], [(7, total), (7, late)],
                 [(7, late), (7, total), (7, total)], [(5, one), (7, total), (5, one)], [(5, one), (11, b"")]]
    items = [
        wire.field(1, f"m{n}")
        + b"".join(wire.field(number, data) for number, data in pieces)
        + wire.field(3, "By")
        for n, pieces in enumerate(sequences)
    ]
    return Wire(wire.field(1, wire.field(2, b"".join(wire.field(2, item) for item in items))))


@CASES.of("metrics")
def point_value_given_twice():
    """The last member of a oneof wins, by order on the wire."""
    time, integer, real = wire.fixed64(3, TIME), wire.fixed64(6, 7), wire.fixed64(4, 0x3FF8000000000000)
    points = [time + integer + real, time + real + integer, integer + time + integer]
    exemplar = wire.fixed64(6, 7) + wire.fixed64(3, 0) + wire.fixed64(2, TIME)
    points.append(time + wire.field(5, exemplar) + wire.field(5, exemplar + wire.fixed64(6, 8)))
    data = b"".join(wire.field(1, point) for point in points)
    return Wire(wire.field(1, wire.field(2, wire.field(2, wire.field(1, "m") + wire.field(5, data)))))


@CASES.of("metrics")
def buckets_packed_and_unpacked():
    counts = [0, 1, U64_MAX, 2**63, 300]
    packed = wire.field(6, struct.pack("<5Q", *counts))
    unpacked = b"".join(wire.fixed64(6, n) for n in counts)
    bounds = [
        wire.fixed64(7, 0x3FF0000000000000),
        wire.field(7, struct.pack("<2d", 2.5, float("nan"))),
        wire.field(7, b""),
    ]
    time = wire.fixed64(3, TIME)
    points = [
        time + packed + bounds[0],
        unpacked + bounds[1] + time,
        packed + time + unpacked + b"".join(bounds) + packed,
    ]
    histogram = b"".join(wire.field(1, point) for point in points)
    many, single = wire.field(2, b"".join(map(wire.varint, counts))), b"".join(
        wire.field(2, n) for n in counts
    )
    forms = [many, single, single + many + single, wire.field(2, b"")]
    exponential = b"".join(
        wire.field(
            1,
            time
            + wire.field(8, form + wire.field(1, 13))
            + wire.field(9, wire.field(1, 6))
            + wire.field(9, form),
        )
        for form in forms
    )
    items = wire.field(2, wire.field(9, histogram)) + wire.field(2, wire.field(10, exponential))
    return Wire(wire.field(1, wire.field(2, items)))


@CASES.of("traces")
def status_in_two_pieces():
    item = span(name="x").SerializeToString()
    item += wire.field(15, Status(code=2).SerializeToString()) + wire.field(
        15, Status(message="late").SerializeToString()
    )
    return Wire(wire.field(1, wire.field(2, wire.field(2, item))))


@CASES.of("logs")
def scalars_given_twice():
    record = wire.fixed64(1, 5) + wire.field(3, "first") + wire.field(2, 3) + wire.field(9, TRACE_ID)
    record += wire.fixed64(1, TIME) + wire.field(3, "last") + wire.field(2, 0) + wire.field(9, b"")
    return Wire(wire.field(1, wire.field(2, wire.field(2, record))))


@CASES.of("logs")
def long_varints():
    """Negative enums take ten bytes; other varints may have bytes they do not need; numbers are cut to their size."""
    time = wire.fixed64(1, TIME)
    numbers = [
        wire.varint(-1),
        wire.varint(9, extra=9),
        wire.varint(2**32 + 5),
        wire.varint(2**63),
        wire.varint(-(2**31)),
    ]
    records = [time + wire.tag(2, 0) + number for number in numbers]
    records += [time + wire.tag(7, 0) + number for number in numbers]
    records += [time + wire.field(5, wire.tag(3, 0) + number) for number in numbers]
    records += [
        time + wire.field(5, wire.tag(2, 0) + number) for number in (*numbers, wire.varint(0, extra=9))
    ]
    padded = wire.varint(3 << 3 | 2, extra=2) + wire.varint(4, extra=3) + b"text"
    records.append(time + padded)
    return Wire(wire.field(1, wire.field(2, b"".join(wire.field(2, record) for record in records))))


@CASES.of("traces")
def negative_enums_and_wide_numbers():
    numbers = [-1, 2**32 + 2, 2**63, I64_MIN, 2**31]
    items = [
        span().SerializeToString() + wire.field(6, n) + wire.field(10, n) + wire.field(15, wire.field(3, n))
        for n in numbers
    ]
    return Wire(wire.field(1, wire.field(2, b"".join(wire.field(2, item) for item in items))))


@CASES.of("logs")
def unknown_fields_of_every_wire_type():
    """Unknown fields before, between and after known ones, at every level; each counts once."""
    extra = wire.unknown_fields()
    known = log(body=value("kept")).SerializeToString()
    attribute = wire.field(1, "k") + extra[0] + wire.field(2, wire.field(1, "v") + extra[1])
    record = b"".join(extra) + known + extra[3] + wire.field(6, attribute) + extra[2]
    scope_logs = wire.field(1, extra[3] + wire.field(1, "lib")) + extra[4] + wire.field(2, record)
    group = extra[5] + wire.field(1, extra[0] + resource().SerializeToString()) + wire.field(2, scope_logs)
    return Wire(extra[1] + wire.field(1, group) + extra[2], counts={"unknown_fields": len(extra) + 10})


@CASES.of("traces")
def unknown_fields_in_spans():
    extra = b"".join(wire.unknown_fields())
    event, link, status = wire.field(2, "e") + extra, extra + wire.field(3, "s"), extra + wire.field(3, 2)
    item = (
        span().SerializeToString()
        + extra
        + wire.field(11, event)
        + wire.field(13, link)
        + wire.field(15, status)
    )
    return Wire(wire.field(1, wire.field(2, wire.field(2, item)) + extra))


@CASES.of("metrics")
def unknown_fields_in_metrics():
    extra = b"".join(wire.unknown_fields())
    point = (
        wire.fixed64(3, TIME) + extra + wire.field(5, extra + wire.fixed64(6, 3)) + extra + wire.fixed64(6, 1)
    )
    exponential = wire.fixed64(3, TIME) + wire.field(8, extra + wire.field(2, 4)) + wire.field(2000, 1)
    summary = wire.fixed64(3, TIME) + wire.field(6, extra + wire.fixed64(1, 0))
    items = [wire.field(5, extra + wire.field(1, point)), wire.field(10, wire.field(1, exponential) + extra),
             wire.field(11, wire.field(1, summary)), extra]
    return Wire(wire.field(1, wire.field(2, b"".join(wire.field(2, item) for item in items))))


@CASES.of("logs")
def string_table_references_are_unknown():
    """Members that only profiles use: the key or value they would name is absent."""
    time = wire.fixed64(1, TIME)
    attributes = [
        wire.field(3, 7) + wire.field(2, value(1).SerializeToString()),
        wire.field(1, "k") + wire.field(2, wire.field(8, 5)),
    ]
    record = time + wire.field(5, wire.field(8, 3)) + b"".join(wire.field(6, item) for item in attributes)
    return Wire(wire.field(1, wire.field(2, wire.field(2, record))))


@CASES.of("logs")
def invalid_utf8():
    """Each maximal bad subpart becomes one U+FFFD; every string that had one is counted."""
    bad = {
        b"a\xffb": "a\ufffdb", b"\x80": "\ufffd", b"\xc3": "\ufffd", b"\xc3(": "\ufffd(", b"\xe6\xbc": "\ufffd",
        b"\xe6\xbcx": "\ufffdx", b"\xf0\x9f\x98": "\ufffd", b"\xf0\x9f\x98\xf0\x9f\x98\x80": "\ufffd\U0001f600",
        b"\xc0\xaf": "\ufffd\ufffd", b"\xe0\x80\xaf": "\ufffd\ufffd\ufffd", b"\xed\xa0\x80": "\ufffd\ufffd\ufffd",
        b"\xf5\x80\x80\x80": "\ufffd\ufffd\ufffd\ufffd", b"\xf4\x90\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
        b"\xf8\x88\x80\x80\x80": "\ufffd" * 5, b"ok\xfe\xffok": "ok\ufffd\ufffdok", b"\xf1\x80\x80\xe1\x80\xc2b": "\ufffd\ufffd\ufffdb",
        b"x" * 100 + b"\xc2": "x" * 100 + "\ufffd",
    }
    time, data, records = wire.fixed64(1, TIME), b"", []
    for raw, text in bad.items():
        attribute = wire.field(1, raw) + wire.field(2, wire.field(1, raw))
        nested = wire.field(5, wire.field(5, wire.field(1, wire.field(1, raw))))
        data += wire.field(
            2, time + wire.field(5, wire.field(1, raw)) + wire.field(3, raw) + wire.field(12, raw)
        )
        data += wire.field(2, time + wire.field(6, attribute) + nested)
        records += [
            log(body=value(text), severity_text=text, event_name=text),
            log(attributes=pairs({text: text}), body=value([text])),
        ]
    meaning = logs(*records, resource_=Resource(), scope=InstrumentationScope())
    return Wire(
        wire.field(1, wire.field(2, data)),
        meaning,
        counts={"invalid_utf8": 6 * len(bad), "accepted": 2 * len(bad)},
    )


@CASES.of("traces")
def invalid_utf8_in_spans():
    raw, text = b"\xff\xfe", "\ufffd\ufffd"
    pair = wire.field(1, raw) + wire.field(
        2, wire.field(6, wire.field(1, wire.field(1, raw) + wire.field(2, b"")))
    )
    times = wire.fixed64(7, TIME) + wire.fixed64(8, TIME + 1)
    event, link = wire.field(2, raw) + wire.field(3, pair), wire.field(3, raw) + wire.field(4, pair)
    item = (
        times
        + wire.field(3, raw)
        + wire.field(5, raw)
        + wire.field(9, pair)
        + wire.field(11, event)
        + wire.field(13, link)
    )
    item += wire.field(15, wire.field(2, raw))
    scope = wire.field(1, raw) + wire.field(2, raw) + wire.field(3, pair)
    entity = wire.field(1, raw) + wire.field(2, raw) + wire.field(3, raw) + wire.field(4, raw)
    group = wire.field(1, wire.field(1, pair) + wire.field(3, entity)) + wire.field(3, raw)
    data = wire.field(
        1, group + wire.field(2, wire.field(1, scope) + wire.field(2, item) + wire.field(3, raw))
    )
    attributes = pairs({text: {text: None}})
    meaning = traces(
        Span(
            start_time_unix_nano=TIME, end_time_unix_nano=TIME + 1, trace_state=text, name=text, attributes=attributes,
            events=[Span.Event(name=text, attributes=attributes)], status=Status(message=text),
            links=[Span.Link(trace_state=text, attributes=attributes)],
        ),
        resource_=Resource(
            attributes=attributes,
            entity_refs=[EntityRef(schema_url=text, type=text, id_keys=[text], description_keys=[text])],
        ),
        scope=InstrumentationScope(name=text, version=text, attributes=attributes),
    )
    meaning.resource_spans[0].schema_url = meaning.resource_spans[0].scope_spans[0].schema_url = text
    return Wire(data, meaning)


@CASES.of("logs")
def keys_made_equal_by_replacement():
    """Two keys with different bad bytes are the same key once replaced: the second is a duplicate."""
    keys = [b"k\xff", b"k\xfe", "k\ufffd".encode()]
    attributes = b"".join(
        wire.field(6, wire.field(1, key) + wire.field(2, value(n).SerializeToString()))
        for n, key in enumerate(keys)
    )
    data = wire.field(1, wire.field(2, wire.field(2, wire.fixed64(1, TIME) + attributes)))
    record = log(attributes=pairs([("k\ufffd", n) for n in range(3)]))
    return Wire(
        data, logs(record, resource_=Resource(), scope=InstrumentationScope()), counts={"invalid_utf8": 2}
    )


def nested_body(levels, innermost=b""):
    """Bytes of a logs request whose body is `levels` messages deep below the request itself (at least 4)."""
    data = innermost
    depth = levels - 4  # ResourceLogs, ScopeLogs, LogRecord and the body's AnyValue
    if depth % 2:
        data, depth = wire.field(6, wire.field(1, wire.field(1, "k") + wire.field(2, data))), depth - 3
    for _ in range(depth // 2):
        data = wire.field(5, wire.field(1, data))
    return wire.field(1, wire.field(2, wire.field(2, wire.fixed64(1, TIME) + wire.field(5, data))))


@CASES.of("logs")
def nested_as_deep_as_allowed():
    """One hundred messages below the request."""
    return Wire(nested_body(100))


@CASES.of("logs")
def nested_one_less_than_allowed():
    return Wire(nested_body(99))
