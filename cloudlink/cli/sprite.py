"""`cloudlink sprite`: the companion sprite's files, and the sprite in people's projects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cloudlink.cli.overwriting import force_option, spare
from cloudlink.cli.server_module import find_server
from cloudlink.errors import PictureError, PlayerError, SpriteError
from cloudlink.pictures.draw import SOURCES, draw, install_renderer
from cloudlink.pictures.scenes import scenes
from cloudlink.player.install import default_directory
from cloudlink.sprite.archive import MOST_BYTES, Archive
from cloudlink.sprite.build import build_sb3, build_sprite3, project_json, sprite_json
from cloudlink.sprite.check import targets_of
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.install import Change
from cloudlink.sprite.install import install as install_sprite
from cloudlink.sprite.lint import lint, lint_assets
from cloudlink.sprite.measure import measure, parts
from cloudlink.sprite.printer import print_target
from cloudlink.sprite.raw_json import from_json
from cloudlink.sprite.source import SpriteSource, load_starter
from cloudlink.sprite.stubs import make_stubs, with_stubs
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import CLOUD_SIGN, cloud_names, variant

Command = Callable[..., None]

_SPRITE3, _STARTER = "cloudlink.sprite3", "starter.sb3"


@click.group()
def sprite() -> None:
    """Build the companion sprite, and put it into projects."""


def _read_counts(context: click.Context, parameter: click.Parameter, value: str | None) -> dict[str, int] | None:
    """Read `UPxDOWN`: how many variables lead to the server, and how many back."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,2})x(\d{1,2})", value, re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r} is no pair of numbers such as 1x2")
    return {"up": int(match[1]), "down": int(match[2])}


def _variant_options(command: Command) -> Command:
    """Add the options that choose a smaller or larger sprite."""
    for option in (
        click.option("--with", "more", multiple=True, metavar="MODULE", help="Put a module in that is usually out."),
        click.option("--without", "less", multiple=True, metavar="MODULE", help="Leave a module out."),
        click.option(
            "--variables",
            metavar="UPxDOWN",
            callback=_read_counts,
            help="How many cloud variables lead to the server and back; 3x3 is usual.",
        ),
        click.option("--prefix", default="", help="Put before the names of the cloud variables."),
    ):
        command = option(command)
    return command


def _chosen(
    more: tuple[str, ...], less: tuple[str, ...], variables: dict[str, int] | None, prefix: str
) -> SpriteSource:
    """Return the source of the sprite that `_variant_options` describe."""
    usual = companion_source()
    for name in less:
        if name not in usual.modules:
            raise click.BadParameter(f"the sprite has no module {name!r}", param_hint="--without")
    names = [name for name in (*usual.chosen, *more) if name not in less]
    try:
        return variant(usual, modules=names, numbers=variables, cloud_prefix=prefix)
    except SpriteError as error:
        raise click.ClickException(f"{error}; nothing was written") from error


_output_option = click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to write to; this one if not given.",
)


@sprite.command()
@_output_option
@click.option(
    "--starter",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Make another starter project: this folder's starter.toml.",
)
@force_option
@_variant_options
def build(output: Path, starter: Path | None, force: bool, **choice: Any) -> None:
    """Write cloudlink.sprite3 and starter.sb3.

    Older ones are replaced, unless somebody has saved them in an editor since.
    """
    _spare_edited(output, force=force)
    source = _chosen(**choice)
    if starter is not None:
        try:
            source = replace(source, starter=load_starter(starter))
        except SpriteError as error:
            raise click.ClickException(f"{starter}: {error}; nothing was written") from error
    _write(output, source)


def _spare_edited(output: Path, *, force: bool) -> None:
    """Refuse to write over the author's own game, which grows out of a starter.sb3 and may still be called so."""
    for name in (_SPRITE3, _STARTER):
        spare(output / name, force=force, remade=_is_as_built)


def _is_as_built(data: bytes) -> bool:
    try:
        return Archive(data).as_built
    except SpriteError:
        return False


@sprite.command()
@click.argument("server", metavar="MODULE:CLIENT")
@_output_option
@force_option
@_variant_options
def stubs(server: str, output: Path, force: bool, **choice: Any) -> None:
    """Write a sprite with a block for each function of a Python server, as `build` does.

    MODULE:CLIENT names the server's CloudRequests, such as game:client; file.py:client is right too. The server is
    not started.
    """
    _spare_edited(output, force=force)
    source = _chosen(**choice)
    made = make_stubs(find_server(server).handlers, source)
    for name, reason in made.left_out.items():
        click.echo(f"no block for {name}: {reason}", err=True)
    _write(output, with_stubs(source, made))


