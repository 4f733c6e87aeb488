"""What `otlp2parquet connect` prints is enough for real clients."""

import os
import subprocess
import sys

import pytest

from conftest import program

SEND = """
import logging
from opentelemetry.exporter.otlp.proto.{protocol}._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
provider = LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))
provider.get_logger("tests").emit(body="from the {protocol} SDK")
provider.shutdown()
"""


def connect(server, client):
    return subprocess.run(
        [program(), "connect", "--http", server.http, "--grpc", server.grpc, client],
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def shell(text, *command):
    subprocess.run(
        ["sh", "-c", f'{text}\n"$@"', "sh", *command], check=True, timeout=60, env={"PATH": os.environ["PATH"]}
    )


@pytest.mark.parametrize("client, protocol", [("sdk", "http"), ("sdk-grpc", "grpc"), ("claude-code", "http")])
def test_python_s_sdk(server, client, protocol):
    shell(connect(server, client), sys.executable, "-c", SEND.format(protocol=protocol))
    assert server.stop() == 0
    assert server.rows("logs", "Body") == [(f"from the {protocol} SDK",)]


def test_curl(make_server):
    """What it sends is not the same twice, so that trying again shows another row."""
    server = make_server("--dedup-window", "5m")
    for _ in range(3):
        shell(connect(server, "curl"), "true")
    assert server.stop() == 0
    assert server.rows("logs", "Body") == 3 * [("hello",)]
