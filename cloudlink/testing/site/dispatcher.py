"""From a request to its reply: the route, the gate, the handler, and the form that an error takes on each host."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlencode

from cloudlink.testing.site import pages
from cloudlink.testing.site.endpoints import ALL
from cloudlink.testing.site.exchange import JSON, Refusal, Reply, Request, html_reply, json_reply, redirect
from cloudlink.testing.site.gate import SentElsewhere, admit
from cloudlink.testing.site.routing import WEB
from cloudlink.testing.site.world import World

TOO_MANY_REQUESTS: Final = b'{\n  "response": "Too many requests"\n}'
"""The exact body of a 429."""

_CODES: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "PayloadTooLarge",
}


def handle(world: World, request: Request, *, origins: Collection[str] = ()) -> Reply:
    """Answer a request.

    Args:
        world: the state, which the request may change.
        request: what came.
        origins: the addresses under which the site is reached, for the check of the Referer.
    """
    try:
        return _answer(world, request, origins)
    except Refusal as refusal:
        return error_reply(request.host, refusal)
    except SentElsewhere as sent:
        return redirect(sent.location)


def _answer(world: World, request: Request, origins: Collection[str]) -> Reply:
    if request.headers.get("user-agent", "").startswith(world.rules.refused_agents):
        raise Refusal(403)
    # Only the old site cares about the slash at the end.
    path = request.path if request.host == WEB else request.path.rstrip("/") or "/"
    found = ALL.find(request.method, request.host, path)
    if found is None:
        if request.host == WEB and not path.endswith("/") and ALL.methods(WEB, f"{path}/"):
            query = f"?{urlencode(request.query)}" if request.query else ""
            return redirect(f"{path}/{query}", 301)
        raise Refusal(405 if ALL.methods(request.host, path) else 404)
    route, params = found
    request = replace(request, params={name: unquote(value) for name, value in params.items()})
    request.user = admit(world, request, route.auth, origins=origins)
    return route.handler(world, request)


def error_reply(host: str, refusal: Refusal) -> Reply:
    """An error as that host words it."""
    status = refusal.status
    if status == 429 and not refusal.message:
        return Reply(429, TOO_MANY_REQUESTS, JSON)
    if status == 503:
        return json_reply({"status": "unavailable; maintenance"}, 503)
    if host == WEB and not refusal.facts:
        return html_reply(pages.ERRORS.get(status, pages.ERRORS[500 if status >= 500 else 403]), status)
    code = _CODES.get(status, "InternalError")
    return json_reply({"code": code, "message": refusal.message, **refusal.facts}, status)
