"""Users: what they tell about themselves, what they made, and what you can do on their profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cloudlink.errors import BadResponse, InvalidArgument, ServiceGone
from cloudlink.rest import comments, endpoints
from cloudlink.rest.client import Client, Query, default_client, json_body
from cloudlink.rest.comments import Comment
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.fields import Record, as_object, as_objects, flag, moment, needed, number, text
from cloudlink.rest.html import text_of
from cloudlink.rest.paging import by_page
from cloudlink.rest.pictures import upload_picture
from cloudlink.rest.read_ahead import iter_list
from cloudlink.rest.reports import report_user

if TYPE_CHECKING:  # a user has projects and a project has a user; at run time each imports the other when asked
    from cloudlink.rest.forum_posts import ForumPost
    from cloudlink.rest.projects import Project
    from cloudlink.rest.studios import Studio

LABELS: Final = {
    "Featured Project": "",
    "Featured Tutorial": "0",
    "Work In Progress": "1",
    "Remix This!": "2",
    "My Favorite Things": "3",
    "Why I Scratch": "4",
}
"""What can stand above a featured project, and the site's number for it (reference, section 4.7)."""

COUNT_LABELS: Final = {
    "followers": "Followers",
    "following": "Following",
    "projects": "Shared Projects",
    "favorites": "Favorites",
    "studios": "Studios I Curate",
    "studios_following": "Studios I Follow",
}
"""The pages that show an exact number, and the words in front of it (reference, section 4.6)."""


