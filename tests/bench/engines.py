"""Engines that answer a query over Parquet files: DuckDB, Polars, ClickHouse (chdb). One thread each.

A query is data (Query), and each engine says it in its own words, since what is asked is the same and only
the columns differ by who wrote the files (Columns). Run as a program, an engine answers in a process of its
own: a line of JSON for each line of JSON.

  tests/bench/engines.py ENGINE     {"query": {...}, "columns": {...}, "folder": F, "cold": false}
                                    {"ms": 1.2, "read": BYTES, "answer": [[...], ...]}

The time is the processor's, of all of the process's threads: with files in memory and one thread at work, it
is what passes on a machine that does nothing else, and on a busy one it hardly differs from that. With "cold"
the files' pages are dropped from the system's cache first, and "read" counts what the engine then reads: the
bytes its read calls ask for (rchar of /proc/self/io); with Polars, which maps files into its memory, the bytes
that come from the disk (read_bytes), with what the system reads ahead of them.
"""

import datetime
import json
import os
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

UTC = datetime.timezone.utc


@dataclass
class Columns:
    """How a writer calls the columns, and stores the things that writers differ in."""

    trace: str
    service: str
    time: str
    severity: str  # of logs
    duration: str  # of spans, in nanoseconds
    text: str  # the body or the span's name
    attributes: str
    binary_ids: bool = False  # else lowercase hex
    nanoseconds: bool = False  # a time without a zone, in nanoseconds; else microseconds in UTC
    json: bool = False  # attributes are JSON text; else a map of strings


@dataclass
class Query:
    """Which rows, by what is not None, and what of them: how many there are and how long their texts are
    together; or with `group` how many there are by it, or the 99th percentile of the duration; or with `rows`
    the rows themselves."""

    name: str
    signal: str
    trace: str = None  # in hex
    service: str = None
    hour: int = None  # its begin, in seconds since 1970
    attribute: list = field(default_factory=list)  # key and value
    group: str = None  # "severity", "service"
    p99: bool = False
    rows: bool = False


def hour_bounds(query):
    return [datetime.datetime.fromtimestamp(query.hour + more, UTC) for more in (0, 3600)]


# ---- SQL ------------------------------------------------------------------------------------------------


class Sql:
    """What the dialects have in common; the rest is in their words below."""

    def condition(self, query, columns):
        parts = []
        if query.trace:
            value = self.unhex.format(query.trace) if columns.binary_ids else f"'{query.trace}'"
            parts.append(f"{columns.trace} = {value}")
        if query.service:
            parts.append(f"{columns.service} = '{query.service}'")
        if query.hour is not None:
            begin, end = (
                self.time[columns.nanoseconds].format(f"{at:%Y-%m-%d %H:%M:%S}") for at in hour_bounds(query)
            )
            parts.append(f"{columns.time} >= {begin} AND {columns.time} < {end}")
        if query.attribute:
            key, value = query.attribute
            parts.append(f"{self.attribute[columns.json].format(columns.attributes, key)} = '{value}'")
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def statement(self, query, columns, source):
        where = self.condition(query, columns)
        if query.rows:
            return f"SELECT {columns.service}, {columns.text} FROM {source}{where}"
        if not query.group:
            return f"SELECT count(*), sum({self.length}({columns.text})) FROM {source}{where}"
        group = getattr(columns, query.group)
        value = self.p99.format(columns.duration) if query.p99 else "count(*)"
        return f"SELECT {group}, {value} FROM {source}{where} GROUP BY {group}"


class DuckDb(Sql):
    unhex, length, p99 = "from_hex('{}')", "length", "quantile_disc({}, 0.99)"
    time = ("TIMESTAMPTZ '{}+00'", "TIMESTAMP_NS '{}'")
    attribute = ("{}['{}']", "{} ->> '$.\"{}\"'")

    def __init__(self):
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        # Else a query that comes again is answered from memory, whatever the files are like.
        self.connection.execute("SET enable_external_file_cache = false")

    def run(self, query, columns, folder):
        statement = self.statement(query, columns, f"read_parquet('{folder}/*.parquet')")
        return self.connection.execute(statement).fetchall()


