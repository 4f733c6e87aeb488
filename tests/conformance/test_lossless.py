"""Nothing OTLP carries is lost: records rebuilt from Parquet are the records that went in.

What went in is what Google's protobuf reads from the same bytes. Rows must be those records, in the files
of their own UTC hours, in the declared order, under the documented paths; and a second run must give the
same files, byte for byte.
"""

import re
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from google.protobuf import text_format
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import wire
from corpus import EDGE_CASES, RANDOM_CASES, case_named, delimited, requests_of, signal_of
from otlp_pieces import HOUR, REQUEST_TYPES
from otlp_wire_cases import nested_body
from rebuild import rebuild_file
from rows import Row, expected_rows, filed

COUNTS = {
    "accepted", "rejected", "invalid_utf8", "duplicate_keys", "unknown_fields", "empty_metrics", "empty_groups",
    "bad_lines",
}


# ---- the tests ---------------------------------------------------------------------------------------


def test_case_is_lossless(case, converter):
    built = case.wire()
    check_conversion(converter.convert_wire(case), expected_rows(case.signal, built.meaning), built.counts)


def test_sample_is_lossless(name, sample, converter):
    request_type = REQUEST_TYPES[signal_of(sample)]
    requests = [request_type.FromString(data) for data in requests_of(sample)]
    rows = [row for request in requests for row in expected_rows(signal_of(sample), request)]
    assert rows, "a sample without records"
    check_conversion(converter.convert_sample(name, sample), rows, {"invalid_utf8": 0})


def test_sample_needs_no_signal(name, sample, converter):
    """The signal is told from the bytes, and the files are the same."""
    detected = converter.convert([sample], *delimited(sample), set_name="detected", name=name)
    assert contents(detected) == contents(converter.convert_sample(name, sample))


def test_second_run_gives_the_same_bytes(case, converter):
    first, second = converter.convert_wire(case), converter.convert_wire(case, set_name="again")
    assert contents(first) == contents(second)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
def test_many_inputs_in_one_file_a_table(signal, converter):
    """--one-file puts all requests of a call into one file a table, without folders of hours."""
    check_joined(converter.convert_joined(signal, RANDOM_CASES), signal)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
def test_length_delimited_requests(signal, converter):
    """--delimited reads a file of many requests, each after its length."""
    requests = [case.wire().data for case in RANDOM_CASES if case.signal == signal]
    path = converter.folder / f"delimited_{signal}.pb"
    path.write_bytes(wire.join(requests))
    options = ["--signal", signal, "--one-file", "--delimited"]
    check_joined(converter.convert([path], *options, set_name="delimited", name=signal), signal)


@pytest.mark.parametrize("codec", ["uncompressed", "zstd", "gzip", "lz4"])
def test_every_codec_holds_the_same_rows(codec, converter):
    for name in ("metrics_with_every_field", "three_hours_of_logs", "many_events_and_links"):
        case = case_named(name)
        conversion = converter.convert_wire(case, "--codec", codec, set_name=codec)
        check_conversion(conversion, expected_rows(case.signal, case.wire().meaning), {})


def test_names_are_of_the_content(converter):
    """The hash covers the bytes and the options: no two files of different content share it."""
    contents_by_hash = {}
    for case in EDGE_CASES:
        for options, set_name in (((), "default"), (("--codec", "uncompressed"), "uncompressed")):
            conversion = converter.convert_wire(case, *options, set_name=set_name)
            for file in conversion.files:
                content = file.table, file.path.read_bytes()
                other = contents_by_hash.setdefault(hash_of(file), content)
                assert other == content, f"{file.path} has the hash of another content"


NOT_OTLP = {
    "truncated message": wire.tag(1, wire.BYTES) + wire.varint(10) + b"short",
    "truncated fixed64": wire.request(wire.tag(1, wire.FIXED64) + b"1234"),
    "varint of eleven bytes": wire.request(wire.tag(7, wire.VARINT) + b"\x80" * 10 + b"\x01"),
    "field number 0": b"\x00\x00",
    "group that does not end": wire.tag(7, wire.GROUP_START) + wire.field(1, 1),
    "group ended by another number": wire.tag(7, wire.GROUP_START) + wire.tag(8, wire.GROUP_END),
    "group end without start": wire.tag(7, wire.GROUP_END),
    "wire type 6": bytes([7 << 3 | 6]),
    "time as a varint": wire.request(wire.field(1, 5)),
    "resource as a number": wire.field(1, wire.field(1, 5)),
    "nested too deep": nested_body(101),
    "nested far too deep": nested_body(20_000),
}


@pytest.mark.parametrize("name", NOT_OTLP)
def test_what_is_not_otlp_is_refused(name, converter, tmp_path):
    path = tmp_path / "bad.pb"
    path.write_bytes(NOT_OTLP[name])
    result = converter.run(["--signal", "logs", "--out", tmp_path / "out", path], check=False)
    assert result.returncode > 0, f"{name}: exit status {result.returncode}"
    assert "bad.pb" in result.stderr.decode(), "the error does not name the file"
    assert not list((tmp_path / "out").rglob("*.parquet"))


# ---- rows ----------------------------------------------------------------------------------------------


