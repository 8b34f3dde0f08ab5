"""`cloudlink project` against a site on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from local_site import client_at
from project_maker import numbered, unzipped

from cloudlink.cli.main import main
from cloudlink.rest.client import Client
from cloudlink.rest.http import Reply, Request, RequestsTransport
from cloudlink.rest.session import SESSION_VARIABLE, Session
from cloudlink.testing import LocalSite

MAZE = numbered(4)


@pytest.fixture(scope="module")
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("otter")
        site.add_user("fox")
        for data in MAZE.assets.values():
            site.add_asset(data, "svg")
        yield site


@pytest.fixture(scope="module")
def client(site: LocalSite) -> Iterator[Client]:
    with client_at(site) as client:
        yield client


@pytest.fixture
def number(site: LocalSite) -> int:
    return site.add_project("otter", "Maze", json=MAZE.content).id


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(SESSION_VARIABLE, raising=False)


def run(client: Client, *arguments: Any, login: str | None = None) -> Result:
    """Run the command, with a session id in the environment."""
    env = {SESSION_VARIABLE: login} if login else {}
    result = CliRunner().invoke(main, ["project", *map(str, arguments)], obj=client, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert login is None or login.strip('"') not in result.output
    return result


def test_a_shared_project_is_fetched_without_a_login(client: Client, number: int) -> None:
    result = run(client, "download", number)
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, f"{number}.sb3")
    assert f"project {number}" in result.stderr
    assert unzipped(Path(f"{number}.sb3").read_bytes()) == unzipped(MAZE.sb3())
    assert [path.name for path in Path().iterdir()] == [f"{number}.sb3"]


def test_it_goes_where_it_is_told_to(client: Client, number: int) -> None:
    result = run(client, "download", f"https://scratch.mit.edu/projects/{number}/editor", "-o", "deep/er/maze.sb3")
    assert result.exit_code == 0
    assert unzipped(Path("deep/er/maze.sb3").read_bytes()) == unzipped(MAZE.sb3())


@pytest.mark.parametrize("rest", ["/", "/editor/", "/#comments-1", "?from=search", "#player"])
def test_an_address_may_be_copied_as_the_browser_shows_it(client: Client, number: int, rest: str) -> None:
    assert run(client, "download", f"https://scratch.mit.edu/projects/{number}{rest}").exit_code == 0


def test_an_unshared_project_is_fetched_by_its_owner(site: LocalSite, client: Client) -> None:
    number = site.add_project("otter", json=MAZE.content, shared=False).id
    refused = run(client, "download", number)
    assert (refused.exit_code, list(Path().iterdir())) == (1, [])
    assert f"there is no project {number}, or you may not see it" in refused.stderr
    assert run(client, "download", number, login=site.log_in("otter")).exit_code == 0


@pytest.mark.parametrize("output", [[], ["-o", "maze.sb3"]])
def test_a_project_is_not_saved_over_a_file_unless_it_is_forced(client: Client, number: int, output: list[str]) -> None:
    path = Path(output[1] if output else f"{number}.sb3")
    path.write_bytes(b"my own changes")
    refused = run(client, "download", number, *output)
    assert (refused.exit_code, path.read_bytes()) == (1, b"my own changes")
    assert f"{path} is there already" in refused.stderr
    assert run(client, "download", number, *output, "--force").exit_code == 0
    assert unzipped(path.read_bytes()) == unzipped(MAZE.sb3())


def test_a_file_is_saved_in_a_project_and_made_a_new_one(site: LocalSite, client: Client, number: int) -> None:
    Path("other maze.sb3").write_bytes(numbered(6).sb3())
    login = site.log_in("otter")
    saved = run(client, "upload", "other maze.sb3", number, login=login)
    assert (saved.exit_code, saved.stdout) == (0, f"saved in {site.hosts['scratch.mit.edu']}/projects/{number}\n")
    run(client, "download", number, "-o", "a.sb3")
    made = run(client, "create", "other maze.sb3", login=login)
    assert made.exit_code == 0
    new = made.stdout.split()[1].rstrip(":")
    assert site.project(new).title == "other maze"
    assert not site.project(new).is_published
    run(client, "download", new, "-o", "b.sb3", login=login)
    for name in ("a.sb3", "b.sb3"):
        assert unzipped(Path(name).read_bytes()) == unzipped(numbered(6).sb3())
    assert run(client, "create", "a.sb3", "--title", "Mine", login=login).exit_code == 0
    with site.state() as world:
        assert [project.title for project in world.projects.values()][-1] == "Mine"


def test_a_session_file_logs_in(site: LocalSite, client: Client, number: int) -> None:
    Session(site.log_in("otter"), client=client).save("login.json")
    Path("maze.sb3").write_bytes(MAZE.sb3())
    assert run(client, "upload", "maze.sb3", number, "--session", "login.json").exit_code == 0
    assert run(client, "download", number, "--session", "login.json").exit_code == 0
    missing = run(client, "download", number, "--session", "no.json", "--force")
    assert (missing.exit_code, "no.json cannot be read" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "login", "message"),
    [
        (["upload", "maze.sb3"], None, f"{SESSION_VARIABLE} is not set"),
        (["upload", "maze.sb3"], "nonsense", "the site does not know this session id"),
        (["upload", "maze.sb3"], "fox", "is of 'otter', and you are 'fox'"),
        (["upload", "broken.sb3"], "otter", "broken.sb3: it cannot be read as an .sb3"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    site: LocalSite, client: Client, number: int, arguments: list[str], login: str | None, message: str
) -> None:
    Path("maze.sb3").write_bytes(MAZE.sb3())
    Path("broken.sb3").write_bytes(b"PK")
    session_id = site.log_in(login) if login in ("fox", "otter") else login
    result = run(client, *arguments, number, login=session_id)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_disk_that_cannot_be_written_is_told(client: Client, number: int) -> None:
    Path("a").write_bytes(b"")
    result = run(client, "download", number, "-o", "a/b.sb3")
    assert (result.exit_code, "Error: a" in result.stderr) == (1, True)


def test_an_interrupted_command_goes_on_where_it_stopped(site: LocalSite, client: Client, number: int) -> None:
    asked: list[str] = []
    transport = RequestsTransport()

    def interrupted(request: Request) -> Reply:
        if request.url.endswith(".svg"):
            asked.append(request.url)
            if len(asked) == 3:
                raise KeyboardInterrupt
        return transport(request)

    with client_at(site, transport=interrupted) as stopped:
        first = run(stopped, "download", number, "-o", "maze.sb3")
    assert (first.exit_code, Path("maze.sb3").exists()) == (1, False)
    assert "what has arrived will not be fetched, or sent, again" in first.stderr
    kept = [path.name for path in Path(".maze.sb3.part").iterdir()]
    assert 1 <= len(kept) <= 3
    second = run(client, "download", number, "-o", "maze.sb3")
    assert second.exit_code == 0
    assert unzipped(Path("maze.sb3").read_bytes()) == unzipped(MAZE.sb3())
    assert not Path(".maze.sb3.part").exists()
    transport.close()


@pytest.mark.parametrize(
    "arguments", [["download"], ["download", "maze"], ["upload", "no-such-file.sb3", "1"], ["upload", ".", "1"], ["x"]]
)
def test_a_wrong_command_line_is_told_with_its_own_code(client: Client, arguments: list[str]) -> None:
    assert run(client, *arguments).exit_code == 2
