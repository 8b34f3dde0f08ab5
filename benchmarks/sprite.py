"""What does the companion sprite cost its author: time to an answer, time of a frame, turns of a loop beside it?

Wall time, on loopback, at 30 frames a second: Scratch's virtual machine on a cloud with Scratch's limits (sets of 256
digits, 0.1 s apart), TurboWarp's on one with TurboWarp's (0.05 s apart, and passed on in batches, 60 a second). Needs
Node. Taking turns with the short answers, a bare echo is the channel's limit: a script sets a cloud variable, a
connection sets another as soon as it hears of it, and the script waits for that. A "turn" is one time round a user's
counting loop, which a machine runs as often as a frame has room; the share is of what the loop has in the same project
just before, with the sprite stopped.

    python benchmarks/sprite.py [--quick] [--json FILE]
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from report import Report, Row, main

from cloudlink import CloudConnection, CloudRequests, PlayerError, Priority, TwCloudConnection
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player, install
from cloudlink.player.install import default_directory, install_locked
from cloudlink.sprite.build import build_sb3, sprite_json
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.measure import measure as measure_size
from cloudlink.sprite.tables import sprite_tables
from cloudlink.transport.connection import ConnectionEvent, VariableSet

PROJECT = "1"
PAUSE = 0.25
"""Seconds between two requests: longer than the interval of the sets, so that each request finds the link idle."""

ENGLISH = (
    "My favourite place is the little library behind the school. In winter it is warm there, and nobody minds if you "
    "read the last page first. Once I found a letter in a book about whales; somebody had written it to a friend who "
    "moved away, and never sent it. "
)
IN_A_ROW = 20

SCRIPTS = """\
when I receive [twenty v]
delete all of [answers v]
set [turn v] to (0)
repeat (20)
  change [turn v] by (1)
  delete all of [server arguments v]
  add (turn) to [server arguments v]
  set [server request v] to [double]
  broadcast [ask server v] and wait
  add (server reply) to [answers v]
end

when I receive [bare echo v]
set [☁ BARE_TO v] to (turn)
wait until <(☁ BARE_FROM) = (turn)>

when I receive [count v]
forever
  change [turns v] by (1)
end
"""
TESTS = Path(__file__).parents[1] / "tests"
TURBOWARP = "node_modules/@turbowarp/packager/dist/scaffolding/scaffolding-min.js"

Flavor = Literal["vanilla", "turbowarp"]


@contextmanager
def serving(flavor: Flavor) -> Iterator[str]:
    """The cloud where a machine plays, and a server on it; the cloud's address."""
    connect = TwCloudConnection if flavor == "turbowarp" else CloudConnection
    with (
        LocalCloud("turbowarp" if flavor == "turbowarp" else "scratch") as cloud,
        connect(PROJECT, username="server", cloud_host=cloud.url) as connection,
    ):
        client = CloudRequests(connection)
        client.add_request(lambda number: 2 * number, name="double")
        client.add_request(english, name="english")
        client.add_request(slow, name="slow")
        connection.add_listener(partial(_echo, connection))
        with client:
            yield cloud.url


def _echo(connection: CloudConnection, event: ConnectionEvent) -> None:
    if isinstance(event, VariableSet) and event.name == "BARE_TO":
        connection.set_var("BARE_FROM", event.value, priority=Priority.URGENT)


