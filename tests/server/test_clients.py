"""OpenTelemetry's SDKs for Go, Java, Node and Python, over each protocol and compression they have: what they sent is
found, each record once, with the values it was sent with.
"""

import sys

import pytest

from conftest import ROOT, Server
from telemetry import BUILT, GO, expect_logs, expect_points, expect_spans, need, send

COUNT = 1000  # two batches of logs and of spans; SDKs keep 2000 points of an instrument at most


def java(sender):
    providers = "io.opentelemetry.sdk.common.export.HttpSenderProvider=io.opentelemetry.exporter.sender"
    classes = f"{BUILT}/java/classes:{BUILT}/java/lib/*"
    # The first compiler alone, since it ends before the second would be of use.
    return ["java", "-XX:TieredStopAtLevel=1", f"-D{providers}.{sender}", "-cp", classes, "Client"]


PYTHON = ROOT / "tests" / "server" / "clients" / "python" / "main.py"
CLIENTS = {  # name: what must be built, the command, its protocols
    "go": ("go", [GO / "client"], ["http/protobuf", "grpc"]),
    "node": ("node", ["node", BUILT / "node" / "main.js"], ["http/protobuf", "http/json", "grpc"]),
    "java": ("java", java("okhttp.internal.OkHttpHttpSenderProvider"), ["http/protobuf", "grpc"]),
    # With the JDK's own client, which asks to go on in HTTP/2 with each request.
    "java-jdk": ("java", java("jdk.internal.JdkHttpSenderProvider"), ["http/protobuf"]),
    "python": (None, [sys.executable, PYTHON], ["http/protobuf", "http/json", "grpc"]),
}
WAYS = [
    (name, protocol, compression)
    for name, (_, _, protocols) in CLIENTS.items()
    for protocol in protocols
    for compression in ("none", "gzip")
] + [("python", "http/protobuf", "deflate"), ("python", "http/json", "deflate")]


@pytest.fixture(scope="module", params=WAYS, ids="-".join)
def sent(request, tmp_path_factory):
    """The server to which a client has sent all there is, drained; and the client's name."""
    name, protocol, compression = request.param
    built, command, _ = CLIENTS[name]
    if built:
        need(built)
    server = Server(tmp_path_factory.mktemp("sent"), "--dedup-window", "0s").start()
    try:
        address = server.grpc if protocol == "grpc" else server.http
        assert send(command, COUNT, address, protocol, compression, name) == (0, "")
        assert server.metric("otlp2parquet_bad_requests_total") == 0
        is_small = server.metric("otlp2parquet_received_bytes_total") < 300 * COUNT
        assert is_small == (compression != "none")
        assert server.stop() == 0
        assert "Sanitizer" not in server.log.read_text(errors="replace")
        yield server, name
    finally:
        if server.process.poll() is None:
            server.kill()


def test_logs(sent):
    server, name = sent
    expect_logs(server, COUNT, name)


def test_spans(sent):
    server, name = sent
    expect_spans(server, COUNT, name)


def test_points(sent):
    server, name = sent
    expect_points(server, COUNT, name)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_tells_when_it_is_refused(make_server, tmp_path, name):
    """Without which that it says nothing would show nothing."""
    built, command, _ = CLIENTS[name]
    if built:
        need(built)
    (tmp_path / "auth").write_text("bearer secret\n")
    server = make_server("--auth-file", "auth")
    status, said = send(command, 1, server.http, "http/protobuf", "none", name)
    assert status == 1 and "401" in said
