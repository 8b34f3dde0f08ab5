"""The whole stack: blocks in the real Scratch machine, the wire, a real socket, Python handlers, and back."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playing import PLACES, come_online, connect_server, join, request
from spacing import too_close

from cloudlink import CloudRequests, RequestError
from cloudlink.localcloud import Faults, LocalCloud, SetRecord
from cloudlink.player import Player

TEXTS = ["", "7", "007", "1e3", 'quotes " and \' ', "a & b", "back\\slash", "{braces} [brackets] <tags>", "Ünïcödé ÀÉß",
         "☃ 漢字 こんにちは Привет Γειά", "😀🚀👩‍👩‍👧", "tab\tnew\nline", "true", "x" * 300]  # fmt: skip


@dataclass
class Server:
    """A cloud and a server on it, and what its handlers and the cloud have seen."""

    cloud: LocalCloud
    client: CloudRequests
    runs: Counter[str] = field(default_factory=Counter)
    arguments: list[tuple[Any, ...]] = field(default_factory=list)
    sets: dict[int, list[float]] = field(default_factory=dict)

    def note_set(self, record: SetRecord) -> None:
        self.sets.setdefault(record.connection, []).append(record.received_at)


def add_handlers(server: Server) -> None:
    client = server.client

    @client.request
    def echo(*arguments: Any) -> Any:
        server.arguments.append(arguments)
        return list(arguments)

    @client.request
    def add(a: float, b: float) -> float:
        return a + b

    @client.request
    def once(label: str) -> str:
        server.runs[label] += 1
        return f"done {label}"

    @client.request
    def long(length: int) -> str:
        return long_text(length)

    @client.request
    def record() -> dict[str, Any]:
        return {"players": [{"name": "Ann", "score": 1.5}, {"name": "Bob", "alive": True}], "nothing": None}

    @client.request
    def refuse() -> None:
        raise RequestError("the door is locked", 423)

    @client.request
    def fail() -> None:
        raise ValueError("a secret")

    @client.request
    async def later() -> str:
        return "now"


def long_text(length: int) -> str:
    return ("Grüße ☃ 😀 漢字 & \\ {abc} " * length)[:length]


@contextmanager
def serving(flavor: str = "vanilla") -> Iterator[Server]:
    with LocalCloud(PLACES[flavor]) as cloud, connect_server(cloud) as connection:
        server = Server(cloud, CloudRequests(connection))
        cloud.on_set = server.note_set
        add_handlers(server)
        with server.client:
            yield server


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def play(player: Player, starter: Path, server: Server, *, user: str = "player1234") -> Player:
    player.load(starter)
    return come_online(player, server.cloud, user=user)


def as_shown(value: Any) -> Any:
    """What Scratch shows: 2 and the text 2 are the same to it."""
    if isinstance(value, list | tuple):
        return [as_shown(item) for item in value]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def ask(player: Player, name: str, *arguments: Any, timeout: int = 30) -> Any:
    """The reply as the project sees it; its items if it is a list; RequestError for an error."""
    request(player, name, *arguments, timeout=timeout)
    seen = player.values(["server reply", "server error", "server error code"], ["server reply list"])
    if seen.variables["server error"]:
        raise RequestError(str(seen.variables["server error"]), int(seen.variables["server error code"]))
    return seen.lists["server reply list"] or seen.variables["server reply"]


@pytest.fixture
def player(vanilla_player: Player, starter: Path, server: Server) -> Player:
    return play(vanilla_player, starter, server)


def test_texts_arrive_as_they_were_typed_and_come_back(player: Player, server: Server) -> None:
    assert ask(player, "echo", *TEXTS) == [7 if text == "7" else text for text in TEXTS]
    assert server.arguments == [tuple(7 if text == "7" else text for text in TEXTS)]


def test_numbers_arrive_as_numbers_and_come_back_exactly(player: Player, server: Server) -> None:
    numbers = [0, 1, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, -128, -129, -40000, 2**31, -(2**31) - 1, 2**53,
               -(2**53), 0.1, -2.5, 1e300, -1e-300, 5e-324, 1 / 3]  # fmt: skip
    assert [float(shown) for shown in ask(player, "echo", *numbers)] == numbers  # some as texts: Scratch does not mind
    assert server.arguments == [tuple(numbers)]
    assert ask(player, "add", 0.1, "0.2") == 0.1 + 0.2


def test_an_empty_list_of_arguments_and_an_empty_answer_arrive(player: Player, server: Server) -> None:
    assert str(ask(player, "echo")) == "0"  # a list's own value is its number of items
    assert server.arguments == [()]


def test_a_record_is_read_by_path(player: Player) -> None:
    ask(player, "record")
    seen = player.values([], ["server reply paths", "server reply values"]).lists
    shown = map(str, seen["server reply values"])  # 2 or the text 2 is the same to Scratch
    assert dict(zip(seen["server reply paths"], shown, strict=True)) == {
        "": "2",
        "players": "2",
        "players.1": "2",
        "players.1.name": "Ann",
        "players.1.score": "1.5",
        "players.2": "2",
        "players.2.name": "Bob",
        "players.2.alive": "true",
        "nothing": "",
    }


def test_an_answer_of_5000_characters_in_several_scripts_arrives(player: Player) -> None:
    assert ask(player, "long", 5000) == long_text(5000)


@pytest.mark.parametrize(
    ("request_", "arguments", "code", "text"),
    [
        ("refuse", (), 423, "the door is locked"),
        ("fail", (), 500, "internal error"),
        ("nobody", (), 404, "there is no request called 'nobody'"),
        ("add", ("five", 1), 400, "add: a should be a number, not 'five'"),
    ],
)
def test_an_error_is_seen_by_the_project(
    player: Player, request_: str, arguments: tuple[Any, ...], code: int, text: str
) -> None:
    with pytest.raises(RequestError) as caught:
        ask(player, request_, *arguments)
    assert (caught.value.code, caught.value.text) == (code, text)


def test_a_coroutine_answers_too(player: Player) -> None:
    assert ask(player, "later") == "now"


def test_without_a_server_the_project_sees_a_timeout(vanilla_player: Player, starter: Path) -> None:
    with LocalCloud("scratch") as cloud:
        vanilla_player.load(starter)
        join(vanilla_player, cloud)
        with pytest.raises(RequestError) as caught:
            ask(vanilla_player, "later", timeout=2)
        assert caught.value.code == 408
        assert vanilla_player.variable("server status") == "connecting"


def test_the_sprite_never_sets_twice_within_a_tenth_of_a_second(player: Player, server: Server) -> None:
    ask(player, "echo", "x" * 2000)
    statistics = player.statistics()
    assert statistics.sets_throttled == 0
    assert statistics.sets_while_closed == 0
    assert not any(too_close(times, 0.1) for times in server.sets.values())


@pytest.mark.timeout(180)
@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_five_players_at_once_each_get_their_answers_and_each_request_runs_once(
    parts: Path, starter: Path, loss: float
) -> None:
    with serving() as server, ExitStack() as stack:
        server.cloud.faults = Faults(loss=loss, seed=5)
        players = [stack.enter_context(Player(parts=parts)) for _ in range(5)]
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda number: play(players[number], starter, server, user=f"player10{number}"), range(5)))
            answers = list(pool.map(lambda number: _ask_everything(players[number], number), range(5)))
        assert as_shown(answers) == as_shown([_everything(number) for number in range(5)])
        assert server.runs == Counter(f"{number}-{turn}" for number in range(5) for turn in range(8))


def _ask_everything(player: Player, number: int) -> list[Any]:
    once = [ask(player, "once", f"{number}-{turn}", timeout=60) for turn in range(8)]
    return [
        *once,
        ask(player, "add", number, 0.5, timeout=60),
        ask(player, "echo", *TEXTS[3:], number, timeout=60),
        ask(player, "echo", timeout=60),
        ask(player, "long", 300 + number, timeout=60),
    ]


def _everything(number: int) -> list[Any]:
    once = [f"done {number}-{turn}" for turn in range(8)]
    return [*once, number + 0.5, [*TEXTS[3:], number], 0, long_text(300 + number)]


def test_a_cloud_that_dies_in_the_middle_is_come_back_to(player: Player, server: Server) -> None:
    def restart() -> None:
        time.sleep(0.7)
        server.cloud.stop()
        time.sleep(0.5)
        server.cloud.start()

    killer = threading.Thread(target=restart)
    killer.start()
    assert ask(player, "long", 1500, timeout=60) == long_text(1500)
    killer.join()
    assert ask(player, "once", "after", timeout=60) == "done after"
    assert server.runs == {"after": 1}


def test_a_second_green_flag_begins_anew(player: Player, server: Server) -> None:
    request(player, "long", 5000, wait=False)
    player.wait_until("server progress", at_least=10, timeout=10)
    player.green_flag()
    player.wait_until("server status", equals="online", timeout=10)
    assert ask(player, "once", "again") == "done again"


def test_turbowarps_compiled_machine_runs_the_same_project(turbowarp_player: Player, starter: Path) -> None:
    with serving("turbowarp") as server:
        player = play(turbowarp_player, starter, server)
        assert ask(player, "echo", *TEXTS[3:], 2.5) == [*TEXTS[3:], 2.5]
        assert ask(player, "long", 5000) == long_text(5000)
