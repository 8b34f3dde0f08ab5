"""Classes: what everybody sees, and a teacher's year against the local site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from offline_site import OfflineSite, answering, client_of, logged_in, sample, sample_reply, serving
from rest_calls import classroom, taught

from cloudlink.errors import BadResponse, Forbidden, InvalidArgument, LoginRequired, NotFound, Rejected
from cloudlink.rest.classrooms import get_classroom, get_classroom_from_token
from cloudlink.rest.client import Client
from cloudlink.rest.http import Reply
from cloudlink.rest.login import login
from cloudlink.rest.session import Session
from cloudlink.rest.teaching import Teaching
from cloudlink.testing import LocalSite

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def test_a_class_that_goes_on() -> None:
    found = get_classroom("156", client=client_of(serving("classroom")))
    assert (found.id, found.title, found.status) == (156, "Scratch Cat's class", "open this week")
    assert found.description == "We make cats\nand games."
    assert (found.educator, found.educator_id, found.ended) == ("ScratchCat", 15883188, False)
    assert found.start == datetime(2016, 1, 19, 14, 54, 44, tzinfo=UTC)
    assert found.image_url == "https://cdn2.scratch.mit.edu/get_image/classroom/156_250x150.png"
    assert found.url == "https://scratch.mit.edu/classes/156/"


def test_of_a_class_that_has_ended_only_the_page_is_left() -> None:
    found = get_classroom(157, client=client_of(serving("classroom_404", "html_class")))
    assert (found.id, found.title, found.status) == (157, "Scratch Cat's class", "open this week")
    assert found.description == "We make cats\nand games."
    assert (found.educator, found.educator_id, found.ended) == ("ScratchCat", 15883188, True)
    gone = OfflineSite(lambda request: sample_reply("classroom_404"))
    with pytest.raises(NotFound, match="class 5"):
        get_classroom(5, client=client_of(gone))


def test_students_and_studios_of_a_class() -> None:
    def at_the_end(name: str) -> Client:
        return client_of(answering(sample_reply(name), Reply(404)))

    (student,) = classroom(at_the_end("html_class_students")).students()
    assert (student.username, student.id, student.about_me) == ("student_one", 190000101, None)
    (studio,) = classroom(at_the_end("html_class_studios")).studios()
    assert (studio.id, studio.title) == (37071074, "Cloud games")
    assert classroom(at_the_end("html_class_students")).student_count() == 23
    assert classroom(at_the_end("html_class_studios")).studio_count() == 4
    with pytest.raises(BadResponse, match="no number"):
        classroom(client_of(answering(Reply(200, body=b"<h2>x</h2>")))).student_count()


def test_what_a_teacher_is_told() -> None:
    def teacher(name: str) -> Client:
        return logged_in(client_of(serving(name)))

    (found,) = Teaching(teacher("my_classes")).classes(limit=1)
    assert (found.id, found.title, found.token) == (156, "Scratch Cat's class", "ab1cd2ef3")
    assert (found.student_count, found.studio_count, found.unread_alert_count, found.closed) == (23, 4, 1, False)
    (alert,) = Teaching(teacher("class_alerts")).alerts(limit=1)
    assert (alert.id, alert.type, alert.student, alert.read_at) == (5001, 22, "student_one", None)
    assert alert.extra == {"comment": "some text"}
    shared, followed, commented = taught(teacher("class_activity")).activity(limit=3)
    assert (shared.type, shared.actor, shared["project"]) == (10, "student_one", 1182391014)
    assert (followed["followed_username"], commented["comment_fragment"]) == ("ScratchCat", "nice")
    (student,) = taught(teacher("class_students")).students(limit=1)
    assert (student.username, student.id, student.banned) == ("student_one", 190000101, False)
    link = taught(teacher("class_register_link")).registration_link()
    assert (link.url, link.expires) == ("https://scratch.mit.edu/signup/ab1cd2ef3", datetime(2025, 6, 30, tzinfo=UTC))
    assert "ab1cd2ef3" not in repr(link)
    assert Teaching(teacher("class_create")).create_class("New class") == 900001


def test_what_two_students_did_in_the_same_second_is_told_of_both() -> None:
    event = {"type": 0, "datetime_created": "2025-06-08T10:11:12", "followed_username": "ScratchCat"}
    events = [event | {"actor": {"username": name, "pk": pk}} for name, pk in (("one", 1), ("two", 2))]
    site = answering(Reply(200, body=json.dumps(events).encode()), Reply(404))
    found = taught(logged_in(client_of(site))).activity()
    assert [one.actor for one in found] == ["one", "two"]


def test_a_registration_link_that_is_refused_tells_why() -> None:
    site = answering(Reply(200, body=b'{"success": false, "reg_link": null, "error": "the class is full"}'))
    with pytest.raises(Rejected, match="the class is full"):
        taught(logged_in(client_of(site))).registration_link()


def test_a_refused_registration_tells_the_fields() -> None:
    site = answering(
        sample_reply("session"), Reply(200, body=b'{"success": true, "errors": {"country": ["This is no country."]}}')
    )
    session = Session(__import__("offline_site").ME["session_cookie"], client=client_of(site))
    with pytest.raises(Rejected, match="country"):
        session.complete_registration(birth_month=1, birth_year=2014, gender="female", country="Nowhere")


# A teacher's year


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("teacher", educator=True)
        site.add_user("otter")
        yield site


@pytest.fixture
def teacher(site: LocalSite, client: Client) -> Session:
    return Session(site.log_in("teacher"), client=client)


def test_a_class_from_its_first_day_to_its_last(site: LocalSite, client: Client, teacher: Session) -> None:
    teaching = teacher.teaching
    number = teaching.create_class("Cats", "We make cats.")
    room = teaching.get_class(number)
    room.set_title("Clouds")
    room.set_status("first week")
    room.set_description("We make clouds.")
    assert room.set_picture(PNG)
    room.update()
    assert (room.title, room.status, room.description) == ("Clouds", "first week", "We make clouds.")
    assert [one.id for one in teaching.classes(sort_by="title")] == [number]
    assert teaching.class_counts() == (1, 0)

    link = room.registration_link()
    token = link.url.rpartition("/")[2]
    seen = get_classroom_from_token(token, client=client)
    assert (seen.id, seen.title) == (number, "Clouds")
    room.register_student("student1", "secret word", birth_month=5, birth_year=2014, gender="female", country="Ireland")
    with pytest.raises(Rejected, match="username exists"):
        room.register_student("student1", "x", birth_month=5, birth_year=2014, gender="male", country="Ireland")
    assert [student.username for student in room.students()] == ["student1"]
    assert [student.username for student in teaching.students()] == ["student1"]
    assert [student.username for student in seen.students()] == ["student1"]
    assert (seen.student_count(), seen.studio_count()) == (1, 0)

    studio = room.create_studio("Our clouds")
    assert [(one.id, one.title) for one in room.studios()] == [(studio, "Our clouds")]
    assert [one.title for one in seen.studios()] == ["Our clouds"]
    project = site.add_project("student1", "My cloud")
    assert [(item.type, item["project"]) for item in room.activity()] == [(10, project.id)]
    assert [item.actor for item in room.activity("student1")] == ["student1"]
    assert "My cloud" in room.activity_html()
    assert [one.title for one in teacher.connect_classroom(number).projects()] == ["My cloud"]
    with pytest.raises(LoginRequired):
        get_classroom(number, client=client).projects()
    site.add_teacher_alert("student1", 22, comment="some text")
    assert [alert.extra["comment"] for alert in teaching.alerts()] == ["some text"]
    assert [alert.student for alert in room.alerts()] == ["student1"]

    room.close()
    assert room.closed
    assert get_classroom(number, client=client).ended
    with pytest.raises(NotFound):
        teacher.connect_classroom_from_token(token)
    assert [one.id for one in teaching.classes(closed=True)] == [number]
    assert teaching.class_counts() == (0, 1)
    room.reopen()
    seen.update()
    assert not seen.ended


def test_a_student_gets_a_new_password(site: LocalSite, client: Client, teacher: Session) -> None:
    room = teacher.teaching.get_class(teacher.teaching.create_class("Cats"))
    room.register_student("student1", "secret word", birth_month=5, birth_year=2014, gender="male", country="Ireland")
    teacher.teaching.set_student_password("student1", "another word")
    student = login("student1", "another word", client=client)
    teacher.teaching.reset_student_password("student1")
    with pytest.raises(Forbidden, match="set a new password"):
        student.mystuff_projects()
    student.complete_registration(
        birth_month=5, birth_year=2014, gender="male", country="Ireland", password="my own word"
    )
    assert student.mystuff_projects() == []
    assert login("student1", "my own word", client=client).raw["user"]["classroomId"] == room.id
    with pytest.raises(Forbidden):
        teacher.teaching.reset_student_password("otter")


def test_who_is_no_teacher_may_not(site: LocalSite, client: Client, teacher: Session) -> None:
    number = teacher.teaching.create_class("Cats")
    otter = Session(site.log_in("otter"), client=client)
    assert otter.teaching.classes() == []
    for call in (
        lambda: otter.teaching.create_class("Mine"),
        lambda: otter.teaching.get_class(number),
        lambda: otter.complete_registration(birth_month=1, birth_year=2000, gender="x", country="Ireland"),
    ):
        with pytest.raises(Forbidden):
            call()


def test_what_cannot_work_is_not_sent() -> None:
    client = logged_in(client_of(answering()))
    for call in (
        lambda: Teaching(client).create_class(" "),
        lambda: Teaching(client).classes(sort_by="age"),
        lambda: Teaching(client).set_student_password("student1", ""),
        lambda: taught(client).create_studio(""),
        lambda: taught(client).set_picture(b"no picture"),
        lambda: taught(client).register_student("a", "", birth_month=1, birth_year=2014, gender="x", country="Ireland"),
        lambda: taught(client).register_student(
            "a", "b", birth_month=13, birth_year=2014, gender="x", country="Ireland"
        ),
        lambda: get_classroom("1/2", client=client),
    ):
        with pytest.raises(InvalidArgument):
            call()
    assert sample("html_class")
