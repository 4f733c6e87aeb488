"""Each limit: as much as it allows, and one more; depth; and options that are not allowed."""

from case import (
    attributes_of,
    case,
    json_kind,
    json_logs,
    logs_of,
    many_json,
    MIB,
    record_request,
    resource_of,
    shown,
    SIGNALS,
)
from otlp_shapes import (
    T,
    TIME,
    all_places,
    good_protobuf,
    is_message,
    known_fields,
    nested_value,
    nested_value_json,
    place_at,
    record_place,
)
from wire import GROUP_END, GROUP_START, field, fixed64, tag

VALUE_PLACES = [
    place_at("logs", "resource_logs", "resource", "attributes", "value"),
    place_at("logs", "resource_logs", "scope_logs", "scope", "attributes", "value"),
    record_place("logs").child(record_place("logs").message.fields_by_name["body"]),
    place_at("logs", "resource_logs", "scope_logs", "log_records", "attributes", "value"),
    place_at("traces", "resource_spans", "scope_spans", "spans", "attributes", "value"),
    place_at("traces", "resource_spans", "scope_spans", "spans", "events", "attributes", "value"),
    place_at("traces", "resource_spans", "scope_spans", "spans", "links", "attributes", "value"),
    place_at("metrics", "resource_metrics", "scope_metrics", "metrics", "metadata", "value"),
    *(
        place_at(
            "metrics",
            "resource_metrics",
            "scope_metrics",
            "metrics",
            kind,
            "data_points",
            "attributes",
            "value",
        )
        for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary")
    ),
    *(
        place_at(
            "metrics",
            "resource_metrics",
            "scope_metrics",
            "metrics",
            kind,
            "data_points",
            "exemplars",
            "filtered_attributes",
            "value",
        )
        for kind in ("gauge", "histogram", "exponential_histogram")
    ),
]


def value_name(place):
    return "_".join([place.signal, *(known.name for known in place.fields[1:])])


def depth_bombs():
    for place in VALUE_PLACES:
        for depth, allowed in (
            (99, 100),
            (100, 100),
            (101, 100),
            (102, 100),
            (5000, 100),
            (14, 14),
            (15, 14),
        ):
            status = "OK" if depth <= allowed else "DEPTH"
            options = {} if allowed == 100 else {"max_depth": allowed}
            levels, name = depth - len(place.fields), f"{value_name(place)}_{depth}_of_{allowed}"
            common = {"signal": place.signal, "options": options}
            case(f"depth_protobuf_{name}", place.protobuf(nested_value(levels)), status, **common)
            case(
                f"depth_json_{name}", place.json(nested_value_json(levels)), status, encoding="json", **common
            )
    body = VALUE_PLACES[2]
    case("depth_protobuf_1000000", lambda: body.protobuf(nested_value(1_000_000)), "DEPTH")
    case("depth_json_1000000", lambda: body.json(nested_value_json(1_000_000)), "DEPTH", encoding="json")
    case(
        "depth_json_1000000_never_closed",
        lambda: body.json('{"arrayValue":{"values":[' * 500_000),
        "DEPTH",
        encoding="json",
    )
    for depth, status in ((100, "OK"), (101, "DEPTH"), (1_000_000, "DEPTH")):
        data = tag(77, GROUP_START) * depth + tag(77, GROUP_END) * depth
        case(f"depth_groups_{depth}", data, status)
        case(
            f"depth_groups_never_closed_{depth}",
            tag(77, GROUP_START) * depth,
            "TRUNCATED" if depth == 100 else status,
        )
    for open_, close in (("[", "]"), ('{"a":', "}")):
        kind = "arrays" if open_ == "[" else "objects"
        for depth, status in ((1023, "OK"), (1024, "OK"), (1025, "DEPTH"), (1_000_000, "DEPTH")):
            inner = open_ * depth + "0" + close * depth
            for where, make in (
                ("request", lambda text: f'{{"x":{text}}}'.encode()),
                ("record", lambda text: json_logs(f'{{"x":{text}}}')),
            ):
                case(f"depth_json_unknown_{kind}_{where}_{depth}", make(inner), status, encoding="json")
        case(
            f"depth_json_unknown_{kind}_never_closed",
            f'{{"x":{open_ * 1_000_000}'.encode(),
            "DEPTH",
            encoding="json",
        )
    case("depth_json_request_of_arrays", b"[" * 1_000_000, "WIRE_TYPE", encoding="json", within=(0, 0))


