"""The seven tables as the documents describe them: columns, order, types, and what may be null.

First the columns of the OpenTelemetry Collector's ClickHouse exporter, in its order and with its types
(facts taken from its CREATE statements), then the companions of those columns in the same order, then
everything else, and DuplicateAttributes at the end. Structs inside lists are ordered likewise.
"""

from dataclasses import dataclass

# Kinds of columns: the Parquet type behind each is in test_metadata.
STRING, INT32, INT64, DOUBLE, BOOLEAN, TIME = "string", "int32", "int64", "double", "boolean", "time"
MAP, INT64_LIST, DOUBLE_LIST, STRUCTS = "map", "list of int64", "list of double", "list of structs"


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    clickhouse: str = ""  # the exporter's type; "" for a column or member the exporter does not have
    nullable: bool = False
    members: tuple = ()  # of STRUCTS


@dataclass(frozen=True)
class Table:
    name: str
    signal: str
    clickhouse_name: str
    exporter: tuple
    companions: tuple  # of the exporter's columns
    others: tuple  # in any order but for the last
    time: str  # the column rows are sorted and filed by

    @property
    def columns(self):
        return self.exporter + self.companions + self.others


_ATTRIBUTES = "Map(LowCardinality(String), String)"
_NANOS, _LOW = "DateTime64(9)", "LowCardinality(String)"


def _string(name, clickhouse="", nullable=False):
    return Column(name, STRING, clickhouse, nullable)


def _map(name, clickhouse=""):
    return Column(name, MAP, clickhouse)


def _types(name):
    return Column(name + "Types", STRING)


def _time(name, clickhouse="", nullable=False):
    return Column(name, TIME, clickhouse, nullable)


def _nanos(name, nullable=False):
    return Column(name + "Nanos", INT32, "", nullable)


def _dropped(name="DroppedAttributesCount"):
    return Column(name, INT64)


_EVENTS = Column(
    "Events",
    STRUCTS,
    members=(
        _time("Timestamp", _NANOS),
        _string("Name", _LOW),
        _map("Attributes", _ATTRIBUTES),
        _nanos("Timestamp"),
        _types("Attributes"),
        _dropped(),
    ),
)
_LINKS = Column(
    "Links",
    STRUCTS,
    members=(
        _string("TraceId", "String"),
        _string("SpanId", "String"),
        _string("TraceState", "String"),
        _map("Attributes", _ATTRIBUTES),
        _types("Attributes"),
        _dropped(),
        Column("Flags", INT64),
    ),
)


def _exemplars(time):
    return Column(
        "Exemplars",
        STRUCTS,
        members=(
            _map("FilteredAttributes", _ATTRIBUTES),
            _time("TimeUnix", time),
            Column("Value", DOUBLE, "Float64", nullable=True),
            _string("SpanId", "String"),
            _string("TraceId", "String"),
            _types("FilteredAttributes"),
            _nanos("TimeUnix"),
            Column("ValueInt", INT64, nullable=True),
        ),
    )


_QUANTILES = Column(
    "ValueAtQuantiles",
    STRUCTS,
    members=(Column("Quantile", DOUBLE, "Float64"), Column("Value", DOUBLE, "Float64")),
)

# What the exporter's table of a signal lacks of resource and scope comes among the other columns.
_OF_EVERY_TABLE = (
    _string("ServiceNamespace"),
    _string("ServiceInstanceId"),
    Column("ResourceDroppedAttributesCount", INT64),
    _string("ResourceEntityRefs", nullable=True),
)
_LAST = (_string("DuplicateAttributes", nullable=True),)

LOGS = Table(
    "logs",
    "logs",
    "otel_logs",
    exporter=(
        _time("Timestamp", _NANOS),
        _string("TraceId", "String"),
        _string("SpanId", "String"),
        Column("TraceFlags", INT64, "UInt8"),
        _string("SeverityText", _LOW),
        Column("SeverityNumber", INT32, "UInt8"),
        _string("ServiceName", _LOW),
        _string("Body", "String", nullable=True),
        _string("ResourceSchemaUrl", _LOW),
        _map("ResourceAttributes", _ATTRIBUTES),
        _string("ScopeSchemaUrl", _LOW),
        _string("ScopeName", "String"),
        _string("ScopeVersion", _LOW),
        _map("ScopeAttributes", _ATTRIBUTES),
        _map("LogAttributes", _ATTRIBUTES),
        _string("EventName", "String"),
    ),
    companions=(
        _nanos("Timestamp", nullable=True),
        _string("BodyType"),
        _types("ResourceAttributes"),
        _types("ScopeAttributes"),
        _types("LogAttributes"),
    ),
    others=(
        *_OF_EVERY_TABLE,
        Column("ScopeDroppedAttrCount", INT64),
        _time("ObservedTimestamp", nullable=True),
        _nanos("ObservedTimestamp", nullable=True),
        _dropped(),
        *_LAST,
    ),
    time="Timestamp",
)

