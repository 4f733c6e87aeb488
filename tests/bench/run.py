#!/usr/bin/env python3
"""Measures otlp2parquet beside another program with the same command line, and prints Markdown tables.

  tests/bench/run.py PROGRAM [REFERENCE] [--rounds N] [--repeat N] [--file FILE] [--inputs FOLDER]

Both turn an OTLP request in memory, in protobuf or JSON, into Snappy Parquet in memory, inside one process,
some times a run, on one core, and print `rows=R in=B out=B min=X.XXms med=X.XXms`. Runs alternate between the
programs, so that what else the machine does meets both alike. Of the rounds the median of the medians is
shown, with the least and the most of them, and the ratio of the programs' least times of all.

The first table has the inputs (inputs.py says which), the second what is to be reached, each line with "pass"
or "miss". README.md beside this file says how each number is meant.

The two programs do not do the same work: the reference writes attributes as JSON text, keeps microseconds,
and drops what its tables have no column for (summaries among it).
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import inputs

RESULT = re.compile(r"rows=(\d+) in=(\d+) out=(\d+) min=([\d.]+)ms med=([\d.]+)ms")
# A run takes about so long with the slower program, within these numbers of conversions.
RUN_MILLISECONDS, FEWEST, MOST = 300, 3, 20

# What is to be reached: input, at least so many times as fast, and the aim.
SPEED = (
    ("logs_large.pb", 12, 15),
    ("traces_large.pb", 8, 12),
    ("metrics_gauge.pb", 8, 12),
    ("metrics_sum.pb", 8, 12),
    ("metrics_histogram.pb", 8, 12),
    ("batched_logs.pb", 4, 5),
    ("batched_traces.pb", 4, 5),
    ("batched_metrics.pb", 4, 5),
    ("batched_logs.json", 8, 12),
    ("batched_traces.json", 8, 12),
    ("batched_metrics.json", 8, 12),
)
# Beyond the program and the input, as a share of 1.5 times the input and once the output.
MEMORY = 1
# What the files are, the flags of this program and of the reference, at most so much of the reference's
# bytes, and the aim. The reference always writes ids as binary.
SIZES = (
    ("Snappy, ids binary", ["--codec=snappy", "--ids=binary"], ["--codec", "snappy"], 1, 0.8),
    ("zstd-3, ids binary", ["--codec=zstd", "--ids=binary"], ["--codec", "zstd"], 0.95, 0.75),
)


# ---- running a program ----------------------------------------------------------------------------------


def pin():
    """The last core: the first one serves most of what else a machine does."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def start(command):
    pipe = subprocess.PIPE
    return subprocess.Popen(list(map(str, command)), stdout=pipe, stderr=pipe, text=True, preexec_fn=pin)


class Refused(Exception):
    """A program ended with an error, or printed no result. Both programs end with 2 when they do not know a
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


def measure(programs, source, arguments):
    """What each program comes to, the rounds alternating. A reference that refuses the input is left out."""
    results = [Measured(program, words, source) for program, words in programs]
    pilots = [results[0].run(1)[1]]
    try:
        pilots += [result.run(1)[1] for result in results[1:]]
    except Refused as refused:
        print(f"left out: {refused}", file=sys.stderr)
        results = results[:1]
    repeat = arguments.repeat or max(FEWEST, min(MOST, int(RUN_MILLISECONDS / max(*pilots, 1))))
    for _ in range(arguments.rounds):
        for result in results:
            result.round(repeat)
    for result in results:
        result.watch_memory()
    return results


def memory_of_nothing(program, folder):
    """What a process holds that converts an empty request: the program itself and its libraries."""
    empty = folder / "empty_logs.pb"
    empty.write_bytes(b"")
    nothing = Measured(program, ["bench"], inputs.Input("named", "logs", empty))
    nothing.medians.append(0.001)
    nothing.watch_memory()
    return nothing.peak


# ---- the table of inputs --------------------------------------------------------------------------------


@dataclass
class Line:
    """An input and what the programs made of it; without a reference, or where it refuses, other is None."""

    source: inputs.Input
    own: Measured
    other: Measured
    idle: int  # the memory of this program without an input

    @property
    def name(self):
        return self.source.file.name

    @property
    def ratio(self):
        return self.other.median / self.own.median

    @property
    def ratio_of_least(self):
        return self.other.least / self.own.least

    @property
    def memory_share(self):
        beyond = self.own.peak - self.idle - self.own.size_in
        return max(beyond, 0) / (1.5 * self.own.size_in + self.own.size_out)


def table(heading, rows):
    rule = ["---"] + ["---:"] * (len(heading) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heading, rule, *rows))


def describe(result):
    seconds = result.median / 1e3
    return [
        f"{result.median:.2f} ({min(result.medians):.2f}-{max(result.medians):.2f})",
        f"{result.size_in / seconds / 1e6:,.0f}",
        f"{result.rows / seconds / 1e3:,.0f}",
        f"{result.size_out / max(result.rows, 1):,.1f}",
        f"{result.peak / 1e6:.1f}",
    ]


DESCRIBED = ["ms (least-most)", "MB/s", "K rows/s", "bytes/row", "peak MB"]


def heading(with_reference):
    cells = ["input", "rows", "MB", *DESCRIBED, "memory share"]
    return cells + (["times as fast", "by least", *(f"ref. {name}" for name in DESCRIBED)] * with_reference)


def ratios(line):
    """The ratio of the medians, with the least and most of a round's, and the ratio of the least times."""
    rounds = [other / own for own, other in zip(line.own.medians, line.other.medians)]
    return [f"{line.ratio:.1f}x ({min(rounds):.1f}-{max(rounds):.1f})", f"{line.ratio_of_least:.1f}x"]


