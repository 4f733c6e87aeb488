"""Fixtures of the conformance tests.

The tests know the project by its documents and its command line alone. They run with
`python -m pytest tests/conformance`; O2P_BIN names the command under test (default: build/otlp2parquet).
Real telemetry is looked for in ../shared/data beside the checkout, samples in examples/telemetry.
"""

import os
from pathlib import Path

import pytest

from converter import Converter
from corpus import CASES, EDGE_CASES, RANDOM_CASES, ROOT, SAMPLE_FOLDERS, samples
from engines import Engines
from otlp_pieces import REQUEST_TYPES


def pytest_generate_tests(metafunc):
    """`case` runs through every edge case and random request, `sample` through every sample there is."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=[case.name for case in CASES])
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("name, sample", _sample_parameters())


def _sample_parameters():
    """One a sample, and a skipped one for each folder that has none, so that its absence is said."""
    found = [pytest.param(name, path, id=name) for name, path in samples().items()]
    empty = [place for place in SAMPLE_FOLDERS if not any(name.startswith(place) for name in samples())]
    return found + [
        pytest.param(None, None, id=place, marks=pytest.mark.skip(reason=f"no samples in {SAMPLE_FOLDERS[place]}"))
        for place in empty
    ]


@pytest.fixture(scope="session")
def converter(tmp_path_factory):
    binary = Path(os.environ.get("O2P_BIN", ROOT / "build" / "otlp2parquet"))
    if not binary.exists():
        pytest.fail(f"no command under test at {binary}: `make cli`, or set O2P_BIN", pytrace=False)
    return Converter(binary.resolve(), tmp_path_factory.mktemp("o2p"))


@pytest.fixture(scope="session")
def corpus(converter):
    """What all readers read: edge cases, samples, and all random requests of a signal in one."""
    conversions = [converter.convert_wire(case) for case in EDGE_CASES]
    conversions += [converter.convert_sample(name, path) for name, path in samples().items()]
    return conversions + [converter.convert_joined(signal, RANDOM_CASES) for signal in REQUEST_TYPES]


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    engines = Engines(tmp_path_factory.mktemp("engines"))
    yield engines
    engines.close()
