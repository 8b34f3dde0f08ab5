"""What helps to test servers without a network, and bots without touching the real Scratch site.

`TestBench` puts a real server and real players on a cloud within the process; `Weather` loses, delays and doubles
values there. `FakeClock` is for handlers of yours that look at a clock: hand it in and advance it.

Example:
    >>> from cloudlink import CloudRequests
    >>> from cloudlink.testing import TestBench
    >>> def make_server(cloud):
    ...     client = CloudRequests(cloud)
    ...     client.add_request(lambda name: f"Hello {name}!", name="greet")
    ...     return client
    >>> with TestBench(make_server) as bench:
    ...     bench.player("ann").request("greet", "Ada")
    'Hello Ada!'

`LocalSite` is an HTTP server that keeps state and enforces the real site's rules. A client is pointed at it by its base
addresses: wherever it would use `https://NAME`, it uses `site.hosts[NAME]`. The Referer may name either.

- Put things on the site: `add_user`, `add_project`, `add_studio`, `add_comment`, `follow`, `love` and so on; `log_in`
  gives a session id without a request. The records they return may be changed at any time.
- See what came: `requests`, and the records again.
- Let things go wrong: `trouble` (429, 5xx, delays, dropped lines), `reject_comments`, `mute`, and other `Rules`.
- Let time pass: hand in a `FakeClock` and advance it; cookies and project tokens grow old with it.

Example:
    >>> from cloudlink.testing import LocalSite
    >>> with LocalSite() as site:
    ...     print(site.hosts["api.scratch.mit.edu"].rpartition("/")[2])
    api.scratch.mit.edu
"""

from __future__ import annotations

from cloudlink.clock import FakeClock
from cloudlink.testing.bench import TestBench
from cloudlink.testing.memory_room import MemoryConnection
from cloudlink.testing.site import SPEED_LIMITS, LocalSite, RequestRecord, Rules, Trouble
from cloudlink.transport.weather import Weather

__all__ = [
    "SPEED_LIMITS",
    "FakeClock",
    "LocalSite",
    "MemoryConnection",
    "RequestRecord",
    "Rules",
    "TestBench",
    "Trouble",
    "Weather",
]
