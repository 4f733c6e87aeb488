"""Health on a port of its own: without TLS, certificates or credentials, and nothing else on it."""

import re
import urllib.error
import urllib.request

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

from payloads import logs, post
from test_tls import context_of, flags_of, keys  # noqa: F401

BODY = logs(["x"]).SerializeToString()


@pytest.fixture
def server(make_server, keys, tmp_path):  # noqa: F811
    (tmp_path / "credentials").write_text("bearer token\n")
    flags = [*flags_of(keys, "ours"), "--auth-file", tmp_path / "credentials", "--health", "127.0.0.1:0"]
    server = make_server(*flags)
    server.wait_until(lambda: "health is answered on" in server.log.read_text())
    server.health = re.search(r"health is answered on (\S+)", server.log.read_text())[1]
    server.tls = context_of(keys, "client")
    return server


def get(server, path):
    return urllib.request.urlopen(f"http://{server.health}{path}", timeout=20).read().decode()


def test_what_is_answered(server):
    assert (get(server, "/healthz"), get(server, "/readyz")) == ("ok\n", "ready\n")
    # One is this connection; the server may see a moment later that those before are closed.
    server.wait_until(lambda: "otlp2parquet_connections 1\n" in get(server, "/metrics"))
    with grpc.insecure_channel(server.health) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_nothing_can_be_sent_there(server):
    status, _, answer = post(server.health, "/v1/logs", BODY)
    assert status == 404 and b"/healthz" in answer
    with grpc.insecure_channel(server.health) as channel:
        with pytest.raises(grpc.RpcError) as error:
            LogsServiceStub(channel).Export(logs(["x"]), timeout=20)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(urllib.error.HTTPError):
        get(server, "/")
    assert post(server.http, "/v1/logs", BODY, tls=server.tls, Authorization="Bearer token")[0] == 200
    assert server.stop() == 0
    assert len(server.rows("logs")) == 1


def test_metrics_of_the_other_port_need_a_credential(server):
    with pytest.raises(urllib.error.HTTPError) as error:
        server.get("/metrics")
    assert error.value.code == 401


def test_it_is_off_unless_it_is_given(make_server):
    server = make_server()
    assert "health is answered" not in server.log.read_text()
