"""kill -9 at any instant: what was acknowledged is stored, and once."""

import http.client
import os
import random
import threading
import time

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub as LogsService

from payloads import PROTOBUF, logs, post

KILLS = int(os.environ.get("O2P_KILLS", "50"))  # in each of four tests
RECORDS = 20


class Client(threading.Thread):
    """Sends requests with records of its own until it is told to stop, each until it is answered."""

    def __init__(self, server, name, protocol):
        super().__init__(daemon=True)
        self.server, self.name, self.protocol = server, name, protocol
        self.sent_once, self.sent_again = [], []
        self.stopping = False

    def run(self):
        number = 0
        while not self.stopping:
            bodies = [f"{self.name}/{number}/{i}" for i in range(RECORDS)]
            tries = self.send(logs(bodies))
            (self.sent_once if tries == 1 else self.sent_again).extend(bodies if tries else [])
            number += 1

    def send(self, request):
        """How often it was sent until it was acknowledged; 0 if it never was."""
        for tries in range(1, 1000):
            try:
                if self.protocol == "http":
                    if post(self.server.http, "/v1/logs", request.SerializeToString(), timeout=5)[0] == 200:
                        return tries
                else:
                    with grpc.insecure_channel(self.server.grpc) as channel:
                        LogsService(channel).Export(request, timeout=5)
                    return tries
            except (OSError, http.client.HTTPException, grpc.RpcError):
                time.sleep(0.02)
            if self.stopping:
                break
        return 0


def count(server):
    found = {}
    for (body,) in server.rows("logs", "Body"):
        found[body] = found.get(body, 0) + 1
    return found


@pytest.mark.parametrize("window", ["5m", "0s"], ids=["dedup", "no-dedup"])
@pytest.mark.parametrize("flags", [[], ["--seal-rows", "100", "--threads", "3"]], ids=["age", "rows"])
def test_kill(make_server, flags, window):
    server = make_server(*flags, "--dedup-window", window)
    http_port, grpc_port = server.http, server.grpc
    clients = [Client(server, f"c{i}", "http" if i % 2 else "grpc") for i in range(6)]
    for client in clients:
        client.start()
    instants = random.Random(1)
    for _ in range(KILLS):
        time.sleep(instants.uniform(0.02, 0.4))
        server.kill()
        server.start(http_port, grpc_port)
    time.sleep(0.3)
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(60)
    assert server.stop() == 0
    assert [name for name in server.left_in_log() if not name.endswith(".seen")] == []
    found = count(server)
    once = [body for client in clients for body in client.sent_once]
    again = [body for client in clients for body in client.sent_again]
    assert len(once) > 20 * RECORDS and len(again) > 0
    assert [body for body in once if found.get(body, 0) != 1] == []
    # Without a window, what was kept and not answered before a kill is there twice.
    assert [body for body in again if found.get(body, 0) < 1] == []
    if window != "0s":
        assert max(found.values()) == 1


def test_a_request_sent_again_is_stored_once(make_server):
    server = make_server("--dedup-window", "5m")
    body = logs(["once"]).SerializeToString()
    for _ in range(3):
        assert post(server.http, "/v1/logs", body)[::2] == (200, b"")
    with grpc.insecure_channel(server.grpc) as channel:
        LogsService(channel).Export(logs(["once"]), timeout=20)
    assert server.metric("otlp2parquet_repeated_requests_total") == 3
    server.stop()
    server.start()
    assert post(server.http, "/v1/logs", body)[0] == 200
    server.stop()
    assert server.rows("logs", "Body") == [("once",)]


def test_what_the_storage_did_not_take_is_stored_after_the_next_start(make_server):
    server = make_server("--drain-timeout", "0ms", "--seal-age", "50ms")
    data = server.folder / "data"
    data.rename(server.folder / "gone")
    data.write_text("in the way")
    assert post(server.http, "/v1/logs", logs(["kept"]).SerializeToString())[0] == 200
    server.wait_until(lambda: server.metric("otlp2parquet_store_failures_total") > 0)
    assert server.stop() == 0
    assert len(server.left_in_log()) == 1
    data.unlink()
    server.start()
    server.wait_until(lambda: len(server.rows("logs")) == 1)
    server.stop()
    assert server.left_in_log() == []


def test_damaged_segments(make_server):
    """Bits are flipped and ends cut off at random: it starts, tells, and stores what can be read."""
    server = make_server("--seal-age", "1h", "--seal-rows", "1000000")
    for seed in range(8):
        numbers = random.Random(seed)
        for i in range(10):
            assert post(server.http, "/v1/logs", logs([f"{seed}/{i}"]).SerializeToString(), PROTOBUF)[0] == 200
        server.kill()
        (segment,) = [name for name in server.left_in_log() if name.endswith(".wal")]
        path = server.folder / "wal" / segment
        damaged = bytearray(path.read_bytes())
        if seed % 2:
            del damaged[numbers.randrange(len(damaged)) :]
        else:
            damaged[numbers.randrange(len(damaged))] ^= 1 << numbers.randrange(8)
        path.write_bytes(damaged)
        server.start()
        server.wait_until(lambda done=segment: done not in server.left_in_log())
        found = [body for body in count(server) if body.startswith(f"{seed}/")]
        if seed % 2 == 0 and len(found) != 10:
            assert len(found) in (9, 0)  # 0: the header
        kept = [aside for aside in (server.folder / "wal").glob(f"{segment[:16]}.*") if aside.suffix != ".seen"]
        if seed % 2 == 0:  # nothing is thrown away
            assert [aside.read_bytes() for aside in kept] == [bytes(damaged)]
        else:
            assert kept == []
    server.stop()
    assert max(count(server).values()) == 1


def test_a_damaged_last_request_is_kept(make_server):
    """It was acknowledged, and no record behind it can tell: it is kept all the same."""
    server = make_server("--seal-age", "1h")
    for i in range(3):
        assert post(server.http, "/v1/logs", logs([f"{i}"]).SerializeToString())[0] == 200
    server.kill()
    (path,) = (server.folder / "wal").glob("*.wal")
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    server.start()
    server.wait_until(lambda: server.metric("otlp2parquet_set_aside_segments_total") == 1)
    server.stop()
    assert count(server) == {"0": 1, "1": 1}
    assert [aside.read_bytes() for aside in path.parent.glob("*.torn")] == [bytes(damaged)]
    assert "acknowledged requests may be among them; it is kept as .torn" in server.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system is root's")
def test_disk_full(make_server, tmp_path):
    """The log's disk is full: 503, nothing acknowledged is lost, and it goes on when there is room."""
    disk = tmp_path / "wal"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=256k tmpfs {disk}") != 0:
        pytest.skip("no file system can be mounted here")
    try:
        server = make_server("--seal-age", "1h")
        accepted = []
        statuses = set()
        for i in range(60):
            status, headers, _ = post(server.http, "/v1/logs", logs([f"{i} " + "x" * 10000]).SerializeToString())
            statuses.add(status)
            if status == 200:
                accepted.append(i)
            else:
                assert int(headers["retry-after"]) >= 1
        assert statuses == {200, 503}
        server.wait_until(lambda: len(server.rows("logs")) > 0)  # the segment was given up and stored
        server.wait_until(
            lambda: post(server.http, "/v1/logs", logs(["room again"]).SerializeToString())[0] == 200
        )
        assert server.stop() == 0
        found = count(server)
        assert max(found.values()) == 1
        numbers = sorted(int(body.split()[0]) for body in found if body != "room again")
        assert numbers == accepted and "room again" in found
    finally:
        os.system(f"umount -l {disk}")
