"""Makes the vectors: what the sprite and Python must agree on, as JSON that any language can read.

    python scratch_sprites/vectors/make.py

writes the *.json files beside this one. The format they show is described in ../FORMAT.md; how values are written
down in JSON, in the entry "notation" of each file. The tests check that the files are what this program makes, so a
change of the wire shows in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgpack

from cloudlink import codec
from cloudlink.codec import digits
from cloudlink.codec import text as text_codec
from cloudlink.codec.languages import LANGUAGES
from cloudlink.codec.rows import Rows
from cloudlink.codec.text import encode as encode_text
from cloudlink.codec.text_table import COMMON, ESCAPED, RARE, START, text_table
from cloudlink.errors import RequestError
from cloudlink.javascript import javascript_number
from cloudlink.link import frame
from cloudlink.link.checksum import checksum
from cloudlink.link.frame import Control, Downlink, Hello, Refusal, Reset, Uplink, Welcome
from cloudlink.link.records import Cancel, Need, Newest, Part, Record, TopicNeed, Working
from cloudlink.rpc import messages
from cloudlink.rpc.messages import Request

FOLDER = Path(__file__).parent

EXACT = 2**53
"""Beyond this, neither Scratch nor most readers of JSON keep every whole number apart."""

START_OF_2000 = datetime(2000, 1, 1, tzinfo=UTC)
"""What Scratch's block (days since 2000) counts from."""

REPLACEMENT = "\ufffd"

NOTATION = (
    "null, booleans, texts, lists and whole numbers up to 2**53 stand for themselves; "
    '{"integer": text} is a larger whole number, {"float": text} a floating-point number (inf, -inf and nan too), '
    '{"bytes": hex} are bytes, {"decimal": text} is a decimal, {"moment": text} a time in UTC as in ISO 8601, '
    '{"record": [[key, value], ...]} is a dictionary in its order'
)

# Values as JSON


def describe(value: Any) -> Any:
    """A value in the notation of the vectors."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) <= EXACT else {"integer": str(value)}
        case float():
            return {"float": repr(value)}
        case bytes():
            return {"bytes": value.hex()}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"moment": value.astimezone(UTC).isoformat()}
        case dict():
            return {"record": [[describe(key), describe(item)] for key, item in value.items()]}
        case _:
            return [describe(item) for item in value]


def restore(described: Any) -> Any:
    """The value that `describe` was given."""
    match described:
        case {"integer": text}:
            return int(text)
        case {"float": text}:
            return float(text)
        case {"bytes": text}:
            return bytes.fromhex(text)
        case {"decimal": text}:
            return Decimal(text)
        case {"moment": text}:
            return datetime.fromisoformat(text)
        case {"record": pairs}:
            return {restore(key): restore(item) for key, item in pairs}
        case list():
            return [restore(item) for item in described]
    return described


def outline(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A value as the sprite lists it: the path of each item, and the number or text that stands there."""
    match value:
        case list() | tuple():
            yield path, len(value)
            for place, item in enumerate(value, 1):
                yield from outline(item, _step(path, place))
        case dict():
            yield path, len(value)
            for key, item in value.items():
                yield from outline(item, _step(path, key))
        case _:
            yield path, _shown(value)


def _step(path: str, last: Any) -> str:
    step = javascript_number(last) if isinstance(last, float) else str(_shown(last))
    return f"{path}.{step}" if path else step


def _shown(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value.replace("\b", REPLACEMENT)
        case bytes():
            return " ".join(map(str, value))
        case int() if abs(value) > EXACT:
            return str(value)
        case Decimal():
            return str(value)
        case datetime():
            return float(f"{(value - START_OF_2000) // timedelta(microseconds=1)}e-6") / 86_400
    return value


# digits.json

BYTES = [
    b"",
    b"\0",
    b"\x01",
    b"\xff",
    b"\0\0",
    b"\xff\xff",
    b"\0\0\x01",
    b"\xff" * 3,
    b"\xff" * 4,
    b"\xff" * 5,
    b"\xff" * 6,
    bytes(7),
    b"\xff" * 7,
    b"\0\0\0\0\0\0\x01",
    b"\x01\0\0\0\0\0\0",
    bytes(range(8)),
    bytes(range(248, 256)),
    bytes(range(14)),
    b"\xff" * 14 + b"\0",
    b"hello, world",
    bytes(range(100)),
    bytes(range(255, 55, -1)),
]

BAD_LENGTHS = {
    "0": "no number of bytes takes one digit",
    "00": "no number of bytes takes two digits",
    "0000": "no number of bytes takes four digits",
    "0" * 16: "no number of bytes takes sixteen digits",
    "0" * 18: "no number of bytes takes eighteen digits",
}

TOO_LARGE = {
    "256": "one byte is at most 255",
    "65536": "two bytes are at most 65535",
    "16777216": "three bytes are at most 2**24 - 1",
    "4294967296": "four bytes are at most 2**32 - 1",
    "1099511627776": "five bytes are at most 2**40 - 1",
    "281474976710656": "six bytes are at most 2**48 - 1",
    "72057594037927936": "seven bytes are at most 2**56 - 1",
    "99999999999999999": "seven bytes are at most 2**56 - 1",
}
"""Digits that Python refuses, while the sprite does not look."""


def digits_file() -> dict[str, Any]:
    """Bytes and their digits."""
    return {
        "pairs": [{"bytes": data.hex(), "digits": digits.encode(data)} for data in BYTES],
        "bad": [
            {"digits": text, "reason": reason, "sprite_refuses": text in BAD_LENGTHS}
            for text, reason in (BAD_LENGTHS | TOO_LARGE).items()
        ],
    }


# values.json and msgpack.json

WHOLE = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53]
NEGATIVE = [-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**32), -(2**53)]
LARGE = [2**53 + 1, 2**63, 2**64 - 1, -(2**53) - 1, -(2**63)]
FRACTIONS = [
    0.5,
    -0.5,
    0.1,
    -2.75,
    math.pi,
    1e21,
    1.2843279819506447e18,
    -1e-7,
    1 / 3,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    0.0,
    -0.0,
    4.0,
    math.inf,
    -math.inf,
    math.nan,
]
TEXTS = ["", "a", "Hello", "a" * 31, "b" * 32, "é" * 20, "x" * 255, "y" * 256, "123", "1e3", "true"]
NESTED: list[Any] = [
    [],
    [1],
    [[]],
    ["add", 3, 4],
    list(range(15)),
    list(range(16)),
    [[1, [2, [3, [4]]]], "end"],
    {},
    {"name": "Ann", "score": 12.5, "alive": True, "items": ["key", "map"]},
    {"players": [{"name": "A"}, {"name": "a"}, {"name": None}]},
    {str(place): place for place in range(16)},
    {1: "one", 2: {3: "three"}},
    [b"", b"\x00\xff", b"z" * 255, b"w" * 256],
    [None, True, False, 0, "", [], {}],
]
"""What has a form in both codecs."""

