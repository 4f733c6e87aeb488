"""inspect: agrees with what pyarrow says of files of several writers, and survives anything."""

import datetime
import decimal
import random
import re
import struct
import uuid

import duckdb
import polars
import pyarrow
import pyarrow.parquet
import pytest

import otlp

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
OLD = datetime.datetime(1960, 1, 1, 0, 0, 0, 1000)


def arrow_table():
    return pyarrow.table(
        {
            "int8": pyarrow.array([1, -2, None], pyarrow.int8()),
            "uint64": pyarrow.array([2**64 - 1, 0, 5], pyarrow.uint64()),
            "uint32": pyarrow.array([2**32 - 1, 0, 5], pyarrow.uint32()),
            "int64": pyarrow.array([-(2**63), 2**63 - 1, 0]),
            "float": pyarrow.array([0.1, -1.5, float("inf")], pyarrow.float32()),
            "double": [0.1, 1e300, -3.0],
            "text": ["a", "zé", "\x1b[31m\x00"],
            "bytes": pyarrow.array([b"\x00\xff", b"a", b""]),
            "fixed": pyarrow.array([b"abcd", b"\x00\x01\x02\x03", None], pyarrow.binary(4)),
            "us_utc": pyarrow.array([NOW, NOW, None], pyarrow.timestamp("us", "UTC")),
            "ns": pyarrow.array([NOW, OLD, None], pyarrow.timestamp("ns")),
            "ms": pyarrow.array([OLD] * 3, pyarrow.timestamp("ms")),
            "date": pyarrow.array([datetime.date(1969, 12, 31), datetime.date(2026, 2, 3), None]),
            "time_us": pyarrow.array([datetime.time(1, 2, 3, 4)] * 3, pyarrow.time64("us")),
            "time_ms": pyarrow.array([datetime.time(23, 59, 59, 999000)] * 3, pyarrow.time32("ms")),
            "decimal": pyarrow.array(
                [decimal.Decimal("-123.45"), decimal.Decimal("0.01"), None], pyarrow.decimal128(20, 2)
            ),
            "small_decimal": pyarrow.array(
                [decimal.Decimal("-1.5"), decimal.Decimal("0.5"), None], pyarrow.decimal128(5, 1)
            ),
            "boolean": [True, False, None],
            "list": [[1, 2], [], None],
            "map": pyarrow.array([[("k", "v")], [], None], pyarrow.map_(pyarrow.string(), pyarrow.string())),
            "struct": [{"x": 1, "y": {"dotted.name": "q"}}] * 3,
            "nothing": pyarrow.nulls(3),
        }
    )


def by_pyarrow(path, **options):
    pyarrow.parquet.write_table(arrow_table(), path, **options)


def by_duckdb(path):
    duckdb.execute(
        f"""COPY (SELECT range i, 'x' || range s, range * 1.5 d, (range % 100)::DECIMAL(9, 3) de, range::FLOAT f,
            {{'a': range, 'b': [range]}} st, TIMESTAMPTZ '2020-01-01 00:00:00Z' + INTERVAL (range) SECOND t,
            (range % 200)::UTINYINT ut, range % 2 = 0 b, MAP {{'k': range::VARCHAR}} m, ('b' || range)::BLOB bl
            FROM range(5000)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"""
    )


def by_polars(path):
    polars.from_arrow(arrow_table().drop_columns(["map", "nothing"])).write_parquet(
        path, statistics="full", row_group_size=2
    )


WRITERS = {
    "pyarrow": by_pyarrow,
    "pyarrow-1.0": lambda path: by_pyarrow(path, version="1.0", compression={"int8": "gzip", "text": "brotli"}),
    "pyarrow-groups": lambda path: by_pyarrow(
        path,
        row_group_size=2,
        compression="zstd",
        write_page_index=True,
        data_page_version="2.0",
        sorting_columns=[pyarrow.parquet.SortingColumn(3, descending=True, nulls_first=True)],
        use_byte_stream_split=["double"],
        use_dictionary=False,
    ),
    "pyarrow-decimals": lambda path: by_pyarrow(path, store_decimal_as_integer=True, compression="none"),
    "pyarrow-no-statistics": lambda path: by_pyarrow(path, write_statistics=False, compression="lz4"),
    "pyarrow-no-columns": lambda path: pyarrow.parquet.write_table(pyarrow.table({}), path),
    "pyarrow-no-rows": lambda path: pyarrow.parquet.write_table(arrow_table().slice(0, 0), path),
    "duckdb": by_duckdb,
    "polars": by_polars,
}


