"""Profiles on the old site: their data, their pages, follows, activity, messages, and all comments as HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from cloudlink.testing.site import pages
from cloudlink.testing.site.endpoints.comments import rejection
from cloudlink.testing.site.exchange import Refusal, Reply, Request, html_reply, json_reply, whole_number
from cloudlink.testing.site.lookup import existing_user, named_comment, named_studio, named_user, seen_project
from cloudlink.testing.site.records import Comment, Project, Studio, User
from cloudlink.testing.site.routing import WEB, Auth, Routes
from cloudlink.testing.site.shapes import profile_object, web_page
from cloudlink.testing.site.world import World, owner_id, place_of

ROUTES = Routes()

THREADS_ON_A_PAGE: Final = 15
LAST_COMMENT_PAGE: Final = 67
PEOPLE_ON_A_PAGE: Final = 60
PROJECTS_ON_A_PAGE: Final = 40
_PROFILE_TEXT: Final = 200


def _public_user(world: World, request: Request) -> User:
    user = named_user(world, request)
    if user.deleted:
        raise Refusal(404)
    return user


# Data of the profile


@ROUTES.add("GET", WEB, "/site-api/users/all/{username}/")
def _profile_data(world: World, request: Request) -> Reply:
    return json_reply(profile_object(world, _public_user(world, request)))


@ROUTES.add("PUT", WEB, "/site-api/users/all/{username}/", auth=Auth.WEB)
def _change_profile(world: World, request: Request) -> Reply:
    me = _own(world, request)
    change = request.json
    texts = {key: str(change[key]) for key in ("bio", "status") if key in change}
    if any(world.is_improper(text) for text in texts.values()):
        return json_reply({"errors": ["inappropriate-generic"]})
    if any(len(text) > _PROFILE_TEXT for text in texts.values()):
        return json_reply({"errors": ["editable-text-too-long"]})
    label = str(change.get("featured_project_label", ""))
    if label not in ("", "0", "1", "2", "3", "4"):
        raise Refusal(400)
    me.bio, me.status = texts.get("bio", me.bio), texts.get("status", me.status)
    if change.get("featured_project") is not None:
        number = whole_number(change["featured_project"])
        if number is None:
            raise Refusal(400)
        me.featured_project = number
    if "featured_project_label" in change:
        me.featured_label = int(label) if label else None
    return json_reply(profile_object(world, me))


@ROUTES.add("POST", WEB, "/site-api/users/all/{username}/", auth=Auth.WEB)
def _set_avatar(world: World, request: Request) -> Reply:
    me = _own(world, request)
    errors = picture_errors(world, request.file)
    if errors:
        return json_reply({"errors": errors})
    me.avatar = request.file
    return json_reply({"thumbnail_url": f"//uploads.scratch.mit.edu/users/avatars/{me.id}.png"})


def picture_errors(world: World, picture: bytes | None) -> list[str]:
    """What is wrong with an uploaded picture."""
    if picture is None:
        return ["This field is required."]
    if len(picture) > world.rules.thumbnail_size:
        return ["thumbnail-too-large"]
    known = (b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8\xff", b"BM")
    return [] if picture.startswith(known) else ["image-invalid"]


def _own(world: World, request: Request) -> User:
    if _public_user(world, request) is not request.me:
        raise Refusal(403)
    return request.me


@ROUTES.add("POST", WEB, "/site-api/users/all/{username}/report/", auth=Auth.WEB)
def _report_user(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    field = request.form.get("selected_field")
    if field not in ("username", "icon", "description", "working_on"):
        raise Refusal(400)
    world.reports.append({"by": request.me.username, "user": user.username, "field": field})
    return json_reply({"success": True})


@ROUTES.add("PUT", WEB, "/site-api/users/followers/{username}/add/", auth=Auth.WEB)
def _follow(world: World, request: Request) -> Reply:
    target = _followed(world, request)
    world.follow(request.me, target)
    return json_reply(_short_profile(target))


@ROUTES.add("PUT", WEB, "/site-api/users/followers/{username}/remove/", auth=Auth.WEB)
def _unfollow(world: World, request: Request) -> Reply:
    target = _followed(world, request)
    world.unfollow(request.me, target)
    return json_reply(_short_profile(target))


def _followed(world: World, request: Request) -> User:
    target = _public_user(world, request)
    if request.query.get("usernames", "").lower() != request.me.username.lower():
        raise Refusal(403)
    return target


def _short_profile(user: User) -> dict[str, Any]:
    return {
        "thumbnail_url": f"//uploads.scratch.mit.edu/users/avatars/{user.id}.png",
        "user": {"username": user.username, "pk": user.id},
        "id": user.profile_id,
    }


# Pages


@ROUTES.add("GET", WEB, "/users/{username}/")
def _profile_page(world: World, request: Request) -> Reply:
    return html_reply(pages.profile_page(world, _public_user(world, request)))


@ROUTES.add("GET", WEB, "/users/{username}/followers/")
def _followers_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    return _list_page(request, user, "Followers", world.followers(user), pages.user_item, PEOPLE_ON_A_PAGE)


@ROUTES.add("GET", WEB, "/users/{username}/following/")
def _following_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    found = list(world.living(reversed(user.following)))
    return _list_page(request, user, "Following", found, pages.user_item, PEOPLE_ON_A_PAGE)


@ROUTES.add("GET", WEB, "/users/{username}/projects/")
def _projects_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    return _project_page(world, request, user, "Shared Projects", world.projects_of(user))


@ROUTES.add("GET", WEB, "/users/{username}/favorites/")
def _favorites_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    return _project_page(world, request, user, "Favorites", world.public(reversed(user.favorites)))


@ROUTES.add("GET", WEB, "/users/{username}/studios/")
def _studios_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    found = [s for s in reversed(world.studios.values()) if world.curates(s, user) and not s.deleted]
    return _list_page(request, user, "Studios I Curate", found, pages.studio_item, PROJECTS_ON_A_PAGE)


@ROUTES.add("GET", WEB, "/users/{username}/studios_following/")
def _followed_studios_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    found = [world.studios[number] for number in reversed(user.followed_studios)]
    return _list_page(request, user, "Studios I Follow", found, pages.studio_item, PROJECTS_ON_A_PAGE)


@ROUTES.add("GET", WEB, "/projects/all/{username}/loves/")
def _loves_page(world: World, request: Request) -> Reply:
    user = _public_user(world, request)
    found = world.public(reversed(user.loves))
    shown = [pages.project_item(world, p) for p in web_page(request, found, size=PROJECTS_ON_A_PAGE)]
    number, last = request.asked_number("page", 1), _last(found, PROJECTS_ON_A_PAGE)
    return html_reply(pages.loves_page(user, len(found), shown, number=number, last=last))


def _project_page(world: World, request: Request, user: User, label: str, found: Sequence[Project]) -> Reply:
    def item(project: Project) -> str:
        return pages.project_item(world, project)

    return _list_page(request, user, label, found, item, PROJECTS_ON_A_PAGE)


def _list_page(
    request: Request, user: User, label: str, found: Sequence[Any], item: Callable[[Any], str], size: int
) -> Reply:
    shown = [item(thing) for thing in web_page(request, list(found), size=size)]
    number = request.asked_number("page", 1)
    return html_reply(pages.list_page(user, label, len(found), shown, number=number, last=_last(found, size)))


def _last(found: Sequence[Any], size: int) -> int:
    return max(1, -(-len(found) // size))


@ROUTES.add("GET", WEB, "/messages/ajax/user-activity/")
def _activity(world: World, request: Request) -> Reply:
    user = existing_user(world, request.query.get("user", ""))
    a_year_ago = world.now() - 365 * 86400
    found = [e for e in reversed(world.events) if e.actor_id == user.id and e.created > a_year_ago]
    return html_reply(pages.activity_list(world, found[: request.asked_number("max", 1000)]))


# Messages


@ROUTES.add("POST", WEB, "/site-api/messages/messages-clear/", auth=Auth.WEB)
def _clear_messages(world: World, request: Request) -> Reply:
    for event in world.messages.get(request.me.id, []):
        event.unread = False
    return json_reply({"success": True})


@ROUTES.add("POST", WEB, "/site-api/messages/messages-delete/", auth=Auth.WEB)
def _dismiss(world: World, request: Request) -> Reply:
    kind, number = request.json.get("alertType"), request.json.get("alertId")
    if kind == "invite":
        request.me.invited = False
        return json_reply({"success": True})
    found = [alert for alert in world.alerts.get(request.me.id, []) if alert.id == number]
    for alert in found:
        alert.unread = False
    return json_reply({"success": kind == "notification" and bool(found)})


@ROUTES.add("GET", WEB, "/messages/ajax/get-message-count/", auth=Auth.COOKIE)
def _message_count(world: World, request: Request) -> Reply:
    return json_reply({"msg_count": world.unread(request.me)})


# Comments as HTML: on profiles, and the same for projects and studios


def _place(world: World, request: Request) -> Project | Studio | User:
    if "project_id" in request.params:
        return seen_project(world, request)
    if "studio_id" in request.params:
        return named_studio(world, request)
    return _public_user(world, request)


_PLACES: Final = (
    "/site-api/comments/user/{username}/",
    "/site-api/comments/project/{project_id}/",
    "/site-api/comments/gallery/{studio_id}/",
)


@ROUTES.add("GET", WEB, *_PLACES)
def _comments(world: World, request: Request) -> Reply:
    where = _place(world, request)
    number = request.asked_number("page", 1)
    if not 1 <= number <= LAST_COMMENT_PAGE:
        raise Refusal(404)
    first = (number - 1) * THREADS_ON_A_PAGE
    threads = world.thread(where)[first : first + THREADS_ON_A_PAGE]
    text = "".join(pages.comment_thread(world, comment, viewer=request.user) for comment in threads)
    return html_reply(text + pages.COMMENTS_END)


@ROUTES.add("POST", WEB, *(f"{place}add/" for place in _PLACES), auth=Auth.WEB)
def _add_comment(world: World, request: Request) -> Reply:
    where = _place(world, request)
    if not where.comments_allowed:
        raise Refusal(403)
    content = str(request.json.get("content", ""))
    parent = _named(world, request.json.get("parent_id"), where)
    commentee = _commentee(world, request.json.get("commentee_id"))
    refused = rejection(world, request.me, content)
    if refused is not None:
        answer: dict[str, Any] = {"error": refused["rejected"]}
        if refused["status"]["mute_status"]:
            answer["mute_status"] = refused["status"]["mute_status"]
        return html_reply(pages.comment_error(json.dumps(answer)))
    comment = world.add_comment(request.me, where, content, parent=parent, commentee=commentee)
    return html_reply(pages.comment_block(world, comment, viewer=request.me))


def _named(world: World, number: Any, where: Project | Studio | User) -> Comment | None:
    if number in ("", None):
        return None
    comment = world.comments.get(whole_number(number) or 0)
    if comment is None or (comment.place, comment.place_id) != (place_of(where), where.id):
        raise Refusal(500)
    return comment


def _commentee(world: World, number: Any) -> User | None:
    if number in ("", None):
        return None
    user = world.users.get(whole_number(number) or 0)
    if user is None:
        raise Refusal(500)
    return user


@ROUTES.add("POST", WEB, *(f"{place}del/" for place in _PLACES), auth=Auth.WEB)
def _delete_comment(world: World, request: Request) -> Reply:
    where, comment = _addressed(world, request)
    if request.me.id not in (comment.author_id, owner_id(where)):
        raise Refusal(403)
    comment.deleted = True
    return html_reply()


@ROUTES.add("POST", WEB, *(f"{place}rep/" for place in _PLACES), auth=Auth.WEB)
def _report_comment(world: World, request: Request) -> Reply:
    comment = _addressed(world, request)[1]
    comment.reported_by.append(request.me.id)
    return html_reply()


def _addressed(world: World, request: Request) -> tuple[Project | Studio | User, Comment]:
    where = _place(world, request)
    number = whole_number(request.json.get("id"))
    if number is None:
        raise Refusal(400)
    request.params = {**request.params, "comment_id": str(number)}
    comment = named_comment(world, request, place_of(where), where.id)
    if comment.deleted:
        raise Refusal(404)
    return where, comment


@ROUTES.add("POST", WEB, *(f"{place}toggle-comments/" for place in _PLACES), auth=Auth.WEB)
def _toggle_comments(world: World, request: Request) -> Reply:
    where = _place(world, request)
    if request.me.id != owner_id(where):
        raise Refusal(403)
    where.comments_allowed = not where.comments_allowed
    return html_reply()
