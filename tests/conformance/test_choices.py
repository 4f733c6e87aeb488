"""Whatever is chosen, nothing is lost, and files say what holds.

Each choice is tried on requests of every table. What readers make of these files is in test_readers.
"""

from itertools import combinations

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from choices import BLOOM_COLUMNS, CASE_NAMES, CHOICES, SAMPLE_NAMES, SMALL
from columns import canonical, leaves
from corpus import case_named, options_of, requests_of, samples, signal_of
from otlp_pieces import REQUEST_TYPES
from rows import expected_rows
from tables import TABLE
from test_lossless import check_conversion
from test_metadata import check_statistics, chunks, row_group_leaves, sortable

SAMPLES = {name: path for name, path in samples().items() if name in SAMPLE_NAMES}
every_choice = pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)


def test_every_pair_of_choices_is_tried():
    for one, other in combinations(range(len(CHOICES[0].values)), 2):
        assert len({(choice.values[one], choice.values[other]) for choice in CHOICES}) == 4
    assert SAMPLES.keys() == set(SAMPLE_NAMES)


def chosen(converter, choice):
    """The files of all cases and samples: one a table."""
    files = []
    for signal in REQUEST_TYPES:
        cases = [case_named(name) for name in CASE_NAMES]
        inputs = [converter.input_of(case) for case in cases if case.signal == signal]
        inputs += [path for path in SAMPLES.values() if signal_of(path) == signal]
        flags = ["--signal", signal, "--one-file", *choice.flags]
        files += converter.convert(inputs, *flags, set_name=f"chosen_{choice.name}", name=signal).files
    return files


# ---- records -------------------------------------------------------------------------------------------


@every_choice
def test_nothing_is_lost(choice, converter):
    clustered = choice.order == "clustered"
    for name in CASE_NAMES:
        case = case_named(name)
        built = case.wire()
        conversion = converter.convert_wire(case, *choice.flags, set_name=f"choice_{choice.name}")
        check_conversion(conversion, expected_rows(case.signal, built.meaning), built.counts, clustered)
    for name, path in SAMPLES.items():
        conversion = converter.convert(
            [path], *options_of(path), *choice.flags, set_name=f"choice_{choice.name}", name=name
        )
        requests = [REQUEST_TYPES[signal_of(path)].FromString(data) for data in requests_of(path)]
        rows = [row for request in requests for row in expected_rows(signal_of(path), request)]
        check_conversion(conversion, rows, {}, clustered)


# ---- what files say --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=CHOICES, ids=lambda choice: choice.name)
def choice_and_files(request, converter):
    files = chosen(converter, request.param)
    return request.param, [(file, pq.ParquetFile(file.path)) for file in files]


def test_types_follow(choice_and_files):
    choice, files = choice_and_files
    ids, times = set(), set()
    for _, parquet in files:
        for field in leaf_fields(parquet.schema_arrow):
            if field.name.endswith(("TraceId", "SpanId")):
                ids.add(field.type)
            if pa.types.is_timestamp(field.type):
                times.add(field.type)
            assert choice.timestamps == "micros" or not field.name.endswith("Nanos")
    assert ids == {pa.binary() if choice.ids == "binary" else pa.string()}
    assert times == {pa.timestamp("ns" if choice.timestamps == "nanos" else "us", "UTC")}


def leaf_fields(fields):
    for field in fields:
        kind = field.type
        if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
            yield from leaf_fields(kind.value_type)
        else:
            yield field


def test_sizes_hold(choice_and_files):
    choice, files = choice_and_files
    groups = 0
    for _, parquet in files:
        metadata = parquet.metadata
        groups += metadata.num_row_groups
        for number in range(metadata.num_row_groups if choice.small else 0):
            group = metadata.row_group(number)
            assert group.num_rows <= SMALL["row-group-rows"]
            # about: page headers come on top, and pages of seven rows have many
            assert group.num_rows == 1 or group.total_byte_size < 4 * SMALL["row-group-bytes"]
    assert (groups > 2 * len(files)) == choice.small


def test_statistics_are_true(choice_and_files):
    choice, files = choice_and_files
    with_bounds = 0
    for file, parquet in files:
        flags = dict(
            (row[:2], row[2:])
            for row in duckdb.execute(
                "SELECT row_group_id, column_id, stats_nan_count, min_is_exact, max_is_exact"
                " FROM parquet_metadata($1)",
                [str(file.path)],
            ).fetchall()
        )
        for number in range(parquet.metadata.num_row_groups):
            for index, array in enumerate(row_group_leaves(parquet, number)):
                chunk = parquet.metadata.row_group(number).column(index)
                nans, *exact = flags[number, index]
                where = f"{chunk.path_in_schema}, row group {number} of {file.path}"
                with_bounds += check_statistics(
                    chunk, array, nans, exact, where, choice.exact_bytes, choice.small
                )
    assert with_bounds > 100


def test_codec_and_bloom_filters(choice_and_files):
    choice, files = choice_and_files
    wanted = set(BLOOM_COLUMNS.split(",")) if choice.blooms else {"TraceId"}
    seen = set()
    for file, parquet in files:
        if choice.codec == "none":
            assert {chunk.compression for chunk in chunks(parquet.metadata)} == {"UNCOMPRESSED"}
        rows = duckdb.execute(
            "SELECT path_in_schema, bloom_filter_offset FROM parquet_metadata($1)", [str(file.path)]
        ).fetchall()
        for path, offset in rows:
            name = ".".join(part for part in path.split(", ") if part not in ("list", "element"))
            assert offset is None or name in wanted, f"{name} of {file.path} has a bloom filter"
            if offset is not None:
                seen.add(name)
    assert seen == wanted


def test_declared_order_holds(choice_and_files):
    """Service and time, or service alone: times in nanoseconds may be null or beyond what INT64 has."""
    choice, files = choice_and_files
    declared_times = 0
    for file, parquet in files:
        names = [parquet.metadata.schema.column(n).path for n in range(parquet.metadata.num_columns)]
        for number in range(parquet.metadata.num_row_groups):
            declared = parquet.metadata.row_group(number).sorting_columns
            keys = [names[key.column_index] for key in declared]
            if choice.order == "received":
                assert not keys
                continue
            whole = ["ServiceName", TABLE[file.table].time]
            assert keys == whole or (choice.timestamps == "nanos" and keys == whole[:1])
            declared_times += len(keys) == 2
            rows = canonical(parquet.read_row_group(number, columns=keys))
            values = list(zip(*(sortable(rows.column(key), key_of) for key, key_of in zip(keys, declared))))
            assert all(one <= other for one, other in zip(values, values[1:])), f"{file.path}: {keys}"
    assert declared_times > 0 or choice.order == "received"


# ---- filters -----------------------------------------------------------------------------------------------


def test_filtered_rows_are_all_found(choice_and_files):
    """DuckDB looks ids, texts and times up, by statistics, dictionaries and bloom filters."""
    choice, files = choice_and_files
    for file, parquet in files:
        for column in {"logs": ("TraceId", "Body"), "traces": ("SpanId", "SpanName")}.get(
            file.table, ("MetricName", "ServiceName")
        ):
            values = parquet.read(columns=[column]).column(0).to_pylist()
            for value in sorted({value for value in values if value is not None}, key=str)[::7]:
                query = f"SELECT count(*) FROM read_parquet($1, hive_partitioning = false) WHERE {column} = $2"
                ((found,),) = duckdb.execute(query, [str(file.path), value]).fetchall()
                assert found == values.count(value), f"{column} = {value!r} of {file.path}"