@dataclass(eq=False, repr=False)
class User(Record):
    """A user of Scratch, as the site told when it was fetched.

    Attributes:
        username: the name, in its own upper and lower case.
        id: the number.
        scratchteam: whether it is one of the Scratch Team.
        join_date: when the account was made.
        about_me: the text "About me".
        wiwo: the text "What I'm working on".
        country: the country, in English.
        icon_url: the picture, 90x90.
        raw: the whole answer.
    """

    username: str
    id: int | None
    scratchteam: bool | None
    join_date: datetime | None
    about_me: str | None
    wiwo: str | None
    country: str | None
    icon_url: str | None
    raw: Mapping[str, Any]
    client: Client = field(compare=False)

    def __repr__(self) -> str:
        return f"<User {self.username!r}>"

    @property
    def url(self) -> str:
        """The address of the profile."""
        return self.client.hosts.url("site", endpoints.USER_PAGE.at(username=self.username).path)

    def update(self) -> None:
        """Fetch the attributes again.

        GET /users/{username}; no login. VERIFIED.

        Raises:
            NotFound: there is no such user.
        """
        self.__dict__.update(get_user(self.username, client=self.client).__dict__)

    # Numbers

    def message_count(self) -> int:
        """How many messages the user has not read, alerts included.

        GET /users/{username}/messages/count; no login, for anybody. VERIFIED.

        Raises:
            NotFound: there is no such user.
        """
        return message_count(self.username, client=self.client)

    def follower_count(self) -> int:
        """How many users follow this one; exact.

        GET scratch.mit.edu/users/{username}/followers/, from the page's heading; no login. VERIFIED.

        Raises:
            NotFound: there is no such user.
            BadResponse: the page has no such number.
        """
        return self._count("followers")

    def following_count(self) -> int:
        """How many users this one follows; as `follower_count`, from /users/{username}/following/. VERIFIED."""
        return self._count("following")

    def project_count(self) -> int:
        """How many projects are shared; as `follower_count`, from /users/{username}/projects/. VERIFIED."""
        return self._count("projects")

    def favorites_count(self) -> int:
        """How many favourites; as `follower_count`, from /users/{username}/favorites/. VERIFIED."""
        return self._count("favorites")

    def studio_count(self) -> int:
        """How many studios are curated; as `follower_count`, from /users/{username}/studios/. VERIFIED."""
        return self._count("studios")

    def studio_following_count(self) -> int:
        """How many studios are followed; as `follower_count`, from /users/{username}/studios_following/. VERIFIED."""
        return self._count("studios_following")

    def loves_count(self) -> int:
        """How many projects are loved.

        GET scratch.mit.edu/projects/all/{username}/loves/, from the page's heading; no login. VERIFIED.

        Raises:
            NotFound: there is no such user.
            BadResponse: the page has no such number.
        """
        return self._heading_number(endpoints.USER_LOVES_PAGE.at(username=self.username), label="")

    def _count(self, page: str) -> int:
        target = endpoints.USER_LIST_PAGE.at(username=self.username, page=page)
        return self._heading_number(target, label=COUNT_LABELS[page])

    def _heading_number(self, target: endpoints.Target, *, label: str) -> int:
        page = self.client.request(target, reply="html", what=self._what)
        for heading in page.all("h2"):
            found = re.search(rf"{re.escape(label)} \(([0-9]{{1,15}})\)", heading.text())
            if found:
                return int(found[1])
        raise BadResponse(f"GET {target.path}: the page has no number after {label or 'its heading'!r}")

    def stats(self) -> dict[str, int | None]:
        """The loves, favourites and views of all shared projects, and the followers, added up here.

        The service that once counted this (ScratchDB) is gone since about mid-2024, so all projects are read: a
        request for each 40 of them, and two for the followers; no login. `comments` is None, for nobody tells it.
        VERIFIED.

        Raises:
            NotFound: there is no such user.
        """
        sums = {"loves": 0, "favorites": 0, "views": 0}
        for project in self.iter_projects():
            for name in sums:
                sums[name] += number(project.raw, "stats", name) or 0
        people = {"followers": self.follower_count(), "following": self.following_count()}
        return {**sums, "comments": None, **people}

    # Lists

    def followers(self, limit: int | None = 40, offset: int = 0) -> list[User]:
        """The users who follow this one, the newest first. See `iter_followers`."""
        return list(self.iter_followers(limit, offset))

    def iter_followers(self, limit: int | None = None, offset: int = 0) -> Iterator[User]:
        """The users who follow this one, the newest first, fetched while you read.

        GET /users/{username}/followers, at most 40 a request; no login. VERIFIED.

        Args:
            limit: most users, None for all.
            offset: how many to leave out at the start.

        Raises:
            NotFound: there is no such user (while reading).
        """
        return iter_users(self.client, endpoints.USER_FOLLOWERS, self._what, limit, offset, username=self.username)

    def following(self, limit: int | None = 40, offset: int = 0) -> list[User]:
        """The users whom this one follows, the newest first. See `iter_following`."""
        return list(self.iter_following(limit, offset))

    def iter_following(self, limit: int | None = None, offset: int = 0) -> Iterator[User]:
        """The users whom this one follows; as `iter_followers`, GET /users/{username}/following. VERIFIED."""
        return iter_users(self.client, endpoints.USER_FOLLOWING, self._what, limit, offset, username=self.username)

    def projects(self, limit: int | None = None, offset: int = 0) -> list[Project]:
        """The shared projects. See `iter_projects`."""
        return list(self.iter_projects(limit, offset))

    def iter_projects(self, limit: int | None = None, offset: int = 0) -> Iterator[Project]:
        """The shared projects, in no promised order: sort by `share_date` if that matters.

        GET /users/{username}/projects, at most 40 a request; no login. VERIFIED. The number of remixes is 0 in
        this list; `project.update()` fetches it.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.

        Raises:
            NotFound: there is no such user (while reading).
        """
        return self._iter_projects(endpoints.USER_PROJECTS, limit, offset, author=self.username)

    def favorites(self, limit: int | None = None, offset: int = 0) -> list[Project]:
        """The favourite projects, the newest favourite first. See `iter_favorites`."""
        return list(self.iter_favorites(limit, offset))

    def iter_favorites(self, limit: int | None = None, offset: int = 0) -> Iterator[Project]:
        """The favourite projects; as `iter_projects`, GET /users/{username}/favorites. VERIFIED.

        The list does not name the authors; `project.update()` fetches the name.
        """
        return self._iter_projects(endpoints.USER_FAVORITES, limit, offset, author=None)

    def viewed_projects(self, limit: int | None = 24, offset: int = 0) -> list[Project]:
        """The projects that you viewed of late. See `iter_viewed_projects`."""
        return list(self.iter_viewed_projects(limit, offset))

    def iter_viewed_projects(self, limit: int | None = None, offset: int = 0) -> Iterator[Project]:
        """The projects that you viewed of late; as `iter_favorites`.

        GET /users/{username}/projects/recentlyviewed, at most 40 a request; login as this user. VERIFIED.

        Raises:
            Forbidden: you are not this user.
            LoginRequired: nobody is logged in.
        """
        return self._iter_projects(endpoints.USER_VIEWED, limit, offset, author=None)

    def _iter_projects(
        self, endpoint: Endpoint, limit: int | None, offset: int, *, author: str | None
    ) -> Iterator[Project]:
        from cloudlink.rest.projects import iter_projects

        return iter_projects(
            self.client, endpoint, self._what, limit, offset, author=author, path={"username": self.username}
        )

    def studios(self, limit: int | None = None, offset: int = 0) -> list[Studio]:
        """The studios that the user curates. See `iter_studios`."""
        return list(self.iter_studios(limit, offset))

    def iter_studios(self, limit: int | None = None, offset: int = 0) -> Iterator[Studio]:
        """The studios that the user curates; their numbers may be missing. They can be read as dicts too.

        GET /users/{username}/studios/curate, at most 40 a request; no login. VERIFIED. The site answers "not
        found" for nobody and for none, so both are an empty list.
        """
        from cloudlink.rest.studios import iter_studios

        return iter_studios(
            self.client,
            endpoints.USER_STUDIOS,
            self._what,
            limit,
            offset,
            path={"username": self.username},
            missing_is_empty=True,
        )

    def loves(self, limit: int | None = 40, page: int = 1) -> list[LovedProject]:
        """The projects that the user loves. See `iter_loves`."""
        return list(self.iter_loves(limit, page))

    def iter_loves(self, limit: int | None = None, page: int = 1) -> Iterator[LovedProject]:
        """The projects that the user loves; only this old page lists them.

        GET scratch.mit.edu/projects/all/{username}/loves/, 40 a page; no login. VERIFIED.

        Args:
            limit: most projects, None for all.
            page: the page to begin with, from 1.

        Raises:
            NotFound: there is no such user (while reading).
        """
        target = endpoints.USER_LOVES_PAGE.at(username=self.username)

        def fetch(page: int) -> list[LovedProject]:
            answer = self.client.request(target, reply="html", what=self._what, query={"page": page})
            return [
                LovedProject(
                    id=int(found[1]),
                    title=text_of(item.first("span.title")),
                    author=text_of(item.first("span.owner a")),
                )
                for item in answer.all("li.project.thumb.item")
                for anchor in item.all("a")[:1]
                if (found := re.match(r"/projects/([0-9]{1,20})", anchor.attribute("href") or ""))
            ]

        return by_page(fetch, limit=limit, page=page, key=lambda loved: loved.id)

    def featured_data(self) -> dict[str, Any]:
        """What the profile shows as featured, as the site tells it.

        GET scratch.mit.edu/site-api/users/all/{username}/; no login. VERIFIED. Its `featured_project_data` can be
        None although a project is featured.

        Raises:
            NotFound: there is no such user.
        """
        target = endpoints.USER_PROFILE.at(username=self.username)
        answer = self.client.request(target, reply="json", what=self._what)
        return dict(as_object(answer, of=self._what))

    def activity_html(self, limit: int = 1000) -> str:
        """What the user did of late, as the site's HTML, about a year back.

        GET scratch.mit.edu/messages/ajax/user-activity/; no login. VERIFIED.

        Args:
            limit: most lines.

        Raises:
            InvalidArgument: limit is below 1.
        """
        if limit < 1:
            raise InvalidArgument(f"limit is a number of lines, 1 or more, not {limit!r}")
        target = endpoints.USER_ACTIVITY.at()
        query: Query = {"user": self.username, "max": limit}
        return self.client.request(target, reply="bytes", what=self._what, query=query).decode("utf-8", "replace")

    def rank(self) -> str | None:
        """The rank, such as "New Scratcher", "Scratcher" or "Teacher Account"; None if the page does not tell.

        GET scratch.mit.edu/users/{username}/, from the page; no login. VERIFIED.

        Raises:
            NotFound: there is no such user, or the account was deleted.
        """
        target = endpoints.USER_PAGE.at(username=self.username)
        page = self.client.request(target, reply="html", what=self._what)
        group = page.first("p.profile-details span.group")
        return None if group is None else group.text() or None

    def is_following(self, username: str) -> bool:
        """Whether this user follows another one.

        There is no request for that, so the list is walked: GET /users/{this one}/following, 40 a request, until
        the other one comes; no login. VERIFIED.

        Raises:
            NotFound: there is no such user as this one.
        """
        wanted = username.casefold()
        return any(user.username.casefold() == wanted for user in self.iter_following())

    def is_followed_by(self, username: str) -> bool:
        """Whether another user follows this one; walks the list of the other one, as `is_following`. VERIFIED.

        Raises:
            NotFound: there is no such user as the other one.
        """
        wanted = self.username.casefold()
        users = iter_users(self.client, endpoints.USER_FOLLOWING, f"user {username!r}", None, 0, username=username)
        return any(user.username.casefold() == wanted for user in users)

    # Comments

    def comments(self, limit: int | None = 20, page: int = 1) -> list[Comment]:
        """The comments on the profile, the newest first, each with its replies. See `iter_comments`."""
        return list(self.iter_comments(limit, page))

    def iter_comments(self, limit: int | None = None, page: int = 1) -> Iterator[Comment]:
        """The comments on the profile, fetched while you read.

        GET scratch.mit.edu/site-api/comments/user/{username}/?page=; no login. VERIFIED. The site serves 67 pages.

        Args:
            limit: most comments, replies not counted, None for all.
            page: the page to begin with, from 1.

        Raises:
            NotFound: there is no such user (while reading).
        """
        return comments.iter_profile_comments(self.client, self.username, limit=limit, page=page)

    def post_comment(self, content: str, parent_id: int | str = "", commentee_id: int | str = "") -> Comment:
        """Post a comment on the profile.

        POST scratch.mit.edu/site-api/comments/user/{username}/add/; login. VERIFIED.

        Args:
            content: the text, 1 to 500 characters.
            parent_id: the top comment of the thread, "" for a new thread.
            commentee_id: the number of the user who is answered, "" for nobody.

        Raises:
            InvalidArgument: the text or a number cannot work; nothing was sent.
            CommentRejected: the site did not take it, with its reason.
            Forbidden: comments are closed here, or the user blocked you.
            SiteUnavailable: parent_id or commentee_id does not exist; the site answers with a server error.
        """
        return comments.post_profile_comment(
            self.client, self.username, content, parent_id=parent_id, commentee_id=commentee_id
        )

    def reply_comment(self, content: str, *, parent_id: int | str, commentee_id: int | str = "") -> Comment:
        """Answer a comment on the profile; as `post_comment`."""
        return self.post_comment(content, parent_id=parent_id, commentee_id=commentee_id)

    def delete_comment(self, comment_id: int | str) -> None:
        """Delete a comment on your profile.

        POST scratch.mit.edu/site-api/comments/user/{username}/del/; login as this user. VERIFIED.

        Raises:
            Forbidden: you are not this user.
        """
        self._comment_action(endpoints.PROFILE_COMMENT_DELETE, comment_id)

    def report_comment(self, comment_id: int | str) -> None:
        """Report a comment on the profile.

        POST scratch.mit.edu/site-api/comments/user/{username}/rep/; login. VERIFIED.
        """
        self._comment_action(endpoints.PROFILE_COMMENT_REPORT, comment_id)

    def _comment_action(self, endpoint: Endpoint, comment_id: int | str) -> None:
        if not re.fullmatch(r"[0-9]{1,20}", str(comment_id)):
            raise InvalidArgument(f"comment_id is a number, not {comment_id!r}")
        self.client.request(
            endpoint.at(username=self.username),
            reply="none",
            what=f"comment {comment_id}",
            body=json_body({"id": str(comment_id)}),
            referer=self._page,
        )

    def toggle_commenting(self) -> None:
        """Close the comments on your profile if they are open, and open them if they are closed.

        POST scratch.mit.edu/site-api/comments/user/{username}/toggle-comments/; login as this user. VERIFIED.
        The site cannot be told which of the two you want.

        Raises:
            Forbidden: you are not this user.
        """
        target = endpoints.PROFILE_COMMENTS_TOGGLE.at(username=self.username)
        self.client.request(target, reply="none", what=self._what, referer=self._page)

    # Changes

    def follow(self) -> None:
        """Follow this user.

        PUT scratch.mit.edu/site-api/users/followers/{username}/add/?usernames={you}; login. VERIFIED.

        Raises:
            NotFound: there is no such user.
        """
        self._follow(endpoints.USER_FOLLOW)

    def unfollow(self) -> None:
        """Follow this user no longer; as `follow`, with /remove/. VERIFIED."""
        self._follow(endpoints.USER_UNFOLLOW)

    def _follow(self, endpoint: Endpoint) -> None:
        self.client.request(
            endpoint.at(username=self.username),
            reply="none",
            what=self._what,
            query={"usernames": self.client.username},
            referer=self._page,
        )

    def set_bio(self, text: str) -> None:
        """Change your "About me", up to 200 characters.

        PUT scratch.mit.edu/site-api/users/all/{username}/; login as this user. VERIFIED.

        Raises:
            Rejected: the site refuses the words.
            Forbidden: you are not this user.
        """
        self._set({"bio": text})

    def set_wiwo(self, text: str) -> None:
        """Change your "What I'm working on"; as `set_bio`. VERIFIED."""
        self._set({"status": text})

    def set_featured(self, project_id: int | str, *, label: str = "") -> None:
        """Change what your profile features; as `set_bio`. VERIFIED.

        Args:
            project_id: one of your shared projects.
            label: what stands above it: "Featured Project" (also ""), "Featured Tutorial", "Work In Progress",
                "Remix This!", "My Favorite Things" or "Why I Scratch".

        Raises:
            InvalidArgument: there is no such label, or project_id is no number; nothing was sent.
        """
        if label and label not in LABELS:
            raise InvalidArgument(f"there is no label {label!r}; use one of {', '.join(LABELS)}")
        if not re.fullmatch(r"[0-9]{1,20}", str(project_id)):
            raise InvalidArgument(f"project_id is a number, not {project_id!r}")
        self._set({"featured_project": int(project_id), "featured_project_label": LABELS.get(label, "")})

    def _set(self, values: dict[str, object]) -> None:
        self.client.request(
            endpoints.USER_PROFILE_SET.at(username=self.username),
            reply="none",
            what=f"the profile of {self.username!r}",
            body=json_body(values),
            referer=self._page,
        )

    def set_picture(self, file: str | Path | bytes) -> str | None:
        """Change your picture, and give its new address; None if the site does not tell it.

        POST scratch.mit.edu/site-api/users/all/{username}/; login as this user. REPORTED.

        Args:
            file: the name of a PNG, GIF, JPEG or BMP file, or its bytes.

        Raises:
            InvalidArgument: it is no such picture; nothing was sent.
            Rejected: the site does not take it: "thumbnail-too-large", "image-invalid".
            Forbidden: you are not this user.
        """
        target = endpoints.USER_PICTURE_SET.at(username=self.username)
        return upload_picture(self.client, target, file, what=f"picture of {self._what}", referer=self._page)

    def report(self, field: str) -> None:
        """Report a part of the profile to the moderators.

        POST scratch.mit.edu/site-api/users/all/{username}/report/; login. REPORTED.

        Args:
            field: "username", "icon", "description" (About me) or "working_on" (What I'm working on).

        Raises:
            InvalidArgument: there is no such part; nothing was sent.
        """
        report_user(self.client, self.username, field)

    # Other services

    def ocular_status(self) -> dict[str, Any]:
        """The status on Ocular: text, colour and the time of its last change.

        GET my-ocular.jeffalo.net/api/user/{username}; no login. VERIFIED. Not run by Scratch, and at times down.

        Raises:
            NotFound: Ocular does not know the user.
            SiteUnreachable: it is down.
        """
        target = endpoints.OCULAR_USER.at(username=self.username)
        answer = self.client.request(target, reply="json", what=f"Ocular status of {self.username!r}")
        return dict(as_object(answer, of="Ocular"))

    def ranks(self) -> NoReturn:
        """Gone: raises ServiceGone. It came from ScratchDB, and nothing replaces it."""
        raise gone("User.ranks")

    def followers_over_time(self, *, segment: int = 1, range: int = 30) -> NoReturn:  # noqa: A002  the seed's name
        """Gone: raises ServiceGone. It came from ScratchDB; only today's number is known."""
        raise gone("User.followers_over_time", "call follower_count() from time to time and keep the numbers")

    def forum_posts(self, page: int = 0, order: str = "newest") -> list[ForumPost]:
        """The user's posts in the forum, 50 a page.

        GET scratchdb.lefty.one/search/indexes/forum_posts/search; no login, but a key: see `search_posts`. VERIFIED.
        ScratchDB, which told it once, is gone, and the site itself cannot search its forum by user.

        Args:
            page: which page, from 0.
            order: "newest" or "oldest" first.

        Raises:
            ServiceGone: the client has no `forum_search_key`; nothing was sent.
        """
        from cloudlink.rest.forum_search import posts_of_user

        return posts_of_user(self.username, page, order, client=self.client)

    def forum_counts(self) -> dict[str, int | None]:
        """How many posts the user wrote in each category of the forum.

        GET scratch.mit.edu/discuss/ for the categories, then for each of them the search of `forum_posts`; no login,
        but a key. REPORTED.
        The index may stop counting at a round number of thousands, so such a count is None: that many, or more.

        Raises:
            ServiceGone: the client has no `forum_search_key`; nothing was sent.
        """
        from cloudlink.rest.forum_search import counts_of_user

        return counts_of_user(self.username, client=self.client)

    def forum_counts_over_time(self) -> NoReturn:
        """Gone: raises ServiceGone. It came from ScratchDB, and nothing replaces it."""
        raise gone("User.forum_counts_over_time")

    def forum_signature(self) -> str | None:
        """What stands below the user's posts in the forum, as HTML; "" if nothing, None if there are no posts.

        The search of `forum_posts` for one post, then GET scratch.mit.edu/discuss/post/{id}/; no login, but a key.
        VERIFIED. Any other post of the user has it too: `get_post(post_id).signature`, without a key.

        Raises:
            ServiceGone: the client has no `forum_search_key`; nothing was sent.
        """
        from cloudlink.rest.forum_search import signature_of_user

        return signature_of_user(self.username, client=self.client)

    def forum_signature_history(self) -> NoReturn:
        """Gone: raises ServiceGone. It came from ScratchDB, and nothing replaces it."""
        raise gone("User.forum_signature_history")

    @property
    def _what(self) -> str:
        return f"user {self.username!r}"

    @property
    def _page(self) -> str:
        return endpoints.USER_PAGE.at(username=self.username).path


