#!/usr/bin/env python3
"""Shows how time, memory and bytes grow with the number of records: linearly, and memory not at all where a
batch is sealed.

  tests/bench/scale.py BATCHES [--most RECORDS] [--signal SIGNAL]... [--svg FILE]

BATCHES is what batches.c compiles to. It takes the requests that tile.py streams, in two ways:

| way       | files are written                                       | up to              |
| --------- | ------------------------------------------------------- | ------------------ |
| sealed    | whenever the batch has 100,000 rows, as a server does   | --most             |
| one batch | at the end                                              | what memory allows |

Memory allows the next step when this one's peak, grown in proportion, is at most half of what is available.
The time is the processor's in the library's calls. Small numbers are run some times, and the median counts.

For each curve the exponent e of records^e is fitted (least squares of the logarithms) over the steps from
100,000 records on, where what a file costs by itself no longer shows, nor that the series of metrics come
again. 1 is linear, 0 constant.
"""

import argparse
import math
import re
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import chart
import inputs
import programs
import report
import tile

RESULT = re.compile(r"rows=(\d+) in=(\d+) out=(\d+) files=(\d+) ms=([\d.]+) peak=(\d+)")
STEPS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)  # thousands of records
SEAL = 100_000
FITTED_FROM = 100_000
# Runs of a step: of a small one a single run says little.
RUNS = ((30_000, 5), (1_000_000, 3))


@dataclass
class Run:
    rows: int
    size_in: int
    size_out: int
    files: int
    milliseconds: float
    peak: int


def feed(process, stream):
    """Writes a stream to a process's standard input. One that has ended says itself why."""
    try:
        for data in stream:
            process.stdin.buffer.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.stdin = None


def convert(batches, tiles, records, flags):
    """One run of `batches` over so many records."""
    process = programs.start([batches, *flags], stdin=programs.subprocess.PIPE)
    feed(process, tiles.stream(records))
    output, complaint = process.communicate()
    found = RESULT.fullmatch(output.strip())
    if process.returncode != 0 or not found:
        raise RuntimeError(complaint.strip() or f"status {process.returncode}")
    numbers = found.groups()
    return Run(*map(int, numbers[:4]), float(numbers[4]), int(numbers[5]))


def step(batches, tiles, records, flags):
    runs = next((count for most, count in RUNS if records < most), 1)
    done = [convert(batches, tiles, records, flags) for _ in range(runs)]
    done[0].milliseconds = statistics.median(run.milliseconds for run in done)
    return done[0]


def available():
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) * 1024


def curve(batches, tiles, numbers, sealed):
    """A run for each number of records, up to what memory allows."""
    runs = []
    for records in numbers:
        if not sealed and runs and runs[-1].peak * records / runs[-1].rows > available() / 2:
            print(f"one batch of {records:,} records: not run, for want of memory", file=sys.stderr)
            break
        try:
            runs.append(step(batches, tiles, records, [SEAL] if sealed else []))
        except RuntimeError as refused:
            print(f"{records:,} records: {refused}", file=sys.stderr)
            break
    return runs


def exponent(runs, value):
    """The e of records^e by least squares, as text; empty from less than three points."""
    points = [(math.log(run.rows), math.log(value(run))) for run in runs if run.rows >= FITTED_FROM]
    if len(points) < 3:
        return ""
    mean_x, mean_y = (statistics.fmean(values) for values in zip(*points))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return f"{slope:.2f}"


# ---- what is shown --------------------------------------------------------------------------------------


@dataclass
class Curve:
    signal: str
    sealed: bool
    runs: list

    @property
    def way(self):
        return f"sealed every {SEAL:,}" if self.sealed else "one batch"

    def exponents(self):
        values = (lambda run: run.milliseconds, lambda run: run.peak, lambda run: run.size_out)
        return [exponent(self.runs, value) for value in values]


def table_of_runs(curves):
    rows = [
        [
            f"{one.signal}, {one.way}",
            f"{run.rows:,}",
            f"{run.size_in / 1e6:,.1f}",
            f"{run.milliseconds:,.1f}",
            f"{run.rows / run.milliseconds:,.0f}",
            f"{run.peak / 1e6:,.1f}",
            f"{run.size_out / 1e6:,.1f}",
            f"{run.size_out / run.rows:,.1f}",
        ]
        for one in curves
        for run in one.runs
    ]
    return report.table(
        ["what", "records", "MB in", "ms", "K rows/s", "peak MB", "MB out", "bytes/row"], rows
    )


def table_of_exponents(curves):
    rows = [[f"{one.signal}, {one.way}", *one.exponents()] for one in curves]
    return report.table(["records to the power of", "time", "memory", "bytes"], rows)


def drawing(curves):
    def series(value):
        colours = {signal: number for number, signal in enumerate(inputs.SIGNALS)}
        return [
            chart.Series(
                f"{one.signal}, {one.way}",
                [(run.rows, value(run)) for run in one.runs],
                colours[one.signal],
                one.sealed,
            )
            for one in curves
            if one.runs
        ]

    return chart.lines(
        "Time, memory and bytes by number of records",
        [
            chart.Panel("seconds, by records", series(lambda run: run.milliseconds / 1e3)),
            chart.Panel("peak memory in bytes", series(lambda run: run.peak)),
            chart.Panel("bytes of the files", series(lambda run: run.size_out)),
        ],
    )


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Shows how time, memory and bytes grow with the number of records."
    )
    parser.add_argument("batches")
    parser.add_argument("--most", type=int, default=STEPS[-1] * 1000, metavar="RECORDS")
    parser.add_argument("--signal", action="append", choices=inputs.SIGNALS, dest="signals")
    parser.add_argument("--svg", type=Path, default=inputs.FOLDER / "scale.svg", metavar="FILE")
    parser.add_argument("--write", action="store_true", help="the chart goes to tests/bench/scale.svg")
    parser.add_argument("--inputs", type=Path, default=inputs.FOLDER, metavar="FOLDER")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    numbers = [1000 * number for number in STEPS if 1000 * number <= arguments.most]
    curves = []
    for signal in arguments.signals or inputs.SIGNALS:
        tiles = tile.Tiles(signal, arguments.inputs)
        for sealed in (True, False):
            runs = curve(arguments.batches, tiles, numbers, sealed)
            curves.append(Curve(signal, sealed, runs))
            print(table_of_runs(curves[-1:]), end="\n\n", flush=True)
    if not all(one.runs for one in curves):
        sys.exit("no step could be run")
    print(table_of_exponents(curves))
    target = inputs.HERE / "scale.svg" if arguments.write else arguments.svg
    target.write_text(drawing(curves))
    print(f"\nThe chart is in {target}")


if __name__ == "__main__":
    main()
