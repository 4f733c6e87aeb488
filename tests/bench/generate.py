#!/usr/bin/env python3
"""Generates busy telemetry: what a fleet of services sends, from a seed, as one request a signal.

  tests/bench/generate.py FOLDER     writes batched_logs.pb, batched_traces.pb, batched_metrics.pb

The same seed gives the same bytes on every machine: no clock and nothing else of the machine goes into them.
What is in them, and why, is in README.md beside this file.

An SDK's batch is one ResourceLogs (ResourceSpans, ResourceMetrics): one process's resource and up to 512
records, grouped by scope. A request here is all of the fleet's batches in the order in which they were sent,
as a gateway has them that collects for seconds before it writes.
"""

import math
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

SEED = 1
LOGS, SPANS, POINTS = 50_000, 20_000, 35_000

MICROSECOND, MILLISECOND, SECOND = 10**3, 10**6, 10**9
START = 1_772_366_400 * SECOND  # 2026-03-01T12:00:00Z
MOST_IN_A_BATCH = 512  # as the SDKs' batch processors have it, and their delays
LOG_DELAY, SPAN_DELAY, COLLECTION = 1 * SECOND, 5 * SECOND, 60 * SECOND

SERVICES = (
    "frontend gateway checkout cart catalog payment shipping inventory pricing search recommendation account "
    "session notification email billing ledger fraud-detection image-resizer feature-flags geocoder quote "
    "exporter scheduler"
).split()
LANGUAGES = ("java", "go", "python", "nodejs", "dotnet", "rust")
ROUTES = tuple(
    f"/api/v{version}/{thing}{rest}"
    for version in (1, 2)
    for thing in ("orders", "users", "products", "carts", "payments", "shipments", "sessions", "invoices")
    for rest in ("", "/{id}", "/{id}/items")
)
METHODS = ("GET", "GET", "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE")
CODES = (200, 200, 200, 200, 200, 200, 201, 204, 304, 400, 404, 409, 429, 500, 503)
TOPICS = ("orders", "payments", "stock", "mail", "audit")
TABLES = ("orders", "order_items", "customers", "products", "payments", "sessions")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/13{n}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{n} like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "okhttp/4.12.{n}",
    "python-requests/2.32.{n}",
    "Go-http-client/1.{n}",
)
EXCEPTIONS = (
    "java.net.SocketTimeoutException",
    "java.lang.IllegalStateException",
    "java.sql.SQLTransientException",
    "io.grpc.StatusRuntimeException",
    "com.example.shop.OutOfStockException",
)
FRAMES = tuple(
    "Handler.handle Client.send Retry.call Store.load Pool.take Filter.apply "
    "Router.route Codec.decode Worker.run Cache.compute Tx.commit Loop.poll".split()
)


