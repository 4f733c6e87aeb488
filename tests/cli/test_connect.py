"""`otlp2parquet connect`: each client's settings name the server's address, and are of the client's own form."""

import re
import socket
import subprocess
import tomllib

import pytest

CLIENTS = {
    "sdk": "http",
    "sdk-grpc": "grpc",
    "collector": "http",
    "collector-grpc": "grpc",
    "claude-code": "http",
    "codex": "http",
    "gemini-cli": "grpc",
    "fluent-bit": "http",
    "telemetrygen": "grpc",
    "curl": "http",
}
PLACES = ["--http", "10.0.0.1:1318", "--grpc", "otel.example:1317"]


def variables(text):
    """What a shell makes of it."""
    before, after = (
        subprocess.run(
            ["sh", "-c", script, "sh", text], env={"PATH": "/bin:/usr/bin"}, capture_output=True, check=True, text=True
        ).stdout.splitlines()
        for script in ("env", 'eval "$1"; env')
    )
    return dict(line.split("=", 1) for line in after if line not in before and not line.startswith("_="))


def test_the_clients_are_listed(ok):
    assert re.findall(r"^  (\S+) +\S", ok("connect").out, re.MULTILINE) == list(CLIENTS)


@pytest.mark.parametrize("client, port", CLIENTS.items())
def test_every_client_has_the_address(ok, run, client, port):
    text = ok("connect", *PLACES, client).out
    address = {"http": "10.0.0.1:1318", "grpc": "otel.example:1317"}[port]
    assert address in text or client == "fluent-bit"
    assert re.search(r"\{[a-z-]+\}", text) is None  # a word that was not replaced
    lacking = run("connect", *PLACES, f"--{port}", "off", client)
    assert (lacking.status, lacking.out) == (2, "")
    assert lacking.err == f"otlp2parquet: error: {client} needs the address of the server: {port} is off\n"
    assert ok("connect", *PLACES, "--grpc" if port == "http" else "--http", "off", client).out == text


