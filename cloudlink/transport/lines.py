"""The language of the cloud servers: lines of JSON. Pure text in, commands out, for clients and servers alike.

A client sends one JSON object a websocket message, with a newline at its end; a server sends one or more,
with newlines between them:

    client -> server    {"method":"handshake","user":"bob","project_id":"77"}
                        {"method":"set","user":"bob","project_id":"77","name":"☁ out","value":"999"}
    server -> client    {"method":"set","name":"☁ in","value":"123"}

Nobody confirms anything, errors are told by a close code alone, and each side ignores the methods and keys
that it does not know. Everything that comes in is untrusted: `decode` keeps the good lines of a message, hands
the bad ones back as `Rejected`, and never fails.

Sources: the Scratch editor's `cloud-provider.ts`, TurboWarp's `cloud-server` and its `doc/protocol.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn, TypeAlias

from cloudlink.errors import DecodeError
from cloudlink.javascript import javascript_number

CLOUD_PREFIX: Final = "☁ "
"""What a cloud variable's name starts with on the wire: U+2601 and a space."""

MAX_LINES: Final = 20_000
"""Most lines of one message that are looked at. TurboWarp sends all that was set in 1/60 s, 128 clients with
ten sets a second would make 21; a server that stalled for seconds stays far below this too."""

EXCERPT: Final = 80
"""Most characters of a rejected line or an unknown method that are kept, for a log."""


def add_prefix(name: str) -> str:
    """The name as it goes on the wire; one that has the cloud prefix already stays as it is."""
    return name if name.startswith(CLOUD_PREFIX) else CLOUD_PREFIX + name


def strip_prefix(name: str) -> str:
    """The name without the cloud prefix; one without it stays as it is."""
    return name.removeprefix(CLOUD_PREFIX)


@dataclass(frozen=True, slots=True)
class Handshake:
    """The first message of a client: who it is and whose variables it wants.

    Attributes:
        user: its name; a server knows no more of it.
        project_id: a number on Scratch, any text on TurboWarp.
    """

    user: str
    project_id: str


@dataclass(frozen=True, slots=True)
class SetVariable:
    """A variable has, or shall have, a new value.

    Attributes:
        name: as on the wire when decoded; with or without the prefix when it is to be encoded.
        value: its text; a JSON number's is exact for whole numbers, else what JavaScript prints.
        number: it came as a JSON number. TurboWarp's server judges those by another rule and relays them so.
    """

    name: str
    value: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class CreateVariable:
    """A project has a new variable; the attributes are those of SetVariable."""

    name: str
    value: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class RenameVariable:
    """A variable goes by another name from now on."""

    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class DeleteVariable:
    """A variable is gone."""

    name: str


@dataclass(frozen=True, slots=True)
class Ack:
    """Scratch's server has created a variable; clients have ignored this since 2018."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed line with a method nobody has heard of; a client skips it, TurboWarp's server hangs up."""

    method: str


ClientCommand: TypeAlias = Handshake | SetVariable | CreateVariable | RenameVariable | DeleteVariable
Command: TypeAlias = ClientCommand | Ack | Unknown


class Problem(Enum):
    """What is wrong with a line; servers treat the cases differently."""

    NOT_JSON = "not JSON"
    NOT_A_COMMAND = "not an object with a method"
    BAD_USER = "the user is not a text"
    BAD_FIELD = "a field is missing or not a text"
    BAD_VALUE = "the value is neither a text nor a finite number"
    TOO_MANY = f"more than {MAX_LINES:,} lines in one message"


