"""Forms of the old site: it takes one by leading elsewhere, and refuses one by showing it again, status 200."""

from __future__ import annotations

import re

from cloudlink.errors import InvalidArgument, RateLimited, Rejected
from cloudlink.rest.client import Client, Query
from cloudlink.rest.endpoints import Target
from cloudlink.rest.html import Element


def send_form(
    client: Client,
    target: Target,
    values: dict[str, str],
    *,
    what: str,
    referer: str,
    query: Query | None = None,
    files: bool = False,
) -> str:
    """Send a form of the forum, and give the path that the site leads to; "" if it took it and leads nowhere.

    For the arguments see `Client.submit`.

    Raises:
        RateLimited: it comes too soon after the last post.
        Rejected: the site shows the form again.
    """
    answer = client.submit(target, values, what=what, referer=referer, query=query, files=files)
    if isinstance(answer, str):
        return answer
    told = problem_on(answer)
    wait = re.search(r"wait ([0-9]{1,5}) seconds between posts", told)  # the site never translates these words
    if wait:
        seconds = float(wait[1])
        raise RateLimited(f"{what}: wait {seconds:g} s between two posts", status=200, retry_after=seconds)
    if not told and answer.first(".success") is not None:
        return ""
    raise Rejected(f"{what}: the site shows the form again: {told or 'it does not say why'}", status=200, reason=told)


def problem_on(page: Element) -> str:
    """What a form that is shown again says is wrong, "" if nothing."""
    problem = page.first(".errorlist li")
    return "" if problem is None else problem.text()[:200]


def check_taken(answer: str | Element, *, what: str) -> None:
    """See to it that what `Client.submit` gave is no refusal, for forms after which the site shows a page anyway.

    Raises:
        Rejected: the page says what is wrong.
    """
    told = "" if isinstance(answer, str) else problem_on(answer)
    if told:
        raise Rejected(f"{what}: the site does not take it: {told}", status=200, reason=told)


def check_text(content: str, *, name: str) -> str:
    """The text, once it is sure that there is one.

    Raises:
        InvalidArgument: it is empty.
    """
    if not content.strip():
        raise InvalidArgument(f"{name} is to have a text; this one is empty")
    return content


def number_after(path: str, word: str) -> int | None:
    """The number after a step of a path: 12 in "/discuss/post/12/" after "post"."""
    found = re.search(rf"/{word}/([0-9]{{1,20}})(/|$)", path)
    return int(found[1]) if found else None
