"""What is measured: inputs of both encodings, made ready in a folder that is kept between runs.

| kind    | is                                                                         | in protobuf | in JSON |
| ------- | -------------------------------------------------------------------------- | ----------- | ------- |
| capture | large requests of real services, in ../shared/data beside the checkout     | as captured | twin    |
| batched | what generate.py makes                                                     | generated   | twin    |
| sample  | examples/telemetry, the delimited requests of a .pbs joined into one       | as captured | twin    |

Joined, requests are a request by protobuf's own rules. A twin is written by tests/conformance/otlp_json.py,
which shares no code with the library: compact OTLP/JSON, as SDKs write it. Making the large ones takes half a
minute, so an input is made again only when what it is made from or by has changed since.
"""

import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CAPTURES = ROOT.parent / "shared" / "data"
SAMPLES = ROOT / "examples" / "telemetry"
WRITERS = (HERE / "generate.py", HERE / "inputs.py", ROOT / "tests" / "conformance" / "otlp_json.py")
FOLDER = ROOT / "build" / "bench"  # where inputs are kept
SIGNALS = ("logs", "traces", "metrics")
ENCODINGS = {".pb": "protobuf", ".json": "json", ".jsonl": "json-lines"}

sys.path.append(str(ROOT / "tests" / "conformance"))


@dataclass(frozen=True)
class Input:
    kind: str
    signal: str
    file: Path

    @property
    def encoding(self):
        return ENCODINGS[self.file.suffix]


def signal_of(file):
    """By the file's name: inputs are named after what they carry."""
    return next((signal for signal in SIGNALS if signal in file.stem), None)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def joined(data):
    """Delimited requests, one behind the other."""
    at, out = 0, bytearray()
    while at < len(data):
        size, at = varint(data, at)
        out += data[at : at + size]
        at += size
    return bytes(out)


def made(target, sources, make):
    """The target, by make() where it is not there or older than a source."""
    fresh = target.exists() and all(target.stat().st_mtime >= file.stat().st_mtime for file in sources)
    if not fresh:
        print(f"making {target.name}", file=sys.stderr, flush=True)
        unfinished = target.with_name(target.name + ".unfinished")
        unfinished.write_bytes(make())
        os.replace(unfinished, target)
    return target


def generated(signal):
    import generate  # Only here and below: other inputs are measured without OTLP's Python package.

    return generate.GENERATED[signal]().SerializeToString(deterministic=True)


def twin(signal, file):
    import otlp_json

    return otlp_json.write(signal, file.read_bytes()).data


def with_twin(kind, signal, file, folder):
    target = made(folder / f"{file.stem}.json", (file, *WRITERS), partial(twin, signal, file))
    return [Input(kind, signal, file), Input(kind, signal, target)]


def captures(folder):
    files = sorted(CAPTURES.glob("*.pb"))
    return [one for file in files for one in with_twin("capture", signal_of(file), file, folder)]


def batched_request(signal, folder):
    return made(folder / f"batched_{signal}.pb", WRITERS, partial(generated, signal))


def batched(folder):
    files = [(signal, batched_request(signal, folder)) for signal in SIGNALS]
    return [one for signal, file in files for one in with_twin("batched", signal, file, folder)]


def as_one(file, folder):
    """A sample of one request: the file, or its requests joined."""
    if file.suffix != ".pbs":
        return file
    return made(folder / f"{file.stem}.pb", (file, *WRITERS), lambda: joined(file.read_bytes()))


def samples(folder):
    files = [as_one(file, folder) for file in sorted(SAMPLES.glob("*.pb*"))]
    return [one for file in files for one in with_twin("sample", signal_of(file), file, folder)]


def named(files, folder):
    """Files of the caller's: measured as they are, but for joining."""
    unknown = [file for file in files if not signal_of(file) or file.suffix not in (*ENCODINGS, ".pbs")]
    if unknown:
        sys.exit(
            f"{unknown[0]}: its name must hold {', '.join(SIGNALS)} and end in .pb, .pbs, .json or .jsonl"
        )
    return [Input("named", signal_of(file), as_one(file, folder)) for file in files]


def every(folder):
    return captures(folder) + batched(folder) + samples(folder)
