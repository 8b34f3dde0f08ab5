"""How fast is the codec, in Python and in the sprite's blocks, in Scratch's virtual machine and in TurboWarp's?

And how large is what the sprite needs for it?

Wall time of this machine: compare only numbers of one run. What is measured and what it is compared with take turns,
and of several spells the fastest counts, as other programs only slow one down. The texts are made up of common English
words, the same in every run, in messages of about 70 characters.

The peer in the blocks is the plainest code: two digits a character, which are the place of the character in a list, as
the sprites of other libraries read texts.

    python benchmarks/codec_speed.py [--quick] [--json FILE]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from textwrap import indent
from time import perf_counter
from typing import Any

from report import Report, Row, main

from cloudlink.codec import digits, text
from cloudlink.errors import PlayerError
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3, sprite_json
from cloudlink.sprite.companion import NAME, companion_source
from cloudlink.sprite.measure import needed_by, parts
from cloudlink.sprite.tables import sprite_tables

WORDS = """
i you the to a it and that is of what in do how are we my for on have was be this with not so just know like
your can really think me good yeah about get would time go game play people school fun did when want there
make love why some
"""

TURBOWARP = Path(
    ".pytest_cache/d/cloudlink-node/tests/node_modules/@turbowarp/packager/dist/scaffolding/scaffolding-min.js"
)
"""Where the tests put TurboWarp's machine."""

CALLS = {
    "read": """
set [digits v] to (item (entry) of [inputs v])
set [place v] to (1)
read text
""",
    "write": """
set [digits v] to []
write text (item (entry) of [inputs v])
""",
    "read pairs": """
set [digits v] to (item (entry) of [inputs v])
set [text v] to []
set [place v] to (1)
repeat ((length of (digits)) / (2))
  set [pair v] to (join (letter (place) of (digits)) (letter ((place) + (1)) of (digits)))
  set [text v] to (join (text) (item (pair) of [letters of pairs v]))
  change [place v] by (2)
end
""",
    "read bytes": """
set [digits v] to (item (entry) of [inputs v])
set [place v] to (1)
next (length of (digits)) digits to bytes
""",
}
"""What is done with each of the inputs, by the broadcast that begins it."""


def scripts() -> str:
    """The calls as scripts, each for all inputs, so many rounds."""
    return "\n".join(
        f"""
when I receive [{call} v]
{call} all

define {call} all :: warp
repeat (rounds)
  set [entry v] to (1)
  repeat (length of [inputs v])
{indent(blocks.strip(), "    ")}
    change [entry v] by (1)
  end
end
"""
        for call, blocks in CALLS.items()
    )


BYTES = {"Scratch": 101, "TurboWarp": 35_000}
"""About as many as a variable holds there."""


def messages(count: int) -> list[str]:
    """Made-up messages."""
    chance = Random(1)
    return [" ".join(chance.choices(WORDS.split(), k=chance.randint(5, 25))).capitalize() + "." for _ in range(count)]


def texts_in_python(report: Report) -> None:
    """Characters a second in Python, once the writer has seen the words."""
    report.heading("texts, Python")
    some = messages(2_000 if report.quick else 20_000)
    size = sum(map(len, some))
    encoded = [text.encode(message) for message in some]
    report.add(Row("text encode", "Python", size / seconds(text.encode, some), "characters/s", at_least=1e6))
    report.add(Row("text decode", "Python", size / seconds(text.decode, encoded), "characters/s", at_least=3e6))


