#!/usr/bin/env bash
# Captures collector_*: an OpenTelemetry Collector, made by the project's own builder from collector_builder.yaml, runs
# four configurations in turn, each exporting over OTLP/HTTP (gzip) to sink.py:
#   collector_host_metrics.pb                 collector_host_metrics.yaml
#   collector_filelog_logs.pb                 collector_filelog.yaml, reading what log_lines.py wrote
#   collector_statsd_metrics.pb               collector_statsd.yaml, hearing what statsd_lines.py sends
#   collector_gateway_{traces,logs,metrics}.pb  collector_gateway.yaml, between python_sdk_shop.py and the sink
# Needs Go (about 4 minutes and 2 GB the first time) and, for the last, the virtual environment of python_sdk.sh.
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC1091
. "$(dirname "$0")/common.sh"

VERSION=v0.160.0
COLLECTOR=$WORK/collector/otelcol-capture

build_collector() {
    go_tool go.opentelemetry.io/collector/cmd/builder "$VERSION" builder
    if [ -x "$COLLECTOR" ] && cmp -s "$CAPTURE/collector_builder.yaml" "$WORK/collector_builder.yaml"; then return; fi
    echo "building the Collector (a few minutes the first time)"
    rm -f "$COLLECTOR"
    (go_env && cd "$WORK" && bin/builder --config "$CAPTURE/collector_builder.yaml" >run/collector.build.log 2>&1) ||
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
    start_sink collector_statsd 60 metrics=1
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

[ -x "$WORK/venv/bin/python" ] || "$CAPTURE/python_sdk.sh"
build_collector
capture_host_metrics
capture_filelog
capture_statsd
capture_gateway
