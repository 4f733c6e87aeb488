"""From Parquet back to OTLP: every row of a table as the message it was made from.

This is the proof that nothing is lost, so it uses the file's columns alone, and it is strict: each text must
be the very text its value prints as, each derived column must agree with what it is derived from, and all
of DuplicateAttributes must find its place.
"""

import struct

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from anyvalue_text import load_json, parse, parse_otlp_json
from attribute_forms import attributes_of
from columns import read_canonical, to_rows
from rows import METRIC_TABLES, Row, serialized

U64 = 2**64
SPAN_KINDS = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
STATUS_CODES = ["Unset", "Ok", "Error"]


def rebuild_file(path, table):
    """The Rows of one file, in its order."""
    rebuild_record = {"logs": _log, "traces": _span}.get(table, _metric)
    return [_row(table, columns, rebuild_record) for columns in to_rows(read_canonical(path))]


def _row(table, columns, rebuild_record):
    moved = Moved(columns["DuplicateAttributes"])
    resource, scope = _resource(columns, moved), _scope(columns, moved)
    time, record = rebuild_record(table, columns, moved)
    moved.check_all_used()
    return Row(
        table,
        (columns["ServiceName"], columns["ServiceNamespace"], columns["ServiceInstanceId"]),
        time,
        serialized(resource),
        columns["ResourceSchemaUrl"],
        serialized(scope),
        columns["ScopeSchemaUrl"],
        serialized(record),
    )


# ---- attributes ----------------------------------------------------------------------------------------


class Moved:
    """The column DuplicateAttributes: attributes whose key their map held already."""

    def __init__(self, text):
        self.lists = {}
        assert text != "[]", "DuplicateAttributes is null when there are none"
        for entry in load_json(text) if text is not None else []:
            entry = dict(entry)
            assert set(entry) == {"path", "index", "key", "value"}, f"members of {entry}"
            places = self.lists.setdefault(entry["path"], {})
            assert int(entry["index"]) not in places, f"two entries at one place: {text[:200]}"
            places[int(entry["index"])] = KeyValue(key=entry["key"], value=parse_otlp_json(entry["value"]))

    def take(self, path):
        return self.lists.pop(path, {})

    def check_all_used(self):
        assert not self.lists, f"DuplicateAttributes names paths that do not exist: {sorted(self.lists)}"


def _attributes(columns, name, moved, within=""):
    """The original list of attributes: of a column, its ...Types companion and what was moved away."""
    kept = attributes_of(columns, name)
    duplicates = moved.take(within + name)
    if not duplicates:
        return kept
    return _merge(kept, duplicates)


def _merge(kept, duplicates):
    """Both lists in one, each duplicate at its index, and each after the first of its key."""
    kept, result, seen = iter(kept), [], set()
    total = len(duplicates)
    while True:
        attribute = duplicates.get(len(result)) or next(kept, None)
        if attribute is None:
            break
        assert (attribute.key in seen) == (
            len(result) in duplicates
        ), f"{attribute.key!r} is in the wrong column"
        total -= len(result) in duplicates
        seen.add(attribute.key)
        result.append(attribute)
    assert total == 0, "DuplicateAttributes has an index past the end of its list"
    return result


# ---- resource and scope ----------------------------------------------------------------------------------


def _resource(columns, moved):
    resource = Resource(
        attributes=_attributes(columns, "ResourceAttributes", moved),
        dropped_attributes_count=columns["ResourceDroppedAttributesCount"],
    )
    refs = columns["ResourceEntityRefs"]
    assert refs != "[]", "ResourceEntityRefs is null when there are none"
    for entry in load_json(refs) if refs is not None else []:
        entry = dict(entry)
        assert set(entry) == {"schemaUrl", "type", "idKeys", "descriptionKeys"}, f"members of {entry}"
        resource.entity_refs.add(
            schema_url=entry["schemaUrl"],
            type=entry["type"],
            id_keys=entry["idKeys"],
            description_keys=entry["descriptionKeys"],
        )
    return resource


def _scope(columns, moved):
    return InstrumentationScope(
        name=columns["ScopeName"],
        version=columns["ScopeVersion"],
        attributes=_attributes(columns, "ScopeAttributes", moved),
        dropped_attributes_count=columns["ScopeDroppedAttrCount"],
    )


