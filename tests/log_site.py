"""The page of Scratch's cloud log over real HTTP, with what a test or a cloud server puts into it."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cloudlink.localcloud import SetRecord
from cloudlink.rest.client import Client
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry


class LogSite:
    """A log, newest entry first, as `GET /logs?projectid=&limit=&offset=` tells it.

    Attributes:
        broken: answer 503.
        hidden: entries made from now on do not show until this is False again.
    """

    def __init__(self) -> None:
        self.broken = False
        self.hidden = False
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._shown: list[tuple[str, dict[str, Any]]] = []
        self._entries: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> LogSite:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                body = json.dumps(site.page(self.path)).encode()
                self.send_response(503 if site.broken else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.client = Client(
            hosts=Hosts(logs=f"http://127.0.0.1:{self._server.server_port}"),
            retry=Retry(attempts=1),
            intervals=Intervals(read=0.0, write=0.0),
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self.client._transport.close()  # type: ignore[attr-defined]  # ends the handlers' threads
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(
        self, user: str | None, name: str, value: str | int | None, *, verb: str = "set_var", project: str = "77"
    ) -> None:
        entry = {"user": user, "verb": verb, "name": f"☁ {name}", "value": value, "timestamp": time.time_ns() // 10**6}
        with self._lock:
            self._entries.insert(0, (project, entry))

    def record(self, record: SetRecord) -> None:
        """For `LocalCloud(on_set=...)`."""
        self.add(record.user, record.name.removeprefix("☁ "), record.value, project=record.project_id)

    def page(self, path: str) -> list[dict[str, Any]]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        with self._lock:
            if not self.hidden:
                self._shown = list(self._entries)
            found = [entry for project, entry in self._shown if project == query["projectid"]]
        return found[int(query["offset"]) :][: int(query["limit"])]