class Chance(random.Random):
    """Random values of the kinds that telemetry has. Their arithmetic is what IEEE 754 rounds exactly, so
    that no machine's mathematics show in the bytes."""

    def hex(self, digits):
        return f"{self.getrandbits(4 * digits):0{digits}x}"

    def uuid(self):
        digits = self.hex(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def address(self):
        return f"10.{self.getrandbits(8)}.{self.getrandbits(8)}.{self.getrandbits(8)}"

    def gap(self, mean):
        """Nanoseconds between events, up to twice the mean."""
        return int(2 * mean * self.random())

    def latency(self, typical):
        """Nanoseconds that work takes: mostly about as long as is typical, seldom far longer."""
        return int(0.7 * typical / math.sqrt(1 - self.random()))

    def pick(self, choices):
        return choices[int(self.random() * len(choices))]

    def often(self, probability):
        return self.random() < probability

    def path(self, route):
        return route.replace("{id}", self.uuid())

    def stack(self):
        """A stack trace: the same few frames in any order, at lines that differ."""
        frames = []
        for method in self.sample(FRAMES, 9):
            at = f"{self.pick(SERVICES)}.{method}({method.split('.')[0]}.java:{self.getrandbits(9)})"
            frames.append(f"\tat com.example.shop.{at}")
        return "\n".join(frames)


def put(attributes, pairs):
    """Adds (key, value) pairs, each value by its Python type."""
    for key, value in pairs:
        target = attributes.add(key=key).value
        if isinstance(value, bool):
            target.bool_value = value
        elif isinstance(value, int):
            target.int_value = value
        elif isinstance(value, float):
            target.double_value = value
        elif isinstance(value, str):
            target.string_value = value
        else:
            for item in value:
                target.array_value.values.add(string_value=item)


# ---- the fleet and its batches --------------------------------------------------------------------------


@dataclass
class Process:
    """One running instance of a service. The earlier in the fleet, the busier it is."""

    service: str
    resource: Resource
    scopes: tuple
    waiting: list = field(default_factory=list)  # (scope's index, record), not exported yet
    since: int = 0  # when the first of them came


def make_process(chance, service):
    resource, language = Resource(), chance.pick(LANGUAGES)
    pod = f"{service}-{chance.hex(10)}-{chance.hex(5)}"
    put(
        resource.attributes,
        [
            ("service.name", service),
            ("service.namespace", "shop"),
            ("service.instance.id", chance.uuid()),
            ("service.version", f"{chance.getrandbits(2)}.{chance.getrandbits(4)}.{chance.getrandbits(3)}"),
            ("deployment.environment.name", "production"),
            ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.language", language),
            ("telemetry.sdk.version", "1.39.0"),
            ("k8s.namespace.name", "shop"),
            ("k8s.pod.name", pod),
            ("k8s.pod.uid", chance.uuid()),
            ("k8s.node.name", f"node-{chance.getrandbits(4)}.eu-central-1.compute.internal"),
            ("host.name", pod),
            ("container.id", chance.hex(64)),
            ("process.pid", 1 + chance.getrandbits(15)),
            ("process.command_args", [f"/app/{service}", "--config", "/etc/app.yaml"]),
        ],
    )
    scopes = tuple((f"io.opentelemetry.{language}.{part}", "2.14.0") for part in ("http", "db", service))
    return Process(service, resource, scopes)


def make_fleet(chance):
    return [make_process(chance, chance.pick(SERVICES)) for _ in range(80)]


def busy_one(chance, fleet):
    """Of a fleet of 80, the first does a ninth of all there is to do, the last a 160th."""
    share = chance.random()
    return fleet[int(len(fleet) * share * share)]


def send(request, process, kind):
    """Exports what a process has waiting: appends its batch to the request. kind: "logs", "spans"."""
    batch = getattr(request, f"resource_{kind}").add()
    batch.resource.CopyFrom(process.resource)
    batch.schema_url = "https://opentelemetry.io/schemas/1.37.0"
    groups, records = {}, "log_records" if kind == "logs" else kind
    for scope, record in process.waiting:
        if scope not in groups:
            groups[scope] = getattr(batch, f"scope_{kind}").add()
            groups[scope].scope.name, groups[scope].scope.version = process.scopes[scope]
        getattr(groups[scope], records).append(record)
    process.waiting = []


def export(request, fleet, stream, kind, delay):
    """Takes (time, process, scope's index, record) in the order of time, and sends a process's records when
    there are 512 of them or the first has waited for the delay."""
    for time, process, scope, record in stream:
        if process.waiting and (len(process.waiting) == MOST_IN_A_BATCH or time - process.since > delay):
            send(request, process, kind)
        if not process.waiting:
            process.since = time
        process.waiting.append((scope, record))
    for process in fleet:
        if process.waiting:
            send(request, process, kind)


# ---- logs -----------------------------------------------------------------------------------------------


def body(chance):
    """A line of text: one of the program's sentences, and in it what makes it that line and no other."""
    number, time = chance.getrandbits(14), chance.latency(12 * MILLISECOND) / 1e6
    kind = chance.getrandbits(3)
    if kind == 0:
        code = chance.pick(CODES)
        return f"{chance.pick(METHODS)} {chance.path(chance.pick(ROUTES))} {code} {number} {time:.3f} ms"
    if kind == 1:
        user = chance.uuid()
        order = chance.getrandbits(40)
        return f"user {user} placed order {order} of {number % 9 + 1} items, {time:.2f} EUR"
    if kind == 2:
        key = f"{chance.pick(TABLES)}:{chance.uuid()}"
        return f"cache miss for {key}, fetched {number} bytes in {time:.3f} ms"
    if kind == 3:
        query = f"SELECT * FROM {chance.pick(TABLES)} WHERE id = '{chance.uuid()}'"
        return f"slow query: {query} took {time:.1f} ms, {number} rows"
    if kind == 4:
        offset = chance.getrandbits(36)
        return f"consumed {chance.uuid()} from {chance.pick(TOPICS)}[{number % 24}] at offset {offset}"
    if kind == 5:
        peer = f"{chance.address()}:{1024 + number}"
        return f"connection to {peer} closed after {time:.3f} ms, {number} bytes sent"
    if kind == 6:
        return f"token {chance.hex(40)} renewed for session {chance.hex(32)} of {chance.address()}"
    path = chance.path(chance.pick(ROUTES))
    return f"retry {number % 5 + 1} of {path} in {time:.0f} ms: upstream {chance.address()}"


def log_attributes(chance, error):
    pairs = [
        ("thread.name", f"worker-{chance.getrandbits(5)}"),
        ("code.line.number", chance.getrandbits(10)),
        ("code.function.name", f"com.example.shop.{chance.pick(TABLES)}.Handler.handle"),
    ]
    if chance.often(0.6):
        pairs += [
            ("request.id", chance.uuid()),
            ("user.id", f"u-{chance.getrandbits(32)}"),
            ("client.address", chance.address()),
            ("http.request.method", chance.pick(METHODS)),
            ("http.response.status_code", chance.pick(CODES)),
            ("duration_ms", chance.latency(8 * MILLISECOND) / 1e6),
            ("cached", chance.often(0.5)),
        ]
    if error:
        pairs += [
            ("exception.type", chance.pick(EXCEPTIONS)),
            ("exception.message", f"no answer for {chance.uuid()}"),
            ("exception.stacktrace", chance.stack()),
        ]
    return pairs


SEVERITIES = ((5, "DEBUG", 0.15), (9, "INFO", 0.75), (13, "WARN", 0.06), (17, "ERROR", 0.04))


def severity(chance):
    left = chance.random()
    for number, text, share in SEVERITIES:
        left -= share
        if left < 0:
            break
    return number, text


def log_stream(chance, fleet):
    time = START
    for _ in range(LOGS):
        time += chance.gap(120 * MICROSECOND)  # 8,300 a second
        number, text = severity(chance)
        record = LogRecord(
            time_unix_nano=time,
            observed_time_unix_nano=time + chance.gap(50 * MICROSECOND),
            severity_number=number,
            severity_text=text,
        )
        record.body.string_value = body(chance)
        put(record.attributes, log_attributes(chance, number >= 17 and chance.often(0.7)))
        if chance.often(0.7):
            record.trace_id, record.span_id, record.flags = chance.randbytes(16), chance.randbytes(8), 1
        yield time, busy_one(chance, fleet), chance.getrandbits(2) % 3, record


def make_logs():
    chance = Chance(SEED)
    fleet, request = make_fleet(chance), ExportLogsServiceRequest()
    export(request, fleet, log_stream(chance, fleet), "logs", LOG_DELAY)
    return request


# ---- spans ----------------------------------------------------------------------------------------------


def server_attributes(chance, route):
    return [
        ("http.request.method", chance.pick(METHODS)),
        ("http.route", route),
        ("url.path", chance.path(route)),
        ("url.scheme", "https"),
        ("http.response.status_code", chance.pick(CODES)),
        ("client.address", chance.address()),
        ("network.peer.port", 1024 + chance.getrandbits(15)),
        ("user_agent.original", chance.pick(AGENTS).format(n=chance.getrandbits(3))),
        ("user.id", f"u-{chance.getrandbits(32)}"),
        ("thread.id", chance.getrandbits(7)),
    ]


def database_attributes(chance, table):
    return [
        ("db.system.name", "postgresql"),
        ("db.namespace", "shop"),
        ("db.operation.name", "SELECT"),
        ("db.collection.name", table),
        ("db.query.text", f"SELECT * FROM {table} WHERE id = '{chance.uuid()}'"),
        ("server.address", f"{table}-db.shop.svc.cluster.local"),
        ("server.port", 5432),
        ("db.response.returned_rows", chance.getrandbits(6)),
    ]


def message_attributes(chance, topic):
    return [
        ("messaging.system", "kafka"),
        ("messaging.destination.name", topic),
        ("messaging.message.id", chance.uuid()),
        ("messaging.kafka.offset", chance.getrandbits(36)),
        ("messaging.destination.partition.id", str(chance.getrandbits(4))),
    ]


def describe(chance, span):
    """Gives a span its kind, name and attributes; returns the index of the scope that makes such spans."""
    kind = chance.random() if span.parent_span_id else 0
    if kind < 0.45:
        span.kind = Span.SPAN_KIND_CLIENT if kind > 0.2 else Span.SPAN_KIND_SERVER
        route = chance.pick(ROUTES)
        put(span.attributes, server_attributes(chance, route))
        span.name = f"{span.attributes[0].value.string_value} {route}"
        return 0
    if kind < 0.75:
        span.kind, table = Span.SPAN_KIND_CLIENT, chance.pick(TABLES)
        span.name = f"SELECT {table}"
        put(span.attributes, database_attributes(chance, table))
        return 1
    if kind < 0.85:
        span.kind, topic = Span.SPAN_KIND_PRODUCER, chance.pick(TOPICS)
        span.name = f"send {topic}"
        put(span.attributes, message_attributes(chance, topic))
        return 0
    span.kind, span.name = Span.SPAN_KIND_INTERNAL, f"{chance.pick(TABLES)}.load"
    put(
        span.attributes,
        [("items", chance.getrandbits(5)), ("key", chance.uuid()), ("hit", chance.often(0.5))],
    )
    return 2


def annotate(chance, span):
    """Events, links and a status, for those that have them."""
    middle = (span.start_time_unix_nano + span.end_time_unix_nano) // 2
    if chance.often(0.15):
        event = span.events.add(name="message", time_unix_nano=middle)
        put(event.attributes, [("message.id", chance.uuid()), ("message.size", chance.getrandbits(12))])
    if chance.often(0.03):
        span.status.code, span.status.message = Status.STATUS_CODE_ERROR, f"no answer for {chance.uuid()}"
        event = span.events.add(name="exception", time_unix_nano=middle)
        put(
            event.attributes,
            [
                ("exception.type", chance.pick(EXCEPTIONS)),
                ("exception.message", span.status.message),
                ("exception.stacktrace", chance.stack()),
            ],
        )
    if chance.often(0.03):
        link = span.links.add(trace_id=chance.randbytes(16), span_id=chance.randbytes(8), flags=1)
        put(link.attributes, [("messaging.message.id", chance.uuid())])


def make_span(chance, trace_id, parent, time):
    """A root span without a parent, else one inside its parent's time."""
    length = chance.latency(80 * MILLISECOND)
    if parent:
        outer = parent.end_time_unix_nano - parent.start_time_unix_nano
        time, length = parent.start_time_unix_nano + chance.gap(outer / 8), chance.latency(outer / 4)
    return Span(
        trace_id=trace_id,
        span_id=chance.randbytes(8),
        parent_span_id=parent.span_id if parent else b"",
        start_time_unix_nano=time,
        end_time_unix_nano=time + length,
        flags=0x101,
    )


def make_trace(chance, fleet, time):
    """One trace's spans, each as (end, process, scope's index, span): a tree over several processes."""
    trace_id, spans = chance.randbytes(16), []
    for _ in range(min(chance.latency(6), 60)):
        _, process, _, parent = chance.pick(spans) if spans else (0, None, 0, None)
        span = make_span(chance, trace_id, parent, time)
        if not process or chance.often(0.4):
            process = busy_one(chance, fleet)
        scope = describe(chance, span)
        annotate(chance, span)
        spans.append((span.end_time_unix_nano, process, scope, span))
    return spans


def make_traces():
    chance = Chance(SEED + 1)
    fleet, request = make_fleet(chance), ExportTraceServiceRequest()
    time, spans = START, []
    while len(spans) < SPANS:
        time += chance.gap(5 * MILLISECOND)  # 200 traces a second
        spans += make_trace(chance, fleet, time)
    stream = sorted(spans[:SPANS], key=lambda entry: entry[0])
    export(request, fleet, stream, "spans", SPAN_DELAY)
    return request


# ---- points ---------------------------------------------------------------------------------------------

BOUNDS = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.25,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
)  # of the HTTP conventions
CUMULATIVE = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
# name, unit, kind, how many series a process has of it
METRICS = (
    ("http.server.request.duration", "s", "histogram", 12),
    ("http.server.active_requests", "{request}", "sum", 6),
    ("http.client.request.duration", "s", "histogram", 8),
    ("http.server.response.body.size", "By", "sum", 12),
    ("db.client.operation.duration", "s", "exponential_histogram", 5),
    ("db.client.connection.count", "{connection}", "sum", 4),
    ("shop.orders", "{order}", "sum", 14),
    ("shop.revenue", "EUR", "sum", 14),
    ("queue.lag", "{message}", "gauge", 10),
    ("process.cpu.utilization", "1", "gauge", 4),
    ("process.memory.usage", "By", "sum", 1),
    ("runtime.memory.used", "By", "gauge", 8),
    ("runtime.gc.pause", "s", "histogram", 2),
    ("cache.hit_ratio", "1", "gauge", 10),
)


