"""What the sprite and Python must agree on: the vectors, and the examples of the reference, FORMAT.md."""

from __future__ import annotations

import json
import re
import runpy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from strategies import values

from cloudlink import codec
from cloudlink.codec import digits, msgpack, text
from cloudlink.codec.bounds import ITEMS_PER_DIGIT, MAX_DEPTH
from cloudlink.codec.names import NAMES
from cloudlink.codec.ranges import COMMON
from cloudlink.codec.rows import Rows
from cloudlink.errors import DecodeError, RequestError
from cloudlink.limits import SCRATCH
from cloudlink.link import frame, records
from cloudlink.link.checksum import checksum
from cloudlink.link.frame import Control, Downlink, Hello, Refusal, Reset, Uplink, Welcome
from cloudlink.link.parts import LEAST_CUT, most_digits
from cloudlink.link.records import Cancel, Need, Newest, Part, Record, TopicNeed, Working
from cloudlink.link.settings import LEAST_CAPACITY, ClientTimes, ServerBounds, ServerTimes
from cloudlink.link.window import MOST_AHEAD, WINDOW
from cloudlink.rpc import messages
from cloudlink.rpc.messages import Request

SPRITES = Path(__file__).parents[1] / "scratch_sprites"
MAKE = runpy.run_path(str(SPRITES / "vectors" / "make.py"))
describe, restore = MAKE["describe"], MAKE["restore"]

RECORD_TYPES: dict[str, type[Record]] = {
    "part": Part,
    "need": Need,
    "working": Working,
    "cancel": Cancel,
    "newest": Newest,
    "topic need": TopicNeed,
}
EPOCH = MAKE["EPOCH"]
NOTICE_TYPES: dict[str, type[frame.Notice]] = {"welcome": Welcome, "reset": Reset, "refusal": Refusal}


def vectors(name: str, key: str) -> Any:
    return json.loads((SPRITES / "vectors" / f"{name}.json").read_text(encoding="utf-8"))[key]


