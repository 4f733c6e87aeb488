#!/usr/bin/env python3
"""Streams as many records as asked for, faster than any converter takes them, in memory that does not grow.

  tests/bench/tile.py SIGNAL RECORDS >REQUESTS

What generate.py makes is sent over and over, as one tile beside another: each SDK's batch is a request, with
its length before it (4 bytes, big-endian). What occurs once in a tile occurs once in all of them:

| of a record                                           | in each further tile                          |
| ----------------------------------------------------- | --------------------------------------------- |
| times                                                 | later by the tile's step                      |
| trace and span ids                                    | XORed with its mask: spans keep their parents |
| in texts: UUIDs, hex of 16 digits, numbers of 4 or more | other digits                                |
| values, sums, least, greatest, counts of points       | other low bits: counts need not add up        |

Resources, scopes and the attributes of a series are those of the fleet, and stay. The places of all these
are found once, by a walk over the wire format, and kept beside the inputs; a tile is then a few array
operations. Of the first tile nothing is changed, and the same arguments always give the same bytes.
"""

import argparse
import re
import sys
from pathlib import Path

import inputs
import numpy

TIME, ID, NUMBER, TEXT, COUNTS, VARINTS = range(6)

# What to change, by field number: a kind of value, or the message that is there.
VALUE = {1: TEXT}
ATTRIBUTE = {2: VALUE}
LOG = {1: TIME, 5: VALUE, 6: ATTRIBUTE, 9: ID, 10: ID, 11: TIME}
EVENT = {1: TIME, 3: ATTRIBUTE}
LINK = {1: ID, 2: ID, 4: ATTRIBUTE}
SPAN = {1: ID, 2: ID, 4: ID, 7: TIME, 8: TIME, 9: ATTRIBUTE, 11: EVENT, 13: LINK}
EXEMPLAR = {2: TIME, 3: NUMBER, 4: ID, 5: ID, 6: NUMBER, 7: ATTRIBUTE}
NUMBER_POINT = {3: TIME, 4: NUMBER, 5: EXEMPLAR, 6: NUMBER}
HISTOGRAM_POINT = {3: TIME, 4: COUNTS, 5: NUMBER, 6: COUNTS, 8: EXEMPLAR, 11: NUMBER, 12: NUMBER}
BUCKETS = {2: VARINTS}
EXPONENTIAL_POINT = {3: TIME, 4: COUNTS, 5: NUMBER, 8: BUCKETS, 11: EXEMPLAR, 12: NUMBER, 13: NUMBER}
METRIC = {5: {1: NUMBER_POINT}, 7: {1: NUMBER_POINT}, 9: {1: HISTOGRAM_POINT}, 10: {1: EXPONENTIAL_POINT}}
RECORDS = (LOG, SPAN, NUMBER_POINT, HISTOGRAM_POINT, EXPONENTIAL_POINT)
BATCH = {"logs": {2: {2: LOG}}, "traces": {2: {2: SPAN}}, "metrics": {2: {2: METRIC}}}

UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
DIGITS = re.compile(UUID + rb"|[0-9a-f]{16,}|[0-9]{4,}")
HEX = numpy.frombuffer(b"0123456789abcdef", numpy.uint8)
ID_SIZE = 16
DAY = 86_400 * 10**9


# ---- where the values are ------------------------------------------------------------------------------


class Places:
    """Where in a tile each kind of byte is, as lists of offsets."""

    def __init__(self, data):
        self.data, self.records = data, 0
        self.times, self.numbers, self.hex, self.decimal = [], [], [], []
        self.low = []  # bytes of whose bits all but the highest may change: it may say that a varint goes on
        self.ids, self.id_bytes = [], []  # an id's bytes, and which of the id's each is

    def fields(self, at, end):
        """(number, start, end) of each field of a message; a varint has no length here."""
        data = self.data
        while at < end:
            tag, at = inputs.varint(data, at)
            kind, size = tag & 7, 0
            if kind == 0:
                _, at = inputs.varint(data, at)
            elif kind == 2:
                size, at = inputs.varint(data, at)
            else:
                size = 8 if kind == 1 else 4
            yield tag >> 3, at, at + size
            at += size

    def walk(self, message, at, end):
        self.records += any(message is record for record in RECORDS)
        for number, start, stop in self.fields(at, end):
            what = message.get(number)
            if isinstance(what, dict):
                self.walk(what, start, stop)
            elif what is not None:
                self.put(what, start, stop)

    def put(self, kind, start, stop):
        if kind == TIME:
            self.times.append(start)
        elif kind == NUMBER:
            self.numbers.append(start)
        elif kind == COUNTS:
            self.low += range(start, stop, 8)
        elif kind == VARINTS:
            self.low += range(start, stop)
        elif kind == ID:
            self.ids += range(start, stop)
            self.id_bytes += range(stop - start)
        else:
            self.text(start, stop)

    def text(self, start, stop):
        for match in DIGITS.finditer(self.data, start, stop):
            found = match[0]
            digits = self.decimal if found.isdigit() and len(found) < 16 else self.hex
            digits.extend(match.start() + at for at, byte in enumerate(found) if byte != ord("-"))


