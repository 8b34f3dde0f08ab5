"""The rules of a cloud server, without the server: messages in, messages and closings out, time as `now`.

    open ------> [ visitor ] ---handshake---> [ member of a room ] ------> leave
                      |                               |
                      '---- anything against the rules: Close ----> leave

What a member sets is stored at once and put down as pending in its room. `Room.flush` makes messages of what is
pending, for all members but the one who set it; the server decides when. Nothing here sends, waits or locks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Literal, TypeAlias

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
    update_end,
    update_start,
)

MAX_STORED_CHARACTERS: Final = 512 << 20
"""Most characters that all the values of a server have together: its rooms could hold 200 GB by their own rules."""

COOKIE_SENTENCE: Final = (
    "The cloud data library you are using is putting your Scratch account at risk by sending us your login "
    "token for no reason. Change your password immediately, then contact the maintainers of that library."
)
"""What a server of TurboWarp's kind says, as plain text, before it closes a connection that showed a login."""


Verb: TypeAlias = Literal["set_var", "create_var", "rename_var", "del_var"]
"""What happened to a variable, in the words of Scratch's cloud log."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this message to the client it came from."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection of the client it came from."""

    code: int
    reason: str


Instruction: TypeAlias = Reply | Close


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a variable.

    Attributes:
        verb: what.
        name: the variable's, as it was before.
        value: the new one's text, of a set or a creation.
        new_name: of a renamed one.
    """

    verb: Verb
    name: str
    value: str | None = None
    new_name: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message led to.

    Attributes:
        instructions: what to do for the client, in order; after a Close nothing else follows.
        changes: what it changed.
        rejected: how many lines did not count.
    """

    instructions: tuple[Instruction, ...] = ()
    changes: tuple[Change, ...] = ()
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """One message for some members.

    Attributes:
        message: the lines, joined, in UTF-8.
        members: who gets it.
        lines: how many updates it has.
    """

    message: bytes
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
    """A variable's newest value, and the line that tells of it: encoded once, sent often.

    Attributes:
        update: the value.
        start: what every line about this variable starts with.
        line: the whole of it.
    """

    update: SetVariable
    start: bytes
    line: bytes


Pending: TypeAlias = tuple[Member, str, bytes]


@dataclass(slots=True, eq=False)
class Room:
    """The variables and members of one project.

    Attributes:
        project_id: whose variables these are.
        variables: by their names on the wire.
        members: who is here; a dict, for it keeps their order and with it the dice repeatable.
        pending: the updates that have not been sent on: who set it, its name, and the line.
        pending_bytes: how long these lines are together.
        empty_since: when the last member left, seconds.
    """

    project_id: str
    variables: dict[str, Stored] = field(default_factory=dict)
    members: dict[Member, None] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    pending_bytes: int = 0
    empty_since: float = 0.0

    def put(self, update: SetVariable, *, names_project: bool) -> Stored:
        """Keep a value."""
        known = self.variables.get(update.name)
        if known is not None:
            start = known.start
        else:
            start = update_start(update.name, project_id=self.project_id if names_project else None).encode()
        stored = self.variables[update.name] = Stored(update, start, start + update_end(update).encode())
        return stored

    def announce(self, sender: Member, stored: Stored) -> None:
        """Put a new value down for the other members."""
        self.pending.append((sender, stored.update.name, stored.line))
        self.pending_bytes += len(stored.line)

    def flush(
        self, profile: Profile, *, newest_only: bool = False, copies: Callable[[], int] | None = None
    ) -> tuple[list[Batch], int]:
        """The messages that tell the members of what is pending; nothing is pending after.

        Args:
            profile: says how lines are joined.
            newest_only: of each variable only the last value is told.
            copies: a throw of the dice for each update and receiver, how often it arrives; None: all arrive once.

        Returns:
            The messages, and how many updates were lost on their way to a receiver.
        """
        pending, self.pending, self.pending_bytes = self.pending, [], 0
        if newest_only or copies is not None:
            return self._flush_each(pending, profile, newest_only=newest_only, copies=copies)
        return self._flush_all(pending, profile), 0

    def _flush_all(self, pending: list[Pending], profile: Profile) -> list[Batch]:
        # All who set nothing get the same message, and a room of listeners costs one join.
        senders = {sender for sender, _, _ in pending}
        alike = tuple(member for member in self.members if not member.skip and member not in senders)
        batches: list[Batch] = []
        if alike and pending:
            batches.append(Batch(profile.join([line for _, _, line in pending]), alike, len(pending)))
        for member in self.members:
            if member.skip or member in senders:
                batches += _batch_for(member, [line for _, line in _news_for(member, pending)], profile)
        return batches

    def _flush_each(
        self, pending: list[Pending], profile: Profile, *, newest_only: bool, copies: Callable[[], int] | None
    ) -> tuple[list[Batch], int]:
        batches: list[Batch] = []
        lost = 0
        for member in self.members:
            news = _news_for(member, pending)
            lines = list(dict(news).values()) if newest_only else [line for _, line in news]
            arriving: list[bytes] = []
            for line in lines:
                times = 1 if copies is None else copies()
                lost += not times
                arriving += [line] * times
            batches += _batch_for(member, arriving, profile)
        return batches, lost


