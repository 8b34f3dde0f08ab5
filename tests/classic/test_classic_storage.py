"""The Cloud Storage sprite's requests, from its blocks to the database and back."""

from __future__ import annotations

from typing import Any

import pytest
from classic_worlds import ClassicWorld
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from cloudlink.classic.events import ClassicRequest
from cloudlink.classic.storage import PONG, storage_handlers
from cloudlink.errors import RequestError
from cloudlink.rpc.router import Router
from cloudlink.transport.memory import Weather

names = st.sampled_from(["scores", "houses", "nowhere"])
keys = st.text("abcXYZ 123._-", max_size=12)
values = st.text("abcXYZ 0123.,!?-", max_size=300)


def storage_world(databases: dict[str, dict[str, str]], **options: Any) -> ClassicWorld:
    router = Router()
    for name, function in storage_handlers(databases, **options).items():
        router.add(function, name=name)

    def handle(request: ClassicRequest) -> Any:
        handler = router.find(request.name)
        return handler.function(*handler.convert(request.arguments))

    return ClassicWorld(handler=handle, weather=Weather(delay=(0.05, 0.3)))


class Storage(RuleBasedStateMachine):
    """What a project reads is what was written last, and every block goes on at once."""

    def __init__(self) -> None:
        super().__init__()
        self.databases: dict[str, dict[str, str]] = {"scores": {}, "houses": {}}
        self.model: dict[str, dict[str, str]] = {"scores": {}, "houses": {}}
        self.world = storage_world(self.databases)

    def ask(self, name: str, *arguments: str) -> list[str]:
        answer = self.world.answer_of(name, *arguments)
        assert self.world.players[0].waited[-1] < 5.0
        return answer

    @rule(name=names, key=keys, value=values)
    def set_value(self, name: str, key: str, value: str) -> None:
        answer = self.ask("set", name, key, value)
        if name in self.model:
            self.model[name][key] = value
            assert answer == [""]
        else:
            assert answer == ["Error in request set", "Database nowhere doesn't exist"]
        assert self.databases == self.model

    @rule(name=names, key=keys)
    def get_value(self, name: str, key: str) -> None:
        answer = self.ask("get", name, key)
        if name in self.model:
            assert answer == [self.model[name].get(key) or ("-" if key in self.model[name] else "")]
        else:
            assert answer == ["Error in request get", "Database nowhere doesn't exist"]

    @rule(name=names)
    def get_keys(self, name: str) -> None:
        answer = self.ask("keys", name)
        if name in self.model:
            assert answer == (list(self.model[name]) or [""])
        else:
            assert answer[0] == "Error in request keys"

    @rule()
    def get_names(self) -> None:
        assert self.ask("database_names") == ["scores", "houses"]
        assert self.ask("ping") == [PONG]


TestStorage = Storage.TestCase
TestStorage.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)


def test_anybodys_writing_is_bounded() -> None:
    handlers = storage_handlers({"scores": {}}, most_keys=2, most_characters=5)
    handlers["set"]("scores", "a", "12345")
    handlers["set"]("scores", "b", "1")
    handlers["set"]("scores", "a", "2")
    with pytest.raises(RequestError, match="2 keys"):
        handlers["set"]("scores", "c", "1")
    with pytest.raises(RequestError, match="6 characters, 5 are the most"):
        handlers["set"]("scores", "a", "123456")
    with pytest.raises(RequestError, match="6 characters"):
        handlers["set"]("scores", "123456", "a")
    assert handlers["keys"]("scores") == ["a", "b"]


def test_a_database_that_is_added_later_is_there() -> None:
    databases: dict[str, dict[str, str]] = {}
    handlers = storage_handlers(databases)
    databases["new"] = {"a": "1"}
    assert handlers["database_names"]() == ["new"]
    assert handlers["get"]("new", "a") == "1"