def limits():
    for signal in SIGNALS:
        for count in (4, 5, 6):
            status = "OK" if count <= 5 else "LIMIT"
            common = {"signal": signal, "options": {"max_records": 5}}
            case(
                f"max_records_{signal}_{count}_of_5", record_request(signal, *[b""] * count), status, **common
            )
            text = record_place(signal).json("@").replace(b"@", b",".join([b"{}"] * count))
            case(f"max_records_{signal}_json_{count}_of_5", text, status, encoding="json", **common)
            split = record_request(signal, b"") * count
            case(f"max_records_{signal}_resources_{count}_of_5", split, status, **common)
    for place, known in attribute_lists():
        for count in (7, 8, 9):
            status = "OK" if count <= 8 else "LIMIT"
            common = {"signal": place.signal, "options": {"max_attributes": 8}}
            name = f"max_attributes_{place.name}_{known.name}_{count}_of_8"
            more = shown(place)
            case(name, place.protobuf(attributes_of(known.number, count) + more), status, **common)
            case(
                f"{name}_equal",
                place.protobuf(attributes_of(known.number, count, False) + more),
                status,
                **common,
            )
            items = ",".join('{"key":"k%d"}' % n for n in range(count))
            extra = ',"gauge":{"dataPoints":[{}]}' if place.message.name == "Metric" else ""
            case(
                f"{name}_json",
                place.json(f'{{"{known.json_name}":[{items}]{extra}}}'),
                status,
                encoding="json",
                **common,
            )
    case("max_attributes_default", lambda: logs_of(attributes_of(6, 65_536)), counts={"accepted": 1})
    case("max_attributes_default_and_one", lambda: logs_of(attributes_of(6, 65_537)), "LIMIT")
    case(
        "max_attributes_of_each_list",
        logs_of(*[attributes_of(6, 8)] * 5),
        options={"max_attributes": 8},
        counts={"accepted": 5},
    )
    string_limits()
    for size, status in ((299, "OK"), (300, "OK"), (301, "LIMIT")):
        options = {"max_input_bytes": 300}
        data = field(1, field(3, "u" * (size - 6)))  # two keys, two lengths of two bytes
        assert len(data) == size
        case(f"max_input_bytes_{size}_of_300", data, status, options=options)
        case(
            f"max_input_bytes_{size}_of_300_json", b"{}".ljust(size), status, encoding="json", options=options
        )
        case(
            f"max_input_bytes_{size}_of_300_json_lines",
            b"\n" * size,
            status,
            encoding="json_lines",
            options=options,
        )
        case(
            f"max_input_bytes_{size}_of_300_before_all_else",
            b"\xff" * size,
            "LIMIT" if size > 300 else "MALFORMED",
            options=options,
        )
    shared_limits()
    hour = 3_600_000_000_000
    for count in (3, 4):
        status = "OK" if count <= 3 else "LIMIT"
        options = {"max_files": 3}
        data = logs_of(*(fixed64(1, TIME + n * hour) for n in range(count)))
        case(f"max_files_{count}_of_3", data, status, options=options)
        text = json_logs(*('{"timeUnixNano":"%d"}' % (TIME + n * hour) for n in range(count)))
        case(f"max_files_{count}_of_3_json", text, status, encoding="json", options=options)
    tables = b"".join(field(2, field(number, field(1, fixed64(3, TIME)))) for number in (5, 7, 9, 10, 11))
    case(
        "max_files_5_tables_of_5",
        field(1, field(2, tables)),
        signal="metrics",
        options={"max_files": 5},
        counts={"accepted": 5},
    )
    case(
        "max_files_5_tables_of_4",
        field(1, field(2, tables)),
        "LIMIT",
        signal="metrics",
        options={"max_files": 4},
    )
    services = b"".join(
        field(1, resource_of(f"s{n}") + field(2, field(2, fixed64(1, TIME)))) for n in range(4)
    )
    case(
        "max_files_4_services_of_3",
        services,
        "LIMIT",
        options={"max_files": 3, "path_template": "{service}/{hash}"},
    )
    case(
        "max_files_4_services_of_4",
        services,
        options={"max_files": 4, "path_template": "{service}/{hash}"},
        counts={"accepted": 4},
    )
    case(
        "max_memory_bytes_4_mib",
        lambda: logs_of(*(field(5, field(1, b"%08d" % n + b"x" * 1000)) for n in range(8000))),
        "LIMIT",
        options={"max_memory_bytes": 4 * MIB},
    )
    case(
        "max_memory_bytes_4_mib_json",
        lambda: json_logs(*('{"body":{"stringValue":"%01000d"}}' % n for n in range(8000))),
        "LIMIT",
        encoding="json",
        options={"max_memory_bytes": 4 * MIB},
    )


def attribute_lists():
    """Every repeated KeyValue but that of a kvlist."""
    for signal in SIGNALS:
        for place in all_places():
            if place.signal != signal or place.message.name == "KeyValueList":
                continue
            for known in known_fields(place.message):
                if known.is_repeated and is_message(known) and known.message_type.name == "KeyValue":
                    yield place, known


