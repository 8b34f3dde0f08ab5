"""How fast are bytes and typed values, in Python and in the sprite's blocks, in Scratch's machine and in TurboWarp's?

Time of this machine: compare only numbers of one run. Values of 256 digits are what a variable holds on Scratch, the
long ones are TurboWarp's. One big integer for each 106 bytes is what Python can do at best without help.

    python benchmarks/values_speed.py [--quick] [--json FILE]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from report import Report, Row, main
from values_density import PAYLOADS, PLAYERS, places

from cloudlink import codec
from cloudlink.codec import digits
from cloudlink.errors import PlayerError
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import NAME, companion_source
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import variant

TURBOWARP = Path(
    ".pytest_cache/d/cloudlink-node/tests/node_modules/@turbowarp/packager/dist/scaffolding/scaffolding-min.js"
)
"""Where the tests put TurboWarp's machine."""

FRAME_BYTES, LONG_BYTES = 105, 35_000
BIG, BIG_DIGITS = 106, 256

SCRIPTS = """
when I receive [read bytes v]
read all bytes

define read all bytes :: warp
repeat (rounds)
  set [digits v] to (input)
  set [place v] to (1)
  next (length of (digits)) digits to bytes
end

when I receive [write bytes v]
write all bytes

define write all bytes :: warp
repeat (rounds)
  set [digits v] to []
  bytes to digits
end

when I receive [read values v]
read all values

define read all values :: warp
repeat (rounds)
  set [digits v] to (input)
  set [place v] to (1)
  set [readable v] to (1)
  read value
end
"""


def bytes_in_python(report: Report) -> None:
    """Megabytes a second of processor time."""
    report.heading("bytes, Python")
    for size in (FRAME_BYTES, 42_000):
        data = Random(1).randbytes(size)
        written, big = digits.encode(data), big_integers(data)
        rates = [
            rate(report, size, function, argument)
            for function, argument in (
                (digits.encode, data),
                (digits.decode, written),
                (big_integers, data),
                (from_big_integers, big),
            )
        ]
        for name, megabytes in zip(
            ("bytes encode", "bytes decode", "one int, encode", "one int, decode"), rates, strict=True
        ):
            report.add(Row(name, f"Python, {size:,} bytes", megabytes, "MB/s"))


def big_integers(data: bytes) -> str:
    """The densest form that Python has at hand."""
    return "".join(f"{int.from_bytes(data[at : at + BIG]):0{BIG_DIGITS}d}" for at in range(0, len(data), BIG))


def from_big_integers(text: str) -> bytes:
    """What `big_integers` made it from, the last one with zeros in front."""
    return b"".join(int(text[at : at + BIG_DIGITS]).to_bytes(BIG) for at in range(0, len(text), BIG_DIGITS))


def rate(report: Report, size: int, function: Callable[[Any], object], argument: Any) -> float:
    """Megabytes, or millions of leaves, a second; the best of some runs."""
    rounds = max(1, (20_000 if report.quick else 100_000) // size)
    best = 0.0
    for _ in range(3 if report.quick else 9):
        start = process_time()
        for _ in range(rounds):
            function(argument)
        best = max(best, rounds * size / (process_time() - start) / 1e6)
    return best


def values_in_python(report: Report) -> None:
    """Thousands of leaves a second, for each payload of values_density."""
    report.heading("values, Python")
    for name, value in PAYLOADS.items():
        count, encoded = leaves(value), codec.encode(value)
        report.add(Row("value encode", name, 1000 * rate(report, count, codec.encode, value), "k leaves/s"))
        report.add(Row("value decode", name, 1000 * rate(report, count, codec.decode, encoded), "k leaves/s"))


def leaves(value: Any) -> int:
    """How many values have nothing inside."""
    if isinstance(value, list | dict):
        return sum(map(leaves, value.values() if isinstance(value, dict) else value))
    return 1


def in_the_sprite(report: Report, player: Player, machine: str, *, goal: float) -> None:
    """Bytes and values in a virtual machine."""
    report.heading(f"bytes and values, {machine}")
    size = FRAME_BYTES if machine == "Scratch" else LONG_BYTES
    times = (100 if machine == "Scratch" else 20) if report.quick else (1000 if machine == "Scratch" else 100)
    written = digits.encode(Random(1).randbytes(size))
    for call, at_least in (("read bytes", goal), ("write bytes", None)):
        megabytes = times * size / seconds(player, call, written, times) / 1e6
        report.add(Row(call, f"{machine}, {size:,} bytes", megabytes, "MB/s", at_least=at_least))
    for name, value in {**PAYLOADS, "24 players as declared rows": PLAYERS.pack(places(24))}.items():
        rounds = (20 if report.quick else 200) * (1 if machine == "Scratch" else 10)
        milliseconds = 1000 * seconds(player, "read values", codec.encode(value), rounds) / rounds
        report.add(Row("read value", f"{machine}, {name}", milliseconds, "ms"))


def seconds(player: Player, call: str, text: str, rounds: int) -> float:
    """How long the machine takes, once it has compiled the script."""
    player.set_values({"input": text, "rounds": 2})
    player.broadcast(call, at_once=True, timeout=120)
    player.set_variable("rounds", rounds)
    return player.broadcast(call, at_once=True, timeout=300).seconds


def measure(report: Report) -> None:
    """All of it."""
    bytes_in_python(report)
    bytes_in_python(report)
    values_in_python(report)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.sb3"
        project = build_sb3(
            variant(companion_source(), modules=["msgpack"]),
            tables=sprite_tables(),
            extra_scripts={NAME: SCRIPTS},
            extra_variables={"rounds": 1, "input": ""},
        )
        path.write_bytes(project)
        with Player() as player:
            player.load(path)
            in_the_sprite(report, player, "Scratch", goal=0.5)
        if not TURBOWARP.exists():
            raise PlayerError(f"TurboWarp's machine is not at {TURBOWARP}; the tests of tests/player install it there")
        with Player(machine=TURBOWARP, flavor="turbowarp") as player:
            player.load(path)
            in_the_sprite(report, player, "TurboWarp", goal=5.0)


if __name__ == "__main__":
    main("How fast are bytes and typed values?", measure)