@dataclass(frozen=True)
class LovedProject:
    """What the page of loved projects shows of one.

    Attributes:
        id: its number, for `get_project`.
        title: the title, which can be empty.
        author: who made it.
    """

    id: int
    title: str | None
    author: str | None


def gone(name: str, replacement: str = "") -> ServiceGone:
    """The error for what came from ScratchDB (reference, section 19)."""
    reason = "it came from ScratchDB, which was shut down about mid-2024"
    instead = f"use instead: {replacement}" if replacement else "nothing replaces it"
    return ServiceGone(f"{name} is no longer available: {reason}; {instead}", reason=reason, replacement=replacement)


def read_user(value: Any, *, client: Client, of: str) -> User:
    """A user from an answer.

    Raises:
        BadResponse: it is no object, or has no name.
    """
    raw = as_object(value, of=of)
    return User(
        username=needed(text(raw, "username"), "username", of=of),
        id=number(raw, "id"),
        scratchteam=flag(raw, "scratchteam"),
        join_date=moment(raw, "history", "joined"),
        about_me=text(raw, "profile", "bio"),
        wiwo=text(raw, "profile", "status"),
        country=text(raw, "profile", "country"),
        icon_url=text(raw, "profile", "images", "90x90"),
        raw=raw,
        client=client,
    )


