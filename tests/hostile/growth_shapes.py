"""The shapes whose time and memory are measured: each a function that makes an input of about so many bytes
(and what there is once, such as a resource).

They are what would cost most if something were not linear: many of whatever is searched, merged, moved,
remembered, rolled back or begun anew.
"""

from dataclasses import dataclass, field as attribute
from typing import Callable

import numpy

from library import ROOT
from otlp_shapes import TIME, good_json, nested_value, nested_value_json, record_place
from wire import BYTES, field, fixed64, tag, varint

MB = 1_000_000
MIB = 1 << 20
HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class Shape:
    name: str
    make: Callable[[int], bytes]
    signal: str = "logs"
    encoding: str = "protobuf"
    options: dict = attribute(default_factory=dict)  # with limits raised, so that all of it is read
    status: str = "OK"
    limited: int = 0  # of so many bytes it is refused at the default limits
    mode: str = "call"
    scale: int = 1  # its sizes are so many times smaller, since little input gives much output


SHAPES = []


def shape(name, make, signal="logs", encoding="protobuf", **more):
    suffix = {"protobuf": "", "json": "_json", "json_lines": "_lines"}[encoding]
    SHAPES.append(Shape(f"{name}_{signal}{suffix}", make, signal, encoding, **more))


# ---- making much quickly ----------------------------------------------------------------------------------

MARK = b"########"


def numbered(sample, count, stride=1):
    """`sample` `count` times, with its eight # as the number of each in hex; `stride` spreads the numbers."""
    rows = numpy.tile(numpy.frombuffer(sample, numpy.uint8), (count, 1))
    numbers = (numpy.arange(count, dtype=numpy.uint64) * numpy.uint64(stride)) & numpy.uint64(0xFFFFFFFF)
    at = sample.find(MARK)
    while at >= 0:
        for digit in range(8):
            value = (numbers >> numpy.uint64(28 - 4 * digit)) & numpy.uint64(15)
            rows[:, at + digit] = numpy.where(value < 10, value + 48, value + 87)
        at = sample.find(MARK, at + 8)
    return rows.tobytes()


