"""The Collector project's load generator (the OpenTelemetry Go SDK underneath), over both protocols."""

import subprocess

import pytest

from telemetry import GO, need

COUNT = 300  # a worker; of more spans at once the SDK drops some before they are sent
TABLES = {"traces": ("traces", 2), "logs": ("logs", 1), "metrics": ("metrics_gauge", 1)}  # rows an item


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("signal", TABLES)
def test_all_that_is_generated_is_found(server, protocol, signal):
    need("go")
    address = server.http if protocol == "http" else server.grpc
    arguments = [f"--{signal}", str(COUNT), "--workers", "3", "--rate", "0", "--otlp-insecure", "--otlp-endpoint", address]
    done = subprocess.run(
        [GO / "telemetrygen", signal, *arguments, *(["--otlp-http"] if protocol == "http" else [])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    server.stop()
    table, rows = TABLES[signal]
    assert len(server.rows(table)) == 3 * COUNT * rows
