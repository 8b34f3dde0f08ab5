"""Reporting users, projects and studios to the moderators (reference, sections 4.7, 6.7 and 9.6)."""

from __future__ import annotations

import base64
from typing import Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, form_body, json_body
from cloudlink.rest.endpoints import Target

USER_FIELDS: Final = ("username", "icon", "description", "working_on")
STUDIO_FIELDS: Final = ("title", "description", "thumbnail")

PROJECT_CATEGORIES: Final = {
    "copy without changes": "0",
    "uses work without credit": "1",
    "too violent or scary": "2",
    "language": "3",
    "music": "4",
    "personal contact information": "5",
    "other": "6",
    "images": "8",
    "misleading": "9",
    "face reveal": "10",
    "asks not to be remixed": "11",
    "worried about the author": "12",
    "scary images": "14",
    "jump scare": "15",
    "violent event": "16",
    "realistic weapons": "17",
    "threatening or bullying": "18",
    "disrespectful": "19",
}
"""Why a project can be reported, and the site's number for it."""

PIXEL: Final = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63f80f00010101001cb08c"
        "990000000049454e44ae426082"
    )
).decode()
"""A PNG of one pixel: the site wants a picture of the project with a report, and does not look at it."""


def report_user(client: Client, username: str, field: str) -> None:
    """Report a part of a profile; see `User.report`."""
    target = endpoints.USER_REPORT.at(username=username)
    page = endpoints.USER_PAGE.at(username=username).path
    _report_field(client, target, field, USER_FIELDS, what=f"user {username!r}", referer=page)


def report_studio(client: Client, studio_id: int, field: str) -> None:
    """Report a part of a studio; see `Studio.report`."""
    target = endpoints.STUDIO_REPORT.at(studio_id=studio_id)
    _report_field(client, target, field, STUDIO_FIELDS, what=f"studio {studio_id}", referer=f"/studios/{studio_id}/")


def _report_field(
    client: Client, target: Target, field: str, fields: tuple[str, ...], *, what: str, referer: str
) -> None:
    if field not in fields:
        raise InvalidArgument(f"what can be reported is {', '.join(fields)}, not {field!r}")
    client.request(target, reply="none", what=what, body=form_body({"selected_field": field}), referer=referer)


def report_project(client: Client, project_id: int, category: str, notes: str) -> None:
    """Report a project; see `Project.report`."""
    if category not in PROJECT_CATEGORIES:
        raise InvalidArgument(f"category is one of {', '.join(PROJECT_CATEGORIES)}, not {category!r}")
    if not notes.strip():
        raise InvalidArgument("notes tell the moderators what is wrong; they are empty")
    values = {"notes": notes, "report_category": PROJECT_CATEGORIES[category], "thumbnail": PIXEL}
    client.request(
        endpoints.PROJECT_REPORT.at(project_id=project_id),
        reply="none",
        what=f"project {project_id}",
        body=json_body(values),
        referer=f"/projects/{project_id}/",
    )
