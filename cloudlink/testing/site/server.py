"""The local site: sockets and threads around the pure rules.

caller's thread                          server threads, one a connection
start, stop, add_*, trouble ---lock--->  read a request -> trouble? -> dispatcher.handle (locked) -> write the reply

One port serves all hosts: the first part of the path is the real name of the host that is meant. So a client needs
nothing but other base addresses: `https://api.scratch.mit.edu` becomes `http://127.0.0.1:PORT/api.scratch.mit.edu`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from cloudlink.errors import CloudlinkError, InvalidArgument
from cloudlink.local_service import LocalService
from cloudlink.testing.site.dispatcher import error_reply, handle
from cloudlink.testing.site.exchange import Refusal, Reply, Request, whole_number
from cloudlink.testing.site.records import (
    Alert,
    BackpackItem,
    Classroom,
    CloudChange,
    Comment,
    News,
    Post,
    Project,
    Studio,
    TeacherAlert,
    Topic,
    User,
)
from cloudlink.testing.site.routing import HOSTS, WEB
from cloudlink.testing.site.rules import Rules
from cloudlink.testing.site.trouble import Trouble, Troubles
from cloudlink.testing.site.world import World

RECORDED: Final = 1000
"""How many requests are remembered."""

BODY_KEPT: Final = 1 << 16
"""How many bytes of a request's body are remembered."""

MAX_BODY: Final = 32 << 20
"""The longest body that is read at all; the rules refuse shorter ones long before."""

_STOP_TIMEOUT: Final = 5.0

