#!/usr/bin/env python3
"""Measures otlp2parquet beside other programs with the same command line, and prints Markdown tables.

  tests/bench/run.py PROGRAM [REFERENCE [WITH_MIMALLOC]] [--write] [--rounds N] [--repeat N] [--file FILE]...

All turn an OTLP request in memory, in protobuf or JSON, into Snappy Parquet in memory, inside one process,
some times a run, on one core, and print `rows=R in=B out=B min=X.XXms med=X.XXms`. Runs alternate between the
programs, so that what else the machine does meets all alike. Of the rounds the median of the medians is
shown, with the least and the most of them, and the ratio of the programs' least times of all.

The first table has the inputs (inputs.py says which), the second what is to be reached, each line with "pass"
or "miss". README.md beside this file says how each number is meant. With --write a shorter table also goes
into the README.md of the project, and its ratios as a chart into results.svg.

The programs do not do the same work: the reference writes attributes, events and links as JSON text, and drops
what its tables have no column for (summaries among it).
"""

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import chart
import inputs
import instructions
import report
from programs import Measured, Refused, finish, peak_memory, start
from report import table

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
BY_DEFAULT = "by default"
# What the files are, the flags of this program and of the reference, at most so much of the reference's
# bytes, and the aim. The reference always writes ids as binary.
SIZES = (
    ("Snappy, ids binary", ["--codec=snappy", "--ids=binary"], ["--codec", "snappy"], 1, 0.8),
    ("zstd-3, ids binary", ["--codec=zstd", "--ids=binary"], ["--codec", "zstd"], 0.95, 0.75),
)


# ---- measuring ------------------------------------------------------------------------------------------


def measure(programs, source, arguments):
    """What each program comes to, the rounds alternating. Where the reference refuses the input, it is left
    out, in both builds."""
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
    """An input and what the programs made of it; without a reference, or where it refuses, others is empty."""

    source: inputs.Input
    own: Measured
    others: list  # the reference, and it with mimalloc if given
    idle: int  # the memory of this program without an input
    instructions: int  # of a conversion; 0: not counted
    sizes: dict = field(default_factory=dict)  # what the files are: bytes of the reference's, or why not

    @property
    def name(self):
        return self.source.file.name

    @property
    def large(self):
        return self.source.kind != "sample"

    @property
    def ratio(self):
        return self.others[0].median / self.own.median

    @property
    def ratio_of_least(self):
        return self.others[0].least / self.own.least

    @property
    def ratio_to_mimalloc(self):
        return self.others[1].median / self.own.median if len(self.others) > 1 else 0

    @property
    def memory_share(self):
        beyond = self.own.peak - self.idle - self.own.size_in
        return max(beyond, 0) / (1.5 * self.own.size_in + self.own.size_out)


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
RATIOS = ["times as fast", "by least", "against it with mimalloc"]


def heading(with_reference):
    cells = ["input", "rows", "MB", *DESCRIBED, "memory share", "M instructions"]
    return cells + [*RATIOS, *(f"ref. {name}" for name in DESCRIBED)] * with_reference


def ratios(line):
    """The ratio of the medians, with the least and most of a round's, the ratio of the least times, and the
    ratio of the medians to the reference with mimalloc."""
    rounds = [other / own for own, other in zip(line.own.medians, line.others[0].medians)]
    return [
        f"{line.ratio:.1f}x ({min(rounds):.1f}-{max(rounds):.1f})",
        f"{line.ratio_of_least:.1f}x",
        f"{line.ratio_to_mimalloc:.1f}x" if line.ratio_to_mimalloc else "",
    ]


def row(line, with_reference):
    own = line.own
    cells = [
        line.name,
        f"{own.rows:,}",
        f"{own.size_in / 1e6:.2f}",
        *describe(own),
        f"{line.memory_share:.2f}",
        f"{line.instructions / 1e6:,.1f}" if line.instructions else "",
    ]
    if line.others:
        return cells + ratios(line) + describe(line.others[0])
    return cells + ["refused"] * with_reference


