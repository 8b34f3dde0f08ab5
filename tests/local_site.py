"""A client of a site on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cloudlink.rest.client import Client
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry
from cloudlink.testing import LocalSite


@contextmanager
def client_at(site: LocalSite, **options: Any) -> Iterator[Client]:
    """A client that asks the site as often as it likes, and never waits before it asks again."""
    settings: dict[str, Any] = {
        "hosts": Hosts.at(site.hosts),
        "retry": Retry(attempts=3, first=0),
        "intervals": Intervals(0, 0, upload=0),
        "timeout": 10,
        "sleep": lambda seconds: None,
    }
    with Client(**settings | options) as client:
        yield client
