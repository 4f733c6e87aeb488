"""Attributes as JSON and as Variant, and in columns of their own.

Whatever form lists of attributes take, the records rebuilt from the files are those that went in (a Variant
keeps the first of equal keys of a kvlist alone). A promoted attribute is in its column wherever it is in the
record; with --promote-only it is in the list only where the column does not hold it exactly. Readers read
JSON as text and promoted columns as any other; those that know VARIANT see the values that went in.
"""

import base64
import json
import math

import duckdb
import polars
import pyarrow.parquet as pq
import pytest
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pyspark.sql.types import VariantVal

import test_readers
import variant
from anyvalue_text import double_text, kind_of, text_of
from attribute_forms import attributes_of as lists_of
from attribute_forms import drop_repeated_keys
from choices import CHOICES
from columns import read_canonical, to_rows
from corpus import EDGE_CASES, RANDOM_CASES, case_named
from otlp_pieces import REQUEST_TYPES
from rebuild import rebuild_file
from rows import Row, expected_rows
from tables import TABLES
from test_lossless import check_conversion, check_same

FORMS = ["json", "variant"]

# ---- nothing is lost -----------------------------------------------------------------------------------


def convert_in(form, case, converter):
    return converter.convert_wire(case, "--attributes", form, set_name=f"attributes_{form}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [case.name for case in EDGE_CASES])
def test_case_is_lossless(form, name, converter):
    case = case_named(name)
    built = case.wire()
    rows = kept_rows(form, expected_rows(case.signal, built.meaning))
    check_conversion(convert_in(form, case, converter), rows, built.counts)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
@pytest.mark.parametrize("form", FORMS)
def test_random_requests_are_lossless(form, signal, converter):
    options = ["--attributes", form]
    conversion = converter.convert_joined(signal, RANDOM_CASES, *options, set_name=f"attributes_joined_{form}")
    requests = [case.wire().meaning for case in RANDOM_CASES if case.signal == signal]
    rows = [row for request in requests for row in expected_rows(signal, request)]
    check_tables(conversion, kept_rows(form, rows))


CHOICE_NAMES = [
    *["log_with_every_field", "span_with_every_field", "metrics_with_every_field", "duplicates_come_and_go"],
    *["log_attributes_of_every_kind", "a_few_hundred_distinct_values", "many_scopes_in_one_resource"],
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_with_other_choices(choice, form, converter):
    """Whatever else is chosen: ids, times, sizes so small that there are many row groups and pages."""
    for name in CHOICE_NAMES:
        case = case_named(name)
        built = case.wire()
        rows = kept_rows(form, expected_rows(case.signal, built.meaning))
        flags = [*choice.flags, "--attributes", form]
        conversion = converter.convert_wire(case, *flags, set_name=f"attributes_{form}_{choice.name}")
        check_conversion(conversion, rows, built.counts, choice.order == "clustered")


def check_tables(conversion, rows):
    """One file a table, with these rows."""
    assert conversion.counts["accepted"] == len(rows)
    for file in conversion.files:
        expected = sorted((row for row in rows if row.table == file.table), key=Row.sort_key)
        check_same(rebuild_file(file.path, file.table), expected, (file.table, "one file"))


def kept_rows(form, rows):
    """The rows as files in this form keep them."""
    return rows if form != "variant" else [changed(row, drop_repeated_keys) for row in rows]


def changed(row, change):
    """The row with a function applied to each of its lists of attributes."""
    record_type = {"logs": LogRecord, "traces": Span}.get(row.table, Metric)
    return row._replace(
        resource=_changed(Resource, row.resource, change),
        scope=_changed(InstrumentationScope, row.scope, change),
        record=_changed(record_type, row.record, change),
    )


def _changed(kind, data, change):
    message = kind.FromString(data)
    _change_lists(message, change)
    return message.SerializeToString(deterministic=True)


def _change_lists(message, change):
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None or descriptor.name == "body":
            continue
        if descriptor.message_type.full_name == KeyValue.DESCRIPTOR.full_name:
            change(value)
            continue
        for item in [value] if isinstance(value, Message) else value:
            _change_lists(item, change)


# ---- promoted attributes -------------------------------------------------------------------------------

SOURCES = ["resource", "record"]
# Requests that say much with few records.
PROMOTED_CASES = [case for case in EDGE_CASES + RANDOM_CASES if len(case.wire().data) < 10_000]
KINDS = {"string": "string_value", "int64": "int_value", "double": "double_value", "bool": "bool_value"}


class Promotion:
    def __init__(self, source, key, kind, column):
        self.source, self.key, self.kind, self.column = source, key, kind, column

    def spec(self):
        key = self.key.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")
        return f"{self.source}:{key}:{self.kind}={self.column}"

    def value(self, values):
        """What the column holds for a record with these values of the source, by key."""
        found = values.get(self.key)
        if found is None or (self.kind != "string" and kind_of(found) != KINDS[self.kind]):
            return None
        return text_of(found) if self.kind == "string" else getattr(found, KINDS[self.kind])

    def takes(self, attribute):
        """Whether the column holds the attribute exactly."""
        return attribute.key == self.key and kind_of(attribute.value) == KINDS[self.kind]


def frequent_keys(rows, source, most):
    """The keys that most records have, and some that one alone has."""
    counts = {}
    for row in rows:
        for key in {attribute.key for attribute in attributes_of(row, source)}:
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return [key for key in ordered[:most] + ordered[-most:] if "\0" not in key]


def attributes_of(row, source):
    """The attributes of a row's resource or record."""
    if source == "resource":
        return Resource.FromString(row.resource).attributes
    if row.table in ("logs", "traces"):
        return {"logs": LogRecord, "traces": Span}[row.table].FromString(row.record).attributes
    metric = Metric.FromString(row.record)
    return getattr(metric, metric.WhichOneof("data")).data_points[0].attributes


def promotions_of(rows):
    """Every type of column for keys of the rows, and for one that no row has; 100 at most."""
    promotions = [Promotion("record", "no.such.key", "int64", "none")]
    for source in SOURCES:
        for number, key in enumerate(dict.fromkeys(frequent_keys(rows, source, 5))):
            for kind in KINDS:
                promotions.append(Promotion(source, key, kind, f"{source}.{number}.{kind}"))
    return promotions


def options_of(promotions):
    return [option for promotion in promotions for option in ("--promote", promotion.spec())]


def joined_rows(signal):
    requests = [case.wire().meaning for case in PROMOTED_CASES if case.signal == signal]
    return [row for request in requests for row in expected_rows(signal, request)]


def same(one, other):
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
@pytest.mark.parametrize("form", ["map", *FORMS])
def test_promoted_attributes(form, signal, converter):
    rows = joined_rows(signal)
    promotions = promotions_of(rows)
    conversion = convert_promoted(form, signal, promotions, converter)
    check_tables(conversion, kept_rows(form, rows))
    for file in conversion.files:
        check_promoted(file.path, sorted_rows(rows, file.table), promotions)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
@pytest.mark.parametrize("form", ["map", *FORMS])
def test_promoted_attributes_only(form, signal, converter):
    """Lists are without what columns hold; everything else is as it is where they are with it."""
    rows = kept_rows(form, joined_rows(signal))
    promotions = promotions_of(rows)
    both = convert_promoted(form, signal, promotions, converter)
    only = convert_promoted(form, signal, promotions, converter, "--promote-only")
    for with_all, file in zip(both.files, only.files, strict=True):
        lists = {"resource": "ResourceAttributes", "record": RECORD_LISTS.get(file.table, "Attributes")}
        whole, thinned = read_canonical(with_all.path), read_canonical(file.path)
        assert whole.column_names == thinned.column_names
        for name in whole.column_names:
            if name.removesuffix("Types") not in lists.values():
                assert whole.column(name).equals(thinned.column(name)), name
        for row, columns in zip(sorted_rows(rows, file.table), to_rows(thinned), strict=True):
            for source, name in lists.items():
                taking = [promotion for promotion in promotions if promotion.source == source]
                assert listed(columns, name) == without(attributes_of(row, source), taking)


RECORD_LISTS = {"logs": "LogAttributes", "traces": "SpanAttributes"}


def convert_promoted(form, signal, promotions, converter, *more):
    options = [*options_of(promotions), "--attributes", form, *more]
    set_name = f"promoted_{form}_{len(more)}"
    return converter.convert_joined(signal, PROMOTED_CASES, *options, set_name=set_name)


def sorted_rows(rows, table):
    return sorted((row for row in rows if row.table == table), key=Row.sort_key)


def listed(columns, name):
    return [attribute.SerializeToString(deterministic=True) for attribute in lists_of(columns, name)]


def without(attributes, promotions):
    """The first attributes of each key, but those that a column holds."""
    first = {}
    for attribute in attributes:
        first.setdefault(attribute.key, attribute)
    return [
        attribute.SerializeToString(deterministic=True)
        for attribute in first.values()
        if not any(promotion.takes(attribute) for promotion in promotions)
    ]


def first_values(attributes):
    """The first value of each key."""
    return {attribute.key: attribute.value for attribute in reversed(attributes)}


def check_promoted(path, rows, promotions):
    table = pq.ParquetFile(path).read()
    assert table.column_names[-len(promotions) :] == [promotion.column for promotion in promotions]
    values = {source: [first_values(attributes_of(row, source)) for row in rows] for source in SOURCES}
    for promotion in promotions:
        found = table.column(promotion.column).to_pylist()
        expected = [promotion.value(of_row) for of_row in values[promotion.source]]
        assert len(found) == len(expected)
        for number, (one, other) in enumerate(zip(found, expected)):
            assert same(one, other), f"{promotion.spec()} of row {number}: {one!r}, not {other!r}"


# ---- readers -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_json(converter):
    """What all readers read: lists as JSON, those of structs too, and columns of every type."""
    signals = {signal: promotions_of(joined_rows(signal)) for signal in REQUEST_TYPES}
    return [convert_promoted("json", signal, promotions, converter) for signal, promotions in signals.items()]


@pytest.mark.parametrize("table", [table.name for table in TABLES])
@pytest.mark.parametrize("reader", test_readers.READERS)
def test_reader_agrees_with_pyarrow(reader, table, in_json, engines):
    test_readers.test_reader_agrees_with_pyarrow(reader, table, in_json, engines)


def variant_cells(converter):
    """Every list of attributes of the edge cases, as the two halves of a Variant."""
    for case in EDGE_CASES:
        for file in convert_in("variant", case, converter).files:
            for columns in to_rows(read_canonical(file.path)):
                yield from halves_of(columns)


def halves_of(columns):
    for cell in columns.values():
        if isinstance(cell, dict) and set(cell) == {"metadata", "value"}:
            yield cell["metadata"], cell["value"]
        elif isinstance(cell, list):
            for item in cell:
                if isinstance(item, dict):
                    yield from halves_of(item)


def plain(value):
    """An AnyValue as Python's own values."""
    kind = kind_of(value)
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {member.key: plain(member.value) for member in value.kvlist_value.values}
    return None if kind is None else getattr(value, kind)


def alike(one, other):
    """Equal, types and NaN included."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return same(one, other)


def test_pyspark_decodes_the_same_values(converter):
    """PySpark's decoder of Variant, in Python, and ours read the same out of the same bytes."""
    cells = set(variant_cells(converter))
    for metadata, value in cells:
        ours = {attribute.key: plain(attribute.value) for attribute in variant.attributes(metadata, value)}
        theirs = VariantVal(value, metadata).toPython()
        assert alike(ours, theirs), f"{ours!r}\n{theirs!r}"
    assert len(cells) > 500


def variant_of_every_type(converter):
    """A file with attributes of every type, and the lists of its records as Python's values."""
    (file,) = convert_in("variant", case_named("log_attributes_of_every_kind"), converter).files
    rows = to_rows(read_canonical(file.path))
    lists = [variant.attributes(**columns["LogAttributes"]) for columns in rows]
    return file.path, [{attribute.key: plain(attribute.value) for attribute in list_} for list_ in lists]


def test_duckdb_reads_variant(converter):
    path, expected = variant_of_every_type(converter)
    relation = duckdb.sql(f"SELECT LogAttributes FROM read_parquet('{path}', hive_partitioning = false)")
    assert relation.types == ["VARIANT"]
    found = [row[0] for row in relation.fetchall()]
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.keys() == other.keys()
        for key in other:
            if "\\x00" not in repr(other[key]):  # DuckDB 2.0 ends names at a NUL
                assert alike(one[key], other[key]), f"{key}: {one[key]!r}, not {other[key]!r}"


def test_spark_reads_variant(converter, engines):
    path, expected = variant_of_every_type(converter)
    frame = engines.spark.read.parquet(str(path))
    assert frame.schema["LogAttributes"].dataType.typeName() == "variant"
    found = [row[0] for row in frame.selectExpr("to_json(LogAttributes)").collect()]
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert alike(json.loads(one), as_spark_json(other)), f"{one}\n{other!r}"


def as_spark_json(value):
    """What Spark's to_json makes of a value: bytes are base64, NaN and infinities are strings."""
    if isinstance(value, dict):
        return {key: as_spark_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_spark_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return double_text(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def test_polars_refuses_variant(converter):
    """Why the form is not the default. Once this fails, the README's table of readers is to be changed."""
    path, _ = variant_of_every_type(converter)
    with pytest.raises(Exception, match="LogicalType"):
        polars.read_parquet(path)