_LOGGER = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True)
class RequestRecord:
    """A request that came, for assertions.

    Attributes:
        method: in capitals.
        host: the real name of the host that was meant.
        path: without query.
        query: its parameters.
        headers: by names in small letters.
        body: its first 65,536 bytes.
        size: how long the body was.
        status: what it was answered with; None: the site hung up.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    size: int
    status: int | None

    @property
    def url(self) -> str:
        """Where it would have gone on the real site."""
        return f"https://{self.host}{self.path}"

    @property
    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body)


class LocalSite(LocalService):
    """A Scratch site on this machine, for tests of bots: nothing leaves the computer.

    It keeps state and enforces the real site's rules. A site starts empty; the `add_...` methods put users, projects
    and the rest on it, at any time.

    Args:
        host: the interface to listen on.
        port: 0 takes a free one at the first start and keeps it from then on.
        rules: the numbers; the default has no speed limits, `SPEED_LIMITS` has the real ones.
        clock: the site's wall clock in Unix seconds, so that a test can let cookies and tokens grow old.
        seed: for the site's secrets.

    Example:
        >>> import requests
        >>> with LocalSite() as site:
        ...     cat = site.add_user("ScratchCat")
        ...     reply = requests.get(f"{site.hosts['api.scratch.mit.edu']}/users/scratchcat")
        ...     print(reply.json()["username"])
        ScratchCat

    A client of this library is pointed at it in one line, and with it all that is made from it:

        >>> from cloudlink import Client, Hosts, login
        >>> with LocalSite() as site:
        ...     cat = site.add_user("ScratchCat", password="meow")
        ...     session = login("ScratchCat", "meow", client=Client(hosts=Hosts.at(site.hosts)))
        ...     print(session.get_linked_user().username)
        ScratchCat

    `cloudlink.set_default_client` does the same for functions that are called without a client.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rules: Rules | None = None,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        super().__init__(host=host, port=port, scheme="http")
        self._world = World(now=clock, rules=rules or Rules(), random=random.Random(seed))
        self._lock = threading.RLock()
        self._troubles = Troubles()
        self._requests: deque[RequestRecord] = deque(maxlen=RECORDED)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    # Running

    def start(self) -> None:
        """Listen. When this returns, clients can connect; on a running site it does nothing.

        Raises:
            CloudlinkError: the port cannot be had.
        """
        if self._server is not None:
            return
        try:
            server = _Server((self._host, self._port), self)
        except OSError as error:
            raise CloudlinkError(self._why_not(error)) from error
        self._port = server.server_address[1]
        self._server = server
        self._thread = threading.Thread(target=server.serve, name="cloudlink-local-site", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut all connections and end the threads; the state stays. On a site that is not running it does nothing."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.stop_serving()
        self._thread.join()
        server.server_close()
        server.cut_all()

    @property
    def hosts(self) -> dict[str, str]:
        """For each real host name, the address a client is to use in place of `https://NAME`."""
        return {name: f"{self.url}/{name}" for name in HOSTS}

    def local_url(self, url: str) -> str:
        """Where an address of the real site is on this one: for links in replies, which keep the real names.

        Raises:
            InvalidArgument: it is on a host that this site does not stand in for.
        """
        parts = urlsplit(url if "//" in url else f"//{url}")
        if parts.hostname not in HOSTS:
            raise InvalidArgument(f"{url} is on none of the hosts of this site: {', '.join(HOSTS)}")
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.hosts[parts.hostname]}{parts.path}{query}"

    # What came, and what goes wrong

    @property
    def requests(self) -> list[RequestRecord]:
        """The last 1000 requests that were answered, the oldest first."""
        with self._lock:
            return list(self._requests)

    def forget_requests(self) -> None:
        """Start the record anew."""
        with self._lock:
            self._requests.clear()

    def trouble(
        self,
        path: str = "*",
        *,
        method: str = "*",
        status: int | None = None,
        retry_after: float | str | None = None,
        body: bytes | None = None,
        content_type: str = "text/html; charset=utf-8",
        delay: float = 0.0,
        hang_up: Literal["before", "after"] | None = None,
        times: int | None = 1,
    ) -> None:
        """Let something go wrong with the next requests that fit; the arguments are those of `Trouble`.

        Raises:
            InvalidArgument: an argument makes no sense.
        """
        made = Trouble(path, method, status, retry_after, body, content_type, delay, hang_up, times)
        with self._lock:
            self._troubles.add(made)

    def clear_trouble(self) -> None:
        """Let all go well again."""
        with self._lock:
            self._troubles.clear()

    def reject_comments(self, code: str, *, times: int = 1, appeal_id: str | None = None) -> None:
        """Let the next comments be refused with a code, whatever their text; the code may be one nobody knows."""
        with self._lock:
            self._world.forced_rejections.extend([(code, appeal_id)] * times)

    @property
    def rules(self) -> Rules:
        """The numbers; they may be replaced at any time."""
        return self._world.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        with self._lock:
            self._world.rules = rules

    # State

    @contextlib.contextmanager
    def state(self) -> Iterator[World]:
        """All the state, to look at or to change; no request is answered meanwhile.

        Example:
            >>> site = LocalSite()
            >>> with site.state() as world:
            ...     world.captcha = True
        """
        with self._lock:
            yield self._world

    def user(self, username: str) -> User:
        """The user of that name.

        Raises:
            InvalidArgument: there is none.
        """
        with self._lock:
            found = self._world.find_user(username)
        if found is None:
            raise InvalidArgument(f"there is no user {username!r} on this site; add_user() makes one")
        return found

    def project(self, number: int | str) -> Project:
        """The project with that id.

        Raises:
            InvalidArgument: there is none.
        """
        return _existing(self._world.projects, number, "project")

    def studio(self, number: int | str) -> Studio:
        """The studio with that id.

        Raises:
            InvalidArgument: there is none.
        """
        return _existing(self._world.studios, number, "studio")

    def post(self, number: int | str) -> Post:
        """The forum post with that id.

        Raises:
            InvalidArgument: there is none.
        """
        return _existing(self._world.posts, number, "post")

    def comments(self, where: Project | Studio | User) -> list[Comment]:
        """The comments in a place that are still there, replies included, the oldest first."""
        with self._lock:
            threads = self._world.thread(where)
            found = [comment for top in threads for comment in (top, *self._world.replies(top))]
        return sorted(found, key=lambda comment: comment.created)

    def log_in(self, user: User | str) -> str:
        """A session without a request: the session id, as the cookie carries it, with its quotes."""
        with self._lock:
            return self._world.log_in(self._known(user))

    def mute(self, user: User | str, seconds: float, kind: str = "general") -> None:
        """Silence a user for some seconds."""
        with self._lock:
            self._world.mute(self._known(user), seconds, kind)

    def follow(self, who: User | str, target: User | str) -> None:
        """Let one user follow another."""
        with self._lock:
            self._world.follow(self._known(who), self._known(target))

    def unfollow(self, who: User | str, target: User | str) -> None:
        """Let one user follow another no longer."""
        with self._lock:
            self._world.unfollow(self._known(who), self._known(target))

    def love(self, user: User | str, project: Project) -> None:
        """Let a user love a project."""
        with self._lock:
            self._world.love(self._known(user), project)

    def favorite(self, user: User | str, project: Project) -> None:
        """Let a user take a project into the favourites."""
        with self._lock:
            self._world.favorite(self._known(user), project)

    def add_user(self, username: str, *, password: str = "correct horse", **facts: Any) -> User:
        """A new account; as on the real site, its first message is the welcome (`userjoin`).

        Args:
            username: its name.
            password: for logging in.
            facts: further attributes of `User`, such as `bio`, `country`, `new_scratcher` or `id`.

        Raises:
            InvalidArgument: the name or the id is taken.
        """
        with self._lock:
            return self._world.add_user(username, password=password, **facts)

    def add_project(
        self,
        author: User | str,
        title: str = "Untitled",
        *,
        shared: bool = True,
        json: Mapping[str, Any] | None = None,
        **facts: Any,
    ) -> Project:
        """A new project.

        Args:
            author: whose it is.
            title: its title.
            shared: whether everybody sees it.
            json: its project.json; `data=` takes the file as bytes instead.
            facts: further attributes of `Project`, such as `instructions`, `views`, `parent` or `id`.

        Raises:
            InvalidArgument: the id is taken.
        """
        if json is not None:
            facts["data"] = _packed(json)
        with self._lock:
            return self._world.add_project(self._known(author), title, shared=shared, **facts)

    def add_asset(self, data: bytes, extension: str) -> str:
        """A costume or a sound; gives its name, the MD5 with the extension."""
        with self._lock:
            return self._world.add_asset(data, extension)

    def add_studio(self, host: User | str, title: str = "Untitled Studio", **facts: Any) -> Studio:
        """A new studio; `facts` are further attributes of `Studio`, such as `open_to_all`, `managers` or `id`.

        Raises:
            InvalidArgument: the id is taken.
        """
        with self._lock:
            return self._world.add_studio(self._known(host), title, **facts)

    def add_to_studio(self, studio: Studio, project: Project, *, by: User | str | None = None) -> None:
        """Put a project into a studio; by its host if nobody is named."""
        with self._lock:
            actor = self._world.users[studio.host_id] if by is None else self._known(by)
            self._world.put_in_studio(studio, project, actor)

    def add_comment(
        self,
        author: User | str,
        where: Project | Studio | User,
        content: str,
        *,
        parent: Comment | None = None,
        created: datetime | float | None = None,
    ) -> Comment:
        """A comment on a project, in a studio or on a profile; told to those it concerns."""
        with self._lock:
            return self._world.add_comment(self._known(author), where, content, parent=parent, created=created)

    def add_message(self, user: User | str, kind: str, actor: User | str, **facts: Any) -> None:
        """A message of any type, even one that nobody knows, with its fields."""
        with self._lock:
            self._world.notify(self._known(user), kind, self._known(actor), facts)

    def add_alert(self, user: User | str, message: str) -> Alert:
        """A message of the moderators, as HTML."""
        with self._lock:
            return self._world.add_alert(self._known(user), message)

    def add_topic(self, author: User | str, category: int | str, title: str, body: str = "", **facts: Any) -> Topic:
        """A topic with its first post.

        Args:
            author: who starts it.
            category: id or name; there are Announcements, Help With Scripts, Suggestions and Advanced Topics.
            title: its title.
            body: the first post, as BBCode.
            facts: further attributes of `Topic`, such as `closed`, `sticky` or `id`.

        Raises:
            InvalidArgument: there is no such category.
        """
        with self._lock:
            return self._world.add_topic(self._known(author), category, title, body, **facts)

    def add_post(self, author: User | str, topic: Topic, body: str, **facts: Any) -> Post:
        """A post in a topic, as BBCode; `facts` are `number` (its id) and `created`."""
        with self._lock:
            return self._world.add_post(self._known(author), topic, body, **facts)

    def add_backpack_item(
        self,
        user: User | str,
        *,
        kind: str,
        mime: str,
        name: str,
        body: bytes,
        thumbnail: bytes = b"",
    ) -> BackpackItem:
        """A thing in a user's backpack."""
        with self._lock:
            owner = self._known(user)
            return self._world.add_backpack_item(owner, kind=kind, mime=mime, name=name, body=body, thumbnail=thumbnail)

    def add_classroom(self, educator: User | str, title: str, **facts: Any) -> Classroom:
        """A class; `facts` are further attributes of `Classroom`."""
        with self._lock:
            return self._world.add_classroom(self._known(educator), title, **facts)

    def add_teacher_alert(self, student: User | str, kind: int, **extra: Any) -> TeacherAlert:
        """Something that happened to a student, told to the teacher.

        Args:
            student: whom it happened to.
            kind: the site's number for it, such as 22 for a mute by the filter.
            extra: what else is told, such as `comment`.
        """
        with self._lock:
            return self._world.add_teacher_alert(self._known(student), kind, **extra)

    def add_cloud_change(
        self, project: Project | int, user: str, name: str, value: str | float | None = None, *, verb: str = "set_var"
    ) -> CloudChange:
        """An entry of the cloud log; the cloud sign is put before the name."""
        number = project.id if isinstance(project, Project) else project
        with self._lock:
            return self._world.add_cloud_change(number, user, name, value, verb=verb)

    def add_news(self, headline: str, copy: str = "", *, url: str = "", image: str = "") -> News:
        """An item of the news."""
        with self._lock:
            return self._world.add_news(headline, copy, url=url, image=image)

    def _known(self, user: User | str) -> User:
        return user if isinstance(user, User) else self.user(user)

    # For the server's threads

    def _take_trouble(self, request: Request) -> Trouble | None:
        with self._lock:
            return self._troubles.take(request.method, request.host, request.path)

    def _handle(self, request: Request) -> Reply:
        with self._lock:
            return handle(self._world, request, origins=(self.hosts[WEB],))

    def _remember(self, request: Request, status: int | None) -> None:
        record = RequestRecord(
            request.method,
            request.host,
            request.path,
            dict(request.query),
            dict(request.headers),
            request.body[:BODY_KEPT],
            len(request.body),
            status,
        )
        with self._lock:
            self._requests.append(record)


