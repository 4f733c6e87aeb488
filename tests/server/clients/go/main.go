// Sends logs, spans and metric points with OpenTelemetry's SDK for Go: what ../README.md says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var start = time.Unix(1_790_000_000, 0)

// exporters are those for the protocol; their other settings they read from the environment themselves.
func exporters(ctx context.Context, protocol string) (
	logs sdklog.Exporter, spans sdktrace.SpanExporter, points sdkmetric.Exporter, err error,
) {
	var errs [3]error
	switch protocol {
	case "http/protobuf":
		logs, errs[0] = otlploghttp.New(ctx)
		spans, errs[1] = otlptracehttp.New(ctx)
		points, errs[2] = otlpmetrichttp.New(ctx)
	case "grpc":
		logs, errs[0] = otlploggrpc.New(ctx)
		spans, errs[1] = otlptracegrpc.New(ctx)
		points, errs[2] = otlpmetricgrpc.New(ctx)
	default:
		return nil, nil, nil, fmt.Errorf("no protocol %q", protocol)
	}
	return logs, spans, points, errors.Join(errs[:]...)
}

func attributes(i int) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.Int("id", i),
		attribute.String("text", fmt.Sprintf("ü %d", i)),
		attribute.Float64("number", float64(i)+0.5),
		attribute.Bool("even", i%2 == 0),
		attribute.IntSlice("list", []int{i, i + 1}),
	}
}

func sendLogs(ctx context.Context, exporter sdklog.Exporter, from *resource.Resource, count int) error {
	provider := sdklog.NewLoggerProvider(
		sdklog.WithResource(from), sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	logger := provider.Logger("client", log.WithInstrumentationVersion("1.2.3"))
	for i := range count {
		var record log.Record
		record.SetTimestamp(start.Add(time.Duration(i)))
		record.SetSeverity(log.SeverityInfo)
		record.SetSeverityText("INFO")
		record.SetBody(attribute.StringValue(fmt.Sprintf("log %d", i)))
		record.AddAttributes(attributes(i)...)
		logger.Emit(ctx, record)
	}
	return errors.Join(provider.ForceFlush(ctx), provider.Shutdown(ctx))
}

func sendSpans(ctx context.Context, exporter sdktrace.SpanExporter, from *resource.Resource, count int) error {
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(from), sdktrace.WithBatcher(exporter))
	tracer := provider.Tracer("client", trace.WithInstrumentationVersion("1.2.3"))
	for i := range count {
		began := start.Add(time.Duration(i))
		_, span := tracer.Start(ctx, fmt.Sprintf("span %d", i),
			trace.WithTimestamp(began),
			trace.WithSpanKind(trace.SpanKind(i%5+1)),
			trace.WithAttributes(attributes(i)...))
		span.AddEvent("event", trace.WithTimestamp(began.Add(1)), trace.WithAttributes(attribute.Int("id", i)))
		if i%2 == 1 {
			span.SetStatus(codes.Error, "odd")
		}
		span.End(trace.WithTimestamp(began.Add(time.Duration(1000 + i))))
	}
	return errors.Join(provider.ForceFlush(ctx), provider.Shutdown(ctx))
}

func sendPoints(ctx context.Context, exporter sdkmetric.Exporter, from *resource.Resource, count int) error {
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(from), sdkmetric.WithReader(
		sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(time.Hour))))
	meter := provider.Meter("client", metric.WithInstrumentationVersion("1.2.3"))
	counter, err1 := meter.Int64Counter("counter", metric.WithUnit("By"), metric.WithDescription("counts"))
	gauge, err2 := meter.Float64Gauge("gauge")
	histogram, err3 := meter.Float64Histogram("histogram", metric.WithExplicitBucketBoundaries(10, 100))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for i := range count {
		id := metric.WithAttributes(attribute.Int("id", i))
		counter.Add(ctx, int64(i), id)
		gauge.Record(ctx, -float64(i)-0.5, id)
		histogram.Record(ctx, float64(i), id)
		histogram.Record(ctx, 50, id)
	}
	// Shutdown exports what there is, and once.
	return provider.Shutdown(ctx)
}

func run(count int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var lock sync.Mutex
	var heard []error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		lock.Lock()
		defer lock.Unlock()
		heard = append(heard, err)
	}))
	logs, spans, points, err := exporters(ctx, os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
	if err != nil {
		return err
	}
	from := resource.NewSchemaless(attribute.String("service.name", os.Getenv("OTEL_SERVICE_NAME")))
	err = errors.Join(
		sendLogs(ctx, logs, from, count), sendSpans(ctx, spans, from, count), sendPoints(ctx, points, from, count))
	lock.Lock()
	defer lock.Unlock()
	return errors.Join(append(heard, err)...)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client COUNT")
		os.Exit(2)
	}
	count, err := strconv.Atoi(os.Args[1])
	if err == nil {
		err = run(count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
