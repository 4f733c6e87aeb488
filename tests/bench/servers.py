"""The servers that `make bench-server` measures: how each is started, what it speaks, what it has written.

| server       | acknowledges                | writes                                                       |
| ------------ | --------------------------- | ------------------------------------------------------------ |
| otlp2parquet | by --ack                    | Parquet, a file a table and hour of each sealed batch        |
| Rust         | what it has in memory       | Parquet, files by service and minute                         |
| Collector    | what its pipeline has taken | nothing: its debug exporter prints how many records there are |

All have the same limit of a batch's age; in the rest each is as it is by default. The Collector's pipeline is
an OTLP receiver, the batch processor and the debug exporter.
"""

import http.client
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pyarrow.parquet

PATIENCE = 60  # seconds until something that must happen has not
HTTP1, HTTP2, GRPC = "HTTP/1.1", "HTTP/2", "gRPC"


class Failed(Exception):
    """A server did not start, or did not keep what it had acknowledged."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def peak_memory_of(pid):
    """The most bytes of memory that a process has had so far; None once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return found and int(found[1]) * 1024


class Server:
    """A server that runs in a folder of its own. `peak` is the most memory it had; `batches`, where it tells
    that, the most that its batches took."""

    name = ""
    acks = ("memory",)
    protocols = (HTTP1, HTTP2, GRPC)
    scheme = "http"
    asking = None

    def __init__(self, program, folder, ack, seal_age):
        self.folder, self.log = folder, folder / "log"
        self.peak = 0
        self.batches = None
        self.addresses = {}
        command, environment = self.command(Path(program).resolve(), ack, seal_age)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            self.wait_until(self.listens, "it did not start")
        except Failed:
            self.process.kill()
            raise
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()

    def command(self, program, ack, seal_age):
        """What starts it, and its environment."""
        raise NotImplementedError

    def listens(self):
        """Whether it does; then `addresses` has HOST:PORT of each protocol."""
        try:
            for address in set(self.addresses.values()):
                host, port = address.split(":")
                socket.create_connection((host, port)).close()
        except OSError:
            return False
        return True

    def batch_bytes(self):
        """What its batches take; None where it does not tell."""
        return None

    def has_stored(self, records):
        """Whether it has written so many records, as far as that can be told while it runs."""
        return True

    def written(self):
        """Of the files that it has written: how many, and how many records are in them."""
        files = list((self.folder / "data").rglob("*.parquet"))
        return len(files), sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)

    def seals(self):
        """How many batches it has written; None where it does not tell."""
        return None

    def wait_until(self, condition, complaint):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise Failed(f"{self.name}: {complaint}:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def watch(self):
        """Looks at its memory until it ends."""
        while (peak := peak_memory_of(self.process.pid)) and not self.ended.wait(0.02):
            self.peak = max(self.peak, peak)
            try:
                now = self.batch_bytes()
            except (OSError, http.client.HTTPException):
                continue  # it drains, and no longer answers
            if now is not None:
                self.batches = max(self.batches or 0, now)

    def stop(self, records):
        """Ends it when all is stored, and holds it to what it has acknowledged."""
        self.wait_until(lambda: self.has_stored(records), "it did not store everything")
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.ended.set()
        self.watcher.join()
        self.files, written = self.written()
        if written != records:
            raise Failed(f"{self.name}: of {records} records {written} were written")

    def kill(self):
        self.ended.set()
        self.process.kill()
        self.process.wait()


class Otlp2parquet(Server):
    name = "otlp2parquet"
    acks = ("wal", "stored", "memory")
    flags = ()

    def command(self, program, ack, seal_age):
        """Requests are all the same, so those that come again are to be kept."""
        flags = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--dedup-window", "0s"]
        flags += ["--ack", ack, "--seal-age", f"{int(seal_age * 1000)}ms", *self.flags]
        return [program, "serve", *flags], None

    def listens(self):
        found = re.search(r"HTTP on (\S+), OTLP/gRPC on (\S+);", self.log.read_text())
        if found:
            self.addresses = {HTTP1: found[1], HTTP2: found[1], GRPC: found[2]}
        return bool(found)

    def connect(self):
        return http.client.HTTPConnection(self.addresses[HTTP1], timeout=PATIENCE)

    def batch_bytes(self):
        """By a connection that stays: connecting would cost more than the answer."""
        self.asking = self.asking or self.connect()
        self.asking.request("GET", "/metrics")
        text = self.asking.getresponse().read().decode()
        return int(re.search(r"^otlp2parquet_batch_bytes (\d+)$", text, re.MULTILINE)[1])

    def sealed(self):
        """The rows of each batch that it has written."""
        return [int(rows) for rows in re.findall(r"stored a batch of (\d+) row", self.log.read_text())]

    def has_stored(self, records):
        return sum(self.sealed()) == records

    def seals(self):
        return len(self.sealed())


class Secured(Otlp2parquet):
    """The same behind TLS, with the certificate that certificate() has made beside its folder."""

    flags = ("--tls-cert", "../cert.pem", "--tls-key", "../key.pem")

    scheme = "https"

    def connect(self):
        context = ssl.create_default_context(cafile=self.folder.parent / "cert.pem")
        return http.client.HTTPSConnection(self.addresses[HTTP1], timeout=PATIENCE, context=context)


class Rust(Server):
    name = "Rust otlp2parquet"
    protocols = (HTTP1, HTTP2)

    def command(self, program, ack, seal_age):
        address = f"127.0.0.1:{free_port()}"
        self.addresses = {HTTP1: address, HTTP2: address}
        return [program], {
            "OTLP2PARQUET_LISTEN_ADDR": address,
            "OTLP2PARQUET_STORAGE_BACKEND": "fs",
            "OTLP2PARQUET_STORAGE_PATH": "data",
            "OTLP2PARQUET_BATCH_MAX_AGE_SECS": f"{max(1, round(seal_age))}",
        }


class Collector(Server):
    name = "Collector"
    protocols = (HTTP1, GRPC)  # it speaks HTTP/2 with TLS alone
    settings = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "{http}"}}, grpc: {{endpoint: "{grpc}"}}}}}}}}
processors: {{batch: {{timeout: {seal_age}s}}}}
exporters: {{debug: {{verbosity: basic}}}}
service:
  telemetry: {{metrics: {{level: none}}, logs: {{sampling: {{enabled: false}}}}}}
  pipelines: {{logs: {{receivers: [otlp], processors: [batch], exporters: [debug]}}}}
"""

    def command(self, program, ack, seal_age):
        self.addresses = {HTTP1: f"127.0.0.1:{free_port()}", GRPC: f"127.0.0.1:{free_port()}"}
        http, grpc = self.addresses.values()
        settings = self.settings.format(http=http, grpc=grpc, seal_age=seal_age)
        (self.folder / "collector.yaml").write_text(settings)
        return [program, "--config", "collector.yaml"], None

    def written(self):
        """As the debug exporter has counted them."""
        return 0, sum(map(int, re.findall(r'"log records": (\d+)', self.log.read_text())))