def string_limits():
    for place in all_places():
        for known in known_fields(place.message):
            if known.type not in (T.TYPE_STRING, T.TYPE_BYTES):
                continue
            for size, status in ((32, "OK"), (33, "LIMIT")):
                common = {"signal": place.signal, "options": {"max_string_bytes": 32}}
                name = f"max_string_bytes_{place.name}_{known.name}_{size}_of_32"
                data = b"\1" * size if known.type == T.TYPE_BYTES else b"x" * size
                case(name, place.protobuf(field(known.number, data) + shown(place)), status, **common)
                text = "x" * size
                if known.type == T.TYPE_BYTES:
                    text = (
                        "01" * size
                        if json_kind(known) == "bytes"
                        else "AQEB" * (size // 3) + ("AQE=" if size % 3 == 2 else "")
                    )
                value = f'["{text}"]' if known.is_repeated else f'"{text}"'
                extra = ',"gauge":{"dataPoints":[{}]}' if place.message.name == "Metric" else ""
                case(
                    f"{name}_json",
                    place.json(f'{{"{known.json_name}":{value}{extra}}}'),
                    status,
                    encoding="json",
                    **common,
                )


def shared_limits():
    """With max_shared_attributes 1, 1024 of 1025 attributes a record are of the 2^20: for 1024 records."""
    attributes = attributes_of(1, 1025)
    for count, status in ((1024, "OK"), (1025, "LIMIT")):
        options = {"max_shared_attributes": 1}
        data = field(1, field(1, attributes) + field(2, field(2, b"") * count))
        case(f"max_shared_attributes_resource_{count}_of_1024", data, status, options=options)
        data = field(1, field(2, field(1, attributes_of(3, 1025)) + field(2, b"") * count))
        case(f"max_shared_attributes_scope_{count}_of_1024", data, status, options=options)
        data = field(1, field(2, field(2, attributes_of(12, 1025) + field(5, field(1, b"") * count))))
        case(f"max_shared_attributes_metric_{count}_of_1024", data, status, signal="metrics", options=options)
        data = field(
            1,
            field(1, attributes_of(1, 1000))
            + field(2, field(1, attributes_of(3, 25)) + field(2, b"") * count),
        )
        case(f"max_shared_attributes_resource_and_scope_{count}_of_1024", data, status, options=options)
        group_of = field(1, field(1, attributes) + field(2, field(2, b"")))
        case(f"max_shared_attributes_groups_{count}_of_1024", group_of * count, status, options=options)
    records = 100_000
    case(
        "max_shared_attributes_default",
        lambda: field(1, field(1, attributes_of(1, 256)) + field(2, field(2, b"") * 10_000)),
        counts={"accepted": 10_000},
    )
    case(
        "max_shared_attributes_default_amplified",
        lambda: field(1, field(1, attributes_of(1, 65_536)) + field(2, field(2, b"") * records)),
        "LIMIT",
    )
    items = many_json('{"key":"k%d"}', 1025)
    for count, status in ((1024, "OK"), (1025, "LIMIT")):
        text = '{"resourceLogs":[{"resource":{"attributes":[%s]},"scopeLogs":[{"logRecords":[%s]}]}]}' % (
            items,
            ",".join(["{}"] * count),
        )
        case(
            f"max_shared_attributes_json_{count}_of_1024",
            text.encode(),
            status,
            encoding="json",
            options={"max_shared_attributes": 1},
        )


def bad_options():
    for name, value in {
        "signal": 4,
        "encoding": 4,
        "codec": 6,
        "codec_level": 1,
        "order": 3,
        "row_group_rows": 2**30 + 1,
        "max_depth": 101,
        "max_attributes": 2**24 + 1,
        "max_records": 2**31,
        "max_string_bytes": 64 * MIB + 1,
        "max_input_bytes": 2**32,
        "path_template": "no hash",
        "size": 1,
    }.items():
        case(f"bad_option_{name}", b"", "BAD_OPTION", options={name: value}, path=name, within=(0, 0))
    for name, value in {
        "max_depth": 100,
        "max_attributes": 2**24,
        "max_records": 2**31 - 1,
        "max_string_bytes": 64 * MIB,
        "max_input_bytes": 2**32 - 1,
        "max_files": 2**32 - 1,
        "max_output_bytes": 2**64 - 1,
        "max_memory_bytes": 2**64 - 1,
        "max_shared_attributes": 2**32 - 1,
    }.items():
        case(f"greatest_option_{name}", good_protobuf("logs"), options={name: value}, counts={"accepted": 1})