def check_conversion(conversion, rows, counts, clustered=True):
    """The files hold these rows, each in its place, and what `--json` says of them is so."""
    expected, rebuilt = filed(rows, clustered), {}
    for file in conversion.files:
        rebuilt[file.table, hour_of(file)] = file_rows = rebuild_file(file.path, file.table)
        check_file(conversion, file, file_rows)
    assert len(rebuilt) == len(conversion.files), "two files for one table and hour"
    assert rebuilt.keys() == expected.keys(), "other tables or hours than expected"
    for place, of_one_file in expected.items():
        check_same(rebuilt[place], of_one_file, place)
    on_disk = {path for path in conversion.out.rglob("*") if path.is_file()}
    assert on_disk == {file.path for file in conversion.files}, "files that --json does not name"
    check_counts(conversion, rows, counts)


def check_same(rebuilt, expected, place):
    """Equal as multisets first, since that tells a lost record from a misplaced one."""
    if rebuilt == expected:
        return
    missing, surplus = Counter(expected) - Counter(rebuilt), Counter(rebuilt) - Counter(expected)
    if missing or surplus:
        lost, found = next(iter(missing), None), next(iter(surplus), None)
        raise AssertionError(
            f"{place}: {missing.total()} records not rebuilt, {surplus.total()} that were not there.\n"
            f"expected: {shown(lost)}\nrebuilt:  {shown(found)}\n{difference(lost, found)}"
        )
    first = next(n for n, (one, other) in enumerate(zip(rebuilt, expected)) if one != other)
    raise AssertionError(
        f"{place}: rows are not sorted stably by service and time; row {first} should be\n{shown(expected[first])}"
        f"\nand is (sorted elsewhere)\n{shown(rebuilt[first])}"
    )


def shown(row):
    """A row for people."""
    if row is None:
        return "nothing"
    parts = [
        f"{row.table} {row.services} time={row.time} urls={row.resource_schema_url!r},{row.scope_schema_url!r}"
    ]
    record_type = {"logs": LogRecord, "traces": Span}.get(row.table, Metric)
    for kind, data in (
        (Resource, row.resource),
        (InstrumentationScope, row.scope),
        (record_type, row.record),
    ):
        text = text_format.MessageToString(kind.FromString(data), as_one_line=True)
        parts.append(f"  {kind.__name__}: {text[:2000]}")
    return "\n".join(parts)


def difference(one, other):
    """Which members of the two rows differ, and where in them."""
    if one is None or other is None:
        return ""
    notes = []
    for name, left, right in zip(one._fields, one, other):
        if left != right:
            where = (
                next((n for n, pair in enumerate(zip(left, right)) if pair[0] != pair[1]), "the end")
                if isinstance(left, bytes)
                else ""
            )
            notes.append(f"{name} differs {where}")
    return "; ".join(notes)


# ---- files ---------------------------------------------------------------------------------------------

PATH = re.compile(
    r"(?P<table>[a-z_]+)/year=(?P<year>\d{4})/month=(?P<month>\d\d)/day=(?P<day>\d\d)/hour=(?P<hour>\d\d)/"
    r"(?P<time>\d{8}T\d{12}Z)-(?P<hash>[0-9a-f]{16})\.parquet"
)


def relative(conversion, file):
    return file.path.relative_to(conversion.out).as_posix()


def check_file(conversion, file, rows):
    """The path has the documented form, and all rows are of its hour."""
    match = PATH.fullmatch(relative(conversion, file))
    assert match, f"path {relative(conversion, file)}"
    assert match["table"] == file.table
    assert match["time"] == compact_time(file.min_time_ns), "{time} is not the least row time"
    times = [row.time for row in rows]
    hours = {time // HOUR for time in times}
    assert hours == {hour_of(file)}, f"{file.path} has rows of the hours {sorted(hours)}"
    assert (file.rows, file.min_time_ns, file.max_time_ns) == (len(rows), min(times), max(times))
    assert file.bytes == file.path.stat().st_size


def hour_of(file):
    """The hour since 1970 that the file's folders name."""
    match = PATH.search(file.path.as_posix())
    assert match, f"path {file.path}"
    start = datetime(*(int(match[name]) for name in ("year", "month", "day", "hour")), tzinfo=timezone.utc)
    return int((start - EPOCH) / timedelta(hours=1))


def hash_of(file):
    return file.path.stem.split("-")[-1]


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def compact_time(nanoseconds):
    return (EPOCH + timedelta(microseconds=nanoseconds // 1000)).strftime("%Y%m%dT%H%M%S%fZ")


def contents(conversion):
    """The files by relative path."""
    return {relative(conversion, file): file.path.read_bytes() for file in conversion.files}


# ---- counts --------------------------------------------------------------------------------------------


def check_counts(conversion, rows, exact):
    counts = conversion.counts
    assert set(counts) == COUNTS
    assert counts["accepted"] == len(rows)
    assert counts["rejected"] == 0
    for name, number in exact.items():
        assert counts[name] == number, f"counts.{name} is {counts[name]}, not {number}"


# ---- many requests -------------------------------------------------------------------------------------


def check_joined(conversion, signal):
    """The random requests of a signal, as one file a table."""
    requests = [case.wire().meaning for case in RANDOM_CASES if case.signal == signal]
    rows = [row for request in requests for row in expected_rows(signal, request)]
    assert conversion.counts["accepted"] == len(rows)
    assert sorted(file.table for file in conversion.files) == sorted({row.table for row in rows})
    for file in conversion.files:
        expected = sorted((row for row in rows if row.table == file.table), key=Row.sort_key)
        assert "hour=" not in relative(conversion, file)
        check_same(rebuild_file(file.path, file.table), expected, (file.table, "one file"))
