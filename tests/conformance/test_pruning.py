"""Readers that skip what a filter rules out still find all that is there.

Statistics, page indexes, bloom filters and dictionaries let readers skip row groups and pages. One that is
wrong gives no error but too few rows, so each reader counts rows of files with several pages and row groups
by values that are in them; what is right is counted without any filter.
"""

import random

import duckdb
import polars
import pytest

from columns import read_canonical
from corpus import case_named
from tables import TABLE, TIME

# Files of several pages or row groups, and columns of every encoding in them.
FILTERED = {
    "high_entropy_logs": ["TraceId", "SpanId", "Timestamp", "ObservedTimestamp", "SeverityText", "SeverityNumber"],
    "several_row_groups": ["SeverityText", "Timestamp", "ServiceName"],
    "many_points": ["TimeUnix", "ValueInt", "MetricName"],
}
VALUES_A_COLUMN = 2


def count_duckdb(file, column, value, _engines):
    literal = {int: str, str: quoted}[type(value)](value)
    if is_time(file, column):
        literal = f"make_timestamptz({value})"
    query = f"SELECT count(*) FROM read_parquet({quoted(str(file.path))}) WHERE {column} = {literal}"
    return duckdb.sql(query).fetchall()[0][0]


def count_polars(file, column, value, _engines):
    literal = polars.lit(value)
    if is_time(file, column):
        literal = literal.cast(polars.Datetime("us", "UTC"))
    frame = polars.scan_parquet(file.path, hive_partitioning=False)
    return frame.filter(polars.col(column) == literal).select(polars.len()).collect().item()


def count_chdb(file, column, value, engines):
    literal = {int: str, str: quoted}[type(value)](value)
    if is_time(file, column):
        literal = f"fromUnixTimestamp64Micro({value}, 'UTC')"
    query = f"SELECT count() FROM file({quoted(str(file.path))}, Parquet) WHERE {column} = {literal}"
    return int(engines.clickhouse.query(query, "CSV").bytes())


def count_spark(file, column, value, engines):
    literal = {int: str, str: quoted}[type(value)](value)
    if is_time(file, column):
        literal = f"timestamp_micros({value})"
    return engines.spark.read.parquet(str(file.path)).where(f"{column} = {literal}").count()


READERS = {"duckdb": count_duckdb, "polars": count_polars, "chdb": count_chdb, "spark": count_spark}


@pytest.mark.parametrize("name", FILTERED)
@pytest.mark.parametrize("reader", READERS)
def test_filtered_rows_are_all_found(reader, name, converter, engines):
    (file,) = converter.convert_wire(case_named(name)).files
    table = read_canonical(file.path)
    for column in FILTERED[name]:
        values = table.column(column).to_pylist()
        for value in chosen(values):
            found = READERS[reader](file, column, value, engines)
            assert found == values.count(value), f"{column} = {value!r}: {reader} finds {found} rows"


def chosen(values):
    """The least and the greatest value, and some in between."""
    known = sorted({value for value in values if value is not None})
    between = random.Random(len(known)).sample(known, min(VALUES_A_COLUMN, len(known)))
    return dict.fromkeys([known[0], known[-1], *between])


def is_time(file, column):
    return next(item for item in TABLE[file.table].columns if item.name == column).kind == TIME


def quoted(text):
    return "'" + text.replace("'", "''") + "'"
