"""Slow, broken and hostile clients: memory and time stay bounded, and others are served."""

import gzip
import random
import resource
import select
import socket
import struct
import time

import pytest

from conftest import program
from payloads import PROTOBUF, dial, logs, post, read_answer

HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MANY = 10_000
GOOD = logs(["good"]).SerializeToString()


def memory_mb(server, field="VmHWM"):
    """The most it has had. Sanitizers have memory of their own, so with them there is nothing to measure."""
    if "asan" in str(program()) or "tsan" in str(program()):
        return 0
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith(field):
            return int(line.split()[1]) / 1024


def assert_serves(server):
    assert post(server.http, "/v1/logs", GOOD)[0] == 200


def end_of(client):
    """Seconds until the server closes the connection, and what came before."""
    started = time.monotonic()
    client.settimeout(20)
    received = b""
    try:
        while data := client.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return time.monotonic() - started, received


def ended(clients):
    """Those of idle clients that the server has closed."""
    return select.select(clients, [], [], 0)[0]


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def test_slow_clients_time_out(make_server):
    server = make_server("--request-timeout", "500ms", "--idle-timeout", "1s")
    chunked = HEAD.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked")
    starts = [b"P", b"POST / HTTP/1.1\r\nHost: x\r\nX: y\r\n", HEAD, HEAD + b"half", chunked + b"5\r\nab"]
    clients = [dial(server.http) for _ in starts]
    for client, start in zip(clients, starts):
        client.sendall(start)
    for _ in range(8):  # a byte now and then does not help
        time.sleep(0.1)
        for client in clients:
            try:
                client.sendall(b"1")
            except OSError:
                pass
    assert_serves(server)
    for client in clients:
        seconds, received = end_of(client)
        assert seconds < 10 and received.startswith(b"HTTP/1.1 4")


def test_idle_connections_are_closed(make_server):
    server = make_server("--idle-timeout", "300ms")
    for address, hello in ((server.http, b""), (server.grpc, b""), (server.grpc, PREFACE + frame(4, 0, 0))):
        client = dial(address)
        client.sendall(hello)
        assert 0.1 < end_of(client)[0] < 10


def test_many_idle_connections(make_server):
    server = make_server("--max-connections", "600")
    before = memory_mb(server)
    clients = [dial(server.http if i % 2 else server.grpc) for i in range(500)]
    for client in clients[1::2]:
        client.sendall(b"POST /v1")
    for client in clients[::2]:
        client.sendall(PREFACE + frame(4, 0, 0))
    assert_serves(server)
    server.wait_until(lambda: server.metric("otlp2parquet_connections") >= 500)
    assert memory_mb(server) - before < 100
    extra = [dial(server.http) for _ in range(150)]  # 50 of these are too many; which, the threads decide
    server.wait_until(lambda: len(ended(extra)) >= 50)
    assert end_of(ended(extra)[0])[1] == b""
    for client in clients + extra:
        client.close()
    server.wait_until(lambda: post_or_none(server) == 200)


