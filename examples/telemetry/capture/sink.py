"""A sink for OTLP/HTTP requests: keeps the bytes that a real client sent.

It listens on 127.0.0.1 alone, takes POST /v1/traces, /v1/metrics and /v1/logs with protobuf or JSON bodies, undoes
the transfer coding and gzip, and writes what is left unchanged. It stops by itself: when every signal it was told to
expect has come as often as expected (exit code 0), or when the time is over (exit code 1). Standard library only, so
that any python3 runs it.

    sink.py --out DIR --prefix NAME --port-file FILE [--seconds T] SIGNAL[.json]=COUNT ...

| expected      | file                | what it holds                                                            |
| ------------- | ------------------- | ------------------------------------------------------------------------ |
| SIGNAL=1      | PREFIX_SIGNAL.pb    | the protobuf request                                                     |
| SIGNAL=N      | PREFIX_SIGNAL.pbs   | each after its length as a base-128 varint (protobuf's writeDelimitedTo) |
| SIGNAL.json=1 | PREFIX_SIGNAL.json  | the JSON request                                                         |
| SIGNAL.json=N | PREFIX_SIGNAL.jsonl | each on a line                                                           |

Requests past the count are answered and not kept: a client that is still shutting down must not see errors, and the
file must not depend on when it stops. The port is the system's choice and is written to --port-file, for whoever
waits for the sink to be ready.
"""
import argparse
import gzip
import http.server
import os
import sys
import threading
import time

SIGNALS = ("logs", "metrics", "traces")
# What a kind of request has after its signal, and what full success is: an empty Export...ServiceResponse.
KINDS = {"application/x-protobuf": "", "application/json": ".json"}
SUCCESS = {"": b"", ".json": b"{}"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.read_body()
        signal = self.path.rpartition("/")[2]
        if not self.path.startswith("/v1/") or signal not in SIGNALS:
            return self.answer(404)
        kind = KINDS.get(self.headers.get("Content-Type"))
        if kind is None:
            return self.answer(415)
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding not in ("identity", "gzip"):
            return self.answer(400)
        self.server.keep(signal + kind, gzip.decompress(body) if encoding == "gzip" else body)
        self.answer(200, SUCCESS[kind])

    def read_body(self):
        """Go's clients send no length when they compress, but chunks."""
        if self.headers.get("Transfer-Encoding", "identity").lower() != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)

    def answer(self, status, body=b""):
        """In the content type of the request."""
        self.send_response(status)
        self.send_header("Content-Type", self.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """The summary at the end says it all."""


class Sink(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, expected):
        super().__init__(("127.0.0.1", 0), Handler)
        self.expected = expected
        self.kept = {signal: [] for signal in expected}
        self.changed = threading.Condition()

    def keep(self, signal, body):
        with self.changed:
            bodies = self.kept.get(signal)
            if bodies is not None and len(bodies) < self.expected[signal]:
                bodies.append(body)
                self.changed.notify()

    def complete(self):
        return all(len(bodies) == self.expected[signal] for signal, bodies in self.kept.items())


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def write_signal(stem, bodies, count):
    """`stem` ends in .json for JSON requests."""
    if stem.endswith(".json"):
        path = stem + ("l" if count > 1 else "")
        if count > 1 and any(b"\n" in b for b in bodies):
            sys.exit(f"sink: {path} would not be JSON lines")
        data = bodies[0] if count == 1 else b"".join(b + b"\n" for b in bodies)
    else:
        path = stem + (".pb" if count == 1 else ".pbs")
        data = bodies[0] if count == 1 else b"".join(varint(len(b)) + b for b in bodies)
    with open(path, "wb") as f:
        f.write(data)
    print(f"sink: {os.path.basename(path)}: requests={count} bytes={os.path.getsize(path)}")


def publish_port(path, port):
    """Renamed into place, so that a reader never sees half of it."""
    with open(path + ".part", "w", encoding="ascii") as f:
        f.write(f"{port}\n")
    os.rename(path + ".part", path)


def arguments():
    parser = argparse.ArgumentParser(description="keeps OTLP/HTTP request bodies")
    parser.add_argument("--out", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("expected", nargs="+", metavar="SIGNAL[.json]=COUNT")
    args = parser.parse_args()
    pairs = [item.partition("=")[::2] for item in args.expected]
    known = {signal + kind for signal in SIGNALS for kind in KINDS.values()}
    if any(signal not in known or not count.isdigit() or int(count) == 0 for signal, count in pairs):
        parser.error("expected signals are logs=N, metrics.json=N, traces=N and the like, with N at least 1")
    args.expected = {signal: int(count) for signal, count in pairs}
    return args


def main():
    args = arguments()
    sink = Sink(args.expected)
    threading.Thread(target=sink.serve_forever, args=(0.05,), daemon=True).start()
    publish_port(args.port_file, sink.server_address[1])
    with sink.changed:
        complete = sink.changed.wait_for(sink.complete, timeout=args.seconds)
    if not complete:
        got = ", ".join(f"{s}: {len(b)} of {args.expected[s]}" for s, b in sink.kept.items())
        sys.exit(f"sink: only {got} requests came in {args.seconds:g} s; nothing is written")
    time.sleep(0.2)  # the last answer is on its way: let the client read it before the process ends
    sink.shutdown()
    for signal, bodies in sink.kept.items():
        write_signal(os.path.join(args.out, f"{args.prefix}_{signal}"), bodies, args.expected[signal])


if __name__ == "__main__":
    main()
