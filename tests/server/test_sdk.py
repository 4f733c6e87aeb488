"""OpenTelemetry's own SDK for Python, over both protocols: what it sends is found, each once."""

import logging

import grpc
import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = Resource.create({"service.name": "sdk"})
COUNT = 1000
HTTP = [None, Compression.Gzip, Compression.Deflate]
GRPC = [None, grpc.Compression.Gzip]


def exporters(server, protocol, compression):
    if protocol == "grpc":
        options = {"endpoint": f"http://{server.grpc}", "insecure": True, "compression": compression}
        return (
            grpc_logs.OTLPLogExporter(**options),
            grpc_traces.OTLPSpanExporter(**options),
            grpc_metrics.OTLPMetricExporter(**options),
        )
    return tuple(
        kind(endpoint=f"http://{server.http}/v1/{signal}", compression=compression)
        for kind, signal in (
            (http_logs.OTLPLogExporter, "logs"),
            (http_traces.OTLPSpanExporter, "traces"),
            (http_metrics.OTLPMetricExporter, "metrics"),
        )
    )


@pytest.mark.parametrize(
    "protocol, compression", [("http", one) for one in HTTP] + [("grpc", one) for one in GRPC]
)
def test_sdk(server, protocol, compression, caplog):
    log_exporter, span_exporter, metric_exporter = exporters(server, protocol, compression)

    logger_provider = LoggerProvider(resource=RESOURCE)
    logger_provider.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    logger = logger_provider.get_logger("tests")
    tracer_provider = TracerProvider(resource=RESOURCE)
    tracer_provider.add_span_processor(BatchSpanProcessor(span_exporter))
    tracer = tracer_provider.get_tracer("tests")
    reader = PeriodicExportingMetricReader(metric_exporter, export_interval_millis=3_600_000)
    meter_provider = MeterProvider(resource=RESOURCE, metric_readers=[reader])
    counter = meter_provider.get_meter("tests").create_counter("calls")

    with caplog.at_level(logging.WARNING):
        for i in range(COUNT):
            logger.emit(body=f"log {i}", severity_number=SeverityNumber.INFO, attributes={"i": i})
            with tracer.start_as_current_span(f"span {i}"):
                counter.add(1, {"i": i % 10})
        for provider in (logger_provider, tracer_provider, meter_provider):
            provider.force_flush()
            provider.shutdown()
    assert [record for record in caplog.records if "xport" in record.getMessage()] == []

    assert server.stop() == 0
    assert sorted(server.rows("logs", "Body, ServiceName")) == sorted(
        (f"log {i}", "sdk") for i in range(COUNT)
    )
    assert sorted(server.rows("traces", "SpanName")) == sorted((f"span {i}",) for i in range(COUNT))
    points = server.rows("metrics_sum", "Attributes['i'], Value, MetricName")
    calls = {i: value for i, value, name in sorted(points) if name == "calls"}  # cumulative: the last counts
    assert calls == {str(i): COUNT / 10 for i in range(10)}
