"""What a server tells of itself: counts, and one record a set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A set that the server accepted.

    Attributes:
        connection: a number that no other connection of this server has.
        user: the name in its handshake.
        project_id: whose variable it is.
        name: as on the wire.
        value: its text.
        received_at: seconds, monotonic, comparable within this server only.
    """

    connection: int
    user: str
    project_id: str
    name: str
    value: str
    received_at: float


@dataclass(slots=True)
class Statistics:
    """What a server has done since it was made.

    Attributes:
        sets_received: sets that were accepted.
        delivered: updates handed to a receiver's connection; one set counts once for each receiver.
        lost: updates that the faults kept from a receiver.
        rejected: lines that were ignored or closed the connection.
        closed_connections: connections that the server ended for a breach of the rules or as a fault.
        clients: connections that are open now.
    """

    sets_received: int = 0
    delivered: int = 0
    lost: int = 0
    rejected: int = 0
    closed_connections: int = 0
    clients: int = 0
