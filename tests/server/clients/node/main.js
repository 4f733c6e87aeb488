// Sends logs, spans and metric points with OpenTelemetry's SDK for Node: what ../README.md says.
import { diag, DiagLogLevel, SpanStatusCode } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const START = 1_790_000_000; // seconds; times are [seconds, nanoseconds]
const PACKAGES = { "http/protobuf": "proto", "http/json": "http", grpc: "grpc" };
const resource = resourceFromAttributes({ "service.name": process.env.OTEL_SERVICE_NAME });

// The exporter's class of a signal for the protocol; its other settings it reads from the environment.
async function makeExporter(signal, name) {
  const protocol = PACKAGES[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
  if (!protocol) throw new Error(`no protocol ${process.env.OTEL_EXPORTER_OTLP_PROTOCOL}`);
  const exported = await import(`@opentelemetry/exporter-${signal}-otlp-${protocol}`);
  return new exported[name]();
}

const attributes = (i) => ({ id: i, text: `ü ${i}`, number: i + 0.5, even: i % 2 === 0, list: [i, i + 1] });

async function finish(provider) {
  await provider.forceFlush();
  await provider.shutdown();
}

async function sendLogs(count) {
  const exporter = await makeExporter("logs", "OTLPLogExporter");
  const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("client", "1.2.3");
  for (let i = 0; i < count; i++) {
    logger.emit({
      timestamp: [START, i],
      severityNumber: SeverityNumber.INFO,
      severityText: "INFO",
      body: `log ${i}`,
      attributes: attributes(i),
    });
  }
  await finish(provider);
}

async function sendSpans(count) {
  const exporter = await makeExporter("trace", "OTLPTraceExporter");
  const provider = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracer = provider.getTracer("client", "1.2.3");
  for (let i = 0; i < count; i++) {
    // Node's kinds begin with INTERNAL as 0.
    const span = tracer.startSpan(`span ${i}`, { startTime: [START, i], kind: i % 5, attributes: attributes(i) });
    span.addEvent("event", { id: i }, [START, i + 1]);
    if (i % 2) span.setStatus({ code: SpanStatusCode.ERROR, message: "odd" });
    span.end([START, 1000 + 2 * i]);
  }
  await finish(provider);
}

async function sendPoints(count) {
  const exporter = await makeExporter("metrics", "OTLPMetricExporter");
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter("client", "1.2.3");
  const counter = meter.createCounter("counter", { unit: "By", description: "counts", valueType: 0 });
  const gauge = meter.createGauge("gauge");
  const histogram = meter.createHistogram("histogram", { advice: { explicitBucketBoundaries: [10, 100] } });
  for (let id = 0; id < count; id++) {
    counter.add(id, { id });
    gauge.record(-id - 0.5, { id });
    histogram.record(id, { id });
    histogram.record(50, { id });
  }
  await provider.shutdown(); // which exports what there is, and once
}

// What the SDK only tells its log, such as that a part was not accepted, is a failure too.
const heard = [];
const hear = (...words) => heard.push(words.join(" "));
diag.setLogger({ error: hear, warn: hear, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const count = Number(process.argv[2]);
const results = await Promise.allSettled([sendLogs(count), sendSpans(count), sendPoints(count)]);
heard.push(...results.filter((one) => one.status === "rejected").map((one) => one.reason));
for (const one of heard) console.error(one);
process.exitCode = heard.length ? 1 : 0;
