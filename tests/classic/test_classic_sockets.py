"""The classic server and the incumbent's sprite over real sockets, on good days and bad ones."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from random import Random
from typing import Any

import pytest
from classic_sprite import DONE, FRAME, TIMEOUT, ClassicSprite
from spacing import too_close

from cloudlink.classic.settings import UPLINK
from cloudlink.client import CloudClient
from cloudlink.clock import system_clock
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import NotConnected
from cloudlink.limits import SCRATCH
from cloudlink.localcloud import Faults, LocalCloud, SetRecord
from cloudlink.server import CloudRequests
from cloudlink.transport.backoff import Backoff
from cloudlink.transport.connection import VariableSet

SECONDS = 60.0
"""How long a test waits for what should happen soon."""

STORED_WITHIN = 1.5
"""Seconds after connecting within which a value may be taken for one that was stored."""

Handler = Callable[..., Any]


class Served:
    """The real server over a connection, and what it ran."""

    def __init__(self, connection: CloudConnection, handlers: dict[str, Handler]) -> None:
        self.runs: Counter[tuple[str, ...]] = Counter()
        self.server = CloudRequests(connection)
        for name, handler in handlers.items():
            self.server.add_request(self._counted(name, handler), name=name)

    def _counted(self, name: str, handler: Handler) -> Handler:
        def run(*arguments: str) -> Any:
            self.runs[(name, *arguments)] += 1
            return handler(*arguments)

        return run

    def __enter__(self) -> Served:
        self.server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.stop()


class Game:
    """A thread that runs the frames of one player's sprite."""

    def __init__(self, connection: CloudConnection, questions: list[tuple[str, ...]]) -> None:
        self.results: list[tuple[tuple[str, ...], str, str, list[str]]] = []
        self._connection = connection
        self._questions = questions
        self._sprite = ClassicSprite(Random())
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="classic-game")

    def start(self) -> None:
        self._connection.add_listener(self._listen)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(3 * SECONDS)
        assert not self._thread.is_alive()
        self._connection.remove_listener(self._listen)

    def _listen(self, event: object) -> None:
        if isinstance(event, VariableSet):
            with self._lock:
                self._sprite.receive(event.name, event.value)

    def _run(self) -> None:
        for question in self._questions:
            self._sprite.ask(*question)
            while self._sprite.busy:
                time.sleep(FRAME)
                with self._lock:
                    writes = self._sprite.frame(now=system_clock())
                for write in writes:
                    with suppress(NotConnected):  # a player drops what is set while its line is down
                        self._connection.set_var(write.name, write.value)
            self.results.append((question, self._sprite.id, self._sprite.status, self._sprite.response))


class Place:
    """A cloud, and all that has joined a project there."""

    def __init__(self, cloud: LocalCloud, stack: ExitStack) -> None:
        self.cloud = cloud
        self.sets: list[SetRecord] = []
        self._stack = stack
        cloud.on_set = self.sets.append

    def connect(self, user: str) -> CloudConnection:
        kind = CloudConnection if self.cloud.profile.limits == SCRATCH else TwCloudConnection
        backoff = Backoff(first=0.05, longest=0.4, stable=1.0)
        return self._stack.enter_context(kind("77", username=user, cloud_host=self.cloud.url, backoff=backoff))

    def serve(self, **handlers: Handler) -> Served:
        """A server that takes what comes from now on for new."""
        served = self._stack.enter_context(Served(self.connect("server"), handlers))
        time.sleep(STORED_WITHIN)
        return served

    def play(self, *questions: list[tuple[str, ...]]) -> list[Game]:
        games = [Game(self.connect(f"player{number}"), asked) for number, asked in enumerate(questions)]
        for game in games:
            game.start()
        return games


@contextmanager
def place(profile: str) -> Iterator[Place]:
    before = set(threading.enumerate())
    with ExitStack() as stack:
        yield Place(stack.enter_context(LocalCloud(profile)), stack)
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
    assert set(threading.enumerate()) <= before


def repeat(text: str, times: str) -> str:
    return text * int(times)


def right_answer(question: tuple[str, ...]) -> list[str]:
    name, text, times = question
    assert name == "repeat"
    return [repeat(text, times)]


def questions(player: int, count: int, length: int) -> list[tuple[str, ...]]:
    return [("repeat", f"p{player}n{number}.", str(length)) for number in range(count)]


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
def test_players_of_both_clouds_get_their_answers(profile: str) -> None:
    with place(profile) as here:
        served = here.serve(repeat=repeat, nothing=lambda: None, half=lambda: 0.5)
        asked = [questions(player, 3, 60) for player in range(4)]
        games = here.play(*asked, [("nothing",), ("half",), ("lood", "1")])
        for game in games:
            game.join()
    for game, its_questions in zip(games, asked, strict=False):
        assert [(DONE, right_answer(question)) for question in its_questions] == [
            (status, response) for _, _, status, response in game.results
        ]
    assert [response for _, _, _, response in games[-1].results] == [
        [""],
        ["0.5"],
        ["Error in request lood", "there is no request called 'lood'"],
    ]
    assert set(served.runs.values()) == {1}


