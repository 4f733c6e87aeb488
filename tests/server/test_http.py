"""OTLP/HTTP: what is accepted is found in the files, and every answer is what OTLP says."""

import json
import subprocess

import duckdb
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from payloads import COMPRESS, JSON, PROTOBUF, as_json, dial, gauge, logs, post, read_answer, spans
from wire import status_of

REQUESTS = {
    "/v1/logs": (logs(["a", "b"]), "logs", "Body", ["a", "b"]),
    "/v1/traces": (spans(["s", "t"]), "traces", "SpanName", ["s", "t"]),
    "/v1/metrics": (gauge("g", [1.5, 2.5]), "metrics_gauge", "Value", [1.5, 2.5]),
}


def found(server, table, column):
    return sorted(value for (value,) in server.rows(table, column))


@pytest.mark.parametrize("coding", COMPRESS)
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_every_signal_encoding_and_coding(server, content_type, coding):
    for path, (request, *_) in REQUESTS.items():
        body = request.SerializeToString() if content_type == PROTOBUF else as_json(request)
        status, headers, answer = post(
            server.http, path, COMPRESS[coding](body), content_type, Content_Encoding=coding
        )
        assert (status, headers["content-type"]) == (200, content_type)
        assert answer == (b"" if content_type == PROTOBUF else b"{}")
    assert server.stop() == 0
    for _, table, column, values in REQUESTS.values():
        assert found(server, table, column) == values
        assert len(server.files(table)) == 1
    assert server.left_in_log() == []


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4", "uncompressed"])
def test_codecs(make_server, codec):
    server = make_server("--codec", codec)
    assert post(server.http, "/v1/logs", logs(["x" * 1000] * 100).SerializeToString())[0] == 200
    server.stop()
    (file,) = server.files("logs")
    chunks = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{file}')").fetchall()
    name = {"lz4": "LZ4_RAW"}.get(codec, codec.upper())
    assert (name,) in chunks and {each for (each,) in chunks} <= {name, "UNCOMPRESSED"}
    assert len(server.rows("logs")) == 100


def test_json_lines(server):
    lines = as_json(logs(["a"])) + b"\n" + as_json(logs(["b"])) + b"\n"
    status, headers, answer = post(server.http, "/v1/logs", lines, "application/x-ndjson")
    assert (status, headers["content-type"], answer) == (200, JSON, b"{}")
    server.stop()
    assert found(server, "logs", "Body") == ["a", "b"]


def test_media_types_have_parameters_and_any_case(server):
    body = as_json(logs(["a"]))
    assert post(server.http, "/v1/logs", body, "Application/JSON; charset=utf-8")[0] == 200


@pytest.mark.parametrize("content_type, answer", [(PROTOBUF, b""), (JSON, b"{}")])
def test_an_empty_request_succeeds(server, content_type, answer):
    body = b"" if content_type == PROTOBUF else b"{}"
    assert post(server.http, "/v1/traces", body, content_type)[::2] == (200, answer)
    server.stop()
    assert server.rows("traces") == []


def test_partial_success(server):
    request = json.loads(as_json(logs(["good", "bad"])))
    request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][1]["traceId"] = "zz"
    status, _, answer = post(server.http, "/v1/logs", json.dumps(request).encode(), JSON)
    partial = json.loads(answer)["partialSuccess"]
    assert (status, partial["rejectedLogRecords"]) == (200, "1")
    assert "log_records[1].trace_id" in partial["errorMessage"]
    server.stop()
    assert found(server, "logs", "Body") == ["good"]


def test_bad_data_is_400_with_the_place(server):
    body = logs(["a"]).SerializeToString()[:-1]
    status, headers, answer = post(server.http, "/v1/logs", body)
    assert (status, headers["content-type"]) == (400, PROTOBUF)
    error = status_of(answer)
    assert error.code == 3 and "resource_logs[0]" in error.message
    assert error.bad_fields[0].startswith("resource_logs[0]")
    status, headers, answer = post(server.http, "/v1/logs", b"{", JSON)
    assert (status, headers["content-type"], json.loads(answer)["code"]) == (400, JSON, 3)
    assert post(server.http, "/v1/logs", b"\x1f\x8bno", Content_Encoding="gzip")[0] == 400
    assert post(server.http, "/v1/logs", b"", Content_Encoding="br")[0] == 400
    server.stop()
    assert server.rows("logs") == []


