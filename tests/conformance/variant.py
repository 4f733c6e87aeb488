"""Parquet's VARIANT by its specification (parquet-format, VariantEncoding.md), version 1, and strictly: what a
writer must do is asserted, and that sizes and numbers take the fewest bytes that hold them.

A value becomes the AnyValue that it stands for. Members of objects come in the order of their values, which is
that of the list they were made from; an object that is the whole value becomes a list of KeyValue.
"""

import struct
from itertools import pairwise

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

PRIMITIVE, SHORT_STRING, OBJECT, ARRAY = range(4)
_INTEGERS = {3: "<b", 4: "<h", 5: "<i", 6: "<q"}


def attributes(metadata, value):
    """The KeyValues of a whole value."""
    names = _names(metadata)
    members, end = _object(names, value, 0)
    assert end == len(value), f"{len(value) - end} bytes behind the value"
    return [KeyValue(key=key, value=item) for key, item in members]


def _number(data, at, width):
    assert at + width <= len(data), "the value ends early"
    return int.from_bytes(data[at : at + width], "little")


def _fewest(number):
    return max(1, (number.bit_length() + 7) // 8)


def _names(metadata):
    header = metadata[0]
    assert header & 0x3F == 0x11, f"metadata header {header:#x}: not version 1 with sorted names"
    width = (header >> 6) + 1
    count = _number(metadata, 1, width)
    offsets = [_number(metadata, 1 + width * (1 + n), width) for n in range(count + 1)]
    data = metadata[1 + width * (count + 2) :]
    assert offsets[0] == 0 and offsets[-1] == len(data), "offsets of names"
    assert width == _fewest(max(count, len(data))), "names with offsets of too many bytes"
    names = [data[begin:end] for begin, end in pairwise(offsets)]
    assert all(one < other for one, other in pairwise(names)), "names are not sorted, or not unique"
    return [name.decode() for name in names]


def _value(names, data, at):
    """The AnyValue at `at`, and where it ends."""
    basic, result = data[at] & 3, AnyValue()
    if basic == SHORT_STRING:
        end = at + 1 + (data[at] >> 2)
        assert end <= len(data)
        result.string_value = data[at + 1 : end].decode()
        return result, end
    if basic == OBJECT:
        members, end = _object(names, data, at)
        result.kvlist_value.SetInParent()
        for key, item in members:
            result.kvlist_value.values.add(key=key).value.CopyFrom(item)
        return result, end
    if basic == ARRAY:
        items, end = _array(names, data, at)
        result.array_value.SetInParent()
        result.array_value.values.extend(items)
        return result, end
    return _primitive(data, at)


def _primitive(data, at):
    kind, result = data[at] >> 2, AnyValue()
    at += 1
    if kind == 0:
        return result, at
    if kind in (1, 2):
        result.bool_value = kind == 1
        return result, at
    if kind in _INTEGERS:
        form = _INTEGERS[kind]
        (result.int_value,) = struct.unpack_from(form, data, at)
        smaller = _INTEGERS.get(kind - 1)
        if smaller is not None:
            bits = 8 * struct.calcsize(smaller) - 1
            assert not -(2**bits) <= result.int_value < 2**bits, "an int in too many bytes"
        return result, at + struct.calcsize(form)
    if kind == 7:
        (result.double_value,) = struct.unpack_from("<d", data, at)
        return result, at + 8
    assert kind in (15, 16), f"a value of primitive type {kind}"
    size = _number(data, at, 4)
    content = data[at + 4 : at + 4 + size]
    assert len(content) == size
    if kind == 15:
        result.bytes_value = content
    else:
        assert size > 63, "a short string in the long form"
        result.string_value = content.decode()
    return result, at + 4 + size


def _count(data, at, large):
    width = 4 if large else 1
    count = _number(data, at, width)
    assert large == (count > 255), "a number of elements in the wrong form"
    return count, at + width


def _offsets(data, at, count, width):
    """The offsets of `count` values, where those begin, and where they end."""
    offsets = [_number(data, at + width * n, width) for n in range(count + 1)]
    values = at + width * (count + 1)
    assert width == _fewest(offsets[-1]), "offsets of too many bytes"
    return offsets[:-1], values, values + offsets[-1]


def _object(names, data, at):
    """The members in the order of their values, and where the object ends."""
    header = data[at] >> 2
    assert data[at] & 3 == OBJECT
    width, id_width = (header & 3) + 1, (header >> 2 & 3) + 1
    assert id_width == _fewest(max(len(names) - 1, 0)), "ids of too many bytes"
    count, at = _count(data, at + 1, bool(header >> 4 & 1))
    ids = [_number(data, at + id_width * n, id_width) for n in range(count)]
    assert all(one < other for one, other in pairwise(ids)), "members are not sorted, or not unique"
    offsets, values, end = _offsets(data, at + id_width * count, count, width)
    members, place = [], values
    for offset, number in sorted(zip(offsets, ids)):
        assert values + offset == place, "values are not one behind the other"
        item, place = _value(names, data, place)
        members.append((names[number], item))
    assert place == end
    return members, end


def _array(names, data, at):
    header = data[at] >> 2
    count, at = _count(data, at + 1, bool(header >> 2 & 1))
    offsets, values, end = _offsets(data, at, count, (header & 3) + 1)
    items, place = [], values
    for offset in offsets:
        assert values + offset == place, "values are not one behind the other"
        item, place = _value(names, data, place)
        items.append(item)
    assert place == end
    return items, end
