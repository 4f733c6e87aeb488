"""What requests are made of: cases, messages from Python values, and the values worth trying everywhere."""

import functools
import struct
from dataclasses import dataclass, field as data_field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

REQUEST_TYPES = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}

SECOND = 10**9
HOUR = 3600 * SECOND
HOUR_START = 1_699_999_200 * SECOND  # 2023-11-14T22:00:00Z
TIME = HOUR_START + 800 * SECOND + 123_456_789
U64_MAX, I64_MAX, I64_MIN = 2**64 - 1, 2**63 - 1, -(2**63)
TRACE_ID, SPAN_ID = bytes(range(0x10, 0x20)), bytes(range(0xA0, 0xA8))


@dataclass(frozen=True)
class Wire:
    """Bytes to convert, and what they mean: `meaning` is the message where Google's parser refuses the bytes.

    `counts` are entries of the conversion's counts that must be exactly so.
    """

    data: bytes
    meaning: object = None
    counts: dict = data_field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    name: str
    signal: str
    build: object  # a function without arguments

    def wire(self):
        """The case as a Wire. `meaning` is always set, and the caller's to change."""
        built = _built(self)
        request = REQUEST_TYPES[self.signal]()
        request.MergeFrom(built.meaning) if built.meaning else request.MergeFromString(built.data)
        return Wire(built.data, request, built.counts)


@functools.lru_cache(maxsize=1)
def _built(case):
    """What the case's function gives, as a Wire. The last one is remembered: some are long in the making."""
    built = case.build()
    return built if isinstance(built, Wire) else Wire(built.SerializeToString(), built)


class Cases(list):
    """Cases in the order they are declared in; `@cases.of(signal)` declares one."""

    def of(self, signal):
        def register(function):
            self.append(Case(function.__name__, signal, function))
            return function

        return register


# ---- pieces of requests -------------------------------------------------------------------------------


def value(python):
    """An AnyValue from a Python value: dict gives a kvlist, None the empty value."""
    if isinstance(python, AnyValue):
        return python
    result = AnyValue()
    if isinstance(python, bool):
        result.bool_value = python
    elif isinstance(python, int):
        result.int_value = python
    elif isinstance(python, float):
        result.double_value = python
    elif isinstance(python, str):
        result.string_value = python
    elif isinstance(python, bytes):
        result.bytes_value = python
    elif isinstance(python, list):
        result.array_value.SetInParent()
        result.array_value.values.extend(value(item) for item in python)
    elif python is not None:
        result.kvlist_value.SetInParent()
        result.kvlist_value.values.extend(pairs(python))
    return result


def pairs(attributes):
    """KeyValues from a dict, or from a list of (key, value) where keys repeat."""
    items = attributes.items() if isinstance(attributes, dict) else attributes
    return [KeyValue(key=key, value=value(item)) for key, item in items]


def resource(service="shop", **attributes):
    return Resource(attributes=pairs({"service.name": service, **attributes}))


def logs(*records, resource_=None, scope=None):
    return ExportLogsServiceRequest(
        resource_logs=[
            ResourceLogs(
                resource=resource_ or resource(),
                scope_logs=[ScopeLogs(scope=scope or InstrumentationScope(name="lib"), log_records=records)],
            )
        ]
    )


def traces(*spans, resource_=None, scope=None):
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=resource_ or resource(),
                scope_spans=[ScopeSpans(scope=scope or InstrumentationScope(name="lib"), spans=spans)],
            )
        ]
    )


def metric_request(*items, resource_=None, scope=None):
    return ExportMetricsServiceRequest(
        resource_metrics=[
            metrics.ResourceMetrics(
                resource=resource_ or resource(),
                scope_metrics=[
                    metrics.ScopeMetrics(scope=scope or InstrumentationScope(name="lib"), metrics=items)
                ],
            )
        ]
    )


def gauge(*points, name="temperature", **fields):
    return metrics.Metric(name=name, gauge=metrics.Gauge(data_points=points), **fields)


