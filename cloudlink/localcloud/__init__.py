"""A cloud server that behaves as Scratch's or TurboWarp's, or serves your own game: for tests and for real use.

Example:
    >>> from cloudlink.localcloud import LocalCloud
    >>> with LocalCloud("turbowarp") as cloud:
    ...     print(cloud.url.rpartition(":")[0])
    ws://127.0.0.1
"""

from __future__ import annotations

from cloudlink.localcloud.faults import Faults
from cloudlink.localcloud.profiles import OPEN, SCRATCH, TURBOWARP, Profile, RateLimit
from cloudlink.localcloud.server import LocalCloud
from cloudlink.localcloud.statistics import SetRecord, Statistics

__all__ = [
    "OPEN",
    "SCRATCH",
    "TURBOWARP",
    "Faults",
    "LocalCloud",
    "Profile",
    "RateLimit",
    "SetRecord",
    "Statistics",
]
