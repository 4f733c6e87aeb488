"""What the tests of the command line share: the program, and a way to run it.

The program is the one named by O2P_BIN, else by OTLP2PARQUET (which tests/run.py sets), else build/otlp2parquet.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


class Result(NamedTuple):
    status: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def program_path():
    default = ROOT / "build" / "otlp2parquet"
    path = Path(os.environ.get("O2P_BIN") or os.environ.get("OTLP2PARQUET") or default).resolve()
    assert path.is_file(), f"{path} is not there: build it with `make cli`, or set O2P_BIN"
    return path


@pytest.fixture(scope="session")
def program():
    return program_path()


@pytest.fixture(scope="session")
def public_program(program):
    """A copy that every user can run: the checkout may lie below a folder that is its owner's alone."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(shutil.copy(program, folder))


@pytest.fixture
def run(program, public_program, tmp_path):
    """run(ARGUMENT...): runs the program in an empty folder; options are those of subprocess.run."""

    def run_program(*arguments, environment=None, **options):
        options.setdefault("cwd", tmp_path)
        options.setdefault("input", b"")
        done = subprocess.run(
            [public_program if "user" in options else program, *arguments],
            env=dict(os.environ, **(environment or {})),
            capture_output=True,
            timeout=120,
            **options,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_program


@pytest.fixture
def ok(run):
    """The same for what must succeed without a word on standard error."""

    def run_program(*arguments, **options):
        result = run(*arguments, **options)
        assert (result.status, result.err) == (0, "")
        return result

    return run_program
