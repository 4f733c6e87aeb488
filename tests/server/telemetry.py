"""What the client programs in clients/ send, as tests/server/clients/README.md says, and how it must be found."""

import os
import subprocess

import pytest

from conftest import ROOT

BUILT = ROOT / "build" / "clients"
GO = BUILT / "go"
START = 1_790_000_000_000_000_000
KINDS = ["Internal", "Server", "Client", "Producer", "Consumer"]
CUMULATIVE = 2


def need(name):
    """Skips the test that needs the client, saying why it is not there."""
    if not (BUILT / f"{name}.built").exists():
        missing = BUILT / f"{name}.missing"
        pytest.skip(f"{name}: {missing.read_text().strip() if missing.exists() else 'built by `make clients`'}")


def send(command, count, address, protocol, compression, service):
    """Runs a client that sends so many records of each kind; returns its exit status, and what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_SERVICE_NAME": service,
    }
    if compression != "none":  # the default of all, and a word that not all of them know
        environment["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression
    done = subprocess.run(
        [*command, str(count)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def attributes(i):
    """Each with its value as text, and its type."""
    return {
        "id": (str(i), "i"),
        "text": (f"ü {i}", "s"),
        "number": (f"{i}.5", "d"),
        "even": ("true" if i % 2 == 0 else "false", "b"),
        "list": (f"[{i},{i + 1}]", "a"),
    }


def rows(server, table, columns, where="true"):
    """Rows of what a client sent, without what its SDK says of itself; by id, each of which must be there once."""
    column = {"logs": "LogAttributes", "traces": "SpanAttributes"}.get(table, "Attributes")
    found = {}
    wanted = f"ScopeName = 'client' AND {where}"
    for sent, *row in server.rows(table, f"{wanted}, {column}, {column}Types, ScopeVersion, ServiceName, {columns}"):
        if sent:
            values, types, version, *others = row
            assert version == "1.2.3" and len(values) == len(types)
            number = int(values["id"])
            assert number not in found, f"{table}: {number} is there twice"
            typed = {key: (value, kind) for (key, value), kind in zip(values.items(), types)}
            found[number] = (typed, *others)
    return found


def expect_logs(server, count, service):
    at = "epoch_ns(Timestamp) + TimestampNanos"
    found = rows(server, "logs", f"{at}, SeverityNumber, SeverityText, Body, BodyType")
    assert found == {i: (attributes(i), service, START + i, 9, "INFO", f"log {i}", "") for i in range(count)}


def expect_spans(server, count, service):
    at = "epoch_ns(Timestamp) + TimestampNanos"
    event = "Events[1].Name, epoch_ns(Events[1].Timestamp) + Events[1].TimestampNanos, Events[1].Attributes"
    columns = f"{at}, Duration, SpanName, SpanKind, StatusCode, StatusMessage, len(Events), {event}"
    found = rows(server, "traces", columns)
    assert found == {
        i: (
            attributes(i),
            service,
            START + i,
            1000 + i,
            f"span {i}",
            KINDS[i % 5],
            *(("Error", "odd") if i % 2 else ("Unset", "")),
            1,
            "event",
            START + i + 1,
            {"id": str(i)},
        )
        for i in range(count)
    }
    ids = server.rows("traces", "TraceId, SpanId")
    assert len(set(ids)) == count and {(len(trace), len(span)) for trace, span in ids} == {(32, 16)}


def expect_points(server, count, service):
    name = "MetricName = '{}'"
    columns = "ValueInt, MetricUnit, MetricDescription, IsMonotonic, AggregationTemporality"
    found = rows(server, "metrics_sum", columns, name.format("counter"))
    assert found == {i: ({"id": (str(i), "i")}, service, i, "By", "counts", True, CUMULATIVE) for i in range(count)}
    found = rows(server, "metrics_gauge", "Value, ValueInt", name.format("gauge"))
    assert found == {i: ({"id": (str(i), "i")}, service, -i - 0.5, None) for i in range(count)}
    columns = "Count, Sum, Min, Max, ExplicitBounds, BucketCounts"
    found = rows(server, "metrics_histogram", columns, name.format("histogram"))
    assert found == {i: ({"id": (str(i), "i")}, service, *histogram([i, 50])) for i in range(count)}


def histogram(values):
    bounds = [10.0, 100.0]
    buckets = [0, 0, 0]
    for value in values:
        buckets[sum(value > bound for bound in bounds)] += 1
    return len(values), sum(values), min(values), max(values), bounds, buckets


def expect_all(server, count, service):
    expect_logs(server, count, service)
    expect_spans(server, count, service)
    expect_points(server, count, service)
