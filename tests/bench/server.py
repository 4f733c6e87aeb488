#!/usr/bin/env python3
"""Measures the server: records per CPU-second from request to stored Parquet, latency, memory, files.

  tests/bench/server.py PROGRAM [REQUEST.pb]

h2load (of nghttp2) sends one captured request of logs again and again, over HTTP and gRPC, whole and as
batches of 100 records, for each mode of acknowledgement. CPU-seconds are the server's alone, from its start to
its end, when everything is stored. Requests are all the same, so the server is told to keep repeated ones.
Figures of a busy machine vary; records per CPU-second vary least.
"""

import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = [ROOT.parent / "shared" / "data" / "logs_large.pb", ROOT / "examples" / "telemetry" / "telemetrygen_logs.pb"]
EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
CLIENTS = 8
RECORDS = 1_000_000  # a run


def records_of(request):
    return [record for group in request.resource_logs for scope in group.scope_logs for record in scope.log_records]


def cut(request, count):
    """The first records of a request, with its first resource and scope."""
    short = ExportLogsServiceRequest()
    group = short.resource_logs.add(resource=request.resource_logs[0].resource)
    scope = group.scope_logs.add(scope=request.resource_logs[0].scope_logs[0].scope)
    scope.log_records.extend(records_of(request)[:count])
    return short


def start(program, folder, ack):
    flags = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--dedup-window", "0s", "--ack", ack, "--seal-age", "2s"]
    log = open(folder / "log", "w+")
    server = subprocess.Popen([program, "serve", *flags], cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
    for _ in range(500):
        log.seek(0)
        ports = re.search(r"HTTP on (\S+), OTLP/gRPC on (\S+);", log.read())
        if ports:
            return server, ports[1], ports[2]
        time.sleep(0.01)
    raise SystemExit("the server did not start")


def load(url, body, content_type, requests, http1):
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = ["h2load", *(["--h1"] if http1 else []), "-n", str(requests), "-c", str(CLIENTS), "-t", "1"]
        command += ["-d", file.name, "-H", f"content-type: {content_type}", "--log-file", f"{file.name}.log", url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        latencies = sorted(int(line.split("\t")[2]) for line in Path(f"{file.name}.log").read_text().splitlines())
        Path(f"{file.name}.log").unlink()
    if f"{requests} 2xx" not in done.stdout:
        raise SystemExit(done.stdout)
    return latencies[len(latencies) * 99 // 100] / 1000


def run(program, ack, protocol, request):
    records = len(records_of(request))
    requests = max(CLIENTS, RECORDS // records)
    body = request.SerializeToString()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server, http, grpc = start(program, folder, ack)
        started = time.monotonic()
        if protocol == "http":
            p99 = load(f"http://{http}/v1/logs", body, "application/x-protobuf", requests, True)
        else:
            framed = struct.pack(">BI", 0, len(body)) + body
            p99 = load(f"http://{grpc}{EXPORT}", framed, "application/grpc", requests, False)
        seconds = time.monotonic() - started
        load_use = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1]) / 1024
        server.send_signal(signal.SIGTERM)
        server.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (after.ru_utime - load_use.ru_utime) + (after.ru_stime - load_use.ru_stime)
        files = len(list((folder / "data").rglob("*.parquet")))
    sent = requests * records
    return [
        ack, protocol, f"{records:,}", f"{requests / seconds:,.0f}", f"{sent / seconds / 1000:,.0f}",
        f"{sent / cpu / 1000:,.0f}", f"{cpu / sent * 1e6:.2f}", f"{p99:,.0f}", f"{peak:,.0f}", str(files),
    ]  # fmt: skip


HEADINGS = [
    *["ack", "protocol", "records a request", "requests/s", "K records/s", "K records/CPU-s", "CPU-s a million"],
    *["p99 ms", "peak MB", "files"],
]


def main():
    program = Path(sys.argv[1]).resolve()
    capture = Path(sys.argv[2]) if len(sys.argv) > 2 else next(path for path in CAPTURES if path.exists())
    whole = ExportLogsServiceRequest.FromString(capture.read_bytes())
    print(f"{capture.name}, {CLIENTS} connections\n\n| {' | '.join(HEADINGS)} |\n|{' --- |' * len(HEADINGS)}")
    for ack in ("wal", "memory"):  # `stored` waits for the files, and is no figure of speed
        for protocol in ("http", "grpc"):
            for request in (whole, cut(whole, 100)):
                print(f"| {' | '.join(run(program, ack, protocol, request))} |", flush=True)


if __name__ == "__main__":
    main()
