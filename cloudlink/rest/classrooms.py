"""Classes, as everybody sees them (reference, section 15.1); for what their teachers do see `teaching`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from cloudlink.errors import BadResponse, NotFound
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.endpoints import checked_number
from cloudlink.rest.fields import Record, as_object, link, moment, needed, number, text
from cloudlink.rest.html import Element, attribute_of, text_of
from cloudlink.rest.paging import by_page
from cloudlink.rest.projects import Project, iter_projects
from cloudlink.rest.studios import Studio, read_studio
from cloudlink.rest.users import User, read_user


@dataclass(eq=False, repr=False)
class Classroom(Record):
    """A class.

    Attributes:
        id: its number.
        title: the title.
        description: what it is about.
        status: what it is working on.
        educator: the name of the teacher.
        educator_id: the number of the teacher.
        start: when it began; None for one that has ended.
        end: when it is to end.
        ended: whether it has ended; then its page is all there is.
        image_url: its picture, None for one that has ended.
        raw: the whole answer; for one that has ended, its page as `html`.
    """

    id: int
    title: str | None
    description: str | None
    status: str | None
    educator: str | None
    educator_id: int | None
    start: datetime | None
    end: datetime | None
    ended: bool
    image_url: str | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<Classroom {self.id} {self.title!r}>"

    @property
    def url(self) -> str:
        """The address of the class."""
        return self.client.hosts.url("site", endpoints.CLASS_PAGE.at(class_id=self.id).path)

    def update(self) -> None:
        """Fetch the attributes again; see `get_classroom`.

        Raises:
            NotFound: it is gone.
        """
        fresh = get_classroom(self.id, client=self.client)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def student_count(self) -> int:
        """How many students it has.

        GET scratch.mit.edu/classes/{id}/students/, from the page's heading; no login. VERIFIED.

        Raises:
            BadResponse: the page has no such number.
        """
        return self._count("students", "Students")

    def studio_count(self) -> int:
        """How many studios it has; as `student_count`, from /studios/. VERIFIED."""
        return self._count("studios", "Class Studios")

    def students(self, limit: int | None = 40) -> list[User]:
        """The students. See `iter_students`."""
        return list(self.iter_students(limit))

    def iter_students(self, limit: int | None = None) -> Iterator[User]:
        """The students, by name and number; `user.update()` fetches the rest.

        GET scratch.mit.edu/classes/{id}/students/?page=; no login. VERIFIED.

        Args:
            limit: most students, None for all.

        Raises:
            NotFound: there is no such class (while reading).
        """

        def read(item: Element) -> User | None:
            name = re.match(r"/users/([^/?#]+)/", attribute_of(item.first("a"), "href") or "")
            if name is None:
                return None
            picture = re.search(r"/user/([0-9]{1,20})_", attribute_of(item.first("img"), "data-original") or "")
            raw = {"username": name[1], "id": int(picture[1]) if picture else None}
            return read_user(raw, client=self.client, of=self._what)

        def fetch(page: int) -> list[User]:
            items = (read(item) for item in self._list("students", page).all("li.user.thumb.item"))
            return [user for user in items if user is not None]

        return by_page(fetch, limit=limit, key=lambda user: user.username)

    def studios(self, limit: int | None = 40) -> list[Studio]:
        """The studios of the class. See `iter_studios`."""
        return list(self.iter_studios(limit))

    def iter_studios(self, limit: int | None = None) -> Iterator[Studio]:
        """The studios of the class, by number and title; `studio.update()` fetches the rest.

        GET scratch.mit.edu/classes/{id}/studios/?page=; no login. VERIFIED.

        Args:
            limit: most studios, None for all.

        Raises:
            NotFound: there is no such class (while reading).
        """

        def read(item: Element) -> Studio | None:
            found = re.match(r"/studios/([0-9]{1,20})/", attribute_of(item.first("a"), "href") or "")
            if found is None:
                return None
            raw = {"id": int(found[1]), "title": text_of(item.first("span.title a"))}
            return read_studio(raw, client=self.client, of=self._what)

        def fetch(page: int) -> list[Studio]:
            items = (read(item) for item in self._list("studios", page).all("li.gallery.thumb.item"))
            return [studio for studio in items if studio is not None]

        return by_page(fetch, limit=limit, key=lambda studio: studio.id)

    def projects(self, limit: int | None = 40, offset: int = 0) -> list[Project]:
        """The shared projects of the students. See `iter_projects`."""
        return list(self.iter_projects(limit, offset))

    def iter_projects(self, limit: int | None = None, offset: int = 0) -> Iterator[Project]:
        """The shared projects of the students, fetched while you read.

        GET /classrooms/{id}/projects, at most 40 a request; login. VERIFIED.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.

        Raises:
            LoginRequired: nobody is logged in.
        """
        return iter_projects(
            self.client, endpoints.CLASS_PROJECTS, self._what, limit, offset, path={"class_id": self.id}
        )

    def _list(self, page: str, number: int) -> Element:
        target = endpoints.CLASS_LIST_PAGE.at(class_id=self.id, page=page)
        return self.client.request(target, reply="html", what=self._what, query={"page": number})

    def _count(self, page: str, label: str) -> int:
        for heading in self._list(page, 1).all("h2"):
            found = re.search(rf"{label} \(([0-9]{{1,9}})\)", heading.text())
            if found:
                return int(found[1])
        raise BadResponse(f"the page of {self._what} has no number after {label!r}; the site may have changed")

    @property
    def _what(self) -> str:
        return f"class {self.id}"


def read_classroom(value: Any, *, client: Client, of: str) -> Classroom:
    """A class from an answer.

    Raises:
        BadResponse: it is no object, or has no id.
    """
    raw = as_object(value, of=of)
    return Classroom(
        id=needed(number(raw, "id"), "id", of=of),
        title=text(raw, "title"),
        description=text(raw, "description"),
        status=text(raw, "status"),
        educator=text(raw, "educator", "username"),
        educator_id=number(raw, "educator", "id"),
        start=moment(raw, "date_start"),
        end=moment(raw, "date_end"),
        ended=False,
        image_url=link(raw, "images", "250x150"),
        raw=raw,
        client=client,
    )


def read_class_page(page: Element, *, class_id: int, client: Client) -> Classroom:
    """A class from its page, which is all there is of one that has ended."""
    texts = [entry.raw_text().strip() for entry in page.all("p.overview")]
    title = text_of(page.first("title"))
    teacher = _profile_in(page)
    return Classroom(
        id=class_id,
        title=None if title is None else title.removesuffix(" on Scratch"),
        description=texts[0] if texts else None,
        status=texts[1] if len(texts) > 1 else None,
        educator=teacher[0],
        educator_id=teacher[1],
        start=None,
        end=None,
        ended=True,
        image_url=None,
        raw={"html": page.source},
        client=client,
    )


def _profile_in(page: Element) -> tuple[str | None, int | None]:
    """The name and the number in the script of a page that says whose it is."""
    for script in page.all("script"):
        code = script.raw_text()
        if "INIT_DATA.PROFILE" in code:
            name = re.search(r"""\bid:\s*['"]([A-Za-z0-9_*-]{1,30})['"]""", code)
            user_id = re.search(r"\buserId:\s*([0-9]{1,20})\b", code)
            return name[1] if name else None, int(user_id[1]) if user_id else None
    return None, None


