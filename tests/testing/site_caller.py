"""A client of the local site that sends what a careful one does, and can leave things out."""

from __future__ import annotations

from typing import Any

import requests

from cloudlink.testing import LocalSite

WEB = "scratch.mit.edu"
API = "api.scratch.mit.edu"
PROJECTS = "projects.scratch.mit.edu"
ASSETS = "assets.scratch.mit.edu"
BACKPACK = "backpack.scratch.mit.edu"


class Caller:
    """A caller, logged in or not.

    Args:
        site: where to.
        username: who, logged in without a request; None: nobody.
    """

    def __init__(self, site: LocalSite, username: str | None = None) -> None:
        self.site = site
        self.username = username
        self.http = requests.Session()
        self.cookies = {"scratchcsrftoken": "a"}
        self.headers = {
            "X-CSRFToken": "a",
            "X-Requested-With": "XMLHttpRequest",
            "Referer": "https://scratch.mit.edu/",
        }
        if username is not None:
            self.cookies["scratchsessionsid"] = site.log_in(username)
            self.headers["X-Token"] = site.user(username).token

    def ask(self, method: str, url: str, *, without: str = "", **options: Any) -> requests.Response:
        """Send a request to `host/path`; `without` names a header or a cookie to leave out."""
        host, _, path = url.partition("/")
        headers = {**self.headers, **options.pop("headers", {})}
        cookies = {**self.cookies, **options.pop("cookies", {})}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items() if name != without)
        headers = {name: value for name, value in headers.items() if name != without}
        options.setdefault("allow_redirects", False)
        return self.http.request(method, f"{self.site.hosts[host]}/{path}", headers=headers, timeout=10, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.ask("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.ask("POST", url, **options)

    def put(self, url: str, **options: Any) -> requests.Response:
        return self.ask("PUT", url, **options)

    def delete(self, url: str, **options: Any) -> requests.Response:
        return self.ask("DELETE", url, **options)
