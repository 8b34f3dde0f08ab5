"""Users in the JSON API, and what belongs to them there: follows, projects, messages, the feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cloudlink.testing.site.exchange import Refusal, Reply, Request, json_reply
from cloudlink.testing.site.lookup import named_me, named_user, seen_project
from cloudlink.testing.site.records import Event, Project
from cloudlink.testing.site.routing import API, Auth, Routes
from cloudlink.testing.site.shapes import (
    ProjectForm,
    message_object,
    page,
    project_object,
    studio_object,
    user_object,
    zulu,
)
from cloudlink.testing.site.world import World

ROUTES = Routes()

_FILTERS: Final = {
    "comments": ("addcomment",),
    "projects": ("loveproject", "favoriteproject", "remixproject"),
    "studios": ("curatorinvite", "becomeownerstudio", "becomehoststudio", "studioactivity"),
    "forums": ("forumpost",),
}

_FEED: Final = (
    "shareproject",
    "loveproject",
    "favoriteproject",
    "remixproject",
    "followuser",
    "followstudio",
    "becomecurator",
    "becomeownerstudio",
)


@ROUTES.add("GET", API, "/users/{username}")
def _user(world: World, request: Request) -> Reply:
    # Deleted accounts still answer here; only the profile page is gone.
    return json_reply(user_object(named_user(world, request)))


@ROUTES.add("GET", API, "/users/{username}/messages/count")
def _message_count(world: World, request: Request) -> Reply:
    return json_reply({"count": world.unread(named_user(world, request))})


@ROUTES.add("GET", API, "/users/{username}/followers")
def _followers(world: World, request: Request) -> Reply:
    found = world.followers(named_user(world, request))
    return json_reply([user_object(user) for user in found[page(world, request)]])


@ROUTES.add("GET", API, "/users/{username}/following")
def _following(world: World, request: Request) -> Reply:
    found = list(world.living(reversed(named_user(world, request).following)))
    return json_reply([user_object(user) for user in found[page(world, request)]])


@ROUTES.add("GET", API, "/users/{username}/projects")
def _projects(world: World, request: Request) -> Reply:
    return _list(world, request, world.projects_of(named_user(world, request)), "user list")


@ROUTES.add("GET", API, "/users/{username}/projects/{project_id}")
def _project(world: World, request: Request) -> Reply:
    return json_reply(project_object(world, seen_project(world, request)))


@ROUTES.add("GET", API, "/users/{username}/favorites")
def _favorites(world: World, request: Request) -> Reply:
    found = world.public(reversed(named_user(world, request).favorites))
    return _list(world, request, found, "user list")


@ROUTES.add("GET", API, "/users/{username}/studios/curate")
def _studios(world: World, request: Request) -> Reply:
    user = named_user(world, request)
    found = [s for s in reversed(world.studios.values()) if world.curates(s, user) and not s.deleted]
    return json_reply([studio_object(world, studio) for studio in found[page(world, request)]])


@ROUTES.add("GET", API, "/users/{username}/projects/recentlyviewed", auth=Auth.TOKEN)
def _recently_viewed(world: World, request: Request) -> Reply:
    found = world.public(reversed(named_me(world, request).viewed))
    return _list(world, request, found, "user list")


@ROUTES.add("GET", API, "/users/{username}/messages", auth=Auth.TOKEN)
def _messages(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    found = list(reversed(world.messages.get(me.id, [])))
    wanted = request.query.get("filter", "")
    if wanted:
        if wanted not in _FILTERS:
            raise Refusal(400)
        found = [event for event in found if event.type in _FILTERS[wanted]]
    found = before(found, request)
    return json_reply([message_object(world, event) for event in found[page(world, request)]])


def before(events: list[Event], request: Request) -> list[Event]:
    """Those of some events that are not newer than `dateLimit`; the one of that very moment comes again.

    Raises:
        Refusal: 400, it is no time.
    """
    text = request.query.get("dateLimit", "")
    if not text:
        return events
    try:
        limit = datetime.fromisoformat(text.replace(" ", "+")).timestamp()
    except ValueError:
        raise Refusal(400) from None
    # Half a millisecond, for times are told in whole ones.
    return [event for event in events if event.created <= limit + 0.0005]


@ROUTES.add("GET", API, "/users/{username}/messages/admin", auth=Auth.TOKEN)
def _alerts(world: World, request: Request) -> Reply:
    found = reversed(world.alerts.get(named_me(world, request).id, []))
    return json_reply(
        [
            {"id": a.id, "datetime_created": zulu(a.created), "actor_id": a.actor_id, "message": a.message}
            for a in found
            if a.unread
        ]
    )


@ROUTES.add("GET", API, "/users/{username}/invites", auth=Auth.TOKEN)
def _invites(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    if not me.invited:
        return json_reply({})
    created = zulu(me.joined)
    return json_reply(
        {"id": 800_000 + me.id % 1000, "datetime_created": created, "unread": 1, "actor_id": 1, "invitee_id": me.id}
    )


@ROUTES.add("GET", API, "/users/{username}/following/users/activity", auth=Auth.TOKEN)
def _feed(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    found = [e for e in reversed(world.events) if e.actor_id in me.following and e.type in _FEED]
    return json_reply([message_object(world, event) for event in found[page(world, request)]])


@ROUTES.add("GET", API, "/users/{username}/following/users/loves", auth=Auth.TOKEN)
def _following_loves(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    loved = {
        event.facts["project_id"]: None
        for event in reversed(world.events)
        if event.type == "loveproject" and event.actor_id in me.following
    }
    return _list(world, request, world.public(loved), "list")


@ROUTES.add("GET", API, "/users/{username}/following/users/projects", auth=Auth.TOKEN)
@ROUTES.add("GET", API, "/users/{username}/following/studios/projects", auth=Auth.TOKEN)
def _following_projects(world: World, request: Request) -> Reply:
    # The real site answers this with an empty list for every account younger than about 2018.
    named_me(world, request)
    page(world, request)
    return json_reply([])


def _list(world: World, request: Request, projects: Sequence[Project], form: ProjectForm) -> Reply:
    return json_reply([project_object(world, project, form) for project in projects[page(world, request)]])
