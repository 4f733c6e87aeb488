"""Edge cases of the wire format: requests whose bytes no serializer would write, and parsers must read."""

import struct

from opentelemetry.proto.common.v1.common_pb2 import EntityRef, InstrumentationScope
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otlp_cases import log_with_every_field, three_hours_of_logs
from otlp_pieces import (
    I64_MIN, TIME, TRACE_ID, U64_MAX, Cases, Wire, log, logs, pairs, resource, span, traces, value,
)
from wire import field, fields, fixed64, request, tag, unknown_fields, varint

CASES = Cases()

# The time of a record, as its bytes.
LOG_TIME, POINT_TIME = fixed64(1, TIME), fixed64(3, TIME)
SPAN_TIMES = fixed64(7, TIME) + fixed64(8, TIME + 1)


# ---- order, and messages in pieces ------------------------------------------------------------------------


@CASES.of("logs")
def resource_and_scope_after_the_records():
    scope_logs = field(3, "scope url") + field(2, log(body=value("early"))) + field(1, field(1, "late scope"))
    return Wire(field(1, field(3, "resource url") + field(2, scope_logs) + field(1, resource("late"))))


@CASES.of("logs")
def resource_in_two_pieces():
    """A message field given twice merges: lists join, so that a key repeats across pieces; the last scalar wins."""
    first = Resource(attributes=pairs({"service.name": "shop", "a": 1}), dropped_attributes_count=1)
    second = Resource(attributes=pairs({"b": 2, "a": 3}), dropped_attributes_count=9)
    one_scope = InstrumentationScope(name="n1", version="v1")
    other_scope = InstrumentationScope(name="n2", attributes=pairs({"k": 1}))
    scope_logs = field(1, one_scope) + field(2, log(body=value("x"))) + field(1, other_scope)
    return Wire(field(1, field(1, first) + field(2, scope_logs) + field(1, second)))


@CASES.of("logs")
def request_of_two_requests():
    """Two requests end to end are one request: repeated fields join."""
    return Wire(log_with_every_field().SerializeToString() + three_hours_of_logs().SerializeToString())


@CASES.of("logs")
def value_in_two_pieces():
    """Pieces of one array join; a piece of another kind replaces what came before it."""
    array, more, text, kvlist = value([1, "a"]), value([2.5]), value("text"), value({"k": "v"})
    sequences = [
        [array, more], [array, text], [text, array], [array, text, more], [kvlist, kvlist], [array, kvlist],
        [text, b""], [b"", text], [b"", b""],
    ]
    bodies = [LOG_TIME + fields(5, pieces) for pieces in sequences]
    attributes = [LOG_TIME + field(6, field(1, "k") + fields(2, pieces)) for pieces in sequences]
    end_to_end = b"".join(piece.SerializeToString() for piece in (array, text, more))
    return Wire(request(*bodies, *attributes, LOG_TIME + field(5, end_to_end)))


@CASES.of("metrics")
def metric_data_in_two_pieces():
    """Two gauges in one metric merge their points; a sum after a gauge replaces it."""
    gauge = field(5, metrics.Gauge(data_points=[metrics.NumberDataPoint(time_unix_nano=TIME, as_int=1)]))
    point = metrics.NumberDataPoint(time_unix_nano=TIME, as_double=2.0)
    total = field(7, metrics.Sum(data_points=[point], aggregation_temporality=2))
    late = field(7, metrics.Sum(is_monotonic=True, aggregation_temporality=1))
    empty_summary = field(11, b"")
    sequences = [
        [gauge, gauge], [gauge, total], [total, gauge], [total, late], [late, total, total],
        [gauge, total, gauge], [gauge, empty_summary],
    ]
    items = [field(1, f"m{n}") + b"".join(pieces) + field(3, "By") for n, pieces in enumerate(sequences)]
    return Wire(request(*items))


@CASES.of("traces")
def status_in_two_pieces():
    item = span(name="x").SerializeToString()
    return Wire(request(item + field(15, Status(code=2)) + field(15, Status(message="late"))))


# ---- scalars --------------------------------------------------------------------------------------------


@CASES.of("logs")
def scalars_given_twice():
    """The last one wins, also where it is the default."""
    record = fixed64(1, 5) + field(3, "first") + field(2, 3) + field(9, TRACE_ID)
    return Wire(request(record + LOG_TIME + field(3, "last") + field(2, 0) + field(9, b"")))


@CASES.of("metrics")
def point_value_given_twice():
    """The last member of a oneof wins, by order on the wire."""
    integer, double = fixed64(6, 7), fixed64(4, 0x3FF8000000000000)
    exemplar = integer + fixed64(3, 0) + fixed64(2, TIME)
    points = [
        POINT_TIME + integer + double,
        POINT_TIME + double + integer,
        integer + POINT_TIME + integer,
        POINT_TIME + field(5, exemplar) + field(5, exemplar + fixed64(6, 8)),
    ]
    return Wire(request(field(1, "m") + field(5, fields(1, points))))


