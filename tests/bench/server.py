#!/usr/bin/env python3
"""Measures servers: records per CPU-second from request to stored Parquet, latency, memory, files.

  tests/bench/server.py PROGRAM [--rust PROGRAM] [--collector PROGRAM] [--write] [--rounds N] [--records N]
                        [--request FILE.pb] [--match TEXT]

A captured request of logs is sent again and again, whole and as its first 100 records, over HTTP/1.1,
HTTP/2 (prior knowledge) and gRPC, for each mode of acknowledgement, to this server and to others (servers.py).
One server runs at a time, with its files and its log in build/bench. The rounds alternate between all of
them; the median of the rounds is shown, of memory the most, of files the worst.

CPU-seconds are the server's alone, from its start to its end, when everything is written; this is held to what
was acknowledged. They vary least on a machine with other work. What its batches take this server tells at
every look at its memory. What it holds at its peak beyond the most that they took is beside the batches:
bodies of requests, connections, writing the files, and what malloc has not given back.

The last table has what is to be reached, with "pass" or "miss". With --write all of it goes into the
README.md of shims/server.
"""

import argparse
import gzip
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

import inputs
import report
from load import Load, cut, grown, send
from servers import HTTP1, Collector, Failed, Otlp2parquet, Rust, Secured

REQUESTS = [inputs.CAPTURES / "logs_large.pb", inputs.SAMPLES / "telemetrygen_logs.pb"]
README = inputs.ROOT / "shims" / "server" / "README.md"
FEW = 100  # records of a small request
RECORDS = 1_000_000  # a run
LARGE = 4_000_000  # bytes of a large request
IDLE = 1_000  # connections

# What is to be reached.
RECORDS_A_CPU_SECOND = 1_000_000  # with the log
BESIDE_BATCHES = 64_000_000  # bytes


@dataclass
class Run:
    answers: object
    cpu: float
    peak: int
    batches: int  # None: it does not tell
    files: int
    seals: int  # None: it does not tell


@dataclass
class Line:
    """A server with a load, and what the rounds came to."""

    server: type
    program: Path
    ack: str
    protocol: str
    load: Load
    what: str = ""
    runs: list = field(default_factory=list)

    def __str__(self):
        return f"{self.server.name} {self.ack} {self.protocol} {self.load.size} {self.what}".strip()

    def median(self, value):
        return statistics.median(map(value, self.runs))

    def most(self, value):
        return max((value(run) for run in self.runs if value(run) is not None), default=None)

    @property
    def records_a_cpu_second(self):
        return self.load.records / self.median(lambda run: run.cpu)

    @property
    def beside(self):
        """Memory beside the batches: of the peak that which is beyond the most that they took."""
        return self.most(lambda run: run.peak - run.batches if run.batches is not None else None)

    @property
    def most_files(self):
        """The files of the round that had most beyond hours x tables a seal, and what these come to."""
        allowed = [run.seals * self.load.hours() if run.seals is not None else None for run in self.runs]
        worst = max(zip(self.runs, allowed), key=lambda pair: pair[0].files - (pair[1] or 0))
        return worst[0].files, worst[1]


# ---- measuring ------------------------------------------------------------------------------------------


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def certificate(folder):
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench"
    command += " -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*command.split(), *map(str, files)], capture_output=True, check=True)


def measure(line):
    with tempfile.TemporaryDirectory(dir=inputs.FOLDER) as name:
        folder = Path(name) / "server"
        folder.mkdir()
        if line.server is Secured:
            certificate(Path(name))
        server = line.server(line.program, folder, line.ack, line.load.seal_age)
        try:
            answers = send(line.load, server, line.protocol)
            before = cpu_of_children()  # of those that have ended: the load, and not the server
            server.stop(line.load.records)
        finally:
            server.kill()
        cpu = cpu_of_children() - before
        return Run(answers, cpu, server.peak, server.batches, server.files, server.seals())


# ---- what is measured -----------------------------------------------------------------------------------


