"""OTLP's messages as Google's descriptors have them, and requests around one field of any of them.

The facts about the tables come from the package opentelemetry-proto, none from the library under test.
"""

import json

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import wire

REQUESTS = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
RECORDS = {
    "LogRecord",
    "Span",
    "NumberDataPoint",
    "HistogramDataPoint",
    "ExponentialHistogramDataPoint",
    "SummaryDataPoint",
}
# Only profiles use these: to the three signals they are unknown fields.
UNKNOWN = {"string_value_strindex", "key_strindex"}

T = FieldDescriptor
WIRE_TYPES = {
    T.TYPE_DOUBLE: wire.FIXED64,
    T.TYPE_FIXED64: wire.FIXED64,
    T.TYPE_SFIXED64: wire.FIXED64,
    T.TYPE_FLOAT: wire.FIXED32,
    T.TYPE_FIXED32: wire.FIXED32,
    T.TYPE_SFIXED32: wire.FIXED32,
    T.TYPE_STRING: wire.BYTES,
    T.TYPE_BYTES: wire.BYTES,
    T.TYPE_MESSAGE: wire.BYTES,
}


def wire_type(field):
    return WIRE_TYPES.get(field.type, wire.VARINT)


def is_message(field):
    return field.type == T.TYPE_MESSAGE


def known_fields(message):
    return [field for field in message.fields if field.name not in UNKNOWN]


class Place:
    """A message of a signal, and the shortest way to it: the fields that lead there from the request."""

    def __init__(self, signal, message, fields=()):
        self.signal, self.message, self.fields = signal, message, tuple(fields)

    @property
    def name(self):
        return f"{self.signal}_{self.message.name}"

    @property
    def in_record(self):
        return any(field.message_type.name in RECORDS for field in self.fields)

    def child(self, field):
        return Place(self.signal, field.message_type, (*self.fields, field))

    def path(self, field=None, last_index=True):
        """As o2p_error.path has it. `last_index`: with the index of a repeated `field`."""
        fields = [*self.fields, *([field] if field else [])]
        parts = [f.name + ("[0]" if f.is_repeated else "") for f in fields]
        if field is not None and not last_index:
            parts[-1] = field.name
        return ".".join(parts)

    def protobuf(self, content):
        """A request with one message of each kind on the way, the innermost of which is `content`."""
        for field in reversed(self.fields):
            content = wire.field(field.number, content)
        return content

    def json(self, content):
        """The same in OTLP/JSON. `content` is the text of an object, not a value: it need not be JSON."""
        for field in reversed(self.fields):
            element = f"[{content}]" if field.is_repeated else content
            content = f'{{"{field.json_name}":{element}}}'
        return content.encode() if isinstance(content, str) else content


def places(signal):
    """Every message of a signal, each once, at the shortest way to it."""
    found = [Place(signal, REQUESTS[signal].DESCRIPTOR)]
    seen = {found[0].message.full_name}
    for place in found:
        for field in known_fields(place.message):
            if is_message(field) and field.message_type.full_name not in seen:
                seen.add(field.message_type.full_name)
                found.append(place.child(field))
    return found


def all_places():
    """Every message of the three signals; those that signals share once."""
    seen, found = set(), []
    for signal in REQUESTS:
        for place in places(signal):
            if place.message.full_name not in seen:
                seen.add(place.message.full_name)
                found.append(place)
    return found


def place_at(signal, *names):
    """The place that the fields of these names lead to."""
    place = Place(signal, REQUESTS[signal].DESCRIPTOR)
    for name in names:
        place = place.child(place.message.fields_by_name[name])
    return place


RECORD_PATHS = {
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "traces": ("resource_spans", "scope_spans", "spans"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics", "gauge", "data_points"),
}


def record_place(signal):
    return place_at(signal, *RECORD_PATHS[signal])


# ---- nesting ----------------------------------------------------------------------------------------------


def nested_value(levels):
    """The content of an AnyValue that has `levels` messages inside, one in the other (not 1).

    Made from the inside out, in linear time: what is inside goes to the end of what is around it.
    """
    assert levels == 0 or levels >= 2
    heads, size = [], 0

    def put(number, before=b""):
        nonlocal size
        head = before + wire.tag(number, wire.BYTES) + wire.varint(size)
        heads.append(head)
        size += len(head)

    if levels % 2:  # a kvlist takes three: KeyValueList, KeyValue, AnyValue
        put(2, wire.field(1, "k"))
        put(1)
        put(6)
        levels -= 3
    for _ in range(levels // 2):  # an array two
        put(1)
        put(5)
    return b"".join(reversed(heads))


def nested_value_json(levels):
    """The same as the text of a JSON object."""
    arrays = (levels - 3 if levels % 2 else levels) // 2
    inner = '{"kvlistValue":{"values":[{"key":"k","value":{}}]}}' if levels % 2 else "{}"
    return '{"arrayValue":{"values":[' * arrays + inner + "]}}" * arrays


# ---- requests that are not hostile ------------------------------------------------------------------------

TIME = 1_700_000_000_000_000_000


def good_protobuf(signal, text="g"):
    """A request of one record, with no more in it than any limit in the tests allows."""
    record = {
        "logs": wire.fixed64(1, TIME) + wire.field(3, text),
        "traces": wire.field(5, text) + wire.fixed64(7, TIME) + wire.fixed64(8, TIME + 1),
        "metrics": wire.fixed64(3, TIME) + wire.fixed64(6, 1),
    }[signal]
    return record_place(signal).protobuf(record)


def good_json(signal, text="g"):
    record = {
        "logs": {"timeUnixNano": str(TIME), "severityText": text},
        "traces": {"name": text, "startTimeUnixNano": str(TIME), "endTimeUnixNano": str(TIME + 1)},
        "metrics": {"timeUnixNano": str(TIME), "asInt": "1"},
    }[signal]
    return record_place(signal).json(json.dumps(record))


def good(signal, encoding, text="g"):
    return (good_json if encoding in ("json", "json_lines") else good_protobuf)(signal, text)