class ClickHouse(Sql):
    unhex, length, p99 = "unhex('{}')", "lengthUTF8", "quantileExact(0.99)({})"
    time = ("toDateTime64('{}', 6, 'UTC')", "toDateTime64('{}', 9, 'UTC')")
    attribute = ("{}['{}']", "JSONExtractString({}, '{}')")

    def __init__(self):
        from chdb.session import Session

        self.session = Session()

    def run(self, query, columns, folder):
        statement = self.statement(query, columns, f"file('{folder}/*.parquet', Parquet)")
        # The server reads files by pread unless told otherwise; the library would map them.
        settings = "max_threads = 1, storage_file_read_method = 'pread'"
        found = self.session.query(f"{statement} SETTINGS {settings}", "JSONCompactEachRow")
        return [json.loads(line) for line in str(found).splitlines()]


# ---- Polars ---------------------------------------------------------------------------------------------


class Polars:
    maps_files = True

    def __init__(self):
        os.environ["POLARS_MAX_THREADS"] = "1"
        import polars

        self.polars = polars

    def has_attribute(self, columns, key, value):
        column = self.polars.col(columns.attributes)
        if columns.json:
            return column.str.json_path_match(f"$['{key}']") == value
        return column.map.get(key) == value

    def conditions(self, query, columns):
        col = self.polars.col
        if query.trace:
            yield col(columns.trace) == (bytes.fromhex(query.trace) if columns.binary_ids else query.trace)
        if query.service:
            yield col(columns.service) == query.service
        if query.hour is not None:
            unit, zone = ("ns", None) if columns.nanoseconds else ("us", "UTC")
            begin, end = (
                self.polars.lit(at.replace(tzinfo=None), self.polars.Datetime(unit)).dt.replace_time_zone(
                    zone
                )
                for at in hour_bounds(query)
            )
            yield (col(columns.time) >= begin) & (col(columns.time) < end)
        if query.attribute:
            yield self.has_attribute(columns, *query.attribute)

    def run(self, query, columns, folder):
        col, count = self.polars.col, self.polars.len()
        frame = self.polars.scan_parquet(f"{folder}/*.parquet")
        for condition in self.conditions(query, columns):
            frame = frame.filter(condition)
        if query.rows:
            frame = frame.select(columns.service, columns.text)
        elif query.group:
            duration = col(columns.duration).to_physical().quantile(0.99, "nearest")
            frame = frame.group_by(getattr(columns, query.group)).agg(duration if query.p99 else count)
        else:
            frame = frame.select(count, col(columns.text).str.len_chars().sum().alias("characters"))
        return frame.collect().rows()


# ---- a process of its own -------------------------------------------------------------------------------

ENGINES = {"DuckDB": DuckDb, "Polars": Polars, "ClickHouse": ClickHouse}


def drop_from_cache(folder):
    for file in Path(folder).iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)  # pages that are not on the disk yet are not dropped
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def bytes_read(engine):
    key = "read_bytes" if getattr(engine, "maps_files", False) else "rchar"
    return int(re.search(rf"^{key}: (\d+)", Path("/proc/self/io").read_text(), re.MULTILINE)[1])


def canonical(rows):
    """The rows in an order and a form of their own. Numbers may come as text, and whole ones as others."""

    def cell(value):
        try:
            return f"{float(value):.9g}"
        except (TypeError, ValueError):
            return str(value)

    return sorted([cell(value) for value in row] for row in rows)


def answer(engine, asked):
    query, columns = Query(**asked["query"]), Columns(**asked["columns"])
    if asked["cold"]:
        drop_from_cache(asked["folder"])
    before, start = bytes_read(engine), time.process_time()
    rows = engine.run(query, columns, asked["folder"])
    milliseconds = (time.process_time() - start) * 1e3
    return {"ms": milliseconds, "read": bytes_read(engine) - before, "answer": canonical(rows)}


def asking(query, columns, folder, cold):
    """The line that asks an engine's process."""
    asked = {"query": asdict(query), "columns": asdict(columns), "folder": str(folder), "cold": cold}
    return json.dumps(asked) + "\n"


def main():
    engine = ENGINES[sys.argv[1]]()
    for line in sys.stdin:
        print(json.dumps(answer(engine, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
