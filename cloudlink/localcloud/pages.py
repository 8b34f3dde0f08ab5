"""What the server says to those who do not open a websocket: health, metrics, the cloud log, and its controls.

    GET /health                                  200 {"status": "ok", ...}, in an outage 503
    GET /metrics                                 numbers in Prometheus' text format
    GET /logs?projectid=1&limit=25&offset=0      what was set lately, the newest first, as Scratch's own server has it
    GET /faults     PUT /faults?loss=0.1         how bad the network is; a PUT replaces all of it
    PUT /disconnect?code=1001                    end all connections; without a code, without a goodbye

The last three are there only for a server that was given a control token, and for those who show it. Pure.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final
from urllib.parse import parse_qsl

from cloudlink.errors import InvalidArgument
from cloudlink.localcloud.faults import Faults
from cloudlink.localcloud.history import Entry

MOST_LOG_ENTRIES: Final = 100
"""Most entries in one page of the log; callers of Scratch's ask for 10 to 100."""

LEAST_TOKEN: Final = 16
"""Fewest characters of a control token."""

_MOST_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asks for.

    Attributes:
        method: in capitals.
        path: without query.
        query: what came after the question mark.
        headers: by names in small letters, all of a name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, list[str]]

    @property
    def wants_websocket(self) -> bool:
        """Whether it asks for a websocket."""
        return "upgrade" in self.headers

    def parameters(self) -> dict[str, str]:
        """The query's parameters.

        Raises:
            ValueError: there are too many.
        """
        return dict(parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))

    def shows(self, token: str) -> bool:
        """Whether it brings this token, as `Authorization: Bearer TOKEN`."""
        shown = self.headers.get("authorization", [""])[0]
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


@dataclass(frozen=True, slots=True)
class Page:
    """An answer.

    Attributes:
        status: of HTTP.
        body: what it says.
        content_type: what that is.
        headers: further ones.
    """

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that a server tells of itself.

    Attributes:
        name: without the prefix `cloudlink_cloud_`; a counter's ends in `_total`, as Prometheus wants it.
        text: what it counts.
        value: the number.
    """

    name: str
    text: str
    value: int


def metrics_page(metrics: Iterable[Metric]) -> Page:
    """The numbers in Prometheus' text format, version 0.0.4.

    Three lines a number: less than it would take to feed prometheus-client, which the tests read this page with.
    """
    lines: list[str] = []
    for metric in metrics:
        name = f"cloudlink_cloud_{metric.name}"
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {metric.text}", f"# TYPE {name} {kind}", f"{name} {metric.value}"]
    return Page(200, ("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4; charset=utf-8")


def health_page(*, outage: bool, rooms: int, clients: int) -> Page:
    """Whether the server works, for a probe: status 200 or 503."""
    state = {"status": "outage" if outage else "ok", "rooms": rooms, "clients": clients}
    return _json_page(state, status=503 if outage else 200)


def outage_page() -> Page:
    """What everybody gets who wants something in an outage."""
    return Page(503, b"This server has an outage.\n")


def refusal(status: int, text: str) -> Page:
    """An error, with its reason."""
    return Page(status, f"{text}\n".encode())


def log_page(request: PageRequest, newest: Callable[[str, int, int], list[Entry]]) -> Page:
    """The cloud log of a project, in the shape of Scratch's `clouddata.scratch.mit.edu/logs`.

    Args:
        request: with `projectid`, and perhaps `limit` (25 if not given, 100 at most) and `offset`.
        newest: gives a project's entries by id, limit and offset.
    """
    try:
        parameters = request.parameters()
        project_id = parameters["projectid"]
        limit = _whole_number(parameters, "limit", 25)
        offset = _whole_number(parameters, "offset", 0)
    except (KeyError, ValueError):
        return refusal(400, "write /logs?projectid=ID&limit=N&offset=M, with numbers from 0")
    entries = newest(project_id, min(limit, MOST_LOG_ENTRIES), offset)
    return _json_page([entry.as_json() for entry in entries])


def faults_page(faults: Faults) -> Page:
    """The faults as JSON."""
    return _json_page(asdict(faults))


def read_faults(request: PageRequest) -> Faults:
    """The faults that a query names; what it does not name is well.

    Raises:
        InvalidArgument: a name or a value makes no sense.
    """
    try:
        parameters = request.parameters()
        unknown = parameters.keys() - {field.name for field in fields(Faults)}
        if unknown:
            raise InvalidArgument(f"there is no fault {min(unknown)!r}; there are {', '.join(_READERS)}")
        found: dict[str, Any] = {name: _READERS[name](value) for name, value in parameters.items()}
        return Faults(**found)
    except InvalidArgument:
        raise
    except (ValueError, KeyError) as error:
        raise InvalidArgument(f"a value that is none: {error}") from error


def read_close_code(request: PageRequest) -> int | None:
    """The close code of a `/disconnect`; None: no goodbye.

    Raises:
        InvalidArgument: it is no number.
    """
    try:
        code = request.parameters().get("code")
        return None if code is None else int(code[:10])
    except ValueError as error:
        raise InvalidArgument(f"a close code is a number: {error}") from error


def _json_page(value: Any, *, status: int = 200) -> Page:
    return Page(status, json.dumps(value).encode(), "application/json; charset=utf-8")


def _whole_number(parameters: Mapping[str, str], name: str, otherwise: int) -> int:
    text = parameters.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(name)
    return int(text)


def _span(text: str) -> tuple[float, float]:
    least, _, most = text.partition(",")
    return float(least), float(most or least)


def _switch(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "delay": _span,
    "loss": float,
    "doubling": float,
    "disorder": _switch,
    "relay_interval": float,
    "disconnect": float,
    "outage": _switch,
    "seed": int,
}
