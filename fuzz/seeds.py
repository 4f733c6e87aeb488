#!/usr/bin/env python3
"""Writes the seeds of the fuzzers to fuzz/corpus/NAME/seed-*, and their dictionaries, json.dict,
protobuf.dict and settings.dict.

Requests are put together from protobuf fields by hand, so that a seed may also hold what no encoder
writes: fields twice, groups, wrong wire types. Regression inputs, corpus/NAME/found-*, are not touched.
"""

import gzip
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
PROTO = HERE.parent / "lib" / "otlp" / "otlp.proto"
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def num(field, value):
    return varint(field << 3) + varint(value)


def fix64(field, value):
    if isinstance(value, float):
        return varint(field << 3 | 1) + struct.pack("<d", value)
    return varint(field << 3 | 1) + struct.pack("<Q", value & (1 << 64) - 1)


def fix32(field, value):
    return varint(field << 3 | 5) + struct.pack("<I", value)


def sub(field, *parts):
    content = b"".join(p.encode() if isinstance(p, str) else p for p in parts)
    return varint(field << 3 | 2) + varint(len(content)) + content


def value(v):
    """An AnyValue's content."""
    if v is None:
        return b""
    if isinstance(v, bool):
        return num(2, v)
    if isinstance(v, int):
        return num(3, v)
    if isinstance(v, float):
        return fix64(4, v)
    if isinstance(v, str):
        return sub(1, v)
    if isinstance(v, bytes):
        return sub(7, v)
    if isinstance(v, list):
        return sub(5, *(sub(1, value(item)) for item in v))
    return sub(6, *(sub(1, sub(1, key), sub(2, value(item))) for key, item in v.items()))


def attributes(field, items):
    pairs = items.items() if isinstance(items, dict) else items
    return b"".join(sub(field, sub(1, key), sub(2, value(v))) for key, v in pairs)


def group(field, content=b""):
    return varint(field << 3 | 3) + content + varint(field << 3 | 4)


KINDS = {
    "s": "text", "b": True, "i": -7, "d": 1.5, "n": float("nan"), "y": b"\0\xff", "e": None,
    "a": [1, "two", [3.0, None], {"k": False}], "k": {"x": {"y": [b"z"]}, "x2": "\u00e9"},
}
MANY = {f"key.{i}": f"value {i % 3}" for i in range(20)}


def resource(attrs, *more):
    return sub(1, attributes(1, attrs), *more)


def scope(name="library", *more):
    return sub(1, sub(1, name), sub(2, "1.2.3"), *more)


def request(records, attrs=None, more=b""):
    """One request of one resource and scope, the records given as fields 2."""
    return sub(1, resource(attrs if attrs is not None else {"service.name": "shop"}),
               sub(2, scope(), *records, sub(3, "https://scope")), sub(3, "https://resource"), more)


def log(time=NOW, body="hello", attrs=None, *more):
    parts = [fix64(1, time), fix64(11, time + 5), num(2, 9), sub(3, "INFO"), sub(5, value(body)),
             attributes(6, attrs or {}), num(7, 1), fix32(8, 1), sub(9, bytes(range(16))),
             sub(10, bytes(8)), sub(12, "event")]
    return sub(2, *parts, *more)


def event(attrs, time=NOW):
    return sub(11, fix64(1, time), sub(2, "exception"), attributes(3, attrs), num(4, 2))


def link(attrs):
    return sub(13, sub(1, bytes(range(16))), sub(2, bytes(range(8))), sub(3, "a=b"), attributes(4, attrs),
               num(5, 1), fix32(6, 256))


def span(*more, attrs=None, start=NOW, kind=2):
    return sub(2, sub(1, bytes(range(16))), sub(2, bytes(range(8))), sub(3, "a=1"), sub(4, b"\1" * 8),
               sub(5, "GET /"), num(6, kind), fix64(7, start), fix64(8, start + 1234567),
               attributes(9, attrs or {}), num(10, 1), num(12, 2), num(14, 3), fix32(16, 257), *more)


def exemplar(field, *number):
    return sub(field, fix64(2, NOW), *number, sub(4, bytes(range(8))), sub(5, bytes(range(16))),
               attributes(7, {"x": "y"}))


def metric(data, *more):
    return sub(2, sub(1, "requests"), sub(2, "how many"), sub(3, "1"), data, *more)


