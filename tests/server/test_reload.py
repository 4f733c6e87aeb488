"""SIGHUP reads the settings again; systemd is told how the server is."""

import os
import re
import signal
import socket
import time

from payloads import dial, logs, post
from conftest import PATIENCE
from test_hostile import end_of


def reload(server):
    """What the server says when it reads its settings again."""
    before = len(server.log.read_text())
    server.process.send_signal(signal.SIGHUP)
    server.wait_until(lambda: server.log.read_text()[before:].endswith("\n"))
    time.sleep(0.1)
    lines = re.findall(r"^\S+ (\w+ +.*)$", server.log.read_text()[before:], re.MULTILINE)
    return [line for line in lines if " stored " not in line]


def send(server, size=1, name="x"):
    return post(server.http, "/v1/logs", logs([name * size]).SerializeToString())[0]


def test_what_can_change_changes(make_server, tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("max-request: 1M\nidle-timeout: 1h\n")
    server = make_server("--config", file, "--seal-age", "1h", "--drain-timeout", "20s")
    assert send(server, 2 << 20) == 413 and send(server) == 200  # a batch is open, and refuses such a request
    file.write_text("max-request: 4M\nidle-timeout: 200ms\nseal-age: 1s\nlog-level: debug\n")
    assert reload(server) == [
        "info  max-request is 4M from now on",
        "info  idle-timeout is 200ms from now on",
        "info  log-level is debug from now on",
    ]  # and not seal-age: the flag is stronger
    assert send(server, 2 << 20) == 200
    assert end_of(dial(server.http))[0] < 10
    assert reload(server) == ["info  the settings were read again; none has changed"]
    assert server.stop() == 0
    assert "debug stored logs/" in server.log.read_text()
    assert len(server.rows("logs")) == 2


def test_what_cannot_change_is_told(make_server, tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("ack: wal\n")
    server = make_server("--config", file)
    file.write_text("ack: memory\nthreads: 3\ndata: elsewhere\npromote: resource:host.name\nseal-rows: 7\nlog-level: warn\n")
    assert reload(server) == [
        "warn  data stays data until the server is started anew",
        "warn  ack stays wal until the server is started anew",
        'warn  promote stays "" until the server is started anew',
        "warn  threads stays 0 until the server is started anew",
    ]  # what else it would say is below the new level
    assert send(server) == 200
    assert server.stop() == 0
    assert len(server.rows("logs")) == 1 and not (tmp_path / "elsewhere").exists()


def test_bad_settings_leave_the_old_ones(make_server, tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("max-request: 1M\n")
    server = make_server("--config", file)
    for text, reason in (
        ("max-request: 4M\nseal-rows: none\n", f"cannot be read again, and stay as they are: {file}:2: seal-rows"),
        ("max-request: 4M\ncodec: gzip\ncodec-level: 10\n", "stay as they are: codec-level: not a level"),
        (None, f"cannot be read again, and stay as they are: {file}: "),
    ):
        file.write_text(text) if text else file.unlink()
        (line,) = reload(server)
        assert line.startswith("error the settings") and reason in line
        assert send(server, 2 << 20) == 413 and send(server) == 200


def test_reloading_under_load_loses_nothing(make_server, tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("")
    server = make_server("--config", file)
    for i in range(60):
        file.write_text(f"seal-rows: {i % 7 + 1}\nmax-connections: {100 + i}\nrequest-timeout: {i + 1}s\n")
        server.process.send_signal(signal.SIGHUP)
        assert send(server, name=f"{i}") == 200
    assert server.stop() == 0
    assert sorted(int(body) for (body,) in server.rows("logs", "Body")) == list(range(60))


def test_systemd_is_told(make_server, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)

        def told():
            return systemd.recv(1000).decode()

        server = make_server(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        ready = f"READY=1\nSTATUS=serves OTLP/HTTP on {server.http}, OTLP/gRPC on {server.grpc}\n"
        assert told() == ready
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.process.send_signal(signal.SIGHUP)
        usec = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)\n", told())[1])
        assert before <= usec < before + PATIENCE * 1_000_000
        assert told() == ready
        assert server.stop() == 0
        assert told() == "STOPPING=1\n"


def test_the_watchdog_is_told_in_time(make_server):
    name = f"@otlp2parquet-{os.getpid()}"  # not in the file system
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:])
        systemd.settimeout(PATIENCE)
        make_server(environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"})
        assert systemd.recv(1000).startswith(b"READY=1\n")
        started = time.monotonic()
        for _ in range(5):
            assert systemd.recv(1000) == b"WATCHDOG=1\n"
        assert 0.4 < time.monotonic() - started < 5


def test_the_watchdog_of_another_process_is_left_alone(make_server):
    name = f"@otlp2parquet-{os.getpid()}-other"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:])
        systemd.settimeout(PATIENCE)
        variables = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
        server = make_server(environment=variables)
        time.sleep(0.2)
        assert server.stop() == 0
        assert systemd.recv(1000).startswith(b"READY=1\n") and systemd.recv(1000) == b"STOPPING=1\n"
