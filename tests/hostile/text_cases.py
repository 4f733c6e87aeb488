"""Strings: not UTF-8, escapes of JSON, very long ones."""

from case import case, json_body, json_logs, logs_of, MIB, shown, string_places
from otlp_shapes import TIME
from wire import field, fixed64

BAD_UTF8 = {
    "ff": b"\xff",
    "fe": b"\xfe",
    "lone_continuation": b"\x80",
    "two_continuations": b"\xbf\xbf",
    "overlong_slash_2": b"\xc0\xaf",
    "overlong_slash_3": b"\xe0\x80\xaf",
    "overlong_slash_4": b"\xf0\x80\x80\xaf",
    "overlong_nul": b"\xc0\x80",
    "overlong_7f": b"\xc1\xbf",
    "overlong_7ff": b"\xe0\x9f\xbf",
    "overlong_ffff": b"\xf0\x8f\xbf\xbf",
    "surrogate_high": b"\xed\xa0\x80",
    "surrogate_low": b"\xed\xbf\xbf",
    "surrogate_pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond_10ffff": b"\xf4\x90\x80\x80",
    "f5": b"\xf5\x80\x80\x80",
    "five_bytes": b"\xf8\x88\x80\x80\x80",
    "six_bytes": b"\xfc\x84\x80\x80\x80\x80",
    "cut_2": b"\xc3",
    "cut_3": b"\xe6\xbc",
    "cut_4": b"\xf0\x9f\x98",
    "cut_then_text": b"\xe6\xbcx",
    "latin_1": "é".encode("latin-1"),
    "utf_16": "é".encode("utf-16"),
}


def bad_utf8():
    for name, raw in BAD_UTF8.items():
        for side, text in (
            ("alone", raw),
            ("inside", b"before " + raw + b" after"),
            ("late", b"x" * 100 + raw),
        ):
            data = logs_of(fixed64(1, TIME) + field(5, field(1, text)))
            case(f"utf8_{name}_{side}_protobuf", data, counts={"accepted": 1, "invalid_utf8": 1})
            as_json = json_logs('{"timeUnixNano":%d,"body":{"stringValue":"@"}}' % TIME).replace(b"@", text)
            if b'"' not in text and not any(byte < 32 for byte in text):
                case(
                    f"utf8_{name}_{side}_json",
                    as_json,
                    encoding="json",
                    same_as=data,
                    counts={"accepted": 1, "invalid_utf8": 1},
                )
    for place, known in string_places():
        # In a resource or scope it is counted when the group has it, with records or without.
        case(
            f"utf8_in_{place.name}_{known.name}",
            place.protobuf(field(known.number, b"\xc0\xaf") + shown(place)),
            signal=place.signal,
            counts={"invalid_utf8": 1},
        )
    case("utf8_outside_strings_json", json_body("{}") + b"\xff", "MALFORMED", encoding="json")
    case("utf8_before_value_json", b'{"resourceLogs":\xc2\xa0[]}', "MALFORMED", encoding="json")
    case("utf8_in_member_name_json", b'{"\xff\xfe":1}', encoding="json", counts={"unknown_fields": 1})
    case(
        "utf8_1_mib_of_ff",
        logs_of(field(5, field(1, b"\xff" * MIB))),
        counts={"accepted": 1, "invalid_utf8": 1},
    )


