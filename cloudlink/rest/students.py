"""What teachers are told about their students: who they are, what they do, what befalls them (reference, 15.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from cloudlink.rest.client import Client, Query
from cloudlink.rest.endpoints import Target
from cloudlink.rest.fields import Record, as_object, as_objects, flag, link, look, moment, needed, number, text
from cloudlink.rest.paging import by_page

Thing = TypeVar("Thing")


@dataclass(frozen=True, eq=False)
class Student(Record):
    """A student, as the teacher sees them.

    Attributes:
        username: the name.
        id: the number.
        banned: whether the account is banned.
        icon_url: the picture.
        raw: the whole answer.
    """

    username: str
    id: int
    banned: bool | None
    icon_url: str | None
    raw: Mapping[str, Any]


def read_student(value: Any) -> Student:
    """A student, from an answer."""
    raw = as_object(value, of="students")
    return Student(
        username=needed(text(raw, "fields", "user", "username"), "username", of="students"),
        id=needed(number(raw, "fields", "user", "pk"), "pk", of="students"),
        banned=flag(raw, "fields", "is_banned"),
        icon_url=link(raw, "fields", "thumbnail_url"),
        raw=raw,
    )


@dataclass(frozen=True, eq=False)
class ClassActivity(Record):
    """Something a student did. What else belongs to it stands in `raw` (reference, section 15.2).

    Attributes:
        type: the site's number for it: 0 followed a user, 2 loved, 10 shared, 27 commented, and others.
        actor: the student.
        actor_id: the number of the student.
        time: when.
        raw: the whole answer.
    """

    type: int | None
    actor: str | None
    actor_id: int | None
    time: datetime | None
    raw: Mapping[str, Any]


def read_class_activity(value: Any) -> ClassActivity:
    """Something a student did, from an answer."""
    raw = as_object(value, of="class activity")
    return ClassActivity(
        type=number(raw, "type"),
        actor=text(raw, "actor", "username"),
        actor_id=number(raw, "actor", "pk"),
        time=moment(raw, "datetime_created"),
        raw=raw,
    )


@dataclass(frozen=True, eq=False)
class TeacherAlert(Record):
    """Something that happened to a student's account.

    Attributes:
        id: its number.
        type: the site's number for it: 0 banned, 1 unbanned, 7 project censored, 22 muted by the filter, and others.
        student: the name of the student.
        student_id: the number of the student.
        time: when.
        read_at: when you read it, None if you have not.
        extra: what else the site tells, such as the comment that led to a mute.
        raw: the whole answer.
    """

    id: int
    type: int | None
    student: str | None
    student_id: int | None
    time: datetime | None
    read_at: datetime | None
    extra: Mapping[str, Any]
    raw: Mapping[str, Any]


def read_teacher_alert(value: Any) -> TeacherAlert:
    """Something that happened to a student's account, from an answer."""
    raw = as_object(value, of="alerts")
    action = look(raw, "fields", "admin_action")
    return TeacherAlert(
        id=needed(number(raw, "pk"), "pk", of="alerts"),
        type=number(action, "type"),
        student=text(action, "target_user", "username"),
        student_id=number(action, "target_user", "pk"),
        time=moment(action, "datetime_created"),
        read_at=moment(raw, "fields", "educator_datetime_read"),
        extra=_extra(text(action, "extra_data")),
        raw=raw,
    )


def _extra(content: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(content or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def all_parts(thing: Record) -> Hashable:
    """All that the site told of a thing that has no id, by which it is told from others."""
    return json.dumps(thing.raw, sort_keys=True)


def teacher_pages(
    client: Client,
    target: Target,
    read: Callable[[Any], Thing],
    *,
    limit: int | None,
    order: Mapping[str, str] | None = None,
    key: Callable[[Any], Hashable] = attrgetter("id"),
) -> Iterator[Thing]:
    """The things that one of the teacher's lists has, page by page.

    Args:
        client: with the login of a teacher.
        target: the list.
        read: makes a thing of an item.
        limit: most things, None for all.
        order: the parameters by which the site sorts.
        key: what makes two things the same one.
    """

    def fetch(page: int) -> list[Thing]:
        query: Query = {"page": page, **(order or {})}
        answer = client.request(target, reply="json", what="classes", query=query, referer="/educators/classes/")
        return [read(item) for item in as_objects(answer, of="classes")]

    return by_page(fetch, limit=limit, key=key)
