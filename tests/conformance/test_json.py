"""A request gives the same files, byte for byte, whether it comes in protobuf or in OTLP/JSON.

The twins are written by `otlp_json`, from Google's reading of the protobuf bytes, in the plain style and in
every other style of it; or by a real Collector (examples/telemetry). JSON lines give the files that their
requests give one after the other. What JSON means is also stated outright: `FACTS` are small requests, with
the facts of the specification's own examples in them, and the values that DuckDB has to read back.
"""

import re

import duckdb
import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError

import otlp_json
from corpus import (
    EDGE_CASES, RANDOM_CASES, SAMPLE_FOLDERS, case_named, options_of, requests_of, signal_of,
)
from otlp_json import PLAIN, STYLES, Style, write
from otlp_pieces import REQUEST_TYPES

# Larger requests are written in the plain style only: they are large by repetition.
STYLED_BYTES = 500_000
_SOME_STYLED = [
    "bodies_of_every_kind", "log_with_every_field", "span_with_every_field", "metrics_with_every_field",
]


# ---- comparing ----------------------------------------------------------------------------------------


def contents(conversion):
    """The files by relative path."""
    paths = [file.path for file in conversion.files]
    return {path.relative_to(conversion.out).as_posix(): path.read_bytes() for path in paths}


def difference(found, expected):
    """What differs between two dicts of files, in a line; "" if nothing does."""
    missing, surplus = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    other = sorted(name for name in found.keys() & expected.keys() if found[name] != expected[name])
    parts = [("missing", missing), ("surplus", surplus), ("other bytes", other)]
    return "; ".join(f"{what}: {names[:3]}" for what, names in parts if names)


def check_same_files(found, expected):
    differs = difference(found, expected)
    assert not differs, differs


def files_of_all(conversions):
    """The files of several conversions that share no table."""
    together = {}
    for conversion in conversions:
        files = contents(conversion)
        assert not together.keys() & files.keys()
        together |= files
    return together


# ---- twins --------------------------------------------------------------------------------------------


def stored(converter, name, data):
    """Bytes as an input of the command."""
    path = converter.folder / "json_inputs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def protobuf_twin(case, converter):
    """The conversion of the case's protobuf bytes, or, where its NaNs have payloads, of what JSON carries."""
    data = case.wire().data
    carried = otlp_json.carried(case.signal, data)
    unknown = otlp_json.parse(case.signal, data)
    unknown.DiscardUnknownFields()
    if carried == unknown.SerializeToString():
        return converter.convert_wire(case)
    path = stored(converter, f"{case.name}.carried.pb", carried)
    return converter.convert([path], "--signal", case.signal, set_name="carried", name=case.name)


def check_counts(found, expected, unknown_members):
    """The counts are those of the protobuf twin; unknown fields there have no place in JSON."""
    expected = {**expected, "unknown_fields": unknown_members}
    names = found.keys() | expected.keys()
    differs = {name: (found.get(name), expected.get(name)) for name in names}
    differs = {name: values for name, values in differs.items() if values[0] != values[1]}
    assert not differs, f"counts (found, expected): {differs}"


def test_twin_of_case(case, converter):
    expected = protobuf_twin(case, converter)
    text = write(case.signal, case.wire().data)
    path = stored(converter, f"{case.name}.json", text.data)
    found = converter.convert([path], "--signal", case.signal, set_name="json", name=case.name)
    check_same_files(contents(found), contents(expected))
    check_counts(found.counts, expected.counts, text.unknown_members)


def test_twin_of_sample(name, sample, converter):
    """Many requests become JSON lines. The signal is told from the text too."""
    signal, expected = signal_of(sample), contents(converter.convert_sample(name, sample))
    assert expected, "a sample without records"
    lines = b"".join(write(signal, data).data + b"\n" for data in requests_of(sample))
    path = stored(converter, f"{name}.json", lines)
    for set_name, options in ("json", ["--signal", signal]), ("json_detected", []):
        found = converter.convert([path], *options, set_name=set_name, name=name)
        check_same_files(contents(found), expected)


