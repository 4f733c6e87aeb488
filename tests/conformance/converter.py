"""Runs the command under test, and remembers what it made of each input."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from corpus import options_of


@dataclass(frozen=True)
class File:
    """One entry of `files` in what `convert --json` prints."""

    table: str
    path: Path
    rows: int
    bytes: int
    min_time_ns: int
    max_time_ns: int


@dataclass(frozen=True)
class Conversion:
    out: Path  # the folder given as --out
    files: list
    counts: dict

    def of_table(self, table):
        return [file for file in self.files if file.table == table]


class Converter:
    """`build/otlp2parquet convert`. Outputs lie in <folder>/<set>/<name>; each is made once."""

    def __init__(self, binary, folder):
        self.binary, self.folder = Path(binary), Path(folder)
        self._made, self._asked = {}, {}

    def run(self, arguments, check=True):
        command = [str(self.binary), "convert", "--json", *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, timeout=120)
        if check and result.returncode:
            raise AssertionError(
                f"{command} gave {result.returncode}: {result.stderr.decode(errors='replace')}"
            )
        return result

    def convert(self, inputs, *options, name, set_name="default"):
        """Converts files into a folder of their own. Asked again for the same, answers from memory."""
        key, asked = (set_name, name), (tuple(map(str, inputs)), options)
        if key not in self._made:
            self._asked[key] = asked
            out = self.folder / set_name / name
            printed = json.loads(self.run(["--out", out, *options, *inputs]).stdout)
            files = [File(**{**entry, "path": Path(entry["path"])}) for entry in printed["files"]]
            self._made[key] = Conversion(out, files, printed["counts"])
        assert self._asked[key] == asked, f"{key} is what other inputs or options gave"
        return self._made[key]

    def convert_wire(self, case, *options, set_name="default"):
        """Converts a case of otlp_cases."""
        return self.convert(
            [self.input_of(case)], "--signal", case.signal, *options, set_name=set_name, name=case.name
        )

    def convert_sample(self, name, path):
        return self.convert([path], *options_of(path), name=name)

    def convert_joined(self, signal, cases, *options, set_name="joined"):
        """Those of the cases that are of this signal, in one call and one file a table."""
        inputs = [self.input_of(case) for case in cases if case.signal == signal]
        return self.convert(inputs, "--signal", signal, "--one-file", *options, set_name=set_name, name=signal)

    def input_of(self, case):
        """The case's bytes as a file."""
        path = self.folder / "inputs" / f"{case.name}.pb"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(case.wire().data)
        return path
