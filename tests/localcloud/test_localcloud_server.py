from __future__ import annotations

import contextlib
import dataclasses
import socket
import time

import pytest
from cloud_clients import client, close_code, set_x, until, values, visitor
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from cloudlink.errors import CloudError, InvalidArgument, NotConnected
from cloudlink.localcloud import TURBOWARP, Faults, LocalCloud, SetRecord, hub

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.mark.parametrize("profile", ["scratch", "turbowarp"])
def test_sets_reach_the_others_in_order_and_newcomers_the_last(profile: str) -> None:
    with LocalCloud(profile) as cloud, client(cloud) as one, client(cloud, "eve") as other:
        for number in range(10):
            set_x(one, str(number))
        assert values(other, 10) == [str(number) for number in range(10)]
        assert cloud.variables(7) == {"☁ x": "9"}
        assert cloud.variables("8") == {}
        assert cloud.members(7) == ["bob", "eve"]
        with client(cloud, "ann") as late:
            assert values(late, 1) == ["9"]
        statistics = cloud.statistics
        assert (statistics.sets_received, statistics.delivered, statistics.lost) == (10, 10, 0)
        with pytest.raises(TimeoutError):
            one.recv(timeout=0.05)


def test_turbowarp_sends_what_was_set_within_a_tick_as_one_message() -> None:
    with LocalCloud("turbowarp") as cloud, client(cloud) as one, client(cloud) as other:
        for number in range(200):
            set_x(one, str(number))
        messages = []
        count = 0
        while count < 200:
            messages.append(other.recv(timeout=5))
            count += str(messages[-1]).count("method")
        assert len(messages) < 40
        assert not any(str(message).endswith("\n") for message in messages)


@pytest.mark.parametrize(
    "rubbish", ["hello", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass"), "x" * (2 << 20)]
)
def test_rubbish_closes_the_client_it_comes_from_alone(rubbish: str | bytes) -> None:
    with (
        LocalCloud("turbowarp") as cloud,
        client(cloud) as one,
        client(cloud) as other,
        client(cloud) as villain,
    ):
        with contextlib.suppress(ConnectionClosed):
            villain.send(rubbish, text=True)
        assert close_code(villain) in (4000, 1007, 1009)
        set_x(one, "1")
        assert values(other, 1) == ["1"]
        until(lambda: cloud.statistics.clients == 2)


def test_bytes_on_the_raw_socket_close_that_client_alone() -> None:
    with LocalCloud("scratch") as cloud, client(cloud) as one, client(cloud) as other:
        for rubbish in (b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000):
            with socket.create_connection(("127.0.0.1", cloud.port)) as raw, contextlib.suppress(OSError):
                raw.settimeout(5)
                raw.sendall(rubbish)
                while raw.recv(4096):
                    pass
        one.socket.sendall(b"\xff" * 100)  # within an open websocket
        assert close_code(one) == 1002
        with client(cloud) as another:
            set_x(another, "1")
            assert values(other, 1) == ["1"]


def test_binary_frames_are_ignored() -> None:
    with LocalCloud("turbowarp") as cloud, client(cloud) as one, client(cloud) as other:
        one.send(b"hello")
        set_x(one, "1")
        assert values(other, 1) == ["1"]


def test_turbowarp_refuses_a_scratch_login_and_says_so() -> None:
    headers = {"Cookie": 'scratchsessionsid="secret"'}
    with LocalCloud("turbowarp") as cloud, visitor(cloud, additional_headers=headers) as connection:
        sentence = connection.recv(timeout=5)
        assert isinstance(sentence, str)
        assert sentence.startswith("The cloud data library")
        assert close_code(connection) == 4005
        until(lambda: cloud.statistics.closed_connections == 1)
    with LocalCloud("scratch") as cloud, client(cloud, additional_headers=headers):
        pass


def test_a_browser_that_offers_its_login_token_gets_it_back() -> None:
    offered = [Subprotocol("bearer!abc.def-1")]
    with LocalCloud("scratch") as cloud:
        with client(cloud, subprotocols=offered) as connection:
            assert connection.subprotocol == offered[0]
        with client(cloud, subprotocols=[Subprotocol("chat")]) as connection:
            assert connection.subprotocol is None


def test_a_client_that_never_shakes_hands_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 0.05)
    impatient = dataclasses.replace(TURBOWARP, handshake_timeout=0.2)
    with LocalCloud(impatient) as cloud, client(cloud) as member, visitor(cloud) as silent:
        assert close_code(silent) == 1006
        member.ping().wait(5)
        assert cloud.statistics.clients == 1


