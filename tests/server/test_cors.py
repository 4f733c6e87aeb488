"""CORS: what browsers ask before a page's script may send, and what they want to see in the answers."""

import subprocess

import pytest

from payloads import JSON, ask, logs, post
from test_settings import run

BODY = logs(["from a page"]).SerializeToString()
PAGE = "https://shop.example"


def cors_of(headers):
    return {name.removeprefix("access-control-"): value for name, value in headers.items() if "access-control" in name}


def preflight(server, path="/v1/logs", origin=PAGE, method="POST"):
    fields = {"Origin": origin, "Access-Control-Request-Method": method}
    return ask("OPTIONS", server.http, path, Access_Control_Request_Headers="content-type", **fields)


@pytest.fixture
def server(make_server):
    return make_server("--cors-origins", f"{PAGE},http://localhost:*", "--cors-max-age", "10m")


def test_preflight(server):
    for origin in (PAGE, "http://localhost:3000"):
        status, headers, body = preflight(server, origin=origin)
        assert (status, body) == (204, b"")
        assert "content-length" not in headers and "content-type" not in headers and "connection" not in headers
        assert headers["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        assert cors_of(headers) == {
            "allow-origin": origin,
            "allow-credentials": "true",
            "allow-methods": "POST",
            "allow-headers": "content-type,content-encoding,authorization",
            "max-age": "600",
        }
    assert cors_of(preflight(server, "/metrics", method="GET")[1])["allow-methods"] == "GET"
    status, headers, _ = preflight(server, origin="https://evil.example")
    assert (status, cors_of(headers)) == (403, {})
    assert preflight(server, "/nowhere")[0] == 404
    assert server.metric("otlp2parquet_accepted_requests_total") == 0


def test_answers(server):
    """Also errors, which a page could not read otherwise."""
    for body, content_type, status in ((BODY, None, 200), (b"no", None, 400), (b"", "text/xml", 415)):
        options = {"content_type": content_type} if content_type else {}
        answered, headers, _ = post(server.http, "/v1/logs", body, Origin=PAGE, **options)
        assert (answered, headers["vary"]) == (status, "Origin")
        assert cors_of(headers) == {
            "allow-origin": PAGE,
            "allow-credentials": "true",
            "expose-headers": "retry-after",
        }
    for origin in ({"Origin": "https://evil.example"}, {}):
        status, headers, _ = post(server.http, "/v1/logs", BODY, **origin)
        assert (status, headers["vary"], cors_of(headers)) == (200, "Origin", {})


def test_what_is_no_preflight(server):
    for fields in ({}, {"Origin": PAGE}, {"Access-Control-Request-Method": "POST"}):
        status, headers, _ = ask("OPTIONS", server.http, "/v1/logs", **fields)
        assert (status, headers["allow"]) == (405, "POST")


def test_any_page(make_server):
    server = make_server("--cors-origins", "*", "--cors-headers", "x-tenant")
    status, headers, _ = preflight(server, origin="null")
    assert status == 204
    assert cors_of(headers) == {
        "allow-origin": "*",
        "allow-methods": "POST",
        "allow-headers": "x-tenant",
        "max-age": "7200",
    }
    assert cors_of(post(server.http, "/v1/logs", BODY, Origin=PAGE)[1])["allow-origin"] == "*"


def test_off_by_default(make_server):
    server = make_server()
    status, headers, _ = preflight(server)
    assert (status, cors_of(headers)) == (405, {}) and "vary" not in headers
    status, headers, _ = post(server.http, "/v1/logs", BODY, Origin=PAGE)
    assert (status, cors_of(headers)) == (200, {}) and "vary" not in headers


def test_a_preflight_needs_no_credential(make_server, tmp_path):
    (tmp_path / "credentials").write_text("bearer token")
    server = make_server("--cors-origins", PAGE, "--auth-file", "credentials")
    assert preflight(server)[0] == 204
    status, headers, _ = post(server.http, "/v1/logs", b"{}", JSON, Origin=PAGE)
    assert (status, cors_of(headers)["allow-origin"]) == (401, PAGE)
    assert post(server.http, "/v1/logs", b"{}", JSON, Origin=PAGE, Authorization="Bearer token")[0] == 200


def test_http2(server):
    command = ["curl", "-sS", "-i", "--http2-prior-knowledge", "--max-time", "20", "-H", f"Origin: {PAGE}"]
    url = f"http://{server.http}/v1/logs"
    asked = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST", url]
    sent = ["-H", f"Content-Type: {JSON}", "-d", "{}", url]
    for arguments, status in ((asked, "204"), (sent, "200"), (asked, "204")):
        done = subprocess.run([*command, *arguments], capture_output=True, check=True, text=True)
        assert done.stdout.split()[1] == status
        assert f"access-control-allow-origin: {PAGE}\n" in done.stdout


def test_what_cannot_start_says_why(tmp_path):
    for origins in ("shop.example", f"{PAGE}/", f"{PAGE},*", "https://*.*.example"):
        status, out, error = run(tmp_path, "--cors-origins", origins)
        assert (status, out) == (2, "")
        assert "error cannot start: cors-origins: " in error and "is no origin" in error
    assert list(tmp_path.iterdir()) == []
