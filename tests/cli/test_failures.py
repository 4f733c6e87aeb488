"""convert when inputs are bad or outputs cannot be written: what is said, what is done, what is left behind."""

import os
import re
import resource
import signal
import subprocess
import time

import pyarrow.parquet
import pytest

import otlp

AS_ROOT = os.geteuid() == 0
# Root may read and write everything, so the program is then run as nobody.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if AS_ROOT else {}


def all_files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def limit(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


NO_FILE = "no .pb, .pbs, .json, .jsonl or .ndjson file in this folder"


# ---- inputs


def test_bad_file_is_reported_and_the_others_converted(run, tmp_path):
    (tmp_path / "1.pb").write_bytes(otlp.logs(2))
    (tmp_path / "2.pb").write_bytes(otlp.CUT_OFF)
    (tmp_path / "3.pb").write_bytes(otlp.logs(3, body="more"))
    result = run("convert", "--json", "--out", "d", "1.pb", "2.pb", "gone.pb", "3.pb")
    assert result.status == 1
    assert result.json()["counts"]["accepted"] == 5
    bad, gone = result.err.splitlines()
    assert bad.startswith("otlp2parquet: error: 2.pb: byte ")
    assert gone == "otlp2parquet: error: gone.pb: cannot open: No such file or directory"


def test_error_names_byte_and_field(run, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.CUT_OFF)
    result = run("convert", "--out", "d", "x.pb")
    assert result.status == 1
    (line,) = result.err.splitlines()
    name, byte, path, message = line.removeprefix("otlp2parquet: error: ").split(": ", 3)
    assert name == "x.pb"
    assert int(byte.removeprefix("byte ")) == pytest.approx(otlp.CUT_OFF_AT, abs=3)
    assert path.startswith("resource_logs[0].scope_logs[0].log_records[2].body")
    assert message.endswith("[TRUNCATED]")
    assert all_files(tmp_path / "d") == []


def test_bad_request_of_a_delimited_file(run, tmp_path):
    before = [otlp.logs(2), otlp.traces(1)]
    stream = otlp.delimited(*before, otlp.CUT_OFF, otlp.logs(4, body="after"))
    (tmp_path / "x.pbs").write_bytes(stream)
    result = run("convert", "--json", "--delimited", "--out", "d", "x.pbs")
    assert result.status == 1
    assert result.json()["counts"]["accepted"] == 7
    (line,) = result.err.splitlines()
    head, inside, in_file = line.split(", ", 2)
    assert head == "otlp2parquet: error: x.pbs: request 3"
    inside = int(inside.removeprefix("its byte "))
    start = len(otlp.delimited(*before)) + len(otlp.varint(len(otlp.CUT_OFF)))
    assert inside == pytest.approx(otlp.CUT_OFF_AT, abs=3)
    assert in_file.startswith(f"byte {start + inside} of the file: ")


def test_many_bad_requests_are_not_all_told(run):
    result = run("convert", "--delimited", "--out", "d", "-", input=otlp.delimited(*[otlp.CUT_OFF] * 1000))
    assert result.status == 1
    lines = result.err.splitlines()
    assert len(lines) == 21
    assert lines[19].startswith("otlp2parquet: error: standard input: request 20, ")
    assert lines[20] == "otlp2parquet: error: standard input: 980 more requests failed"


@pytest.mark.parametrize(
    "tail, message",
    [
        (b"\x64abc", "byte {at}: the file ends after 3 of the 100 bytes of this request"),
        (b"\x80\x80", "byte {at}: the file ends in the length of a request"),
        (b"\xff" * 11, "byte {at}: not the length of a request: a varint of more than 64 bits"),
        (b"\xff" * 9 + b"\x02", "byte {at}: not the length of a request: a varint of more than 64 bits"),
        (b"\xff" * 9 + b"\x01", "byte {at}: a request of more than 4294967295 bytes is too large"),
        (b"\x80\x80\x80\x80\x10", "byte {at}: a request of more than 4294967295 bytes is too large"),
        (b"\xff\xff\xff\xff\x0fabc", "byte {at}: the file ends after 3 of the 4294967295 bytes of this request"),
    ],
)
def test_broken_framing_keeps_what_came_before(run, tail, message):
    """Also: a length is not believed, or the last of these would take 4 GiB."""
    start = otlp.delimited(otlp.logs(2))
    result = run(
        "convert",
        "--json",
        "--delimited",
        "--out",
        "d",
        "-",
        input=start + tail,
        **({} if sanitized() else {"preexec_fn": limit(resource.RLIMIT_AS, 1 << 30)}),
    )
    assert result.status == 1
    assert result.json()["counts"]["accepted"] == 2
    assert result.err == f"otlp2parquet: error: standard input: {message.format(at=len(start))}\n"


def sanitized():
    """AddressSanitizer reserves terabytes of addresses, so it cannot run under a limit of them."""
    program = os.environ.get("O2P_BIN") or os.environ.get("OTLP2PARQUET") or ""
    return bool(program) and b"__asan_init" in open(program, "rb").read()


@pytest.mark.parametrize(
    "content, hint",
    [
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 20, "these bytes are zstd; decompress them first"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "these bytes are gzip; decompress them first"),
        (b"PAR1\x00\x00\x00\x00PAR1", "this is a Parquet file; `otlp2parquet inspect` shows it"),
        (
            otlp.delimited(otlp.logs(1), otlp.logs(2)),
            "this looks like requests with their lengths: convert reads it with --delimited",
        ),
        (
            otlp.big_endian(otlp.logs(1), otlp.logs(2)),
            "this looks like requests with their lengths: convert reads it with --delimited",
        ),
    ],
)
def test_hints(run, tmp_path, content, hint):
    (tmp_path / "x.pb").write_bytes(content)
    result = run("convert", "--out", "d", "x.pb")
    assert result.status == 1
    assert result.err.splitlines()[1] == f"otlp2parquet: note: x.pb: {hint}"


