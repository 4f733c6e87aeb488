"""Disks whose sync fails, hangs, or is where the process is killed: nothing acknowledged is lost, nothing is there
twice, and health tells what whoever watches must know."""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

from conftest import PATIENCE
from payloads import logs, post
from test_crash import Client, count

LOG, FOLDER, PARQUET = ".wal", "/wal", ".parquet"  # in the names of what is synced


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "faulty_sync.so"
    source = Path(__file__).parent / "faulty_sync.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", source, "-o", library, "-ldl"], check=True)
    return library


@pytest.fixture
def disk(make_server, shim, tmp_path):
    """disk(NAME, FLAG...): a server; order(WORD) tells its disk what to do when a file with NAME is synced."""
    order = tmp_path / "order"

    def make(name, *flags, **variables):
        environment = {"LD_PRELOAD": str(shim), "O2P_FAULT_NAME": name, "O2P_FAULT_ORDER": str(order), **variables}
        server = make_server(*flags, environment=environment)

        def give(word):
            (tmp_path / "order.new").write_text(word)
            (tmp_path / "order.new").rename(order)

        server.order = give
        server.obeyed = lambda: (tmp_path / "order.log").exists()
        return server

    return make


def started(server):
    """Clients of both protocols, which send until they are told to stop."""
    clients = [Client(server, f"c{i}", "http" if i % 2 else "grpc") for i in range(4)]
    for client in clients:
        client.start()
    return clients


def send(server, body):
    return post(server.http, "/v1/logs", logs([body]).SerializeToString())


def health(server, path):
    try:
        return 200, server.get(path)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_failed_sync(disk):
    """Of a segment with acknowledged requests in it: those are stored, by the server that still runs."""
    server = disk(LOG, "--seal-age", "1h")
    for i in range(5):
        assert send(server, f"kept {i}")[0] == 200
    server.order("fail")
    status, headers, _ = send(server, "refused")
    assert status == 503 and int(headers["retry-after"]) >= 1
    assert server.obeyed()
    server.order("")
    assert send(server, "refused too")[0] == 503, "a sync that succeeds later is not believed"
    with grpc.insecure_channel(server.grpc) as channel:
        with pytest.raises(grpc.RpcError) as error:
            LogsServiceStub(channel).Export(logs(["refused as well"]), timeout=20)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert health(server, "/readyz") == (503, "not ready\n")
    assert health(server, "/healthz") == (503, "the log cannot be trusted until the server is started anew\n")
    server.wait_until(lambda: len(server.rows("logs")) == 5)
    assert "not trusted again" in server.log.read_text()
    server.kill()
    server.start()
    assert health(server, "/healthz") == (200, "ok\n")
    assert send(server, "after")[0] == 200
    assert server.stop() == 0
    assert count(server) == {**{f"kept {i}": 1 for i in range(5)}, "after": 1}
    assert server.left_in_log() == []


def test_the_watchdog_is_not_told_that_all_is_well(disk):
    name = f"@otlp2parquet-{os.getpid()}-faults"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:])
        systemd.settimeout(PATIENCE)
        server = disk(LOG, NOTIFY_SOCKET=name, WATCHDOG_USEC="200000")
        assert systemd.recv(1000).startswith(b"READY=1\n") and systemd.recv(1000) == b"WATCHDOG=1\n"
        server.order("fail")
        assert send(server, "refused")[0] == 503
        server.wait_until(lambda: "the watchdog is not told" in server.log.read_text())
        time.sleep(0.3)
        assert server.stop() == 0
        told = [systemd.recv(1000)]
        while told[-1] != b"STOPPING=1\n":
            told.append(systemd.recv(1000))
        assert told.count(b"WATCHDOG=1\n") <= 2


@pytest.mark.parametrize("name", [LOG, FOLDER], ids=["header", "name"])
def test_a_failed_sync_of_a_new_segment(disk, name):
    server = disk(name)
    server.order("fail")
    assert send(server, "refused")[0] == 503
    assert server.obeyed()
    server.order("")
    assert send(server, "refused too")[0] == 503
    assert health(server, "/healthz")[0] == 503
    assert server.stop() == 0
    assert server.files("logs") == [] and server.left_in_log() == []


def test_a_failed_sync_under_load(disk):
    """Clients of both protocols send until they are answered; the server is started anew, as health asks for."""
    server = disk(LOG, "--dedup-window", "5m", "--seal-rows", "2000")
    clients = started(server)
    http_port, grpc_port = server.http, server.grpc
    for _ in range(4):
        time.sleep(0.2)
        server.order("fail")
        server.wait_until(lambda: health(server, "/healthz")[0] == 503)
        server.order("")
        server.kill()
        server.start(http_port, grpc_port)
    check_load(server, clients)


@pytest.mark.parametrize("order", ["kill", "killed"], ids=["before", "after"])
def test_killed_in_a_sync(disk, order):
    server = disk(LOG, "--dedup-window", "5m", "--seal-rows", "2000")
    clients = started(server)
    http_port, grpc_port = server.http, server.grpc
    for _ in range(4):
        time.sleep(0.15)
        server.order(order)
        assert server.process.wait(PATIENCE) == -9
        server.order("")
        server.start(http_port, grpc_port)
    check_load(server, clients)


