from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.localcloud.profiles import PROFILES, SCRATCH, TURBOWARP, Profile, profile_named
from cloudlink.localcloud.room import COOKIE_SENTENCE, Close, Member, Outcome, Reply, Rooms
from cloudlink.transport.lines import (
    CreateVariable,
    DeleteVariable,
    Handshake,
    RenameVariable,
    SetVariable,
    decode,
    encode,
)

BOB = Handshake("bob", "77")
both = pytest.mark.parametrize("profile", [SCRATCH, TURBOWARP], ids=lambda profile: profile.name)


def set_line(value: object, name: object = "☁ x") -> str:
    return json.dumps({"method": "set", "name": name, "value": value})


def hello(user: object = "bob", project_id: object = "77") -> str:
    return json.dumps({"method": "handshake", "user": user, "project_id": project_id})


class Server:
    """Rooms with a clock, and a short way to say things."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.rooms = Rooms(profile)
        self.now = 100.0

    def visit(self, *cookies: str) -> Member:
        member, outcome = self.rooms.open(cookies=cookies, now=self.now)
        assert outcome == Outcome()
        return member

    def join(self, user: str = "bob", project_id: str = "77") -> Member:
        member = self.visit()
        assert self.code(self.say(member, hello(user, project_id))) is None
        return member

    def say(self, member: Member, message: str) -> Outcome:
        return self.rooms.receive(member, message, now=self.now)

    def leave(self, member: Member) -> None:
        self.rooms.leave(member, now=self.now)

    @staticmethod
    def code(outcome: Outcome) -> int | None:
        return next((i.code for i in outcome.instructions if isinstance(i, Close)), None)

    def heard(self, project_id: str = "77", **how: Any) -> dict[Member, list[str]]:
        """The messages that each member gets from one flush."""
        messages: dict[Member, list[str]] = {}
        batches, _ = self.rooms.rooms[project_id].flush(self.profile, **how)
        for batch in batches:
            for member in batch.members:
                messages.setdefault(member, []).append(batch.message.decode())
        return messages

    def values(self, project_id: str = "77") -> dict[str, str]:
        return {name: v.update.value for name, v in self.rooms.rooms[project_id].variables.items()}


# Handshakes


@both
@pytest.mark.parametrize("user", ["b", "x" * 20, "A-Z_09"])
def test_good_usernames_come_in(profile: Profile, user: str) -> None:
    server = Server(profile)
    assert server.say(server.visit(), hello(user)) == Outcome()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (hello(""), 4002),
        (hello("x" * 21), 4002),
        (hello("a b"), 4002),
        (hello("bob\n"), 4002),
        (hello("ä"), 4002),
        (hello(5), 4002),
        ('{"method":"handshake","project_id":"77"}', 4002),
        (hello(project_id=""), 4000),
        (hello(project_id="x" * 1000), 4000),
        (hello(project_id="x" * 999), None),
        (hello(project_id="example.com/ä ☁"), None),
        (hello(project_id=5), None),
        ('{"method":"handshake","user":"bob"}', None),
        (hello() + "\n", None),
        (hello() + "\n" + set_line("1"), 4000),
        (set_line("1"), 4000),
        ("", 4000),
        ("\n", 4000),
        (" ", 4000),
        ("hello", 4000),
        ("5", 4000),
        ("{}", 4000),
        ('{"method":"get"}', 4000),
        ('{"method":"ping"}', 4000),
    ],
)
def test_first_messages_on_turbowarp(message: str, code: int | None) -> None:
    server = Server(TURBOWARP)
    assert server.code(server.say(server.visit(), message)) == code


def test_a_project_id_is_made_a_text() -> None:
    server = Server(TURBOWARP)
    server.say(server.visit(), hello(project_id=5))
    server.say(server.visit(), '{"method":"handshake","user":"bob"}')
    assert list(server.rooms.rooms) == ["5", "undefined"]


@both
def test_a_second_handshake_is_against_the_rules(profile: Profile) -> None:
    server = Server(profile)
    assert server.code(server.say(server.join(), hello())) == profile.bad_message


def test_a_login_cookie_is_refused_with_a_sentence_on_turbowarp_alone() -> None:
    cookie = 'scratchsessionsid="abc"'
    _, outcome = Rooms(TURBOWARP).open(cookies=[cookie], now=0.0)
    sentence, close = outcome.instructions
    assert sentence == Reply(COOKIE_SENTENCE.encode())
    assert isinstance(close, Close)
    assert close.code == 4005
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(COOKIE_SENTENCE)
    Server(TURBOWARP).visit("theme=dark")
    Server(SCRATCH).visit(cookie)


def test_a_full_room_turns_the_next_one_away() -> None:
    server = Server(TURBOWARP)
    members = [server.join() for _ in range(128)]
    assert server.code(server.say(server.visit(), hello())) == 4000
    server.leave(members[0])
    server.join()
    server.join(project_id="other")


@both
def test_a_server_has_an_end(profile: Profile) -> None:
    server = Server(dataclasses.replace(profile, rooms=2))
    server.join(project_id="1")
    server.join(project_id="2")
    server.join(project_id="2")
    assert server.code(server.say(server.visit(), hello(project_id="3"))) == profile.too_many_rooms


def test_a_silent_visitor_is_overdue() -> None:
    server = Server(TURBOWARP)
    member, silent = server.visit(), server.visit()
    server.say(member, hello())
    server.now += 29.9
    assert server.rooms.overdue(now=server.now) == []
    server.now += 0.1
    assert server.rooms.overdue(now=server.now) == [silent]
    server.leave(silent)
    assert server.rooms.overdue(now=server.now) == []


# Values

TURBOWARP_VALUES: list[tuple[object, bool]] = [
    ("1", True),
    ("-1", True),
    ("1.5", True),
    ("", True),
    (".5", True),
    ("5.", True),
    ("-.5", True),
    ("0012", True),
    ("9" * 100_000, True),
    ("9" * 100_001, False),
    ("-", False),
    (".", False),
    ("-.", False),
    ("+5", False),
    ("1e3", False),
    ("0x1F", False),
    (" 7", False),
    ("7\n", False),
    ("1.2.3", False),
    ("Infinity", False),
    ("٣", False),
    ("abc", False),
    (5, True),
    (-1.5, True),
    (1e21, True),
    (True, False),
    (None, False),
    ([1], False),
]
SCRATCH_VALUES: list[tuple[object, bool]] = [
    ("1", True),
    ("-1.5", True),
    ("0012", True),
    ("9" * 256, True),
    ("9" * 257, False),
    (5, True),
    ("", False),
    ("-", False),
    (".", False),
    ("1e3", False),
    ("abc", False),
    (1e21, False),
    (True, False),
    (None, False),
]


@pytest.mark.parametrize(
    ("profile", "value", "good"),
    [(TURBOWARP, *row) for row in TURBOWARP_VALUES] + [(SCRATCH, *row) for row in SCRATCH_VALUES],
    ids=lambda argument: getattr(argument, "name", None) or repr(argument)[:20],
)
def test_a_bad_value_is_ignored_and_the_connection_stays(profile: Profile, value: object, good: bool) -> None:
    server = Server(profile)
    member, other = server.join(), server.join()
    outcome = server.say(member, set_line(value))
    assert outcome.instructions == ()
    assert (len(outcome.changes), outcome.rejected) == ((1, 0) if good else (0, 1))
    assert list(server.heard()) == ([other] if good else [])
    assert server.say(member, set_line("7")).changes


def test_turbowarp_relays_a_number_as_a_number_and_scratch_names_the_project() -> None:
    for profile, line in (
        (TURBOWARP, '{"method":"set","name":"☁ x","value":1e+21}'),
        (SCRATCH, '{"method":"set","project_id":"77","name":"☁ x","value":12}\n'),
    ):
        server = Server(profile)
        member, other = server.join(), server.join()
        server.say(member, set_line(1e21 if profile is TURBOWARP else 12))
        assert server.heard() == {other: [line]}


@pytest.mark.parametrize(
    ("profile", "name", "good"),
    [
        (SCRATCH, "☁ x", True),
        (SCRATCH, "x", False),
        (SCRATCH, "☁ ", False),
        (SCRATCH, "☁ " + "x" * 200, False),
        (TURBOWARP, "x", True),
        (TURBOWARP, "", True),
    ],
)
def test_names_have_rules_on_scratch_only(profile: Profile, name: str, good: bool) -> None:
    server = Server(profile)
    outcome = server.say(server.join(), set_line("1", name))
    assert bool(outcome.changes) == good
    assert server.code(outcome) is None


@pytest.mark.parametrize(("profile", "most", "code"), [(SCRATCH, 10, None), (TURBOWARP, 128, 4000)])
def test_a_project_has_so_many_variables(profile: Profile, most: int, code: int | None) -> None:
    server = Server(profile)
    member = server.join()
    for number in range(most):
        assert server.say(member, set_line("1", f"☁ {number}")).changes
        server.now += 1
    assert server.say(member, set_line("2", "☁ 0")).changes
    outcome = server.say(member, set_line("1", "☁ one more"))
    assert (outcome.changes, outcome.rejected, server.code(outcome)) == ((), 1, code)
    assert len(server.values()) == most


# Sending on


@both
def test_a_set_goes_to_all_others_in_the_room_and_no_further(profile: Profile) -> None:
    server = Server(profile)
    bob, eve, ann = server.join("bob"), server.join("eve"), server.join("ann")
    server.join("zoe", "other project")
    server.say(bob, set_line("1"))
    server.say(eve, set_line("2"))
    server.say(bob, set_line("3"))
    heard = {
        member: [c.value for m in messages for c in decode(m).commands]  # type: ignore[union-attr]
        for member, messages in server.heard().items()
    }
    assert heard == {bob: ["2"], eve: ["1", "3"], ann: ["1", "2", "3"]}
    assert server.heard() == {}
    assert server.heard("other project") == {}


def test_lines_of_one_flush_make_one_message() -> None:
    for profile, end in ((SCRATCH, "\n"), (TURBOWARP, "")):
        server = Server(profile)
        member, other = server.join(), server.join()
        for number in range(3):
            server.say(member, set_line(str(number)))
        (message,) = server.heard()[other]
        assert message.count("\n") == 2 + len(end)
        assert message.endswith("}" + end)


@both
def test_a_newcomer_gets_the_newest_values_once(profile: Profile) -> None:
    server = Server(profile)
    member = server.join()
    server.say(member, set_line("1"))
    server.say(member, set_line("2", "☁ y"))
    server.say(member, set_line("3"))
    newcomer = server.visit()
    (reply,) = server.say(newcomer, hello("eve")).instructions
    assert isinstance(reply, Reply)
    assert [(c.name, c.value) for c in decode(reply.message.decode()).commands] == [("☁ x", "3"), ("☁ y", "2")]  # type: ignore[union-attr]
    assert reply.message.endswith(b"\n") == profile.ends_lines
    # What was pending then is in the reply; what comes later is news.
    server.say(member, set_line("4"))
    assert [c.value for c in decode(server.heard()[newcomer][0]).commands] == ["4"]  # type: ignore[union-attr]
    server.say(member, set_line("5"))
    assert newcomer in server.heard()


def test_a_loss_is_each_receivers_own_luck() -> None:
    server = Server(TURBOWARP)
    member, others = server.join(), [server.join() for _ in range(20)]
    server.say(member, set_line("1"))
    dice = random.Random(1)
    assert 1 < len(server.heard(copies=lambda: dice.random() < 0.5)) < 20
    server.say(member, set_line("2"))
    assert server.heard(copies=lambda: 0) == {}
    newcomer = server.visit()
    assert server.say(newcomer, hello()).instructions  # stored values are never lost
    server.say(member, set_line("3"))
    assert set(server.heard(copies=lambda: 1)) == {*others, newcomer}


# Rates


@pytest.mark.parametrize("rate", [1.0, 9.2, 10.0])
def test_ten_sets_a_second_may_go_on_for_ever_on_scratch(rate: float) -> None:
    server = Server(SCRATCH)
    member = server.join()
    for _ in range(1000):
        assert server.say(member, set_line("1")).changes
        server.now += 1 / rate


def test_a_faster_sender_is_closed_on_scratch_after_a_burst() -> None:
    server = Server(SCRATCH)
    member, calm = server.join(), server.join()
    outcomes = []
    for _ in range(100):
        outcomes.append(server.say(member, set_line("1")))
        server.now += 1 / 15
    accepted = [bool(outcome.changes) for outcome in outcomes].index(False)
    assert 20 < accepted < 90
    assert server.code(outcomes[accepted]) == SCRATCH.too_fast
    assert server.say(calm, set_line("1")).changes


def test_turbowarp_takes_two_thousand_sets_at_once() -> None:
    server = Server(TURBOWARP)
    member, other = server.join(), server.join()
    for number in range(2000):
        assert server.say(member, set_line(str(number))).changes
    values = [c.value for c in decode(server.heard()[other][0]).commands]  # type: ignore[union-attr]
    assert values == [str(number) for number in range(2000)]


# Other commands


def test_scratch_knows_create_rename_and_delete() -> None:
    server = Server(SCRATCH)
    member, other = server.join(), server.join()
    (reply,) = server.say(member, encode(CreateVariable("a", "1"), sender=BOB)).instructions
    assert reply == Reply('{"method":"ack","name":"☁ a"}\n'.encode())
    server.say(member, encode(RenameVariable("a", "b"), sender=BOB))
    server.say(member, encode(RenameVariable("nothing", "c"), sender=BOB))
    assert server.values() == {"☁ b": "1"}
    newcomer = server.visit()
    (reply,) = server.say(newcomer, hello()).instructions
    assert reply == Reply('{"method":"set","project_id":"77","name":"☁ b","value":"1"}\n'.encode())
    server.say(member, encode(DeleteVariable("b"), sender=BOB))
    assert server.values() == {}
    assert list(server.heard()) == [other]


def test_turbowarp_takes_create_for_set_and_ignores_the_others() -> None:
    server = Server(TURBOWARP)
    member = server.join()
    for command in (CreateVariable("a", "1"), RenameVariable("a", "b"), DeleteVariable("a")):
        assert server.say(member, encode(command, sender=BOB)).instructions == ()
    assert server.values() == {"☁ a": "1"}


def test_scratch_takes_several_lines_in_a_message() -> None:
    server = Server(SCRATCH)
    member = server.visit()
    sets = "".join(encode(SetVariable("x", str(n)), sender=BOB) for n in range(3))
    assert len(server.say(member, hello() + "\n" + sets).changes) == 3


# The life of a room


def test_an_empty_room_lives_for_an_hour_on_turbowarp_and_for_ever_on_scratch() -> None:
    for profile in (TURBOWARP, SCRATCH):
        server = Server(profile)
        member = server.join()
        server.say(member, set_line("1"))
        server.now += 4000
        server.rooms.expire(now=server.now)
        assert server.values() == {"☁ x": "1"}  # somebody is here
        server.leave(member)
        server.now += 3599
        server.rooms.expire(now=server.now)
        assert "77" in server.rooms.rooms
        server.now += 1
        server.rooms.expire(now=server.now)
        assert ("77" in server.rooms.rooms) == (profile is SCRATCH)


def test_a_profile_goes_by_its_name() -> None:
    assert profile_named("scratch") is SCRATCH
    assert profile_named(TURBOWARP) is TURBOWARP
    with pytest.raises(InvalidArgument, match="scratch, turbowarp, open"):
        profile_named("snap")


@given(
    st.sampled_from(list(PROFILES.values())),
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.one_of(
                st.text(max_size=30),
                st.builds(hello, st.sampled_from(["bob", "", 5]), st.sampled_from(["1", "", None])),
                st.builds(set_line, st.sampled_from(["1", "x", 5, None, 1e300]), st.sampled_from(["☁ x", "", 5])),
                st.sampled_from(['{"method":"rename","name":"☁ x","new_name":"y"}', "[" * 5000]),
            ),
        ),
        max_size=20,
    ),
)
def test_nobody_hears_a_set_twice_or_their_own(profile: Profile, story: list[tuple[int, str]]) -> None:
    server = Server(profile)
    members = [server.visit() for _ in range(3)]
    closed: set[Member] = set()
    for index, message in story:
        member = members[index]
        if member in closed:
            continue
        outcome = server.say(member, message)
        if server.code(outcome) is not None:
            closed.add(member)
            server.leave(member)
        if not outcome.changes or member.room is None:
            continue
        heard = server.heard(member.room.project_id)
        assert set(heard) == set(member.room.members) - {member}
        for messages in heard.values():
            assert [len(decode(m).commands) for m in messages] == [len(outcome.changes)]