@pytest.mark.parametrize("edge", EDGE_CASES, ids=[case.name for case in EDGE_CASES])
def test_styles_of_case(edge, converter):
    """Every style of the same request, with its signal told from the text: all that differ are listed."""
    data, expected, faults = edge.wire().data, protobuf_twin(edge, converter), []
    if len(data) > STYLED_BYTES:
        return
    for style in STYLES:
        told = data or style != "unknown_members"  # unknown members alone tell no signal
        text = write(edge.signal, data, STYLES[style], seed=edge.name)
        path = stored(converter, f"{edge.name}.{style}.json", text.data)
        try:
            options = [] if told else ["--signal", edge.signal]
            found = converter.convert([path], *options, set_name=f"json_{style}", name=edge.name)
            check_same_files(contents(found), contents(expected))
            check_counts(found.counts, expected.counts, text.unknown_members)
        except AssertionError as fault:
            faults.append(f"{style}: {str(fault)[:300]}")
        finally:
            path.unlink()
    assert not faults, "\n".join(faults)


# ---- the writer itself --------------------------------------------------------------------------------


def test_google_reads_what_the_writer_writes():
    """Google's JSON reader, which wants ids in base64, makes the same messages of it."""
    for_google, compared = Style(id=PLAIN.base64), 0
    for case in (*EDGE_CASES, *RANDOM_CASES):
        data = case.wire().data
        if len(data) > STYLED_BYTES:
            continue
        try:
            expected = REQUEST_TYPES[case.signal].FromString(otlp_json.carried(case.signal, data))
        except DecodeError:  # its text is not UTF-8: neither of Google's readers takes it
            assert "utf8" in case.name or case.wire().counts["invalid_utf8"]
            continue
        text = write(case.signal, data, for_google).data
        found = json_format.Parse(text, REQUEST_TYPES[case.signal](), max_recursion_depth=1000)
        assert found.SerializeToString() == expected.SerializeToString(), case.name
        compared += 1
    assert compared > len(RANDOM_CASES)


@pytest.mark.parametrize("style", STYLES)
def test_style_is_another_text(style):
    """A style that changes nothing would test nothing."""
    cases = [case_named(name) for name in _SOME_STYLED]
    texts = [
        [write(case.signal, case.wire().data, kind).data for case in cases] for kind in (PLAIN, STYLES[style])
    ]
    assert texts[0] != texts[1]


# ---- JSON lines ---------------------------------------------------------------------------------------

# Ways to join requests to lines.
JOINS = {
    "newlines": lambda texts: b"".join(text + b"\n" for text in texts),
    "no_newline_at_the_end": lambda texts: b"\n".join(texts),
    "carriage_returns": lambda texts: b"".join(text + b"\r\n" for text in texts),
    "blank_lines": lambda texts: b"\n".join(text + b"\n\n" for text in texts) + b"\n\n",
    "lines_of_spaces": lambda texts: b"".join(text + b" \t\r\n \t \r\n\r\n" for text in texts),
    "blank_lines_first": lambda texts: b"\n\r\n" + b"\n".join(texts),
    "byte_order_mark": lambda texts: b"\xef\xbb\xbf" + b"\n".join(texts),
}


def joined_protobuf(signal, converter, cases):
    """The requests of a signal, as JSON carries them, given as files one after the other."""
    inputs = [
        stored(converter, f"{case.name}.carried.pb", otlp_json.carried(signal, case.wire().data))
        for case in cases
        if case.signal == signal
    ]
    return converter.convert(inputs, "--signal", signal, "--one-file", set_name="json_joined", name=signal)


@pytest.mark.parametrize("signal", REQUEST_TYPES)
@pytest.mark.parametrize("join", JOINS)
def test_lines_are_requests_one_after_the_other(join, signal, converter):
    texts = [write(signal, case.wire().data).data for case in RANDOM_CASES if case.signal == signal]
    assert len(texts) > 1 and not any(b"\n" in text for text in texts)
    path = stored(converter, f"{join}_{signal}.jsonl", JOINS[join](texts))
    name = f"{join}_{signal}"
    found = converter.convert([path], "--signal", signal, "--one-file", set_name="json_lines", name=name)
    expected = joined_protobuf(signal, converter, RANDOM_CASES)
    check_same_files(contents(found), contents(expected))
    assert found.counts["accepted"] == expected.counts["accepted"]


