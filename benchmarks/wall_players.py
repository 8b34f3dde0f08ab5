"""Players of two kinds over real sockets, for `requests_wall.py`: what a project with our sprite does, and with theirs.

A player looks at its variables 30 times a second, or as soon as one changes, and asks its next question in the frame
of the answer. All players share one event loop; each has a socket of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect

from cloudlink.limits import TURBOWARP, Limits
from cloudlink.link.client import ClientLink
from cloudlink.link.events import AnswerReceived, Write
from cloudlink.link.settings import Channel
from cloudlink.rpc import messages

sys.path.append(str(Path(__file__).parent.parent / "tests" / "classic"))

from classic_sprite import DONE, ClassicSprite

PROJECT = "1"
REQUEST = "text"
FRAME = 1 / 30
SCRATCH_INTERVAL = 0.117
"""Seconds from one set of a project to its next: what 0.1 takes in frames of a thirtieth of a second."""

TURBOWARP_INTERVAL = 0.067
"""The same for the 0.05 that the sprite keeps to in TurboWarp: two frames."""

PATIENCE = 10.0
"""Seconds that a project waits for an answer; theirs counts to 10 too, which takes it 12."""

ADMISSION = 30.0
"""Seconds that all players of a crowd have to be let in by the server."""

PREFIX = "☁ "


class Sprite(Protocol):
    """What a project does with its variables."""

    @property
    def ready(self) -> bool:
        """Whether it can ask."""

    @property
    def busy(self) -> bool:
        """Whether it waits for an answer."""

    @property
    def answer(self) -> str | None:
        """The last answer; None if it did not come in time."""

    def ask(self, length: int, *, now: float) -> None:
        """Ask for a text of so many characters."""

    def receive(self, name: str, value: str) -> None:
        """A variable has changed."""

    def look(self, *, now: float) -> None:
        """A frame begins: take in what has changed."""

    def writes(self, *, now: float) -> list[Write]:
        """The variables that the project sets in this frame."""


class OurSprite:
    """The real link in the Python twin's form: in frames as the sprite is, or at the twin's own pace.

    Args:
        limits: of the platform.
        frames: whether it acts in frames.
    """

    def __init__(self, limits: Limits, *, frames: bool = True) -> None:
        interval = TURBOWARP_INTERVAL if limits is TURBOWARP else SCRATCH_INTERVAL
        channel = Channel(replace(limits, set_interval=interval) if frames else limits)
        self._link = ClientLink(channel, random=Random())
        self._heard: dict[str, str] = {}
        self._ticket: int | None = None
        self._deadline = 0.0
        self.answer: str | None = None

    @property
    def ready(self) -> bool:
        """See `Sprite`."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """See `Sprite`."""
        return self._ticket is not None

    def ask(self, length: int, *, now: float) -> None:
        """See `Sprite`."""
        self.answer = None
        self._deadline = now + PATIENCE
        self._ticket = self._link.send(messages.encode_request(messages.Request(REQUEST, (length,), int(PATIENCE))))

    def receive(self, name: str, value: str) -> None:
        """See `Sprite`."""
        self._heard.pop(name, None)  # so that the order is that of arrival
        self._heard[name] = value

    def look(self, *, now: float) -> None:
        """See `Sprite`."""
        heard, self._heard = self._heard, {}
        for name, value in heard.items():
            self._link.receive(name, value, now=now)
        while (event := self._link.next_event()) is not None:
            if isinstance(event, AnswerReceived) and event.ticket == self._ticket:
                self._ticket = None
                self.answer = str(messages.decode_answer(event.digits))
        if self._ticket is not None and now >= self._deadline:
            self._link.cancel(self._ticket, now=now)
            self._ticket = None

    def writes(self, *, now: float) -> list[Write]:
        """See `Sprite`."""
        return self._link.writes(now=now)


class _Hurried(ClassicSprite):
    """Its pieces of one request keep apart, but a request does not keep apart from the one before."""

    def ask(self, name: str, *arguments: str) -> str:
        self._next_set = -math.inf
        return super().ask(name, *arguments)


class TheirSprite:
    """The model of the incumbent's sprite that our tests check against recordings of it."""

    def __init__(self) -> None:
        self._sprite = _Hurried(Random())
        self._writes: list[Write] = []
        self.ready = True

    @property
    def busy(self) -> bool:
        """See `Sprite`."""
        return self._sprite.busy

    @property
    def answer(self) -> str | None:
        """See `Sprite`."""
        return "".join(self._sprite.response) if self._sprite.status == DONE else None

    def ask(self, length: int, *, now: float) -> None:
        """See `Sprite`."""
        self._sprite.ask(REQUEST, str(length))
        self._writes += self._sprite.frame(now=now)

    def receive(self, name: str, value: str) -> None:
        """See `Sprite`."""
        self._sprite.receive(name, value)

    def look(self, *, now: float) -> None:
        """See `Sprite`."""
        self._writes = self._sprite.frame(now=now)

    def writes(self, *, now: float) -> list[Write]:
        """See `Sprite`."""
        return self._writes


