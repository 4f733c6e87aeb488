"""Independent readers read every file to the same values: column by column, nested values included.

pyarrow is the reference (test_lossless shows that its values are the right ones). Each other reader reads
all files of a table in one query and hands over an Arrow table; `columns.canonical` makes them comparable.
"""

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from columns import canonical
from choices import CHOICES
from corpus import RANDOM_CASES
from otlp_pieces import REQUEST_TYPES
from tables import TABLE, TABLES
from test_choices import chosen


def read_duckdb(files, _engines):
    relation = duckdb.sql(
        "SELECT * FROM read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)",
        params={"files": [str(file) for file in files]},
    )
    return _named(relation.to_arrow_table(), "filename", "file_row_number")


def read_polars(files, _engines):
    frames = [
        polars.read_parquet(file, row_index_name="#row", hive_partitioning=False).with_columns(
            polars.lit(str(file)).alias("#file")
        )
        for file in files
    ]
    return _named(polars.concat(frames).to_arrow(), "#file", "#row")


def read_chdb(files, engines):
    """ClickHouse reads a folder of links to the files: a list of hundreds of names is no query."""
    folder = engines.folder_of_links(files)
    result = engines.clickhouse.query(
        f"SELECT *, _path AS `#file`, _row_number AS `#row` FROM file('{folder}/*.parquet', Parquet)"
        " SETTINGS session_timezone = 'UTC'",
        "Arrow",
    )
    table = pa.ipc.open_file(pa.BufferReader(result.bytes())).read_all()
    names = {str(link): str(link.resolve()) for link in folder.iterdir()}
    originals = pa.array([names[path] for path in table.column("#file").to_pylist()], pa.string())
    return _named(table.set_column(table.column_names.index("#file"), "#file", originals), "#file", "#row")


def read_spark(files, engines):
    frame = engines.spark.read.parquet(*(str(file) for file in files))
    table = frame.selectExpr("*", "_metadata.file_path AS `#file`", "_metadata.row_index AS `#row`").toArrow()
    paths = [path.removeprefix("file:") for path in table.column("#file").to_pylist()]
    paths = pa.array(["/" + path.lstrip("/") for path in paths], pa.string())
    return _named(table.set_column(table.column_names.index("#file"), "#file", paths), "#file", "#row")


READERS = {"duckdb": read_duckdb, "polars": read_polars, "chdb": read_chdb, "spark": read_spark}


@pytest.mark.parametrize("table", [table.name for table in TABLES])
@pytest.mark.parametrize("reader", READERS)
def test_reader_agrees_with_pyarrow(reader, table, corpus, engines):
    files = [file.path.resolve() for conversion in corpus for file in conversion.of_table(table)]
    assert files, f"no input gives {table}"
    expected = reference(files)
    try:
        found = READERS[reader](files, engines)
    except Exception as error:
        raise AssertionError(f"{reader} does not read {refused(reader, files, engines)}") from error
    check_equal(in_order(canonical(found)), in_order(canonical(expected)), reader)


# What --codec calls them and what DuckDB does.
CODECS = {"zstd": "ZSTD", "gzip": "GZIP", "lz4": "LZ4_RAW"}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read(codec, reader, converter, engines):
    """A file of each table; each holds what its twin in Snappy does, and has chunks of the codec."""
    twins = joined(converter)
    files = joined(converter, "--codec", codec, set_name=f"joined_{codec}")
    assert files.keys() == twins.keys() == TABLE.keys()
    for table, file in files.items():
        used = duckdb.execute("SELECT DISTINCT compression FROM parquet_metadata($1)", [str(file)]).fetchall()
        assert {name for (name,) in used} == {CODECS[codec], "UNCOMPRESSED"}
        expected = canonical(pq.ParquetFile(twins[table]).read().replace_schema_metadata())
        read = canonical(pq.ParquetFile(file).read().replace_schema_metadata())
        assert read.equals(expected), f"{table}: pyarrow reads other values than of Snappy"
        found = READERS[reader]([file], engines)
        check_equal(in_order(canonical(found)), in_order(canonical(reference([file]))), reader)


