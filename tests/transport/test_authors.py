from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from logs import VirtualLog, entry

from cloudlink.errors import InvalidArgument
from cloudlink.level import Level
from cloudlink.transport.authors import MOST_QUESTIONS, MOST_SETS, RECALL, Author, Authors, Doubt
from cloudlink.transport.connection import Origin, VariableSet
from cloudlink.transport.logs import LogNews

QUIET = LogNews((), 0.0, 0.0, first=True, complete=True)


def news(*entries: object, at: float, complete: bool = True) -> LogNews:
    return LogNews(entries, at, at, first=False, complete=complete)  # type: ignore[arg-type]


def watched() -> Authors:
    """With a log that has been watched since time 0, so that a question at time 100 has a history."""
    authors = Authors(delay=5.0, late=30.0, patience=60.0)
    authors.look(QUIET)
    return authors


def test_one_user_who_set_the_value_is_named_once_the_log_must_show_all() -> None:
    authors = watched()
    number, _ = authors.ask("☁ x", "1", now=100.0)
    assert authors.look(news(entry("ada", "x", "1"), at=101.0)) == []  # another one may yet show up
    assert authors.look(news(entry("bob", "x", "2"), at=105.0)) == [(number, Author("ada", Level.LOGGED))]
    assert authors.look(news(at=106.0)) == []


def test_a_value_that_two_have_set_is_ambiguous_and_a_repeat_by_one_is_not() -> None:
    authors = watched()
    number, _ = authors.ask("x", "1", now=100.0)
    other, _ = authors.ask("y", "1", now=100.0)
    shown = [entry("ada", "x", "1"), entry("bob", "x", "1"), entry("ada", "y", "1"), entry("ada", "y", "1", 1)]
    assert dict(authors.look(news(*shown, at=105.0))) == {
        number: Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada", "bob")),
        other: Author("ada", Level.LOGGED),
    }


