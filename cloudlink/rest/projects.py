"""Projects: what the site tells about one, its comments, its file, and what you can do with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, NoReturn

from cloudlink.errors import BadResponse, Forbidden, InvalidArgument, NotFound, ServiceGone
from cloudlink.rest import comments, endpoints, project_files
from cloudlink.rest.archive import ProjectArchive, ProjectSource
from cloudlink.rest.asset_folder import AssetFolder
from cloudlink.rest.assets import check_saved
from cloudlink.rest.client import Body, Client, default_client, json_body
from cloudlink.rest.comments import Comment
from cloudlink.rest.endpoints import Endpoint
from cloudlink.rest.fields import Record, as_object, as_objects, flag, link, moment, needed, number, parse_json, text
from cloudlink.rest.parallel import WORKERS
from cloudlink.rest.read_ahead import iter_list
from cloudlink.rest.reports import report_project
from cloudlink.rest.transfer import Progress, fetch_assets, no_progress, send_assets
from cloudlink.rest.users import User, get_user, gone

if TYPE_CHECKING:  # a project is in studios and a studio has projects
    from cloudlink.rest.studios import Studio

PNG: Final = b"\x89PNG\r\n\x1a\n"

Mark = Literal["loves", "favorites"]

_FLAGS: Final[dict[Mark, str]] = {"loves": "userLove", "favorites": "userFavorite"}


@dataclass(eq=False, repr=False)
class PartialProject(Record):
    """A project that you may not see, or that does not exist: the site answers both alike.

    Attributes:
        id: its number.
        raw: what is known of it.
    """

    id: int
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    if not TYPE_CHECKING:  # type checkers would believe that every attribute is here

        def __getattr__(self, name: str) -> NoReturn:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            if name in Project.__dataclass_fields__ or hasattr(Project, name):
                message = f"project {self.__dict__.get('id')}: there is no such project, or you may not see it, so "
                message += f"it has no {name!r} here; look at the number, or log in as its owner"
            raise AttributeError(message, name=name, obj=self)

    @property
    def url(self) -> str:
        """The address of the project's page."""
        return self.client.hosts.url("site", f"/projects/{self.id}")

    def remixes(self, limit: int | None = 40, offset: int = 0) -> list[Project]:
        """The shared remixes. See `iter_remixes`."""
        return list(self.iter_remixes(limit, offset))

    def iter_remixes(self, limit: int | None = None, offset: int = 0) -> Iterator[Project]:
        """The shared remixes, fetched while you read.

        GET /projects/{id}/remixes, at most 40 a request; no login. VERIFIED. The site answers "not found" for none
        as well, so that is an empty list.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.
        """
        return iter_projects(
            self.client,
            endpoints.PROJECT_REMIXES,
            self._what,
            limit,
            offset,
            path={"project_id": self.id},
            missing_is_empty=True,
        )

    def file(self) -> bytes:
        """The project's file as the site keeps it: JSON, or the whole of a project of Scratch 1.4.

        GET /projects/{id} for a token, then GET projects.scratch.mit.edu/{id}?token=. VERIFIED. No login for a
        shared project; for an unshared one as its owner.

        Raises:
            NotFound: there is no such project, or you may not see it.
        """
        try:
            return self._file()
        except Forbidden:  # the token lives for minutes only: once more, with a new one
            return self._file()

    def _file(self) -> bytes:
        answer = self.client.request(endpoints.PROJECT.at(project_id=self.id), reply="json", what=self._what)
        return self.client.request(
            endpoints.PROJECT_FILE.at(project_id=self.id),
            reply="bytes",
            what=f"file of {self._what}",
            query={"token": text(answer, "project_token")},
        )

    def get_raw_json(self) -> dict[str, Any]:
        """The project.json, for Scratch 3.0 or 2.0. See `file` for the requests. VERIFIED.

        Raises:
            NotFound: there is no such project, you may not see it, or it is of Scratch 1.4, which has no JSON.
            BadResponse: the file is of no known kind.
        """
        data = self._json_bytes(self.file())
        if data is None:
            what = f"project.json of {self._what}"
            raise NotFound(f"there is no {what}: it is of Scratch 1.4; download() saves it", status=None, what=what)
        return dict(as_object(parse_project(data), of=f"file of {self._what}"))

    @staticmethod
    def _json_bytes(data: bytes) -> bytes | None:
        """The project.json in a project's file, None if it is of Scratch 1.4."""
        kind = project_files.kind_of(data)
        return None if kind == "sb" else project_files.json_in(data) if kind == "zip" else data

    def get_creator_agent(self) -> str | None:
        """The browser with which the project was saved, None if it does not tell. See `get_raw_json`. VERIFIED."""
        content = self.get_raw_json()
        return text(content, "meta", "agent") or text(content, "info", "userAgent")

    def download(
        self,
        filename: str | None = None,
        dir: str | Path = "",  # noqa: A002  the seed's name
        *,
        progress: Progress = no_progress,
        workers: int = WORKERS,
    ) -> Path:
        """Save the project as a file that Scratch opens, with its pictures and sounds.

        The requests of `file`, then GET assets.scratch.mit.edu/{md5}.{extension} for each asset. VERIFIED. An
        unshared project can be saved by its owner alone.

        If it is interrupted, the assets that have arrived stay in a hidden folder beside the file, and the next
        download to the same name fetches only the others. The file itself appears when it is whole.

        Args:
            filename: the file's name, without a folder; its number and ".sb3" (".sb2", ".sb") if left out.
            dir: the folder, which is made if it is missing; the current one if left out.
            progress: called with how many files of the project have arrived, and how many there are.
            workers: how many assets are fetched at a time, 1 to 32.

        Returns:
            Where the file is.

        Raises:
            InvalidArgument: filename has a folder in it, or is one.
            NotFound: there is no such project, you may not see it, or an asset is missing on the site.
            BadResponse: the file, or an asset, is damaged.
        """
        if filename is not None and (filename in ("", "..") or "\0" in filename or Path(filename).name != filename):
            raise InvalidArgument(f"filename is a name without a folder, not {filename!r}; put the folder into dir")
        data = self.file()
        content = self._json_bytes(data)
        kind = "sb" if content is None else project_files.kind_of(content)
        path = Path(dir) / (filename or f"{self.id}.{kind}")
        if path.is_dir():
            raise InvalidArgument(f"{path} is a folder; choose another filename")
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = AssetFolder(path)
        if content is None:
            folder.finish(lambda file: _write(file, data))
            progress(1, 1)
            return path
        names = project_files.asset_names(as_object(parse_project(content), of=f"file of {self._what}"))
        try:
            fetch_assets(names, folder, client=self.client, progress=progress, workers=workers)
            folder.finish(lambda file: project_files.pack(content, folder, to=file))
        finally:
            folder.leave()
        return path

    @property
    def _what(self) -> str:
        return f"project {self.id}"