def test_what_is_not_there(server):
    status, _, answer = post(server.http, "/v1/profiles", b"")
    assert (status, status_of(answer).code) == (404, 5)
    status, headers, answer = post(server.http, "/v1/logs", b"<x/>", "text/xml")
    assert (status, headers["content-type"]) == (415, JSON)
    assert "application/x-protobuf" in json.loads(answer)["message"]
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(b"GET /v1/logs HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = read_answer(stream)
        assert (status, headers["allow"]) == (405, "POST")
        client.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        status, headers, _ = read_answer(stream)  # on the same connection
        assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_too_large_is_413_before_and_after_decompression(make_server):
    server = make_server("--max-request", "10K")
    plain = logs(["x" * 20000]).SerializeToString()
    for coding in ("identity", "gzip", "zstd"):
        body = COMPRESS[coding](plain)
        status, _, answer = post(server.http, "/v1/logs", body, Content_Encoding=coding)
        assert (status, status_of(answer).code) == (413, 8)
    chunks = (plain[at : at + 1000] for at in range(0, len(plain), 1000))
    try:
        assert post(server.http, "/v1/logs", chunks)[0] == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # http.client does not read an answer that comes while it sends
    fits = logs(["x" * 9000]).SerializeToString()
    assert post(server.http, "/v1/logs", fits)[0] == 200


def test_chunks_of_any_size(server):
    body = logs(["chunked"]).SerializeToString()
    for size in (1, 7, len(body)):
        chunks = (body[at : at + size] for at in range(0, len(body), size))
        assert post(server.http, "/v1/logs", chunks)[0] == 200
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(
            b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
            b"%x;name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
        )
        assert read_answer(stream)[0] == 200
    server.stop()
    assert found(server, "logs", "Body") == ["chunked"] * 4


def test_requests_byte_by_byte_and_one_behind_the_other(server):
    body = logs(["x"]).SerializeToString()
    request = (
        b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    with dial(server.http) as client, client.makefile("rb") as stream:
        for byte in request:
            client.sendall(bytes([byte]))
        assert read_answer(stream)[0] == 200
        client.sendall(request * 20 + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(20):
            assert read_answer(stream)[0] == 200
        assert read_answer(stream)[2] == b"ok\n"
    server.stop()
    assert len(server.rows("logs")) == 21


def test_a_target_may_name_the_server_and_a_host_is_needed(server):
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(b"GET http://proxied/healthz?x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(stream)[2] == b"ok\n"
        client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert read_answer(stream)[0] == 400


def test_a_client_that_closes_its_end_gets_its_answer(server):
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(b"POST /v1/logs HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        client.shutdown(1)
        assert read_answer(stream)[2] == b"{}"
        assert stream.read() == b""


def test_expect_continue(server):
    body = logs(["expected"]).SerializeToString()
    head = (
        b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n"
    )
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(head % (b"/v1/logs", len(body)))
        assert read_answer(stream)[0] == 100
        client.sendall(body)
        assert read_answer(stream)[0] == 200
        client.sendall(head % (b"/nowhere", len(body)))
        status, headers, _ = read_answer(stream)  # and the body is not asked for
        assert (status, headers["connection"]) == (404, "close")
        assert stream.read() == b""


def test_curl(server, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(logs(["x" * 1000] * 2000).SerializeToString())
    command = ["curl", "-sS", "-w", "%{http_code}", "--max-time", "20", "-H", f"Content-Type: {PROTOBUF}"]
    for extra in ([], ["--http2-prior-knowledge"], ["-H", "Transfer-Encoding: chunked"]):
        done = subprocess.run(
            [*command, *extra, "--data-binary", f"@{body}", f"http://{server.http}/v1/logs"],
            capture_output=True,
            check=True,
        )
        assert done.stdout == b"200"
    server.stop()
    assert len(server.rows("logs")) == 6000


def test_health_and_metrics(server):
    assert (server.get("/healthz"), server.get("/readyz?verbose=1")) == ("ok\n", "ready\n")
    assert post(server.http, "/v1/logs", logs(["a", "b"]).SerializeToString())[0] == 200
    assert server.metric("otelcol_receiver_accepted_log_records_total") == 2
    assert server.metric("otlp2parquet_accepted_requests_total") == 1
    assert server.metric("otlp2parquet_pending_bytes") < 20000  # this request's own


def test_the_answer_is_a_message(server):
    status, _, answer = post(server.http, "/v1/logs", logs(["a"]).SerializeToString())
    assert status == 200
    assert not ExportLogsServiceResponse.FromString(answer).HasField("partial_success")


def test_an_early_refusal_by_http2_is_read(server, tmp_path):
    """By a client that drops an answer when the stream is reset before it has read it, and goes on sending."""
    for size in (2, 100_000, 3_000_000):
        (tmp_path / "body").write_bytes(b"x" * size)
        for _ in range(10):
            done = subprocess.run(
                ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--http2-prior-knowledge", "--max-time", "20"]
                + ["--data-binary", f"@{tmp_path}/body", f"http://{server.http}/nowhere"],
                capture_output=True,
                check=True,
            )
            assert done.stdout == b"404"


@pytest.mark.parametrize("path, status", [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/v1/logs", 405), ("/", 404)])
def test_head_is_get_without_content(server, path, status):
    """Its fields are those of GET, and the next answer on the connection is read from where it begins."""
    with dial(server.http) as client, client.makefile("rb") as stream:
        for _ in range(2):
            client.sendall(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert stream.readline() == f"HTTP/1.1 {status} ".encode() + REASONS[status]
            fields = dict(line.lower().split(b": ") for line in iter(stream.readline, b"\r\n"))
            assert int(fields[b"content-length"]) > 0
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(stream)[::2] == (200, b"ok\n")
    curl = ["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-I", f"http://{server.http}{path}"]
    assert subprocess.run(curl, capture_output=True, check=True).stdout.startswith(f"HTTP/2 {status}".encode())


REASONS = {200: b"OK\r\n", 404: b"Not Found\r\n", 405: b"Method Not Allowed\r\n"}
