"""convert of files of requests with their lengths: the two framings, .pbs names, and files that are none of it."""

import pytest

import otlp
from test_convert import summary

# The smallest request with a record: its length is below 128, where both framings look alike.
TINY = bytes.fromhex("0a 08 12 06 12 04 2a 02 0a 00")
FRAMINGS = {"varint": otlp.delimited, "big-endian": otlp.big_endian}


def request_of(size):
    """A request of two groups or three, of so many bytes, the last one short; and how many records it has."""

    def group(length):
        request = otlp.ExportLogsServiceRequest()
        request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "x" * length
        return request.SerializeToString()

    return next(
        (group(length) + TINY * tiny, tiny + 1)
        for tiny in (1, 2)
        for length in range(size - 10 * tiny - 30, size - 10 * tiny)
        if len(group(length) + TINY * tiny) == size
    )


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    "requests, rows",
    [
        ([otlp.logs(2), otlp.traces(3)], {"logs": 2, "traces": 3}),
        ([TINY, TINY], {"logs": 2}),
        ([TINY] * 3 + [otlp.logs(4)], {"logs": 7}),
        ([b"", otlp.logs(1), b""], {"logs": 1}),
        ([otlp.logs(1, body="x" * 300_000), otlp.logs(2)], {"logs": 3}),
        ([otlp.logs(1, body="x" * size) for size in range(0, 500)], {"logs": 500}),
    ],
)
def test_framings(ok, tmp_path, framing, requests, rows):
    content = FRAMINGS[framing](*requests)
    (tmp_path / "x.pbs").write_bytes(content)
    by_name = summary(ok, "--signal", "auto", "--out", "a", "x.pbs")["files"]
    by_flag = summary(ok, "--delimited", "--out", "a", "-", input=content)["files"]
    assert by_name == by_flag
    found = {}
    for file in by_name:
        found[file["table"]] = found.get(file["table"], 0) + file["rows"]
    assert found == rows
    text = ok("convert", "--out", "a", "x.pbs").out
    assert f"\n{len(requests)} request" in text


@pytest.mark.parametrize("framing", FRAMINGS)
def test_long_first_request(ok, tmp_path, framing):
    """A varint of four bytes before it is no length of four bytes."""
    (tmp_path / "x.pbs").write_bytes(FRAMINGS[framing](otlp.logs(1, body="x" * 2_100_000), otlp.logs(2)))
    assert summary(ok, "--out", "d", "x.pbs")["counts"]["accepted"] == 3


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("size", [100, 127, 128, 16_383, 16_384, 70_020, 2_097_151, 2_097_152, 3_000_000])
def test_empty_requests_first(ok, tmp_path, framing, size):
    """Empty requests and a varint's first bytes may be taken for a big-endian length, of more than the file has."""
    first, records = request_of(size)
    for empty in range(6):
        requests = [b""] * empty
        (tmp_path / "1.pbs").write_bytes(FRAMINGS[framing](*requests, first, otlp.logs(3)))
        (tmp_path / "2.pbs").write_bytes(FRAMINGS[framing](*requests, TINY, first))
        assert summary(ok, "--out", "d", "1.pbs", "2.pbs")["counts"]["accepted"] == 2 * records + 4, empty


@pytest.mark.parametrize("size", [0x200A1E, 0x210A1F, 0x400A3E])
def test_big_endian_length_that_looks_like_more(ok, tmp_path, size):
    """As varints: an empty request, one of 32 bytes, 33 or 64, and it begins with a field of so many, less two."""
    request, records = request_of(size)
    (tmp_path / "x.pbs").write_bytes(otlp.big_endian(request, otlp.logs(2)))
    assert summary(ok, "--out", "d", "x.pbs")["counts"]["accepted"] == records + 2


@pytest.mark.parametrize("there", [65_000, 120_000, 2_000_000, 2_500_000])
def test_big_endian_file_that_is_cut_off_in_its_first_request(run, there):
    """If enough of it is there to tell."""
    request, _ = request_of(3_000_000)
    result = run("convert", "--delimited", "--out", "d", "-", input=otlp.big_endian(request)[: 4 + there])
    assert result.status == 1
    if there < 65_536:
        assert NO_FRAMING in result.err
    else:
        assert f"byte 0: the file ends after {there} of the 3000000 bytes of this request" in result.err


def test_both_framings_in_one_run(ok, tmp_path):
    (tmp_path / "1.pbs").write_bytes(otlp.big_endian(otlp.logs(1), otlp.logs(2)))
    (tmp_path / "2.pbs").write_bytes(otlp.delimited(otlp.logs(3), otlp.logs(4)))
    (tmp_path / "3.pb").write_bytes(otlp.logs(5))
    assert summary(ok, "--out", "d", "1.pbs", "2.pbs", "3.pb")["counts"]["accepted"] == 15


@pytest.mark.parametrize("framing", FRAMINGS)
def test_first_request_is_broken(run, framing):
    """One of the first two tells the framing."""
    broken = b"\x0b" + otlp.logs(1)
    result = run("convert", "--json", "--delimited", "--out", "d", "-", input=FRAMINGS[framing](broken, otlp.logs(3)))
    assert (result.status, result.json()["counts"]["accepted"]) == (1, 3)
    assert result.err.startswith("otlp2parquet: error: standard input: request 1, its byte ")


@pytest.mark.parametrize(
    "tail, message",
    [
        (b"\0\0\0\x64abc", "the file ends after 3 of the 100 bytes of this request"),
        (b"\0\0", "the file ends in the length of a request"),
    ],
)
def test_big_endian_file_that_is_cut_off(run, tail, message):
    start = otlp.big_endian(otlp.logs(2), otlp.logs(300))
    result = run("convert", "--json", "--delimited", "--out", "d", "-", input=start + tail)
    assert (result.status, result.json()["counts"]["accepted"]) == (1, 302)
    assert result.err == f"otlp2parquet: error: standard input: byte {len(start)}: {message}\n"


NO_FRAMING = "not requests with their lengths before them"


@pytest.mark.parametrize(
    "content, what, note",
    [
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" * 90, "these bytes are gzip; decompress them first", False),
        (b"\x28\xb5\x2f\xfd" * 90, "these bytes are zstd; decompress them first", False),
        (b"PAR1" * 90, "this is a Parquet file; `otlp2parquet inspect` shows it", False),
        (otlp.as_json(otlp.logs(100)), "this looks like JSON", True),
        (b"\n" + otlp.as_json(otlp.logs(100), indent=1), "this looks like JSON", True),
        (otlp.as_json(otlp.logs(100)) + b"\n{}\n", "this looks like JSON", True),
        (otlp.logs(1), "this looks like one request", True),
        (otlp.logs(20_000), "this looks like one request", True),
        (otlp.metrics(), "this looks like one request", True),
        (b"time,body\n" * 900, "no request follows what would be the first two lengths", False),
        (b"\xff" * 900, "no request follows what would be the first two lengths", False),
    ],
)
def test_files_that_are_not_delimited(run, tmp_path, content, what, note):
    """One message, and a way out where there is one."""
    (tmp_path / "x.pbs").write_bytes(content)
    for flags, out in (
        (["--delimited"], "convert it without --delimited"),
        ([], "only files of requests with their lengths are named .pbs"),
    ):
        result = run("convert", "--out", "d", *flags, "x.pbs")
        assert result.status == 1
        notes = [f"otlp2parquet: note: x.pbs: {out}"] if note else []
        assert result.err.splitlines() == [f"otlp2parquet: error: x.pbs: {NO_FRAMING}: {what}", *notes]
