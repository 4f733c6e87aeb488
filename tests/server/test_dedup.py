"""The same request twice: kept once within the window, and twice without one, whatever else happens in between."""

import shutil

import pytest

from payloads import JSON, PROTOBUF, as_json, logs, post

NDJSON = "application/x-ndjson"
BODY = logs(["again", "and again"]).SerializeToString()
ANYTHING = b"\x0a\x04\x12\x02\x12\x00"  # an empty log record, or an empty span


def send(server, body=BODY, path="/v1/logs", content_type=PROTOBUF, **fields):
    assert post(server.http, path, body, content_type, **fields)[0] == 200


def settled(server):
    return server.metric("otlp2parquet_sealed_batches_waiting") == 0


@pytest.mark.parametrize("ack", ["wal", "stored", "memory"])
def test_without_a_window_everything_is_kept(make_server, ack):
    """In one batch, in several, and after the server was started anew: equal batches have files of their own."""
    server = make_server("--ack", ack, "--seal-age", "50ms")
    sent = 0
    for _ in range(3):
        for batches in range(1, 4):
            send(server)
            sent += 1
            server.wait_until(lambda: len(server.rows("logs")) == 2 * sent)
            assert len(server.files("logs")) == sent
        assert server.stop() == 0
        server.start()
    assert server.stop() == 0
    assert server.rows("logs", "Body").count(("again",)) == sent == 9


def test_equal_segments_after_a_crash(make_server):
    """Each is stored, and storing one again gives nothing twice."""
    server = make_server("--seal-age", "1h")
    for _ in range(3):
        send(server)
        server.kill()
        server.start()
        server.wait_until(lambda: settled(server))
    assert len(server.rows("logs")) == 6 and len(server.files("logs")) == 3
    send(server)
    server.kill()
    shutil.copytree(server.folder / "wal", server.folder / "copy")
    for _ in range(2):  # as if the machine had stopped before the segment was removed
        server.start()
        server.wait_until(lambda: settled(server))
        assert server.stop() == 0
        assert len(server.rows("logs")) == 8 and len(server.files("logs")) == 4
        shutil.rmtree(server.folder / "wal")
        shutil.copytree(server.folder / "copy", server.folder / "wal")


def test_beyond_the_window_it_is_another_request(make_server):
    server = make_server("--dedup-window", "1s", "--seal-age", "20ms")
    send(server)
    send(server)
    server.wait_until(lambda: settled(server) and len(server.rows("logs")) == 2)
    server.wait_until(lambda: post(server.http, "/v1/logs", BODY)[0] == 200 and len(server.rows("logs")) == 4)
    assert server.stop() == 0
    assert len(server.files("logs")) == len(server.rows("logs")) / 2


def test_the_same_bytes_of_another_signal_are_another_request(make_server):
    server = make_server("--dedup-window", "5m", "--seal-age", "1h")
    for _ in range(2):
        send(server, ANYTHING, "/v1/logs")
        send(server, ANYTHING, "/v1/traces")
    assert server.metric("otlp2parquet_repeated_requests_total") == 2
    server.kill()
    server.start()
    send(server, ANYTHING, "/v1/logs")
    send(server, ANYTHING, "/v1/traces")
    assert server.metric("otlp2parquet_repeated_requests_total") == 2
    assert server.stop() == 0
    assert len(server.rows("logs")) == len(server.rows("traces")) == 1


def test_the_same_bytes_in_another_encoding_are_another_request(make_server):
    server = make_server("--dedup-window", "5m")
    text = as_json(logs(["one"]))
    for _ in range(2):
        send(server, text, content_type=JSON)
        send(server, text, content_type=NDJSON)
    assert server.metric("otlp2parquet_repeated_requests_total") == 2
    assert server.stop() == 0
    assert len(server.rows("logs")) == 2
