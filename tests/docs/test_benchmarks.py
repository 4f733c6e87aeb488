"""Runs each program of tests/bench on little, and looks at what it prints and writes. No time is judged.

The generated inputs are made here, smaller than those of `make bench`; the programs find them in their
folder and take them as they are. In the place of the reference there is otlp2parquet itself, which has the
same command line but for writing files.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests" / "bench"
PROGRAM = Path(os.environ.get("O2P_BIN", ROOT / "build" / "release" / "otlp2parquet")).resolve()
BATCHES = PROGRAM.parent / "tests" / "bench" / "batches"
sys.path.append(str(BENCH))

import chart  # noqa: E402
import generate  # noqa: E402
import inputs  # noqa: E402
import load  # noqa: E402
import query  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import server  # noqa: E402
import servers  # noqa: E402
import tile  # noqa: E402

RECORDS = {"LOGS": 2000, "SPANS": 1000, "POINTS": 1000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Generated requests, as `make bench` would find them."""
    made = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        for name, number in RECORDS.items():
            patch.setattr(generate, name, number)
        for signal in inputs.SIGNALS:
            inputs.batched_request(signal, made)
    return made


@pytest.fixture
def reference(tmp_path):
    """A program with the reference's command line: for what this one lacks, status 2."""
    script = tmp_path / "reference"
    script.write_text(f'#!/bin/sh\nexec {PROGRAM} bench "$@"\n')
    script.chmod(0o755)
    return script