class LineError(DecodeError):
    """A line is not a command.

    Attributes:
        problem: what is wrong with it.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not a command.

    Attributes:
        problem: what is wrong with it.
        excerpt: how it starts, 80 characters at most. Anyone can have written it: show it with `!r`.
    """

    problem: Problem
    excerpt: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message says: its commands, and the lines that are none, both in order."""

    commands: tuple[Command, ...]
    rejected: tuple[Rejected, ...] = ()


def encode(command: ClientCommand, *, sender: Handshake) -> str:
    r"""A client's message, as the Scratch editor writes it, with the newline that ends it.

    Args:
        command: what to say; names get the cloud prefix, values are sent as JSON strings, because a JSON
            number above 2^53 is rounded on its way.
        sender: this connection's handshake: every message repeats the user and the project.

    Example:
        >>> encode(SetVariable("out", "999"), sender=Handshake("bob", "77"))
        '{"method":"set","user":"bob","project_id":"77","name":"☁ out","value":"999"}\n'
    """
    match command:
        case Handshake():
            return _line("handshake", command, {}) + "\n"
        case SetVariable(name, value):
            fields = {"name": add_prefix(name), "value": value}
            return _line("set", sender, fields) + "\n"
        case CreateVariable(name, value):
            fields = {"name": add_prefix(name), "value": value}
            return _line("create", sender, fields) + "\n"
        case RenameVariable(name, new_name):
            fields = {"name": add_prefix(name), "new_name": add_prefix(new_name)}
            return _line("rename", sender, fields) + "\n"
        case DeleteVariable(name):
            return _line("delete", sender, {"name": add_prefix(name)}) + "\n"


def encode_update(update: SetVariable, *, project_id: str | None = None) -> str:
    """A server's line that tells clients of a value, without a newline; the name is sent as it is.

    Args:
        update: the variable and its value; a number is sent as a number, as TurboWarp's server does.
        project_id: Scratch's server names the project in each line, TurboWarp's does not.
    """
    return update_start(update.name, project_id=project_id) + update_end(update)


def update_start(name: str, *, project_id: str | None = None) -> str:
    """What `encode_update` puts before the value: the same for every value of a variable."""
    project = "" if project_id is None else f'"project_id":{_quoted(project_id)},'
    return f'{{"method":"set",{project}"name":{_quoted(name)},"value":'


def update_end(update: SetVariable) -> str:
    """The rest of the line: the value, and what closes it."""
    return f"{update.value}}}" if update.number else f"{_quoted(update.value)}}}"


def encode_ack(name: str) -> str:
    """A server's line that confirms a creation, without a newline."""
    return f'{{"method":"ack","name":{_quoted(name)}}}'


def decode(message: str) -> Decoded:
    """The commands of a message, and the lines in it that are none; empty lines are skipped.

    Whatever the message is, this does not raise: a client goes on with the good lines, and a server judges by
    the rejected ones.
    """
    commands: list[Command] = []
    rejected: list[Rejected] = []
    # The split is bounded as well: a message of nothing but newlines must not become a million pieces.
    lines = message.split("\n", MAX_LINES)
    for line in lines[:MAX_LINES]:
        if not line:
            continue
        try:
            commands.append(decode_line(line))
        except LineError as error:
            rejected.append(Rejected(error.problem, line[:EXCERPT]))
    if len(lines) > MAX_LINES and lines[MAX_LINES]:
        rejected.append(Rejected(Problem.TOO_MANY, lines[MAX_LINES][:EXCERPT]))
    return Decoded(tuple(commands), tuple(rejected))


def decode_line(line: str) -> Command:
    """The command of one line.

    Raises:
        LineError: it is none; the problem tells why.
    """
    fields = _parse(line)
    method = fields.get("method")
    if type(method) is not str:
        raise LineError(Problem.NOT_A_COMMAND)
    read = _READERS.get(method)
    return Unknown(method[:EXCERPT]) if read is None else read(fields)


class _NumberText(str):
    """The text of a JSON number. A text keeps every digit, and costs no time on numbers of a million digits."""

    __slots__ = ()


def _whole_number(text: str) -> _NumberText:
    return _NumberText("0" if text == "-0" else text)  # as JavaScript prints it


def _fraction(text: str) -> _NumberText:
    return _NumberText(javascript_number(float(text)))


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")  # Python would read NaN and Infinity; JavaScript does not


_DECODER: Final = json.JSONDecoder(parse_int=_whole_number, parse_float=_fraction, parse_constant=_refuse_constant)


def _parse(line: str) -> dict[str, Any]:
    try:
        fields = _DECODER.decode(line)
    except (ValueError, RecursionError):  # the latter: a line of ten thousand opening brackets
        raise LineError(Problem.NOT_JSON) from None
    if not isinstance(fields, dict):
        raise LineError(Problem.NOT_A_COMMAND)
    return fields