def load_of(request, ack, records):
    """Whoever waits for the files sends little in that time: more connections then, and younger batches."""
    return Load(request, records // 4, 32, seal_age=0.1) if ack == "stored" else Load(request, records)


def lines_beside(programs, whole, records):
    requests = (whole, cut(whole, FEW))
    return [
        Line(server, program, ack, protocol, load_of(request, ack, records))
        for server, program in programs
        for ack in server.acks
        for protocol in server.protocols
        for request in requests
    ]


def lines_of_memory(program, whole, records):
    """This server alone with other loads, each with the log and over HTTP/1.1."""
    packed = {"header": {"content-encoding": "gzip"}, "pack": gzip.compress}
    loads = [
        ("requests of 4 MB", Otlp2parquet, Load(grown(whole, LARGE), records)),
        ("gzip", Otlp2parquet, Load(whole, records, **packed)),
        ("TLS", Secured, Load(whole, records)),
        ("1,000 idle connections", Otlp2parquet, Load(whole, records, idle=IDLE)),
    ]
    new = inputs.batched_request("logs", inputs.FOLDER)
    values = cut(ExportLogsServiceRequest.FromString(new.read_bytes()), 3495)
    loads.append(("nearly all values new", Otlp2parquet, Load(values, records)))
    return [Line(server, program, "wal", HTTP1, load, what) for what, server, load in loads]


# ---- telling --------------------------------------------------------------------------------------------

NUMBERS = [
    *["requests/s", "K records/s", "K records/CPU-s", "CPU-s a million", "p99 ms"],
    *["peak MB", "batches MB", "beside MB", "files", "hours x tables x seals"],
]


def megabytes(size):
    return f"{size / 1e6:.0f}" if size is not None else ""


def numbers(line):
    seconds = line.median(lambda run: run.answers.seconds)
    files, allowed = line.most_files
    return [
        f"{line.load.requests / seconds:,.0f}",
        f"{line.load.records / seconds / 1000:,.0f}",
        f"{line.records_a_cpu_second / 1000:,.0f}",
        f"{1e6 / line.records_a_cpu_second:.2f}",
        f"{line.median(lambda run: run.answers.p99_ms):,.0f}",
        megabytes(line.most(lambda run: run.peak)),
        megabytes(line.most(lambda run: run.batches)),
        megabytes(line.beside),
        f"{files:,}" if line.server is not Collector else "",
        f"{allowed:,}" if allowed is not None else "",
    ]


def table_beside(lines):
    heading = ["server", "ack", "protocol", "records a request", *NUMBERS]
    rows = [[x.server.name, x.ack, x.protocol, f"{x.load.size:,}", *numbers(x)] for x in lines]
    return report.table(heading, rows)


def table_of_memory(lines):
    rows = [[x.what, f"{x.load.size:,}", *numbers(x)] for x in lines]
    return report.table([f"otlp2parquet, wal, {HTTP1}", "records a request", *NUMBERS], rows)


def verdict(reached):
    return "pass" if reached else "miss"


def goals(lines, others):
    """What is to be reached, line by line, each by the worst of what was measured."""
    own = [line for line in lines if line.server is Otlp2parquet]
    for size in sorted({line.load.size for line in own}, reverse=True):
        least = min(x.records_a_cpu_second for x in own if x.ack == "wal" and x.load.size == size)
        yield [
            f"records a CPU-second, wal, {size:,} a request, least of the protocols",
            f"at least {RECORDS_A_CPU_SECOND:,}",
            f"{least:,.0f}",
            verdict(least >= RECORDS_A_CPU_SECOND),
        ]
    beside = max(line.beside for line in [*own, *others])
    yield [
        "MB beside the batches, most of all",
        f"under {megabytes(BESIDE_BATCHES)}",
        megabytes(beside),
        verdict(beside < BESIDE_BATCHES),
    ]
    files = [line.most_files for line in [*own, *others]]
    more = max(written - allowed for written, allowed in files)
    yield [
        "files beyond hours x tables x seals, most of all",
        "none",
        f"{max(0, more)}",
        verdict(more <= 0),
    ]


def comparisons(lines):
    """How many times the records of the others a CPU-second carries here, protocol by protocol."""
    own = {(x.ack, x.protocol, x.load.size): x for x in lines if x.server is Otlp2parquet}
    for other in (x for x in lines if x.server is not Otlp2parquet):
        ratios = [
            own[ack, other.protocol, other.load.size].records_a_cpu_second / other.records_a_cpu_second
            for ack in ("wal", "memory")
        ]
        label = f"times the {other.server.name}'s, {other.protocol}, {other.load.size:,} a request"
        yield [label, "", f"{ratios[0]:.1f} wal, {ratios[1]:.1f} memory", ""]


def told(lines, others, complete):
    if lines:
        yield table_beside(lines)
    if others:
        yield table_of_memory(others)
    if complete:
        rows = [*goals(lines, others), *comparisons(lines)]
        yield report.table(["to reach", "bound", "measured", ""], rows)


def heading(arguments, file, present):
    about = f"{file.name}, 8 connections (stored: 32), {arguments.rounds} rounds; {report.machine()}."
    absent = [server.name for server in (Rust, Collector) if server not in present]
    return about + "".join(f" Not measured: {name}." for name in absent)


def matching(lines, text):
    return [line for line in lines if text in str(line)]


def parse_arguments():
    parser = argparse.ArgumentParser(description="servers beside each other")
    parser.add_argument("program", type=Path)
    parser.add_argument("--rust", type=Path, help="the Rust server otlp2parquet")
    parser.add_argument("--collector", type=Path, help="a Collector with a batch processor and a debug exporter")
    parser.add_argument("--write", action="store_true", help="also into the README.md of shims/server")
    parser.add_argument("--readme", type=Path, default=README, help="into this one instead")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=RECORDS, help="sent in a run")
    parser.add_argument("--request", type=Path, help="of logs, in protobuf")
    parser.add_argument("--match", default="", help="only lines with this: server, ack, protocol, load")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    inputs.FOLDER.mkdir(parents=True, exist_ok=True)
    file = arguments.request or next(path for path in REQUESTS if path.exists())
    whole = ExportLogsServiceRequest.FromString(file.read_bytes())
    programs = [(Otlp2parquet, arguments.program), (Rust, arguments.rust), (Collector, arguments.collector)]
    present = [(server, program) for server, program in programs if program and program.exists()]
    lines = matching(lines_beside(present, whole, arguments.records), arguments.match)
    others = matching(lines_of_memory(arguments.program, whole, arguments.records), arguments.match)
    for number in range(arguments.rounds):
        for at, line in enumerate([*lines, *others], 1):
            print(f"round {number + 1}, {at}: {line}", file=sys.stderr, flush=True)
            line.runs.append(measure(line))
    text = "\n\n".join([heading(arguments, file, dict(present)), *told(lines, others, not arguments.match)])
    print(text)
    if arguments.write:
        report.write_between_marks(arguments.readme, text)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
