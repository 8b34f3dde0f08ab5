"""My Stuff: one's own projects and studios on the old site."""

from __future__ import annotations

from typing import Any, Final

from cloudlink.testing.site.endpoints.profiles import PROJECTS_ON_A_PAGE
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, html_reply, json_reply
from cloudlink.testing.site.lookup import named_user
from cloudlink.testing.site.records import Project, Studio, User
from cloudlink.testing.site.routing import WEB, Auth, Routes
from cloudlink.testing.site.shapes import old_user, plain, web_page
from cloudlink.testing.site.world import World

ROUTES = Routes()

_SORTS: Final = ("view_count", "love_count", "remixers_count", "title", "student_count")


@ROUTES.add("GET", WEB, "/site-api/projects/{which}/", auth=Auth.COOKIE)
def _projects(world: World, request: Request) -> Reply:
    mine = [p for p in reversed(world.projects.values()) if p.author_id == request.me.id]
    match request.params["which"]:
        case "all":
            found = [p for p in mine if not p.trashed]
        case "shared":
            found = [p for p in mine if p.is_published and not p.trashed]
        case "notshared":
            found = [p for p in mine if not p.is_published and not p.trashed]
        case "trashed":
            found = [p for p in mine if p.trashed]
        case _:
            raise Refusal(404)
    found.sort(key=lambda project: project.modified, reverse=True)
    items = sort_old([_project_item(world, project) for project in found], request)
    return json_reply(web_page(request, items, size=PROJECTS_ON_A_PAGE))


@ROUTES.add("GET", WEB, "/site-api/projects/shared/{username}/")
def _shared_of(world: World, request: Request) -> Reply:
    items = [_project_item(world, project) for project in world.projects_of(named_user(world, request))]
    return json_reply(web_page(request, items, size=PROJECTS_ON_A_PAGE))


def sort_old(items: list[Json], request: Request) -> list[Json]:
    """A list of the old site by the field that `ascsort` or `descsort` names.

    Raises:
        Refusal: 400, there is no such order.
    """
    for key, reverse in (("ascsort", False), ("descsort", True)):
        name = request.query.get(key, "")
        if name:
            if name not in _SORTS or any(name not in item["fields"] for item in items):
                raise Refusal(400)
            return sorted(items, key=lambda item: item["fields"][name], reverse=reverse)
    return items


def _project_item(world: World, project: Project) -> Json:
    small = f"//cdn2.scratch.mit.edu/get_image/project/{project.id}_100x80.png"
    comments = {c.author_id for c in world.comments.values() if (c.place, c.place_id) == ("project", project.id)}
    return {
        "fields": {
            "view_count": project.views,
            "favorite_count": world.favorites(project),
            "remixers_count": len(world.remixes(project)),
            "creator": old_user(world.users[project.author_id]),
            "title": project.title,
            "isPublished": project.is_published,
            "datetime_created": plain(project.created),
            "thumbnail_url": f"{small}?v={project.modified:.2f}",
            "visibility": "trshbyusr" if project.trashed else "visible",
            "love_count": world.loves(project),
            "datetime_modified": plain(project.modified),
            "uncached_thumbnail_url": small,
            "thumbnail": f"{project.id}.png",
            "datetime_shared": plain(project.shared),
            "commenters_count": len(comments),
        },
        "model": "projects.project",
        "pk": project.id,
    }


@ROUTES.add("GET", WEB, "/site-api/galleries/{which}/", auth=Auth.COOKIE)
def _studios(world: World, request: Request) -> Reply:
    which = request.params["which"]
    if which not in ("all", "owned", "curated"):
        raise Refusal(404)
    items = [_studio_item(world, studio) for studio in _my_studios(world, request.me, which)]
    return json_reply(web_page(request, sort_old(items, request), size=PROJECTS_ON_A_PAGE))


def _my_studios(world: World, user: User, which: str) -> list[Studio]:
    found = [s for s in reversed(world.studios.values()) if world.curates(s, user) and not s.deleted]
    if which == "owned":
        return [studio for studio in found if studio.host_id == user.id]
    if which == "curated":
        return [studio for studio in found if studio.host_id != user.id]
    return found


def _studio_item(world: World, studio: Studio) -> dict[str, Any]:
    comments = {c.author_id for c in world.comments.values() if (c.place, c.place_id) == ("studio", studio.id)}
    return {
        "fields": {
            "commenters_count": len(comments),
            "curators_count": 1 + len(studio.managers) + len(studio.curators),
            "datetime_created": plain(studio.created),
            "datetime_modified": plain(studio.modified),
            "owner": old_user(world.users[studio.host_id]),
            "projecters_count": len(studio.projects),
            "thumbnail_url": f"//cdn2.scratch.mit.edu/get_image/gallery/{studio.id}_170x100.png",
            "title": studio.title,
        },
        "model": "galleries.gallery",
        "pk": studio.id,
    }


@ROUTES.add("GET", WEB, "/mystuff/", auth=Auth.PAGE)
def _page(world: World, request: Request) -> Reply:
    mine = [p for p in world.projects.values() if p.author_id == request.me.id and not p.trashed]
    shared = sum(project.is_published for project in mine)
    studios = len(_my_studios(world, request.me, "all"))

    def tab(anchor: str, name: str, key: str, count: int) -> str:
        return f'<li><a href="#{anchor}">{name} (<span data-content="{key}">{count}</span>)</a></li>\n'

    return html_reply(
        '<html><body><div id="tabs"><ul>\n'
        + tab("all", "All Projects", "project-count", len(mine))
        + tab("shared", "Shared Projects", "shared-count", shared)
        + tab("unshared", "Unshared Projects", "unshared-count", len(mine) - shared)
        + tab("galleries", "My Studios", "gallery-count", studios)
        + "</ul></div></body></html>"
    )