# ---- values ------------------------------------------------------------------------------------------------


def _nanoseconds(columns, name):
    """A time from its microseconds and its ...Nanos, or from its nanoseconds alone; 0 where it is null."""
    if name + "Nanos" not in columns:
        return (columns[name] or 0) % U64
    micros, nanos = columns[name], columns[name + "Nanos"]
    assert (micros is None) == (nanos is None), f"{name} and {name}Nanos: one is null, the other is not"
    if micros is None:
        return 0
    assert 0 <= nanos < 1000, f"{name}Nanos is {nanos}"
    return micros * 1000 + nanos


def _nullable_time(columns, name):
    """As `_nanoseconds`, for a column where 0 is written as null."""
    time = _nanoseconds(columns, name)
    assert time or columns[name] is None, f"{name} is 0, not null"
    return time


def _double(bits):
    return struct.unpack("<d", struct.pack("<q", bits))[0]


def _bits(double):
    return struct.unpack("<q", struct.pack("<d", double))[0]


def _id(text):
    """An id from its hex digits or its bytes."""
    if isinstance(text, bytes):
        assert not text or any(text), f"id {text!r} is all zeros, not empty"
        return text
    assert text == text.lower(), f"id {text!r} is not lowercase"
    assert not text or text.strip("0"), f"id {text!r} is all zeros, not empty"
    return bytes.fromhex(text)


def _enum(text, names):
    """The number of an enum's text: a name, or the decimal number that has none."""
    if text in names:
        return names.index(text)
    number = int(text)
    assert str(number) == text and not 0 <= number < len(names), f"enum text {text!r}"
    return number


def _number(columns, target):
    """Value and ValueInt of a point or exemplar."""
    value, integer = columns["Value"], columns["ValueInt"]
    if integer is not None:
        assert value == _bits(float(integer)), f"Value of the integer {integer} is {value and _double(value)}"
        target.as_int = integer
    elif value is not None:
        target.as_double = _double(value)


# ---- logs ------------------------------------------------------------------------------------------------


def _log(_table, columns, moved):
    record = LogRecord(
        observed_time_unix_nano=_nullable_time(columns, "ObservedTimestamp"),
        severity_number=columns["SeverityNumber"],
        severity_text=columns["SeverityText"],
        attributes=_attributes(columns, "LogAttributes", moved),
        dropped_attributes_count=columns["DroppedAttributesCount"],
        flags=columns["TraceFlags"],
        trace_id=_id(columns["TraceId"]),
        span_id=_id(columns["SpanId"]),
        event_name=columns["EventName"],
    )
    if columns["Body"] is not None:
        record.body.CopyFrom(parse(columns["BodyType"] or "s", columns["Body"]))
    assert columns["BodyType"] != "s" and (columns["Body"] is not None or columns["BodyType"] == "")
    observed = record.observed_time_unix_nano
    in_nanoseconds = "TimestampNanos" not in columns
    if columns["Timestamp" if in_nanoseconds else "TimestampNanos"] is not None:
        record.time_unix_nano = _nanoseconds(columns, "Timestamp")
        assert record.time_unix_nano, "the time of a record without time is 0, not null"
        return record.time_unix_nano, record
    assert (
        in_nanoseconds or columns["Timestamp"] == observed // 1000
    ), "Timestamp without TimestampNanos is not the observed time"
    return observed, record


# ---- traces ------------------------------------------------------------------------------------------------


def _span(_table, columns, moved):
    start, duration = _nanoseconds(columns, "Timestamp"), columns["Duration"]
    span = Span(
        trace_id=_id(columns["TraceId"]),
        span_id=_id(columns["SpanId"]),
        parent_span_id=_id(columns["ParentSpanId"]),
        trace_state=columns["TraceState"],
        name=columns["SpanName"],
        kind=_enum(columns["SpanKind"], SPAN_KINDS),
        start_time_unix_nano=start,
        end_time_unix_nano=0 if duration is None else (start + duration) % U64,
        attributes=_attributes(columns, "SpanAttributes", moved),
        dropped_attributes_count=columns["DroppedAttributesCount"],
        events=[_event(item, moved, f"Events[{n}].") for n, item in enumerate(columns["Events"])],
        dropped_events_count=columns["DroppedEventsCount"],
        links=[_link(item, moved, f"Links[{n}].") for n, item in enumerate(columns["Links"])],
        dropped_links_count=columns["DroppedLinksCount"],
        flags=columns["Flags"],
    )
    code, message = _enum(columns["StatusCode"], STATUS_CODES), columns["StatusMessage"]
    if code or message:
        span.status.code, span.status.message = code, message
    return start, span


