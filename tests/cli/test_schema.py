"""schema: the tables as text, as JSON, and as SQL that the engines accept and the files fit."""

import json
import re
import subprocess
import sys

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

import otlp

TABLES = ["logs", "traces", *otlp.METRIC_TABLES]
TYPES = {
    "string": pyarrow.string(),
    "int32": pyarrow.int32(),
    "int64": pyarrow.int64(),
    "double": pyarrow.float64(),
    "boolean": pyarrow.bool_(),
    "timestamp[us, UTC]": pyarrow.timestamp("us", "UTC"),
}


@pytest.fixture(scope="module")
def data(program, tmp_path_factory):
    """A folder with files of every table, in hour folders."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "logs.pb").write_bytes(otlp.logs(3, step=otlp.HOUR))
    (folder / "traces.pb").write_bytes(otlp.traces(2))
    (folder / "metrics.pb").write_bytes(otlp.metrics())
    subprocess.run([program, "convert", "--out", ".", "."], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


def one_file(data, table):
    return next((data / table).rglob("*.parquet"))


def arrow_type(column):
    kind = column["type"]
    if kind == "map<string, string>":
        return pyarrow.map_(pyarrow.string(), pyarrow.field("value", pyarrow.string(), nullable=False))
    if kind == "list<struct>":
        members = [pyarrow.field(m["name"], arrow_type(m), nullable=m["nullable"]) for m in column["members"]]
        return pyarrow.list_(pyarrow.field("element", pyarrow.struct(members), nullable=False))
    if kind.startswith("list<"):
        return pyarrow.list_(pyarrow.field("element", TYPES[kind[5:-1]], nullable=False))
    return TYPES[kind]


def test_json_is_what_the_files_have(ok, data):
    schema = ok("schema", "--json").json()
    assert schema["schema_version"] == 1
    assert [table["table"] for table in schema["tables"]] == TABLES
    for table in schema["tables"]:
        assert table["signal"] == table["table"].split("_")[0]
        arrow = pyarrow.parquet.read_schema(one_file(data, table["table"]))
        assert [field.name for field in arrow] == [column["name"] for column in table["columns"]]
        for field, column in zip(arrow, table["columns"], strict=True):
            assert field.type.equals(arrow_type(column)), column
            assert field.nullable == column["nullable"]
            assert int(field.metadata[b"PARQUET:field_id"]) == column["field_id"]
            assert column["doc"].endswith(".")


def test_one_table(ok):
    every = ok("schema", "--json").json()
    for i, table in enumerate(TABLES):
        one = ok("schema", "--json", table).json()
        assert one["tables"] == [every["tables"][i]]
        assert ok("schema", table).out in ok("schema").out


def test_text_names_every_column(ok):
    for table in ok("schema", "--json").json()["tables"]:
        heading, *lines = ok("schema", table["table"]).out.splitlines()
        assert heading.split() == [table["table"], "TYPE", "NULL", "ID", "MEANING"]
        expected = []
        for column in table["columns"]:
            expected.append(column)
            expected += [member | {"name": "." + member["name"]} for member in column.get("members", [])]
        assert len(lines) == len(expected)
        for line, column in zip(lines, expected, strict=True):
            assert line.split()[0] == column["name"]
            assert f"  {column['type']}  " in line
            assert line.endswith(f"{column['field_id']}  {column['doc']}")
            assert (" null " in line[: line.index(column["doc"])]) == column["nullable"]


def described(connection, what):
    return [tuple(row[:2]) for row in connection.execute(f"DESCRIBE {what}").fetchall()]


def test_duckdb_tables_have_the_types_duckdb_reads(ok, data):
    connection = duckdb.connect()
    connection.execute(ok("schema", "--sql", "duckdb").out)
    for table in TABLES:
        file = one_file(data, table)
        assert described(connection, table) == described(
            connection, f"SELECT * FROM read_parquet('{file}', hive_partitioning = false)"
        )


def test_duckdb_statements_in_the_comments(ok, data, monkeypatch):
    """What the comments say to type is typed."""
    monkeypatch.chdir(data)
    for table in TABLES:
        sql = ok("schema", "--sql", "duckdb", table).out
        comment = "".join(re.findall(r"^-- +(.*\n)", sql, re.MULTILINE))
        view, insert = re.findall(r"^(?:CREATE|INSERT)[^;]*;", comment, re.MULTILINE)
        connection = duckdb.connect()
        connection.execute(view)
        expected = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        connection.execute(f"DROP VIEW {table}")
        connection.execute(sql)
        connection.execute(insert)
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == expected
        assert expected[0] == pyarrow.parquet.read_table(data / table).num_rows > 0


CLICKHOUSE = """
import json, re, sys
from chdb import session

clickhouse = session.Session()


def rows(query):
    return json.loads(clickhouse.query(query, "JSONCompact").data())["data"]


sql, *tables = sys.argv[1:]
answers = {}
clickhouse.query("CREATE DATABASE tests ENGINE = Atomic")
clickhouse.query("USE tests")
clickhouse.query(sql)
for table, insert in zip(tables, re.findall(r"^-- (INSERT[^;]*;)", sql, re.MULTILINE), strict=True):
    clickhouse.query(insert.replace("--", ""))
    answers[table] = {
        "rows": int(rows(f"SELECT count() FROM otel_{table}")[0][0]),
        "types": rows(f"SELECT name, type FROM system.columns WHERE database = 'tests' AND table = 'otel_{table}'"),
        "reads": rows(f"DESCRIBE file('{table}/**/*.parquet', Parquet) SETTINGS use_hive_partitioning = 0"),
    }
answers["event"] = rows("SELECT Events.Name, Links.SpanId FROM otel_traces LIMIT 1")
print(json.dumps(answers))
"""


def unnested(types, name):
    """The type of a column of ours as ClickHouse would infer it: Nested as an array of tuples."""
    if name in types:
        return types[name]
    members = [(key.split(".")[1], kind) for key, kind in types.items() if key.startswith(name + ".")]
    inside = ",".join(f"{key} {kind.removeprefix('Array')[1:-1]}" for key, kind in members)
    return f"Array(Tuple({inside}))"


def test_clickhouse_tables_take_the_files(ok, data):
    """The SQL runs, the INSERTs in its comments too, and but for Nested and low cardinality the types are those
    ClickHouse reads. In a process of its own, since chdb has one session a process."""
    sql = ok("schema", "--sql", "clickhouse").out
    command = [sys.executable, "-c", CLICKHOUSE, sql, *TABLES]
    done = subprocess.run(command, cwd=data, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    for table in TABLES:
        answer = answers[table]
        assert answer["rows"] == pyarrow.parquet.read_table(data / table).num_rows
        types = dict(answer["types"])
        for name, kind, *_ in answer["reads"]:
            ours = re.sub(r"LowCardinality\((\w+)\)", r"\1", unnested(types, name))
            assert "".join(ours.split()) == "".join(kind.split()), name
    assert answers["event"] == [[["event"], ["0202020202020202"]]]