@pytest.fixture
def many_descriptors():
    """As many as the clients of the test need, and the server as much."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY + 1000
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, before[1])))
    except (OSError, ValueError):
        pytest.skip(f"the system allows {before[1]} open files")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def ask_again(client, stream):
    """One more request on a connection that stays."""
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    client.sendall(head % (PROTOBUF.encode(), len(GOOD)) + GOOD)
    return read_answer(stream)[0]


def idle_connections(server, count):
    """Connections that begin a request, or begin HTTP/2, and then do nothing."""
    clients = []
    for i in range(count):
        try:
            clients.append(dial(server.http if i % 2 else server.grpc))
            clients[-1].sendall(b"POST /v1" if i % 2 else PREFACE + frame(4, 0, 0))
        except OSError:
            pass  # refused
    return clients


def test_ten_thousand_idle_connections_are_held(make_server, many_descriptors):
    server = make_server("--max-connections", f"{MANY + 500}")
    before = memory_mb(server)
    clients = idle_connections(server, MANY)
    assert len(clients) == MANY
    server.wait_until(lambda: server.metric("otlp2parquet_connections") >= MANY)
    assert_serves(server)
    assert memory_mb(server) - before < MANY * 12 / 1024  # 12 KiB each
    for client in clients:
        client.close()
    server.wait_until(lambda: server.metric("otlp2parquet_connections") < 10)


def test_ten_thousand_idle_connections_are_refused(make_server, many_descriptors):
    """Beyond the limit they are closed at once; those that were there before are served."""
    server = make_server("--max-connections", "1000")
    before = memory_mb(server)
    with dial(server.http) as client, client.makefile("rb") as stream:
        assert ask_again(client, stream) == 200
        clients = idle_connections(server, MANY)
        assert ask_again(client, stream) == 200
        assert memory_mb(server) - before < 1000 * 12 / 1024 + 8
        assert end_of(clients[-1])[1] == b""
        for one in clients:
            one.close()
        server.wait_until(lambda: post_or_none(server) == 200)
        assert ask_again(client, stream) == 200


def post_or_none(server):
    try:
        return post(server.http, "/v1/logs", GOOD)[0]
    except OSError:
        return None


def test_bombs(make_server):
    server = make_server("--max-request", "1M")
    bomb = gzip.compress(bytes(200 << 20))
    before = memory_mb(server)
    for _ in range(20):
        assert post(server.http, "/v1/logs", bomb, Content_Encoding="gzip")[0] == 413
    assert memory_mb(server) - before < 20
    assert_serves(server)


def test_large_bodies_that_never_end_are_bounded_together(make_server):
    server = make_server("--max-pending", "8M", "--max-request", "4M")
    before = memory_mb(server)
    head = HEAD.replace(b"100", b"4000000")
    clients = [dial(server.http) for _ in range(20)]
    refused = 0
    for client in clients:
        try:
            client.sendall(head + bytes(3_000_000))
        except OSError:
            pass  # answered and closed before all was sent
    for client in clients:
        client.settimeout(0.2)
        try:
            refused += client.recv(1000).startswith(b"HTTP/1.1 429")
        except (TimeoutError, ConnectionResetError):
            pass
    assert refused >= 10
    assert memory_mb(server) - before < 40
    for client in clients:
        client.close()
    server.wait_until(lambda: post_or_none(server) == 200)
    server.wait_until(lambda: server.metric("otlp2parquet_pending_bytes") < 20000)


def test_memory_of_a_burst_is_given_back(make_server):
    server = make_server("--seal-age", "1s")
    before = memory_mb(server, "VmRSS")
    numbers = random.Random(1)
    for _ in range(6):
        request = logs([numbers.randbytes(250).hex() for _ in range(8000)])
        assert post(server.http, "/v1/logs", request.SerializeToString())[0] == 200
    assert server.metric("otlp2parquet_batch_bytes") > 10 << 20
    server.wait_until(lambda: server.metric("otlp2parquet_batch_bytes") == 0)
    server.wait_until(lambda: memory_mb(server, "VmRSS") - before < 8)


def test_headers_that_never_end(server):
    for line in (b"X: " + b"y" * 20000, b"X: y\r\n" * 5000, b"A" * 20000):
        client = dial(server.http)
        try:
            client.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\n" + line)
        except OSError:
            pass
        assert end_of(client)[1].startswith(b"HTTP/1.1 431 ")
    assert_serves(server)


@pytest.mark.parametrize("port", ["http", "grpc"])
@pytest.mark.parametrize("start", [b"", HEAD, PREFACE, PREFACE + frame(4, 0, 0)], ids=["", "head", "h2", "settings"])
def test_random_bytes(server, port, start):
    numbers = random.Random(len(start))
    for size in (1, 10, 100, 1000, 100_000):
        for _ in range(5):
            client = dial(getattr(server, port))
            try:
                client.sendall(start + numbers.randbytes(size))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            end_of(client)
            client.close()
    assert_serves(server)
    assert server.process.poll() is None


# :method POST, :scheme http, :path of the logs service, content-type application/grpc, as literals.
def request_block(path=b"/opentelemetry.proto.collector.logs.v1.LogsService/Export"):
    return b"\x83\x86\x04" + bytes([len(path)]) + path + b"\x0f\x10\x10application/grpc"


def test_rapid_reset(server):
    before = memory_mb(server)
    client = dial(server.grpc)
    client.sendall(PREFACE + frame(4, 0, 0))
    block = request_block()
    try:
        for at in range(1, 40_000, 2):
            client.sendall(frame(1, 4, at, block) + frame(3, 0, at, struct.pack(">I", 8)))
    except OSError:
        pass  # it may well close the connection
    client.close()
    assert_serves(server)
    assert memory_mb(server) - before < 50
    server.wait_until(lambda: server.metric("otlp2parquet_pending_bytes") < 30000)


def test_streams_that_never_end_are_limited_and_time_out(make_server):
    server = make_server("--request-timeout", "500ms")
    client = dial(server.grpc)
    client.sendall(PREFACE + frame(4, 0, 0))
    for at in range(1, 600, 2):
        client.sendall(frame(1, 4, at, request_block()))
    time.sleep(2)
    assert server.metric("otlp2parquet_pending_bytes") < 30000
    assert_serves(server)
    client.close()


def test_a_client_that_reads_nothing(server):
    """Answers are made only as far as they are taken: requests without end, and pings without end."""
    before = memory_mb(server)
    http, h2 = dial(server.http), dial(server.grpc)
    h2.sendall(PREFACE + frame(4, 0, 0))
    ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    for client, message in ((http, ask * 1000), (h2, frame(6, 0, 0, bytes(8)) * 1000)):
        client.settimeout(1)
        try:
            for _ in range(1000):
                client.sendall(message)
        except OSError:
            pass  # it takes no more
    assert memory_mb(server) - before < 40
    assert_serves(server)


def test_a_request_after_a_refused_one_is_served(server):
    with dial(server.http) as client, client.makefile("rb") as stream:
        request = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        client.sendall(request % (PROTOBUF.encode(), 3, b"bad") + request % (PROTOBUF.encode(), len(GOOD), GOOD))
        assert read_answer(stream)[0] == 400
        assert read_answer(stream)[0] == 200


def test_a_body_without_end_behind_an_answer_is_reset(server):
    """By HTTP/2: HEADERS of a path that is not there, and DATA as long as the server takes it."""
    headers = b"\x83\x86\x44\x02/x\x41\x01x"  # POST, http, :path /x, :authority x
    with dial(server.http) as client:
        client.sendall(PREFACE + frame(4, 0, 0) + frame(1, 4, 1, headers))
        received, reset = b"", frame(3, 0, 1, bytes(4))
        for _ in range(200):
            client.sendall(frame(0, 0, 1, bytes(16000)))
            client.settimeout(0.01)
            try:
                received += client.recv(65536)
            except TimeoutError:
                pass
            if reset in received:
                break
        client.settimeout(20)
        while reset not in received and (data := client.recv(65536)):
            received += data
        assert reset in received
    assert_serves(server)
