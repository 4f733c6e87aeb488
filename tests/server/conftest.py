"""What the tests of the server share: a server on free ports, and what its files hold.

The program is the one named by O2P_BIN, else build/otlp2parquet. Everything is on the loopback.
"""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # seconds until something that must happen has not


def program():
    path = Path(os.environ.get("O2P_BIN") or ROOT / "build" / "otlp2parquet").resolve()
    assert path.is_file(), f"{path} is not there: build it with `make server`, or set O2P_BIN"
    return path


class Server:
    """A running `otlp2parquet serve`, in a folder of its own: DIR/data, DIR/wal."""

    def __init__(self, folder, *flags, environment=None):
        self.folder = folder
        self.flags = flags
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.tls = None  # the client's ssl.SSLContext for get()
        self.log = folder / "log.txt"

    def start(self, http="127.0.0.1:0", grpc="127.0.0.1:0"):
        with open(self.log, "ab") as log, open(self.folder / "out.txt", "wb") as out:
            begin = log.tell()
            self.process = subprocess.Popen(
                [program(), "serve", "--http", http, "--grpc", grpc, *self.flags],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )
        ports = self._wait_for_ports(begin)
        self.http, self.grpc = (f"127.0.0.1:{port}" for port in ports)
        return self

    def _wait_for_ports(self, begin):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(
                rb"serves OTLP/HTTP on 127.0.0.1:(\d+), OTLP/gRPC on 127.0.0.1:(\d+)",
                self.log.read_bytes()[begin:],
            )
            if found:
                return int(found[1]), int(found[2])
            time.sleep(0.01)
        raise AssertionError(f"it did not start:\n{self.log.read_text()}")

    def stop(self):
        """Drains it; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def get(self, path):
        scheme = "https" if self.tls else "http"
        url = f"{scheme}://{self.http}{path}"
        return urllib.request.urlopen(url, timeout=PATIENCE, context=self.tls).read().decode()

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.get("/metrics"), re.MULTILINE)[1])

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"it did not come about:\n{self.log.read_text()}"
            time.sleep(0.02)

    def files(self, table):
        return sorted((self.folder / "data" / table).rglob("*.parquet"))

    def rows(self, table, columns="*"):
        """Rows of all files of a table."""
        if not self.files(table):
            return []
        source = self.folder / "data" / table / "**" / "*.parquet"
        return duckdb.sql(f"SELECT {columns} FROM read_parquet('{source}', hive_partitioning=false)").fetchall()

    def left_in_log(self):
        return sorted(path.name for path in (self.folder / "wal").iterdir() if path.name != "lock")


@pytest.fixture
def make_server(tmp_path):
    """make_server(FLAG...): a server that is ended with the test; files are written after 0.1 s, and what is
    sent twice is stored twice."""
    made = []

    def make(*flags, start=True, **options):
        server = Server(tmp_path, "--seal-age", "100ms", "--dedup-window", "0s", *flags, **options)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        if server.process and server.process.poll() is None:
            server.kill()
        if server.process:
            assert "Sanitizer" not in server.log.read_text(errors="replace")


@pytest.fixture
def addresses():
    """Two addresses that are this test's own, also while no server listens there: sockets that are bound to them, and
    do not listen, keep others away."""
    bound = [socket.socket() for _ in range(2)]
    for one in bound:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, which may then listen there
        one.bind(("127.0.0.1", 0))
    yield tuple(f"127.0.0.1:{one.getsockname()[1]}" for one in bound)
    for one in bound:
        one.close()


@pytest.fixture
def server(make_server):
    return make_server()