def number_point(*value_field, field=1):
    return sub(field, fix64(2, NOW - SECOND), fix64(3, NOW), *value_field, attributes(7, {"a": "b"}), num(8, 1))


def metrics():
    gauge = sub(5, number_point(fix64(4, 1.5)), number_point(fix64(6, -3)), number_point())
    total = sub(7, number_point(fix64(6, 1 << 62), exemplar(5, fix64(3, 2.0)), exemplar(5, fix64(6, 9))),
                num(2, 2), num(3, 1))
    packed = struct.pack("<3Q", 1, 2, 3)
    histogram = sub(9, sub(1, fix64(2, NOW), fix64(3, NOW), fix64(4, 6), fix64(5, 3.5), sub(6, packed),
                           sub(7, struct.pack("<2d", 1.0, 2.0)), attributes(9, {"a": 1}), num(10, 1),
                           fix64(11, 0.0), fix64(12, 9.0), exemplar(8, fix64(3, 0.5))), num(2, 1))
    buckets = num(1, 5) + sub(2, varint(1), varint(300), varint((1 << 64) - 1))
    exponential = sub(10, sub(1, attributes(1, {"a": True}), fix64(2, NOW), fix64(3, NOW), fix64(4, 6),
                              fix64(5, -1.0), num(6, 3), fix64(7, 2), sub(8, buckets), sub(9, num(2, 4)),
                              num(10, 1), exemplar(11), fix64(12, 1.0), fix64(13, 2.0), fix64(14, 1e-9)))
    summary = sub(11, sub(1, fix64(2, NOW), fix64(3, NOW), fix64(4, 6), fix64(5, 2.5),
                          sub(6, fix64(1, 0.5), fix64(2, 1.0)), sub(6, fix64(1, 0.99)), num(8, 1)))
    return [metric(data) for data in (gauge, total, histogram, exponential, summary)] + [
        metric(b"", attributes(12, {"m": "n"})), metric(sub(5))]


def interleaved_span():
    """Long attribute lists of a span and of its event, by turns: equal keys must still be found."""
    return span(attributes(9, MANY), event({f"other.{i}": "" for i in range(20)}), attributes(9, MANY))


LOGS = {
    "plain": request([log(), log(NOW + 3600 * SECOND, KINDS, KINDS)]),
    "kinds": request([log(NOW, v, {k: v}) for k, v in KINDS.items()]),
    "many": request([log(NOW, "x", MANY, attributes(6, MANY))], MANY),
    "twins": request([log(NOW, "x", [("", None), ("", 1), ("a", 1), ("a", {"b": [2.0]})])], [("a", 1), ("a", 2)]),
    "empty": b"", "bare": sub(1, sub(2, sub(2), sub(2), sub(2, num(2, 3)))),
    "bytes": request([log(NOW, "\x01\"\\\u20ac", {"\u0416": "x"}), log(0, b"\xff" * 5, [("k", "v")],
                                                                   sub(3, b"\xed\xa0\x80"))]),
    "entity": sub(1, sub(1, attributes(1, {"service.name": "s", "service.namespace": "n"}), num(2, 4),
                         sub(3, sub(1, "url"), sub(2, "type"), sub(3, "id"), sub(3, "id2"), sub(4, "d"))),
                  sub(2, scope("n", attributes(3, MANY), num(4, 1)), log())),
    "twice": request([log(NOW, "a", {}, num(2, 17), sub(5, value([1])), sub(5, value([2])), sub(5, value("z")))],
                     None, resource({"late": 1})),
    "unknown": request([log(NOW, "a", {}, num(99, 1), group(100, num(1, 1) + group(2)), fix32(101, 5))]),
    "two": request([log()]) + request([log(NOW - 1)], {"service.name": "a/../b"}) + request([log()]),
    "deep": request([log(NOW, [[[[[[[[[[[[["deep"]]]]]]]]]]]]])]),
    "wrong": request([sub(2, fix64(2, 1))]), "cut": request([log()])[:-20],
}
TRACES = {
    "plain": request([span(event(KINDS), event({}), link(MANY), sub(15, sub(2, "bad"), num(3, 2)), attrs=KINDS)]),
    "interleaved": request([interleaved_span()]),
    "kinds": request([span(kind=k) for k in (0, 5, 6, -1)]),
    "status": request([span(sub(15, num(3, 1)), sub(15, sub(2, "m")), sub(15, num(3, 9)))]),
    "bare": sub(1, sub(2, sub(2), sub(2, sub(11), sub(13), sub(11)))),
    "twins": request([span(event([("a", 1), ("a", 2)]), link([("", 1), ("", 2)]), attrs=[("x", 1), ("x", None)])]),
}
METRICS = {
    "all": request(metrics()),
    "oneof": request([metric(sub(5, number_point(fix64(4, 1.0))), sub(7, number_point(fix64(6, 1), fix64(4, 2.0))),
                             sub(7, num(2, 1)))]),
    "unpacked": request([metric(sub(9, sub(1, fix64(6, 1), fix64(6, 2), fix64(7, 1.5), sub(6, bytes(8)))))]),
    "exponential": request([metric(sub(10, sub(1, sub(8, num(2, 1), sub(2, b"\x01\x02"), num(1, 1)), sub(8, num(2, 9)))))]),
    "bare": sub(1, sub(2, sub(2, sub(5, sub(1), sub(1, sub(5)))), sub(2))),
}
SIGNALS = (LOGS, TRACES, METRICS)


