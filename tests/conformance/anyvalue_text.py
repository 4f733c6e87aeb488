"""AnyValue as text, both ways: what a map value, a body or a service column must say, and what it says.

Text is the OpenTelemetry specification's form ("AttributeValue to string"), with the letters of the ...Types
companions: s string, i int, d double, b bool, y bytes, a array, k kvlist, e empty. Inside JSON some types
share a form, so `fold` turns a value into the one that can be read back: nested bytes become their base64
string, nested NaN and infinities the strings of that name.
"""

import base64
import json
import math
import re

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

LETTERS = {
    "string_value": "s",
    "int_value": "i",
    "double_value": "d",
    "bool_value": "b",
    "bytes_value": "y",
    "array_value": "a",
    "kvlist_value": "k",
    None: "e",
}

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def kind_of(any_value):
    """The member that is set, or None. The profiles' string-table reference is an unknown field to us: None."""
    kind = any_value.WhichOneof("value")
    return kind if kind in LETTERS else None


# ---- printing ------------------------------------------------------------------------------------------


def double_text(number):
    """As ECMAScript's Number::toString prints it, but "-0" for negative zero."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    sign = "-" if math.copysign(1, number) < 0 else ""
    if number == 0:
        return sign + "0"
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits, point):
    """`digits` with the decimal point after `point` of them, in the form ECMAScript chooses."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e{point - 1:+d}"


def text_of(any_value):
    """The text of a whole value; the empty value is ""."""
    kind = kind_of(any_value)
    if kind == "string_value":
        return any_value.string_value
    if kind == "double_value":
        return double_text(any_value.double_value)
    if kind == "bytes_value":
        return base64.b64encode(any_value.bytes_value).decode()
    return "" if kind is None else _json_text(any_value)


def _json_text(any_value):
    """The value as JSON, as it stands within an array or kvlist."""
    kind = kind_of(any_value)
    if kind is None:
        return "null"
    if kind == "int_value":
        return str(any_value.int_value)
    if kind == "bool_value":
        return "true" if any_value.bool_value else "false"
    if kind == "array_value":
        return "[" + ",".join(map(_json_text, any_value.array_value.values)) + "]"
    if kind == "kvlist_value":
        members = (f"{json_string(kv.key)}:{_json_text(kv.value)}" for kv in any_value.kvlist_value.values)
        return "{" + ",".join(members) + "}"
    text = text_of(any_value)
    if kind == "double_value" and text not in _NOT_FINITE:
        return text if "." in text or "e" in text else text + ".0"
    return json_string(text)


def json_string(text):
    """A JSON string with no escape that JSON does not ask for (and the short one where there is one)."""
    return json.dumps(text, ensure_ascii=False)


# ---- reading -------------------------------------------------------------------------------------------


def parse(letter, text):
    """The AnyValue with this letter and text. Fails where the text is not the form the value has."""
    result = AnyValue()
    if letter == "s":
        result.string_value = text
        return result
    if letter == "e":
        assert text == "", f"text of an empty value: {text!r}"
        return result
    if letter == "i":
        result.int_value = int(text)
    elif letter == "d":
        result.double_value = _NOT_FINITE[text] if text in _NOT_FINITE else float(text)
    elif letter == "b":
        result.bool_value = {"true": True, "false": False}[text]
    elif letter == "y":
        result.bytes_value = base64.b64decode(text, validate=True)
    else:
        _set_json(result, load_json(text))
        assert LETTERS[kind_of(result)] == letter, f"letter {letter} for {text[:80]!r}"
    assert text_of(result) == text, f"not the form the specification prints: {text[:200]!r}"
    return result


class Object(list):
    """A JSON object as its (key, value) pairs, in order and with repeated keys."""


class Number(str):
    """A JSON number as it was written: 1 is an int, 1.0 and 1e5 are doubles."""


def load_json(text):
    def constant(name):
        raise ValueError(f"{name} is not JSON")

    return json.loads(
        text, object_pairs_hook=Object, parse_int=Number, parse_float=Number, parse_constant=constant
    )


def _set_json(target, value):
    if isinstance(value, Number):
        if re.search("[.eE]", value):
            target.double_value = float(value)
        else:
            target.int_value = int(value)
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Object):
        target.kvlist_value.SetInParent()
        for key, item in value:
            member = target.kvlist_value.values.add(key=key)
            member.value.SetInParent()
            _set_json(member.value, item)
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            _set_json(target.array_value.values.add(), item)


def parse_otlp_json(value):
    """The AnyValue of an OTLP/JSON object such as {"intValue":"5"} (from `load_json`)."""
    assert isinstance(value, Object) and len(value) <= 1, f"not an AnyValue in OTLP/JSON: {value!r}"
    result = AnyValue()
    for name, item in value:
        _OTLP_JSON[name](result, item)
    return result


def _otlp_double(target, item):
    target.double_value = _NOT_FINITE[item] if item in _NOT_FINITE else float(item)


def _otlp_list(target, item):
    target.array_value.SetInParent()
    target.array_value.values.extend(parse_otlp_json(member) for member in dict(item).get("values", []))


def _otlp_kvlist(target, item):
    target.kvlist_value.SetInParent()
    for member in map(dict, dict(item).get("values", [])):
        added = target.kvlist_value.values.add(key=member.get("key", ""))
        added.value.CopyFrom(parse_otlp_json(member.get("value", Object())))


def _assign(name, convert):
    return lambda target, item: setattr(target, name, convert(item))


def _only(kind):
    def check(item):
        assert isinstance(item, kind), item
        return item

    return check


_OTLP_JSON = {
    "stringValue": _assign("string_value", _only(str)),
    "intValue": _assign("int_value", int),
    "boolValue": _assign("bool_value", _only(bool)),
    "bytesValue": _assign("bytes_value", base64.b64decode),
    "doubleValue": _otlp_double,
    "arrayValue": _otlp_list,
    "kvlistValue": _otlp_kvlist,
}


# ---- what text keeps -------------------------------------------------------------------------------------


def settle(any_value):
    """Reduces a value to what OTLP/JSON keeps of it: NaN without payload, every member with a value."""
    _reduce(any_value, nested=False, as_text=False)


def fold(any_value):
    """Reduces a value to what its text keeps: as `settle`, and inside JSON what shares a form is a string."""
    _reduce(any_value, nested=False, as_text=True)


def _reduce(any_value, nested, as_text):
    kind = kind_of(any_value)
    if kind is None:
        any_value.Clear()
    elif kind == "double_value" and not math.isfinite(any_value.double_value):
        if nested and as_text:
            any_value.string_value = text_of(any_value)
        elif math.isnan(any_value.double_value):
            any_value.double_value = math.nan
    elif kind == "bytes_value" and nested and as_text:
        any_value.string_value = text_of(any_value)
    elif kind == "array_value":
        for item in any_value.array_value.values:
            _reduce(item, True, as_text)
    elif kind == "kvlist_value":
        for member in any_value.kvlist_value.values:
            member.ClearField("key_strindex")
            member.value.SetInParent()
            _reduce(member.value, True, as_text)
