"""A Scratch site on this machine: an HTTP server with state that behaves as the real one does.

server ----> dispatcher ----> gate (who may) ----> endpoints (what happens) ----> world (the state)
 sockets      route, errors                          shapes, pages: JSON and HTML

Everything right of `server` is pure: it takes values and a clock, and returns values.
"""

from __future__ import annotations

from cloudlink.testing.site.rules import SPEED_LIMITS, Rules
from cloudlink.testing.site.server import LocalSite, RequestRecord
from cloudlink.testing.site.trouble import Trouble

__all__ = ["SPEED_LIMITS", "LocalSite", "RequestRecord", "Rules", "Trouble"]
