"""The page of what works without a login, the docstrings and the table of endpoints say the same."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from offline_site import ENTRIES, client_of, serving
from rest_calls import SUCCESSES, WITH_SESSION
from test_rest_contract import FOLLOW_UPS

import cloudlink
from cloudlink import rest
from cloudlink.rest import endpoints
from cloudlink.rest.endpoints import Endpoint, Hosts
from cloudlink.testing.site import server
from cloudlink.testing.site.endpoints import ALL

PAGE = Path(__file__).parents[2] / "docs" / "rest_without_login.md"
ROWS = re.findall(r"^\| (`.*) \| (`.*`) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
CALLS = {name for calls, _ in ROWS for name in re.findall(r"`([\w.]+)`", calls)}
TABLE = {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}

NOBODY_CALLS = {"LOGIN", "CSRF_TOKEN"}
"""Requests without a login that lead to one, or only come along with others."""


def shape(request: str) -> str:
    """A request with all its places alike: "GET https://api.scratch.mit.edu/users/{}"."""
    method, _, address = request.partition(" ")
    host, slash, path = address.partition("/")
    return re.sub(r"\{\w+\}", "{}", f"{method} https://{host or 'api.scratch.mit.edu'}{slash}{path}")


def shape_of(endpoint: Endpoint) -> str:
    return re.sub(r"\{\w+\}", "{}", f"{endpoint.method} {Hosts().url(endpoint.host, endpoint.path)}")


OPEN = {shape_of(endpoint) for name, endpoint in TABLE.items() if not endpoint.auth.wants_login} - {
    shape_of(TABLE[name]) for name in NOBODY_CALLS
}


def public_functions() -> Iterator[tuple[str, Any]]:
    """All functions, methods and properties of the REST client that a caller may meet, by name."""
    for module in pkgutil.iter_modules(rest.__path__):
        for name, thing in vars(importlib.import_module(f"cloudlink.rest.{module.name}")).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != f"cloudlink.rest.{module.name}":
                continue
            if isinstance(thing, FunctionType):
                yield name, thing
            elif inspect.isclass(thing):
                for part, method in vars(thing).items():
                    if not part.startswith("_") and isinstance(method, FunctionType | property | cached_property):
                        yield f"{name}.{part}", method


def test_every_call_on_the_page_exists() -> None:
    assert len(CALLS) > 80
    for call in CALLS:
        found: Any = cloudlink
        for step in call.split("."):
            found = getattr(found, step)
        assert callable(found) or isinstance(found, property), call


def test_every_request_on_the_page_shows_no_login_and_none_is_missing() -> None:
    told = {shape(request) for _, requests in ROWS for request in re.findall(r"`([A-Z]+ [^`]+)`", requests)}
    assert told - OPEN == set(), "these are no requests without a login"
    assert OPEN - told == set(), "these are missing"


def test_every_docstring_that_says_no_login_is_on_the_page() -> None:
    listed = {call.rpartition("rest.")[2].partition(".")[2] if call.startswith("rest.") else call for call in CALLS}
    helpers = {"Client.csrf_token", "fill_times", "picture_url"}
    for name, function in public_functions():
        if "no login" not in (function.__doc__ or "") or name in helpers:
            continue
        plain = name.replace("PartialProject.", "Project.").replace(".iter_", ".").removeprefix("iter_")
        twin = {name, plain, f"get_{plain}"}
        assert twin & listed, name


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in SUCCESSES
        if not {"x-token", "cookie", "csrf"} & {*ENTRIES[name]["auth"]} and name not in {*WITH_SESSION, "login_ok"}
    ],
)
def test_what_shows_no_login_works_without_one(name: str) -> None:
    SUCCESSES[name](client_of(serving(name, *FOLLOW_UPS.get(name, ()))))


def test_every_endpoint_of_the_client_is_on_the_local_site() -> None:
    words = {"action": "add", "place": "project", "mark": "loves", "filter": "all", "name": "daily", "kind": "user"}
    for name, endpoint in TABLE.items():
        words["page"] = "students" if "classes" in endpoint.path else "followers"
        path = re.sub(r"\{(\w+)\}", lambda place: words.get(place[1], "12"), endpoint.path)
        host = Hosts().url(endpoint.host, "").partition("//")[2]
        path = path if host == "scratch.mit.edu" else path.rstrip("/") or "/"
        method = "GET" if endpoint.method == "HEAD" else endpoint.method  # the site's server sees to the difference
        assert ALL.find(method, host, path) is not None, name


def test_every_docstring_with_a_request_says_how_sure_we_are() -> None:
    for name, function in public_functions():
        told = function.__doc__ or ""
        if re.search(r"^ +(GET|POST|PUT|DELETE) ", told, re.MULTILINE):
            assert re.search(r"VERIFIED|REPORTED", told), name
            assert "login" in told, name


@pytest.mark.parametrize("module", [server, endpoints, importlib.import_module("cloudlink.rest.client")])
def test_the_examples_of_the_docstrings_run(module: Any) -> None:
    names = {"LocalSite": server.LocalSite}
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted > 0
    assert result.failed == 0
