"""What must come of each hostile input (cases.py), in one call and in a batch among good requests."""

import os
from collections import Counter
from functools import lru_cache

import pytest

from cases import CASES
from library import BadOption
from otlp_shapes import good

FEWEST_CASES = 300
LONG = os.environ.get("O2P_GROWTH") == "full"
NO_COUNTS = 0, 0, 0, 0, 0, 0, 0, 0


def _parameters(cases):
    skipped = pytest.mark.skip(reason="takes seconds: set O2P_GROWTH=full")
    return [pytest.param(c, id=c.name, marks=[skipped] if c.slow and not LONG else []) for c in cases]


def test_there_are_enough_cases_with_names_of_their_own():
    print(f"{len(CASES)} hostile inputs; by what is expected: {dict(Counter(c.status for c in CASES))}")
    assert len(CASES) >= FEWEST_CASES
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


@pytest.mark.parametrize("case", _parameters(CASES))
def test_case(library, case):
    data = case.bytes()
    once = library.convert(data, **case.all_options())
    assert once.status == case.status, _told(once)
    if case.status == "BAD_OPTION":
        check_bad_option(library, case, once)
    elif case.status == "OK":
        check_success(library, case, data, once)
    else:
        check_failure(library, case, data, once)


def _told(outcome):
    error = outcome.error
    place = f"{error.offset}, line {error.line}, {error.path!r}"
    return f"{error.status} at {place}: {error.message}; {outcome.counts}"


# ---- what succeeds ----------------------------------------------------------------------------------------


def check_success(library, case, data, once):
    counts = once.counts
    assert once.error == ("OK", "", 0, 0, "")
    assert {name: counts[name] for name in case.counts} == case.counts
    assert all(counts[name] == case.counts.get(name, 0) for name in ("rejected", "bad_lines")), counts
    assert sum(file.rows for file in once.files) == counts["accepted"]
    assert len({file.path for file in once.files}) == len(once.files)
    assert all(file.data[:4] == file.data[-4:] == b"PAR1" for file in once.files)
    check_rejection(case, data, once)
    with library.batch(**case.all_options()) as batch:
        appended = batch.append(data)
        assert appended == once._replace(files=()), "a batch takes it otherwise than the one call"
        assert batch.rows() == counts["accepted"]
        finished = batch.finish()
    assert finished.files == once.files, "a batch gives other files than the one call"
    assert finished.counts == counts
    if case.same_as is not None:
        check_same(library, case, once)


def check_rejection(case, data, once):
    """The first record or line that was left out is explained, where there is one."""
    rejection = once.rejection
    assert (rejection.status == "OK") == (once.counts["rejected"] + once.counts["bad_lines"] == 0)
    assert (rejection.message == "") == (rejection.status == "OK")
    assert 0 <= rejection.offset <= len(data)
    assert (rejection.line > 0) == (rejection.status != "OK" and once.encoding == "json_lines")
    if case.rejection is not None:
        status, first, last = case.rejection
        assert rejection.status == status, rejection
        assert first <= rejection.offset <= last, rejection
        check_path(case, rejection)


def check_same(library, case, once):
    other = case.same_as() if callable(case.same_as) else case.same_as
    encoding = "json_lines" if case.encoding == "json_lines" else "protobuf"
    same = library.convert(other, **{**case.all_options(), "encoding": encoding})
    assert same.status == "OK", _told(same)
    assert once.files == same.files


def check_path(case, error):
    """A path of 160 bytes or more is cut at the front."""
    if case.path is not None:
        cut = len(case.path) >= 160
        assert error.path == case.path or (cut and case.path.endswith(error.path.removeprefix("..."))), error


# ---- what fails -------------------------------------------------------------------------------------------


def check_failure(library, case, data, once):
    error = once.error
    assert once.files == () and tuple(once.counts.values()) == NO_COUNTS
    assert error.message != ""
    assert 0 <= error.offset <= len(data)
    assert len(error.path) < 160
    if case.within is not None:
        assert case.within[0] <= error.offset <= case.within[1], _told(once)
    check_path(case, error)
    if case.line:
        assert error.line == case.line, _told(once)
    assert (error.line > 0) <= (once.encoding == "json_lines")
    check_refused_by_batch(library, case, data, once)
    check_batch_is_as_before(library, case, data)


