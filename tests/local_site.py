"""A client of a site on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cloudlink.rest.client import Client
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.http import RequestsTransport
from cloudlink.rest.pacing import Intervals
from cloudlink.rest.retry import Retry
from cloudlink.testing import LocalSite


@contextmanager
def client_at(site: LocalSite, **options: Any) -> Iterator[Client]:
    """A client that asks the site as often as it likes."""
    hosts = options.pop("hosts", None) or Hosts.at(site.hosts)
    transport = RequestsTransport()
    retry, intervals = Retry(attempts=2, first=0), Intervals(0, 0)
    yield Client(hosts=hosts, transport=transport, retry=retry, intervals=intervals, timeout=5, **options)
    transport.close()
