from __future__ import annotations

import json
import math
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from recording_server import RecordingServer
from tiny_project import write_project

from cloudlink.errors import InvalidArgument, PlayerError
from cloudlink.player import Player, Value


def connect(player: Player, server: RecordingServer, *, interval: float = 0.1) -> None:
    """Connect, and wait until the throttle has forgotten the handshake."""
    player.connect(server.url, user="bob", project_id="77", interval=interval)
    server.wait_until(lambda: len(server.received) == 1)
    time.sleep(interval)


def send_set(server: RecordingServer, *writes: tuple[str, object]) -> None:
    server.send("".join(json.dumps({"method": "set", "name": name, "value": value}) + "\n" for name, value in writes))


# ---- data and scripts


def test_a_value_keeps_its_type(either_player: Player) -> None:
    values: list[Value] = ["12", 12, 0.5, True, "", "é☃😀", "0012", -7]
    for value in values:
        either_player.set_variable("input", value)
        read = either_player.variable("input")
        assert (read, type(read)) == (value, type(value))


def test_numbers_that_json_cannot_hold_arrive(either_player: Player) -> None:
    either_player.set_variable("input", -5)
    either_player.broadcast("divide")
    assert either_player.variable("result") == -math.inf
    either_player.set_variable("input", 0)
    either_player.broadcast("divide")
    result = either_player.variable("result")
    assert isinstance(result, float)
    assert math.isnan(result)


def test_a_script_computes_with_what_was_set(either_player: Player) -> None:
    either_player.set_variable("input", "21")
    run = either_player.broadcast("double")
    assert either_player.variable("result") == 42
    assert (run.scripts, run.frames) == (1, 1)
    assert 0 < run.work_seconds < run.seconds


def test_a_literal_stays_a_text_in_scratch(player: Player) -> None:
    player.broadcast("literal")
    assert player.variable("result") == "0012"


def test_lists_are_set_and_read(either_player: Player) -> None:
    either_player.set_list("history", ["a", 1, True])
    either_player.set_variable("input", 2)
    either_player.broadcast("double")
    assert either_player.list_items("history") == ["a", 1, True, 4]


def test_several_values_travel_in_one_exchange(player: Player) -> None:
    player.set_values({"input": "x", "result": 3}, {"history": [1, 2]})
    values = player.values(["result", "input"], ["history"])
    assert values.variables == {"result": 3, "input": "x"}
    assert values.lists == {"history": [1, 2]}


def test_a_sprite_has_variables_of_its_own(player: Player) -> None:
    player.broadcast("own")
    assert player.variable("own", sprite="Sprite") == "mine"
    player.set_variable("own", "set", sprite="Sprite")
    assert player.variable("own", sprite="Sprite") == "set"


def test_costumes_are_found_by_exact_case(either_player: Player) -> None:
    indexes = {}
    for name in ["A", "a", "É", "é", "☃", "1", "b", "B"]:
        either_player.set_variable("input", name)
        either_player.broadcast("costume", at_once=True)
        indexes[name] = either_player.variable("result")
    assert indexes == {"A": 2, "a": 3, "É": 4, "é": 5, "☃": 7, "1": 6, "b": 1, "B": 1}


def test_costumes_whose_pictures_are_missing_keep_their_numbers(either_player: Player, tmp_path: Path) -> None:
    either_player.load(write_project(tmp_path / "bare.sb3", assets=False))
    either_player.set_variable("input", "☃")
    either_player.broadcast("costume")
    assert either_player.variable("result") == 7


def test_a_broadcast_waits_for_all_it_started(either_player: Player) -> None:
    run = either_player.broadcast("slow")
    assert either_player.variable("result") == "slept"
    assert run.seconds >= 0.3


def test_a_broadcast_need_not_wait(player: Player) -> None:
    assert player.broadcast("slow", wait=False).frames == 0
    assert player.wait_until("result", equals="slept", timeout=10) == "slept"


def test_at_once_does_not_wait_for_the_next_frame(either_player: Player) -> None:
    start = time.monotonic()
    for number in range(50):
        either_player.set_variable("input", number)
        either_player.broadcast("double", at_once=True)
    assert either_player.list_items("history") == [2 * number for number in range(50)]
    assert time.monotonic() - start < 50 * 0.033


