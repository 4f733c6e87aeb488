"""Who may send: tokens and passwords, over HTTP and gRPC; the body of a stranger is not taken."""

import base64
import http.client
import os
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from payloads import JSON, PROTOBUF, ask, dial, logs, post, read_answer
from test_reload import reload
from test_settings import run
from wire import status_of

BODY = logs(["kept"]).SerializeToString()
BASIC = "Basic " + base64.b64encode("shop:pass: wörd".encode()).decode()
GOOD = ["Bearer token-1", "bearer token-2", BASIC]
BAD = [None, "", "Bearer", "Bearer token-", "Bearer token-12", "token-1", "Basic token-1", "Basic c2hvcDo=", "x" * 5000]


def write(folder, text):
    path = folder / "credentials"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def server(make_server, tmp_path):
    path = write(tmp_path, "# who may send\nbearer token-1\nbearer token-2\nbasic shop:pass: wörd\n")
    return make_server("--auth-file", path)


def fields(authorization):
    return {} if authorization is None else {"Authorization": authorization}


def test_http(server):
    for one in GOOD:
        body = logs([f"by {one}"]).SerializeToString()
        assert post(server.http, "/v1/logs", body, **fields(one))[0] == 200
    for one in BAD:
        status, headers, answer = post(server.http, "/v1/logs", BODY, **fields(one))
        assert (status, status_of(answer).code) == (401, 16)
        assert headers["www-authenticate"].startswith('B') and headers["connection"] == "close"
    assert post(server.http, "/v1/logs", b"{}", JSON)[1]["content-type"] == JSON
    server.stop()
    assert len(server.rows("logs")) == len(GOOD)


@pytest.mark.parametrize(
    "file, challenges",
    [
        ("bearer a", ['Bearer realm="otlp2parquet"']),
        ("basic a:b", ['Basic realm="otlp2parquet", charset="UTF-8"']),
        ("bearer a\nbasic a:b", ['Bearer realm="otlp2parquet"', 'Basic realm="otlp2parquet", charset="UTF-8"']),
    ],
)
def test_challenges(make_server, tmp_path, file, challenges):
    server = make_server("--auth-file", write(tmp_path, file))
    for version in ("--http1.1", "--http2-prior-knowledge"):
        done = subprocess.run(
            ["curl", "-sS", "-i", version, "--max-time", "20", "-d", "{}", f"http://{server.http}/v1/logs"],
            capture_output=True,
            check=True,
            text=True,
        )
        lines = done.stdout.splitlines()
        assert lines[0].split()[1] == "401"
        assert [line.partition(": ")[2] for line in lines if line.startswith("www-authenticate")] == challenges


def test_the_body_is_not_taken(server):
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert read_answer(stream)[0] == 401
        assert stream.read() == b""
    with dial(server.http) as client, client.makefile("rb") as stream:
        client.sendall(head + b"\r\n" + b" " * 10000)
        assert read_answer(stream)[0] == 401
    assert "otlp2parquet_received_bytes_total 0\n" in ask("GET", server.http, "/metrics", **fields(GOOD[0]))[2].decode()


def test_two_different_credentials_are_refused(server):
    with dial(server.http) as client, client.makefile("rb") as stream:
        one = b"Authorization: Bearer token-1\r\n"
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + one + one + b"\r\n")
        assert read_answer(stream)[0] == 200
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + one + b"Authorization: Bearer x\r\n\r\n")
        assert read_answer(stream)[0] == 400


def test_health_is_open_and_metrics_are_not(server):
    assert (server.get("/healthz"), server.get("/readyz")) == ("ok\n", "ready\n")
    assert ask("GET", server.http, "/metrics")[0] == 401
    assert ask("GET", server.http, "/metrics", **fields(GOOD[0]))[0] == 200
    with grpc.insecure_channel(server.grpc) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_grpc(server):
    with grpc.insecure_channel(server.grpc) as channel:
        service = LogsServiceStub(channel)
        for one in GOOD:
            service.Export(logs([f"by {one}"]), metadata=[("authorization", one)], timeout=20)
        for one in BAD:
            with pytest.raises(grpc.RpcError) as error:
                metadata = [("authorization", one)] if one is not None else []
                service.Export(logs(["x" * 1000000]), metadata=metadata, timeout=20)
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
    server.stop()
    assert len(server.rows("logs")) == len(GOOD)


