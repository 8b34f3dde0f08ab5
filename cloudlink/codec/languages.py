"""Language packs: tables for the texts of one language, for those who have them.

The table that everybody has is made for English. Texts in other languages take half as many digits with a table of
their own. A pack is written only for a reader that has said it has it: see rpc/messages.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloudlink.errors import InvalidArgument

LANGUAGES: Mapping[str, str] = {"es": "1", "fr": "2", "de": "3", "pt": "4", "ru": "5", "ja": "6"}
"""The digit of each pack, by its language's code of ISO 639-1. Added to, never changed; 0 stays free."""


_BY_DIGIT = {digit: language for language, digit in LANGUAGES.items()}


def language_of(digit: str) -> str | None:
    """The language of a pack's digit; None for one that this version does not know."""
    return _BY_DIGIT.get(digit)


def check_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """The languages, each once.

    Raises:
        InvalidArgument: there is no pack for one of them.
    """
    given = (languages,) if isinstance(languages, str) else tuple(dict.fromkeys(languages))
    for language in given:
        if language not in LANGUAGES:
            raise InvalidArgument(f"there is no language pack {language!r}; there are {', '.join(LANGUAGES)}")
    return given
