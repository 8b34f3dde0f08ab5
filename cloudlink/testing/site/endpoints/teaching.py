"""Classes, as their teachers and students use them on the old site."""

from __future__ import annotations

import json
from typing import Any, Final

from cloudlink.testing.site import pages
from cloudlink.testing.site.cookies import SESSION_COOKIE
from cloudlink.testing.site.endpoints.accounts import name_message
from cloudlink.testing.site.endpoints.classrooms import ON_A_PAGE
from cloudlink.testing.site.endpoints.mystuff import sort_old
from cloudlink.testing.site.endpoints.profiles import picture_errors
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, html_reply, json_reply, whole_number
from cloudlink.testing.site.lookup import named_class, named_me, named_user
from cloudlink.testing.site.records import Classroom, Event, TeacherAlert, User
from cloudlink.testing.site.routing import WEB, Auth, Routes
from cloudlink.testing.site.shapes import old_user, plain, profile_object
from cloudlink.testing.site.shapes import web_page as old_page
from cloudlink.testing.site.world import World

ROUTES = Routes()

_ACTIVITIES: Final = {
    "followuser": 0,
    "followstudio": 1,
    "loveproject": 2,
    "favoriteproject": 3,
    "addprojecttostudio": 7,
    "shareproject": 10,
    "remixproject": 11,
}
"""What the feed calls it, and the number that a teacher sees."""


# The classes of a teacher


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
    return json_reply(old_page(request, items, size=ON_A_PAGE))


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
    return json_reply([_student_item(user) for user in old_page(request, found, size=ON_A_PAGE)])


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


@ROUTES.add("POST", WEB, "/site-api/classrooms/all/{class_id}/", auth=Auth.WEB)
def _picture(world: World, request: Request) -> Reply:
    room = _own(world, request)
    errors = picture_errors(world, request.file)
    if errors:
        return json_reply({"errors": errors})
    room.thumbnail = request.file
    return json_reply({"thumbnail_url": f"//cdn2.scratch.mit.edu/get_image/classroom/{room.id}_250x150.png"})


@ROUTES.add("GET", WEB, "/site-api/classrooms/studios/{class_id}/", auth=Auth.COOKIE)
def _studios(world: World, request: Request) -> Reply:
    found = [world.studios[number] for number in _own(world, request).studio_ids]
    items = [
        {"pk": studio.id, "model": "galleries.gallery", "fields": {"title": studio.title}}
        for studio in old_page(request, found, size=ON_A_PAGE)
    ]
    return json_reply(items)


@ROUTES.add("POST", WEB, "/classes/create_classroom_gallery/", auth=Auth.WEB)
def _create_studio(world: World, request: Request) -> Reply:
    room = world.classrooms.get(whole_number(request.json.get("classroom_id")) or 0)
    if room is None or room.educator_id != request.me.id or room.token != request.json.get("classroom_token"):
        raise Refusal(403)
    title = str(request.json.get("title", ""))
    if not title or world.is_improper(title):
        return json_reply([{"success": False, "msg": "This field is required." if not title else "inappropriate"}])
    description = str(request.json.get("description", ""))
    studio = world.add_studio(request.me, title, description=description, classroom_id=room.id)
    room.studio_ids.append(studio.id)
    return json_reply([{"success": True, "msg": "", "gallery_id": studio.id, "gallery_title": studio.title}])


# What the students of a teacher do, and what becomes of them


def _own_students(world: World, teacher: User) -> list[User]:
    rooms = [room for room in world.classrooms.values() if room.educator_id == teacher.id]
    return [user for room in rooms for user in world.living(room.student_ids)]


@ROUTES.add("GET", WEB, "/site-api/classrooms/students/of/{username}/", auth=Auth.COOKIE)
def _all_students(world: World, request: Request) -> Reply:
    found = _own_students(world, named_me(world, request))
    return json_reply([_student_item(user) for user in old_page(request, found, size=ON_A_PAGE)])


@ROUTES.add("GET", WEB, "/site-api/classrooms/activity/{class_id}/{student}/", auth=Auth.COOKIE)
def _activity(world: World, request: Request) -> Reply:
    who = request.params["student"]
    students = [user for user in world.living(_own(world, request).student_ids) if who in ("all", user.username)]
    if not students and who != "all":
        raise Refusal(404)
    found = _events_of(world, students)
    return json_reply([_activity_item(world, event) for event in old_page(request, found, size=ON_A_PAGE)])


def _events_of(world: World, students: list[User]) -> list[Event]:
    numbers = {user.id for user in students}
    return [e for e in reversed(world.events) if e.actor_id in numbers and e.type in _ACTIVITIES]


