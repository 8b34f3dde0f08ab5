"""The companion sprite in Scratch's machine, its blocks called as if they were Python functions, many calls at once.

A script of each kind takes its calls from the list "calls" and leaves what came out in the list "results".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudlink.codec.rows import MOST_COLUMNS
from cloudlink.player import Player, Value
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.source import load_source
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import variant

SOURCE = Path(__file__).parents[2] / "scratch_sprites" / "source"
SPRITE = "cloudlink"

_TIMEOUT = 110.0
"""Seconds for one list of calls: the first text that is written makes a tree of all tokens, long on a busy machine."""

REQUEST_PARTS = 999
"""The parts of the request that is under way when a frame is read: as many as the sprite sends at most."""

COLUMNS = range(1, MOST_COLUMNS + 1)


def _take(*variables: str) -> str:
    """Blocks that set variables to the calls that come next."""
    return "\n".join(f"set [{variable} v] to (next call)\ntake next call" for variable in variables)


def _give(*lists: str) -> str:
    """Blocks that put lists into the results, each behind its length."""
    return "\n".join(
        f"""
add (length of [{name} v]) to [results v]
set [entry v] to (1)
repeat (length of [{name} v])
  add (item (entry) of [{name} v]) to [results v]
  change [entry v] by (1)
end
""".strip()
        for name in lists
    )


_READ_VALUE = f"""
set [readable v] to (1)
{_take("digits")}
set [place v] to (1)
read value
add (readable) to [results v]
""".strip()

CALLS = {
    "digits to bytes": f"""
set [readable v] to (1)
{_take("digits")}
set [place v] to (1)
next (length of (digits)) digits to bytes
add (readable) to [results v]
{_give("bytes")}
""",
    "bytes to digits": """
take list of bytes
set [digits v] to []
bytes to digits
add (digits) to [results v]
""",
    "checksum": f"""
{_take("digits")}
checksum of (length of (digits)) letters from (next call)
take next call
add (checksum) to [results v]
""",
    "read value": f"""
{_READ_VALUE}
{_give("paths", "values")}
""",
    "read rows": f"""
{_READ_VALUE}
{_give(*(f"server column {column}" for column in COLUMNS))}
""",
    "write value": """
set [digits v] to []
write value (next call)
add (digits) to [results v]
take next call
""",
    "pack": """
delete all of [bytes v]
pack (next call)
set [digits v] to [1]
bytes to digits
add (digits) to [results v]
take next call
""",
    "text to bytes": f"""
text to bytes (next call)
{_give("text bytes")}
take next call
""",
    "read text": """
take list of bytes
set [at v] to (1)
set [readable v] to (1)
unpack text of (length of [bytes v]) bytes
add (value) to [results v]
""",
    "read dense text": f"""
set [readable v] to (1)
{_take("digits", "place")}
read text
add (readable) to [results v]
add (place) to [results v]
add (text) to [results v]
""",
    "write dense text": """
set [digits v] to []
write text (next call)
add (digits) to [results v]
take next call
""",
    "read frame": f"""
set [now v] to (1000)
set [server status v] to [connecting]
set [own v] to []
set [error code v] to (0)
delete all of [request parts v]
repeat ({REQUEST_PARTS})
  add (1) to [request parts v]
end
set [asking v] to (1)
set [tries v] to (0)
begin request
set [first sent v] to (900)
delete all of [parts to send v]
{_take("nonce", "epoch", "address", "message", "last checksum")}
read frame (next call)
take next call
add (address) to [results v]
add (epoch) to [results v]
add (server status) to [results v]
add (asking) to [results v]
add (error code) to [results v]
add (arrived) to [results v]
add (answer length) to [results v]
add (last part) to [results v]
add (parts here) to [results v]
add (digits here) to [results v]
{_give("answer parts", "parts to send")}
""",
    "send part": f"""
{_take("nonce", "epoch", "address", "two digits of message", "which")}
delete all of [request parts v]
delete all of [parts to send v]
set [request length v] to (0)
{_take("entry")}
repeat (entry)
  add (next call) to [request parts v]
  change [request length v] by (length of (next call))
  take next call