@pytest.mark.parametrize("join", JOINS)
def test_lines_of_all_signals(join, converter):
    """Each line's signal is told by itself, as in what pipelines write that share a file exporter."""
    places = {case.name: int(case.name[-3:]) for case in RANDOM_CASES}
    cases = sorted(RANDOM_CASES, key=lambda case: places[case.name])  # logs, traces, metrics, logs, ...
    assert [case.signal for case in cases[:4]] == ["logs", "traces", "metrics", "logs"]
    texts = [write(case.signal, case.wire().data).data for case in cases]
    path = stored(converter, f"{join}.jsonl", JOINS[join](texts))
    found = converter.convert([path], "--one-file", set_name="json_lines", name=join)
    expected = [joined_protobuf(signal, converter, RANDOM_CASES) for signal in REQUEST_TYPES]
    check_same_files(contents(found), files_of_all(expected))


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n\r\n"], ids=["nothing", "newline", "blank lines"])
def test_one_line_is_one_request(ending, converter):
    case = case_named("span_with_every_field")
    path = stored(converter, "one_line.jsonl", write(case.signal, case.wire().data).data + ending)
    found = converter.convert([path], set_name="json_lines", name=f"one_line_{len(ending)}")
    check_same_files(contents(found), contents(converter.convert_wire(case)))


def test_json_and_protobuf_in_one_call(converter):
    """Each file's encoding is told by itself."""
    cases = [case_named(name) for name in ("three_hours_of_logs", "log_with_every_field", "log_times")]
    inputs = [
        stored(converter, f"mixed_{index}.{'json' if index % 2 else 'pb'}", data)
        for index, case in enumerate(cases)
        for data in [write("logs", case.wire().data).data if index % 2 else case.wire().data]
    ]
    found = converter.convert(inputs, "--signal", "logs", set_name="json_mixed", name="mixed")
    originals = [converter.input_of(case) for case in cases]
    expected = converter.convert(originals, "--signal", "logs", set_name="json_mixed", name="protobuf")
    check_same_files(contents(found), contents(expected))


# ---- what a real Collector writes ---------------------------------------------------------------------


def captured_twins():
    """(JSON file, its protobuf twins). NAME.jsonl without a signal in its name has all signals' requests."""
    folder = SAMPLE_FOLDERS["examples"]
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.jsonl")]):
        stems = [path.stem]
        if not re.search("logs|traces|metrics", path.stem):
            stems = [f"{path.stem}_{signal}" for signal in REQUEST_TYPES]
        twins = [folder / f"{stem}{suffix}" for stem in stems for suffix in (".pb", ".pbs")]
        yield path, [twin for twin in twins if twin.exists()]


@pytest.mark.parametrize("path, twins", [pytest.param(*pair, id=pair[0].name) for pair in captured_twins()])
def test_captured_twins(path, twins, converter):
    """One and the same batch, written by a Collector as protobuf and as JSON."""
    assert twins, f"{path} has no protobuf twin"
    found = converter.convert([path], set_name="captured", name=path.name)
    expected = [
        converter.convert([twin], *options_of(twin), set_name="captured", name=twin.name)
        for twin in twins
    ]
    check_same_files(contents(found), files_of_all(expected))
    assert found.counts["accepted"] == sum(conversion.counts["accepted"] for conversion in expected) > 0


def test_a_collector_has_written_every_signal():
    signals = {signal_of(twin) for _, twins in captured_twins() for twin in twins}
    assert signals == set(REQUEST_TYPES)
    assert {path.suffix for path, _ in captured_twins()} == {".json", ".jsonl"}


# ---- what JSON means ----------------------------------------------------------------------------------

LOG = """{"resourceLogs": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "kiosk"}}]},
  "scopeLogs": [{
    "scope": {"name": "tickets", "version": "4.2.0", "attributes": [
      {"key": "layer", "value": {"stringValue": "counter"}}]},
    "logRecords": [{
      "timeUnixNano": "1700000000123456789", "observedTimeUnixNano": "1700000001000000000",
      "severityNumber": 10, "severityText": "Notice",
      "traceId": "0AF7651916CD43DD8448EB211C80319C", "spanId": "b7ad6b7169203331",
      "body": {"stringValue": "paper is low"},
      "attributes": [
        {"key": "text", "value": {"stringValue": "left tray"}},
        {"key": "open", "value": {"boolValue": true}},
        {"key": "sheets", "value": {"intValue": "9007199254740993"}},
        {"key": "share", "value": {"doubleValue": 81.25}},
        {"key": "trays", "value": {"arrayValue": {"values": [{"stringValue": "A4"}, {"intValue": "3"}]}}},
        {"key": "size", "value": {"kvlistValue": {"values": [{"key": "mm", "value": {"intValue": "297"}}]}}},
        {"key": "seal", "value": {"bytesValue": "/v8A"}}
      ]}]}]}]}"""
