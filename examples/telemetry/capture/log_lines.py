"""Writes the log files that collector_filelog.yaml reads: access.log, worker.log and boot.log.

The lines are the same on every run. access.log and worker.log tell of one evening, from before 22:00 to after
midnight, so that their records fall in several hours of two days.

    log_lines.py DIR
"""
import datetime
import json
import os
import random
import sys

START = datetime.datetime(2025, 3, 14, 21, 50, tzinfo=datetime.timezone.utc)
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "Boutique/2.1 (安卓 14)")
TRACE = """Traceback (most recent call last):
  File "/srv/worker/jobs.py", line 88, in run
    job.run(deadline)
  File "/srv/worker/mail.py", line 31, in run
    raise MailboxFull(address)
worker.mail.MailboxFull: "übung@mail.example" has 0 bytes left
"""

dice = random.Random(314)


def access_line(number):
    """One request: ints, doubles, booleans, null, a map, an array; a trace context on two of three."""
    at = START + datetime.timedelta(seconds=71 * number + dice.random())
    status = dice.choice((200, 200, 200, 201, 304, 404, 503))
    method, path = dice.choice((("GET", "/"), ("GET", "/products/SKU-1002"), ("POST", "/checkout")))
    line = {
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%f") + f"{dice.randrange(1000):03d}Z",
        "message": f"{method} {path} {status}",
        "method": method,
        "status": status,
        "bytes": dice.randrange(200, 90000),
        "seconds": round(dice.expovariate(20), 6),
        "tls": number % 4 != 0,
        "user": None if number % 3 else f"customer-{dice.randint(1, 6)}",
        "headers": {"user-agent": dice.choice(AGENTS), "accept": ["text/html", "*/*;q=0.8"], "dnt": number % 2},
        "upstreams": [round(dice.uniform(0.001, 0.02), 4) for _ in range(number % 4)],
    }
    if number % 3:
        line |= {"trace_id": f"{dice.getrandbits(128):032x}", "span_id": f"{dice.getrandbits(64):016x}", "trace_flags": "01"}
    return json.dumps(line, ensure_ascii=False) + "\n"


def worker_entry(number):
    at = START + datetime.timedelta(seconds=311 * number + dice.random())
    stamp = at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    level, message = dice.choice(
        (
            ("DEBUG", f"polled queue 'mail', {dice.randrange(9)} jobs"),
            ("INFO", f"sent newsletter {number}"),
            ("WARN", "retrying in 30 s: connection reset"),
            ("ERROR", f"job {number} failed\n{TRACE.rstrip()}"),
        )
    )
    return f"{stamp} {level} [pool-{number % 3}] {message}\n"


def boot_lines():
    yield "booting release 3.2.0\n"
    yield "    loading rules: 212\n"
    yield 'listening on "0.0.0.0:8080"\t(tls: off)\n'
    yield "listening on 0.0.0.0:8443 🔒\n"


def write(folder, name, lines):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.writelines(lines)


def main():
    folder = sys.argv[1]
    write(folder, "access.log", (access_line(n) for n in range(120)))
    write(folder, "worker.log", (worker_entry(n) for n in range(30)))
    write(folder, "boot.log", boot_lines())


if __name__ == "__main__":
    main()
