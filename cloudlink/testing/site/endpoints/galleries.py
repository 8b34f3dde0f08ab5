"""Studios on the old site: their settings, their people, following and creating them."""

from __future__ import annotations

from typing import Any, Final

from cloudlink.testing.site.endpoints.profiles import picture_errors
from cloudlink.testing.site.exchange import Refusal, Reply, Request, html_reply, json_reply
from cloudlink.testing.site.lookup import existing_user, managed_studio, named_studio, refuse_muted
from cloudlink.testing.site.records import Studio, User
from cloudlink.testing.site.routing import WEB, Auth, Routes
from cloudlink.testing.site.world import World

ROUTES = Routes()

_LENGTHS: Final = {"title": 52, "description": 5000}


@ROUTES.add("PUT", WEB, "/site-api/galleries/all/{studio_id}/", auth=Auth.WEB)
def _change(world: World, request: Request) -> Reply:
    deletes = request.json.get("visibility") == "delbyusr"
    studio = managed_studio(world, request, host=deletes)
    texts = {key: str(request.json[key]) for key in _LENGTHS if key in request.json}
    if any(world.is_improper(text) for text in texts.values()):
        return json_reply({"errors": ["inappropriate-generic"]})
    if any(len(text) > _LENGTHS[key] for key, text in texts.items()):
        return json_reply({"errors": ["editable-text-too-long"]})
    if texts.get("title") == "":
        return json_reply({"errors": ["This field is required."]})
    studio.title = texts.get("title", studio.title)
    studio.description = texts.get("description", studio.description)
    studio.deleted = deletes
    studio.modified = world.stamp()
    if texts:
        world.record("updatestudio", request.me, {}, studio=studio)
    return json_reply(
        {
            "description": studio.description,
            "title": studio.title,
            "id": studio.id,
            "thumbnail_url": f"//cdn2.scratch.mit.edu/get_image/gallery/{studio.id}_170x100.png",
        }
    )


@ROUTES.add("POST", WEB, "/site-api/galleries/all/{studio_id}/", auth=Auth.WEB)
def _thumbnail(world: World, request: Request) -> Reply:
    studio = managed_studio(world, request)
    errors = picture_errors(world, request.file)
    if errors:
        return json_reply({"errors": errors})
    studio.thumbnail = request.file
    studio.modified = world.stamp()
    address = f"//cdn2.scratch.mit.edu/get_image/gallery/{studio.id}_170x100.png?v={int(studio.modified)}"
    return json_reply({"thumbnail_url": address})