def _news_for(member: Member, pending: list[Pending]) -> list[tuple[str, bytes]]:
    """What is news to this member, by name: what others set after it came. Clears its `skip`."""
    skip, member.skip = member.skip, 0
    news = pending[skip:] if skip else pending
    return [(name, line) for sender, name, line in news if sender is not member]


def _batch_for(member: Member, lines: list[bytes], profile: Profile) -> Iterable[Batch]:
    return [Batch(profile.join(lines), (member,), len(lines))] if lines else []


class _Ignored(Exception):
    """A line is against the rules, and its sender never learns."""


class _Refused(Exception):
    """A line is against the rules, and ends the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.close = Close(code, reason)


def _refusal(code: int | None, reason: str) -> _Ignored | _Refused:
    return _Ignored(reason) if code is None else _Refused(code, reason)


class Rooms:
    """All the rooms of a server.

    Args:
        profile: whose rules these are.
        projects: the ids of those that are served; None: all.
        load: the stored values of a project that is not in memory; None: there are none.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        projects: Collection[str] | None = None,
        load: Callable[[str], Iterable[SetVariable]] | None = None,
    ) -> None:
        self.profile = profile
        self.rooms: dict[str, Room] = {}
        self.characters = 0
        self._projects = None if projects is None else frozenset(projects)
        self._load = load
        self._visitors: dict[Member, None] = {}
        self._empty: dict[Room, None] = {}  # the one that has been empty for longest comes first

    def open(self, *, cookies: Iterable[str] = (), now: float) -> tuple[Member, Outcome]:
        """A connection has been made; it belongs to no room yet.

        Args:
            cookies: the Cookie headers of its request.
            now: seconds, monotonic.
        """
        member = Member(opened_at=now)
        self._visitors[member] = None
        if self.profile.refuses_scratch_cookie and any(c.startswith("scratchsessionsid=") for c in cookies):
            return member, Outcome((Reply(COOKIE_SENTENCE.encode()), Close(4005, "Stop including Cookie header")))
        return member, Outcome()

    def receive(self, member: Member, message: str, *, now: float) -> Outcome:
        """What a message from this connection leads to; updates for others become pending in its room."""
        instructions: list[Instruction] = []
        changes: list[Change] = []
        rejected = 0
        try:
            self._check_lines(message)
            decoded = decode(message)
            for line in decoded.rejected:
                self._judge(line.problem)
                rejected += 1
            for command in decoded.commands:
                try:
                    instructions += self._follow(member, command, changes, now=now)
                except _Ignored:
                    rejected += 1
        except _Refused as refusal:
            rejected += 1
            instructions.append(refusal.close)
        return Outcome(tuple(instructions), tuple(changes), rejected)

    def leave(self, member: Member, *, now: float) -> None:
        """A connection has come to its end."""
        self._visitors.pop(member, None)
        room = member.room
        if room is None or member not in room.members:
            return
        del room.members[member]
        if room.members:
            return
        room.pending, room.pending_bytes = [], 0
        if room.variables:
            room.empty_since = now
            self._empty[room] = None
        else:
            del self.rooms[room.project_id]  # a new one would be the same

    def overdue(self, *, now: float) -> list[Member]:
        """The connections that have waited too long with their handshake."""
        overdue: list[Member] = []
        for member in self._visitors:  # in the order they came
            if now - member.opened_at < self.profile.handshake_timeout:
                break
            overdue.append(member)
        return overdue

    def expire(self, *, now: float) -> None:
        """Drop the rooms that have been empty for long, if this kind of server does that."""
        if self.profile.values_survive:
            return
        for room in list(self._empty):
            if now - room.empty_since < self.profile.empty_room_lifetime:
                break
            self._drop(room)

    def clear(self) -> None:
        """Forget the values in memory, as a restart does."""
        self.rooms.clear()
        self._empty.clear()
        self.characters = 0

    def _check_lines(self, message: str) -> None:
        most = self.profile.lines_in_message
        if most is not None:
            # Such a server parses the whole message as one JSON text, where a newline at the end is a space.
            lines = message.rstrip("\n").count("\n") + 1 if message.strip() else 0
            if not 1 <= lines <= most:
                raise _Refused(self.profile.bad_message, f"{lines} lines in one message")

    def _judge(self, problem: Problem) -> None:
        """What a line that is no command comes to; a value of no known kind is a bad value, no more."""
        codes = {Problem.BAD_VALUE: self.profile.bad_value, Problem.BAD_USER: self.profile.bad_user}
        code = codes.get(problem, self.profile.bad_message)
        if code is not None:
            raise _Refused(code, problem.value)

    def _follow(self, member: Member, command: Command, changes: list[Change], *, now: float) -> Iterable[Instruction]:
        room = member.room
        if room is None:
            if not isinstance(command, Handshake):
                raise _Refused(self.profile.bad_message, "the handshake comes first")
            return self._admit(member, command, now=now)
        match command:
            case SetVariable(name, value):
                self._set(member, room, command, now=now)
                changes.append(Change("set_var", name, value))
            case CreateVariable(name, value, number):
                self._set(member, room, SetVariable(name, value, number), now=now)
                if not self.profile.manages_variables:
                    changes.append(Change("set_var", name, value))
                    return ()
                changes.append(Change("create_var", name, value))
                return (Reply(self.profile.join([encode_ack(name).encode()])),)
            case RenameVariable(name, new_name):
                changes += self._rename(member, room, name, new_name, now=now)
            case DeleteVariable(name):
                changes += self._delete(member, room, name, now=now)
            case _:
                raise _Refused(self.profile.bad_message, "no such method, or not now")
        return ()

    def _admit(self, member: Member, handshake: Handshake, *, now: float) -> Iterable[Instruction]:
        profile = self.profile
        if not profile.accepts_user(handshake.user):
            raise _Refused(profile.bad_user, close_code(4002).meaning)
        if not 1 <= len(handshake.project_id) <= 999:  # TurboWarp's bounds
            raise _Refused(profile.bad_message, "the project id is to have 1 to 999 characters")
        project_id = profile.shared_room or handshake.project_id
        if self._projects is not None and project_id not in self._projects:
            raise _Refused(profile.unknown_project, close_code(4004).meaning)
        room = self.rooms.get(project_id)
        if room is None:
            room = self._make_room(project_id)
        if profile.limits.clients is not None and len(room.members) >= profile.limits.clients:
            raise _Refused(profile.too_many_clients, f"the room has its {profile.limits.clients} clients")
        del self._visitors[member]
        self._empty.pop(room, None)
        member.user, member.room, member.skip = handshake.user, room, len(room.pending)
        if profile.rate is not None:
            member.start_counting(profile.rate, now=now)
        room.members[member] = None
        return (Reply(profile.join([v.line for v in room.variables.values()])),) if room.variables else ()

    def _make_room(self, project_id: str) -> Room:
        if len(self.rooms) >= self.profile.rooms:
            # Whoever is here now comes before values that nobody has looked at for longest.
            if not self._empty:
                raise _Refused(self.profile.too_many_rooms, f"all {self.profile.rooms:,} rooms are taken")
            self._drop(next(iter(self._empty)))
        room = self.rooms[project_id] = Room(project_id)
        if self._load is not None:
            for update in islice(self._load(project_id), self.profile.limits.variables):
                if self._has_space(len(update.value)):
                    self._put(room, update)
        return room

    def _drop(self, room: Room) -> None:
        self._empty.pop(room, None)
        del self.rooms[room.project_id]
        self.characters -= sum(len(stored.update.value) for stored in room.variables.values())

    def _put(self, room: Room, update: SetVariable) -> Stored:
        known = room.variables.get(update.name)
        self.characters += len(update.value) - (len(known.update.value) if known is not None else 0)
        return room.put(update, names_project=self.profile.names_project)

    def _set(self, member: Member, room: Room, update: SetVariable, *, now: float) -> None:
        profile = self.profile
        self._count(member, now=now)
        known = update.name in room.variables
        if not known and not profile.accepts_name(update.name):
            raise _refusal(profile.bad_name, "bad variable name")
        if len(update.value) > profile.limits.value_length or not profile.accepts_value(update):
            raise _refusal(profile.bad_value, "bad value")
        if not known and len(room.variables) >= profile.limits.variables:
            raise _refusal(profile.too_many_variables, f"the project has its {profile.limits.variables} variables")
        if not self._has_space(len(update.value)):
            raise _Ignored("the server holds all it can")
        room.announce(member, self._put(room, update))

    def _has_space(self, characters: int) -> bool:
        """Whether so many characters more may be held; values of empty rooms give way."""
        while self._empty and self.characters + characters > MAX_STORED_CHARACTERS:
            self._drop(next(iter(self._empty)))
        return self.characters + characters <= MAX_STORED_CHARACTERS

    def _count(self, member: Member, *, now: float) -> None:
        rate = self.profile.rate
        if rate is not None and not member.may_set(rate, now=now):
            raise _Refused(self.profile.too_fast, f"more than {rate.sets_per_second:g} sets a second")

    def _rename(self, member: Member, room: Room, name: str, new_name: str, *, now: float) -> list[Change]:
        if not self.profile.manages_variables:
            return []
        self._count(member, now=now)
        if name not in room.variables:
            return []
        if not self.profile.accepts_name(new_name):
            raise _refusal(self.profile.bad_name, "bad variable name")
        update = self._forget(room, name)
        self._put(room, replace(update, name=new_name))
        return [Change("rename_var", name, new_name=new_name)]

    def _delete(self, member: Member, room: Room, name: str, *, now: float) -> list[Change]:
        if not self.profile.manages_variables:
            return []
        self._count(member, now=now)
        if name not in room.variables:
            return []
        self._forget(room, name)
        return [Change("del_var", name)]

    def _forget(self, room: Room, name: str) -> SetVariable:
        update = room.variables.pop(name).update
        self.characters -= len(update.value)
        return update
