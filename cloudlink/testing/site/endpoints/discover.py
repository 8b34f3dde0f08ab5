"""Search, explore, the front page, news."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, json_reply
from cloudlink.testing.site.records import Project, Studio
from cloudlink.testing.site.routing import API, Routes
from cloudlink.testing.site.shapes import page, project_object, studio_object, zulu
from cloudlink.testing.site.world import World

ROUTES = Routes()

_MODES: Final = ("", "trending", "popular")
_ROW: Final = 20
"""How many items a row of the front page has."""


def _part(world: World, request: Request) -> slice:
    if request.query.get("mode", "") not in _MODES:
        raise Refusal(400)
    part = page(world, request)
    if part.stop > world.rules.search_depth:
        raise Refusal(400)
    return part


@ROUTES.add("GET", API, "/search/projects", "/explore/projects")
def _projects(world: World, request: Request) -> Reply:
    part = _part(world, request)
    words = _words(request)
    found = [p for p in _shared(world) if _matches(words, p.title, p.instructions, p.description)]
    # What is popular is what is loved; what is trending is what is new.
    if request.query.get("mode") == "popular":
        found.sort(key=world.loves, reverse=True)
    return json_reply([project_object(world, project) for project in found[part]])


@ROUTES.add("GET", API, "/search/studios", "/explore/studios")
def _studios(world: World, request: Request) -> Reply:
    part = _part(world, request)
    words = _words(request)
    living = [studio for studio in reversed(world.studios.values()) if not studio.deleted]
    found = [studio for studio in living if _matches(words, studio.title, studio.description)]
    if request.query.get("mode") == "popular":
        found.sort(key=world.studio_followers, reverse=True)
    return json_reply([studio_object(world, studio) for studio in found[part]])


def _words(request: Request) -> list[str]:
    """What is looked for; explore refuses an empty question and takes a star for everything."""
    text = request.query.get("q", "").lower()
    if request.path.startswith("/explore/"):
        if not text:
            raise Refusal(400)
        if text == "*":
            return []
    return text.split()


def _matches(words: Sequence[str], *texts: str) -> bool:
    whole = " ".join(texts).lower()
    return all(word in whole for word in words)


def _shared(world: World) -> list[Project]:
    found = [project for project in world.projects.values() if world.is_public(project)]
    return sorted(found, key=lambda project: project.shared or 0.0, reverse=True)


@ROUTES.add("GET", API, "/proxy/featured")
def _featured(world: World, request: Request) -> Reply:
    newest = _shared(world)[:_ROW]

    def project(item: Project, **facts: object) -> Json:
        return {
            "thumbnail_url": f"//uploads.scratch.mit.edu/projects/thumbnails/{item.id}.png",
            "title": item.title,
            "creator": world.users[item.author_id].username,
            "type": "project",
            "id": item.id,
            "love_count": world.loves(item),
            **facts,
        }

    def remixers(item: Project) -> int:
        return len(world.remixes(item))

    studios = [world.studios[number] for number in world.featured_studios]
    design = studios[0] if studios else None
    rows: Json = {
        "community_newest_projects": [project(item) for item in newest],
        "community_most_remixed_projects": [
            project(item, remixers_count=remixers(item)) for item in _most(newest, remixers)
        ],
        "scratch_design_studio": _design_studio(world, design, project),
        "curator_top_projects": [],
        "community_featured_studios": [
            {
                "thumbnail_url": f"//uploads.scratch.mit.edu/galleries/thumbnails/{studio.id}.png",
                "type": "gallery",
                "id": studio.id,
                "title": studio.title,
            }
            for studio in studios
        ],
        "community_most_loved_projects": [project(item) for item in _most(newest, world.loves)],
        "community_featured_projects": [project(item) for item in world.public(world.featured_projects)],
    }
    # The real one calls its JSON XML.
    return json_reply(rows, content_type="application/xml")


def _most(projects: Sequence[Project], count: Callable[[Project], int]) -> list[Project]:
    return sorted((p for p in projects if count(p)), key=count, reverse=True)


def _design_studio(world: World, studio: Studio | None, project: Callable[..., Json]) -> list[Json]:
    if studio is None:
        return []
    facts = {"gallery_id": studio.id, "gallery_title": studio.title}
    return [project(p, remixers_count=len(world.remixes(p)), **facts) for p in world.public(studio.projects)]


@ROUTES.add("GET", API, "/news")
def _news(world: World, request: Request) -> Reply:
    found = list(reversed(world.news))[page(world, request)]
    return json_reply(
        [
            {
                "id": item.id,
                "stamp": zulu(item.created),
                "headline": item.headline,
                "url": item.url,
                "image": item.image,
                "copy": item.copy,
            }
            for item in found
        ]
    )