@ROUTES.add("POST", WEB, "/site-api/galleries/all/{studio_id}/report/", auth=Auth.WEB)
def _report(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    field = request.form.get("selected_field")
    if field not in ("title", "description", "thumbnail"):
        raise Refusal(400)
    world.reports.append({"by": request.me.username, "studio": studio.id, "field": field})
    return json_reply({"success": True})


@ROUTES.add("PUT", WEB, "/site-api/galleries/{studio_id}/mark/open/", auth=Auth.WEB)
def _open(world: World, request: Request) -> Reply:
    managed_studio(world, request).open_to_all = True
    return json_reply({"success": True})


@ROUTES.add("PUT", WEB, "/site-api/galleries/{studio_id}/mark/closed/", auth=Auth.WEB)
def _close(world: World, request: Request) -> Reply:
    managed_studio(world, request).open_to_all = False
    return json_reply({"success": True})


@ROUTES.add("POST", WEB, "/studios/create/", auth=Auth.WEB)
def _create(world: World, request: Request) -> Reply:
    if request.me.new_scratcher:
        raise Refusal(403)
    refuse_muted(world, request.me)
    last = max((s.created for s in world.studios.values() if s.host_id == request.me.id), default=0.0)
    if world.now() < last + world.rules.studio_interval:
        words = "Woah, slow down! You can only create so many studios at once."
        return json_reply([{"success": False, "errors": [words]}])
    studio = world.add_studio(request.me)
    return json_reply({"success": True, "redirect": f"/studios/{studio.id}/"})


# Following


@ROUTES.add("PUT", WEB, "/site-api/users/bookmarkers/{studio_id}/add/", auth=Auth.WEB)
def _follow(world: World, request: Request) -> Reply:
    studio = _followed(world, request)
    world.follow_studio(request.me, studio)
    return json_reply({"success": True})


@ROUTES.add("PUT", WEB, "/site-api/users/bookmarkers/{studio_id}/remove/", auth=Auth.WEB)
def _unfollow(world: World, request: Request) -> Reply:
    studio = _followed(world, request)
    if studio.id in request.me.followed_studios:
        request.me.followed_studios.remove(studio.id)
    return json_reply({"success": True})


def _followed(world: World, request: Request) -> Studio:
    studio = named_studio(world, request)
    if request.query.get("usernames", "").lower() != request.me.username.lower():
        raise Refusal(403)
    return studio


# People


def _target(world: World, request: Request) -> User:
    return existing_user(world, request.query.get("usernames", ""))


@ROUTES.add("PUT", WEB, "/site-api/users/curators-in/{studio_id}/invite_curator/", auth=Auth.WEB)
def _invite(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    target = _target(world, request)
    refuse_muted(world, request.me)
    if not world.manages(studio, request.me):
        raise Refusal(403)
    if world.curates(studio, target):
        words = f"{target.username} is already a curator of this studio"
        return json_reply({"status": "error", "message": words})
    studio.invited[target.id] = request.me.id
    world.notify(target, "curatorinvite", request.me, {"gallery_id": studio.id, "title": studio.title})
    return json_reply({"status": "success", "message": f"Curator invite sent to {target.username}"})


@ROUTES.add("PUT", WEB, "/site-api/users/curators-in/{studio_id}/add/", auth=Auth.WEB)
def _accept(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    me = request.me
    if _target(world, request) is not me or me.id not in studio.invited:
        raise Refusal(403)
    inviter = world.users[studio.invited.pop(me.id)]
    studio.curators.append(me.id)
    facts: dict[str, Any] = {"gallery_id": studio.id, "title": studio.title, "username": inviter.username}
    world.record("becomecurator", me, facts, studio=studio)
    return json_reply({"success": True})


@ROUTES.add("PUT", WEB, "/site-api/users/curators-in/{studio_id}/promote/", auth=Auth.WEB)
def _promote(world: World, request: Request) -> Reply:
    studio = managed_studio(world, request)
    target = _target(world, request)
    if target.id not in studio.curators:
        raise Refusal(404)
    if 1 + len(studio.managers) >= world.rules.managers:
        return json_reply({"message": "too many owners"}, 400)
    studio.curators.remove(target.id)
    studio.managers.append(target.id)
    common = {"gallery_id": studio.id, "gallery_title": studio.title, "recipient_username": target.username}
    world.record("becomeownerstudio", request.me, common, studio=studio)
    world.notify(target, "becomeownerstudio", request.me, {**common, "recipient_id": target.id})
    name = target.username
    title = f'<span class="title"><a href="/users/{name}/">{name}</a></span>'
    return html_reply(f'<li class="user thumb item" data-id="{name}">{title}</li>')


@ROUTES.add("PUT", WEB, "/site-api/users/curators-in/{studio_id}/remove/", auth=Auth.WEB)
def _remove(world: World, request: Request) -> Reply:
    studio = named_studio(world, request)
    target = _target(world, request)
    leaves = target is request.me
    if not leaves:
        refuse_muted(world, request.me)
        if not world.manages(studio, request.me):
            raise Refusal(403)
    if target.id == studio.host_id:
        raise Refusal(403)  # a host has to hand the studio over first
    if not world.curates(studio, target):
        raise Refusal(404)
    (studio.managers if target.id in studio.managers else studio.curators).remove(target.id)
    world.record("removecuratorstudio", request.me, {"username": target.username}, studio=studio)
    return html_reply(f'<li class="user thumb item" data-id="{target.username}"></li>')