def test_a_script_that_does_not_end_is_a_timeout(player: Player) -> None:
    with pytest.raises(PlayerError, match=r"broadcast: 1 of 1 scripts still run after 0.1 s"):
        player.broadcast("slow", timeout=0.1)
    with pytest.raises(PlayerError, match="1 of 1 scripts still run"):
        player.broadcast("slow", timeout=0.1, at_once=True)


def test_the_green_flag_starts_and_the_stop_sign_stops(player: Player) -> None:
    player.green_flag()
    player.wait_until("ticks", at_least=3, timeout=10)
    player.stop_all()
    player.wait_frames(2)
    ticks = player.variable("ticks")
    player.wait_frames(3)
    assert player.variable("ticks") == ticks


def test_thirty_frames_run_in_a_second(player: Player) -> None:
    start = time.monotonic()
    player.wait_frames(30)
    assert time.monotonic() - start >= 0.9  # the first may come late, and so nearer to the next


def test_a_stalled_machine_runs_no_frames_and_then_goes_on(player: Player) -> None:
    player.green_flag()
    player.stall(0.4, wait=True)
    stalled = player.variable("ticks")
    assert isinstance(stalled, int)
    assert stalled < 6  # of 12 without a stall; before it begins, a few frames may pass
    player.wait_until("ticks", at_least=stalled + 3, timeout=10)


# ---- waiting


def test_each_condition_waits_for_its_value(player: Player) -> None:
    threading.Timer(0.1, lambda: player.set_variable("input", "Yes 5")).start()
    assert player.wait_until("input", equals="Yes 5", timeout=10) == "Yes 5"
    assert player.wait_until("input", not_equals="yes 5") == "Yes 5"
    assert player.wait_until("input", contains="5") == "Yes 5"
    player.set_variable("input", "7")
    assert player.wait_until("input", at_least=6.5) == "7"
    assert player.wait_until("input", equals=7) == "7"


def test_lists_can_be_waited_for(player: Player) -> None:
    player.set_list("history", ["a", 2])
    assert player.wait_until_list("history", equals=["a", "2"]) == ["a", 2]
    assert player.wait_until_list("history", contains=2) == ["a", 2]
    assert player.wait_until_list("history", at_least=2) == ["a", 2]
    assert player.wait_until_list("history", not_equals=[]) == ["a", 2]


def test_a_wait_in_vain_tells_the_value(player: Player) -> None:
    player.set_variable("input", "no")
    with pytest.raises(PlayerError, match=r"variable 'input': not equals .yes. within 0.05 s; it is .no."):
        player.wait_until("input", equals="yes", timeout=0.05)


def test_a_wait_takes_exactly_one_condition(player: Player) -> None:
    with pytest.raises(InvalidArgument, match="exactly one of equals, not_equals, contains, at_least, not 0"):
        player.wait_until("input")
    with pytest.raises(InvalidArgument, match="not 2"):
        player.wait_until("input", equals=1, at_least=1)


def test_a_wait_does_not_hold_up_other_threads(player: Player) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = [pool.submit(player.wait_until, "result", equals=n, timeout=5) for n in (1, 2, 3)]
        for number in (1, 2, 3):
            player.set_variable("result", number)
            player.wait_frames(2)
        assert [wait.result() for wait in waits] == [1, 2, 3]


def test_many_threads_with_long_values_get_their_own_answers(player: Player) -> None:
    def echo(number: int) -> bool:
        items = [str(number)] * 20_000
        player.set_list("history", items)
        length = len(player.list_items("history"))
        return length == 20_000 and player.values(["☁ a"]).variables == {"☁ a": 0}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(echo, range(40)))


# ---- the cloud client's rules


