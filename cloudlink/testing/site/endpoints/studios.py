"""Studios in the JSON API."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudlink.testing.site.endpoints.users import before
from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, json_reply
from cloudlink.testing.site.lookup import existing_user, named_me, named_studio, refuse_muted, seen_project
from cloudlink.testing.site.records import Event, Studio
from cloudlink.testing.site.routing import API, Auth, Routes
from cloudlink.testing.site.shapes import page, studio_object, user_images, user_object, zulu
from cloudlink.testing.site.world import World

ROUTES = Routes()


@ROUTES.add("GET", API, "/studios/{studio_id}")
def _studio(world: World, request: Request) -> Reply:
    return json_reply(studio_object(world, named_studio(world, request), with_stats=True))


@ROUTES.add("GET", API, "/studios/{studio_id}/projects")
def _projects(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    found = world.public(reversed(studio.projects))[page(world, request)]
    return json_reply([_studio_project(world, studio, project.id) for project in found])


def _studio_project(world: World, studio: Studio, number: int) -> Json:
    project = world.projects[number]
    creator = world.users[project.author_id]
    found: Json = {
        "id": number,
        "title": project.title,
        "image": f"https://cdn2.scratch.mit.edu/get_image/project/{number}_480x360.png",
        "creator_id": creator.id,
        "username": creator.username,
        "avatar": user_images(creator),
        "actor_id": studio.projects[number],
    }
    if creator.member:
        found |= {"creator_membership_avatar_badge": 1, "creator_membership_label": 1}
    return found


@ROUTES.add("GET", API, "/studios/{studio_id}/managers")
def _managers(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    found = list(world.living([studio.host_id, *studio.managers]))
    return json_reply([user_object(user) for user in found[page(world, request)]])


@ROUTES.add("GET", API, "/studios/{studio_id}/curators")
def _curators(world: World, request: Request) -> Reply:
    found = list(world.living(reversed(named_studio(world, request).curators)))
    return json_reply([user_object(user) for user in found[page(world, request)]])


@ROUTES.add("GET", API, "/studios/{studio_id}/activity")
def _activity(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    found = before([e for e in reversed(world.events) if e.studio_id == studio.id], request)
    length = page(world, request).stop - page(world, request).start  # there is no offset here
    return json_reply([_activity_object(world, event) for event in found[:length]])


def _activity_object(world: World, event: Event) -> Json:
    return {
        "datetime_created": zulu(event.created),
        "id": f"{event.type}-{event.id}",
        "actor_id": event.actor_id,
        "actor_username": world.users[event.actor_id].username,
        "type": event.type,
        **{key: value for key, value in event.facts.items() if key not in ("gallery_id", "gallery_title", "title")},
    }


@ROUTES.add("GET", API, "/studios/{studio_id}/classroom")
def _classroom(world: World, request: Request) -> Reply:
    number = named_studio(world, request).classroom_id
    if number is None:
        raise Refusal(404)
    return json_reply({"id": number})


@ROUTES.add("GET", API, "/studios/{studio_id}/users/{username}", auth=Auth.TOKEN)
def _role(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    me = named_me(world, request)
    return json_reply(
        {
            "manager": world.manages(studio, me),
            "curator": me.id in studio.curators,
            "invited": me.id in studio.invited,
            "following": studio.id in me.followed_studios,
        }
    )


@ROUTES.add("POST", API, "/studios/{studio_id}/project/{project_id}", auth=Auth.TOKEN)
def _add_project(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    project = world.projects.get(request.number("project_id"))
    if project is None or not world.is_public(project):
        raise Refusal(404)
    refuse_muted(world, request.me)
    if not (studio.open_to_all or world.curates(studio, request.me)):
        raise Refusal(403)
    if project.id in studio.projects:
        raise Refusal(409)
    world.put_in_studio(studio, project, request.me)
    created = datetime.fromtimestamp(studio.modified, UTC)
    return json_reply(
        {
            "projectId": str(project.id),
            "actorId": str(request.me.id),
            "datetimeCreated": f"{created:%Y-%m-%d %H:%M:%S}",
            "studioId": str(studio.id),
        }
    )


@ROUTES.add("DELETE", API, "/studios/{studio_id}/project/{project_id}", auth=Auth.TOKEN)
def _remove_project(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    project = seen_project(world, request)
    if project.id not in studio.projects:
        raise Refusal(404)
    added_by_me = studio.projects[project.id] == request.me.id
    own = project.author_id == request.me.id
    if not (own or added_by_me or world.manages(studio, request.me)):
        raise Refusal(403)
    if not own:
        refuse_muted(world, request.me)
    world.take_from_studio(studio, project, request.me)
    return json_reply([])


@ROUTES.add("PUT", API, "/studios/{studio_id}/transfer/{username}", auth=Auth.TOKEN)
def _transfer(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    _check_pair(request)
    target = existing_user(world, request.params["username"])
    if studio.host_id != request.me.id:
        raise Refusal(403)
    if request.json.get("password") != request.me.password:
        raise Refusal(401, "password incorrect")
    if target is request.me or target.new_scratcher or target.id not in studio.managers:
        raise Refusal(409)
    studio.managers.remove(target.id)
    studio.managers.insert(0, request.me.id)
    studio.host_id = target.id
    former = request.me.username
    facts = {"recipient_username": target.username, "former_host_username": former, "admin_actor": False}
    world.record("becomehoststudio", request.me, facts, studio=studio)
    told = {"gallery_id": studio.id, "gallery_title": studio.title, "admin_actor": False}
    world.notify(target, "becomehoststudio", request.me, told)
    return json_reply({})


def _check_pair(request: Request) -> None:
    """A transfer wants the cookies and the CSRF header besides the token, but no Referer."""
    cookie = request.cookies.get("scratchcsrftoken")
    if not cookie or cookie != request.headers.get("x-csrftoken") or "scratchsessionsid" not in request.cookies:
        raise Refusal(403)
