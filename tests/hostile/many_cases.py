"""Very many of everything, and fields that come again and again, which merge."""

import struct

from case import attributes_of, case, json_logs, logs_of, many_json, record_request, resource_of, SIGNALS
from otlp_shapes import all_places, is_message, known_fields, nested_value, record_place, wire_type
from wire import FIXED32, FIXED64, VARINT, field, fields, fixed32, fixed64, varint


def many_records():
    million = 1_000_000
    for signal in SIGNALS:
        case(
            f"1_m_empty_records_{signal}",
            lambda signal=signal: record_request(signal, *[b""] * million),
            signal=signal,
            counts={"accepted": million},
        )
        text = (
            record_place(signal).json("@").replace(b"@", b",".join([b"{}"] * million))
            if signal == "logs"
            else None
        )
        if text is not None:
            case("1_m_empty_records_json", text, encoding="json", counts={"accepted": million})
    case(
        "1_m_empty_metrics",
        lambda: field(1, field(2, field(2, b"") * million)),
        signal="metrics",
        counts={"accepted": 0, "empty_metrics": million},
    )
    case(
        "1_m_empty_resource_groups",
        lambda: field(1, b"") * million,
        counts={"accepted": 0, "empty_groups": million},
    )
    case(
        "1_m_empty_scope_groups",
        lambda: field(1, field(2, b"") * million),
        counts={"accepted": 0, "empty_groups": million},
    )
    case(
        "1_m_empty_resource_groups_json",
        lambda: b'{"resourceLogs":[' + b",".join([b"{}"] * million) + b"]}",
        encoding="json",
        counts={"accepted": 0, "empty_groups": million},
    )
    raised = {"max_attributes": 1 << 20}
    for name, distinct in (("distinct", True), ("equal", False)):
        case(f"1_m_{name}_attributes", lambda d=distinct: logs_of(attributes_of(6, million, d)), "LIMIT")
    case(
        "1_m_distinct_attributes_allowed",
        lambda: logs_of(attributes_of(6, million)),
        options=raised,
        counts={"accepted": 1, "duplicate_keys": 0},
    )
    case(
        "200000_equal_attributes_allowed",
        lambda: logs_of(attributes_of(6, 200_000, False)),
        options=raised,
        counts={"accepted": 1, "duplicate_keys": 199_999},
    )
    item = '{"key":"k%07d","value":{"stringValue":"v"}}'
    case(
        "1_m_distinct_attributes_json",
        lambda: json_logs('{"attributes":[%s]}' % many_json(item, million)),
        "LIMIT",
        encoding="json",
    )
    case(
        "100000_distinct_attributes_json_allowed",
        lambda: json_logs('{"attributes":[%s]}' % many_json(item, 100_000)),
        encoding="json",
        options=raised,
        counts={"accepted": 1},
        same_as=lambda: logs_of(attributes_of(6, 100_000)),
    )
    many = 100_000
    case(
        "100000_array_values",
        lambda: logs_of(field(5, field(5, field(1, field(3, 1)) * many))),
        counts={"accepted": 1},
    )
    case(
        "30000_kvlist_values",
        lambda: logs_of(field(5, field(6, field(1, field(1, "k") + field(2, field(3, 1))) * 30_000))),
        counts={"accepted": 1},
    )


