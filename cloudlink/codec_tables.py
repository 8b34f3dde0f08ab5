"""The tables of the text codec, read once, however many threads want them at the same moment.

Reading them takes a fifth of a second. The codec reads them when they are needed first and knows no locks, so threads
that came at once, such as twenty clients or handlers, would each do it, and wait for each other's processor time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from cloudlink.codec.text import prepare

_lock = threading.Lock()


def read_tables(languages: Iterable[str] = ()) -> None:
    """Have the table that everybody has, and those of some language packs, ready for all threads; again: at once.

    Args:
        languages: keys of `cloudlink.codec.LANGUAGES`.
    """
    with _lock:
        for language in ("", *languages):
            prepare(language)
