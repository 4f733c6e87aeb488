"""The command line itself: help, versions, flags, hints, exit statuses of wrong use."""

import re

import pytest

import otlp
from conftest import ROOT

FILE_FLAGS = [
    *["codec", "codec-level", "order", "ids", "timestamps", "row-group-rows", "row-group-bytes"],
    *["page-rows", "page-bytes", "dictionary-bytes", "statistics-bytes", "bloom-columns", "bloom-fpp"],
    *["attributes", "promote", "promote-only"],
]
COMMANDS = ["convert", "serve", "connect", "replay", "inspect", "schema", "bench"]
NO_LEVEL = "--codec-level: not a level of the codec: zstd has 1 to 22, gzip 1 to 9, the others none"
ROWS = '--row-group-rows cannot be "{}"; it is a number from 1 to 1073741824, such as 122880'
HEADER = (ROOT / "include" / "otlp2parquet.h").read_text()


def test_help_lists_commands_and_exit_statuses(ok):
    text = ok("--help").out
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.MULTILINE)
    assert re.findall(r"^  (\d)  \w", text, re.MULTILINE) == ["0", "1", "2", "3", "4"]
    assert ok("-h").out == text
    assert ok("help").out == text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(ok, command):
    text = ok(command, "--help").out
    assert text.startswith(f"usage: otlp2parquet {command} ")
    assert "Exit status:" in text
    assert ok("help", command).out == text
    assert ok(command, "-h").out == text
    assert max(map(len, text.splitlines())) <= 100


def test_help_names_every_flag(ok):
    flags = {
        "convert": [
            *["signal", "encoding", "out", "one-file", "delimited", "skip-bad-lines"],
            *["batch-rows", "batch-bytes", "json", "path-template", *FILE_FLAGS],
        ],
        "connect": ["config", "http", "grpc", "host"],
        "replay": ["out", "path-template", "json"],
        "inspect": ["json"],
        "schema": ["json", "sql"],
        "bench": ["signal", "encoding", "repeat", *FILE_FLAGS],
    }
    for command, names in flags.items():
        assert re.findall(r"^  --([a-z-]+)", ok(command, "--help").out, re.MULTILINE) == [*names, "help"]


def test_version(ok):
    version = re.search(r'O2P_VERSION "(.*)"', HEADER)[1]
    schema = re.search(r"O2P_SCHEMA_VERSION (\d+)", HEADER)[1]
    assert ok("--version").out == f"otlp2parquet {version} (schema version {schema})\n"


