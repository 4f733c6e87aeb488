"""Runs what README.md tells its readers to type, in a fresh copy of the project, in the README's order.

Fenced blocks are told by their language: `sh` (commands, one a line), `sql` (DuckDB), `c` (a program, or
statements that go into one). The copy has no build/ and nothing beside it, as after a clone. A command that
would run this test again, or that is for another machine, is not run; the list below names them all.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = {
    "git clone": "the copy stands for it",
    "cd ": "the copy stands for it",
    "make test": "runs this test",
    "make check": "is not a part of make test",
    "make bench": "builds the Rust reference",
    "make fuzz": "runs for minutes",
    "make asan": "is run by make check",
    "make install": "writes outside the copy; tests/check/shared_object.sh installs to a folder",
    "sudo ": "changes the machine",
}
# What the README calls duckdb, where only Python's duckdb is installed.
DUCKDB = """#!{python}
import sys
import duckdb
words = sys.argv[1:]
query = words[words.index("-c") + 1] if "-c" in words else sys.stdin.read()
for statement in duckdb.extract_statements(query):
    print(duckdb.sql(statement.query))
"""


def blocks():
    """(language, text) of each piece to run: a command, a query, or a program."""
    for language, text in BLOCK.findall((ROOT / "README.md").read_text()):
        if language == "sh":
            joined = text.replace("\\\n", " ")
            commands = (line.removeprefix("$ ").strip() for line in joined.splitlines())
            yield from ((language, line) for line in commands if line and not line.startswith("#"))
        elif language == "sql":
            yield from ((language, query.strip()) for query in text.split(";\n") if query.strip())
        elif language == "c":
            yield language, text


def tracked():
    """What git knows or would add, or all but what is built where there is no git."""
    command = "git ls-files --cached --others --exclude-standard"
    listed = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    files = (file.relative_to(ROOT) for file in ROOT.rglob("*") if file.is_file())
    return [str(file) for file in files if file.parts[0] not in ("build", "data", "wal", ".git")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme") / "otlp2parquet"
    for name in tracked():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A make of its own, and a duckdb on the PATH."""
    inherited = {
        key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    if shutil.which("duckdb"):
        return inherited
    bin_folder = tmp_path_factory.mktemp("bin")
    program = bin_folder / "duckdb"
    program.write_text(DUCKDB.format(python=sys.executable))
    program.chmod(0o755)
    return dict(inherited, PATH=f"{bin_folder}:{inherited['PATH']}")


def run(command, folder, environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        shell=isinstance(command, str),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def serve(command, folder, environment, use, log="serve.txt", **flags):
    """Starts a command that serves, as a terminal does; `use` is given the line of its banner that says where to
    send. Returns the status after Ctrl-C, and what was printed."""
    log = folder.parent / log
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment, **flags),
            shell=True,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 900
        while not (ready := re.search(r"OTLP_ENDPOINT=(\S+)\n[^$]*\n\n", log.read_text())):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        use(ready[1])
        os.killpg(process.pid, signal.SIGINT)
        return process.wait(60), log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def send_sample(endpoint):
    body = (ROOT / "examples" / "telemetry" / "python_sdk_logs.pb").read_bytes()
    request = urllib.request.Request(f"{endpoint}/v1/logs", body, {"Content-Type": "application/x-protobuf"})
    assert urllib.request.urlopen(request, timeout=20).status == 200


def make_run(folder, environment):
    """On free ports, since there may be a server on this machine."""
    anywhere = "--http 127.0.0.1:0 --grpc 127.0.0.1:0"
    status, printed = serve("make run", folder, environment, send_sample, ARGS=anywhere)
    assert status in (0, -signal.SIGINT, 128 + signal.SIGINT), printed  # make ends by the signal
    assert "FAILED" not in printed and "***" not in printed and "everything is stored" in printed
    (query,) = re.findall(r'duckdb -c "(SELECT \* .*)"', printed)
    assert len(duckdb.sql(query.replace("'data/", f"'{folder}/data/")).fetchall()) == 10
    assert not [file for file in (folder / "wal").iterdir() if file.suffix == ".wal"]


def compile_and_run(text, folder, environment):
    """A program is run on a sample; statements are wrapped into one, with a request in `bytes` and `len`."""
    source = folder / "build" / "readme.c"
    program = source.with_suffix("")
    if "int main(" not in text:
        text = (
            "#include <otlp2parquet.h>\nvoid example(const void *bytes, size_t len);\n"
            f"void example(const void *bytes, size_t len)\n{{\n{text}\n(void)bytes; (void)len;\n}}\n"
            'int main(void) { example("", 0); return 0; }\n'
        )
    source.parent.mkdir(exist_ok=True)
    source.write_text("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" + text)
    run(["make", "-s", "lib"], folder, environment)
    run(
        [
            "cc",
            "-std=c11",
            "-Wall",
            "-Iinclude",
            source,
            "build/libotlp2parquet.a",
            "-lsnappy",
            "-lzstd",
            "-lz",
            "-llz4",
            "-o",
            program,
        ],
        folder,
        environment,
    )
    run([program, folder / "examples" / "telemetry" / "python_sdk_logs.pb"], source.parent, environment)


@pytest.mark.parametrize("language, text", list(blocks()), ids=lambda value: value.splitlines()[0][:60])
def test_block(language, text, copy, environment, monkeypatch):
    if language == "sql":
        monkeypatch.chdir(copy)
        result = duckdb.sql(text)
        assert result is None or len(result.fetchall()) > 0, "the query finds nothing"
    elif language == "c":
        compile_and_run(text, copy, environment)
    else:
        reason = next((why for start, why in NOT_RUN.items() if text.startswith(start)), None)
        if reason:
            pytest.skip(f"`{text}`: {reason}")
        if text.startswith("make run"):
            make_run(copy, environment)
        else:
            run(text, copy, environment)


HINT = re.compile(r"^with make, flags are in ARGS, .*: make run ARGS='(.*)'$", re.MULTILINE)


@pytest.mark.parametrize("taken", ["the ports", "the log"])
def test_a_second_server(copy, environment, taken):
    """What it says is enough to start one beside the first, also for whoever runs it by make."""

    def run_another(endpoint):
        flags = {
            "the ports": f"--http {endpoint.removeprefix('http://')} --grpc off --wal build/other",
            "the log": "--http 127.0.0.1:0 --grpc off",
        }
        done = subprocess.run(
            ["make", "run"],
            cwd=copy,
            env=dict(environment, ARGS=flags[taken]),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 2
        if taken == "the ports":
            assert "the port is in use, by a program or by a connection that has just ended; --http" in done.stderr
        else:
            assert "another server uses this write-ahead log; --wal DIR" in done.stderr
        (hint,) = HINT.findall(done.stdout)
        assert re.findall(r"--\w+", hint) == ["--http", "--grpc", "--data", "--wal"]
        free = re.sub(r":\d+", ":0", hint)
        status, printed = serve("make run", copy, environment, send_sample, ARGS=free, log="second.txt")
        assert status in (0, -signal.SIGINT, 128 + signal.SIGINT), printed
        assert list((copy / "mine" / "data" / "logs").rglob("*.parquet"))

    serve("make run", copy, environment, run_another, ARGS="--http 127.0.0.1:0 --grpc off")


def test_what_was_received_outlives_make_clean(copy, environment):
    told = run("make --dry-run clean", copy, environment)
    assert told.split() == ["rm", "-rf", "build"]


def test_the_two_commands_are_there():
    commands = [text for language, text in blocks() if language == "sh"]
    assert any(command.startswith("make run") for command in commands)
    assert any(command.startswith("make test") for command in commands)
