"""Studios: what the site tells about one, its projects, its people and its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudlink.errors import BadResponse, InvalidArgument, NotFound
from cloudlink.rest import comments, endpoints
from cloudlink.rest.client import Client, default_client, json_body
from cloudlink.rest.comments import Comment
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.fields import Record, as_object, as_objects, flag, link, moment, needed, number, text
from cloudlink.rest.paging import PAGE, check_range
from cloudlink.rest.pictures import upload_picture
from cloudlink.rest.projects import PartialProject, Project, get_project
from cloudlink.rest.read_ahead import iter_list
from cloudlink.rest.reports import report_studio
from cloudlink.rest.users import User, iter_users


@dataclass(eq=False, repr=False)
class Studio(Record):
    """A studio, as the site told when it was fetched. It can be read as a dict too.

    Attributes:
        id: its number.
        title: the title.
        description: the description.
        host_id: the number of the user who hosts it.
        open_to_all: whether everybody may add projects.
        comments_allowed: whether comments are open.
        image_url: its picture.
        created: when it was made.
        modified: when it was changed.
        comment_count: how many comments; the site counts to 100.
        follower_count: how many follow it; None in some lists, as the next ones.
        manager_count: how many managers.
        project_count: how many projects; the site counts to 100.
        raw: the whole answer.
    """

    id: int
    title: str | None
    description: str | None
    host_id: int | None
    open_to_all: bool | None
    comments_allowed: bool | None
    image_url: str | None
    created: datetime | None
    modified: datetime | None
    comment_count: int | None
    follower_count: int | None
    manager_count: int | None
    project_count: int | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<Studio {self.id} {self.title!r}>"

    @property
    def url(self) -> str:
        """The address of the studio's page."""
        return self.client.hosts.url("site", f"/studios/{self.id}")

    def update(self) -> None:
        """Fetch the attributes again.

        GET /studios/{id}; no login. VERIFIED.

        Raises:
            NotFound: it is gone.
        """
        self.__dict__.update(get_studio(self.id, client=self.client).__dict__)

    # Lists

    def projects(self, limit: int | None = 40, offset: int = 0) -> list[StudioProject]:
        """The projects in the studio. See `iter_projects`."""
        return list(self.iter_projects(limit, offset))

    def iter_projects(self, limit: int | None = None, offset: int = 0) -> Iterator[StudioProject]:
        """The projects in the studio, fetched while you read; they can be read as dicts too.

        GET /studios/{id}/projects, at most 40 a request; no login. VERIFIED.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.

        Raises:
            NotFound: the studio is gone (while reading).
        """
        target = endpoints.STUDIO_PROJECTS.at(studio_id=self.id)

        def fetch(limit: int, offset: int) -> list[StudioProject]:
            query = {"limit": limit, "offset": offset}
            answer = self.client.request(target, reply="json", what=self._what, query=query)
            return [
                read_studio_project(item, client=self.client, of=self._what)
                for item in as_objects(answer, of=self._what)
            ]

        return iter_list(fetch, limit=limit, offset=offset, key=lambda project: project.id)

    def curators(self, limit: int | None = 24, offset: int = 0) -> list[User]:
        """The curators. See `iter_curators`."""
        return list(self.iter_curators(limit, offset))

    def iter_curators(self, limit: int | None = None, offset: int = 0) -> Iterator[User]:
        """The curators; as `iter_projects`, GET /studios/{id}/curators. VERIFIED."""
        return iter_users(self.client, endpoints.STUDIO_CURATORS, self._what, limit, offset, studio_id=self.id)

    def managers(self, limit: int | None = 24, offset: int = 0) -> list[User]:
        """The managers, the host first. See `iter_managers`."""
        return list(self.iter_managers(limit, offset))

    def iter_managers(self, limit: int | None = None, offset: int = 0) -> Iterator[User]:
        """The managers, the host first; as `iter_projects`, GET /studios/{id}/managers. VERIFIED."""
        return iter_users(self.client, endpoints.STUDIO_MANAGERS, self._what, limit, offset, studio_id=self.id)

    def activity(self, limit: int | None = 40) -> list[StudioEvent]:
        """What happened in the studio, the newest first. See `iter_activity`."""
        return list(self.iter_activity(limit))

    def iter_activity(self, limit: int | None = None) -> Iterator[StudioEvent]:
        """What happened in the studio, the newest first, fetched while you read.

        GET /studios/{id}/activity?limit&dateLimit, at most 40 a request; no login. VERIFIED. The list is asked for
        by date, and items at the seam come twice from the site; they are left out.

        Args:
            limit: most events, None for all.

        Raises:
            NotFound: the studio is gone (while reading).
        """
        check_range(limit)
        return self._iter_activity(limit)

    def _iter_activity(self, limit: int | None) -> Iterator[StudioEvent]:
        target = endpoints.STUDIO_ACTIVITY.at(studio_id=self.id)
        seen: set[str] = set()
        until: str | None = None
        while limit is None or len(seen) < limit:
            query = {"limit": PAGE, "dateLimit": until}
            answer = self.client.request(target, reply="json", what=self._what, query=query)
            events = [read_studio_event(item, of=self._what) for item in as_objects(answer, of=self._what)]
            news = [event for event in events if event.id not in seen]
            for event in news:
                if limit is not None and len(seen) >= limit:
                    return
                if event.id not in seen:
                    seen.add(event.id)
                    yield event
            until = text(events[-1].raw, "datetime_created") if events else None
            if len(events) < PAGE or not news or until is None:
                return

    def classroom_id(self) -> int | None:
        """The number of the class that the studio belongs to, None if it belongs to none.

        GET /studios/{id}/classroom; no login. VERIFIED.
        """
        target = endpoints.STUDIO_CLASSROOM.at(studio_id=self.id)
        try:
            return number(self.client.request(target, reply="json", what=self._what), "id")
        except NotFound:
            return None

    def role(self) -> StudioRole:
        """What you are in the studio.

        GET /studios/{id}/users/{you}; login. VERIFIED.
        """
        target = endpoints.STUDIO_ROLE.at(studio_id=self.id, username=self.client.username)
        return read_studio_role(self.client.request(target, reply="json", what=self._what), of=self._what)

    # Comments

    def comments(self, limit: int | None = 40, offset: int = 0) -> list[Comment]:
        """The comments, the newest first, without their replies. See `iter_comments`."""
        return list(self.iter_comments(limit, offset))

    def iter_comments(self, limit: int | None = None, offset: int = 0) -> Iterator[Comment]:
        """The comments, the newest first, without their replies; as `iter_projects`.

        GET /studios/{id}/comments, at most 40 a request; no login. VERIFIED.
        """
        return comments.iter_comments(
            self.client, endpoints.STUDIO_COMMENTS, what=self._what, limit=limit, offset=offset, studio_id=self.id
        )

    def get_comment(self, comment_id: int | str) -> Comment:
        """One comment or reply.

        GET /studios/{id}/comments/{comment_id}; no login. VERIFIED.

        Raises:
            NotFound: there is none, or it was deleted.
        """
        return comments.fetch_comment(
            self.client,
            endpoints.STUDIO_COMMENT,
            what=f"comment {comment_id} in {self._what}",
            studio_id=self.id,
            comment_id=comment_id,
        )

    def get_comment_replies(self, comment_id: int | str, limit: int | None = 40, offset: int = 0) -> list[Comment]:
        """The replies to a comment, the oldest first. See `iter_comment_replies`."""
        return list(self.iter_comment_replies(comment_id, limit, offset))

    def iter_comment_replies(
        self, comment_id: int | str, limit: int | None = None, offset: int = 0
    ) -> Iterator[Comment]:
        """The replies to a comment; as `iter_comments`, with /{comment_id}/replies. VERIFIED."""
        return comments.iter_comments(
            self.client,
            endpoints.STUDIO_REPLIES,
            what=f"comment {comment_id} in {self._what}",
            limit=limit,
            offset=offset,
            studio_id=self.id,
            comment_id=comment_id,
        )

    def post_comment(self, content: str, parent_id: int | str = "", commentee_id: int | str = "") -> Comment:
        """Post a comment.

        POST /proxy/comments/studio/{id}; login. VERIFIED.

        Args:
            content: the text, 1 to 500 characters.
            parent_id: the top comment of the thread, "" for a new thread.
            commentee_id: the number of the user who is answered, "" for nobody.

        Raises:
            InvalidArgument: the text or a number cannot work; nothing was sent.
            CommentRejected: the site did not take it, with its reason.
            Forbidden: comments are closed.
        """
        return comments.post_comment(
            self.client, "studio", self.id, content, parent_id=parent_id, commentee_id=commentee_id
        )

    def reply_comment(self, content: str, *, parent_id: int | str, commentee_id: int | str = "") -> Comment:
        """Answer a comment; as `post_comment`."""
        return self.post_comment(content, parent_id=parent_id, commentee_id=commentee_id)

    def delete_comment(self, comment_id: int | str) -> None:
        """Delete a comment: your own, in a studio that you manage.

        DELETE /proxy/comments/studio/{id}/comment/{comment_id}; login. VERIFIED.
        """
        comments.delete_comment(self.client, "studio", self.id, comment_id)

    def report_comment(self, comment_id: int | str) -> None:
        """Report a comment.

        POST /proxy/studio/{id}/comment/{comment_id}/report; login. VERIFIED.
        """
        comments.report_comment(self.client, "studio", self.id, comment_id)

    # Following, and projects in and out

    def follow(self) -> None:
        """Follow the studio.

        PUT scratch.mit.edu/site-api/users/bookmarkers/{id}/add/?usernames={you}; login. VERIFIED.
        """
        self._site(endpoints.STUDIO_FOLLOW.at(studio_id=self.id), usernames=self.client.username)

    def unfollow(self) -> None:
        """Follow the studio no longer; as `follow`, with /remove/. VERIFIED."""
        self._site(endpoints.STUDIO_UNFOLLOW.at(studio_id=self.id), usernames=self.client.username)

    def add_project(self, project_id: int | str) -> None:
        """Put a project into the studio.

        POST /studios/{id}/project/{project_id}; login. VERIFIED.

        Raises:
            Forbidden: you may not add projects here; `Muted` if that is because of a mute.
            NotFound: there is no such project, or it is not shared.
            Rejected: it is in the studio already (status 409).
        """
        target = endpoints.STUDIO_ADD_PROJECT.at(studio_id=self.id, project_id=project_id)
        self.client.request(target, reply="none", what=f"project {project_id} in {self._what}")

    def remove_project(self, project_id: int | str) -> None:
        """Take a project out of the studio; one's own may always be taken out.

        DELETE /studios/{id}/project/{project_id}; login. VERIFIED.

        Raises:
            Forbidden: you may not do that here.
            NotFound: it is not in the studio.
        """
        target = endpoints.STUDIO_REMOVE_PROJECT.at(studio_id=self.id, project_id=project_id)
        self.client.request(target, reply="none", what=f"project {project_id} in {self._what}")

    # Settings

    def set_title(self, title: str) -> None:
        """Change the title, up to 52 characters.

        PUT scratch.mit.edu/site-api/galleries/all/{id}/; login as a manager. VERIFIED.

        Raises:
            Rejected: the site refuses the words.
            Forbidden: you do not manage the studio; `Muted` if that is because of a mute.
        """
        self._site(endpoints.STUDIO_SET.at(studio_id=self.id), {"title": title})

    def set_description(self, description: str) -> None:
        """Change the description, up to 5,000 characters; as `set_title`. VERIFIED."""
        self._site(endpoints.STUDIO_SET.at(studio_id=self.id), {"description": description})

    def open_projects(self) -> None:
        """Let everybody add projects.

        PUT scratch.mit.edu/site-api/galleries/{id}/mark/open/; login as a manager. VERIFIED.
        """
        self._site(endpoints.STUDIO_OPEN.at(studio_id=self.id))

    def close_projects(self) -> None:
        """Let only curators and managers add projects; as `open_projects`, with /mark/closed/. VERIFIED."""
        self._site(endpoints.STUDIO_CLOSE.at(studio_id=self.id))

    def toggle_commenting(self) -> None:
        """Close the comments if they are open, and open them if they are closed.

        POST scratch.mit.edu/site-api/comments/gallery/{id}/toggle-comments/; login as the host. VERIFIED.
        """
        self._site(endpoints.STUDIO_COMMENTS_TOGGLE.at(studio_id=self.id))

    def turn_off_commenting(self) -> None:
        """Close the comments, if they are open.

        GET /studios/{id} for the state, then `toggle_commenting`: the site has no other way, so somebody who
        toggles between the two turns it round; login as the host. VERIFIED.
        """
        self._turn_commenting(on=False)

    def turn_on_commenting(self) -> None:
        """Open the comments, if they are closed; as `turn_off_commenting`. VERIFIED."""
        self._turn_commenting(on=True)

    def _turn_commenting(self, *, on: bool) -> None:
        _ = self.client.username  # raises if nobody is logged in
        self.update()
        if needed(self.comments_allowed, "comments_allowed", of=self._what) is not on:
            self.toggle_commenting()
            self.comments_allowed = on

    def set_picture(self, file: str | Path | bytes) -> str | None:
        """Change the picture, and give its new address; None if the site does not tell it.

        POST scratch.mit.edu/site-api/galleries/all/{id}/; login as a manager. VERIFIED.

        Args:
            file: the name of a PNG, GIF, JPEG or BMP file of at most 524,288 bytes, or its bytes.

        Raises:
            InvalidArgument: it is no such picture; nothing was sent.
            Rejected: the site does not take it: "thumbnail-too-large", "image-invalid".
            Forbidden: you do not manage the studio; `Muted` if that is because of a mute.
        """
        target = endpoints.STUDIO_PICTURE_SET.at(studio_id=self.id)
        return upload_picture(self.client, target, file, what=f"picture of {self._what}", referer=self._page)

    def delete(self) -> None:
        """Delete the studio.

        PUT scratch.mit.edu/site-api/galleries/all/{id}/; login as the host. REPORTED.

        Raises:
            Forbidden: you do not host it.
        """
        self._site(endpoints.STUDIO_SET.at(studio_id=self.id), {"visibility": "delbyusr"})

    def report(self, field: str) -> None:
        """Report a part of the studio to the moderators.

        POST scratch.mit.edu/site-api/galleries/all/{id}/report/; login. VERIFIED.

        Args:
            field: "title", "description" or "thumbnail".

        Raises:
            InvalidArgument: there is no such part; nothing was sent.
        """
        report_studio(self.client, self.id, field)

    # People

    def invite_curator(self, username: str) -> None:
        """Invite a user to curate.

        PUT scratch.mit.edu/site-api/users/curators-in/{id}/invite_curator/?usernames={username}; login as a
        manager. VERIFIED.

        Raises:
            NotFound: there is no such user.
            Rejected: the user is a curator already.
            Forbidden: you do not manage the studio; `Muted` if that is because of a mute.
        """
        self._people("invite_curator", username)

    def accept_invite(self) -> None:
        """Accept an invitation to curate; as `invite_curator`, with /add/ and yourself. VERIFIED.

        The site takes some seconds until `role` shows it.
        """
        self._people("add", self.client.username)

    def promote_curator(self, username: str) -> None:
        """Make a curator a manager; as `invite_curator`, with /promote/. VERIFIED.

        Raises:
            Rejected: the studio has 40 managers.
        """
        self._people("promote", username)

    def remove_curator(self, username: str) -> None:
        """Take a curator, or a manager, out; as `invite_curator`, with /remove/. VERIFIED."""
        self._people("remove", username)

    def leave(self) -> None:
        """Be a curator, or a manager, no longer; as `remove_curator`, with yourself. VERIFIED."""
        self._people("remove", self.client.username)

    def transfer_host(self, username: str, *, password: str) -> None:
        """Give the studio to another manager.

        PUT /studios/{id}/transfer/{username}; login as the host. VERIFIED.

        Args:
            username: the new host.
            password: your own; it goes to the site and is kept nowhere.

        Raises:
            LoginFailed: the password is wrong.
            NotFound: there is no such user.
            Rejected: the user cannot be host (status 409).
            RateLimited: too many attempts.
        """
        target = endpoints.STUDIO_TRANSFER.at(studio_id=self.id, username=username)
        body = json_body({"password": password})
        self.client.request(target, reply="none", what=self._what, body=body, referer=self._page)

    def _people(self, action: str, username: str) -> None:
        target = endpoints.STUDIO_PEOPLE.at(studio_id=self.id, action=action)
        query = {"usernames": username}
        what = f"user {username!r} in {self._what}"
        self.client.request(target, reply="none", what=what, query=query, referer=self._page)

    def _site(
        self, target: endpoints.Target, values: dict[str, object] | None = None, *, usernames: str | None = None
    ) -> None:
        self.client.request(
            target,
            reply="none",
            what=self._what,
            query={"usernames": usernames},
            body=None if values is None else json_body(values),
            referer=self._page,
        )

    @property
    def _what(self) -> str:
        return f"studio {self.id}"

    @property
    def _page(self) -> str:
        return f"/studios/{self.id}/"