# ---- the table of sizes ---------------------------------------------------------------------------------


def size_ratio(programs, line, own_flags, other_flags):
    """Bytes of this program's files of the reference's, or None where this program has not these flags."""
    own = Measured(programs[0][0], [*programs[0][1], *own_flags], line.source)
    other = Measured(programs[1][0], other_flags, line.source)
    try:
        own.run(1)
    except Refused as refused:
        if refused.unknown_flag:
            return None
        raise
    other.run(1)
    return own.size_out / other.size_out


def measure_sizes(programs, lines):
    """Of the large inputs in protobuf; those in JSON give the same files."""
    measured = [line for line in lines if line.others and line.large and line.source.encoding == "protobuf"]
    for line in measured:
        line.sizes[BY_DEFAULT] = line.own.size_out / line.others[0].size_out
        for what, own_flags, other_flags, _, _ in SIZES:
            line.sizes[what] = size_ratio(programs, line, own_flags, other_flags)
    return measured


def sizes_table(measured):
    names = [BY_DEFAULT, *(what for what, *_ in SIZES)]
    rows = [
        [line.name, *(f"{line.sizes[name]:.2f}x" if line.sizes[name] else "" for name in names)]
        for line in measured
    ]
    return table(["files, of the bytes of the reference's", *names], rows)


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
        if line and line.others:
            measured = [f"{line.ratio:.1f}x", f"{line.ratio_of_least:.1f}x"]
            yield [what, *measured, f"{bound}x", f"{aim}x", verdict(line.ratio, bound, aim)]
        else:
            yield unmeasured(what, f"{bound}x", f"{aim}x", "no input" if not line else "no reference")
    for encoding in ("protobuf", "json"):
        all_lines = [line for line in lines if line.others and line.source.encoding == encoding]
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


def size_goals(measured):
    """The most that our files are of the reference's. No bound holds for those by default."""
    for what, own_flags, _, bound, aim in ((BY_DEFAULT, [], [], None, None), *SIZES):
        if not measured:
            break
        limits = (f"at most {bound}x", f"{aim}x") if bound else ("", "")
        found = [(line.sizes[what], line.name) for line in measured if line.sizes[what]]
        said = f"file bytes of the reference's, {what}"
        if not found:
            yield unmeasured(said, *limits, f"no `{' '.join(own_flags)}` in this program")
            continue
        most, name = max(found)
        result = verdict(most, bound, aim, at_most=True) if bound else ""
        yield [f"{said}; most: {name}", f"{most:.2f}x", "", *limits, result]


def to_reach(lines, measured):
    large = [line for line in lines if line.large]
    rows = [*speed_goals(lines), memory_goal(large), *size_goals(measured)]
    return table(["to reach", "measured", "by least", "at least", "aim", "result"], rows)


# ---- what goes into the README --------------------------------------------------------------------------


def short_row(line):
    """The size is that of the files with ids as the reference writes them; JSON gives the same files."""
    own, other = line.own, line.others[0]
    size = line.sizes.get(SIZES[0][0])
    return [
        f"{line.name}",
        f"{own.rows:,}",
        f"{own.median:.1f}",
        f"{own.size_in / own.median / 1e3:,.0f}",
        f"{own.peak / 1e6:.0f}",
        f"{other.median:.1f}",
        f"{other.peak / 1e6:.0f}",
        f"**{line.ratio:.1f}x**",
        f"{line.ratio_to_mimalloc:.1f}x" if line.ratio_to_mimalloc else "",
        f"{size:.2f}x" if size else "",
    ]


SHORT = [
    "input",
    "rows",
    "ms",
    "MB/s",
    "peak MB",
    "reference ms",
    "its peak MB",
    "times as fast",
    "with mimalloc",
    "file bytes",
]