def test_the_handshake_and_a_set_look_as_scratchs(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.set_variable("☁ a", "12")
    server.wait_until(lambda: len(server.received) == 2)
    assert [message.text for message in server.received] == [
        '{"method":"handshake","user":"bob","project_id":"77"}\n',
        '{"method":"set","user":"bob","project_id":"77","name":"☁ a","value":"12"}\n',
    ]


def test_of_three_sets_in_a_frame_the_middle_one_is_lost(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.broadcast("three sets")
    server.wait_until(lambda: len(server.sets()) == 2)
    assert server.sets() == [("☁ a", "1"), ("☁ c", "3")]
    statistics = player.statistics()
    assert (statistics.sets_offered, statistics.sets_sent, statistics.sets_throttled) == (3, 2, 1)


def test_a_set_right_after_the_handshake_waits_for_its_interval(player: Player, server: RecordingServer) -> None:
    player.connect(server.url, interval=0.5)
    player.set_variable("☁ a", "1")
    server.wait_until(lambda: len(server.received) == 2)
    handshake, write = server.received
    assert write.time - handshake.time >= 0.25  # a busy computer may take note of the handshake late


@pytest.mark.parametrize(("interval", "rate"), [(0.1, 10), (0.05, 20)])
def test_at_most_one_message_leaves_in_an_interval(
    player: Player, server: RecordingServer, interval: float, rate: int
) -> None:
    connect(player, server, interval=interval)
    run = player.broadcast("one set a frame")
    server.wait_until(lambda: bool(server.sets()) and server.sets()[-1] == ("☁ a", 15))
    assert len(server.sets()) <= run.seconds * rate + 2
    times = [message.time for message in server.received]
    # A busy computer may take note of the first message late, so the last interval is not counted.
    assert times[-1] - times[0] >= interval * (len(times) - 2)


def test_without_an_interval_every_set_arrives(player: Player, server: RecordingServer) -> None:
    connect(player, server, interval=0)
    player.broadcast("one set a frame")
    server.wait_until(lambda: server.sets() == [("☁ a", number) for number in range(1, 16)])


def test_numbers_leave_as_numbers_and_texts_as_texts(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.broadcast("number and text")
    server.wait_until(lambda: len(server.sets()) == 2)
    assert server.sets() == [("☁ a", 3), ("☁ a", "3")]


def test_sets_before_the_connection_are_lost(player: Player) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the line and never answers
        player.connect(f"ws://127.0.0.1:{silent.getsockname()[1]}", timeout=None)
        player.set_variable("☁ a", "1")
        assert player.variable("☁ a") == "1"
        assert player.statistics().sets_while_closed == 1


def test_it_reconnects_after_a_close_and_drops_the_sets_between(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    server.close_clients()
    while player.connection().state == "open":
        time.sleep(0.005)
    player.set_variable("☁ a", "lost")
    player.wait_until_connected()
    server.wait_until(lambda: len(server.received) == 2)
    time.sleep(0.1)
    player.set_variable("☁ a", "5")
    server.wait_until(lambda: server.sets() == [("☁ a", "5")])
    connection = player.connection()
    assert (connection.state, connection.times_opened, connection.close_code) == ("open", 2, 1012)


def test_a_disconnected_player_stays_offline(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.disconnect()
    player.set_variable("☁ a", "1")
    time.sleep(0.2)
    assert player.connection().state == "closed"
    assert server.sets() == []


def test_received_values_reach_the_variable_as_they_are(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    digits = "1234567890" * 25
    send_set(server, ("☁ a", digits), ("☁ b", 5), ("☁ unknown", "1"))
    player.wait_until("☁ b", equals=5, timeout=10)
    assert player.values(["☁ a", "☁ b"]).variables == {"☁ a": digits, "☁ b": 5}
    assert player.statistics().values_received == 3


def test_of_two_values_in_a_frame_the_last_one_stays(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.stall(0.2)
    for number in range(1, 4):
        send_set(server, ("☁ a", str(number)))
    player.wait_frames(1)
    assert player.variable("☁ a") == "3"


def test_rubbish_from_the_server_is_counted_and_does_no_harm(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    server.send("The server is closing\n")
    server.send('{"method":"ack","name":"☁ a"}\n\n')
    server.send("null\n")
    send_set(server, ("☁ a", "1"))
    player.wait_until("☁ a", equals="1", timeout=10)
    statistics = player.statistics()
    assert (statistics.messages_received, statistics.malformed_messages, statistics.values_received) == (4, 2, 1)


def test_the_user_name_is_known_to_the_project(player: Player, server: RecordingServer) -> None:
    connect(player, server)
    player.broadcast("who")
    assert player.variable("result") == "bob"


def test_turbowarps_machine_speaks_to_the_cloud_too(
    turbowarp_player: Player, project: Path, server: RecordingServer
) -> None:
    turbowarp_player.load(project)
    connect(turbowarp_player, server, interval=0.05)
    turbowarp_player.broadcast("one set a frame")
    server.wait_until(lambda: server.sets()[-1:] == [("☁ a", 15)])
    send_set(server, ("☁ b", "6"))
    turbowarp_player.wait_until("☁ b", equals="6", timeout=10)


# ---- errors


def test_names_that_do_not_exist_are_named(player: Player) -> None:
    with pytest.raises(PlayerError, match="the stage has no variable 'Input'; it has 'input', 'result', 'ticks'"):
        player.variable("Input")
    with pytest.raises(PlayerError, match="sprite 'Sprite' has no list 'x'; it has none"):
        player.list_items("x", sprite="Sprite")
    with pytest.raises(PlayerError, match="the project has no sprite 'Nobody'"):
        player.variable("x", sprite="Nobody")
    with pytest.raises(PlayerError, match="no script receives the broadcast 'nothing'"):
        player.broadcast("nothing")


def test_values_that_scratch_does_not_have_are_refused(player: Player) -> None:
    with pytest.raises(InvalidArgument, match="a finite number"):
        player.set_variable("input", math.nan)
    with pytest.raises(InvalidArgument, match="a Scratch value"):
        player.set_variable("input", b"bytes")  # type: ignore[arg-type]


def test_a_file_that_is_no_project_is_an_error(player: Player, tmp_path: Path) -> None:
    with pytest.raises(PlayerError, match=r"load: ENOENT.*missing\.sb3"):
        player.load(tmp_path / "missing.sb3")
    (tmp_path / "text.sb3").write_text("not a zip")
    with pytest.raises(PlayerError, match="load: "):
        player.load(tmp_path / "text.sb3")


def test_a_server_that_is_not_there_is_an_error(player: Player) -> None:
    with pytest.raises(PlayerError, match=r"no connection to ws://127.0.0.1:9/ within 0.2 s \(.*ECONNREFUSED"):
        player.connect("ws://127.0.0.1:9/", timeout=0.2)
    assert player.connection().state in ("waiting", "connecting")
    player.disconnect()
    with pytest.raises(PlayerError, match=r"no connection to ws://127.0.0.1:9/ \(disconnected\)"):
        player.wait_until_connected()


def test_an_address_that_is_none_is_an_error_at_once(player: Player) -> None:
    with pytest.raises(PlayerError, match=r"no connection to nowhere \(Invalid URL"):
        player.connect("nowhere")
    assert player.connection().state == "closed"


def test_a_project_without_cloud_variables_does_not_connect(
    player: Player, server: RecordingServer, tmp_path: Path
) -> None:
    player.load(write_project(tmp_path / "plain.sb3", cloud=False))
    with pytest.raises(PlayerError, match="no cloud variable"):
        player.connect(server.url)


# ---- the process


def test_closing_ends_process_threads_and_connection(parts: Path, project: Path, server: RecordingServer) -> None:
    before = threading.active_count()
    with Player(parts=parts) as player:
        player.load(project)
        player.connect(server.url)
        process = player._process
    assert process.returncode == 0
    assert threading.active_count() == before
    with pytest.raises(PlayerError, match="the player is closed"):
        player.variable("input")
    player.close()


def test_a_process_that_dies_fails_who_waits_with_what_it_logged(parts: Path, project: Path) -> None:
    with Player(parts=parts) as player:
        player.load(project)
        threading.Timer(0.1, lambda: os.kill(player._process.pid, signal.SIGTERM)).start()
        with pytest.raises(PlayerError, match=r"(?s)ended with code -15; it logged last:\n.*costume"):
            player.wait_until("input", equals="never")
        with pytest.raises(PlayerError, match="ended with code -15"):
            player.green_flag()


def test_turbowarp_needs_its_bundle(parts: Path) -> None:
    with pytest.raises(InvalidArgument, match="flavor 'turbowarp' needs machine="):
        Player(parts=parts, flavor="turbowarp")


def test_a_bundle_that_is_not_there_is_an_error(parts: Path, tmp_path: Path) -> None:
    with (
        Player(parts=parts, machine=tmp_path / "missing.js") as player,
        pytest.raises(PlayerError, match=r"ended with code 1(?s:.*)missing\.js"),
    ):
        player.green_flag()