def test_an_sdk_s_variables(ok):
    assert variables(ok("connect", "sdk").out) == {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
    }
    grpc = variables(ok("connect", "sdk-grpc").out)
    assert grpc["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"
    assert grpc["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4317"


def test_claude_code_s_variables(ok):
    assert variables(ok("connect", "claude-code").out) == {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    }


def test_codex_s_file(ok):
    exporter = {"endpoint": "http://127.0.0.1:4318/v1/logs", "protocol": "binary"}
    assert tomllib.loads(ok("connect", "codex").out) == {"otel": {"exporter": {"otlp-http": exporter}}}


@pytest.mark.parametrize(
    "arguments, url",
    [
        (["--http", "[::1]:4318"], "http://[::1]:4318"),
        (["--http", "[::]:4318"], f"http://{socket.gethostname()}:4318"),
        (["--http", "0.0.0.0:80"], f"http://{socket.gethostname()}:80"),
        (["--http", "0.0.0.0:80", "--host", "otel.example"], "http://otel.example:80"),
        (["--host", "fe80::1"], "http://[fe80::1]:4318"),
    ],
)
def test_addresses(ok, arguments, url):
    assert variables(ok("connect", *arguments, "sdk").out)["OTEL_EXPORTER_OTLP_ENDPOINT"] == url


def test_where_the_address_comes_from(ok, tmp_path):
    (tmp_path / "c.yaml").write_text("http: file:1\ngrpc: file:2\n")
    environment = {"OTLP2PARQUET_HTTP": "variable:3"}

    def url(*arguments, **options):
        return variables(ok("connect", *arguments, **options).out)["OTEL_EXPORTER_OTLP_ENDPOINT"]

    assert url("--config", "c.yaml", "sdk-grpc", environment=environment) == "http://file:2"
    assert url("--config", "c.yaml", "sdk", environment=environment) == "http://variable:3"
    assert url("--config", "c.yaml", "--http", "flag:4", "sdk", environment=environment) == "http://flag:4"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["sdk", "curl"], "connect: one CLIENT at a time"),
        (["colector"], "unknown client colector; did you mean collector?"),
        (["frobnicate"], "unknown client frobnicate; `otlp2parquet connect` lists them"),
        (["--http", "4318", "sdk"], '--http cannot be "4318"; it is HOST:PORT'),
        (["--http", "127.0.0.1:0", "sdk"], "http is a port that is not known before the server runs"),
        (["--http", "$(reboot):1", "sdk"], "http is not the name of a host"),
        (["--host", "a b", "sdk"], "connect: --host is a name or an address"),
        (["--host", "", "sdk"], "connect: --host is a name or an address"),
        (["--config", "missing.yaml", "sdk"], "missing.yaml: "),
    ],
)
def test_mistakes(run, arguments, message):
    result = run("connect", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize("client", CLIENTS)
def test_with_tls_the_clients_speak_it(ok, tmp_path, client):
    (tmp_path / "c.yaml").write_text("tls-cert: server.pem\n")
    plain, tls = ok("connect", client).out, ok("connect", "--config", tmp_path / "c.yaml", client).out
    assert "http://" not in tls and tls != plain
    tls = re.sub(r"^# if this machine does not know the CA of .*\n# .*/path/to/ca\.pem.*\n", "", tls, flags=re.MULTILINE)
    for one, other in (("https:", "http:"), ("=false", "=true"), ("insecure: false", "insecure: true"), ("tls: on", "tls: off")):
        tls = tls.replace(one, other)
    assert tls == plain


@pytest.mark.parametrize(
    "client, setting",
    [
        ("sdk", "OTEL_EXPORTER_OTLP_CERTIFICATE="),
        ("sdk-grpc", "OTEL_EXPORTER_OTLP_CERTIFICATE="),
        ("collector", "ca_file: "),
        ("collector-grpc", "ca_file: "),
        ("claude-code", "NODE_EXTRA_CA_CERTS="),
        ("codex", "ca-certificate = "),
        ("gemini-cli", "OTEL_EXPORTER_OTLP_CERTIFICATE="),
        ("fluent-bit", "tls.ca_file: "),
        ("telemetrygen", "--ca-cert "),
        ("curl", "--cacert "),
    ],
)
def test_with_tls_every_client_is_told_of_the_ca(ok, tmp_path, client, setting):
    (tmp_path / "c.yaml").write_text("tls-cert: server.pem\n")
    assert setting in ok("connect", "--config", tmp_path / "c.yaml", client).out
    assert setting not in ok("connect", client).out


@pytest.mark.parametrize(
    "client, header",
    [
        ("sdk", 'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20TOKEN"'),
        ("sdk-grpc", 'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20TOKEN"'),
        ("collector", '    headers:\n      authorization: "Bearer TOKEN"'),
        ("collector-grpc", '    headers:\n      authorization: "Bearer TOKEN"'),
        ("claude-code", 'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20TOKEN"'),
        ("codex", 'headers = { authorization = "Bearer TOKEN" }'),
        ("gemini-cli", 'export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20TOKEN"'),
        ("fluent-bit", "      header: Authorization Bearer TOKEN"),
        ("telemetrygen", "--otlp-header 'authorization=\"Bearer TOKEN\"' \\"),
        ("curl", "-H 'Authorization: Bearer TOKEN' \\"),
    ],
)
def test_with_credentials_every_client_has_a_header(ok, tmp_path, client, header):
    (tmp_path / "c.yaml").write_text("auth-file: clients\n")
    text = ok("connect", "--config", tmp_path / "c.yaml", client).out
    assert f"{header}\n" in text and "# TOKEN is one of the server's auth-file" in text
    assert re.search(r"\{[a-z-]+\}", text) is None
    assert "TOKEN" not in ok("connect", client).out


def test_codex_s_file_with_tls_and_credentials(ok, tmp_path):
    (tmp_path / "c.yaml").write_text("auth-file: clients\ntls-cert: server.pem\n")
    text = ok("connect", "--config", tmp_path / "c.yaml", "codex").out
    exporter = tomllib.loads(text.replace("# tls =", "tls ="))["otel"]["exporter"]["otlp-http"]
    assert exporter["headers"] == {"authorization": "Bearer TOKEN"}
    assert exporter["tls"] == {"ca-certificate": "/path/to/ca.pem"}
