"""The JSON objects of the site: same keys, same types, same oddities as the recorded answers."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cloudlink.testing.site.exchange import Json, Refusal, Request
from cloudlink.testing.site.records import Comment, Event, Project, Studio, User
from cloudlink.testing.site.world import World

USER_SIZES: Final = ("90x90", "60x60", "55x55", "50x50", "32x32")
PROJECT_SIZES: Final = ("282x218", "216x163", "200x200", "144x108", "135x102", "100x80")
FEATURED_LABELS: Final = (
    "Featured Tutorial",
    "Work In Progress",
    "Remix This!",
    "My Favorite Things",
    "Why I Scratch",
)
COUNT_STOP: Final = 100
"""Where the counts of comments and projects of a studio stop."""

ProjectForm = Literal["single", "list", "user list"]


def zulu(time: float | None) -> str | None:
    """A time as `api.scratch.mit.edu` writes it: `2007-03-05T00:00:00.000Z`."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(time: float | None) -> str | None:
    """A time as the old site writes it: `2025-06-07T10:11:12`, in UTC."""
    return None if time is None else datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def page(world: World, request: Request, *, default: int = 20) -> slice:
    """The part of a list that `limit` and `offset` ask for.

    Raises:
        Refusal: 400 (or what the rules say), a limit outside 1 to 40; 400, no numbers.
    """
    limit = request.asked_number("limit", default)
    offset = request.asked_number("offset", 0)
    if limit > world.rules.largest_limit:
        if world.rules.limit_status == 500:
            raise Refusal(500, "statusCode (number) is required")
        raise Refusal(world.rules.limit_status)
    if limit < 1:
        raise Refusal(400)
    return slice(offset, offset + limit)


def web_page(request: Request, items: list[Any], *, size: int) -> list[Any]:
    """The page of a list that `page` asks for; the first one may be empty.

    Raises:
        Refusal: 404, there is no such page.
    """
    number = request.asked_number("page", 1)
    found = items[(number - 1) * size : number * size] if number else []
    if not found and number != 1:
        raise Refusal(404)
    return found


def user_images(user: User) -> dict[str, str]:
    """The picture of a user in all sizes."""
    return {s: f"https://cdn2.scratch.mit.edu/get_image/user/{user.id}_{s}.png?v=" for s in USER_SIZES}


def user_object(user: User) -> Json:
    """A user, in full."""
    return {
        "id": user.id,
        "username": user.username,
        "scratchteam": user.scratchteam,
        "history": {"joined": zulu(user.joined)},
        "profile": {
            "id": user.profile_id,
            "images": user_images(user),
            "status": user.status,
            "bio": user.bio,
            "country": user.country,
            "membership_avatar_badge": int(user.member),
            "membership_label": int(user.member),
        },
    }


def author_object(user: User, *, with_name: bool = True) -> Json:
    """A user as the author of something: no profile, and a date that is none."""
    return {
        "id": user.id,
        **({"username": user.username} if with_name else {}),
        "scratchteam": user.scratchteam,
        "history": {"joined": "1900-01-01T00:00:00.000Z"},
        "profile": {"id": None, "images": user_images(user)},
    }


def project_object(world: World, project: Project, form: ProjectForm = "list") -> Json:
    """A project: alone (with a token), in a list, or in a list of a user's (no author's name, no count of remixes)."""
    single_user = form == "user list"
    image = f"https://cdn2.scratch.mit.edu/get_image/project/{project.id}"
    found: Json = {
        "id": project.id,
        "title": project.title,
        "description": project.description,
        "instructions": project.instructions,
        "visibility": "notvisible" if project.trashed else "visible",
        "public": world.is_public(project),
        "comments_allowed": project.comments_allowed,
        "is_published": project.is_published,
        "author": author_object(world.users[project.author_id], with_name=not single_user),
        "image": f"{image}_480x360.png",
        "images": {size: f"{image}_{size}.png?v={int(project.modified)}" for size in PROJECT_SIZES},
        "history": {
            "created": zulu(project.created),
            "modified": zulu(project.modified),
            "shared": zulu(project.shared),
        },
        "stats": {
            "views": project.views,
            "loves": world.loves(project),
            "favorites": world.favorites(project),
            "remixes": 0 if single_user else len(world.remixes(project)),
        },
        "remix": {"parent": project.parent, "root": project.root},
    }
    if form == "single":
        found["project_token"] = world.project_token(project)
    return found


def studio_object(world: World, studio: Studio, *, with_stats: bool = False) -> Json:
    """A studio; in lists its stats are missing."""
    found: Json = {
        "id": studio.id,
        "title": studio.title,
        "host": studio.host_id,
        "description": studio.description,
        "visibility": "visible",
        "public": True,
        "open_to_all": studio.open_to_all,
        "comments_allowed": studio.comments_allowed,
        "image": f"https://cdn2.scratch.mit.edu/get_image/gallery/{studio.id}_170x100.png",
        "history": {"created": zulu(studio.created), "modified": zulu(studio.modified)},
    }
    if with_stats:
        wanted = ("studio", studio.id, False)
        comments = sum((c.place, c.place_id, c.deleted) == wanted for c in world.comments.values())
        found["stats"] = {
            "comments": min(comments, COUNT_STOP),
            "followers": world.studio_followers(studio),
            "managers": 1 + len(studio.managers),
            "projects": min(len(studio.projects), COUNT_STOP),
        }
    return found


