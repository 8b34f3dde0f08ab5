"""`cloudlink sprite`: the companion sprite's files."""

from __future__ import annotations

from pathlib import Path

import click

from cloudlink.sprite.build import project_json
from cloudlink.sprite.companion import companion_source, companion_sprite3, starter_sb3
from cloudlink.sprite.lint import lint
from cloudlink.sprite.tables import sprite_tables


@click.group()
def sprite() -> None:
    """Build and check the companion sprite."""


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
