#!/usr/bin/env python3
"""Measures queries over files of otlp2parquet, of the reference, and of DuckDB's own writer, of the same rows.

  tests/bench/query.py PROGRAM [REFERENCE] [--write] [--rows N] [--rounds N] [--engine NAME]...
                       [--flags FLAGS]

Logs, and half as many spans, are what tile.py streams, spread over a day. `otlp2parquet convert` and the
reference write them, each as files of so many rows as --seal says, whatever hours they are of; DuckDB then
copies each of our files by `COPY ... TO`, so its files have our order of rows, and differ in the format alone.
The reference's files have the order in which the records came. All are below build/bench while they are
needed: of 10 million logs less than 8 GB.

Each engine (engines.py) answers on one core, in one thread, from files that are in the system's cache; the
time is the processor's. The writers take turns, the rounds' median counts, and a lookup looks for another trace each round. Once, files
are read from the disk, and what is read is counted. The answers must agree, or there is no table.
With --write the tables go into the README.md beside this file as well.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import engines
import generate
import inputs
import programs
import report
import tile
from engines import Columns, Query

README = inputs.HERE / "README.md"
DISK_A_ROW = 700  # bytes that the files of the three writers take, at most
MODULES = {"DuckDB": "duckdb", "Polars": "polars", "ClickHouse": "chdb"}
OURS, REFERENCE, DUCKDB = "otlp2parquet", "reference", "DuckDB's writer"

COLUMNS = {
    "logs": Columns("TraceId", "ServiceName", "Timestamp", "SeverityText", "", "Body", "LogAttributes"),
    "traces": Columns("TraceId", "ServiceName", "Timestamp", "", "Duration", "SpanName", "SpanAttributes"),
}
OTHERS = {"binary_ids": True, "nanoseconds": True, "json": True}
REFERENCE_COLUMNS = {
    "logs": Columns(
        "trace_id",
        "service_name",
        "time_unix_nano",
        "severity_text",
        "",
        "body",
        "log_attributes",
        **OTHERS,
    ),
    "traces": Columns(
        "trace_id",
        "service_name",
        "start_time_unix_nano",
        "",
        "duration_time_unix_nano",
        "name",
        "span_attributes",
        **OTHERS,
    ),
}


def queries(signal, service, hour):
    """What is asked of a signal's files; a lookup's trace is put in each round."""
    common = [
        Query("a trace by its id", signal, trace="", rows=True),
        Query("a service's hour", signal, service=service, hour=hour),
    ]
    if signal == "logs":
        return [
            *common,
            Query("count by severity", signal, group="severity"),
            Query("an attribute", signal, attribute=["exception.type", generate.EXCEPTIONS[2]]),
        ]
    return [
        *common,
        Query("p99 of durations by service", signal, group="service", p99=True),
        Query("an attribute", signal, attribute=["http.route", generate.ROUTES[1]]),
    ]


# ---- the files ------------------------------------------------------------------------------------------


@dataclass
class Written:
    """The files of one writer."""

    writer: str
    folder: Path
    columns: Columns

    @property
    def files(self):
        return sorted(self.folder.iterdir())

    @property
    def size(self):
        return sum(file.stat().st_size for file in self.files)


def feed(commands, stream):
    """Gives all of the programs the same standard input."""
    running = [
        subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        for data in stream:
            for process in running:
                process.stdin.write(data)
    except BrokenPipeError:
        pass
    for process in running:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    failed = [process.args[0] for process in running if process.wait() != 0]
    if failed:
        sys.exit(f"{failed[0]} could not write the files")


def copy_by_duckdb(source, target):
    target.mkdir()
    with duckdb.connect() as connection:
        for file in source:
            connection.execute(f"COPY (FROM '{file}') TO '{target / file.name}' (FORMAT parquet)")


def write_files(signal, records, arguments, folder):
    """The same rows by every writer."""
    commands, written = [], []
    ours = Written(OURS, folder / "ours", COLUMNS[signal])
    if "binary" in arguments.flags:
        ours.columns = replace(ours.columns, binary_ids=True)
    if "attributes json" in arguments.flags:
        ours.columns = replace(ours.columns, json=True)
    flags = ["--delimited", "--one-file", "--batch-rows", arguments.seal, *arguments.flags.split()]
    commands.append([arguments.program, "convert", *flags, "--signal", signal, "--out", ours.folder, "-"])
    written.append(ours)
    if arguments.reference:
        theirs = Written(REFERENCE, folder / "reference", REFERENCE_COLUMNS[signal])
        commands.append(
            [arguments.reference, "--signal", signal, "--rows", arguments.seal, "--out", theirs.folder]
        )
        written.append(theirs)
    for one in written:
        one.folder.mkdir()
    tiles = tile.Tiles(signal, arguments.inputs)
    feed(commands, tiles.stream(records, over=tile.DAY))
    copied = Written(DUCKDB, folder / "duckdb", ours.columns)
    copy_by_duckdb(ours.files, copied.folder)
    return [*written, copied]


# ---- asking ---------------------------------------------------------------------------------------------


class Engine:
    """An engine in a process of its own, on one core."""

    def __init__(self, name):
        command = [sys.executable, Path(engines.__file__), name]
        self.name = name
        self.process = programs.start(command, stdin=subprocess.PIPE)

    def ask(self, query, written, cold=False):
        self.process.stdin.write(engines.asking(query, written.columns, written.folder, cold))
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name}, {query.name}, {written.writer}: {self.process.communicate()[1]}")
        return json.loads(line)

    def close(self):
        self.process.communicate()


def found_in(written, rounds):
    """Traces to look for, one a round, and a service that is neither the busiest nor the idlest."""
    source, trace = f"'{written.folder}/*.parquet'", written.columns.trace
    told = f"lower(hex({trace}))" if written.columns.binary_ids else trace
    with duckdb.connect() as connection:
        traces = connection.execute(
            f"SELECT * FROM (SELECT {told} FROM {source} WHERE {trace} <> '') "
            f"USING SAMPLE reservoir({rounds} ROWS) REPEATABLE (1)"
        ).fetchall()
        services = connection.execute(
            f"SELECT {written.columns.service} FROM {source} GROUP BY ALL ORDER BY count(*), 1"
        ).fetchall()
    return [trace for (trace,) in traces], services[len(services) // 2][0]


def ask_all(engine, query, traces, files):
    """The median of the rounds' milliseconds, and bytes read, by writer. All writers' rows must give the same answer."""
    times, read = defaultdict(list), {}
    for number in range(-1, len(traces)):  # the first is not timed: it reads from the disk
        asked = replace(query, trace=traces[number]) if query.trace is not None else query
        answers = {}
        for one in files:
            told = engine.ask(asked, one, cold=number < 0)
            answers[one.writer] = told["answer"]
            if number < 0:
                read[one.writer] = told["read"]
            else:
                times[one.writer].append(told["ms"])
        different = [writer for writer, rows in answers.items() if rows != answers[OURS]]
        if different or not answers[OURS]:
            sys.exit(f"{engine.name}, {query.name}: {different} and {OURS} differ: {answers}")
    return {writer: statistics.median(all_times) for writer, all_times in times.items()}, read


def row(signal, engine, query, times, read):
    """The writers' numbers, ours first, and how many times as fast ours are."""
    others = [writer for writer in times if writer != OURS]
    cells = [f"{signal}: {query.name}", engine.name]
    cells += [f"{milliseconds:,.1f}" for milliseconds in times.values()]
    cells += [f"{times[writer] / times[OURS]:.2f}x" for writer in others]
    return cells + [f"{size / 1e6:,.2f}" for size in read.values()]


