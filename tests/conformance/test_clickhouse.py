"""`INSERT INTO otel_... SELECT ... FROM file(...)`, into tables with the columns of the Collector's exporter.

Columns are named, as the exporter itself names them; members of Events, Links, Exemplars and
ValueAtQuantiles are taken from the lists of structs by the same dotted names.
"""

from collections import Counter

import pyarrow as pa
import pytest

from columns import canonical, read_canonical, to_rows
from corpus import case_named, samples
from tables import DOUBLE, STRUCTS, TABLES

# Inputs whose times a DateTime64(9) holds (1900 to 2262); the tables' own types say no to the others.
CASES = [
    "log_with_every_field", "bodies_of_every_kind", "log_attributes_of_every_kind", "duplicate_keys_in_logs",
    "log_ids_of_every_length", "log_numbers_at_their_limits", "three_hours_of_logs",
    "service_columns_of_every_kind", "span_with_every_field", "span_attributes_of_every_kind",
    "duplicate_keys_in_spans", "span_ids_of_every_length",
    "span_numbers_at_their_limits", "many_events_and_links", "metrics_with_every_field", "empty_points",
    "metric_attributes_of_every_kind", "duplicate_keys_in_metrics", "number_points_at_their_limits",
    "histograms_at_their_limits", "summaries_at_their_limits", "three_hours_of_points",
]

# Columns that ClickHouse itself makes from others.
DERIVED = {"logs": ["TimestampTime DateTime DEFAULT toDateTime(Timestamp)"]}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_insert_by_name(table, converter, engines):
    files = files_for_clickhouse(converter, table.name)
    assert files
    folder, session = engines.folder_of_links(files), engines.clickhouse
    names = ", ".join(name for name, _, _ in flat(table))
    session.query(f"DROP TABLE IF EXISTS {table.clickhouse_name}")
    session.query(create_statement(table))
    session.query(
        f"INSERT INTO {table.clickhouse_name} ({names}) SELECT {names} FROM file('{folder}/*.parquet', Parquet)"
    )
    found, expected = Counter(stored_rows(session, table)), Counter(expected_rows(table, files))
    missing, surplus = expected - found, found - expected
    assert found.total() == expected.total(), f"{found.total()} rows arrived of {expected.total()}"
    assert not missing, f"{missing.total()} rows differ:\n{differing_columns(table, missing, surplus)}"


def files_for_clickhouse(converter, table):
    conversions = [converter.convert_wire(case_named(name)) for name in CASES]
    conversions += [converter.convert_sample(name, path) for name, path in samples().items()]
    return [file.path for conversion in conversions for file in conversion.of_table(table)]


# ---- SQL -------------------------------------------------------------------------------------------------


def flat(table):
    """(name, column, member or None) of each of the exporter's columns, members of nested ones one by one."""
    for column in table.exporter:
        if column.kind != STRUCTS:
            yield column.name, column, None
        for member in column.members:
            if member.clickhouse:
                yield f"{column.name}.{member.name}", column, member


def create_statement(table):
    columns = [f"{column.name} {clickhouse_type(column)}" for column in table.exporter]
    columns = ", ".join(columns + DERIVED.get(table.name, []))
    return f"CREATE TABLE {table.clickhouse_name} ({columns}) ENGINE = MergeTree ORDER BY tuple()"


def clickhouse_type(column):
    if column.kind != STRUCTS:
        return column.clickhouse
    members = (f"{member.name} {member.clickhouse}" for member in column.members if member.clickhouse)
    return f"Nested({', '.join(members)})"


def array_of(column, member):
    """The type of a flat column: a member of a Nested one is an array of its own."""
    return f"Array({member.clickhouse})" if member else column.clickhouse


def stored_rows(session, table):
    """All rows of the table; times as integers, in the unit of their type."""
    selected = [
        f"{as_integers(array_of(column, member), name)} AS c{n}"
        for n, (name, column, member) in enumerate(flat(table))
    ]
    result = session.query(f"SELECT {', '.join(selected)} FROM {table.clickhouse_name}", "Arrow")
    arrow = canonical(pa.ipc.open_file(pa.BufferReader(result.bytes())).read_all())
    return [tuple(map(hashable, row.values())) for row in to_rows(arrow)]


UNIX_TIME = {"DateTime": "toUnixTimestamp", "DateTime64(9)": "toUnixTimestamp64Nano"}


def as_integers(clickhouse, name):
    inner = (
        clickhouse.removeprefix("Array(").removesuffix(")") if clickhouse.startswith("Array") else clickhouse
    )
    if inner not in UNIX_TIME:
        return name
    return (
        f"{UNIX_TIME[inner]}({name})"
        if inner == clickhouse
        else f"arrayMap(t -> {UNIX_TIME[inner]}(t), {name})"
    )


# ---- what must arrive --------------------------------------------------------------------------------------


def expected_rows(table, files):
    for file in files:
        for row in to_rows(read_canonical(file)):
            yield tuple(expected_value(row[column.name], column, member) for _, column, member in flat(table))


def expected_value(value, column, member):
    if member:
        return tuple(converted(item[member.name], member) for item in value)
    return converted(value, column)


INTEGER_SIZES = {"UInt8": 2**8, "UInt32": 2**32, "UInt64": 2**64}


def converted(value, column):
    """A value of our file as the exporter's type holds it: null is the type's default, integers are cut."""
    clickhouse = column.clickhouse
    if clickhouse.startswith("DateTime"):
        return (value or 0) * 1000 if clickhouse == "DateTime64(9)" else (value or 0) // 10**6
    if clickhouse in INTEGER_SIZES:
        return (value or 0) % INTEGER_SIZES[clickhouse]
    if clickhouse == "Array(UInt64)":
        return tuple(item % 2**64 for item in value)
    if value is None:
        return 0 if column.kind == DOUBLE else ""
    return hashable(value)


def hashable(value):
    if isinstance(value, list):
        return tuple(map(hashable, value))
    return tuple(map(hashable, value.values())) if isinstance(value, dict) else value


def differing_columns(table, missing, surplus):
    """The columns in which some missing row differs from the surplus row nearest to it."""
    lost = next(iter(missing))
    near = min(surplus, key=lambda row: sum(one != other for one, other in zip(row, lost)), default=None)
    if near is None:
        return f"{str(lost)[:1000]} has no like"
    names = [name for name, _, _ in flat(table)]
    return "\n".join(
        f"{name}: expected {str(one)[:200]}, arrived {str(other)[:200]}"
        for name, one, other in zip(names, lost, near)
        if one != other
    )
