"""Sends logs, spans and metric points with OpenTelemetry's SDK for Python: what ../README.md says."""

import importlib
import logging
import os
import sys

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

START = 1_790_000_000_000_000_000
PACKAGES = {"http/protobuf": "proto.http", "http/json": "json.http", "grpc": "proto.grpc"}
RESOURCE = Resource({"service.name": os.environ["OTEL_SERVICE_NAME"]})


def exporter(module, name):
    """The protocol's exporter; its other settings it reads from the environment."""
    package = PACKAGES[os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"]]
    return getattr(importlib.import_module(f"opentelemetry.exporter.otlp.{package}.{module}"), name)()


def attributes(i):
    return {"id": i, "text": f"ü {i}", "number": i + 0.5, "even": i % 2 == 0, "list": [i, i + 1]}


def send_logs(count):
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter("_log_exporter", "OTLPLogExporter")))
    logger = provider.get_logger("client", "1.2.3")
    for i in range(count):
        logger.emit(
            timestamp=START + i,
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            body=f"log {i}",
            attributes=attributes(i),
        )
    return provider


def send_spans(count):
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(exporter("trace_exporter", "OTLPSpanExporter")))
    tracer = provider.get_tracer("client", "1.2.3")
    for i in range(count):
        span = tracer.start_span(
            f"span {i}", kind=SpanKind(i % 5), start_time=START + i, attributes=attributes(i)
        )
        span.add_event("event", {"id": i}, START + i + 1)
        if i % 2:
            span.set_status(Status(StatusCode.ERROR, "odd"))
        span.end(START + 1000 + 2 * i)
    return provider


def send_points(count):
    reader = PeriodicExportingMetricReader(
        exporter("metric_exporter", "OTLPMetricExporter"), export_interval_millis=3_600_000
    )
    provider = MeterProvider(resource=RESOURCE, metric_readers=[reader])
    meter = provider.get_meter("client", "1.2.3")
    counter = meter.create_counter("counter", "By", "counts")
    gauge = meter.create_gauge("gauge")
    histogram = meter.create_histogram("histogram", explicit_bucket_boundaries_advisory=[10, 100])
    for i in range(count):
        counter.add(i, {"id": i})
        gauge.set(-i - 0.5, {"id": i})
        histogram.record(i, {"id": i})
        histogram.record(50, {"id": i})
    return provider


class Ear(logging.Handler):
    """Keeps what is logged from WARNING on: the only place where the SDK tells that an export has failed."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = []

    def emit(self, record):
        self.heard.append(record.getMessage())


def main():
    ear = Ear()
    logging.getLogger().addHandler(ear)
    count = int(sys.argv[1])
    for send in (send_logs, send_spans, send_points):
        send(count).shutdown()  # which exports what there is, and once
    if ear.heard:
        sys.exit("\n".join(ear.heard))


main()
