"""How many digits do typed values take, beside JSON in the incumbent's two digits a character, and msgpack?

Facts about the format, the same on every machine. The payloads are of the kinds that games send, and of the sizes of
the nine that the design was researched with. (The incumbent could not carry the JSON: its table lacks the brackets.)

    python benchmarks/values_density.py [--quick] [--json FILE]
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from report import Report, Row, main

from cloudlink import codec
from cloudlink.codec.rows import Rows

WRITTEN_NAMES = (
    "griffpatch TheMaster99 pixel_otter coder-cat12 DragonRider Sunny_Side bluewhale7 NinjaPanda2 star_lord42 moongirl"
)
NAMES = WRITTEN_NAMES.split()
SCORES = (152_300, 148_750, 129_900, 115_420, 108_710, 99_540, 87_200, 7431, 6208, 117)

CHAT = (
    ("griffpatch", "hello everyone, how are you?", 1_700_000_000),
    ("pixel_otter", "good thanks, want to play a game?", 1_700_000_012),
    ("griffpatch", "sure, let me finish this first", 1_700_000_031),
    ("coder-cat12", "can I join too?", 1_700_000_040),
    ("pixel_otter", "yes of course! the more the merrier", 1_700_000_055),
)

PLAYERS = Rows(id=range(100), x=range(-240, 241), y=range(-180, 181), direction=range(-179, 181))


def places(count: int) -> list[list[int]]:
    """Rows of number, x, y and direction."""
    chance = Random(1)
    turned = (-135, -90, 0, 45, 90, 180)
    return [
        [number, chance.randint(-240, 240), chance.randint(-180, 180), chance.choice(turned)] for number in range(count)
    ]


PAYLOADS: dict[str, Any] = {
    "[x, y, direction, hp], whole": [-120, 45, 90, 100],
    "[x, y, direction, hp], decimals": [-120.5, 45.25, 90, 87.5],
    "player, 6 keys": {"name": "turbofish", "x": -120.5, "y": 45.5, "dir": 90, "hp": 100, "team": "red"},
    "leaderboard, 10 records": [{"name": name, "score": score} for name, score in zip(NAMES, SCORES, strict=True)],
    "leaderboard, 10 pairs": [[name, score] for name, score in zip(NAMES, SCORES, strict=True)],
    "30 small whole numbers": [
        *(3, 0, 12, 1, 255, 7, 2, 0, 0, 5, 1, 99, 4, 2, 128, 0, 6, 1, 200, 9, 3, 0, 45, 2, 1, 8, 150, 0, 2, 17)
    ],
    "a user's statistics": {
        "username": "griffpatch",
        "followers": 512_034,
        "following": 167,
        "projects": 143,
        "loves": 2_381_204,
        "favorites": 1_987_345,
        "views": 98_345_120,
        "bio": "I make games!",
        "country": "United Kingdom",
        "joined": "2012-10-24",
        "scratcher": True,
    },
    "chat, 5 records": [{"user": user, "text": text, "time": time} for user, text, time in CHAT],
    "20 rows of 4": places(20),
}


def two_digits(value: Any) -> int:
    """JSON without spaces in two digits a character."""
    return 2 * len(json.dumps(value, separators=(",", ":")))


def values(report: Report) -> None:
    """Digits of each payload, and how many times smaller they are than the others' on the mean."""
    report.heading("typed values")
    against_json, against_msgpack = [], []
    for name, value in PAYLOADS.items():
        typed, packed = len(codec.encode(value)), len(codec.encode_msgpack(value)) - 1
        report.add(Row("typed", name, typed, "digits"))
        report.add(Row("msgpack, 7 bytes in 17 digits", name, packed, "digits"))
        report.add(Row("JSON, two digits a character", name, two_digits(value), "digits"))
        against_json.append(two_digits(value) / typed)
        against_msgpack.append(packed / typed)
    report.add(Row("JSON / typed", "mean of the nine", sum(against_json) / 9, "times", at_least=1.7, aim=2.0))
    report.add(Row("msgpack / typed", "mean of the nine", sum(against_msgpack) / 9, "times", at_least=1.5, aim=2.0))
    report.add(Row("declared rows", "24 players", len(codec.encode(PLAYERS.pack(places(24)))), "digits", at_most=256))


if __name__ == "__main__":
    main("How many digits do typed values take?", values)