def write(name, seeds):
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("seed-*"):
        old.unlink()
    for seed, content in seeds.items():
        (folder / f"seed-{seed}").write_bytes(content)


def every(prefix):
    """All requests, each behind the bytes that `prefix` gives for its signal's number."""
    return {f"{'ltm'[s]}-{name}": prefix(s + 1) + content
            for s, seeds in enumerate(SIGNALS) for name, content in seeds.items()}


JSON = {
    "logs": b'\0{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},'
            b'"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000001","severity_number":"SEVERITY_NUMBER_INFO",'
            b'"body":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":"NaN"}}]}},"flags":1,'
            b'"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174"}]}]}]}',
    "traces": b'\1{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"s"},"spans":[{"name":"\\ud83d\\ude00","kind":2,'
              b'"events":[{"name":"e"}],"links":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAA=="}],"status":{"code":2}}]}]}]}',
    "metrics": b'\2{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"dataPoints":['
               b'{"count":"3","sum":1.5,"bucketCounts":["1",2],"explicitBounds":[0.5]}],"aggregationTemporality":1}},'
               b'{"name":"n","sum":{"dataPoints":[{"asInt":"-9223372036854775808"}],"isMonotonic":true}}]}]}]}',
    "value": b'\3{"arrayValue":{"values":[{"intValue":1e3},{"bytesValue":"_-8"},{"boolValue":false},{}]}}',
    "twice": b'\3{"stringValue":"a","intValue":1,"stringValue":null,"intValue":"2","unknown":[{},[1,"x"]]}',
    "broken": b'\3{"stringValue":"\\ud800"}',
}
TEXTS = [JSON[name][1:] for name in ("logs", "traces", "metrics")]
LEFT_OUT = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":"x"}},{"flags":1}]}]}]}'
OTHERS = {
    "empty": b"{}", "mark": b"\xef\xbb\xbf" + TEXTS[0], "left-out": LEFT_OUT,
    "replaced": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":-1},{}],"logRecords":[{"flags":2}]}]}]}',
    "unknown": b'{"partialSuccess":{}}', "array": b"[]", "pretty": TEXTS[0].replace(b",", b",\n"),
    "long": b'{"resource_logs":[{"scope_logs":[{"log_records":[' + b"{}," * 30 + b'{"body":{"stringValue":"'
            + b"x" * 200 + b'"}}]}]}]}',
    "deep": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + b'{"arrayValue":{"values":[' * 20
            + b"{}" + b"]}}" * 20 + b"}]}]}]}",
}
LINES = {
    "all": b"\n".join(TEXTS), "blank": b"\n\r\n".join(TEXTS) + b"\n\n",
    "bad": TEXTS[0] + b'\r\n{"resourceLogs":[{"scopeLogs":1}]}\n' + TEXTS[0] + b'\n{"a":1}\n[\n'
           + TEXTS[1],
    "left-out": LEFT_OUT + b"\n" + LEFT_OUT + b'\n{"resourceSpans":[{"resource":{"attributes":[null]}}]}\n',
    "marks": b"\xef\xbb\xbf" + TEXTS[0] + b"\n\xef\xbb\xbf" + TEXTS[2] + b"\n\xef\xbb\xbf\n{}",
    "cut": TEXTS[1] + b"\n" + TEXTS[1][:-9],
}
# 1,100 attributes that 1,100 records share: more than are free.
SHARED = sub(1, resource({f"{i:x}": "" for i in range(1100)}), sub(2, sub(2) * 1100))
# Records of one hour after the other, and nothing else.
HOURS = [sub(1, sub(2, *(sub(2, fix64(1, (i + h) * 3600 * SECOND)) for h in range(30)))) for i in (0, 30)]
# Protobuf that looks like text: a resource of 123 bytes, the last a closing brace.
BRACES = b"\n{" + sub(2, sub(2, "}" * 119))


