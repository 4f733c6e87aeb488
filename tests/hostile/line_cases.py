"""JSON that is cut off, JSON lines that are bad, and bytes whose encoding and signal are to be told."""

from case import case, json_logs, logs_of
from otlp_shapes import TIME, good_json
from wire import field, fixed64

SMALL_JSON = {
    "logs": '{"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":{"stringValue":"ä\\u00e9"}}]},'
    '"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1700000000000000000","flags":9,'
    '"body":{"arrayValue":{"values":[{"doubleValue":-1.5e+3},{"boolValue":true},{}]}},"traceId":"00ff",'
    '"unknown":[null,{"x":false}]}, {"flags": 1 } ]}],"schemaUrl":"u"}]}',
    "traces": '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\\ud83d\\ude00","kind":"SPAN_KIND_CLIENT",'
    '"events":[{"timeUnixNano":1,"name":"e"}],"links":[{"traceId":"aa"}],"status":{"code":2}}]}]}]}',
    "metrics": '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"dataPoints":['
    '{"bucketCounts":["1","2"],"explicitBounds":[0.5],"sum":null,"min":"NaN"}],'
    '"aggregationTemporality":2}}]}]}]}',
}


def truncated_json():
    for signal, text in SMALL_JSON.items():
        data = text.encode()
        case(f"truncation_{signal}_json_none", data, signal=signal, encoding="json")
        for size in range(len(data)):
            case(
                f"truncation_{signal}_json_at_{size}",
                data[:size],
                "TRUNCATED",
                signal=signal,
                encoding="json",
                within=(max(0, size - 12), size),
            )
    first, second = good_json("logs") + b"\n", good_json("logs", "second")
    for size in range(len(second)):
        status = "OK" if size == 0 else "TRUNCATED"
        case(
            f"truncation_json_lines_second_line_at_{size}",
            first + second[:size],
            status,
            encoding="json_lines",
            line=2 if size else 0,
            counts={"accepted": 1} if size == 0 else {},
            within=(len(first), len(first) + size) if size else None,
        )
        case(
            f"truncation_json_lines_skipped_at_{size}",
            first + second[:size] + b"\n" + first,
            encoding="json_lines",
            options={"skip_bad_lines": True},
            counts={"accepted": 2, "bad_lines": 1 if size else 0},
            rejection=("TRUNCATED", len(first), len(first) + size) if size else None,
        )
    case(
        "json_lines_value_over_two_lines",
        b'{"resourceLogs":\n[]}\n',
        "TRUNCATED",
        encoding="json_lines",
        line=1,
    )


