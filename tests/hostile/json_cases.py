"""JSON that is none, or is not OTLP: syntax, kinds, and values that their fields cannot hold."""

import struct

from case import case, json_body, json_kind, json_logs, logs_of, MIB, word
from otlp_shapes import all_places, good_json, is_message, known_fields
from wire import field, fixed32, fixed64

BAD_SCALARS = {
    "string": ["true", "1", '"\\ud800"', '"\\udc00\\ud800"', "-0.5"],
    "bytes": ['"0"', '"0g"', "5", "false", '"00 0"', '"a-b_"'],
    "base64": ['"A"', '"A==="', '"!!!!"', '"AA=A"', '"====="', "7", "true"],
    "double": ['"x"', "1e999", "-1e999", "true", '""', '" 1"', '"nan"', '"+1"', '"1_0"', '"0x1"', '"1e400"'],
    "integer": ['"x"', "0.5", "1e99", "true", '""', '"1 "', '"NaN"', '"01"', "99999999999999999999", '"1.5"'],
    "enum": ['"NO_SUCH_NAME"', "2147483648", "-2147483649", "0.5", "true", '""'],
    "bool": ['"yes"', "7", '""', '"TRUE"', "0"],
}


def wrong_json():
    for place in all_places():
        for known in known_fields(place.message):
            wrong = ["{}", "1", '"x"', "true"] if known.is_repeated else ["{}", "[]"]
            if is_message(known) and not known.is_repeated:
                wrong = ["[]", "1", '"x"', "false"]
            if known.is_repeated:
                wrong += ["[[]]", "[1]", '["x"]'] if is_message(known) else ["[{}]", "[[]]"]
            for value in wrong:
                data = place.json(f'{{"{known.json_name}":{value}}}')
                inside = value.startswith("[") and known.is_repeated
                start = data.rindex(f'"{known.json_name}"'.encode()) + len(known.json_name) + 3
                case(
                    f"json_kind_{place.name}_{known.name}_as_{word(value)}",
                    data,
                    "WIRE_TYPE",
                    signal=place.signal,
                    encoding="json",
                    path=place.path(known, last_index=inside),
                    within=(start, start + len(value)),
                )
            case(
                f"json_null_{place.name}_{known.name}",
                place.json(f'{{"{known.json_name}":null}}'),
                signal=place.signal,
                encoding="json",
            )
            if not is_message(known):
                bad_json_scalars(place, known)


def bad_json_scalars(place, known):
    for value in BAD_SCALARS[json_kind(known)]:
        text = f"[{value}]" if known.is_repeated else value
        data = place.json(f'{{"{known.json_name}":{text}}}')
        start = data.rindex(f'"{known.json_name}"'.encode()) + len(known.json_name) + 3
        within = (start, start + len(text))
        name = f"json_value_{place.name}_{known.name}_as_{word(value)}"
        if place.in_record:
            case(
                name,
                data,
                signal=place.signal,
                encoding="json",
                counts={"accepted": 0, "rejected": 1},
                rejection=("VALUE", *within),
                path=place.path(known),
            )
        else:
            case(
                name,
                data,
                "VALUE",
                signal=place.signal,
                encoding="json",
                within=within,
                path=place.path(known),
            )


