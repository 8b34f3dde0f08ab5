"""Classes, as everybody sees them."""

from __future__ import annotations

from typing import Final

from cloudlink.testing.site import pages
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, html_reply, json_reply
from cloudlink.testing.site.lookup import named_class
from cloudlink.testing.site.records import Classroom
from cloudlink.testing.site.routing import API, WEB, Auth, Routes
from cloudlink.testing.site.shapes import author_object, page, project_object, zulu
from cloudlink.testing.site.shapes import web_page as old_page
from cloudlink.testing.site.world import World

ROUTES = Routes()

_SIZES: Final = ("250x150", "170x100", "150x85", "75x55")
ON_A_PAGE: Final = 30


def _object(world: World, room: Classroom) -> Json:
    image = f"https://cdn2.scratch.mit.edu/get_image/classroom/{room.id}"
    return {
        "id": room.id,
        "title": room.title,
        "description": room.description,
        "status": room.status,
        "date_start": zulu(room.created),
        "date_end": None,
        "images": {size: f"{image}_{size}.png" for size in _SIZES},
        "educator": author_object(world.users[room.educator_id]),
    }


@ROUTES.add("GET", API, "/classrooms/{class_id}")
def _classroom(world: World, request: Request) -> Reply:
    room = named_class(world, request)
    if room.ended:
        raise Refusal(404)
    return json_reply(_object(world, room))


@ROUTES.add("GET", API, "/classtoken/{token}")
def _by_token(world: World, request: Request) -> Reply:
    found = [r for r in world.classrooms.values() if r.token == request.params["token"] and not r.ended]
    if not found:
        raise Refusal(404)
    return json_reply(_object(world, found[0]))


@ROUTES.add("GET", API, "/classrooms/{class_id}/projects", auth=Auth.TOKEN)
def _projects(world: World, request: Request) -> Reply:
    students = named_class(world, request).student_ids
    found = [p for user in world.living(students) for p in world.projects_of(user)]
    return json_reply([project_object(world, project, "user list") for project in found[page(world, request)]])


@ROUTES.add("GET", WEB, "/classes/{class_id}/")
def _page(world: World, request: Request) -> Reply:
    return html_reply(pages.class_page(world, named_class(world, request)))


@ROUTES.add("GET", WEB, "/classes/{class_id}/students/")
def _students_page(world: World, request: Request) -> Reply:
    room = named_class(world, request)
    found = list(world.living(room.student_ids))
    shown = [pages.user_item(user) for user in old_page(request, found, size=ON_A_PAGE)]
    return html_reply(pages.class_list_page(room, "Students", len(found), shown))


@ROUTES.add("GET", WEB, "/classes/{class_id}/studios/")
def _studios_page(world: World, request: Request) -> Reply:
    room = named_class(world, request)
    found = [world.studios[number] for number in room.studio_ids]
    shown = [pages.studio_item(studio) for studio in old_page(request, found, size=ON_A_PAGE)]
    return html_reply(pages.class_list_page(room, "Class Studios", len(found), shown))