def heading(files):
    writers = [one.writer for one in files]
    times, read = [f"{writer} ms" for writer in writers], [f"{writer} MB read" for writer in writers]
    return ["query", "engine", *times, *(f"times as fast as {w}" for w in writers if w != OURS), *read]


def size_table(signal, files, rows):
    cells = [
        [f"{signal}: {one.writer}", str(len(one.files)), f"{one.size / 1e6:,.1f}", f"{one.size / rows:,.1f}"]
        for one in files
    ]
    return report.table(["files", "of them", "MB", "bytes/row"], cells)


def ask_about(signal, rows, names, arguments, folder):
    """Prints the tables of a signal; returns them, and (ratio, what) of each comparison."""
    files = write_files(signal, rows, arguments, folder)
    told = [size_table(signal, files, rows) + "\n", report.table(heading(files), [])]
    print("\n".join(told), flush=True)
    traces, service = found_in(files[0], arguments.rounds)
    tiles = tile.Tiles(signal, arguments.inputs)
    hour = (generate.START + tiles.begin_of_middle(rows, tile.DAY)) // generate.SECOND
    ratios = []
    for name in names:
        engine = Engine(name)
        for query in queries(signal, service, hour):
            times, read = ask_all(engine, query, traces, files)
            told.append("| " + " | ".join(row(signal, engine, query, times, read)) + " |")
            print(told[-1], flush=True)
            for writer in times:
                what = f"{signal}: {query.name}, {name}, beside {writer}"
                ratios += [(times[writer] / times[OURS], what)] * (writer != OURS)
        engine.close()
    print()
    return "\n".join(told), ratios


