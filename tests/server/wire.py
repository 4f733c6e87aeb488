"""google.rpc.Status and what the server puts into it, read field by field."""

from typing import NamedTuple


class Status(NamedTuple):
    code: int
    message: str
    bad_fields: list
    retry_s: int


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of each field of a message with varints and lengths."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
            assert at <= len(data)
        else:
            assert key & 7 == 0
        yield key >> 3, value


def _all(data, number):
    return [value for field, value in fields(data) if field == number]


def status_of(data):
    bad_fields, retry = [], 0
    for detail in _all(data, 3):
        ((_, kind), (_, value)) = fields(detail)
        if kind == b"type.googleapis.com/google.rpc.BadRequest":
            bad_fields += [_all(violation, 1)[0].decode() for violation in _all(value, 1)]
        else:
            assert kind == b"type.googleapis.com/google.rpc.RetryInfo"
            retry = _all(_all(value, 1)[0], 1)[0]
    return Status(_all(data, 1)[0], _all(data, 2)[0].decode(), bad_fields, retry)
