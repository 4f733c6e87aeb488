"""What files look like: every flag of `convert` that shapes them is a setting of the server, with the same bytes to
show for it; and a segment of the log is stored as it was meant, whatever the settings have become."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import program
from payloads import gauge, logs, post, spans

OPTIONS = {
    "codec": "zstd",
    "codec-level": "7",
    "order": "received",
    "ids": "binary",
    "timestamps": "nanos",
    "row-group-rows": "30",
    "row-group-bytes": "10K",
    "page-rows": "7",
    "page-bytes": "100",
    "dictionary-bytes": "20",
    "statistics-bytes": "3",
    "bloom-columns": "ServiceName,Body",
    "bloom-fpp": "0.2",
    "attributes": "json",
    "promote": r"resource:service.name=svc,record:a\,b:int64",
    "promote-only": "true",
    "path-template": "{table}/{service}/{time}-{hash}.parquet",
}
SWITCHES = ["promote-only"]
# Some are nothing without another.
WITH = {"codec-level": ["codec"], "bloom-fpp": ["bloom-columns"], "promote-only": ["promote"]}


def chosen(name):
    names = list(OPTIONS) if name == "all" else [name, *WITH.get(name, [])]
    return {one: OPTIONS[one] for one in names}


def flags_of(options, switches=()):
    return [word for name, value in options.items() for word in ([f"--{name}"] if name in switches else [f"--{name}", value])]


def requests():
    """Log records of three services, out of order, and a span; each signal in a request."""
    request = logs([])
    request.ClearField("resource_logs")
    for i in range(100):
        one = logs([f"{i} a text"], service=f"shop{i % 3}")
        record = one.resource_logs[0].scope_logs[0].log_records[0]
        record.time_unix_nano += (i * 7919) % 100
        record.trace_id, record.span_id = bytes([i]) * 16, bytes([i]) * 8
        record.severity_text = f"severity {i % 5}"
        record.attributes.add(key="a,b").value.int_value = i
        request.resource_logs.append(one.resource_logs[0])
    return {"logs": request, "traces": spans(["s"]), "metrics": gauge("g", [1.5])}


def send(server):
    for signal, request in requests().items():
        assert post(server.http, f"/v1/{signal}", request.SerializeToString())[0] == 200


def contents(folder):
    """Of all Parquet files, in the order of their tables."""
    files = sorted(folder.rglob("*.parquet"), key=lambda path: path.relative_to(folder).parts)
    return [path.read_bytes() for path in files]


def paths(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


def converted(folder, options):
    (folder / "in").mkdir()
    for signal, request in requests().items():
        (folder / "in" / f"{signal}.pb").write_bytes(request.SerializeToString())
    flags = flags_of(options, SWITCHES)
    subprocess.run([program(), "convert", "--out", "converted", *flags, "in"], cwd=folder, check=True, capture_output=True)
    return contents(folder / "converted")


@pytest.mark.parametrize("name", [*OPTIONS, "all"])
def test_the_server_s_files_are_those_of_convert(make_server, tmp_path, name):
    options = chosen(name)
    (tmp_path / "c.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in options.items()))
    server = make_server("--config", tmp_path / "c.yaml", "--seal-age", "1h")
    send(server)
    assert server.stop() == 0
    expected = converted(tmp_path, options)
    assert contents(tmp_path / "data") == expected
    if name != "path-template":
        plain = tmp_path / "plain"
        subprocess.run([program(), "convert", "--out", plain, tmp_path / "in"], check=True, capture_output=True)
        assert contents(plain) != expected, "the option changes nothing: nothing is shown"


def test_variables_and_flags_do_the_same(make_server, tmp_path):
    options = chosen("all")
    variables = {
        f"OTLP2PARQUET_{name.upper().replace('-', '_')}": value for name, value in options.items() if name != "promote"
    }
    flags = ["--promote", "resource:service.name=svc", "--promote", r"record:a\,b:int64"]  # add up
    server = make_server("--seal-age", "1h", *flags, environment=variables)
    send(server)
    assert server.stop() == 0
    assert contents(tmp_path / "data") == converted(tmp_path, options)


@pytest.mark.parametrize("before, after", [("all", None), (None, "all")], ids=["from", "to"])
def test_a_segment_keeps_what_decides_its_files(make_server, tmp_path, before, after):
    """A crash, and the settings change: the same files under the same names as without."""
    file = tmp_path / "c.yaml"

    def configure(name):
        options = chosen(name) if name else {}
        file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in options.items()) or "{}\n")
        return options

    options = configure(before)
    server = make_server("--config", file, "--seal-age", "1h")
    send(server)
    server.kill()
    shutil.copytree(tmp_path / "wal", tmp_path / "copy")
    configure(after)
    server.start()
    server.wait_until(lambda: server.metric("otlp2parquet_sealed_batches_waiting") == 0)
    assert server.stop() == 0
    assert contents(tmp_path / "data") == converted(tmp_path, options)
    shutil.move(tmp_path / "data", tmp_path / "changed")
    shutil.rmtree(tmp_path / "wal")
    shutil.copytree(tmp_path / "copy", tmp_path / "wal")
    configure(before)
    server.start()
    assert server.stop() == 0
    assert paths(tmp_path / "data") == paths(tmp_path / "changed")


def test_a_segment_of_the_former_version(make_server, tmp_path):
    """Written by a server whose segments held a path template and a codec: its files have the names it gave them."""
    flags = ["--codec", "zstd", "--codec-level", "7", "--path-template", "{table}/{service}/{hash}.parquet"]
    (tmp_path / "wal").mkdir()
    shutil.copy(Path(__file__).parent / "segment_version_1.wal", tmp_path / "wal" / "0000000000000001.wal")
    server = make_server()
    server.wait_until(lambda: server.metric("otlp2parquet_replayed_requests_total") == 2)
    assert server.stop() == 0
    for name, request in (("a_logs.pb", logs(["one", "two"])), ("b_traces.pb", spans(["call"]))):
        (tmp_path / name).write_bytes(request.SerializeToString())
    files = [tmp_path / "a_logs.pb", tmp_path / "b_traces.pb"]
    subprocess.run([program(), "convert", "--out", tmp_path / "c", *flags, *files], check=True, capture_output=True)
    assert paths(tmp_path / "data") == paths(tmp_path / "c") and len(paths(tmp_path / "c")) == 2
    assert contents(tmp_path / "data") == contents(tmp_path / "c")


def test_a_segment_of_a_later_version_is_kept(make_server, tmp_path):
    server = make_server("--seal-age", "1h")
    assert post(server.http, "/v1/logs", logs(["one"]).SerializeToString())[0] == 200
    server.kill()
    (segment,) = (tmp_path / "wal").glob("*.wal")
    bytes_of = bytearray(segment.read_bytes())
    bytes_of[6] = ord("3")
    segment.write_bytes(bytes_of)
    server.start()
    server.wait_until(lambda: server.metric("otlp2parquet_set_aside_segments_total") == 1)
    assert server.stop() == 0
    assert [path.read_bytes() for path in (tmp_path / "wal").glob("*.corrupt")] == [bytes(bytes_of)]
