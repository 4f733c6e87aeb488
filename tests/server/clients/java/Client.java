// Sends logs, spans and metric points with OpenTelemetry's SDK for Java: what ../README.md says.

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.DoubleGauge;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;

final class Client {
    private static final long START = 1_790_000_000_000_000_000L;
    private static final AttributeKey<Long> ID = AttributeKey.longKey("id");

    private static Attributes attributes(long i) {
        return Attributes.builder()
            .put(ID, i)
            .put("text", "ü " + i)
            .put("number", i + 0.5)
            .put("even", i % 2 == 0)
            .put("list", i, i + 1)
            .build();
    }

    private static void sendLogs(OpenTelemetrySdk sdk, int count) {
        Logger logger = sdk.getLogsBridge().loggerBuilder("client").setInstrumentationVersion("1.2.3").build();
        for (int i = 0; i < count; i++) {
            logger.logRecordBuilder()
                .setTimestamp(START + i, TimeUnit.NANOSECONDS)
                .setSeverity(Severity.INFO)
                .setSeverityText("INFO")
                .setBody("log " + i)
                .setAllAttributes(attributes(i))
                .emit();
        }
    }

    private static void sendSpans(OpenTelemetrySdk sdk, int count) {
        Tracer tracer = sdk.getTracer("client", "1.2.3");
        for (int i = 0; i < count; i++) {
            Span span = tracer.spanBuilder("span " + i)
                .setStartTimestamp(START + i, TimeUnit.NANOSECONDS)
                .setSpanKind(SpanKind.values()[i % 5])
                .setAllAttributes(attributes(i))
                .startSpan();
            span.addEvent("event", Attributes.of(ID, (long) i), START + i + 1, TimeUnit.NANOSECONDS);
            if (i % 2 == 1) {
                span.setStatus(StatusCode.ERROR, "odd");
            }
            span.end(START + 1000 + 2L * i, TimeUnit.NANOSECONDS);
        }
    }

    private static void sendPoints(OpenTelemetrySdk sdk, int count) {
        Meter meter = sdk.getSdkMeterProvider().meterBuilder("client").setInstrumentationVersion("1.2.3").build();
        LongCounter counter = meter.counterBuilder("counter").setUnit("By").setDescription("counts").build();
        DoubleGauge gauge = meter.gaugeBuilder("gauge").build();
        DoubleHistogram histogram = meter.histogramBuilder("histogram")
            .setExplicitBucketBoundariesAdvice(List.of(10.0, 100.0))
            .build();
        for (int i = 0; i < count; i++) {
            Attributes id = Attributes.of(ID, (long) i);
            counter.add(i, id);
            gauge.set(-i - 0.5, id);
            histogram.record(i, id);
            histogram.record(50, id);
        }
    }

    /** Keeps what is logged from WARNING on: the only place where the SDK tells that an export has failed. */
    private static final class Ear extends Handler {
        final ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();

        @Override
        public void publish(LogRecord logged) {
            if (logged.getLevel().intValue() >= Level.WARNING.intValue()) {
                heard.add(logged.getLoggerName() + ": " + logged.getMessage() + " " + logged.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    public static void main(String[] arguments) {
        int count = Integer.parseInt(arguments[0]);
        Ear ear = new Ear();
        LogManager.getLogManager().reset();
        java.util.logging.Logger.getLogger("").addHandler(ear);

        OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
        sendLogs(sdk, count);
        sendSpans(sdk, count);
        sendPoints(sdk, count);
        boolean sent = sdk.shutdown().join(30, TimeUnit.SECONDS).isSuccess(); // exports what there is, and once

        ear.heard.forEach(System.err::println);
        System.exit(sent && ear.heard.isEmpty() ? 0 : 1);
    }
}
