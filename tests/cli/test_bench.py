"""bench: one line, whose numbers agree with convert's."""

import re

import otlp

LINE = re.compile(r"rows=(\d+) in=(\d+) out=(\d+) min=(\d+\.\d\d)ms med=(\d+\.\d\d)ms\n")


def bench(ok, *arguments, **options):
    match = LINE.fullmatch(ok("bench", *arguments, **options).out)
    assert match
    return tuple(map(int, match.groups()[:3])), tuple(map(float, match.groups()[3:]))


def test_line(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.logs(100, step=otlp.HOUR))
    (file,) = ok("convert", "--json", "--one-file", "--out", "d", "x.pb").json()["files"]
    numbers, (least, median) = bench(ok, "--repeat", "5", "x.pb")
    assert numbers == (100, (tmp_path / "x.pb").stat().st_size, file["bytes"])
    assert 0 <= least <= median


def test_all_tables_are_added_up(ok, tmp_path):
    (tmp_path / "x.pb").write_bytes(otlp.metrics())
    files = ok("convert", "--json", "--one-file", "--out", "d", "x.pb").json()["files"]
    numbers, _ = bench(ok, "--repeat=1", "x.pb")
    assert numbers[0] == 5
    assert numbers[2] == sum(file["bytes"] for file in files)


def test_codec_signal_and_standard_input(ok):
    request = otlp.logs(1000, body="again and again " * 5)
    snappy, _ = bench(ok, "--repeat", "1", "-", input=request)
    plain, _ = bench(ok, "--repeat", "1", "--codec", "none", "-", input=request)
    assert plain[2] > snappy[2]
    zstd, _ = bench(ok, "--repeat", "1", "--codec", "zstd", "-", input=request)
    assert snappy[2] > zstd[2]
    other, _ = bench(ok, "--repeat", "1", "--codec=zstd", "--codec-level=1", "-", input=request)
    assert other[2] != zstd[2]
    told, _ = bench(ok, "--repeat", "1", "--signal", "traces", "-", input=otlp.TELLS_NOTHING)
    assert told[0] == 1


def test_failures(run, tmp_path):
    (tmp_path / "bad.pb").write_bytes(otlp.CUT_OFF)
    result = run("bench", "--signal", "logs", "bad.pb")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("otlp2parquet: error: bad.pb: byte ")
    assert run("bench", "gone.pb").status == 1
