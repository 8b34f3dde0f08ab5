"""Comments: on projects and studios (JSON, reference section 8) and on profiles (HTML, section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloudlink.errors import BadResponse, InvalidArgument, NotFound, ValueTooLong
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, json_body
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.failures import comment_rejected
from cloudlink.rest.fields import Record, as_object, as_objects, flag, moment, needed, number, parse_json, text
from cloudlink.rest.html import Element, attribute_of, plain_text, text_of
from cloudlink.rest.paging import by_page
from cloudlink.rest.read_ahead import iter_list

MAX_COMMENT: Final = 500
"""Characters in a comment (reference, sections 5.2 and 8.2)."""

LAST_PROFILE_PAGE: Final = 67
"""The last page of profile comments that the site serves (reported, section 5.1)."""

EMPTY_PROFILE_PAGES: Final = 2
"""Pages without a comment in a row that are not taken for the end: the site has some in the midst of its pages, and
nothing tells them from those past the end (section 5.1)."""


@dataclass(frozen=True, eq=False)
class Comment(Record):
    """A comment, or a reply to one.

    Attributes:
        id: its number, which `delete_comment` and others take.
        author: who wrote it.
        author_id: the author's number, to be given as `commentee_id` when answering a reply.
        content: the text, without HTML; a picture is ":name:".
        created: when it was written.
        modified: when it was changed.
        parent_id: the comment at the top of the thread, None if this is it.
        commentee_id: the number of the user whom a reply answers.
        reply_count: 0 if nobody answered; else the site's number, which is not reliable.
        replies: the replies, where they come along (on profiles); else ask for them.
        scratchteam: whether the author is of the Scratch Team.
        raw: the whole answer; for a profile comment, its HTML as `html`.
    """

    id: int
    author: str | None
    author_id: int | None
    content: str | None
    created: datetime | None
    modified: datetime | None
    parent_id: int | None
    commentee_id: int | None
    reply_count: int | None
    scratchteam: bool | None
    replies: tuple[Comment, ...]
    raw: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Comment {self.id} by {self.author!r}: {(self.content or '')[:40]!r}>"


def read_comment(value: Any, *, of: str, author: str | None = None) -> Comment:
    """A comment of the JSON API.

    Args:
        value: the answer.
        of: what it is about, for errors.
        author: who wrote it, if the answer leaves that out, as it does for one that was just posted.

    Raises:
        BadResponse: it is no object, or has no id.
    """
    raw = as_object(value, of=of)
    content = text(raw, "content")
    return Comment(
        id=needed(number(raw, "id"), "id", of=of),
        author=text(raw, "author", "username") or author,
        author_id=number(raw, "author", "id"),
        content=None if content is None else plain_text(content),
        created=moment(raw, "datetime_created"),
        modified=moment(raw, "datetime_modified"),
        parent_id=number(raw, "parent_id"),
        commentee_id=number(raw, "commentee_id"),
        reply_count=number(raw, "reply_count"),
        scratchteam=flag(raw, "author", "scratchteam"),
        replies=(),
        raw=raw,
    )


def iter_comments(
    client: Client, endpoint: Endpoint, *, what: str, limit: int | None, offset: int, **place: str | int
) -> Iterator[Comment]:
    """The comments that one of the comment lists gives, or the replies to one.

    Raises:
        NotFound: while reading, if there is no such place or thread.
    """
    target = endpoint.at(**place)

    def fetch(limit: int, offset: int) -> list[Comment]:
        query = {"limit": limit, "offset": offset}
        answer = client.request(target, reply="json", what=what, query=query)
        return [read_comment(item, of=what) for item in as_objects(answer, of=what)]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda comment: comment.id)


def fetch_comment(client: Client, endpoint: Endpoint, *, what: str, **place: str | int) -> Comment:
    """One comment; the site answers `null` for some of the deleted ones.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    answer = client.request(endpoint.at(**place), reply="json", what=what)
    if answer is None:
        raise NotFound(f"there is no {what}, or you may not see it", status=200, what=what)
    return read_comment(answer, of=what)


def post_comment(
    client: Client, place: str, place_id: int, content: str, *, parent_id: int | str, commentee_id: int | str
) -> Comment:
    """Post a comment on a project or a studio.

    Args:
        client: with a login.
        place: "project" or "studio".
        place_id: its number.
        content: the text, 1 to 500 characters.
        parent_id: the top comment of the thread, "" for a new thread.
        commentee_id: the number of the user who is answered, "" for nobody.

    Raises:
        InvalidArgument: the text or a number cannot work; nothing was sent.
        CommentRejected: the site did not take it, with its reason.
        Forbidden: comments are closed, or the owner blocked you.
    """
    what = f"{place} {place_id}"
    answer = client.request(
        endpoints.COMMENT_ADD.at(place=place, place_id=place_id),
        reply="json",
        what=what,
        body=comment_body(content, parent_id, commentee_id),
        referer=f"/{place}s/{place_id}/",
    )
    code = text(answer, "rejected")
    if code is not None:
        raise comment_rejected(code, answer, what=what)
    return read_comment(answer, of=what, author=client.username)


def delete_comment(client: Client, place: str, place_id: int, comment_id: int | str) -> None:
    """Delete a comment on a project or a studio."""
    _act_on(client, endpoints.COMMENT_DELETE, place, place_id, comment_id)