def joined(converter, *options, **names):
    """The file of each table that all random requests give."""
    conversions = [converter.convert_joined(signal, RANDOM_CASES, *options, **names) for signal in REQUEST_TYPES]
    return {file.table: file.path.resolve() for conversion in conversions for file in conversion.files}


@pytest.mark.parametrize("choice", CHOICES[1:], ids=lambda choice: choice.name)
@pytest.mark.parametrize("reader", READERS)
def test_reader_agrees_whatever_is_chosen(reader, choice, converter, engines):
    """Spark reads no nanoseconds: that is documented, and tested below."""
    if reader == "spark" and choice.timestamps == "nanos":
        pytest.skip("Spark refuses TIMESTAMP(NANOS)")
    by_table = {file.table: [file.path.resolve()] for file in chosen(converter, choice)}
    assert by_table.keys() == {table.name for table in TABLES}
    for files in by_table.values():
        found = in_order(comparable(READERS[reader](files, engines), reader))
        check_equal(found, in_order(comparable(reference(files), reader)), reader)


def test_spark_reads_nanoseconds_as_numbers_when_told_to(converter, engines):
    choice = next(item for item in CHOICES if item.timestamps == "nanos")
    files = [file.path.resolve() for file in chosen(converter, choice) if file.table == "logs"]
    with pytest.raises(Exception, match="(?i)illegal parquet type|nanos"):
        read_spark(files, engines)
    engines.spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
    try:
        found = in_order(comparable(read_spark(files, engines), "spark"))
    finally:
        engines.spark.conf.unset("spark.sql.legacy.parquet.nanosAsLong")
    check_equal(found, in_order(comparable(reference(files), "spark")), "spark")


def comparable(table, reader):
    """The canonical form in which binary strings are as any others, and times as DuckDB has them: it cuts
    nanoseconds to microseconds."""
    return canonical(table, bytes_alone=True, micros=reader == "duckdb")


def reference(files):
    tables = [pq.ParquetFile(file).read() for file in files]
    for number, (file, table) in enumerate(zip(files, tables)):
        table = table.append_column("#file", pa.array([str(file)] * len(table), pa.string()))
        tables[number] = table.append_column("#row", pa.array(range(len(table)), pa.int64()))
    return pa.concat_tables([table.replace_schema_metadata() for table in tables])


def refused(reader, files, engines):
    """The files that a reader fails on when it gets them one by one, and why."""
    notes = []
    for file in files:
        try:
            READERS[reader]([file], engines)
        except Exception as error:
            notes.append(f"{file}: {str(error)[:300]}")
    return f"{len(notes)} of {len(files)} files: " + "\n".join(notes[:5])


def _named(table, file, row):
    """The table with its file and row columns under the names `#file` and `#row`."""
    names = {file: "#file", row: "#row"}
    table = table.rename_columns([names.get(name, name) for name in table.column_names])
    return table.set_column(table.column_names.index("#row"), "#row", table.column("#row").cast(pa.int64()))


def in_order(table):
    order = pc.sort_indices(table, [("#file", "ascending"), ("#row", "ascending")])
    return table.take(order)


def check_equal(found, expected, reader):
    names = [name for name in expected.column_names if not name.startswith("#")]
    assert [name for name in found.column_names if not name.startswith("#")] == names, "other columns"
    assert len(found) == len(expected), f"{reader} finds {len(found)} rows, pyarrow {len(expected)}"
    for name in ["#file", "#row", *names]:
        one, other = found.column(name), expected.column(name)
        assert one.type == other.type, f"{name}: {reader} has {one.type}, pyarrow {other.type}"
        if not one.equals(other):
            row = first_difference(one, other)
            raise AssertionError(
                f"{name} of row {expected.column('#row')[row]} in {expected.column('#file')[row]}:\n"
                f"{reader}: {str(one[row].as_py())[:500]}\npyarrow: {str(other[row].as_py())[:500]}"
            )


def first_difference(one, other):
    """Index of the first row that differs, by halving."""
    low, high = 0, len(one)
    while high - low > 1:
        middle = (low + high) // 2
        if one.slice(low, middle - low).equals(other.slice(low, middle - low)):
            low = middle
        else:
            high = middle
    return low
