"""Random histories: whatever happens to the network, the server and the players, and in whatever order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from worlds import Player, World, mirror

from cloudlink.link.events import TopicGap, TopicMessage
from cloudlink.transport.memory import Weather

players = st.integers(0, 2)


class TimeAndWeather(RuleBasedStateMachine):
    """Time passes, and the weather changes. Values never overtake each other, as on Scratch's own cloud."""

    def __init__(self, *, players: int, seed: int) -> None:
        super().__init__()
        self.world = World(players=players, weather=Weather(delay=(0.02, 0.3)), seed=seed)

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.5, 2.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds=seconds)

    @rule(loss=st.sampled_from([0.0, 0.05, 0.3]), doubling=st.sampled_from([0.0, 0.2]))
    def change_the_weather(self, loss: float, doubling: float) -> None:
        self.world.cloud.weather = Weather(delay=(0.02, 0.3), loss=loss, doubling=doubling)


class Histories(TimeAndWeather):
    """Three players and a server."""

    def __init__(self) -> None:
        super().__init__(players=3, seed=7)
        self.gone: list[Player] = []
        self.number = 0

    @rule(player=players, size=st.integers(0, 700))
    def ask(self, player: int, size: int) -> None:
        self.number += 1
        self.world.players[player].ask(f"{self.number:05d}" + "3" * size)

    @rule(player=players)
    def give_up(self, player: int) -> None:
        asked = self.world.players[player]
        waiting = [ticket for ticket in asked.asked if ticket not in asked.answers and ticket not in asked.lost]
        if waiting:
            asked.link.cancel(waiting[0], now=self.world.now)
            del asked.asked[waiting[0]]

    @rule(player=players, seconds=st.sampled_from([0.5, 5.0, 90.0, 400.0]))
    def hide_the_tab(self, player: int, seconds: float) -> None:
        self.world.players[player].sleeps_until = self.world.now + seconds

    @rule()
    def restart_the_server(self) -> None:
        self.world.restart_server()

    @rule(player=players)
    def open_the_project_anew(self, player: int) -> None:
        self.gone.append(self.world.players[player])
        self.world.restart_player(self.world.players[player])

    @invariant()
    def every_request_runs_at_most_once(self) -> None:
        assert max(self.world.runs.values(), default=1) == 1

    @invariant()
    def every_answer_is_right_and_comes_at_most_once(self) -> None:
        for player in [*self.world.players, *self.gone]:
            for ticket, answers in player.answers.items():
                if ticket in player.asked:
                    assert answers == [mirror(player.asked[ticket])]
            assert not set(player.answers) & set(player.lost)

    def teardown(self) -> None:
        """In the end everything that is still wanted is answered, or visibly lost."""
        self.world.cloud.weather = Weather(delay=(0.02, 0.3))
        self.world.run_until_answered(seconds=2000)
        self.every_request_runs_at_most_once()
        self.every_answer_is_right_and_comes_at_most_once()
        for player in self.world.players:
            assert set(player.asked) <= set(player.answers) | set(player.lost)


class FollowerHistories(TimeAndWeather):
    """A topic and a follower that is at times away."""

    def __init__(self) -> None:
        super().__init__(players=1, seed=3)
        (self.player,) = self.world.players
        self.player.ask("1")
        self.world.run_until_answered()
        self.topic = self.world.server.open_topic()
        number = self.world.server.subscribe(self.world.server.clients[0], self.topic)
        self.player.link.follow(self.topic, number, held=49, now=self.world.now)
        self.published: list[str] = []

    @rule(count=st.sampled_from([1, 1, 3, 60, 130]), size=st.integers(0, 300))
    def publish(self, count: int, size: int) -> None:
        for _ in range(count):
            self.published.append(f"{len(self.published):05d}" + "3" * (size if count < 60 else 0))
            self.world.server.publish(self.topic, self.published[-1], now=self.world.now)

    @rule(seconds=st.sampled_from([0.5, 5.0, 90.0]))
    def hide_the_tab(self, seconds: float) -> None:
        self.player.sleeps_until = self.world.now + seconds

    @property
    def heard(self) -> list[str]:
        return [event.digits for event in self.player.events if isinstance(event, TopicMessage)]

    @invariant()
    def messages_come_once_and_in_order(self) -> None:
        assert self.heard == sorted(set(self.heard))
        assert set(self.heard) <= set(self.published)

    def teardown(self) -> None:
        """In the end each message is here or counted as lost."""
        self.world.cloud.weather = Weather(delay=(0.02, 0.3))
        self.world.run(seconds=300)
        self.messages_come_once_and_in_order()
        lost = sum(event.lost for event in self.player.events if isinstance(event, TopicGap))
        assert len(self.heard) + lost == len(self.published)
        assert self.heard[-1:] == self.published[-1:]


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestFollowerHistories = FollowerHistories.TestCase
TestFollowerHistories.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
