"""`cloudlink sprite`: the companion sprite's files, and the sprite in people's projects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cloudlink.errors import SpriteError
from cloudlink.sprite.build import project_json
from cloudlink.sprite.companion import companion_source, companion_sprite3, starter_sb3
from cloudlink.sprite.install import Change
from cloudlink.sprite.install import install as install_sprite
from cloudlink.sprite.lint import lint
from cloudlink.sprite.tables import sprite_tables


@click.group()
def sprite() -> None:
    """Build the companion sprite, and put it into projects."""


@sprite.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to write to; this one if not given.",
)
def build(output: Path) -> None:
    """Write cloudlink.sprite3 and starter.sb3."""
    problems = lint(project_json(companion_source(), tables=sprite_tables()))
    errors = [problem for problem in problems if problem.severity == "error"]
    for error in errors:
        click.echo(str(error), err=True)
    if errors:
        raise click.ClickException("the sprite's source has errors; nothing was written")
    output.mkdir(parents=True, exist_ok=True)
    for name, content in (("cloudlink.sprite3", companion_sprite3()), ("starter.sb3", starter_sb3())):
        (output / name).write_bytes(content)
        click.echo(f"{output / name}: {len(content):,} bytes")


@sprite.command()
@click.argument("project", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the project; over PROJECT if not given.",
)
def install(project: Path, output: Path | None) -> None:
    """Put the companion sprite and its cloud variables into PROJECT, an .sb3; bring one that is there up to date."""
    try:
        done = install_sprite(project.read_bytes(), companion_source(), tables=sprite_tables())
    except SpriteError as error:
        raise click.ClickException(f"{project}: {error}; nothing was written") from error
    target = output or project
    if target != project or done.project != project.read_bytes():
        # Beside its place and then renamed, so that a full disk leaves the author's project whole.
        unfinished = target.with_name(f"{target.name}.part")
        unfinished.write_bytes(done.project)
        unfinished.replace(target)
    for line in _told(done.change):
        click.echo(f"{target}: {line}")


def _told(change: Change) -> Iterator[str]:
    """Say what an installation did, a line each."""
    yield f"the sprite {change.name!r} is {'up to date' if change.upgraded else 'new'}"
    if change.cloud_variables:
        yield f"new cloud variables: {', '.join(change.cloud_variables)}"
    if change.shared:
        yield f"the sprite shares with your scripts what was there of these names: {', '.join(change.shared)}"
    if change.kept_scripts:
        yield f"your own scripts in the sprite are kept: {change.kept_scripts}"
    if change.missing_blocks:
        yield f"scripts call blocks that the sprite no longer has: {', '.join(change.missing_blocks)}"
