"""What a command does where there is a file already: it may be somebody's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

force_option: Final = click.option("--force", is_flag=True, help="Write over files that may be somebody's work.")


def spare(path: Path, *, force: bool, remade: Callable[[bytes], bool] = lambda old: False) -> None:
    """Refuse to write over a file that could not be made again.

    Args:
        path: what is to be written.
        force: write over everything.
        remade: whether the content of a file that is there can be made again.

    Raises:
        click.ClickException: there is such a file.
        OSError: what is there is a folder, or cannot be read.
    """
    if not force and path.exists() and not remade(path.read_bytes()):
        raise click.ClickException(
            f"{path} is there already, and may have been changed by you: give another place with -o, or write over it "
            "with --force; nothing was written"
        )
