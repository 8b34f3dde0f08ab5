"""The texts that the table of the text codec is trained on, and those it is only measured on, with their licences.

Packages come through the ordinary clients of the Python, npm and Debian package indexes and are kept in a folder. No
text of theirs is in the repository; the table that comes out of them is. What is measured on is never trained on:
`held_out_messages` takes other sources, and leaves out every message that training has seen.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polib
import yaml

from tools.text_phrases import made_up_names_and_numbers, made_up_texts

PHRASES = Path(__file__).parent / "phrases"


@dataclass(frozen=True, slots=True)
class Message:
    """A text as somebody might send it.

    Attributes:
        text: the text.
        source: the name of its source.
        weight: how much it counts.
    """

    text: str
    source: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where texts come from.

    Attributes:
        name: of the source.
        index: "pip", "npm" or "apt", or "file" for one that the caller has.
        package: its name there, with the version in that index's notation.
        licence: under which it may be passed on; for what is only measured on, what its package says.
        texts: reads the texts from the files of a folder.
        weight: how much a message counts in training; 0 for sources that are only measured on.
        language: whose table it is for.
    """

    name: str
    index: str
    package: str
    licence: str
    texts: Callable[[Path], Iterable[str]]
    weight: float
    language: str = "en"


def _chitchat(folder: Path) -> Iterator[str]:
    for conversation in json.loads(_read(folder, "dataset.json")).values():
        for turn in conversation["messages"]:
            yield from (utterance["text"] for utterance in turn)


def _chatterbot(folder: Path, language: str = "english") -> Iterator[str]:
    for path in sorted(folder.rglob(f"data/{language}/*.yml")):
        for conversation in yaml.safe_load(path.read_text(encoding="utf-8"))["conversations"]:
            yield from (str(line) for line in conversation if line)


def _interface(folder: Path, language: str = "en") -> Iterator[str]:
    for path in sorted(folder.rglob(f"*/{language}.json")):
        if "editor" in path.parts or "www" in path.parts:
            content = json.loads(path.read_text(encoding="utf-8"))
            yield from (text for text in content.values() if isinstance(text, str))


_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{+[^{}]*\}+|</?\w+[^<>]*>|&\w+;|\\[rn]|\$[\w.|]+|\s*\n\s*")


def _interface_in(language: str) -> Callable[[Path], Iterator[str]]:
    return lambda folder: (_PLACEHOLDER.sub("", text) for text in _interface(folder, language))


def _chat_program_in(language: str) -> Callable[[Path], Iterator[str]]:
    def texts(folder: Path) -> Iterator[str]:
        pairs = list(json.loads(_read(folder, f"strings/{language}.json")).items())
        for english, text in pairs:
            if isinstance(text, dict):
                pairs += text.items()
            elif text != english:
                yield _PLACEHOLDER.sub("", text)

    return texts


def _dialogues_in(language: str) -> Callable[[Path], Iterator[str]]:
    def texts(folder: Path) -> Iterator[str]:
        for path in sorted(folder.rglob(f"locale/{language}/LC_MESSAGES/*.mo")):
            for entry in polib.mofile(str(path)):
                yield _PLACEHOLDER.sub(" ", entry.msgstr)

    return texts


def _chatterbot_in(language: str) -> Callable[[Path], Iterator[str]]:
    return lambda folder: _chatterbot(folder, language)


def _sayings(folder: Path) -> Iterator[str]:
    """Fortunes of a language's package, without the names of their authors, which stand behind dashes."""
    for path in sorted(folder.rglob("games/fortunes/**/*")):
        if path.suffix in (".dat", ".u8") or not path.is_file() or path.is_symlink():
            continue
        for fortune in path.read_text(encoding="utf-8").split("\n%\n"):
            yield re.sub(r"\s+", " ", re.sub(r"\n\s*--.*", "", fortune, flags=re.DOTALL))


def _fortunes(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("games/fortunes/*")):
        if path.suffix or path.name == _IRC or not path.is_file() or path.is_symlink():
            continue
        for fortune in path.read_text(encoding="utf-8").split("\n%\n"):
            yield re.sub(r"\s+", " ", re.sub("\b.", "", fortune))


_DIVIDED = "fortunes"
_IRC = "knghtbrd"


def _irc(folder: Path) -> Iterator[str]:
    for fortune in _read(folder, _IRC).split("\n%\n"):
        for line in re.sub(r"\n\s+", " ", fortune).splitlines():
            yield re.sub(r"^\s*(<[^>]*>|\*|--).?", "", line)


def _television(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("src/friends/*.txt")):
        yield from path.read_text(encoding="utf-8").splitlines()


def _lines(folder: Path) -> Iterator[str]:
    yield from folder.read_text(encoding="utf-8").splitlines()


