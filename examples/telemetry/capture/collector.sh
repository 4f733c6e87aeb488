#!/usr/bin/env bash
# Captures collector_*: an OpenTelemetry Collector, made by the project's own builder from collector_builder.yaml, runs
# six configurations in turn, each exporting over OTLP/HTTP (gzip) to sink.py:
#   collector_host_metrics.pb                 collector_host_metrics.yaml
#   collector_filelog_logs.pb                 collector_filelog.yaml, reading what log_lines.py wrote
#   collector_statsd_metrics.{pb,json}        collector_statsd.yaml, hearing what statsd_lines.py sends
#   collector_gateway_{traces,logs,metrics}.pb  collector_gateway.yaml, between python_sdk_shop.py and the sink
#   collector_twins_{traces,logs}.{pb,json}   collector_twins.yaml, likewise, with a shorter run of the shop
#   collector_twins_metrics.{pbs,jsonl}       the same
#   collector_file_{traces,logs,metrics}.pbs  collector_file.yaml, between telemetrygen and the sink
#   collector_file.jsonl                      the same: what its file exporter wrote
# Needs Go (about 4 minutes and 2 GB the first time) and, for the last, the virtual environment of python_sdk.sh.
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC1091
. "$(dirname "$0")/common.sh"

VERSION=v0.160.0
COLLECTOR=$WORK/collector/otelcol-capture

# -e lets `go mod tidy` go on where a module cannot be had that only a component's tests import.
build_collector() {
    go_tool go.opentelemetry.io/collector/cmd/builder "$VERSION" builder
    if [ -x "$COLLECTOR" ] && cmp -s "$CAPTURE/collector_builder.yaml" "$WORK/collector_builder.yaml"; then return; fi
    echo "building the Collector (a few minutes the first time)"
    rm -f "$COLLECTOR"
    (go_env && export GOFLAGS="$GOFLAGS -e" && cd "$WORK" &&
        bin/builder --config "$CAPTURE/collector_builder.yaml" >run/collector.build.log 2>&1) ||
        { tail "$WORK/run/collector.build.log" >&2; exit 1; }
    cp "$CAPTURE/collector_builder.yaml" "$WORK/collector_builder.yaml"
}

# start_collector NAME: runs collector_NAME.yaml until stop_collector; returns when its receivers listen.
start_collector() {
    local log="$WORK/run/collector_$1.log"
    timeout 90 "$COLLECTOR" --config "$CAPTURE/collector_$1.yaml" >"$log" 2>&1 &
    COLLECTOR_PID=$!
    STARTED+=("$COLLECTOR_PID")
    for _ in $(seq 150); do
        if grep -q "Everything is ready" "$log"; then return; fi
        kill -0 "$COLLECTOR_PID" 2>/dev/null || break
        sleep 0.1
    done
    cat "$log" >&2
    exit 1
}

# stop_collector: a Collector that is told to stop sends what its batches hold first.
stop_collector() {
    kill "$COLLECTOR_PID"
    wait "$COLLECTOR_PID" || true
}

capture_host_metrics() {
    start_sink collector_host 60 metrics=1
    start_collector host_metrics
    sleep 2.6  # three scrapes, a second apart
    stop_collector
    wait_sink
}

capture_filelog() {
    export CAPTURE_LOGS="$WORK/run"
    python3 "$CAPTURE/log_lines.py" "$CAPTURE_LOGS"
    start_sink collector_filelog 60 logs=1
    start_collector filelog
    sleep 3  # the files are polled every 200 ms; the last entry of worker.log waits 500 ms for more lines
    stop_collector
    wait_sink
}

capture_statsd() {
    STATSD_PORT=$(free_ports 1)
    export STATSD_PORT
    start_sink collector_statsd 60 metrics=1 metrics.json=1
    start_collector statsd
    python3 "$CAPTURE/statsd_lines.py" "$STATSD_PORT"
    wait_sink
}

capture_gateway() {
    read -r AGENT_PORT GATEWAY_PORT <<<"$(free_ports 2)"
    export AGENT_PORT GATEWAY_PORT
    start_sink collector_gateway 90 traces=1 logs=1 metrics=1
    start_collector gateway
    cp "$CAPTURE/python_sdk_shop.py" "$WORK/shop.py"
    OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$AGENT_PORT" timeout 60 "$WORK/venv/bin/python" "$WORK/shop.py"
    stop_collector
    wait_sink
}

# The shop again, a shorter visit: each of its requests in both encodings. Without a batch there are as many requests
# as the SDK sends, metrics halfway and at the end.
capture_twins() {
    AGENT_PORT=$(free_ports 1)
    export AGENT_PORT
    start_sink collector_twins 90 traces=1 traces.json=1 logs=1 logs.json=1 metrics=6 metrics.json=6
    start_collector twins
    cp "$CAPTURE/python_sdk_shop.py" "$WORK/shop.py"
    SHOP_VISITS=10 OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$AGENT_PORT" \
        timeout 60 "$WORK/venv/bin/python" "$WORK/shop.py"
    stop_collector
    wait_sink
}

# generate SIGNAL ARGUMENT...: one run of telemetrygen, one request.
generate() {
    timeout 60 "$WORK/bin/telemetrygen" "$@" --otlp-http --otlp-insecure --otlp-endpoint "127.0.0.1:$AGENT_PORT" \
        --rate 200 --workers 1 --batch-size 1000 --service "filed-$1" \
        --telemetry-attributes 'http.request.method="GET"' --telemetry-attributes 'retry.delays=[1,2,4]' \
        >"$WORK/run/telemetrygen.log" 2>&1 || { cat "$WORK/run/telemetrygen.log" >&2; exit 1; }
}

# One file of the file exporter, shared by the pipelines of all signals: a line is a request of any of them.
capture_file() {
    AGENT_PORT=$(free_ports 1)
    CAPTURE_FILE="$WORK/run/collector_file.jsonl"
    export AGENT_PORT CAPTURE_FILE
    rm -f "$CAPTURE_FILE"
    start_sink collector_file 90 traces=2 logs=2 metrics=4
    start_collector file
    generate logs --logs 3 --severity-number 9 --severity-text Info --body "first lines"
    generate traces --traces 2 --child-spans 2 --status-code Ok
    generate metrics --metrics 2 --metric-type Gauge --otlp-metric-name filed.gauge
    generate metrics --metrics 2 --metric-type Sum --otlp-metric-name filed.sum
    generate logs --logs 2 --severity-number 17 --severity-text Error --body "more of them"
    generate metrics --metrics 2 --metric-type Histogram --otlp-metric-name filed.histogram
    generate traces --traces 1 --span-links 1 --status-code Error
    generate metrics --metrics 2 --metric-type ExponentialHistogram --otlp-metric-name filed.exponential_histogram
    stop_collector
    wait_sink
    cp "$CAPTURE_FILE" "$SAMPLES/collector_file.jsonl"
}

[ -x "$WORK/venv/bin/python" ] || "$CAPTURE/python_sdk.sh"
go_tool github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen "$VERSION" telemetrygen
build_collector
capture_host_metrics
capture_filelog
capture_statsd
capture_gateway
capture_twins
capture_file
