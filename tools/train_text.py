"""Makes the tables of the text codec, and those of the language packs: `python -m tools.train_text [--language es]`.

From the corpora of text_sources.py it

1. counts words, parts of words and rows of words, as candidates for tokens;
2. keeps the most useful: again and again it writes all texts in the cheapest way, counts the tokens that were used, and
   drops those whose loss costs least;
3. groups tokens by what follows them, into classes;
4. makes a Huffman code of ten branches for each class, and one for what is rare there;
5. writes all texts with these codes, counts again, and repeats from 3;
6. puts tokens and symbols in the orders in which the sprite finds them.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cloudlink.codec.languages import LANGUAGES
from cloudlink.codec.text_reader import TextReader
from cloudlink.codec.text_table import COMMON, ESCAPED, LONGEST, RARE, START, TextTable, dump
from cloudlink.codec.text_writer import Branch, TextWriter, words
from cloudlink.sprite.perfect_hash import arranged
from cloudlink.sprite.text_tables import tree_tokens
from tools.text_phrases import UNFIT
from tools.text_sources import Message, held_out_messages, training_messages

CODEC = Path(__file__).parents[1] / "cloudlink" / "codec"

ASCII = [chr(code) for code in range(32, 127)] + ["\n"]
LATIN = [chr(code) for code in range(0xA1, 0x180) if code != 0xAD]
SYMBOLS = list("’‘“”„…–—€™•→←↑↓★☆♥♪✓✔❤Șșțț☁")
EMOJI = list(
    "😀😃😄😁😆😅😂🤣😊😇🙂🙃😉😌😍🥰😘😋😛😜🤪😎🤩🥳😏😒😞😔😟😕🙁😣😖😫😩🥺😢😭😤😠😡🤬🤯😳🥵🥶😱😨😰😥😓🤗🤔🤭🤫😶😐😑"
    "😬🙄😯😲🥱😴🤤😵🤢🤮🤧😷🤒😈👿👻💀👽🤖💩😺👋🤚✋👌✌🤞🤟🤘🤙👈👉👆👇👍👎✊👊🤛🤜👏🙌👐🙏💪👀👑💔💕💖💗💙💚💛🧡💜🖤💯💥💫💦💨"
    "🔥⭐🌟✨⚡🎉🎊🎁🎂🎮🎵🎶🎨🏆🥇⚽🏀🐱🐶🦊🐸🐍🌈🌍🍕🍪🍎🚀⏰⚠✅❌❓❗➡⬅🆗"
)
SPECIAL = ("end", "characters", "window", "pack")

LETTERS = {
    "en": "",
    "es": "áéíóúüñÁÉÍÓÚÜÑ",
    "fr": "àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ",
    "de": "äöüßÄÖÜ",
    "pt": "áàâãçéêíóôõúüÁÀÂÃÇÉÊÍÓÔÕÚÜ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "ja": "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), *range(0x30FC, 0x30FF)))) + "々",
}
"""Beyond ASCII, what words consist of; tokens of several characters have no others."""

MARKS = {
    "es": "¿¡«»ªº",
    "fr": "«»\xa0\u202f",
    "de": "„",
    "pt": "«»ªº",
    "ru": "«»№",
    "ja": "、。「」『』（）！？：〜～・　％／",
}
"""Characters with a token besides; English has all of `LATIN`."""

_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_LEAST_IDEOGRAPHS = 2
"""How often an ideograph stands in the texts that gets a token."""

MOST_CHARACTERS = 16
MOST_WORDS = 5


class Model:
    """Tokens with costs, and the cheapest way to write words and rows of words with them."""

    def __init__(self, costs: Mapping[str, float], letters: str) -> None:
        self.costs = costs
        self.letters = letters
        self.longest = max(map(len, costs))
        self.phrases = Branch()
        for token in costs:
            row = words(token, letters)
            if len(row) > 1:
                branch = self.phrases
                for word in row:
                    branch = branch.next.setdefault(word, Branch())
                branch.token = 1
        self.remembered: dict[str, tuple[float, tuple[str, ...]]] = {}

    def word(self, word: str, without: str = "") -> tuple[float, tuple[str, ...]]:
        """Cost and tokens of one word."""
        if not without and word in self.remembered:
            return self.remembered[word]
        costs: list[float] = [0.0] + [math.inf] * len(word)
        origins = [0] * (len(word) + 1)
        for at in range(len(word)):
            for stop in range(at + 1, min(len(word), at + self.longest) + 1):
                cost = self.costs.get(word[at:stop])
                if cost is not None and costs[at] + cost < costs[stop] and word[at:stop] != without:
                    costs[stop], origins[stop] = costs[at] + cost, at
        at, tokens = len(word), []
        while at:
            tokens.append(word[origins[at] : at])
            at = origins[at]
        found = costs[-1], tuple(reversed(tokens))
        if not without:
            self.remembered[word] = found
        return found

    def row(self, row: Sequence[str], without: str = "") -> tuple[float, list[str]]:
        """Cost and tokens of a row of words."""
        costs: list[float] = [0.0] + [math.inf] * len(row)
        ways: list[tuple[int, tuple[str, ...]]] = [(0, ())] * (len(row) + 1)
        for at, word in enumerate(row):
            cost, tokens = self.word(word)
            if costs[at] + cost < costs[at + 1]:
                costs[at + 1], ways[at + 1] = costs[at] + cost, (at, tokens)
            branch, place = self.phrases.next.get(word), at + 1
            while branch is not None and place < len(row):
                branch = branch.next.get(row[place])
                place += 1
                if branch is not None and branch.token:
                    phrase = "".join(row[at:place])
                    cost = costs[at] + self.costs[phrase]
                    if cost < costs[place] and phrase != without:
                        costs[place], ways[place] = cost, (at, (phrase,))
        at, found = len(row), []
        while at:
            origin, tokens = ways[at]
            found.append(tokens)
            at = origin
        return costs[-1], [token for tokens in reversed(found) for token in tokens]


def candidates(rows: Sequence[tuple[Sequence[str], float]], most: int, letters: str) -> dict[str, float]:
    """Words, parts of words and rows of words, with weighted counts."""
    joined = re.compile(f"[\\x00-\\x7f{letters}]*")
    whole: Counter[str] = Counter()
    several: Counter[str] = Counter()
    for row, weight in rows:
        for word in row:
            whole[word] += weight  # type: ignore[assignment]
        plain = [len(word) <= MOST_CHARACTERS and bool(joined.fullmatch(word)) for word in row]
        for at in range(len(row)):
            if plain[at]:
                text = row[at]
                for stop in range(at + 1, min(len(row), at + MOST_WORDS)):
                    if not plain[stop] or len(text) + len(row[stop]) > MOST_CHARACTERS + 4:
                        break
                    text += row[stop]
                    several[text] += weight  # type: ignore[assignment]
    parts: Counter[str] = Counter()
    for word, count in whole.items():
        if len(word) <= 80 and joined.fullmatch(word):
            for at in range(len(word)):
                for stop in range(at + 2, min(len(word), at + MOST_CHARACTERS) + 1):
                    parts[word[at:stop]] += count
    scored = {text: count * (len(text) - 1) for text, count in parts.items() if count >= 5}
    scored |= {text: count * (len(text) - 1) * 0.7 for text, count in several.items() if count >= 5}
    fit = ((text, score) for text, score in scored.items() if not UNFIT.search(text))
    best = heapq.nlargest(most, fit, key=lambda item: (item[1], item[0]))
    return {text: max(parts[text], several[text]) for text, _ in best}


def choose_tokens(
    rows: Sequence[tuple[Sequence[str], float]], singles: Sequence[str], wanted: int, letters: str
) -> list[str]:
    """The most useful tokens, the single characters among them."""
    counts: dict[str, float] = dict.fromkeys(singles, 1.0)
    counts |= candidates(rows, wanted * 5, letters)
    singles_known = set(singles)
    for factor, passes in ((5, 2), (3, 1), (2, 1), (1.5, 1), (1.25, 1), (1.1, 1), (1, 2)):
        size = int(wanted * factor)
        for _ in range(passes):
            counts = use(rows, counts, letters)
            counts = {text: max(counts.get(text, 0), 0.5) for text in {**dict.fromkeys(singles), **counts}}
        model = Model(costs_of(counts), letters)
        many = [text for text in counts if text not in singles_known]
        if len(counts) <= size:
            continue
        loss = {}
        for text in many:
            row = words(text, letters)
            other = model.row(row, without=text)[0] if len(row) > 1 else model.word(text, without=text)[0]
            loss[text] = counts[text] * (other - model.costs[text])
        kept = heapq.nlargest(size - len(singles), many, key=lambda text: (loss[text], text))
        counts = {text: counts[text] for text in [*singles, *kept]}
        print(f"  {len(counts):,} tokens", flush=True)
    return list(counts)


def costs_of(counts: Mapping[str, float]) -> dict[str, float]:
    total = math.log10(sum(counts.values()))
    return {text: total - math.log10(count) for text, count in counts.items()}


def use(rows: Sequence[tuple[Sequence[str], float]], counts: Mapping[str, float], letters: str) -> dict[str, float]:
    """How often each token is used when all rows are written in the cheapest way."""
    model = Model(costs_of(counts), letters)
    used: dict[str, float] = defaultdict(float)
    for row, weight in rows:
        for token in model.row(row)[1]:
            used[token] += weight
    return used


def huffman(counts: Sequence[float]) -> list[int]:
    """The lengths of a Huffman code with ten branches, none longer than `LONGEST`; complete if there are 9n + 1."""
    assert len(counts) % 9 == 1
    floor = 0.0
    while True:
        heap = [(max(count, floor), number, (number,)) for number, count in enumerate(counts)]
        heapq.heapify(heap)
        lengths = [0] * len(counts)
        order = itertools.count(len(counts))
        while len(heap) > 1:
            merged = [heapq.heappop(heap) for _ in range(10)]
            leaves = tuple(leaf for _, _, some in merged for leaf in some)
            for leaf in leaves:
                lengths[leaf] += 1
            heapq.heappush(heap, (sum(count for count, _, _ in merged), next(order), leaves))
        if max(lengths) <= LONGEST:
            return lengths
        floor = floor * 3 or 1e-7 * sum(counts)


def classify(bigrams: np.ndarray, used: np.ndarray, classes: int) -> np.ndarray:
    """A class, from 0, for each token, such that tokens of a class are followed by the same.

    Args:
        bigrams: rows of token, token behind it, count.
        used: how often each token is used.
        classes: how many.
    """
    size = len(used)
    first, second, count = bigrams[:, 0].astype(int), bigrams[:, 1].astype(int), bigrams[:, 2]
    overall = np.bincount(second, count, size) + 0.1
    overall /= overall.sum()
    # A start that does not depend on chance: the most used tokens, each in turn the seed of a class.
    ranks = np.argsort(-used, kind="stable")
    assigned = np.empty(size, int)
    assigned[ranks] = np.arange(size) % classes
    for _ in range(30):
        totals = np.zeros((classes, size))
        np.add.at(totals, (assigned[first], second), count)
        logs = np.log(totals + overall * 30) - np.log(totals.sum(1, keepdims=True) + 30)
        gains = np.zeros((size, classes))
        np.add.at(gains, first, count[:, None] * logs[:, second].T)
        best = gains.argmax(1)
        best[used == 0] = 0
        if (best == assigned).all():
            break
        assigned = best
    return assigned


def make_table(
    tokens: Sequence[str], rows: Sequence[tuple[Sequence[int], float]], *, classes: int, listed: int
) -> TextTable:
    """The table for texts that are written already.

    Args:
        tokens: the special ones first.
        rows: texts as places in `tokens`, from the first token to `end`, with weights.
        classes: how many for ordinary tokens.
        listed: about how many symbols the codes of the classes have, all together.
    """
    size = len(tokens)
    escapes = {SPECIAL.index("characters"), SPECIAL.index("window")}
    pairs: dict[tuple[int, int], float] = defaultdict(float)
    first: dict[int, float] = defaultdict(float)
    for row, weight in rows:
        first[row[0]] += weight
        for pair in itertools.pairwise(row):
            pairs[pair] += weight
    bigrams = np.array([(before, after, count) for (before, after), count in pairs.items()])
    used = np.bincount(bigrams[:, 0].astype(int), bigrams[:, 2], size)
    assigned = classify(bigrams, used, classes) + ESCAPED + 1
    for token in escapes:
        assigned[token] = ESCAPED
    assigned[SPECIAL.index("end")] = assigned[SPECIAL.index("pack")] = 0
    following = np.zeros((ESCAPED + 1 + classes, size))
    np.add.at(following, (assigned[bigrams[:, 0].astype(int)], bigrams[:, 1].astype(int)), bigrams[:, 2])
    for token, count in first.items():
        following[START, token] += count
    return _coded(tokens, assigned, following, listed)


def _coded(tokens: Sequence[str], assigned: np.ndarray, following: np.ndarray, listed: int) -> TextTable:
    overall = following.sum(0)
    chosen = _symbols_of_classes(following, listed)
    rare = np.full(len(tokens), 0.0)
    for code, some in chosen.items():
        left = following[code].copy()
        left[some] = 0
        rare += left
    common = _common_code(list(rare + 0.02 + overall * 1e-6))
    order = sorted(range(len(tokens)), key=lambda token: (common[token], assigned[token], tokens[token]))
    number = {token: place for place, token in enumerate(order, 1)}
    lengths, symbols = [_per_length(common)], [list(range(1, len(tokens) + 1))]
    for code in range(1, len(following)):
        some = chosen[code]
        left = following[code].sum() - following[code][some].sum()
        counts = [max(left, 0.5), *(max(following[code][token], 0.1) for token in some)]
        widths = huffman(counts)
        lengths.append(_per_length(widths))
        numbers = [RARE, *(number[token] for token in some)]
        symbols.append([symbol for _, symbol in sorted(zip(widths, numbers, strict=True))])
    return TextTable(
        ["" if token < len(SPECIAL) else tokens[token] for token in order],
        [int(assigned[token]) for token in order],
        *(number[SPECIAL.index(name)] for name in SPECIAL),
        lengths,
        symbols,
    )


def for_the_sprite(table: TextTable) -> TextTable:
    """The same table in the orders in which the sprite finds everything.

    The tokens of its tree come first, in the tree's order; and the symbols of each length are arranged.
    """
    numbers = {token: number for number, token in enumerate(table.tokens, 1)}
    first = [numbers[token] for token in tree_tokens(table.tokens)]
    order = [*first, *sorted(set(range(1, len(table.tokens) + 1)) - set(first))]
    place = {number: at for at, number in enumerate(order, 1)}
    rare = len(table.tokens) + 1
    symbols: list[Sequence[int]] = [table.symbols[COMMON]]
    for code in range(COMMON + 1, len(table.lengths)):
        row = iter([place.get(symbol, rare) for symbol in table.symbols[code]])
        arranged_row = [one for count in table.lengths[code] for one in arranged(list(itertools.islice(row, count)))]
        symbols.append([RARE if one == rare else one for one in arranged_row])
    return TextTable(
        [table.tokens[number - 1] for number in order],
        [table.classes[number - 1] for number in order],
        *(place[getattr(table, name)] for name in SPECIAL),
        table.lengths,
        symbols,
    )


def _per_length(lengths: Sequence[int]) -> list[int]:
    return [lengths.count(width) for width in range(1, LONGEST + 1)]


def _common_code(counts: Sequence[float]) -> list[int]:
    """How many digits each token has in the common code.

    If there are 10, 100 ... tokens, all have the same: the digits are then the token's number, which takes no table
    and a third of a percent more digits.
    """
    width = len(str(len(counts))) - 1
    return [width] * len(counts) if len(counts) == 10**width else huffman(counts)


def _symbols_of_classes(following: np.ndarray, listed: int) -> dict[int, list[int]]:
    """Which tokens the code of each class holds: those whose count there is largest, 9n of them."""
    counts = np.sort(following[1:].ravel())[::-1]
    least = max(counts[min(listed, len(counts) - 1)], 1e-9)
    chosen = {}
    for code in range(1, len(following)):
        size = max(int((following[code] > least).sum()) // 9 * 9, 9)
        chosen[code] = [int(token) for token in np.argsort(-following[code], kind="stable")[:size]]
    return chosen


def rows_of(messages: Sequence[Message], table: TextTable, tokens: Sequence[str]) -> list[tuple[list[int], float]]:
    """The messages as places in `tokens`, written in the cheapest way that the table allows."""
    place = {text: place for place, text in enumerate(tokens)}
    special = {getattr(table, name): SPECIAL.index(name) for name in SPECIAL}
    number_to_place = [0] + [
        special[number] if number in special else place[text] for number, text in enumerate(table.tokens, 1)
    ]
    writer = TextWriter(table)
    reader = _TokenReader(table)
    return [
        ([number_to_place[number] for number in reader.tokens(writer.encode(message.text))], message.weight)
        for message in messages
    ]


class _TokenReader(TextReader):
    """Reads the numbers of tokens instead of their texts."""

    def tokens(self, digits: str) -> list[int]:
        code, place, found = START, 0, []
        while True:
            token, place = self._token(code, digits, place)
            found.append(token)
            if token == self._table.end:
                return found
            if token in self._special:
                _, place = self._escaped(token, digits, place)
            code = self._table.classes[token - 1]


def digits_per_character(table: TextTable, texts: Sequence[str]) -> float:
    writer = TextWriter(table)
    return sum(len(writer.encode(text)) for text in texts) / sum(len(text.encode("utf-16-le")) // 2 for text in texts)


def singles_of(language: str, messages: Sequence[Message]) -> tuple[list[str], str]:
    """The characters that get a token, and those of them beyond ASCII that words consist of."""
    counts = Counter(letter for message in messages for letter in _IDEOGRAPH.findall(message.text))
    ideographs = sorted(letter for letter, count in counts.items() if count >= _LEAST_IDEOGRAPHS)
    letters = LETTERS[language] + "".join(ideographs) * (language == "ja")
    more = LATIN if language == "en" else [*letters, *MARKS[language]]
    return list(dict.fromkeys([*ASCII, *more, *SYMBOLS, *EMOJI])), letters


def train(
    messages: Sequence[Message], *, language: str, size: int, classes: int, listed: int, rounds: int
) -> TextTable:
    weights: dict[str, float] = defaultdict(float)
    for message in messages:
        weights[message.text] += message.weight
    messages = [Message(text, "", weight) for text, weight in weights.items()]
    singles, letters = singles_of(language, messages)
    rows = [(words(message.text, letters), message.weight) for message in messages]
    known = set(singles)
    plain = [(row, weight) for row, weight in rows if all(letter in known for word in row for letter in word)]
    tokens = [*SPECIAL, *choose_tokens(plain, singles, size - len(SPECIAL), letters)]
    counts = dict.fromkeys(tokens[len(SPECIAL) :], 0.5)
    counts |= use(plain, counts, letters)
    model = Model(costs_of(counts), letters)
    place = {text: place for place, text in enumerate(tokens)}
    end = SPECIAL.index("end")
    numbered = [([*(place[token] for token in model.row(row)[1]), end], weight) for row, weight in plain]
    table = make_table(tokens, numbered, classes=classes, listed=listed)
    for _ in range(rounds):
        table = make_table(tokens, rows_of(messages, table, tokens), classes=classes, listed=listed)
    return table


def main() -> None:
    """Train, write the table, and print what it does to texts of each source."""
    options = argparse.ArgumentParser(description="Makes a table of the text codec.")
    options.add_argument(
        "--language", choices=["en", *LANGUAGES], default="en", help="of a pack; en is what everybody has"
    )
    options.add_argument("--sms", type=Path, help="the legitimate messages of the SMS Spam Collection, for en")
    options.add_argument("--cache", type=Path, default=Path("build/corpora"), help="where corpora are kept")
    options.add_argument("--characters", type=int, default=2_500_000, help="most of each source")
    options.add_argument("--size", type=int, help="how many tokens (9n + 1): 10,000, of a pack 4,006")
    options.add_argument("--classes", type=int, help="for ordinary tokens: 20, of a pack 12")
    options.add_argument("--listed", type=int, help="symbols in the codes of all classes: 20,000, of a pack 6,000")
    options.add_argument("--rounds", type=int, default=2, help="of writing, grouping and coding")
    options.add_argument("-o", "--output", type=Path)
    given = options.parse_args()
    language, pack = given.language, given.language != "en"
    size, classes, listed = (4_006, 12, 6_000) if pack else (10_000, 20, 20_000)
    output = given.output or CODEC / (f"language_{language}.json" if pack else "text_table.json")
    messages = training_messages(given.cache, given.sms, most_characters=given.characters, language=language)
    table = train(
        messages,
        language=language,
        size=given.size or size,
        classes=given.classes or classes,
        listed=given.listed or listed,
        rounds=given.rounds,
    )
    if not pack:
        table = for_the_sprite(table)
    output.write_text(dump(table), encoding="utf-8", newline="\n")
    print(f"{output}: {output.stat().st_size:,} bytes, {len(table.tokens):,} tokens")
    for source, texts in held_out_messages(given.cache, messages, language=language).items():
        print(f"{source:<12} {digits_per_character(table, texts):.3f} digits a character, never trained on")


if __name__ == "__main__":
    main()
