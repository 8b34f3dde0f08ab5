"""How the servers differ: one table each for Scratch's, TurboWarp's and one of your own.

TurboWarp's is its published cloud-server, each rule tried out against it. Scratch's server is closed: its
profile holds what the site states and what long-running clients have learned, and where nothing is known it is
lenient about the connection and strict about the value, so that a program which passes here passes there.
The open profile copies nobody: it takes the projects of both, and texts as well as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.limits import OPEN as OPEN_LIMITS
from cloudlink.limits import SCRATCH as SCRATCH_LIMITS
from cloudlink.limits import TURBOWARP as TURBOWARP_LIMITS
from cloudlink.limits import Limits
from cloudlink.transport.lines import CLOUD_PREFIX, SetVariable


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How fast one member may set variables.

    Attributes:
        sets_per_second: what it may do for any length of time, above 0.
        burst: how many it may be ahead, at least 1.
    """

    sets_per_second: float
    burst: int

    def __post_init__(self) -> None:
        if not 0 < self.sets_per_second < float("inf") or self.burst < 1:
            raise InvalidArgument(f"a rate has more than 0 sets a second and a burst of 1 at least, not {self}")


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one kind of cloud server.

    The codes are what the connection of the member at fault is closed with; None means that the message is
    ignored and the member never learns.

    Attributes:
        name: how `LocalCloud` is told of it.
        limits: lengths and numbers.
        accepts_user: the rule for usernames.
        accepts_name: the rule for variable names.
        accepts_value: the rule for values; the length is judged by `limits`.
        bad_user: code for a username against the rule.
        unknown_project: code for a project that this server does not serve.
        bad_message: code for what is not a command, comes before the handshake, or is a second handshake.
        bad_name: code for a variable name against the rule.
        bad_value: code for a value against the rule, or too long.
        too_many_variables: code for a new variable when the project has all it may have.
        too_many_clients: code for a member when the room is full.
        too_many_rooms: code for a project when the server has all it can hold.
        too_fast: code for a member that sets faster than `rate`.
        rate: how fast a member may set; None: as it likes.
        lines_in_message: most lines a client may put in one message; None: any number.
        manages_variables: it knows create, rename and delete; else create means set, and the others nothing.
        refuses_scratch_cookie: it closes 4005, after a sentence in English, when it sees a Scratch login.
        names_project: each update names the project.
        ends_lines: each line of a message ends with a newline, the last one too; else they stand between.
        flush_interval: seconds from one sending of updates to the next; 0: at once.
        values_survive: stored values outlive a restart of the server, and do not expire.
        rooms: most projects at once.
        handshake_timeout: seconds a client may wait with its handshake.
        ping_interval: seconds between websocket pings, and for their answers.
        empty_room_lifetime: seconds the values of a room outlive its last member.
        shared_room: a project id that stands for every other: all projects share one room. For trying out a
            project in editors that draw ids of their own; None: each project has its own room.
    """

    name: str
    limits: Limits
    accepts_user: Callable[[str], bool]
    accepts_name: Callable[[str], bool]
    accepts_value: Callable[[SetVariable], bool]
    bad_user: int
    unknown_project: int
    bad_message: int
    bad_name: int | None
    bad_value: int | None
    too_many_variables: int | None
    too_many_clients: int
    too_many_rooms: int
    too_fast: int
    rate: RateLimit | None
    lines_in_message: int | None
    manages_variables: bool
    refuses_scratch_cookie: bool
    names_project: bool
    ends_lines: bool
    flush_interval: float
    values_survive: bool
    rooms: int = 16_384  # TurboWarp's number
    handshake_timeout: float = 30.0
    ping_interval: float = 30.0
    empty_room_lifetime: float = 3600.0
    shared_room: str | None = None

    def join(self, lines: list[bytes]) -> bytes:
        """One message of several lines."""
        message = b"\n".join(lines)
        return message + b"\n" if self.ends_lines else message

    @property
    def outgoing_bytes(self) -> int:
        """Most bytes that may wait for one slow reader: twice what it gets on joining, and 8 MiB of news."""
        return (8 << 20) + 2 * self.limits.variables * self.limits.value_length


_USERNAME: Final = re.compile(r"[A-Za-z0-9_-]{1,20}")
_SCRATCH_VALUE: Final = re.compile(r"-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+")
_TURBOWARP_VALUE: Final = re.compile(r"(?!-?\.?$)-?[0-9]*\.?[0-9]*")


def _turbowarp_value(update: SetVariable) -> bool:
    # A number passes whatever its text, "1e+21" too; the decoder has seen to it that it is finite.
    return update.number or not update.value or _TURBOWARP_VALUE.fullmatch(update.value) is not None


SCRATCH: Final = Profile(
    name="scratch",
    limits=SCRATCH_LIMITS,
    accepts_user=lambda user: _USERNAME.fullmatch(user) is not None,
    # Names are "☁ " and what the player typed; the bound is ours.
    accepts_name=lambda name: name.startswith(CLOUD_PREFIX) and len(CLOUD_PREFIX) < len(name) <= 200,
    accepts_value=lambda update: _SCRATCH_VALUE.fullmatch(update.value) is not None,
    # Scratch's codes are unknown. TurboWarp's numbers would stop TurboWarp's clients for good, which Scratch's
    # do not do on any code; 1008 says "against the rules" to whoever reads a log.
    bad_user=1008,
    unknown_project=1008,
    bad_message=1008,
    bad_name=None,
    bad_value=None,
    too_many_variables=None,
    too_many_clients=1013,
    too_many_rooms=1013,
    too_fast=1008,
    # Fast senders are reported to lose their connection; how fast is unpublished. Ten a second for ever and
    # two seconds' worth ahead lets the editor (9.2/s) and a paced program with a jittery network pass.
    rate=RateLimit(sets_per_second=10.0, burst=20),
    lines_in_message=None,
    manages_variables=True,
    refuses_scratch_cookie=False,
    names_project=True,
    ends_lines=True,
    flush_interval=0.0,
    values_survive=True,
)

TURBOWARP: Final = Profile(
    name="turbowarp",
    limits=TURBOWARP_LIMITS,
    accepts_user=lambda user: _USERNAME.fullmatch(user) is not None,
    # The server relays any name, without a cloud sign as well; the bound is ours.
    accepts_name=lambda name: len(name) <= 1000,
    accepts_value=_turbowarp_value,
    bad_user=4002,
    unknown_project=4004,
    bad_message=4000,
    bad_name=4000,
    bad_value=None,
    too_many_variables=4000,
    too_many_clients=4000,  # the document says 4003, the code keeps that for a server with too many rooms
    too_many_rooms=4003,
    too_fast=4000,
    rate=None,  # 2,000 sets at once are all relayed
    lines_in_message=1,
    manages_variables=False,
    refuses_scratch_cookie=True,
    names_project=False,
    ends_lines=False,
    flush_interval=1 / 60,
    values_survive=False,
)

OPEN: Final = replace(
    TURBOWARP,
    name="open",
    limits=OPEN_LIMITS,
    accepts_name=lambda name: 1 <= len(name) <= 200,
    accepts_value=lambda update: True,
    bad_name=None,
    too_many_variables=None,
    too_many_clients=4003,
    lines_in_message=None,
    manages_variables=True,
    names_project=True,
    flush_interval=0.0,
    values_survive=True,
)

PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (SCRATCH, TURBOWARP, OPEN)}


def profile_named(profile: str | Profile) -> Profile:
    """The profile of this name; a profile is given back as it is.

    Raises:
        InvalidArgument: there is none of this name.
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise InvalidArgument(f"there is no profile {profile!r}, there are {', '.join(PROFILES)}")
    return PROFILES[profile]
