"""A cloud server on this machine that behaves as Scratch's or TurboWarp's, for development and for tests.

Example:
    >>> from cloudlink.localcloud import LocalCloud
    >>> with LocalCloud("turbowarp") as cloud:
    ...     print(cloud.url.rpartition(":")[0])
    ws://127.0.0.1
"""

from __future__ import annotations

from cloudlink.localcloud.faults import Faults
from cloudlink.localcloud.profiles import SCRATCH, TURBOWARP, Profile
from cloudlink.localcloud.server import LocalCloud, SetRecord, Statistics

__all__ = ["SCRATCH", "TURBOWARP", "Faults", "LocalCloud", "Profile", "SetRecord", "Statistics"]
