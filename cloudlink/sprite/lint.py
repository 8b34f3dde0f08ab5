"""Finds what is wrong with a project file, beyond what its schema says.

npm's scratch-parser checks the schema only: unknown opcodes, dangling links, undefined names and undefined custom
blocks pass it, and the editor then drops them or breaks. It also cannot know what should not be published: values
left over from a test run, secrets, a file too large to be uploaded.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cloudlink.blank import BLANK
from cloudlink.limits import SCRATCH
from cloudlink.sprite.lint_blocks import Names, lint_blocks, sent_and_received
from cloudlink.sprite.problem import Problem, doubtful, wrong

__all__ = ["SIZE_BUDGET", "Problem", "lint", "lint_assets"]

Json = Any

# Scratch's site refuses a project.json above 5 MB; the rest is for the user's own project.
SIZE_BUDGET = 2_000_000

_CLOUD_SIGN = "☁ "
_SECRETS = (
    # A Scratch session: the cookie's value, in quotes or not: Django's signed and compressed JSON.
    re.compile(r"\.eJ[\w-]{20,}:[\w-]{4,}:[\w-]{20,}"),
    # A token of the Scratch API ("X-Token"): 32 hexadecimal digits, a colon, base64.
    re.compile(r"\b[0-9a-f]{32}:[A-Za-z0-9+/]{20,}={0,2}"),
    # A long word in quotes and nothing else: how a browser shows a session cookie.
    re.compile(r'\A"[^"\s]{60,}"\Z'),
)


def lint(
    project: Mapping[str, Json],
    *,
    expected: Mapping[str, Json] | None = None,
    size_budget: int = SIZE_BUDGET,
) -> list[Problem]:
    """Return what is wrong with a `project.json` or `sprite.json`, errors first.

    Args:
        project: the JSON, which has passed the schema (scratch-parser).
        expected: the same as built from the source (`project_json` or `sprite_json`): then a value at the start that
            differs is reported as left over from a test run.
        size_budget: most bytes that it may have.
    """
    targets = project.get("targets", [project])
    stage = next((target for target in targets if target["isStage"]), None)
    problems = [
        *_names(targets),
        *(problem for target in targets for problem in lint_blocks(target, _known(target, stage))),
        *_costumes(targets),
        *_messages(targets if stage else []),
        *_cloud(targets),
        *_monitors(project, targets),
        *_leftovers(targets, expected),
        *_secrets(project, ""),
        *_size(project, size_budget),
    ]
    return sorted(problems, key=lambda problem: problem.severity)


def lint_assets(project: Mapping[str, Json], members: Mapping[str, bytes]) -> list[Problem]:
    """Return what is wrong with the pictures and sounds of a project file.

    Args:
        project: its JSON.
        members: the other members of the archive: name, without a folder -> bytes.
    """
    problems = []
    for target in project.get("targets", [project]):
        for kind in ("costumes", "sounds"):
            for asset in target.get(kind, []):
                place = f"{target['name']}, {kind[:-1]} {asset.get('name')!r}"
                name = asset.get("md5ext") or f"{asset.get('assetId')}.{asset.get('dataFormat')}"
                asset_id = name.partition(".")[0]
                if name not in members and asset_id == BLANK:
                    continue  # Scratch has it
                if name not in members:
                    problems.append(wrong(place, f"its file {name} is missing", "save the project anew in the editor"))
                elif hashlib.md5(members[name], usedforsecurity=False).hexdigest() != asset_id:
                    problems.append(wrong(place, f"its file {name} holds other bytes", "put the picture in anew"))
    return problems


def _known(target: Mapping[str, Json], stage: Mapping[str, Json] | None) -> Names:
    owners = [target] if stage is None or target is stage else [stage, target]
    kinds = {"variable": "variables", "list": "lists"}
    known = {
        kind: {key: value[0] for owner in owners for key, value in owner.get(keys, {}).items()}
        for kind, keys in kinds.items()
    }
    known["broadcast"] = {key: name for owner in owners for key, name in owner.get("broadcasts", {}).items()}
    return Names(known, complete=stage is not None)


def _names(targets: list[Json]) -> Iterator[Problem]:
    for name, count in Counter(target["name"] for target in targets).items():
        if count > 1:
            yield wrong(name, f"{count} sprites have this name", "rename them")
    shared = [target for target in targets if target["isStage"]]
    for target in targets:
        for keys in ("variables", "lists"):
            owners = shared if target["isStage"] else [*shared, target]
            found = Counter(value[0] for owner in owners for value in owner.get(keys, {}).values())
            own = {value[0] for value in target.get(keys, {}).values()}
            for name in sorted(name for name in own if found[name] > 1):
                yield wrong(
                    f"{target['name']}, {name!r}", f"several {keys} in reach have this name", "rename all but one"
                )


def _costumes(targets: list[Json]) -> Iterator[Problem]:
    for target in targets:
        names = [costume["name"] for costume in target["costumes"]]
        for name, count in Counter(names).items():
            if count > 1:
                yield wrong(f"{target['name']}, costume {name!r}", "several have this name", "rename all but one")
        if not 0 <= target.get("currentCostume", 0) < len(names):
            yield wrong(target["name"], "its current costume does not exist", "choose one that does")


def _messages(targets: list[Json]) -> Iterator[Problem]:
    sent, received, computed = set[str](), set[str](), False
    for target in targets:
        sends, receives, computes = sent_and_received(target)
        sent, received, computed = sent | sends, received | receives, computed or computes
    for name in sorted(sent - received):
        yield doubtful(f"message {name!r}", "it is sent, but no script waits for it", "delete the block, or receive it")
    for name in sorted(received - sent if not computed else ()):
        yield doubtful(f"message {name!r}", "scripts wait for it, but none sends it", "delete the script, or send it")


def _cloud(targets: list[Json]) -> Iterator[Problem]:
    count = 0
    for target in targets:
        for value in target.get("variables", {}).values():
            place = f"{target['name']}, variable {value[0]!r}"
            is_cloud = len(value) > 2 and value[2] is True
            count += is_cloud
            if is_cloud and not target["isStage"]:
                yield wrong(place, "a cloud variable of a sprite is a plain one", "move it to the stage")
            if is_cloud and not value[0].startswith(_CLOUD_SIGN):
                yield wrong(place, "a cloud variable's name starts with '☁ '", "rename it")
            if not is_cloud and value[0].startswith(_CLOUD_SIGN):
                yield wrong(place, "it has the cloud sign, but is a plain variable", "make it a cloud variable")
    if count > SCRATCH.variables:
        yield wrong(
            "Stage",
            f"{count} cloud variables, Scratch allows {SCRATCH.variables}",
            "the others would be plain: delete some",
        )


def _monitors(project: Mapping[str, Json], targets: list[Json]) -> Iterator[Problem]:
    kinds = {"data_variable": "variables", "data_listcontents": "lists"}
    for monitor in project.get("monitors", []):
        keys = kinds.get(monitor["opcode"])
        owner = monitor.get("spriteName") or "Stage"
        if keys and not any(monitor["id"] in one.get(keys, {}) for one in targets if one["name"] == owner):
            yield wrong(f"{owner}, monitor {monitor['params']}", "it shows nothing that exists", "remove the monitor")


def _leftovers(targets: list[Json], expected: Mapping[str, Json] | None) -> Iterator[Problem]:
    if expected is None:
        return
    sources = {one["name"]: one for one in expected.get("targets", [expected])}
    for target in targets:
        for keys in ("variables", "lists"):
            declared = sources.get(target["name"], {}).get(keys, {})
            for key, value in target.get(keys, {}).items():
                if target["name"] in sources and key not in declared:
                    yield doubtful(
                        f"{target['name']}, {keys[:-1]} {value[0]!r}",
                        "its source does not declare it",
                        "delete it, or declare it in the manifest",
                    )
                elif key in declared and declared[key][1] != value[1]:
                    yield wrong(
                        f"{target['name']}, {keys[:-1]} {value[0]!r}",
                        f"it starts as {_short(value[1])}, its source says {_short(declared[key][1])}",
                        "empty it before saving, or build it again",
                    )


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _secrets(value: Json, path: str) -> Iterator[Problem]:
    match value:
        case dict():
            for key, part in value.items():
                yield from _secrets(part, f"{path}/{key}")
        case list():
            for number, part in enumerate(value):
                yield from _secrets(part, f"{path}/{number}")
        case str() if any(secret.search(value) for secret in _SECRETS):
            # The text itself stays out of the message: it may end in a public log.
            yield wrong(path, "this looks like a session id or a token", "remove it, and log out so that it is void")


def _size(project: Mapping[str, Json], budget: int) -> Iterator[Problem]:
    size = len(json.dumps(project, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
    if size > budget:
        yield wrong("the whole file", f"{size:,} bytes, budget {budget:,}", "shorten tables, or split scripts")
