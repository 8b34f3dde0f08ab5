"""Reads the folder that holds a sprite's source: a manifest, `sprite.toml`, and `.blocks` files.

The manifest, with every key there is (all but `name` and `files` may be left out):

    name = "Link"                      # the sprite's name in the project
    files = ["1-send.blocks", "2-receive.blocks"]   # in this order; the notation is in notation.py
    visible = false                    # default true
    x = 0                              # default 0
    y = 0                              # default 0
    size = 100                         # default 100
    direction = 90                     # default 90
    draggable = false                  # default false
    rotation_style = "all around"      # or "left-right", "don't rotate"

    [variables]                        # for all sprites: name = value at the start
    "answer text" = ""
    "state" = "offline"

    [local_variables]                  # for this sprite only
    "alphabet" = { table = "alphabet" }   # the value comes from Python: the builder's argument `tables`

    [lists]                            # for all sprites
    "players" = []

    [local_lists]
    "codes" = { table = "codes" }

    [cloud]
    variables = ["☁ TO_{up}"]          # cloud variables; they start as 0

    [numbered]                         # what stands several times, see numbered.py: a name with {up} in it, above or
    up = 3                             # in the blocks, is several names. `cloudlink sprite build --variables 1x2`
    down = 3                           # gives other numbers.

    [modules.pictures]                 # what can be left out, `cloudlink sprite build --with pictures`
    summary = "Draws pictures."        # for the command's help
    usual = true                       # whether it is in the usual sprite; default false
    files = ["pictures.blocks"]        # behind the others; a definition in it takes the place of one that is there
    [modules.pictures.local_variables] # also variables, lists, local_lists. Modules may have the same files and
                                       # variables; of a list, each adds its table to those of the others

    [costumes]                         # in this order: drawings, names, table; default: one named "costume1"
    drawings = ["cat.svg"]             # files of the folder; the costume's name is "cat"
    names = ["unknown"]                # costumes with nothing on them; they share one picture of 1 x 1
    table = "alphabet"                 # more of these: one for each item of a list, or character of a text

    [starter]                          # goes into the starter project only, not into the .sprite3
    monitors = [                       # what is shown on the stage; a list has a width and a height too
      { variable = "state", x = 5, y = 5 },
      { list = "players", x = 5, y = 40, width = 120, height = 200 },
    ]
    [starter.variables]                # as [variables]; only the starter's sprites use them
    [starter.lists]
    [[starter.sprites]]                # further sprites, with the same keys as the companion, but
    name = "Example"                   # without variables and lists for all sprites, [cloud] and [starter]
    files = ["example.blocks"]

A variable for all sprites comes along with a `.sprite3` by its name only: where a project has none of that name yet,
Scratch makes it with the value 0. What a script needs from the start, tables above all, has to be local.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudlink.errors import SpriteError
from cloudlink.sprite.compiler import check_name, nearest
from cloudlink.sprite.numbered import MOST

MANIFEST = "sprite.toml"
STARTER = "starter.toml"

Scalar = str | int | float | bool
Table = str | Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class FromTable:
    """A value that the builder is given by name.

    Attributes:
        table: the name.
        more: names of tables whose items follow.
    """

    table: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A costume with a picture.

    Attributes:
        name: the costume's name.
        svg: the picture.
    """

    name: str
    svg: bytes


