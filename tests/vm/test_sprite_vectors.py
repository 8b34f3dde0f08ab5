"""The sprite's own blocks, in Scratch's machine, against the vectors and against Python."""

from __future__ import annotations

import contextlib
import json
import math
import re
import runpy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from companion import REQUEST_PARTS, AnswerRead, Companion, FrameRead, TextRead, ValueRead
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import declared_rows, digit_strings, packable_values, values

from cloudlink import codec
from cloudlink.codec import digits
from cloudlink.codec import text as text_codec
from cloudlink.codec.rows import Rows
from cloudlink.errors import DecodeError
from cloudlink.javascript import javascript_number
from cloudlink.link import frame
from cloudlink.link.checksum import checksum
from cloudlink.link.frame import Downlink
from cloudlink.link.records import Need, Part, Record, Working
from cloudlink.player import Value
from cloudlink.rpc import messages
from cloudlink.rpc.messages import Request
from cloudlink.sprite.tables import sprite_tables

VECTORS = Path(__file__).parents[2] / "scratch_sprites" / "vectors"
MAKE = runpy.run_path(str(VECTORS / "make.py"))
restore, outline = MAKE["restore"], MAKE["outline"]

NONCE, EPOCH, OUR_ADDRESS, OUR_MESSAGE = 12_345_678, 4_711, 42, 7
LAST_CHECKSUM = "007001"

FORMS = ("values", "msgpack")

