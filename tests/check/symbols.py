#!/usr/bin/env python3
"""Shows from the object files what the library defines, what it keeps, and what it takes from outside.

  defined    every global symbol starts with o2p_, but for otlp_to_parquet: two libraries in one program never clash
  kept       no writable data: .data, .bss and thread-local sections are empty, so there is no state between calls
             (.data.rel.ro holds constants with addresses in them, which the loader fills in)
  taken      the memory functions, the codecs, and what compilers call by themselves; malloc, realloc and free in
             base/memory.o alone. No I/O, clock, environment, locale, thread or printf can hide behind that.

The objects are the ones `make lib` made, with gcc, clang and whatever flags the release has.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OWN = re.compile(r"o2p_\w+$|otlp_to_parquet$")
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "strlen"}
HEAP = {"malloc", "realloc", "free"}
CODECS = re.compile(r"(snappy_|ZSTD_|LZ4_|deflate)\w*$")
# memcmp as clang writes it when only equality counts; the checked forms and the stack protector that
# distributions turn on; arithmetic of libgcc; the table that position-independent code finds data by.
COMPILER = re.compile(r"bcmp$|__mem\w+_chk$|__stack_chk_fail$|__\w+[dt]i[0-9]$|_GLOBAL_OFFSET_TABLE_$")


def build(configuration):
    environment = {
        key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    target = f"build/{configuration}/libotlp2parquet.a"
    subprocess.run(["make", "-s", "--no-print-directory", target], cwd=ROOT, env=environment, check=True)
    return sorted((ROOT / "build" / configuration / "lib").rglob("*.o"))


def run(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def symbols(file):
    """(kind, name) of each symbol, nm's kinds."""
    return [line.split()[-2:] for line in run("nm", str(file)).splitlines()]


def defined(file):
    return [
        f"defines {name}"
        for kind, name in symbols(file)
        if kind.isupper() and kind not in "UN" and not OWN.match(name)
    ]


def kept(file):
    found = []
    for line in run("readelf", "-SW", str(file)).splitlines():
        section = re.match(
            r"\s*\[\s*\d+\]\s+(\.(?:data|bss|tdata|tbss)\S*)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", line
        )
        if section and not section[1].startswith(".data.rel.ro") and int(section[2], 16) > 0:
            found.append(f"keeps {int(section[2], 16)} writable bytes in {section[1]}")
    return found + [f"keeps {name} (common)" for kind, name in symbols(file) if kind == "C"]


def taken(file):
    allowed = MEMORY | (HEAP if file.parts[-2:] == ("base", "memory.o") else set())
    wrong = []
    for kind, name in symbols(file):
        known = name in allowed or OWN.match(name) or COMPILER.match(name) or CODECS.match(name)
        if kind in "Uw" and not known:
            wrong.append(f"takes {name}")
    return wrong


def main():
    failed = False
    for configuration in ("release", "gcc-O3", "clang-O2"):
        objects = build(configuration)
        for check in (defined, kept, taken):
            found = [f"{file.relative_to(ROOT)} {offence}" for file in objects for offence in check(file)]
            for offence in found:
                print("   ", offence)
            good = objects and not found
            failed = failed or not good
            print(
                "ok" if good else "FAILED",
                f"symbols {check.__name__} by {len(objects)} objects of {configuration}",
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
