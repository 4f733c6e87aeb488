"""Measures conversions, each in a process of its own.

This is a server: it reads a line of JSON a measurement from standard input and writes one to standard output.

  in    {"input": path, "options": {...}, "mode": "call" | "append_lines"}
  out   {"status": "OK", "seconds": CPU time, "bytes": memory, "accepted": n, "error": text}

It has converted nothing itself, and forks for each measurement: a fresh process without a fresh interpreter.

The time is the least of a few repeats, of one if it is long. The memory is what the process holds at most
during the first, beyond what it held before with the input in memory: by VmHWM, which is reset first.
With mode append_lines each line is appended to one batch by a call of its own, which may fail, and the batch
is finished at last.
"""

import ctypes
import json
import mmap
import os
import sys
import time
from pathlib import Path

from library import Library

MOST_REPEATS = 5
ENOUGH_SECONDS = 0.15


def memory(name):
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def reset_peak():
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def lines_of(data):
    """(offset, size) of each line."""
    found, start = [], 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        found.append((start, end - start))
        start = end + 1
    return found


def append_lines(library, address, lines, options):
    with library.batch(**options) as batch:
        for offset, size in lines:
            batch.append_quietly(address + offset, size)
        return batch.finish(copy_files=False)


def converter(library, data, request):
    """A function that does what is to be measured."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(data))
    options = request["options"]
    if request["mode"] == "append_lines":
        lines = lines_of(data)
        return lambda: append_lines(library, address, lines, options)
    return lambda: library.convert_at(address, len(data), copy_files=False, **options)


def timed(convert):
    started = time.process_time()
    outcome = convert()
    return outcome, time.process_time() - started


def measure(library, request):
    with open(request["input"], "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    for page in range(0, len(data), mmap.PAGESIZE):
        data[page] = data[page]  # a copy of the file's page becomes the process's own
    convert = converter(library, data, request)
    reset_peak()
    before = memory("VmRSS")
    outcome, seconds = timed(convert)
    peak = memory("VmHWM") - before
    spent = seconds
    for _ in range(MOST_REPEATS - 1):
        if spent > ENOUGH_SECONDS:
            break
        again = timed(convert)[1]
        seconds, spent = min(seconds, again), spent + again
    return {
        "status": outcome.status,
        "seconds": seconds,
        "bytes": max(0, peak),
        "accepted": outcome.counts["accepted"],
        "error": str(outcome.error),
    }


def main():
    library = Library()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(measure(library, json.loads(line))), flush=True)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 0:
            print(json.dumps({"status": f"the process ended with {status}"}), flush=True)


if __name__ == "__main__":
    main()