def report_comment(client: Client, place: str, place_id: int, comment_id: int | str) -> None:
    """Report a comment on a project or a studio."""
    _act_on(client, endpoints.COMMENT_REPORT, place, place_id, comment_id)


def _act_on(client: Client, endpoint: Endpoint, place: str, place_id: int, comment_id: int | str) -> None:
    client.request(
        endpoint.at(place=place, place_id=place_id, comment_id=comment_id),
        reply="none",
        what=f"comment {comment_id}",
        body=json_body({"reportId": None}),
        referer=f"/{place}s/{place_id}/",
    )


def comment_body(content: str, parent_id: int | str, commentee_id: int | str) -> Any:
    """What carries a comment, once it is sure that it can be one.

    Raises:
        InvalidArgument: it is empty, or an id is no number.
        ValueTooLong: it has more than 500 characters.
    """
    if not content.strip():
        raise InvalidArgument("a comment is to have a text; this one is empty")
    if len(content) > MAX_COMMENT:
        raise ValueTooLong(
            f"the comment has {len(content):,} characters, the site takes {MAX_COMMENT}: write less",
            size=len(content),
            limit=MAX_COMMENT,
        )
    ids = {"parent_id": parent_id, "commentee_id": commentee_id}
    return json_body({"content": content} | {name: _optional_id(name, value) for name, value in ids.items()})


def _optional_id(name: str, value: int | str) -> int | str:
    if value == "":
        return ""
    if not re.fullmatch(r"[0-9]{1,20}", str(value)):
        raise InvalidArgument(f"{name} is the number of a {name.partition('_')[0]}, or '' for none, not {value!r}")
    return int(value)


def iter_profile_comments(client: Client, username: str, *, limit: int | None, page: int) -> Iterator[Comment]:
    """The comments on a profile, each with its replies.

    Raises:
        NotFound: while reading, if there is no such user.
    """
    target = endpoints.PROFILE_COMMENTS.at(username=username)
    what = f"user {username!r}"

    def fetch(page: int) -> list[Comment]:
        answer = client.request(target, reply="html", what=what, query={"page": page}, fresh=True)
        return read_profile_comments(answer, of=what)

    return by_page(
        fetch,
        limit=limit,
        page=page,
        last_page=LAST_PROFILE_PAGE,
        gap=EMPTY_PROFILE_PAGES,
        key=lambda comment: comment.id,
    )


def read_profile_comments(page: Element, *, of: str) -> list[Comment]:
    """The threads on a page of profile comments; deleted ones, which only the staff sees, are left out.

    Raises:
        BadResponse: a comment has no number.
    """
    threads: list[Comment] = []
    for item in page.all("li.top-level-reply"):
        comment = item.first("div.comment")
        if comment is None or item.has_class("removed"):
            continue
        top = _number_of(comment, of)
        replies = tuple(
            read_profile_comment(reply, of=of, parent_id=top)
            for entry in item.all("ul.replies li.reply")
            if not entry.has_class("removed") and (reply := entry.first("div.comment")) is not None
        )
        threads.append(read_profile_comment(comment, of=of, parent_id=None, replies=replies))
    return threads


def read_profile_comment(
    comment: Element, *, of: str, parent_id: int | None, replies: tuple[Comment, ...] = ()
) -> Comment:
    """One comment of a profile (reference, section 5.1).

    Raises:
        BadResponse: it has no number.
    """
    name = comment.first("div.name")
    avatar = attribute_of(comment.first("img.avatar"), "src")
    picture = re.search(r"/user/([0-9]{1,20})_", avatar or "")
    author_id = number(attribute_of(comment.first("a.reply"), "data-commentee-id"))
    return Comment(
        id=_number_of(comment, of),
        author=attribute_of(comment.first("[data-comment-user]"), "data-comment-user"),
        author_id=int(picture[1]) if author_id is None and picture else author_id,
        content=text_of(comment.first("div.content")),
        created=moment(attribute_of(comment.first("span.time"), "title")),
        modified=None,
        parent_id=parent_id,
        commentee_id=None,
        reply_count=len(replies),
        scratchteam=None if name is None else name.text().endswith("*"),
        replies=replies,
        raw={"html": comment.source},
    )


def _number_of(comment: Element, of: str) -> int:
    found: int = needed(number(comment.attribute("data-comment-id")), "comment id", of=of)
    return found


def post_profile_comment(
    client: Client, username: str, content: str, *, parent_id: int | str, commentee_id: int | str
) -> Comment:
    """Post a comment on a profile; for the arguments and errors see `post_comment`."""
    what = f"the profile of {username!r}"
    page = client.request(
        endpoints.PROFILE_COMMENT_ADD.at(username=username),
        reply="html",
        what=what,
        body=comment_body(content, parent_id, commentee_id),
        referer=endpoints.USER_PAGE.at(username=username).path,
    )
    refusal = page.first("#error-data")
    if refusal is not None:
        answer = parse_json(refusal.raw_text(), of=what)
        raise comment_rejected(text(answer, "error") or "error", answer, what=what)
    comment = page.first("div.comment")
    if comment is None:
        raise BadResponse(f"{what} answered without the comment; it may be posted, so look before you try again")
    return read_profile_comment(comment, of=what, parent_id=number(str(parent_id)))