def row(line, with_reference):
    own = line.own
    cells = [
        line.name,
        f"{own.rows:,}",
        f"{own.size_in / 1e6:.2f}",
        *describe(own),
        f"{line.memory_share:.2f}",
    ]
    if line.other:
        return cells + ratios(line) + describe(line.other)
    return cells + ["refused"] * with_reference


# ---- the table of what is to be reached -----------------------------------------------------------------


def verdict(value, bound, aim, at_most=False):
    def reached(limit):
        return value <= limit if at_most else value >= limit

    return "miss" if not reached(bound) else "pass, and the aim" if aim and reached(aim) else "pass"


def unmeasured(what, bound, aim, why):
    return [what, "", "", bound, aim, f"miss: {why}"]


def speed_goals(lines):
    by_name = {line.name: line for line in lines}
    for name, bound, aim in SPEED:
        line, what = by_name.get(name), f"times as fast: {name}"
        if line and line.other:
            measured = [f"{line.ratio:.1f}x", f"{line.ratio_of_least:.1f}x"]
            yield [what, *measured, f"{bound}x", f"{aim}x", verdict(line.ratio, bound, aim)]
        else:
            yield unmeasured(what, f"{bound}x", f"{aim}x", "no input" if not line else "no reference")
    for encoding in ("protobuf", "json"):
        all_lines = [line for line in lines if line.other and line.source.encoding == encoding]
        if all_lines:
            worst = min(all_lines, key=lambda line: line.ratio)
            what = f"ahead with every {encoding} input ({len(all_lines)}); least: {worst.name}"
            measured = [f"{worst.ratio:.1f}x", f"{worst.ratio_of_least:.1f}x"]
            yield [what, *measured, "1x", "", verdict(worst.ratio, 1, None)]


def memory_goal(lines):
    worst = max(lines, key=lambda line: line.memory_share)
    what = f"memory share; most: {worst.name}"
    share = worst.memory_share
    return [what, f"{share:.2f}", "", f"at most {MEMORY}", "", verdict(share, MEMORY, None, at_most=True)]


def size_goal(programs, lines, goal):
    """The most that our files are of the reference's, over the large inputs. JSON gives the same files."""
    what, own_flags, other_flags, bound, aim = goal
    what, limits = f"file bytes of the reference's, {what}", (f"at most {bound}x", f"{aim}x")
    (program, words), (reference, _) = programs
    found = []
    for line in lines:
        own = Measured(program, [*words, *own_flags], line.source)
        other = Measured(reference, other_flags, line.source)
        try:
            own.run(1)
        except Refused as refused:
            if refused.unknown_flag:
                return unmeasured(what, *limits, f"no `{' '.join(own_flags)}` in this program")
            raise
        other.run(1)
        found.append((own.size_out / other.size_out, line.name))
    most, name = max(found)
    return [f"{what}; most: {name}", f"{most:.2f}x", "", *limits, verdict(most, bound, aim, at_most=True)]


def default_size(lines):
    """The same of the files that were measured for speed. No bound holds for them."""
    most, name = max((line.own.size_out / line.other.size_out, line.name) for line in lines)
    return [f"file bytes of the reference's, by default; most: {name}", f"{most:.2f}x", "", "", "", ""]


def size_goals(programs, lines):
    large = [
        line
        for line in lines
        if line.other and line.source.kind != "sample" and line.source.encoding == "protobuf"
    ]
    if large:
        yield default_size(large)
        for goal in SIZES:
            yield size_goal(programs, large, goal)


def to_reach(programs, lines):
    large = [line for line in lines if line.source.kind != "sample"]
    rows = [*speed_goals(lines), memory_goal(large), *size_goals(programs, lines)]
    return table(["to reach", "measured", "by least", "at least", "aim", "result"], rows)


# ---- all of it ------------------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Measures otlp2parquet, beside a reference when one is given."
    )
    parser.add_argument("program")
    parser.add_argument("reference", nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, help="conversions a run, instead of as many as fit into 0.3 s")
    parser.add_argument("--file", action="append", type=Path, dest="files", help="instead of all there are")
    parser.add_argument("--inputs", type=Path, default=inputs.ROOT / "build" / "bench", metavar="FOLDER")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    programs = [(arguments.program, ["bench"])]
    if arguments.reference:
        programs.append((arguments.reference, []))
    else:
        print("no cargo and no REFERENCE: otlp2parquet alone is measured\n")
    if not inputs.CAPTURES.exists() and not arguments.files:
        print("../shared/data is absent: the large captures are left out\n")
    if arguments.files:
        chosen = inputs.named(arguments.files, arguments.inputs)
    else:
        chosen = inputs.every(arguments.inputs)
    idle = memory_of_nothing(arguments.program, arguments.inputs)
    print(f"One core, {arguments.rounds} alternating rounds, Snappy, one file a table.\n")
    print(table(heading(bool(arguments.reference)), []), flush=True)
    lines = []
    for source in chosen:
        results = measure(programs, source, arguments)
        lines.append(Line(source, results[0], results[1] if len(results) > 1 else None, idle))
        print("| " + " | ".join(row(lines[-1], bool(arguments.reference))) + " |", flush=True)
    if not arguments.files:
        print("\n" + to_reach(programs, lines))


if __name__ == "__main__":
    try:
        main()
    except Refused as failure:
        sys.exit(str(failure))
