"""The history of a project's cloud variables (reference, section 17.1).

It knows the changes of clients that were connected, and recent ones only: a variable that nobody set of late is not
there. It lags some seconds behind. For values as they change, connect: `Session.connect_cloud`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.endpoints import checked_number
from cloudlink.rest.fields import Record, as_object, as_objects, look, needed, text, unix_moment
from cloudlink.rest.paging import check_range

PAGE: Final = 100
"""Most entries that one request may ask for."""

SIGN: Final = "\N{CLOUD} "
"""What every cloud variable's name begins with."""


@dataclass(frozen=True, eq=False)
class CloudLogEntry(Record):
    """A change of a cloud variable. It can be read as a dict too.

    Attributes:
        user: who did it.
        verb: "set_var", "create_var", "del_var" or "rename_var".
        name: the variable, without the cloud sign.
        value: what it was set to, as text; None for the other verbs.
        time: when.
        raw: the whole answer.
    """

    user: str | None
    verb: str | None
    name: str
    value: str | None
    time: datetime | None
    raw: Mapping[str, Any]


def read_cloud_log_entry(value: Any) -> CloudLogEntry:
    """A change of a cloud variable, from an answer."""
    raw = as_object(value, of="cloud log")
    name = str(needed(text(raw, "name"), "name", of="cloud log"))
    stamp = look(raw, "timestamp")
    return CloudLogEntry(
        user=text(raw, "user"),
        verb=text(raw, "verb"),
        name=name.removeprefix(SIGN),
        value=_value(look(raw, "value")),
        time=unix_moment(stamp / 1000) if isinstance(stamp, int) and abs(stamp) < 10**18 else None,
        raw=raw,
    )


def _value(value: Any) -> str | None:
    """A value as text; the site writes some as numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return str(value)
    except ValueError:  # Python does not print whole numbers of more than 4,300 digits, which no variable holds
        return None


def get_cloud_logs(
    project_id: int | str, *, limit: int = 100, offset: int = 0, client: Client | None = None
) -> list[CloudLogEntry]:
    """The last changes of a project's cloud variables, the newest first.

    GET clouddata.scratch.mit.edu/logs, at most 100 a request; no login. VERIFIED. Do not ask more than once a
    second.

    Args:
        project_id: the number in the project's address.
        limit: most entries, 1 to 100.
        offset: how many to leave out at the start.
        client: how to reach the site; the default one if left out.

    Returns:
        The changes; none for a project that has no cloud variables, or that does not exist.

    Raises:
        InvalidArgument: project_id is no number, or limit is not 1 to 100; nothing was sent.
    """
    client = default_client() if client is None else client
    check_range(limit, offset)
    if limit is None or not 1 <= limit <= PAGE:
        raise InvalidArgument(f"limit is 1 to {PAGE}, for the site keeps no longer logs at hand, not {limit}")
    query = {"projectid": checked_number(project_id, "project_id"), "limit": limit, "offset": offset}
    answer = client.request(endpoints.CLOUD_LOGS.at(), reply="json", what="cloud log", query=query)
    return [read_cloud_log_entry(item) for item in as_objects(answer, of="cloud log")]


def get_cloud(project_id: int | str, *, client: Client | None = None) -> dict[str, str]:
    """The values of a project's cloud variables, by their names without the cloud sign.

    As `get_cloud_logs`, from its last 100 changes. VERIFIED. Variables that were not set among these are not there.
    """
    values: dict[str, str] = {}
    for name, value in _newest(get_cloud_logs(project_id, client=client)):
        if value is not None:
            values[name] = value
    return values


def get_var(project_id: int | str, variable: str, *, client: Client | None = None) -> str | None:
    """The value of a cloud variable; None if it was not set among the last 100 changes, or was deleted since.

    As `get_cloud_logs`. VERIFIED.

    Args:
        project_id: the number in the project's address.
        variable: its name, with or without the cloud sign.
        client: how to reach the site; the default one if left out.
    """
    return get_cloud(project_id, client=client).get(variable.removeprefix(SIGN))


def _newest(entries: list[CloudLogEntry]) -> Iterator[tuple[str, str | None]]:
    """Each variable once, with what its newest change left; None where it was deleted, renamed or only created."""
    seen: set[str] = set()
    for entry in entries:
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry.name, entry.value if entry.verb == "set_var" else None
