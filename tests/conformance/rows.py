"""The rows a request must give: what is compared with what `rebuild` reads back from Parquet.

A Row is one log record, span or data point with all that belongs to it, as messages in serialized form, so
that equal means equal to the last bit. `expected_rows` reduces each message to what the tables keep by
RULINGS: no presence of empty messages, no all-zero ids, no unknown fields, values as their text keeps them.
"""

from typing import NamedTuple

from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from anyvalue_text import fold, settle, text_of

METRIC_TABLES = {
    "gauge": "metrics_gauge",
    "sum": "metrics_sum",
    "histogram": "metrics_histogram",
    "exponential_histogram": "metrics_exponential_histogram",
    "summary": "metrics_summary",
}
SERVICE_KEYS = ("service.name", "service.namespace", "service.instance.id")
HOUR = 3600 * 10**9


class Row(NamedTuple):
    table: str
    services: tuple  # ServiceName, ServiceNamespace, ServiceInstanceId
    time: int  # of the row: what it is filed and sorted by, Unix nanoseconds
    resource: bytes
    resource_schema_url: str
    scope: bytes
    scope_schema_url: str
    record: bytes  # a LogRecord, a Span, or a Metric with one data point

    def sort_key(self):
        return self.services[0].encode(), self.time


def expected_rows(signal, request):
    """All rows of a request, in its order. `request` is changed."""
    request.DiscardUnknownFields()
    groups, scopes, records = {
        "logs": ("resource_logs", "scope_logs", "log_records"),
        "traces": ("resource_spans", "scope_spans", "spans"),
        "metrics": ("resource_metrics", "scope_metrics", "metrics"),
    }[signal]
    rows_of = {"logs": _log_rows, "traces": _span_rows, "metrics": _metric_rows}[signal]
    rows = []
    for group in getattr(request, groups):
        services = service_columns(group.resource.attributes)
        resource = _kept(group.resource)
        for scope in getattr(group, scopes):
            around = (resource, group.schema_url, _kept(scope.scope), scope.schema_url)
            for record in getattr(scope, records):
                rows += [Row(table, services, time, *around, data) for table, time, data in rows_of(record)]
    return rows


def filed(rows, clustered=True):
    """The rows by file: {(table, hour): rows in the order they are stored in}, sorted or as they came."""
    files = {}
    for row in rows:
        files.setdefault((row.table, row.time // HOUR), []).append(row)
    if not clustered:
        return files
    return {place: sorted(members, key=Row.sort_key) for place, members in sorted(files.items())}


def service_columns(attributes):
    """The three service columns: the first occurrence of each key, as text."""
    first = {}
    for attribute in attributes:
        first.setdefault(attribute.key, attribute.value)
    return tuple(text_of(first[key]) if key in first else "" for key in SERVICE_KEYS)


# ---- rows of each signal -----------------------------------------------------------------------------


def _log_rows(record):
    return [("logs", record.time_unix_nano or record.observed_time_unix_nano, _kept(record))]


def _span_rows(span):
    return [("traces", span.start_time_unix_nano, _kept(span))]


def _metric_rows(metric):
    kind = metric.WhichOneof("data")
    if kind is None:
        return []
    points = list(getattr(metric, kind).data_points)
    about = Metric()
    about.CopyFrom(metric)
    getattr(about, kind).ClearField("data_points")
    keep(about)
    rows = []
    for point in points:
        single = Metric()
        single.CopyFrom(about)
        getattr(single, kind).data_points.append(point)
        keep(getattr(single, kind).data_points[0])
        rows.append((METRIC_TABLES[kind], point.time_unix_nano, serialized(single)))
    return rows


# ---- what is kept ------------------------------------------------------------------------------------

_ATTRIBUTE_LISTS = {"attributes", "metadata", "filtered_attributes"}
_IDS = {"trace_id", "span_id", "parent_span_id"}
_NO_PRESENCE = {"status", "positive", "negative"}  # an empty message here is as none


def _kept(message):
    keep(message)
    return serialized(message)


def serialized(message):
    return message.SerializeToString(deterministic=True)


def keep(message):
    """Reduces a message, in place, to what its row keeps of it."""
    for descriptor, value in message.ListFields():
        name = descriptor.name
        if name in _ATTRIBUTE_LISTS:
            keep_attributes(value)
        elif name == "body":
            fold(value)
        elif name in _IDS:
            if not any(value):
                message.ClearField(name)
        elif name in _NO_PRESENCE:
            if not value.ListFields():
                message.ClearField(name)
        elif descriptor.message_type:
            for item in value if descriptor.is_repeated else [value]:
                keep(item)


def keep_attributes(attributes):
    """First occurrences are kept as text, later ones of the same key as OTLP/JSON."""
    seen = set()
    for attribute in attributes:
        attribute.ClearField("key_strindex")
        attribute.value.SetInParent()
        (settle if attribute.key in seen else fold)(attribute.value)
        seen.add(attribute.key)