def digits(count):
    return "1234567890" * (count // 10)


# What each is as an int64, or None when it is not one.
LONG_NUMBERS = {
    "digits_10000": (digits(10_000), None),
    "minus_digits_10000": ("-" + digits(10_000), None),
    "nines_10000": ("9" * 10_000, None),
    "fraction_10000": ("0." + digits(10_000), None),
    "pi_10000": ("3." + digits(10_000), None),
    "zeros_then_one": ("0." + "0" * 10_000 + "1", None),
    "integral_by_exponent": ("1" + "0" * 10_000 + "e-10000", 1),
    "integral_by_point_and_exponent": ("0." + "0" * 10_000 + "7e10001", 7),
    "fraction_of_zeros": ("5." + "0" * 10_000, 5),
    "fraction_of_zeros_and_one": ("5." + "0" * 10_000 + "1", None),
    "exponent_of_10000_digits": ("1e" + "9" * 10_000, None),
    "minus_exponent_of_10000_digits": ("1e-" + "9" * 10_000, None),
    "zero_with_exponent_of_10000_digits": ("0e" + "9" * 10_000, 0),
    "exponent_with_zeros": ("12e" + "0" * 10_000 + "1", 120),
    "just_below_half": ("9007199254740993." + "0" * 10_000, 9007199254740993),
    "half_and_a_bit": ("9007199254740993." + "0" * 10_000 + "1", None),
    "least_double_half": ("2." + "4703282292062327208" + "0" * 10_000 + "e-324", None),
    "greatest_double": ("17976931348623157" + "0" * 292 + "." + "0" * 10_000, None),
}


def json_numbers():
    for name, (text, integer) in LONG_NUMBERS.items():
        for form, written in (("", text), ("_quoted", f'"{text}"')):
            accepted = {"accepted": 1} if integer is not None else {"accepted": 0, "rejected": 1}
            case(
                f"json_number_{name}_as_integer{form}",
                json_body(f'{{"intValue":{written}}}'),
                encoding="json",
                counts=accepted,
                rejection=None if integer is not None else ("VALUE", 0, 30_000),
                same_as=None if integer is None else logs_of(field(5, field(3, integer))),
            )
            value = float(text)
            finite = value not in (float("inf"), float("-inf"))
            bits = struct.unpack("<Q", struct.pack("<d", value))[0]
            case(
                f"json_number_{name}_as_double{form}",
                json_body(f'{{"doubleValue":{written}}}'),
                encoding="json",
                counts={"accepted": 1} if finite else {"accepted": 0, "rejected": 1},
                rejection=None if finite else ("VALUE", 0, 30_000),
                same_as=logs_of(field(5, fixed64(4, bits))) if finite else None,
            )
        case(
            f"json_number_{name}_unknown",
            json_logs(f'{{"x":{text}}}'),
            encoding="json",
            counts={"accepted": 1},
        )
    for name, text in {
        "leading_zero": "01",
        "leading_zeros": "00",
        "minus_leading_zero": "-01",
        "plus": "+1",
        "no_digit_before_point": ".5",
        "no_digit_after_point": "5.",
        "minus_alone": "-",
        "minus_minus": "--1",
        "exponent_alone": "1e",
        "exponent_sign_alone": "1e+",
        "exponent_point": "1e1.5",
        "hex": "0x10",
        "underscore": "1_000",
        "nan": "NaN",
        "infinity": "Infinity",
        "minus_infinity": "-Infinity",
        "inf": "inf",
        "two_points": "1.2.3",
        "letter": "1a",
        "suffix": "1L",
        "comma": "1,5",
        "space": "1 000",
        "arabic_digits": "١٢",
    }.items():
        for member in ("intValue", "doubleValue", "unknown"):
            case(
                f"json_not_a_number_{name}_{member}",
                json_body(f'{{"{member}":{text}}}'),
                "MALFORMED",
                encoding="json",
            )
    for name, text, accepted in (
        ("1e400", "1e400", False),
        ("minus_1e400", "-1e400", False),
        ("1e_400", "1e-400", True),
        ("max", "1.7976931348623157e308", True),
        ("over_max", "1.7976931348623159e308", False),
        ("nan", '"NaN"', True),
        ("infinity", '"Infinity"', True),
        ("minus_0", "-0", True),
    ):
        counts = {"accepted": 1} if accepted else {"accepted": 0, "rejected": 1}
        case(
            f"json_double_{name}",
            json_body(f'{{"doubleValue":{text}}}'),
            encoding="json",
            counts=counts,
            rejection=None if accepted else ("VALUE", 0, 1000),
        )
    for name, text, accepted in (
        ("max", str(2**63 - 1), True),
        ("over_max", str(2**63), False),
        ("min", str(-(2**63)), True),
        ("under_min", str(-(2**63) - 1), False),
        ("2_64", str(2**64), False),
        ("1e18", "1e18", True),
        ("1e19", "1e19", False),
        ("100_0", "100.0", True),
        ("minus_0", "-0", True),
    ):
        counts = {"accepted": 1} if accepted else {"accepted": 0, "rejected": 1}
        for form, written in (("", text), ("_quoted", f'"{text}"')):
            case(
                f"json_int_{name}{form}",
                json_body(f'{{"intValue":{written}}}'),
                encoding="json",
                counts=counts,
                rejection=None if accepted else ("VALUE", 0, 1000),
            )


def json_bytes():
    for name, text, data in (
        ("hex_upper", "ABCDEF", b"\xab\xcd\xef"),
        ("hex_escaped", "\\u0061b", b"\xab"),
        ("hex_1_mib", "ab" * (MIB // 2), b"\xab" * (MIB // 2)),
        ("base64_span", "AAECAwQFBgc=", bytes(range(8))),
        ("base64_trace", "AAECAwQFBgcICQoLDA0ODw==", bytes(range(16))),
        ("hex_12", "00112233445f", bytes.fromhex("00112233445f")),
        ("empty", "", b""),
    ):
        case(
            f"json_id_{name}",
            json_logs(f'{{"traceId":"{text}"}}'),
            encoding="json",
            counts={"accepted": 1},
            same_as=logs_of(field(9, data) if data else b""),
        )
    for name, text in (
        ("odd", "abc"),
        ("odd_33", "0" * 33),
        ("not_hex", "xy"),
        ("dashes", "00-11-22"),
        ("0x", "0x00"),
        ("space", "ab "),
        ("utf8", "éé"),
        ("base64_of_other_length", "AAE="),
        ("base64_12_bad", "!!!!!!!!!!!="),
        ("base64_24_bad", "========================"),
        ("nul", "\\u0000\\u0000"),
    ):
        for known in ("traceId", "spanId"):
            case(
                f"json_id_{known}_{name}",
                json_logs(f'{{"{known}":"{text}"}}'),
                encoding="json",
                counts={"accepted": 0, "rejected": 1},
                rejection=("VALUE", 0, 1000),
            )
    for name, text, data in (
        ("padded", "AA==", b"\0"),
        ("not_padded", "AA", b"\0"),
        ("url_safe", "_-8=", b"\xff\xef"),
        ("standard", "/+8=", b"\xff\xef"),
        ("1_mib", "AAAA" * (MIB // 4), bytes(MIB // 4 * 3)),
    ):
        case(
            f"json_base64_{name}",
            json_body(f'{{"bytesValue":"{text}"}}'),
            encoding="json",
            counts={"accepted": 1},
            same_as=logs_of(field(5, field(7, data))),
        )
    for name, text in (
        ("one_character", "A"),
        ("five_characters", "AAAAA"),
        ("too_much_padding", "AA==="),
        ("padding_inside", "AA==AAAA"),
        ("padding_first", "=AAA"),
        ("only_padding", "===="),
        ("space", "AA =="),
        ("line_end", "AA\\n=="),
        ("not_base64", "A*A="),
        ("utf8", "éé=="),
    ):
        case(
            f"json_base64_{name}",
            json_body(f'{{"bytesValue":"{text}"}}'),
            encoding="json",
            counts={"accepted": 0, "rejected": 1},
            rejection=("VALUE", 0, 1000),
        )


def json_syntax():
    for name, text in {
        "comment_block": "{/* */}",
        "comment_line": "{}// x",
        "comment_hash": "{}# x",
        "comma_after_member": '{"x":1,}',
        "comma_after_element": '{"x":[1,]}',
        "comma_first": '{,"x":1}',
        "comma_only": "{,}",
        "commas": '{"x":1,,"y":2}',
        "comma_first_in_array": '{"x":[,1]}',
        "no_comma": '{"x":1 "y":2}',
        "no_comma_in_array": '{"x":[1 2]}',
        "no_colon": '{"x" 1}',
        "two_colons": '{"x"::1}',
        "equals": '{"x"=1}',
        "no_value": '{"x":}',
        "name_without_quotes": "{x:1}",
        "name_in_apostrophes": "{'x':1}",
        "string_in_apostrophes": "{\"x\":'y'}",
        "name_is_number": "{1:1}",
        "name_is_null": "{null:1}",
        "wrong_bracket": '{"x":[1}',
        "wrong_brace": '{"x":{]}',
        "closed_twice": "{}}",
        "two_requests": "{}{}",
        "text_behind": "{} x",
        "number_behind": "{}1",
        "nul_behind": "{}\0",
        "nul_before": "\0{}",
        "nul_inside": '{"x":\0 1}',
        "true_cut": '{"x":tru}',
        "true_long": '{"x":truee}',
        "true_upper": '{"x":True}',
        "null_upper": '{"x":NULL}',
        "none": '{"x":None}',
        "undefined": '{"x":undefined}',
        "nil": '{"x":nil}',
        "form_feed": "{\f}",
        "vertical_tab": "{\v}",
        "no_break_space": "{\xa0}",
        "line_separator": "{\u2028}",
        "mark_twice": "\ufeff\ufeff{}",
        "mark_inside": "{\ufeff}",
        "mark_behind": "{}\ufeff",
        "backslash_outside": '{"x":\\n1}',
        "string_behind": '{"x":1"y"}',
        "known_comma_after_element": '{"resourceLogs":[{},]}',
        "known_comma_after_member": '{"resourceLogs":[],}',
        "known_no_comma": '{"resourceLogs":[{}{}]}',
        "known_no_colon": '{"resourceLogs" []}',
        "known_comment": '{"resourceLogs":[/**/]}',
        "known_wrong_bracket": '{"resourceLogs":[{]}',
    }.items():
        data = text.encode()
        case(f"json_syntax_{name}", data, "MALFORMED", encoding="json", within=(0, len(data)))
        case(
            f"json_syntax_{name}_skipped",
            good_json("logs") + b"\n" + data + b"\n" + good_json("logs"),
            encoding="json_lines",
            options={"skip_bad_lines": True},
            counts={"accepted": 2, "bad_lines": 1},
            rejection=("MALFORMED", 0, 1000),
        )
    for name, text in {
        "number": "1",
        "string": '"x"',
        "true": "true",
        "array": "[]",
        "array_of_requests": '[{"resourceLogs":[]}]',
    }.items():
        case(f"json_request_is_{name}", text.encode(), "WIRE_TYPE", encoding="json")
    empty = b""
    for name, text in {
        "mark": "\ufeff{}",
        "mark_and_spaces": "\ufeff \r\n\t{}\n",
        "empty": "{}",
        "spaces": " { } ",
        "duplicate_unknown": '{"x":1,"x":2,"":3,"":4}',
        "spaces_1_mib": " " * MIB + "{" + "\n" * MIB + "}" + "\t" * MIB,
    }.items():
        case(f"json_fine_{name}", text.encode(), encoding="json", same_as=empty, counts={"accepted": 0})
    for bits in ("16-le", "16-be", "32-le", "32-be"):
        data = good_json("logs").decode().encode("utf-" + bits)
        case(f"json_in_utf_{bits}", data, "MALFORMED", encoding="json")
        case(
            f"json_in_utf_{bits}_with_mark",
            "\ufeff".encode("utf-" + bits) + data,
            "MALFORMED",
            encoding="json",
        )
    duplicates = {
        "request_lists": ('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}],"resourceLogs":[]}', b""),
        "last_text": (
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"a","severityText":"b"}]}]}]}',
            logs_of(field(3, "b")),
        ),
        "two_spellings": (
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"a","severity_text":"b"}]}]}]}',
            logs_of(field(3, "b")),
        ),
        "escaped_name": (
            json_logs('{"severityText":"a","\\u0073everityText":"b"}').decode(),
            logs_of(field(3, "b")),
        ),
        "last_is_null": (
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"a","severityText":null}]}]}]}',
            logs_of(b""),
        ),
        "oneof": (
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":1,"stringValue":"x"}}]}]}]}',
            logs_of(field(5, field(1, "x"))),
        ),
        "messages_do_not_merge": (
            '{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"n"},"scope":{"version":"v"},'
            '"logRecords":[{}]}]}]}',
            field(1, field(2, field(1, field(2, "v")) + field(2, b""))),
        ),
    }
    for name, (text, same) in duplicates.items():
        case(f"json_duplicate_{name}", text.encode(), encoding="json", same_as=same)
    bad_then_good = '{"body":{"intValue":"x"},"body":{"intValue":1}}'
    case(
        "json_duplicate_of_bad_value",
        json_logs(bad_then_good),
        encoding="json",
        counts={"accepted": 0, "rejected": 1},
        rejection=("VALUE", 0, 1000),
    )
    case(
        "json_null_in_attributes",
        json_logs('{"attributes":[null]}'),
        encoding="json",
        counts={"accepted": 0, "rejected": 1},
        rejection=("VALUE", 0, 1000),
    )
    case(
        "json_null_in_resources",
        b'{"resourceLogs":[null]}',
        "VALUE",
        encoding="json",
        path="resource_logs[0]",
    )
    case(
        "json_one_bad_record_of_three",
        json_logs('{"flags":1}', '{"flags":-1}', '{"flags":2}'),
        encoding="json",
        counts={"accepted": 2, "rejected": 1},
        same_as=logs_of(fixed32(8, 1), fixed32(8, 2)),
        rejection=("VALUE", 50, 90),
    )
    case(
        "json_bad_point_leaves_others",
        b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":'
        b'[{"asInt":"x"},{"asInt":1}]}}]}]}]}',
        signal="metrics",
        encoding="json",
        counts={"accepted": 1, "rejected": 1},
        rejection=("VALUE", 0, 1000),
        same_as=field(1, field(2, field(2, field(1, "m") + field(5, field(1, fixed64(6, 1)))))),
    )