@dataclass(eq=False, repr=False)
class Project(PartialProject):
    """A project, as the site told when it was fetched.

    Attributes:
        id: its number.
        author: the name of its owner, None in lists that leave it out.
        author_id: the owner's number.
        title: the title.
        instructions: the text "Instructions".
        notes: the text "Notes and Credits".
        comments_allowed: whether comments are open.
        public: whether everybody sees it: shared, and not censored.
        created: when it was made.
        last_modified: when it was changed.
        share_date: when it was shared, None if it never was.
        thumbnail_url: its picture.
        remix_parent: the number of the project that it remixes.
        remix_root: the number of the first project of the tree of remixes.
        loves: how many love it.
        favorites: how many have it as a favourite.
        remix_count: how many remixes are shared; 0 in the lists of a user's projects.
        views: how often it was viewed.
        project_token: what its file is fetched with; for some minutes, and only from `get_project`. Secret for an
            unshared project.
        raw: the whole answer.
    """

    author: str | None
    author_id: int | None
    title: str | None
    instructions: str | None
    notes: str | None
    comments_allowed: bool | None
    public: bool | None
    created: datetime | None
    last_modified: datetime | None
    share_date: datetime | None
    thumbnail_url: str | None
    remix_parent: int | None
    remix_root: int | None
    loves: int | None
    favorites: int | None
    remix_count: int | None
    views: int | None
    project_token: str | None = field(repr=False)

    def __repr__(self) -> str:
        return f"<Project {self.id} {self.title!r}>"

    def update(self) -> None:
        """Fetch the attributes again.

        GET /projects/{id}; no login if it is shared. VERIFIED.

        Raises:
            NotFound: it is gone, or you may not see it any more.
        """
        answer = self.client.request(endpoints.PROJECT.at(project_id=self.id), reply="json", what=self._what)
        self._take(answer)

    def _take(self, answer: Any) -> None:
        self.__dict__.update(read_project(answer, client=self.client, of=self._what, author=self.author).__dict__)

    def get_author(self) -> User:
        """The owner.

        GET /users/{author}; no login. VERIFIED.
        """
        return get_user(self._owner(), client=self.client)

    def _owner(self) -> str:
        if self.author is None:  # lists leave it out
            self.update()
        owner: str = needed(self.author, "author", of=self._what)
        return owner

    def visibility(self) -> Visibility:
        """Why your project is hidden, if it is.

        GET /users/{author}/projects/{id}/visibility; login as its owner. VERIFIED.

        Raises:
            Forbidden: it is not yours.
        """
        target = endpoints.PROJECT_VISIBILITY.at(username=self._owner(), project_id=self.id)
        return read_visibility(self.client.request(target, reply="json", what=self._what), of=self._what)

    def studios(self, limit: int | None = 40, offset: int = 0) -> list[Studio]:
        """The studios that the project is in. See `iter_studios`."""
        return list(self.iter_studios(limit, offset))

    def iter_studios(self, limit: int | None = None, offset: int = 0) -> Iterator[Studio]:
        """The studios that the project is in; they can be read as dicts too.

        GET /users/{author}/projects/{id}/studios, at most 40 a request; no login. VERIFIED. "Not found" is an
        empty list.
        """
        from cloudlink.rest.studios import iter_studios

        return iter_studios(
            self.client,
            endpoints.PROJECT_STUDIOS,
            self._what,
            limit,
            offset,
            path={"username": self._owner(), "project_id": self.id},
            missing_is_empty=True,
        )

    # Comments

    def comments(self, limit: int | None = 40, offset: int = 0) -> list[Comment]:
        """The comments, the newest first, without their replies. See `iter_comments`."""
        return list(self.iter_comments(limit, offset))

    def iter_comments(self, limit: int | None = None, offset: int = 0) -> Iterator[Comment]:
        """The comments, the newest first, without their replies, fetched while you read.

        GET /users/{author}/projects/{id}/comments, at most 40 a request; no login if it is shared. VERIFIED.

        Args:
            limit: most comments, None for all.
            offset: how many to leave out at the start.

        Raises:
            NotFound: the project is gone (while reading).
        """
        return comments.iter_comments(
            self.client,
            endpoints.PROJECT_COMMENTS,
            what=self._what,
            limit=limit,
            offset=offset,
            username=self._owner(),
            project_id=self.id,
        )

    def get_comment(self, comment_id: int | str) -> Comment:
        """One comment or reply.

        GET /users/{author}/projects/{id}/comments/{comment_id}; no login if it is shared. VERIFIED.

        Raises:
            NotFound: there is none, or it was deleted.
        """
        return comments.fetch_comment(
            self.client,
            endpoints.PROJECT_COMMENT,
            what=f"comment {comment_id} on {self._what}",
            username=self._owner(),
            project_id=self.id,
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
            endpoints.PROJECT_REPLIES,
            what=f"comment {comment_id} on {self._what}",
            limit=limit,
            offset=offset,
            username=self._owner(),
            project_id=self.id,
            comment_id=comment_id,
        )

    def post_comment(self, content: str, parent_id: int | str = "", commentee_id: int | str = "") -> Comment:
        """Post a comment.

        POST /proxy/comments/project/{id}; login. VERIFIED.

        Args:
            content: the text, 1 to 500 characters.
            parent_id: the top comment of the thread, "" for a new thread.
            commentee_id: the number of the user who is answered, "" for nobody.

        Raises:
            InvalidArgument: the text or a number cannot work; nothing was sent.
            CommentRejected: the site did not take it, with its reason.
            Forbidden: comments are closed, or the owner blocked you.
        """
        return comments.post_comment(
            self.client, "project", self.id, content, parent_id=parent_id, commentee_id=commentee_id
        )

    def reply_comment(self, content: str, *, parent_id: int | str, commentee_id: int | str = "") -> Comment:
        """Answer a comment; as `post_comment`."""
        return self.post_comment(content, parent_id=parent_id, commentee_id=commentee_id)

    def delete_comment(self, comment_id: int | str) -> None:
        """Delete a comment on your project.

        DELETE /proxy/comments/project/{id}/comment/{comment_id}; login as the owner. VERIFIED.

        Raises:
            Forbidden: the project is not yours.
        """
        comments.delete_comment(self.client, "project", self.id, comment_id)

    def report_comment(self, comment_id: int | str) -> None:
        """Report a comment.

        POST /proxy/project/{id}/comment/{comment_id}/report; login. VERIFIED.
        """
        comments.report_comment(self.client, "project", self.id, comment_id)

    # What others can do

    def love(self) -> None:
        """Love the project; nothing happens if you do already.

        POST /proxy/projects/{id}/loves/user/{you}; login. VERIFIED.

        Raises:
            LoginRequired: nobody is logged in.
            NotFound: the project is gone.
        """
        self._mark(endpoints.PROJECT_MARK_SET, "loves", wanted=True)

    def unlove(self) -> None:
        """Love the project no longer; as `love`, with DELETE. VERIFIED."""
        self._mark(endpoints.PROJECT_MARK_UNDO, "loves", wanted=False)

    def favorite(self) -> None:
        """Make it a favourite; as `love`, with /favorites/. VERIFIED."""
        self._mark(endpoints.PROJECT_MARK_SET, "favorites", wanted=True)

    def unfavorite(self) -> None:
        """Make it a favourite no longer; as `favorite`, with DELETE. VERIFIED."""
        self._mark(endpoints.PROJECT_MARK_UNDO, "favorites", wanted=False)

    def is_loved(self) -> bool:
        """Whether you love the project.

        GET /projects/{id}/loves/user/{you}; login. VERIFIED.
        """
        return self._is_marked("loves")

    def is_favorited(self) -> bool:
        """Whether the project is a favourite of yours; as `is_loved`, with /favorites/. VERIFIED."""
        return self._is_marked("favorites")

    def _mark(self, endpoint: Endpoint, mark: Mark, *, wanted: bool) -> None:
        target = endpoint.at(project_id=self.id, mark=mark, username=self.client.username)
        answer = self.client.request(target, reply="json", what=self._what, referer=f"/projects/{self.id}/")
        # `statusChanged` is always true, so only the new state tells anything.
        if flag(answer, _FLAGS[mark]) is (not wanted):
            raise BadResponse(f"{self._what}: the site answered that its {mark} stay as they were; try again later")

    def _is_marked(self, mark: Mark) -> bool:
        target = endpoints.PROJECT_MARK_CHECK.at(project_id=self.id, mark=mark, username=self.client.username)
        answer = self.client.request(target, reply="json", what=self._what)
        marked: bool = needed(flag(answer, _FLAGS[mark]), _FLAGS[mark], of=self._what)
        return marked

    def post_view(self) -> None:
        """Count a view.

        POST /users/{author}/projects/{id}/views; no login. VERIFIED. Only the first one of a caller counts.

        Raises:
            RateLimited: you viewed it a short while ago.
        """
        target = endpoints.PROJECT_VIEW.at(username=self._owner(), project_id=self.id)
        self.client.request(target, reply="none", what=self._what, referer=f"/projects/{self.id}/")

    def report(self, category: str, notes: str) -> None:
        """Report the project to the moderators.

        POST /proxy/projects/{id}/report; login. VERIFIED.

        Args:
            category: why, one of `reports.PROJECT_CATEGORIES`, such as "language" or "copy without changes".
            notes: what is wrong, in your own words.

        Raises:
            InvalidArgument: there is no such category, or there are no notes; nothing was sent.
        """
        report_project(self.client, self.id, category, notes)

    # What the owner can do

    def set_title(self, title: str) -> None:
        """Change the title, up to 100 characters.

        PUT /projects/{id}; login as the owner. VERIFIED.

        Raises:
            Rejected: the site refuses the words.
            Forbidden: the project is not yours.
        """
        self._set({"title": title})

    def set_instructions(self, instructions: str) -> None:
        """Change the text "Instructions", up to 5,000 characters; as `set_title`. VERIFIED."""
        self._set({"instructions": instructions})

    def set_notes(self, notes: str) -> None:
        """Change the text "Notes and Credits", up to 5,000 characters; as `set_title`. VERIFIED."""
        self._set({"description": notes})

    def turn_off_commenting(self) -> None:
        """Close the comments; as `set_title`. VERIFIED."""
        self._set({"comments_allowed": False})

    def turn_on_commenting(self) -> None:
        """Open the comments; as `set_title`. VERIFIED."""
        self._set({"comments_allowed": True})

    def toggle_commenting(self) -> None:
        """Close the comments if they are open, and open them if they are closed.

        GET /projects/{id} for the state, then as `set_title`; login as the owner. VERIFIED.
        """
        _ = self.client.username  # raises if nobody is logged in
        self.update()
        self._set({"comments_allowed": not self.comments_allowed})

    def _set(self, values: dict[str, object]) -> None:
        target = endpoints.PROJECT_SET.at(project_id=self.id)
        self._take(self.client.request(target, reply="json", what=self._what, body=json_body(values)))

    def set_thumbnail(self, file: str | Path | bytes) -> None:
        """Change the picture.

        POST scratch.mit.edu/internalapi/project/thumbnail/{id}/set/; login as the owner. VERIFIED.

        Args:
            file: the name of a PNG file, or its bytes; Scratch's own pictures are 480x360.

        Raises:
            InvalidArgument: it is no PNG; nothing was sent.
            Forbidden: the project is not yours.
        """
        data = file if isinstance(file, bytes) else Path(file).read_bytes()
        if not data.startswith(PNG):
            raise InvalidArgument("a thumbnail is a PNG picture; save yours as PNG first")
        self.client.request(
            endpoints.PROJECT_THUMBNAIL_SET.at(project_id=self.id),
            reply="none",
            what=f"thumbnail of {self._what}",
            body=Body(data, "image/png"),
            referer=f"/projects/{self.id}/",
        )

    def share(self) -> None:
        """Share the project.

        PUT /proxy/projects/{id}/share; login as the owner. VERIFIED.

        Raises:
            Forbidden: it is not yours, or your email address is not confirmed.
        """
        self._publish(endpoints.PROJECT_SHARE)

    def unshare(self) -> None:
        """Share the project no longer.

        PUT /proxy/projects/{id}/unshare; login as the owner. REPORTED.

        Raises:
            Forbidden: it is not yours.
        """
        self._publish(endpoints.PROJECT_UNSHARE)

    def _publish(self, endpoint: Endpoint) -> None:
        target = endpoint.at(project_id=self.id)
        self.client.request(target, reply="none", what=self._what, referer=f"/projects/{self.id}/")

    def trash(self) -> None:
        """Put the project into the trash; the site does that with unshared projects only.

        PUT scratch.mit.edu/site-api/projects/all/{id}/; login as the owner. REPORTED.
        """
        self._site_set({"visibility": "trshbyusr"})

    def restore(self) -> None:
        """Take the project out of the trash; as `trash`. REPORTED."""
        self._site_set({"visibility": "visible"})

    def _site_set(self, values: dict[str, object]) -> None:
        target = endpoints.PROJECT_SITE_SET.at(project_id=self.id)
        self.client.request(target, reply="none", what=self._what, body=json_body(values), referer="/mystuff/")

    def set_json(
        self,
        content: Mapping[str, Any] | str | bytes,
        *,
        assets: Mapping[str, bytes] | None = None,
        progress: Progress = no_progress,
        workers: int = WORKERS,
    ) -> None:
        """Save another project.json in this project, after the assets that are new in it.

        HEAD and POST assets.scratch.mit.edu/{md5}.{extension} for each of the assets (see `has_asset` for the
        HEAD), then PUT projects.scratch.mit.edu/{id}; login as the owner. VERIFIED. The last one is never repeated.

        Args:
            content: the project.json, as a dict or as text.
            assets: pictures and sounds that it names, "md5.extension" -> bytes; those that the site lacks are sent.
            progress: called with how many of the files are on the site, and how many there are.
            workers: how many assets are looked for, or sent, at a time, 1 to 32.

        Raises:
            InvalidArgument: it is no JSON object; nothing was sent.
            Forbidden: the project is not yours.
            Rejected: the site does not take an asset, or the project.json.
        """
        target = endpoints.PROJECT_SAVE.at(project_id=self.id)
        body = Body(project_bytes(content), "application/json")
        count = len(assets or {})
        if assets is not None:
            self._check_own()
            send_assets(assets, client=self.client, progress=progress, workers=workers)
        check_saved(self.client.request(target, reply="json", what=self._what, body=body), of=self._what)
        progress(1 + count, 1 + count)

    def _check_own(self) -> None:
        """Find out before anything is sent what the site would say at the end."""
        if self._owner().casefold() != self.client.username.casefold():
            raise Forbidden(
                f"{self._what} is of {self._owner()!r}, and you are {self.client.username!r}; "
                "only its owner may save it, so make one of your own with upload_project()"
            )

    def upload(self, source: ProjectSource, *, progress: Progress = no_progress, workers: int = WORKERS) -> None:
        """Save a whole .sb3 file in this project; the requests are those of `set_json`. VERIFIED.

        The file is checked before anything is sent, and the project stays as it was until all its assets are there;
        if it is interrupted before, call it again.

        Args:
            source: the path of the file, its bytes, or a file that is open for reading.
            progress: called with how many files of the project are on the site, and how many there are.
            workers: how many assets are looked for, or sent, at a time, 1 to 32.

        Raises:
            InvalidArgument: it is no .sb3 that the site would take, also if it is an .sb2 or .sb: open that in the
                Scratch editor and save it to the computer, which makes an .sb3. Nothing was sent.
            Forbidden: the project is not yours.
            Rejected: the site does not take an asset, or the project.json.
        """
        with ProjectArchive(source) as archive:
            self.set_json(archive.content, assets=archive, progress=progress, workers=workers)

    def ranks(self) -> NoReturn:
        """Gone: raises ServiceGone. It came from ScratchDB, and nothing replaces it."""
        raise gone("Project.ranks")

    def moderation_status(self) -> NoReturn:
        """Gone: raises ServiceGone. Scratch tells it to nobody since October 2025."""
        reason = "it came from jeffalo.net, whose own source, the site's remix tree, was taken away in October 2025"
        raise ServiceGone(
            f"Project.moderation_status is no longer available: {reason}; nothing replaces it", reason=reason
        )


