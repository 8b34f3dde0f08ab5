from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.transport.connection import Origin, VariableSet
from cloudlink.transport.inbox import MAX_KNOWN_VARIABLES, STORED_WITHIN, Inbox
from cloudlink.transport.lines import SetVariable, encode_update

pairs = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 3).map(str)), max_size=6)


def message(*sets: tuple[str, str]) -> str:
    return "\n".join(encode_update(SetVariable(f"☁ {name}", value)) for name, value in sets)


def news(sets: tuple[VariableSet, ...]) -> list[tuple[str, str]]:
    return [(event.name, event.value) for event in sets if event.origin is not Origin.STORED]


def test_what_is_stored_at_first_is_known_but_no_news() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    received = inbox.take(message(("x", "1"), ("y", "2")), now=0.1)
    assert received.sets == (VariableSet("x", "1", 0.1, Origin.STORED), VariableSet("y", "2", 0.1, Origin.STORED))
    assert inbox.known == {"x": "1", "y": "2"}
    assert news(inbox.take(message(("x", "1")), now=0.2).sets) == [("x", "1")]


def test_after_a_reconnect_only_what_changed_meanwhile_is_news() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    inbox.take(message(("x", "1"), ("y", "2")), now=0.1)
    inbox.sent("☁ z", "3")
    inbox.opened(now=10.0)
    received = inbox.take(message(("x", "1"), ("y", "5"), ("z", "3"), ("new", "4")), now=10.1)
    assert news(received.sets) == [("y", "5"), ("new", "4")]
    assert [event.origin for event in received.sets if event.name == "y"] == [Origin.CATCH_UP]


def test_a_set_of_ours_that_was_lost_does_not_make_the_one_before_it_news() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    inbox.sent("x", "1")
    inbox.sent("x", "2")  # into a connection that is dead already
    inbox.opened(now=30.0)
    assert news(inbox.take(message(("x", "1"), ("y", "1")), now=30.1).sets) == [("y", "1")]
    assert inbox.known["x"] == "1"


def test_a_set_of_ours_that_was_lost_does_not_make_what_others_set_before_it_news() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    assert news(inbox.take(message(("x", "1")), now=5.0).sets) == [("x", "1")]
    inbox.sent("x", "2")  # into a connection that is dead already
    inbox.opened(now=30.0)
    assert news(inbox.take(message(("x", "1")), now=30.1).sets) == []


def test_a_project_without_values_at_first_has_news_after_a_reconnect() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    inbox.opened(now=10.0)
    assert news(inbox.take(message(("x", "1")), now=10.1).sets) == [("x", "1")]


def test_stored_values_are_not_waited_for_without_an_end() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    assert inbox.stored_values_due(now=0.25) == STORED_WITHIN - 0.25
    assert inbox.take('{"method":"ack","name":"☁ x"}', now=0.5).sets == ()
    assert inbox.stored_values_due(now=STORED_WITHIN) == 0.0
    assert news(inbox.take(message(("x", "1")), now=STORED_WITHIN).sets) == [("x", "1")]


def test_after_a_reconnect_they_may_take_long() -> None:
    inbox = Inbox()
    inbox.opened(now=0.0)
    inbox.take(message(("x", "1")), now=0.1)
    inbox.opened(now=10.0)
    assert news(inbox.take(message(("x", "1"), ("y", "1")), now=39.9).sets) == [("y", "1")]
    inbox.opened(now=50.0)
    assert news(inbox.take(message(("x", "1")), now=80.0).sets) == [("x", "1")]


def test_rubbish_is_handed_back() -> None:
    inbox = Inbox()
    assert [line.excerpt for line in inbox.take("Stop that.\n[]", now=0.0).rejected] == ["Stop that.", "[]"]


def test_memory_is_bounded() -> None:
    inbox = Inbox()
    for number in range(MAX_KNOWN_VARIABLES + 10):
        inbox.sent(str(number), "1")
    assert len(inbox.known) == MAX_KNOWN_VARIABLES
    assert "0" not in inbox.known


@given(st.lists(pairs, max_size=8), pairs, st.lists(pairs, max_size=8))
def test_each_set_that_a_server_delivers_is_news_exactly_once(
    before: list[list[tuple[str, str]]], missed: list[tuple[str, str]], after: list[list[tuple[str, str]]]
) -> None:
    """A connection, a gap in which others set `missed`, and a second connection."""
    inbox = Inbox()
    stored = {"x": "0"}
    inbox.opened(now=0.0)
    inbox.take(message(*stored.items()), now=0.1)
    heard = []
    for batch in before:
        heard += news(inbox.take(message(*batch), now=5.0).sets)
        stored |= dict(batch)
    assert heard == [pair for batch in before for pair in batch]
    changed = {name: value for name, value in (stored | dict(missed)).items() if stored.get(name) != value}
    stored |= dict(missed)
    inbox.opened(now=20.0)
    assert dict(news(inbox.take(message(*stored.items()), now=20.1).sets)) == changed
    heard = [pair for batch in after for pair in news(inbox.take(message(*batch), now=30.0).sets)]
    assert heard == [pair for batch in after for pair in batch]