def filled(sample, size, stride=1):
    return numbered(sample, max(1, size // len(sample)), stride)


def logs_with(content):
    """A request of one scope with the records (or other fields of a ScopeLogs) `content`."""
    return field(1, field(2, content))


def repeated(sample, size):
    return sample * max(1, size // len(sample))


# ---- protobuf ---------------------------------------------------------------------------------------------

SAMPLES = {  # a record, as a field of what it is in
    "logs": field(2, fixed64(1, TIME) + field(5, field(1, "text"))),
    "traces": field(2, field(1, b"\1" * 16) + field(5, "name") + fixed64(7, TIME)),
    "metrics": field(2, field(1, "m") + field(5, field(1, fixed64(3, TIME) + fixed64(6, 1)))),
}
STRING = field(2, field(1, MARK))  # a distinct value of an attribute
KEY_VALUE = field(1, MARK) + STRING

ATTRIBUTES = {"max_attributes": 1 << 24}
RECORDS = {"max_records": 2**31 - 1}
SHARED = {"max_shared_attributes": 2**32 - 1}


def empty_records(signal):
    if signal == "metrics":
        return lambda size: logs_with(field(2, field(5, repeated(field(1, b""), size))))
    return lambda size: logs_with(repeated(field(2, b""), size))


def with_shared(count):
    """Empty records, each of which takes over the attributes of their resource."""
    attributes = numbered(field(1, KEY_VALUE), count)
    return lambda size: field(1, field(1, attributes) + field(2, repeated(field(2, b""), size)))


def colliding_ids(size):
    """Trace ids that the dictionaries' hash, which has no secret, cannot tell from each other.

    It multiplies what it makes of the two halves of sixteen bytes; where the first half is its first key, the
    product is 0, whatever the second half.
    """
    source = (ROOT / "lib" / "base" / "hash.c").read_text(encoding="utf-8")
    digits = source.split("key[10] = {")[1].split("0x")[1][:16]
    return logs_with(filled(field(2, field(9, int(digits, 16).to_bytes(8, "little") + MARK)), size))


def protobuf_shapes():
    for signal, record in SAMPLES.items():
        shape("empty_records", empty_records(signal), signal, options=RECORDS)
        group = field(1, field(1, field(1, KEY_VALUE)) + field(2, record))
        shape("distinct_resources", lambda size, sample=group: filled(sample, size), signal)
        group = field(2, field(1, field(1, MARK)) + record)
        shape("distinct_scopes", lambda size, sample=group: field(1, filled(sample, size)), signal)
        pieces = field(1, field(1, KEY_VALUE))
        shape(
            "resource_in_pieces",
            lambda size, record=record: field(1, filled(pieces, size) + field(2, record)),
            signal,
            options={**ATTRIBUTES, **SHARED},
            limited=4 * MB,
            scale=2,
        )
        shape("empty_groups", lambda size: repeated(field(1, b""), size), signal)
    distinct = field(2, field(1, MARK) + field(5, field(1, fixed64(3, TIME))))
    shape("distinct_metrics", lambda size: logs_with(filled(distinct, size)), "metrics")
    shape("one_field_again_and_again", lambda size: logs_with(field(2, filled(field(3, MARK), size))))
    again = field(2, field(3, MARK) * 3)
    shape("fields_twice_in_each_record", lambda size: logs_with(filled(again, size)))
    array, kvlist = field(5, field(1, field(3, 1))), field(6, field(1, field(1, "k")))
    shape("oneof_in_turns", lambda size: logs_with(field(2, field(5, repeated(array + kvlist, size)))))
    deep = field(2, field(5, nested_value(90)))
    shape("deep_values", lambda size: logs_with(repeated(deep, size)))
    shape(
        "deep_values_twice", lambda size: logs_with(repeated(field(2, field(5, nested_value(90) * 2)), size))
    )
    groups = field(2, tag(77, 3) * 90 + tag(77, 4) * 90)
    shape("deep_groups", lambda size: logs_with(repeated(groups, size)))
    shape("unknown_fields", lambda size: logs_with(field(2, repeated(field(1000, 1), size))))


def attribute_shapes():
    one = field(6, KEY_VALUE)
    shape(
        "distinct_keys",
        lambda size: logs_with(field(2, filled(one, size))),
        options=ATTRIBUTES,
        limited=4 * MB,
    )
    shape("distinct_keys_in_records", lambda size: logs_with(filled(field(2, one * 4), size)))
    # Lists that cannot be looked up whole: in two pieces, or after an attribute with a long length.
    pieces = fixed64(1, TIME)
    shape(
        "keys_in_two_pieces",
        lambda size: logs_with(field(2, field(6, b"") + pieces + filled(one, size))),
        options=ATTRIBUTES,
        limited=4 * MB,
    )
    shape(
        "keys_after_a_large_one",
        lambda size: logs_with(field(2, field(6, field(1, b"q" * 17000)) + filled(one, size))),
        options=ATTRIBUTES,
        limited=4 * MB,
    )
    same = field(6, field(1, "k") + STRING)
    record = field(2, numbered(same, 1000))
    shape("one_key_again_and_again", lambda size: logs_with(repeated(record, size)))
    shape(
        "distinct_values",
        lambda size: logs_with(filled(field(2, field(5, field(1, MARK))), size, 0x9E3779B1)),
    )
    shape("colliding_ids", colliding_ids)
    long = field(2, field(5, field(1, MARK + b"x" * (MIB - 8))))
    shape("strings_of_1_mib", lambda size: logs_with(filled(long, size)))
    raised = {"max_string_bytes": 64 * MIB}
    shape("one_string", lambda size: logs_with(field(2, field(5, field(1, b"x" * size)))), options=raised)
    shape(
        "one_string_of_ff",
        lambda size: logs_with(field(2, field(5, field(1, b"\xff" * (size // 4))))),
        options=raised,
    )
    shape(
        "long_array",
        lambda size: logs_with(field(2, field(5, field(5, repeated(field(1, field(3, 5)), size // 2))))),
    )
    # 16 attributes for each record of two bytes: little in, much out.
    shape("shared_attributes", with_shared(16), scale=8)
    shape("many_shared_attributes", with_shared(256), scale=64, options=SHARED)


def list_shapes():
    event = field(11, fixed64(1, TIME) + field(2, MARK))
    shape("events", lambda size: logs_with(field(2, filled(event, size))), "traces")
    shape("empty_events", lambda size: logs_with(field(2, repeated(field(11, b""), size))), "traces")
    link = field(13, field(1, MARK * 2) + field(4, KEY_VALUE))
    shape("links", lambda size: logs_with(field(2, filled(link, size))), "traces")
    exemplar = field(5, fixed64(6, 1) + field(7, KEY_VALUE))
    shape(
        "exemplars", lambda size: logs_with(field(2, field(5, field(1, filled(exemplar, size))))), "metrics"
    )
    entity = field(3, field(2, MARK) + field(3, "id"))
    shape(
        "entity_refs",
        lambda size: field(1, field(1, filled(entity, size)) + field(2, field(2, b""))),
        scale=8,
    )

    def histogram(content):
        return logs_with(field(2, field(9, field(1, content))))

    shape("buckets_one_by_one", lambda size: histogram(repeated(fixed64(6, 1), size)), "metrics")
    shape("buckets_packed_one_by_one", lambda size: histogram(repeated(field(6, bytes(8)), size)), "metrics")


def file_shapes():
    record = field(2, fixed64(1, 0) + field(3, "text"))
    at = record.index(tag(1, 1)) + 1

    def hours(size):
        count = max(1, size // len(record))
        rows = numpy.tile(numpy.frombuffer(record, numpy.uint8), (count, 1))
        times = (numpy.arange(count, dtype="<u8") * numpy.uint64(HOUR)).view(numpy.uint8)
        rows[:, at : at + 8] = times.reshape(count, 8)
        return logs_with(rows.tobytes())

    files = {"max_files": 2**32 - 1}
    shape("one_record_an_hour", hours, options=files, limited=MB * 3 // 4, scale=32)
    group = field(1, field(1, field(1, field(1, "service.name") + STRING)) + field(2, field(2, b"")))
    template = {"path_template": "{table}/{service}/{hash}.parquet"}
    shape(
        "one_record_a_service",
        lambda size: filled(group, size),
        options={**files, **template},
        limited=MB * 3 // 4,
        scale=16,
    )


def failing_shapes():
    wrong = field(2, tag(1, 0) + b"\1")
    record = SAMPLES["logs"]
    shape("wrong_at_the_end", lambda size: logs_with(repeated(record, size) + wrong), status="WIRE_TYPE")
    resources = field(1, field(2, record))
    shape(
        "wrong_at_the_end_of_many",
        lambda size: repeated(resources, size) + logs_with(wrong),
        status="WIRE_TYPE",
    )
    shape("cut_at_the_end", lambda size: logs_with(repeated(record, size))[:-1], status="TRUNCATED")
    shape(
        "length_beyond_the_end",
        lambda size: repeated(resources, size) + tag(1, BYTES) + varint(2**40),
        status="TRUNCATED",
    )


# ---- JSON -------------------------------------------------------------------------------------------------


def json_with(signal, content):
    """A request with these records' text (bytes)."""
    head, tail = record_place(signal).json("@").split(b"@")
    return head + content + tail


def listed(sample, size):
    """`sample` as elements of an array."""
    return filled(sample + b",", size)[:-1]


def members(sample, size, last=b'"z":0'):
    """An object with `sample` as members."""
    return b"{" + filled(sample + b",", size) + last + b"}"


def json_shapes():
    for signal in ("logs", "traces", "metrics"):
        shape(
            "empty_records",
            lambda size, s=signal: json_with(s, listed(b"{}", size)),
            signal,
            "json",
            options=RECORDS,
        )
        resources = {"logs": "resourceLogs", "traces": "resourceSpans", "metrics": "resourceMetrics"}[
            signal
        ].encode()
        item = b'{"resource":{"attributes":[{"key":"k","value":{"stringValue":"########"}}]}}'
        shape(
            "distinct_resources",
            lambda size, r=resources, i=item: b'{"' + r + b'":[' + listed(i, size) + b"]}",
            signal,
            "json",
        )

    def record(name, sample, **more):
        shape(name, lambda size: json_with("logs", listed(sample, size)), "logs", "json", **more)

    def one(name, make, **more):
        shape(name, lambda size: json_with("logs", make(size)), "logs", "json", **more)

    key_value = b'{"key":"########","value":{"intValue":"1"}}'
    one(
        "distinct_keys",
        lambda size: b'{"attributes":[' + listed(key_value, size) + b"]}",
        options=ATTRIBUTES,
        limited=4 * MB,
    )
    record("escapes", b'{"body":{"stringValue":"' + b"\\u0041\\n" * 20 + b'########"}}')
    record("surrogate_pairs", b'{"body":{"stringValue":"' + b"\\ud83d\\ude00" * 20 + b'########"}}')
    record("lone_surrogates", b'{"body":{"stringValue":"\\ud800########"}}')
    record("distinct_values", b'{"body":{"stringValue":"########"}}')
    one("unknown_members", lambda size: members(b'"########":[{"x":null}]', size))
    one("unknown_members_escaped", lambda size: members(b'"\\u0061########":0', size))
    one("one_unknown_member", lambda size: members(b'"x":[1,2,3]', size))
    one("one_member_again_and_again", lambda size: members(b'"severityText":"########"', size))
    one(
        "members_in_turns",
        lambda size: members(
            b'"severityText":"########","body":{"intValue":1},"flags":1,"eventName":"e"', size
        ),
    )
    one(
        "oneof_in_turns",
        lambda size: b'{"body":'
        + members(b'"intValue":1,"stringValue":"########","arrayValue":{}', size, b'"z":0')
        + b"}",
    )
    big = (
        b'"attributes":['
        + b",".join([key_value.replace(MARK, b"%08d" % n) for n in range(200)])
        + b'],"severityText":"########"'
    )
    one("large_member_again_and_again", lambda size: members(big, size))
    shape(
        "record_lists_again_and_again",
        lambda size: b'{"resourceLogs":[{"scopeLogs":[' + members(b'"logRecords":[{}]', size) + b"]}]}",
        "logs",
        "json",
    )
    record("deep_values", b'{"body":' + nested_value_json(90).encode() + b"}")
    lengths = (
        b'{"body":'
        + nested_value_json(90).encode().replace(b"{}", b'{"stringValue":"' + b"x" * 3000 + b'"}')
        + b"}"
    )
    record("lengths_in_turns", b'{"body":' + nested_value_json(90).encode() + b"}," + lengths)
    record("deep_unknown", b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}")
    record("bad_values", b'{"severityText":"########","flags":-1}')
    record("numbers_of_10000_digits", b'{"body":{"doubleValue":0.' + b"1234567890" * 1000 + b"}}")
    one("one_number", lambda size: b'{"body":{"doubleValue":0.' + repeated(b"1234567890", size) + b"}}")
    one("one_integer", lambda size: b'{"body":{"intValue":' + repeated(b"1234567890", size) + b"}}")
    raised = {"max_string_bytes": 64 * MIB}
    one(
        "one_string_of_escapes",
        lambda size: b'{"body":{"stringValue":"' + repeated(b"\\u0041", size) + b'"}}',
        options=raised,
    )
    one(
        "one_base64",
        lambda size: b'{"body":{"bytesValue":"' + repeated(b"AAAA", size // 2) + b'"}}',
        options=raised,
    )
    one("one_id", lambda size: b'{"traceId":"' + repeated(b"0f", size // 2) + b'"}', options=raised)
    one("spaces", lambda size: b"{" + repeated(b" \n", size) + b"}")
    shape(
        "never_closed",
        lambda size: b'{"x":[' + repeated(b"0,", size) + b"0",
        "logs",
        "json",
        status="TRUNCATED",
    )
    cut = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":['
    shape(
        "records_never_closed",
        lambda size: cut + listed(b'{"flags":1}', size),
        "logs",
        "json",
        status="TRUNCATED",
    )


def line_shapes():
    skip = {"skip_bad_lines": True}
    line = good_json("logs", "########") + b"\n"
    bad = good_json("logs", "########")[:-1] + b"\n"
    shape("lines", lambda size: filled(line, size), "logs", "json_lines")
    shape("empty_lines", lambda size: repeated(b"{}\n", size), "logs", "json_lines")
    shape("blank_lines", lambda size: repeated(b"\n", size), "logs", "json_lines")
    shape("bad_lines", lambda size: repeated(b"{]\n", size), "logs", "json_lines", options=skip)
    shape("every_other_line_bad", lambda size: filled(line + bad, size), "logs", "json_lines", options=skip)
    shape("cut_at_the_end", lambda size: filled(line, size) + bad, "logs", "json_lines", status="TRUNCATED")
    # Detected: a line feed is also the key of field 1, and each line could be the start of the one value.
    auto = {"signal": "auto", "encoding": "auto"}
    shape(
        "detected_behind_line_feeds", lambda size: repeated(b"\n", size) + line, "logs", "json", options=auto
    )
    shape("detected_lines", lambda size: filled(line, size), "logs", "json_lines", options=auto)
    shape("appends", lambda size: filled(line, size), "logs", "json", mode="append_lines", scale=2)
    shape(
        "failing_appends", lambda size: filled(line + bad, size), "logs", "json", mode="append_lines", scale=2
    )


for make in (
    protobuf_shapes,
    attribute_shapes,
    list_shapes,
    file_shapes,
    failing_shapes,
    json_shapes,
    line_shapes,
):
    make()