def examples(language: str) -> list[tuple[str, str]]:
    """The two sides of each line in the reference's blocks of this kind, the right one without its spaces."""
    text = (SPRITES / "FORMAT.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    sides = [line.rpartition("=") for block in blocks for line in block.splitlines()]
    return [(left.strip(), right.replace(" ", "")) for left, _, right in sides]


# The vectors


@pytest.mark.parametrize("name", sorted(MAKE["files"]()))
def test_the_committed_vectors_are_what_their_program_makes(name: str) -> None:
    assert (SPRITES / "vectors" / name).read_text(encoding="utf-8") == MAKE["files"]()[name]


@given(values)
def test_every_value_can_be_described_in_json(value: Any) -> None:
    described = json.loads(json.dumps(describe(value)))
    back = restore(described)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("vector", vectors("digits", "pairs"))
def test_bytes_and_digits_belong_together(vector: dict[str, str]) -> None:
    assert digits.encode(bytes.fromhex(vector["bytes"])) == vector["digits"]
    assert digits.decode(vector["digits"]).hex() == vector["bytes"]


@pytest.mark.parametrize("vector", vectors("digits", "bad"), ids=lambda vector: vector["reason"])
def test_digits_of_no_bytes_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(DecodeError):
        digits.decode(vector["digits"])


@pytest.mark.parametrize("vector", vectors("values", "pairs"))
def test_values_and_digits_belong_together(vector: dict[str, Any]) -> None:
    assert codec.encode(restore(vector["value"])) == vector["digits"]
    assert describe(codec.decode(vector["digits"])) == vector["value"]


@pytest.mark.parametrize("vector", vectors("msgpack", "pairs"))
def test_values_and_their_msgpack_belong_together(vector: dict[str, Any]) -> None:
    value = restore(vector["value"])
    assert msgpack.pack(value).hex() == vector["msgpack"]
    assert codec.encode_msgpack(value) == vector["digits"]
    assert describe(codec.decode(vector["digits"])) == vector["value"]


@pytest.mark.parametrize("vector", vectors("values", "rows"))
def test_rows_and_digits_belong_together(vector: dict[str, Any]) -> None:
    columns = {name: range(first, last + 1, step) for name, (first, last, step) in vector["columns"].items()}
    assert codec.encode(Rows(**columns).pack(vector["rows"])) == vector["digits"]
    assert codec.decode(vector["digits"]) == vector["rows"]


@pytest.mark.parametrize(
    "vector", [*vectors("values", "read_only"), *vectors("msgpack", "read_only")], ids=lambda vector: vector["about"]
)
def test_values_in_forms_that_nobody_writes_are_read(vector: dict[str, Any]) -> None:
    assert describe(codec.decode(vector["digits"])) == vector["value"]
    assert codec.encode(restore(vector["value"])) != vector["digits"]


@pytest.mark.parametrize(
    "vector", [*vectors("values", "bad"), *vectors("msgpack", "bad")], ids=lambda vector: vector["reason"]
)
def test_what_is_no_value_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        codec.decode(vector["digits"])


@pytest.mark.parametrize("vector", vectors("text_codec", "texts"), ids=lambda vector: vector["text"][:20])
def test_texts_and_digits_belong_together(vector: dict[str, str]) -> None:
    assert text.encode(vector["text"]) == vector["digits"]
    assert text.decode(vector["digits"]) == (vector["text"], len(vector["digits"]))


@pytest.mark.parametrize("vector", vectors("text_codec", "read_only"), ids=lambda vector: vector["about"])
def test_texts_in_forms_that_nobody_writes_are_read(vector: dict[str, str]) -> None:
    assert text.decode(vector["digits"]) == (vector["text"], len(vector["digits"]))
    assert text.encode(vector["text"]) != vector["digits"]


@pytest.mark.parametrize("vector", vectors("text_codec", "bad"), ids=lambda vector: vector["reason"])
def test_digits_of_no_text_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(DecodeError):
        text.decode(vector["digits"])


@pytest.mark.parametrize("vector", vectors("languages", "pairs"), ids=lambda vector: vector["language"])
def test_values_and_their_digits_in_a_language_pack_belong_together(vector: dict[str, Any]) -> None:
    value = restore(vector["value"])
    assert codec.encode(value, languages=[vector["language"]]) == vector["digits"]
    assert vector["digits"].startswith("097" + codec.LANGUAGES[vector["language"]])
    assert codec.decode(vector["digits"]) == value


@pytest.mark.parametrize("vector", vectors("languages", "read_only"), ids=lambda vector: vector["about"])
def test_every_script_is_read_in_every_language_pack(vector: dict[str, Any]) -> None:
    assert codec.decode(vector["digits"]) == vector["value"]


@pytest.mark.parametrize("vector", vectors("languages", "bad"), ids=lambda vector: vector["reason"])
def test_what_is_no_value_in_a_language_pack_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        codec.decode(vector["digits"])


def test_the_language_packs_have_their_digits() -> None:
    assert {vector["language"]: vector["digit"] for vector in vectors("languages", "packs")} == codec.LANGUAGES


@pytest.mark.parametrize("key", ["texts", "beyond_sprite"])
def test_texts_are_utf_8(key: str) -> None:
    for vector in vectors("text", key):
        assert vector["text"].encode().hex() == vector["utf8"]
        assert codec.decode(codec.encode_msgpack(vector["text"])) == vector["text"]


@pytest.mark.parametrize("vector", vectors("text", "bad"), ids=lambda vector: vector["reason"])
def test_bytes_that_are_no_text_are_refused(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["utf8"])
    with pytest.raises(DecodeError):
        codec.decode("1" + digits.encode(bytes([0xA0 + len(data)]) + data))


@pytest.mark.parametrize("vector", vectors("checksum", "checksums"))
def test_digits_have_their_checksum(vector: dict[str, Any]) -> None:
    assert checksum(vector["digits"], seed=vector["seed"]) == vector["checksum"]


@pytest.mark.parametrize("vector", vectors("frames", "good"), ids=lambda vector: vector["about"])
def test_frames_and_fields_belong_together(vector: dict[str, Any]) -> None:
    value, seed, fields = vector["value"], vector["seed"], vector["fields"]
    assert len(value) <= SCRATCH.value_length
    assert frame.verify(value, seed=seed)
    match vector["frame"]:
        case "control":
            control = Control(**fields | {"notices": tuple(map(to_notice, fields["notices"]))})
            assert frame.pack_control(control) == value
            assert frame.unpack_control(value) == control
        case "records for clients":
            addressed = tuple((record["address"], to_record(record)) for record in fields["records"])
            downlink = Downlink(fields["sequence"], addressed)
            assert frame.pack_downlink(downlink, epoch=EPOCH) == value
            assert frame.verify_downlink(value, epoch=EPOCH)
            assert frame.unpack_downlink(value, epoch=EPOCH) == downlink
        case "hello":
            assert frame.pack_hello(Hello(**fields)) == value
            assert frame.unpack_hello(value) == Hello(**fields)
        case _:
            uplink = Uplink(**fields | {"records": tuple(map(to_record, fields["records"]))})
            assert frame.pack_uplink(uplink, seed=seed) == value
            assert frame.unpack_uplink(value) == uplink


def test_the_vectors_show_every_type_and_every_code() -> None:
    good = vectors("frames", "good")
    assert {vector["value"][0] for vector in good} == set("123456")
    text = json.dumps(good)
    assert all(f'"kind": "{kind}"' in text for kind in (*RECORD_TYPES, *NOTICE_TYPES))


@pytest.mark.parametrize("vector", vectors("frames", "bad"), ids=lambda vector: vector["reason"])
def test_bad_frames_are_told_by_their_fault(vector: dict[str, Any]) -> None:
    assert fault(vector["to"], vector["value"], vector["seed"]) == vector["fault"]


def fault(to: str, value: str, seed: int) -> str | None:
    """What a reader finds wrong with a value."""
    unpack_downlink = partial(frame.unpack_downlink, epoch=EPOCH)
    readers = {
        "clients": {
            frame.CONTROL: frame.unpack_control,
            frame.SHARED: unpack_downlink,
            frame.ONE_PART: unpack_downlink,
            frame.ONE_LAST: unpack_downlink,
        },
        "server": {frame.HELLO: frame.unpack_hello, frame.CLIENT: frame.unpack_uplink},
    }
    try:
        reader: Any = readers[to].get(frame.kind(value))
        if reader is None:
            return "malformed"
        if not frame.verify(value, seed=seed):
            return "wrong checksum"
        reader(value)
    except DecodeError:
        return "malformed"
    return None


def to_record(fields: dict[str, Any]) -> Record:
    made = {name: field for name, field in fields.items() if name not in ("kind", "address")}
    if "missing" in made:
        made["missing"] = tuple(made["missing"])
    return RECORD_TYPES[fields["kind"]](**made)


def to_notice(fields: dict[str, Any]) -> frame.Notice:
    return NOTICE_TYPES[fields["kind"]](**{name: field for name, field in fields.items() if name != "kind"})


@pytest.mark.parametrize("vector", vectors("messages", "requests"), ids=lambda vector: vector["name"] or "no name")
def test_requests_and_digits_belong_together(vector: dict[str, Any]) -> None:
    arguments, languages = tuple(restore(vector["arguments"])), tuple(vector["languages"])
    request = Request(vector["name"], arguments, vector["timeout"], languages)
    assert messages.encode_request(request) == vector["digits"]
    assert messages.decode_request(vector["digits"]) == request


@pytest.mark.parametrize("vector", vectors("messages", "answers"))
def test_answers_and_digits_belong_together(vector: dict[str, Any]) -> None:
    assert messages.encode_answer(restore(vector["value"])) == vector["digits"]
    assert messages.decode_answer(vector["digits"]) == restore(vector["value"])


@pytest.mark.parametrize("vector", vectors("messages", "errors"), ids=lambda vector: str(vector["code"]))
def test_errors_and_digits_belong_together(vector: dict[str, Any]) -> None:
    assert messages.encode_error(RequestError(vector["text"], vector["code"])) == vector["digits"]
    with pytest.raises(RequestError) as caught:
        messages.decode_answer(vector["digits"])
    assert (caught.value.code, caught.value.text) == (vector["code"], vector["text"])


@pytest.mark.parametrize("vector", vectors("messages", "bad_requests"), ids=lambda vector: vector["reason"])
def test_what_is_no_request_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        messages.decode_request(vector["digits"])


@pytest.mark.parametrize("vector", vectors("messages", "bad_answers"), ids=lambda vector: vector["reason"])
def test_what_is_no_answer_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        messages.decode_answer(vector["digits"])


# The reference


@pytest.mark.parametrize(("about", "value"), examples("frames"))
def test_the_frames_of_the_reference_are_those_of_the_vectors(about: str, value: str) -> None:
    assert value == {vector["about"]: vector["value"] for vector in vectors("frames", "good")}[about]


@pytest.mark.parametrize(("data", "packed"), examples("digits"))
def test_the_digits_of_the_reference_are_right(data: str, packed: str) -> None:
    assert digits.encode(bytes.fromhex(data.replace("(empty)", ""))) == packed


@pytest.mark.parametrize(("written", "encoded"), examples("texts"))
def test_texts_of_the_reference_are_right(written: str, encoded: str) -> None:
    assert text.encode(written) == encoded
    assert text.decode(encoded) == (written, len(encoded))


@pytest.mark.parametrize(("described", "encoded"), examples("values"))
def test_the_values_of_the_reference_are_right(described: str, encoded: str) -> None:
    assert codec.encode(restore(json.loads(described))) == encoded


@pytest.mark.parametrize(("described", "encoded"), examples("msgpack"))
def test_the_msgpack_of_the_reference_is_right(described: str, encoded: str) -> None:
    assert codec.encode_msgpack(restore(json.loads(described))) == encoded


@pytest.mark.parametrize(("described", "encoded"), examples("languages"))
def test_the_language_packs_of_the_reference_are_right(described: str, encoded: str) -> None:
    language, _, value = described.partition(" ")
    assert codec.encode(json.loads(value), languages=[language]) == encoded


def test_the_digits_of_languages_in_the_reference_are_those_of_the_code() -> None:
    text = (SPRITES / "FORMAT.md").read_text(encoding="utf-8")
    assert f"| digit | {' | '.join(codec.LANGUAGES.values())} |\n" in text
    assert f"`cloudlink/codec/` | {' | '.join(f'`language_{code}.json`' for code in codec.LANGUAGES)} |\n" in text


def test_the_names_of_the_reference_are_those_of_the_code() -> None:
    text = (SPRITES / "FORMAT.md").read_text(encoding="utf-8")
    assert tuple(text.partition("```names\n")[2].partition("```")[0].split()) == NAMES


def test_the_ranges_of_the_reference_are_those_of_the_code() -> None:
    text = (SPRITES / "FORMAT.md").read_text(encoding="utf-8")
    for title, numbers in (
        ("lowest", [numbers[0] for numbers in COMMON.values()]),
        ("highest", [numbers[-1] for numbers in COMMON.values()]),
    ):
        assert f"| {title} | {' | '.join(map(str, numbers))} |\n" in text


def test_the_messages_of_the_reference_are_right() -> None:
    assert dict(examples("messages")) == {
        "add(3, 4) within 10 s": messages.encode_request(Request("add", (3, 4), 10)),
        "ping() without end": messages.encode_request(Request("ping")),
        "ping() within 5 s, by a client with the packs for Spanish and French": messages.encode_request(
            Request("ping", (), 5, ("es", "fr"))
        ),
        "7": messages.encode_answer(7),
        "None": messages.encode_answer(None),
        "error 404 no handler of this name": messages.encode_error(RequestError("no handler of this name", 404)),
    }


@pytest.mark.parametrize(("calculation", "result"), examples("steps"))
def test_the_calculations_of_the_reference_are_right(calculation: str, result: str) -> None:
    python = calculation.replace("mod", "%").replace("floor(", "int(")
    assert re.fullmatch(r"[\d ()*/+%int-]+", python)
    assert eval(python) == int(result)


def test_the_worked_checksum_of_the_reference_is_the_real_one() -> None:
    steps = [result for _, result in examples("steps")]
    assert checksum("12345678901234567890", seed=4711) == steps[2]


def test_the_reference_has_examples_of_every_kind() -> None:
    assert all(
        examples(language) for language in ("frames", "digits", "values", "msgpack", "messages", "languages", "steps")
    )


def test_the_numbers_of_the_reference_are_those_of_the_code() -> None:
    text = " ".join((SPRITES / "FORMAT.md").read_text(encoding="utf-8").split())
    downlink, uplink = frame.downlink_room(SCRATCH.value_length), frame.uplink_room(SCRATCH.value_length)
    server, client, bounds = ServerTimes(), ClientTimes(), ServerBounds()
    for number in (
        f"| parts of a message | {records.PARTS:,} ",
        f"downlink | {downlink} |",
        f"uplink | {uplink} |",
        f"most digits of an answer, 256-digit frames | {most_digits(downlink, addressed=True):,} |",
        f"most digits of a request, 256-digit frames | {most_digits(uplink, addressed=False):,} ",
        f"most digits of a request that the server takes | {bounds.request_digits:,} |",
        f"smallest frames the format works with | {LEAST_CAPACITY} |",
        f"notices in a control frame of 256 digits | {frame.notices_room(SCRATCH.value_length)} |",
        f"frames of up to {frame.LONGEST:,} digits",
        f"{bounds.clients:,} clients, {bounds.notices} notices",
        f"{bounds.requests_digits:,} digits of unfinished requests",
        f"{bounds.answers_digits:,} of answers",
        f"a lease of {server.lease:g} s ({server.first_lease:g} s if it never",
        f"at least {LEAST_CUT} digits or the rest",
        f"nothing for {client.working:g} s, then asks again",
        f"wait begins at {client.first_retry:g} s",
        f"between {client.least_retry:g} and {client.most_retry:g} s",
        f"is {WINDOW} behind the newest",
        f"less than {MOST_AHEAD} ahead of its oldest",
        f"nest at most {MAX_DEPTH} levels deep",
        f"at most {ITEMS_PER_DIGIT} items for each of its digits",
    ):
        assert re.sub(r"\s+", " ", number) in text
