"""Reads every sample with Google's protobuf, says what is in it, and fails when something expected is missing.

It is the check behind the README's table: each file's requests, groups, records and hours, and the set of OTLP
features that the file shows (which attribute types, which members are present). EXPECTED names, per file, the
features that make it worth shipping. A JSON file must say exactly what its protobuf twin says. It also looks for what
must not be in a published file: this machine's host name, user or home folder.

    summary.py DIR          (needs opentelemetry-proto, and read access only)
"""
import base64
import collections
import datetime
import getpass
import json
import math
import os
import socket
import sys

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {"logs": ExportLogsServiceRequest, "metrics": ExportMetricsServiceRequest, "traces": ExportTraceServiceRequest}
FIRST_MEMBER = {"resourceLogs": "logs", "resourceMetrics": "metrics", "resourceSpans": "traces"}
TOTAL_LIMIT = 1_000_000

SHOP_TYPES = "string bool int double bytes array kvlist"
SHOP_TRACES = (
    f"{SHOP_TYPES} empty array[] resources>1 scopes>1 resource.schema_url scope.schema_url scope.attributes kind:1 kind:2"
    " kind:3 kind:4 kind:5 status:0 status:1 status:2 status.message events event.attributes exception links"
    " link.attributes trace_state parent flags remote span.dropped span.dropped_events span.dropped_links event.dropped"
)
SHOP_LOGS = (
    f"{SHOP_TYPES} resources>1 scopes>1 event_name trace_id severity_text exception no_time no_severity no_attributes"
    " log.dropped body:string body:bool body:int body:double body:bytes body:array body:kvlist body:empty"
)
SHOP_METRICS = (
    f"{SHOP_TYPES} gauge sum histogram exponential_histogram monotonic non_monotonic as_int as_double exemplars"
    " exemplar.as_int exemplar.as_double exemplar.filtered exemplar.trace_id min max zero_count delta cumulative"
    " description unit scope.schema_url resource.schema_url scope.attributes"
)
GENERATED_TYPES = "string bool int array"
EXPECTED = {
    "python_sdk_traces.pb": SHOP_TRACES,
    "python_sdk_logs.pb": SHOP_LOGS,
    "python_sdk_metrics.pbs": SHOP_METRICS,
    "telemetrygen_traces.pb": f"{GENERATED_TYPES} links status:2 kind:2 kind:3 parent flags",
    "telemetrygen_logs.pb": f"{GENERATED_TYPES} trace_id span_id severity_text body:string",
    "telemetrygen_metrics.pbs": f"{GENERATED_TYPES} gauge sum histogram exponential_histogram exemplars exemplar.trace_id",
    "collector_host_metrics.pb": "gauge sum as_int as_double non_monotonic monotonic description unit scopes>1",
    "collector_filelog_logs.pb": "string int double bool kvlist array body:string body:kvlist trace_id severity_text"
    " resources>1 hours>2",
    "collector_statsd_metrics.pb": "summary quantiles sum gauge exponential_histogram histogram delta zero_count negative",
    "collector_gateway_traces.pb": SHOP_TRACES.replace(" empty ", " "),
    "collector_gateway_logs.pb": SHOP_LOGS,
    "collector_gateway_metrics.pb": SHOP_METRICS,
    "collector_twins_traces.pb": SHOP_TRACES,
    "collector_twins_logs.pb": SHOP_LOGS,
    "collector_twins_metrics.pbs": SHOP_METRICS.replace(" zero_count ", " "),
    "collector_file_traces.pbs": "string int array links status:1 status:2 parent",
    "collector_file_logs.pbs": "string int array severity_text body:string",
    "collector_file_metrics.pbs": "string int array gauge sum histogram exponential_histogram",
}
# Each JSON file, and the protobuf files that hold the same requests.
TWINS = {
    "collector_statsd_metrics.json": ["collector_statsd_metrics.pb"],
    "collector_twins_traces.json": ["collector_twins_traces.pb"],
    "collector_twins_logs.json": ["collector_twins_logs.pb"],
    "collector_twins_metrics.jsonl": ["collector_twins_metrics.pbs"],
    "collector_file.jsonl": [f"collector_file_{signal}.pbs" for signal in REQUESTS],
}


def requests_of(path, message):
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".pb"):
        return [message.FromString(data)]
    found, at = [], 0
    while at < len(data):
        size, at = varint(data, at)
        if at + size > len(data):
            raise DecodeError(f"a request of {size} bytes at {at} goes past the end")
        found.append(message.FromString(data[at : at + size]))
        at += size
    return found


