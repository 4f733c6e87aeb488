"""Mistakes that everyone makes once: the answer says what was probably meant."""

import gzip
import json
import re
import ssl
import time

import grpc
import pytest
import zstandard

from payloads import COMPRESS, JSON, PROTOBUF, as_json, dial, gauge, logs, post, read_answer, spans
from test_grpc import EXPORT
from test_hostile import end_of
from wire import status_of

BODY = logs(["x"]).SerializeToString()
TEXT = as_json(logs(["x"]))
LINES = TEXT + b"\n" + TEXT + b"\n"


@pytest.mark.parametrize(
    "body, content_type, hint",
    [
        (LINES, JSON, "JSON lines have the Content-Type application/x-ndjson"),
        (LINES.replace(b"\n", b"\r\n"), JSON, "application/x-ndjson"),
        (gzip.compress(BODY), PROTOBUF, "the body is gzip, and Content-Encoding does not say so"),
        (gzip.compress(TEXT), JSON, "the body is gzip, and Content-Encoding does not say so"),
        (zstandard.compress(BODY), PROTOBUF, "the body is zstd, and Content-Encoding does not say so"),
        (TEXT, PROTOBUF, "it looks like JSON, whose Content-Type is application/json"),
    ],
)
def test_what_was_meant(server, body, content_type, hint):
    status, _, answer = post(server.http, "/v1/logs", body, content_type)
    message = json.loads(answer)["message"] if content_type == JSON else status_of(answer).message
    assert status == 400 and message.endswith(hint)


SPANS = as_json(spans(["x"]))


@pytest.mark.parametrize(
    "body, content_type, path, told",
    [
        (SPANS, JSON, "logs", "a request of traces, not of the signal named; /v1/traces takes these"),
        (TEXT, JSON, "metrics", "a request of logs, not of the signal named; /v1/logs takes these"),
        (as_json(gauge("g", [1.0])), JSON, "traces", "a request of metrics, not of the signal named; /v1/metrics takes these"),
        (
            TEXT + b"\n" + SPANS.replace(b"{", b"{ ", 1),
            "application/x-ndjson",
            "logs",
            f"a request of traces, not of the signal named (byte {len(TEXT) + 1}); /v1/traces takes these",
        ),
    ],
)
def test_another_signal(server, body, content_type, path, told):
    status, _, answer = post(server.http, f"/v1/{path}", body, content_type)
    message = json.loads(answer)["message"]
    assert status == 400 and re.sub(r" \(byte 0\)", "", message) == told


@pytest.mark.parametrize(
    "body, content_type",
    [(BODY[:-1], PROTOBUF), (TEXT[:-2], JSON), (TEXT + b"\n[]", JSON), (TEXT + TEXT, JSON), (b"\x1f", PROTOBUF)],
)
def test_nothing_is_guessed_of_others(server, body, content_type):
    status, _, answer = post(server.http, "/v1/logs", body, content_type)
    assert status == 400 and b";" not in answer


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
@pytest.mark.parametrize("inner", ["gzip", "zstd"])
def test_compressed_twice(server, outer, inner):
    """As protobuf, zstd could be read as a field that OTLP does not have, and all of the request be lost."""
    status, _, answer = post(server.http, "/v1/logs", COMPRESS[outer](COMPRESS[inner](BODY)), Content_Encoding=outer)
    assert status == 400 and status_of(answer).message.endswith("does not say so")
    with grpc.insecure_channel(server.grpc) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(EXPORT)(zstandard.compress(BODY), timeout=20)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("port", ["http", "grpc"])
def test_tls_to_a_plain_port(server, port):
    """It ends at once, in a way that TLS libraries explain, and the log tells once."""
    context = ssl.create_default_context()
    began = time.monotonic()
    for _ in range(3):
        with dial(getattr(server, port)) as client:
            with pytest.raises(ssl.SSLError, match="(?i)wrong.version.number|record.layer|http.request"):
                context.wrap_socket(client, server_hostname="localhost")
    assert time.monotonic() - began < 10
    server.wait_until(lambda: "a client was refused: this port does not speak TLS" in server.log.read_text())
    assert server.log.read_text().count("a client was refused") == 1


def test_http_to_the_grpc_port(server):
    with dial(server.grpc) as client, client.makefile("rb") as stream:
        client.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        status, headers, body = read_answer(stream)
    assert (status, headers["connection"]) == (400, "close")
    assert b"this port speaks gRPC alone" in body
    with dial(server.grpc) as client:
        client.sendall(b"\0" * 100)
        seconds, received = end_of(client)
        assert seconds < 10 and b"HTTP/1.1" not in received


def test_counted_words(make_server):
    server = make_server("--log-level", "debug")
    for bodies in (["one"], ["two", "three"]):
        assert post(server.http, "/v1/logs", logs(bodies).SerializeToString())[0] == 200
        server.wait_until(lambda: server.metric("otlp2parquet_sealed_batches_waiting") == 0 and server.files("logs"))
        time.sleep(0.3)
    assert server.stop() == 0
    log = server.log.read_text()
    assert ": 1 row, " in log and ": 2 rows, " in log
    assert "stored a batch of 1 row in " in log and "stored a batch of 2 rows in " in log
