"""All inputs of the tests: edge cases, random requests, and the samples that are there."""

from pathlib import Path

import otlp_cases
import otlp_wire_cases
import wire
from otlp_random import random_cases

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_FOLDERS = {"examples": ROOT / "examples" / "telemetry", "shared": ROOT.parent / "shared" / "data"}

EDGE_CASES = [*otlp_cases.CASES, *otlp_wire_cases.CASES]
RANDOM_CASES = random_cases()
CASES = EDGE_CASES + RANDOM_CASES


def case_named(name):
    return next(case for case in CASES if case.name == name)


def samples():
    """Paths of the samples by a name of their own: one request each (.pb), or many after their lengths (.pbs)."""
    return {
        f"{place}_{path.stem}": path
        for place, folder in SAMPLE_FOLDERS.items()
        for path in sorted([*folder.glob("*.pb"), *folder.glob("*.pbs")])
    }


def signal_of(path):
    """The signal that a sample's name has in it."""
    found = [signal for signal in ("logs", "traces", "metrics") if signal in path.stem]
    assert len(found) == 1, f"the name of {path} does not say which signal it is"
    return found[0]


def options_of(path):
    """Options of `convert` for a sample."""
    return ["--signal", signal_of(path)] + delimited(path)


def delimited(path):
    return ["--delimited"] if path.suffix == ".pbs" else []


def requests_of(path):
    """The requests of a sample, as bytes."""
    data = path.read_bytes()
    return list(wire.split(data)) if delimited(path) else [data]