def _existing(found: Mapping[int, _T], number: int | str, what: str) -> _T:
    try:
        return found[int(number)]
    except (KeyError, ValueError):
        raise InvalidArgument(f"there is no {what} {number} on this site") from None


def _packed(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    timeout = 0.5  # seconds until `serve` looks again whether it is to stop, should nobody wake it

    def __init__(self, address: tuple[str, int], site: LocalSite) -> None:
        self.site = site
        self.stopping = threading.Event()
        self.connections: set[socket.socket] = set()
        self.changed = threading.Condition()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # http.server would look up the name of the interface, which can take seconds; nothing here needs it.
        if os.name == "posix":  # elsewhere it would let two servers have the same port
            # A port whose last connections the system still remembers can be had again: a restart is at once.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        socket.socket.bind(self.socket, self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def serve(self) -> None:
        """Take connections until told to stop; unlike `serve_forever`, without waking up all the time."""
        while not self.stopping.is_set():
            self.handle_request()

    def stop_serving(self) -> None:
        """Let `serve` end: a connection to itself wakes it."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.server_address[:2], timeout=self.timeout).close()  # type: ignore[arg-type]

    def handle_error(self, request: Any, client_address: Any) -> None:
        _LOGGER.debug("connection of %s ended", client_address, exc_info=True)

    def cut_all(self) -> None:
        """End all connections and wait for their threads."""
        with self.changed:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.changed.wait_for(lambda: not self.connections, timeout=_STOP_TIMEOUT)


class _Connection(BaseHTTPRequestHandler):
    """One client's connection; several requests may come on it."""

    protocol_version = "HTTP/1.1"
    server_version = "LocalSite"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server
    round_trips = 3  # of the first request: TCP, TLS and its own

    def setup(self) -> None:
        super().setup()
        with self.server.changed:
            self.server.connections.add(self.request)
            if self.server.stopping.is_set():  # too late for cut_all to see it
                with contextlib.suppress(OSError):
                    self.request.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            pass  # the client is gone, or the site has cut the line
        finally:
            with self.server.changed:
                self.server.connections.discard(self.request)
                self.server.changed.notify_all()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _LOGGER.debug(format, *args)

    def _serve(self) -> None:
        if self.server.stopping.is_set():
            self.close_connection = True
            return
        request = self._read()
        self.server.stopping.wait(self.server.site.rules.round_trip * self.round_trips)
        self.round_trips = 1
        if isinstance(request, Reply):
            self.close_connection = True
            self._write(request, WEB)
            return
        site = self.server.site
        trouble = site._take_trouble(request)
        if trouble is not None and (self.server.stopping.wait(trouble.delay) or trouble.hang_up == "before"):
            self._hang_up(request)
            return
        reply = self._reply(request, trouble)
        if trouble is not None and trouble.hang_up == "after":
            self._hang_up(request)
            return
        # Remembered before it is written, so that a client which has its answer finds it in the record.
        site._remember(request, reply.status)
        self._write(reply, request.host)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815

    def _read(self) -> Request | Reply:
        """The request, or the answer to something that is none."""
        if "transfer-encoding" in self.headers:
            return error_reply(WEB, Refusal(411))
        length = whole_number(self.headers.get("content-length", "0"))
        if length is None or length > MAX_BODY:
            return error_reply("", Refusal(400 if length is None else 413))
        body = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        _, host, rest = [*path.split("/", 2), ""][:3]
        if host not in HOSTS:
            return Reply(404, f"there is no host {unquote(host)!r} here\n".encode(), "text/plain; charset=utf-8")
        return Request(
            method="GET" if self.command == "HEAD" else self.command,
            host=host,
            path=f"/{rest}",
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            address=str(self.client_address[0]),
        )

    def _reply(self, request: Request, trouble: Trouble | None) -> Reply:
        if trouble is None or trouble.status is None:
            try:
                return self.server.site._handle(request)
            except Exception:
                _LOGGER.exception("the local site failed at %s %s%s", request.method, request.host, request.path)
                return error_reply(request.host, Refusal(500, "the local site failed; see its log"))
        reply = error_reply(request.host, Refusal(trouble.status))
        if trouble.body is not None:
            reply = replace(reply, body=trouble.body, content_type=trouble.content_type)
        if trouble.retry_after is not None:
            reply.headers.append(("Retry-After", str(trouble.retry_after)))
        return reply

    def _hang_up(self, request: Request) -> None:
        self.server.site._remember(request, None)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, reply: Reply, host: str) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, self._located(value, host) if name == "Location" else value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _located(self, location: str, host: str) -> str:
        """Where a redirect leads on this machine."""
        return f"/{host}{location}" if location.startswith("/") else self.server.site.local_url(location)