@dataclass(frozen=True, eq=False)
class StudioProject(Record):
    """A project in the list of a studio. It can be read as a dict too.

    Attributes:
        id: its number.
        title: the title.
        author: who made it.
        author_id: the number of who made it.
        added_by_id: the number of who put it into the studio.
        thumbnail_url: its picture.
        raw: the whole answer.
    """

    id: int
    title: str | None
    author: str | None
    author_id: int | None
    added_by_id: int | None
    thumbnail_url: str | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<StudioProject {self.id} {self.title!r}>"

    def get_project(self) -> Project | PartialProject:
        """The project with all that the site tells of it; see `get_project`."""
        return get_project(self.id, client=self.client)


def read_studio_project(value: Any, *, client: Client, of: str) -> StudioProject:
    """A project in the list of a studio, from an answer."""
    raw = as_object(value, of=of)
    return StudioProject(
        id=needed(number(raw, "id"), "id", of=of),
        title=text(raw, "title"),
        author=text(raw, "username"),
        author_id=number(raw, "creator_id"),
        added_by_id=number(raw, "actor_id"),
        thumbnail_url=link(raw, "image"),
        raw=raw,
        client=client,
    )


@dataclass(frozen=True, eq=False)
class StudioEvent(Record):
    """Something that happened in a studio. What else belongs to it stands in `raw` (reference, section 9.2).

    Attributes:
        id: the type and a number.
        type: "updatestudio", "becomecurator", "removecuratorstudio", "becomeownerstudio", "becomehoststudio",
            "addprojecttostudio", "removeprojectstudio", or one that is newer than this library.
        time: when.
        actor: who did it; for "becomecurator" it is the new curator.
        actor_id: the number of who did it.
        raw: the whole answer.
    """

    id: str
    type: str | None
    time: datetime | None
    actor: str | None
    actor_id: int | None
    raw: Mapping[str, Any]


