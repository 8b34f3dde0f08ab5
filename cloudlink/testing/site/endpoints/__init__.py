"""What the site answers, a file for each kind of thing; `ALL` is the whole table."""

from __future__ import annotations

from cloudlink.testing.site.endpoints import (
    accounts,
    backpack,
    classrooms,
    comments,
    discover,
    files,
    forums,
    galleries,
    mystuff,
    profiles,
    projects,
    services,
    studios,
    teaching,
    users,
)
from cloudlink.testing.site.routing import Table

_MODULES = (
    accounts,
    backpack,
    classrooms,
    comments,
    discover,
    files,
    forums,
    galleries,
    mystuff,
    profiles,
    projects,
    services,
    studios,
    teaching,
    users,
)

ALL = Table(route for module in _MODULES for route in module.ROUTES)
"""Every route of the site."""
