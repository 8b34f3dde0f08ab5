"""Whole projects to a site on this machine and back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from local_site import client_at
from project_maker import MadeProject, made, modern_projects, name_of, numbered, old_projects, unzipped

from cloudlink.errors import (
    BadResponse,
    Forbidden,
    InvalidArgument,
    LoginRequired,
    NotFound,
    RateLimited,
    Rejected,
    SiteUnavailable,
    SiteUnreachable,
)
from cloudlink.rest import transfer
from cloudlink.rest.client import Client
from cloudlink.rest.projects import Project, get_project, upload_project
from cloudlink.rest.session import Session
from cloudlink.testing import LocalSite, RequestRecord

ASSETS = "assets.scratch.mit.edu"
PROJECTS = "projects.scratch.mit.edu"


@pytest.fixture(scope="module")
def shared_site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("otter")
        site.add_user("fox")
        yield site


@pytest.fixture
def site(shared_site: LocalSite) -> LocalSite:
    shared_site.clear_trouble()
    shared_site.forget_requests()
    with shared_site.state() as world:
        world.assets.clear()
    return shared_site


@pytest.fixture(scope="module")
def client(shared_site: LocalSite) -> Iterator[Client]:
    with client_at(shared_site) as client:
        yield client


@pytest.fixture(scope="module")
def otter(shared_site: LocalSite, client: Client) -> Session:
    return Session(shared_site.log_in("otter"), client=client)


@pytest.fixture(scope="module")
def fox(shared_site: LocalSite, client: Client) -> Session:
    return Session(shared_site.log_in("fox"), client=client)


def put_on(site: LocalSite, project: MadeProject) -> int:
    """A shared project on the site, with all its assets."""
    for name, data in project.assets.items():
        site.add_asset(data, name.partition(".")[2])
    return site.add_project("otter", "Maze", json=project.content).id


def own(session: Session, number: int) -> Project:
    project = session.connect_project(number)
    assert isinstance(project, Project)
    return project


def calls(site: LocalSite, host: str, method: str = "*") -> list[RequestRecord]:
    return [record for record in site.requests if record.host == host and method in ("*", record.method)]


# There and back


@settings(max_examples=40)
@given(project=modern_projects())
def test_what_is_uploaded_comes_back_the_same(otter: Session, project: MadeProject) -> None:
    file = project.sb3()
    number = otter.upload_project(file, title="New")
    with TemporaryDirectory() as folder:
        path = own(otter, number).download(dir=folder)
        assert path.name == f"{number}.sb3"
        assert unzipped(path.read_bytes()) == unzipped(file)
        again = own(otter, number)
        again.upload(path)
        assert unzipped(again.download("again.sb3", dir=folder).read_bytes()) == unzipped(file)
        assert sorted(entry.name for entry in Path(folder).iterdir()) == sorted([path.name, "again.sb3"])


@settings(max_examples=40)
@given(project=old_projects())
def test_an_old_project_comes_with_every_asset_under_its_number(
    shared_site: LocalSite, client: Client, project: MadeProject
) -> None:
    number = put_on(shared_site, project)
    with TemporaryDirectory() as folder:
        files = unzipped(get_project(number, client=client).download(dir=folder).read_bytes())
    content = json.loads(files.pop("project.json"))
    used = set()
    for sprite in (content, *(child for child in content["children"] if "costumes" in child)):
        keys = [("penLayerMD5", "penLayerID")] if "penLayerMD5" in sprite else []
        parts = [(sprite, keys)]
        parts += [(c, [("baseLayerMD5", "baseLayerID"), ("textLayerMD5", "textLayerID")]) for c in sprite["costumes"]]
        parts += [(sound, [("md5", "soundID")]) for sound in sprite["sounds"]]
        for part, names in parts:
            for name_key, number_key in names:
                if name_key in part:
                    file = f"{part[number_key]}.{part[name_key].partition('.')[2]}"
                    assert files[file] == project.assets[part[name_key]]
                    used.add(file)
    assert used == set(files)


def test_a_file_is_taken_by_path_by_bytes_and_open(otter: Session, tmp_path: Path) -> None:
    data = numbered(2).sb3()
    path = tmp_path / "maze.sb3"
    path.write_bytes(data)
    with path.open("rb") as opened:
        for source in (path, str(path), data, opened):
            number = otter.upload_project(source)
            assert unzipped(own(otter, number).download(dir=tmp_path).read_bytes()) == unzipped(data)
        assert not opened.closed


def test_every_file_is_counted(site: LocalSite, otter: Session, tmp_path: Path) -> None:
    project = numbered(20)
    number = put_on(site, numbered(3))
    seen: list[tuple[int, int]] = []
    threads = set()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        threads.add(threading.current_thread())

    own(otter, number).upload(project.sb3(), progress=progress)
    assert seen == [(done, 21) for done in range(22)]
    seen.clear()
    own(otter, number).download(dir=tmp_path, progress=progress)
    assert seen == [(done, 21) for done in range(1, 22)]
    assert threads == {threading.current_thread()}


def test_a_project_of_scratch_1_is_one_file(site: LocalSite, otter: Session, tmp_path: Path) -> None:
    number = site.add_project("otter", data=b"ScratchV02 and so on").id
    seen: list[tuple[int, int]] = []
    path = own(otter, number).download(dir=tmp_path, progress=lambda *step: seen.append(step))
    assert path == tmp_path / f"{number}.sb"
    assert path.read_bytes() == b"ScratchV02 and so on"
    assert seen == [(1, 1)]
    assert list(tmp_path.iterdir()) == [path]


# Downloads on a bad day


class StoppedError(Exception):
    """Somebody has had enough."""


@pytest.mark.parametrize("workers", [1, 8])
def test_an_interrupted_download_fetches_only_what_is_missing(
    site: LocalSite, client: Client, tmp_path: Path, workers: int
) -> None:
    project = numbered(40)
    found = get_project(put_on(site, project), client=client)

    def stop(done: int, total: int) -> None:
        if done > 15:
            raise StoppedError

    with pytest.raises(StoppedError):
        found.download("maze.sb3", dir=tmp_path, progress=stop, workers=workers)
    assert not (tmp_path / "maze.sb3").exists()
    first = {record.path for record in calls(site, ASSETS)}
    assert 15 <= len(first) <= 15 + 2 * workers
    site.forget_requests()
    path = found.download("maze.sb3", dir=tmp_path, workers=workers)
    second = {record.path for record in calls(site, ASSETS)}
    assert first.isdisjoint(second)
    assert len(first) + len(second) == 40
    assert unzipped(path.read_bytes()) == unzipped(project.sb3())
    assert list(tmp_path.iterdir()) == [path]


def test_an_asset_that_was_damaged_on_the_disk_is_fetched_again(
    site: LocalSite, client: Client, tmp_path: Path
) -> None:
    project = numbered(3)
    found = get_project(put_on(site, project), client=client)
    folder = tmp_path / ".maze.sb3.part"
    folder.mkdir()
    for name, data in project.assets.items():
        (folder / name).write_bytes(data[:-1])
    kept = next(iter(project.assets))
    (folder / kept).write_bytes(project.assets[kept])
    path = found.download("maze.sb3", dir=tmp_path)
    assert unzipped(path.read_bytes()) == unzipped(project.sb3())
    assert {record.path[1:] for record in calls(site, ASSETS)} == set(project.assets) - {kept}


def test_an_older_file_stays_until_the_new_one_is_whole(site: LocalSite, client: Client, tmp_path: Path) -> None:
    found = get_project(put_on(site, numbered(3)), client=client)
    (tmp_path / "maze.sb3").write_bytes(b"old")
    site.trouble(f"{ASSETS}/*", status=404)
    with pytest.raises(NotFound):
        found.download("maze.sb3", dir=tmp_path)
    assert (tmp_path / "maze.sb3").read_bytes() == b"old"
    found.download("maze.sb3", dir=tmp_path)
    assert (tmp_path / "maze.sb3").read_bytes().startswith(b"PK")


def test_a_corrupted_asset_is_told_and_not_kept(site: LocalSite, client: Client, tmp_path: Path) -> None:
    project = numbered(1)
    found = get_project(put_on(site, project), client=client)
    site.trouble(f"{ASSETS}/*", status=200, body=b"<svg>half")
    with pytest.raises(BadResponse, match=f"{next(iter(project.assets))} came with other bytes"):
        found.download(dir=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert unzipped(found.download(dir=tmp_path).read_bytes()) == unzipped(project.sb3())


def test_an_asset_that_the_site_lost_is_named(site: LocalSite, client: Client, tmp_path: Path) -> None:
    project = numbered(5)
    found = get_project(put_on(site, project), client=client)
    lost = list(project.assets)[2]
    with site.state() as world:
        del world.assets[lost]
    with pytest.raises(NotFound) as caught:
        found.download(dir=tmp_path, workers=2)
    assert caught.value.what == f"asset {lost}"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_bad_moment_in_the_middle_is_waited_out(site: LocalSite, client: Client, tmp_path: Path, status: int) -> None:
    project = numbered(30)
    found = get_project(put_on(site, project), client=client)
    late = list(project.assets)[10:14]
    for name in late:
        site.trouble(f"{ASSETS}/{name}", status=status, retry_after=0)
    assert unzipped(found.download(dir=tmp_path).read_bytes()) == unzipped(project.sb3())
    assert len(calls(site, ASSETS)) == 30 + len(late)


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, SiteUnavailable), (None, SiteUnreachable)])
def test_bad_moments_without_end_are_told_and_the_rest_is_kept(
    site: LocalSite, client: Client, tmp_path: Path, status: int | None, kind: type[Exception]
) -> None:
    project = numbered(10)
    found = get_project(put_on(site, project), client=client)
    last = list(project.assets)[-1]
    site.trouble(f"{ASSETS}/{last}", status=status, retry_after=0, hang_up=None if status else "before", times=None)
    with pytest.raises(kind):
        found.download("maze.sb3", dir=tmp_path, workers=1)
    site.clear_trouble()
    site.forget_requests()
    assert unzipped(found.download("maze.sb3", dir=tmp_path).read_bytes()) == unzipped(project.sb3())
    assert [record.path for record in calls(site, ASSETS)] == [f"/{last}"]


def test_too_many_assets_and_too_many_bytes_are_refused(
    site: LocalSite, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = {"targets": [{"costumes": [{"md5ext": f"{number:032x}.svg"} for number in range(10_001)]}]}
    number = site.add_project("otter", json=huge).id
    with pytest.raises(BadResponse, match="10,001 assets"):
        get_project(number, client=client).download(dir=tmp_path)
    monkeypatch.setattr(transfer, "MAX_BYTES", 30)
    with pytest.raises(BadResponse, match="more than 30 bytes"):
        get_project(put_on(site, numbered(4)), client=client).download(dir=tmp_path)


@pytest.mark.parametrize("name", ["..", ".", "a/../../b", "x\0y", "/etc/passwd"])
def test_no_file_name_leads_out_of_the_folder(site: LocalSite, client: Client, tmp_path: Path, name: str) -> None:
    found = get_project(put_on(site, numbered(1)), client=client)
    with pytest.raises(InvalidArgument, match="without a folder"):
        found.download(name, dir=tmp_path)


def test_a_folder_in_the_way_is_told_before_anything_is_fetched(
    site: LocalSite, client: Client, tmp_path: Path
) -> None:
    found = get_project(put_on(site, numbered(1)), client=client)
    (tmp_path / "maze.sb3").mkdir()
    with pytest.raises(InvalidArgument, match="is a folder"):
        found.download("maze.sb3", dir=tmp_path)
    assert calls(site, ASSETS) == []


@pytest.mark.parametrize("workers", [0, 33, 2.5])
def test_workers_are_a_bearable_number(site: LocalSite, client: Client, tmp_path: Path, workers: int) -> None:
    found = get_project(put_on(site, numbered(1)), client=client)
    with pytest.raises(InvalidArgument, match="workers is a whole number from 1 to 32"):
        found.download(dir=tmp_path, workers=workers)


# Uploads on a bad day


def test_only_assets_that_the_site_lacks_are_sent_and_before_the_json(site: LocalSite, otter: Session) -> None:
    project = numbered(12)
    number = put_on(site, numbered(5))
    site.forget_requests()
    own(otter, number).upload(project.sb3())
    sent = [record.path[1:] for record in calls(site, ASSETS, "POST")]
    assert sorted(sent) == sorted(list(project.assets)[5:])
    (saved,) = calls(site, PROJECTS)
    assert saved.method == "PUT"
    assert site.requests[-1] == saved


def test_nothing_is_sent_of_a_file_that_is_wrong(site: LocalSite, otter: Session) -> None:
    project = own(otter, put_on(site, numbered(1)))
    site.forget_requests()
    broken = made([b"<svg/>"])
    with pytest.raises(InvalidArgument, match="other bytes"):
        project.upload(replace(broken, assets=dict.fromkeys(broken.assets, b"others")).sb3())
    with pytest.raises(InvalidArgument):
        otter.upload_project(b"no project")
    assert site.requests == []


def test_a_content_is_saved_with_the_assets_that_are_new_in_it(site: LocalSite, otter: Session) -> None:
    project = numbered(3)
    mine = own(otter, put_on(site, numbered(2)))
    site.forget_requests()
    new = list(project.assets)[2]
    wrong = {new: b"others"}
    with pytest.raises(InvalidArgument, match="another MD5 than its name"):
        mine.set_json(project.content, assets=wrong)
    assert {record.method for record in site.requests} == {"GET"}
    seen: list[tuple[int, int]] = []
    mine.set_json(project.content, assets={new: project.assets[new]}, progress=lambda *step: seen.append(step))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert mine.get_raw_json() == project.content
    with site.state() as world:
        assert world.assets == project.assets


def test_nobody_saves_what_is_of_somebody_else(site: LocalSite, fox: Session, client: Client) -> None:
    number = put_on(site, numbered(1))
    theirs = own(fox, number)
    nobody = get_project(number, client=client)
    assert isinstance(nobody, Project)
    site.forget_requests()
    with pytest.raises(Forbidden, match="is of 'otter', and you are 'fox'"):
        theirs.upload(numbered(2).sb3())
    for call in (nobody.upload, lambda file: upload_project(file, client=client)):
        with pytest.raises(LoginRequired):
            call(numbered(2).sb3())
    assert site.requests == []


@pytest.mark.parametrize(
    "trouble",
    [{"status": 429, "retry_after": 0}, {"status": 500}, {"hang_up": "before"}, {"hang_up": "after"}],
)
def test_an_asset_whose_upload_had_no_answer_is_looked_for_and_sent_if_it_is_not_there(
    site: LocalSite, otter: Session, trouble: dict[str, object]
) -> None:
    project = numbered(6)
    number = put_on(site, numbered(1))
    unlucky = list(project.assets)[3]
    site.trouble(f"{ASSETS}/{unlucky}", method="POST", **trouble)  # type: ignore[arg-type]
    own(otter, number).upload(project.sb3())
    with site.state() as world:
        assert set(world.assets) == set(project.assets)
    times = sum(record.path == f"/{unlucky}" for record in calls(site, ASSETS, "POST"))
    assert times == (1 if trouble.get("hang_up") == "after" else 2)


def test_an_upload_that_failed_is_continued(site: LocalSite, otter: Session) -> None:
    project = numbered(20)
    number = put_on(site, numbered(1))
    mine = own(otter, number)
    before = mine.get_raw_json()
    unlucky = list(project.assets)[10]
    site.trouble(f"{ASSETS}/{unlucky}", method="POST", status=503, times=None)
    with pytest.raises(SiteUnavailable):
        mine.upload(project.sb3(), workers=2)
    assert mine.get_raw_json() == before
    sent = {record.path for record in calls(site, ASSETS, "POST") if record.status == 200}
    assert len(sent) >= 8
    site.clear_trouble()
    site.forget_requests()
    mine.upload(project.sb3())
    assert sent.isdisjoint({record.path for record in calls(site, ASSETS, "POST")})
    assert mine.get_raw_json() == project.content


@pytest.mark.parametrize("trouble", [{"status": 429, "retry_after": 0}, {"status": 500}, {"hang_up": "after"}])
def test_the_project_itself_is_never_sent_twice(site: LocalSite, otter: Session, trouble: dict[str, object]) -> None:
    mine = own(otter, put_on(site, numbered(1)))
    site.forget_requests()
    for call in (mine.upload, otter.upload_project):
        site.trouble(f"{PROJECTS}/*", **trouble)  # type: ignore[arg-type]
        with pytest.raises((RateLimited, SiteUnavailable, SiteUnreachable)):
            call(numbered(2).sb3())
    assert [record.method for record in calls(site, PROJECTS)] == ["PUT", "POST"]


def test_an_asset_is_sent_where_the_site_does_not_tell_what_it_has(site: LocalSite, otter: Session) -> None:
    project = numbered(3)
    mine = own(otter, put_on(site, project))
    site.trouble(f"{ASSETS}/*", method="GET", status=403, times=None)
    mine.upload(project.sb3())
    assert len(calls(site, ASSETS, "POST")) == 3


def test_what_is_too_big_for_the_site_is_its_word(site: LocalSite, otter: Session) -> None:
    mine = own(otter, put_on(site, numbered(1)))
    old = site.rules
    site.rules = replace(old, asset_size=10)
    try:
        with pytest.raises(Rejected, match="too big") as caught:
            mine.upload(made([b"<svg>a bit longer</svg>"]).sb3())
    finally:
        site.rules = old
    assert caught.value.status == 413
    assert name_of(b"<svg>a bit longer</svg>", "svg") in str(caught.value)