def _write(output: Path, source: SpriteSource) -> None:
    tables = sprite_tables()
    try:
        project = project_json(source, tables=tables)
        files = {
            _SPRITE3: build_sprite3(source, tables=tables),
            _STARTER: build_sb3(source, tables=tables),
        }
    except SpriteError as error:
        raise click.ClickException(f"{error}; nothing was written") from error
    errors = [problem for problem in lint(project) if problem.severity == "error"]
    for problem in errors:
        click.echo(str(problem), err=True)
    if errors:
        raise click.ClickException("the sprite's source has errors; nothing was written")
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (output / name).write_bytes(content)
        click.echo(f"{output / name}: {len(content):,} bytes")
    sprite = sprite_json(source, tables=tables)
    click.echo(f"the sprite: {measure(sprite)}")
    click.echo(f"of these: {parts(sprite)}")
    click.echo(f"the starter project: {measure(project)}")
    _tell_channel(source)


def _tell_channel(source: SpriteSource) -> None:
    """Tell what the server must know of a sprite with other cloud variables."""
    names = cloud_names(source)
    if names == cloud_names(companion_source()):
        return
    links = {
        link: tuple(name.removeprefix(CLOUD_SIGN) for key, name in names.items() if key.startswith(CLOUD_SIGN + start))
        for link, start in (("downlink", "FROM_"), ("uplink", "TO_"))
    }
    variables = ", ".join(f"{link}={shown!r}" for link, shown in links.items())
    click.echo(f"its server is CloudRequests(cloud, channel=Channel(cloud.limits, {variables}))")


@sprite.command()
@click.argument("project", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the project; over PROJECT if not given.",
)
@click.option("--stubs", "server", metavar="MODULE:CLIENT", help="Add a block for each function of this server.")
@force_option
@_variant_options
def install(project: Path, output: Path | None, server: str | None, force: bool, **choice: Any) -> None:
    """Put the companion sprite and its cloud variables into PROJECT, an .sb3; bring one that is there up to date."""
    data = _bytes_of(project)
    source = _chosen(**choice)
    if server:
        source = with_stubs(source, make_stubs(find_server(server).handlers, source))
    try:
        done = install_sprite(data, source, tables=sprite_tables())
    except SpriteError as error:
        raise click.ClickException(f"{project}: {error}; nothing was written") from error
    target = output or project
    in_place = target.exists() and target.samefile(project)
    if not in_place:
        spare(target, force=force, remade=lambda old: old == done.project)
    if not in_place or done.project != data:
        # Beside its place and then renamed, so that a full disk leaves the author's project whole.
        unfinished = target.with_name(f"{target.name}.part")
        unfinished.write_bytes(done.project)
        unfinished.replace(target)
    for line in told(done.change):
        click.echo(f"{target}: {line}")
    _tell_channel(source)


@sprite.command()
@_output_option
def pictures(output: Path) -> None:
    """Draw the blocks of the sprite that authors use, as .svg files; needs Node.js and Chromium."""
    try:
        renderer = install_renderer(default_directory("pictures", SOURCES), progress=click.echo)
        drawn = draw(scenes(companion_source()), renderer=renderer)
    except (PictureError, PlayerError, SpriteError) as error:
        raise click.ClickException(f"{error}; nothing was written") from error
    output.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        (output / f"{name}.svg").write_text(svg, encoding="utf-8")
        click.echo(str(output / f"{name}.svg"))


@sprite.command("lint")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lint_(file: Path) -> None:
    """Say what is wrong with FILE, an .sb3 or .sprite3; the exit code is 1 if it would not do what it says."""
    archive, content = _read(file)
    problems = [*lint(content), *lint_assets(content, archive.assets)]
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{file}: {measure(content)}; {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    if any(problem.severity == "error" for problem in problems):
        raise SystemExit(1)


def _bytes_of(file: Path) -> bytes:
    """Return what is in a file, which may be somebody's film instead of a project."""
    with file.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise click.ClickException(f"{file} has more than {MOST_BYTES:,} bytes, and cannot be a project")
    return data


def _read(file: Path) -> tuple[Archive, Any]:
    """Return a project file and its JSON, checked."""
    try:
        archive = Archive(_bytes_of(file))
        content = from_json(archive.content, what=archive.content_name)
        targets_of(content)
    except SpriteError as error:
        raise click.ClickException(f"{file}: {error}") from error
    return archive, content


@sprite.command("print")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sprite", "name", help="Only the sprite of this name; Stage is the stage.")
def print_(file: Path, name: str | None) -> None:
    """Print the scripts in FILE, an .sb3 or .sprite3, as text in block notation."""
    targets = targets_of(_read(file)[1])
    shown = [target for target in targets if name in {None, target["name"]}]
    if not shown:
        names = ", ".join(target["name"] for target in targets)
        raise click.ClickException(f"{file} has no sprite {name!r}; it has: {names}")
    for number, target in enumerate(shown):
        printed = print_target(target)
        if len(shown) > 1:
            click.echo(("\n" if number else "") + f"// ---- {target['name']} ----\n")
        click.echo(printed.text, nl=False)
        for reason in printed.left_out:
            click.echo(f"{target['name']}: not printed: {reason}", err=True)


def told(change: Change) -> Iterator[str]:
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