@dataclass(frozen=True, eq=False)
class Visibility(Record):
    """Why a project is hidden (reference, section 6.2).

    Attributes:
        deleted: it is in the trash.
        censored: the moderators took it away.
        reshareable: whether the owner may share it again.
        message: the moderators' words.
        raw: the whole answer.
    """

    deleted: bool | None
    censored: bool | None
    reshareable: bool | None
    message: str | None
    raw: Mapping[str, Any]


def read_visibility(value: Any, *, of: str) -> Visibility:
    """Why a project is hidden, from an answer."""
    raw = as_object(value, of=of)
    return Visibility(
        deleted=flag(raw, "deleted"),
        censored=flag(raw, "censored"),
        reshareable=flag(raw, "reshareable"),
        message=text(raw, "message"),
        raw=raw,
    )


def read_project(value: Any, *, client: Client, of: str, author: str | None = None) -> Project:
    """A project from an answer, in the full form or in that of lists (reference, section 6.1).

    Args:
        value: the answer.
        client: what fetched it.
        of: what it is about, for errors.
        author: the owner, if the answer leaves that out.

    Raises:
        BadResponse: it is no object, or has no id.
    """
    raw = as_object(value, of=of)
    return Project(
        id=needed(number(raw, "id"), "id", of=of),
        raw=raw,
        client=client,
        author=text(raw, "author", "username") or author,
        author_id=number(raw, "author", "id"),
        title=text(raw, "title"),
        instructions=text(raw, "instructions"),
        notes=text(raw, "description"),
        comments_allowed=flag(raw, "comments_allowed"),
        public=flag(raw, "public"),
        created=moment(raw, "history", "created"),
        last_modified=moment(raw, "history", "modified"),
        share_date=moment(raw, "history", "shared"),
        thumbnail_url=link(raw, "image"),
        remix_parent=number(raw, "remix", "parent"),
        remix_root=number(raw, "remix", "root"),
        loves=number(raw, "stats", "loves"),
        favorites=number(raw, "stats", "favorites"),
        remix_count=number(raw, "stats", "remixes"),
        views=number(raw, "stats", "views"),
        project_token=text(raw, "project_token"),
    )


