"""Random histories of a store, against dictionaries."""

from __future__ import annotations

import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cloudlink.storage import Storage

spaces = st.sampled_from(["", "ann", "Ann"])
keys = st.sampled_from(["coins", "Coins", "", "x\x00", "\udfff"])
numbers = st.integers() | st.integers(-(2**70), 2**70)
values = numbers | st.text(max_size=5) | st.binary(max_size=5) | st.lists(st.integers(), max_size=3) | st.none()
players = st.sampled_from(["ann", "bob", "eve"])
scores = st.integers(-3, 3) | st.sampled_from([0.5, -2.5])


class Histories(RuleBasedStateMachine):
    """A store does what dictionaries do, in transactions that are kept or undone, and after being opened anew."""

    scheme = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.place = f"{self.scheme}{Path(self.folder.name) / 'game.db'}"
        self.store = Storage(self.place)
        self.spaces: dict[str, dict[str, Any]] = {"": {}, "ann": {}, "Ann": {}}
        self.board: dict[str, float] = {}
        self.turns: list[str] = []  # players, by the time of their score
        self.open: list[tuple[Any, Any]] = []

    def teardown(self) -> None:
        while self.open:
            self.commit()
        self.store.close()
        self.folder.cleanup()

    @rule(space=spaces, key=keys, value=values)
    def put(self, space: str, key: str, value: Any) -> None:
        self.store.namespace(space)[key] = value
        self.spaces[space][key] = value

    @rule(space=spaces, key=keys)
    def pop(self, space: str, key: str) -> None:
        assert self.store.namespace(space).pop(key, "nothing") == self.spaces[space].pop(key, "nothing")

    @rule(space=spaces, key=keys, value=values)
    def setdefault(self, space: str, key: str, value: Any) -> None:
        assert self.store.namespace(space).setdefault(key, value) == self.spaces[space].setdefault(key, value)

    @rule(space=spaces, pairs=st.dictionaries(keys, values))
    def update(self, space: str, pairs: dict[str, Any]) -> None:
        self.store.namespace(space).update(pairs)
        self.spaces[space].update(pairs)

    @rule(space=spaces, key=keys, amount=numbers)
    def add(self, space: str, key: str, amount: int) -> None:
        old = self.spaces[space].get(key, 0)
        if isinstance(old, int):
            self.spaces[space][key] = old + amount
            assert self.store.namespace(space).add(key, amount) == old + amount

    @rule(space=spaces)
    def clear(self, space: str) -> None:
        self.store.namespace(space).clear()
        self.spaces[space].clear()

    @rule(player=players, score=scores)
    def submit(self, player: str, score: float) -> None:
        better = player not in self.board or score > self.board[player]
        assert self.store.leaderboard("level").submit(player, score) == better
        if better:
            self._set_score(player, score)

    @rule(player=players, amount=scores)
    def add_score(self, player: str, amount: float) -> None:
        self._set_score(player, self.board.get(player, 0) + amount)
        assert self.store.leaderboard("level").add(player, amount) == self.board[player]

    @rule(player=players)
    def remove_score(self, player: str) -> None:
        assert self.store.leaderboard("level").remove(player) == (player in self.board)
        self.board.pop(player, None)

    def _set_score(self, player: str, score: float) -> None:
        self.board[player] = score
        self.turns = [*(name for name in self.turns if name != player), player]

    @precondition(lambda self: len(self.open) < 3)
    @rule()
    def begin(self) -> None:
        transaction = self.store.transaction()
        transaction.__enter__()
        self.open.append((transaction, deepcopy((self.spaces, self.board, self.turns))))

    @precondition(lambda self: self.open)
    @rule()
    def commit(self) -> None:
        transaction, _ = self.open.pop()
        transaction.__exit__(None, None, None)

    @precondition(lambda self: self.open)
    @rule()
    def fail(self) -> None:
        transaction, (self.spaces, self.board, self.turns) = self.open.pop()
        error = ZeroDivisionError()
        assert not transaction.__exit__(ZeroDivisionError, error, None)

    @precondition(lambda self: not self.open)
    @rule()
    def open_anew(self) -> None:
        self.store.close()
        self.store = Storage(self.place)

    @invariant()
    def dictionaries_are_equal(self) -> None:
        for name, space in self.spaces.items():
            assert self.store.namespace(name).copy() == space
        assert set(self.store.namespaces) == {name for name, space in self.spaces.items() if space}

    @invariant()
    def the_board_is_sorted(self) -> None:
        board = self.store.leaderboard("level")
        best = sorted(self.board, key=lambda player: (-self.board[player], self.turns.index(player)))
        ranks = [1 + sum(other > self.board[player] for other in self.board.values()) for player in best]
        top = board.top()
        assert [(entry.player, entry.score, entry.rank) for entry in top] == [
            (player, self.board[player], rank) for player, rank in zip(best, ranks, strict=True)
        ]
        assert board.top(1, skip=1) == top[1:2]
        assert [board.rank(player) for player in best] == ranks


@pytest.mark.parametrize("scheme", ["", "sqlite:///"])
def test_a_store_does_what_dictionaries_do(scheme: str) -> None:
    machine = type("Histories", (Histories,), {"scheme": scheme})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=30))