def log(**fields):
    fields.setdefault("time_unix_nano", TIME)
    return LogRecord(**fields)


def span(**fields):
    fields.setdefault("start_time_unix_nano", TIME)
    fields.setdefault("end_time_unix_nano", TIME + 1_500_000)
    return Span(**fields)


def double(bits):
    """The double with these 64 bits."""
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


DOUBLES = [
    0.0, -0.0, 1.0, -1.0, 0.1, -2.5, 1 / 3, 100.0, 1e20, 123456789012345680000.0, 1e21, -1e21, 1e22, 1.5e300,
    1e-6, 1e-7, 1.5e-7, 123e-20, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308,
    1.7976931348623157e308, 2.0**53, 2.0**53 + 2, 2.0**63, 2.0**64, 4.35, 9007199254740993.0,
    float("inf"), float("-inf"), float("nan"),
    double(0xFFF8000000000000),  # NaN, negative
    double(0x7FF8000000ABCDEF),  # NaN with a payload
    double(0x7FF0000000000123),  # signalling NaN
    double(0xFFF4000000000001),  # signalling NaN, negative
]

INTEGERS = [
    0, 1, -1, 127, 128, 2**31 - 1, -(2**31), 2**31, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, I64_MAX, I64_MIN,
]

STRINGS = [
    "", " ", "plain", 'quote " slash / backslash \\', "".join(map(chr, range(0x20))) + "\x7f", "a\x00b",
    "caf\u00e9 \u6f22\u5b57 \U0001f600 \u2028\u2029\ufeff\ufffd\uffff\U0010ffff", "e\u0301",
    "<a href='x'>&amp;</a>", "true", "NaN", "-0", "1e21", "[1]", "{}", "null",
    "x" * 63, "x" * 64, "x" * 65, "\u6f22" * 22, "y" * 70_000,
]

BYTES = [b"", b"\x00", b"\xff\xfe", bytes(range(256)), b"text", b"ab"]

NESTED = [
    [], {}, [[]], [{}], {"": None}, [None, None], [1, "1", 1.0, True, None, b"\x01"],
    {"a": {"b": {"c": [1, [2, [3]]]}}}, [True, False],
    list(DOUBLES), list(INTEGERS), list(STRINGS[:-1]), list(BYTES),
    {key: index for index, key in enumerate(STRINGS[:-1])},
]


def every_value():
    """AnyValues of every kind; the last repeats keys within a nested kvlist."""
    repeated = value({})
    repeated.kvlist_value.values.extend(
        pairs([("k", 1), ("k", 2.0), ("", "x"), ("", b"y"), ("k", {"k": "k"})])
    )
    scalars = [None, True, False, *INTEGERS, *DOUBLES, *STRINGS, *BYTES]
    return [value(python) for python in scalars + NESTED] + [repeated]


def every_attribute(prefix=""):
    return [KeyValue(key=f"{prefix}{index}", value=item) for index, item in enumerate(every_value())]


def repeated_keys():
    """Attribute lists whose keys repeat, with values of every type among the later ones."""
    return [
        pairs([("a", "1"), ("a", "2")]),
        pairs([("", "empty"), ("", "again"), ("x", 1), ("", None)]),
        pairs([("a", 1), ("b", "b"), ("a", 2.5), ("b", True), ("a", b"\xff"), ("c", None), ("a", [b"\0", None])]),
        pairs([("k", None), *(("k", item) for item in every_value())]),
    ]


IDS = [
    b"", bytes(3), bytes(8), bytes(16), bytes(32), SPAN_ID, TRACE_ID[:9], TRACE_ID, TRACE_ID * 2,
    b"\x01", b"\x00" * 7 + b"\x80", bytes(15) + b"\x01", b"\xff" * 16,
]

TIMES = [
    0, 1, 999, 1000, 1001, HOUR - 1, HOUR, HOUR_START - 1, HOUR_START, HOUR_START + 1, TIME,
    2**53 + 1, 2**63 - 1, 2**63, U64_MAX - 1, U64_MAX,
]