NUMBERS = [
    9,
    10,
    99,
    100,
    999,
    1000,
    -1000,
    10**9 - 1,
    10**9,
    10**16 + 1,
    12345678901234567890,
    10**107,
    10**108,
    -(10**120),
    90.0,
    400.0,
    5000.0,
    0.25,
    0.0004,
    0.00005,
    -12.5,
    123456.789,
    1e100,
]
LEAVES: list[Any] = [
    Decimal("12.50"),
    Decimal("-0"),
    Decimal("1E+6144"),
    Decimal("0.1234567890123456789012345678901234567890"),
    Decimal("NaN"),
    Decimal("-Infinity"),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2026, 11, 22, 6, 30, tzinfo=UTC),
    datetime(2026, 11, 22, 6, 30, 0, 123_456, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "naïve café ☕",
    "日本語",
]
CHAT = [("griffpatch", "hello everyone", 12), ("pixel_otter", "hi!", 15), ("griffpatch", "want to play?", 31)]
TOGETHER: list[Any] = [
    [3, 0, 12, 1, 255, 7, 2, 0, 0, 5, 1, 116, 117, 16, 17],
    [-120, 45, 90, 100, 3, -7],
    list(range(0, 100, 10)),
    [1_700_000_000, 1_700_000_060, 1_700_000_300],
    [7] * 40,
    ["red"] * 12,
    [True, False, True] * 20,
    [12.5, -3.25, 90.0, 0.5, 0.75],
    [1.5, 2],
    [2**60, 2**60 + 1, -(2**60)],
    ["one", "two", "three", "four"],
    ["griffpatch", 1, "griffpatch", "griffpatch"],
    [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    [["Ann", 12.5], ["Bob", 7.25]],
    [["Ann", 12.5], ["Bob", None]],
    [{"name": name, "score": 1000 - 7 * place} for place, name in enumerate(["Ann", "Bob", "Cid"])],
    [{"user": user, "text": text, "sent at": time} for user, text, time in CHAT],
    [{"x": None, "flag": True}, {"x": "left", "flag": False}] * 3,
    [{"a": 1}, {"b": 2}],
    [{"a": 1, "b": [2]}, {"a": 3, "b": [4]}],
    {"teams": [["red", 1], ["blue", 2]], "more": {"deep": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}},
    {"griffpatch": {"friend": "griffpatch"}, "other": {"griffpatch": 1}},
    {"Name": 1, "name": 2},
    {1: "one", 2.5: "two and a half", "yes": "text"},
    [[], {}, [[]], [{}]],
    list(range(200)),
    [place * place for place in range(120)],
]
"""What columns, tables and references are for."""


def texts(*written: str) -> str:
    """The digits of texts without heads, one after another."""
    return "".join(map(encode_text, written))


OTHER_FORMS = {
    "3007": "7 in three digits",
    "40" + "7": "7 with its length",
    "4" + "99900" + "7": "7 with its length in the longest form",
    "8" + "903" + "17" * 12: "a list with a count that is written in one digit less",
    "8" + "99902" + "17" + "18": "a list with its count in the longest form",
    "05" + "2" + "0" + "17" + "18": "a column of values with heads",
    "05" + "2" + "30" + "10" + "210" + "78": "a range written out, which has a digit of its own",
    "05" + "2" + "39" + "10" + "210" + "11" + "78": "the same with a step of 1",
    "05" + "0" + "1": "a column without items",
    "06" + "0" + "1" + "00" + "1": "a table without rows",
    "06" + "2" + "1" + "00" + "0" + "17" + "18": "a table with a column of values with heads",
    "6" + "0499" + "1" + "25": "2.5 with its exponent written out",
    "6" + "1" + "2" + "005": "0.5 with zeros in front",
    "094" + "1" + "7" + texts("key") + "17": "a record with a text as a value for its key",
    "9" + "1" + "9" + texts("name") + "17": "a name written out, which has two digits of its own",
    "7" + texts(""): "an empty text as a text",
    "82" + "7" + texts("same") + "03" + "0": "a text again",
    "08" + "6" + "0494" + "6" + "5000000": "a moment with six decimals of nothing",
}
"""Digits that no writer of ours makes, but a reader takes."""

DEEP = 70
BAD_VALUES = {
    "": "no digits",
    "0": "it ends within its kind",
    "09": "it ends within its kind, the second digit of which goes on, too",
    "097": "a language pack without its digit",
    "0971": "a language pack without a value",
    "0970" + "207": "language pack 0, which there is not",
    "0977" + "207": "language pack 7, which there is not yet",
    "0971" + "0971" + "207": "a language pack within a language pack",
    "81" + "0971" + "7" + texts("same"): "a language pack within a value",
    "098" + "1" + "207": "098 is for requests only",
    "099": "kind 099 is reserved",
    "2": "a number without its digits",
    "20": "one digit of two",
    "4": "a long number without its length",
    "43100": "three digits of four",
    "4999": "a length that ends within itself",
    "49999": "a length of ten digits without them",
    "4" + "9999" + "9999999999" + "1": "a number that claims 9,999,999,999 digits",
    "6": "a number with a fraction, and no more",
    "60": "it ends before its exponent",
    "610": "it ends before its mantissa",
    "6052": "it ends within its exponent",
    "7": "a text without its digits",
    "7" + texts("Hello, how are you?")[:-1]: "a text without its end",
    "030": "a text again where none was",
    "82" + "7" + texts("same") + "03" + "1": "a second text again, where one was",
    "04": "bytes without their number",
    "041": "a byte without its digits",
    "04" + "9999" + "9999999999" + "1": "bytes that claim 9,999,999,999",
    "8": "a list without its number of items",
    "81": "a list without its item",
    "8217": "a list with one of two items",
    "8" + "9999" + "9999999999": "a list that claims 9,999,999,999 items",
    "9": "a record without its number of items",
    "91": "a record without a key",
    "9100": "a record with a key and no value",
    "9" + "9999" + "9999999999": "a record that claims 9,999,999,999 items",
    "91" + "8": "a name that ends within itself",
    "094" + "1" + "80" + "17": "a list for a key",
    "05": "a column without its number of items",
    "0521": "a column of texts without them",
    "0529": "columns of kind 9 are reserved",
    "052019": "a column with one of two values",
    "05" + "1" + "0" + "80": "a column with a list in it",
    "05" + "1" + "0" + "0510" + "17": "a column with a column in it",
    "05" + "2" + "4": "a column of decimals without their number",
    "05" + "2" + "3": "a column without its range",
    "05" + "2" + "30" + "10" + "11" + "0": "a range of one number",
    "05" + "2" + "30" + "10" + "10" + "0": "a range of no number",
    "05" + "2" + "30" + "10" + "61125" + "0": "a range of two and a half numbers",
    "05" + "2" + "30" + "10" + "4906" + "1" * 16 + "10": "a range of more numbers than fit into a group",
    "05" + "2" + "30" + "10" + "42481" + "99999": "a group that is too large for its numbers",
    "05" + "9999" + "9999999999" + "6" + "17": "a column that claims 9,999,999,999 times the same",
    "05" + "9992999" + "6" + "17": "a column that claims more items than its digits can carry",
    "06": "a table without its number of rows",
    "062": "a table without its number of columns",
    "0621": "a table without its keys",
    "062100": "a table without its columns",
    "06" + "0" + "9999" + "9999999999": "a table that claims 9,999,999,999 columns",
    "06" + "9999" + "9999999999" + "1" + "00" + "6" + "17": "a table that claims 9,999,999,999 rows",
    "07": "rows without their number",
    "07" + "1" + "1": "rows without their range",
    "07" + "1" + "1" + "4": "rows without their numbers",
    "07" + "1" + "1" + "4" + "481": "a row outside its range",
    "08": "a moment without its number",
    "08" + "7" + texts("noon"): "a text for a moment",
    "080816": "a moment of a moment",
    "093": "a decimal without its text",
    "207" + "0": "something follows after the value",
    "0000": "something follows after nothing",
    "81" * DEEP + "17": "a list nested 70 levels deep",
    "91" + "00" + ("91" + "00") * DEEP + "17": "a record nested 70 levels deep",
}
TOLERATED_VALUES = {
    "43" + "0100": "a long number that begins with 0",
    "50" + "0": "a negative number that is 0",
    "6" + "0999" + "0" + "1": "a number that is too large for a double",
    "6" + "1" + "911" + "1" * 21: "a number with more digits than a double can need",
    "093" + texts("twelve"): "a decimal that is none",
    "093" + texts("1E+9999"): "a decimal that is too large",
    "08" + "4902" + "9" * 12: "a moment after the year 9999",
    "08" + "61" + "1" + "15": "a moment with one decimal",
    "92" + "00" + "17" + "00" + "18": "a key twice",
    "062" + "2" + "0000" + "612" * 2: "a table with a key twice",
    "094" + "1" + "00" + "17": "a key that is nothing",
    "041" + "256": "one byte is at most 255",
    "062" + "0": "a table without columns, its rows none",
}
"""Digits that Python refuses, while the sprite may show something."""

ROWS = [
    (
        {"id": range(100), "x": range(-240, 241), "y": range(-180, 181), "direction": range(-179, 181)},
        [(7, -120, 45, 90), (12, 240, -180, 180), (99, 0, 0, -179)],
    ),
    ({"x": range(-240, 241)}, [(place * 20 - 240,) for place in range(24)]),
    ({"tile": range(16), "turned": range(0, 360, 90), "height": range(-1000, 1001)}, [(15, 270, -1000), (0, 0, 1000)]),
    ({f"column {place}": range(2) for place in range(8)}, [(0, 1) * 4, (1, 0) * 4]),
    ({"none": range(10)}, []),
]

READ_ONLY = {
    "cc05": "a whole number with more bytes than it needs",
    "cd0005": "the same with two",
    "ce00000005": "the same with four",
    "cf0000000000000005": "the same with eight",
    "d005": "a positive number in a signed form",
    "d1fffb": "a small negative number in two bytes",
    "d2fffffffb": "the same in four",
    "d3fffffffffffffffb": "the same in eight",
    "d90161": "a short text with a long head",
    "da000161": "the same with two",
    "db0000000161": "the same with four",
    "c500017a": "bytes with a long head",
    "c6000000017a": "the same with four",
    "dc000105": "a short list with a long head",
    "dd0000000105": "the same with four",
    "de0001a16105": "a short record with a long head",
    "df00000001a16105": "the same with four",
    "ca3fc00000": "a number of 32 bits",
    "ca00000001": "the smallest of 32 bits",
    "ca807fffff": "the largest of those that have fewer bits",
    "ca7f7fffff": "the largest of 32 bits",
    "caff800000": "minus infinity in 32 bits",
    "ca80000000": "minus zero in 32 bits",
}
"""msgpack that no writer of ours makes, but a reader takes."""

BAD_MSGPACK = {
    "": "no value at all",
    "c1": "a first byte that msgpack never uses",
    "0101": "something follows after the value",
    "a2": "a text without its two bytes",
    "a261": "a text with one of its two bytes",
    "d9": "a text without its length",
    "d9ff61": "a text that claims 255 bytes",
    "dbffffffff61": "a text that claims 4 GB",
    "c4": "bytes without their length",
    "c6ffffffff": "bytes that claim 4 GB",
    "cb3ff0": "a number cut short",
    "cf00": "a whole number cut short",
    "d3ff": "a negative number cut short",
    "91": "a list without its item",
    "9201": "a list with one of its two items",
    "ddffffffff00": "a list that claims 4,294,967,295 items",
    "dfffffffff0000": "a record that claims as many",
    "81a161": "a record with a key and no value",
    "8190c0": "a list as a key",
    "d40500": "an extension type",
    "c7030500ffee": "an extension type with a length",
    "d6ff00000000": "a timestamp",
    "91" * DEEP + "00": "a list nested 70 levels deep",
    "81a161" * DEEP + "00": "a record nested 70 levels deep",
}
TOLERATED_MSGPACK = {
    "a1ff": "no UTF-8: 0xFF is in no text",
    "a180": "no UTF-8: it begins in the middle of a character",
    "a2c328": "no UTF-8: the second byte does not go on with the first",
    "a3eda080": "no UTF-8: half of a surrogate pair",
    "a2c080": "no UTF-8: two bytes for what one byte can say",
    "81c000": "a key that is nothing",
    "81c4016100": "a key of bytes",
}
"""msgpack that Python refuses, while the sprite may show something."""

BAD_PACKING = {
    "10": "no bytes have one digit",
    "1256": "one byte is at most 255",
}


def values_file() -> dict[str, Any]:
    """Typed values and their digits."""
    good = [None, True, False, *WHOLE, *NEGATIVE, *LARGE, *FRACTIONS, *TEXTS, *NESTED, *NUMBERS, *LEAVES, *TOGETHER]
    bad = [{"digits": text, "reason": reason, "sprite_refuses": True} for text, reason in BAD_VALUES.items()]
    bad += [{"digits": text, "reason": reason, "sprite_refuses": False} for text, reason in TOLERATED_VALUES.items()]
    return {
        "notation": NOTATION,
        "shown": "what the sprite lists: the path of each item, and the number or text there; "
        "a list or a record shows its number of items",
        "pairs": [_value(value) for value in good],
        "read_only": [
            {"about": about, "value": describe(codec.decode(text)), "digits": text}
            for text, about in OTHER_FORMS.items()
        ],
        "rows": [
            {
                "columns": {name: [column[0], column[-1], column.step] for name, column in columns.items()},
                "rows": rows,
                "digits": codec.encode(Rows(**columns).pack(rows)),
            }
            for columns, rows in ROWS
        ],
        "bad": bad,
    }


def msgpack_file() -> dict[str, Any]:
    """Typed values, their msgpack and its digits."""
    good = [None, True, False, *WHOLE, *NEGATIVE, *LARGE, *FRACTIONS, *TEXTS, *NESTED]
    bad = [_bad_msgpack(packed, reason, True) for packed, reason in BAD_MSGPACK.items()]
    bad += [_bad_msgpack(packed, reason, False) for packed, reason in TOLERATED_MSGPACK.items()]
    bad += [
        {"digits": text, "reason": reason, "sprite_refuses": text != "1256"} for text, reason in BAD_PACKING.items()
    ]
    return {
        "notation": NOTATION,
        "pairs": [
            {"msgpack": msgpack.packb(value).hex()} | _value(value) | {"digits": codec.encode_msgpack(value)}
            for value in good
        ],
        "read_only": [
            {
                "about": about,
                "value": describe(codec.decode("1" + digits.encode(bytes.fromhex(packed)))),
                "msgpack": packed,
                "digits": "1" + digits.encode(bytes.fromhex(packed)),
            }
            for packed, about in READ_ONLY.items()
        ],
        "bad": bad,
    }


def _value(value: Any, languages: Sequence[str] = ()) -> dict[str, Any]:
    listed = list(outline(value))
    return {
        "value": describe(value),
        "digits": codec.encode(value, languages=languages),
        "paths": [path for path, _ in listed],
        "shown": [describe(shown) for _, shown in listed],
    }


def _bad_msgpack(packed: str, reason: str, sprite_refuses: bool) -> dict[str, Any]:
    return {
        "msgpack": packed,
        "digits": "1" + digits.encode(bytes.fromhex(packed)),
        "reason": reason,
        "sprite_refuses": sprite_refuses,
    }


# text.json

SCRIPTS = {
    "every printable ASCII character": "".join(map(chr, range(32, 127))),
    "quotes, backslash, braces, ampersand": "\"'`\\ \\n {}[]() &amp; <b> %s %d ${x} #",
    "spaces, tab and line ends": " a  b\tc\nd\r\ne\u00a0f\u2003g ",
    "control characters": "\0\x01\x07\x1b\x7f",
    "capital and small letters": "aAbBzZ mIxEd CaSe",
    "German": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ẞ Ä Ö Ü",
    "French": "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens. ŒÆ œæ Ÿ",
    "Polish": "Zażółć gęślą jaźń. ŻÓŁĆ",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. ŘŮŤ",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi. İIıi",
    "Icelandic": "Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa. ÞÐ",
    "Vietnamese": "Tiếng Việt: Ắ ẫ Ỡ ợ Đ đ",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΣΑΣ σας Ώ",
    "Russian": "Съешь же ещё этих мягких французских булок. ЁЖЪЫ",
    "Ukrainian": "Жебракують філософи. ҐЄІЇ ґєії",
    "Arabic": "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ ٠١٢",
    "Hebrew": "דג סקרן שט בים מאוכזב",
    "Hindi": "ऋषियों को सताने वाले ०१२",
    "Bengali": "আমি বাংলায় গান গাই",
    "Tamil": "யாமறிந்த மொழிகளிலே",
    "Thai": "เป็นมนุษย์สุดประเสริฐ",
    "Georgian small letters": "ვეპხის ტყაოსანი",
    "Armenian small letters": "բարեւ աշխարհ",
    "Amharic": "ሰላም ልዑል",
    "Korean": "다람쥐 헌 쳇바퀴에 타고파 ㄱㄴㄷ",
    "Japanese": "いろはにほへと チリヌルヲ 漢字 々〆",
    "Chinese": "我能吞下玻璃而不伤身体。繁體字",
    "rare Chinese beyond the first plane": "𠀀𠮷𪚥𫝆",
    "mathematical letters beyond the first plane": "𝐀𝒷𝔠𝟘",
    "emoji": "😀🚀🎮🐱🇺🇦👍🏽👩‍👩‍👧‍👦❤️",
    "first and last pairs": "\U00010000\U000103ff\U00010400\U0010fc00\U0010ffff",
    "around the surrogates": "\ud7fb\ue000\uf8ff",
    "last of the first plane": "\ufdf0\ufeff\ufffd",
    "combining marks": "e\u0301 a\u0308\u0323 \u200d\u200b",
    "symbols": "€£¥₴ ©®™ ½¼ ☁★☃ →∞≠≤ √∑",
    "Armenian": "Ա ա Երևան",
    "Georgian with capitals": "Ა ა Თბილისი",
    "wide Latin": "\uff21\uff41\uff11",
    "Roman numerals": "Ⅷⅷ",
    "Greek with breathings": "Ἀἀ ᾳᾼ",
    "code points without a character": "\u0378\u0530\ufffe\uffff",
    "the last code point before the surrogates, which is free": "\ud7ff",
}

BEYOND_SPRITE = {
    "the backspace": ("\b", REPLACEMENT),
}
"""What the sprite cannot write in this version: the text, and what it writes in its place."""

BAD_UTF8 = {
    "ff": "a byte that is in no text",
    "80": "a byte from the middle of a character",
    "c3": "a character cut short",
    "f09f98": "an emoji cut short",
    "c328": "a second byte that does not go on with the first",
    "c080": "two bytes for what one byte can say",
    "eda080": "half of a surrogate pair",
    "f4908080": "a code point above 10FFFF",
}


def text_file() -> dict[str, Any]:
    """Texts and their UTF-8."""
    return {
        "texts": [{"about": about, "text": text, "utf8": text.encode().hex()} for about, text in SCRIPTS.items()],
        "beyond_sprite": [
            {"about": about, "text": text, "utf8": text.encode().hex(), "sprite_writes": written.encode().hex()}
            for about, (text, written) in BEYOND_SPRITE.items()
        ],
        "bad": [{"utf8": data, "reason": reason} for data, reason in BAD_UTF8.items()],
    }


# text_codec.json

ENGLISH = [
    "",
    " ",
    "a",
    "A",
    "7",
    "007",
    "-12.5",
    "Hello",
    "hello",
    "HELLO",
    "Hello, griffpatch! How are you?",
    "lol i dont know :)",
    "xX_dragon_Xx",
    "the the the",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "two\nlines and\ttabs",
    "\0\x01\x1f\x7f",
    "naïve café, señor Åse",
    "👍 ok 😀😀",
    "from Привет to мир, и назад!",
    "".join(chr(0x4E00 + 37 * step) for step in range(120)),
]

WINDOW_OF_CYRILLIC = "00"
READ_ONLY_TEXTS = {
    "a letter with a token, by its number": ("characters", "1" + "00065"),
    "ten characters, counted in three digits": ("characters", "000" + "00097" * 10),
    "an emoji in eight digits": ("characters", "1" + "98366512"),
    "a window without characters": ("window", WINDOW_OF_CYRILLIC + "92"),
    "marks only": ("window", WINDOW_OF_CYRILLIC + "9394959697" + "92"),
    "a window with a character by its number": ("window", WINDOW_OF_CYRILLIC + "9800092" + "92"),
    "a window that is changed": ("window", WINDOW_OF_CYRILLIC + "15" + "9901" + "43" + "92"),
}
"""What a reader takes though no writer of ours makes it: a special token, and what follows it."""

BAD_TEXTS = {
    "half of a surrogate pair": ("characters", "1" + "55296"),
    "the other half": ("characters", "1" + "57343"),
    "a number above the last character": ("characters", "1" + "99352576"),
    "a number that none has": ("characters", "1" + "99999999"),
    "a count of 109 without characters": ("characters", "099"),
    "nine characters, of which one is here": ("characters", "9" + "00065"),
    "no count": ("characters", ""),
    "half a number": ("characters", "1" + "000"),
    "a far number without its last three digits": ("characters", "1" + "98304"),
    "a window that there is not": ("window", "99" + "92"),
    "a window without its number": ("window", ""),
    "half of a window's number": ("window", "0"),
    "a window without an end": ("window", WINDOW_OF_CYRILLIC + "15" * 5),
    "half a pair in a window": ("window", WINDOW_OF_CYRILLIC + "15" + "9"),
    "a change to a window that there is not": ("window", WINDOW_OF_CYRILLIC + "9999" + "92"),
    "a half of a surrogate pair in a window": ("window", WINDOW_OF_CYRILLIC + "98" + "56000" + "92"),
    "language pack 0, which there is not": ("pack", "0"),
    "language pack 9": ("pack", "9"),
    "no language pack": ("pack", ""),
}
"""A special token, and what follows it; where that is whole, the end of the text follows too."""


def text_codec_file() -> dict[str, Any]:
    """Texts and their digits in the text codec."""
    good = [*ENGLISH, *SCRIPTS.values()]
    read_only = [(about, _special(*rest)) for about, rest in READ_ONLY_TEXTS.items()]
    bad = [(reason, _special(*rest)) for reason, rest in BAD_TEXTS.items()]
    hello = text_codec.encode("Hello, griffpatch! How are you?")
    bad += [("nothing", ""), ("the last digit is missing", hello[:-1])]
    bad += [(f"cut short after {size} digits", hello[:size]) for size in range(1, 8)]
    return {
        "texts": [{"text": text, "digits": text_codec.encode(text)} for text in good],
        "read_only": [
            {"about": about, "text": text_codec.decode(digits)[0], "digits": digits} for about, digits in read_only
        ],
        "bad": [{"digits": digits, "reason": reason} for reason, digits in bad],
    }


# languages.json

SPOKEN = {
    "es": ["¡Hola! ¿Quieres jugar conmigo?", "sí, vamos a jugar", "Has ganado 10 monedas en el nivel 3", "adiós"],
    "fr": ["Salut ! Tu veux jouer avec moi ?", "oui, bonne idée", "Tu as gagné 10 pièces au niveau 3", "à bientôt"],
    "de": ["Hallo! Möchtest du mit mir spielen?", "ja, gerne", "Du hast in Level 3 zehn Münzen gewonnen", "tschüss"],
    "pt": ["Olá! Quer jogar comigo?", "sim, vamos jogar", "Você ganhou 10 moedas no nível 3", "até amanhã"],
    "ru": ["Привет! Хочешь поиграть со мной?", "да, давай играть", "Ты нашёл 10 монет на уровне 3", "пока"],
    "ja": ["こんにちは！一緒に遊びませんか？", "はい、遊びましょう", "レベル3でコインを10枚手に入れました", "またね"],
}


def languages_file() -> dict[str, Any]:
    """Values whose texts are in a language pack."""
    pairs, read_only = [], []
    for language, (ask, answer, game, bye) in SPOKEN.items():
        chat = [{"user": "griffpatch", "text": text} for text in (ask, answer, game, answer)]
        for value in (ask, [ask, answer, game, answer], chat, {"text": game, answer: bye, "level": 3}, [bye, 7, None]):
            pairs.append({"language": language} | _value(value, [language]))
        for about, text in [("English", "Hello, griffpatch! How are you?"), ("empty", ""), *SCRIPTS.items()]:
            written = "097" + LANGUAGES[language] + "7" + encode_text(text, language)
            read_only.append({"about": about, "language": language, "value": text, "digits": written})
    hola = codec.encode(SPOKEN["es"][0], languages=["es"])
    bad = {hola[:size]: f"cut short after {size} digits" for size in range(4, len(hola))}
    bad[hola + "0"] = "something follows after the value"
    return {
        "notation": NOTATION,
        "packs": [{"language": language, "digit": digit} for language, digit in LANGUAGES.items()],
        "pairs": pairs,
        "read_only": read_only,
        "bad": [{"digits": text, "reason": reason} for text, reason in bad.items()],
    }


def _special(token: str, rest: str) -> str:
    """A text that begins with a special token and ends after it."""
    table = text_table()
    return _digits_of(getattr(table, token), START) + rest + _digits_of(table.end, ESCAPED)


def _digits_of(token: int, code: int) -> str:
    table = text_table()
    own, common = dict(table.codes(code)), dict(table.codes(COMMON))
    return own[token] if token in own else own[RARE] + common[token]


# checksum.json

CHECKED = [
    ("", 0),
    ("", 1),
    ("0", 0),
    ("00", 0),
    ("1", 0),
    ("512345678", 0),
    ("51234567800000", 0),
    ("123456789012345", 0),
    ("1234567890123450", 0),
    ("123456789012345000000000000000", 0),
    ("9" * 15, 99_999_999 + 9_999),
    ("9" * 250, 99_999_999 + 9_999),
    ("0" * 250, 999_983),
    ("60420105233141592653589793238462643383279502884197", 12_345_678 + 4_711),
    ("3141592653589793238462643383279" * 8, 4_711),
]


def checksum_file() -> dict[str, Any]:
    """Digits, seeds and checksums."""
    return {
        "checksums": [{"digits": text, "seed": seed, "checksum": checksum(text, seed=seed)} for text, seed in CHECKED]
    }


# frames.json

NONCE, EPOCH, ADDRESS = 12_345_678, 4_711, 42
SESSION = frame.uplink_seed(nonce=NONCE, epoch=EPOCH)

DIGITS_OF_PI = "3141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117067"


def pi(count: int) -> str:
    """So many digits, the same each time."""
    return (DIGITS_OF_PI * (count // len(DIGITS_OF_PI) + 1))[:count]


WHOLE_ANSWER = Part(7, 0, True, pi(20))
FIRST = Part(7, 0, False, pi(240), total=731)
MIDDLE = Part(7, 1, False, pi(244))
LAST = Part(7, 3, True, pi(100))

CONTROLS = {
    "a beacon: nothing but who the server is": Control(0, EPOCH, 0),
    "a welcome": Control(1, EPOCH, 125, (Welcome(NONCE, ADDRESS),)),
    "a reset": Control(2, EPOCH, 3000, (Reset(ADDRESS, "007001"),)),
    "a refusal: no room": Control(3, EPOCH, 3000, (Refusal(NONCE, frame.FULL),)),
    "a refusal: another version": Control(4, EPOCH, 3000, (Refusal(NONCE, frame.OTHER_VERSION),)),
    "every kind of notice, the largest numbers": Control(
        99, 9_999, 9_999, (Welcome(99_999_999, 999), Reset(999, "999999"), Refusal(99_999_999, 9), Welcome(NONCE, 0))
    ),
}

DOWNLINKS: dict[str, Downlink] = {
    "an answer in one record": Downlink(5, ((ADDRESS, WHOLE_ANSWER),)),
    "an empty answer": Downlink(6, ((ADDRESS, Part(7, 0, True, "")),)),
    "the longest answer with its length in the code": Downlink(7, ((ADDRESS, Part(99, 0, True, pi(89))),)),
    "the shortest answer that is a last part": Downlink(8, ((ADDRESS, Part(7, 0, True, pi(90))),)),
    "the begin of an answer that is still being made": Downlink(
        21, ((ADDRESS, Part(7, 0, False, pi(30), 0)), (3, Working(1)))
    ),
    "the first part of four, the whole frame": Downlink(9, ((ADDRESS, FIRST),)),
    "a part in the middle": Downlink(10, ((ADDRESS, MIDDLE),)),
    "the last part": Downlink(11, ((ADDRESS, LAST),)),
    "answers for three clients": Downlink(
        12, ((0, Part(0, 0, True, "001")), (ADDRESS, WHOLE_ANSWER), (999, Part(99, 0, True, "0" * 17)))
    ),
    "the end of one answer and the begin of another": Downlink(
        13, ((41, LAST), (ADDRESS, Part(8, 0, False, pi(60), 400)))
    ),
    "a part with a length, not the last": Downlink(14, ((ADDRESS, Part(7, 2, False, pi(45))), (3, Working(1)))),
    "a first part with a length": Downlink(15, ((ADDRESS, Part(7, 0, False, pi(45), 12_345)), (3, Working(1)))),
    "a list of missing parts": Downlink(16, ((ADDRESS, Need(7, 4, (0, 2))),)),
    "nothing has arrived": Downlink(17, ((ADDRESS, Need(7, 0)),)),
    "nine missing parts": Downlink(18, ((ADDRESS, Need(7, 999, tuple(range(990, 999)))),)),
    "the handler runs": Downlink(19, ((ADDRESS, Working(7)),)),
    "the newest message of a topic": Downlink(22, ((998, Newest(231, 49)), (ADDRESS, Working(7)))),
    "all small records": Downlink(
        20, ((1, Working(2)), (ADDRESS, Need(7, 1)), (3, Need(4, 5, (1, 3))), (2, Working(0)))
    ),
}

HELLOS = {
    "a hello": Hello(frame.VERSION, NONCE),
    "the smallest nonce": Hello(frame.VERSION, 10_000_000),
    "the largest nonce": Hello(frame.VERSION, 99_999_999),
    "a hello of version 9": Hello(9, NONCE),
}

UPLINKS: dict[str, Uplink] = {
    "a request in one record": Uplink(ADDRESS, 1, (Part(5, 0, True, pi(30)),)),
    "a long request's first part": Uplink(ADDRESS, 2, (Part(5, 0, False, pi(231), total=500),)),
    "its second part": Uplink(ADDRESS, 3, (Part(5, 1, False, pi(231)),)),
    "its last part": Uplink(ADDRESS, 4, (Part(5, 2, True, pi(38)),)),
    "two requests": Uplink(ADDRESS, 5, (Part(5, 0, True, pi(30)), Part(6, 0, True, pi(89)))),
    "a last part and the next request": Uplink(ADDRESS, 6, (Part(5, 2, True, pi(38)), Part(6, 0, True, pi(10)))),
    "all of a message in the last place, too long for its code": Uplink(ADDRESS, 9, (Part(5, 0, True, pi(200)),)),
    "what is missing of an answer": Uplink(ADDRESS, 7, (Need(5, 12, (3, 7, 8)),)),
    "nothing of the answer is here": Uplink(ADDRESS, 8, (Need(5, 0),)),
    "what is missing of a topic's message": Uplink(ADDRESS, 10, (TopicNeed(998, 31, 999, (2,)),)),
    "is there anything new in a topic?": Uplink(ADDRESS, 11, (TopicNeed(998, 32),)),
    "a cancellation": Uplink(ADDRESS, 99, (Cancel(5),)),
    "a cancellation, a need and a request": Uplink(0, 0, (Cancel(99), Need(0, 1), Part(1, 0, True, "42"))),
}

RECORD_KINDS = {
    Part: "part",
    Need: "need",
    Working: "working",
    Cancel: "cancel",
    Newest: "newest",
    TopicNeed: "topic need",
}
NOTICE_KINDS = {Welcome: "welcome", Reset: "reset", Refusal: "refusal"}


def frames_file() -> dict[str, Any]:
    """Frames of every type, and values that are none."""
    good = [
        _frame(
            about, "control", asdict(control) | {"notices": _notices(control.notices)}, 0, frame.pack_control(control)
        )
        for about, control in CONTROLS.items()
    ]
    good += [
        _frame(
            about,
            "records for clients",
            {
                "sequence": downlink.sequence,
                "records": [{"address": address} | _record(record) for address, record in downlink.records],
            },
            downlink_seed(downlink),
            frame.pack_downlink(downlink, epoch=EPOCH),
        )
        for about, downlink in DOWNLINKS.items()
    ]
    good += [_frame(about, "hello", asdict(hello), 0, frame.pack_hello(hello)) for about, hello in HELLOS.items()]
    good += [
        _frame(
            about,
            "records for the server",
            {
                "address": uplink.address,
                "sequence": uplink.sequence,
                "records": [_record(record) for record in uplink.records],
            },
            SESSION,
            frame.pack_uplink(uplink, seed=SESSION),
        )
        for about, uplink in UPLINKS.items()
    ]
    return {
        "session": {"nonce": NONCE, "epoch": EPOCH, "address": ADDRESS},
        "good": good,
        "bad": [
            {"to": to, "value": value, "seed": seed, "fault": fault, "reason": reason}
            for to, value, seed, fault, reason in bad_frames()
        ],
    }


def downlink_seed(downlink: Downlink) -> int:
    """The seed of a frame's checksum, which for a part alone in its frame says whose it is."""
    if frame.pack_downlink(downlink, epoch=EPOCH)[0] == frame.SHARED:
        return EPOCH
    address, record = downlink.records[0]
    return frame.solo_seed(epoch=EPOCH, address=address, message=record.message)


def _frame(about: str, kind: str, fields: dict[str, Any], seed: int, value: str) -> dict[str, Any]:
    return {"about": about, "frame": kind, "fields": fields, "seed": seed, "value": value}


def _record(record: Record) -> dict[str, Any]:
    return {"kind": RECORD_KINDS[type(record)]} | asdict(record)


def _notices(notices: Sequence[frame.Notice]) -> list[dict[str, Any]]:
    return [{"kind": NOTICE_KINDS[type(notice)]} | asdict(notice) for notice in notices]


def bad_frames() -> Iterator[tuple[str, str, int, str, str]]:
    """To whom, the value, the seed that its reader knows, the fault, and the reason in words."""
    answer = frame.pack_downlink(DOWNLINKS["an answer in one record"], epoch=EPOCH)
    welcome = frame.pack_control(CONTROLS["a welcome"])
    request = frame.pack_uplink(UPLINKS["a request in one record"], seed=SESSION)
    for to, seed in (("clients", EPOCH), ("server", SESSION)):
        for value, reason in _rubbish().items():
            yield to, value, seed, "malformed", reason
    yield "clients", answer[:-1] + str((int(answer[-1]) + 1) % 10), EPOCH, "wrong checksum", "the last digit is wrong"
    yield "clients", answer[:9] + "9" + answer[10:], EPOCH, "wrong checksum", "one digit in the middle is wrong"
    yield "clients", answer[:9] + answer[10:], EPOCH, "wrong checksum", "a digit is missing"
    yield "clients", answer[:9] + "0" + answer[9:], EPOCH, "wrong checksum", "a digit is too many"
    yield "clients", answer, EPOCH + 1, "wrong checksum", "the answer of another life of the server"
    yield (
        "clients",
        welcome[:-1] + str((int(welcome[-1]) + 1) % 10),
        0,
        "wrong checksum",
        "a welcome with a wrong digit",
    )
    yield "server", request, SESSION + 1, "wrong checksum", "a request of another session"
    yield "server", request[:20] + "77" + request[22:], SESSION, "wrong checksum", "two digits are wrong"
    for body, reason in _bad_downlink_bodies().items():
        seed = EPOCH if body[0] == frame.SHARED else frame.solo_seed(epoch=EPOCH, address=ADDRESS, message=7)
        yield "clients", body + checksum(body, seed=seed), seed, "malformed", reason
    for body, reason in _bad_control_bodies().items():
        yield "clients", body + checksum(body, seed=0), 0, "malformed", reason
    for body, reason in _bad_uplink_bodies().items():
        yield "server", body + checksum(body, seed=SESSION), SESSION, "malformed", reason
    for body, reason in _bad_hellos().items():
        yield "server", body + checksum(body, seed=0), 0, "malformed", reason


def _rubbish() -> dict[str, str]:
    return {
        "": "nothing",
        "0": "what a new cloud variable holds",
        "7": "too short",
        "123456": "too short for a checksum behind a type",
        "0" + pi(30): "it begins with 0",
        "hello, world": "no digits",
        "-12345678901": "a sign",
        "1234567.89012": "a dot",
        "200" + "x" * 20: "letters among the digits",
        "10000001e999000NaN": "what a careless reader takes for its own checksum",
        "٢٠٠٥٠٤٢٠٧١٢٣٤٥": "digits, but not 0 to 9",
        "7" + pi(30): "type 7 is reserved",
        "8" + pi(30): "type 8 is reserved",
        "9" + pi(30): "type 9 is reserved",
    }


def _bad_downlink_bodies() -> dict[str, str]:
    return {
        "20599042070": "a record with code 99, which is reserved",
        "2052": "the frame ends within a code",
        "2052004": "it ends within an address",
        "20520042": "it ends before a message number",
        "205200420731415": "it ends within an answer of 20 digits",
        "20592042070012": "it ends within a length",
        "2059204207001299": "it ends before the 99 digits of a part",
        "2059404207004": "it ends within a list of missing parts",
        "2059404207004" + "9" + "001": "it ends before nine missing parts",
        "205900420700": "it ends within a part's number",
        "30500": "a part that ends within its number",
        "4050": "a last part that ends within its number",
    }


def _bad_control_bodies() -> dict[str, str]:
    return {
        "10547": "it ends within its epoch",
        "104711012": "it ends within its memory",
        "10047110125" + "0": "a notice of kind 0, which is reserved",
        "10047110125" + "4" + "12345678": "a notice of kind 4, which is reserved",
        "10047110125" + "1" + "12345678" + "04": "it ends within a welcome",
        "10047110125" + "2" + "042" + "12345": "it ends within a reset",
        "10047110125" + "3" + "1234567": "it ends within a refusal",
    }


def _bad_uplink_bodies() -> dict[str, str]:
    return {
        "604201" + "99" + "05": "a record with code 99, which is reserved",
        "604201" + "30" + "05" + pi(29): "it ends before the last digit of a request",
        "604201" + "94" + "05" + "004" + "9" + "001": "it ends before nine missing parts",
        "604201" + "92" + "05" + "001" + "4" + "9999" + "1": "a part that claims 9,999 digits",
        "604201" + "92" + "05" + "001" + "9" + "999999999" + "1": "a part that claims 999,999,999 digits",
        "604201" + "90" + "05" + "000" + "9" + "1": "it ends within the length of a whole message",
        "604201" + "9": "it ends within a code",
    }


def _bad_hellos() -> dict[str, str]:
    return {
        "51": "a hello without a nonce",
        "511234567": "a hello with a short nonce",
        "51123456789": "a hello with a long nonce",
    }


# messages.json

REQUESTS = [
    Request("ping", (), None),
    Request("add", (3, 4), 10),
    Request("add", (0.5, -7), 1),
    Request("profile", ("griffpatch",), 99),
    Request("größe 📏", ("Ünïcödé 😀", ""), 10),
    Request("save", ("level 1", 2**53, -1, "007"), 5),
    Request("", (), 10),
    Request("typed", (None, True, [1, [2]], {"a": b"\x01"}), 10),
    Request("long", ("long " * 120,), 30),
    Request("profile", ("griffpatch",), 10, ("es",)),
    Request("größe 📏", (1,), None, ("ja", "fr")),
]

ANSWERS: list[Any] = [
    None,
    True,
    7,
    0.5,
    "Hello, griffpatch!",
    "",
    ["red", "green", ["blue", 3]],
    {"name": "Ann", "scores": [1, 2, 3]},
    "long " * 120,
]

ERRORS = [
    RequestError("no handler of this name", 404),
    RequestError("ваш рахунок порожній", 400),
    RequestError("", 0),
    RequestError("internal error", 500),
]


def messages_file() -> dict[str, Any]:
    """Requests, answers and what is neither."""
    value = codec.encode
    bad_requests = {
        "": "no timeout",
        "1": "half a timeout",
        "10": "no value",
        "10" + value("add"): "a text, not a list",
        "10" + value([]): "a list without a name",
        "10" + value([7, "add"]): "a name that is no text",
        "10099": "a reserved kind",
        "10098": "a language pack without its digit",
        "100981": "a language pack and nothing behind it",
        "10" + value(["add"])[:-1]: "cut short",
    }
    bad_answers = {
        "": "nothing",
        "0": "no value",
        "2" + value(7): "answers that begin with 2 are reserved",
        "1" + value("oops"): "an error that is no list",
        "1" + value([404]): "an error without a text",
        "1" + value(["no", 404]): "code and text exchanged",
        "1" + value([1000, "x"]): "a code above 999",
        "0" + value([1, 2, 3])[:-1]: "cut short",
        "0099": "a reserved kind",
    }
    return {
        "notation": NOTATION,
        "requests": [
            {
                "name": request.name,
                "arguments": describe(request.arguments),
                "timeout": request.timeout,
                "languages": list(request.languages),
                "digits": messages.encode_request(request),
            }
            for request in REQUESTS
        ],
        "answers": [{"value": describe(answer), "digits": messages.encode_answer(answer)} for answer in ANSWERS],
        "errors": [
            {"code": error.code, "text": error.text, "digits": messages.encode_error(error)} for error in ERRORS
        ],
        "bad_requests": [{"digits": text, "reason": reason} for text, reason in bad_requests.items()],
        "bad_answers": [{"digits": text, "reason": reason} for text, reason in bad_answers.items()],
    }


# Files


def files() -> dict[str, str]:
    """The text of each file, by its name."""
    contents = {
        "digits.json": digits_file(),
        "values.json": values_file(),
        "msgpack.json": msgpack_file(),
        "text.json": text_file(),
        "text_codec.json": text_codec_file(),
        "languages.json": languages_file(),
        "checksum.json": checksum_file(),
        "frames.json": frames_file(),
        "messages.json": messages_file(),
    }
    return {name: _to_json(content) for name, content in contents.items()}


def _to_json(content: dict[str, Any]) -> str:
    """JSON with one vector a line, so that a difference between two versions can be read."""
    entries = ",\n".join(f"  {_line(name)}: {_entry(entry)}" for name, entry in content.items())
    return f"{{\n{entries}\n}}\n"


def _entry(entry: Any) -> str:
    if not isinstance(entry, list):
        return _line(entry)
    vectors = ",\n".join(f"    {_line(vector)}" for vector in entry)
    return f"[\n{vectors}\n  ]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
