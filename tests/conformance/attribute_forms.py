"""Lists of attributes as the files hold them, a map, a JSON object or a Variant, back as lists of KeyValue.

Which it is, the column's type tells. Each form is read strictly: a text must be the very text its values have.
"""

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

import variant
from anyvalue_text import Number, Object, json_string, load_json, parse, text_of


def attributes_of(columns, name):
    """The attributes that a column, and its ...Types companion if it has one, hold."""
    cell = columns[name]
    if isinstance(cell, dict):
        assert name + "Types" not in columns, f"{name} has its types itself, and a companion"
        return _unique(variant.attributes(cell["metadata"], cell["value"]), name)
    letters = columns[name + "Types"]
    assert letters.strip("s") or not letters, f"{name}Types is {letters!r}, not empty, though all are strings"
    entries = _json_entries(cell) if isinstance(cell, str) else [(e["key"], e["value"]) for e in cell]
    assert len(letters) in (0, len(entries)), f"{name}Types: {len(letters)} letters of {len(entries)} entries"
    letters = letters or "s" * len(entries)
    if isinstance(cell, str):
        entries = [(key, _text(letter, value)) for (key, value), letter in zip(entries, letters)]
    kept = [KeyValue(key=key, value=parse(letter, text)) for (key, text), letter in zip(entries, letters)]
    if isinstance(cell, str):
        members = (f"{json_string(kv.key)}:{_json(kv.value, letter)}" for kv, letter in zip(kept, letters))
        assert cell == "{" + ",".join(members) + "}", f"{name}: not the form of a JSON object: {cell[:200]}"
    return _unique(kept, name)


def _unique(attributes, name):
    keys = [attribute.key for attribute in attributes]
    assert len(set(keys)) == len(keys), f"{name}: a key twice"
    return attributes


def _json_entries(text):
    entries = load_json(text)
    assert isinstance(entries, Object), f"not a JSON object: {text[:200]}"
    return entries


def _text(letter, value):
    """The text, as in a map, of a member of a JSON object; arrays and kvlists are printed again."""
    if letter in "sy":
        assert isinstance(value, str) and not isinstance(value, Number), f"letter {letter} for {value!r}"
        return value
    if letter == "e":
        assert value is None, f"letter e for {value!r}"
        return ""
    if letter == "b":
        return {True: "true", False: "false"}[value]
    if letter == "d":
        return value[:-2] if isinstance(value, Number) and value.endswith(".0") else value
    return value if letter == "i" else _printed(value)


def _printed(value):
    """JSON that was read, as it was written."""
    if isinstance(value, Object):
        return "{" + ",".join(f"{json_string(key)}:{_printed(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_printed, value)) + "]"
    if isinstance(value, Number):
        return str(value)
    return {None: "null", True: "true", False: "false"}[value] if not isinstance(value, str) else json_string(value)


def _json(value, letter):
    """A value as a member of a JSON object."""
    text = text_of(value)
    if letter == "e":
        return "null"
    if letter in "sy" or text in ("NaN", "Infinity", "-Infinity"):
        return json_string(text)
    return text + ".0" if letter == "d" and not set(".e") & set(text) else text


# ---- what a Variant keeps ------------------------------------------------------------------------------


def drop_repeated_keys(attributes):
    """Within kvlists, in place: of equal keys the first stays. What is in DuplicateAttributes is whole."""
    seen = set()
    for attribute in attributes:
        if attribute.key not in seen:
            _drop(attribute.value)
        seen.add(attribute.key)


def _drop(value):
    for item in value.array_value.values if value.HasField("array_value") else ():
        _drop(item)
    if not value.HasField("kvlist_value"):
        return
    first = {}
    for member in value.kvlist_value.values:
        first.setdefault(member.key, member)
        _drop(member.value)
    kept = list(first.values())
    copies = [KeyValue.FromString(member.SerializeToString()) for member in kept]
    value.kvlist_value.ClearField("values")
    value.kvlist_value.values.extend(copies)