def json_requests_of(path):
    """A JSON file's requests by signal."""
    with open(path, encoding="utf-8") as f:
        texts = f.readlines() if path.endswith(".jsonl") else [f.read()]
    found = collections.defaultdict(list)
    for text in texts:
        request = json.loads(text)
        signal = FIRST_MEMBER[next(iter(request))]
        found[signal].append(json_format.ParseDict(with_base64_ids(request), REQUESTS[signal]()))
    return found


def with_base64_ids(value):
    """OTLP writes ids as hex, protobuf's JSON reader wants base64."""
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        name: base64.b64encode(bytes.fromhex(item)).decode() if name in ids else with_base64_ids(item)
        for name, item in value.items()
    }


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


class Summary:
    """Counts and features of one file."""

    def __init__(self, signal):
        self.signal = signal
        self.count = collections.Counter()
        self.features = set()
        self.services = set()
        self.hours = set()

    def mark(self, **present):
        """mark(a_b=x) has the feature a.b when x is true."""
        self.features.update(name.replace("__", ".") for name, value in present.items() if value)

    def request(self, request):
        field = {"logs": "resource_logs", "metrics": "resource_metrics", "traces": "resource_spans"}[self.signal]
        self.count["requests"] += 1
        for group in getattr(request, field):
            self.group(group, field.replace("resource", "scope"))

    def group(self, group, field):
        self.count["resources"] += 1
        self.mark(resource__schema_url=group.schema_url)
        self.attributes(group.resource.attributes)
        self.services.update(a.value.string_value for a in group.resource.attributes if a.key == "service.name")
        for scope in getattr(group, field):
            self.count["scopes"] += 1
            self.mark(scope__schema_url=scope.schema_url, scope__attributes=scope.scope.attributes)
            self.attributes(scope.scope.attributes)
            records = {"logs": "log_records", "metrics": "metrics", "traces": "spans"}[self.signal]
            for record in getattr(scope, records):
                getattr(self, self.signal)(record)

    def attributes(self, attributes):
        for attribute in attributes:
            self.value(attribute.value)

    def value(self, value):
        kind = (value.WhichOneof("value") or "empty").removesuffix("_value")
        self.features.add(kind)
        if kind == "array":
            self.mark(**{"array[]": not value.array_value.values})
            for item in value.array_value.values:
                self.value(item)
        if kind == "kvlist":
            self.attributes(value.kvlist_value.values)
        return kind

    def record(self, nanos):
        self.count["records"] += 1
        self.hours.add(nanos // 3_600_000_000_000)

    def logs(self, log):
        self.record(log.time_unix_nano or log.observed_time_unix_nano)
        self.features.add("body:" + self.value(log.body))
        self.attributes(log.attributes)
        self.mark(
            event_name=log.event_name,
            trace_id=log.trace_id,
            span_id=log.span_id,
            severity_text=log.severity_text,
            exception=any(a.key == "exception.stacktrace" for a in log.attributes),
            no_time=not log.time_unix_nano,
            no_severity=not log.severity_number,
            no_attributes=not log.attributes,
            log__dropped=log.dropped_attributes_count,
        )

    def traces(self, span):
        self.record(span.start_time_unix_nano)
        self.attributes(span.attributes)
        self.features.update((f"kind:{span.kind}", f"status:{span.status.code}"))
        self.mark(
            status__message=span.status.message,
            events=span.events,
            links=span.links,
            trace_state=span.trace_state,
            parent=span.parent_span_id,
            flags=span.flags,
            remote=span.flags & 0x200,
            span__dropped=span.dropped_attributes_count,
            span__dropped_events=span.dropped_events_count,
            span__dropped_links=span.dropped_links_count,
        )
        for event in span.events:
            self.count["events"] += 1
            self.attributes(event.attributes)
            self.mark(
                event__attributes=event.attributes,
                event__dropped=event.dropped_attributes_count,
                exception=event.name == "exception",
            )
        for link in span.links:
            self.count["links"] += 1
            self.attributes(link.attributes)
            self.mark(link__attributes=link.attributes)

    def metrics(self, metric):
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        self.mark(**{kind: True}, description=metric.description, unit=metric.unit, metadata=metric.metadata)
        if hasattr(data, "aggregation_temporality"):
            self.features.add(("unspecified", "delta", "cumulative")[data.aggregation_temporality])
        if kind == "sum":
            self.features.add("monotonic" if data.is_monotonic else "non_monotonic")
        for point in data.data_points:
            self.count[kind] += 1
            self.record(point.time_unix_nano)
            self.attributes(point.attributes)
            getattr(self, kind)(point)
            for exemplar in getattr(point, "exemplars", ()):
                self.exemplar(exemplar)

    def gauge(self, point):
        self.mark(**{point.WhichOneof("value") or "no_value": True}, NaN=math.isnan(point.as_double))

    sum = gauge

    def histogram(self, point):
        self.mark(min=point.HasField("min"), max=point.HasField("max"), sum_absent=not point.HasField("sum"))

    def exponential_histogram(self, point):
        self.histogram(point)
        self.mark(zero_count=point.zero_count, negative=any(point.negative.bucket_counts))

    def summary(self, point):
        self.mark(quantiles=point.quantile_values)

    def exemplar(self, exemplar):
        self.count["exemplars"] += 1
        self.attributes(exemplar.filtered_attributes)
        self.mark(
            exemplars=True,
            exemplar__filtered=exemplar.filtered_attributes,
            exemplar__trace_id=exemplar.trace_id,
            **{f"exemplar__{exemplar.WhichOneof('value')}": True},
        )

    def finish(self):
        for name in ("resources", "scopes"):
            self.mark(**{f"{name}>1": self.count[name] > self.count["requests"]})
        self.mark(**{"hours>2": len(self.hours) > 2})


def strings_of(message):
    for field, value in message.ListFields():
        values = value if isinstance(value, collections.abc.Iterable) and not isinstance(value, (str, bytes)) else [value]
        for item in values:
            if hasattr(item, "ListFields"):
                yield from strings_of(item)
            elif isinstance(item, str):
                yield item


def leaks(request):
    """Strings that tell of the machine that made the capture."""
    home, host, user = os.path.expanduser("~"), socket.gethostname(), getpass.getuser()
    return {s for s in strings_of(request) if home + "/" in s or s in (host, user, home)}


def report(name, size, summary):
    hours = [datetime.datetime.fromtimestamp(h * 3600, datetime.UTC).strftime("%Y-%m-%dT%H") for h in sorted(summary.hours)]
    counts = " ".join(f"{key}={value}" for key, value in summary.count.items())
    print(f"{name}: bytes={size} {counts}")
    print(f"    services: {', '.join(sorted(summary.services)) or '-'}; hours: {', '.join(hours)}")
    print(f"    features: {' '.join(sorted(summary.features))}")


def check(folder, name, expected):
    path = os.path.join(folder, name)
    summary = Summary(name.rpartition("_")[2].partition(".")[0])
    faults = []
    for request in requests_of(path, REQUESTS[summary.signal]):
        summary.request(request)
        faults += [f"{name}: tells of this machine: {text!r}" for text in sorted(leaks(request))]
    summary.finish()
    report(name, os.path.getsize(path), summary)
    faults += [f"{name}: lacks {feature}" for feature in expected.split() if feature not in summary.features]
    if not summary.count["records"]:
        faults.append(f"{name}: has no records")
    return faults


def check_twins(folder, name):
    """The requests of a JSON file are those of its twins, in their order."""
    found = json_requests_of(os.path.join(folder, name))
    size, requests = os.path.getsize(os.path.join(folder, name)), sum(map(len, found.values()))
    print(f"{name}: bytes={size} requests={requests}")
    faults = []
    for twin in TWINS[name]:
        signal = twin.rpartition("_")[2].partition(".")[0]
        if found.pop(signal, []) != requests_of(os.path.join(folder, twin), REQUESTS[signal]):
            faults.append(f"{name}: is not what {twin} says")
    return faults + [f"{name}: has {signal} without a twin" for signal in found]


def main():
    folder = sys.argv[1]
    found = {name for name in os.listdir(folder) if name.endswith((".pb", ".pbs", ".json", ".jsonl"))}
    expected = EXPECTED.keys() | TWINS.keys()
    faults = [f"{name}: is not there" for name in sorted(expected - found)]
    faults += [f"{name}: is not expected" for name in sorted(found - expected)]
    for name in sorted(found & EXPECTED.keys()):
        faults += check(folder, name, EXPECTED[name])
    for name in sorted(found & TWINS.keys()):
        faults += check_twins(folder, name)
    total = sum(os.path.getsize(os.path.join(folder, name)) for name in found)
    print(f"total: files={len(found)} bytes={total}")
    if total >= TOTAL_LIMIT:
        faults.append(f"{total} bytes in all, {TOTAL_LIMIT} is the limit")
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