def bench(name, *arguments, status=0):
    done = subprocess.run(
        [sys.executable, BENCH / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def rows_of(printed, first):
    """Cells of the table rows that begin with this."""
    lines = (line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| "))
    return [cells for cells in lines if cells[0].startswith(first)]


def texts_of(svg):
    return [element.text for element in xml.etree.ElementTree.fromstring(svg).iter() if element.text]


# ---- make bench -----------------------------------------------------------------------------------------


def test_bench_prints_and_writes(folder, reference, tmp_path):
    project = tmp_path / "project"
    (project / "tests" / "bench").mkdir(parents=True)
    (project / "README.md").write_text("before\n" + "old\n".join(report.MARKS) + "after\n")
    arguments = [PROGRAM, reference, reference, "--rounds", 2, "--repeat", 1, "--no-instructions"]
    arguments += ["--inputs", folder, "--file", folder / "batched_logs.pb", "--write", "--project", project]
    measured, sizes = rows_of(bench("run.py", *arguments), "batched_logs.pb")
    assert measured[1] == f"{RECORDS['LOGS']:,}"
    assert sizes[1] == "1.00x", "the same program writes files of the same size"
    assert float(sizes[2][:-1]) < 1, "ids as bytes take less than ids in hex"
    readme = (project / "README.md").read_text()
    assert readme.startswith("before\n<!--") and readme.endswith("-->\nafter\n") and "old" not in readme
    (short,) = rows_of(readme, "batched_logs.pb")
    assert short[-1] == sizes[2]
    assert "batched_logs.pb" in texts_of((project / "tests" / "bench" / "results.svg").read_text())


def test_every_line_of_the_goals_is_printed():
    """What was not measured is a miss, and says why."""
    lines = list(run.speed_goals([]))
    assert [line[0].removeprefix("times as fast: ") for line in lines] == [name for name, *_ in run.SPEED]
    assert all(line[-1] == "miss: no input" for line in lines)


@pytest.mark.parametrize(
    "value, at_most, expected",
    [(7.9, False, "miss"), (8, False, "pass"), (12, False, "pass, and the aim"), (12.1, True, "miss")],
)
def test_verdict(value, at_most, expected):
    assert run.verdict(value, 8, 12, at_most) == expected


def test_bars_that_miss_look_so():
    svg = chart.bars("title", "a", "b", [chart.Bar("good", 9, 0, 8, 12), chart.Bar("bad", 7, 0, 8, 12)])
    assert svg.count('class="missed"') == 1 and svg.count('class="bar"') == 2  # one is in the legend
    assert {"good", "9.0x", "bad", "7.0x"} <= set(texts_of(svg))


# ---- make bench-check -----------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_bench_check(folder, tmp_path):
    kept = tmp_path / "kept.json"
    arguments = [PROGRAM, "--match", "python_sdk_logs", "--inputs", folder, "--kept", kept]
    bench("instructions.py", *arguments, "--write")
    told = json.loads(kept.read_text())
    assert set(told["instructions"]) == {"python_sdk_logs.pb", "python_sdk_logs.json"}
    assert "nothing has grown" in bench("instructions.py", *arguments)

    told["instructions"]["python_sdk_logs.pb"] = int(told["instructions"]["python_sdk_logs.pb"] / 1.03)
    kept.write_text(json.dumps(told))
    assert "python_sdk_logs.pb: has grown" in bench("instructions.py", *arguments, status=1)

    told["made_with"]["compiler"] = "another"
    kept.write_text(json.dumps(told))
    assert "nothing is judged" in bench("instructions.py", *arguments)


def test_what_is_kept_is_what_is_counted():
    """The numbers in the project are of the samples that there are."""
    kept = json.loads((BENCH / "instructions.json").read_text())["instructions"]
    import instructions

    names = [*instructions.SAMPLES, *(f"first_{signal}" for signal in inputs.SIGNALS)]
    assert set(kept) == {name + suffix for name in names for suffix in (".pb", ".json")}


# ---- make bench-scale, and the streams ------------------------------------------------------------------


def batches(stream, *rows):
    """What batches.c prints of a stream of requests."""
    request = b"".join(map(bytes, stream))
    done = subprocess.run([BATCHES, *map(str, rows)], input=request, capture_output=True, check=True)
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", done.stdout.decode())}


def test_first_tile_is_the_request(folder):
    for signal in inputs.SIGNALS:
        tiles = tile.Tiles(signal, folder)
        request = inputs.batched_request(signal, folder).read_bytes()
        assert tile.request_of(tiles.stream(tiles.records)) == request


def test_tiles_are_new_records(folder, tmp_path):
    """Twice the traces, with as many spans whose parents are there; texts and times of their own."""

    def told(records):
        out, requests = tmp_path / str(records), tmp_path / f"{records}.pbs"
        requests.write_bytes(b"".join(map(bytes, tile.Tiles("traces", folder).stream(records))))
        subprocess.run([PROGRAM, "convert", "--one-file", "--out", out, requests], check=True)
        spans = f"'{out}/*.parquet'"
        return duckdb.execute(
            f"SELECT count(*), count(DISTINCT TraceId), count(DISTINCT SpanAttributes['url.path']), "
            "count(DISTINCT (Timestamp, TimestampNanos)), "
            f"(SELECT count(*) FROM {spans} child JOIN {spans} parent "
            f"ON child.TraceId = parent.TraceId AND child.ParentSpanId = parent.SpanId) FROM {spans}"
        ).fetchall()[0]

    once, twice = told(RECORDS["SPANS"]), told(2 * RECORDS["SPANS"])
    assert twice[0] == 2 * once[0] and twice[1] == 2 * once[1] and twice[4] == 2 * once[4] > 0
    assert twice[2] > 1.9 * once[2] and twice[3] > 1.9 * once[3]


def requests_in(stream):
    data, at, number = b"".join(map(bytes, stream)), 0, 0
    while at < len(data):
        at, number = at + 4 + int.from_bytes(data[at : at + 4], "big"), number + 1
    return number


def test_batches_seals(folder):
    stream = list(tile.Tiles("logs", folder).stream(3 * RECORDS["LOGS"]))
    sealed, whole = batches(stream, 1000), batches(stream)
    assert sealed["rows"] == whole["rows"] == 3 * RECORDS["LOGS"]
    assert sealed["in"] == whole["in"] == sum(map(len, stream)) - 4 * requests_in(stream)
    assert whole["files"] == 1 and 3 < sealed["files"] <= 6
    assert sealed["peak"] < whole["peak"]


@pytest.mark.parametrize(
    "arguments, given, status",
    [(["x"], b"", 2), (["0"], b"", 2), (["1", "2"], b"", 2), ([], b"\0\0\0\5ab", 1), ([], b"\0\0\0\1\n", 1)],
)
def test_batches_refuses(arguments, given, status):
    done = subprocess.run([BATCHES, *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == status and done.stderr and not done.stdout


def test_scale(folder, tmp_path):
    svg = tmp_path / "scale.svg"
    printed = bench("scale.py", BATCHES, "--most", 3000, "--inputs", folder, "--svg", svg)
    for signal in inputs.SIGNALS:
        assert len(rows_of(printed, f"{signal}, one batch")) == 3, "two numbers of records, and the exponents"
    assert {"seconds, by records", "metrics, one batch"} <= set(texts_of(svg.read_text()))


# ---- make bench-server ----------------------------------------------------------------------------------


def test_bench_server(tmp_path):
    """A server is started, loaded, held to what it acknowledged, and told of."""
    if not shutil.which("h2load"):
        pytest.skip("h2load is not installed")
    readme = tmp_path / "README.md"
    readme.write_text("before\n" + "old\n".join(report.MARKS) + "after\n")
    sample = ROOT / "examples" / "telemetry" / "telemetrygen_logs.pb"
    arguments = [PROGRAM, "--rounds", 1, "--records", 50000, "--request", sample, "--match", "memory gRPC"]
    bench("server.py", *arguments, "--write", "--readme", readme)
    lines = rows_of(readme.read_text(), "otlp2parquet")
    assert [line[1:3] for line in lines] == [["memory", "gRPC"]] * 2
    for line in lines:
        *speed, peak, batches, beside, files, allowed = (float(text.replace(",", "")) for text in line[3:])
        assert all(number > 0 for number in speed), line
        assert 0 < beside <= peak and 0 <= batches < peak
        assert 0 < files <= allowed


def measured_server(cpu, beside, files, seals):
    peak = beside + 10**6
    request = server.ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add
    for hour in range(2):
        record(time_unix_nano=hour * load.HOUR_NS)
    line = server.Line(server.Otlp2parquet, None, "wal", "gRPC", server.Load(request, 1000))
    line.runs = [server.Run(load.Answers(1, 1), cpu, peak, 10**6, files, seals)] * 3
    return line


@pytest.mark.parametrize(
    "cpu, beside, files, verdicts",
    [
        (0.001, 63_999_999, 6, ["pass", "pass", "pass"]),
        (0.0011, 64_000_000, 7, ["miss", "miss", "miss"]),
    ],
)
def test_goals_of_the_server(cpu, beside, files, verdicts):
    """1,000 records in so much time, and three seals of two hours."""
    lines = [measured_server(cpu, beside, files, 3), measured_server(0.0005, 1, 1, 3)]
    assert [goal[-1] for goal in server.goals(lines, [])] == verdicts


def test_a_server_is_held_to_what_it_acknowledged(tmp_path):
    own = servers.Otlp2parquet(PROGRAM, tmp_path, "memory", 0.1)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(servers, "PATIENCE", 0.5)
            with pytest.raises(servers.Failed, match="did not store everything"):
                own.stop(1)
    finally:
        own.kill()


# ---- make bench-query -----------------------------------------------------------------------------------


def test_query(folder):
    """Every engine answers every query, and from the files of all writers the same, or there is no row. What
    is told is written between the marks."""
    readme = folder / "README.md"
    readme.write_text("before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n")
    small = ["--rows", 4000, "--seal", 1500, "--rounds", 1, "--inputs", folder]
    printed = bench("query.py", PROGRAM, *small, "--write", "--readme", readme)
    for engine in ("DuckDB", "Polars", "ClickHouse"):
        for signal in ("logs", "traces"):
            assert len([cells for cells in rows_of(printed, f"{signal}: ") if cells[1] == engine]) == 4
    assert not list(folder.glob("query-*")), "the files are removed"
    written = readme.read_text()
    for signal in ("logs: ", "traces: "):
        assert rows_of(written, signal) == rows_of(printed, signal) != []
    assert re.search(r"^4,000 logs, 1,500 rows a file, 1 rounds; duckdb \d", written, re.MULTILINE)
    assert re.search(r"^\d+ of 24 are not slower", written, re.MULTILINE) and "old" not in written
    assert written.startswith("before\n") and written.endswith("after\n")


def test_query_of_json(folder):
    """Attributes as JSON are asked for in their own words."""
    small = ["--rows", 2000, "--rounds", 1, "--inputs", folder, "--engine", "DuckDB"]
    printed = bench("query.py", PROGRAM, *small, "--flags", "--attributes json")
    assert len(rows_of(printed, "logs: an attribute")) == 1


def test_slower_queries_are_told():
    told = query.verdict([(2.0, "fast"), (0.9, "slow"), (1.0, "equal"), (0.5, "slower")])
    assert told == "2 of 4 are not slower. Slower:\n\n- 0.50x: slower\n- 0.90x: slow"
    assert query.verdict([(1.0, "equal")]) == "1 of 1 are not slower."


def test_a_writer_that_ends_early():
    """Those that are left are not waited for in vain."""
    with pytest.raises(SystemExit, match="sh could not write the files"):
        query.feed([["sh", "-c", "exit 3"], ["sh", "-c", "cat >/dev/null"]], [b"x" * 100_000] * 20)