def json_strings():
    def of_text(inside):
        return json_body(f'{{"stringValue":"{inside}"}}')

    for name, inside in {
        "high_alone": "\\ud800",
        "low_alone": "\\udc00",
        "high_then_text": "\\ud800x",
        "high_high": "\\ud800\\ud800",
        "low_high": "\\udc00\\ud800",
        "high_then_escape": "\\ud800\\n",
        "high_then_u0041": "\\udbff\\u0041",
        "pair_then_low": "\\ud83d\\ude00\\ude00",
        "upper_case": "\\uD800",
        "late": "x" * 50 + "\\udfff" + "y" * 50,
    }.items():
        case(
            f"json_surrogate_{name}",
            of_text(inside),
            encoding="json",
            counts={"accepted": 0, "rejected": 1},
            rejection=("VALUE", 0, 1000),
        )
        case(
            f"json_surrogate_{name}_in_resource",
            f'{{"resourceLogs":[{{"schemaUrl":"{inside}"}}]}}'.encode(),
            "VALUE",
            encoding="json",
            path="resource_logs[0].schema_url",
        )
        case(
            f"json_surrogate_{name}_in_unknown_member",
            json_logs(f'{{"x":"{inside}"}}'),
            encoding="json",
            counts={"accepted": 1, "unknown_fields": 1},
        )
        case(
            f"json_surrogate_{name}_in_a_name",
            json_logs(f'{{"{inside}":1}}'),
            encoding="json",
            counts={"accepted": 1, "unknown_fields": 1},
        )
    pair = logs_of(field(5, field(1, "\U0001f600")))
    case("json_surrogate_pair", of_text("\\ud83d\\ude00"), encoding="json", same_as=pair)
    case("json_escaped_nul", of_text("\\u0000"), encoding="json", same_as=logs_of(field(5, field(1, "\0"))))
    for name, inside in {
        "x41": "\\x41",
        "apostrophe": "\\'",
        "digit": "\\0",
        "capital_u": "\\U0041",
        "u_of_3": "\\u041",
        "u_of_0": "\\u",
        "u_not_hex": "\\u00g0",
        "u_sign": "\\u+041",
        "u_space": "\\u 041",
        "line_end": "\\\n",
        "a": "\\a",
        "v": "\\v",
    }.items():
        case(f"json_bad_escape_{name}", of_text(inside), "MALFORMED", encoding="json")
        case(
            f"json_bad_escape_{name}_in_unknown_member",
            json_logs(f'{{"x":"{inside}"}}'),
            "MALFORMED",
            encoding="json",
        )
        case(
            f"json_bad_escape_{name}_in_a_name", json_logs(f'{{"{inside}":1}}'), "MALFORMED", encoding="json"
        )
    for code in range(32):
        case(f"json_control_character_{code}", of_text(chr(code)), "MALFORMED", encoding="json")
    case("json_control_character_in_unknown_member", json_logs('{"x":"\t"}'), "MALFORMED", encoding="json")
    case("json_control_character_in_a_name", json_logs('{"\t":1}'), "MALFORMED", encoding="json")
    case(
        "json_delete_character", of_text("\x7f"), encoding="json", same_as=logs_of(field(5, field(1, "\x7f")))
    )


def large_strings():
    long = b"k" * MIB
    for place, known in string_places():
        data = place.protobuf(field(known.number, long) + shown(place))
        case(f"1_mib_{place.name}_{known.name}", data, signal=place.signal)
    for name, text in {
        "key": '{"attributes":[{"key":"@","value":{"intValue":1}}]}',
        "body": '{"body":{"stringValue":"@"}}',
        "member_name": '{"@":1}',
        "unknown_text": '{"x":"@"}',
    }.items():
        case(
            f"1_mib_json_{name}",
            json_logs(text.replace("@", "k" * MIB)),
            encoding="json",
            counts={"accepted": 1},
        )
        case(
            f"1_mib_json_{name}_of_escapes",
            json_logs(text.replace("@", "\\u0041" * (MIB // 6))),
            encoding="json",
            counts={"accepted": 1},
        )
    twenty = b"".join(field(6, field(1, b"%02d" % n + long) + field(2, field(1, "v"))) for n in range(20))
    case("20_keys_of_1_mib", logs_of(twenty), counts={"accepted": 1})
    for size, status in ((16 * MIB, "OK"), (16 * MIB + 1, "LIMIT")):
        case(f"string_of_{size}_bytes", lambda size=size: logs_of(field(5, field(1, b"x" * size))), status)
        case(
            f"string_of_{size}_bytes_json",
            lambda size=size: json_body('{"stringValue":"' + "x" * size + '"}'),
            status,
            encoding="json",
        )
    raised = {"max_string_bytes": 64 * MIB}
    case(
        "string_of_60_mib_allowed",
        lambda: logs_of(field(5, field(1, b"x" * (60 * MIB)))),
        options=raised,
        counts={"accepted": 1},
        slow=True,
    )
    case(
        "record_of_more_than_64_mib",
        lambda: logs_of(field(5, field(1, b"x" * (60 * MIB))) + field(3, b"y" * (5 * MIB))),
        "LIMIT",
        options=raised,
        slow=True,
    )