def _event(columns, moved, within):
    return Span.Event(
        time_unix_nano=_nanoseconds(columns, "Timestamp"),
        name=columns["Name"],
        attributes=_attributes(columns, "Attributes", moved, within),
        dropped_attributes_count=columns["DroppedAttributesCount"],
    )


def _link(columns, moved, within):
    return Span.Link(
        trace_id=_id(columns["TraceId"]),
        span_id=_id(columns["SpanId"]),
        trace_state=columns["TraceState"],
        attributes=_attributes(columns, "Attributes", moved, within),
        dropped_attributes_count=columns["DroppedAttributesCount"],
        flags=columns["Flags"],
    )


# ---- metrics -----------------------------------------------------------------------------------------------


def _metric(table, columns, moved):
    metric = metrics.Metric(
        name=columns["MetricName"],
        description=columns["MetricDescription"],
        unit=columns["MetricUnit"],
        metadata=_attributes(columns, "MetricMetadata", moved),
    )
    kind = {name: kind for kind, name in METRIC_TABLES.items()}[table]
    data = getattr(metric, kind)
    point = data.data_points.add(
        attributes=_attributes(columns, "Attributes", moved),
        start_time_unix_nano=_nullable_time(columns, "StartTimeUnix"),
        time_unix_nano=_nanoseconds(columns, "TimeUnix"),
        flags=columns["Flags"],
    )
    if kind != "summary":
        point.exemplars.extend(
            _exemplar(e, moved, f"Exemplars[{n}].") for n, e in enumerate(columns["Exemplars"])
        )
    if kind in ("sum", "histogram", "exponential_histogram"):
        data.aggregation_temporality = columns["AggregationTemporality"]
    _FILL[kind](columns, data, point)
    return point.time_unix_nano, metric


def _exemplar(columns, moved, within):
    exemplar = metrics.Exemplar(
        filtered_attributes=_attributes(columns, "FilteredAttributes", moved, within),
        time_unix_nano=_nanoseconds(columns, "TimeUnix"),
        span_id=_id(columns["SpanId"]),
        trace_id=_id(columns["TraceId"]),
    )
    _number(columns, exemplar)
    return exemplar


def _fill_gauge(columns, _data, point):
    _number(columns, point)


def _fill_sum(columns, data, point):
    data.is_monotonic = columns["IsMonotonic"]
    _number(columns, point)


def _fill_statistics(columns, point):
    """What both histograms have: the count, and sum, minimum and maximum where they are known."""
    point.count = columns["Count"] % U64
    for name in ("Sum", "Min", "Max"):
        if columns[name] is not None:
            setattr(point, name.lower(), _double(columns[name]))


def _fill_histogram(columns, _data, point):
    _fill_statistics(columns, point)
    point.bucket_counts.extend(count % U64 for count in columns["BucketCounts"])
    point.explicit_bounds.extend(map(_double, columns["ExplicitBounds"]))


def _fill_exponential_histogram(columns, _data, point):
    _fill_statistics(columns, point)
    point.scale, point.zero_count = columns["Scale"], columns["ZeroCount"] % U64
    point.zero_threshold = _double(columns["ZeroThreshold"])
    for buckets, name in ((point.positive, "Positive"), (point.negative, "Negative")):
        counts, offset = columns[name + "BucketCounts"], columns[name + "Offset"]
        if counts or offset:
            buckets.offset = offset
            buckets.bucket_counts.extend(count % U64 for count in counts)


def _fill_summary(columns, _data, point):
    point.count, point.sum = columns["Count"] % U64, _double(columns["Sum"])
    for entry in columns["ValueAtQuantiles"]:
        point.quantile_values.add(quantile=_double(entry["Quantile"]), value=_double(entry["Value"]))


_FILL = {
    "gauge": _fill_gauge,
    "sum": _fill_sum,
    "histogram": _fill_histogram,
    "exponential_histogram": _fill_exponential_histogram,
    "summary": _fill_summary,
}
