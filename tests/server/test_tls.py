"""TLS on both ports: real clients, certificates that are wrong or missing, and hostile handshakes.

The authorities and certificates are made here by openssl: "ours" signs the server's and a client's, "theirs"
another client's.
"""

import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import grpc
import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from conftest import program
from payloads import PROTOBUF, dial, logs, post, read_answer
from telemetry import GO, need
from test_connect import SEND
from test_hostile import end_of, memory_mb
from test_reload import reload
from test_settings import run

BODY = logs(["secret"]).SerializeToString()
HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"
REQUEST = HEAD % len(BODY) + BODY


def certify(folder, name, *options):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", *options],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for authority, names in (("ours", ["server", "client"]), ("theirs", ["stranger"])):
        certify(folder, authority)
        for name in names:
            signed = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
            certify(folder, name, *signed, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
    return folder


def flags_of(keys, client_ca=None):
    flags = ["--tls-cert", str(keys / "server.pem"), "--tls-key", str(keys / "server.key")]
    return flags + (["--tls-client-ca", str(keys / f"{client_ca}.pem")] if client_ca else [])


@pytest.fixture
def server(make_server, keys):
    server = make_server(*flags_of(keys))
    server.tls = context_of(keys)
    return server


def context_of(keys, certificate=None, alpn=None):
    context = ssl.create_default_context(cafile=keys / "ours.pem")
    if certificate:
        context.load_cert_chain(keys / f"{certificate}.pem", keys / f"{certificate}.key")
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def dial_tls(address, context):
    return context.wrap_socket(dial(address), server_hostname="127.0.0.1")


def credentials_of(keys, certificate=None):
    return grpc.ssl_channel_credentials(
        (keys / "ours.pem").read_bytes(),
        *((keys / f"{certificate}.{part}").read_bytes() for part in ("key", "pem") if certificate),
    )


def assert_serves(server, **options):
    assert post(server.http, "/v1/logs", BODY, tls=server.tls, **options)[0] == 200


@pytest.mark.parametrize("client_ca", [None, "ours"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_sdk(make_server, keys, monkeypatch, protocol, client_ca):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # to `requests` they are stronger than the exporter's
        monkeypatch.delenv(name, raising=False)
    server = make_server(*flags_of(keys, client_ca))
    certificate = "client" if client_ca else None
    if protocol == "grpc":
        credentials = credentials_of(keys, certificate)
        exporter = GrpcExporter(endpoint=f"https://{server.grpc}", credentials=credentials)
    else:
        exporter = HttpExporter(
            endpoint=f"https://{server.http}/v1/logs",
            certificate_file=str(keys / "ours.pem"),
            client_certificate_file=str(keys / "client.pem") if certificate else None,
            client_key_file=str(keys / "client.key") if certificate else None,
        )
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("tests")
    for i in range(1000):
        logger.emit(body=f"log {i}", severity_number=SeverityNumber.INFO)
    provider.force_flush()
    provider.shutdown()
    assert server.stop() == 0
    assert sorted(server.rows("logs", "Body")) == sorted((f"log {i}",) for i in range(1000))


@pytest.mark.parametrize("client", ["sdk", "sdk-grpc", "telemetrygen", "curl"])
def test_what_connect_prints(make_server, keys, tmp_path, client):
    """With the token and the CA put in, which is what it tells to do."""
    (tmp_path / "clients").write_text("bearer token-1\n")
    flags = [*flags_of(keys), "--auth-file", str(tmp_path / "clients")]
    server = make_server(*flags)
    (tmp_path / "c.yaml").write_text(f"tls-cert: {keys}/server.pem\nauth-file: {tmp_path}/clients\n")
    places = ["--config", "c.yaml", "--http", server.http, "--grpc", server.grpc]
    connect = [program(), "connect", *places, client]
    text = subprocess.run(connect, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    text = text.replace("TOKEN", "token-1").replace("# export", "export")
    text = text.replace("/path/to/ca.pem", str(keys / "ours.pem"))
    after = ""
    if client == "curl":
        text = text.replace("\ncurl ", f"\ncurl -f --cacert {keys}/ours.pem ")
    elif client == "telemetrygen":
        need("go")
        text = text.replace("\ntelemetrygen logs ", f"\n{GO}/telemetrygen logs --ca-cert {keys}/ours.pem ")
    else:
        protocol = "grpc" if client == "sdk-grpc" else "http"
        (tmp_path / "send.py").write_text(SEND.format(protocol=protocol))
        after = f"\n{sys.executable} send.py"
    subprocess.run(["sh", "-c", text + after], cwd=tmp_path, check=True, timeout=60, env={"PATH": os.environ["PATH"]})
    assert server.stop() == 0
    assert len(server.rows("logs")) == (10 if client == "telemetrygen" else 1)


def test_curl(server, keys, tmp_path):
    body = tmp_path / "body"
    command = ["curl", "-sS", "-w", "%{http_version} %{http_code}", "--max-time", "20", "--cacert", keys / "ours.pem"]
    command += ["-H", f"Content-Type: {PROTOBUF}", "--data-binary", f"@{body}", f"https://{server.http}/v1/logs"]
    for extra, version in (
        (["--http1.1"], b"1.1"),
        (["--http1.1", "-H", "Transfer-Encoding: chunked"], b"1.1"),
        (["--http2"], b"2"),
        (["--http2-prior-knowledge", "--no-alpn"], b"2"),
        (["--http1.1", "--no-alpn", "--tls-max", "1.2"], b"1.1"),
    ):
        body.write_bytes(logs([f"{extra} {i} " + "x" * 1000 for i in range(3000)]).SerializeToString())
        done = subprocess.run([*command, *extra], capture_output=True, check=True)
        assert done.stdout.endswith(version + b" 200")
    server.stop()
    assert len(set(server.rows("logs", "Body"))) == 15000


def test_grpc_of_any_size(server, keys):
    with grpc.secure_channel(server.grpc, credentials_of(keys)) as channel:
        service = LogsServiceStub(channel)
        calls = [service.Export.future(logs([f"{i} " + "x" * 2_000_000]), timeout=60) for i in range(8)]
        calls += [service.Export.future(logs([f"{i}"]), timeout=60) for i in range(100)]
        for call in calls:
            call.result()
    server.stop()
    assert len(server.rows("logs")) == 108


@pytest.mark.parametrize("version", ["--h1", "--npn-list=h2"])
def test_many_connections_at_once(server, tmp_path, version):
    (tmp_path / "body").write_bytes(logs(["x" * 100] * 50).SerializeToString())
    done = subprocess.run(
        ["h2load", version, "-n", "600", "-c", "30", "-t", "2", "-d", tmp_path / "body"]
        + ["-H", f"content-type: {PROTOBUF}", f"https://{server.http}/v1/logs"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "600 succeeded" in done.stdout and "status codes: 600 2xx" in done.stdout
    assert server.metric("otelcol_receiver_accepted_log_records_total") == 30000
    assert server.stop() == 0


@pytest.mark.parametrize(
    "port, offered, chosen",
    [
        ("http", ["http/1.1", "h2"], "h2"),
        ("http", ["http/1.1"], "http/1.1"),
        ("http", None, None),
        ("grpc", ["h2"], "h2"),
        ("grpc", ["spdy/1", "h2", "http/1.1"], "h2"),
        ("http", ["spdy/1"], ssl.SSLError),
        ("grpc", ["http/1.1"], ssl.SSLError),
    ],
)
def test_alpn(server, keys, port, offered, chosen):
    context = context_of(keys, alpn=offered)
    if chosen is ssl.SSLError:
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            dial_tls(getattr(server, port), context)
    else:
        with dial_tls(getattr(server, port), context) as client:
            assert client.selected_alpn_protocol() == chosen


def test_versions(server, keys):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = context_of(keys)
        context.minimum_version = context.maximum_version = version
        with dial_tls(server.http, context) as client, client.makefile("rb") as stream:
            assert client.version() == name
            client.sendall(REQUEST)
            assert read_answer(stream)[0] == 200
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = context_of(keys)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = context.maximum_version = version
        with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
            dial_tls(server.http, context)


@pytest.mark.parametrize("certificate, known", [("client", True), ("stranger", False), (None, False)])
def test_client_certificates(make_server, keys, certificate, known):
    server = make_server(*flags_of(keys, "ours"))
    context = context_of(keys, certificate)
    with grpc.secure_channel(server.grpc, credentials_of(keys, certificate)) as channel:
        if known:
            assert post(server.http, "/v1/logs", BODY, tls=context)[0] == 200
            LogsServiceStub(channel).Export(logs(["by gRPC"]), timeout=20)
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                post(server.http, "/v1/logs", BODY, tls=context)
            with pytest.raises(grpc.RpcError):
                LogsServiceStub(channel).Export(logs(["by gRPC"]), timeout=5)
    server.stop()
    assert len(server.rows("logs")) == (2 if known else 0)


def serial_of(address, context):
    with dial_tls(address, context) as client:
        return client.getpeercert()["serialNumber"]


def test_certificates_are_read_again(make_server, keys, tmp_path):
    """New connections have the new ones, old ones go on; what cannot be read changes nothing."""
    mine = tmp_path / "keys"
    shutil.copytree(keys, mine)
    server = make_server(*flags_of(mine, "ours"))
    context, stranger = context_of(keys, "client"), context_of(keys, "stranger")
    old = dial_tls(server.http, context)
    first = [serial_of(address, context) for address in (server.http, server.grpc)]
    signed = ["-CA", "ours.pem", "-CAkey", "ours.key", "-addext", "subjectAltName=IP:127.0.0.1"]
    certify(mine, "other", *signed)
    shutil.copy(mine / "other.pem", mine / "server.pem")
    (line,) = [line for line in reload(server) if line.startswith("error")]
    assert "certificates and credentials stay as they are: tls-key: " in line and "mismatch" in line
    assert [serial_of(address, context) for address in (server.http, server.grpc)] == first
    shutil.copy(mine / "other.key", mine / "server.key")
    shutil.copy(keys / "theirs.pem", mine / "ours.pem")
    assert reload(server)[-1] == "info  certificates and credentials were read again"
    for address in (server.http, server.grpc):
        assert serial_of(address, stranger) not in first
    with pytest.raises((ssl.SSLError, ConnectionError)):
        post(server.http, "/v1/logs", BODY, tls=context)
    assert post(server.http, "/v1/logs", BODY, tls=stranger)[0] == 200
    with old, old.makefile("rb") as stream:
        old.sendall(REQUEST)
        assert read_answer(stream)[0] == 200
    assert server.stop() == 0


def test_connections_while_certificates_are_read_again(make_server, keys):
    server = make_server(*flags_of(keys), "--threads", "3", "--dedup-window", "5m")
    server.tls = context_of(keys)
    stop = threading.Event()

    def renew():
        while not stop.is_set():
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.005)

    renewer = threading.Thread(target=renew)
    renewer.start()
    try:
        for _ in range(100):
            assert_serves(server)
    finally:
        stop.set()
        renewer.join()
    assert server.stop() == 0
    assert server.log.read_text().count("certificates and credentials were read again") > 10


def test_the_server_is_known_by_its_certificate(server, keys):
    with pytest.raises(ssl.SSLCertVerificationError):
        dial_tls(server.http, ssl.create_default_context(cafile=keys / "theirs.pem"))
    assert server.get("/healthz") == "ok\n"


def test_records_of_a_byte_and_requests_one_behind_the_other(server):
    with dial_tls(server.http, server.tls) as client, client.makefile("rb") as stream:
        for byte in REQUEST:
            client.sendall(bytes([byte]))
        assert read_answer(stream)[0] == 200
        bodies = [logs([f"{i}"]).SerializeToString() for i in range(200)]
        client.sendall(b"".join(HEAD % len(body) + body for body in bodies))
        for _ in range(200):
            assert read_answer(stream)[0] == 200
    server.stop()
    assert len(server.rows("logs")) == 201


def test_a_client_that_reads_late(server):
    """Answers of many times what a socket takes, so that writing and reading both have to wait."""
    count = 1500
    with dial_tls(server.http, server.tls) as client, client.makefile("rb") as stream:
        ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10
        sender = threading.Thread(target=lambda: [client.sendall(ask) for _ in range(count // 10)])
        sender.start()
        time.sleep(1)
        assert all(b"otlp2parquet_connections" in read_answer(stream)[2] for _ in range(count))
        sender.join()


def in_memory(server, context):
    """A shaken hand: the socket, the TLS object, and what it writes."""
    client, incoming, outgoing = dial(server.http), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    while True:
        try:
            tls.do_handshake()
            client.sendall(outgoing.read())
            return client, tls, incoming, outgoing
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
            incoming.write(client.recv(65536))


def test_an_end_behind_a_request(server):
    """Both in one packet: the end makes no socket readable."""
    client, tls, incoming, outgoing = in_memory(server, server.tls)
    with client:
        tls.write(REQUEST)
        with pytest.raises(ssl.SSLWantReadError):
            tls.unwrap()
        client.sendall(outgoing.read())
        incoming.write(end_of(client)[1])
        assert tls.read().startswith(b"HTTP/1.1 200")


def test_what_tls_holds_while_a_request_is_answered(server):
    """More than is received at once, in records that do not end there: the rest makes no socket readable."""
    body = logs(["x" * 1000]).SerializeToString()
    count = 262_144 // len(HEAD % len(body) + body) + 3
    client, tls, incoming, outgoing = in_memory(server, server.tls)
    with client:
        requests = (HEAD % len(body) + body) * count
        for at in range(0, len(requests), 10_000):
            tls.write(requests[at : at + 10_000])
        server.process.send_signal(signal.SIGSTOP)
        client.sendall(outgoing.read())
        server.process.send_signal(signal.SIGCONT)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < count:
            incoming.write(client.recv(65536))
            try:
                while True:
                    answers += tls.read(65536)
            except ssl.SSLWantReadError:
                pass


def test_a_cut_connection_is_not_an_end(server):
    client, tls, _, outgoing = in_memory(server, server.tls)
    with client:
        tls.write(REQUEST[:-1])
        client.sendall(outgoing.read())
        client.shutdown(socket.SHUT_WR)
        assert end_of(client)[0] < 2
    assert_serves(server)
    server.stop()
    assert len(server.rows("logs")) == 1


def test_new_keys(server, keys):
    """A client that changes keys, and asks the server to, between requests."""
    command = ["openssl", "s_client", "-connect", server.http, "-CAfile", keys / "ours.pem", "-tls1_3", "-verify_quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        for _ in range(5):
            for line in (b"K\n", b"GET /healthz HTTP/1.1\r\n", b"Host: x\r\n\r\n"):
                os.write(client.stdin.fileno(), line)
                time.sleep(0.1)  # one read of its standard input is one command
        os.write(client.stdin.fileno(), b"Q\n")
        out = client.communicate(timeout=20)[0]
    assert out.count(b"HTTP/1.1 200 OK") == 5 and out.count(b"KEYUPDATE") == 5


HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(32)  # of 200 bytes that do not all come


@pytest.mark.parametrize("port", ["http", "grpc"])
def test_garbage_is_no_handshake(server, port):
    chance = random.Random(7)
    inputs = [chance.randbytes(size) for size in (1, 5, 6, 100, 70000)] * 5
    inputs += [REQUEST, b"\x16\x03\x01\xff\xff" + bytes(65535), HELLO + b"\xff" * 200, b"\x15\x03\x01\x00\x02\x02\x28"]
    for data in inputs:
        with dial(getattr(server, port)) as client:
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            assert end_of(client)[0] < 5
    server.wait_until(lambda: server.metric("otlp2parquet_failed_handshakes_total") >= len(inputs))
    assert_serves(server)
    server.stop()
    assert len(server.rows("logs")) == 1


@pytest.mark.parametrize("port", ["http", "grpc"])
@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", REQUEST, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], ids=lambda data: data[:3])
def test_http_without_tls(server, port, data):
    """The log names it, once a minute, and does not name what is merely garbage."""
    with dial(getattr(server, port)) as client:
        client.sendall(bytes(100))
        end_of(client)
    server.wait_until(lambda: server.metric("otlp2parquet_failed_handshakes_total") == 1)
    assert "a client was refused" not in server.log.read_text()
    for _ in range(3):
        with dial(getattr(server, port)) as client:
            client.sendall(data)
            end_of(client)
    server.wait_until(lambda: server.metric("otlp2parquet_failed_handshakes_total") == 4)
    assert server.log.read_text().count("info  a client was refused: this port speaks TLS: send to https://") == 1


def test_slow_handshakes_time_out(make_server, keys):
    server = make_server(*flags_of(keys), "--request-timeout", "700ms")
    server.tls = context_of(keys)
    for port in (server.http, server.grpc):
        for start in (b"", HELLO[:3], HELLO):
            with dial(port) as client:
                client.sendall(start)
                assert 0.4 < end_of(client)[0] < 5
        with dial(port) as client:  # a byte at a time does not make it longer
            started = time.monotonic()
            try:
                for byte in HELLO + bytes(100):
                    client.sendall(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                pass
            assert time.monotonic() - started < 5
    assert_serves(server)


def test_half_handshakes_hold_little(server):
    with dial_tls(server.http, server.tls) as client, client.makefile("rb") as stream:
        waiting = [dial(server.http) for _ in range(500)]
        for one in waiting:
            one.sendall(HELLO)
        client.sendall(REQUEST)
        assert read_answer(stream)[0] == 200
        assert memory_mb(server) < 150
        for one in waiting:
            one.close()
    server.wait_until(lambda: server.metric("otlp2parquet_connections") == 1)


def test_garbage_after_the_handshake(server):
    chance = random.Random(8)
    for size in (1, 5, 5000, 100000):
        client, tls, _, outgoing = in_memory(server, server.tls)
        with client:
            tls.write(REQUEST[:50])
            try:
                client.sendall(outgoing.read() + b"\x17\x03\x03" + chance.randbytes(size))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            assert end_of(client)[0] < 5
    assert_serves(server)


def test_draining_waits_for_no_handshake(server):
    with dial(server.http) as half, dial_tls(server.http, server.tls) as idle:
        half.sendall(HELLO)
        assert_serves(server)
        started = time.monotonic()
        idle.settimeout(20)
        server.process.terminate()
        assert idle.recv(100) == b""  # a proper end
        idle.close()
        assert server.process.wait(20) == 0
        assert time.monotonic() - started < 10


def test_what_is_printed_is_https(server):
    assert f"ENDPOINT=https://{server.http}\n" in (server.folder / "out.txt").read_text()
    assert f"ENDPOINT=https://{server.grpc}\n" in (server.folder / "out.txt").read_text()


def test_what_cannot_start_says_why(keys, tmp_path):
    server, key = ["--tls-cert", keys / "server.pem"], ["--tls-key", keys / "server.key"]
    locked = tmp_path / "locked.key"
    encrypt = ["openssl", "pkcs8", "-topk8", "-passout", "pass:x", "-in", keys / "server.key", "-out", locked]
    subprocess.run(encrypt, check=True)
    for flags, reason in (
        (server, "tls-cert and tls-key are needed for TLS, both"),
        (key, "tls-cert and tls-key are needed for TLS, both"),
        (["--tls-client-ca", keys / "ours.pem"], "tls-cert and tls-key are needed for TLS, both"),
        (["--tls-cert", "no.pem", *key], "tls-cert: no.pem: No such file or directory"),
        (["--tls-cert", keys / "server.key", *key], "tls-cert: "),
        ([*server, "--tls-key", keys / "client.key"], "key values mismatch"),
        ([*server, "--tls-key", locked], "tls-key: "),
        ([*server, *key, "--tls-client-ca", keys / "ours.key"], "tls-client-ca: "),
    ):
        status, out, error = run(tmp_path, "--http", "127.0.0.1:0", "--grpc", "off", *flags)
        assert (status, out) == (2, "")
        assert "error cannot start: " in error and reason in error
        assert not (tmp_path / "wal").exists()