def read_studio_event(value: Any, *, of: str) -> StudioEvent:
    """Something that happened in a studio, from an answer."""
    raw = as_object(value, of=of)
    return StudioEvent(
        id=needed(text(raw, "id"), "id", of=of),
        type=text(raw, "type"),
        time=moment(raw, "datetime_created"),
        actor=text(raw, "actor_username"),
        actor_id=number(raw, "actor_id"),
        raw=raw,
    )


@dataclass(frozen=True, eq=False)
class StudioRole(Record):
    """What you are in a studio; the host counts as a manager.

    Attributes:
        manager: you manage it.
        curator: you curate it.
        invited: you were invited to curate it.
        following: you follow it.
        raw: the whole answer.
    """

    manager: bool | None
    curator: bool | None
    invited: bool | None
    following: bool | None
    raw: Mapping[str, Any]


def read_studio_role(value: Any, *, of: str) -> StudioRole:
    """What you are in a studio, from an answer."""
    raw = as_object(value, of=of)
    return StudioRole(
        manager=flag(raw, "manager"),
        curator=flag(raw, "curator"),
        invited=flag(raw, "invited"),
        following=flag(raw, "following"),
        raw=raw,
    )


def read_studio(value: Any, *, client: Client, of: str) -> Studio:
    """A studio from an answer (reference, section 9.1).

    Raises:
        BadResponse: it is no object, or has no id.
    """
    raw = as_object(value, of=of)
    host = number(raw, "host")
    return Studio(
        id=needed(number(raw, "id"), "id", of=of),
        title=text(raw, "title"),
        description=text(raw, "description"),
        host_id=number(raw, "owner") if host is None else host,
        open_to_all=flag(raw, "open_to_all"),
        comments_allowed=flag(raw, "comments_allowed"),
        image_url=link(raw, "image"),
        created=moment(raw, "history", "created"),
        modified=moment(raw, "history", "modified"),
        comment_count=number(raw, "stats", "comments"),
        follower_count=number(raw, "stats", "followers"),
        manager_count=number(raw, "stats", "managers"),
        project_count=number(raw, "stats", "projects"),
        raw=raw,
        client=client,
    )


