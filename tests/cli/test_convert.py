"""convert: what it reads, what it writes, and what it says of it."""

import json
import os
import re
import subprocess
import threading

import pyarrow.parquet
import pytest

import otlp
from conftest import ROOT, SHARED_DATA

COUNTS = [
    "accepted",
    "rejected",
    "invalid_utf8",
    "duplicate_keys",
    "unknown_fields",
    "empty_metrics",
    "empty_groups",
    "bad_lines",
]


def parquet_files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def rows(path):
    return pyarrow.parquet.ParquetFile(path).metadata.num_rows


def summary(ok, *arguments, **options):
    """Runs convert --json and checks what must hold for every run."""
    text = ok("convert", "--json", *arguments, **options).out
    assert text.endswith("\n") and text.count("\n") == 1
    result = json.loads(text)
    assert list(result) == ["files", "counts", "rejection"]
    assert result["rejection"] is None
    assert list(result["counts"]) == COUNTS
    for file in result["files"]:
        assert list(file) == ["table", "path", "rows", "bytes", "min_time_ns", "max_time_ns"]
    return result


@pytest.mark.parametrize("request_bytes, table", [(otlp.logs(3), "logs"), (otlp.traces(3), "traces")])
def test_one_file(ok, tmp_path, request_bytes, table):
    (tmp_path / "x.pb").write_bytes(request_bytes)
    result = summary(ok, "--out", "data", "x.pb")
    (file,) = result["files"]
    folders = f"data/{table}/year=2026/month=01/day=01/hour=00/"
    assert re.fullmatch(re.escape(folders) + r"20260101T000000000000Z-[0-9a-f]{16}\.parquet", file["path"])
    assert file["table"] == table
    assert file["rows"] == rows(tmp_path / file["path"]) == 3
    assert file["bytes"] == (tmp_path / file["path"]).stat().st_size
    assert (file["min_time_ns"], file["max_time_ns"]) == (otlp.START, otlp.START + 2 * otlp.SECOND)
    assert result["counts"] == dict.fromkeys(COUNTS, 0) | {"accepted": 3}
    assert parquet_files(tmp_path) == sorted([file["path"], "x.pb"])


def test_all_metric_tables(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.metrics())
    result = summary(ok, "--out", "data", "x.pb")
    assert [file["table"] for file in result["files"]] == otlp.METRIC_TABLES
    assert all(rows(tmp_path / file["path"]) == 1 for file in result["files"])


def test_hours_and_one_file(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(3, step=otlp.HOUR))
    by_hour = summary(ok, "--out", "hours", "x.pb")["files"]
    assert [file["path"].split("/")[5] for file in by_hour] == ["hour=00", "hour=01", "hour=02"]
    assert [file["rows"] for file in by_hour] == [1, 1, 1]
    (one,) = summary(ok, "--out", "one", "--one-file", "x.pb")["files"]
    assert re.fullmatch(r"one/logs-20260101T000000000000Z-[0-9a-f]{16}\.parquet", one["path"])
    assert one["rows"] == rows(tmp_path / one["path"]) == 3


def test_many_inputs_give_one_file_a_table(ok, tmp_path):
    for i in range(20):
        (tmp_path / f"l{i}.pb").write_bytes(otlp.logs(2, body=f"from {i}"))
        (tmp_path / f"t{i}.pb").write_bytes(otlp.traces(1, start=otlp.START + i))
    inputs = sorted(path.name for path in tmp_path.glob("*.pb"))
    result = summary(ok, "--out", "data", *inputs)
    assert [(file["table"], file["rows"]) for file in result["files"]] == [("logs", 40), ("traces", 20)]
    assert result["counts"]["accepted"] == 60


