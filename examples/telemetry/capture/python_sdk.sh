#!/usr/bin/env bash
# Captures python_sdk_{traces,logs}.pb and python_sdk_metrics.pbs: python_sdk_shop.py run with the OpenTelemetry
# Python SDK, exporting over OTLP/HTTP to sink.py. Needs python3 (3.11 or later) with venv, and PyPI the first time.
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC1091
. "$(dirname "$0")/common.sh"

VERSION=1.45.2

# summary.py uses this environment too: the exporter brings opentelemetry-proto with it.
if [ ! -e "$WORK/venv/ready-$VERSION" ]; then
    python3 -m venv "$WORK/venv"
    "$WORK/venv/bin/pip" install --quiet "opentelemetry-sdk==$VERSION" "opentelemetry-exporter-otlp-proto-http==$VERSION"
    touch "$WORK/venv/ready-$VERSION"
fi

# The program runs from WORK: code.file.path and every stack trace carry its absolute path.
cp "$CAPTURE/python_sdk_shop.py" "$WORK/shop.py"
start_sink python_sdk 60 traces=1 logs=1 metrics=6
OTEL_EXPORTER_OTLP_ENDPOINT="http://$SINK_ADDRESS" timeout 60 "$WORK/venv/bin/python" "$WORK/shop.py"
wait_sink
