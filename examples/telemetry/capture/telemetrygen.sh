#!/usr/bin/env bash
# Captures telemetrygen_{traces,logs}.pb and telemetrygen_metrics.pbs: the Collector project's own load generator
# (the OpenTelemetry Go SDK underneath, for traces and metrics), over OTLP/HTTP to sink.py. Needs Go.
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC1091
. "$(dirname "$0")/common.sh"

VERSION=v0.160.0
TRACE_ID=ae87dadd90e9935a4bc9660628efd569
SPAN_ID=5828fa4960140870

go_tool github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen "$VERSION" telemetrygen

# generate SIGNAL ARGUMENT...: one run, with resource and record attributes of each type that telemetrygen can set.
generate() {
    local signal=$1
    shift
    timeout 60 "$WORK/bin/telemetrygen" "$signal" --otlp-http --otlp-insecure --otlp-endpoint "$SINK_ADDRESS" \
        --rate 200 --workers 1 --service "generated-$signal" \
        --otlp-attributes 'deployment.environment.name="test"' --otlp-attributes 'host.cpu.count=2' \
        --otlp-attributes 'host.virtual=true' --otlp-attributes 'cloud.availability_zones=["a","b"]' \
        --telemetry-attributes 'http.request.method="GET"' --telemetry-attributes 'http.response.status_code=200' \
        --telemetry-attributes 'cache.hit=false' --telemetry-attributes 'retry.delays=[1,2,4]' \
        "$@" >"$WORK/run/telemetrygen.log" 2>&1 || { cat "$WORK/run/telemetrygen.log" >&2; exit 1; }
}

start_sink telemetrygen 120 traces=1 logs=1 metrics=4
generate traces --traces 20 --child-spans 3 --span-links 2 --status-code Error --span-duration 2ms --batch-size 1000
generate logs --logs 60 --severity-number 13 --severity-text Warn --body "disk usage is 91%" \
    --trace-id "$TRACE_ID" --span-id "$SPAN_ID" --batch-size 1000
for type in Gauge Sum Histogram ExponentialHistogram; do
    generate metrics --metrics 12 --metric-type "$type" --otlp-metric-name "generated.${type,,}" \
        --trace-id "$TRACE_ID" --span-id "$SPAN_ID" --batch-size 1000
done
wait_sink