def json_lines():
    line = good_json("logs")
    skip = {"skip_bad_lines": True}
    common = {"encoding": "json_lines"}
    case("json_lines_blank", b"\n\r\n \t\n" + line + b"\n\n", counts={"accepted": 1}, **common)
    case("json_lines_none", b"\n" * 1000, counts={"accepted": 0}, **common)
    case("json_lines_1_m_blank", lambda: b"\n" * 1_000_000, counts={"accepted": 0}, **common)
    case("json_lines_crlf", line + b"\r\n" + line + b"\r\n", counts={"accepted": 2}, **common)
    case("json_lines_without_end", line + b"\n" + line, counts={"accepted": 2}, **common)
    case("json_lines_nul_line", line + b"\n\0\n" + line, "MALFORMED", line=2, **common)
    case(
        "json_lines_bad_third",
        line + b"\n\n{]\n" + line,
        "MALFORMED",
        line=3,
        within=(len(line) + 2, len(line) + 5),
        **common,
    )
    case("json_lines_two_on_one", line + line + b"\n", "MALFORMED", line=1, **common)
    case("json_lines_wrong_kind", line + b"\n[]\n", "WIRE_TYPE", line=2, **common)
    case(
        "json_lines_bad_value_outside_record",
        line + b'\n{"resourceLogs":[{"schemaUrl":1}]}\n',
        "VALUE",
        line=2,
        path="resource_logs[0].schema_url",
        **common,
    )
    case(
        "json_lines_bad_value_in_record",
        line + b"\n" + json_logs('{"flags":-1}') + b"\n",
        counts={"accepted": 1, "rejected": 1},
        rejection=("VALUE", len(line) + 1, 1000),
        **common,
    )
    case(
        "json_lines_all_bad_skipped",
        b"x\n" * 1000,
        counts={"accepted": 0, "bad_lines": 1000},
        options=skip,
        rejection=("MALFORMED", 0, 1),
        **common,
    )
    case(
        "json_lines_bad_value_skipped",
        line + b'\n{"resourceLogs":[{"schemaUrl":1}]}\n' + line,
        counts={"accepted": 2, "bad_lines": 1},
        options=skip,
        rejection=("VALUE", len(line), 1000),
        same_as=line + b"\n" + line,
        **common,
    )
    case(
        "json_lines_bad_after_records_skipped",
        line + b"\n" + json_logs("{}", "{}")[:-1] + b"\n" + line,
        options=skip,
        counts={"accepted": 2, "bad_lines": 1},
        rejection=("TRUNCATED", len(line), 1000),
        same_as=line + b"\n" + line,
        **common,
    )
    case("json_lines_100000_empty", lambda: b"{}\n" * 100_000, counts={"accepted": 0}, **common)
    case("json_lines_100000", lambda: (line + b"\n") * 100_000, counts={"accepted": 100_000}, **common)
    case(
        "json_lines_every_other_bad",
        lambda: (line + b"\n{]\n") * 20_000,
        options=skip,
        counts={"accepted": 20_000, "bad_lines": 20_000},
        rejection=("MALFORMED", 0, 1000),
        same_as=lambda: (line + b"\n") * 20_000,
        **common,
    )
    case(
        "json_lines_max_records_5_of_5",
        (line + b"\n") * 5,
        options={"max_records": 5},
        counts={"accepted": 5},
        **common,
    )
    case("json_lines_max_records_6_of_5", (line + b"\n") * 6, "LIMIT", options={"max_records": 5}, **common)
    case(
        "json_lines_max_records_6_of_5_skipping",
        (line + b"\n") * 6,
        "LIMIT",
        options={"max_records": 5, **skip},
        **common,
    )


def detection():
    auto = {"signal": "auto", "encoding": "auto"}
    case("detect_nothing", b"", counts={"accepted": 0}, **auto)
    for size in (0x7B, 0x5B):  # the second byte is { or [
        request = field(1, field(2, field(2, fixed64(1, TIME) + field(3, "x" * (size - 15)))))
        assert request[:2] == bytes([10, size]), request[:2]
        case(f"detect_protobuf_like_json_{size}", request, encoding="auto", counts={"accepted": 1})
    case("detect_json_behind_line_feeds", b"\n\n\n" + good_json("logs"), counts={"accepted": 1}, **auto)
    case("detect_json_behind_mark", b"\xef\xbb\xbf" + good_json("traces"), counts={"accepted": 1}, **auto)
    case("detect_json_lines", good_json("logs") + b"\n" + good_json("logs"), counts={"accepted": 2}, **auto)
    case("detect_json_over_lines", good_json("logs").replace(b",", b",\n"), counts={"accepted": 1}, **auto)
    case("detect_json_array", b"[]", "WIRE_TYPE", signal="logs", encoding="auto")
    case("detect_json_open", b"{", "TRUNCATED", signal="logs", encoding="auto")
    case("detect_json_empty", b"{}", counts={"accepted": 0}, **auto)
    case("detect_no_signal_empty_records", logs_of(b"", b""), "UNDETECTED", **auto)
    case("detect_no_signal_unknown_fields", logs_of(field(1000, 1)), "UNDETECTED", **auto)
    case("detect_no_signal_1_m_empty_records", lambda: logs_of(*[b""] * 1_000_000), "UNDETECTED", **auto)
    case("detect_no_records", field(1, field(2, b"")), counts={"accepted": 0, "empty_groups": 1}, **auto)
    case(
        "detect_mixed_lines",
        good_json("logs") + b"\n" + good_json("traces") + b"\n" + good_json("metrics") + b"\n",
        counts={"accepted": 3},
        **auto,
    )