def series_attributes(chance):
    """Who a series counts: the routes are few, the tenants and peers many."""
    return [
        ("http.route", chance.pick(ROUTES)),
        ("http.request.method", chance.pick(METHODS)),
        ("http.response.status_code", chance.pick(CODES)),
        ("server.address", chance.address()),
        ("tenant.id", chance.uuid()),
    ]


def add_exemplar(chance, point, time, value):
    exemplar = point.exemplars.add(
        time_unix_nano=time - chance.gap(SECOND),
        as_double=value,
        trace_id=chance.randbytes(16),
        span_id=chance.randbytes(8),
    )
    put(exemplar.filtered_attributes, [("user.id", f"u-{chance.getrandbits(32)}")])


def fill_number(chance, name, point):
    """Whole numbers and others, by the metric."""
    if name.endswith(("utilization", "ratio", "revenue")):
        point.as_double = chance.random() * 1000
    else:
        point.as_int = chance.getrandbits(30)


def fill_histogram(chance, point):
    values = [chance.latency(80 * MILLISECOND) / 1e9 for _ in range(4)]
    counts = [chance.getrandbits(10) for _ in BOUNDS] + [chance.getrandbits(3)]
    point.explicit_bounds.extend(BOUNDS)
    point.bucket_counts.extend(counts)
    point.count, point.sum = sum(counts), sum(counts) * values[0]
    point.min, point.max = min(values), max(values)