@CASES.of("metrics")
def buckets_packed_and_unpacked():
    counts = [0, 1, U64_MAX, 2**63, 300]
    packed, single = field(6, struct.pack("<5Q", *counts)), b"".join(fixed64(6, n) for n in counts)
    bounds = fixed64(7, 0x3FF0000000000000)
    more_bounds = field(7, struct.pack("<2d", 2.5, float("nan"))) + field(7, b"")
    histograms = [
        POINT_TIME + packed + bounds,
        single + more_bounds + POINT_TIME,
        packed + POINT_TIME + single + bounds + more_bounds + packed,
    ]
    packed, single = field(2, b"".join(map(varint, counts))), fields(2, counts)
    exponentials = [
        POINT_TIME + field(8, form + field(1, 13)) + field(9, field(1, 6)) + field(9, form)
        for form in (packed, single, single + packed + single, field(2, b""))
    ]
    return Wire(request(field(9, fields(1, histograms)), field(10, fields(1, exponentials))))


@CASES.of("logs")
def long_varints():
    """Negative enums take ten bytes, varints may have bytes they do not need, numbers are cut to their size."""
    numbers = [varint(n) for n in (-1, 2**32 + 5, 2**63, -(2**31))] + [varint(9, extra=9), varint(0, extra=9)]
    records = [tag(2, 0) + number for number in numbers]  # severity_number
    records += [tag(7, 0) + number for number in numbers]  # dropped_attributes_count
    records += [field(5, tag(3, 0) + number) for number in numbers]  # an int body
    records += [field(5, tag(2, 0) + number) for number in numbers]  # a bool body
    records.append(varint(3 << 3 | 2, extra=2) + varint(4, extra=3) + b"text")
    return Wire(request(*(LOG_TIME + record for record in records)))


@CASES.of("traces")
def negative_enums_and_wide_numbers():
    numbers = [-1, 2**32 + 2, 2**63, I64_MIN, 2**31]
    return Wire(
        request(*(SPAN_TIMES + field(6, n) + field(10, n) + field(15, field(3, n)) for n in numbers))
    )


# ---- unknown fields ---------------------------------------------------------------------------------------


@CASES.of("logs")
def unknown_fields_of_every_wire_type():
    """Unknown fields before, between and after known ones, at every level; each counts once."""
    extra = unknown_fields()
    attribute = field(1, "k") + extra[0] + field(2, field(1, "v") + extra[1])
    known = log(body=value("kept")).SerializeToString()
    record = b"".join(extra) + known + extra[3] + field(6, attribute) + extra[2]
    scope_logs = field(1, extra[3] + field(1, "lib")) + extra[4] + field(2, record)
    group = extra[5] + field(1, extra[0] + resource().SerializeToString()) + field(2, scope_logs)
    return Wire(extra[1] + field(1, group) + extra[2], counts={"unknown_fields": len(extra) + 10})


@CASES.of("traces")
def unknown_fields_in_spans():
    extra = b"".join(unknown_fields())
    event, link, status = field(2, "e") + extra, extra + field(3, "s"), extra + field(3, 2)
    return Wire(request(SPAN_TIMES + extra + field(11, event) + field(13, link) + field(15, status)))


@CASES.of("metrics")
def unknown_fields_in_metrics():
    extra = b"".join(unknown_fields())
    exemplar = extra + fixed64(6, 3)
    point = POINT_TIME + extra + field(5, exemplar) + extra + fixed64(6, 1)
    exponential = POINT_TIME + field(8, extra + field(2, 4)) + field(2000, 1)
    summary = POINT_TIME + field(6, extra + fixed64(1, 0))
    gauge, without_data = field(5, extra + field(1, point)), extra
    return Wire(
        request(gauge, field(10, field(1, exponential) + extra), field(11, field(1, summary)), without_data)
    )


@CASES.of("logs")
def string_table_references_are_unknown():
    """Members that only profiles use: the key or value they would name is absent."""
    attributes = [field(3, 7) + field(2, value(1)), field(1, "k") + field(2, field(8, 5))]
    record = LOG_TIME + field(5, field(8, 3)) + fields(6, attributes)
    return Wire(request(record), counts={"unknown_fields": 3})


# ---- strings that are not UTF-8 -----------------------------------------------------------------------------