def test_no_command(run):
    result = run()
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("usage: otlp2parquet COMMAND")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["convret"], "unknown command convret; did you mean convert?"),
        (["frobnicate"], "unknown command frobnicate; `otlp2parquet --help` lists the commands"),
        (["help", "inspct"], "unknown command inspct; did you mean inspect?"),
        (["--versoin"], "unknown flag --versoin; did you mean --version?"),
        (["convert", "--uot", "d", "x"], "unknown flag --uot; did you mean --out?"),
        (["convert", "--delim", "x"], "unknown flag --delim; did you mean --delimited?"),
        (["convert", "--one-fiel=1", "x"], "unknown flag --one-fiel; did you mean --one-file?"),
        (["convert", "-out", "d", "x"], "unknown flag -out; did you mean --out?"),
        (
            ["convert", "--frobnicate", "x"],
            "unknown flag --frobnicate; --help lists the flags, ./--frobnicate names a file",
        ),
        (["convert", "-x"], "unknown flag -x; --help lists the flags, ./-x names a file"),
        (["convert"], "convert: no FILE given (- is standard input); see `otlp2parquet convert --help`"),
        (
            ["convert", "-", "-"],
            "convert: standard input (-) can be read once only; see `otlp2parquet convert --help`",
        ),
        (["convert", "--out=", "x"], "convert: --out is empty; see `otlp2parquet convert --help`"),
        (["convert", "--out"], "--out needs a value: --out DIR"),
        (["convert", "--out", "--json", "x"], "--out needs a value: --out DIR"),
        (["convert", "--json=yes", "x"], "--json takes no value"),
        (
            ["convert", "--signal", "spans", "x"],
            '--signal cannot be "spans"; it is one of: auto, logs, traces, metrics',
        ),
        (
            ["convert", "--encoding", "xml", "x"],
            '--encoding cannot be "xml"; it is one of: auto, protobuf, json, json-lines',
        ),
        (
            ["convert", "--delimited", "--encoding", "json", "x"],
            "convert: --delimited is for protobuf alone; see `otlp2parquet convert --help`",
        ),
        (
            ["convert", "--codec", "brotli", "x"],
            '--codec cannot be "brotli"; it is one of: uncompressed, snappy, zstd, gzip, lz4',
        ),
        (["convert", "--codec-level", "1", "x"], f"convert: {NO_LEVEL}; see `otlp2parquet convert --help`"),
        (
            ["convert", "--codec=zstd", "--codec-level=23", "x"],
            '--codec-level cannot be "23"; it is a number from 0 to 22, such as 0',
        ),
        (
            ["bench", "--codec=gzip", "--codec-level=10", "x"],
            f"bench: {NO_LEVEL}; see `otlp2parquet bench --help`",
        ),
        (
            ["bench", "--codec=zstd", "--codec-level=16777216T", "x"],
            '--codec-level cannot be "16777216T"; it is a number from 0 to 22, such as 0',
        ),
        (
            ["convert", "--one-file", "--path-template", "{hash}", "x"],
            "convert: --one-file has names of its own, without --path-template; see `otlp2parquet convert --help`",
        ),
        (
            ["convert", "--path-template", "{table}", "x"],
            "convert: --path-template: {hash} is missing: files would overwrite each other; "
            "see `otlp2parquet convert --help`",
        ),
        (["convert", "--row-group-rows", "0", "x"], ROWS.format("0")),
        (["convert", "--row-group-rows", "2G", "x"], ROWS.format("2G")),
        (
            ["convert", "--attributes", "struct", "x"],
            '--attributes cannot be "struct"; it is one of: map, json, variant',
        ),
        (["convert", "--promote"], "--promote needs a value: --promote SPECS"),
        (
            ["convert", "--batch-rows", "0", "x"],
            '--batch-rows cannot be "0"; it is a number from 1, such as 5000, 64K, 256M or 2G',
        ),
        (["convert", "--ids", "text", "x"], '--ids cannot be "text"; it is one of: hex, binary'),
        (["convert", "--bloom-fpp", "1e-2", "x"], '--bloom-fpp cannot be "1e-2"; it is a share of 1, such as 0.01'),
        (["convert", "--bloom-fpp", "0", "x"], '--bloom-fpp cannot be "0"; it is a share of 1, such as 0.01'),
        (["bench", "--bloom-fpp", "1.1", "x"], '--bloom-fpp cannot be "1.1"; it is a share of 1, such as 0.01'),
        (
            ["convert", "--bloom-fpp", "0.6", "x"],
            "convert: --bloom-fpp: not from 0.0001 to 0.5; see `otlp2parquet convert --help`",
        ),
        (
            ["bench", "--bloom-columns", "TraceId,Nobody", "x"],
            "bench: --bloom-columns: no such column; see `otlp2parquet bench --help`",
        ),
        (
            ["convert", "--page-bytes", "5G", "x"],
            '--page-bytes cannot be "5G"; it is a size from 1 to 1G, such as 1M',
        ),
        (["inspect"], "inspect: exactly one FILE is needed; see `otlp2parquet inspect --help`"),
        (["inspect", "a", "b"], "inspect: exactly one FILE is needed; see `otlp2parquet inspect --help`"),
        (
            ["schema", "--json", "--sql", "duckdb"],
            "schema: --json and --sql exclude each other; see `otlp2parquet schema --help`",
        ),
        (["schema", "logs", "traces"], "schema: at most one TABLE can be named; see `otlp2parquet schema --help`"),
        (["schema", "log"], "schema: no table log; did you mean logs?"),
        (["schema", "spans"], "schema: no table spans; `otlp2parquet schema` prints them all"),
        (["schema", "--sql", "mysql"], '--sql cannot be "mysql"; it is one of: clickhouse, duckdb'),
        (["bench"], "bench: exactly one FILE is needed; see `otlp2parquet bench --help`"),
        (
            ["bench", "--repeat", "2000000", "x"],
            "bench: --repeat is at most 1000000; see `otlp2parquet bench --help`",
        ),
    ],
)
def test_wrong_use(run, tmp_path, arguments, message):
    result = run(*arguments)
    assert (result.status, result.out, result.err) == (2, "", f"otlp2parquet: error: {message}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "number", ["", "x", "-1", "1.5", "5k", "5KK", "18446744073709551616", "17179869184G", " 1", "1 "]
)
def test_numbers_refused(run, number):
    result = run("bench", "--repeat", number, "x")
    assert result.status == 2
    assert f'--repeat cannot be "{number}"' in result.err


def test_flags_anywhere_in_both_forms(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(2))
    files = [
        ok("convert", "--out", "a", "--one-file", "x.pb", "--json").json()["files"],
        ok("convert", "x.pb", "--out=b", "--json", "--one-file").json()["files"],
        ok("convert", "--out=nowhere", "--out=c", "--one-file", "--json", "--", "x.pb").json()["files"],
    ]
    assert [file[0]["path"].split("/")[0] for file in files] == ["a", "b", "c"]
    assert {file[0]["path"].split("/")[1] for file in files} == {files[0][0]["path"].split("/")[1]}
    assert not (tmp_path / "nowhere").exists()


def test_two_dashes_end_the_flags(ok, run, tmp_path):
    (tmp_path / "--json").write_bytes(otlp.logs(1))
    assert "1 request of" in ok("convert", "--out", "d", "--", "--json").out
    assert run("convert", "--out", "d", "--json").status == 2
    assert "--help: cannot open" in run("convert", "--out", "d", "--", "--help").err
