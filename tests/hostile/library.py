"""The library through ctypes: a mirror of include/otlp2parquet.h, and calls that give plain Python values.

The mirror is written by hand, so `check_mirror` holds it to the header: it has the C compiler print the size
of every struct, the offset and size of every member and the values of the enums, and compares. It runs before
the first test.

Inputs are handed over so that the page behind their last byte cannot be read: whoever reads past the end
crashes.

O2P_LIB names the shared object under test (default: build/libotlp2parquet.so).
"""

import ctypes
import mmap
import os
import subprocess
import tempfile
from ctypes import (
    POINTER, byref, c_bool, c_char, c_char_p, c_double, c_int, c_int32, c_size_t, c_uint32, c_uint64, c_void_p,
)
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "otlp2parquet.h"

STATUSES = [
    "OK",
    "OUT_OF_MEMORY",
    "BAD_OPTION",
    "UNDETECTED",
    "TRUNCATED",
    "MALFORMED",
    "WIRE_TYPE",
    "DEPTH",
    "LIMIT",
    "CODEC",
    "VALUE",
    "FULL",
]
SIGNALS = {"auto": 0, "logs": 1, "traces": 2, "metrics": 3}
ENCODINGS = {"auto": 0, "protobuf": 1, "json": 2, "json_lines": 3}
PATH_SIZE = 160


def name_of(names, value):
    """The name that a dict of values has for `value`."""
    return next((name for name, number in names.items() if number == value), f"unknown {value}")


# ---- the mirror -------------------------------------------------------------------------------------------


class O2pError(ctypes.Structure):
    _fields_ = [
        ("status", c_int),
        ("message", c_char_p),
        ("offset", c_size_t),
        ("line", c_uint64),
        ("path", c_char * PATH_SIZE),
    ]


class O2pAllocator(ctypes.Structure):
    _fields_ = [("ctx", c_void_p), ("allocate", c_void_p), ("reallocate", c_void_p), ("release", c_void_p)]


class O2pOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("signal", c_int),
        ("encoding", c_int),
        ("codec", c_int),
        ("codec_level", c_int32),
        ("order", c_int),
        ("ids", c_int),
        ("timestamps", c_int),
        ("path_template", c_char_p),
        ("default_time_ns", c_uint64),
        ("attributes", c_int),
        ("promotions", c_void_p),
        ("promotion_count", c_size_t),
        ("promotions_only", c_bool),
        ("row_group_rows", c_uint32),
        ("row_group_bytes", c_uint64),
        ("page_rows", c_uint32),
        ("page_bytes", c_uint32),
        ("dictionary_bytes", c_uint32),
        ("statistics_bytes", c_uint32),
        ("bloom_columns", c_char_p),
        ("bloom_fpp", c_double),
        ("skip_bad_lines", c_bool),
        ("max_depth", c_uint32),
        ("max_attributes", c_uint32),
        ("max_records", c_uint64),
        ("max_string_bytes", c_uint64),
        ("max_input_bytes", c_uint64),
        ("max_shared_attributes", c_uint32),
        ("max_files", c_uint32),
        ("max_output_bytes", c_uint64),
        ("max_memory_bytes", c_uint64),
        ("allocator", O2pAllocator),
        ("hash_seed", c_uint64),
    ]


class O2pFile(ctypes.Structure):
    _fields_ = [
        ("table", c_int),
        ("path", c_char_p),
        ("data", c_void_p),
        ("size", c_size_t),
        ("rows", c_uint64),
        ("min_time_ns", c_uint64),
        ("max_time_ns", c_uint64),
    ]


class O2pCounts(ctypes.Structure):
    _fields_ = [
        (name, c_uint64)
        for name in (
            "accepted",
            "rejected",
            "invalid_utf8",
            "duplicate_keys",
            "unknown_fields",
            "empty_metrics",
            "empty_groups",
            "bad_lines",
        )
    ]


class O2pResult(ctypes.Structure):
    _fields_ = [
        ("signal", c_int),
        ("encoding", c_int),
        ("counts", O2pCounts),
        ("error", O2pError),
        ("rejection", O2pError),
    ]


class O2pOutput(ctypes.Structure):
    _fields_ = [
        ("options", POINTER(O2pOptions)),
        ("signal", c_int),
        ("encoding", c_int),
        ("files", POINTER(O2pFile)),
        ("file_count", c_size_t),
        ("counts", O2pCounts),
        ("error", O2pError),
        ("rejection", O2pError),
        ("storage", c_void_p),
    ]


