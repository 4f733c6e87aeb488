#!/usr/bin/env python3
"""Shows from the #includes that dependencies only point down the data flow.

  lib/*.c  ->  lib/otlp  ->  lib/batch  ->  lib/parquet  ->  lib/base  ->  include/otlp2parquet.h

A file of lib/ includes files of its own layer and of those to its right. System headers come in by
lib/base/deps.h alone; the codec libraries' headers by lib/parquet/codec*.c; and the public header needs
none but three. A shim or an example includes the public header, files of its own folder, and system
headers; the program's commands may start the server, and the server stores by the storage.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
LAYERS = ["include", "lib/base", "lib/parquet", "lib/batch", "lib/otlp", "lib"]
PUBLIC = "include/otlp2parquet.h"
PUBLIC_SYSTEM = {"stdbool.h", "stddef.h", "stdint.h"}
SHIMS = {("shims/cli", "shims/server"), ("shims/server", "shims/storage")}
CODECS = {"snappy-c.h", "zstd.h", "zlib.h", "lz4.h"}


def resolve(file, name):
    """The project file an #include names, or None: relative to the file, or to include/."""
    for folder in (file.parent, ROOT / "include"):
        target = (folder / name).resolve()
        if target.is_file() and target.is_relative_to(ROOT):
            return target.relative_to(ROOT).as_posix()
    return None


def system_allowed(path, name):
    if path == PUBLIC:
        return name in PUBLIC_SYSTEM
    if path.startswith("lib/"):
        return path == "lib/base/deps.h" or (name in CODECS and re.match(r"lib/parquet/codec\w*\.c$", path))
    return True


def project_allowed(path, target):
    folder, target_folder = (name.rpartition("/")[0] for name in (path, target))
    if path.startswith(("lib/", "include/")):
        return target_folder in LAYERS and LAYERS.index(target_folder) <= LAYERS.index(folder)
    return target == PUBLIC or target_folder == folder or (folder, target_folder) in SHIMS


def offences(file):
    path = file.relative_to(ROOT).as_posix()
    for kind, name in INCLUDE.findall(file.read_text()):
        target = resolve(file, name) if kind == '"' or name == "otlp2parquet.h" else None
        if target is None and kind == '"':
            yield f"{path} includes {name}, which is not in the project"
        elif target is None and not system_allowed(path, name):
            yield f"{path} includes <{name}>: system headers come in by lib/base/deps.h"
        elif target is not None and not project_allowed(path, target):
            yield f"{path} includes {target}: against the layers"


def main():
    failed = False
    for folder in ["include", "lib", "shims", "examples"]:
        files = [file for file in sorted((ROOT / folder).rglob("*")) if file.suffix in (".c", ".h", ".def")]
        unplaced = [
            file
            for file in files
            if folder == "lib" and file.parent.relative_to(ROOT).as_posix() not in LAYERS
        ]
        found = [offence for file in files for offence in offences(file)]
        found += [f"{file.relative_to(ROOT)}: this folder is no layer" for file in unplaced]
        for offence in found:
            print("   ", offence)
        failed = failed or bool(found)
        print("FAILED" if found else "ok", f"includes of {folder}/ ({len(files)} files) keep to the layers")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