def comment_object(world: World, comment: Comment, *, with_name: bool = True) -> Json:
    """A comment; one that was just posted comes without its author's name."""
    author = world.users[comment.author_id]
    who: Json = {"id": author.id}
    if with_name:
        who["username"] = author.username
    who["scratchteam"] = author.scratchteam
    who["image"] = f"https://cdn2.scratch.mit.edu/get_image/user/{author.id}_60x60.png"
    if author.member:
        who["membership_avatar_badge"] = 1
    return {
        "id": comment.id,
        "parent_id": comment.parent_id,
        "commentee_id": comment.commentee_id,
        "content": escaped(comment.content),
        "datetime_created": zulu(comment.created),
        "datetime_modified": zulu(comment.created),
        "visibility": "visible",
        "author": who,
        "reply_count": comment.replies_ever,
    }


def escaped(text: str) -> str:
    """A text as comments carry it: `&amp; &lt; &gt; &quot; &#39;`."""
    return html.escape(text, quote=True).replace("&#x27;", "&#39;")


def mute_status(world: World, user: User) -> Json:
    """What the site says about a mute; empty when there is none."""
    if not world.is_muted(user):
        return {}
    since, until = int(user.muted_since), int(user.muted_until)
    return {
        "offenses": [{"expiresAt": until, "messageType": user.mute_type, "createdAt": since}],
        "showWarning": False,
        "muteExpiresAt": until,
        "currentMessageType": user.mute_type,
    }


def session_object(world: World, user: User | None) -> Json:
    """What `/session/` says: without a user, the flags alone."""
    flags: Json = {
        "must_reset_password": user is not None and user.must_reset_password,
        "must_complete_registration": False,
        "has_outstanding_email_confirmation": user is not None and not user.email_confirmed,
        "show_welcome": False,
        "confirm_email_banner": user is not None and not user.email_confirmed,
        "unsupported_browser_banner": True,
        "with_parent_email": False,
        "project_comments_enabled": True,
        "gallery_comments_enabled": True,
        "userprofile_comments_enabled": True,
        "everything_is_totally_normal": False,
    }
    if user is None:
        return {"flags": flags}
    who: Json = {
        "id": user.id,
        "banned": user.banned,
        "should_vpn": False,
        "username": user.username,
        "token": user.token,
        "thumbnailUrl": f"//cdn2.scratch.mit.edu/get_image/user/{user.id}_32x32.png",
        "dateJoined": plain(user.joined),
        "email": user.email,
        "birthYear": None,
        "birthMonth": None,
        "gender": "(unspecified)",
        "country": user.country,
        "state": None,
        "membership_avatar_badge": int(user.member),
        "membership_label": int(user.member),
    }
    if user.student_of is not None:
        who["classroomId"] = user.student_of
    permissions: Json = {
        "admin": user.scratchteam,
        "scratcher": not user.new_scratcher,
        "new_scratcher": user.new_scratcher,
        "invited_scratcher": user.invited,
        "social": True,
        "educator": user.educator,
        "educator_invitee": False,
        "student": user.student_of is not None,
        "mute_status": mute_status(world, user),
    }
    return {"user": who, "permissions": permissions, "flags": flags}


def message_object(world: World, event: Event) -> Json:
    """A message or an item of the feed."""
    actor = "systemuser" if event.type == "studioactivity" else world.users[event.actor_id].username
    facts = dict(event.facts)
    if "comment_fragment" in facts:
        facts["comment_fragment"] = escaped(facts["comment_fragment"])
    return {
        "id": event.id,
        "datetime_created": zulu(event.created),
        "actor_username": actor,
        "actor_id": event.actor_id,
        "type": event.type,
        **facts,
    }


def old_user(user: User) -> Json:
    """A user as the old site's lists have it."""
    return {
        "username": user.username,
        "pk": user.id,
        "thumbnail_url": f"//uploads.scratch.mit.edu/users/avatars/{user.id}.png",
        "admin": user.scratchteam,
    }


def old_project(world: World, project: Project) -> Json:
    """What the old site answers to a change of a project."""
    return {
        "creator": world.users[project.author_id].username,
        "thumbnail_url": f"//uploads.scratch.mit.edu/projects/thumbnails/{project.id}.png",
        "id": str(project.id),
        "datetime_modified": plain(project.modified),
        "title": project.title,
    }


def profile_object(world: World, user: User) -> Json:
    """The profile of a user as the old site has it."""
    shown = world.projects.get(user.featured_project or 0)
    if shown is not None and not world.is_public(shown):
        shown = None
    label = user.featured_label
    return {
        "featured_project_label_name": "" if label is None else FEATURED_LABELS[label],
        "featured_project_data": None if shown is None else old_project(world, shown),
        "featured_project": user.featured_project,
        "thumbnail_url": f"//uploads.scratch.mit.edu/users/avatars/{user.id}.png",
        "user": {"username": f"{user.username}*" if user.scratchteam else user.username, "pk": user.id},
        "featured_project_label_id": label,
        "id": user.profile_id,
    }