def test_a_slow_reader_is_cut_off_and_holds_nobody_up() -> None:
    with LocalCloud("turbowarp", max_unsent=1 << 20) as cloud, client(cloud) as one, client(cloud) as other:
        with socket.create_connection(("127.0.0.1", cloud.port)) as slow:
            slow.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            slow.recv(4096)
            message = b'{"method":"handshake","user":"slow","project_id":"7"}'
            slow.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
            until(lambda: len(cloud.members(7)) == 3)
            deadline = time.monotonic() + 20
            while cloud.statistics.closed_connections == 0:
                assert time.monotonic() < deadline
                set_x(one, "9" * 100_000)
                values(other, 1)
        until(lambda: cloud.statistics.clients == 2)


@pytest.mark.parametrize("code", [1001, 4002, None])
def test_all_can_be_disconnected_and_come_back(code: int | None) -> None:
    with LocalCloud("scratch") as cloud:
        with client(cloud) as one, client(cloud) as other:
            cloud.disconnect_all(code, "bye")
            assert close_code(one) == close_code(other) == (code or 1006)
            assert one.protocol.close_reason == ("bye" if code else "")
        with client(cloud):
            pass


def test_what_cannot_be_sent_as_a_close_code_is_refused() -> None:
    with LocalCloud() as cloud:
        for code in (0, 999, 1005, 1006, 2000, 5000):
            with pytest.raises(InvalidArgument, match="close code"):
                cloud.disconnect_all(code)


@pytest.mark.parametrize(("profile", "survives"), [("scratch", True), ("turbowarp", False)])
def test_a_restart_keeps_the_port_and_on_scratch_the_values(profile: str, survives: bool) -> None:
    cloud = LocalCloud(profile)
    with pytest.raises(NotConnected, match="start"):
        _ = cloud.url
    cloud.start()
    cloud.start()
    url = cloud.url
    with client(cloud) as one:
        set_x(one, "1")
        until(lambda: cloud.statistics.sets_received == 1)
        cloud.stop()
        cloud.stop()
        assert close_code(one) == 1001
    with pytest.raises(NotConnected):
        cloud.disconnect_all()
    cloud.start()
    assert cloud.url == url
    assert cloud.variables(7) == ({"☁ x": "1"} if survives else {})
    with client(cloud):
        pass
    cloud.stop()


def test_a_taken_port_is_an_error_at_once() -> None:
    with LocalCloud() as cloud:
        second = LocalCloud(port=cloud.port)
        with pytest.raises(CloudError, match=str(cloud.port)):
            second.start()
        second.stop()


def test_the_hook_sees_every_set_and_its_failure_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    records: list[SetRecord] = []

    def hook(record: SetRecord) -> None:
        records.append(record)
        raise ZeroDivisionError("oh no")

    with LocalCloud("turbowarp", on_set=hook) as cloud, client(cloud) as one, client(cloud, "eve") as other:
        set_x(one, "1")
        set_x(one, "bad")
        assert values(other, 1) == ["1"]
        set_x(other, 2)
        until(lambda: len(records) == 2)
        assert cloud.statistics.rejected == 1
    assert [(r.user, r.project_id, r.name, r.value) for r in records] == [
        ("bob", "7", "☁ x", "1"),
        ("eve", "7", "☁ x", "2"),
    ]
    assert records[0].connection != records[1].connection
    assert "oh no" in caplog.text