end
send part (which)
add (digits) to [results v]
""",
    "prepare request": f"""
{_take("server form", "timeout")}
forget arguments
{_take("entry")}
repeat (entry)
  {_take("which")}
  if <(which) = [list]> then
    add list of (next call) items
  else
    if <(which) = [record]> then
      add record of (next call) items
    else
      add (next call) to [server arguments v]
    end
  end
  take next call
end
line up arguments
fetch arguments
prepare request (next call)
take next call
set [digits v] to []
set [entry v] to (1)
repeat (length of [request parts v])
  set [digits v] to (join (digits) (item (entry) of [request parts v]))
  change [entry v] by (1)
end
add (digits) to [results v]
""",
    "read answer": """
forget reply
set [own v] to []
set [error v] to []
set [error code v] to (0)
set [streaming v] to (0)
delete all of [answer parts v]
add (next call) to [answer parts v]
read answer
show answer
add (server error code) to [results v]
add (server error) to [results v]
add (server reply) to [results v]
add (length of [server reply list v]) to [results v]
take next call
""",
}
"""What is done for each call, by the kind; it takes the call, or several items of the list that are one."""

SCRIPTS = """
define begin calls :: warp
delete all of [results v]
set [call v] to (1)
set [next call v] to (item (1) of [calls v])

define take next call :: warp
change [call v] by (1)
set [next call v] to (item (call) of [calls v])

define take list of bytes :: warp
delete all of [bytes v]
set [entry v] to (next call)
take next call
repeat (entry)
  add (next call) to [bytes v]
  take next call
end
""" + "".join(
    f"""
when I receive [call {call} v]
for each call {call}

