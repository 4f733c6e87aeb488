"""A Collector in front of the server, made by its own builder: what it takes from an SDK it forwards, by each of its
OTLP exporters, encodings and compressions; and its sending queue and retries bring each record once to a server that
is down, is killed, or has no room.
"""

import json
import signal
import socket
import subprocess
import time

import pytest

from conftest import PATIENCE, program
from telemetry import GO, expect_all, need, send

COUNT = 1000  # of each kind
ROWS = 5 * COUNT  # of logs, of spans, and of points of three instruments
WAYS = [
    ("otlp_grpc", None, "none"),
    ("otlp_grpc", None, "gzip"),
    ("otlp_grpc", None, "zstd"),
    ("otlp_http", "proto", "none"),
    ("otlp_http", "proto", "gzip"),
    ("otlp_http", "proto", "zstd"),
    ("otlp_http", "proto", "deflate"),
    ("otlp_http", "json", "none"),
    ("otlp_http", "json", "gzip"),
    ("otlp_http", "json", "zstd"),
]
RETRYING = [("otlp_grpc", None, "gzip"), ("otlp_http", "proto", "gzip"), ("otlp_http", "json", "none")]


def name(way):
    return "-".join(word for word in way if word)


def exporter(server, way, batch):
    """The Collector's settings for sending to the server, in requests of so many items at most."""
    kind, encoding, compression = way
    settings = {
        "compression": compression,
        "retry_on_failure": {"initial_interval": "50ms", "max_interval": "200ms", "max_elapsed_time": "0s"},
        "sending_queue": {
            "sizer": "items",
            "queue_size": 2 * ROWS,
            "num_consumers": 4,
            "batch": {"flush_timeout": "50ms", "min_size": batch, "max_size": batch},
        },
    }
    if kind == "otlp_grpc":
        return {kind: {"endpoint": server.grpc, "tls": {"insecure": True}, **settings}}
    return {kind: {"endpoint": f"http://{server.http}", "encoding": encoding, **settings}}


class Collector:
    """A running Collector that takes OTLP/gRPC on a port of its own."""

    def __init__(self, folder, settings):
        """settings: the text of its configuration, but for the receiver."""
        self.folder = folder
        self.log = folder / "collector.txt"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.grpc = f"127.0.0.1:{free.getsockname()[1]}"
        (folder / "receiver.yaml").write_text(
            json.dumps(
                {
                    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": self.grpc}}}},
                    "service": {"telemetry": {"metrics": {"level": "none"}}},
                }
            )
        )
        (folder / "exporter.yaml").write_text(settings)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [GO / "collector" / "otelcol", "--config", "receiver.yaml", "--config", "exporter.yaml"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_for("Everything is ready.")

    def wait_for(self, words):
        deadline = time.monotonic() + PATIENCE
        while words not in self.log.read_text():
            assert time.monotonic() < deadline and self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    def stop(self):
        """Has it send what is in its queue; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def collect(tmp_path):
    """collect(SERVER, WAY): a Collector that forwards to the server, and to which an SDK has sent all there is."""
    need("go")
    made = []

    def make(server, way, batch=300, settings=None):
        exporters = exporter(server, way, batch)
        pipeline = {"receivers": ["otlp"], "exporters": list(exporters)}
        pipelines = {kind: pipeline for kind in ("logs", "traces", "metrics")}
        written = settings or json.dumps({"exporters": exporters, "service": {"pipelines": pipelines}})
        collector = Collector(tmp_path, written)
        made.append(collector)
        assert send([GO / "client"], COUNT, collector.grpc, "grpc", "none", "collector") == (0, "")
        return collector

    yield make
    for collector in made:
        if collector.process.poll() is None:
            collector.process.kill()
            collector.process.wait(PATIENCE)


def accepted(server):
    kinds = ("log_records", "spans", "metric_points")
    return sum(server.metric(f"otelcol_receiver_accepted_{kind}_total") for kind in kinds)


def is_complete(server):
    tables = ("logs", "traces", "metrics_sum", "metrics_gauge", "metrics_histogram")
    return sum(len(server.rows(table, "ServiceName")) for table in tables) >= ROWS


def expect_each_once(server, collector):
    """A Collector that is told to end gives up what it would send again, so that is waited for."""
    server.wait_until(lambda: is_complete(server))
    assert collector.stop() == 0
    assert server.stop() == 0
    expect_all(server, COUNT, "collector")


@pytest.mark.parametrize("way", WAYS, ids=name)
def test_all_is_forwarded(server, collect, way):
    collector = collect(server, way)
    assert collector.stop() == 0
    assert accepted(server) == ROWS
    assert server.metric("otlp2parquet_bad_requests_total") == 0
    assert server.stop() == 0
    expect_all(server, COUNT, "collector")
    assert "Exporting failed" not in collector.log.read_text()


@pytest.mark.parametrize("client", ["collector", "collector-grpc"])
def test_what_connect_prints_is_its_configuration(server, collect, client):
    places = ["--http", server.http, "--grpc", server.grpc]
    printed = subprocess.run([program(), "connect", *places, client], capture_output=True, text=True, check=True)
    collector = collect(server, WAYS[0], settings=printed.stdout)
    assert collector.stop() == 0
    assert server.stop() == 0
    assert "deprecated" not in collector.log.read_text() and "\twarn\t" not in collector.log.read_text()
    expect_all(server, COUNT, "collector")


@pytest.mark.parametrize("way", RETRYING, ids=name)
def test_a_server_that_is_down_at_first(make_server, addresses, collect, way):
    server = make_server("--dedup-window", "5m", start=False)
    server.http, server.grpc = addresses
    collector = collect(server, way)
    collector.wait_for("Will retry the request after interval.")
    server.start(*addresses)
    expect_each_once(server, collector)


@pytest.mark.parametrize("way", RETRYING, ids=name)
def test_a_server_that_is_killed(make_server, addresses, collect, way):
    server = make_server("--dedup-window", "5m", start=False).start(*addresses)
    collector = collect(server, way, batch=5)
    for _ in range(4):
        server.wait_until(lambda: accepted(server) > 50 or is_complete(server))
        server.kill()
        server.start(*addresses)
    collector.wait_for("Will retry the request after interval.")
    expect_each_once(server, collector)


@pytest.mark.parametrize("way", RETRYING, ids=name)
def test_a_server_that_has_no_room_at_first(make_server, collect, way):
    """It answers 503, and UNAVAILABLE, while what it has cannot be stored."""
    server = make_server("--dedup-window", "5m", "--seal-rows", "1000", "--max-sealed", "1")
    data = server.folder / "data"
    data.rename(server.folder / "gone")
    data.write_text("in the way")
    collector = collect(server, way, batch=250)
    server.wait_until(lambda: server.metric("otlp2parquet_busy_requests_total") > 0)
    collector.wait_for("Will retry the request after interval.")
    data.unlink()
    expect_each_once(server, collector)
