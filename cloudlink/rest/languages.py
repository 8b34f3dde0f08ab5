"""Translation and speech, as the editor's extensions use them (reference, section 16.3)."""

from __future__ import annotations

from typing import Final, Literal

from cloudlink.errors import InvalidArgument, ValueTooLong
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.fields import as_objects, look, needed, text

LONGEST_SPEECH: Final = 128
"""Characters that can be spoken at once."""

GENDERS: Final = ("female", "male")


def translate(language: str, text_to_translate: str, *, client: Client | None = None) -> str:
    """A text in another language.

    GET translate-service.scratch.mit.edu/translate; no login. VERIFIED.

    Args:
        language: the code of the language to translate into, such as "ja"; see `translation_languages`.
        text_to_translate: the text.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: the text is empty; nothing was sent.
        Rejected: the service does not know the language.
    """
    client = default_client() if client is None else client
    if not text_to_translate:
        raise InvalidArgument("there is nothing to translate: the text is empty")
    query = {"language": language, "text": text_to_translate}
    answer = client.request(endpoints.TRANSLATE.at(), reply="json", what=f"translation into {language!r}", query=query)
    return str(needed(text(answer, "result"), "result", of="translation"))


def translation_languages(*, client: Client | None = None) -> dict[str, str]:
    """The languages that `translate` knows: from their codes to their English names.

    GET translate-service.scratch.mit.edu/supported; no login. VERIFIED.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.LANGUAGES.at(), reply="json", what="languages")
    pairs = [(text(item, "code"), text(item, "name")) for item in as_objects(look(answer, "result"), of="languages")]
    return {code: name for code, name in pairs if code is not None and name is not None}


def text_to_speech(
    words: str,
    *,
    locale: str = "en-US",
    gender: Literal["female", "male"] = "female",
    client: Client | None = None,
) -> bytes:
    """Words, spoken: an MP3 file.

    GET synthesis-service.scratch.mit.edu/synth; no login. VERIFIED.

    Args:
        words: 1 to 128 characters.
        locale: the language and country, such as "en-US" or "de-DE".
        gender: the voice, "female" or "male".
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: there are no words, or there is no such gender; nothing was sent.
        ValueTooLong: there are more than 128 characters; nothing was sent.
        Rejected: the service does not know the language.
    """
    client = default_client() if client is None else client
    if not words or gender not in GENDERS:
        raise InvalidArgument(f"speech wants words, and a gender of {', '.join(GENDERS)}, not {words!r} and {gender!r}")
    if len(words) > LONGEST_SPEECH:
        raise ValueTooLong(
            f"{len(words):,} characters are too many to speak at once, {LONGEST_SPEECH} are not: cut the text",
            size=len(words),
            limit=LONGEST_SPEECH,
        )
    query = {"locale": locale, "gender": gender, "text": words}
    return client.request(endpoints.SPEECH.at(), reply="bytes", what=f"speech in {locale!r}", query=query)