def batches():
    def pack(flags, content):
        return bytes([flags]) + struct.pack("<H", len(content)) + content
    out = {}
    for s, seeds in enumerate(SIGNALS):
        for flags in (0, 1, 2, 4 | 5 << 4, 8):
            out[f"{'ltm'[s]}-{flags}"] = bytes([s + 1, flags, 0]) + b"".join(pack(flags, c) for c in seeds.values())
    mixed = b"".join(pack(3, c["plain" if "plain" in c else "all"]) + pack(4 | 9 << 4, t)
                     for c, t in zip(SIGNALS, TEXTS))
    lines = b"".join(pack(i, text) for i, text in enumerate(LINES.values()))
    json = b"".join(pack(1, text) for text in (*TEXTS, *OTHERS.values()))
    few = b"".join(pack(0, c) for c in (LOGS["plain"], TEXTS[0], LINES["bad"], OTHERS["deep"], OTHERS["long"]))
    out["auto"] = bytes(3) + mixed + lines
    out["skip"] = bytes([16 | 3 << 2, 8, 0]) + lines + mixed
    out["json"] = bytes([2 << 2, 64, 0]) + json
    out["memory"] = bytes([32, 0, 0]) + mixed + json
    out["shared"] = bytes([1, 0, 16]) + pack(0, LOGS["plain"]) + pack(0, SHARED) + pack(0, LOGS["plain"])
    out["hours"] = bytes([1, 0, 0]) + pack(0, HOURS[0]) + b"".join(pack(4 | call << 4, HOURS[1]) for call in range(16))
    for bit in range(8):
        out[f"limit-{1 << bit}"] = bytes([0, 0, 1 << bit]) + few
    return out


def texts():
    """Texts for whoever detects what they are."""
    return {**{f"json-{name}": text[1:] for name, text in JSON.items()},
            **{f"json-{name}": text for name, text in OTHERS.items()},
            **{f"lines-{name}": text for name, text in LINES.items()},
            "braces": BRACES, "feed-text": b"\n" + TEXTS[0]}


# Bytes for the compressor: how often they come again, how many of them change each time, and what they are.
SNAPPY = {
    "empty": b"\0\0",
    "once": b"\0\0" + b"\n".join([b"GET /api/cart 200"] * 9),
    "equal": b"\x1f\0" + b"a" * 100,
    "blocks": b"\xff\1" + bytes(range(256)) * 2 + b"shop" * 30,
    "literals": b"\7\3" + bytes(i * i * 7 >> 3 & 255 for i in range(700)) + bytes(40),
    "numbers": b"\x0f\2" + b"".join(struct.pack("<q", NOW + i * 1_000_003) for i in range(60)),
}


