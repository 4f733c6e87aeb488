"""What `make bench-server` sends; h2load (of nghttp2) sends it, and tells how long each answer took."""

import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from servers import GRPC, HTTP1, Failed

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
HOUR_NS = 3600 * 10**9


def records_of(request):
    scopes = [scope for group in request.resource_logs for scope in group.scope_logs]
    return [record for scope in scopes for record in scope.log_records]


def cut(request, count):
    """The first records of a request, with its first resource and scope."""
    short = ExportLogsServiceRequest()
    group = short.resource_logs.add(resource=request.resource_logs[0].resource)
    scope = group.scope_logs.add(scope=request.resource_logs[0].scope_logs[0].scope)
    scope.log_records.extend(records_of(request)[:count])
    return short


def grown(request, size):
    """A request of about so many bytes: the same over and over."""
    large = ExportLogsServiceRequest()
    for _ in range(max(1, round(size / request.ByteSize()))):
        large.MergeFrom(request)
    return large


@dataclass
class Load:
    """A request, sent until so many records have come, by so many connections at a time."""

    request: ExportLogsServiceRequest
    records: int
    connections: int = 8
    idle: int = 0  # more connections, which do nothing
    seal_age: float = 2  # seconds
    header: dict = field(default_factory=dict)
    pack: callable = bytes  # compresses a body

    def __post_init__(self):
        self.size = len(records_of(self.request))
        self.requests = max(self.connections, self.records // self.size)
        self.records = self.requests * self.size

    def hours(self):
        """How many hours its records are of."""
        records = records_of(self.request)
        return len({(one.time_unix_nano or one.observed_time_unix_nano) // HOUR_NS for one in records})


@dataclass
class Answers:
    seconds: float
    p99_ms: float


def command_of(load, server, protocol, body, log):
    path = EXPORT if protocol == GRPC else "/v1/logs"
    header = {"content-type": "application/x-protobuf", **load.header}
    if protocol == GRPC:
        header = {"content-type": "application/grpc", "te": "trailers"}
    command = ["h2load", *(["--h1"] if protocol == HTTP1 else []), "-t", "1"]
    command += ["-n", str(load.requests), "-c", str(load.connections), "-d", body, "--log-file", log]
    for name, value in header.items():
        command += ["-H", f"{name}: {value}"]
    return [*command, f"{server.scheme}://{server.addresses[protocol]}{path}"]


def send(load, server, protocol):
    """Sends all of it. Some versions of h2load print no p99: it is of the times in its log."""
    body = load.pack(load.request.SerializeToString())
    if protocol == GRPC:
        body = struct.pack(">BI", 0, len(body)) + body
    host, port = server.addresses[protocol].split(":")
    idle = [socket.create_connection((host, port)) for _ in range(load.idle)]
    with tempfile.TemporaryDirectory() as name:
        file, log = Path(name) / "body", Path(name) / "log"
        file.write_bytes(body)
        started = time.monotonic()
        command = command_of(load, server, protocol, file, log)
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        if f"{load.requests} 2xx" not in done.stdout:
            raise Failed(f"{server.name}, {protocol}: not all requests were answered well:\n{done.stdout}")
        times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    for one in idle:
        one.close()
    return Answers(seconds, times[len(times) * 99 // 100] / 1000)
