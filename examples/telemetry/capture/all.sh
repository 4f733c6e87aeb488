#!/usr/bin/env bash
# Makes every sample in examples/telemetry/ again and checks what is in it. It installs its tools under one folder
# (CAPTURE_WORK, /tmp/otlp2parquet-capture unless set) and writes the samples beside capture/ (or to CAPTURE_OUT).
# Needs python3 with venv, Go 1.26 or later, and PyPI and the Go module proxy the first time; everything that is sent
# goes to 127.0.0.1. Under a minute when the tools are there, about 5 minutes and 2 GB otherwise.
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC1091
. "$(dirname "$0")/common.sh"

"$CAPTURE/python_sdk.sh"
"$CAPTURE/telemetrygen.sh"
"$CAPTURE/collector.sh"
"$WORK/venv/bin/python" "$CAPTURE/summary.py" "$SAMPLES"