def get_classroom(class_id: int | str, *, client: Client | None = None) -> Classroom:
    """A class.

    GET /classrooms/{class_id}; for one that has ended the page scratch.mit.edu/classes/{class_id}/; no login.
    VERIFIED.

    Args:
        class_id: the number in the class's address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: class_id is no number.
        NotFound: there is no such class, and there never was one.
    """
    client = default_client() if client is None else client
    class_id = checked_number(class_id, "class_id")
    what = f"class {class_id}"
    try:
        answer = client.request(endpoints.CLASS.at(class_id=class_id), reply="json", what=what)
    except NotFound:
        page = client.request(endpoints.CLASS_PAGE.at(class_id=class_id), reply="html", what=what)
        return read_class_page(page, class_id=class_id, client=client)
    return read_classroom(answer, client=client, of=what)


def get_classroom_from_token(token: str, *, client: Client | None = None) -> Classroom:
    """The class that a link for joining leads to.

    GET /classtoken/{token}; no login. VERIFIED.

    Args:
        token: the end of the link.
        client: how to reach the site; the default one if left out.

    Raises:
        NotFound: there is no such class, or it has ended.
    """
    client = default_client() if client is None else client
    what = "class of this link"
    return read_classroom(
        client.request(endpoints.CLASS_OF_TOKEN.at(token=token), reply="json", what=what), client=client, of=what
    )
