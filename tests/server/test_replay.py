"""`otlp2parquet replay`: what the server has set aside becomes files all the same, and what cannot is told."""

import json
import os
import re
import subprocess

import duckdb
import pytest

from conftest import program
from payloads import JSON, as_json, gauge, logs, post, spans

LONG = "x" * 300 + "/{table}-{hash}.parquet"  # no file system has such a name
TWO = "two " * 1000
NAMED = "{table}-{hash}.parquet"


def replay(folder, *arguments):
    done = subprocess.run(
        [program(), "replay", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def bodies(folder, path="**/*.parquet"):
    if not list(folder.glob(path)):
        return []
    source = f"read_parquet('{folder}/{path}', hive_partitioning=false)"
    return sorted(body for (body,) in duckdb.sql(f"SELECT Body FROM {source}").fetchall())


@pytest.fixture
def refused(make_server):
    """The folder of a server whose storage took nothing, with one .refused segment of three requests."""
    server = make_server("--path-template", LONG, "--seal-age", "1h", "--codec", "zstd")
    assert post(server.http, "/v1/logs", logs(["one", TWO]).SerializeToString())[0] == 200
    assert post(server.http, "/v1/traces", as_json(spans(["call"])), JSON)[0] == 200
    body = subprocess.run(["gzip", "-c"], input=gauge("g", [1.0]).SerializeToString(), capture_output=True, check=True)
    assert post(server.http, "/v1/metrics", body.stdout, Content_Encoding="gzip")[0] == 200
    assert server.stop() == 0
    (name,) = [name for name in server.left_in_log() if not name.endswith(".seen")]
    assert re.fullmatch("[0-9a-f]{16}.refused", name)
    return server.folder


def test_what_the_storage_refused(refused):
    status, out, error = replay(refused, "--out", "again", "--path-template", NAMED, "wal")
    assert (status, error) == (0, "")
    assert re.search(r"^3 requests of [\d,]+ bytes: 4 rows in 3 files of", out, re.MULTILINE)
    assert bodies(refused / "again", "logs-*.parquet") == ["one", TWO]
    (traces,) = (refused / "again").glob("traces-*.parquet")
    assert duckdb.sql(f"SELECT SpanName FROM '{traces}'").fetchall() == [("call",)]
    source = f"parquet_metadata('{refused}/again/logs-*.parquet')"
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM {source}").fetchall()
    assert ("ZSTD",) in codecs  # the segment's own, and not the default
    assert len(list((refused / "again").glob("metrics_gauge-*.parquet"))) == 1
    assert len(list((refused / "wal").glob("*.refused"))) == 1  # it stays


def test_the_same_again_gives_the_same_files(refused):
    for _ in range(2):
        status, out, _ = replay(refused, "--json", "--out", "again", "--path-template", NAMED, "wal")
        assert status == 0
        paths = {file["path"] for file in json.loads(out)["files"]}
        assert paths == {str(path.relative_to(refused)) for path in (refused / "again").iterdir()}


def test_a_log_from_which_nothing_was_set_aside(make_server):
    """Nothing is to be done, and it says so: what was acknowledged is stored by the next start."""
    server = make_server("--seal-age", "1h")
    assert post(server.http, "/v1/logs", logs(["one"]).SerializeToString())[0] == 200
    server.kill()
    status, _, error = replay(server.folder, "--out", "none", "wal")
    assert status == 1 and error.endswith(
        "wal: no .refused, .corrupt, .torn or .unreadable file in this folder; only what the server has set aside "
        "is for replay, and a NUMBER.wal it stores itself, after its next start at the latest\n"
    )
    server.start()
    assert server.stop() == 0
    assert server.rows("logs", "Body") == [("one",)]


def test_the_log_s_own_names(make_server):
    """The server's own template: the same file, name and bytes, that the server stores afterwards."""
    server = make_server("--seal-age", "1h")
    assert post(server.http, "/v1/logs", logs(["one"]).SerializeToString())[0] == 200
    server.kill()
    (segment,) = (server.folder / "wal").glob("*.wal")
    assert replay(server.folder, "--out", "copy", segment)[0] == 0
    server.start()
    assert server.stop() == 0
    (stored,) = server.files("logs")
    (copied,) = (server.folder / "copy" / "logs").rglob("*.parquet")
    assert copied.relative_to(server.folder / "copy") == stored.relative_to(server.folder / "data")
    assert copied.read_bytes() == stored.read_bytes()


def test_damage(make_server):
    """Of ten requests one is damaged: the server keeps the segment, and the nine others are read from it."""
    server = make_server("--seal-age", "1h")
    for i in range(10):
        assert post(server.http, "/v1/logs", logs([f"{i}"]).SerializeToString())[0] == 200
    server.kill()
    (segment,) = (server.folder / "wal").glob("*.wal")
    whole = segment.read_bytes()
    at = whole.index(b"REQ1", len(whole) // 2)
    cases = (
        ({at + 60}, "9 requests", r"\d+ bytes cannot be read, and acknowledged requests may be among them"),
        ({3}, "10 requests", "its header is damaged, or it is no segment of a log"),
        ({20}, "0 requests", "its header is damaged, or it is no segment of a log"),
    )
    for places, requests, reason in cases:
        copy = server.folder / "copy.corrupt"
        copy.write_bytes(bytes(byte ^ (i in places) for i, byte in enumerate(whole)))
        status, out, error = replay(server.folder, "--out", requests[:2].strip(), copy)
        assert status == 1
        assert re.search(rf"copy.corrupt: {reason}", error) and f"{requests} of " in out
        assert len(bodies(server.folder / requests[:2].strip())) == int(requests.split()[0])
    copy.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # the last request, whose loss no record tells of
    status, out, error = replay(server.folder, "--out", "last", copy)
    assert status == 1 and "acknowledged requests may be among them" in error and "9 requests of" in out
    copy.write_bytes(whole[: at + 30])  # the machine stopped while it was written
    status, out, error = replay(server.folder, "--out", "torn", copy)
    assert status == 0 and "note: " in error and "its last 30 bytes cannot be read" in error
    segment.write_bytes(bytes(byte ^ (i == at + 60) for i, byte in enumerate(whole)))
    server.start()
    server.wait_until(lambda: any(name.endswith(".corrupt") for name in server.left_in_log()))
    assert replay(server.folder, "--out", "folder", "wal")[0] == 1  # while the server runs
    assert server.stop() == 0
    assert bodies(server.folder / "folder") == bodies(server.folder / "data") == bodies(server.folder / "9")
    assert len(bodies(server.folder / "9")) == 9


def test_a_damaged_header_loses_nothing_at_the_start(make_server):
    server = make_server("--seal-age", "1h")
    assert post(server.http, "/v1/logs", logs(["kept"]).SerializeToString())[0] == 200
    server.kill()
    (segment,) = (server.folder / "wal").glob("*.wal")
    damaged = bytearray(segment.read_bytes())
    damaged[40] ^= 1  # in the path template
    segment.write_bytes(damaged)
    server.start()
    server.wait_until(lambda: any(name.endswith(".corrupt") for name in server.left_in_log()))
    assert server.stop() == 0
    assert server.rows("logs", "Body") == [("kept",)]


def test_mistakes(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.refused").write_bytes(os.urandom(1000))
    for arguments, status, reason in (
        ([], 2, "replay: no FILE given"),
        (["--out=", "x"], 2, "replay: --out is empty"),
        (["--path-template", "{table}", "x"], 2, "{hash} is missing"),
        (["missing"], 1, "missing: "),
        (["empty"], 1, "empty: no .refused, .corrupt, .torn or .unreadable file in this folder"),
        (["other.refused"], 1, "other.refused: its header is damaged, or it is no segment of a log"),
    ):
        done = replay(tmp_path, *arguments)
        assert done[0] == status and reason in done[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "other.refused"]
