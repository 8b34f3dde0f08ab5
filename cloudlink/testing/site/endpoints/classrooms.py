"""Classes: what everybody sees, and what their teacher may do."""

from __future__ import annotations

from typing import Final

from cloudlink.testing.site import pages
from cloudlink.testing.site.endpoints.mystuff import sort_old
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, html_reply, json_reply
from cloudlink.testing.site.lookup import named_class
from cloudlink.testing.site.records import Classroom, User
from cloudlink.testing.site.routing import API, WEB, Auth, Routes
from cloudlink.testing.site.shapes import author_object, old_user, page, plain, profile_object, project_object, zulu
from cloudlink.testing.site.shapes import web_page as old_page
from cloudlink.testing.site.world import World

ROUTES = Routes()

_SIZES: Final = ("250x150", "170x100", "150x85", "75x55")
_ON_A_PAGE: Final = 30


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
    shown = [pages.user_item(user) for user in old_page(request, found, size=_ON_A_PAGE)]
    return html_reply(pages.class_list_page(room, "Students", len(found), shown))


@ROUTES.add("GET", WEB, "/classes/{class_id}/studios/")
def _studios_page(world: World, request: Request) -> Reply:
    room = named_class(world, request)
    found = [world.studios[number] for number in room.studio_ids]
    shown = [pages.studio_item(studio) for studio in old_page(request, found, size=_ON_A_PAGE)]
    return html_reply(pages.class_list_page(room, "Class Studios", len(found), shown))


# For teachers


def _own(world: World, request: Request) -> Classroom:
    room = named_class(world, request)
    if room.educator_id != request.me.id:
        raise Refusal(403)
    return room


@ROUTES.add("GET", WEB, "/site-api/classrooms/all/", "/site-api/classrooms/closed/", auth=Auth.COOKIE)
def _my_classes(world: World, request: Request) -> Reply:
    closed = "/closed/" in request.path
    mine = [r for r in world.classrooms.values() if r.educator_id == request.me.id and r.ended == closed]
    items = sort_old([_old_item(world, room) for room in mine], request)
    return json_reply(old_page(request, items, size=_ON_A_PAGE))


@ROUTES.add("GET", WEB, "/site-api/classrooms/all/{class_id}/", auth=Auth.COOKIE)
def _my_class(world: World, request: Request) -> Reply:
    return json_reply(_full_item(world, _own(world, request)))


@ROUTES.add("PUT", WEB, "/site-api/classrooms/all/{class_id}/", auth=Auth.WEB)
def _change(world: World, request: Request) -> Reply:
    room = _own(world, request)
    change = request.json
    if any(world.is_improper(str(change.get(key, ""))) for key in ("title", "description", "status")):
        return json_reply({"errors": ["inappropriate-generic"]})
    room.title = str(change.get("title", room.title))
    room.description = str(change.get("description", room.description))
    room.status = str(change.get("status", room.status))
    if "visibility" in change:
        room.ended = change["visibility"] == "closed"
    return json_reply(_full_item(world, room))


def _full_item(world: World, room: Classroom) -> Json:
    item = _old_item(world, room)
    item["fields"] |= {
        "description": room.description,
        "status": room.status,
        "educator": old_user(world.users[room.educator_id]),
    }
    return item


def _old_item(world: World, room: Classroom) -> Json:
    return {
        "fields": {
            "title": room.title,
            "token": room.token,
            "datetime_created": plain(room.created),
            "gallery_count": len(room.studio_ids),
            "student_count": len(room.student_ids),
            "commenters_count": 0,
            "unread_alert_count": 0,
            "visibility": "closed" if room.ended else "visible",
            "thumbnail_url": f"//cdn2.scratch.mit.edu/get_image/classroom/{room.id}_250x150.png",
            "educator_profile": profile_object(world, world.users[room.educator_id]),
        },
        "model": "classrooms.classroom",
        "pk": room.id,
    }


@ROUTES.add("GET", WEB, "/site-api/classrooms/students/{class_id}/", auth=Auth.COOKIE)
def _students(world: World, request: Request) -> Reply:
    found = list(world.living(_own(world, request).student_ids))
    return json_reply([_student_item(user) for user in old_page(request, found, size=_ON_A_PAGE)])


def _student_item(user: User) -> Json:
    who = old_user(user)
    return {
        "fields": {
            "educator_can_unban": False,
            "is_banned": user.banned,
            "thumbnail_url": who["thumbnail_url"],
            "user": who,
        },
        "model": "userprofile.student",
        "pk": user.profile_id,
    }


@ROUTES.add("GET", WEB, "/site-api/classrooms/generate_registration_link/{class_id}/", auth=Auth.COOKIE)
def _registration_link(world: World, request: Request) -> Reply:
    room = _own(world, request)
    link = f"https://scratch.mit.edu/signup/{room.token}"
    expires = plain(world.now() + 30 * 86400)
    return json_reply({"success": True, "reg_link": link, "expires_at": expires, "error": ""})


@ROUTES.add("POST", WEB, "/classes/create_classroom/", auth=Auth.WEB)
def _create(world: World, request: Request) -> Reply:
    if not request.me.educator:
        raise Refusal(403)
    title = str(request.json.get("title", ""))
    if not title:
        return json_reply([{"success": False, "msg": "This field is required."}])
    room = world.add_classroom(request.me, title, description=str(request.json.get("description", "")))
    return json_reply([{"success": True, "msg": "", "id": room.id, "title": room.title}])


@ROUTES.add("POST", WEB, "/site-api/classrooms/close_classroom/{class_id}/", auth=Auth.WEB)
def _close(world: World, request: Request) -> Reply:
    _own(world, request).ended = True
    return json_reply({"success": True})


@ROUTES.add("GET", WEB, "/educators/classes/", auth=Auth.PAGE)
def _classes_page(world: World, request: Request) -> Reply:
    mine = [room for room in world.classrooms.values() if room.educator_id == request.me.id]
    closed = sum(room.ended for room in mine)
    return html_reply(
        pages.document(
            f'<span data-content="classroom-count">{len(mine) - closed}</span>\n'
            f'<span data-content="closed-count">{closed}</span>'
        )
    )