# Each maximal bad subpart becomes one U+FFFD.
REPLACED = {
    b"a\xffb": "a\ufffdb",
    b"\x80": "\ufffd",
    b"\xc3": "\ufffd",
    b"\xc3(": "\ufffd(",
    b"\xe6\xbc": "\ufffd",
    b"\xe6\xbcx": "\ufffdx",
    b"\xf0\x9f\x98": "\ufffd",
    b"\xf0\x9f\x98\xf0\x9f\x98\x80": "\ufffd\U0001f600",
    b"\xc0\xaf": "\ufffd\ufffd",
    b"\xe0\x80\xaf": "\ufffd\ufffd\ufffd",
    b"\xed\xa0\x80": "\ufffd\ufffd\ufffd",
    b"\xf5\x80\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
    b"\xf4\x90\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
    b"\xf8\x88\x80\x80\x80": "\ufffd\ufffd\ufffd\ufffd\ufffd",
    b"ok\xfe\xffok": "ok\ufffd\ufffdok",
    b"\xf1\x80\x80\xe1\x80\xc2b": "\ufffd\ufffd\ufffdb",
    b"x" * 100 + b"\xc2": "x" * 100 + "\ufffd",
}
assert all(raw.decode(errors="replace") == text for raw, text in REPLACED.items())


@CASES.of("logs")
def invalid_utf8():
    """The record is kept, and every string that had a bad byte is counted."""
    records, meaning = [], []
    for raw, text in REPLACED.items():
        records.append(LOG_TIME + field(5, field(1, raw)) + field(3, raw) + field(12, raw))
        meaning.append(log(body=value(text), severity_text=text, event_name=text))
        attribute, array = field(1, raw) + field(2, field(1, raw)), field(5, field(1, field(1, raw)))
        records.append(LOG_TIME + field(6, attribute) + field(5, array))
        meaning.append(log(attributes=pairs({text: text}), body=value([text])))
    return Wire(
        request(*records),
        logs(*meaning, resource_=Resource(), scope=InstrumentationScope()),
        counts={"invalid_utf8": 6 * len(REPLACED), "accepted": len(records)},
    )


@CASES.of("traces")
def invalid_utf8_in_every_string():
    """Every string a span, its scope and its resource have, keys within kvlists included."""
    raw, text = b"\xff\xfe", "\ufffd\ufffd"
    attribute = field(1, raw) + field(2, field(6, field(1, field(1, raw) + field(2, b""))))
    event, link = field(2, raw) + field(3, attribute), field(3, raw) + field(4, attribute)
    item = SPAN_TIMES + field(3, raw) + field(5, raw) + field(9, attribute)
    item += field(11, event) + field(13, link) + field(15, field(2, raw))
    scope = field(1, raw) + field(2, raw) + field(3, attribute)
    entity = field(1, raw) + field(2, raw) + field(3, raw) + field(4, raw)
    group = field(1, field(1, attribute) + field(3, entity)) + field(3, raw)
    data = field(1, group + field(2, field(1, scope) + field(2, item) + field(3, raw)))

    attributes = pairs({text: {text: None}})
    meaning = Span(
        start_time_unix_nano=TIME, end_time_unix_nano=TIME + 1, trace_state=text, name=text,
        attributes=attributes, events=[Span.Event(name=text, attributes=attributes)],
        links=[Span.Link(trace_state=text, attributes=attributes)], status=Status(message=text),
    )
    refs = [EntityRef(schema_url=text, type=text, id_keys=[text], description_keys=[text])]
    meaning = traces(
        meaning,
        resource_=Resource(attributes=attributes, entity_refs=refs),
        scope=InstrumentationScope(name=text, version=text, attributes=attributes),
    )
    meaning.resource_spans[0].schema_url = meaning.resource_spans[0].scope_spans[0].schema_url = text
    return Wire(data, meaning)


@CASES.of("logs")
def keys_made_equal_by_replacement():
    """Two keys with different bad bytes are the same key once replaced: the second is a duplicate."""
    keys = [b"k\xff", b"k\xfe", "k\ufffd"]
    attributes = fields(6, (field(1, key) + field(2, value(n)) for n, key in enumerate(keys)))
    record = log(attributes=pairs([("k\ufffd", n) for n in range(3)]))
    meaning = logs(record, resource_=Resource(), scope=InstrumentationScope())
    return Wire(request(LOG_TIME + attributes), meaning, counts={"invalid_utf8": 2, "duplicate_keys": 2})


# ---- depth -----------------------------------------------------------------------------------------------


def nested_body(levels):
    """Bytes of a logs request whose body is `levels` messages deep below the request itself (at least 4)."""
    data, depth = b"", levels - 4  # ResourceLogs, ScopeLogs, LogRecord and the body's AnyValue
    if depth % 2:  # a kvlist takes three levels
        data, depth = field(6, field(1, field(1, "k") + field(2, data))), depth - 3
    for _ in range(depth // 2):  # an array two
        data = field(5, field(1, data))
    return request(LOG_TIME + field(5, data))


@CASES.of("logs")
def nested_as_deep_as_allowed():
    """One hundred messages below the request."""
    return Wire(nested_body(100))


@CASES.of("logs")
def nested_one_less_than_allowed():
    return Wire(nested_body(99))