def section(program, lines):
    """The text between the README's marks."""
    how = (
        f"One core of {report.machine()}; {report.compiler(program)}, {report.snappy(program)}. The reference "
        f"is {report.reference()} with arrow-rs as they build by default, and fat LTO; `with mimalloc` is "
        "against it with that allocator. Snappy in both; file bytes are of the reference's, with ids as bytes "
        "in both."
    )
    shown = "![Times as fast as the reference, by input](tests/bench/results.svg)"
    return "\n\n".join([shown, table(SHORT, [short_row(line) for line in lines]), how])


def picture(lines):
    goals = {name: (bound, aim) for name, bound, aim in SPEED}
    bars = [chart.Bar(line.name, line.ratio, line.ratio_to_mimalloc, *goals[line.name]) for line in lines]
    title = "Times as fast as the Rust crate otlp2records, one core, by input"
    return chart.bars(title, "its default allocator (bounds are for this)", "with mimalloc", bars)


def write(program, lines, folder):
    """Into the README.md and tests/bench/results.svg below a folder: the project's, or a copy's."""
    goals = [name for name, _, _ in SPEED]
    chosen = [line for line in lines if line.others and line.name in goals]
    chosen.sort(key=lambda line: goals.index(line.name))
    if not chosen:
        sys.exit("nothing to write: there is no reference, or none of the inputs that have a goal")
    (folder / "tests" / "bench" / "results.svg").write_text(picture(chosen))
    report.write_between_marks(folder / "README.md", section(program, chosen))


# ---- all of it ------------------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Measures otlp2parquet, beside a reference when one is given."
    )
    parser.add_argument("program")
    parser.add_argument("reference", nargs="?", help="as its crate builds by default")
    parser.add_argument("with_mimalloc", nargs="?", help="the reference with the allocator mimalloc")
    parser.add_argument(
        "--write", action="store_true", help="also into README.md and tests/bench/results.svg"
    )
    parser.add_argument("--project", type=Path, default=inputs.ROOT, help="whose they are", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, help="conversions a run, instead of as many as fit into 0.3 s")
    parser.add_argument("--no-instructions", action="store_true", help="do not count them")
    parser.add_argument("--file", action="append", type=Path, dest="files", help="instead of all there are")
    parser.add_argument("--inputs", type=Path, default=inputs.FOLDER, metavar="FOLDER")
    return parser.parse_args()


def say_what_is_absent(arguments):
    if not arguments.reference:
        print("no cargo and no REFERENCE: otlp2parquet alone is measured\n")
    if not inputs.CAPTURES.exists() and not arguments.files:
        print("../shared/data is absent: the large captures are left out\n")
    if not instructions.installed() and not arguments.no_instructions:
        print("valgrind is not installed: no instructions are counted\n")


def measure_line(programs, source, arguments, idle):
    own, *others = measure(programs, source, arguments)
    counted = source.kind != "sample" and instructions.installed() and not arguments.no_instructions
    count = instructions.of_conversion(arguments.program, source) if counted else 0
    return Line(source, own, others, idle, count)


def main():
    arguments = parse_arguments()
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    references = [program for program in (arguments.reference, arguments.with_mimalloc) if program]
    programs = [(arguments.program, ["bench"]), *((program, []) for program in references)]
    say_what_is_absent(arguments)
    if arguments.files:
        chosen = inputs.named(arguments.files, arguments.inputs)
    else:
        chosen = inputs.every(arguments.inputs)
    idle = memory_of_nothing(arguments.program, arguments.inputs)
    print(f"One core, {arguments.rounds} alternating rounds, Snappy, one file a table.\n")
    print(table(heading(bool(references)), []), flush=True)
    lines = []
    for source in chosen:
        lines.append(measure_line(programs, source, arguments, idle))
        print("| " + " | ".join(row(lines[-1], bool(references))) + " |", flush=True)
    measured = measure_sizes(programs, lines)
    if measured:
        print("\n" + sizes_table(measured))
    if not arguments.files:
        print("\n" + to_reach(lines, measured))
    if arguments.write:
        write(arguments.program, lines, arguments.project)


if __name__ == "__main__":
    try:
        main()
    except Refused as failure:
        sys.exit(str(failure))
