"""HTTP/2 clients that give answers no room, and requests that fill what may be pending: others are served or told to
come again, and health is answered on every port."""

import re
import struct
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

from payloads import PROTOBUF, ask, dial, logs, post
from test_hostile import GOOD, PREFACE, frame

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11
MIB = 1 << 20
BAD = b"\x0a\xff\xff\xff\xff\x0f"  # a field that is longer than what follows


def literal(name, value):
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Client:
    """A client that opens no window for answers; `frames` are what it got."""

    def __init__(self, address):
        self.socket = dial(address)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
        self.next = 1
        self.unread = b""
        self.frames = []
        self.closed = False
        self.read_until(lambda: self.got(WINDOW_UPDATE, 0))  # 8 MiB for all bodies
        self.socket.sendall(frame(SETTINGS, ACK, 0))  # 1 MiB for each

    def read(self, seconds):
        """What comes within some time, or until something has."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return
        except ConnectionResetError:
            data = b""
        self.closed = data == b""
        self.unread += data
        while len(self.unread) >= 9 and len(self.unread) >= 9 + (size := int.from_bytes(self.unread[:3], "big")):
            kind, flags, stream = self.unread[3], self.unread[4], int.from_bytes(self.unread[5:9], "big")
            self.frames.append((kind, flags, stream, self.unread[9 : 9 + size]))
            self.unread = self.unread[9 + size :]

    def read_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert not self.closed and time.monotonic() < deadline, self.frames
            self.read(0.1)

    def got(self, kind, stream=None):
        return [payload for k, _, at, payload in self.frames if k == kind and stream in (None, at)]

    def ask(self, method, path, body=b"", length=None, end=True, content_type=PROTOBUF):
        """Sends a request, or the beginning of one; returns its stream."""
        stream, self.next = self.next, self.next + 2
        fields = {":method": method, ":scheme": "http", ":path": path, ":authority": "x", "content-type": content_type}
        if method == "POST":
            fields["content-length"] = str(len(body) if length is None else length)
        block = b"".join(literal(*field) for field in fields.items())
        last = END_STREAM if end else 0
        message = frame(HEADERS, END_HEADERS | (0 if body else last), stream, block)
        for at in range(0, len(body), 16384):
            piece = body[at : at + 16384]
            message += frame(DATA, last if at + len(piece) == len(body) else 0, stream, piece)
        self.socket.sendall(message)
        return stream

    def close(self):
        self.socket.close()


@pytest.fixture
def connect():
    """connect(ADDRESS): a client, closed with the test."""
    made = []

    def make(address):
        made.append(Client(address))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def server(make_server):
    server = make_server("--max-pending", "1M", "--health", "127.0.0.1:0")
    server.wait_until(lambda: "health is answered on" in server.log.read_text())
    server.health = re.search(r"health is answered on (\S+)", server.log.read_text())[1]
    return server


def pending(server):
    return server.metric("otlp2parquet_pending_bytes")


def assert_is_well(server):
    """Everyone who asks for its health is told."""
    for address in (server.http, server.health):
        assert [ask("GET", address, path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
    for address in (server.grpc, server.health):
        with grpc.insecure_channel(address) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("tail", [GOOD, BAD], ids=["accepted", "refused"])
def test_answers_that_are_not_taken_hold_nothing(server, connect, tail):
    """Four times what may be pending, of bodies that are answered: one client, 40 streams. Field 15 is unknown."""
    body = b"\x7a" + b"\x80\x80\x06" + bytes(98304) + tail
    client = connect(server.http)
    for count in range(1, 41):
        client.ask("POST", "/v1/logs", body)
        client.read_until(lambda: len(client.got(HEADERS)) >= count)
    assert not client.got(DATA) and not client.got(RST_STREAM)
    assert pending(server) < 20000
    assert post(server.http, "/v1/logs", body[: -len(tail)] + GOOD)[0] == 200
    assert_is_well(server)
    client.close()
    assert server.stop() == 0
    assert len(server.rows("logs")) == (41 if tail == GOOD else 1)


def fill(server, connect):
    """Begins requests that do not end, until there is no room for the smallest."""
    for size in (16000, 1000, 2):
        client = connect(server.http)
        for _ in range(100):
            client.ask("POST", "/v1/logs", b"x" * (size - 1), length=size, end=False)
            client.read(0.002)
            if client.got(HEADERS) or client.got(RST_STREAM):
                break
        else:
            raise AssertionError("it does not fill")
    assert pending(server) > MIB - 10000


def test_without_room_everyone_is_told(server, connect):
    fill(server, connect)
    status, headers, _ = post(server.http, "/v1/logs", GOOD)
    assert status == 429 and int(headers["retry-after"]) >= 1
    with grpc.insecure_channel(server.grpc) as channel:
        with pytest.raises(grpc.RpcError) as error:
            LogsServiceStub(channel).Export(logs(["x"]), timeout=20)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert post(server.http, "/nothing", GOOD)[0] == 404
    assert post(server.http, "/v1/logs", GOOD, content_type="text/plain")[0] == 415
    with dial(server.http) as client:
        client.sendall(b"no request\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    assert_is_well(server)


def test_without_room_a_connection_asks_little(server, connect):
    """Questions that never end are few when they count nowhere, and do not stand in the way of others."""
    fill(server, connect)
    for address in (server.http, server.health):
        client = connect(address)
        for _ in range(20):
            client.ask("GET", "/healthz", end=False)
        client.read_until(lambda: len(client.got(RST_STREAM)) == 12)
        assert {int.from_bytes(code, "big") for code in client.got(RST_STREAM)} == {REFUSED_STREAM}
        client.socket.sendall(frame(DATA, END_STREAM, 1))  # one of the eight ends, so that another may come
        client.read_until(lambda: client.got(HEADERS, 1))
        stream = client.ask("GET", "/healthz")
        client.read_until(lambda: client.got(HEADERS, stream))
    assert_is_well(server)


def test_a_question_is_small(server, connect):
    assert ask("GET", server.http, "/healthz", bytes(1024))[0] == 200
    status, _, why = ask("GET", server.http, "/healthz", bytes(5000))
    assert status == 413 and b"1024 bytes" in why
    with grpc.insecure_channel(server.grpc) as channel:
        with pytest.raises(grpc.RpcError) as error:
            request = health_pb2.HealthCheckRequest(service="x" * 5000)
            health_pb2_grpc.HealthStub(channel).Check(request, timeout=20)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("port", ["http", "health"])
def test_answers_that_are_not_taken_are_reset(make_server, connect, port):
    """Their streams at first; when it comes again the connection. The limit is 30 s, or idle-timeout."""
    server = make_server("--idle-timeout", "500ms", "--health", "127.0.0.1:0")
    server.wait_until(lambda: "health is answered on" in server.log.read_text())
    server.health = re.search(r"health is answered on (\S+)", server.log.read_text())[1]
    client = connect(getattr(server, port))
    streams = [client.ask("GET", "/metrics") for _ in range(100)]
    client.read_until(lambda: len(client.got(RST_STREAM)) == len(streams))
    assert {int.from_bytes(code, "big") for code in client.got(RST_STREAM)} == {CANCEL}
    assert len(client.got(HEADERS)) == len(streams) and not client.got(GOAWAY)
    client.ask("GET", "/metrics")
    client.read_until(lambda: client.got(GOAWAY))
    assert struct.unpack(">II", client.got(GOAWAY)[0])[1] == ENHANCE_YOUR_CALM
    client.read_until(lambda: client.closed)
    assert_is_well_on(server)


def assert_is_well_on(server):
    assert post(server.http, "/v1/logs", GOOD)[0] == 200
    assert ask("GET", server.health, "/healthz")[0] == 200


def test_an_answer_that_is_taken_slowly_is_sent(make_server, connect):
    server = make_server("--idle-timeout", "500ms")
    client = connect(server.http)
    stream = client.ask("GET", "/metrics")
    for _ in range(15):
        client.socket.sendall(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 10)))
        client.read(0.02)
        time.sleep(0.1)
    assert not client.got(RST_STREAM) and sum(map(len, client.got(DATA, stream))) > 100
    client.socket.sendall(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", MIB)))
    client.read_until(lambda: b"otlp2parquet_pending_bytes" in b"".join(client.got(DATA, stream)))


def test_a_refused_call_whose_trailer_waits(server, connect):
    """A refusal that says when to come again has its trailer behind an empty body."""
    fill(server, connect)
    client = connect(server.grpc)
    path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    stream = client.ask("POST", path, b"\0" * 5, content_type="application/grpc")
    client.read_until(lambda: client.got(HEADERS, stream))
    client.socket.sendall(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 1)))
    client.read_until(lambda: len(client.got(HEADERS, stream)) == 2)
