"""Sends StatsD measurements over UDP to 127.0.0.1, as an older program would: what collector_statsd.yaml receives.

The values are the same on every run; a few hundred datagrams, each of up to 20 lines, sent at once.

    statsd_lines.py PORT
"""
import random
import socket
import sys

dice = random.Random(8125)


def lines():
    for page in ("home", "search", "cart"):
        for _ in range(200):
            yield f"shop.page.time:{dice.lognormvariate(3, 0.8):.3f}|ms|#page:{page},cached:{dice.random() < 0.3}"
    for _ in range(120):
        yield f"shop.stock.error:{dice.gauss(0, 40):.2f}|h|#warehouse:lyon"
    yield from ["shop.stock.error:0|h|#warehouse:lyon"] * 3
    for _ in range(60):
        yield f"shop.basket.value:{dice.expovariate(0.02):.2f}|h|#currency:EUR"
    for status in (200, 404, 503):
        yield from [f"shop.requests:{dice.randint(1, 9)}|c|#status:{status}"] * 10
    yield "shop.sampled:3|c|@0.1"
    yield "shop.load:0.75|g|#zone:a"
    yield "shop.load:1e-9|g|#zone:b"
    yield "shop.temperature:-12.5|g"


def main():
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    waiting = list(lines())
    for start in range(0, len(waiting), 20):
        out.sendto("\n".join(waiting[start : start + 20]).encode(), ("127.0.0.1", int(sys.argv[1])))


if __name__ == "__main__":
    main()
