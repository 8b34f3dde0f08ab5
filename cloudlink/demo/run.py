"""`cloudlink demo`: one run through the whole stack, with what was exchanged and how long it took."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cloudlink.connection import CloudConnection
from cloudlink.demo.handlers import Leaderboard, add_handlers
from cloudlink.demo.players import PROJECT, Asker, PythonTwin, ScratchProject
from cloudlink.errors import PlayerError, RequestError
from cloudlink.localcloud import LocalCloud
from cloudlink.server import CloudRequests

_SAMPLE = (
    "Hello from Python! Grüße aus Köln. ¿Qué tal? Ça va très bien. Привет, мир. Γειά σου. שלום. مرحبا. "
    'こんにちは世界。你好。안녕하세요. 😀🚀 "quotes" & \\backslash\\ {braces} <tags> [brackets]\n'
)
ECHO_LENGTH = 5000
"""Characters in the long text that goes to the server and back, counted as Python counts them."""

_SECONDS = 90
"""Timeout of each request; the long text takes about half a minute on Scratch's channel."""


@dataclass(frozen=True, slots=True)
class _Step:
    request: str
    arguments: tuple[Any, ...]
    expected: Callable[[Any], bool]


def _steps() -> list[_Step]:
    text = (_SAMPLE * (ECHO_LENGTH // len(_SAMPLE) + 1))[:ECHO_LENGTH]
    return [
        _Step("greet", ("Ada",), lambda answer: answer == "Hello Ada, Python speaking!"),
        _Step("add", (0.1, 0.2), lambda answer: answer == 0.1 + 0.2),
        _Step("divide", (1, 0), lambda answer: isinstance(answer, RequestError)),
        _Step("submit_score", ("Ada", 1200), lambda answer: answer == 1),
        _Step("submit_score", ("Grace", 900), lambda answer: answer == 2),
        _Step("top_scores", (2,), lambda answer: answer == [["Ada", 1200], ["Grace", 900]]),
        _Step("echo", (text,), lambda answer: answer == text),
    ]


def run_demo(*, use_twin: bool) -> None:
    """Start a cloud and a server, let a project ask, and print what came of it.

    Raises:
        click.ClickException: an answer was not what it should be.
    """
    with tempfile.TemporaryDirectory() as folder, LocalCloud("scratch") as cloud:
        connection = CloudConnection(PROJECT, username="demo-server", cloud_host=cloud.url)
        leaderboard = Leaderboard(Path(folder) / "scores.sqlite")
        client = CloudRequests(connection)
        add_handlers(client, leaderboard)
        client.start()
        click.echo(f"A cloud with Scratch's limits runs at {cloud.url}, and a Python server listens to it.")
        try:
            with _asker(cloud.url, use_twin=use_twin) as asker:
                click.echo(f"Asking is {asker.title}.\n")
                wrong = _ask_all(asker)
        finally:
            client.stop()
            connection.disconnect()
            leaderboard.close()
        counted = cloud.statistics
    click.echo(f"\nThe cloud relayed {counted.delivered:,} values of at most 256 digits, 10 a second from each side.")
    if wrong:
        raise click.ClickException(f"{wrong} of the answers were not what they should be")
    click.echo("Every answer was right.")


def _asker(url: str, *, use_twin: bool) -> Asker:
    if use_twin:
        return PythonTwin(url)
    try:
        return ScratchProject(url, announce=click.echo)
    except PlayerError as error:
        click.echo(f"No Scratch VM here: {error}")
        return PythonTwin(url)


def _ask_all(asker: Asker) -> int:
    """Make all requests, one after the other; the number of wrong answers."""
    rows: list[str] = []
    wrong = 0
    steps = _steps()
    with click.progressbar(length=100 * len(steps), label="Exchanging") as bar:
        for number, step in enumerate(steps):

            def advance(percent: int, number: int = number) -> None:
                bar.update(max(0, 100 * number + percent - bar.pos))

            started = time.perf_counter()
            answer = _ask(asker, step, advance)
            seconds = time.perf_counter() - started
            advance(100)
            right = step.expected(answer)
            wrong += not right
            rows.append(_row(step, answer, seconds, right=right))
    click.echo()
    for row in rows:
        click.echo(row)
    return wrong


def _ask(asker: Asker, step: _Step, advance: Callable[[int], None]) -> Any:
    try:
        return asker.ask(step.request, *step.arguments, timeout=_SECONDS, progress=advance)
    except RequestError as error:
        return error


def _row(step: _Step, answer: Any, seconds: float, *, right: bool) -> str:
    asked = f"{step.request}({', '.join(map(_short, step.arguments))})"
    mark = "ok   " if right else "WRONG"
    return f"  {mark} {seconds:7.3f} s  {asked:<34} -> {_short(answer)}"


def _short(value: Any) -> str:
    if isinstance(value, RequestError):
        return f"error {value.code}: {value.text}"
    if isinstance(value, str) and len(value) > 40:
        return f"{value[:17]!r}... ({len(value):,} characters)"
    return repr(value)