def iter_users(
    client: Client, endpoint: Endpoint, what: str, limit: int | None, offset: int, **path: str | int
) -> Iterator[User]:
    """The users that one of the lists of users gives."""
    target = endpoint.at(**path)

    def fetch(limit: int, offset: int) -> list[User]:
        answer = client.request(target, reply="json", what=what, query={"limit": limit, "offset": offset})
        return [read_user(item, client=client, of=what) for item in as_objects(answer, of=what)]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda user: user.username)


def message_count(username: str, *, client: Client) -> int:
    """How many messages a user has not read; see `User.message_count`."""
    what = f"user {username!r}"
    target = endpoints.USER_MESSAGE_COUNT.at(username=username)
    count: int = needed(number(client.request(target, reply="json", what=what, fresh=True), "count"), "count", of=what)
    return count


def get_user(username: str, *, client: Client | None = None) -> User:
    """A user.

    GET /users/{username}; no login. VERIFIED. The site still answers for accounts that were deleted; `rank()` of
    such a user raises NotFound.

    Args:
        username: in any case.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: the name is empty.
        NotFound: there is no such user.
    """
    client = default_client() if client is None else client
    what = f"user {username!r}"
    answer = client.request(endpoints.USER.at(username=username), reply="json", what=what)
    return read_user(answer, client=client, of=what)
