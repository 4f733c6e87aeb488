"""Requests made with Google's protobuf classes, and clients that are simpler than real ones."""

import gzip
import http.client
import json
import socket
import zlib

import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
COMPRESS = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


def logs(bodies, service="shop"):
    """A request with a log record for each body."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_logs.add()
    for i, body in enumerate(bodies):
        record = scope.log_records.add(time_unix_nano=START + i, severity_number=9)
        record.body.string_value = body
    return request


def spans(names):
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for i, name in enumerate(names):
        scope.spans.add(
            name=name,
            trace_id=bytes(range(16)),
            span_id=bytes(range(8)),
            start_time_unix_nano=START + i,
            end_time_unix_nano=START + i + 5,
        )
    return request


def gauge(name, values):
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=name)
    for i, value in enumerate(values):
        metric.gauge.data_points.add(time_unix_nano=START + i, as_double=value)
    return request


def as_json(request):
    """OTLP/JSON: ids in hex."""
    plain = json.loads(MessageToJson(request))
    for resource in plain.get("resourceSpans", []):
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                span["traceId"], span["spanId"] = bytes(range(16)).hex(), bytes(range(8)).hex()
    return json.dumps(plain).encode()


def ask(method, address, path, body=None, timeout=20, tls=None, **headers):
    """(status, headers in lower case, body) of one request on a connection of its own; tls is an SSLContext."""
    if tls:
        connection = http.client.HTTPSConnection(address, timeout=timeout, context=tls)
    else:
        connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def post(address, path, body, content_type=PROTOBUF, **options):
    return ask("POST", address, path, body, Content_Type=content_type, **options)


def dial(address, timeout=20):
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=timeout)


def read_answer(stream):
    """(status, headers, body) of one answer on a socket's file object."""
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        headers[name.decode().lower()] = value.strip().decode()
    return status, headers, stream.read(int(headers.get("content-length", 0)))
