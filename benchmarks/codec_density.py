"""How many digits do texts take in the codec, beside others?

Facts about the format, the same on every machine. The texts come from sources that the table was never trained on
(tools/text_sources.py), downloaded by the ordinary package clients into a folder, less every message that training
has seen.

    python benchmarks/codec_density.py --sms FILE [--cache FOLDER] [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from report import Report, Row

from cloudlink import codec
from cloudlink.codec import digits, text

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.text_sources import held_out_messages, training_messages

PRINTED = "television"
"""The held-out source that the goal is about: people talking to each other."""

OTHERS = {
    "incumbent's table, two digits a character": lambda message: 2 * len(message),
    "UTF-8, 7 bytes in 17 digits": lambda message: len(digits.encode(message.encode())),
    "zlib by message, 7 bytes in 17 digits": lambda message: len(
        digits.encode(zlib.compress(message.encode(), 9)[2:-4])
    ),
}


def texts(report: Report, held_out: dict[str, list[str]]) -> None:
    """Digits a character of held-out texts, end marker included."""
    for source, messages in held_out.items():
        report.heading(f"{source}: {len(messages):,} messages, never trained on")
        characters = sum(map(len, messages))
        encoded = sum(len(text.encode(message)) for message in messages)
        goal, aim = (0.82, 0.72) if source == PRINTED else (None, None)
        report.add(Row("text codec", source, encoded / characters, "digits/char", at_most=goal, aim=aim))
        for name, size in OTHERS.items():
            report.add(Row(name, source, sum(map(size, messages)) / characters, "digits/char"))
        for order in range(4):
            report.add(Row(f"entropy of order {order}", source, entropy(messages, order), "digits/char"))


def language_packs(report: Report, cache: Path) -> None:
    """Digits a character of held-out texts in other languages, with the language's pack and without."""
    for language in codec.LANGUAGES:
        trained_on = training_messages(cache, None, most_characters=1 << 40, language=language)
        for source, messages in held_out_messages(cache, trained_on, language=language).items():
            some = messages[::10] if report.quick else messages
            case = f"{language}, {source}"
            report.heading(f"{case}: {len(some):,} messages, never trained on")
            characters = sum(len(message.encode("utf-16-le")) // 2 for message in some)
            for name, size in _ways(language).items():
                report.add(Row(name, case, sum(map(size, some)) / characters, "digits/char"))


def _ways(language: str) -> dict[str, Callable[[str], int]]:
    return {
        "text codec with the pack": lambda message: len(text.encode(message, language)),
        "text codec, standard table": lambda message: len(text.encode(message)),
        "as a value, reader has the pack": lambda message: len(codec.encode(message, languages=[language])),
        "as a value, standard table": lambda message: len(codec.encode(message)),
        "UTF-8, 7 bytes in 17 digits": lambda message: len(digits.encode(message.encode())),
    }


def entropy(messages: Sequence[str], order: int) -> float:
    """What the best code with so many characters of context could reach if it knew these very texts beforehand."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for message in messages:
        ended = message + "\0"
        for at, character in enumerate(ended):
            counts[ended[max(0, at - order) : at]][character] += 1
    total = 0.0
    for following in counts.values():
        size = sum(following.values())
        total -= sum(count * math.log10(count / size) for count in following.values())
    return total / sum(map(len, messages))


def main() -> None:
    """Measure all that this file is about."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sms", type=Path, required=True, help="the file that training takes too")
    parser.add_argument("--cache", type=Path, default=Path("build/corpora"), help="where packages are kept")
    parser.add_argument("--quick", action="store_true", help="fewer messages")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    options = parser.parse_args()
    report = Report(quick=options.quick)
    trained_on = training_messages(options.cache, options.sms, most_characters=1 << 40)
    held_out = held_out_messages(options.cache, trained_on)
    if report.quick:
        held_out = {source: messages[::10] for source, messages in held_out.items()}
    texts(report, held_out)
    language_packs(report, options.cache)
    if options.json is not None:
        options.json.write_text(json.dumps([row.as_json() for row in report.rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
