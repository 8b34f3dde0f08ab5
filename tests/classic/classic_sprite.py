"""A model of the incumbent's Cloud Requests sprite, as it was measured: what it does in each of its frames.

Version 2 is what the sprite of 2024 does. Version 1, of 2022 and 2023, cannot ask for a part, has no memory of old
values, and is done when the closing part is there.
"""

from __future__ import annotations

import math
from collections import deque
from random import Random

from cloudlink.classic.packet import PIECE
from cloudlink.classic.settings import DOWNLINK, PLAYER_PATIENCE
from cloudlink.codec.classic import ITEM_END, Encoding
from cloudlink.link.events import Write

FRAME = 1 / 30
GAP = 0.1
"""Seconds between two sets of the sprite; it waits whole frames."""

OLD_VALUES = 20

IDLE, SENDING, LOADING, RECEIVING, ASKING = "IDLE", "SENDING", "LOADING", "RECEIVING", "ASKING"
DONE, TIMEOUT = "DONE", "TIMEOUT"


class ClassicSprite:
    """One player's sprite: it holds variables, and one request at a time."""

    def __init__(self, random: Random, *, version: int = 2, overwrites: bool = True, first_id: int = 10_001) -> None:
        self._random = random
        self.version = version
        self._first_id = first_id
        self._overwrites = overwrites  # a numbered part takes a slot that another part is in
        self.variables: dict[str, str] = {}
        self.status = IDLE
        self.id = ""
        self.response: list[str] = []
        self.expected_parts = 1
        """How many parts the answer has. The sprite never knows; it is what `grown` is judged by."""
        self.grown = True
        """Whether the list of parts had its whole length when the closing part first came."""
        self._old: deque[str] = deque(maxlen=OLD_VALUES)
        self._pieces: list[str] = []
        self._parts: list[str] = []
        self._closing_seen = False
        self._plain = False
        self._next_set = -math.inf
        self._asked_at = -math.inf
        self._deadline = math.inf
        self.asks = 0

    @property
    def busy(self) -> bool:
        return self.status in (SENDING, LOADING, RECEIVING, ASKING)

    def ask(self, name: str, *arguments: str) -> str:
        """Begin a request; its id."""
        assert not self.busy
        digits = Encoding.encode("&".join((name, *arguments)), replace="")
        self.id = f"{self._random.randrange(self._first_id, 100_000)}0"
        self._pieces = [f"{digits}.{self.id}"]
        if len(digits) >= PIECE:
            cut = [digits[at : at + PIECE] for at in range(0, len(digits) - len(digits) % PIECE, PIECE)]
            rest = digits[len(cut) * PIECE :]
            self._pieces = [*(f"-{piece}.{self.id}" for piece in cut), f"{rest}.{self.id}"]
        self._parts, self._closing_seen, self._plain = [""], False, False
        self.response = []
        self.status = SENDING
        return self.id

    def receive(self, name: str, value: str) -> None:
        """The player has got a value; the project sees it in the next frame."""
        self.variables[name] = value

    def frame(self, *, now: float) -> list[Write]:
        """Run one frame; what the sprite sets in it, one value at most."""
        if self.status == SENDING:
            return self._send(now)
        if self.busy:
            self._read()
            self._judge()
            if self.busy and now >= self._deadline:
                self.status = TIMEOUT
                self._finish()
            if self.status == ASKING and now - self._asked_at >= GAP:
                self._asked_at = now
                self.asks += 1
                return [Write("TO_HOST", f"{self._parts.index('')}.{self.id}9")]
        return []

    def _send(self, now: float) -> list[Write]:
        if now < self._next_set:
            return []
        value = self._pieces.pop(0)
        self._next_set = now + GAP
        if not self._pieces:
            self.status = LOADING
            self._deadline = now + PLAYER_PATIENCE
        return [Write("TO_HOST", value)]

    def _read(self) -> None:
        for name in DOWNLINK:
            value = self.variables.get(name, "")
            if f".{self.id}" not in value:
                continue
            if self.version >= 2:
                if "=" + value in self._old:
                    continue
                self._old.append("=" + value)
            self._place(value)

    def _place(self, value: str) -> None:
        digits, trailer = value[: value.index(".")], value[value.index(".") + 1 :]
        if trailer.endswith("2"):
            if trailer[-3:] != "222" or trailer[-4] not in "23":
                return
            self.grown = (self._closing_seen and self.grown) or len(self._parts) == self.expected_parts
            self._plain = trailer[-4] == "3"
            self._parts[-1] = digits
            self._closing_seen = True
            return
        number = int(trailer[-4:-1])
        while len(self._parts) < number + 1:
            self._parts.append("")
        if not self._parts[number - 1] or self._overwrites:
            self._parts[number - 1] = digits
        if self.status == LOADING:
            self.status = RECEIVING

    def _judge(self) -> None:
        if "" not in self._parts or (self.version < 2 and self._closing_seen):
            self.status = DONE
            self._finish()
        elif self._closing_seen:
            self.status = ASKING

    def _finish(self) -> None:
        digits = "".join(self._parts)
        if self._plain:
            self.response = [digits]
            return
        items, text = [], ""
        for at in range(0, len(digits) - 1, 2):
            code = digits[at : at + 2]
            if code == ITEM_END:
                items.append(text)
                text = ""
            elif int(code) >= 10:
                text += Encoding.decode(code)
        self.response = [*items, text] if text else items
