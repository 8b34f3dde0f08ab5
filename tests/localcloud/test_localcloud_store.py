from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloud_clients import client, set_x, until, values
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlink.errors import CloudError
from cloudlink.localcloud import LocalCloud
from cloudlink.localcloud import store as store_module
from cloudlink.localcloud.store import Store
from cloudlink.transport.lines import SetVariable

texts = st.text(st.characters(codec=None), max_size=20)


@settings(max_examples=25)  # each opens files
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), texts, st.none() | st.builds(SetVariable, st.just(""), texts, st.booleans())),
        max_size=20,
    ),
    st.integers(0, 20),
)
def test_what_was_put_is_loaded_written_or_not(
    tmp_path_factory: pytest.TempPathFactory,
    puts: list[tuple[str, str, SetVariable | None]],
    reopen_after: int,
) -> None:
    path = tmp_path_factory.mktemp("store") / "values.sqlite"
    expected: dict[str, dict[str, SetVariable]] = {"a": {}, "b": {}}
    store = Store(path)
    for number, (project, name, given_update) in enumerate(puts):
        if number == reopen_after:
            store.close()
            store = Store(path)
        update = None if given_update is None else SetVariable(name, given_update.value, given_update.number)
        store.put(project, name, update)
        expected[project].pop(name, None)
        if update is not None:
            expected[project][name] = update
        assert {found.name: found for found in store.load(project)} == expected[project]
    store.close()
    store = Store(path)
    assert {project: {u.name: u for u in store.load(project)} for project in "ab"} == expected
    store.close()


def test_values_outlive_the_server_on_every_profile(tmp_path: Path) -> None:
    for profile in ("scratch", "turbowarp", "open"):
        path = tmp_path / f"{profile}.sqlite"
        with LocalCloud(profile, database=path) as cloud, client(cloud) as connection:
            set_x(connection, "1")
            set_x(connection, 2, "☁ y")
            until(lambda cloud=cloud: len(cloud.variables("7")) == 2)
        with LocalCloud(profile, database=path) as cloud, client(cloud) as connection:
            assert [str(value) for value in values(connection, 2)] == ["1", "2"]


def test_a_killed_server_leaves_its_written_values_and_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "values.sqlite"
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from cloudlink.localcloud.store import Store\n"
        "from cloudlink.transport.lines import SetVariable\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for number in range(10**6):\n"
        "    store.put('7', f'x{number % 50}', SetVariable(f'x{number % 50}', str(number)))\n"
        "    if store.load('7') and number == 50:\n"
        "        print('ready', flush=True)\n"
        "    time.sleep(0.001)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        until(lambda: _rows(path) == 50)
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.wait(10)
    store = Store(path)
    assert {update.name for update in store.load("7")} == {f"x{number}" for number in range(50)}
    store.close()
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


def _rows(path: Path) -> int:
    file = sqlite3.connect(path)
    try:
        return int(file.execute("SELECT count(*) FROM variables").fetchone()[0])
    finally:
        file.close()


def test_a_full_file_loses_the_oldest_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "INTERVAL", 0.01)
    path = tmp_path / "values.sqlite"
    store = Store(path, max_bytes=1 << 20)
    for number in range(60):
        store.put(str(number), "x", SetVariable("x", "9" * 50_000))
        until(lambda: not store._unwritten and not store._being_written)
    assert store.load("59") == [SetVariable("x", "9" * 50_000)]
    assert store.load("0") == []
    store.close()
    assert path.stat().st_size <= 1 << 20


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program that writes, and takes its time."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "INTERVAL", 0.01)
    monkeypatch.setattr(store_module, "BUSY_TIMEOUT", 0.01)


def in_log(caplog: pytest.LogCaptureFixture, text: str, *, level: int = logging.WARNING) -> int:
    return sum(text in record.getMessage() and record.levelno == level for record in caplog.records)


@pytest.mark.usefixtures("impatient")
def test_values_wait_for_a_program_that_locks_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "values.sqlite"
    store = Store(path)
    with locked(path):
        store.put("7", "x", SetVariable("x", "1"))
        store.put("7", "y", SetVariable("y", "2"))
        until(lambda: in_log(caplog, "database is locked"))
        store.put("7", "x", SetVariable("x", "3"))
        store.put("8", "x", SetVariable("x", "4"))
        assert {update.name: update.value for update in store.load("7")} == {"x": "3", "y": "2"}
        assert _rows(path) == 0
    until(lambda: in_log(caplog, "can be written to again"))
    assert _rows(path) == 3
    assert in_log(caplog, "so values wait in memory") == 1
    store.close()
    assert in_log(caplog, "are lost", level=logging.ERROR) == 0


@pytest.mark.usefixtures("impatient")
def test_what_the_last_writing_cannot_write_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "values.sqlite"
    store = Store(path)
    with locked(path):
        store.put("7", "x", SetVariable("x", "1"))
        store.put("8", "x", SetVariable("x", "2"))
        store.close()
    assert in_log(caplog, f"written to {path} are lost: 2", level=logging.ERROR) == 1


@pytest.mark.usefixtures("impatient")
def test_values_that_wait_have_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "MAX_UNWRITTEN", 100)
    path = tmp_path / "values.sqlite"
    store = Store(path)
    with locked(path):
        store.put("7", "x", SetVariable("x", "9" * 60))
        until(lambda: in_log(caplog, "so values wait in memory"))
        store.put("7", "y", SetVariable("y", "9" * 60))
        until(lambda: in_log(caplog, "are lost", level=logging.ERROR))
        store.put("7", "z", SetVariable("z", "9" * 60))
    store.close()
    store = Store(path)
    names = {update.name for update in store.load("7")}
    store.close()
    assert "z" in names
    assert "x" not in names


def test_a_file_that_is_none_of_ours_is_an_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "values.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(CloudError, match="cannot keep values"):
        LocalCloud(database=path).start()
    with pytest.raises(CloudError, match="cannot keep values"):
        Store(tmp_path / "no such folder" / "values.sqlite")
