"""OTLP/gRPC by grpcio, and by bytes where grpcio would not send such."""

import struct
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from payloads import COMPRESS, PROTOBUF, gauge, logs, post, spans
from wire import status_of

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(server.grpc) as channel:
        yield channel


def raw_call(channel, method, body, **options):
    """Calls a method with bytes as they are; returns the error."""
    call = channel.unary_unary(method)
    with pytest.raises(grpc.RpcError) as error:
        call(body, timeout=20, **options)
    return error.value


def test_the_three_services(server, channel):
    for service, request in (
        (LogsServiceStub, logs(["a", "b"])),
        (TraceServiceStub, spans(["s"])),
        (MetricsServiceStub, gauge("g", [1, 2, 3])),
    ):
        answer = service(channel).Export(request, timeout=20)
        assert not answer.HasField("partial_success")
    server.stop()
    assert [len(server.rows(table)) for table in ("logs", "traces", "metrics_gauge")] == [2, 1, 3]


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_messages(server, compression):
    with grpc.insecure_channel(server.grpc, compression=compression) as channel:
        for _ in range(3):
            LogsServiceStub(channel).Export(logs(["x" * 5000]), timeout=20)
    server.stop()
    assert len(server.rows("logs")) == 3


def test_large_and_many_at_once(server, channel):
    service = LogsServiceStub(channel)
    calls = [service.Export.future(logs([f"{i} " + "x" * 3_000_000]), timeout=60) for i in range(10)]
    calls += [service.Export.future(logs([f"{i}"]), timeout=60) for i in range(200)]
    for call in calls:
        call.result()
    server.stop()
    assert len(server.rows("logs")) == 210


def test_bad_data(channel):
    error = raw_call(channel, EXPORT, logs(["a"]).SerializeToString()[:-1])
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "resource_logs[0]" in error.details()
    details = status_of(dict(error.trailing_metadata())["grpc-status-details-bin"])
    assert details.code == 3 and details.bad_fields[0].startswith("resource_logs[0]")


def test_no_such_method(channel):
    for method in ("/nowhere.Service/Export", EXPORT.replace("Export", "Import")):
        assert raw_call(channel, method, b"").code() == grpc.StatusCode.UNIMPLEMENTED


def test_too_large(make_server):
    server = make_server("--max-request", "10K")
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with grpc.insecure_channel(server.grpc, compression=compression) as channel:
            error = raw_call(channel, EXPORT, logs(["x" * 20000]).SerializeToString())
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            details = dict(error.trailing_metadata()).get("grpc-status-details-bin")
            assert details is None or status_of(details).retry_s == 0  # not to be sent again
            LogsServiceStub(channel).Export(logs(["x" * 9000]), timeout=20)


def test_busy_says_when_to_come_again(make_server):
    """The storage takes nothing, one batch may wait, and each is full with a row."""
    server = make_server("--max-sealed", "1", "--seal-rows", "1", "--seal-age", "1h")
    (server.folder / "data").rename(server.folder / "gone")
    (server.folder / "data").write_text("in the way")
    codes = []
    with grpc.insecure_channel(server.grpc) as channel:
        for i in range(4):
            try:
                LogsServiceStub(channel).Export(logs([f"{i}"]), timeout=20)
                codes.append(None)
            except grpc.RpcError as error:
                codes.append(error.code())
                details = status_of(dict(error.trailing_metadata())["grpc-status-details-bin"])
                assert details.retry_s >= 1
    status, headers, answer = post(server.http, "/v1/logs", logs(["h"]).SerializeToString())
    assert (status, status_of(answer).code) == (503, 14)
    assert int(headers["retry-after"]) == status_of(answer).retry_s >= 1
    accepted = codes.count(None)
    assert accepted == 2 and codes[2:] == [grpc.StatusCode.UNAVAILABLE] * 2
    (server.folder / "data").unlink()
    (server.folder / "gone").rename(server.folder / "data")
    server.stop()
    assert len(server.rows("logs")) == accepted


def framed(message, flag=0, length=None):
    return struct.pack(">BI", flag, len(message) if length is None else length) + message


@pytest.mark.parametrize(
    "body, headers, status",
    [
        (framed(b"\x0a\x00"), [], "0"),
        (b"", [], "13"),
        (b"\0\0\0", [], "13"),
        (framed(b"", length=5), [], "13"),
        (framed(b"") + framed(b""), [], "13"),
        (framed(b"", flag=1), [], "13"),
        (framed(b"", flag=2), [], "13"),
        (framed(b"\x0a\x00", flag=1), ["grpc-encoding: identity"], "13"),
        (framed(b"\x0a\x00"), ["grpc-encoding: gzip"], "0"),
        (framed(b""), ["grpc-encoding: snappy"], "12"),
        (framed(b"no gzip", flag=1), ["grpc-encoding: gzip"], "3"),
        (framed(b"no zstd", flag=1), ["grpc-encoding: zstd"], "3"),
        (framed(COMPRESS["zstd"](b""), flag=1), ["grpc-encoding: zstd"], "0"),
    ],
)
def test_framing(server, tmp_path, body, headers, status):
    (tmp_path / "body").write_bytes(body)
    fields = [argument for header in headers for argument in ("-H", header)]
    done = subprocess.run(
        ["nghttp", "-v", "-d", tmp_path / "body", "-H", "content-type: application/grpc", *fields]
        + [f"http://{server.grpc}{EXPORT}"],
        capture_output=True,
        timeout=20,
        check=True,
    )
    output = done.stdout.decode(errors="replace")
    assert ":status: 200" in output
    assert f"grpc-status: {status}\n" in output
    assert ("grpc-accept-encoding: " in output) == (status == "12")


def test_what_is_not_grpc_is_415(server, tmp_path):
    (tmp_path / "body").write_bytes(b"{}")
    for content_type in ("application/json", "application/grpc-web"):
        done = subprocess.run(
            ["nghttp", "-v", "-d", tmp_path / "body", "-H", f"content-type: {content_type}"]
            + [f"http://{server.grpc}/v1/logs"],
            capture_output=True,
            timeout=20,
            check=True,
        )
        assert ":status: 415" in done.stdout.decode(errors="replace")


def test_http_and_grpc_share_the_http_port(server):
    with grpc.insecure_channel(server.http) as channel:
        LogsServiceStub(channel).Export(logs(["grpc"]), timeout=20)
    assert post(server.http, "/v1/logs", logs(["http"]).SerializeToString(), PROTOBUF)[0] == 200
    server.stop()
    assert sorted(server.rows("logs", "Body")) == [("grpc",), ("http",)]


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_health(server, compression):
    channel = grpc.insecure_channel(server.grpc, compression=compression)
    service = health_pb2_grpc.HealthStub(channel)
    for name in ("", "opentelemetry.proto.collector.logs.v1.LogsService"):
        answer = service.Check(health_pb2.HealthCheckRequest(service=name), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as error:
        service.Check(health_pb2.HealthCheckRequest(service="other"), timeout=20)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_drain_loses_nothing_and_says_goodbye(server, channel):
    service = LogsServiceStub(channel)
    service.Export(logs(["first"]), timeout=20)
    calls = [service.Export.future(logs([f"{i} " + "x" * 500_000]), timeout=20) for i in range(40)]
    assert server.stop() == 0
    answered = sum(call.exception() is None for call in calls)
    assert len(server.rows("logs")) == 1 + answered
