"""Smaller and larger sprites from one source: other modules, other numbers of variables, other names of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any, TypeVar

from cloudlink.errors import SpriteError
from cloudlink.sprite.compiler import nearest
from cloudlink.sprite.notation import Document, is_definition, parse
from cloudlink.sprite.numbered import MOST, numbered_names, repeat_numbered
from cloudlink.sprite.source import FromTable, Module, SpriteSource

CLOUD_SIGN = "☁ "

Value = TypeVar("Value")


def variant(
    source: SpriteSource,
    *,
    modules: Iterable[str] | None = None,
    numbers: Mapping[str, int] | None = None,
    cloud_prefix: str = "",
) -> SpriteSource:
    """Return the source of another sprite.

    Args:
        source: what `load_source` returned.
        modules: the modules that should be in; the usual ones if not given.
        numbers: how many there are of what the manifest numbers, such as {"up": 1, "down": 2}; the others stay.
        cloud_prefix: put before the cloud variables' names, so that they differ from others of the project.

    Raises:
        SpriteError: the manifest knows no such module or number, or a number or the prefix cannot be used.
    """
    chosen = source.chosen if modules is None else tuple(dict.fromkeys(modules))
    for name in chosen:
        if name not in source.modules:
            known = ", ".join(source.modules) or "none"
            raise SpriteError(f"the sprite has no module `{name}`{nearest(name, source.modules)}; it has: {known}")
    for name, number in (numbers or {}).items():
        if name not in source.numbered or not 1 <= number <= MOST:
            raise SpriteError(f"the sprite cannot have {number} of `{name}`: it numbers {dict(source.numbered)}")
    if cloud_prefix != cloud_prefix.lstrip() or not cloud_prefix.isprintable():
        raise SpriteError(f"a prefix of names is one line that begins with no space, not {cloud_prefix!r}")
    return replace(source, chosen=chosen, numbered={**source.numbered, **(numbers or {})}, cloud_prefix=cloud_prefix)


def with_parts(source: SpriteSource) -> SpriteSource:
    """Return the source with its chosen modules' variables and lists among its own, and every numbered name."""
    parts: list[SpriteSource | Module] = [source, *(source.modules[name] for name in source.chosen)]
    return replace(
        source,
        variables=_merged(source, [part.variables for part in parts]),
        local_variables=_merged(source, [part.local_variables for part in parts]),
        lists=_merged(source, [part.lists for part in parts]),
        local_lists=_merged(source, [part.local_lists for part in parts]),
    )


def _merged(source: SpriteSource, parts: list[Mapping[str, Value]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    own = {one for name in parts[0] for one in numbered_names(name, source.numbered)}
    for part in parts:
        for name, value in part.items():
            for one in numbered_names(name, source.numbered):
                if one in found:
                    value = _joined(one, found[one], value, own)
                found[one] = value
    return found


def _joined(name: str, before: Any, value: Any, own: Set[str]) -> Any:
    """What two modules declare together: the same, or a list of both their tables."""
    if name not in own:
        if isinstance(before, FromTable) and isinstance(value, FromTable):
            return FromTable(before.table, (*before.more, value.table, *value.more))
        if before == value:
            return value
    raise SpriteError(f"the sprite declares `{name}` twice; rename one")


def documents(source: SpriteSource, numbers: Mapping[str, int]) -> list[Document]:
    """Return the scripts of a sprite, parsed: its files and those of its modules, numbered blocks written out.

    Raises:
        SpriteError: the text is no block notation.
    """
    own = [repeat_numbered(parse(text, file=file), numbers) for file, text in source.files]
    files = dict(file for name in source.chosen for file in source.modules[name].files).items()
    more = [repeat_numbered(parse(text, file=file), numbers) for file, text in files]
    replaced = {script[0].phrase.exact_key for one in more for script in one.scripts if is_definition(script[0].phrase)}
    return [_without(document, replaced) for document in own] + more


def _without(document: Document, heads: set[tuple[str | None, ...]]) -> Document:
    scripts = tuple(script for script in document.scripts if script[0].phrase.exact_key not in heads)
    return replace(document, scripts=scripts)


def cloud_names(source: SpriteSource) -> dict[str, str]:
    """Return the cloud variables: name in the blocks' text -> name in the project."""
    return {
        one: f"{CLOUD_SIGN}{source.cloud_prefix}{one.removeprefix(CLOUD_SIGN)}"
        for name in source.cloud_variables
        for one in numbered_names(name, source.numbered)
    }
