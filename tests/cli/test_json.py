"""convert of OTLP/JSON and of JSON lines: the files of protobuf, any size, and what is said of bad ones."""

import json
import resource
import subprocess

import pyarrow.parquet
import pytest

import otlp
from test_convert import parquet_files, summary
from test_failures import sanitized

PIECE = 8 << 20  # lines are read in pieces of this size
REQUESTS = {
    "logs": (otlp.logs(5), otlp.ExportLogsServiceRequest),
    "traces": (otlp.traces(5), otlp.ExportTraceServiceRequest),
    "metrics": (otlp.metrics(), otlp.ExportMetricsServiceRequest),
}


def written(folder):
    return {name: (folder / name).read_bytes() for name in parquet_files(folder)}


def bodies(folder, files):
    return [
        body
        for file in files
        if file["table"] == "logs"
        for body in pyarrow.parquet.read_table(folder / file["path"], columns=["Body"]).column(0).to_pylist()
    ]


def line(body, size=0):
    """A request of one log record, of a line that is `size` bytes long or a few less."""
    request = otlp.as_json(otlp.logs(1, body=body))
    return request.replace(b"hello", b"hello" + b"x" * (size - len(request) - 1)) + b"\n"


def large_file(lines, size=300_000):
    """Several pieces of lines, each of which says its number in its body."""
    return [line(f"line {i} hello", size) for i in range(lines)]


# ---- what is read


@pytest.mark.parametrize("signal", REQUESTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_gives_the_files_of_protobuf(ok, tmp_path, signal, indent):
    request, kind = REQUESTS[signal]
    (tmp_path / "x.pb").write_bytes(request)
    (tmp_path / "x.json").write_bytes(otlp.as_json(request, kind, indent))
    expected = summary(ok, "--out", "a", "x.pb")
    assert expected["counts"]["accepted"] == 5
    assert summary(ok, "--out", "b", "x.json")["counts"] == expected["counts"]
    summary(ok, "--out", "c", "-", input=(tmp_path / "x.json").read_bytes())
    assert written(tmp_path / "a") == written(tmp_path / "b") == written(tmp_path / "c")


def test_lines_give_the_files_of_delimited_requests(ok, tmp_path):
    requests = [*REQUESTS.values(), (otlp.logs(2, body="more"), otlp.ExportLogsServiceRequest)]
    lines = [otlp.as_json(*request) for request in requests]
    (tmp_path / "x.pbs").write_bytes(otlp.delimited(*[request for request, _ in requests]))
    summary(ok, "--out", "a", "x.pbs")
    for end in (b"\n", b"\r\n", b"\n \n\n"):
        (tmp_path / "x.jsonl").write_bytes(b"\xef\xbb\xbf" + end.join(lines) + end)
        text = ok("convert", "--out", "b", "x.jsonl").out
        assert "\n4 requests of " in text
        assert written(tmp_path / "a") == written(tmp_path / "b")


def test_all_encodings_in_one_file(ok, tmp_path):
    (tmp_path / "1.pb").write_bytes(otlp.logs(1, body="1"))
    (tmp_path / "2.pbs").write_bytes(otlp.delimited(otlp.logs(1, body="2"), otlp.logs(1, body="3")))
    (tmp_path / "3.json").write_bytes(otlp.as_json(otlp.logs(1, body="4"), indent=1))
    (tmp_path / "4.jsonl").write_bytes(line("5") + line("6"))
    (file,) = summary(ok, "--one-file", "--out", "d", "1.pb", "2.pbs", "3.json", "4.jsonl")["files"]
    assert [body.split()[0] for body in bodies(tmp_path, [file])] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    "encoding, content",
    [
        ("protobuf", otlp.logs(1)),
        ("json", otlp.as_json(otlp.logs(1), indent=2)),
        ("json-lines", b"\n" + line("x")),
        ("json-lines", line("x")),
    ],
)
def test_encoding_flag(ok, encoding, content):
    assert summary(ok, "--encoding", encoding, "--out", "d", "-", input=content)["counts"]["accepted"] == 1


