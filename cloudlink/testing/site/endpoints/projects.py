"""Projects: the object, loves and favourites, views, sharing, the trash, reports and thumbnails."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cloudlink.testing.site.exchange import Refusal, Reply, Request, html_reply, json_reply, whole_number
from cloudlink.testing.site.lookup import any_project, named_me, own_project, seen_project
from cloudlink.testing.site.records import Project
from cloudlink.testing.site.routing import API, TRAMPOLINE, WEB, Auth, Routes
from cloudlink.testing.site.shapes import old_project, page, project_object, studio_object
from cloudlink.testing.site.world import World

ROUTES = Routes()

_TITLE_LENGTH: Final = 100
_TEXT_LENGTH: Final = 5000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MARKS: Final = {"loves": "userLove", "favorites": "userFavorite"}


@ROUTES.add("GET", API, "/projects/{project_id}")
@ROUTES.add("GET", TRAMPOLINE, "/api/projects/{project_id}")
def _project(world: World, request: Request) -> Reply:
    project = seen_project(world, request)
    if request.user is not None:
        viewed = request.user.viewed
        if project.id in viewed:
            viewed.remove(project.id)
        viewed.append(project.id)
    return json_reply(project_object(world, project, "single"))


@ROUTES.add("PUT", API, "/projects/{project_id}", auth=Auth.TOKEN)
def _change(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    change = request.json
    for key, length in (("title", _TITLE_LENGTH), ("instructions", _TEXT_LENGTH), ("description", _TEXT_LENGTH)):
        text = change.get(key, "")
        if not isinstance(text, str) or len(text) > length or world.is_improper(text):
            raise Refusal(400)
    if not isinstance(change.get("comments_allowed", True), bool):
        raise Refusal(400)
    project.title = change.get("title", project.title)
    project.instructions = change.get("instructions", project.instructions)
    project.description = change.get("description", project.description)
    project.comments_allowed = change.get("comments_allowed", project.comments_allowed)
    project.modified = world.stamp()
    return json_reply(project_object(world, project, "single"))


@ROUTES.add("GET", API, "/projects/count/all")
def _count(world: World, request: Request) -> Reply:
    return json_reply({"count": len(world.projects)})


@ROUTES.add("GET", API, "/users/{username}/projects/{project_id}/visibility", auth=Auth.TOKEN)
def _visibility(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    named_me(world, request)
    return json_reply(
        {
            "projectId": project.id,
            "creatorId": project.author_id,
            "deleted": project.trashed,
            "censored": project.censored is not None,
            "censoredByAdmin": project.censored is not None,
            "censoredByCommunity": False,
            "reshareable": True,
            "message": project.censored or "",
        }
    )


@ROUTES.add("GET", API, "/projects/{project_id}/remixes")
def _remixes(world: World, request: Request) -> Reply:
    project = world.projects.get(request.number("project_id"))
    part = page(world, request)
    found = world.remixes(project) if project is not None and world.may_see(project, request.user) else []
    if not found:
        raise Refusal(404)  # a project without remixes looks like one that is not there
    return json_reply([project_object(world, remix) for remix in found[part]])


@ROUTES.add("GET", API, "/users/{username}/projects/{project_id}/studios", "/projects/{project_id}/studios")
def _studios(world: World, request: Request) -> Reply:
    project = seen_project(world, request)
    found = [s for s in reversed(world.studios.values()) if project.id in s.projects and not s.deleted]
    part = page(world, request)
    if not found:
        raise Refusal(404)
    return json_reply([studio_object(world, studio) for studio in found[part]])


# Loves and favourites


def _mark(request: Request) -> str:
    return request.path.split("/")[-3]


def _marks(world: World, request: Request) -> tuple[str, list[int], Project]:
    project = seen_project(world, request)
    me = named_me(world, request)
    kind = _mark(request)
    return kind, me.loves if kind == "loves" else me.favorites, project


_PLAIN: Final = tuple(f"/projects/{{project_id}}/{kind}/user/{{username}}" for kind in _MARKS)
_PROXY: Final = tuple(f"/proxy{path}" for path in _PLAIN)


@ROUTES.add("GET", API, *_PLAIN, auth=Auth.TOKEN)
def _is_marked(world: World, request: Request) -> Reply:
    kind, marked, project = _marks(world, request)
    return json_reply({"projectId": str(project.id), _MARKS[kind]: project.id in marked})


@ROUTES.add("POST", API, *_PLAIN, auth=Auth.TOKEN)
@ROUTES.add("POST", API, *_PROXY, auth=Auth.PROXY)
def _set_mark(world: World, request: Request) -> Reply:
    kind, _, project = _marks(world, request)
    # Only the way through /proxy tells the author.
    tell = request.path.startswith("/proxy/")
    (world.love if kind == "loves" else world.favorite)(request.me, project, tell=tell)
    return _marked(kind, project, now=True)


@ROUTES.add("DELETE", API, *_PLAIN, auth=Auth.TOKEN)
@ROUTES.add("DELETE", API, *_PROXY, auth=Auth.PROXY)
def _remove_mark(world: World, request: Request) -> Reply:
    kind, marked, project = _marks(world, request)
    if project.id in marked:
        marked.remove(project.id)
    return _marked(kind, project, now=False)


def _marked(kind: str, project: Project, *, now: bool) -> Reply:
    # statusChanged is always true, as the real one's.
    return json_reply({"projectId": str(project.id), _MARKS[kind]: now, "statusChanged": True})


@ROUTES.add("POST", API, "/users/{username}/projects/{project_id}/views")
def _view(world: World, request: Request) -> Reply:
    project = seen_project(world, request)
    caller = request.user.username if request.user else request.address
    last = project.viewers.get(caller)
    now = world.now()
    if last is not None and now < last + world.rules.view_interval:
        raise Refusal(429)
    project.viewers[caller] = now
    project.views += 1
    return json_reply({})


# Sharing, the trash


@ROUTES.add("PUT", API, "/proxy/projects/{project_id}/share", auth=Auth.PROXY)
def _share(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    if not request.me.email_confirmed or project.trashed:
        raise Refusal(403)
    world.share(project)
    return json_reply(project_object(world, project, "single"))


@ROUTES.add("PUT", API, "/proxy/projects/{project_id}/unshare", auth=Auth.PROXY)
def _unshare(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    project.is_published = False
    return json_reply(project_object(world, project, "single"))


@ROUTES.add("PUT", WEB, "/site-api/projects/all/{project_id}/", auth=Auth.WEB)
def _change_old(world: World, request: Request) -> Reply:
    project = own_project(world, request)
    change = request.json
    if "title" in change:
        if world.is_improper(str(change["title"])):
            return json_reply({"errors": ["inappropriate-generic"]})
        project.title = str(change["title"])[:_TITLE_LENGTH]
    if "isPublished" in change:
        if change["isPublished"]:
            world.share(project)
        else:
            project.is_published = False
    match change.get("visibility"):
        case None:
            pass
        case "visible":
            project.trashed = False
        case "trshbyusr":
            if project.is_published:
                raise Refusal(403)  # only an unshared project goes into the trash
            project.trashed = True
        case _:
            raise Refusal(400)
    project.modified = world.stamp()
    return json_reply(old_project(world, project))


@ROUTES.add("PUT", WEB, "/site-api/projects/trashed/empty/", auth=Auth.WEB)
def _empty_trash(world: World, request: Request) -> Reply:
    if request.json.get("password") != request.me.password:
        raise Refusal(403)
    trashed = [p.id for p in world.projects.values() if p.author_id == request.me.id and p.trashed]
    for number in trashed:
        del world.projects[number]
    return json_reply({"trashed": len(trashed)})


@ROUTES.add("POST", API, "/proxy/projects/{project_id}/report", auth=Auth.PROXY)
def _report(world: World, request: Request) -> Reply:
    project = seen_project(world, request)
    category = request.json.get("report_category")
    number = whole_number(category) if isinstance(category, str) else None
    if number is None or number > 19:
        raise Refusal(400)
    try:
        base64.b64decode(str(request.json["thumbnail"]), validate=True)
    except (KeyError, binascii.Error):
        raise Refusal(400) from None
    notes = request.json.get("notes", "")
    report = {"by": request.me.username, "project": project.id, "category": category, "notes": notes}
    world.reports.append(report)
    return json_reply({"success": True, "moderation_status": "notreviewed"})


@ROUTES.add("POST", WEB, "/internalapi/project/thumbnail/{project_id}/set/", auth=Auth.WEB)
def _thumbnail(world: World, request: Request) -> Reply:
    project = any_project(world, request)
    if project.author_id != request.me.id:
        return html_reply("<html><body>Forbidden</body></html>", 403)
    if not request.body.startswith(_PNG):
        return html_reply("<html><body>Bad request</body></html>", 400)
    project.thumbnail = request.body
    # "autosave-internal" is the real site's spelling here.
    return json_reply(
        {
            "status": "ok",
            "content-length": len(request.body),
            "content-name": str(project.id),
            "autosave-internal": "120",
            "result-code": 0,
        }
    )