def _pack_sources(language: str, interface: str, gettext: str, chatterbot: str, sayings: str = "") -> Iterator[Source]:
    """The sources for a language pack: as each package names the language."""
    own = str(PHRASES / f"{language}.txt")
    chat = "de_DE" if language == "de" else gettext
    yield Source("interface", "npm", "scratch-l10n@6.1.116", "BSD-3-Clause", _interface_in(interface), 0.5, language)
    yield Source("chat program", "npm", "matrix-react-sdk@3.80.0", "Apache-2.0", _chat_program_in(chat), 0.5, language)
    for campaign in ("httt", "utbs", "nr", "tsg", "low"):
        package = f"wesnoth-1.16-{campaign}"
        yield Source(f"dialogues {campaign}", "apt", package, "GPL-2.0-or-later", _dialogues_in(gettext), 1, language)
    yield Source("phrases", "own", own, "as cloudlink", _lines, 6, language)
    yield Source(
        "chatterbot", "pip", "chatterbot-corpus==1.3.3", "BSD-3-Clause", _chatterbot_in(chatterbot), 0, language
    )
    if sayings:
        yield Source("sayings", "apt", sayings, "see its copyright file", _sayings, 0, language)


SOURCES: Sequence[Source] = (
    Source("chitchat", "pip", "chitchat-dataset==0.9.0", "MIT", _chitchat, 1),
    Source("sms", "file", "SMS Spam Collection v.1, its legitimate messages", "CC BY 4.0", _lines, 1.5),
    Source("interface", "npm", "scratch-l10n@6.1.116", "BSD-3-Clause", _interface, 1),
    Source("fortunes", "apt", "fortunes", "public domain and free licences, see its copyright file", _fortunes, 0.3),
    Source("chatterbot", "pip", "chatterbot-corpus==1.3.3", "BSD-3-Clause", _chatterbot, 0),
    Source("television", "npm", "nlp-corpus@3.3.0", "MIT (of the package)", _television, 0),
    Source("irc", "apt", "fortunes", "as above", _irc, 0),
    *_pack_sources("es", "es", "es", "spanish", "fortunes-es"),
    *_pack_sources("fr", "fr", "fr", "french"),
    *_pack_sources("de", "de", "de", "german", "fortunes-de"),
    *_pack_sources("pt", "pt-br", "pt_BR", "portuguese", "fortunes-br"),
    *_pack_sources("ru", "ru", "ru", "russian", "fortunes-ru"),
    *_pack_sources("ja", "ja", "ja", "japanese"),
)


def training_messages(cache: Path, sms: Path | None, *, most_characters: int, language: str = "en") -> list[Message]:
    """The messages to train on.

    Args:
        cache: where packages are kept.
        sms: the file with the source "sms"; only English needs it.
        most_characters: of each source.
        language: whose table is made.
    """
    sources = [source for source in SOURCES if source.weight and source.language == language]
    found = [message for source in sources for message in _messages(source, cache, sms)]
    chance = random.Random(0)
    chance.shuffle(found)
    taken: dict[str, int] = {}
    messages = []
    for message in found:
        taken[message.source] = taken.get(message.source, 0) + len(message.text)
        if taken[message.source] <= most_characters:
            messages.append(message)
    made_up = made_up_texts(chance) if language == "en" else made_up_names_and_numbers(chance)
    return [*messages, *(Message(text, "made up", weight) for text, weight in made_up)]


def held_out_messages(cache: Path, trained_on: Iterable[Message], *, language: str = "en") -> dict[str, list[str]]:
    """The messages of the sources never trained on, without those that training has seen, by source.

    "Seen" is without regard to case, spaces and punctuation. No package is trained and measured on, but for one whose
    files are divided between both.
    """
    packages = [{source.package for source in SOURCES if (source.weight > 0) == trained} for trained in (True, False)]
    if both := packages[0] & packages[1] - {_DIVIDED}:
        raise SystemExit(f"{', '.join(sorted(both))}: trained and measured on")
    seen = {_essence(message.text) for message in trained_on}
    held_out = [source for source in SOURCES if not source.weight and source.language == language]
    return {
        source.name: [one.text for one in _messages(source, cache, None) if _essence(one.text) not in seen]
        for source in held_out
    }


def _essence(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _messages(source: Source, cache: Path, file: Path | None) -> Iterator[Message]:
    if source.index == "file" and file is None:
        raise SystemExit(f"the source {source.name} ({source.package}) is a file that the caller must give")
    place = file if source.index == "file" and file else _fetch(source, cache)
    for text in source.texts(place):
        if text.strip():
            yield Message(text.strip(), source.name, source.weight)


def _read(folder: Path, name: str) -> str:
    (path,) = (path for path in folder.rglob(name) if path.is_file())
    return path.read_text(encoding="utf-8")


def _fetch(source: Source, cache: Path) -> Path:
    """The folder with a package's files; it is downloaded unless it is there. Or the file of an own source."""
    if source.index == "own":
        return Path(source.package)
    folder = cache.resolve() / re.sub(r"\W+", "-", source.package)
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    commands = {
        "pip": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", source.package],
        "npm": ["npm", "pack", "--silent", source.package],
        "apt": ["apt-get", "download", "--quiet", source.package],
    }
    subprocess.run(commands[source.index], cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
    for archive in list(folder.iterdir()):
        _unpack(archive, folder)
        archive.unlink()
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".deb":
        subprocess.run(["dpkg-deb", "--extract", archive, folder], check=True, timeout=60)
    elif archive.suffix == ".whl":
        zipfile.ZipFile(archive).extractall(folder)
    else:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
