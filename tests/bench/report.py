"""What the benchmarks have in common when they tell what they found: Markdown tables, a place in the
README.md of the project that a program writes, and what was measured on."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import inputs

MARKS = ("<!-- bench:begin -->\n", "<!-- bench:end -->\n")
# Extensions of x86-64 by which libc and libsnappy choose among ways to do the same.
CHOSEN_BY = ("ssse3", "sse4_2", "avx2", "bmi2", "erms", "fsrm")


def table(heading, rows):
    rule = ["---"] + ["---:"] * (len(heading) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heading, rule, *rows))


def write_between_marks(file, text):
    """Replaces what is between the marks of a Markdown file."""
    whole = file.read_text()
    if any(whole.count(mark) != 1 for mark in MARKS):
        sys.exit(f"{file}: the lines {MARKS[0].strip()} and {MARKS[1].strip()} must be in it, once each")
    before, rest = whole.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    file.write_text(before + MARKS[0] + text.strip("\n") + "\n" + MARKS[1] + after)


# ---- what was measured on -------------------------------------------------------------------------------


def cpu_lines(key):
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return []
    return re.findall(rf"^{key}\s*: (.*)$", text, re.MULTILINE)


def machine():
    names = cpu_lines("model name") or [platform.processor() or platform.machine()]
    return f"{names[0]}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def cpu_features():
    flags = (cpu_lines("flags") or [""])[0].split()
    return " ".join(name for name in CHOSEN_BY if name in flags)


def printed(*command):
    """The first line that a command prints; empty where it fails or is not installed."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else ""


def compiler(program):
    """As the compiler itself has written it into the program."""
    if not shutil.which("readelf"):
        return "unknown"
    done = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=False)
    found = re.findall(r"\]\s+(.*)", done.stdout)
    return ", ".join(text.replace("GCC: (", "GCC (") for text in found) or "unknown"


def snappy(program):
    """The version in the name of the shared object that is loaded."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    found = re.search(r"libsnappy\S* => (\S+)", done.stdout)
    return Path(found[1]).resolve().name if found else "none, or linked in"


def flags(program):
    """The compiler and the flags that the Makefile has built the program with."""
    file = Path(program).resolve().parent / "release" / "flags"
    return " ".join(file.read_text().split()) if file.exists() else "unknown"


def reference():
    """The crate's name and version, and the compiler's where it is installed."""
    manifest = (inputs.HERE / "reference" / "Cargo.toml").read_text()
    version = re.search(r'otlp2records = \{ version = "=([\d.]+)"', manifest)[1]
    rustc = " ".join(printed("rustc", "--version").split()[:2])
    return f"otlp2records {version}" + (f" ({rustc})" if rustc else "")
