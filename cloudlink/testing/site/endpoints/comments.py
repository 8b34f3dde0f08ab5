"""Comments on projects and studios in the JSON API."""

from __future__ import annotations

from typing import Any, Final

from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, json_reply, whole_number
from cloudlink.testing.site.lookup import named_comment, named_studio, seen_project
from cloudlink.testing.site.records import Comment, Project, Studio, User
from cloudlink.testing.site.routing import API, Auth, Routes
from cloudlink.testing.site.shapes import comment_object, mute_status, page
from cloudlink.testing.site.world import World, place_of

ROUTES = Routes()

_READ: Final = ("/users/{username}/projects/{project_id}/comments", "/studios/{studio_id}/comments")
_WRITE: Final = ("/proxy/comments/project/{project_id}", "/proxy/comments/studio/{studio_id}")
_REPORT: Final = ("/proxy/project/{project_id}", "/proxy/studio/{studio_id}")

_MUTING: Final = {"isBad": "vulgarity", "isUnconstructive": "unconstructive", "isSpam": "spam"}
"""The rejections that start a mute, and what the mute is called."""


def rejection(world: World, author: User, content: str) -> Json | None:
    """Why the site takes no such comment from a user now; None when it does."""
    code: str | None
    appeal = None
    if world.forced_rejections:
        code, appeal = world.forced_rejections.popleft()
    else:
        code = _code(world, author, content)
        if code in _MUTING:
            world.mute(author, world.rules.mute_seconds, _MUTING[code])
    if code is None:
        return None
    answer: Json = {"rejected": code, "status": {"mute_status": mute_status(world, author)}}
    if appeal is not None:
        answer["appealId"] = appeal
    return answer


def _code(world: World, author: User, content: str) -> str | None:
    if world.is_muted(author):
        return "isMuted"
    if not author.email_confirmed:
        return "isNotPermitted"
    if not content.strip():
        return "isEmpty"
    if len(content) > world.rules.comment_length:
        return "isTooLong"
    last = max((c.created for c in world.comments.values() if c.author_id == author.id), default=0.0)
    if world.now() < last + world.rules.comment_interval:
        return "isFlood"
    return world.refused_word(content)


def _place(world: World, request: Request) -> Project | Studio:
    return seen_project(world, request) if "project_id" in request.params else named_studio(world, request)


def _comment(world: World, request: Request, where: Project | Studio) -> Comment:
    return named_comment(world, request, place_of(where), where.id)


@ROUTES.add("GET", API, *_READ)
def _comments(world: World, request: Request) -> Reply:
    found = world.thread(_place(world, request))
    return json_reply([comment_object(world, comment) for comment in found[page(world, request)]])


@ROUTES.add("GET", API, *(f"{path}/{{comment_id}}" for path in _READ))
def _one_comment(world: World, request: Request) -> Reply:
    comment = _comment(world, request, _place(world, request))
    # A deleted comment is null, with status 200; one that never was is 404.
    return json_reply(None if comment.deleted else comment_object(world, comment))


@ROUTES.add("GET", API, *(f"{path}/{{comment_id}}/replies" for path in _READ))
def _replies(world: World, request: Request) -> Reply:
    found = world.replies(_comment(world, request, _place(world, request)))
    return json_reply([comment_object(world, comment) for comment in found[page(world, request)]])


@ROUTES.add("POST", API, *_WRITE, auth=Auth.PROXY)
def _post(world: World, request: Request) -> Reply:
    where = _place(world, request)
    parent = _number(request.json.get("parent_id"))
    commentee = _number(request.json.get("commentee_id"))
    top = world.comments.get(parent) if parent is not None else None
    if parent is not None and (top is None or (top.place, top.place_id) != (place_of(where), where.id)):
        raise Refusal(404)
    if commentee is not None and commentee not in world.users:
        raise Refusal(404)
    content = str(request.json.get("content", ""))
    refused: Any = rejection(world, request.me, content)
    if refused is None and not where.comments_allowed:
        refused = {"rejected": "isDisallowed", "status": {"mute_status": {}}}
    if refused is not None:
        return json_reply(refused)
    answered = world.users[commentee] if commentee is not None else None
    comment = world.add_comment(request.me, where, content, parent=top, commentee=answered)
    return json_reply(comment_object(world, comment, with_name=False))


def _number(value: Any) -> int | None:
    """An id in a body: a number, its text, or nothing.

    Raises:
        Refusal: 400, it is something else.
    """
    if value in ("", None):
        return None
    number = whole_number(value)
    if number is None:
        raise Refusal(400)
    return number


@ROUTES.add("DELETE", API, *(f"{path}/comment/{{comment_id}}" for path in _WRITE), auth=Auth.PROXY)
def _delete(world: World, request: Request) -> Reply:
    where = _place(world, request)
    comment = _comment(world, request, where)
    if comment.deleted:
        raise Refusal(404)
    if isinstance(where, Project):
        allowed = request.me.id == where.author_id
    else:
        allowed = request.me.id == comment.author_id and world.manages(where, request.me)
    if not allowed:
        raise Refusal(403)
    comment.deleted = True
    return json_reply({})


@ROUTES.add("POST", API, *(f"{path}/comment/{{comment_id}}/report" for path in _REPORT), auth=Auth.PROXY)
def _report(world: World, request: Request) -> Reply:
    comment = _comment(world, request, _place(world, request))
    if comment.deleted:
        raise Refusal(404)
    comment.reported_by.append(request.me.id)
    return json_reply({})


@ROUTES.add("POST", API, "/comments/feedback", auth=Auth.TOKEN)
def _feedback(world: World, request: Request) -> Reply:
    world.reports.append({"by": request.me.username, "feedback": request.json.get("feedback")})
    return json_reply({})