def many_groups():
    many = 100_000
    for signal in SIGNALS:
        inner = record_request(signal, b"")[2:]  # without the outermost key and length
        case(
            f"100000_resources_{signal}",
            lambda inner=inner: b"".join(field(1, resource_of(f"s{n}") + inner) for n in range(many)),
            signal=signal,
            counts={"accepted": many},
        )
        scope = inner[2:]
        case(
            f"100000_scopes_{signal}",
            lambda scope=scope: field(
                1, b"".join(field(2, field(1, field(1, f"s{n}")) + scope) for n in range(many))
            ),
            signal=signal,
            counts={"accepted": many},
        )
    item = (
        '{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s%d"}}]},'
        '"scopeLogs":[{"logRecords":[{}]}]}'
    )
    case(
        "100000_resources_json",
        lambda: ('{"resourceLogs":[%s]}' % many_json(item, many)).encode(),
        encoding="json",
        counts={"accepted": many},
    )
    case(
        "100000_metrics",
        lambda: field(
            1,
            field(
                2,
                b"".join(
                    field(2, field(1, f"m{n}") + field(5, field(1, fixed64(3, 1)))) for n in range(many)
                ),
            ),
        ),
        signal="metrics",
        counts={"accepted": many},
    )
    template = {"path_template": "{table}/{service}/{hash}"}
    case(
        "100000_services_with_a_file_each",
        lambda: b"".join(field(1, resource_of(f"s{n}") + field(2, field(2, b""))) for n in range(many)),
        "LIMIT",
        options=template,
    )
    hour = 3_600_000_000_000
    case("20000_hours", lambda: logs_of(*(fixed64(1, n * hour) for n in range(20_000))), "LIMIT")
    case(
        "100000_hours_reversed", lambda: logs_of(*(fixed64(1, n * hour) for n in range(many, 0, -1))), "LIMIT"
    )
    case(
        "16384_hours",
        lambda: logs_of(*(fixed64(1, n * hour) for n in range(16_384))),
        counts={"accepted": 16_384},
        slow=True,
    )
    case("16385_hours", lambda: logs_of(*(fixed64(1, n * hour) for n in range(16_385))), "LIMIT")
    case(
        "100000_hours_in_one_file",
        lambda: logs_of(*(fixed64(1, n * hour) for n in range(many))),
        options={"path_template": "{table}/{hash}"},
        counts={"accepted": many},
    )
    case(
        "100000_entity_refs",
        lambda: field(
            1, field(1, field(3, field(2, "host") + field(3, "id")) * many) + field(2, field(2, b""))
        ),
        counts={"accepted": 1},
    )
    case(
        "100000_keys_of_an_entity_ref",
        lambda: field(1, field(1, field(3, field(3, "id") * many)) + field(2, field(2, b""))),
        counts={"accepted": 1},
    )
    case(
        "100000_span_events",
        lambda: record_request("traces", b"".join(field(11, field(2, f"e{n}")) for n in range(many))),
        signal="traces",
        counts={"accepted": 1},
    )
    case(
        "100000_span_links",
        lambda: record_request(
            "traces", b"".join(field(13, field(1, n.to_bytes(16, "big"))) for n in range(many))
        ),
        signal="traces",
        counts={"accepted": 1},
    )
    case(
        "100000_empty_span_events",
        lambda: record_request("traces", field(11, b"") * many),
        signal="traces",
        counts={"accepted": 1},
    )
    case(
        "100000_exemplars",
        lambda: record_request("metrics", b"".join(field(5, fixed64(6, n)) for n in range(many))),
        signal="metrics",
        counts={"accepted": 1},
    )
    case(
        "100000_quantiles",
        lambda: field(1, field(2, field(2, field(11, field(1, field(6, fixed64(1, 0)) * many))))),
        signal="metrics",
        counts={"accepted": 1},
    )
    event = '{"name":"e%d"}'
    case(
        "100000_span_events_json",
        lambda: record_place("traces").json('{"events":[%s]}' % many_json(event, many)),
        signal="traces",
        encoding="json",
        counts={"accepted": 1},
        same_as=lambda: record_request("traces", b"".join(field(11, field(2, f"e{n}")) for n in range(many))),
    )


def packed_numbers():
    many = 500_000

    def histogram(content):
        return field(1, field(2, field(2, field(9, field(1, content)))))

    def exponential(content):
        return field(1, field(2, field(2, field(10, field(1, field(8, content))))))

    packed = struct.pack(f"<{many}Q", *range(many))
    case(
        "500000_fixed64_one_by_one",
        lambda: histogram(b"".join(fixed64(6, n) for n in range(many))),
        signal="metrics",
        same_as=lambda: histogram(field(6, packed)),
    )
    case(
        "500000_fixed64_packed_one_by_one",
        lambda: histogram(b"".join(field(6, packed[8 * n : 8 * n + 8]) for n in range(many))),
        signal="metrics",
        same_as=lambda: histogram(field(6, packed)),
    )
    numbers = [n * 7919 for n in range(many)]
    case(
        "500000_varints_one_by_one",
        lambda: exponential(fields(2, numbers)),
        signal="metrics",
        same_as=lambda: exponential(field(2, b"".join(map(varint, numbers)))),
    )
    case(
        "500000_empty_packed_lists",
        lambda: histogram(field(6, b"") * many),
        signal="metrics",
        same_as=lambda: histogram(b""),
    )


