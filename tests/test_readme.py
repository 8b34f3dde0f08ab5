"""What the README and the examples say is run."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
import threading
from pathlib import Path

import pytest

from cloudlink import Client, CloudClient, CloudConnection, Hosts, RequestError, TwCloudConnection
from cloudlink.localcloud import LocalCloud
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry
from cloudlink.testing import LocalSite

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def wait_for_thread_end(thread: threading.Thread) -> None:
    thread.join(10)
    assert not thread.is_alive()


def test_the_server_in_the_readme_answers() -> None:
    program = PROGRAMS[0]
    assert len([line for line in program.splitlines() if line]) <= 12
    with LocalCloud("turbowarp") as cloud:
        program = re.sub(r"contact=\".*?\"", f"cloud_host={cloud.url!r}", program)
        names: dict[str, object] = {}
        thread = threading.Thread(target=exec, args=(program, names))
        thread.start()
        with (
            TwCloudConnection("my-game-1234", cloud_host=cloud.url) as connection,
            CloudClient(connection) as player,
        ):
            assert player.request("greet", "Ada") == "Hello Ada, Python speaking!"
            assert player.request("add", 3, "4") == 7
        names["client"].stop()  # type: ignore[attr-defined]
        wait_for_thread_end(thread)
        names["cloud"].disconnect()  # type: ignore[attr-defined]


def test_the_program_without_scratch_in_the_readme_prints_the_answer() -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(PROGRAMS[1], {})
    assert shown.getvalue() == "Hello Ada!\n"


def test_the_messages_in_the_readme_arrive() -> None:
    (program,) = (program for program in PROGRAMS if "player.stream(" in program)
    (around,) = (program for program in PROGRAMS if 'LocalCloud("scratch")' in program)
    indented = "".join(f"    {line}\n" for line in program.splitlines())
    waiting = "    import time\n    deadline = time.monotonic() + 20\n"
    waiting += "    while 'open' not in shown.getvalue() and time.monotonic() < deadline: time.sleep(0.01)\n"
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(around + indented + waiting, {"shown": shown})
    assert shown.getvalue().splitlines() == ["Hello Ada!", "0", "1", "4", "9", "the shop is open"]


def test_the_local_site_in_the_readme_prints_the_bio() -> None:
    (program,) = (program for program in PROGRAMS if "LocalSite()" in program)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(program, {})
    assert shown.getvalue() == "Hi, I am the cat.\n"


def test_the_program_with_events_in_the_readme_prints_the_set() -> None:
    (program,) = (program for program in PROGRAMS if "CloudEvents(" in program)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(program, {})
    assert shown.getvalue() == "score 42\n"


def test_the_readme_has_one_line_to_run_and_one_to_test() -> None:
    commands = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert [len(command.splitlines()) for command in commands] == [1, 1]
    assert commands[0].strip().endswith(".venv/bin/cloudlink demo")
    assert commands[1].strip() in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")


SERVERS = [path for path in sorted((REPOSITORY / "examples").glob("*.py")) if not path.name.startswith("test_")]


@pytest.mark.parametrize("path", SERVERS, ids=lambda path: path.stem)
def test_an_example_without_its_arguments_says_how_it_is_started(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [path.name, "my-game-1234"])
    with pytest.raises(SystemExit, match=f"python examples/{path.name} my-game-1234 https"):
        runpy.run_path(str(path), run_name="__main__")


def test_the_profile_example_tells_players_what_is_wrong() -> None:
    example = runpy.run_path(str(REPOSITORY / "examples" / "profile.py"))
    with (
        LocalSite() as site,
        LocalCloud("scratch") as cloud,
        CloudConnection("1", username="server", cloud_host=cloud.url) as connection,
        example["make_server"](
            connection, site=Client(hosts=Hosts.at(site.hosts), retry=Retry(attempts=1), intervals=Intervals(read=0))
        ),
        CloudConnection("1", username="player", cloud_host=cloud.url) as player_connection,
        CloudClient(player_connection) as player,
    ):
        site.add_user("ScratchCat", country=None)
        assert player.request("profile", "scratchcat") == "ScratchCat from somewhere: "
        for nobody in ("", "nobody-at-all"):
            with pytest.raises(RequestError, match=f"nobody is called {nobody}$"):
                player.request("profile", nobody)
        site.stop()
        with pytest.raises(RequestError, match="Scratch does not answer"):
            player.request("profile", "scratchcat")


def test_the_guessing_game_can_be_won() -> None:
    example = runpy.run_path(str(REPOSITORY / "examples" / "guess_the_number.py"))
    with (
        LocalCloud("scratch") as cloud,
        CloudConnection("1", username="server", cloud_host=cloud.url) as connection,
        example["make_server"](connection),
        CloudConnection("1", username="player", cloud_host=cloud.url) as player_connection,
        CloudClient(player_connection) as player,
    ):
        with pytest.raises(RequestError, match="start a new game first"):
            player.request("guess", "Ada", 1)
        player.request("new game", "Ada")
        low, high, guesses = 1, 100, 0
        while True:
            middle = (low + high) // 2
            guesses += 1
            match player.request("guess", "Ada", middle):
                case "right":
                    break
                case "higher":
                    low = middle + 1
                case "lower":
                    high = middle - 1
        assert player.request("record") == ["Ada", guesses]
