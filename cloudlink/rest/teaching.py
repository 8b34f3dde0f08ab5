"""What teachers do with their classes and students, and what students do first (reference, section 15.2).

No teacher's account was seen in action, so nearly all of this is REPORTED: two libraries say so.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from cloudlink.errors import BadResponse, InvalidArgument, Rejected
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, form_body
from cloudlink.rest.fields import look, needed, number
from cloudlink.rest.forms import check_taken
from cloudlink.rest.html import text_of
from cloudlink.rest.paging import sort_parameters
from cloudlink.rest.students import Student, TeacherAlert, read_student, read_teacher_alert, teacher_pages
from cloudlink.rest.taught_class import TaughtClass, fetch_taught_class, read_taught_class, send_to_class

SORTS: Final = ("", "title", "student_count")
"""What the site can sort classes by; "" is its own order."""


class Teaching:
    """What a teacher's account can do; `Session.teaching` gives it.

    Args:
        client: with the login of a teacher.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<Teaching of {self._client.username!r}>"

    def classes(
        self, *, closed: bool = False, sort_by: str = "", descending: bool = True, limit: int | None = None
    ) -> list[TaughtClass]:
        """Your classes.

        GET scratch.mit.edu/site-api/classrooms/all/ or /closed/; login as a teacher. REPORTED.

        Args:
            closed: those that have ended, instead of the others.
            sort_by: "" for the site's order, "title" or "student_count".
            descending: the highest first.
            limit: most classes, None for all.

        Raises:
            InvalidArgument: there is no such order; nothing was sent.
            Forbidden: the account is not a teacher's.
        """
        order = sort_parameters(sort_by, SORTS, descending=descending)
        target = endpoints.MY_CLASSES.at(filter="closed" if closed else "all")

        def read(item: Any) -> TaughtClass:
            return read_taught_class(item, client=self._client)

        return list(teacher_pages(self._client, target, read, limit=limit, order=order))

    def get_class(self, class_id: int | str) -> TaughtClass:
        """One of your classes, with its texts.

        GET scratch.mit.edu/site-api/classrooms/all/{class_id}/; login as its teacher. REPORTED.

        Raises:
            Forbidden: it is not yours.
            NotFound: there is no such class.
        """
        return fetch_taught_class(endpoints.checked_number(class_id, "class_id"), client=self._client)

    def class_counts(self) -> tuple[int, int]:
        """How many classes you have, and how many more that have ended.

        GET scratch.mit.edu/educators/classes/, from the page; login as a teacher. REPORTED.

        Raises:
            BadResponse: the page has no such numbers.
        """
        page = self._client.request(endpoints.MY_CLASSES_PAGE.at(), reply="html", what="classes")
        texts = (text_of(page.first(f'span[data-content="{name}"]')) for name in ("classroom-count", "closed-count"))
        counts = [int(digits) for digits in texts if digits and re.fullmatch("[0-9]{1,9}", digits)]
        if len(counts) != 2:
            raise BadResponse("the page of your classes does not tell how many there are; the site may have changed")
        return counts[0], counts[1]

    def create_class(self, title: str, description: str = "") -> int:
        """Make a class, and give its number, for `get_class`.

        POST scratch.mit.edu/classes/create_classroom/; login as a teacher. REPORTED.

        Raises:
            InvalidArgument: the title is empty; nothing was sent.
            Forbidden: the account is not a teacher's.
            Rejected: the site does not take the words.
        """
        if not title.strip():
            raise InvalidArgument("a class is to have a title; this one is empty")
        answer = send_to_class(
            self._client, endpoints.CLASS_CREATE.at(), {"title": title, "description": description}, what="new class"
        )
        new: int = needed(number(answer, "id"), "id", of="new class")
        return new

    def alerts(self, limit: int | None = None) -> list[TeacherAlert]:
        """What happened to your students: bans, mutes, projects that were taken away; the newest first.

        GET scratch.mit.edu/site-api/classrooms/alerts/; login as a teacher. REPORTED.

        Args:
            limit: most alerts, None for all.
        """
        return list(teacher_pages(self._client, endpoints.MY_ALERTS.at(), read_teacher_alert, limit=limit))

    def students(self, limit: int | None = None) -> list[Student]:
        """The students of all your classes.

        GET scratch.mit.edu/site-api/classrooms/students/of/{you}/; login as a teacher. REPORTED.

        Args:
            limit: most students, None for all.
        """
        target = endpoints.MY_STUDENTS.at(username=self._client.username)
        return list(teacher_pages(self._client, target, read_student, limit=limit))

    def reset_student_password(self, username: str) -> None:
        """Let a student of yours choose a new password at the next login.

        POST scratch.mit.edu/site-api/classrooms/reset_student_password/{username}/; login as the teacher. REPORTED.

        Raises:
            Forbidden: it is not your student.
            Rejected: the site did not do it.
        """
        target = endpoints.STUDENT_PASSWORD_RESET.at(username=username)
        self._client.request(target, reply="none", what=f"student {username!r}", referer="/educators/classes/")

    def set_student_password(self, username: str, password: str) -> None:
        """Give a student of yours a new password.

        POST scratch.mit.edu/classes/student_password_change/{username}/; login as the teacher. REPORTED.

        Raises:
            InvalidArgument: the password is empty; nothing was sent.
            Forbidden: it is not your student.
            Rejected: the site shows the form again.
        """
        if not password:
            raise InvalidArgument("the new password is empty")
        target = endpoints.STUDENT_PASSWORD_SET.at(username=username)
        what = f"password of student {username!r}"
        values = {"new_password1": password, "new_password2": password}
        check_taken(self._client.submit(target, values, what=what, referer=target.path), what=what)


def complete_registration(
    client: Client,
    *,
    birth_month: int,
    birth_year: int,
    gender: str,
    country: str,
    password: str | None = None,
) -> None:
    """Finish the setup of your own student account; see `Session.complete_registration`."""
    values = {
        "birth_month": str(birth_month),
        "birth_year": str(birth_year),
        "gender": gender,
        "country": country,
        "is_robot": "false",
    }
    if password is not None:
        values["password"] = password
    target = endpoints.STUDENT_COMPLETE.at()
    answer = client.request(
        target, reply="json", what="student account", body=form_body(values), referer="/classes/complete_registration"
    )
    problems = look(answer, "errors")
    if isinstance(problems, dict) and problems:
        told = json.dumps(problems)[:200]
        raise Rejected(f"the site does not take it: {told}", status=200, reason=told)