@pytest.mark.parametrize("code", [4001, None])
def test_the_hook_may_end_all_connections(code: int | None) -> None:
    def hook(record: SetRecord) -> None:
        cloud.disconnect_all(code, "enough")

    with LocalCloud("turbowarp", on_set=hook) as cloud, client(cloud) as one, client(cloud, "eve") as other:
        set_x(one, "1")
        assert {close_code(one), close_code(other)} == {code or 1006}
        with client(cloud) as back:
            assert values(back, 1) == ["1"]


def test_the_hook_may_stop_the_server(caplog: pytest.LogCaptureFixture) -> None:
    cloud = LocalCloud("turbowarp", on_set=lambda record: cloud.stop())
    with cloud, client(cloud) as one:
        set_x(one, "1")
        assert close_code(one) == 1001
    assert "failed" not in caplog.text


def test_lost_updates_never_arrive_but_stored_values_do() -> None:
    with (
        LocalCloud("turbowarp", faults=Faults(loss=0.5, seed=7)) as cloud,
        client(cloud) as one,
        client(cloud) as other,
    ):
        for number in range(100):
            set_x(one, str(number))
        until(lambda: cloud.statistics.delivered + cloud.statistics.lost == 100)
        assert 20 < cloud.statistics.lost < 80
        cloud.faults = Faults()
        set_x(one, "100")
        found = values(other, cloud.statistics.delivered + 1)
        assert found == sorted(found, key=int)
        assert found[-1] == "100"
        cloud.faults = Faults(loss=1.0)
        with client(cloud) as late:
            assert values(late, 1) == ["100"]


def test_late_updates_stay_in_order() -> None:
    faults = Faults(delay=(0.0, 0.05), seed=3)
    with LocalCloud("scratch", faults=faults) as cloud, client(cloud) as one, client(cloud) as other:
        begun = time.monotonic()
        for number in range(15):
            set_x(one, str(number))
            time.sleep(0.002)
        cloud.faults = Faults(delay=(0.1, 0.1))
        set_x(one, "15")
        assert values(other, 16) == [str(number) for number in range(16)]
        assert time.monotonic() - begun > 0.1
        cloud.faults = Faults()
        set_x(one, "16")
        assert values(other, 1) == ["16"]


def test_a_fault_cuts_the_sender_off_after_its_set_was_relayed() -> None:
    with LocalCloud("scratch") as cloud, client(cloud) as one, client(cloud) as other:
        cloud.faults = Faults(disconnect=1.0)
        set_x(one, "1")
        assert values(other, 1) == ["1"]
        assert close_code(one) == 1006
        until(lambda: cloud.statistics.clients == 1)
        assert cloud.statistics.closed_connections == 1


def test_a_too_fast_sender_is_closed_on_scratch() -> None:
    with LocalCloud("scratch") as cloud, client(cloud) as one:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(40):
                set_x(one, "1")
        assert close_code(one) == 1008
        assert cloud.statistics.sets_received <= 22


def test_a_hundred_clients_hear_a_hundred_sets() -> None:
    with LocalCloud("turbowarp") as cloud, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(client(cloud)) for _ in range(100)]
        begun = time.monotonic()
        for number in range(100):
            set_x(clients[0], str(number))
        until(lambda: cloud.statistics.delivered == 100 * 99)
        assert time.monotonic() - begun < 5
        assert values(clients[99], 100) == [str(number) for number in range(100)]


def test_coalescing_shows_each_receiver_the_last_value_of_a_variable_alone() -> None:
    with LocalCloud("turbowarp") as cloud, client(cloud) as one, client(cloud) as other:
        cloud.faults = Faults(relay_interval=0.2)
        for number in range(50):
            set_x(one, str(number))
            set_x(one, str(-number), "☁ y")
        found: list[str] = []
        while found[-1:] != ["-49"]:
            found += values(other, 1)
        assert found[-2:] == ["49", "-49"]
        assert len(found) <= 8
        assert cloud.statistics.sets_received == 100


