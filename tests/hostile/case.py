"""A hostile input, and what the generators of them share.

What is expected is taken from include/otlp2parquet.h and the comment of lib/otlp/json.h; which prefixes of a
protobuf request are requests too is asked of Google's protobuf; which fields there are, of its descriptors.
"""

import re
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Callable

from otlp_shapes import REQUESTS, T, all_places, known_fields
from wire import field, fields, fixed64

SIGNALS = list(REQUESTS)


MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes | Callable[[], bytes]
    status: str = "OK"
    signal: str = "logs"
    encoding: str = "protobuf"
    options: dict = attribute(default_factory=dict)  # besides signal and encoding
    counts: dict = attribute(
        default_factory=dict
    )  # those that are known; rejected and bad_lines are 0 unless told
    within: tuple | None = None  # of a failure: the offset is in [first, second]
    path: str | None = None  # of a failure, or of what was left out
    line: int = 0  # of a failure
    rejection: tuple | None = None  # (status, least offset, greatest offset) of the first that was left out
    # Another input, which gives the same files: JSON lines for JSON lines, else protobuf.
    same_as: bytes | Callable[[], bytes] | None = None
    slow: bool = False  # runs only with the long tests

    def bytes(self):
        return self.data() if callable(self.data) else self.data

    def all_options(self):
        return {"signal": self.signal, "encoding": self.encoding, **self.options}


CASES = []


def case(name, data, status="OK", **more):
    CASES.append(Case(name, data, status, **more))


def logs_of(*records):
    return record_request("logs", *records)


def record_request(signal, *records):
    """One resource, one scope (and for metrics one gauge) with these records."""
    if signal == "metrics":
        return field(1, field(2, field(2, field(5, fields(1, records)))))
    return field(1, field(2, fields(2, records)))


def json_logs(*records):
    return f'{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{",".join(records)}]}}]}}]}}'.encode()


def json_body(value):
    """A request of one log record with this text as its body."""
    return json_logs(f'{{"body":{value}}}')


def word(text):
    """A part of a name: the text with what is neither letter nor digit as its code."""
    return re.sub("[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):02x}", text)


def repeat_numbered(template, count):
    """`template` % n for each n, joined."""
    return b"".join(template % n for n in range(count))


def resource_of(service):
    return field(1, field(1, field(1, "service.name") + field(2, field(1, service))))


def attributes_of(number, count, distinct=True):
    """`count` attributes, with keys k0000000... or all the same."""
    if not distinct:
        return field(number, field(1, "k") + field(2, field(1, "v"))) * count
    sample = field(number, field(1, b"k0000000") + field(2, field(1, "v")))
    return repeat_numbered(sample.replace(b"%", b"%%").replace(b"k0000000", b"k%07d"), count)


def many_json(item, count):
    """`item` % n, joined by commas."""
    return ",".join(item % n for n in range(count))


def shown(place):
    """Content beside a string, so that a row comes of it: without one, nothing is stored."""
    needs = {"Metric": field(5, field(1, fixed64(3, 1)))}
    return needs.get(place.message.name, b"")


def string_places():
    """Every string field of every message."""
    for place in all_places():
        for known in known_fields(place.message):
            if known.type == T.TYPE_STRING:
                yield place, known


def json_kind(known):
    if known.type == T.TYPE_BYTES:
        return "base64" if known.containing_type.name == "AnyValue" else "bytes"
    kinds = {T.TYPE_STRING: "string", T.TYPE_DOUBLE: "double", T.TYPE_ENUM: "enum", T.TYPE_BOOL: "bool"}
    return kinds.get(known.type, "integer")
