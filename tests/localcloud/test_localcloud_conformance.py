"""Each rule that was tried out against TurboWarp's server, or is known of Scratch's, over a real websocket."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
from cloud_clients import client, close_code, set_x, until, values, visitor
from websockets.sync.client import ClientConnection

from cloudlink.localcloud import SCRATCH, TURBOWARP, LocalCloud, hub
from cloudlink.localcloud.profiles import Profile

HELLO = '{"method":"handshake","user":"bob","project_id":"7"}'
SET = '{"method":"set","user":"bob","project_id":"7","name":"☁ x","value":"1"}'


@pytest.fixture
def turbowarp() -> Iterator[LocalCloud]:
    with LocalCloud("turbowarp") as cloud:
        yield cloud


@pytest.fixture
def scratch() -> Iterator[LocalCloud]:
    with LocalCloud("scratch") as cloud:
        yield cloud


def silent(connection: ClientConnection) -> bool:
    """Nothing has come, and the connection is there."""
    connection.ping().wait(5)
    with pytest.raises(TimeoutError):
        connection.recv(timeout=0.05)
    return True


# TurboWarp


def test_turbowarp_answers_a_good_handshake_with_the_variables_alone(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as first:
        assert silent(first)
        set_x(first, "1")
        set_x(first, "2", "☁ y")
        until(lambda: len(turbowarp.variables("7")) == 2)
        with client(turbowarp) as second:
            message = second.recv(timeout=5)
    assert message == '{"method":"set","name":"☁ x","value":"1"}\n{"method":"set","name":"☁ y","value":"2"}'


@pytest.mark.parametrize("user", ["", "a b", "x" * 21, "ä", "a\n"])
def test_turbowarp_closes_4002_on_a_bad_username(turbowarp: LocalCloud, user: str) -> None:
    with visitor(turbowarp) as connection:
        connection.send(json.dumps({"method": "handshake", "user": user, "project_id": "7"}))
        assert close_code(connection) == 4002


@pytest.mark.parametrize(
    "messages",
    [
        [SET],
        [HELLO, HELLO],
        ["rubbish"],
        [HELLO, "{}"],
        [HELLO, '{"method":"get"}'],
        [HELLO, '{"method":"ping"}'],
        [HELLO, SET + "\n" + SET],
        [HELLO, ""],
        ['{"method":"handshake","user":"bob","project_id":""}'],
        [json.dumps({"method": "handshake", "user": "bob", "project_id": "x" * 1000})],
    ],
)
def test_turbowarp_closes_4000_on_a_breach_of_the_protocol(turbowarp: LocalCloud, messages: list[str]) -> None:
    with visitor(turbowarp) as connection:
        for message in messages:
            connection.send(message)
        assert close_code(connection) == 4000


def test_turbowarp_ignores_bad_values_delete_and_rename_and_acknowledges_nothing(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as one, client(turbowarp) as other:
        for value in ("-", ".", "+5", "1e3", "0x1F", " 7", "Infinity", "٣", "abc", True, None, "9" * 100_001):
            set_x(one, value)
        one.send('{"method":"rename","name":"☁ x","new_name":"☁ y"}')
        one.send('{"method":"delete","name":"☁ x"}')
        set_x(one, "1")
        assert values(other, 1) == ["1"]
        assert silent(one)
        assert turbowarp.variables("7") == {"☁ x": "1"}


def test_turbowarp_relays_every_form_of_number_as_it_came(turbowarp: LocalCloud) -> None:
    forms = ["", ".5", "5.", "0012", "-1.5", "9" * 100_000, 5, -1.5, 1e21]
    with client(turbowarp) as one, client(turbowarp) as other:
        for form in forms:
            set_x(one, form)
        assert values(other, len(forms)) == forms


def test_turbowarp_closes_1009_on_a_message_beyond_a_mebibyte(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as connection:
        connection.send(" " * (1 << 20))  # the longest there may be; of one line of nothing
        assert close_code(connection) == 4000
    with client(turbowarp) as connection:
        connection.send("1" * ((1 << 20) + 1))
        assert close_code(connection) == 1009


def test_turbowarp_gives_a_room_128_variables(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as connection:
        for number in range(128):
            set_x(connection, "1", f"x{number}")
        until(lambda: len(turbowarp.variables("7")) == 128)
        set_x(connection, "2", "x0")
        set_x(connection, "1", "one more")
        assert close_code(connection) == 4000
    assert turbowarp.variables("7")["x0"] == "2"


def test_turbowarp_relays_two_thousand_sets_at_once_in_order_and_merges_none(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as one, client(turbowarp) as other:
        for number in range(2000):
            set_x(one, str(number))
        assert values(other, 2000) == [str(number) for number in range(2000)]


def test_turbowarp_forgets_its_rooms_with_a_restart_and_scratch_does_not() -> None:
    for profile in (TURBOWARP, SCRATCH):
        cloud = LocalCloud(profile)
        with cloud, client(cloud) as connection:
            set_x(connection, "1")
            until(lambda cloud=cloud: cloud.variables("7") != {})
        with cloud, client(cloud):
            assert (cloud.variables("7") == {"☁ x": "1"}) == (profile is SCRATCH)


@pytest.mark.parametrize("profile", [TURBOWARP, SCRATCH], ids=lambda profile: profile.name)
def test_who_answers_no_ping_is_ended_at_the_next(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 0.05)
    hasty = dataclasses.replace(profile, ping_interval=0.2)
    with LocalCloud(hasty) as cloud, client(cloud, "awake") as awake, client(cloud, "asleep") as asleep:
        asleep.socket.setblocking(True)
        asleep.protocol.recv_frame = lambda frame: None  # type: ignore[method-assign]  # it sees pings and says nothing
        until(lambda: cloud.members("7") == ["awake"])
        set_x(awake, "1")
        until(lambda: cloud.variables("7") == {"☁ x": "1"})


# Scratch


def test_scratch_ends_each_line_names_the_project_and_sends_values_as_texts(scratch: LocalCloud) -> None:
    with client(scratch) as one, client(scratch) as other:
        set_x(one, "12")
        assert other.recv(timeout=5) == '{"method":"set","project_id":"7","name":"☁ x","value":"12"}\n'


def test_scratch_takes_lines_of_the_editor_alone_and_together(scratch: LocalCloud) -> None:
    with visitor(scratch) as one, client(scratch) as other:
        one.send(HELLO + "\n" + SET + "\n")
        one.send(SET + "\n")
        assert values(other, 2) == ["1", "1"]


def test_scratch_acknowledges_a_creation_and_knows_rename_and_delete(scratch: LocalCloud) -> None:
    with client(scratch) as connection:
        connection.send('{"method":"create","name":"☁ a","value":"1"}\n')
        assert connection.recv(timeout=5) == '{"method":"ack","name":"☁ a"}\n'
        connection.send('{"method":"rename","name":"☁ a","new_name":"☁ b"}\n')
        until(lambda: scratch.variables("7") == {"☁ b": "1"})
        connection.send('{"method":"delete","name":"☁ b"}\n')
        until(lambda: scratch.variables("7") == {})


def test_scratch_takes_256_digits_and_ten_variables(scratch: LocalCloud) -> None:
    with client(scratch) as connection:
        set_x(connection, "9" * 256)
        set_x(connection, "9" * 257)
        for number in range(10):
            set_x(connection, "1", f"☁ {number}")
        connection.ping().wait(5)
        until(lambda: scratch.statistics.rejected == 2)
    found = scratch.variables("7")
    assert len(found) == 10
    assert found["☁ x"] == "9" * 256


# The open profile


def test_the_open_cloud_takes_texts_and_both_kinds_of_projects() -> None:
    with LocalCloud("open") as cloud, client(cloud) as one, client(cloud) as other:
        for value in ("hello ☃", "9" * 100_000, 5, "", "\ud800"):
            set_x(one, value, "no sign")
        assert values(other, 5) == ["hello ☃", "9" * 100_000, 5, "", "\ud800"]


def test_a_message_in_pieces_is_one_message(turbowarp: LocalCloud) -> None:
    with client(turbowarp) as one, client(turbowarp) as other:
        one.send(iter([SET[:10], SET[10:40], SET[40:]]))
        assert values(other, 1) == ["1"]