@pytest.fixture(params=WRITERS)
def foreign(request, tmp_path):
    path = tmp_path / "x.parquet"
    WRITERS[request.param](path)
    return path


def value(text, like):
    """What inspect printed for a bound, as the type pyarrow gives."""
    if isinstance(like, datetime.datetime):
        return datetime.datetime.fromisoformat(text).replace(tzinfo=like.tzinfo)
    if isinstance(like, datetime.date):
        return datetime.date.fromisoformat(text)
    if isinstance(like, datetime.time):
        return datetime.time.fromisoformat(text)
    if isinstance(like, decimal.Decimal):
        return decimal.Decimal(text)
    if isinstance(like, bytes):
        return bytes.fromhex(text.removeprefix("0x"))
    if isinstance(like, float) and isinstance(text, str):
        return float(text)
    return text


def check_chunk(ours, theirs):
    statistics = theirs.statistics
    assert ours["path"] == theirs.path_in_schema
    assert ours["type"] == theirs.physical_type
    assert ours["codec"].removesuffix("_RAW") == theirs.compression
    assert sorted(ours["encodings"]) == sorted(set(theirs.encodings))
    assert ours["values"] == theirs.num_values
    assert ours["compressed_bytes"] == theirs.total_compressed_size
    assert ours["uncompressed_bytes"] == theirs.total_uncompressed_size
    assert ours["data_page_offset"] == theirs.data_page_offset
    assert (ours["column_index_offset"] is not None) == theirs.has_column_index
    assert (ours["offset_index_offset"] is not None) == theirs.has_offset_index
    if statistics is not None:
        assert ours["nulls"] == statistics.null_count
    if statistics is None or not statistics.has_min_max:
        return False
    if isinstance(statistics.min, float) and theirs.physical_type == "FLOAT":
        assert struct.pack("f", value(ours["min"], 0.0)) == struct.pack("f", statistics.min)
        assert struct.pack("f", value(ours["max"], 0.0)) == struct.pack("f", statistics.max)
    else:
        assert value(ours["min"], statistics.min) == statistics.min
        assert value(ours["max"], statistics.max) == statistics.max
    return True


def leaves(node):
    children = node.get("children", [])
    return [leaf for child in children for leaf in leaves(child)] if children else [node]


def check_json(shown, path):
    """Compares what inspect says with what pyarrow says; returns how many bounds were compared."""
    metadata = pyarrow.parquet.read_metadata(path)
    assert shown["path"] == str(path)
    assert shown["bytes"] == path.stat().st_size
    assert shown["footer_bytes"] == metadata.serialized_size
    assert shown["created_by"] == metadata.created_by
    assert shown["rows"] == metadata.num_rows
    pairs = {pair["key"].encode(): pair["value"].encode() for pair in shown["metadata"]}
    assert pairs == (metadata.metadata or {})
    columns = [leaf for leaf in leaves(shown["schema"]) if leaf["type"] is not None]
    assert len(columns) == metadata.num_columns
    for i, leaf in enumerate(columns):
        assert leaf["name"] == metadata.schema.column(i).name
        assert leaf["type"] == metadata.schema.column(i).physical_type
    compared = 0
    assert len(shown["row_groups"]) == metadata.num_row_groups
    for i, ours in enumerate(shown["row_groups"]):
        theirs = metadata.row_group(i)
        assert (ours["rows"], ours["uncompressed_bytes"]) == (theirs.num_rows, theirs.total_byte_size)
        sorting = [
            (column["column"], column["descending"], column["nulls_first"]) for column in ours["sorting_columns"]
        ]
        assert sorting == [(c.column_index, c.descending, c.nulls_first) for c in theirs.sorting_columns]
        assert len(ours["columns"]) == theirs.num_columns
        compared += sum(check_chunk(ours["columns"][c], theirs.column(c)) for c in range(theirs.num_columns))
    return compared


def test_json_agrees_with_pyarrow(ok, foreign, request):
    compared = check_json(ok("inspect", "--json", str(foreign)).json(), foreign)
    writes_bounds = not any(word in request.node.name for word in ("no-statistics", "no-columns", "no-rows"))
    assert compared >= 10 if writes_bounds else compared == 0


