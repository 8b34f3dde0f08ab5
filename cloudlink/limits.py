"""What each cloud platform allows: the one home of these numbers.

Sources: the published code of the Scratch editor and of TurboWarp's cloud server and documentation, and
measurements of both virtual machines. Scratch's own server is closed source: its numbers are those the site
states (256 characters, 10 variables) and those that long-running libraries keep to (10 sets a second).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of one platform.

    Attributes:
        value_length: most characters in a variable's value.
        variables: most cloud variables in one project.
        set_interval: seconds between two sets of one connection, over all its variables.
        variable_interval: seconds between two sets of one variable, 0 where each set is passed on.
        player_interval: seconds of the player's own throttle; of the sets in one such window only the newest
            leaves the browser, whatever its variable.
        clients: most connections to one project at once; None where no number is known.
        message_bytes: longest websocket message that the server takes, in bytes.
    """

    value_length: int
    variables: int
    set_interval: float
    variable_interval: float
    player_interval: float
    clients: int | None
    message_bytes: int


# 256 characters, 10 variables: stated by Scratch; the virtual machine itself enforces the 10 only.
# 10 sets a second: the editor throttles all messages to one in 100 ms, and servers drop faster senders.
# Message size is unknown for Scratch; the largest sensible message (10 values at connect) is far below.
SCRATCH = Limits(
    value_length=256,
    variables=10,
    set_interval=0.1,
    variable_interval=0.0,
    player_interval=0.1,
    clients=None,
    message_bytes=1 << 20,
)

# 100,000 characters, 128 variables, 128 clients, 1 MiB a message: TurboWarp's cloud-server, validators.js,
# Room.js and server.js. Its documentation calls more than 10 updates of a variable a second redundant, as the public
# server passes on the last one in 100 ms; a player reads 30 times a second, so more sets than that are lost on it. The
# website's editor throttles to 50 ms, packaged projects not at all.
TURBOWARP = Limits(
    value_length=100_000,
    variables=128,
    set_interval=1 / 30,
    variable_interval=0.1,
    player_interval=0.05,
    clients=128,
    message_bytes=1 << 20,
)

# For games of one's own, on one's own server: as many characters as TurboWarp's, more clients than one room of it, and
# no number of sets a second but what the server is told. A player still reads 30 times a second.
OPEN = Limits(
    value_length=100_000,
    variables=128,
    set_interval=1 / 30,
    variable_interval=0.0,
    player_interval=0.05,
    clients=1000,
    message_bytes=1 << 20,
)