def _activity_item(world: World, event: Event) -> Json:
    facts: dict[str, Any] = dict(event.facts)
    if "project_id" in facts:
        facts["project"] = facts.pop("project_id")
    return {
        "type": _ACTIVITIES[event.type],
        "actor": old_user(world.users[event.actor_id]),
        "datetime_created": plain(event.created),
        **facts,
    }


@ROUTES.add("GET", WEB, "/site-api/classrooms/activity/public/{class_id}/", auth=Auth.COOKIE)
def _public_activity(world: World, request: Request) -> Reply:
    found = _events_of(world, list(world.living(named_class(world, request).student_ids)))
    first, size = request.asked_number("offset", 0), request.asked_number("limit", 20)
    return html_reply(pages.activity_list(world, found[first : first + size]))


@ROUTES.add("GET", WEB, "/site-api/classrooms/alerts/", auth=Auth.COOKIE)
def _alerts(world: World, request: Request) -> Reply:
    return _alerts_about(world, request, _own_students(world, request.me))


@ROUTES.add("GET", WEB, "/site-api/classrooms/alerts/{class_id}/", auth=Auth.COOKIE)
def _class_alerts(world: World, request: Request) -> Reply:
    return _alerts_about(world, request, list(world.living(_own(world, request).student_ids)))


def _alerts_about(world: World, request: Request, students: list[User]) -> Reply:
    numbers = {user.id for user in students}
    found = [alert for alert in reversed(world.teacher_alerts) if alert.student_id in numbers]
    return json_reply([_alert_item(world, alert) for alert in old_page(request, found, size=ON_A_PAGE)])


def _alert_item(world: World, alert: TeacherAlert) -> Json:
    student = world.users[alert.student_id]
    return {
        "model": "educators.educatoralert",
        "pk": alert.id,
        "fields": {
            "educator_datetime_read": None,
            "admin_action": {
                "datetime_created": plain(alert.created),
                "type": alert.type,
                "target_user": {"username": student.username, "pk": student.id},
                "actor": {"username": "ScratchCat*", "pk": 1},
                "object_id": None,
                "extra_data": json.dumps(alert.extra),
            },
        },
    }


def _own_student(world: World, request: Request) -> User:
    student = named_user(world, request)
    if student not in _own_students(world, request.me):
        raise Refusal(403)
    return student


@ROUTES.add("POST", WEB, "/site-api/classrooms/reset_student_password/{username}/", auth=Auth.WEB)
def _reset_password(world: World, request: Request) -> Reply:
    student = _own_student(world, request)
    student.must_reset_password = True
    return json_reply({"success": True, "user": old_user(student)})


@ROUTES.add("POST", WEB, "/classes/student_password_change/{username}/", auth=Auth.FORM)
def _set_password(world: World, request: Request) -> Reply:
    student = _own_student(world, request)
    first = request.form.get("new_password1", "")
    if not first or first != request.form.get("new_password2"):
        return html_reply(pages.document('<ul class="errorlist"><li>The two passwords are not the same.</li></ul>'))
    student.password = first
    return html_reply(pages.document('<p class="success">Done.</p>'))


# Students


@ROUTES.add("POST", WEB, "/classes/register_new_student/", auth=Auth.LOGIN)
def _register(world: World, request: Request) -> Reply:
    form = request.form
    room = world.classrooms.get(whole_number(form.get("classroom_id")) or 0)
    if room is None or room.ended or room.token != form.get("classroom_token"):
        return json_reply([{"success": False, "msg": "Invalid token"}])
    name = form.get("username", "")
    verdict = name_message(world, name)
    if verdict != "valid username" or not form.get("password"):
        return json_reply([{"success": False, "msg": verdict}])
    facts = {"country": form.get("country"), "student_of": room.id, "new_scratcher": True}
    student = world.add_user(name, password=form["password"], **facts)
    room.student_ids.append(student.id)
    reply = json_reply([{"success": True, "msg": "", "username": student.username, "user_id": student.id}])
    reply.headers.append(("Set-Cookie", f"{SESSION_COOKIE}={world.log_in(student)}; HttpOnly; Path=/"))
    return reply


@ROUTES.add("POST", WEB, "/classes/student_update_registration/", auth=Auth.WEB)
def _complete(world: World, request: Request) -> Reply:
    me = request.me
    if me.student_of is None:
        raise Refusal(403)
    if not request.form.get("country"):
        return json_reply({"success": False, "errors": {"country": ["This field is required."]}})
    me.country = request.form["country"]
    me.password = request.form.get("password") or me.password
    me.must_reset_password = False
    return json_reply({"success": True, "errors": {}})
