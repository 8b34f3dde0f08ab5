from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
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


def test_a_file_that_is_none_of_ours_is_an_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "values.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(CloudError, match="cannot keep values"):
        LocalCloud(database=path).start()
    with pytest.raises(CloudError, match="cannot keep values"):
        Store(tmp_path / "no such folder" / "values.sqlite")