def merging():
    many = 100_000

    def empty_row(content):
        return field(1, content + field(2, field(2, b"")))

    case(
        "merge_100000_resources",
        lambda: empty_row(field(1, field(2, 1)) * many),
        same_as=empty_row(field(1, field(2, 1))),
    )
    case(
        "merge_100000_resource_attributes",
        lambda: empty_row(b"".join(field(1, field(1, field(1, f"k{n}"))) for n in range(50_000))),
        same_as=lambda: empty_row(field(1, b"".join(field(1, field(1, f"k{n}")) for n in range(50_000)))),
    )
    case(
        "merge_100000_resource_attributes_over_limit",
        lambda: empty_row(b"".join(field(1, field(1, field(1, f"k{n}"))) for n in range(many))),
        "LIMIT",
    )
    case(
        "merge_100000_schema_urls",
        lambda: empty_row(b"".join(field(3, f"u{n}") for n in range(many))),
        same_as=empty_row(field(3, f"u{many - 1}")),
    )
    case(
        "merge_100000_scopes",
        lambda: field(
            1, field(2, b"".join(field(1, field(1, f"n{n}")) for n in range(many)) + field(2, b""))
        ),
        same_as=field(1, field(2, field(1, field(1, f"n{many - 1}")) + field(2, b""))),
    )
    case(
        "merge_100000_gauges",
        lambda: field(1, field(2, field(2, field(5, field(1, fixed64(3, 1))) * many))),
        signal="metrics",
        counts={"accepted": many},
        same_as=lambda: field(1, field(2, field(2, field(5, field(1, fixed64(3, 1)) * many)))),
    )
    flip = field(5, field(1, fixed64(3, 1))) + field(7, field(1, fixed64(3, 1)))
    case(
        "merge_100000_gauges_and_sums",
        lambda: field(1, field(2, field(2, flip * many))),
        signal="metrics",
        counts={"accepted": 1},
        same_as=field(1, field(2, field(2, field(7, field(1, fixed64(3, 1)))))),
    )
    array, kvlist = field(5, field(1, field(3, 1))), field(6, field(1, field(1, "k")))
    case(
        "merge_100000_values",
        lambda: logs_of(field(5, (array + kvlist) * many)),
        same_as=logs_of(field(5, kvlist)),
    )
    case(
        "merge_30000_arrays",
        lambda: logs_of(field(5, array * 30_000)),
        same_as=lambda: logs_of(field(5, field(5, field(1, field(3, 1)) * 30_000))),
    )
    case(
        "merge_100000_bodies",
        lambda: logs_of(field(5, array) * many + field(5, field(1, "last"))),
        same_as=logs_of(field(5, field(1, "last"))),
    )
    case(
        "merge_100000_statuses",
        lambda: record_request("traces", field(15, field(2, "m")) * many + field(15, field(3, 2))),
        signal="traces",
        same_as=record_request("traces", field(15, field(2, "m") + field(3, 2))),
    )
    deep = field(5, nested_value(90) + nested_value(90))
    case("merge_deep_values", lambda: logs_of(*[deep] * 2000), counts={"accepted": 2000})
    for place in all_places():
        for known in known_fields(place.message):
            if known.is_repeated:
                continue
            one = {
                VARINT: field(known.number, 1),
                FIXED64: fixed64(known.number, 1),
                FIXED32: fixed32(known.number, 1),
            }.get(wire_type(known), field(known.number, b"" if is_message(known) else b"x"))
            data = lambda place=place, one=one: place.protobuf(one * many)
            same = None if place.message.name == "Metric" else place.protobuf(one)
            case(f"100000_times_{place.name}_{known.name}", data, signal=place.signal, same_as=same)