STRUCTS = {
    "o2p_error": O2pError,
    "o2p_allocator": O2pAllocator,
    "o2p_options": O2pOptions,
    "o2p_file": O2pFile,
    "o2p_counts": O2pCounts,
    "o2p_result": O2pResult,
    "o2p_output": O2pOutput,
}


def _mirrored():
    """What the mirror says, as {C expression: value}."""
    facts = {"(size_t)O2P_FIELD_PATH_SIZE": PATH_SIZE}
    for name, struct in STRUCTS.items():
        facts[f"sizeof({name})"] = ctypes.sizeof(struct)
        for member, *_ in struct._fields_:
            facts[f"offsetof({name}, {member})"] = getattr(struct, member).offset
            facts[f"sizeof((({name} *)0)->{member})"] = getattr(struct, member).size
    for value, status in enumerate(STATUSES):
        facts[f"(size_t)O2P_{'OK' if status == 'OK' else 'ERR_' + status}"] = value
    for prefix, names in (("SIGNAL", SIGNALS), ("ENCODING", ENCODINGS)):
        facts |= {f"(size_t)O2P_{prefix}_{name.upper()}": value for name, value in names.items()}
    return facts


def check_mirror():
    """Raises AssertionError, with all that differs, when the mirror is not the header's."""
    facts = _mirrored()
    lines = "\n".join(f'    printf("%zu\\n", {expression});' for expression in facts)
    program = (
        f'#include <stddef.h>\n#include <stdio.h>\n#include "{HEADER}"\nint main(void)\n{{\n{lines}\n}}\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        source, probe = Path(folder, "probe.c"), Path(folder, "probe")
        source.write_text(program, encoding="utf-8")
        subprocess.run([os.environ.get("CC", "cc"), source, "-o", probe], check=True)
        output = subprocess.run([probe], check=True, capture_output=True, text=True).stdout
    in_header = dict(zip(facts, map(int, output.split()), strict=True))
    differences = [f"{e}: {in_header[e]}, here {facts[e]}" for e in facts if in_header[e] != facts[e]]
    assert not differences, "tests/hostile/library.py is not as the header: " + "; ".join(differences)


# ---- plain values -----------------------------------------------------------------------------------------


class Error(NamedTuple):
    status: str
    message: str
    offset: int
    line: int
    path: str


class File(NamedTuple):
    table: int
    path: str
    data: bytes
    rows: int
    min_time_ns: int
    max_time_ns: int


class Outcome(NamedTuple):
    """What a call came to. `files` are those of otlp_to_parquet and o2p_batch_finish."""

    status: str
    signal: str
    encoding: str
    counts: dict
    error: Error
    rejection: Error
    files: tuple = ()


def _error(error):
    status = STATUSES[error.status] if 0 <= error.status < len(STATUSES) else f"unknown {error.status}"
    raw = bytes(O2pError.path.__get__(error) or b"")
    assert error.message is not None, "error.message is NULL"
    return Error(status, error.message.decode(), error.offset, error.line, raw.decode())


def _counts(counts):
    return {name: getattr(counts, name) for name, _ in O2pCounts._fields_}


def _file(file):
    data = ctypes.string_at(file.data, file.size)
    return File(file.table, file.path.decode(), data, file.rows, file.min_time_ns, file.max_time_ns)


def options_of(**values):
    """An O2pOptions; `size` is right unless given. signal and encoding are names, or any numbers."""
    options = O2pOptions(size=ctypes.sizeof(O2pOptions))
    for name, value in values.items():
        assert name in dict(O2pOptions._fields_), f"there is no option {name}"
        value = {"signal": SIGNALS, "encoding": ENCODINGS}.get(name, {}).get(value, value)
        setattr(options, name, value.encode() if isinstance(value, str) else value)
    return options


# ---- inputs -----------------------------------------------------------------------------------------------


class Guarded:
    """Memory whose last byte is followed by a page that cannot be read."""

    _libc = ctypes.CDLL(None, use_errno=True)
    _libc.mmap.restype = c_void_p
    _libc.mmap.argtypes = [c_void_p, c_size_t, c_int, c_int, c_int, c_size_t]
    _libc.mprotect.argtypes = [c_void_p, c_size_t, c_int]
    _libc.munmap.argtypes = [c_void_p, c_size_t]

    def __init__(self):
        self._start, self._room = None, 0

    def place(self, data):
        """Copies `data` to the end of the memory; returns its address. It holds one input at a time."""
        if self._start is None or len(data) > self._room:
            self._grow(len(data))
        address = self._start + self._room - len(data)
        ctypes.memmove(address, data, len(data))
        return address

    def _grow(self, size):
        self.free()
        page = mmap.PAGESIZE
        self._room = max(1 << 20, -(-size // page) * page)
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        start = self._libc.mmap(None, self._room + page, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        assert start != c_void_p(-1).value, "no memory for an input"
        assert self._libc.mprotect(start + self._room, page, 0) == 0
        self._start = start

    def free(self):
        if self._start is not None:
            self._libc.munmap(self._start, self._room + mmap.PAGESIZE)
            self._start = None


# ---- the calls --------------------------------------------------------------------------------------------


def library_path():
    path = Path(os.environ.get("O2P_LIB") or ROOT / "build" / "libotlp2parquet.so").resolve()
    assert path.is_file(), f"{path} is not there: build it with `make lib`, or set O2P_LIB"
    return path


class Library:
    def __init__(self, path=None):
        self._lib = ctypes.CDLL(str(path or library_path()))
        self._declare("otlp_to_parquet", c_int, [c_void_p, c_size_t, POINTER(O2pOutput)])
        self._declare("o2p_output_free", None, [POINTER(O2pOutput)])
        self._declare("o2p_batch_new", c_int, [POINTER(O2pOptions), POINTER(c_void_p), POINTER(O2pError)])
        self._declare("o2p_batch_append", c_int, [c_void_p, c_void_p, c_size_t, POINTER(O2pResult)])
        self._declare("o2p_batch_rows", c_uint64, [c_void_p])
        self._declare("o2p_batch_finish", c_int, [c_void_p, POINTER(O2pOutput)])
        self._declare("o2p_batch_free", None, [c_void_p])
        self._input = Guarded()

    def _declare(self, name, result, arguments):
        function = getattr(self._lib, name)
        function.restype, function.argtypes = result, arguments

    def convert(self, data, copy_files=True, **options):
        """otlp_to_parquet. Without `copy_files` the outcome's files are left out."""
        return self.convert_at(self._input.place(data), len(data), copy_files, **options)

    def convert_at(self, address, length, copy_files=True, **options):
        given, out = options_of(**options), O2pOutput()
        out.options = ctypes.pointer(given)
        status = self._lib.otlp_to_parquet(address, length, byref(out))
        return self._outcome(status, out, copy_files)

    def batch(self, **options):
        return Batch(self, options)

    def _outcome(self, status, out, copy_files=True):
        try:
            assert status == out.error.status, "the status returned is not that of the error"
            files = tuple(_file(out.files[i]) for i in range(out.file_count if copy_files else 0))
            assert bool(out.files) == (out.file_count > 0)
            return Outcome(
                _error(out.error).status,
                name_of(SIGNALS, out.signal),
                name_of(ENCODINGS, out.encoding),
                _counts(out.counts),
                _error(out.error),
                _error(out.rejection),
                files,
            )
        finally:
            self._lib.o2p_output_free(byref(out))


class BadOption(Exception):
    """o2p_batch_new failed; `error` says why."""

    def __init__(self, error):
        super().__init__(f"{error.status}: {error.path}: {error.message}")
        self.error = error


class Batch:
    """A batch: `with library.batch(...) as batch`."""

    def __init__(self, library, options):
        self._library, self._lib, self._batch = library, library._lib, c_void_p()
        error = O2pError()
        status = self._lib.o2p_batch_new(byref(options_of(**options)), byref(self._batch), byref(error))
        if status != 0:
            assert not self._batch, "there is a batch though o2p_batch_new failed"
            raise BadOption(_error(error))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lib.o2p_batch_free(self._batch)

    def append(self, data):
        return self.append_at(self._library._input.place(data), len(data))

    def append_at(self, address, size):
        result = O2pResult()
        status = self._lib.o2p_batch_append(self._batch, address, size, byref(result))
        assert status == result.error.status, "the status returned is not that of the error"
        return Outcome(
            _error(result.error).status,
            name_of(SIGNALS, result.signal),
            name_of(ENCODINGS, result.encoding),
            _counts(result.counts),
            _error(result.error),
            _error(result.rejection),
        )

    def append_quietly(self, address, size):
        """Appends, and tells nothing but the status's number."""
        return self._lib.o2p_batch_append(self._batch, address, size, None)

    def rows(self):
        return self._lib.o2p_batch_rows(self._batch)

    def finish(self, copy_files=True):
        out = O2pOutput()
        return self._library._outcome(self._lib.o2p_batch_finish(self._batch, byref(out)), out, copy_files)
