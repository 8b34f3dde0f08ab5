"""The rules of a cloud server, without the server: messages in, messages and closings out, time as `now`.

    open ------> [ visitor ] ---handshake---> [ member of a room ] ------> leave
                      |                               |
                      '---- anything against the rules: Close ----> leave

What a member sets is stored at once and put down as pending in its room. `Room.flush` makes messages of what is
pending, for all members but the one who set it; the server decides when. Nothing here sends, waits or locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Final, TypeAlias

from cloudlink.localcloud.profiles import Profile, RateLimit
from cloudlink.transport.lines import (
    Command,
    CreateVariable,
    DeleteVariable,
    Handshake,
    Problem,
    RenameVariable,
    SetVariable,
    close_code,
    decode,
    encode_ack,
    encode_update,
)

COOKIE_SENTENCE: Final = (
    "The cloud data library you are using is putting your Scratch account at risk by sending us your login "
    "token for no reason. Change your password immediately, then contact the maintainers of that library."
)
"""What a server of TurboWarp's kind says, as plain text, before it closes a connection that showed a login."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this message to the client it came from."""

    message: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection of the client it came from."""

    code: int
    reason: str


Instruction: TypeAlias = Reply | Close


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message led to.

    Attributes:
        instructions: what to do for the client, in order; after a Close nothing else follows.
        accepted: the sets that counted.
        rejected: how many lines did not count.
    """

    instructions: tuple[Instruction, ...] = ()
    accepted: tuple[SetVariable, ...] = ()
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """One message for some members.

    Attributes:
        message: the lines, joined.
        members: who gets it.
        lines: how many updates it has.
    """

    message: str
    members: tuple[Member, ...]
    lines: int


@dataclass(slots=True, eq=False)
class Member:
    """One connection, in a room or on its way there.

    Attributes:
        opened_at: when it came, seconds.
        user: its name, once it has said it.
        room: where it is, once it has said where it wants to.
        skip: how many of the room's pending updates are older than its membership.
    """

    opened_at: float
    user: str = ""
    room: Room | None = None
    skip: int = 0
    _allowance: float = 0.0
    _counted_at: float = 0.0

    def may_set(self, rate: RateLimit, *, now: float) -> bool:
        """Whether one more set is within the rate; it is counted if so."""
        earned = (now - self._counted_at) * rate.sets_per_second
        self._allowance = min(self._allowance + earned, float(rate.burst))
        self._counted_at = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True

    def start_counting(self, rate: RateLimit, *, now: float) -> None:
        """Give the member its burst."""
        self._allowance = float(rate.burst)
        self._counted_at = now


@dataclass(frozen=True, slots=True)
class Stored:
    """A variable's newest value, and the line that tells of it: encoded once, sent often."""

    update: SetVariable
    line: str


@dataclass(slots=True, eq=False)
class Room:
    """The variables and members of one project.

    Attributes:
        project_id: whose variables these are.
        variables: by their names on the wire.
        members: who is here; a dict, for it keeps their order and with it the dice repeatable.
        pending: the updates that have not been sent on: who set it, and the line.
        pending_characters: how long these lines are together.
        empty_since: when the last member left, seconds.
    """

    project_id: str
    variables: dict[str, Stored] = field(default_factory=dict)
    members: dict[Member, None] = field(default_factory=dict)
    pending: list[tuple[Member, str]] = field(default_factory=list)
    pending_characters: int = 0
    empty_since: float = 0.0

    def store(self, sender: Member, update: SetVariable, line: str) -> None:
        """Keep a new value and put it down for the other members."""
        self.variables[update.name] = Stored(update, line)
        self.pending.append((sender, line))
        self.pending_characters += len(line)

    def flush(self, profile: Profile, *, loses: Callable[[], bool] | None = None) -> tuple[list[Batch], int]:
        """The messages that tell the members of what is pending; nothing is pending after.

        Args:
            profile: says how lines are joined.
            loses: a throw of the dice for each update and receiver; None loses nothing.

        Returns:
            The messages, and how many updates were lost on their way to a receiver.
        """
        pending, self.pending, self.pending_characters = self.pending, [], 0
        if loses is None:
            return self._flush_all(pending, profile), 0
        return self._flush_lossy(pending, profile, loses)

    def _flush_all(self, pending: list[tuple[Member, str]], profile: Profile) -> list[Batch]:
        # All who set nothing get the same message, and a room of listeners costs one join.
        senders = {sender for sender, _ in pending}
        alike = tuple(member for member in self.members if not member.skip and member not in senders)
        batches: list[Batch] = []
        if alike and pending:
            batches.append(Batch(profile.join([line for _, line in pending]), alike, len(pending)))
        for member in self.members:
            if member.skip or member in senders:
                batches += _batch_for(member, _lines_for(member, pending), profile)
        return batches

    def _flush_lossy(
        self, pending: list[tuple[Member, str]], profile: Profile, loses: Callable[[], bool]
    ) -> tuple[list[Batch], int]:
        batches: list[Batch] = []
        lost = 0
        for member in self.members:
            lines = _lines_for(member, pending)
            kept = [line for line in lines if not loses()]
            lost += len(lines) - len(kept)
            batches += _batch_for(member, kept, profile)
        return batches, lost