@pytest.mark.parametrize("header", ["Bearer token-1", BASIC, "Bearer other"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_sdk(server, monkeypatch, protocol, header):
    """The header by the variable that the server prints, percent-encoded."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=" + header.replace(" ", "%20"))
    if protocol == "grpc":
        exporter = GrpcExporter(endpoint=f"http://{server.grpc}", insecure=True)
    else:
        exporter = HttpExporter(endpoint=f"http://{server.http}/v1/logs")
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    for i in range(100):
        provider.get_logger("tests").emit(body=f"log {i}", severity_number=SeverityNumber.INFO)
    provider.force_flush()
    provider.shutdown()
    assert "  with      export OTEL_EXPORTER_OTLP_HEADERS=" in (server.folder / "out.txt").read_text()
    server.stop()
    assert len(server.rows("logs")) == (0 if header == "Bearer other" else 100)


def test_what_cannot_start_says_why(tmp_path):
    for text, reason in (
        ("", "auth-file: credentials: there is no credential in it"),
        ("bearer a\nhunter2", "auth-file: credentials:2: it is neither `bearer TOKEN` nor `basic USER:PASSWORD`"),
    ):
        write(tmp_path, text)
        status, out, error = run(tmp_path, "--auth-file", "credentials")
        assert (status, out) == (2, "")
        assert "error cannot start: " + reason in error and "hunter2" not in error
    status, _, error = run(tmp_path, "--auth-file", "none")
    assert status == 2 and "auth-file: none: No such file or directory" in error
    assert [path.name for path in tmp_path.iterdir()] == ["credentials"]


def test_credentials_are_read_again(server, tmp_path):
    """Of requests on connections that there are, too. A file that cannot be read leaves those that were."""
    status = lambda token: post(server.http, "/v1/logs", BODY, Authorization=f"Bearer {token}")[0]
    kept = http.client.HTTPConnection(server.http, timeout=20)

    def kept_status(token):
        kept.request("POST", "/v1/logs", BODY, {"Content-Type": PROTOBUF, "Authorization": f"Bearer {token}"})
        answer = kept.getresponse()
        answer.read()
        return answer.status

    assert (status("token-1"), status("token-3"), kept_status("token-1")) == (200, 401, 200)
    write(tmp_path, "bearer token-1\nnonsense\n")
    lines = reload(server)
    assert lines[-1].startswith("error certificates and credentials stay as they are: auth-file: ")
    assert (status("token-1"), status("token-3"), kept_status("token-1")) == (200, 401, 200)
    write(tmp_path, "bearer token-3\n")
    assert reload(server)[-1] == "info  certificates and credentials were read again"
    assert (status("token-1"), status("token-3"), kept_status("token-3")) == (401, 200, 200)
    answer = post(server.http, "/v1/logs", BODY)
    assert answer[1]["www-authenticate"] == 'Bearer realm="otlp2parquet"', "there are no passwords any more"
    assert kept_status("token-1") == 401
    (tmp_path / "credentials").unlink()
    assert reload(server)[-1].endswith("credentials: No such file or directory")
    os.mkfifo(tmp_path / "credentials")  # nobody writes to it: opening it must not wait
    assert reload(server)[-1].endswith("credentials: it is no regular file")
    assert status("token-3") == 200


def test_a_file_that_everyone_can_read_is_told_of(make_server, tmp_path):
    path = write(tmp_path, "bearer a")
    (tmp_path / "credentials").chmod(0o644)
    server = make_server("--auth-file", path)
    assert "warn  auth-file: everyone on this machine can read " in server.log.read_text()
