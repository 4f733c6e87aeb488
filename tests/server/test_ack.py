"""What an acknowledgement means in each mode, and what a drain does with it."""

import threading

from payloads import logs, post


def body(text):
    return logs([text]).SerializeToString()


def test_stored_is_answered_when_the_file_is_there(make_server):
    server = make_server("--ack", "stored")
    for i in range(3):
        assert post(server.http, "/v1/logs", body(f"{i}"))[0] == 200
        assert len(server.rows("logs")) == i + 1
    assert server.left_in_log() == []
    server.kill()
    server.start()
    assert len(server.rows("logs")) == 3


def test_a_drain_does_not_wait_for_the_age_of_a_batch(make_server):
    server = make_server("--ack", "stored", "--seal-age", "1h")
    statuses = []
    clients = [
        threading.Thread(target=lambda i=i: statuses.append(post(server.http, "/v1/logs", body(f"{i}"))[0]))
        for i in range(5)
    ]
    for client in clients:
        client.start()
    server.wait_until(lambda: server.metric("otlp2parquet_connections") == 6)  # this one too
    assert server.stop() == 0
    for client in clients:
        client.join(10)
    assert statuses == [200] * 5
    assert len(server.rows("logs")) == 5


def test_a_request_that_waits_to_be_stored_holds_no_bytes(make_server):
    server = make_server("--ack", "stored", "--seal-age", "1h")
    statuses = []
    large = body("x" * 1_000_000)
    client = threading.Thread(target=lambda: statuses.append(post(server.http, "/v1/logs", large)[0]))
    client.start()
    server.wait_until(lambda: server.metric("otlp2parquet_batch_bytes") > len(large))
    server.wait_until(lambda: server.metric("otlp2parquet_pending_bytes") < 20_000)
    assert statuses == []
    assert server.stop() == 0
    client.join(10)
    assert statuses == [200]


def test_memory_writes_no_log_and_a_drain_stores_all(make_server):
    server = make_server("--ack", "memory", "--seal-age", "1h")
    for i in range(5):
        assert post(server.http, "/v1/logs", body(f"{i}"))[0] == 200
    assert server.left_in_log() == []
    assert server.metric("otlp2parquet_log_syncs_total") == 0
    assert server.stop() == 0
    assert len(server.rows("logs")) == 5


def test_one_file_a_table_and_hour_whoever_sent_it(make_server):
    server = make_server("--seal-age", "1h", "--threads", "4")
    clients = [
        threading.Thread(
            target=lambda i=i: [post(server.http, "/v1/logs", body(f"{i}/{j}")) for j in range(20)]
        )
        for i in range(8)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    server.stop()
    assert len(server.rows("logs")) == 160
    assert len(server.files("logs")) == 1