def _lines_for(member: Member, pending: list[tuple[Member, str]]) -> list[str]:
    """What is news to this member: what others set after it came. Clears its `skip`."""
    skip, member.skip = member.skip, 0
    return [line for sender, line in pending[skip:] if sender is not member]


def _batch_for(member: Member, lines: list[str], profile: Profile) -> Iterable[Batch]:
    return [Batch(profile.join(lines), (member,), len(lines))] if lines else []


class _Refusal(Exception):
    """A line is against the rules; the code closes the connection, None ignores the line."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason)
        self.close = None if code is None else Close(code, reason)


class Rooms:
    """All the rooms of a server.

    Args:
        profile: whose rules these are.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.rooms: dict[str, Room] = {}
        self._visitors: dict[Member, None] = {}

    def open(self, *, cookies: Iterable[str] = (), now: float) -> tuple[Member, Outcome]:
        """A connection has been made; it belongs to no room yet.

        Args:
            cookies: the Cookie headers of its request.
            now: seconds, monotonic.
        """
        member = Member(opened_at=now)
        self._visitors[member] = None
        if self.profile.refuses_scratch_cookie and any(c.startswith("scratchsessionsid=") for c in cookies):
            return member, Outcome((Reply(COOKIE_SENTENCE), Close(4005, "Stop including Cookie header")))
        return member, Outcome()

    def receive(self, member: Member, message: str, *, now: float) -> Outcome:
        """What a message from this connection leads to; updates for others become pending in its room."""
        decoded = decode(message)
        instructions: list[Instruction] = []
        accepted: list[SetVariable] = []
        rejected = 0
        steps = chain(
            (partial(self._check_lines, message),),
            (partial(self._judge, line.problem) for line in decoded.rejected),
            (partial(self._follow, member, command, accepted, now=now) for command in decoded.commands),
        )
        for step in steps:
            try:
                instructions += step()
            except _Refusal as refusal:
                rejected += 1
                if refusal.close is not None:
                    instructions.append(refusal.close)
                    break
        return Outcome(tuple(instructions), tuple(accepted), rejected)

    def leave(self, member: Member, *, now: float) -> None:
        """A connection has come to its end."""
        self._visitors.pop(member, None)
        room = member.room
        if room is not None:
            room.members.pop(member, None)
            room.empty_since = now

    def overdue(self, *, now: float) -> list[Member]:
        """The connections that have waited too long with their handshake."""
        return [m for m in self._visitors if now - m.opened_at >= self.profile.handshake_timeout]

    def expire(self, *, now: float) -> None:
        """Drop the rooms that have been empty for long, if this kind of server does that."""
        if self.profile.values_survive:
            return
        for project_id, room in list(self.rooms.items()):
            if not room.members and now - room.empty_since >= self.profile.empty_room_lifetime:
                del self.rooms[project_id]

    def _check_lines(self, message: str) -> Iterable[Instruction]:
        most = self.profile.lines_in_message
        if most is not None:
            # Such a server parses the whole message as one JSON text, where a newline at the end is a space.
            lines = message.rstrip("\n").count("\n") + 1 if message.strip() else 0
            if not 1 <= lines <= most:
                raise _Refusal(self.profile.bad_message, f"{lines} lines in one message")
        return ()

    def _judge(self, problem: Problem) -> Iterable[Instruction]:
        """What a line that is no command comes to; a value of no known kind is a bad value, no more."""
        codes = {Problem.BAD_VALUE: self.profile.bad_value, Problem.BAD_USER: self.profile.bad_user}
        raise _Refusal(codes.get(problem, self.profile.bad_message), problem.value)

    def _follow(
        self, member: Member, command: Command, accepted: list[SetVariable], *, now: float
    ) -> Iterable[Instruction]:
        if member.room is None:
            if not isinstance(command, Handshake):
                raise _Refusal(self.profile.bad_message, "the handshake comes first")
            return self._admit(member, command, now=now)
        match command:
            case SetVariable():
                accepted.append(self._set(member, member.room, command, now=now))
            case CreateVariable(name, value, number):
                accepted.append(self._set(member, member.room, SetVariable(name, value, number), now=now))
                if self.profile.manages_variables:
                    return (Reply(self.profile.join([encode_ack(name)])),)
            case RenameVariable(name, new_name):
                self._rename(member.room, name, new_name)
            case DeleteVariable(name):
                if self.profile.manages_variables:
                    member.room.variables.pop(name, None)
            case _:
                raise _Refusal(self.profile.bad_message, "no such method, or not now")
        return ()

    def _admit(self, member: Member, handshake: Handshake, *, now: float) -> Iterable[Instruction]:
        profile = self.profile
        if not profile.accepts_user(handshake.user):
            raise _Refusal(profile.bad_user, close_code(4002).meaning)
        if not 1 <= len(handshake.project_id) <= 999:  # TurboWarp's bounds
            raise _Refusal(profile.bad_message, "the project id is to have 1 to 999 characters")
        project_id = profile.shared_room or handshake.project_id
        room = self.rooms.get(project_id)
        if room is None:
            if len(self.rooms) >= profile.rooms:
                raise _Refusal(profile.too_many_rooms, f"all {profile.rooms:,} rooms are taken")
            room = self.rooms[project_id] = Room(project_id)
        if profile.limits.clients is not None and len(room.members) >= profile.limits.clients:
            raise _Refusal(profile.too_many_clients, f"the room has its {profile.limits.clients} clients")
        del self._visitors[member]
        member.user, member.room, member.skip = handshake.user, room, len(room.pending)
        if profile.rate is not None:
            member.start_counting(profile.rate, now=now)
        room.members[member] = None
        return (Reply(profile.join([v.line for v in room.variables.values()])),) if room.variables else ()

    def _set(self, member: Member, room: Room, update: SetVariable, *, now: float) -> SetVariable:
        profile = self.profile
        if profile.rate is not None and not member.may_set(profile.rate, now=now):
            raise _Refusal(profile.too_fast, f"more than {profile.rate.sets_per_second:g} sets a second")
        if not profile.accepts_name(update.name):
            raise _Refusal(profile.bad_name, "bad variable name")
        if len(update.value) > profile.limits.value_length or not profile.accepts_value(update):
            raise _Refusal(profile.bad_value, "bad value")
        if update.name not in room.variables and len(room.variables) >= profile.limits.variables:
            raise _Refusal(profile.too_many_variables, f"the project has its {profile.limits.variables} variables")
        room.store(member, update, self._line(room, update))
        return update

    def _rename(self, room: Room, name: str, new_name: str) -> None:
        if not self.profile.manages_variables or name not in room.variables:
            return
        if not self.profile.accepts_name(new_name):
            raise _Refusal(self.profile.bad_name, "bad variable name")
        renamed = replace(room.variables.pop(name).update, name=new_name)
        room.variables[new_name] = Stored(renamed, self._line(room, renamed))

    def _line(self, room: Room, update: SetVariable) -> str:
        return encode_update(update, project_id=room.project_id if self.profile.names_project else None)