def test_folder_takes_files_of_requests_in_name_order(ok, tmp_path):
    folder = tmp_path / "in"
    (folder / "below.pb").mkdir(parents=True)
    (folder / "below.pb" / "x.pb").write_bytes(otlp.logs(1, body="below"))
    for name in ["e.pb", "a.pb", "C.pb"]:
        (folder / name).write_bytes(otlp.logs(1, body=name))
    (folder / "b.pbs").write_bytes(otlp.delimited(otlp.logs(1, body="b.pbs"), otlp.logs(1, body="again")))
    for name in ["d.json", "c.jsonl", "f.ndjson"]:
        (folder / name).write_bytes(otlp.as_json(otlp.logs(1, body=name)) + b"\n")
    (folder / "notes.txt").write_bytes(b"\xff\xff")
    (folder / ".pb").write_bytes(b"\xff\xff")
    (file,) = summary(ok, "--out", "data", "--one-file", "in")["files"]
    bodies = pyarrow.parquet.read_table(tmp_path / file["path"]).column("Body").to_pylist()
    names = ["C.pb", "a.pb", "b.pbs", "again", "c.jsonl", "d.json", "e.pb", "f.ndjson"]
    assert bodies == [f"{name} 0" for name in names]
    assert summary(ok, "--out", "again", "--one-file", "in/")["files"][0]["bytes"] == file["bytes"]


def test_standard_input(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(5))
    from_file = summary(ok, "--out", "a", "x.pb")["files"][0]["path"]
    piped = summary(ok, "--out", "b", "-", input=otlp.logs(5))["files"][0]["path"]
    assert piped == from_file.replace("a/", "b/", 1)
    assert (tmp_path / piped).read_bytes() == (tmp_path / from_file).read_bytes()
    mixed = summary(ok, "--out", "c", "x.pb", "-", input=otlp.logs(7, body="piped"))
    assert mixed["files"][0]["rows"] == 12


