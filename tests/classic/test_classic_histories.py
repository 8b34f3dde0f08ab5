"""Random histories: players, strangers, outages and restarts, in any order."""

from __future__ import annotations

from collections import Counter

from classic_sprite import DONE
from classic_worlds import ClassicWorld, Player
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloudlink.classic.answers import encode_answer
from cloudlink.classic.packet import pack
from cloudlink.transport.memory import Weather

PLAYERS = 4

players = st.integers(0, PLAYERS - 1)
weathers = st.builds(
    Weather,
    delay=st.sampled_from([(0.0, 0.0), (0.05, 0.3)]),
    loss=st.sampled_from([0.0, 0.0, 0.05]),
    relay_interval=st.sampled_from([0.0, 1 / 30, 0.1]),
)


class Histories(RuleBasedStateMachine):
    """A request is run once at most; an answer is right, or visibly missing, or an error that says so."""

    @initialize(seed=st.integers(0, 10**6), overwrites=st.booleans(), slow=st.sampled_from([0.0, 0.2, 3.0]))
    def start(self, seed: int, overwrites: bool, slow: float) -> None:
        self.world = ClassicWorld(
            players=PLAYERS,
            seed=seed,
            overwrites=overwrites,
            handler_time=lambda random: random.uniform(0, slow),
        )
        self.asked: dict[int, tuple[str, str]] = {}
        self.judged: Counter[int] = Counter()
        self.number = 0
        self.calm = True
        """Nothing bad has happened yet, so nothing may go wrong."""

    def player(self, index: int) -> Player:
        return self.world.players[index]

    @rule(index=players, length=st.integers(1, 300), times=st.integers(1, 5))
    def ask(self, index: int, length: int, times: int) -> None:
        player = self.player(index)
        if player.sprite.busy:
            return
        self.number += 1
        text = f"{self.number}.{'y' * length}"  # no two requests ask for the same
        self.asked[index] = (text, str(times))
        content = encode_answer(text * times, numbers=True)
        player.sprite.expected_parts = len(pack(content, "123450", capacity=256))
        player.ask("repeat", text, str(times), now=self.world.now)

    @rule(seconds=st.sampled_from([0.03, 0.2, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds=seconds)

    @rule(weather=weathers)
    def change_weather(self, weather: Weather) -> None:
        self.calm = self.calm and weather.loss == 0 and weather.relay_interval == 0
        self.world.cloud.weather = weather

    @rule(count=st.integers(1, 12))
    def lose_answers(self, count: int) -> None:
        self.calm = False
        self.world.lost_writes += count

    @rule(value=st.from_regex(r"-?[0-9]{1,8}\.[0-9]{5}0?9?", fullmatch=True) | st.text(max_size=10))
    def hear_a_stranger(self, value: str) -> None:
        self.calm = False
        self.world.set_as_stranger(value)

    @rule(index=players, part=st.integers(0, 20))
    def ask_for_a_part_as_a_stranger(self, index: int, part: int) -> None:
        self.calm = False
        self.world.set_as_stranger(f"{part}.{self.player(index).sprite.id or 123450}9")

    @precondition(lambda self: self.world.online)
    @rule()
    def lose_the_connection(self) -> None:
        self.calm = False
        self.world.go_down()

    @precondition(lambda self: not self.world.online)
    @rule()
    def find_the_connection(self) -> None:
        self.world.go_up()

    @precondition(lambda self: self.world.online)
    @rule()
    def restart(self) -> None:
        self.calm = False
        self.world.restart_server()

    @invariant()
    def judge(self) -> None:
        if not hasattr(self, "world"):
            return
        for index, player in enumerate(self.world.players):
            while self.judged[index] < len(player.results):
                status, response = player.results[self.judged[index]]
                self.judged[index] += 1
                self.judge_result(player, self.asked[index], status, response)
        texts = Counter(request.arguments for request in self.world.requests if request.name == "repeat")
        assert all(count == 1 for count in texts.values())

    def judge_result(self, player: Player, asked: tuple[str, str], status: str, response: list[str]) -> None:
        text, times = asked
        right = response == [text * int(times)]
        note(f"{player.sprite.id}: {status}, {'right' if right else response}")
        if self.calm:
            assert (status, right) == (DONE, True)
        if status == DONE and player.sprite.grown:
            assert right or response[0].startswith("Error in request")

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        if not self.world.online:
            self.world.go_up()
        self.world.cloud.weather = Weather(delay=(0.05, 0.3))
        self.world.lost_writes = 0
        self.world.run_until_idle()
        self.judge()
        self.world.run(seconds=80)  # all is well again, and nothing of it stays
        player = self.player(0)
        player.sprite.expected_parts = 3
        player.ask("repeat", "z" * 100, "3", now=self.world.now)
        self.world.run_until_idle()
        assert player.last == (DONE, ["z" * 300])
        self.world.run(seconds=80)
        player.ask("repeat", "z", "3", now=self.world.now)
        self.world.run(seconds=5)
        held = self.world.server.held
        assert (held["unfinished"], held["requests"], held["answers"], held["remembered"]) == (0, 0, 1, 1)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
