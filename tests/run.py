#!/usr/bin/env python3
"""Runs suites of tests and adds up what came of them.

  tests/run.py [--configuration NAME] SUITE...

What the suites run has been built by make, under build/NAME/ (default: release). Each suite's own output
goes to the terminal as it is; its counts go into one line at the end, which is the last line printed:

  312 passed, 0 failed

Something that cannot be counted as passed counts as failed: a program that crashes, a suite without a test.
A test that was skipped says why when it runs, and the number of them is told above the last line.

| suite       | is                            | counted from                             |
| ----------- | ----------------------------- | ---------------------------------------- |
| unit        | tests/unit/test_*.c (cmocka)  | cmocka's PASSED and FAILED lines         |
|             | fuzz/corpus, by each fuzzer   | one a fuzzer                             |
| cli         | tests/cli (pytest)            | pytest's JUnit report                    |
| conformance | tests/conformance (pytest)    | the same                                 |
| hostile     | tests/hostile (pytest)        | the same                                 |
| server      | tests/server (pytest)         | the same                                 |
| docs        | tests/docs (pytest)           | the same                                 |
| check       | the programs in tests/check   | their lines "ok ...", "FAILED ...", "skipped ..." |
"""

import argparse
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNIT_SECONDS = 600  # of a program, of which each takes seconds: one that waits for what does not come has failed


def heading(text):
    print(f"\n== {text}", flush=True)


def stream(command, environment=None, seconds=None):
    """Runs a command, shows its output as it comes, and returns its exit status and the output. After so many
    seconds it is killed."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = []
    limit = threading.Timer(seconds or threading.TIMEOUT_MAX, process.kill)
    limit.daemon = True
    limit.start()
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    limit.cancel()
    return process.wait(), "".join(lines)


def settle(counts, status, name):
    """A failure that no line told of, or success without any test, is a failure too."""
    if status != 0 and counts["failed"] == 0:
        print(f"FAILED {name}: ended with status {status}", flush=True)
        counts["failed"] += 1
    if counts.total() == 0:
        print(f"FAILED {name}: no test ran", flush=True)
        counts["failed"] += 1
    return counts


def unit(configuration):
    total = Counter()
    for source in sorted(ROOT.glob("tests/unit/test_*.c")):
        program = ROOT / "build" / configuration / "tests" / "unit" / source.stem
        heading(f"{source.stem} ({configuration})")
        status, output = stream([program], seconds=UNIT_SECONDS)
        counts = Counter()
        for word in ("passed", "failed"):
            for number in re.findall(rf"\[  {word.upper()}  \] (\d+) test\(s\)", output):
                counts[word] += int(number)
        total += settle(counts, status, source.stem)
    return settle(total + replay(configuration), 0, "unit")


def replay(configuration):
    """Runs each fuzzer over its corpus: seeds, and inputs that once broke a promise."""
    total = Counter()
    heading(f"fuzz/corpus ({configuration})")
    for source in sorted(ROOT.glob("fuzz/fuzz_*.c")):
        program = ROOT / "build" / configuration / "fuzz" / f"{source.stem}.replay"
        inputs = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(f"fuzz/corpus/{source.stem}/*"))
        run = subprocess.run([program, *inputs], cwd=ROOT, text=True, errors="replace", capture_output=True)
        bad = run.returncode != 0 or not inputs
        if bad:
            print("\n".join(run.stdout.splitlines()[-1:]), run.stderr, sep="\n")
        print(f"{'FAILED' if bad else 'ok'} {source.stem}: {len(inputs)} inputs", flush=True)
        total["failed" if bad else "passed"] += 1
    return total


def pytest(folder, configuration):
    report = ROOT / "build" / "results" / f"{folder}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    heading(f"tests/{folder} ({configuration})")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        f"tests/{folder}",
    ]
    environment = dict(
        os.environ,
        O2P_BIN=str(ROOT / "build" / configuration / "otlp2parquet"),
        SPARK_LOCAL_HOSTNAME="localhost",  # the machine's own name need not resolve
    )
    status, _ = stream(command, environment)
    counts = Counter()
    if report.exists():
        for suite in xml.etree.ElementTree.parse(report).iter("testsuite"):
            number = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
            bad = number["failures"] + number["errors"]
            counts += Counter(
                passed=number["tests"] - bad - number["skipped"], failed=bad, skipped=number["skipped"]
            )
    return settle(counts, status, f"tests/{folder}")


def script(path):
    heading(path.relative_to(ROOT))
    started = time.monotonic()
    status, output = stream([path])
    print(f"   {time.monotonic() - started:.0f} s", flush=True)
    counts = Counter()
    for word, name in (("ok", "passed"), ("FAILED", "failed"), ("skipped", "skipped")):
        counts[name] = len(re.findall(rf"^{word} ", output, re.MULTILINE))
    return settle(counts, status, path.name)


def check(_configuration):
    total = Counter()
    for path in sorted((ROOT / "tests" / "check").iterdir()):
        if path.is_file() and os.access(path, os.X_OK):
            total += script(path)
    return settle(total, 0, "check")


SUITES = {
    "unit": unit,
    "cli": lambda configuration: pytest("cli", configuration),
    "conformance": lambda configuration: pytest("conformance", configuration),
    "hostile": lambda configuration: pytest("hostile", configuration),
    "server": lambda configuration: pytest("server", configuration),
    "docs": lambda configuration: pytest("docs", configuration),
    "check": check,
}


def main():
    parser = argparse.ArgumentParser(description="Runs suites of tests and adds up what came of them.")
    parser.add_argument("--configuration", default="release")
    parser.add_argument("suites", nargs="+", choices=SUITES, metavar="SUITE")
    arguments = parser.parse_args()
    total = Counter()
    for suite in arguments.suites:
        total += SUITES[suite](arguments.configuration)
    print()
    if total["skipped"]:
        print(f"{total['skipped']} skipped: see the reasons above")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