def fill_exponential(chance, point):
    counts = [chance.getrandbits(8) for _ in range(40)]
    point.scale, point.zero_count, point.positive.offset = 4, chance.getrandbits(3), -60
    point.positive.bucket_counts.extend(counts)
    point.count, point.sum = sum(counts) + point.zero_count, sum(counts) * chance.random()
    point.min, point.max = chance.random() / 100, 1 + chance.random()


def collect(chance, metrics, definition, series, time):
    """One metric of one collection, with a point for each of its series."""
    name, unit, kind, _ = definition
    metric = metrics.add(name=name, unit=unit, description=f"What {name} is, in a sentence of its own")
    data = getattr(metric, kind)
    if kind != "gauge":
        data.aggregation_temporality = CUMULATIVE
    if kind == "sum":
        data.is_monotonic = not name.endswith(("count", "usage", "requests"))
    for attributes in series:
        point = data.data_points.add(start_time_unix_nano=START, time_unix_nano=time)
        put(point.attributes, attributes)
        if kind == "histogram":
            fill_histogram(chance, point)
        elif kind == "exponential_histogram":
            fill_exponential(chance, point)
        else:
            fill_number(chance, name, point)
        if "histogram" in kind and chance.often(0.5):
            add_exemplar(chance, point, time, chance.random())


def make_metrics():
    chance = Chance(SEED + 2)
    fleet, request = make_fleet(chance), ExportMetricsServiceRequest()
    series = [
        [[series_attributes(chance) for _ in range(definition[3])] for definition in METRICS] for _ in fleet
    ]
    left, time = POINTS, START
    while left:
        time += COLLECTION
        for process, own in zip(fleet, series):
            batch = request.resource_metrics.add()
            batch.resource.CopyFrom(process.resource)
            scope = batch.scope_metrics.add()
            scope.scope.name, scope.scope.version = process.scopes[2]
            for definition, attributes in zip(METRICS, own):
                taken = attributes[:left]  # the last collection is cut short
                left -= len(taken)
                if taken:
                    collect(chance, scope.metrics, definition, taken, time + chance.gap(MILLISECOND))
            if not left:
                break
    return request


GENERATED = {"logs": make_logs, "traces": make_traces, "metrics": make_metrics}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: tests/bench/generate.py FOLDER")
    for signal, make in GENERATED.items():
        Path(sys.argv[1], f"batched_{signal}.pb").write_bytes(make().SerializeToString())


if __name__ == "__main__":
    main()