@dataclass(slots=True)
class Outcome:
    """What became of a crowd's requests.

    Attributes:
        seconds: from the first question to the end.
        times: seconds that each answer took.
        timeouts: requests that got no answer in time.
        wrong: answers that were not what was asked for.
    """

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    timeouts: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who asks for what.

    Attributes:
        players: how many.
        length: characters that each asks for.
        seconds: for how long they ask anew.
        questions: how many each may ask at most.
        frames: they look 30 times a second; else at once.
    """

    players: int
    length: int
    seconds: float
    questions: int = 1_000_000
    frames: bool = True


def play(crowd: Crowd, url: str, make: Callable[[], Sprite], expected: str) -> Outcome:
    """Let a crowd play.

    Args:
        crowd: who asks for what.
        url: of the cloud.
        make: makes a player's sprite.
        expected: the right answer.
    """
    return asyncio.run(_play(crowd, url, make, expected))


async def _play(crowd: Crowd, url: str, make: Callable[[], Sprite], expected: str) -> Outcome:
    outcome = Outcome()
    players = [_Player(number, make(), crowd, outcome, expected) for number in range(crowd.players)]
    async with contextlib.AsyncExitStack() as stack:
        for player in players:
            await player.join(await stack.enter_async_context(connect(url, max_size=None, ping_interval=None)))
        listening = [asyncio.create_task(player.listen()) for player in players]
        playing = [asyncio.create_task(player.run()) for player in players]
        async with asyncio.timeout(ADMISSION):
            await asyncio.gather(*(player.admitted.wait() for player in players))
        begun = time.monotonic()
        for player in players:
            player.ends_at = begun + crowd.seconds
            player.may_ask.set()
        await asyncio.gather(*playing)
        outcome.seconds = min(time.monotonic(), begun + crowd.seconds) - begun
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return outcome


class _Player:
    """A socket and a sprite."""

    def __init__(self, number: int, sprite: Sprite, crowd: Crowd, outcome: Outcome, expected: str) -> None:
        self._name = f"player{number}"
        self._phase = number * FRAME / crowd.players
        self._sprite = sprite
        self._crowd = crowd
        self._outcome = outcome
        self._expected = expected
        self._changed = asyncio.Event()
        self._asked_at: float | None = None
        self._asked = 0
        self._finished = False
        self.admitted, self.may_ask = asyncio.Event(), asyncio.Event()
        self.ends_at = 0.0

    async def join(self, socket: ClientConnection) -> None:
        self._socket = socket
        await self._say("handshake")

    async def listen(self) -> None:
        async for message in self._socket:
            for line in str(message).splitlines():
                update = json.loads(line)
                if update.get("method") == "set":
                    self._sprite.receive(update["name"].removeprefix(PREFIX), str(update["value"]))
                    self._changed.set()

    async def run(self) -> None:
        frame = time.monotonic() + self._phase
        while not self._finished:
            if self._crowd.frames:
                frame = max(frame + FRAME, time.monotonic() - FRAME)
                await asyncio.sleep(frame - time.monotonic())
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), FRAME)
                self._changed.clear()
            await self._act()

    async def _act(self) -> None:
        now = time.monotonic()
        self._sprite.look(now=now)
        if self._sprite.ready:
            self.admitted.set()
        if self._asked_at is not None and not self._sprite.busy:
            self._take_answer(now)
        if self._asked_at is None and self.may_ask.is_set():
            if now >= self.ends_at or self._asked >= self._crowd.questions:
                self._finished = True
            else:
                self._asked_at = now
                self._asked += 1
                self._sprite.ask(self._crowd.length, now=now)
        for write in self._sprite.writes(now=now):
            await self._say("set", name=PREFIX + write.name, value=write.value)

    def _take_answer(self, now: float) -> None:
        assert self._asked_at is not None
        answer, seconds = self._sprite.answer, now - self._asked_at
        self._asked_at = None
        if answer is None:
            self._outcome.timeouts += 1
        elif answer != self._expected:
            self._outcome.wrong += 1
        elif now < self.ends_at or self._crowd.questions == self._asked:
            self._outcome.times.append(seconds)

    async def _say(self, method: str, **fields: str) -> None:
        await self._socket.send(json.dumps({"method": method, "user": self._name, "project_id": PROJECT, **fields}))