def test_text_of_foreign_files(ok, foreign):
    text = ok("inspect", str(foreign)).out
    metadata = pyarrow.parquet.read_metadata(foreign)
    assert f"created by  {metadata.created_by}\n" in text
    assert re.search(rf"^rows +{metadata.num_rows} in {metadata.num_row_groups} row group", text, re.MULTILINE)
    assert len(re.findall(r"^row group \d+: ", text, re.MULTILINE)) == metadata.num_row_groups
    for i in range(metadata.num_columns):
        path = metadata.schema.column(i).path
        assert len(re.findall(rf"^  {re.escape(path)} +[A-Z]", text, re.MULTILINE)) == metadata.num_row_groups
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_logical_types(ok, tmp_path):
    by_pyarrow(tmp_path / "x.parquet")
    nodes = {node["name"]: node for node in ok("inspect", "--json", "x.parquet").json()["schema"]["children"]}
    assert {name: nodes[name]["logical_type"] for name in nodes} == {
        "int8": "INTEGER(8, signed)",
        "uint64": "INTEGER(64, unsigned)",
        "uint32": "INTEGER(32, unsigned)",
        "int64": None,
        "float": None,
        "double": None,
        "text": "STRING",
        "bytes": None,
        "fixed": None,
        "us_utc": "TIMESTAMP(MICROS, UTC)",
        "ns": "TIMESTAMP(NANOS, local)",
        "ms": "TIMESTAMP(MILLIS, local)",
        "date": "DATE",
        "time_us": "TIME(MICROS, local)",
        "time_ms": "TIME(MILLIS, local)",
        "decimal": "DECIMAL(20, 2)",
        "small_decimal": "DECIMAL(5, 1)",
        "boolean": None,
        "list": "LIST",
        "map": "MAP",
        "struct": None,
        "nothing": "UNKNOWN",
    }
    assert nodes["fixed"]["type_length"] == 4
    assert nodes["map"]["children"][0]["children"][0]["repetition"] == "required"
    assert nodes["struct"]["children"][1]["children"][0]["name"] == "dotted.name"


def test_uuid(ok, tmp_path):
    values = [uuid.UUID(int=i << 100 | i) for i in (7, 1, 9)]
    duckdb.execute(
        f"COPY (SELECT unnest({[str(v) for v in values]})::UUID u) TO '{tmp_path}/x.parquet' (FORMAT parquet)"
    )
    (column,) = ok("inspect", "--json", "x.parquet").json()["row_groups"][0]["columns"]
    assert (column["min"], column["max"]) == (str(min(values)), str(max(values)))