def test_disorder_lets_messages_overtake_and_doubling_repeats_them() -> None:
    with LocalCloud("open") as cloud, client(cloud) as one, client(cloud) as other:
        cloud.faults = Faults(delay=(0.0, 0.2), disorder=True, doubling=1.0, seed=1)
        for number in range(20):
            set_x(one, str(number))
            until(lambda number=number: cloud.statistics.sets_received == number + 1)
        found = values(other, 40)
        assert sorted(found, key=int) == [str(number) for number in range(20) for _ in range(2)]
        assert found != sorted(found, key=int)


def test_a_flood_of_frames_that_bring_nothing_ends_the_connection_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 600)  # on a slow machine the flood may take more than a second
    with LocalCloud("turbowarp") as cloud, client(cloud) as one, client(cloud) as other:
        for rubbish in (b"\x89\x80\0\0\0\0", b"\x82\x80\0\0\0\0"):  # pings, and binary messages
            with client(cloud, "villain") as villain:
                villain.socket.sendall(rubbish * 5000)
                assert close_code(villain) in (1008, 1006)
        with client(cloud, "villain") as villain:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(2000):
                    set_x(villain, "bad")
            assert close_code(villain) == 1008
        set_x(one, "1")
        assert values(other, 1) == ["1"]


def test_a_message_of_pieces_without_an_end_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 600)
    with LocalCloud("turbowarp") as cloud, client(cloud) as villain:
        villain.socket.sendall(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 5000)
        assert close_code(villain) in (1008, 1006)


def test_what_comes_behind_a_request_before_its_answer_ends_the_connection() -> None:
    opening = (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with LocalCloud("scratch") as cloud, client(cloud):
        for behind in (b"\xff" * 10, b"\x89\x80\0\0\0\0", b"\x88\x80\0\0\0\0"):  # rubbish, a ping, a closing
            with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as raw:
                raw.sendall(opening + behind)
                with contextlib.suppress(ConnectionResetError):
                    assert raw.recv(4096) == b""
        assert cloud.statistics.clients == 1


def test_a_client_that_never_asks_for_a_websocket_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 0.05)
    impatient = dataclasses.replace(TURBOWARP, handshake_timeout=0.2)
    with LocalCloud(impatient) as cloud, socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as half_open:
        half_open.sendall(b"GET / HTTP/1.1\r\nHos")
        with contextlib.suppress(ConnectionResetError):
            assert half_open.recv(10) == b""


def test_of_all_slow_readers_together_the_slowest_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROUND_INTERVAL", 0.05)
    monkeypatch.setattr(hub, "MAX_UNSENT_BYTES", 1 << 20)
    with LocalCloud("turbowarp") as cloud, client(cloud) as one:
        cloud.faults = Faults(delay=(60.0, 60.0))  # what is held back waits as well
        with client(cloud, "two"), client(cloud, "three"):
            for _ in range(20):
                set_x(one, "9" * 100_000)
            until(lambda: cloud.statistics.closed_connections >= 1)
            assert "bob" in cloud.members("7")


def test_an_empty_room_without_values_is_forgotten_and_with_values_gives_way_to_who_comes() -> None:
    small = dataclasses.replace(TURBOWARP, rooms=2)
    with LocalCloud(small) as cloud:
        for project in ("1", "2", "3"):
            with visitor(cloud) as connection:
                connection.send(f'{{"method":"handshake","user":"bob","project_id":"{project}"}}')
                set_x(connection, project)
                until(lambda project=project: cloud.variables(project) == {"☁ x": project})
            until(lambda: cloud.statistics.clients == 0)
        assert [cloud.variables(project) for project in ("1", "2", "3")] == [{}, {"☁ x": "2"}, {"☁ x": "3"}]
