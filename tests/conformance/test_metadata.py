"""What files say about themselves: the footer's facts, each compared with what is in the file.

A wrong statistic is a wrong answer in every reader that prunes by it, so minimum, maximum and null count of
every column chunk are computed again from its values.
"""

import math
import re

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from columns import canonical, leaves
from corpus import case_named
from tables import (
    BOOLEAN, DOUBLE, DOUBLE_LIST, INT32, INT64, INT64_LIST, MAP, STRING, STRUCTS, TABLE, TABLES, TIME,
)

ARROW_TYPES = {
    STRING: pa.string(),
    INT32: pa.int32(),
    INT64: pa.int64(),
    DOUBLE: pa.float64(),
    BOOLEAN: pa.bool_(),
    TIME: pa.timestamp("us", "UTC"),
}
ENCODINGS = {"PLAIN", "RLE", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY"}
WITHOUT_BOUNDS = {"Body", "DuplicateAttributes"}  # text that nobody compares: only nulls are counted
EXACT_BYTES = 64  # bounds of strings are exact up to here, and may be cut beyond


@pytest.fixture(scope="module")
def files(corpus):
    """Every file of the corpus as a File, with its pyarrow metadata."""
    return [(file, pq.ParquetFile(file.path)) for conversion in corpus for file in conversion.files]


@pytest.fixture(scope="module")
def one_file_of_each_table(files):
    found = {file.table: parquet for file, parquet in files}
    assert found.keys() == TABLE.keys(), "the corpus lacks a table"
    return found


# ---- the file ------------------------------------------------------------------------------------------


def test_created_by_and_key_values(files):
    for file, parquet in files:
        match = re.fullmatch(
            r"otlp2parquet version (\d+\.\d+\.\d+) \(build [^()]+\)", parquet.metadata.created_by
        )
        assert match, f"created_by is {parquet.metadata.created_by!r}"
        values = {key.decode(): value.decode() for key, value in parquet.metadata.metadata.items()}
        assert values["otlp2parquet.version"] == match[1]
        assert re.fullmatch("[1-9][0-9]*", values["otlp2parquet.schema_version"])
        assert values["otlp2parquet.signal"] == TABLE[file.table].signal


def test_rows_and_row_groups(files):
    several = 0
    for file, parquet in files:
        metadata = parquet.metadata
        groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        assert file.rows == metadata.num_rows == sum(groups)
        assert all(groups), "a row group without rows"
        several += len(groups) > 1
    assert several, "no file of the corpus has several row groups"


# ---- the schema ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_in_documented_order(table, one_file_of_each_table):
    schema = one_file_of_each_table[table.name].schema_arrow
    check_order(schema.names, table.exporter, table.companions, table.columns, table.name)
    assert schema.names[-1] == "DuplicateAttributes"
    for column in table.columns:
        if column.kind == STRUCTS:
            members = schema.field(column.name).type.value_type
            names = [members.field(n).name for n in range(members.num_fields)]
            exporter = [member for member in column.members if member.clickhouse]
            companions = [m for m in column.members if m.name.endswith(("Nanos", "Types"))]
            check_order(names, exporter, companions, column.members, column.name)


def check_order(names, exporter, companions, every, where):
    """The exporter's columns, then their companions, then the others; none missing, none more."""
    exporter, companions = [column.name for column in exporter], {column.name for column in companions}
    assert sorted(names) == sorted(column.name for column in every), f"{where} has other columns"
    assert names[: len(exporter)] == exporter, f"{where} does not begin with the exporter's columns"
    found = [name for name in names[len(exporter) :] if name in companions]
    assert (
        set(names[len(exporter) : len(exporter) + len(found)]) == companions
    ), f"{where}: companions come next"
    accompanied = [exporter.index(re.sub("(Nanos|Types?)$", "", name)) for name in found]
    assert accompanied == sorted(accompanied), f"{where}: companions are not in their columns' order"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_types_and_nullability(table, one_file_of_each_table):
    schema = one_file_of_each_table[table.name].schema_arrow
    for column in table.columns:
        check_type(schema.field(column.name), column, column.name)


def check_type(field, column, where):
    assert field.nullable == column.nullable, f"{where} is {'' if field.nullable else 'not '}nullable"
    kind = field.type
    if column.kind == MAP:
        assert pa.types.is_map(kind) and (kind.key_type, kind.item_type) == (pa.string(), pa.string()), where
        assert not kind.item_field.nullable, f"values of {where} are nullable"
    elif column.kind in (INT64_LIST, DOUBLE_LIST):
        element = pa.int64() if column.kind == INT64_LIST else pa.float64()
        assert pa.types.is_list(kind) and kind.value_type == element, where
    elif column.kind == STRUCTS:
        assert pa.types.is_list(kind) and pa.types.is_struct(kind.value_type), where
        for member in column.members:
            check_type(kind.value_type.field(member.name), member, f"{where}.{member.name}")
    else:
        assert kind == ARROW_TYPES[column.kind], f"{where} is {kind}"


def test_field_ids(files):
    """Every node of the schema but the root has one, no two in a file are equal, all files of a table agree."""
    rows = duckdb.execute(
        "SELECT file_name, name, field_id FROM parquet_schema($1)", [[str(file.path) for file, _ in files]]
    ).fetchall()
    by_file = {}
    for path, name, field_id in rows:
        by_file.setdefault(path, []).append((name, field_id))
    of_table = {}
    for file, _ in files:
        nodes = by_file[str(file.path)][1:]
        ids = [field_id for _, field_id in nodes]
        assert None not in ids, f"{[name for name, field_id in nodes if field_id is None]} have no field_id"
        assert len(set(ids)) == len(ids), f"{file.table} has a field_id twice"
        assert (
            of_table.setdefault(file.table, nodes) == nodes
        ), f"field_ids of {file.table} differ between files"


# ---- column chunks ---------------------------------------------------------------------------------------


def test_encodings_and_codec(files):
    used = set()
    for file, parquet in files:
        for chunk in chunks(parquet.metadata):
            assert (
                set(chunk.encodings) <= ENCODINGS
            ), f"{chunk.path_in_schema} of {file.path}: {chunk.encodings}"
            assert chunk.compression in ("SNAPPY", "UNCOMPRESSED")
            assert chunk.total_compressed_size <= chunk.total_uncompressed_size, "stored larger than plain"
            used |= {chunk.compression, *chunk.encodings}
    assert used == ENCODINGS | {"SNAPPY", "UNCOMPRESSED"}, "the corpus does not use every encoding and codec"


def test_uncompressed_is_uncompressed(converter):
    conversion = converter.convert_wire(
        case_named("many_events_and_links"), "--codec", "uncompressed", set_name="uncompressed"
    )
    for file in conversion.files:
        assert {chunk.compression for chunk in chunks(pq.ParquetFile(file.path).metadata)} == {"UNCOMPRESSED"}


def test_page_index_and_encoding_stats(files):
    """Every chunk has both page indexes; trace ids have a bloom filter where there are any."""
    for file, parquet in files:
        for chunk in chunks(parquet.metadata):
            assert chunk.has_offset_index, f"{chunk.path_in_schema} of {file.path}"
    rows = duckdb.execute(
        "SELECT file_name, path_in_schema, encoding_stats, bloom_filter_offset, stats_max_value"
        " FROM parquet_metadata($1)",
        [[str(file.path) for file, _ in files]],
    ).fetchall()
    for path, column, encoding_stats, bloom, greatest in rows:
        assert encoding_stats, f"{column} of {path} has no encoding_stats"
        if column == "TraceId" and greatest:
            assert bloom, f"TraceId of {path} has no bloom filter"


def test_bloom_filters_tell_the_truth(corpus):
    """Each trace id of a file is found by its filter, and of many others few are."""
    conversion = next(item for item in corpus if item.out.name == "high_entropy_logs")
    path = str(conversion.files[0].path)
    present = pq.read_table(path, columns=["TraceId"]).column(0).to_pylist()[::600]

    def found(trace_id):
        query = "SELECT bool_or(NOT bloom_filter_excludes) FROM parquet_bloom_probe($1, 'TraceId', $2)"
        return duckdb.execute(query, [path, trace_id]).fetchall()[0][0]

    assert all(map(found, present)), "a filter excludes a value that is there"
    assert sum(map(found, (f"{number:032x}" for number in range(100)))) < 20, "the filter excludes little"


def test_sorting_columns(files):
    """Service, then time, are declared, ascending; and rows are so within each row group."""
    for file, parquet in files:
        names = [parquet.metadata.schema.column(n).path for n in range(parquet.metadata.num_columns)]
        for number in range(parquet.metadata.num_row_groups):
            declared = parquet.metadata.row_group(number).sorting_columns
            keys = [names[key.column_index] for key in declared]
            assert keys[:2] == ["ServiceName", TABLE[file.table].time], f"{file.path} is sorted by {keys}"
            assert not any(key.descending for key in declared)
            rows = canonical(parquet.read_row_group(number, columns=keys))
            values = list(zip(*(sortable(rows.column(key), key_of) for key, key_of in zip(keys, declared))))
            assert all(
                one <= other for one, other in zip(values, values[1:])
            ), f"{file.path} is not sorted by {keys}"


def sortable(column, declared):
    """The values so that Python orders them as Parquet does: strings by bytes, nulls at the declared end."""
    values = [value.encode() if isinstance(value, str) else value for value in column.to_pylist()]
    nulls_last = not declared.nulls_first
    return [((value is None) == nulls_last, value if value is not None else 0) for value in values]


# ---- statistics ------------------------------------------------------------------------------------------


def test_statistics_are_true(files):
    with_bounds = 0
    rows = duckdb.execute(
        "SELECT file_name, row_group_id, column_id, stats_nan_count, min_is_exact, max_is_exact"
        " FROM parquet_metadata($1)",
        [[str(file.path) for file, _ in files]],
    ).fetchall()
    flags = {row[:3]: row[3:] for row in rows}
    for file, parquet in files:
        for number in range(parquet.metadata.num_row_groups):
            group = parquet.metadata.row_group(number)
            arrays = row_group_leaves(parquet, number)
            assert len(arrays) == group.num_columns
            for index, array in enumerate(arrays):
                nans, *exact = flags[str(file.path), number, index]
                where = f"{group.column(index).path_in_schema}, row group {number} of {file.path}"
                with_bounds += check_statistics(group.column(index), array, nans, exact, where)
    assert with_bounds > len(files), "hardly any chunk has bounds"


def row_group_leaves(parquet, number):
    """The leaf values of a row group, a canonical array a column chunk, in their order."""
    table = canonical(parquet.read_row_group(number))
    return [leaf for column in table.columns for leaf in leaves(pa.concat_arrays(column.chunks))]


def check_statistics(chunk, array, nan_count, exact, where, exact_bytes=EXACT_BYTES, small_pages=False):
    """Checks one chunk; 1 when it has bounds, else 0. A page with nothing but NaN leaves a chunk without."""
    nans = 0
    statistics = chunk.statistics
    values = array.drop_null()
    assert statistics is not None and statistics.has_null_count, f"{where}: no null count"
    assert statistics.null_count == chunk.num_values - len(values), f"{where}: null count"
    if chunk.physical_type == "DOUBLE":
        doubles = values.view(pa.float64())
        numbers = doubles.filter(pc.invert(pc.is_nan(doubles)))
        assert nan_count in (None, len(doubles) - len(numbers)), f"{where}: NaN count {nan_count}"
        nans, values = len(doubles) - len(numbers), numbers
    if not len(values):
        assert not statistics.has_min_max, f"{where}: bounds of nothing"
        return 0
    if not statistics.has_min_max:
        mixed = ".key_value." in chunk.path_in_schema  # of all keys of a map
        allowed = mixed or chunk.path_in_schema in WITHOUT_BOUNDS or longest(values) > exact_bytes
        assert allowed or (small_pages and nans), f"{where}: no bounds"
        return 0
    check_bounds(chunk, values, statistics, exact, where, exact_bytes)
    return 1


def longest(values):
    return pc.max(pc.binary_length(values)).as_py() if is_bytes(values.type) else 0


def is_bytes(kind):
    return pa.types.is_string(kind) or pa.types.is_binary(kind)


def check_bounds(chunk, values, statistics, exact, where, exact_bytes):
    low, high = statistics.min_raw, statistics.max_raw
    if is_bytes(values.type):
        check_string_bounds(values, *(as_bytes(bound) for bound in (low, high)), exact, where, exact_bytes)
        return
    least, greatest = pc.min(values).as_py(), pc.max(values).as_py()
    assert (low, high) == (least, greatest), f"{where}: bounds {low}, {high} of values {least} to {greatest}"
    if chunk.physical_type == "DOUBLE":
        assert low != 0 or math.copysign(1, low) < 0, f"{where}: a minimum of zero is -0.0"
        assert high != 0 or math.copysign(1, high) > 0, f"{where}: a maximum of zero is +0.0"


def as_bytes(bound):
    return bound.encode() if isinstance(bound, str) else bytes(bound)


def check_string_bounds(values, low, high, exact, where, exact_bytes):
    extremes = pc.min_max(values.cast(pa.binary()))
    least, greatest = extremes["min"].as_py(), extremes["max"].as_py()
    assert low <= least and greatest <= high, f"{where}: bounds {low}, {high} leave out {least} or {greatest}"
    if pa.types.is_string(values.type):
        low.decode(), high.decode()  # bounds of a STRING are UTF-8
    for bound, value, is_exact in ((low, least, exact[0]), (high, greatest, exact[1])):
        if len(value) <= exact_bytes:
            assert bound == value, f"{where}: bound {bound} of {value}"
        assert is_exact is not True or bound == value, f"{where}: an exact bound {bound} of {value}"
        assert bound == value or is_exact is False, f"{where}: a bound that was cut is not marked so"


def chunks(metadata):
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for index in range(group.num_columns):
            yield group.column(index)