EVENT = """{"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {"name": "page"}, "logRecords": [{
  "eventName": "kiosk.screen_shown", "timeUnixNano": "1700000000000000001",
  "severityNumber": 9, "severityText": "info",
  "attributes": [{"key": "visit", "value": {"stringValue": "v-7"}}],
  "body": {"kvlistValue": {"values": [
    {"key": "kind", "value": {"intValue": "0"}}, {"key": "title", "value": {"stringValue": "Fahrplan"}},
    {"key": "from", "value": {}}]}}}]}]}]}"""
SPAN = """{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "kiosk"}}]},
  "scopeSpans": [{"scope": {"name": "tickets", "version": "4.2.0"}, "spans": [{
    "traceId": "0AF7651916CD43DD8448EB211C80319C", "spanId": "B7AD6B7169203331",
    "parentSpanId": "b7ad6b7169203330", "name": "it's a sale",
    "kind": 2, "status": {"code": 2, "message": "jam"},
    "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001500000000", "flags": 257,
    "events": [{"timeUnixNano": "1700000000250000000", "name": "printed",
                "attributes": [{"key": "page", "value": {"intValue": "1"}}]}],
    "links": [{"traceId": "ffffffffffffffffffffffffffffffff", "spanId": "00000000000000ff"}],
    "attributes": [{"key": "zone", "value": {"stringValue": "AB"}}]}]}]}]}"""
METRICS = """{"resourceMetrics": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "kiosk"}}]},
  "scopeMetrics": [{"scope": {"name": "tickets"}, "metrics": [
    {"name": "sales", "unit": "1", "description": "Tickets sold",
     "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [
       {"asDouble": 5, "startTimeUnixNano": "1700000000000000000", "timeUnixNano": "1700000060000000000",
        "attributes": [{"key": "zone", "value": {"stringValue": "AB"}}]},
       {"asInt": "-9223372036854775808", "timeUnixNano": "1700000061000000000"}]}},
    {"name": "heat", "unit": "Cel", "gauge": {"dataPoints": [
       {"asDouble": 36.6, "timeUnixNano": "1700000060000000000"}]}},
    {"name": "wait", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
       {"timeUnixNano": "1700000060000000000", "count": "5", "sum": 7.5, "bucketCounts": ["3", "2"],
        "explicitBounds": [1.5], "min": 0, "max": 4}]}},
    {"name": "queue", "unit": "s", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [
       {"timeUnixNano": "1700000060000000000", "count": "6", "sum": 10, "scale": -1, "zeroCount": "2",
        "positive": {"offset": 1, "bucketCounts": ["0", "3"]},
        "negative": {"offset": -4, "bucketCounts": ["1"]},
        "min": -0.5, "max": 5, "zeroThreshold": 0.001}]}},
    {"name": "paper", "summary": {"dataPoints": [
       {"timeUnixNano": "1700000060000000000", "count": "4", "sum": 9, "quantileValues": [
         {"quantile": 0.5, "value": 2}, {"quantile": 1, "value": 4}]}]}}
  ]}]}]}"""