def _text(fields: dict[str, Any], key: str, *, otherwise: Problem = Problem.BAD_FIELD) -> str:
    value = fields.get(key)
    if type(value) is not str:
        raise LineError(otherwise)
    return value


def _value(fields: dict[str, Any]) -> tuple[str, bool]:
    value = fields.get("value")
    if type(value) is str:
        return value, False
    if isinstance(value, _NumberText) and not value.endswith("Infinity"):
        return str(value), True
    raise LineError(Problem.BAD_VALUE)


def _project_id(fields: dict[str, Any]) -> str:
    """The project as JavaScript's String() makes it; TurboWarp's server takes a missing one for "undefined"."""
    value = fields.get("project_id", "undefined")
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    raise LineError(Problem.BAD_FIELD)


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Command]]] = {
    "handshake": lambda fields: Handshake(_text(fields, "user", otherwise=Problem.BAD_USER), _project_id(fields)),
    "set": lambda fields: SetVariable(_text(fields, "name"), *_value(fields)),
    "create": lambda fields: CreateVariable(_text(fields, "name"), *_value(fields)),
    "rename": lambda fields: RenameVariable(_text(fields, "name"), _text(fields, "new_name")),
    "delete": lambda fields: DeleteVariable(_text(fields, "name")),
    "ack": lambda fields: Ack(_text(fields, "name")),
}


_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _quoted(text: str) -> str:
    """A JSON string as JSON.stringify writes it; half a surrogate pair, which has no UTF-8, is escaped."""
    quoted = _ENCODER.encode(text)
    return quoted if text.isascii() else _LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", quoted)


def _line(method: str, sender: Handshake, fields: dict[str, str]) -> str:
    everything = {"method": method, "user": sender.user, "project_id": sender.project_id, **fields}
    return "{" + ",".join(f"{_quoted(key)}:{_quoted(value)}" for key, value in everything.items()) + "}"


@dataclass(frozen=True, slots=True)
class CloseCode:
    """What a server means by closing a connection.

    Attributes:
        meaning: in words, for a message.
        fatal: connecting again with the same user, project and program will end the same way.
    """

    meaning: str
    fatal: bool


# 4000-4006: TurboWarp's doc/protocol.md. What its clients do differs: the website stops on 4002 and 4004, the
# packager on 4003 too. A full server (4003) empties again, and the published server says 4000 for a full room
# too, so those two are worth another try; what the server has against us ourselves is not.
# Below 4000: RFC 6455. They tell of the network, of a restart or of one bad message; a new connection may do.
CLOSE_CODES: Final[Mapping[int, CloseCode]] = {
    1000: CloseCode("closed normally", fatal=False),
    1001: CloseCode("the server is going away", fatal=False),
    1002: CloseCode("the server saw an error in the websocket protocol", fatal=False),
    1005: CloseCode("closed without a code", fatal=False),
    1006: CloseCode("the connection broke", fatal=False),
    1007: CloseCode("the server could not read a message", fatal=False),
    1008: CloseCode("the server saw a rule broken", fatal=False),
    1009: CloseCode("a message was too long for the server", fatal=False),
    1011: CloseCode("the server had an internal error", fatal=False),
    1012: CloseCode("the server restarts", fatal=False),
    1013: CloseCode("the server is overloaded", fatal=False),
    4000: CloseCode("the server gave up on us for a reason it does not tell", fatal=False),
    4002: CloseCode("the server does not accept this username", fatal=True),
    4003: CloseCode("the server is full", fatal=False),
    4004: CloseCode("the server does not serve this project", fatal=True),
    4005: CloseCode("the server refuses us for security: it saw a Scratch session cookie", fatal=True),
    4006: CloseCode("the server wants contact data in the User-Agent; pass contact=", fatal=True),
}
_UNKNOWN_CODE: Final = CloseCode("closed for a reason we do not know", fatal=False)


def close_code(code: int | None) -> CloseCode:
    """What a close code means; None stands for a connection that broke without one.

    The table does not hold for Scratch's own server: its codes are unpublished, so none of them is final.
    """
    return CLOSE_CODES.get(1006 if code is None else code, _UNKNOWN_CODE)
