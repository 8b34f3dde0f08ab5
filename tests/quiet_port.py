"""A port for a server that a test stops and starts again."""

from __future__ import annotations

import random
import socket


def quiet_port() -> int:
    """A free port that no program is given by chance, as it lies below those of outgoing connections and of port 0.

    A server that gives up a usual port may find it taken when it comes back: other tests run beside.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