def check_refused_by_batch(library, case, data, once):
    with library.batch(**case.all_options()) as batch:
        refused = batch.append(data)
        if "max_memory_bytes" in case.all_options():  # a batch is refused memory sooner, so elsewhere
            once, refused = once.status, refused.status
        assert refused == once, "a batch refuses it otherwise than the one call"
        assert batch.rows() == 0
        empty = batch.finish()
        assert (empty.status, empty.files, tuple(empty.counts.values())) == ("OK", (), NO_COUNTS)


def good_requests(case):
    signal = "logs" if case.signal == "auto" else case.signal
    return [good(signal, case.encoding, text) for text in ("g", "h")]


@lru_cache(maxsize=4)
def _without(library, options, first, second):
    return in_batch(library, dict(options), first, second)[-1]


def in_batch(library, options, *requests):
    """What a batch says to each request, and at last to finish."""
    with library.batch(**options) as batch:
        return [batch.append(request) for request in requests] + [batch.finish()]


def check_batch_is_as_before(library, case, data):
    first, second = good_requests(case)
    options = case.all_options()
    one, refused, two, finished = in_batch(library, options, first, data, second)
    # A limit of the batch is reached together with what is in it.
    of_batch = "max_files" in refused.error.message or "max_memory_bytes" in options
    expected = "FULL" if of_batch and case.status == "LIMIT" else case.status
    assert (one.status, refused.status, two.status, finished.status) == ("OK", expected, "OK", "OK")
    assert tuple(refused.counts.values()) == NO_COUNTS
    without = _without(library, tuple(options.items()), first, second)
    assert len(without.files) > 0
    assert finished == without, "a request that failed left something in the batch"


def check_bad_option(library, case, once):
    assert (once.files, once.error.path, once.error.offset) == ((), case.path, 0)
    with pytest.raises(BadOption) as caught, library.batch(**case.all_options()):
        pass
    assert caught.value.error == once.error


# ---- limits that depend on what comes out -----------------------------------------------------------------


@pytest.mark.parametrize("signal", ["logs", "traces", "metrics"])
def test_max_output_bytes(library, signal):
    """Of all files together: exactly so many bytes are allowed; with one less the batch stays."""
    data = good(signal, "protobuf")
    size = sum(len(file.data) for file in library.convert(data, signal=signal).files)
    assert library.convert(data, signal=signal, max_output_bytes=size).status == "OK"
    refused = library.convert(data, signal=signal, max_output_bytes=size - 1)
    assert (refused.status, refused.files, refused.error.offset) == ("LIMIT", (), 0)
    with library.batch(signal=signal, max_output_bytes=size - 1) as batch:
        assert batch.append(data).status == "OK"
        for _ in range(2):
            assert batch.finish().status == "LIMIT"
            assert batch.rows() == 1
    with library.batch(signal=signal, max_output_bytes=size) as batch:
        for _ in range(2):
            assert batch.append(data).status == "OK"
            assert len(batch.finish().files) == 1


def test_max_memory_bytes_in_steps(library):
    """Under a ceiling that grows in small steps each stage is refused in turn, with LIMIT."""
    data = b"".join(good("traces", "protobuf", "x" * n) for n in range(200))
    expected = library.convert(data, signal="traces")
    seen = set()
    for ceiling in range(1, 1 << 20, 4999):
        outcome = library.convert(data, signal="traces", max_memory_bytes=ceiling)
        seen.add(outcome.status)
        assert outcome.status in ("OK", "LIMIT")
        assert outcome.files == (expected.files if outcome.status == "OK" else ())
    assert seen == {"OK", "LIMIT"}


def test_max_files_of_a_batch(library):
    """Over all the appends: the one that would need a file too many is refused, the others are not."""
    hour = 3_600_000_000_000
    hours = [b"\x0a\x0d\x12\x0b\x12\x09\x09" + (n * hour).to_bytes(8, "little") for n in range(5)]
    with library.batch(signal="logs", encoding="protobuf", max_files=3) as batch:
        assert [batch.append(hours[n]).status for n in (0, 1, 1, 2, 3, 0, 4, 2)] == [
            "OK",
            "OK",
            "OK",
            "OK",
            "FULL",
            "OK",
            "FULL",
            "OK",
        ]
        assert batch.rows() == 6
        assert [file.rows for file in batch.finish().files] == [2, 2, 2]
        assert batch.append(hours[4]).status == "OK"
        assert len(batch.finish().files) == 1