# Of each request: a table, expressions over its columns, and their values in each row.
FACTS = {
    "log": (LOG, "logs", {
        "epoch_us(Timestamp)": [1_700_000_000_123_456], "TimestampNanos": [789],
        "epoch_us(ObservedTimestamp)": [1_700_000_001_000_000], "ServiceName": ["kiosk"],
        "SeverityNumber": [10], "SeverityText": ["Notice"],
        "TraceId": ["0af7651916cd43dd8448eb211c80319c"], "SpanId": ["b7ad6b7169203331"],
        "Body": ["paper is low"], "BodyType": [""], "EventName": [""],
        "ScopeName": ["tickets"], "ScopeVersion": ["4.2.0"], "ScopeAttributes": [{"layer": "counter"}],
        "ResourceAttributes": [{"service.name": "kiosk"}],
        "LogAttributes": [{
            "text": "left tray", "open": "true", "sheets": "9007199254740993", "share": "81.25",
            "trays": '["A4",3]', "size": '{"mm":297}', "seal": "/v8A",
        }],
        "LogAttributesTypes": ["sbidaky"],
    }),
    "event": (EVENT, "logs", {
        "EventName": ["kiosk.screen_shown"], "Body": ['{"kind":0,"title":"Fahrplan","from":null}'],
        "BodyType": ["k"], "SeverityNumber": [9], "SeverityText": ["info"],
        "LogAttributes": [{"visit": "v-7"}], "LogAttributesTypes": [""],
        "ObservedTimestamp": [None], "TraceId": [""], "ServiceName": [""], "TimestampNanos": [1],
    }),
    "span": (SPAN, "traces", {
        "epoch_us(Timestamp)": [1_700_000_000_000_000], "Duration": [1_500_000_000],
        "SpanName": ["it's a sale"],
        "TraceId": ["0af7651916cd43dd8448eb211c80319c"], "SpanId": ["b7ad6b7169203331"],
        "ParentSpanId": ["b7ad6b7169203330"], "SpanKind": ["Server"], "StatusCode": ["Error"],
        "StatusMessage": ["jam"], "Flags": [257], "SpanAttributes": [{"zone": "AB"}],
        "[epoch_us(e.Timestamp) for e in Events]": [[1_700_000_000_250_000]],
        "[e.Name for e in Events]": [["printed"]], "[e.Attributes for e in Events]": [[{"page": "1"}]],
        "[l.TraceId for l in Links]": [["f" * 32]], "[l.SpanId for l in Links]": [["00000000000000ff"]],
    }),
    "sum": (METRICS, "metrics_sum", {
        "MetricName": ["sales", "sales"], "MetricUnit": ["1", "1"], "MetricDescription": ["Tickets sold"] * 2,
        "AggregationTemporality": [1, 1], "IsMonotonic": [True, True], "Value": [5.0, -(2.0**63)],
        "ValueInt": [None, -(2**63)], "Attributes": [{"zone": "AB"}, {}],
        "epoch_us(StartTimeUnix)": [1_700_000_000_000_000, None],
        "epoch_us(TimeUnix)": [1_700_000_060_000_000, 1_700_000_061_000_000],
    }),
    "gauge": (METRICS, "metrics_gauge", {
        "MetricName": ["heat"], "MetricUnit": ["Cel"], "Value": [36.6], "ValueInt": [None],
    }),
    "histogram": (METRICS, "metrics_histogram", {
        "MetricName": ["wait"], "AggregationTemporality": [2], "Count": [5], "Sum": [7.5],
        "Min": [0.0], "Max": [4.0],
        "BucketCounts": [[3, 2]], "ExplicitBounds": [[1.5]],
    }),
    "exponential_histogram": (METRICS, "metrics_exponential_histogram", {
        "MetricName": ["queue"], "AggregationTemporality": [1], "Count": [6], "Sum": [10.0], "Scale": [-1],
        "ZeroCount": [2], "ZeroThreshold": [0.001], "Min": [-0.5], "Max": [5.0],
        "PositiveOffset": [1], "PositiveBucketCounts": [[0, 3]],
        "NegativeOffset": [-4], "NegativeBucketCounts": [[1]],
    }),
    "summary": (METRICS, "metrics_summary", {
        "MetricName": ["paper"], "Count": [4], "Sum": [9.0],
        "[q.Quantile for q in ValueAtQuantiles]": [[0.5, 1.0]],
        "[q.Value for q in ValueAtQuantiles]": [[2.0, 4.0]],
    }),
}


@pytest.mark.parametrize("name", FACTS)
def test_json_means_what_the_specification_says(name, converter):
    text, table, expected = FACTS[name]
    path = stored(converter, f"fact_{name}.json", text.encode())
    found = converter.convert([path], set_name="json_facts", name=name)
    assert found.counts["unknown_fields"] == found.counts["rejected"] == 0
    (file,) = found.of_table(table)
    rows = duckdb.sql(f"SELECT {', '.join(expected)} FROM read_parquet('{file.path}')").fetchall()
    assert [list(column) for column in zip(*rows)] == list(expected.values())
