"""What is different when standard error or output is a terminal: colour, and the progress bar."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

import otlp


def on_terminal(command, cwd, environment=None, stdin=None, feed=None):
    """Runs a command with standard output and error on a terminal; returns the status and what appeared there."""
    master, slave = pty.openpty()
    base = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=base | {"TERM": "xterm"} | (environment or {}),
        stdin=stdin or subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    if feed:
        feed(process)
    seen = b""
    while True:
        select.select([master], [], [], 60)
        try:
            data = os.read(master, 65536)
        except OSError:  # what Linux gives when the last writer has gone
            break
        if not data:
            break
        seen += data
    os.close(master)
    return process.wait(), seen


@pytest.mark.parametrize(
    "environment, colour",
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour(program, tmp_path, environment, colour):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    status, seen = on_terminal([program, "convert", "--out", "d", "x.pb", "gone.pb"], tmp_path, environment)
    assert status == 1
    assert (b"\x1b[31merror:\x1b[0m gone.pb" in seen) == colour
    assert (b"\x1b[1mTABLE" in seen) == colour
    assert (b"\x1b" in seen) == colour


def test_no_colour_when_not_on_a_terminal(run, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    result = run("convert", "--out", "d", "x.pb", "gone.pb", environment={"TERM": "xterm"})
    assert "\x1b" not in result.out + result.err


def slowly(parts):
    def feed(process):
        for part in parts:
            process.stdin.write(part)
            process.stdin.flush()
            time.sleep(0.25)
        process.stdin.close()

    return feed


def test_progress_of_long_work(program, tmp_path):
    parts = [otlp.delimited(otlp.logs(50, body=f"part {i}")) for i in range(6)]
    status, seen = on_terminal(
        [program, "convert", "--delimited", "--out", "d", "-"], tmp_path, stdin=subprocess.PIPE, feed=slowly(parts)
    )
    assert status == 0
    assert b"\rconverting  0.0 MB" in seen
    bar, rest = seen.rsplit(b"\r" + b" " * 78 + b"\r", 1)  # erased before the summary
    assert b"converting" in bar
    assert b"converting" not in rest
    assert b"300 rows" in rest


def test_no_progress_of_short_work(program, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(1))
    status, seen = on_terminal([program, "convert", "--out", "d", "x.pb"], tmp_path)
    assert status == 0
    assert b"converting" not in seen


def test_no_progress_when_not_on_a_terminal(program, tmp_path):
    process = subprocess.Popen(
        [program, "convert", "--delimited", "--out", "d", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    slowly([otlp.delimited(otlp.logs(1, body=f"part {i}")) for i in range(5)])(process)
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_bar_with_a_known_total(program, tmp_path):
    """Stopped for a while as soon as it has written something, the work is long enough for a bar; and there is
    more than what is read at once to tell the framing."""
    requests = [otlp.logs(100, body=f"request {i}") for i in range(1000)]
    (tmp_path / "x.pbs").write_bytes(otlp.delimited(*requests))

    def stop_for_a_while(process):
        while not (tmp_path / "d" / "logs").exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.7)
        process.send_signal(signal.SIGCONT)

    command = [program, "convert", "--delimited", "--batch-rows", "100", "--out", "d", "x.pbs"]
    status, seen = on_terminal(command, tmp_path, feed=stop_for_a_while)
    assert status == 0
    total = (tmp_path / "x.pbs").stat().st_size / 1e6
    drawn = re.findall(rb"\rconverting \[(#*)(\.*)\] +(\d+)%  [\d.]+ of ([\d.]+) MB *", seen)
    assert drawn
    for done, left, percent, of in drawn:
        assert len(done) + len(left) == 30
        assert len(done) == int(percent) * 30 // 100 or len(done) == (int(percent) + 1) * 30 // 100
        assert float(of) == pytest.approx(total, abs=0.06)