BATCHES = settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""One example is one exchange with the machine about a whole list, for the exchange is what costs time."""


def vectors(name: str, key: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))[key]


def batches(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=10, max_size=30)


def writable_characters() -> set[str]:
    """Characters of one UTF-16 unit that the sprite can tell from all others."""
    tables = sprite_tables()
    characters = str(tables["characters"])
    runs = zip(tables["run starts"], tables["run ends"], strict=True)
    found = {character for start, end in runs for character in characters[int(start) - 1 : int(end)]}
    return found | set(tables["costumes"])


WRITABLE = writable_characters()

written_texts = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda letter: letter in WRITABLE or letter > "\uffff"), max_size=20
)

FOREIGN = ["¿quieres jugar?", "niño", "Ça va, élève !", "Möchtest du", "você não", "Привет, хочешь", "遊びましょう"]

in_many_languages = st.lists(written_texts | st.sampled_from(FOREIGN)).map(" ".join)

scratch_values = (
    written_texts
    | st.integers(-(2**53), 2**53)
    | st.integers(-300, 300).map(str)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(0.001, 1e6).map(str)
    | st.integers(-(10**40), 10**40).map(str)
    | st.sampled_from(["007", "1e3", "-0", "+1", ".5", "5.", "1.50", " 1", "", "Infinity", "NaN", "0x10", "true"])
)
"""What a Scratch variable may hold."""


@st.composite
def damage(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """The digits of a text, one of them changed, left out or put in, or the end cut off."""
    digits = text_codec.encode(draw(whole))
    place = draw(st.integers(0, len(digits) - 1))
    kept = draw(st.integers(place, place + 1))
    return (
        digits[:place] + draw(st.text("0123456789", max_size=1)) + digits[kept : draw(st.integers(kept, len(digits)))]
    )


damaged_texts = damage(written_texts)

codes = st.integers(0, 99)
parts = st.builds(Part, codes, st.integers(1, 998), st.booleans(), st.text("0123456789", min_size=1, max_size=60))
first_parts = st.builds(
    Part, codes, st.just(0), st.just(False), st.text("0123456789", min_size=1, max_size=60), st.integers(61, 99_999)
)
whole_messages = st.builds(Part, codes, st.just(0), st.just(True), st.text("0123456789", min_size=1, max_size=99))
needs = st.builds(
    Need, codes, st.integers(0, 999), st.lists(st.integers(0, 998), unique=True, max_size=9).map(lambda x: tuple(x))
)
records = parts | first_parts | whole_messages | needs | st.builds(Working, codes)


def same(shown: list[Value], expected: list[Any]) -> bool:
    return len(shown) == len(expected) and all(map(same_value, shown, expected))


def same_value(shown: Value, expected: Any) -> bool:
    """Texts exactly; numbers as Scratch has them, as numbers or as the texts it prints for them."""
    if isinstance(expected, str):
        return shown == expected
    if isinstance(shown, str) and math.isfinite(expected):
        return shown == str(expected)
    return float(shown) == expected or (math.isnan(expected) and math.isnan(float(shown)))


def written(value: Value) -> Any:
    """What the sprite is to write for a value: a number if it looks exactly like one, else a text."""
    if not isinstance(value, str):
        if isinstance(value, int) or abs(value) >= 1e21 or not value.is_integer():
            return value
        return int(javascript_number(value))  # beyond 2**53 it shows zeros where Python knows digits
    if re.fullmatch(r"0|-?[1-9]\d*", value, re.ASCII):
        return int(value)
    if re.fullmatch(r"-?(0|[1-9]\d{0,9})\.\d*[1-9]", value, re.ASCII):
        exact = format(Decimal(repr(float(value))), "f")
        return float(value) if exact == value and abs(float(value)) >= 1e-6 else value
    return value


def is_text(value: str) -> bool:
    """Whether the sprite writes it as a text."""
    return isinstance(written(value), str)


# Digits and checksums


def test_digits_become_the_bytes_of_the_vectors(companion: Companion) -> None:
    pairs = vectors("digits", "pairs")
    read = companion.digits_to_bytes([pair["digits"] for pair in pairs])
    assert read == [list(bytes.fromhex(pair["bytes"])) for pair in pairs]


def test_bytes_become_the_digits_of_the_vectors(companion: Companion) -> None:
    pairs = vectors("digits", "pairs")
    assert companion.bytes_to_digits([bytes.fromhex(pair["bytes"]) for pair in pairs]) == [
        pair["digits"] for pair in pairs
    ]


def test_digits_of_a_length_that_no_bytes_have_are_refused(companion: Companion) -> None:
    bad = vectors("digits", "bad")
    read = companion.digits_to_bytes([vector["digits"] for vector in bad])
    assert [found is None for found in read] == [vector["sprite_refuses"] for vector in bad]


@BATCHES
@given(batches(st.binary(max_size=60)))
def test_any_bytes_have_the_same_digits_in_scratch_and_in_python(companion: Companion, batch: list[bytes]) -> None:
    packed = [digits.encode(data) for data in batch]
    assert companion.bytes_to_digits(batch) == packed
    assert companion.digits_to_bytes(packed) == [list(data) for data in batch]


def test_checksums_are_those_of_the_vectors(companion: Companion) -> None:
    known = vectors("checksum", "checksums")
    assert companion.checksums([(vector["digits"], vector["seed"]) for vector in known]) == [
        vector["checksum"] for vector in known
    ]


@BATCHES
@given(batches(st.tuples(st.text("0123456789", max_size=250), st.integers(0, 99_999_999 + 9_999))))
def test_any_digits_have_the_same_checksum_in_scratch_and_in_python(
    companion: Companion, batch: list[tuple[str, int]]
) -> None:
    assert companion.checksums(batch) == [checksum(text, seed=seed) for text, seed in batch]


# Values


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in FORMS for key in ("pairs", "read_only")])
def test_values_are_listed_with_their_paths(companion: Companion, name: str, key: str) -> None:
    known = vectors(name, key)
    for vector, read in zip(known, companion.read_values([vector["digits"] for vector in known]), strict=True):
        listed = list(outline(restore(vector["value"])))
        assert read.readable, vector
        assert read.paths == [path for path, _ in listed]
        assert same(read.shown, [shown for _, shown in listed]), vector


@pytest.mark.parametrize("name", FORMS)
def test_what_is_no_value_is_refused(companion: Companion, name: str) -> None:
    known = vectors(name, "bad")
    for vector, read in zip(known, companion.read_values([vector["digits"] for vector in known]), strict=True):
        assert not (vector["sprite_refuses"] and read.readable), vector


def test_values_in_language_packs_are_read(companion: Companion) -> None:
    known = vectors("languages", "pairs")
    for vector, read in zip(known, companion.read_values([vector["digits"] for vector in known]), strict=True):
        assert (read.readable, read.paths) == (True, vector["paths"])
        assert same(read.shown, [restore(shown) for shown in vector["shown"]]), vector


def test_every_script_is_read_in_every_language_pack(companion: Companion) -> None:
    known = [vector for vector in vectors("languages", "read_only") if "\b" not in vector["value"]]
    for vector, read in zip(known, companion.read_values([vector["digits"] for vector in known]), strict=True):
        assert (read.readable, read.shown) == (True, [vector["value"]]), vector


def test_what_is_no_value_in_a_language_pack_is_refused(companion: Companion) -> None:
    known = vectors("languages", "bad")
    for vector, read in zip(known, companion.read_values([vector["digits"] for vector in known]), strict=True):
        assert not read.readable, vector


@BATCHES
@given(
    batches(
        st.tuples(
            in_many_languages,
            st.sampled_from(list(codec.LANGUAGES)),
            st.integers(0, 400),
            st.sampled_from("0123456789"),
        )
    )
)
def test_any_text_in_a_language_pack_is_read_in_scratch_and_damage_does_no_harm(
    companion: Companion, batch: list[tuple[str, str, int, str]]
) -> None:
    encoded = [f"097{codec.LANGUAGES[language]}7{text_codec.encode(text, language)}" for text, language, _, _ in batch]
    for (text, *_), read in zip(batch, companion.read_values(encoded), strict=True):
        assert (read.readable, read.shown) == (True, [text])
    changes = [[(4 + place, digit)] for _, _, place, digit in batch]
    check_that_both_agree(companion, list(map(damaged, encoded, changes)))


def test_rows_become_columns(companion: Companion) -> None:
    known = vectors("values", "rows")
    for vector, columns in zip(known, companion.read_rows([vector["digits"] for vector in known]), strict=True):
        expected = [list(column) for column in zip(*vector["rows"], strict=True)]
        assert columns is not None
        assert columns[: len(expected)] == expected
        assert not any(columns[len(expected) :])


@BATCHES
@given(batches(values))
def test_any_value_that_python_encodes_is_read_in_scratch(companion: Companion, batch: list[Any]) -> None:
    check_that_scratch_reads(companion, batch, list(map(codec.encode, batch)))


@BATCHES
@given(batches(packable_values))
def test_any_value_that_python_packs_is_read_in_scratch(companion: Companion, batch: list[Any]) -> None:
    check_that_scratch_reads(companion, batch, list(map(codec.encode_msgpack, batch)))


def check_that_scratch_reads(companion: Companion, batch: list[Any], encoded: list[str]) -> None:
    for value, read in zip(batch, companion.read_values(encoded), strict=True):
        listed = list(outline(value))
        assert read.readable
        assert read.paths == [path for path, _ in listed]
        assert same(read.shown, [shown for _, shown in listed])


@BATCHES
@given(batches(declared_rows))
def test_any_rows_become_columns(companion: Companion, batch: list[tuple[Rows, list[tuple[int, ...]]]]) -> None:
    encoded = [codec.encode(declared.pack(rows)) for declared, rows in batch]
    for (declared, rows), columns in zip(batch, companion.read_rows(encoded), strict=True):
        assert columns is not None
        assert columns[: len(declared.columns)] == [[row[at] for row in rows] for at in range(len(declared.columns))]


@BATCHES
@given(batches(st.tuples(values, st.lists(st.tuples(st.integers(0, 400), st.sampled_from("0123456789")), max_size=3))))
def test_damaged_digits_do_not_hang_the_sprite_and_mean_the_same_if_they_are_a_value(
    companion: Companion, batch: list[tuple[Any, list[tuple[int, str]]]]
) -> None:
    check_that_both_agree(companion, [damaged(codec.encode(value), changes) for value, changes in batch])


@BATCHES
@given(batches(st.text("0123456789", min_size=1, max_size=60)))
def test_scratch_and_python_agree_on_what_random_digits_are(companion: Companion, batch: list[str]) -> None:
    check_that_both_agree(companion, batch)


def damaged(digits: str, changes: list[tuple[int, str]]) -> str:
    """Digits with some others in their place, or behind them, or cut short."""
    for place, digit in changes:
        digits = digits[:place] + digit + digits[place + 1 :] if place % 7 else digits[:place]
    return digits or "0"


def check_that_both_agree(companion: Companion, batch: list[str]) -> None:
    """Both read the same, or Python is stricter."""
    for encoded, read in zip(batch, companion.read_values(batch), strict=True):
        with contextlib.suppress(DecodeError):
            value = codec.decode(encoded)
            assert read.readable, encoded
            if encoded[0] not in "1" and "07" not in encoded:  # Python keeps one of two keys; rows have columns
                listed = list(outline(value))
                assert read.paths == [path for path, _ in listed], encoded
                assert same(read.shown, [shown for _, shown in listed]), encoded


def test_numbers_are_written_in_the_shortest_form(companion: Companion) -> None:
    restored = [restore(vector["value"]) for vector in vectors("values", "pairs")]
    known = [value for value in restored if type(value) is int and abs(value) <= 2**53]
    known += [value for value in restored if type(value) is float and math.isfinite(value)]
    known += [str(value) for value in restored if type(value) is int]
    assert companion.write_values(known) == [encode_inside(written(value)) for value in known]


def encode_inside(value: Any) -> str:
    """The digits of a value within a list."""
    return codec.encode([value]).removeprefix("81")


@BATCHES
@given(batches(scratch_values))
def test_any_value_that_scratch_writes_is_read_in_python(companion: Companion, batch: list[Value]) -> None:
    for value, encoded in zip(batch, companion.write_values(batch), strict=True):
        expected = written(value)
        assert codec.decode("81" + encoded) == [expected]
        assert encoded == encode_inside(expected) or isinstance(expected, str)  # Python cuts texts into better tokens


def test_values_are_packed_in_the_shortest_form(companion: Companion) -> None:
    restored = [restore(vector["value"]) for vector in vectors("msgpack", "pairs")]
    known = [value for value in restored if isinstance(value, str)]
    known += [value for value in restored if type(value) in (int, float) and abs(value) <= 2**53]
    assert companion.pack_values(known) == [codec.encode_msgpack(written(value)) for value in known]


@BATCHES
@given(batches(scratch_values))
def test_any_value_that_scratch_packs_is_read_in_python(companion: Companion, batch: list[Value]) -> None:
    for value, encoded in zip(batch, companion.pack_values(batch), strict=True):
        decoded, expected = codec.decode(encoded), written(value)
        assert decoded == expected or decoded == value  # whole numbers beyond 2**53 are packed as texts or doubles
        assert isinstance(decoded, str) == isinstance(expected, str) or abs(int(expected)) > 2**53


@BATCHES
@given(batches(st.binary(max_size=40)))
def test_scratch_and_python_agree_on_what_random_bytes_are(companion: Companion, batch: list[bytes]) -> None:
    encoded = ["1" + digits.encode(data) for data in batch]
    for text, read in zip(encoded, companion.read_values(encoded), strict=True):
        assert agrees(text, read)


def agrees(encoded: str, read: ValueRead) -> bool:
    """The sprite may show something where Python is strict."""
    try:
        value = codec.decode(encoded)
    except DecodeError:
        return True
    if isinstance(value, dict):  # Python keeps one of two equal keys, the sprite lists both
        return True
    return read.readable and (isinstance(value, list) or same(read.shown, [shown for _, shown in outline(value)]))


# Texts


def test_texts_of_the_vectors_are_read_and_written(companion: Companion) -> None:
    known = vectors("text_codec", "texts") + vectors("text_codec", "read_only")
    read = companion.read_dense_texts([("31" + vector["digits"] + "41", 2) for vector in known])
    assert read == [TextRead(True, len(vector["digits"]) + 2, vector["text"]) for vector in known]
    known = vectors("text_codec", "texts")
    written = companion.write_dense_texts([vector["text"] for vector in known])
    for vector, found in zip(known, written, strict=True):
        assert text_codec.decode(found) == (vector["text"], len(found))


def test_texts_of_the_sprite_take_few_more_digits_than_those_of_python(companion: Companion) -> None:
    known = [vector["text"] for vector in vectors("text_codec", "texts")]
    written = companion.write_dense_texts(known)
    assert sum(map(len, written)) < 1.08 * sum(len(text_codec.encode(text)) for text in known)


def test_digits_of_no_text_are_refused(companion: Companion) -> None:
    known = vectors("text_codec", "bad")
    read = companion.read_dense_texts([(vector["digits"], 0) for vector in known])
    assert [vector["reason"] for vector, found in zip(known, read, strict=True) if found.readable] == []


@BATCHES
@given(batches(written_texts | st.from_regex(r"([a-z]{1,8}[ ,.!?']){0,12}", fullmatch=True)))
def test_any_text_comes_back_in_few_digits(companion: Companion, batch: list[str]) -> None:
    encoded = [text_codec.encode(one) for one in batch]
    read = companion.read_dense_texts([(digits, 0) for digits in encoded])
    assert read == [TextRead(True, len(digits), one) for one, digits in zip(batch, encoded, strict=True)]
    for one, written in zip(batch, companion.write_dense_texts(batch), strict=True):
        assert text_codec.decode(written) == (one, len(written))


@BATCHES
@given(batches(digit_strings | damaged_texts))
def test_scratch_and_python_agree_on_what_any_digits_say(companion: Companion, batch: list[str]) -> None:
    for one, read in zip(batch, companion.read_dense_texts([(one, 0) for one in batch]), strict=True):
        assert len(read.text) <= 20 * len(one) + 1000
        try:
            said, place = text_codec.decode(one)
        except DecodeError:
            assert not read.readable, one
        else:
            assert read == TextRead(True, place, said.replace("\b", "\ufffd"))


def test_texts_are_written_and_read_in_every_script(companion: Companion) -> None:
    known = vectors("text", "texts")
    assert [data.hex() for data in companion.text_to_bytes([vector["text"] for vector in known])] == [
        vector["utf8"] for vector in known
    ]
    assert companion.read_texts([bytes.fromhex(vector["utf8"]) for vector in known]) == [
        vector["text"] for vector in known
    ]


def test_what_scratch_cannot_write_is_known_and_can_be_read_all_the_same(companion: Companion) -> None:
    known = vectors("text", "beyond_sprite")
    assert [data.hex() for data in companion.text_to_bytes([vector["text"] for vector in known])] == [
        vector["sprite_writes"] for vector in known
    ]
    assert companion.read_texts([bytes.fromhex(vector["utf8"]) for vector in known]) == [
        vector["text"].replace("\b", "\ufffd") for vector in known
    ]


def test_bad_texts_do_no_harm(companion: Companion) -> None:
    bad = [bytes.fromhex(vector["utf8"]) for vector in vectors("text", "bad")]
    assert len(companion.read_texts([*bad, b"fine"])) == len(bad) + 1
    assert companion.read_texts([*bad, b"fine"])[-1] == "fine"


def test_every_character_of_the_first_plane_can_be_read_and_nearly_every_one_written(companion: Companion) -> None:
    readable = [chr(code) for code in range(0x10000) if code != ord("\b") and not 0xD800 <= code < 0xE000]
    lines = ["".join(readable[at : at + 5000]) for at in range(0, len(readable), 5000)]
    assert companion.read_texts([line.encode() for line in lines]) == lines
    writable = sorted(WRITABLE)
    lines = ["".join(writable[at : at + 5000]) for at in range(0, len(writable), 5000)]
    assert companion.text_to_bytes(lines[:7]) == [line.encode() for line in lines[:7]]
    assert companion.text_to_bytes(lines[7:]) == [line.encode() for line in lines[7:]]


@BATCHES
@given(batches(written_texts))
def test_any_text_comes_back(companion: Companion, batch: list[str]) -> None:
    encoded = [text.encode() for text in batch]
    assert companion.text_to_bytes(batch) == encoded
    assert companion.read_texts(encoded) == batch


# Frames

FRESH = FrameRead(
    address=f"{OUR_ADDRESS:03d}",
    epoch=str(EPOCH),
    status="connecting",
    asking=True,
    error_code=0,
    arrived=False,
    answer_length=0,
    last_part=1000,
    parts_here=0,
    digits_here=0,
    answer_parts=[],
    parts_to_send=[],
)

ALL_PARTS = list(range(1, REQUEST_PARTS + 1))


def call(value: str, *, address: str = FRESH.address, message: int = OUR_MESSAGE, epoch: int = EPOCH) -> Any:
    return NONCE, epoch, address, message, LAST_CHECKSUM, value


def after(record: dict[str, Any], *, address: int) -> FrameRead:
    """What a fresh sprite knows after one record for it."""
    fresh = replace(FRESH, address=f"{address:03d}")
    if record["kind"] == "newest":
        return fresh
    fresh = replace(fresh, status="online")
    if record["kind"] == "working":
        return replace(fresh, arrived=True)
    if record["kind"] == "need":
        again = [part + 1 for part in record["missing"]]
        again += [part for part in range(record["next"] + 1, REQUEST_PARTS + 1) if part not in again]
        return replace(fresh, parts_to_send=again)
    part, last = record["part"], record["last"]
    return replace(
        fresh,
        asking=not (last and part == 0),
        arrived=True,
        answer_length=record["total"],
        last_part=part if last else 1000,
        parts_here=1,
        digits_here=len(record["digits"]),
        answer_parts=[""] * part + [record["digits"]],
    )


def test_records_are_read_by_the_client_they_are_for(companion: Companion) -> None:
    calls, expected = [], []
    for vector in vectors("frames", "good"):
        if vector["frame"] == "records for clients":
            for record in vector["fields"]["records"]:
                address = record["address"]
                message = record["count"] % 100 if record["kind"] == "newest" else record["message"]
                calls.append(call(vector["value"], address=f"{address:03d}", message=message))
                expected.append(after(record, address=address))
    assert companion.read_frames(calls) == expected


def test_records_for_others_are_passed_over(companion: Companion) -> None:
    values = [vector["value"] for vector in vectors("frames", "good") if vector["frame"] == "records for clients"]
    for read in companion.read_frames([call(value, address="777") for value in values]):
        assert read == replace(FRESH, address="777")
    for read in companion.read_frames([call(value, message=77) for value in values]):
        assert read == FRESH


def test_a_client_without_address_reads_the_notices_for_it(companion: Companion) -> None:
    controls = [vector for vector in vectors("frames", "good") if vector["frame"] == "control"]
    states = companion.read_frames([call(vector["value"], address="") for vector in controls])
    for vector, read in zip(controls, states, strict=True):
        expected = replace(FRESH, address="")
        for notice in vector["fields"]["notices"]:
            if notice.get("nonce") != NONCE:
                continue
            if notice["kind"] == "welcome":
                epoch = f"{vector['fields']['epoch']:04d}"
                expected = replace(expected, address=f"{notice['address']:03d}", epoch=epoch, status="online")
            else:
                reason = {frame.FULL: "server is full", frame.OTHER_VERSION: "server has another version"}
                expected = replace(expected, status=reason[notice["reason"]])
        assert read == expected


def test_a_client_with_an_address_heeds_resets_only(companion: Companion) -> None:
    controls = [vector for vector in vectors("frames", "good") if vector["frame"] == "control"]
    for vector, read in zip(
        controls, companion.read_frames([call(vector["value"]) for vector in controls]), strict=True
    ):
        fields = vector["fields"]
        reset = {"kind": "reset", "address": OUR_ADDRESS, "checksum": LAST_CHECKSUM} in fields["notices"]
        assert read == (replace(FRESH, address="", parts_to_send=ALL_PARTS) if reset else FRESH)


def test_a_request_older_than_the_memory_of_a_new_server_fails_visibly(companion: Companion) -> None:
    reset = frame.Reset(OUR_ADDRESS, LAST_CHECKSUM)
    value = frame.pack_control(frame.Control(0, EPOCH + 1, memory=990, notices=(reset,)))
    (read,) = companion.read_frames([call(value)])
    assert (read.address, read.asking, read.error_code) == ("", False, 503)


def test_bad_frames_change_nothing(companion: Companion) -> None:
    bad = [vector for vector in vectors("frames", "bad") if vector["to"] == "clients"]
    calls = [call(vector["value"], epoch=vector["seed"] or EPOCH) for vector in bad]
    for vector, read in zip(bad, companion.read_frames(calls), strict=True):
        assert replace(read, epoch=FRESH.epoch) == FRESH, vector


@BATCHES
@given(batches(st.tuples(st.lists(st.tuples(st.integers(0, 41), records), max_size=3), records, st.integers(0, 3))))
def test_any_frame_that_python_packs_is_read_in_scratch(
    companion: Companion, batch: list[tuple[list[tuple[int, Record]], Record, int]]
) -> None:
    calls, expected = [], []
    for others, record, place in batch:
        addressed = [*others[:place], (OUR_ADDRESS, record), *others[place:]]
        value = frame.pack_downlink(Downlink(0, tuple(addressed)), epoch=EPOCH)
        calls.append(call(value, message=record.message))
        expected.append(after(MAKE["_record"](record), address=OUR_ADDRESS))
    assert companion.read_frames(calls) == expected


@BATCHES
@given(batches(st.text("0123456789", max_size=120).map(lambda body: "205" + body)))
def test_random_digits_with_a_right_checksum_do_not_hang_the_sprite(companion: Companion, batch: list[str]) -> None:
    values = [body + checksum(body, seed=EPOCH) for body in batch]
    assert len(companion.read_frames([call(value, address="000", message=0) for value in values])) == len(batch)


request_parts = st.lists(st.text("0123456789", min_size=1, max_size=231), min_size=1, max_size=4)


@BATCHES
@given(batches(st.tuples(codes, request_parts, st.integers(0, 3))))
def test_any_part_that_scratch_sends_is_read_in_python(
    companion: Companion, batch: list[tuple[int, list[str], int]]
) -> None:
    calls, expected = [], []
    for message, cut, choice in batch:
        which = choice % len(cut)
        last = which == len(cut) - 1
        calls.append((f"{message:02d}", which + 1, cut))
        total = 0 if which or last else len("".join(cut))
        expected.append((Part(message, which, last, cut[which], total),))
    seed = frame.uplink_seed(nonce=NONCE, epoch=EPOCH)
    values = companion.write_frames((NONCE, EPOCH, FRESH.address), calls)
    assert all(len(value) <= 256 and frame.verify(value, seed=seed) for value in values)
    found = [frame.unpack_uplink(value) for value in values]
    assert [uplink.records for uplink in found] == expected
    assert {uplink.address for uplink in found} == {OUR_ADDRESS}


# Messages


def test_requests_of_the_vectors_are_written(companion: Companion) -> None:
    known = [vector for vector in vectors("messages", "requests") if vector["name"] != "typed"]
    packs = tuple(codec.LANGUAGES)
    requests = [
        Request(vector["name"], tuple(restore(vector["arguments"])), vector["timeout"], packs) for vector in known
    ]
    calls = [(request.timeout or 0, request.name, request.arguments) for request in requests]
    assert list(map(messages.decode_request, companion.write_requests(calls))) == requests


nested_arguments = st.recursive(
    scratch_values,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(written_texts.filter(is_text), inner, max_size=4),
    max_leaves=12,
)
"""What the sprite can send as an argument."""


@BATCHES
@given(batches(st.tuples(st.integers(1, 99), written_texts, st.lists(nested_arguments, max_size=4))))
@pytest.mark.parametrize("form", ["", "msgpack"])
def test_any_request_that_scratch_writes_is_read_in_python(
    companion: Companion, form: str, batch: list[tuple[int, str, list[Any]]]
) -> None:
    for (timeout, name, arguments), text in zip(batch, companion.write_requests(batch, form=form), strict=True):
        assert (text[2] == codec.values.MSGPACK) == (form == "msgpack")
        request = messages.decode_request(text)
        assert (request.name, request.timeout) == (name, timeout)
        assert request.languages == (() if form else tuple(codec.LANGUAGES))
        if not form:
            assert list(request.arguments) == list(map(written_whole, arguments))


def written_whole(value: Any) -> Any:
    """As `written`, of all that is inside."""
    if isinstance(value, list):
        return list(map(written_whole, value))
    if isinstance(value, dict):
        return {key: written_whole(item) for key, item in value.items()}
    return written(value)


def test_answers_become_the_reply(companion: Companion) -> None:
    known = vectors("messages", "answers")
    for vector, read in zip(known, companion.read_answers([vector["digits"] for vector in known]), strict=True):
        value = restore(vector["value"])
        _, shown = next(outline(value))
        assert same_value(read.reply, shown)
        assert int(read.error_code) == 0
        assert read.error == ""
        assert read.listed == (len(value) if isinstance(value, list) else 0)


def test_errors_become_the_error(companion: Companion) -> None:
    known = vectors("messages", "errors")
    assert companion.read_answers([vector["digits"] for vector in known]) == [
        AnswerRead(vector["code"], vector["text"] or "error", "", 0) for vector in known
    ]


def test_bad_answers_are_no_reply(companion: Companion) -> None:
    bad = vectors("messages", "bad_answers")
    for vector, read in zip(bad, companion.read_answers([vector["digits"] for vector in bad]), strict=True):
        assert (read.reply, read.listed) == ("", 0), vector