TRACES = Table(
    "traces",
    "traces",
    "otel_traces",
    exporter=(
        _time("Timestamp", _NANOS),
        _string("TraceId", "String"),
        _string("SpanId", "String"),
        _string("ParentSpanId", "String"),
        _string("TraceState", "String"),
        _string("SpanName", _LOW),
        _string("SpanKind", _LOW),
        _string("ServiceName", _LOW),
        _map("ResourceAttributes", _ATTRIBUTES),
        _string("ScopeName", "String"),
        _string("ScopeVersion", "String"),
        _map("SpanAttributes", _ATTRIBUTES),
        Column("Duration", INT64, "UInt64", nullable=True),
        _string("StatusCode", _LOW),
        _string("StatusMessage", "String"),
        _EVENTS,
        _LINKS,
    ),
    companions=(_nanos("Timestamp"), _types("ResourceAttributes"), _types("SpanAttributes")),
    others=(
        *_OF_EVERY_TABLE,
        _string("ResourceSchemaUrl"),
        _map("ScopeAttributes"),
        _types("ScopeAttributes"),
        _string("ScopeSchemaUrl"),
        Column("ScopeDroppedAttrCount", INT64),
        Column("Flags", INT64),
        _dropped(),
        _dropped("DroppedEventsCount"),
        _dropped("DroppedLinksCount"),
        *_LAST,
    ),
    time="Timestamp",
)


def _metric_table(kind, clickhouse_time, *own, others=()):
    """A metric table: what all of them share, then its own columns.

    `clickhouse_time` is the exporter's type of times: its newer releases made some of them whole seconds.
    """
    return Table(
        f"metrics_{kind}",
        "metrics",
        f"otel_metrics_{kind}",
        exporter=(
            _map("ResourceAttributes", _ATTRIBUTES),
            _string("ResourceSchemaUrl", "String"),
            _string("ScopeName", "String"),
            _string("ScopeVersion", "String"),
            _map("ScopeAttributes", _ATTRIBUTES),
            Column("ScopeDroppedAttrCount", INT64, "UInt32"),
            _string("ScopeSchemaUrl", "String"),
            _string("ServiceName", _LOW),
            _string("MetricName", "String"),
            _string("MetricDescription", "String"),
            _string("MetricUnit", "String"),
            _map("Attributes", _ATTRIBUTES),
            _time("StartTimeUnix", clickhouse_time, nullable=True),
            _time("TimeUnix", clickhouse_time),
            *own,
        ),
        companions=(
            _types("ResourceAttributes"),
            _types("ScopeAttributes"),
            _types("Attributes"),
            _nanos("StartTimeUnix", nullable=True),
            _nanos("TimeUnix"),
        ),
        others=(*_OF_EVERY_TABLE, _map("MetricMetadata"), _types("MetricMetadata"), *others, *_LAST),
        time="TimeUnix",
    )


_VALUE, _VALUE_INT = Column("Value", DOUBLE, "Float64", nullable=True), Column(
    "ValueInt", INT64, nullable=True
)
_FLAGS = Column("Flags", INT64, "UInt32")
_TEMPORALITY = Column("AggregationTemporality", INT32, "Int32")
_COUNT, _SUM = Column("Count", INT64, "UInt64"), Column("Sum", DOUBLE, "Float64", nullable=True)
_MIN_MAX = (Column("Min", DOUBLE, "Float64", nullable=True), Column("Max", DOUBLE, "Float64", nullable=True))


TABLES = [
    LOGS,
    TRACES,
    _metric_table("gauge", _NANOS, _VALUE, _FLAGS, _exemplars(_NANOS), others=(_VALUE_INT,)),
    _metric_table(
        "sum",
        "DateTime",
        _VALUE,
        _FLAGS,
        _exemplars("DateTime"),
        _TEMPORALITY,
        Column("IsMonotonic", BOOLEAN, "Bool"),
        others=(_VALUE_INT,),
    ),
    _metric_table(
        "histogram",
        _NANOS,
        _COUNT,
        _SUM,
        Column("BucketCounts", INT64_LIST, "Array(UInt64)"),
        Column("ExplicitBounds", DOUBLE_LIST, "Array(Float64)"),
        _exemplars(_NANOS),
        _FLAGS,
        *_MIN_MAX,
        _TEMPORALITY,
    ),
    _metric_table(
        "exponential_histogram",
        "DateTime",
        _COUNT,
        _SUM,
        Column("Scale", INT32, "Int32"),
        Column("ZeroCount", INT64, "UInt64"),
        Column("PositiveOffset", INT32, "Int32"),
        Column("PositiveBucketCounts", INT64_LIST, "Array(UInt64)"),
        Column("NegativeOffset", INT32, "Int32"),
        Column("NegativeBucketCounts", INT64_LIST, "Array(UInt64)"),
        _exemplars("DateTime"),
        _FLAGS,
        *_MIN_MAX,
        _TEMPORALITY,
        others=(Column("ZeroThreshold", DOUBLE),),
    ),
    _metric_table("summary", _NANOS, _COUNT, Column("Sum", DOUBLE, "Float64"), _QUANTILES, _FLAGS),
]
TABLE = {table.name: table for table in TABLES}