# What texts and requests are made of, but for names.
JSON_WORDS = [
    b"null", b"true", b"false", b'"NaN"', b'"Infinity"', b'"-Infinity"', b"[]", b"{}", b"[null]", b"},{", b"],[",
    b"}]}]}]}", b"\\ud83d\\ude00", b"\\u0041", b"\\ud800", b"1e3", b"1.0", b"-0", b"1e-400", b"1e400",
    b'"9223372036854775807"', b"-9223372036854775808", b"18446744073709551615", b'"5b8efff798038103"',
    b'"5B8EFFF798038103D269B633813FC60C"', b'"AAAAAAAAAAA="', b'"AAAAAAAAAAAAAAAAAAAAAA=="', b'"_-8"',
    b"\xef\xbb\xbf", b"\n", b"\r\n", b"\n{}\n", b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{',
    b'{"resourceSpans":[{"scopeSpans":[{"spans":[{', b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{',
    b'"attributes":[{"key":"a","value":{"stringValue":"b"}}]', b'{"intValue":"x"}',
]
PROTOBUF_WORDS = [
    attributes(1, {"service.name": "shop"}), attributes(6, {"a": 1}), attributes(7, [("a", 1), ("a", 2)]),
    attributes(9, {"": None}), value([1, "two"]), value({"k": {"x": b"z"}}), value(1.5), value(True), sub(1, ""),
    sub(2, sub(2)), sub(9, bytes(range(16))), sub(10, bytes(range(8))), fix64(1, NOW), fix64(3, NOW), fix64(4, 1.5),
    fix64(6, -3), num(2, 1 << 63), group(99, num(1, 1)), fix32(101, 5), b"\xed\xa0\x80", b"\xff" * 9 + b"\x01",
    b"\x80\x80\x80\x80\x00", sub(6, struct.pack("<2Q", 1, 2)), sub(7, struct.pack("<d", 1.0)), sub(5, number_point()),
    exemplar(5, fix64(3, 2.0)), event({}), link({}), sub(15, sub(2, "bad"), num(3, 2)),
]


SETTING_WORDS = [
    b"off", b"10s", b"64M", b"&a ", b"*a", b"<<: ", b"!!str ", b"!!int ", b"? ", b": ", b"- ", b"|\n  ", b">-\n  ",
    b"---\n", b"...\n", b"%YAML 1.1\n", b'"\\x41\\u00e9"', b"''", b"{", b"}", b"[", b"]", b"#", b"\xef\xbb\xbf",
    b"\xff\xfe", b"stored", b"zstd", b"127.0.0.1:0", b"[::1]:4318", b"{table}/{hash}",
]


# Heads of requests and chunked bodies.
HTTP1 = {
    "head": b"POST /v1/logs?x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\n"
            b"Content-Encoding: gzip\r\nContent-Length: 12\r\nExpect: 100-continue\r\nConnection: close, x\r\n\r\n",
    "chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "body": b'5\r\nhello\r\n001;ext="v"\r\n,\r\nA;x\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n',
    "version": b"GET / HTTP/2.0\r\n\r\n",
}
# What is done to a segment of the server's log: place, place, byte; and a length to cut it at.
SEGMENT = {
    "nothing": b"",
    "header": b"\x00\x00\x00",
    "first-record": b"\x30\x00\x00",
    "cut": b"\x80",
    "damaged-and-cut": b"\x60\x00\x01\xa0\x00\x02\xf0",
}


def grpc(choices, message, most=255, memory=255, piece=0, flag=0, length=None):
    """A body behind what fuzz_grpc.c takes from the input's first bytes."""
    size = len(message) if length is None else length
    return bytes([choices, most, memory, piece, flag]) + struct.pack(">I", size) + message


def zstd_frame(content):
    """RFC 8878: a frame of one block that is not compressed; less than 256 bytes."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(content)]) + struct.pack("<I", len(content) << 3 | 1)[:3] + content


MESSAGE = sub(1, sub(2, sub(2, sub(5, sub(1, "hey")))))
GRPC = {
    "plain": grpc(0, MESSAGE, piece=1),
    "announced": grpc(8, MESSAGE, piece=3),
    "empty": grpc(1, b""),
    "gzip": grpc(2, gzip.compress(MESSAGE, mtime=0), piece=7, flag=1),
    "gzip-not-used": grpc(2, MESSAGE),
    "deflate": grpc(3, zlib.compress(MESSAGE), flag=1),
    "zstd": grpc(4, zstd_frame(MESSAGE), piece=2, flag=1),
    "expands": grpc(2, gzip.compress(bytes(5000), mtime=0), flag=1),
    "zstd-unsaid": grpc(0, b"\x28\xb5\x2f\xfd" + MESSAGE),
    "unknown-encoding": grpc(6, MESSAGE, flag=1),
    "flag-without-encoding": grpc(1, MESSAGE, flag=1),
    "too-large": grpc(0, bytes(40), most=10),
    "no-memory": grpc(0, bytes(300), memory=2),
    "cut-short": grpc(0, MESSAGE)[:8],
    "longer-than-said": grpc(0, MESSAGE, length=3),
    "health": grpc(16, b""),
    "health-of-a-service": grpc(18, gzip.compress(sub(1, "opentelemetry.proto.collector.logs.v1.LogsService"),
                                                  mtime=0), flag=1),
}
SETTINGS = {
    "empty": b"",
    "some": b"# a comment\nhttp: \"0.0.0.0:4318\"\ngrpc: off\nseal-age: 1m\nseal-bytes: 256M\nack: stored\n",
    "flow": b"{data: 'a # b', wal: w, codec: zstd, codec-level: 19}\n",
    "unknown": b"seal-age: 1s\nseal: 2\n",
    "wrong-value": b"\nseal-age: never\n",
    "list": b"data: [a, b]\n",
    "alias": b"data: &a x\nwal: *a\n",
    "twice": b"data: a\ndata: b\n",
    "block": b"path-template: >\n  {table}/{hash}\nwal: |\n  a\n  b\n",
    "escapes": b'data: "\\x41\\u00e9\\n\\"\\\\"\n',
    "two-documents": b"---\ndata: a\n...\n---\nwal: b\n",
    "not-utf8": b"data: \xff\n",
}


def setting_keys():
    text = (HERE.parent / "shims" / "server" / "settings.h").read_text()
    return re.findall(r'X\(setting_\w+, \w+, \w+, "([a-z-]+)"', re.sub(r"\\\n", "", text))


def names():
    """Of all fields in otlp.proto, and of the values of its enums."""
    text = PROTO.read_text()
    fields = sorted(set(re.findall(r"^ +(?:repeated |optional )?\w+ (\w+) = \d+;", text, re.MULTILINE)))
    values = re.findall(r"^  ([A-Z][A-Z_0-9]+) = \d+;", text, re.MULTILINE)
    camel = [re.sub("_(.)", lambda match: match[1].upper(), field) for field in fields]
    return [f'"{name}":'.encode() for name in sorted({*fields, *camel})] + [f'"{value}"'.encode() for value in values]


def write_dictionary(name, words):
    def escape(byte):
        return f"\\{byte:c}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7f else f"\\x{byte:02x}"
    (HERE / name).write_text("".join(f'"{"".join(map(escape, word))}"\n' for word in dict.fromkeys(words)))


def footer_of(program, request_bytes):
    """The footer, with the end of the file, of what the program writes for a request."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "in.pb").write_bytes(request_bytes)
        subprocess.run([program, "convert", "--out", folder, folder + "/in.pb"], check=True, capture_output=True)
        data = next(pathlib.Path(folder).rglob("*.parquet")).read_bytes()
    return data[-8 - struct.unpack("<I", data[-8:-4])[0]:]


def main():
    for name, seeds in zip(("fuzz_logs", "fuzz_traces", "fuzz_metrics"), SIGNALS):
        write(name, seeds)
    write("fuzz_detect", {**every(lambda s: b""), **texts()})
    write("fuzz_nanopb", every(lambda s: bytes([s])))
    write("fuzz_merge", every(lambda s: bytes([s, 1, 2, 3])))
    write("fuzz_oom", {**every(lambda s: bytes([s | 8, 20 * s, 0, 0])),
                       **{name: bytes([len(name) % 2 * 8 | 64, len(text) % 60, 0, 0]) + text
                          for name, text in texts().items()}})
    write("fuzz_batch", batches())
    json = {**JSON, **{name: b"\0" + text for name, text in OTHERS.items()},
            **{f"limits-{name}": b"\4" + text for name, text in OTHERS.items()}}
    write("fuzz_json", json)
    write("fuzz_roundtrip", JSON)
    write("fuzz_lines", {name: b"\0\0" + text for name, text in LINES.items()})
    write("fuzz_snappy", SNAPPY)
    write("fuzz_http1", HTTP1)
    write("fuzz_segment", SEGMENT)
    write("fuzz_grpc", GRPC)
    write("fuzz_settings", SETTINGS)
    write_dictionary("settings.dict", [f"{key}: ".encode() for key in setting_keys()] + SETTING_WORDS)
    write_dictionary("json.dict", names() + JSON_WORDS)
    write_dictionary("protobuf.dict", PROTOBUF_WORDS)
    if len(sys.argv) > 1:
        footer = footer_of(sys.argv[1], LOGS["plain"])
        write("fuzz_footer", {"file": footer, "bare": footer[:-8]})


if __name__ == "__main__":
    main()
