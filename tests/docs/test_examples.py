"""Runs the examples as their comments say, and reads what they write with pyarrow.

`make` has compiled them: examples/c/X.c is build/CONFIGURATION/examples/c/X, beside the program O2P_BIN
names.
"""

import os
import subprocess
from pathlib import Path

import pyarrow.parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("O2P_BIN", ROOT / "build" / "release" / "otlp2parquet")).resolve()
EXAMPLES = PROGRAM.parent / "examples"
SAMPLES = sorted((ROOT / "examples" / "telemetry").glob("*.pb"))


def rows(folder):
    """Rows of each table, from files named TABLE-TIME-HASH.parquet."""
    found = {}
    for file in sorted(folder.glob("*.parquet")):
        table = file.name.split("-")[0]
        found[table] = found.get(table, 0) + pyarrow.parquet.read_table(file).num_rows
    return found


def converted(folder, *files):
    """What the program makes of the same files; --one-file names files as the examples do."""
    expected = folder / "expected"
    command = [PROGRAM, "convert", "--one-file", "--out", expected, *files]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return rows(expected)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_convert(sample, tmp_path):
    printed = subprocess.run(
        [EXAMPLES / "c" / "convert", sample], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert rows(tmp_path) == converted(tmp_path, sample)
    assert sum(int(line.split()[-2]) for line in printed.stdout.splitlines()) == sum(rows(tmp_path).values())


def test_convert_says_what_is_wrong(tmp_path):
    broken = tmp_path / "broken.pb"
    broken.write_bytes(b"\x0a\x7f")
    done = subprocess.run(
        [EXAMPLES / "c" / "convert", broken], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "byte" in done.stderr and not list(tmp_path.glob("*.parquet"))


def varint(number):
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number >> 7 else bytes([number])


def framed(requests):
    return b"".join(varint(len(request)) + request for request in requests)


def test_stream_leaves_out_what_is_broken(tmp_path):
    requests = [sample.read_bytes() for sample in SAMPLES]
    requests.insert(2, b"\x0a\x7f")
    done = subprocess.run(
        [EXAMPLES / "c" / "stream"], cwd=tmp_path, input=framed(requests), capture_output=True, check=True
    )
    assert b"left out" in done.stderr
    assert rows(tmp_path) == converted(tmp_path, *SAMPLES)


def test_stream_reads_samples_as_they_are(tmp_path):
    sample = ROOT / "examples" / "telemetry" / "python_sdk_metrics.pbs"
    subprocess.run([EXAMPLES / "c" / "stream"], cwd=tmp_path, stdin=sample.open("rb"), check=True)
    assert rows(tmp_path) == converted(tmp_path, sample)


@pytest.mark.parametrize("stream", [b"\x80", b"\x02\x0a", b"\x80\x80\x80\x80\x01", b"\xff\xff\xff\x7f"])
def test_stream_ends_on_a_broken_stream(tmp_path, stream):
    done = subprocess.run(
        [EXAMPLES / "c" / "stream"], cwd=tmp_path, input=stream, capture_output=True, check=False
    )
    assert done.returncode == 1
