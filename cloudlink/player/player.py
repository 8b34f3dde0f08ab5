"""Drive a Scratch project that runs headlessly in the real virtual machine.

A `Player` is a Node process (player.mjs) with one project in it and, when connected, the cloud client of
Scratch's own player. Commands go out as JSON lines with an id; one thread reads the answers and hands each to
whoever waits for it, so a player may be used from many threads. Another thread collects what the machine logs,
for the logger "cloudlink.player" and for the message of the error if the process dies.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, TypeAlias

from cloudlink.errors import InvalidArgument, PlayerError
from cloudlink.limits import SCRATCH
from cloudlink.player.install import SOURCES, find_node, install

Value: TypeAlias = str | int | float | bool
"""What a Scratch variable or list item holds; never changed on the way."""

logger = logging.getLogger("cloudlink.player")

# An answer to a command with a timeout of its own comes by then; this much more for a busy machine: a script
# without screen refresh may hold the process for as long as it runs.
_LOAD = 60.0
"""Seconds that loading a project may take: thousands of blocks and costumes, on a busy machine."""

_GRACE = 10.0
_COMMAND_TIMEOUT = 30.0
_CLOSE_TIMEOUT = 3.0
_LOG_LINES_KEPT = 40


@dataclass(frozen=True, slots=True)
class Run:
    """How a broadcast went.

    Attributes:
        scripts: how many scripts it started.
        frames: frames that ran between the broadcast and the answer.
        seconds: the same as time on the clock.
        work_seconds: the part of it in which the machine computed, all running scripts together.
    """

    scripts: int
    frames: int
    seconds: float
    work_seconds: float


@dataclass(frozen=True, slots=True)
class Values:
    """Several variables and lists, read between the same two frames."""

    variables: dict[str, Value]
    lists: dict[str, list[Value]]


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Where the cloud client stands.

    Attributes:
        state: "closed" (by us, or never opened), "connecting", "open", or "waiting" before the next attempt.
        attempts: attempts since the last open one, which counts as the first.
        times_opened: how often the socket was opened since `connect`.
        close_code: the code of the last close by the server, None before the first.
        failure: the text of the last network error, None before the first.
    """

    state: Literal["closed", "connecting", "open", "waiting"]
    attempts: int
    times_opened: int
    close_code: int | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of the machine since it started, and of the cloud client since the last `connect`.

    Every set offered is sent, throttled, dropped while closed, or (at most one) still waiting.

    Attributes:
        frames: frames run.
        frame_errors: frames that ended in an error of the machine.
        work_seconds: time spent in frames.
        longest_frame_seconds: the longest of them.
        running_scripts: scripts that run now.
        sets_offered: cloud variables set by the project.
        sets_sent: ... that left on an open socket.
        sets_throttled: ... that were replaced by a newer message within the throttle's interval.
        sets_while_closed: ... that were dropped because the socket was not open.
        messages_received: websocket messages.
        values_received: `set` objects in them.
        malformed_messages: messages that are not JSON lines, in whole or from some piece on.
    """

    frames: int
    frame_errors: int
    work_seconds: float
    longest_frame_seconds: float
    running_scripts: int
    sets_offered: int
    sets_sent: int
    sets_throttled: int
    sets_while_closed: int
    messages_received: int
    values_received: int
    malformed_messages: int


class Player:
    """A Scratch virtual machine with one project; a context manager, which ends the process.

    Scripts, data and the cloud are the real ones; there is no picture and no sound. (So a visible sprite that
    changes its looks does not hold its loop until the next frame, as it does on the sites.)

    Every method may raise PlayerError: when the machine refuses the command (the message says why), when no
    answer comes in time, or when the process has died (the message ends with what it logged last).

    Args:
        parts: the folder that `install` returned; if not given, `install()` is called.
        machine: the path of another virtual machine's browser bundle, in place of the one in `parts`.
        flavor: what that bundle is: "vanilla" for Scratch's virtual machine; "turbowarp" for TurboWarp's, which
            is dist/scaffolding/scaffolding-min.js of the npm package @turbowarp/packager.
        fps: frames a second: 30 as on both sites, or 60 as an author can choose in TurboWarp.
    """

    def __init__(
        self,
        *,
        parts: Path | None = None,
        machine: Path | None = None,
        flavor: Literal["vanilla", "turbowarp"] = "vanilla",
        fps: Literal[30, 60] = 30,
    ) -> None:
        if flavor != "vanilla" and machine is None:
            raise InvalidArgument(f"flavor {flavor!r} needs machine=, the path of its bundle")
        folder = install() if parts is None else parts
        arguments = [find_node(), str(SOURCES / "player.mjs"), "--parts", str(folder), "--flavor", flavor]
        arguments += ["--fps", str(fps)]
        if machine is not None:
            arguments += ["--vm", str(machine)]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._ids = count(1)
        self._lock = threading.Lock()  # over _waiting and _ended
        # A lock of its own: a writer may have to wait until the process has written an answer, which the thread
        # that reads answers must be able to hand out meanwhile.
        self._writing = threading.Lock()
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._ended: str | None = None  # why there will be no more answers
        self._log: deque[str] = deque(maxlen=_LOG_LINES_KEPT)
        self._log_reader = threading.Thread(target=self._read_log, name="player-log", daemon=True)
        self._answer_reader = threading.Thread(target=self._read_answers, name="player-answers", daemon=True)
        self._log_reader.start()
        self._answer_reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and end the process; a second call does nothing."""
        process = self._process
        with self._lock:
            self._ended = self._ended or "the player is closed"
        if self._writing.acquire(timeout=_CLOSE_TIMEOUT):
            _close_quietly(process.stdin)  # the process ends when its input does
            self._writing.release()
        try:
            process.wait(_CLOSE_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()  # a script holds it
            process.wait()
        _close_quietly(process.stdin)
        self._answer_reader.join()
        self._log_reader.join()
        _close_quietly(process.stdout)
        _close_quietly(process.stderr)

    # ---- projects and scripts

    def load(self, project: str | os.PathLike[str]) -> None:
        """Load a .sb3 file in place of the project that is there, and close that one's cloud connection."""
        self._ask("load", _LOAD, path=str(Path(project).absolute()))

    def import_sprite(self, sprite: str | os.PathLike[str]) -> str:
        """Add the sprite of a .sprite3 file to the project, as "Upload Sprite" does; returns the name that it gets."""
        name: str = self._ask("import_sprite", path=str(Path(sprite).absolute()))["name"]
        return name

    def saved(self) -> str:
        """The project.json that the editor would save now: with the values that variables have, in its own form."""
        content: str = self._ask("saved")["content"]
        return content

    def green_flag(self) -> None:
        """Click the green flag: stop everything, then start the scripts below green flags."""
        self._ask("green_flag")

    def stop_all(self) -> None:
        """Click the stop sign; the machine, its data and its cloud connection go on."""
        self._ask("stop_all")

    def broadcast(
        self, name: str, *, wait: bool = True, timeout: float = _COMMAND_TIMEOUT, at_once: bool = False
    ) -> Run:
        """Broadcast a message; returns when every script that it started has ended.

        Args:
            name: the message; upper and lower case are the same, as in Scratch. A message that no script
                receives is an error.
            wait: False to return when the scripts are started; they begin to run in the next frame.
            timeout: seconds to wait for their end.
            at_once: run frames back to back until then, rather than one every 33 ms. For scripts that only
                compute: a result takes a millisecond rather than a frame, and `wait` blocks are as long as ever.
        """
        return Run(**self._ask("broadcast", timeout, name=name, wait=wait, timeout=timeout, at_once=at_once))

    def wait_frames(self, frames: int = 1, *, timeout: float = _COMMAND_TIMEOUT) -> None:
        """Return when so many more frames have run."""
        self._ask("wait_frames", timeout, count=frames, timeout=timeout)

    def stall(self, seconds: float, *, wait: bool = False) -> None:
        """Run no frames for so long, as in a hidden tab, while the socket goes on; then go on.

        Args:
            seconds: how long; nothing is made up for afterwards.
            wait: return when it is over, rather than at once.
        """
        self._ask("stall", seconds, seconds=seconds, wait=wait)

    # ---- variables and lists

    def variable(self, name: str, *, sprite: str | None = None) -> Value:
        """The value of the variable of exactly that name; one for all sprites unless `sprite` is given."""
        return self.values([name], sprite=sprite).variables[name]

    def list_items(self, name: str, *, sprite: str | None = None) -> list[Value]:
        """The items of the list of exactly that name."""
        return self.values(lists=[name], sprite=sprite).lists[name]

    def values(self, variables: Iterable[str] = (), lists: Iterable[str] = (), *, sprite: str | None = None) -> Values:
        """Several variables and lists in one exchange, all read between the same two frames."""
        variables, lists = list(variables), list(lists)
        answer = self._ask("get", sprite=sprite, variables=variables, lists=lists)
        return Values(
            variables=dict(zip(variables, answer["variables"], strict=True)),
            lists=dict(zip(lists, answer["lists"], strict=True)),
        )

    def set_variable(self, name: str, value: Value, *, sprite: str | None = None) -> None:
        """Set a variable as the block does: a cloud variable's value goes to the cloud as well."""
        self.set_values({name: value}, sprite=sprite)

    def set_list(self, name: str, items: Iterable[Value], *, sprite: str | None = None) -> None:
        """Replace the items of a list."""
        self.set_values(lists={name: items}, sprite=sprite)

    def set_values(
        self,
        variables: Mapping[str, Value] | None = None,
        lists: Mapping[str, Iterable[Value]] | None = None,
        *,
        sprite: str | None = None,
    ) -> None:
        """Several variables and lists in one exchange, all set in this order between the same two frames."""
        self._ask(
            "set",
            sprite=sprite,
            variables=list((variables or {}).items()),
            lists=[(name, list(items)) for name, items in (lists or {}).items()],
        )

    def wait_until(
        self,
        variable: str,
        *,
        equals: Value | None = None,
        not_equals: Value | None = None,
        contains: str | None = None,
        at_least: float | None = None,
        sprite: str | None = None,
        timeout: float = _COMMAND_TIMEOUT,
    ) -> Value:
        """Wait for a variable, looking at it now and after every frame; returns the value that fulfilled it.

        Give one condition. Values are compared as texts (5 equals "5") and, unlike in Scratch, by case;
        `at_least` compares numbers.

        Raises:
            InvalidArgument: not exactly one condition is given.
            PlayerError: not fulfilled within `timeout` seconds; the message holds the value it has then.
        """
        condition = _only_one(equals=equals, not_equals=not_equals, contains=contains, at_least=at_least)
        value: Value = self._wait_until("variable", variable, condition, sprite, timeout)
        return value

    def wait_until_list(
        self,
        name: str,
        *,
        equals: Sequence[Value] | None = None,
        not_equals: Sequence[Value] | None = None,
        contains: Value | None = None,
        at_least: int | None = None,
        sprite: str | None = None,
        timeout: float = _COMMAND_TIMEOUT,
    ) -> list[Value]:
        """As `wait_until`, for a list: `contains` means an item, `at_least` the number of items."""
        condition = _only_one(equals=equals, not_equals=not_equals, contains=contains, at_least=at_least)
        items: list[Value] = self._wait_until("list", name, condition, sprite, timeout)
        return items

    def _wait_until(
        self, kind: str, name: str, condition: tuple[str, object], sprite: str | None, timeout: float
    ) -> Any:
        test, operand = condition
        details = {"kind": kind, "name": name, "sprite": sprite, "condition": test, "operand": operand}
        return self._ask("wait_until", timeout, timeout=timeout, **details)["value"]

    # ---- the cloud

    def connect(
        self,
        url: str,
        *,
        user: str = "player",
        project_id: str = "1",
        interval: float = SCRATCH.player_interval,
        timeout: float | None = 10.0,
    ) -> None:
        """Connect the loaded project with a cloud server by the rules of Scratch's player.

        Args:
            url: the server, such as "ws://127.0.0.1:9080/".
            user: the user name, also for the block `username`.
            project_id: the project's number, as text.
            interval: seconds of the throttle over all messages: 0.1 on Scratch, 0.05 on turbowarp.org, 0 for
                none.
            timeout: seconds to wait until the connection is open, None to return at once. After an error the
                client goes on trying.
        """
        milliseconds = round(interval * 1000)
        self._ask("connect", url=url, user=user, project_id=project_id, interval_ms=milliseconds)
        if timeout is not None:
            self.wait_until_connected(timeout)

    def wait_until_connected(self, timeout: float = 10.0) -> None:
        """Return when the connection is open; after a close the client waits up to 1, 3, 7, 15, 31 s to retry."""
        self._ask("wait_until_connected", timeout, timeout=timeout)

    def disconnect(self) -> None:
        """Close the connection and stay offline."""
        self._ask("disconnect")

    def connection(self) -> ConnectionState:
        """Where the cloud client stands."""
        return ConnectionState(**self._ask("connection"))

    def statistics(self) -> Statistics:
        """Counts of frames, sets and values."""
        return Statistics(**self._ask("statistics"))

    # ---- the process

    def _ask(self, command: str, seconds: float = 0.0, /, **details: object) -> dict[str, Any]:
        """Send a command that may itself wait for `seconds`, and give its answer."""
        number = next(self._ids)
        line = _to_json({"id": number, "command": command, **details})
        answer: Future[dict[str, Any]] = Future()
        with self._lock:
            if self._ended is not None:
                raise PlayerError(f"{command}: {self._ended}")
            self._waiting[number] = answer
        self._write(line)
        try:
            return answer.result(seconds + _GRACE)
        except FutureTimeoutError:
            with self._lock:
                self._waiting.pop(number, None)
            raise PlayerError(
                f"{command}: no answer within {seconds + _GRACE:.0f} s; a script may be holding the machine"
            ) from None
        except PlayerError as error:
            raise PlayerError(f"{command}: {error}") from None

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            with self._writing:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except (OSError, ValueError):
            # The process has died, or another thread has closed the player. The output has ended too, and the
            # thread that reads it tells everyone who waits, with the reason.
            logger.debug("the player takes no more commands")

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line, object_hook=_restore_non_finite)
            with self._lock:
                future = self._waiting.pop(answer.pop("id"), None)
            if future is None:
                continue  # it came after its timeout
            if answer.pop("ok"):
                future.set_result(answer)
            else:
                future.set_exception(PlayerError(answer["error"]))
        self._fail_all()

    def _fail_all(self) -> None:
        """Give everyone who waits the reason why no answer will come."""
        code = self._process.wait()
        self._log_reader.join()
        with self._lock:
            if self._ended is None:
                log = "\n".join(self._log)
                self._ended = f"the player's process ended with code {code}; it logged last:\n{log}"
            futures = list(self._waiting.values())
            self._waiting.clear()
        for future in futures:
            future.set_exception(PlayerError(self._ended))

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._log.append(text)
            logger.debug("%s", text)


def _only_one(**conditions: object) -> tuple[str, object]:
    given = [(name, operand) for name, operand in conditions.items() if operand is not None]
    if len(given) != 1:
        names = ", ".join(conditions)
        raise InvalidArgument(f"give exactly one of {names}, not {len(given)}")
    return given[0]


def _to_json(command: dict[str, object]) -> bytes:
    try:
        return json.dumps(command, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"a Scratch value is a text, a finite number or a boolean: {error}") from error


def _restore_non_finite(fields: dict[str, Any]) -> Any:
    """Read a number that JSON cannot hold, see player.mjs."""
    return float(fields["number"]) if fields.keys() == {"number"} else fields


def _close_quietly(pipe: IO[bytes] | None) -> None:
    assert pipe is not None
    try:
        pipe.close()
    except OSError:
        # What was still in the buffer cannot be written to a process that has died.
        logger.debug("the player's pipe was already broken")