def test_wide_decimals(ok, tmp_path):
    values = [decimal.Decimal("-1" + "0" * 36 + ".5"), decimal.Decimal("9" * 37 + ".9"), decimal.Decimal("-0.1")]
    table = pyarrow.table(
        {
            "d": pyarrow.array(values, pyarrow.decimal128(38, 1)),
            "z": pyarrow.array([decimal.Decimal(0)] * 3, pyarrow.decimal128(3, 3)),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
    wide, zero = ok("inspect", "--json", "x.parquet").json()["row_groups"][0]["columns"]
    assert (wide["min"], wide["max"]) == ("-1" + "0" * 36 + ".5", "9" * 37 + ".9")
    assert (zero["min"], zero["max"]) == ("0.000", "0.000")


@pytest.mark.parametrize("request_bytes", [otlp.logs(50), otlp.traces(50), otlp.metrics()])
def test_own_files(ok, tmp_path, request_bytes):
    (tmp_path / "x.pb").write_bytes(request_bytes)
    for file in ok("convert", "--json", "--out", "d", "x.pb").json()["files"]:
        path = tmp_path / file["path"]
        shown = ok("inspect", "--json", str(path)).json()
        assert check_json(shown, path) > 0
        assert shown["rows"] == file["rows"]
        assert re.fullmatch(r"otlp2parquet version \d+\.\d+\.\d+ \(build .+\)", shown["created_by"])
        pairs = {pair["key"]: pair["value"] for pair in shown["metadata"]}
        assert pairs["otlp2parquet.schema_version"] == "1"
        schema = ok("schema", "--json", file["table"]).json()["tables"][0]
        ids = {node["name"]: node["field_id"] for node in shown["schema"]["children"]}
        assert ids == {column["name"]: column["field_id"] for column in schema["columns"]}


def test_times_in_text(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(2, start=otlp.START + 1000))
    (file,) = ok("convert", "--json", "--out", "d", "x.pb").json()["files"]
    text = ok("inspect", file["path"]).out
    assert re.search(
        r"^  Timestamp .*2026-01-01T00:00:00\.000001Z +2026-01-01T00:00:01\.000001Z$", text, re.MULTILINE
    )
    assert re.search(r"^    Timestamp: required INT64 TIMESTAMP\(MICROS, UTC\) \[\d+\]$", text, re.MULTILINE)
    assert re.search(
        r"^row group 0: 2 rows, \d+ bytes uncompressed, sorted by ServiceName, Timestamp$", text, re.MULTILINE
    )


def test_one_row_is_no_rows(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (file,) = ok("convert", "--json", "--out", "d", "x.pb").json()["files"]
    assert re.search(r"^row group 0: 1 row, \d+ bytes uncompressed", ok("inspect", file["path"]).out, re.MULTILINE)


# ---- files that are none


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "too short to be a Parquet file"),
        (b"PAR1PAR1", "too short to be a Parquet file"),
        (b"\0" * 100, "byte 92: not a Parquet file: it does not end in PAR1"),
        (b"PAR1" + b"\0" * 20 + b"PARE", "byte 20: the footer is encrypted"),
        (b"XXXX\0" + struct.pack("<I", 1) + b"PAR1", "byte 0: not a Parquet file: it does not begin with PAR1"),
        (b"PAR1\0" + struct.pack("<I", 2) + b"PAR1", "byte 5: the footer is said to be larger than the file"),
        (
            b"PAR1\0" + struct.pack("<I", 0xFFFFFFFF) + b"PAR1",
            "byte 5: the footer is said to be larger than the file",
        ),
        (b"PAR1\0" + struct.pack("<I", 1) + b"PAR1", "byte 5: FileMetaData: a required field is missing"),
        (b"PAR1" + struct.pack("<I", 0) + b"PAR1", "byte 4: FileMetaData: the footer ends in a value"),
        (
            b"PAR1\x15\x02\x19\xfc" + b"\xff" * 4 + b"\x0f" + struct.pack("<I", 9) + b"PAR1",
            "byte 13: FileMetaData: a list has more elements than the footer has bytes",
        ),
    ],
)
def test_not_parquet(run, tmp_path, content, message):
    (tmp_path / "x.parquet").write_bytes(content)
    result = run("inspect", "x.parquet")
    assert (result.status, result.out, result.err) == (1, "", f"otlp2parquet: error: x.parquet: {message}\n")


def test_what_is_no_file(run, tmp_path):
    assert "gone.parquet: cannot open: No such file or directory" in run("inspect", "gone.parquet").err
    for name in (".", "/dev/null"):
        result = run("inspect", name)
        assert (result.status, result.err) == (
            1,
            f"otlp2parquet: error: {name}: not a regular file; inspect needs one to seek in\n",
        )


def with_footer(footer):
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def struct_of(fields):
    """A Thrift compact struct of (id, type, bytes), ids ascending by less than 16."""
    out, previous = b"", 0
    for number, kind, payload in fields:
        out += bytes([(number - previous) << 4 | kind]) + payload
        previous = number
    return out + b"\0"


def schema_element(name, children=None):
    fields = [] if children is not None else [(1, 5, b"\x04")]  # INT64
    fields += [(4, 8, bytes([len(name)]) + name)]
    fields += [(5, 5, otlp.varint(children * 2))] if children is not None else []
    return struct_of(fields)


def file_metadata(elements, groups=(), extra=()):
    def structs(items):
        items = list(items)
        head = bytes([len(items) << 4 | 12]) if len(items) < 15 else b"\xfc" + otlp.varint(len(items))
        return head + b"".join(items)

    return with_footer(
        struct_of([(1, 5, b"\x04"), (2, 9, structs(elements)), (3, 6, b"\0"), (4, 9, structs(groups)), *extra])
    )


def chain(depth):
    return [schema_element(b"g", children=1) for _ in range(depth)] + [schema_element(b"leaf")]


def nested_lists(depth):
    """A field of a newer format: lists of lists."""
    return b"\x19" * (depth - 1) + b"\x13\x00"