def test_slow_pipe(program, tmp_path):
    """A pipe gives a few bytes at a time."""
    request = otlp.logs(500)
    with subprocess.Popen(
        [program, "convert", "--json", "--out", "d", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for start in range(0, len(request), 1000):
            process.stdin.write(request[start : start + 1000])
            process.stdin.flush()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["counts"]["accepted"] == 500


def test_named_pipe(ok, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(otlp.traces(4)))
    writer.start()
    assert summary(ok, "--out", "d", "pipe")["counts"]["accepted"] == 4
    writer.join()


NOTHING = {"files": [], "counts": dict.fromkeys(COUNTS, 0), "rejection": None}


@pytest.mark.parametrize("name", ["x.pb", "x.pbs", "x.json", "x.jsonl", "-"])
@pytest.mark.parametrize("arguments", [[], ["--delimited"], ["--encoding", "protobuf"], ["--encoding", "json-lines"]])
def test_empty_inputs(run, tmp_path, name, arguments):
    """An empty file is odd, and no failure."""
    (tmp_path / "x").with_suffix("" if name == "-" else name[1:]).write_bytes(b"")
    result = run("convert", "--json", "--out", "d", *arguments, name, input=b"")
    assert (result.status, result.json()) == (0, NOTHING)
    called = "standard input" if name == "-" else name
    assert result.err == f"otlp2parquet: note: {called}: empty: nothing to convert\n"
    assert "0 requests of 0 bytes: 0 rows in 0 files" in run("convert", "--out", "d", name, input=b"").out


@pytest.mark.parametrize("blank", [b"\n", b" \r\n\t\n", b"  "])
def test_blank_inputs(run, blank):
    result = run("convert", "--json", "--out", "d", "-", input=blank)
    assert (result.status, result.json()) == (0, NOTHING)
    assert result.err == "otlp2parquet: note: standard input: empty: nothing to convert\n"


def test_empty_requests(ok):
    assert summary(ok, "--out", "d", "--delimited", "-", input=b"\0\0\0") == NOTHING
    assert summary(ok, "--out", "d", "-", input=b"{}") == NOTHING
    assert summary(ok, "--out", "d", "-", input=b"{}\n{}\n") == NOTHING
    assert "2 requests of 6 bytes: 0 rows in 0 files" in ok("convert", "--out", "d", "-", input=b"{}\n{}\n").out


@pytest.mark.parametrize("how", ["file", "pipe"])
def test_delimited(ok, tmp_path, how):
    requests = [
        otlp.logs(1, body="x" * 40),
        otlp.traces(2),
        b"",
        otlp.logs(300),
        otlp.metrics(),
        otlp.logs(1, body="y" * 200_000),
    ]
    stream = otlp.delimited(*requests)
    (tmp_path / "x.pbs").write_bytes(stream)
    name, data = ("x.pbs", b"") if how == "file" else ("-", stream)
    result = summary(ok, "--delimited", "--out", "d", name, input=data)
    assert [(file["table"], file["rows"]) for file in result["files"]] == [
        ("logs", 302),
        ("traces", 2),
        *[(table, 1) for table in otlp.METRIC_TABLES],
    ]


def test_delimited_many(ok):
    """More requests than fit the buffer, so that some lie across its end at every alignment."""
    requests = [otlp.logs(1, body="x" * (i % 700)) for i in range(3000)]
    result = summary(ok, "--delimited", "--out", "d", "-", input=otlp.delimited(*requests))
    assert result["counts"]["accepted"] == 3000


def test_sealing_by_rows(ok, tmp_path):
    for i in range(6):
        (tmp_path / f"{i}.pb").write_bytes(otlp.logs(10, body=f"file {i}"))
    names = [f"{i}.pb" for i in range(6)]
    files = summary(ok, "--out", "a", "--batch-rows", "20", *names)["files"]
    assert [file["rows"] for file in files] == [20, 20, 20]
    files = summary(ok, "--out", "b", "--batch-rows", "25", *names)["files"]
    assert [file["rows"] for file in files] == [30, 30]
    files = summary(ok, "--out", "c", "--batch-rows=25", "--one-file", *names)["files"]
    assert [file["rows"] for file in files] == [30, 30]
    (file,) = summary(ok, "--out", "d", "--one-file", *names)["files"]
    assert file["rows"] == 60


def test_sealing_by_bytes(ok, tmp_path):
    for i in range(4):
        (tmp_path / f"{i}.pb").write_bytes(otlp.logs(10, body=f"file {i}"))
    files = summary(ok, "--out", "a", "--batch-bytes", "1", *[f"{i}.pb" for i in range(4)])["files"]
    assert [file["rows"] for file in files] == [10, 10, 10, 10]
    files = summary(ok, "--out", "b", "--batch-bytes", "1G", *[f"{i}.pb" for i in range(4)])["files"]
    assert [file["rows"] for file in files] == [40]


def test_same_content_twice_is_one_file(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(2))
    result = summary(ok, "--out", "d", "--batch-rows", "1", "x.pb", "x.pb")
    assert len(result["files"]) == 1
    assert result["counts"]["accepted"] == 4
    text = ok("convert", "--out", "d", "--batch-rows", "1", "x.pb", "x.pb", "x.pb").out
    assert "2 more files had the name and bytes of one of these" in text


def test_again_gives_the_same_files(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.traces(9))
    first = summary(ok, "--out", "d", "x.pb")
    before = {name: (tmp_path / name).read_bytes() for name in parquet_files(tmp_path)}
    assert summary(ok, "--out", "d", "x.pb") == first
    assert {name: (tmp_path / name).read_bytes() for name in parquet_files(tmp_path)} == before


def test_signal_is_told_by_the_bytes_and_not_the_name(ok, tmp_path):
    (tmp_path / "logs.pb").write_bytes(otlp.traces(1))
    (tmp_path / "metrics.pb").write_bytes(otlp.logs(1))
    assert [file["table"] for file in summary(ok, "--out", "d", "logs.pb", "metrics.pb")["files"]] == [
        "logs",
        "traces",
    ]


@pytest.mark.parametrize("name, table", [("My-Logs.pb", "logs"), ("traces_1.pb", "traces")])
def test_name_tells_what_the_bytes_do_not(ok, tmp_path, name, table):
    (tmp_path / name).write_bytes(otlp.TELLS_NOTHING)
    (file,) = summary(ok, "--out", "d", name)["files"]
    assert (file["table"], file["rows"]) == (table, 1)


@pytest.mark.parametrize("name", ["x.pb", "logs-and-traces.pb", "logs/x.pb"])
def test_what_neither_bytes_nor_name_tell(run, ok, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(otlp.TELLS_NOTHING)
    result = run("convert", "--out", "d", name)
    assert result.status == 1
    assert result.err.startswith(f"otlp2parquet: error: {name}: byte ")
    assert "[UNDETECTED]" in result.err
    assert "name the signal: --signal" in result.err
    (file,) = summary(ok, "--out", "d", "--signal", "traces", name)["files"]
    assert (file["table"], file["rows"]) == ("traces", 1)


def test_codec(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(2000, body="the same text over and over " * 4))

    def codecs(*flags):
        (file,) = summary(ok, "--out", "d", *flags, "x.pb")["files"]
        group = pyarrow.parquet.ParquetFile(tmp_path / file["path"]).metadata.row_group(0)
        return {group.column(i).compression for i in range(group.num_columns)}

    assert "SNAPPY" in codecs()
    assert codecs("--codec", "snappy") == codecs()
    assert codecs("--codec", "none") == codecs("--codec=uncompressed") == {"UNCOMPRESSED"}
    assert codecs("--codec", "zstd") == {"ZSTD", "UNCOMPRESSED"}
    assert codecs("--codec", "gzip") == {"GZIP", "UNCOMPRESSED"}
    assert codecs("--codec", "lz4") == {"LZ4", "UNCOMPRESSED"}  # so pyarrow calls LZ4_RAW


@pytest.mark.parametrize("codec, default, most", [("zstd", 3, 22), ("gzip", 6, 9)])
def test_codec_level(ok, codec, default, most):
    sample = ROOT / "examples" / "telemetry" / "collector_filelog_logs.pb"

    def file(*flags):
        (file,) = summary(ok, "--out", "d", "--one-file", "--codec", codec, *flags, sample)["files"]
        return file["path"], file["bytes"]

    assert file("--codec-level", str(default)) == file()
    assert file("--codec-level", str(most))[1] < file("--codec-level=1")[1]
    levels = range(1, most + 1)
    assert len({file("--codec-level", str(level))[0] for level in levels}) == most, "a level is not in the name"


def test_what_files_look_like(ok, tmp_path):
    """Each flag for files reaches the library; what the options mean is tested elsewhere."""
    (tmp_path / "x.pb").write_bytes(otlp.logs(100, body="some text " * 10))

    def file_of(*flags):
        (file,) = summary(ok, "--out", "d", *flags, "x.pb")["files"]
        return pyarrow.parquet.ParquetFile(tmp_path / file["path"])

    plain = file_of()
    assert plain.metadata.num_row_groups == 1
    assert file_of("--row-group-rows", "30").metadata.num_row_groups == 4
    assert file_of("--row-group-bytes", "1K").metadata.num_row_groups > 4
    assert file_of("--ids", "binary").schema_arrow.field("TraceId").type == pyarrow.binary()
    assert file_of("--timestamps", "nanos").schema_arrow.field("Timestamp").type.unit == "ns"
    assert len(plain.metadata.row_group(0).sorting_columns) == 2
    assert not file_of("--order", "received").metadata.row_group(0).sorting_columns
    column = plain.schema_arrow.names.index("ServiceName")

    def chunk(*flags):
        return file_of(*flags).metadata.row_group(0).column(column)

    assert len(chunk("--statistics-bytes", "2").statistics.min) == 2 < len(chunk().statistics.min)
    assert chunk().bloom_filter_offset is None
    assert chunk("--bloom-columns", "ServiceName,Body").bloom_filter_offset is not None
    small = chunk("--bloom-columns=ServiceName", "--bloom-fpp", "0.5").bloom_filter_length
    assert small == chunk("--bloom-columns=ServiceName", "--bloom-fpp", "0.0001").bloom_filter_length  # one block
    for flags in (["--page-rows", "7"], ["--page-bytes", "10"], ["--dictionary-bytes", "1"]):
        (one,) = summary(ok, "--out", "d", "x.pb")["files"]
        (other,) = summary(ok, "--out", "d", *flags, "x.pb")["files"]
        assert other["path"] != one["path"]


def test_counts(ok, tmp_path):
    request = otlp.ExportLogsServiceRequest()
    request.resource_logs.add()
    scope = request.resource_logs.add().scope_logs.add()
    record = scope.log_records.add(time_unix_nano=otlp.START)
    record.attributes.add(key="twice").value.int_value = 1
    record.attributes.add(key="twice").value.int_value = 2
    (tmp_path / "x.pb").write_bytes(request.SerializeToString())
    counts = summary(ok, "--out", "d", "x.pb")["counts"]
    assert (counts["accepted"], counts["duplicate_keys"], counts["empty_groups"]) == (1, 1, 1)
    assert (
        "1 repeated attribute key in the column DuplicateAttributes" in ok("convert", "--out", "d", "x.pb").out
    )


def test_summary_for_people(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1234))
    (file,) = summary(ok, "--out", "d", "x.pb")["files"]
    heading, line, total = ok("convert", "--out", "d", "x.pb").out.splitlines()
    assert heading.split() == ["TABLE", "ROWS", "BYTES", "PATH"]
    assert line.split() == ["logs", "1,234", f"{file['bytes']:,}", file["path"]]
    size = (tmp_path / "x.pb").stat().st_size
    assert total == f"1 request of {size:,} bytes: 1,234 rows in 1 file of {file['bytes']:,} bytes"
    (tmp_path / "one.pb").write_bytes(otlp.logs(1))
    assert ": 1 row in 1 file of " in ok("convert", "--out", "d", "one.pb").out


@pytest.mark.parametrize(
    "name", ['qu"ote', "back\\slash", "new\nline", "tab\there", "é", "esc\x1b[31m", "del\x7f", "\u2028"]
)
def test_json_is_valid_whatever_the_names(ok, tmp_path, name):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (file,) = summary(ok, "--out", name, "x.pb")["files"]
    assert file["path"].startswith(name + "/")
    assert (tmp_path / file["path"]).is_file()
    text = ok("convert", "--out", name, "x.pb").out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_json_of_a_name_that_is_not_utf8(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (file,) = summary(ok, "--out", b"bad\xff\xc3name", "x.pb")["files"]
    assert file["path"].startswith("bad\ufffd\ufffdname/")


def test_absolute_and_slashed_out(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (file,) = summary(ok, "--out", str(tmp_path / "deep" / "er"), "x.pb")["files"]
    assert file["path"].startswith(str(tmp_path / "deep" / "er" / "logs"))
    (file,) = summary(ok, "--out", "slashed///", "x.pb")["files"]
    assert (tmp_path / file["path"]).is_file()
    (file,) = summary(ok, "x.pb")["files"]
    assert file["path"].startswith("./logs/")


def test_default_modes_follow_umask(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (file,) = summary(ok, "--out", "d", "x.pb", umask=0o027)["files"]
    assert (tmp_path / file["path"]).stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o750


def test_real_captures(ok, tmp_path):
    captures = sorted(SHARED_DATA.glob("*.pb"))
    if not captures:
        pytest.skip(f"no captures in {SHARED_DATA}")
    result = summary(ok, "--out", "d", *captures)
    rows_by_table = {}
    for file in result["files"]:
        rows_by_table[file["table"]] = rows_by_table.get(file["table"], 0) + rows(tmp_path / file["path"])
    assert rows_by_table["logs"] == 3495
    assert rows_by_table["traces"] == 2621
    assert sum(rows_by_table.values()) == result["counts"]["accepted"]


def test_large_pipe(ok):
    """Tens of megabytes, so that the buffer grows by doubling many times."""
    request = otlp.logs(20_000, body="x" * 1500)
    assert len(request) > 30_000_000
    assert summary(ok, "--out", "d", "-", input=request)["counts"]["accepted"] == 20_000
