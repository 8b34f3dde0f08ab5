"""Stores in every kind of database that is here."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cloudlink.storage import Storage


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own, on a socket in a folder of its own."""
    debian = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
    programs = os.pathsep.join([os.environ.get("PATH", ""), *debian])
    initdb, pg_ctl = shutil.which("initdb", path=programs), shutil.which("pg_ctl", path=programs)
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL's server is not installed")
    user = None
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:  # its programs refuse to run as root
            if "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
                pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
            user = "postgres"
            shutil.chown(folder, user)
        cluster = f"{folder}/cluster"
        options = f"-k {folder} -c listen_addresses=''"
        start = [pg_ctl, "-D", cluster, "-w", "-l", f"{folder}/log", "-o", options, "start"]
        for command in ([initdb, "-D", cluster, "-U", "cloudlink", "-A", "trust", "-E", "UTF8"], start):
            subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=100)
        try:
            yield f"postgresql+psycopg://cloudlink@/postgres?host={folder}"
        finally:
            stop = [pg_ctl, "-D", cluster, "-m", "immediate", "stop"]
            subprocess.run(stop, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=100)


@pytest.fixture(params=["memory", "file", "sqlalchemy", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be made."""
    match request.param:
        case "memory":
            return ":memory:"
        case "file":
            return str(tmp_path / "game.db")
        case "sqlalchemy":
            return f"sqlite:///{tmp_path / 'game.db'}"
    url: str = request.getfixturevalue("postgresql")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS cloudlink_store, cloudlink_records, cloudlink_scores"))
    engine.dispose()
    return url


@pytest.fixture
def lasting_place(place: str) -> str:
    """One that outlives the program."""
    if place == ":memory:":
        pytest.skip("memory does not last")
    return place


@pytest.fixture
def store(place: str) -> Iterator[Storage]:
    with Storage(place) as store:
        yield store
