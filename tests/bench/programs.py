"""Runs a program that has the command line of `otlp2parquet bench`, on one core, and reads what it prints."""

import os
import re
import statistics
import subprocess
import time
from pathlib import Path

RESULT = re.compile(r"rows=(\d+) in=(\d+) out=(\d+) min=([\d.]+)ms med=([\d.]+)ms")


def pin():
    """The last core: the first one serves most of what else a machine does."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def start(command, **options):
    pipe = subprocess.PIPE
    return subprocess.Popen(
        list(map(str, command)), stdout=pipe, stderr=pipe, text=True, preexec_fn=pin, **options
    )


class Refused(Exception):
    """A program ended with an error, or printed no result. All of them end with 2 when they do not know a
    flag or its value."""

    def __init__(self, process, said):
        super().__init__(f"{' '.join(process.args)}: status {process.returncode}: {said}")
        self.unknown_flag = process.returncode == 2


def finish(process):
    output, complaint = process.communicate()
    found = RESULT.search(output)
    if process.returncode != 0 or not found:
        raise Refused(process, (complaint or output).strip().split("\n")[0])
    return found


def peak_memory(process):
    """The most a running process has held, in bytes, watched until it ends. (What wait4 tells would include
    this Python, of which the process is a fork.)"""
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        peak = int(found[1]) * 1024 if found else peak
        time.sleep(0.001)
    return peak


class Measured:
    """What the runs of one program over one input come to."""

    def __init__(self, program, arguments, source):
        self.source = source
        self.once = [
            program,
            *arguments,
            "--signal",
            source.signal,
            "--encoding",
            source.encoding,
            "--repeat",
        ]
        self.medians, self.least = [], float("inf")
        self.rows = self.size_in = self.size_out = self.peak = 0

    def run(self, repeat):
        found = finish(start([*self.once, repeat, self.source.file]))
        self.rows, self.size_in, self.size_out = (int(text) for text in found.groups()[:3])
        return float(found[4]), float(found[5])

    def round(self, repeat):
        least, median = self.run(repeat)
        self.least = max(min(self.least, least), 0.001)
        self.medians.append(max(median, 0.001))

    @property
    def median(self):
        return statistics.median(self.medians)

    def watch_memory(self):
        """Of a process that converts for a tenth of a second: long enough to be seen at its peak."""
        process = start([*self.once, 1 + int(100 / self.median), self.source.file])
        self.peak = peak_memory(process)
        finish(process)