def verdict(ratios):
    """How many comparisons are in favour of our files, and the others."""
    slower = [f"{ratio:.2f}x: {what}" for ratio, what in sorted(ratios) if round(ratio, 2) < 1]
    said = f"{len(ratios) - len(slower)} of {len(ratios)} are not slower"
    return said + (". Slower:\n\n" + "\n".join(f"- {line}" for line in slower) if slower else ".")


# ---- all of it ------------------------------------------------------------------------------------------


def about(names, arguments):
    """What was measured: the engines by their packages, and what was asked for."""
    engines_used = ", ".join(f"{MODULES[name]} {importlib.metadata.version(MODULES[name])}" for name in names)
    flags = f" with {arguments.flags}" if arguments.flags else ""
    rows = f"{arguments.rows:,} logs{flags}, {arguments.seal:,} rows a file, {arguments.rounds} rounds"
    return f"{rows}; {engines_used}; {report.machine()}."


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures queries over the same rows by several writers.")
    parser.add_argument("program")
    parser.add_argument("reference", nargs="?")
    parser.add_argument("--write", action="store_true", help="also into the README.md beside this file")
    parser.add_argument("--readme", type=Path, default=README, help="into this one instead")
    parser.add_argument("--rows", type=int, default=10_000_000, help="logs; of spans there are half as many")
    parser.add_argument("--seal", type=int, default=1_000_000, metavar="ROWS", help="rows a file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", action="append", choices=MODULES, dest="engines")
    parser.add_argument("--flags", default="", help="of `convert`, as '--page-rows 5000'")
    parser.add_argument("--inputs", type=Path, default=inputs.FOLDER, metavar="FOLDER")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(arguments.inputs).free < arguments.rows * DISK_A_ROW:
        sys.exit(f"{arguments.rows * DISK_A_ROW / 1e9:.1f} GB are needed in {arguments.inputs}")
    wanted = arguments.engines or list(MODULES)
    names = [name for name in wanted if importlib.util.find_spec(MODULES[name])]
    for name in sorted(set(wanted) - set(names)):
        print(f"{name} is not installed\n")
    if not arguments.reference:
        print("no cargo and no REFERENCE: the reference's files are left out\n")
    told, ratios = [], []
    for signal, rows in (("logs", arguments.rows), ("traces", arguments.rows // 2)):
        with tempfile.TemporaryDirectory(prefix="query-", dir=arguments.inputs) as folder:
            tables, more = ask_about(signal, rows, names, arguments, Path(folder))
        told.append(tables)
        ratios += more
    said = verdict(ratios)
    print(said)
    if arguments.write:
        report.write_between_marks(arguments.readme, "\n\n".join([about(names, arguments), *told, said]))


if __name__ == "__main__":
    main()
