"""Connections that come to a cloud of TurboWarp's kind, and are closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol

from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.limits import SCRATCH
from cloudlink.localcloud import LocalCloud
from cloudlink.transport.backoff import Backoff

QUICK = replace(SCRATCH, set_interval=0.005)
"""Scratch's short frames, but a pace that makes tests short; TurboWarp's server lets it pass."""

BACKOFF = Backoff(first=0.02, longest=0.2, stable=0.5)


class Join(Protocol):
    def __call__(self, user: str, *, project: str = "77") -> CloudConnection: ...


@contextmanager
def joining(cloud: LocalCloud) -> Iterator[Join]:
    with ExitStack() as stack:

        def join(user: str, *, project: str = "77") -> CloudConnection:
            connection = TwCloudConnection(project, username=user, cloud_host=cloud.url, limits=QUICK, backoff=BACKOFF)
            return stack.enter_context(connection)

        yield join