def iter_studios(
    client: Client,
    endpoint: Endpoint,
    what: str,
    limit: int | None,
    offset: int,
    *,
    path: Mapping[str, str | int] | None = None,
    query: Mapping[str, str | int | None] | None = None,
    missing_is_empty: bool = False,
) -> Iterator[Studio]:
    """The studios that one of the lists of studios gives; for the arguments see `projects.iter_projects`."""
    target = endpoint.at(**(path or {}))

    def fetch(limit: int, offset: int) -> list[Studio]:
        parameters = {**(query or {}), "limit": limit, "offset": offset}
        try:
            answer = client.request(target, reply="json", what=what, query=parameters)
        except NotFound:
            if not missing_is_empty:
                raise
            return []
        return [read_studio(item, client=client, of=what) for item in as_objects(answer, of=what)]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda studio: studio.id)


def get_studio(studio_id: int | str, *, client: Client | None = None) -> Studio:
    """A studio.

    GET /studios/{studio_id}; no login. VERIFIED.

    Args:
        studio_id: the number in the studio's address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: studio_id is no number.
        NotFound: there is no such studio.
    """
    client = default_client() if client is None else client
    if not re.fullmatch(r"[0-9]{1,20}", str(studio_id)):
        raise InvalidArgument(f"studio_id is the number in the studio's address, not {studio_id!r}")
    what = f"studio {studio_id}"
    answer = client.request(endpoints.STUDIO.at(studio_id=studio_id), reply="json", what=what)
    return read_studio(answer, client=client, of=what)


def create_studio(*, client: Client) -> Studio:
    """Make a new studio.

    POST scratch.mit.edu/studios/create/, then GET /studios/{id}; login. VERIFIED. Not for New Scratchers, and only
    a few in some minutes.

    Args:
        client: with a login.

    Raises:
        Rejected: too many in a short while.
        Forbidden: this account may not make studios.
        BadResponse: the site did not tell the new studio's number; look at your studios.
    """
    answer = client.request(endpoints.STUDIO_CREATE.at(), reply="json", what="new studio")
    found = re.search(r"/studios/([0-9]{1,20})", text(answer, "redirect") or "")
    if not found:
        raise BadResponse("the site did not tell the new studio's number; look at your studios before you try again")
    return get_studio(found[1], client=client)