@pytest.mark.parametrize(
    "content, message",
    [
        (file_metadata(chain(64)), None),
        (file_metadata(chain(65)), "the schema is nested too deeply"),
        (file_metadata(chain(5000)), "the schema is nested too deeply"),
        (file_metadata([]), "the schema has fewer nodes than its groups have children"),
        (
            file_metadata([schema_element(b"r", children=2), schema_element(b"a")]),
            "fewer nodes than its groups have children",
        ),
        (file_metadata([schema_element(b"r", children=0), schema_element(b"a")]), "nodes that belong to no group"),
        (file_metadata([schema_element(b"r", children=0)], extra=[(15, 9, nested_lists(30))]), None),
        (
            file_metadata([schema_element(b"r", children=0)], extra=[(15, 9, nested_lists(40))]),
            "values are nested too deeply",
        ),
        (
            file_metadata([schema_element(b"r", children=0)], extra=[(15, 12, b"\x1c" * 100000)]),
            "values are nested too deeply",
        ),
        (file_metadata([schema_element(b"r", children=0)], extra=[(15, 14, b"")]), "a field has no known type"),
        (
            file_metadata(
                [schema_element(b"r", children=0)],
                groups=[struct_of([(1, 9, b"\x0c"), (2, 6, b"\0"), (3, 6, b"\0")])],
            ),
            None,
        ),
        (
            file_metadata(
                [schema_element(b"r", children=1), schema_element(b"a")],
                groups=[struct_of([(1, 9, b"\x0c"), (2, 6, b"\0"), (3, 6, b"\0")])],
            ),
            "RowGroup: a row group has more or fewer columns than the schema",
        ),
        (file_metadata([struct_of([])]), "SchemaElement: a required field is missing"),
        (
            file_metadata([struct_of([(4, 8, b"\x7fabc")])]),
            "SchemaElement: a length points past the end of the footer",
        ),
        (
            file_metadata([struct_of([(4, 5, b"\x02")])]),
            "SchemaElement: a field has another type than the format gives it",
        ),
    ],
)
def test_crafted_footers(run, tmp_path, content, message):
    (tmp_path / "x.parquet").write_bytes(content)
    result = run("inspect", "--json", "x.parquet")
    if message is None:
        assert (result.status, result.err) == (0, "")
        result.json()
        return
    assert result.status == 1
    assert re.fullmatch(r"otlp2parquet: error: x\.parquet: byte \d+: \w+: .*\n", result.err)
    assert message in result.err


def test_truncated_files(run, tmp_path):
    by_pyarrow(tmp_path / "x.parquet", row_group_size=1)
    whole = (tmp_path / "x.parquet").read_bytes()
    for size in [*range(0, 40), *range(40, len(whole), len(whole) // 60)]:
        (tmp_path / "cut.parquet").write_bytes(whole[:size])
        result = run("inspect", "cut.parquet")
        assert result.status == 1
        assert result.err.startswith("otlp2parquet: error: cut.parquet: ")


def test_truncated_footers(run, tmp_path):
    by_pyarrow(tmp_path / "x.parquet", row_group_size=2)
    whole = (tmp_path / "x.parquet").read_bytes()
    size = struct.unpack("<I", whole[-8:-4])[0]
    footer = whole[-8 - size : -8]
    for kept in range(0, size, max(1, size // 80)):
        (tmp_path / "cut.parquet").write_bytes(with_footer(footer[:kept]))
        result = run("inspect", "cut.parquet")
        assert result.status == 1, kept
        assert re.match(r"otlp2parquet: error: cut\.parquet: byte \d+: \w+: ", result.err)


def test_damaged_footers(run, tmp_path):
    """Random damage: any outcome but a crash; what is printed as JSON is JSON."""
    dice = random.Random(20260102)
    for writer in ("pyarrow-groups", "duckdb", "polars"):
        WRITERS[writer](tmp_path / "x.parquet")
        whole = (tmp_path / "x.parquet").read_bytes()
        size = struct.unpack("<I", whole[-8:-4])[0]
        for _ in range(60):
            footer = bytearray(whole[-8 - size : -8])
            for _ in range(dice.choice([1, 1, 2, 8])):
                footer[dice.randrange(size)] = dice.choice([0, 0x7F, 0x80, 0xFF, dice.randrange(256)])
            (tmp_path / "bad.parquet").write_bytes(with_footer(bytes(footer)))
            result = run("inspect", "--json", "bad.parquet")
            assert result.status in (0, 1)
            if result.status == 0:
                result.json()
            assert run("inspect", "bad.parquet").status == result.status
