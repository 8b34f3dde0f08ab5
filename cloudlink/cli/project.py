"""`cloudlink project`: whole projects of the Scratch site as files, and back."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from cloudlink.cli.overwriting import force_option, spare
from cloudlink.cli.sprite import told
from cloudlink.rest.client import Client
from cloudlink.rest.projects import PartialProject, Project, get_project
from cloudlink.rest.session import SESSION_VARIABLE, Session
from cloudlink.rest.transfer import Progress
from cloudlink.sprite_online import install_online


def project_number(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """The number of a project, from that or from the address of its page."""
    found = re.fullmatch(r"(?:(?:https?://)?scratch\.mit\.edu/projects/)?([0-9]{1,20})(?:[/?#].*)?", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is neither the number of a project nor the address of its page")
    return int(found[1])


project_argument = click.argument("number", metavar="PROJECT", callback=project_number)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
session_option = click.option(
    "--session",
    "session_file",
    type=click.Path(path_type=Path),
    help=f"A file that session.save() wrote; if not given, the session id in ${SESSION_VARIABLE}.",
)


@click.group()
def project() -> None:
    """Fetch and save whole projects of the Scratch site."""


@project.command()
@project_argument
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; its number here if not given."
)
@force_option
@session_option
@click.pass_obj
def download(client: Client | None, number: int, output: Path | None, force: bool, session_file: Path | None) -> None:
    """Save PROJECT, with its pictures and sounds, as a file that Scratch opens.

    PROJECT is its number or its address. Your own unshared projects need a login. If this is interrupted, the same
    command goes on where it stopped.
    """
    spare(output or Path(f"{number}.sb3"), force=force)
    with _told_interruption():
        found = _find(number, client, session_file)
        with _progress_bar(f"project {number}") as progress:
            path = found.download(
                None if output is None else output.name, "" if output is None else output.parent, progress=progress
            )
    click.echo(f"{path}: {path.stat().st_size:,} bytes")


@project.command()
@click.argument("file", type=FILE)
@project_argument
@session_option
@click.pass_obj
def upload(client: Client | None, file: Path, number: int, session_file: Path | None) -> None:
    """Save FILE, an .sb3, in your PROJECT, whose old content is replaced.

    FILE is checked first, and PROJECT stays as it was until all pictures and sounds are on the site. PROJECT is its
    number or its address. Needs a login.
    """
    with _told_interruption():
        found = _mine(number, client, session_file)
        with _progress_bar(file.name) as progress:
            found.upload(file, progress=progress)
    click.echo(f"saved in {found.url}")


@project.command()
@click.argument("file", type=FILE)
@click.option("--title", help="Of the new project; the name of FILE if not given.")
@session_option
@click.pass_obj
def create(client: Client | None, file: Path, title: str | None, session_file: Path | None) -> None:
    """Make a new project, not shared, of FILE, an .sb3. Needs a login."""
    with _told_interruption():
        session = _log_in(client, session_file)
        with _progress_bar(file.name) as progress:
            number = session.upload_project(file, title=title or file.stem, progress=progress)
        new = PartialProject(id=number, raw={}, client=session.client)
    click.echo(f"project {number}: {new.url}")


@project.command()
@project_argument
@session_option
@click.pass_obj
def install_sprite(client: Client | None, number: int, session_file: Path | None) -> None:
    """Put the companion sprite into your PROJECT on the site, or bring the one in it up to date.

    Close the project in your editor before, for whoever saves last wins. PROJECT is its number or its address. Needs
    a login.
    """
    with _told_interruption():
        found = _mine(number, client, session_file)
        with _progress_bar(f"project {number}") as progress:
            change = install_online(found, progress=progress)
    for line in told(change):
        click.echo(f"{found.url}: {line}")


def _mine(number: int, client: Client | None, session_file: Path | None) -> Project:
    found = _log_in(client, session_file).connect_project(number)
    if not isinstance(found, Project):
        raise click.ClickException(f"there is no project {number}, or you may not see it; nothing was sent")
    return found


def _find(number: int, client: Client | None, session_file: Path | None) -> Project | PartialProject:
    if session_file is None and not os.environ.get(SESSION_VARIABLE):  # a shared project wants no login
        return get_project(number, client=client)
    return _log_in(client, session_file).connect_project(number)


def _log_in(client: Client | None, session_file: Path | None) -> Session:
    if session_file is not None:
        return Session.from_file(session_file, client=client)
    return Session.from_environment(client=client)


@contextmanager
def _told_interruption() -> Iterator[None]:
    """Tell, after a Ctrl-C, that nothing is lost; the exit code is 1."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\ninterrupted; what has arrived will not be fetched, or sent, again", err=True)
        raise click.Abort from None


@contextmanager
def _progress_bar(label: str) -> Iterator[Progress]:
    """A bar on the terminal's error stream; the number of files is known when the first one is."""
    with ExitStack() as stack:
        bars: list[Any] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bar = click.progressbar(length=total, label=label, show_pos=True, file=sys.stderr)
                bars.append(stack.enter_context(bar))
            bars[0].update(done - bars[0].pos)

        yield show