def english(length: int) -> str:
    """English text of so many characters."""
    return (ENGLISH * (length // len(ENGLISH) + 1))[:length]


def slow() -> str:
    """An answer that takes longer than a measurement."""
    time.sleep(4)
    return "at last"


@contextmanager
def playing(flavor: Flavor) -> Iterator[Player]:
    """The starter project in a machine, with the scripts above in a sprite of their own; nothing runs yet."""
    machine = None
    if flavor == "turbowarp":
        machine = install_locked(TESTS, default_directory("tests", TESTS)) / TURBOWARP
    source = companion_source()
    project = build_sb3(
        replace(source, cloud_variables=(*source.cloud_variables, "☁ BARE_TO", "☁ BARE_FROM")),
        tables=sprite_tables(),
        extra_scripts={"Author": SCRIPTS},
        extra_variables={"turn": 0, "turns": 0},
        extra_lists={"answers": []},
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        Player(parts=install(), flavor=flavor, machine=machine) as player,
    ):
        path = Path(folder) / "starter.sb3"
        path.write_bytes(project)
        player.load(path)
        yield player


def measure(report: Report) -> None:
    """The sprite's size, and everything else in both machines."""
    _measure_size(report)
    for flavor in ("vanilla", "turbowarp"):
        report.heading(f"{flavor} machine")
        try:
            with serving(flavor) as url, playing(flavor) as player:
                _measure_player(report, flavor, player, url)
        except PlayerError as error:
            report.heading(f"left out: {error}")


def _measure_size(report: Report) -> None:
    size = measure_size(sprite_json(companion_source(), tables=sprite_tables()))
    report.heading("the sprite")
    report.add(Row("blocks", "companion", size.blocks, "blocks"))
    report.add(Row("size", "companion, sprite.json", size.bytes, "bytes"))
    report.add(Row("variables", "companion, its own", size.variables, "variables"))
    report.add(Row("lists", "companion, its own", size.lists, "lists"))


def _measure_player(report: Report, flavor: Flavor, player: Player, url: str) -> None:
    _turns(player)  # so that the machine is warm, as it is later
    player.stop_all()
    empty_frame = _frame_time(player)
    player.connect(url, user="player1", project_id=PROJECT, interval=0.05 if flavor == "turbowarp" else 0.1)
    player.green_flag()
    player.wait_until("server status", equals="online")

    echoes, times = [], []
    for number in range(10 if report.quick else 50):
        echoes.append(_echo_time(player, number + 1))
        times.append(_time(player, "double", 21, 42))
    report.add(Row("round trip, median", f"{flavor}, bare echo: the limit", 1000 * statistics.median(echoes), "ms"))
    report.add(Row("round trip, median", f"{flavor}, short answer", 1000 * statistics.median(times), "ms", at_most=50))
    times = [_time(player, "english", 1000, english(1000)) for _ in range(3 if report.quick else 15)]
    case = f"{flavor}, 1,000 English characters"
    report.add(Row("round trip, median", case, statistics.median(times), "s", at_most=0.4))

    run = player.broadcast("twenty", timeout=60)
    right = sum(a == 2 * number for number, a in enumerate(player.list_items("answers"), 1))
    report.add(Row("in a row without a pause", f"{flavor}, right of {IN_A_ROW}", right, "answers", at_least=IN_A_ROW))
    report.add(Row("in a row without a pause", f"{flavor}, each", 1000 * run.seconds / IN_A_ROW, "ms"))

    time.sleep(1)
    added = _frame_time(player) - empty_frame
    goal = 0.1 if flavor == "vanilla" else None  # what the issue asks for
    report.add(Row("time of a frame", f"{flavor}, before the sprite begins", empty_frame, "ms"))
    report.add(Row("time that is added to a frame", f"{flavor}, sprite idle", added, "ms", at_most=goal))
    for case, begin in (
        ("sprite idle", _begin_idle),
        ("sprite waits for an answer", _begin_waiting),
        ("requests one after the other", _begin_asking),
    ):
        kept = 100 * _turns_kept(player, begin)
        report.add(Row("turns a loop keeps", f"{flavor}, {case}", kept, "%", at_least=65))


def _begin_idle(player: Player) -> None:
    player.green_flag()
    player.wait_until("server status", equals="online")
    time.sleep(2)


def _begin_waiting(player: Player) -> None:
    _begin_idle(player)
    player.set_values({"server request": "slow"}, {"server arguments": []})
    player.broadcast("ask server", wait=False)


def _begin_asking(player: Player) -> None:
    _begin_idle(player)
    player.broadcast("twenty", wait=False)


def _turns_kept(player: Player, begin: Callable[[Player], None]) -> float:
    """The share of its turns that a loop keeps; each round has its own comparison, as the machine's speed drifts."""
    shares = []
    for _ in range(5):
        player.stop_all()
        alone = _turns(player)
        begin(player)
        shares.append(_turns(player) / alone)
    return statistics.median(shares)


def _echo_time(player: Player, number: int) -> float:
    """The seconds from setting a cloud variable to the frame in which the other one shows the same."""
    time.sleep(PAUSE)
    player.set_variable("turn", number)
    return player.broadcast("bare echo").seconds


def _time(player: Player, name: str, argument: int, expected: object) -> float:
    """The seconds from the broadcast to the frame in which the answer is there."""
    time.sleep(PAUSE)
    player.set_values({"server request": name}, {"server arguments": [argument]})
    run = player.broadcast("ask server")
    answer = player.variable("server reply")
    if answer != expected:
        raise SystemExit(f"a wrong answer came back: {str(answer)[:60]!r}")
    return run.seconds


def _frame_time(player: Player) -> float:
    """Milliseconds of work in a frame; of several spells the shortest, as another program can only add to it."""
    return min(_work(player) for _ in range(8))


def _work(player: Player) -> float:
    before = player.statistics()
    player.wait_frames(20)
    after = player.statistics()
    return 1000 * (after.work_seconds - before.work_seconds) / (after.frames - before.frames)


def _turns(player: Player) -> float:
    """How often a second a counting loop comes round: of several spells the best, as other programs only take away."""
    player.broadcast("count", wait=False)
    player.wait_frames(3)
    return max(_spell(player) for _ in range(3))


def _spell(player: Player) -> float:
    before, started = float(player.variable("turns")), time.perf_counter()
    player.wait_frames(10)
    return (float(player.variable("turns")) - before) / (time.perf_counter() - started)


if __name__ == "__main__":
    main(str(__doc__).splitlines()[0], measure)
