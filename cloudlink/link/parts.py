"""Messages on their way: cut into parts on one side, joined on the other.

A message is not cut beforehand. Each frame takes as much of it as there is room, so a part's size is whatever the
frame had left; once cut, a part stays as it is, for it may have to be sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from cloudlink.errors import ValueTooLong
from cloudlink.link import records
from cloudlink.link.events import Carrier
from cloudlink.link.records import MOST_MISSING, PARTS, Part

LEAST_CUT = 40
"""Digits. A smaller piece of a longer message costs more in headers than the room in the frame is worth."""

_PARTS_FOR_THE_END = 2
"""Parts that are kept back for the end of a message that is still being made."""


class Outgoing:
    """A message that is being sent.

    Args:
        message: its number in the records.
        digits: all of it, or its beginning.
        whole: whether it is all of it; if not, `extend` brings the rest.
    """

    def __init__(self, message: int, digits: str, *, whole: bool = True) -> None:
        self.message = message
        self._digits = digits
        self._whole = whole
        self._total = len(digits) if whole else 0
        self._ends: list[int] = []  # where each part that was cut ends
        self._sent_at: list[float] = []  # when each part was sent last
        self._again: deque[int] = deque()

    def __len__(self) -> int:
        """The digits of the whole message."""
        return len(self._digits)

    @property
    def whole(self) -> bool:
        """Whether all of the message is here."""
        return self._whole

    @property
    def unsent(self) -> int:
        """Digits that were never sent."""
        return len(self._digits) - self._end

    def extend(self, digits: str, *, whole: bool) -> None:
        """Append to a message that is still being made.

        Args:
            digits: at least one, so that there is something to say that this is the end.
            whole: whether this is the end.

        Raises:
            ValueTooLong: there are no more parts to put them in; the end, of up to `LEAST_CUT` digits, still fits.
        """
        parts_left = PARTS - len(self._ends) - (0 if whole else _PARTS_FOR_THE_END)
        if (self.unsent + len(digits)) > parts_left * LEAST_CUT:
            limit = parts_left * LEAST_CUT
            raise ValueTooLong(f"a message has at most {PARTS} parts", size=self.unsent + len(digits), limit=limit)
        self._digits += digits
        self._whole = whole

    @property
    def pending(self) -> bool:
        """Whether there is something to send, for the first time or again."""
        return bool(self._again) or not self._cut_up

    @property
    def repeats(self) -> bool:
        """Whether the next part was sent before."""
        return bool(self._again)

    def offer(self, room: int, *, addressed: bool, now: float) -> Part | None:
        """The next part, if it fits into the last place of a frame; it counts as sent then.

        Args:
            room: digits that the frame has left.
            addressed: the record carries an address.
            now: seconds.
        """
        if self._again:
            part = self._part(self._again[0])
            if records.size(part, addressed=addressed, final=True) > room:
                return None
            self._sent_at[self._again.popleft()] = now
            return part
        return None if self._cut_up else self._cut(room, addressed=addressed, now=now)

    def copy(self, part: int, room: int, *, addressed: bool, now: float) -> Part | None:
        """A part that was sent already, once more to be on the safe side, if it fits; see `offer` for the rest."""
        record = self._part(part)
        if records.size(record, addressed=addressed, final=True) > room:
            return None
        self._sent_at[part] = now
        return record

    def send_again(self, missing: Iterable[int], *, after: int, before: float) -> None:
        """Queue parts that the other side lacks.

        Args:
            missing: numbers of parts; those that were never sent are left to the normal course.
            after: from this part on nothing has arrived there, so all that were sent are lost or under way.
            before: seconds; what was sent later than this is taken to be under way.
        """
        sent = len(self._ends)
        for part in sorted({*missing, *range(after, sent)}):
            if part < sent and self._sent_at[part] <= before and part not in self._again:
                self._again.append(part)

    @property
    def _end(self) -> int:
        """How much of the digits was cut."""
        return self._ends[-1] if self._ends else 0

    @property
    def _cut_up(self) -> bool:
        return self._end == len(self._digits) and not (self._whole and not self._ends)

    def _part(self, number: int) -> Part:
        start = self._ends[number - 1] if number else 0
        end = self._ends[number]
        last = self._whole and end == len(self._digits)
        return Part(self.message, number, last, self._digits[start:end], 0 if number or last else self._total)

    def _cut(self, room: int, *, addressed: bool, now: float) -> Part | None:
        start = self._end
        number = len(self._ends)
        rest = Part(self.message, number, self._whole, self._digits[start:], 0 if number else self._total)
        size = len(rest.digits)
        if records.size(rest, addressed=addressed, final=True) > room:
            empty = Part(self.message, number, False, "", 0 if number else self._total)
            size = min(size, room - records.size(empty, addressed=addressed, final=True))
            even_share = -(-len(rest.digits) // (PARTS - number))
            if size < max(LEAST_CUT, even_share):
                return None
        self._ends.append(start + size)
        self._sent_at.append(now)
        return self._part(len(self._ends) - 1)


def most_digits(room: int, *, addressed: bool) -> int:
    """The longest message that can be sent in frames with so much room: all parts as large as they can be."""
    empty = Part(0, 0, False, "", 10**9)
    return PARTS * (room - records.size(empty, addressed=addressed, final=True))


class Incoming:
    """A message that is being received."""

    def __init__(self) -> None:
        self._parts: dict[int, str] = {}
        self._last: int | None = None
        self._next = 0
        self._given = 0
        self._carriers: list[Carrier] | None = []  # None: one is not known
        self.size = 0
        """Digits that have arrived."""
        self.held = 0
        """Digits in memory: those that have arrived, and the values that have carried them if these are kept."""
        self.total = 0
        """Digits of the whole message, 0 as long as that is not known."""

    def add(self, part: Part, *, carrier: Carrier | None = None) -> bool:
        """Keep a part; whether it was new.

        A part that contradicts an earlier one (another end, a number behind the end) is not kept: only a
        stranger sends such.

        Args:
            part: what has arrived.
            carrier: what has carried it, if `carriers` are to be told; the parts in one value have one.
        """
        if part.part in self._parts or self._contradicts(part):
            return False
        self._parts[part.part] = part.digits
        self._next = max(self._next, part.part + 1)
        self.size += len(part.digits)
        self.held += len(part.digits)
        self._keep(carrier)
        self.total = part.total or self.total
        if part.last:
            self._last = part.part
        return True

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """What has carried the parts that were kept; nothing unless it is known of all of them."""
        return tuple(self._carriers or ())

    @property
    def complete(self) -> bool:
        """Whether every part is here."""
        return self._last is not None and len(self._parts) == self._last + 1

    @property
    def next(self) -> int:
        """From this part on nothing has arrived."""
        return self._next

    @property
    def missing(self) -> tuple[int, ...]:
        """Parts before `next` that have not arrived, the first `MOST_MISSING` of them."""
        gaps = (part for part in range(self.next) if part not in self._parts)
        return tuple(part for part, _ in zip(gaps, range(MOST_MISSING), strict=False))

    def fresh(self) -> str:
        """The digits from the message's start to the first gap, without those that were given before."""
        start = self._given
        while self._given in self._parts:
            self._given += 1
        return "".join(self._parts[part] for part in range(start, self._given))

    def join(self) -> str:
        """The whole message; only for a complete one."""
        return "".join(self._parts[part] for part in range(len(self._parts)))

    def _keep(self, carrier: Carrier | None) -> None:
        if self._carriers is None:
            return
        if carrier is None:
            self.held -= sum(len(known.value) for known in self._carriers)
            self._carriers = None
        elif not self._carriers or self._carriers[-1] is not carrier:
            self._carriers.append(carrier)
            self.held += len(carrier.value)

    def _contradicts(self, part: Part) -> bool:
        if not part.digits and (part.part or not part.last):  # only a message of nothing has a part of nothing
            return True
        if self._last is not None:
            return part.last or part.part > self._last
        return part.last and part.part < self.next