def test_a_claim_is_kept_until_the_log_speaks() -> None:
    authors = watched()
    for claim, shown, expected in [
        ("ada", [], Author("ada", Level.CLAIMED, Doubt.MISSING)),
        ("ADA", ["ada"], Author("ada", Level.LOGGED)),
        ("bob", ["ada"], Author("ada", Level.LOGGED, Doubt.CONTRADICTED)),
        ("bob", ["ada", "bob"], Author("bob", Level.CLAIMED, Doubt.AMBIGUOUS, ("ada", "bob"))),
        ("eve", ["ada", "bob"], Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada", "bob"))),
        (None, [], Author(None, Level.NONE, Doubt.MISSING)),
    ]:
        name = f"{claim}{shown}"
        number, _ = authors.ask(name, "1", now=100.0, claim=claim)
        entries = [entry(user, name, "1") for user in shown]
        assert authors.look(news(*entries, at=105.0)) == [(number, expected)]


def test_a_log_with_a_gap_names_nobody_until_the_gap_is_long_ago() -> None:
    authors = watched()
    before, _ = authors.ask("x", "1", now=99.0)
    gap = authors.look(news(entry("ada", "x", "1"), at=104.0, complete=False))
    assert gap == [(before, Author(None, Level.NONE, Doubt.GAP))]
    after, _ = authors.ask("x", "1", now=133.0)
    assert authors.look(news(entry("ada", "x", "1"), at=138.0)) == [(after, Author(None, Level.NONE, Doubt.GAP))]
    much_later, _ = authors.ask("x", "2", now=134.0)
    assert authors.look(news(entry("ada", "x", "2"), at=139.0)) == [(much_later, Author("ada", Level.LOGGED))]


def test_a_log_that_cannot_be_had_is_not_waited_for_without_an_end() -> None:
    authors = watched()
    number, _ = authors.ask("x", "1", now=100.0)
    assert authors.expire(now=159.0) == []
    assert authors.expire(now=160.0) == [(number, Author(None, Level.NONE, Doubt.GAP))]
    assert len(authors) == 0


def test_too_many_questions_push_out_the_oldest() -> None:
    authors = watched()
    first, _ = authors.ask("x", "0", now=100.0)
    for number in range(1, MOST_QUESTIONS):
        assert authors.ask("x", str(number), now=100.0)[1] == []
    _, pushed_out = authors.ask("x", "one more", now=100.0)
    assert pushed_out == [(first, Author(None, Level.NONE, Doubt.GAP))]


def live(name: str, value: str, *, at: float, origin: Origin = Origin.LIVE) -> VariableSet:
    return VariableSet(name, value, at, origin)


def test_several_sets_have_an_author_if_one_user_has_made_them_all() -> None:
    authors = watched()
    shown = [entry("ada", "x", "1"), entry("ada", "y", "2"), entry("bob", "y", "3"), entry(None, "x", "4")]
    expected = {}
    for values, author in [
        ([("x", "1"), ("y", "2")], Author("ada", Level.LOGGED)),
        ([("x", "1"), ("☁ x", "1")], Author("ada", Level.LOGGED)),
        ([("x", "1"), ("y", "3")], Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada", "bob"))),
        ([("x", "1"), ("x", "5")], Author(None, Level.NONE, Doubt.MISSING)),
        ([("x", "4")], Author(None, Level.NONE, Doubt.MISSING)),
        ([("x", "4"), ("x", "1")], Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada",))),
    ]:
        number, _ = authors.ask_all([live(name, value, at=100.0) for name, value in values])
        expected[number] = author
    assert dict(authors.look(news(*shown, at=105.0))) == expected


def test_several_sets_are_judged_when_the_log_must_show_the_last_and_from_the_first_on() -> None:
    authors = watched()
    authors.look(news(entry("ada", "x", "1"), at=71.0))
    first_bob, _ = authors.ask_all([live("x", "1", at=100.0), live("x", "2", at=110.0)])
    assert authors.look(news(entry("bob", "x", "1"), entry("bob", "x", "2"), at=114.0)) == []
    assert authors.look(news(at=115.0)) == [(first_bob, Author(None, Level.NONE, Doubt.AMBIGUOUS, ("ada", "bob")))]


def test_sets_can_be_asked_about_for_a_while_and_not_for_ever() -> None:
    for age, author in [
        (RECALL - 10, Author("ada", Level.LOGGED)),
        (RECALL + 31, Author(None, Level.NONE, Doubt.GAP)),
    ]:
        authors = watched()
        authors.look(news(entry("ada", "x", "1"), entry("ada", "x", "2"), at=100.0))
        authors.look(news(entry("eve", "x", "3"), at=100.0 + age))
        number, _ = authors.ask_all([live("x", "1", at=100.0), live("x", "2", at=101.0)])
        assert authors.look(news(at=101.0 + age)) == [(number, author)]


def test_what_was_stored_or_came_while_we_were_away_has_no_sure_author() -> None:
    for origin in (Origin.STORED, Origin.CATCH_UP):
        authors = watched()
        number, _ = authors.ask_all([live("x", "1", at=100.0), live("x", "2", at=100.0, origin=origin)])
        shown = [entry("ada", "x", "1"), entry("ada", "x", "2")]
        assert authors.look(news(*shown, at=105.0)) == [(number, Author(None, Level.NONE, Doubt.GAP))]


def test_questions_about_too_many_sets_push_out_the_oldest() -> None:
    authors = watched()
    many = [live("x", str(number), at=100.0) for number in range(MOST_SETS // 2)]
    first, _ = authors.ask_all(many)
    assert authors.ask_all(many)[1] == []
    _, pushed_out = authors.ask_all([live("x", "1", at=100.0)])
    assert pushed_out == [(first, Author(None, Level.NONE, Doubt.GAP))]
    assert authors.ask_all([live("x", "1", at=100.0)])[1] == []


def test_a_question_about_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="at least one set"):
        watched().ask_all([])


def test_deletions_and_creations_set_nothing() -> None:
    authors = watched()
    number, _ = authors.ask("x", "1", now=100.0)
    shown = [entry("eve", "x", "1", verb="create_var"), entry("ada", "x", "1")]
    assert authors.look(news(*shown, at=105.0)) == [(number, Author("ada", Level.LOGGED))]


DELAY, LATE = 5.0, 10.0
sets = st.tuples(
    st.floats(0.0, 120.0),  # when it was made
    st.sampled_from(["ada", "bob", "eve"]),
    st.sampled_from("xy"),
    st.sampled_from(["0", "1", "2"]),
    st.floats(0.0, DELAY),  # after this the log shows it
    st.floats(0.0, LATE),  # after this the socket delivers it
    st.booleans(),  # whether the socket delivers it at all
)


@given(
    made=st.lists(sets, max_size=40),
    looks=st.lists(st.tuples(st.floats(0.0, 160.0), st.floats(0.0, 3.0)), max_size=40),
    limit=st.integers(2, 50),
)
def test_a_name_is_never_wrong_and_every_question_is_settled_once(
    made: list[tuple[float, str, str, str, float, float, bool]], looks: list[tuple[float, float]], limit: int
) -> None:
    log = VirtualLog()
    log.add(entry("ada", "x", "1", -1), at=-1.0, shown_at=-1.0)  # something old that must not be taken for new
    happenings: list[tuple[float, int, object]] = []
    for at, user, name, value, log_delay, socket_delay, delivered in made:
        log.add(entry(user, name, value, at), at=at, shown_at=at + log_delay)
        if delivered:
            happenings.append((at + socket_delay, 1, (user, name, value)))
    happenings += [(at, 0, answer_time) for at, answer_time in [(0.0, 0.0), *looks, (200.0, 0.0)]]
    authors = Authors(delay=DELAY, late=LATE, patience=1000.0)
    asked: dict[int, str] = {}
    told: dict[int, Author] = {}
    for now, kind, what in sorted(happenings, key=lambda one: one[:2]):
        verdicts = []
        if kind == 1:
            user, name, value = what  # type: ignore[misc]
            number, verdicts = authors.ask(name, value, now=now)
            asked[number] = user
        else:
            verdicts = authors.look(log.look(now=now, limit=limit, answer_time=what))  # type: ignore[arg-type]
        for number, author in verdicts:
            assert number not in told
            told[number] = author
    assert told.keys() == asked.keys()
    for number, author in told.items():
        event(str(author.doubt))
        assert author.user in (None, asked[number])
        assert (author.level is Level.LOGGED) == (author.user is not None)
        if author.doubt is Doubt.AMBIGUOUS:
            assert asked[number] in author.candidates
        assert author.doubt is not Doubt.MISSING
