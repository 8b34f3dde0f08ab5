"""From text to digits, in nearly as few as the table allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from cloudlink.codec import text_escapes
from cloudlink.codec.bounds import check_text
from cloudlink.codec.text_table import COMMON, ESCAPED, RARE, START, TextTable

_LONGEST_WORD = 32
_MOST_REMEMBERED = 20_000
_UNREACHED = 1 << 60


def words(text: str, letters: str = "") -> list[str]:
    """The words of a text, with the spaces before them; together they are the text.

    A word is what tokens either lie in, or consist of together with other whole words.

    Args:
        text: any.
        letters: those beyond ASCII that words consist of, too.
    """
    return _word(letters).findall(text)


@cache
def _word(letters: str) -> re.Pattern[str]:
    other = rf"[^\x00-\x7f{letters}]"
    return re.compile(
        rf" ?(?:[A-Za-z'{letters}]+|[0-9]+|[!-&(-/:-@\[-`{{-~]+)|{other}(?:[ ,.!?]{{0,2}}{other})*|[\x00-\x7f]"
    )


@dataclass(slots=True)
class Branch:
    """Where tokens of several words may go on.

    Attributes:
        token: the number of the token that ends here, 0 if none does.
        next: the branches by the next word.
    """

    token: int = 0
    next: dict[str, Branch] = field(default_factory=dict)


class TextWriter:
    """Writes texts with a table.

    It goes from word to word and remembers the cheapest way to each; tokens of several words compete with the words
    by themselves. What it found out about a word it keeps for the next time.

    Args:
        table: tokens and codes.
    """

    def __init__(self, table: TextTable) -> None:
        self.table = table
        self._codes = _codes_by_class(table)
        self._known = {token: number for number, token in enumerate(table.tokens, 1) if token}
        self._longest = max(map(len, self._known))
        joined = set("".join(token for token in self._known if len(token) > 1))
        self._letters = "".join(sorted(letter for letter in joined if not letter.isascii()))
        singles = re.escape("".join(token for token in self._known if len(token) == 1))
        self._unknown = re.compile(f"[^{singles}](?:[{text_escapes.IN_EVERY_WINDOW}]{{0,2}}[^{singles}])*")
        self._remembered: list[dict[str, tuple[str, int]]] = [{} for _ in table.lengths]
        self._phrases = self._tree_of_phrases()

    def encode(self, text: str) -> str:
        """The digits of a text.

        Raises:
            InvalidArgument: the text holds half of a surrogate pair.
        """
        if not text.isascii():
            check_text(text)
        row = words(text, self._letters)
        size = len(row)
        costs = [_UNREACHED] * (size + 1)
        classes = [START] * (size + 1)
        origins = [0] * (size + 1)
        written = [""] * (size + 1)
        costs[0] = 0
        for at, word in enumerate(row):
            code, cost = classes[at], costs[at]
            digits, last = self._remembered[code].get(word) or self._remember(code, word)
            place = at + 1
            if cost + len(digits) < costs[place]:
                costs[place], classes[place], origins[place], written[place] = cost + len(digits), last, at, digits
            branch = self._phrases.get(word)
            while branch is not None and place < size:
                branch = branch.next.get(row[place])
                place += 1
                if branch is not None and branch.token:
                    digits = self._codes[code][branch.token]
                    if cost + len(digits) <= costs[place]:
                        costs[place], origins[place], written[place] = cost + len(digits), at, digits
                        classes[place] = self.table.classes[branch.token - 1]
        parts = [self._codes[classes[size]][self.table.end]]
        while size:
            parts.append(written[size])
            size = origins[size]
        return "".join(reversed(parts))

    def _remember(self, code: int, word: str) -> tuple[str, int]:
        parts, last = [], code
        for stretch, known in self._stretches(word):
            digits, last = self._spell(last, stretch) if known else (self._escape(last, stretch), ESCAPED)
            parts.append(digits)
        remembered = self._remembered[code]
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
        remembered[word] = "".join(parts), last
        return remembered[word]

    def _stretches(self, word: str) -> Iterator[tuple[str, bool]]:
        """Stretches, not too long, whose characters all have tokens of their own, and others."""
        start = 0
        for match in self._unknown.finditer(word):
            yield from ((some, True) for some in _cut(word[start : match.start()]))
            yield match[0], False
            start = match.end()
        yield from ((some, True) for some in _cut(word[start:]))

    def _spell(self, code: int, word: str) -> tuple[str, int]:
        """The cheapest row of tokens for a word: its digits, and the class it ends with."""
        ways: list[dict[int, str]] = [{code: ""}, *({} for _ in word)]
        for at in range(len(word)):
            for stop in range(at + 1, min(len(word), at + self._longest) + 1):
                number = self._known.get(word[at:stop])
                if number is not None:
                    digits = min((way + self._codes[last][number] for last, way in ways[at].items()), key=len)
                    after = self.table.classes[number - 1]
                    if after not in ways[stop] or len(digits) < len(ways[stop][after]):
                        ways[stop][after] = digits
        last, digits = min(ways[-1].items(), key=lambda way: len(way[1]))
        return digits, last

    def _escape(self, code: int, characters: str) -> str:
        token, next_token = (self._codes[place][self.table.characters] for place in (code, ESCAPED))
        by_numbers = text_escapes.write_numbers(token, next_token, characters)
        in_windows = self._codes[code][self.table.window] + text_escapes.write_windows(characters)
        return min(by_numbers, in_windows, key=len)

    def _tree_of_phrases(self) -> dict[str, Branch]:
        root = Branch()
        for token, number in self._known.items():
            row = words(token, self._letters)
            if len(row) > 1:
                branch = root
                for word in row:
                    branch = branch.next.setdefault(word, Branch())
                branch.token = number
        return root.next


def _cut(word: str) -> list[str]:
    return [word[at : at + _LONGEST_WORD] for at in range(0, len(word), _LONGEST_WORD)]


def _codes_by_class(table: TextTable) -> list[dict[int, str]]:
    """For each class the digits of every token, with those of `RARE` in front where its own code lacks it."""
    common = dict(table.codes(COMMON))
    found = [common]
    for code in range(1, len(table.lengths)):
        own = dict(table.codes(code))
        rare = own.pop(RARE)
        found.append({number: rare + digits for number, digits in common.items()} | own)
    return found
