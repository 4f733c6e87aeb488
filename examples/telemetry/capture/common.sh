# What the capture scripts share; sourced, not run. It sets CAPTURE (this folder), SAMPLES (where the samples go) and
# WORK (tools, virtual environment, logs; a short neutral path, since stack traces and log attributes name it), and
# ends every process that a script started, by its id, however the script ends.
# shellcheck shell=bash
set -euo pipefail

CAPTURE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SAMPLES=${CAPTURE_OUT:-$(dirname "$CAPTURE")}
WORK=${CAPTURE_WORK:-/tmp/otlp2parquet-capture}
mkdir -p "$SAMPLES" "$WORK/bin" "$WORK/run"

# Nothing of the machine's own OpenTelemetry set-up may get into the samples.
for name in $(compgen -e | grep '^OTEL_' || true); do unset "$name"; done
# A proxy must not see what is sent to 127.0.0.1.
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

STARTED=()
stop_started() {
    local pid
    for pid in "${STARTED[@]+"${STARTED[@]}"}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    STARTED=()
}
trap stop_started EXIT

# go_tool PATH VERSION NAME: installs a Go program once. Its module and build caches stay under WORK; -p=1 keeps the
# build to one package at a time.
go_env() {
    export GOPATH="$WORK/go/path" GOCACHE="$WORK/go/cache" GOBIN="$WORK/bin"
    export GOFLAGS="-p=1 -modcacherw"
}
go_tool() {
    local stamp="$WORK/bin/$3-$2"
    if [ ! -e "$stamp" ]; then
        echo "building $3 $2 (a few minutes the first time)"
        (go_env && go install "$1@$2" 2>"$WORK/run/$3.build.log") || { tail "$WORK/run/$3.build.log" >&2; exit 1; }
        touch "$stamp"
    fi
}

# free_ports N: N TCP ports of 127.0.0.1 that nobody listens on.
free_ports() {
    python3 - "$1" <<'PY'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))
PY
}

# start_sink PREFIX SECONDS SIGNAL=COUNT...: starts sink.py; SINK is then its process, SINK_ADDRESS its host:port.
start_sink() {
    local prefix=$1 seconds=$2 port_file="$WORK/run/$1.port"
    shift 2
    rm -f "$port_file"
    python3 "$CAPTURE/sink.py" --out "$SAMPLES" --prefix "$prefix" --seconds "$seconds" --port-file "$port_file" "$@" &
    SINK=$!
    STARTED+=("$SINK")
    for _ in $(seq 100); do
        [ -e "$port_file" ] && break
        sleep 0.1
    done
    SINK_ADDRESS=127.0.0.1:$(cat "$port_file")
    export SINK_ADDRESS
}

# wait_sink: until the sink has all it expects; fails when its time runs out first.
wait_sink() {
    wait "$SINK"
    stop_started
}