def iter_projects(
    client: Client,
    endpoint: Endpoint,
    what: str,
    limit: int | None,
    offset: int,
    *,
    path: Mapping[str, str | int] | None = None,
    query: Mapping[str, str | int | None] | None = None,
    author: str | None = None,
    missing_is_empty: bool = False,
) -> Iterator[Project]:
    """The projects that one of the lists of projects gives.

    Args:
        client: what fetches it.
        endpoint: the list.
        what: what it is about, for errors.
        limit: most projects, None for all.
        offset: how many to leave out at the start.
        path: what fills the endpoint's placeholders.
        query: more parameters.
        author: the owner of all of them, if the list leaves that out.
        missing_is_empty: "not found" is what this list answers when it is empty.
    """
    target = endpoint.at(**(path or {}))

    def fetch(limit: int, offset: int) -> list[Project]:
        parameters = {**(query or {}), "limit": limit, "offset": offset}
        try:
            answer = client.request(target, reply="json", what=what, query=parameters)
        except NotFound:
            if not missing_is_empty:
                raise
            return []
        return [read_project(item, client=client, of=what, author=author) for item in as_objects(answer, of=what)]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda project: project.id)


def get_project(project_id: int | str, *, client: Client | None = None) -> Project | PartialProject:
    """A project; a `PartialProject` if there is none of that number, or you may not see it.

    GET /projects/{project_id}; no login if it is shared. VERIFIED.

    Args:
        project_id: the number in the project's address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: project_id is no number.
    """
    client = default_client() if client is None else client
    if not re.fullmatch(r"[0-9]{1,20}", str(project_id)):
        raise InvalidArgument(f"project_id is the number in the project's address, not {project_id!r}")
    what = f"project {project_id}"
    try:
        answer = client.request(endpoints.PROJECT.at(project_id=project_id), reply="json", what=what)
    except NotFound:
        return PartialProject(id=int(project_id), raw={}, client=client)
    return read_project(answer, client=client, of=what)


