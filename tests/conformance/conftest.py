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
        pytest.param(None, id=place, marks=pytest.mark.skip(reason=f"no samples in {SAMPLE_FOLDERS[place]}"))
        for place in empty
    ]


@pytest.fixture(scope="session")
def converter(tmp_path_factory):
    binary = Path(os.environ.get("O2P_BIN", ROOT / "build" / "otlp2parquet"))
    if not binary.exists():
        pytest.fail(
            f"the command under test is not there: {binary} (make cli, or set O2P_BIN)", pytrace=False
        )
    return Converter(binary.resolve(), tmp_path_factory.mktemp("o2p"))


@pytest.fixture(scope="session")
def corpus(converter):
    """What all readers read: edge cases, samples, and all random requests of a signal in one."""
    conversions = [converter.convert_wire(case) for case in EDGE_CASES]
    conversions += [converter.convert_sample(name, path) for name, path in samples().items()]
    return conversions + [converter.convert_joined(signal, RANDOM_CASES) for signal in REQUEST_TYPES]


class Engines:
    """Readers that need a process or a folder of their own, started when first asked for."""

    def __init__(self, folder):
        self.folder, self._clickhouse, self._spark, self._links = folder, None, None, 0

    @property
    def clickhouse(self):
        if self._clickhouse is None:
            from chdb.session import Session

            self._clickhouse = Session(str(self.folder / "clickhouse"))
        return self._clickhouse

    @property
    def spark(self):
        """One local session for the whole run. Small files share a task, and all are listed by one thread."""
        if self._spark is None:
            from pyspark.sql import SparkSession

            settings = {
                "spark.ui.enabled": "false",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "3g",
                "spark.driver.maxResultSize": "3g",
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.files.openCostInBytes": "1024",
                "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
                "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
                "spark.ui.showConsoleProgress": "false",
            }
            builder = SparkSession.builder.master("local[1]").appName("conformance")
            for name, value in settings.items():
                builder = builder.config(name, value)
            self._spark = builder.getOrCreate()
            self._spark.sparkContext.setLogLevel("ERROR")
        return self._spark

    def folder_of_links(self, files):
        """A new folder with a link to each file, numbered: one glob names them all."""
        self._links += 1
        folder = self.folder / f"links{self._links}"
        folder.mkdir()
        for number, file in enumerate(files):
            (folder / f"{number:05}.parquet").symlink_to(Path(file).resolve())
        return folder

    def close(self):
        if self._clickhouse is not None:
            self._clickhouse.close()
        if self._spark is not None:
            self._spark.stop()


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    engines = Engines(tmp_path_factory.mktemp("engines"))
    yield engines
    engines.close()
