"""Fixtures of the hostile-input tests, which call the library by its header alone.

They run with `python -m pytest tests/hostile`; O2P_LIB names the shared object under test (default:
build/libotlp2parquet.so). With O2P_GROWTH=full growth is measured up to 64 MB, which takes minutes, and the
cases that take seconds each run too.
"""

import sys
from pathlib import Path

import pytest

# The bytes of protobuf are written by the same few functions as in the conformance tests.
sys.path.append(str(Path(__file__).resolve().parents[1] / "conformance"))

from library import Library, check_mirror  # noqa: E402


@pytest.fixture(scope="session")
def library():
    check_mirror()
    return Library()
