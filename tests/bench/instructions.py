#!/usr/bin/env python3
"""Counts the instructions of conversions, and tells which have grown.

  tests/bench/instructions.py PROGRAM [--write] [--most PERCENT]

Counts do not depend on what else the machine does, and differ by a hundredth of a percent between runs, so
they show what times hide. They are valgrind's (callgrind): of a run with two conversions less those of a run
with one, so that the start of the program and reading the file are not in them.

What is counted is always there: examples/telemetry, and the first records of what generate.py makes. The
numbers in instructions.json are those of some compiler, libsnappy, libc and kind of processor. With others
the counts are others: they are shown, and not judged. Else a conversion that needs over 2 percent more
instructions than there is one that has grown, and the exit status is 1. --write writes the numbers anew.
"""

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import inputs
import report

KEPT = inputs.HERE / "instructions.json"
# Of each kind of client, and each signal, one whose conversion takes over a million instructions.
SAMPLES = (
    "collector_filelog_logs",
    "collector_host_metrics",
    "python_sdk_logs",
    "python_sdk_metrics",
    "python_sdk_traces",
    "telemetrygen_traces",
)
RECORDS = 5000  # of each signal: a few seconds under valgrind
COUNT = re.compile(r"Collected : (\d+)")


def installed():
    return shutil.which("valgrind") is not None


def of_run(command):
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run([*tool, *map(str, command)], capture_output=True, text=True, check=False)
    found = COUNT.search(done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode} under valgrind\n{done.stderr}")
    return int(found[1])


def of_conversion(program, source):
    """Instructions of one conversion by `otlp2parquet bench`."""
    words = [program, "bench", "--signal", source.signal, "--encoding", source.encoding, "--repeat"]
    once, twice = (of_run([*words, repeat, source.file]) for repeat in (1, 2))
    return twice - once


def first_records(signal, folder):
    """The first batches of the generated request, as many as hold so many records."""
    import tile

    return tile.request_of(tile.Tiles(signal, folder).stream(RECORDS))


def fixed_set(folder, match):
    """Some of the samples, and the first records of the generated requests, in both encodings: of these what
    has `match` in its name."""
    found = [source for source in inputs.samples(folder) if source.file.stem in SAMPLES]
    for signal in (signal for signal in inputs.SIGNALS if match in f"first_{signal}"):
        make = partial(first_records, signal, folder)
        file = inputs.made(folder / f"first_{signal}.pb", inputs.WRITERS, make)
        found += inputs.with_twin("batched", signal, file, folder)
    return [source for source in found if match in source.file.stem]


def made_with(program):
    """What the counts depend on, the project aside."""
    return {
        "compiler": report.compiler(program),
        "flags": report.flags(program),
        "snappy": report.snappy(program),
        "libc": " ".join(platform.libc_ver()),
        "processor": f"{platform.machine()} {report.cpu_features()}".strip(),
        "valgrind": report.printed("valgrind", "--version"),
    }


def compared(counts, kept, most):
    """Rows of a table, and the names of what has grown."""
    rows, grown = [], []
    for name, count in counts.items():
        before = kept.get(name)
        change = (count / before - 1) * 100 if before else None
        if change is not None and change > most:
            grown.append(name)
        told = "new" if change is None else f"{change:+.2f}%"
        rows.append([name, f"{before:,}" if before else "", f"{count:,}", told])
    return rows, grown


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Tells which conversions need more instructions than before."
    )
    parser.add_argument("program")
    parser.add_argument("--write", action="store_true", help=f"write {KEPT.name} anew")
    parser.add_argument("--most", type=float, default=2, metavar="PERCENT", help="growth that is allowed")
    parser.add_argument("--match", default="", help="count only inputs with this in their name")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the numbers to compare with")
    parser.add_argument("--inputs", type=Path, default=inputs.FOLDER, metavar="FOLDER")
    return parser.parse_args()


def judge(now, counts, kept, grown, arguments):
    """Prints what is to be said of the counts; returns the exit status."""
    others = [key for key, value in now.items() if kept.get("made_with", {}).get(key) != value]
    for key in others:
        print(f"another {key}: kept {kept.get('made_with', {}).get(key)}, now {now[key]}")
    if others:
        print("the kept counts were not made with these, so nothing is judged")
        return 0
    gone = sorted(set(kept["instructions"]) - set(counts)) if not arguments.match else []
    for name in gone:
        print(f"{name}: kept, and no longer counted; --write writes the numbers anew")
    for name in grown:
        print(f"{name}: has grown by more than {arguments.most:g}%")
    if not grown and not gone:
        print(f"nothing has grown by more than {arguments.most:g}%")
    return 1 if grown or gone else 0


def main():
    arguments = parse_arguments()
    if not installed():
        sys.exit("valgrind is not installed: it counts the instructions")
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    kept = json.loads(arguments.kept.read_text()) if arguments.kept.exists() else {}
    chosen = fixed_set(arguments.inputs, arguments.match)
    counts = {source.file.name: of_conversion(arguments.program, source) for source in chosen}
    now = made_with(arguments.program)
    rows, grown = compared(counts, kept.get("instructions", {}), arguments.most)
    print(report.table(["input", "kept", "now", "change"], rows) + "\n")
    if arguments.write:
        arguments.kept.write_text(json.dumps({"made_with": now, "instructions": counts}, indent=2) + "\n")
        print(f"written to {arguments.kept.name}")
        return 0
    return judge(now, counts, kept, grown, arguments)


if __name__ == "__main__":
    sys.exit(main())
