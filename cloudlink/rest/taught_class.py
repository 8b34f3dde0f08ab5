"""A class as its teacher sees it, and what a teacher does with it (reference, section 15.2).

For what everybody sees, see `classrooms`. No teacher's account was seen in action, so nearly all of this is REPORTED:
two libraries say so. What the site tells beyond the attributes stands in `raw`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudlink.errors import BadResponse, InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query, form_body, json_body
from cloudlink.rest.endpoints import Endpoint, Target
from cloudlink.rest.fields import Record, as_object, as_objects, link, moment, needed, number, text
from cloudlink.rest.pictures import upload_picture
from cloudlink.rest.students import (
    ClassActivity,
    Student,
    TeacherAlert,
    Thing,
    all_parts,
    read_class_activity,
    read_student,
    read_teacher_alert,
    teacher_pages,
)
from cloudlink.rest.studios import Studio, read_studio


@dataclass(eq=False, repr=False)
class TaughtClass(Record):
    """A class of yours, as its teacher sees it. For what everybody sees, see `get_classroom`.

    Attributes:
        id: its number.
        title: the title.
        token: the end of the link for joining; who has it can join.
        description: what it is about; None in lists, as the next one.
        status: what it is working on.
        created: when it was made.
        student_count: how many students.
        studio_count: how many studios.
        unread_alert_count: how many alerts you have not read.
        closed: whether it has ended.
        image_url: its picture.
        raw: the whole answer.
    """

    id: int
    title: str | None
    token: str | None
    description: str | None
    status: str | None
    created: datetime | None
    student_count: int | None
    studio_count: int | None
    unread_alert_count: int | None
    closed: bool | None
    image_url: str | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<TaughtClass {self.id} {self.title!r}>"

    def update(self) -> None:
        """Fetch the attributes again; see `Teaching.get_class`."""
        self._take(fetch_taught_class(self.id, client=self.client))

    def _take(self, fresh: TaughtClass) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def set_title(self, title: str) -> None:
        """Change the title.

        PUT scratch.mit.edu/site-api/classrooms/all/{id}/; login as its teacher. REPORTED.

        Raises:
            Rejected: the site does not take the words.
            Forbidden: it is not yours.
        """
        self._set({"title": title})

    def set_description(self, description: str) -> None:
        """Change what it is about; as `set_title`. REPORTED."""
        self._set({"description": description})

    def set_status(self, status: str) -> None:
        """Change what it is working on; as `set_title`. REPORTED."""
        self._set({"status": status})

    def reopen(self) -> None:
        """Let a class that has ended go on; as `set_title`. REPORTED."""
        self._set({"visibility": "visible"})

    def close(self) -> None:
        """Let the class end: its students stay, but nobody can join.

        POST scratch.mit.edu/site-api/classrooms/close_classroom/{id}/; login as its teacher. REPORTED.
        """
        target = endpoints.MY_CLASS_CLOSE.at(class_id=self.id)
        self.client.request(target, reply="none", what=self._what, referer=self._page)
        self.closed = True

    def _set(self, values: dict[str, str]) -> None:
        target = endpoints.MY_CLASS_SET.at(class_id=self.id)
        body = json_body(values)
        answer = self.client.request(target, reply="json", what=self._what, body=body, referer=self._page)
        self._take(read_taught_class(answer, client=self.client))

    def set_picture(self, file: str | Path | bytes) -> str | None:
        """Change the picture, and give its new address; None if the site does not tell it.

        POST scratch.mit.edu/site-api/classrooms/all/{id}/; login as its teacher. REPORTED.

        Args:
            file: the name of a PNG, GIF, JPEG or BMP file, or its bytes.

        Raises:
            InvalidArgument: it is no such picture; nothing was sent.
            Rejected: the site does not take it.
        """
        target = endpoints.MY_CLASS_PICTURE_SET.at(class_id=self.id)
        return upload_picture(self.client, target, file, what=f"picture of {self._what}", referer=self._page)

    def registration_link(self) -> RegistrationLink:
        """The link with which students join.

        GET scratch.mit.edu/site-api/classrooms/generate_registration_link/{id}/; login as its teacher. REPORTED.

        Raises:
            Rejected: the site does not give one.
        """
        target = endpoints.MY_CLASS_LINK.at(class_id=self.id)
        answer = self.client.request(target, reply="json", what=self._what, referer=self._page)
        url = str(needed(text(answer, "reg_link"), "reg_link", of=self._what))
        return RegistrationLink(url=url, expires=moment(answer, "expires_at"), raw=as_object(answer, of=self._what))

    def students(self, limit: int | None = None) -> list[Student]:
        """The students.

        GET scratch.mit.edu/site-api/classrooms/students/{id}/; login as its teacher. REPORTED.

        Args:
            limit: most students, None for all.
        """
        return self._things(endpoints.MY_CLASS_STUDENTS, read_student, limit)

    def studios(self, limit: int | None = None) -> list[Studio]:
        """The studios, by number and title; `studio.update()` fetches the rest.

        GET scratch.mit.edu/site-api/classrooms/studios/{id}/; login as its teacher. REPORTED.

        Args:
            limit: most studios, None for all.
        """

        def read(item: Any) -> Studio:
            raw = {"id": number(item, "pk"), "title": text(item, "fields", "title")}
            return read_studio(raw, client=self.client, of=self._what)

        return self._things(endpoints.MY_CLASS_STUDIOS, read, limit)

    def create_studio(self, title: str, description: str = "") -> int:
        """Make a studio of the class, and give its number.

        POST scratch.mit.edu/classes/create_classroom_gallery/; login as its teacher. REPORTED.

        Raises:
            InvalidArgument: the title is empty; nothing was sent.
            Rejected: the site does not take the words.
        """
        if not title.strip():
            raise InvalidArgument("a studio is to have a title; this one is empty")
        values = {
            "classroom_id": str(self.id),
            "classroom_token": str(needed(self.token, "token", of=self._what)),
            "title": title,
            "description": description,
        }
        answer = send_to_class(self.client, endpoints.CLASS_STUDIO_CREATE.at(), values, what="new studio")
        new: int = needed(number(answer, "gallery_id"), "gallery_id", of="new studio")
        return new

    def activity(self, student: str = "all", *, limit: int | None = None) -> list[ClassActivity]:
        """What the students did, the newest first.

        GET scratch.mit.edu/site-api/classrooms/activity/{id}/{student}/; login as its teacher. REPORTED.

        Args:
            student: one of them, or "all".
            limit: most items, None for all.
        """
        target = endpoints.MY_CLASS_ACTIVITY.at(class_id=self.id, student=student)
        return list(teacher_pages(self.client, target, read_class_activity, limit=limit, key=all_parts))

    def activity_html(self, limit: int = 20, offset: int = 0) -> str:
        """What the students did, as the site's HTML.

        GET scratch.mit.edu/site-api/classrooms/activity/public/{id}/; login. REPORTED.

        Args:
            limit: most lines.
            offset: how many to leave out at the start.
        """
        query: Query = {"limit": limit, "offset": offset}
        target = endpoints.CLASS_PUBLIC_ACTIVITY.at(class_id=self.id)
        return self.client.request(target, reply="bytes", what=self._what, query=query).decode("utf-8", "replace")

    def alerts(self, limit: int | None = None) -> list[TeacherAlert]:
        """What happened to the students; as `Teaching.alerts`, with /{id}/. REPORTED."""
        return self._things(endpoints.MY_CLASS_ALERTS, read_teacher_alert, limit)

    def register_student(
        self, username: str, password: str, *, birth_month: int, birth_year: int, gender: str, country: str
    ) -> None:
        """Make an account for a student, in this class.

        POST scratch.mit.edu/classes/register_new_student/; the link's token is enough, no login is shown. VERIFIED.

        Args:
            username: the name of the account.
            password: its password; it goes to the site and is kept nowhere.
            birth_month: 1 to 12.
            birth_year: such as 2014.
            gender: "male", "female", or another word.
            country: the country's English name.

        Raises:
            InvalidArgument: something is empty, or the month is none; nothing was sent.
            Rejected: the site does not take the name or the password.
        """
        texts = {"username": username, "password": password, "gender": gender, "country": country}
        missing = [name for name, value in texts.items() if not value]
        if missing:
            raise InvalidArgument(f"registering a student wants {', '.join(missing)}, which is empty")
        if not 1 <= birth_month <= 12:
            raise InvalidArgument(f"birth_month is 1 to 12, not {birth_month!r}")
        values = texts | {
            "birth_month": str(birth_month),
            "birth_year": str(birth_year),
            "is_robot": "false",
            "classroom_id": str(self.id),
            "classroom_token": str(needed(self.token, "token", of=self._what)),
        }
        self.client.request(
            endpoints.STUDENT_REGISTER.at(),
            reply="none",
            what=f"new student {username!r}",
            body=form_body(values),
            referer=f"/signup/{self.token}",
        )

    def _things(self, endpoint: Endpoint, read: Callable[[Any], Thing], limit: int | None) -> list[Thing]:
        return list(teacher_pages(self.client, endpoint.at(class_id=self.id), read, limit=limit))

    @property
    def _what(self) -> str:
        return f"class {self.id}"

    @property
    def _page(self) -> str:
        return endpoints.CLASS_PAGE.at(class_id=self.id).path


@dataclass(frozen=True, eq=False)
class RegistrationLink(Record):
    """The link with which students join a class.

    Attributes:
        url: the link; who has it can join.
        expires: until when it works.
        raw: the whole answer.
    """

    url: str = field(repr=False)
    expires: datetime | None
    raw: Mapping[str, Any] = field(repr=False)


def read_taught_class(value: Any, *, client: Client) -> TaughtClass:
    """A class of yours, from an answer."""
    raw = as_object(value, of="classes")
    visibility = text(raw, "fields", "visibility")
    return TaughtClass(
        id=needed(number(raw, "pk"), "pk", of="classes"),
        title=text(raw, "fields", "title"),
        token=text(raw, "fields", "token"),
        description=text(raw, "fields", "description"),
        status=text(raw, "fields", "status"),
        created=moment(raw, "fields", "datetime_created"),
        student_count=number(raw, "fields", "student_count"),
        studio_count=number(raw, "fields", "gallery_count"),
        unread_alert_count=number(raw, "fields", "unread_alert_count"),
        closed=None if visibility is None else visibility == "closed",
        image_url=link(raw, "fields", "thumbnail_url"),
        raw=raw,
        client=client,
    )


def fetch_taught_class(class_id: int, *, client: Client) -> TaughtClass:
    """One of your classes; see `Teaching.get_class`."""
    target = endpoints.MY_CLASS.at(class_id=class_id)
    return read_taught_class(client.request(target, reply="json", what=f"class {class_id}"), client=client)


def send_to_class(client: Client, target: Target, values: dict[str, str], *, what: str) -> Mapping[str, Any]:
    """Send something about classes, and give the one object in the list that the old site answers with.

    Raises:
        Rejected: the site does not take it.
        BadResponse: it answered with nothing.
    """
    body = json_body(values)
    answer = client.request(target, reply="json", what=what, body=body, referer="/educators/classes/")
    found = as_objects(answer, of=what)
    if not found:
        raise BadResponse(f"{what}: the site answered with nothing; look before you try again")
    return found[0]