@dataclass(frozen=True, slots=True)
class Costumes:
    """The costumes of a sprite, in this order.

    Attributes:
        drawings: costumes with pictures.
        names: names of empty costumes.
        table: name of the table that names more empty costumes, None if none.
    """

    drawings: tuple[Drawing, ...] = ()
    names: tuple[str, ...] = ()
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a sprite stands on the stage at the start; the names are those of the project file."""

    visible: bool = True
    x: float = 0
    y: float = 0
    size: float = 100
    direction: float = 90
    draggable: bool = False
    rotation_style: str = "all around"


@dataclass(frozen=True, slots=True)
class Monitor:
    """A variable or list that is shown on the stage.

    Attributes:
        name: its name.
        is_list: whether it is a list.
        x: distance from the left edge of the stage.
        y: distance from the upper edge.
        width: of a list; 0 is the editor's default.
        height: of a list.
    """

    name: str
    is_list: bool
    x: float = 5
    y: float = 5
    width: float = 0
    height: float = 0


@dataclass(frozen=True, slots=True)
class Starter:
    """What the starter project has besides the companion.

    Attributes:
        sprites: further sprites.
        variables: further variables for all sprites.
        lists: further lists for all sprites.
        monitors: what is shown on the stage.
    """

    sprites: tuple[SpriteSource, ...] = ()
    variables: Mapping[str, Scalar | FromTable] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Scalar] | FromTable] = field(default_factory=dict)
    monitors: tuple[Monitor, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A part of a sprite that can be left out.

    Attributes:
        summary: what it is for, a sentence.
        usual: whether it is in the usual sprite.
        files: (name of the file, its text); a custom block that they define takes the place of one defined elsewhere.
        variables: further variables for all sprites.
        local_variables: the sprite's own.
        lists: further lists for all sprites.
        local_lists: the sprite's own.
    """

    summary: str
    usual: bool
    files: tuple[tuple[str, str], ...]
    variables: Mapping[str, Scalar | FromTable] = field(default_factory=dict)
    local_variables: Mapping[str, Scalar | FromTable] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Scalar] | FromTable] = field(default_factory=dict)
    local_lists: Mapping[str, Sequence[Scalar] | FromTable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpriteSource:
    """The source of a sprite; the manifest's keys are in the module's docstring.

    Attributes:
        name: the sprite's name.
        files: (name of the file, its text), in order.
        variables: variables for all sprites: name -> value at the start.
        local_variables: the sprite's own.
        lists: lists for all sprites: name -> items at the start.
        local_lists: the sprite's own.
        cloud_variables: names, with the cloud sign.
        cloud_prefix: stands between the cloud sign and the rest of these names in the project, not in the blocks' text.
        numbered: name in braces -> how many there are, see numbered.py.
        modules: name -> what can be left out.
        chosen: the modules that are in.
        costumes: its costumes.
        appearance: how it stands on the stage.
        starter: what the starter project has besides.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    variables: Mapping[str, Scalar | FromTable] = field(default_factory=dict)
    local_variables: Mapping[str, Scalar | FromTable] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Scalar] | FromTable] = field(default_factory=dict)
    local_lists: Mapping[str, Sequence[Scalar] | FromTable] = field(default_factory=dict)
    cloud_variables: tuple[str, ...] = ()
    cloud_prefix: str = ""
    numbered: Mapping[str, int] = field(default_factory=dict)
    modules: Mapping[str, Module] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    costumes: Costumes = Costumes()
    appearance: Appearance = Appearance()
    starter: Starter = Starter()


def load_source(folder: Path) -> SpriteSource:
    """Return the source in a folder.

    Raises:
        SpriteError: a file is missing, or the manifest has a key or a value that means nothing.
    """
    return _Section(folder, _manifest(folder / MANIFEST), MANIFEST).sprite(companion=True)


def load_starter(folder: Path) -> Starter:
    """Return another starter project: its folder has a `starter.toml` with the keys of [starter] in a manifest.

    Raises:
        SpriteError: as for `load_source`.
    """
    return _Section(folder, _manifest(folder / STARTER), STARTER).starter()


def _manifest(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise SpriteError(f"{path}: {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise SpriteError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpriteError(f"{path} is no UTF-8 text: byte {error.start} is wrong; save it as UTF-8") from error


class _Section:
    """A table of the manifest; takes its keys out one by one, so that what is left is unknown."""

    def __init__(self, folder: Path, content: Mapping[str, Any], place: str) -> None:
        self.folder = folder
        self.content = dict(content)
        self.place = place
        self.taken: list[str] = []

    def error(self, problem: str) -> SpriteError:
        return SpriteError(f"{self.place}: {problem}")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self.taken.append(key)
        value = self.content.pop(key, default)
        if value is None:
            raise self.error(f"the key `{key}` is missing")
        # True is an int to Python, but no number to a reader of the manifest.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(f"`{key}` has a value of the wrong type: {value!r}")
        return value

    def section(self, key: str) -> _Section:
        return _Section(self.folder, self.take(key, dict, {}), f"{self.place}, [{key}]")

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"`{key}` has to be a list of texts: {values!r}")
        return tuple(values)

    def done(self) -> None:
        for key in self.content:
            raise self.error(f"unknown key `{key}`{nearest(key, self.taken)}")

    def sprite(self, *, companion: bool) -> SpriteSource:
        name = self.take("name", str)
        if not name.strip() or name == "_stage_":
            raise self.error(f"{name!r} cannot be the name of a sprite")
        source = SpriteSource(
            name=name,
            files=tuple((file, _read(self.folder / file)) for file in self.texts("files")),
            local_variables=self.section("local_variables").variables(),
            local_lists=self.section("local_lists").lists(),
            costumes=self.section("costumes").costumes(),
            appearance=self.appearance(),
            **(self.shared() if companion else {}),
        )
        self.done()
        return source

    def shared(self) -> dict[str, Any]:
        """Read what only the companion's manifest has."""
        cloud = self.section("cloud")
        names = cloud.texts("variables")
        cloud.done()
        modules = self.section("modules").modules()
        return {
            "numbered": self.section("numbered").counts(),
            "modules": modules,
            "chosen": tuple(name for name, module in modules.items() if module.usual),
            "variables": self.section("variables").variables(),
            "lists": self.section("lists").lists(),
            "cloud_variables": tuple(cloud.name(name, "cloud variable") for name in names),
            "starter": self.section("starter").starter(),
        }

    def appearance(self) -> Appearance:
        number = (int, float)
        appearance = Appearance(
            visible=self.take("visible", bool, True),
            x=self.take("x", number, 0),
            y=self.take("y", number, 0),
            size=self.take("size", number, 100),
            direction=self.take("direction", number, 90),
            draggable=self.take("draggable", bool, False),
            rotation_style=self.take("rotation_style", str, "all around"),
        )
        if appearance.rotation_style not in {"all around", "left-right", "don't rotate"}:
            raise self.error(f"unknown rotation_style {appearance.rotation_style!r}")
        return appearance

    def name(self, name: str, what: str) -> str:
        check_name(name, what, self.error)
        return name

    def variables(self) -> dict[str, Scalar | FromTable]:
        return {self.name(name, "variable"): self.variable(name, value) for name, value in self.content.items()}

    def variable(self, name: str, value: Any) -> Scalar | FromTable:
        if isinstance(value, str | int | float):
            return value
        return self.from_table(name, value)

    def lists(self) -> dict[str, Sequence[Scalar] | FromTable]:
        return {self.name(name, "list"): self.list(name, value) for name, value in self.content.items()}

    def list(self, name: str, value: Any) -> Sequence[Scalar] | FromTable:
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            return tuple(value)
        return self.from_table(name, value)

    def from_table(self, name: str, value: Any) -> FromTable:
        match value:
            case {"table": str(table), **rest} if not rest:
                return FromTable(table)
            case _:
                raise self.error(f'`{name}` has to be a value or {{ table = "name" }}, not {value!r}')

    def costumes(self) -> Costumes:
        drawings = tuple(
            Drawing(Path(file).stem, _read(self.folder / file).encode()) for file in self.texts("drawings")
        )
        costumes = Costumes(drawings, self.texts("names"), self.take("table", str, "") or None)
        self.done()
        return costumes

    def starter(self) -> Starter:
        starter = Starter(
            sprites=tuple(one.sprite(companion=False) for one in self.sections("sprites")),
            variables=self.section("variables").variables(),
            lists=self.section("lists").lists(),
            monitors=tuple(one.monitor() for one in self.sections("monitors")),
        )
        self.done()
        return starter

    def counts(self) -> dict[str, int]:
        for name, count in self.content.items():
            if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
                raise self.error(f"`{name}` has to be a whole number from 1 to {MOST}, not {count!r}")
        return dict(self.content)

    def modules(self) -> dict[str, Module]:
        return {name: self.section(name).module() for name in list(self.content)}

    def module(self) -> Module:
        module = Module(
            summary=self.take("summary", str),
            usual=self.take("usual", bool, False),
            files=tuple((file, _read(self.folder / file)) for file in self.texts("files")),
            variables=self.section("variables").variables(),
            local_variables=self.section("local_variables").variables(),
            lists=self.section("lists").lists(),
            local_lists=self.section("local_lists").lists(),
        )
        self.done()
        return module

    def sections(self, key: str) -> Sequence[_Section]:
        values = self.take(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise self.error(f"`{key}` has to be a list of tables: {values!r}")
        return [_Section(self.folder, value, f"{self.place}, {key} {number}") for number, value in enumerate(values, 1)]

    def monitor(self) -> Monitor:
        is_list = "list" in self.content
        number = (int, float)
        monitor = Monitor(
            name=self.take("list" if is_list else "variable", str),
            is_list=is_list,
            x=self.take("x", number, 5),
            y=self.take("y", number, 5),
            width=self.take("width", number, 0),
            height=self.take("height", number, 0),
        )
        self.done()
        return monitor