def test_with_one_in_twenty_values_lost_what_is_done_is_right_and_what_came_is_done() -> None:
    with place("scratch") as here:
        served = here.serve(repeat=repeat)
        games = here.play(*(questions(player, 4, 80) for player in range(3)))
        here.cloud.faults = Faults(loss=0.05, delay=(0.02, 0.15), seed=5)
        for game in games:
            game.join()
    wrong = 0
    for game in games:
        for question, _, status, response in game.results:
            if question in served.runs:
                wrong += (status, response) != (DONE, right_answer(question))
            else:
                assert status == TIMEOUT or response[0].startswith("Error in request")
    # Where every copy of the last numbered part is lost and the closing part is not, no server can help this sprite.
    assert wrong <= 1
    assert set(served.runs.values()) <= {1}


def test_a_cloud_that_restarts_and_a_server_that_reconnects_run_nothing_twice() -> None:
    with place("scratch") as here:
        served = here.serve(repeat=repeat)
        games = here.play(*(questions(player, 4, 60) for player in range(3)))
        for _ in range(4):
            time.sleep(0.7)
            here.cloud.stop()
            here.cloud.start()
        for game in games:
            game.join()
        after = here.play([("repeat", "after.", "3")])[0]
        after.join()
    assert after.results[0][2:] == (DONE, ["after.after.after."])
    wrong = [
        (question, response)
        for game in games
        for question, _, status, response in game.results
        if status == DONE and response != right_answer(question) and not response[0].startswith("Error in request")
    ]
    # An outage can take the last numbered part and leave the closing one, too.
    assert len(wrong) <= 1, wrong
    assert set(served.runs.values()) <= {1}


def test_the_request_of_last_week_is_not_run_when_the_server_starts() -> None:
    with place("scratch") as here:
        here.connect("somebody").set_var(UPLINK, "51374733.454480")  # ping
        deadline = time.monotonic() + SECONDS
        while not here.cloud.variables("77"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        served = here.serve(ping=lambda: "pong", repeat=repeat)
        game = here.play([("repeat", "x", "3")])[0]
        game.join()
        assert game.results[0][2:] == (DONE, ["xxx"])
        assert set(served.runs) == {("repeat", "x", "3")}


def test_strangers_do_not_keep_players_from_their_answers() -> None:
    random = Random(3)
    rubbish = ["1", "-1", "0.0", "9.1234509", "21.111111", "-21.111111", "0.00000000000000000000000009", "12345678901"]
    with place("turbowarp") as here:
        served = here.serve(repeat=repeat)
        stranger = here.connect("stranger")
        games = here.play(*(questions(player, 3, 60) for player in range(3)))
        while any(game._thread.is_alive() for game in games):
            stranger.set_var(UPLINK, random.choice(rubbish))
        for game in games:
            game.join()
    # TurboWarp's cloud relays each set, so nobody's request is lost; what is lost is room for answers.
    for game in games:
        for question, _, status, response in game.results:
            assert (status, response) == (DONE, right_answer(question))
    assert all(served.runs["repeat", *question[1:]] == 1 for game in games for question, *_ in game.results)


def test_the_pace_of_the_platform_is_kept() -> None:
    with place("scratch") as here:
        here.serve(repeat=repeat)
        games = here.play(*(questions(player, 2, 100) for player in range(3)))
        for game in games:
            game.join()
        mine = [record for record in here.sets if record.user == "server"]
    assert len(mine) > 10
    assert not too_close([record.received_at for record in mine], SCRATCH.set_interval)


def test_both_sprites_are_served_by_the_same_handlers_at_once() -> None:
    with place("turbowarp") as here:
        served = here.serve(repeat=repeat, count=lambda to: (number for number in range(int(to))))
        games = here.play(*([*questions(player, 3, 60), ("count", "3")] for player in range(2)))
        with CloudClient(here.connect("ours")) as ours:
            for number in range(5):
                assert ours.request("repeat", f"{number}.", 100, timeout=SECONDS) == f"{number}." * 100
            assert list(ours.stream("count", 3)) == [0, 1, 2]
            for game in games:
                game.join()
            heard: list[Any] = []
            ours.follow(heard.append)
            assert ours.wait_follows(timeout=SECONDS)
            assert served.server.send("to all of you") == 1
            while not heard:
                time.sleep(0.01)
    for game in games:
        for question, _, status, response in game.results[:3]:
            assert (status, response) == (DONE, right_answer(question))
        assert game.results[3][2:] == (DONE, ["0", "1", "2"])
    assert heard == ["to all of you"]