@pytest.mark.parametrize(
    "encoding, content, message",
    [
        ("protobuf", line("x"), "standard input: byte "),
        ("json", otlp.logs(1), "standard input: byte 1: a value is expected"),
        ("json", line("x") * 2, f"standard input: byte {len(line('x'))}: "),
        ("json-lines", otlp.as_json(otlp.logs(1), indent=0), "standard input: line 1, byte 1: "),
    ],
)
def test_encoding_that_it_is_not(run, encoding, content, message):
    result = run("convert", "--encoding", encoding, "--out", "d", "-", input=content)
    assert result.status == 1
    assert result.err.startswith("otlp2parquet: error: " + message)


def test_bench_reads_all_encodings(ok):
    request = otlp.logs(50)
    sizes = set()
    for content in (request, otlp.as_json(request), otlp.as_json(request) + b"\n{}\n"):
        fields = dict(part.split("=") for part in ok("bench", "--repeat", "1", "-", input=content).out.split())
        assert (fields["rows"], fields["in"]) == ("50", str(len(content)))
        sizes.add(fields["out"])
    assert len(sizes) == 1
    ok("bench", "--repeat", "1", "--encoding", "json-lines", "-", input=otlp.as_json(request))


# ---- of any size


@pytest.fixture(scope="module")
def large():
    lines = large_file(100)
    assert sum(map(len, lines)) > 3 * PIECE
    return lines