define for each call {call} :: warp
begin calls
repeat until <(call) > (length of [calls v])>
{blocks.strip()}
end
"""
    for call, blocks in CALLS.items()
)


@dataclass(frozen=True)
class ValueRead:
    readable: bool
    paths: list[str]
    shown: list[Value]


@dataclass(frozen=True)
class TextRead:
    readable: bool
    place: int
    text: str


@dataclass(frozen=True)
class FrameRead:
    """What the sprite knows after a frame; `parts_to_send` count from 1."""

    address: str
    epoch: str
    status: str
    asking: bool
    error_code: int
    arrived: bool
    answer_length: int
    last_part: int
    parts_here: int
    digits_here: int
    answer_parts: list[str]
    parts_to_send: list[int]


@dataclass(frozen=True)
class AnswerRead:
    error_code: Value
    error: Value
    reply: Value
    listed: int


class Companion:
    """A project with the companion sprite, all its modules and the scripts above.

    Args:
        player: a Scratch machine of its own.
        folder: where the project's file goes.
    """

    def __init__(self, player: Player, folder: Path) -> None:
        self.player = player
        project = folder / "companion.sb3"
        source = load_source(SOURCE)
        project.write_bytes(
            build_sb3(
                variant(source, modules=source.modules),
                tables=sprite_tables(),
                extra_scripts={SPRITE: SCRIPTS},
                extra_variables={"call": 1, "next call": "", "entry": 1, "which": 1},
                extra_lists={"calls": [], "results": []},
            )
        )
        player.load(project)

    def digits_to_bytes(self, calls: Sequence[str]) -> list[list[int] | None]:
        """The bytes of some digits; None where the sprite cannot read them."""
        results = self._run("digits to bytes", calls)
        found: list[list[int] | None] = []
        for _ in calls:
            readable, items = next(results), _numbers(results)
            found.append(items if int(readable) else None)
        return found

    def bytes_to_digits(self, calls: Sequence[bytes]) -> list[str]:
        return self._texts("bytes to digits", _with_lengths(calls))

    def checksums(self, calls: Sequence[tuple[str, int]]) -> list[str]:
        return self._texts("checksum", [item for call in calls for item in call])

    def read_values(self, calls: Sequence[str]) -> list[ValueRead]:
        results = self._run("read value", calls)
        return [ValueRead(int(next(results)) == 1, list(map(str, _list(results))), _list(results)) for _ in calls]

    def read_rows(self, calls: Sequence[str]) -> list[list[list[int]] | None]:
        """What the columns hold after each value; None where the sprite cannot read it."""
        results = self._run("read rows", calls)
        found: list[list[list[int]] | None] = []
        for _ in calls:
            readable, columns = next(results), [_numbers(results) for _ in COLUMNS]
            found.append(columns if int(readable) else None)
        return found

    def write_values(self, calls: Sequence[Value]) -> list[str]:
        return self._texts("write value", calls)

    def pack_values(self, calls: Sequence[Value]) -> list[str]:
        """The digits of values in msgpack."""
        return self._texts("pack", calls)

    def text_to_bytes(self, calls: Sequence[str]) -> list[bytes]:
        results = self._run("text to bytes", calls)
        return [bytes(_numbers(results)) for _ in calls]

    def read_texts(self, calls: Sequence[bytes]) -> list[str]:
        return self._texts("read text", _with_lengths(calls))

    def read_dense_texts(self, calls: Sequence[tuple[str, int]]) -> list[TextRead]:
        """The texts in some digits, each from a place on that counts from 0."""
        flat = [item for digits, start in calls for item in (digits, start + 1)]
        results = self._run("read dense text", flat)
        found = []
        for _ in calls:
            readable, place, text = next(results), next(results), next(results)
            found.append(TextRead(int(readable) == 1, int(place) - 1, str(text)))
        return found

    def write_dense_texts(self, calls: Sequence[str]) -> list[str]:
        return self._texts("write dense text", calls)

    def read_frames(self, calls: Sequence[tuple[int, int, str, int, str, str]]) -> list[FrameRead]:
        """What each frame does to a sprite with a nonce, an epoch, an address, a message and a last checksum."""
        results = self._run("read frame", [item for call in calls for item in call])
        found = []
        for _ in calls:
            address, epoch, status, *numbers = itertools.islice(results, 10)
            asking, error_code, arrived, answer_length, last_part, parts_here, digits_here = map(int, numbers)
            found.append(
                FrameRead(
                    str(address),
                    str(epoch),
                    str(status),
                    asking == 1,
                    error_code,
                    arrived == 1,
                    answer_length,
                    last_part,
                    parts_here,
                    digits_here,
                    list(map(str, _list(results))),
                    _numbers(results),
                )
            )
        return found

    def write_frames(self, session: tuple[int, int, str], calls: Sequence[tuple[str, int, Sequence[str]]]) -> list[str]:
        """Frames with a part of a request each, in a session of a nonce, an epoch and an address.

        A call is a message number, which part (from 1), and all parts of the request.
        """
        flat: list[Value] = []
        for message, which, parts in calls:
            flat += [*session, message, which, len(parts), *parts]
        return self._texts("send part", flat)

    def write_requests(self, calls: Sequence[tuple[int, str, Sequence[Any]]], *, form: str = "") -> list[str]:
        """The digits of requests: a timeout in seconds, a name, arguments, which may be lists and dictionaries."""
        flat: list[Value] = []
        for timeout, name, arguments in calls:
            steps = [step for argument in arguments for step in _steps(argument)]
            flat += [form, timeout, len(steps), *(part for step in steps for part in step), name]
        return self._texts("prepare request", flat)

    def read_answers(self, calls: Sequence[str]) -> list[AnswerRead]:
        results = self._run("read answer", calls)
        return [AnswerRead(next(results), next(results), next(results), int(next(results))) for _ in calls]

    def _texts(self, call: str, calls: Iterable[Value]) -> list[str]:
        """Where each call has one text for a result."""
        return list(map(str, self._run(call, calls)))

    def _run(self, call: str, calls: Iterable[Value]) -> Iterator[Value]:
        self.player.set_list("calls", calls)
        self.player.broadcast(f"call {call}", at_once=True, timeout=_TIMEOUT)
        return iter(self.player.list_items("results"))


def _steps(argument: Any) -> list[tuple[str, Value]]:
    """What an author does to add an argument, block by block."""
    if isinstance(argument, list):
        return [("list", len(argument)), *(step for item in argument for step in _steps(item))]
    if isinstance(argument, dict):
        items = [part for item in argument.items() for part in item]
        return [("record", len(argument)), *(step for item in items for step in _steps(item))]
    return [("value", argument)]


def _with_lengths(calls: Sequence[bytes]) -> list[Value]:
    return [item for data in calls for item in (len(data), *data)]


def _list(results: Iterator[Value]) -> list[Value]:
    """A list that the blocks of `_give` have put there."""
    return [next(results) for _ in range(int(next(results)))]


def _numbers(results: Iterator[Value]) -> list[int]:
    return list(map(int, _list(results)))
