"""Small OTLP requests, made with Google's protobuf classes."""

import json
import struct

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
SECOND = 1_000_000_000
HOUR = 3600 * SECOND

# One record with a field of a newer OTLP and nothing else: nothing in it tells a signal.
TELLS_NOTHING = bytes.fromhex("0a 07 12 05 12 03 9003 01")


def _service(resource, name):
    resource.attributes.add(key="service.name").value.string_value = name


def logs(count, service="shop", start=START, step=SECOND, body="hello"):
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    _service(group.resource, service)
    scope = group.scope_logs.add()
    scope.scope.name = "tests"
    for i in range(count):
        record = scope.log_records.add(time_unix_nano=start + i * step, severity_number=9, severity_text="INFO")
        record.body.string_value = f"{body} {i}"
        record.attributes.add(key="index").value.int_value = i
    return request.SerializeToString()


def cut_off(count=3):
    """Log records, the body of the last of which claims to be longer than it is; and where it says so."""
    request = bytearray(logs(count))
    at = request.rindex(b"hello") - 1
    request[at] = 0x7F
    return bytes(request), at


CUT_OFF, CUT_OFF_AT = cut_off()


def traces(count, service="shop", start=START):
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    _service(group.resource, service)
    scope = group.scope_spans.add()
    for i in range(count):
        span = scope.spans.add(
            trace_id=bytes([i % 255 + 1]) * 16,
            span_id=bytes([i % 255 + 1]) * 8,
            name=f"operation {i}",
            kind=2,
            start_time_unix_nano=start + i * SECOND,
            end_time_unix_nano=start + i * SECOND + 5,
        )
        span.events.add(name="event", time_unix_nano=start).attributes.add(key="k").value.string_value = "v"
        span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    return request.SerializeToString()


def metrics(start=START):
    """One point of each of the five tables."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    _service(group.resource, "shop")
    scope = group.scope_metrics.add()
    scope.metrics.add(name="g").gauge.data_points.add(time_unix_nano=start, as_double=1.5)
    scope.metrics.add(name="s").sum.data_points.add(time_unix_nano=start, as_int=7).exemplars.add(
        time_unix_nano=start, as_int=3
    )
    scope.metrics.add(name="h").histogram.data_points.add(
        time_unix_nano=start, count=3, sum=6.0, bucket_counts=[1, 2], explicit_bounds=[0.5]
    )
    exponential = scope.metrics.add(name="e").exponential_histogram.data_points.add(
        time_unix_nano=start, count=1, scale=2
    )
    exponential.positive.bucket_counts.append(1)
    summary = scope.metrics.add(name="q").summary.data_points.add(time_unix_nano=start, count=2, sum=3.0)
    summary.quantile_values.add(quantile=0.5, value=1.5)
    return request.SerializeToString()


METRIC_TABLES = [
    "metrics_gauge",
    "metrics_sum",
    "metrics_histogram",
    "metrics_exponential_histogram",
    "metrics_summary",
]


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def as_json(request, kind=ExportLogsServiceRequest, indent=None):
    """The same request in JSON: int64 as strings, enums by name, ids in base64, as in protobuf's own mapping."""
    separators = (",", ":") if indent is None else None
    return json.dumps(MessageToDict(kind.FromString(request)), indent=indent, separators=separators).encode()


def big_endian(*requests):
    """As the Collector's file exporter writes them."""
    return b"".join(struct.pack(">I", len(request)) + request for request in requests)


def delimited(*requests):
    return b"".join(varint(len(request)) + request for request in requests)