def test_large_lines(ok, tmp_path, large):
    (tmp_path / "x.jsonl").write_bytes(b"".join(large))
    result = summary(ok, "--one-file", "--out", "a", "x.jsonl")
    assert [int(body.split()[1]) for body in bodies(tmp_path, result["files"])] == list(range(100))
    assert "\n100 requests of " in ok("convert", "--out", "c", "x.jsonl").out
    result = summary(ok, "--one-file", "--out", "b", "-", input=b"".join(large))
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_large_lines_sealed_alike_through_a_pipe(program, ok, tmp_path, large):
    """Pieces do not depend on what each read gives; files are written when a piece has filled the batch."""
    (tmp_path / "x.jsonl").write_bytes(b"".join(large))
    files = summary(ok, "--batch-rows", "1", "--one-file", "--out", "a", "x.jsonl")["files"]
    assert len(files) == 4
    command = [program, "convert", "--batch-rows", "1", "--one-file", "--out", "b", "-"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        for part in large:
            process.stdin.write(part)
            process.stdin.flush()
        process.stdin.close()
    assert process.returncode == 0
    assert written(tmp_path / "a") == written(tmp_path / "b")


@pytest.mark.parametrize("first", [False, True])
def test_line_longer_than_a_piece(ok, tmp_path, first):
    long = line("long hello", PIECE + 1_000_000)
    lines = [long, line("a hello")] if first else [line("a hello", 9000), long, line("b hello"), line("c hello", 99)]
    (tmp_path / "x.jsonl").write_bytes(b"".join(lines))
    result = summary(ok, "--one-file", "--out", "d", "x.jsonl")
    expected = ["long", "a"] if first else ["a", "long", "b", "c"]
    assert [body.split()[0] for body in bodies(tmp_path, result["files"])] == expected


def test_lines_that_fill_a_piece(ok):
    """A line ends with a piece, or a byte before or behind its end."""
    for more in (-1, 0, 1):
        content = line("hello", 1000)
        content += line("hello", PIECE + more - len(content))
        assert len(content) == PIECE + more
        counts = summary(ok, "--out", "d", "-", input=content + line("last") * 3)["counts"]
        assert (counts["accepted"], counts["bad_lines"]) == (5, 0)


@pytest.mark.parametrize("indent", [None, 1])
def test_large_request(ok, tmp_path, indent):
    """One request, however it is laid out, goes as a whole."""
    request = otlp.logs(3000, body="y" * 8000)
    (tmp_path / "x.pb").write_bytes(request)
    (tmp_path / "x.json").write_bytes(otlp.as_json(request, indent=indent))
    summary(ok, "--out", "a", "x.pb")
    assert "\n1 request of " in ok("convert", "--out", "b", "x.json").out
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_large_protobuf_whose_beginning_looks_like_lines(ok):
    """A line feed is the key of the first group, a brace its length, and another brace its last byte."""
    request = otlp.ExportLogsServiceRequest()
    group = request.resource_logs.add(schema_url="}")
    group.scope_logs.add().log_records.add(time_unix_nano=otlp.START, severity_text="text")
    group.schema_url = "x" * (122 - group.ByteSize()) + "}" + group.schema_url
    content = request.SerializeToString()
    assert content[:2] == b"\n{" and content[-1:] == b"}" and b"\n" not in content[1:]
    content += otlp.logs(1000, body="y" * (PIECE // 1000))
    assert len(content) > PIECE
    assert summary(ok, "--out", "d", "-", input=content)["counts"]["accepted"] == 1001


@pytest.mark.skipif(sanitized(), reason="AddressSanitizer cannot run under a limit of addresses")
def test_memory_does_not_grow_with_the_file(program, tmp_path):
    lines = b"".join(line(f"{i} hello", 4000) for i in range(PIECE // 4000))
    with open(tmp_path / "x.jsonl", "wb") as file:
        for _ in range(24):
            file.write(lines)
    assert (tmp_path / "x.jsonl").stat().st_size > 190_000_000
    done = subprocess.run(
        [program, "convert", "--json", "--batch-bytes", "16M", "--one-file", "--out", "d", "x.jsonl"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (150 << 20, 150 << 20)),
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["counts"]["accepted"] == 24 * (PIECE // 4000)


# ---- bad lines


def bad_lines_file():
    lines = [line("1"), line("2")[:-9] + b"\n", line("3"), b"?\n", b'{"resourceLogs":7}\n', line("6")]
    starts = [sum(map(len, lines[:i])) for i in range(len(lines))]
    return lines, starts


def test_bad_lines_are_reported_and_the_others_converted(run, tmp_path):
    lines, starts = bad_lines_file()
    (tmp_path / "x.jsonl").write_bytes(b"".join(lines))
    result = run("convert", "--json", "--one-file", "--out", "d", "x.jsonl")
    assert result.status == 1
    cut_off, nonsense, seven = (text.removeprefix("otlp2parquet: error: ") for text in result.err.splitlines())
    assert cut_off.startswith(f"x.jsonl: line 2, byte {starts[2] - 1}: resource_logs[0]")
    assert cut_off.endswith(" [TRUNCATED]")
    assert nonsense == f"x.jsonl: line 4, byte {starts[3]}: a value is expected [MALFORMED]"
    assert seven.startswith(f"x.jsonl: line 5, byte {starts[4] + 16}: resource_logs: ")
    assert seven.endswith(" [WIRE_TYPE]")
    assert [body[0] for body in bodies(tmp_path, result.json()["files"])] == ["1", "3", "6"]
    assert result.json()["counts"]["bad_lines"] == 3


@pytest.mark.parametrize("first", [b"{bad\n", b"hello\n", b'x"}]}]}\n', line("cut")[:90] + b"\n"])
def test_first_line_may_be_bad(ok, tmp_path, first):
    """Then the bytes do not tell that there are lines, but the name does; of another name only the flag."""
    for name, flags in (("in.jsonl", []), ("in.ndjson", []), ("in.txt", ["--encoding", "json-lines"])):
        (tmp_path / name).write_bytes(first + line("one") + line("two"))
        counts = ok("convert", "--json", "--skip-bad-lines", "--out", "d", *flags, name).json()["counts"]
        assert (counts["accepted"], counts["bad_lines"]) == (2, 1)


def test_lines_that_are_not_told_from_one_request_are_hinted_at(run, tmp_path):
    (tmp_path / "x.txt").write_bytes(b'{"resourceLogs":[{\x01\n' + otlp.as_json(otlp.logs(1)).replace(b"\n", b""))
    assert "note: x.txt: if these are JSON lines" in run("convert", "x.txt").err
    (tmp_path / "x.txt").write_bytes(b'{"resourceLogs":[{\x01\n]}')
    assert "note" not in run("convert", "x.txt").err


def test_skip_bad_lines(run, tmp_path):
    lines, starts = bad_lines_file()
    (tmp_path / "x.jsonl").write_bytes(b"".join(lines))
    result = run("convert", "--json", "--skip-bad-lines", "--one-file", "--out", "d", "x.jsonl")
    assert (result.status, result.err) == (0, "")
    assert [body[0] for body in bodies(tmp_path, result.json()["files"])] == ["1", "3", "6"]
    assert (result.json()["counts"]["accepted"], result.json()["counts"]["bad_lines"]) == (3, 3)
    rejection = result.json()["rejection"]
    assert list(rejection) == ["file", "line", "byte", "path", "message", "status"]
    assert (rejection["file"], rejection["line"], rejection["byte"]) == ("x.jsonl", 2, starts[2] - 1)
    assert rejection["status"] == "TRUNCATED"
    text = run("convert", "--skip-bad-lines", "--out", "d", "x.jsonl").out
    assert "\n3 requests of " in text
    assert f"\n3 lines could not be read\nthe first of these lines: x.jsonl: line 2, byte {starts[2] - 1}: " in text


@pytest.mark.parametrize("skip", [False, True])
def test_bad_line_of_a_large_file(run, large, tmp_path, skip):
    lines = list(large)
    lines[0] = b" \n"
    lines[70] = b'{"resourceLogs":[}\n'
    (tmp_path / "x.jsonl").write_bytes(b"".join(lines))
    at = sum(map(len, lines[:70])) + 17
    result = run("convert", "--json", "--out", "d", *["--skip-bad-lines"][: int(skip)], "x.jsonl")
    assert result.status == (0 if skip else 1)
    assert (result.json()["counts"]["accepted"], result.json()["counts"]["bad_lines"]) == (98, 1)
    assert (result.json()["rejection"]["line"], result.json()["rejection"]["byte"]) == (71, at)
    if not skip:
        assert result.err.startswith(f"otlp2parquet: error: x.jsonl: line 71, byte {at}: ")


def test_piece_that_begins_with_a_bad_line(run):
    """It would be taken for protobuf if it were told from these bytes."""
    lines = [line("hello", 2 << 20) for _ in range(12)]
    lines[3] = b"\n" * 5 + lines[3]  # the first piece is three lines and blank ones
    lines[4] = b"*" * (2 << 20) + b"\n"
    result = run("convert", "--json", "--out", "d", "-", input=b"".join(lines))
    assert result.json()["counts"]["accepted"] == 11
    at = sum(map(len, lines[:4]))
    assert result.err == (
        f"otlp2parquet: error: standard input: line 10, byte {at}: a value is expected [MALFORMED]\n"
    )


def test_many_bad_lines_are_not_all_told(run):
    result = run("convert", "--json", "--out", "d", "-", input=(line("x") + b"{]\n") * 1000)
    counts = result.json()["counts"]
    assert (result.status, counts["accepted"], counts["bad_lines"]) == (1, 1000, 1000)
    lines = result.err.splitlines()
    assert len(lines) == 21
    assert lines[19].startswith("otlp2parquet: error: standard input: line 40, ")
    assert lines[20] == "otlp2parquet: error: standard input: 980 more lines failed"


def test_json_that_is_not_otlp(run, tmp_path):
    """Its name does not make it logs."""
    (tmp_path / "logs.json").write_bytes(b'{"level":"info","msg":"hello"}')
    result = run("convert", "--out", "d", "logs.json")
    assert result.status == 1
    assert result.err.endswith("[UNDETECTED]\n")
    assert "--signal" not in result.err
    (tmp_path / "logs.jsonl").write_bytes(b'{"level":"info","msg":"hello"}\n' * 2)
    result = run("convert", "--out", "d", "logs.jsonl")
    assert result.status == 1
    assert [text.split(", ")[0] for text in result.err.splitlines()] == [
        "otlp2parquet: error: logs.jsonl: line 1",
        "otlp2parquet: error: logs.jsonl: line 2",
    ]


# ---- records and limits


def test_error_of_a_request_names_byte_and_field(run, tmp_path):
    request = otlp.as_json(otlp.logs(3), indent=2).replace(b'"hello 1"', b"[[]]")
    (tmp_path / "x.json").write_bytes(request)
    result = run("convert", "--out", "d", "x.json")
    assert result.status == 1
    path = "resource_logs[0].scope_logs[0].log_records[1].body.string_value"
    assert result.err.startswith(f"otlp2parquet: error: x.json: byte {request.index(b'[[]]')}: {path}: ")
    assert result.err.endswith(" [WIRE_TYPE]\n")


def test_rejected_records_are_counted_and_explained(run, tmp_path):
    good = otlp.as_json(otlp.logs(3))
    bad = good.replace(b'"1767225601000000000"', b'"yesterday"')
    (tmp_path / "x.json").write_bytes(bad)
    at = bad.index(b'"yesterday"')
    result = run("convert", "--json", "--out", "d", "x.json")
    assert (result.status, result.err) == (0, "")
    assert (result.json()["counts"]["accepted"], result.json()["counts"]["rejected"]) == (2, 1)
    rejection = result.json()["rejection"]
    path = "resource_logs[0].scope_logs[0].log_records[1].time_unix_nano"
    assert (rejection["file"], rejection["line"], rejection["path"]) == ("x.json", 0, path)
    assert rejection["byte"] == pytest.approx(at, abs=1)
    assert rejection["status"] == "VALUE"
    text = run("convert", "--out", "d", "x.json").out
    assert f"\n1 record could not be kept\nthe first of these records: x.json: byte {rejection['byte']}: {path}: " in text
    (tmp_path / "x.jsonl").write_bytes(good + b"\n\n" + bad)
    rejection = run("convert", "--json", "--out", "d", "x.jsonl").json()["rejection"]
    assert (rejection["line"], rejection["byte"]) == (3, pytest.approx(len(good) + 2 + at, abs=1))


def test_limit_names_its_option(run):
    attributes = [{"key": "k", "value": {"intValue": 1}}] * 65_537
    record = {"timeUnixNano": 1, "attributes": attributes}
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    result = run("convert", "--json", "--out", "d", "-", input=line("a") + request + b"\n" + line("b"))
    assert (result.status, result.json()["counts"]["accepted"]) == (1, 2)
    assert result.err.startswith("otlp2parquet: error: standard input: line 2, byte ")
    assert "max_attributes [LIMIT]" in result.err
    result = run("convert", "--out", "d", "-", input=request)
    assert "max_attributes [LIMIT]" in result.err


def test_limit_of_a_call_is_not_one_of_the_file(ok):
    """What the lines of a piece share is more than one call may repeat; what each line does is not."""
    attributes = [{"key": f"k{i}", "value": {"intValue": i}} for i in range(10_000)]
    request = {"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": [{"timeUnixNano": 1}] * 80}]}
    content = json.dumps({"resourceLogs": [request]}).encode() + b"\n"
    counts = summary(ok, "--out", "d", "-", input=content * 3)["counts"]
    assert (counts["accepted"], counts["bad_lines"]) == (240, 0)
