"""Puts the companion sprite straight into a project on the Scratch site."""

from __future__ import annotations

from cloudlink.errors import SpriteError
from cloudlink.rest.project_files import json_in, kind_of
from cloudlink.rest.projects import Project
from cloudlink.rest.transfer import Progress, no_progress
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.install import Change, install_json
from cloudlink.sprite.source import SpriteSource
from cloudlink.sprite.tables import sprite_tables


def install_online(project: Project, source: SpriteSource | None = None, *, progress: Progress = no_progress) -> Change:
    """Put the companion sprite and its cloud variables into your project on the site, or bring them up to date.

    The requests of `project.file`, then, if something is to be changed, those of `project.set_json`. Close the
    project in your editor before, for whoever saves last wins.

    Args:
        project: your project, from a session's `connect_project`.
        source: the sprite; the usual companion if left out.
        progress: called with how many of the files are on the site, and how many there are.

    Returns:
        What was done.

    Raises:
        SpriteError: it is no project of Scratch 3, or the sprite cannot go into it; see `sprite.install`.
        Forbidden: the project is not yours; nothing was changed.
        NotFound: it is gone, or you may not see it.
    """
    data = project.file()
    kind = kind_of(data)
    if kind == "sb":
        raise SpriteError("this is a project of Scratch 1.4; open and save it in the Scratch editor first")
    try:
        content = (json_in(data) if kind == "zip" else data).decode()
    except UnicodeDecodeError as error:
        raise SpriteError(f"the project.json is no UTF-8 text: byte {error.start} is wrong") from error
    done = install_json(content, companion_source() if source is None else source, tables=sprite_tables())
    if done.content != content:
        project.set_json(done.content, assets=done.assets, progress=progress)
    return done.change