def bytes_in_python(report: Report) -> None:
    """Bytes a second in Python, for one Scratch value, one of TurboWarp and a large message."""
    report.heading("bytes, Python")
    chance = Random(1)
    for case, size in {"one value of Scratch": 105, "one value of TurboWarp": 41_174, "a million": 1_000_006}.items():
        some = [chance.randbytes(size)] * max(1, 4_000_000 // size // (10 if report.quick else 1))
        encoded = [digits.encode(data) for data in some]
        whole = [number[start : start + 256] for number in encoded for start in range(0, len(number), 256)]
        total = size * len(some) / 1e6
        goal = 17.5 if size > 10_000 else None
        report.add(Row("bytes encode", case, total / seconds(digits.encode, some), "MB/s", at_least=goal))
        report.add(Row("bytes decode", case, total / seconds(digits.decode, encoded), "MB/s", at_least=goal))
        report.add(Row("int() of 256 digits, to bytes", case, total / seconds(_as_one_number, whole), "MB/s"))


def _as_one_number(number: str) -> bytes:
    return int(number).to_bytes(107)


def seconds(function: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """The shortest of three runs."""
    return min(_once(function, arguments) for _ in range(3))


def _once(function: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    start = perf_counter()
    for argument in arguments:
        function(argument)
    return perf_counter() - start


def texts_in_the_sprite(report: Report, player: Player, machine: str, goals: tuple[float, float]) -> None:
    """Characters a second in a virtual machine."""
    report.heading(f"texts, {machine}")
    some = messages(500)
    size = sum(map(len, some))
    inputs = {
        "read": [text.encode(message) for message in some],
        "write": some,
        "read pairs": ["".join(f"{ord(letter) - 22:02}" for letter in message) for message in some],
    }
    for call in ("read", "write"):
        report.add(Row(f"first text {call}", machine, spell(player, call, inputs[call][:1]), "s"))
        fresh = spell(player, call, inputs[call])
        report.add(Row(f"text {call}, words new to it", machine, size / fresh, "characters/s"))
    shortest = fastest(player, inputs, 8 if report.quick else 24, rounds=1 if machine == "Scratch" else 10)
    peer = shortest["read pairs"]
    report.add(Row("two digits a character, read", machine, size / peer, "characters/s"))
    for call, goal in zip(("read", "write"), goals, strict=True):
        report.add(Row(f"text {call}", machine, size / shortest[call], "characters/s", at_least=goal))


def bytes_in_the_sprite(report: Report, player: Player, machine: str, goal: float) -> None:
    """Bytes a second in a virtual machine, of values that fill a variable."""
    report.heading(f"bytes, {machine}")
    chance = Random(2)
    count = 200 if machine == "Scratch" else 20
    inputs = {"read bytes": [digits.encode(chance.randbytes(BYTES[machine])) for _ in range(count)]}
    shortest = fastest(player, inputs, 8 if report.quick else 24, rounds=1)["read bytes"]
    report.add(Row("bytes decode", machine, count * BYTES[machine] / shortest / 1e6, "MB/s", at_least=goal))


def fastest(player: Player, inputs: Mapping[str, Sequence[str]], spells: int, rounds: int) -> dict[str, float]:
    """The shortest time of each call for all its inputs once, in seconds; the calls take turns."""
    shortest = dict.fromkeys(inputs, float("inf"))
    for _ in range(spells):
        for call, items in inputs.items():
            shortest[call] = min(shortest[call], spell(player, call, items, rounds) / rounds)
    return shortest


def spell(player: Player, call: str, inputs: Sequence[str], rounds: int = 1) -> float:
    """The seconds of a call that goes through its inputs so many times."""
    player.set_list("inputs", inputs)
    player.set_variable("rounds", rounds)
    return player.broadcast(call, at_once=True, timeout=300).seconds


def sizes(report: Report) -> None:
    """Kilobytes of the standard sprite's JSON, by parts.

    The research (codec_research.md) counted what reads texts, without the characters: 265 KB.
    """
    report.heading("size of the sprite")
    sprite = sprite_json(companion_source(), tables=sprite_tables())
    whole = parts(sprite)
    for case, block, goal in (
        ("all of the sprite", "", 300),
        ("to read texts", "read text", 300),
        ("to write texts", "write text %s", None),
        ("to read values", "read value", None),
        ("to write values", "write value %s", None),
    ):
        found = parts(needed_by(sprite, block)) if block else whole
        report.add(Row("tables and code", case, (found.tables + found.code) / 1e3, "KB", at_most=goal))
        for name in ("code", "tables", "characters"):
            report.add(Row(f"of it {name}" if name != "characters" else name, case, getattr(found, name) / 1e3, "KB"))
    for name in ("comments", "costumes"):
        report.add(Row(name, "all of the sprite", getattr(whole, name) / 1e3, "KB"))


def project(folder: Path) -> Path:
    """The companion with the scripts above."""
    path = folder / "codec.sb3"
    path.write_bytes(
        build_sb3(
            companion_source(),
            tables=sprite_tables(),
            extra_scripts={NAME: scripts()},
            extra_variables={"rounds": 1, "entry": 1, "pair": ""},
            extra_lists={"inputs": [], "letters of pairs": [chr(22 + number) for number in range(1, 100)]},
        )
    )
    return path


def measure(report: Report) -> None:
    """All topics."""
    sizes(report)
    bytes_in_python(report)
    texts_in_python(report)
    with tempfile.TemporaryDirectory() as folder:
        path = project(Path(folder))
        with Player() as player:
            player.load(path)
            texts_in_the_sprite(report, player, "Scratch", (300e3, 100e3))
            bytes_in_the_sprite(report, player, "Scratch", 0.5)
        if not TURBOWARP.exists():
            raise PlayerError(f"TurboWarp's machine is not at {TURBOWARP}; the tests of tests/player install it there")
        with Player(machine=TURBOWARP, flavor="turbowarp") as player:
            player.load(path)
            texts_in_the_sprite(report, player, "TurboWarp", (10e6, 2e6))
            bytes_in_the_sprite(report, player, "TurboWarp", 5)


if __name__ == "__main__":
    main("How fast is the codec, in Python and in the sprite's blocks?", measure)