def framed(request):
    """Each of the request's batches as a request of its own, its length before it."""
    out, at = bytearray(), 0
    while at < len(request):
        size, body = inputs.varint(request, at + 1)
        whole = request[at : body + size]
        out += len(whole).to_bytes(4, "big") + whole
        at = body + size
    return bytes(out)


def request_of(stream):
    """The other way round: all of a stream's requests as one."""
    out = bytearray()
    for data in map(bytes, stream):
        at = 0
        while at < len(data):
            stop = at + 4 + int.from_bytes(data[at : at + 4], "big")
            out += data[at + 4 : stop]
            at = stop
    return bytes(out)


def survey(signal, request):
    """The arrays that tiles are made by, of a request of many batches."""
    places = Places(framed(request))
    ends, records, at = [], [], 0
    while at < len(places.data):
        stop = at + 4 + int.from_bytes(places.data[at : at + 4], "big")
        _, batch = inputs.varint(places.data, at + 5)
        places.walk(BATCH[signal], batch, stop)
        ends.append(stop)
        records.append(places.records)
        at = stop
    lists = {"times": places.times, "numbers": places.numbers, "hex": places.hex, "decimal": places.decimal}
    lists |= {"low": places.low, "ids": places.ids, "id_bytes": places.id_bytes}
    lists |= {"ends": ends, "records": records}
    arrays = {name: numpy.array(values, numpy.int64) for name, values in lists.items()}
    return {"data": numpy.frombuffer(places.data, numpy.uint8), **arrays}


# ---- tiles ----------------------------------------------------------------------------------------------


class Tiles:
    """The tiles of a signal. A survey is kept in `folder`."""

    def __init__(self, signal, folder):
        file = folder / f"batched_{signal}.tile.npz"
        source = inputs.batched_request(signal, folder)
        inputs.made(file, (source, Path(__file__)), lambda: self.packed(signal, source.read_bytes()))
        with numpy.load(file) as arrays:
            self.arrays = dict(arrays)
        self.records = int(self.arrays["records"][-1])
        times = self.eights(self.arrays["data"], self.arrays["times"])
        self.length = int(times.max() - times.min())

    @staticmethod
    def packed(signal, request):
        import io

        out = io.BytesIO()
        numpy.savez(out, **survey(signal, request))
        return out.getvalue()

    @staticmethod
    def eights(data, starts):
        """The little-endian 64-bit numbers at these places."""
        return data[starts[:, None] + numpy.arange(8)].view("<u8")[:, 0]

    def tile(self, number, step):
        """The bytes of a tile, all of its times later by as many steps as its number."""
        if number == 0:
            return self.arrays["data"]
        arrays, data = self.arrays, self.arrays["data"].copy()
        chance = numpy.random.PCG64(number)

        def random_bytes(count):
            return chance.random_raw(count // 8 + 1).astype("<u8").view(numpy.uint8)[:count]

        later = self.eights(data, arrays["times"]) + numpy.uint64(number * step)
        data[arrays["times"][:, None] + numpy.arange(8)] = later[:, None].view(numpy.uint8)
        data[arrays["ids"]] ^= random_bytes(ID_SIZE)[arrays["id_bytes"]]
        data[arrays["hex"]] = HEX[random_bytes(len(arrays["hex"])) & 15]
        data[arrays["decimal"]] = HEX[random_bytes(len(arrays["decimal"])) % 10]
        data[arrays["low"]] ^= random_bytes(len(arrays["low"])) & 0x7F
        mantissas = arrays["numbers"][:, None] + numpy.arange(4)
        data[mantissas] = random_bytes(mantissas.size).reshape(mantissas.shape)
        return data

    def step(self, records, over):
        """Nanoseconds between tiles that are spread over `over` of them, or follow each other when None."""
        return over // -(-records // self.records) if over else self.length

    def begin_of_middle(self, records, over):
        """When the middle one of these tiles begins, after the first one."""
        return (-(-records // self.records) // 2) * self.step(records, over)

    def stream(self, records, over=None):
        """Requests with at least so many records, up to a batch more, tile by tile. They follow each other
        in time, or are spread over so many nanoseconds."""
        step, number = self.step(records, over), 0
        while records > 0:
            data = self.tile(number, step)
            if records < self.records:
                last = int(numpy.searchsorted(self.arrays["records"], records))
                data = data[: int(self.arrays["ends"][last])]
            yield data
            records -= self.records
            number += 1


def main():
    parser = argparse.ArgumentParser(
        description="Streams generated requests, each with its length before it."
    )
    parser.add_argument("signal", choices=inputs.SIGNALS)
    parser.add_argument("records", type=int)
    parser.add_argument("--inputs", type=Path, default=inputs.FOLDER, metavar="FOLDER")
    arguments = parser.parse_args()
    arguments.inputs.mkdir(parents=True, exist_ok=True)
    for data in Tiles(arguments.signal, arguments.inputs).stream(arguments.records):
        sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main()
