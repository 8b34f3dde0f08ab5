"""What of a sprite is shown in pictures: the blocks that its author uses, and the scripts of the example."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloudlink.sprite.notation import Argument, Phrase, Statement, is_definition, parse
from cloudlink.sprite.source import SpriteSource

MACHINERY = "// From here on: machinery"
"""The line of the sprite's first file below which nothing is for its author."""

_ASKING = """\
delete all of [server arguments v]
add (3) to [server arguments v]
add (4) to [server arguments v]
set [server request v] to [add]
broadcast (ask server v) and wait
say (server reply) for (2) seconds"""


def scenes(source: SpriteSource) -> dict[str, str]:
    """Return the blocks to draw: name of the picture, without ending -> text in the notation.

    Args:
        source: the companion's source.
    """
    file, text = source.files[0]
    document = parse(text.partition(MACHINERY)[0], file=file)
    found = {_slug(call): f"{call} :: custom" for call in map(_call, _definitions(document.scripts))}
    found["ask-from-any-sprite"] = _ASKING
    for sprite in source.starter.sprites:
        for name, content in sprite.files:
            for number, script in enumerate(_paragraphs(content), 1):
                found[_slug(f"{name.removesuffix('.blocks')} {number}")] = script
    return found


def _definitions(scripts: tuple[tuple[Statement, ...], ...]) -> Iterator[Phrase]:
    return (script[0].phrase for script in scripts if is_definition(script[0].phrase))


def _call(definition: Phrase) -> str:
    """Return the block as it lies in the palette, with the names of its slots in them."""
    words = " ".join(_shown(part) for part in definition.parts).split()
    return " ".join(words[1:])


def _shown(part: str | Argument) -> str:
    match part:
        case str():
            return part
        case Phrase(brackets="<"):
            return "<>"
        case Phrase():
            return f"[{part.name}]"
        case _:
            return f"[{part.text}]"


def _paragraphs(text: str) -> Iterator[str]:
    """Return the scripts of a file as they are written, without the comments above them."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if line.strip() and not line.lstrip().startswith("//")]
        if lines:
            yield "\n".join(lines)


def _slug(words: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", words.lower())) or "block"
