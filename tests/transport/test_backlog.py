from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.transport.backlog import Backlog, WhenDown

sets = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9).map(str)), max_size=30)


def drain(backlog: Backlog) -> list[tuple[str, str]]:
    out = []
    while (waiting := backlog.first()) is not None:
        out.append((waiting.name, waiting.value))
        backlog.done(waiting)
    return out


@given(sets)
def test_every_keeps_all_in_order(written: list[tuple[str, str]]) -> None:
    backlog = Backlog(WhenDown.EVERY)
    assert all(backlog.put(*pair) for pair in written)
    assert {name for name in "abc" if backlog.holds(name)} == {name for name, _ in written}
    assert drain(backlog) == written
    assert not any(backlog.holds(name) for name in "abc")


@given(sets)
def test_latest_keeps_the_last_of_each_variable_in_the_order_of_the_last_ones(written: list[tuple[str, str]]) -> None:
    backlog = Backlog(WhenDown.LATEST)
    assert all(backlog.put(*pair) for pair in written)
    last = {name: number for number, (name, _) in enumerate(written)}
    assert drain(backlog) == [written[number] for number in sorted(last.values())]


def test_what_was_replaced_while_it_went_out_does_not_take_the_new_value_along() -> None:
    backlog = Backlog(WhenDown.LATEST)
    backlog.put("x", "1")
    under_way = backlog.first()
    assert under_way is not None
    backlog.put("x", "1")  # the same value once more is a set of its own
    backlog.done(under_way)
    assert drain(backlog) == [("x", "1")]


def test_it_is_bounded_and_a_replacement_needs_no_room() -> None:
    backlog = Backlog(WhenDown.LATEST, most=2)
    assert [backlog.put(name, "1") for name in "abc"] == [True, True, False]
    assert backlog.put("a", "2")
    assert drain(backlog) == [("b", "1"), ("a", "2")]
    backlog.put("a", "3")
    backlog.clear()
    assert not backlog
    assert not backlog.holds("a")
