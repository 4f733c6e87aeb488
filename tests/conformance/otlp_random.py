"""Random requests over the whole message space, from fixed seeds, written by `wire.scramble`."""

import random

import wire
from otlp_pieces import (
    BYTES, DOUBLES, HOUR, HOUR_START, I64_MAX, I64_MIN, IDS, REQUEST_TYPES, STRINGS, TIMES, U64_MAX, Case,
    Wire,
)

RANDOM_CASES_PER_SIGNAL = 100


def random_cases():
    return [
        Case(f"random_{signal}_{number:03}", signal, lambda signal=signal, number=number: _wire(signal, number))
        for signal in REQUEST_TYPES
        for number in range(RANDOM_CASES_PER_SIGNAL)
    ]


def _wire(signal, number):
    rng = random.Random(f"{signal} {number}")
    request = REQUEST_TYPES[signal]()
    _fill(request, rng, 0)
    return Wire(wire.scramble(request, rng, unknown=number % 2 == 1))


# Members that only profiles use, and the keys attributes get: few, so that they repeat.
_NOT_OURS = {"key_strindex", "string_value_strindex"}
_KEYS = ["service.name", "service.namespace", "service.instance.id", "a", "b", "c", "", "http.method", "\u6f22"]


def _fill(message, rng, depth):
    oneofs = {
        oneof.name: rng.choice(oneof.fields).name
        for oneof in message.DESCRIPTOR.oneofs
        if len(oneof.fields) > 1
    }
    for descriptor in message.DESCRIPTOR.fields:
        oneof = descriptor.containing_oneof
        if descriptor.name in _NOT_OURS or (
            oneof and oneofs.get(oneof.name, descriptor.name) != descriptor.name
        ):
            continue
        if rng.random() < _chance(descriptor, depth):
            _set(message, descriptor, rng, depth)


def _chance(descriptor, depth):
    """How often a field is set: the way down to the records nearly always, deep nesting seldom."""
    if descriptor.name in ("array_value", "kvlist_value"):
        return 0.6 if depth < 10 else 0
    return 0.95 if depth < 3 and descriptor.message_type and descriptor.is_repeated else 0.6


def _set(message, descriptor, rng, depth):
    name = descriptor.name
    if not descriptor.is_repeated:
        if descriptor.message_type:
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), rng, depth + 1)
        else:
            setattr(message, name, _random_scalar(descriptor, rng))
        return
    count = rng.choice([0, 1, 1, 2, 3, 5] if depth > 2 else [1, 1, 2, 4])
    for _ in range(count):
        if descriptor.message_type:
            _fill(getattr(message, name).add(), rng, depth + 1)
        else:
            getattr(message, name).append(_random_scalar(descriptor, rng))


def _random_scalar(descriptor, rng):
    name, kind = descriptor.name, descriptor.type
    if name.endswith("time_unix_nano"):
        offset = rng.choice([0, 1, 999, 1000, HOUR - 1, rng.randrange(HOUR), 5_000_000, 5_000_000])
        return rng.choice(TIMES) if rng.random() < 0.1 else HOUR_START + rng.randrange(3) * HOUR + offset
    if kind == descriptor.TYPE_BYTES:
        return (
            rng.choice(IDS + BYTES) if rng.random() < 0.5 else rng.randbytes(16 if name == "trace_id" else 8)
        )
    if kind == descriptor.TYPE_STRING:
        return rng.choice(_KEYS) if name == "key" or rng.random() < 0.3 else rng.choice(STRINGS[:-1])
    if kind == descriptor.TYPE_ENUM:
        return rng.randrange(-2, 8)
    if kind == descriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if kind == descriptor.TYPE_DOUBLE:
        return rng.choice(DOUBLES) if rng.random() < 0.5 else rng.uniform(-1e6, 1e6)
    return _random_integer(_INTEGER_RANGES[kind], rng)


# By FieldDescriptor.TYPE_*.
_I32, _U32, _I64, _U64 = (-(2**31), 2**31 - 1), (0, 2**32 - 1), (I64_MIN, I64_MAX), (0, U64_MAX)
_INTEGER_RANGES = {3: _I64, 4: _U64, 5: _I32, 6: _U64, 7: _U32, 13: _U32, 15: _I32, 16: _I64, 17: _I32, 18: _I64}


def _random_integer(limits, rng):
    low, high = limits
    return rng.choice([low, high, 0, 1, rng.randint(low, high), rng.randrange(1000), rng.randrange(1000)])
