from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cloudlink.errors import CloudError, InvalidArgument, NotConnected
from cloudlink.localcloud import TURBOWARP, Faults, LocalCloud, SetRecord, hub


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "this should have come true long ago"
        time.sleep(0.005)


@contextlib.contextmanager
def client(cloud: LocalCloud, user: str = "bob", **options: object) -> Iterator[ClientConnection]:
    """A websocket that has shaken hands and is known to be in the room."""
    with visitor(cloud, **options) as connection:
        before = len(cloud.members("7"))
        connection.send(json.dumps({"method": "handshake", "user": user, "project_id": "7"}) + "\n")
        until(lambda: len(cloud.members("7")) > before)
        yield connection


@contextlib.contextmanager
def visitor(cloud: LocalCloud, **options: object) -> Iterator[ClientConnection]:
    with connect(cloud.url, compression=None, close_timeout=1, **options) as connection:  # type: ignore[arg-type]
        yield connection


def set_x(connection: ClientConnection, value: object) -> None:
    connection.send(json.dumps({"method": "set", "name": "☁ x", "value": value}) + "\n")


def values(connection: ClientConnection, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        message = connection.recv(timeout=5)
        assert isinstance(message, str)
        found += [json.loads(line)["value"] for line in message.splitlines()]
    return found


def close_code(connection: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=5)
    return connection.protocol.close_code


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