def count_projects(*, client: Client | None = None) -> int:
    """How many projects exist on Scratch; takes many seconds.

    GET /projects/count/all; no login. REPORTED.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.PROJECT_COUNT.at(), reply="json", what="number of projects")
    count: int = needed(number(answer, "count"), "count", of="number of projects")
    return count


def create_project(content: Mapping[str, Any] | str | bytes, *, title: str | None = None, client: Client) -> int:
    """Make a new project, unshared.

    POST projects.scratch.mit.edu/; login. VERIFIED. Upload its assets first, with `upload_asset`. The site may
    take some seconds until `get_project` finds it.

    Args:
        content: the project.json, as a dict or as text.
        title: its title; "Untitled" with a number if left out.
        client: with a login.

    Returns:
        The new project's number.

    Raises:
        InvalidArgument: the content is no JSON object; nothing was sent.
        Forbidden: the login is over.
    """
    body = Body(project_bytes(content), "application/json")
    answer = client.request(
        endpoints.PROJECT_CREATE.at(), reply="json", what="new project", query={"title": title}, body=body
    )
    check_saved(answer, of="new project")
    new: int = needed(number(answer, "content-name"), "content-name", of="new project")
    return new


def upload_project(
    source: ProjectSource,
    *,
    title: str | None = None,
    client: Client,
    progress: Progress = no_progress,
    workers: int = WORKERS,
) -> int:
    """Make a new project, unshared, of a whole .sb3 file.

    HEAD and POST assets.scratch.mit.edu/{md5}.{extension} for each asset that the site lacks, then POST
    projects.scratch.mit.edu/; login. VERIFIED; see `has_asset` for the HEAD. The site may take some seconds until
    `get_project` finds it.

    Args:
        source: the path of the file, its bytes, or a file that is open for reading.
        title: its title; "Untitled" with a number if left out.
        client: with a login.
        progress: called with how many files of the project the site has, and how many there are.
        workers: how many assets are looked for, or sent, at a time, 1 to 32.

    Returns:
        The new project's number.

    Raises:
        InvalidArgument: it is no .sb3 that the site would take; nothing was sent. See `Project.upload`.
        LoginRequired: nobody is logged in.
        Rejected: the site does not take an asset, or the project.json.
    """
    _ = client.username  # raises if nobody is logged in
    with ProjectArchive(source) as archive:
        send_assets(archive, client=client, progress=progress, workers=workers)
        new = create_project(archive.content, title=title, client=client)
        progress(1 + len(archive), 1 + len(archive))
    return new


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(data)


def project_bytes(content: Mapping[str, Any] | str | bytes) -> bytes:
    """A project.json as the site wants it.

    Raises:
        InvalidArgument: it is no JSON object.
    """
    try:
        if isinstance(content, str):
            data = content.encode()
        else:
            data = content if isinstance(content, bytes) else project_files.json_bytes(content)
        is_object = isinstance(json.loads(data), dict)
    except (TypeError, ValueError, RecursionError):
        is_object = False
    if not is_object:
        raise InvalidArgument("a project.json is a JSON object; pass a dict, or the text of the file")
    return data


def parse_project(data: bytes) -> Any:
    """What a project.json says."""
    return parse_json(data, of="the project's file")
