"""Where settings come from, which is stronger, and what is said of wrong ones."""

import os
import re
import socket
import subprocess

import pytest

from conftest import ROOT, program
from payloads import logs, post


GOOD = (0, "the settings are good\n", "")  # of --check


def run(folder, *arguments, environment=None):
    done = subprocess.run(
        [program(), "serve", *arguments],
        cwd=folder,
        env=dict(os.environ, **(environment or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def shown(folder, *arguments, **options):
    status, out, error = run(folder, "--print-config", *arguments, **options)
    assert (status, error) == (0, "")
    return dict(line.split(": ", 1) for line in out.splitlines())


def test_flags_beat_variables_beat_the_file(tmp_path):
    (tmp_path / "c.yaml").write_text("seal-age: 1s\nseal-rows: 1\nthreads: 1\n")
    variables = {"OTLP2PARQUET_SEAL_AGE": "2s", "OTLP2PARQUET_SEAL_ROWS": "2"}
    settings = shown(tmp_path, "--config", "c.yaml", "--seal-age", "3s", environment=variables)
    assert [settings[name] for name in ("seal-age", "seal-rows", "threads", "ack")] == ["3s", "2", "1", "wal"]


def test_every_setting_has_a_flag_a_variable_and_a_key(tmp_path):
    settings = shown(tmp_path)
    _, text, _ = run(tmp_path, "--help")
    flags = re.findall(r"^  --([a-z-]+)", text, re.MULTILINE)
    assert flags == ["config", "print-config", "check", *settings, "help"]
    (tmp_path / "all.yaml").write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    variables = {
        "OTLP2PARQUET_" + name.upper().replace("-", "_"): value.strip('"') for name, value in settings.items()
    }
    flags = [word for name, value in settings.items() for word in (f"--{name}", value.strip('"'))]
    assert shown(tmp_path, "--config", "all.yaml") == settings
    assert shown(tmp_path, environment=variables) == settings
    assert shown(tmp_path, *flags) == settings


@pytest.mark.parametrize(
    "arguments, file, variables, message",
    [
        (["--seal-age", "5"], "", {}, '--seal-age cannot be "5"; it is a time from 10ms to 24h, such as 10s'),
        (["--ack", "later"], "", {}, '--ack cannot be "later"; it is one of: wal, stored, memory'),
        (["--config", "c.yaml"], "ack: wal\nseal: 5\n", {}, "c.yaml:2: seal is no setting"),
        (["--config", "c.yaml"], "\nseal-rows: no\n", {}, 'c.yaml:2: seal-rows cannot be "no"'),
        ([], "", {"OTLP2PARQUET_ACK": "no"}, 'OTLP2PARQUET_ACK cannot be "no"'),
        ([], "", {"OTLP2PARQUET_ACKS": "wal"}, "OTLP2PARQUET_ACKS: there is no such setting"),
        (["--sael-age", "5s"], "", {}, "unknown flag --sael-age; did you mean --seal-age?"),
        (["file"], "", {}, "serve: takes no files"),
    ],
)
def test_mistakes(tmp_path, arguments, file, variables, message):
    (tmp_path / "c.yaml").write_text(file)
    for extra in ([], ["--check"]):
        status, out, error = run(tmp_path, *arguments, *extra, environment=variables)
        assert (status, out) == (2, "")
        assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_check_starts_nothing(tmp_path):
    assert run(tmp_path, "--check") == GOOD
    assert run(tmp_path, "--check", "--data", "a/b", "--wal", "c") == GOOD
    assert run(tmp_path, "--check", "--print-config") == run(tmp_path, "--print-config"), "it is a file"
    assert list(tmp_path.iterdir()) == []


def test_check_is_content_while_the_server_runs(make_server):
    server = make_server()
    assert run(server.folder, "--check", "--http", server.http, "--grpc", server.grpc) == GOOD
    assert server.get("/readyz") == "ready\n"


def test_the_example_is_right(tmp_path):
    example = ROOT / "examples" / "server" / "otlp2parquet.yaml"
    elsewhere = ["--tls-cert", "off", "--tls-key", "off", "--auth-file", "off", "--data", "data", "--wal", "wal"]
    assert run(tmp_path, "--config", example, "--check", *elsewhere) == GOOD
    assert shown(tmp_path, "--config", example)["seal-bytes"] == "256M"
    unit = (ROOT / "examples" / "server" / "otlp2parquet.service").read_text()
    files = [shown(tmp_path, "--config", example)[name].strip('"') for name in ("tls-cert", "tls-key", "auth-file")]
    given = re.findall(r"^LoadCredential=(.+):", unit, re.MULTILINE)
    assert files == [f"/run/credentials/otlp2parquet.service/{name}" for name in given]
    drain = int(shown(tmp_path)["drain-timeout"].removesuffix("s"))
    assert int(re.search(r"TimeoutStopSec=(\d+)s", unit)[1]) > drain
    assert int(re.search(r"WatchdogSec=(\d+)s", unit)[1]) > drain
    assert "Type=notify\n" in unit and "ExecReload=/bin/kill -HUP $MAINPID\n" in unit


CANNOT = [
    (["--http", "no.such.host.invalid:1"], "no.such.host.invalid"),
    (["--http", "192.0.2.1:0"], "cannot listen on 192.0.2.1:0: Cannot assign"),
    (["--data", "/proc/x"], "/proc/x: cannot use this folder"),
    (["--data", "file"], "file: cannot use this folder: Not a directory"),
    (["--data", "s3://bucket"], "no such storage"),
    (["--wal", "/proc/x"], "/proc/x"),
    (["--wal", "none/w"], "none/w: "),
    (["--wal", "file"], "file: "),
    (["--path-template", "{table}"], "path-template: {hash} is missing"),
    (["--codec", "gzip", "--codec-level", "10"], "codec-level: not a level"),
    (["--promote", "record:Body"], "promote: the name of another column"),
    (["--promote", "resource"], "promote resource: it begins with resource: or record:"),
    (["--bloom-columns", "Nobody"], "bloom-columns: no such column"),
    (["--auth-file", "none"], "auth-file: none: No such file"),
    (["--cors-origins", "shop"], "cors-origins"),
    (["--tls-cert", "file"], "tls-cert and tls-key are needed"),
    (["--tls-cert", "file", "--tls-key", "file"], "tls-cert: file: "),
]


@pytest.mark.parametrize("arguments, reason", CANNOT)
def test_what_cannot_start_says_why(tmp_path, arguments, reason):
    (tmp_path / "file").write_text("")
    anywhere = ["--http", "127.0.0.1:0", "--grpc", "off", "--wal", "w"]
    for check in ([], ["--check"]):
        status, out, error = run(tmp_path, *anywhere, *arguments, *check)
        assert (status, out) == (2, "")
        assert reason in error and ("error: " if check else "error cannot start: ") in error
    assert run(tmp_path, *anywhere, "--check")[0] == 0, "the others are good"


def test_what_is_in_use(make_server, tmp_path):
    server = make_server()
    for arguments, reason in (
        (["--http", server.http, "--grpc", "off", "--wal", "w"], f"cannot listen on {server.http}: the port is in use"),
        (["--http", "off", "--grpc", server.grpc, "--wal", "w"], "--grpc HOST:PORT chooses another address"),
        (["--http", "127.0.0.1:0", "--grpc", "off"], "another server uses this write-ahead log"),
    ):
        status, out, error = run(tmp_path, *arguments)
        assert (status, out) == (2, "")
        assert "error cannot start: " in error and reason in error
    assert post(server.http, "/v1/logs", logs(["a"]).SerializeToString())[0] == 200


def test_the_port_of_a_connection_that_has_just_ended(tmp_path):
    """No program has it then, and none is said to."""
    with socket.socket() as listening:  # without SO_REUSEADDR
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            listening.accept()[0].close()  # first, so that its end is in TIME_WAIT
            assert client.recv(1) == b""
    status, out, error = run(tmp_path, "--http", f"127.0.0.1:{port}", "--grpc", "off")
    assert (status, out) == (2, "")
    assert "the port is in use, by a program or by a connection that has just ended; --http HOST:PORT" in error


def test_where_it_keeps_what_is_said(make_server):
    server = make_server("--data", "d", "--wal", "w")
    assert re.search(r" files go to d, the write-ahead log is in w$", server.log.read_text(), re.MULTILINE)


def test_logs_as_json(make_server):
    server = make_server("--log-format", "json")
    server.stop()
    lines = server.log.read_text().splitlines()
    assert all(re.fullmatch(r'\{"time":"[0-9TZ:.-]+","level":"info","message":".*"\}', line) for line in lines)
    assert len(lines) == 3
