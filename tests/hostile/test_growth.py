"""Time and memory grow linearly with the input: shown by doubling it, for the worst shapes.

The shapes are in growth_shapes.py; each size is measured in a process of its own (growth_child.py). Two
things are asserted of the CPU time and of the memory, and neither is an absolute number, so that they hold on
any machine:

  the exponent of the growth, fitted over the doublings, is at most 1.25 (linear is 1, quadratic is 2)
  a byte of the largest input costs at most 2.5 times what one of the middle sizes costs

The sizes are 1/2 MB to 4 MB; with O2P_GROWTH=full 1 MB to 64 MB. Shapes that reach a limit are run with it
raised, so that all of the input is read; and at the default limit, where they must end sooner.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from growth_shapes import MB, SHAPES

FULL = os.environ.get("O2P_GROWTH") == "full"
SIZES = [MB << n for n in range(7)] if FULL else [MB // 2 << n for n in range(4)]
MOST_EXPONENT = 1.25
MOST_PER_BYTE = 2.5
# What does not grow, or only by chance, is told apart from what does by this much on top of each number:
# the process's own pages; a clock's tick and what a call costs whatever its size.
MEMORY_FLOOR = 2 * MB
TIME_FLOOR = 0.001
FEWEST_SHAPES = 12


def test_there_are_enough_shapes_with_names_of_their_own():
    names = [shape.name for shape in SHAPES]
    print(f"{len(names)} shapes at {[size / MB for size in SIZES]} MB")
    assert len(set(names)) == len(names) >= FEWEST_SHAPES


@pytest.fixture(scope="module")
def server():
    child = Path(__file__).with_name("growth_child.py")
    with subprocess.Popen(
        [sys.executable, child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


def measure(server, shape, size, folder, options):
    path = folder / "input"
    path.write_bytes(shape.make(size))
    options = {"signal": shape.signal, "encoding": shape.encoding, **options}
    request = {"input": str(path), "options": options, "mode": shape.mode}
    print(json.dumps(request), file=server.stdin, flush=True)
    return {**json.loads(server.stdout.readline()), "size": size}


def exponent(sizes, costs):
    """The slope of the line through the logarithms that fits best."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys))
    return slope / sum((x - x_mean) ** 2 for x in xs)


def growth(points, what, floor):
    """(exponent, the largest's cost a byte over that of the middle sizes)."""
    sizes = [point["size"] for point in points]
    costs = [point[what] + floor for point in points]
    middle = sorted(cost / size for cost, size in zip(costs[1:-1], sizes[1:-1]))
    return exponent(sizes, costs), costs[-1] / sizes[-1] / middle[len(middle) // 2]


def is_linear(points):
    """None, or what is not linear."""
    for what, floor in (("seconds", TIME_FLOOR), ("bytes", MEMORY_FLOOR)):
        power, ratio = growth(points, what, floor)
        if power > MOST_EXPONENT or ratio > MOST_PER_BYTE:
            shown = ", ".join(f"{p['size'] / MB:.2f} MB: {p[what]:.4g}" for p in points)
            return f"{what}: exponent {power:.2f}, {ratio:.2f} times as much a byte ({shown})"
    return None


def told(points):
    last = points[-1]
    powers = [growth(points, "seconds", TIME_FLOOR)[0], growth(points, "bytes", MEMORY_FLOOR)[0]]
    return (
        f"time^{powers[0]:.2f} {last['seconds'] / last['size'] * 1e9:.1f} ns a byte, "
        f"memory^{powers[1]:.2f} {last['bytes'] / last['size']:.1f} bytes a byte"
    )


@pytest.mark.parametrize("power, linear", [(1.0, True), (1.1, True), (1.5, False), (2.0, False)])
def test_what_is_not_linear_is_noticed(power, linear):
    costs = [(size, (size / MB) ** power) for size in SIZES]
    steady = [{"size": size, "seconds": size / MB, "bytes": size} for size in SIZES]
    assert is_linear(steady) is None
    for what, unit in (("seconds", 1), ("bytes", 100 * MB)):
        points = [{**point, what: cost * unit} for point, (_, cost) in zip(steady, costs)]
        assert (is_linear(points) is None) == linear


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_growth_is_linear(server, shape, tmp_path):
    for attempt in range(2):  # once more, should the machine have been busy with something else
        points = [measure(server, shape, size // shape.scale, tmp_path, shape.options) for size in SIZES]
        assert [point["status"] for point in points] == [shape.status] * len(points), points
        problem = is_linear(points)
        if problem is None:
            break
    print(f"{shape.name}: {told(points)}")
    assert problem is None, problem


LIMITED = [shape for shape in SHAPES if shape.limited]


@pytest.mark.parametrize("shape", LIMITED, ids=[shape.name for shape in LIMITED])
def test_default_limit_ends_it_sooner(server, shape, tmp_path):
    """Where a default limit is reached, the call ends there: in less time and memory than all of it takes."""
    kept = {name: value for name, value in shape.options.items() if not name.startswith("max_")}
    limited = measure(server, shape, shape.limited, tmp_path, kept)
    whole = measure(server, shape, shape.limited, tmp_path, shape.options)
    assert (limited["status"], whole["status"]) == ("LIMIT", "OK")
    assert limited["seconds"] < whole["seconds"], (limited, whole)
    assert limited["bytes"] < whole["bytes"] + MEMORY_FLOOR, (limited, whole)