def test_folder_without_files_of_requests(run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    result = run("convert", "--json", "--out", "d", "in", "x.pb")
    assert (result.status, result.err) == (1, f"otlp2parquet: error: in: {NO_FILE}\n")
    assert result.json()["counts"]["accepted"] == 1


def test_unreadable_input(run, tmp_path):
    tmp_path.chmod(0o777)
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (tmp_path / "x.pb").chmod(0)
    result = run("convert", "--out", "d", "x.pb", **NOBODY)
    assert (result.status, result.err) == (1, "otlp2parquet: error: x.pb: cannot open: Permission denied\n")


def test_names_cannot_move_the_cursor(run):
    result = run("convert", "--out", "d", "\x1b[2J\n\x9b.pb")
    assert result.err == "otlp2parquet: error: \\x1b[2J\\x0a\\xc2\\x9b.pb: cannot open: No such file or directory\n"


def test_request_larger_than_any_may_be(run, tmp_path):
    with open(tmp_path / "huge.pb", "wb") as file:
        file.truncate((1 << 32) + 10)  # sparse: takes no space
    result = run("convert", "--out", "d", "huge.pb")
    assert result.status == 1
    assert (
        result.err == "otlp2parquet: error: huge.pb: byte 0: a request of more than 4294967295 bytes is too large\n"
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files(program, tmp_path, closed):
    """A file that is opened must not take the number of a closed standard one, and get its output."""
    (tmp_path / "x.pb").write_bytes(otlp.logs(2))
    done = subprocess.run(
        ["sh", "-c", f'"$0" convert --out d x.pb gone.pb {closed}', program], cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    (file,) = all_files(tmp_path / "d")
    assert pyarrow.parquet.ParquetFile(file).metadata.num_rows == 2


# ---- outputs


def test_out_is_a_file(run, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (tmp_path / "out").write_text("mine")
    result = run("convert", "--out", "out", "x.pb")
    assert (result.status, result.err) == (3, "otlp2parquet: error: out: cannot make this folder: Not a directory\n")
    assert (tmp_path / "out").read_text() == "mine"
    result = run("convert", "--out", "out/below", "x.pb")
    assert result.status == 3
    assert "Not a directory" in result.err


@pytest.mark.parametrize("out", ["out", "out/below"])
def test_unwritable_out(run, tmp_path, out):
    tmp_path.chmod(0o777)
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (tmp_path / "x.pb").chmod(0o644)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o555)
    result = run("convert", "--one-file", "--out", out, "x.pb", **NOBODY)
    assert result.status == 3
    (line,) = result.err.splitlines()
    assert re.fullmatch(r"otlp2parquet: error: out/.*: cannot (write|make this folder): Permission denied", line)
    assert list((tmp_path / "out").iterdir()) == []


def test_out_that_can_be_written_and_not_read(run, tmp_path):
    """Its folder cannot be opened to sync it, which is no reason to fail: the file is whole."""
    tmp_path.chmod(0o777)
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    (tmp_path / "x.pb").chmod(0o644)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o333)
    result = run("convert", "--json", "--one-file", "--out", "out", "x.pb", **NOBODY)
    (tmp_path / "out").chmod(0o755)
    assert (result.status, result.err) == (0, "")
    assert [str(path.relative_to(tmp_path)) for path in all_files(tmp_path / "out")] == [
        result.json()["files"][0]["path"]
    ]


def test_out_where_nothing_can_be_made(run, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    result = run("convert", "--out", "/proc/nowhere", "x.pb")
    assert result.status == 3
    assert result.err.startswith("otlp2parquet: error: /proc/nowhere: cannot make this folder: ")


def test_name_taken_by_a_folder(run, ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    path = tmp_path / ok("convert", "--json", "--one-file", "--out", "d", "x.pb").json()["files"][0]["path"]
    path.unlink()
    path.mkdir()
    result = run("convert", "--one-file", "--out", "d", "x.pb")
    assert result.status == 3
    assert "cannot give the finished file its name" in result.err
    assert all_files(tmp_path / "d") == []


def test_file_size_limit_leaves_nothing_partial(run, ok, tmp_path):
    """Past the limit, write(2) writes less and then fails, as on a full disk."""
    (tmp_path / "1.pb").write_bytes(otlp.logs(1))
    (tmp_path / "2.pb").write_bytes(otlp.logs(5000, body=os.urandom(50).hex()))
    sizes = [ok("convert", "--json", "--out", "o", name).json()["files"][0]["bytes"] for name in ("1.pb", "2.pb")]
    size = (sizes[0] + sizes[1]) // 2
    result = run(
        "convert",
        "--json",
        "--out",
        "d",
        "--batch-rows",
        "1",
        "1.pb",
        "2.pb",
        preexec_fn=limit(resource.RLIMIT_FSIZE, size),
    )
    assert result.status == 3
    (file,) = result.json()["files"]
    assert file["rows"] == 1
    (line,) = result.err.splitlines()
    assert line.endswith(".parquet: cannot write: File too large")
    assert all_files(tmp_path / "d") == [tmp_path / file["path"]]
    assert pyarrow.parquet.ParquetFile(tmp_path / file["path"]).metadata.num_rows == 1


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True, check=False
        )
        if AS_ROOT
        else None
    )
    if mounted is None or mounted.returncode != 0:
        pytest.skip(
            "a small disk can be mounted by root alone" if mounted is None else f"mount: {mounted.stderr.strip()}"
        )
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_leaves_nothing_partial(run, small_disk, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(3000, body=os.urandom(100).hex()))
    result = run("convert", "--codec", "none", "--out", small_disk, "x.pb")
    assert result.status == 3
    assert "No space left on device" in result.err
    assert all_files(small_disk) == []


def test_full_standard_output(program, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    for arguments in (["convert", "--out", "d", "x.pb"], ["schema"], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [program, *arguments], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 3
        assert done.stderr == b"otlp2parquet: error: cannot write standard output: No space left on device\n"


def test_reader_that_has_gone_is_no_noise(program, tmp_path):
    """`... | head -1`: both when all the output fits a buffer and when it does not."""
    for arguments in (["--version"], ["schema", "--sql", "clickhouse"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([program, *arguments], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, b"")


def test_killed_while_it_works_leaves_no_partial_file(program, tmp_path):
    """Wherever the signal comes, every .parquet file is whole and no temporary one is left."""
    (tmp_path / "x.pbs").write_bytes(otlp.delimited(*[otlp.logs(200, body=f"request {i}") for i in range(300)]))
    command = [program, "convert", "--delimited", "--batch-rows", "1", "--out", "d", "x.pbs"]
    for delay in (0.02, 0.05, 0.1, 0.2):
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
        assert process.returncode in (0, -signal.SIGTERM)
        for file in all_files(tmp_path / "d") if (tmp_path / "d").exists() else []:
            assert file.suffix == ".parquet"
            assert pyarrow.parquet.ParquetFile(file).metadata.num_rows == 200


def test_nothing_but_the_named_files_is_opened_for_writing(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    before = (tmp_path / "x.pb").stat().st_mtime_ns
    ok("convert", "--out", "d", "x.pb")
    assert (tmp_path / "x.pb").stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "x.pb"]
