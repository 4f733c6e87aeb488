#!/usr/bin/env python3
"""Measures otlp2parquet beside another program with the same command line, and prints Markdown tables.

  tests/bench/run.py PROGRAM [REFERENCE] [--rounds N] [--repeat N] [--file FILE]

Both turn OTLP protobuf in memory into Snappy Parquet in memory, inside one process, --repeat times a run,
on one core, and print `rows=R in=B out=B min=X.XXms med=X.XXms`. Runs alternate between the programs, so
that what else the machine does meets both alike; of the rounds the median of the medians is shown, and the
least time of all. Memory is the peak of a whole process, the program and the input included.

The two do not do the same work: the reference writes attributes as JSON text, keeps microseconds, and drops
what its tables have no column for (summaries among it).

Without --file: the large captures beside the checkout where they are there, and the project's own samples.
A file of delimited requests (.pbs) is measured as one request: joined, the requests are a request by
protobuf's own rules.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = re.compile(r"rows=(\d+) in=(\d+) out=(\d+) min=([\d.]+)ms med=([\d.]+)ms")
SIGNALS = ("logs", "traces", "metrics")


def signal_of(file):
    """By the file's name: captures are named after what they carry."""
    return next((signal for signal in SIGNALS if signal in file.stem), None)


def default_files():
    captures = sorted((ROOT.parent / "shared" / "data").glob("*.pb"))
    if not captures:
        print("../shared/data is absent: the large captures are left out", file=sys.stderr)
    samples = sorted((ROOT / "examples" / "telemetry").glob("*.pb*"))
    return captures + samples


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def joined(file, folder):
    """A file of one request: the file itself, or its delimited requests one behind the other."""
    if file.suffix != ".pbs":
        return file
    data = file.read_bytes()
    at, out = 0, bytearray()
    while at < len(data):
        size, at = varint(data, at)
        out += data[at : at + size]
        at += size
    target = Path(folder) / f"{file.stem}.pb"
    target.write_bytes(out)
    return target


def pin():
    """The last core: the first one serves most of what else a machine does."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def start(command):
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, preexec_fn=pin)


def finish(process):
    output, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(process.args)}: ended with {process.returncode}")
    return output


def peak_memory(process):
    """The most a running process has held, in bytes, watched until it ends. (What wait4 tells would include this
    Python, of which the process is a fork.)"""
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        peak = int(found[1]) * 1024 if found else peak
        time.sleep(0.001)
    return peak


class Measured:
    """What the runs of one program over one file came to."""

    def __init__(self, program, arguments, file, signal):
        self.once = [program, *arguments, "--signal", signal, "--repeat"]
        self.file = str(file)
        self.medians, self.least = [], float("inf")
        self.rows = self.size_in = self.size_out = 0

    def round(self, repeat):
        output = finish(start([*self.once, repeat, self.file]))
        found = RESULT.search(output)
        if not found:
            sys.exit(f"{self.once[0]} printed no result but: {output}")
        self.rows, self.size_in, self.size_out = (int(text) for text in found.groups()[:3])
        self.least = min(self.least, float(found[4]))
        self.medians.append(float(found[5]))

    @property
    def median(self):
        return max(statistics.median(self.medians), 0.001)

    def memory(self):
        """Of a process that converts for a tenth of a second: long enough to be seen at its peak."""
        process = start([*self.once, 1 + int(100 / self.median), self.file])
        peak = peak_memory(process)
        finish(process)
        return peak


def measure(programs, file, signal, arguments):
    results = [Measured(program, words, file, signal) for program, words in programs]
    for _ in range(arguments.rounds):
        for result in results:
            result.round(arguments.repeat)
    return results


def row(name, own, other):
    seconds = own.median / 1e3
    cells = [
        name,
        f"{own.rows:,}",
        f"{own.median:.2f}",
        f"{own.least:.2f}",
        f"{own.size_in / seconds / 1e6:,.0f}",
        f"{own.rows / seconds / 1e6:.2f}",
        f"{own.size_out:,}",
        f"{own.memory() / 1e6:.1f}",
    ]
    if other:
        cells += [
            f"{other.median:.2f}",
            f"{other.least:.2f}",
            f"{other.size_out:,}",
            f"{other.memory() / 1e6:.1f}",
            f"{other.median / own.median:.1f}x",
            f"{other.least / max(own.least, 0.001):.1f}x",
        ]
    return "| " + " | ".join(cells) + " |"


def heading(with_reference):
    cells = ["file", "rows", "median ms", "least ms", "MB/s", "M rows/s", "bytes out", "peak MB"]
    if with_reference:
        cells += [
            "ref. median ms",
            "ref. least ms",
            "ref. bytes out",
            "ref. peak MB",
            "by median",
            "by least",
        ]
    rule = ["---"] + ["---:"] * (len(cells) - 1)
    return "| " + " | ".join(cells) + " |\n| " + " | ".join(rule) + " |"


def main():
    parser = argparse.ArgumentParser(
        description="Measures otlp2parquet, beside a reference when one is given."
    )
    parser.add_argument("program")
    parser.add_argument("reference", nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--file", action="append", type=Path, dest="files", help="instead of all there are")
    arguments = parser.parse_args()

    programs = [(arguments.program, ["bench"])]
    if arguments.reference:
        programs.append((arguments.reference, []))
    else:
        print("no cargo and no REFERENCE: otlp2parquet alone is measured\n")
    print(f"one core, {arguments.rounds} alternating rounds of {arguments.repeat} conversions, Snappy\n")
    print(heading(bool(arguments.reference)))
    with tempfile.TemporaryDirectory() as folder:
        for file in arguments.files or default_files():
            signal = signal_of(file)
            if signal is None:
                print(f"{file.name}: its name tells no signal: left out", file=sys.stderr)
                continue
            results = measure(programs, joined(file, folder), signal, arguments)
            print(row(file.name, results[0], results[1] if len(results) > 1 else None), flush=True)


if __name__ == "__main__":
    main()