def check_load(server, clients):
    time.sleep(0.2)
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(60)
    assert server.stop() == 0
    found = count(server)
    sent = [body for client in clients for body in client.sent_once + client.sent_again]
    assert any(client.sent_once for client in clients) and any(client.sent_again for client in clients)
    assert [body for body in sent if found.get(body) != 1] == []
    assert max(found.values()) == 1
    assert [name for name in server.left_in_log() if not name.endswith(".seen")] == []


def test_a_slow_sync_is_no_failure(disk):
    """The request waits, and others are taken meanwhile; then all are answered."""
    server = disk(LOG)
    assert send(server, "before")[0] == 200
    server.order("wait")
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(send(server, f"{i}")[0])) for i in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    assert answers == []
    assert health(server, "/healthz")[0] == health(server, "/readyz")[0] == 200
    server.order("")
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [200] * 3
    assert server.stop() == 0
    assert len(count(server)) == 4


def test_a_request_is_known_again_though_that_could_not_be_saved(disk):
    """Which requests a segment held cannot be brought to the disk: the segment is kept for it, and that is said."""
    server = disk(".seen", "--dedup-window", "5m")
    server.order("fail")
    assert send(server, "once")[0] == 200
    server.wait_until(lambda: server.metric("otlp2parquet_unsaved_segments_total") == 2)  # sealed, stored
    server.wait_until(lambda: len(server.rows("logs")) == 1)
    assert "warn" in server.log.read_text() and "cannot save which requests segment" in server.log.read_text()
    assert health(server, "/healthz")[0] == health(server, "/readyz")[0] == 200
    server.kill()
    server.order("")
    server.start()
    assert send(server, "once")[0] == 200
    assert server.metric("otlp2parquet_repeated_requests_total") == 1
    assert server.stop() == 0
    assert count(server) == {"once": 1}


def test_a_backup_is_put_back_into_the_log(make_server):
    """Its segments have the numbers that the log would take next, or such that nothing follows."""
    server = make_server()
    log = server.folder / "wal"
    for number in (1, 2, 3):
        (log / f"{number:016x}.wal").touch()
    assert send(server, "first")[0] == 200
    server.wait_until(lambda: len(server.rows("logs")) == 1)
    (log / "ffffffffffffffff.torn").touch()
    assert server.stop() == 0
    for i in range(2):
        server.start()
        assert send(server, f"later {i}")[0] == 200
        assert server.stop() == 0
    assert "a number that it cannot have given" in server.log.read_text()
    assert count(server) == {"first": 1, "later 0": 1, "later 1": 1}
    # The last of the three looks like one that was being made when the server stopped.
    assert server.left_in_log() == [*(f"{number:016x}.corrupt" for number in (1, 2)), "ffffffffffffffff.torn"]


def test_segments_that_cannot_be_read(make_server):
    """They hold no thread: what comes is stored, and they are when they can be read."""
    server = make_server("--seal-age", "1h", "--drain-timeout", "5s")
    assert send(server, "kept")[0] == 200
    server.kill()
    log = server.folder / "wal"
    (log / "0000000000000001.wal").rename(log / "kept")
    for number in (1, 2, 3):
        (log / f"{number:016x}.wal").mkdir()
    server.flags = [*server.flags, "--seal-age", "50ms"]
    server.start()
    for i in range(3):
        assert send(server, f"later {i}")[0] == 200
        server.wait_until(lambda: len(server.rows("logs")) == i + 1)
    assert server.metric("otlp2parquet_unread_segments") == 3
    assert "cannot read segment 0000000000000002 of the log now" in server.log.read_text()
    assert health(server, "/healthz")[0] == health(server, "/readyz")[0] == 200
    (log / "0000000000000001.wal").rmdir()
    (log / "kept").rename(log / "0000000000000001.wal")
    server.wait_until(lambda: len(server.rows("logs")) == 4)
    assert server.metric("otlp2parquet_unread_segments") == 2
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 4, "nobody waits for what cannot be read"
    assert count(server) == {"kept": 1, **{f"later {i}": 1 for i in range(3)}}
    assert server.left_in_log() == [f"{number:016x}.wal" for number in (2, 3)]


def test_a_log_that_cannot_be_written_is_not_ready(make_server):
    server = make_server()
    assert send(server, "kept")[0] == 200
    server.wait_until(lambda: server.metric("otlp2parquet_stored_rows_total") == 1 and server.left_in_log() == [])
    shutil.rmtree(server.folder / "wal")
    assert send(server, "refused")[0] == 503
    for _ in range(2):
        assert health(server, "/readyz") == (503, "not ready\n")
        assert health(server, "/healthz") == (200, "ok\n")
        time.sleep(1)
    assert server.log.read_text().count("cannot make a segment") == 1
    assert server.stop() == 0
    assert count(server) == {"kept": 1}


def test_a_failed_sync_of_a_file_is_tried_again(disk):
    server = disk(PARQUET)
    server.order("fail")
    assert send(server, "kept")[0] == 200
    server.wait_until(lambda: server.metric("otlp2parquet_store_failures_total") > 0)
    assert health(server, "/readyz")[0] == 200
    assert server.files("logs") == []
    server.order("")
    server.wait_until(lambda: len(server.rows("logs")) == 1)
    assert server.stop() == 0
    assert count(server) == {"kept": 1} and server.left_in_log() == []
