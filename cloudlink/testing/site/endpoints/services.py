"""The small services: health, statistics, the cloud log, translation, speech, pictures, Ocular."""

from __future__ import annotations

import base64
import re
from typing import Final

from cloudlink.testing.site.exchange import Json, Refusal, Reply, Request, json_reply
from cloudlink.testing.site.routing import API, CDN2, CLOUD, OCULAR, SYNTHESIS, TRANSLATE, UPLOADS, WEB, Routes
from cloudlink.testing.site.world import World

ROUTES = Routes()

_LOG_LENGTH: Final = 100
_SPEECH_LENGTH: Final = 128
_LANGUAGES: Final = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "ja": "Japanese"}
_EMOJI: Final = ("👍", "👎", "😄", "🎉", "😕", "❤️", "🚀", "👀")
_PICTURE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""
_SPEECH: Final = b"\xff\xfb\x10\xc4" + bytes(100)
"""An MP3 frame without a sound."""


@ROUTES.add("GET", API, "/")
def _root(world: World, request: Request) -> Reply:
    return json_reply({"website": "scratch.mit.edu", "api": "api.scratch.mit.edu", "help": "help@scratch.mit.edu"})


@ROUTES.add("GET", API, "/health")
def _health(world: World, request: Request) -> Reply:
    pool: Json = {"ssl": False, "destroyed": False, "min": 0, "max": 40, "numUsed": 1, "numFree": 4}
    pool |= {"pendingAcquires": 0, "pendingCreates": 0}
    pair = {"primary": pool, "replica": pool}
    return json_reply(
        {
            "version": "2d7d8b5e9c7a72cfe15a97ebcc5818ec7380374c",
            "uptime": 117914.51,
            "load": [0.02, 0.05, 0.01],
            "sql": {
                "main": pair,
                "project_comments": pair,
                "gallery_comments": pair,
                "userprofile_comments": pair,
            },
            "timestamp": int(world.now() * 1000),
            "cache": {"connected": True, "ready": True},
        }
    )


@ROUTES.add("GET", WEB, "/health", "/health/")
def _web_health(world: World, request: Request) -> Reply:
    return json_reply({"healthy": True})


@ROUTES.add("GET", CLOUD, "/health")
def _cloud_health(world: World, request: Request) -> Reply:
    return json_reply({"uptime": 100234.5, "load": [0.1, 0.2, 0.1], "redis": {"connected": True, "ready": True}})


@ROUTES.add("GET", API, "/surprise")
def _surprise(world: World, request: Request) -> Reply:
    return json_reply({"surprise": 4})


# Statistics


@ROUTES.add("GET", WEB, "/statistics/data/daily/")
def _daily(world: World, request: Request) -> Reply:
    places = [comment.place for comment in world.comments.values()]
    return json_reply(
        {
            "PROJECT_COUNT": sum(project.is_published for project in world.projects.values()),
            "USER_COUNT": len(world.users),
            "STUDIO_COMMENT_COUNT": places.count("studio"),
            "PROFILE_COMMENT_COUNT": places.count("user"),
            "STUDIO_COUNT": len(world.studios),
            "COMMENT_COUNT": len(places),
            "PROJECT_COMMENT_COUNT": places.count("project"),
            "_TS": round(world.now(), 2),
        }
    )


@ROUTES.add("GET", WEB, "/statistics/data/monthly-ga/")
def _traffic(world: World, request: Request) -> Reply:
    # The numbers are text on the real site too.
    counts = {"pageviews": "796345748", "users": "36308462", "sessions": "109391637"}
    return json_reply({"_TS": round(world.now(), 1), **counts})


@ROUTES.add("GET", WEB, "/statistics/data/monthly/")
def _monthly(world: World, request: Request) -> Reply:
    def series(*keys: str, color: str = "#4C97FF") -> list[Json]:
        values = [{"x": 1746057600000, "y": 5100200}, {"x": 1748736000000, "y": 5000100}]
        return [{"key": key, "color": color, "values": values} for key in keys]

    ages = [{"x": 4, "y": 120345}, {"x": 8, "y": 3100000}, {"x": 12, "y": 8200000}, {"x": 60, "y": 90000}]
    countries: dict[str, int] = {}
    for user in world.users.values():
        name = user.country or "Location not given"
        countries[name] = countries.get(name, 0) + 1
    return json_reply(
        {
            "comment_data": series("Project Comments", "Studio Comments", "Profile Comments", color="#FAA51D"),
            "activity_data": series("New Projects", "New Users", "New Comments"),
            "active_user_data": series("Project Creators", "Comment Creators"),
            "project_data": series("New Projects", "Remix Projects"),
            "age_distribution_data": [{"key": "Registration age of Scratchers", "values": ages}],
            "country_distribution": countries,
            "_TS": round(world.now(), 1),
        }
    )


# The cloud log


@ROUTES.add("GET", CLOUD, "/logs")
def _cloud_log(world: World, request: Request) -> Reply:
    project = request.asked_number("projectid", 0)
    limit, offset = request.asked_number("limit", _LOG_LENGTH), request.asked_number("offset", 0)
    if not 1 <= limit <= _LOG_LENGTH:
        raise Refusal(400)
    found = [change for change in reversed(world.cloud_log) if change.project_id == project]
    return json_reply(
        [
            {
                "user": change.user,
                "verb": change.verb,
                "name": change.name,
                "value": change.value,
                "timestamp": round(change.created * 1000),
            }
            for change in found[offset : offset + limit]
        ]
    )


# Translation and speech


@ROUTES.add("GET", TRANSLATE, "/translate")
def _translate(world: World, request: Request) -> Reply:
    language, text = request.query.get("language", ""), request.query.get("text", "")
    if language not in _LANGUAGES:
        raise Refusal(400)
    return json_reply({"result": f"[{language}] {text}"})


@ROUTES.add("GET", TRANSLATE, "/supported")
def _languages(world: World, request: Request) -> Reply:
    return json_reply({"result": [{"code": code, "name": name} for code, name in _LANGUAGES.items()]})


@ROUTES.add("GET", SYNTHESIS, "/synth")
def _speak(world: World, request: Request) -> Reply:
    query = request.query
    if query.get("gender") not in ("female", "male") or not query.get("locale"):
        raise Refusal(400)
    if not 1 <= len(query.get("text", "")) <= _SPEECH_LENGTH:
        raise Refusal(400)
    return Reply(200, _SPEECH, "audio/mpeg")


# Pictures


def _image(world: World, request: Request) -> Reply:
    """A picture that was uploaded, or the default one; unknown ids get that too."""
    found = re.search(r"(\d+)(?:_\d+x\d+)?\.png$", request.path)
    if found is None:
        raise Refusal(404)
    number = int(found[1])
    picture: bytes | None = None
    if "project" in request.path and number in world.projects:
        picture = world.projects[number].thumbnail
    elif "user" in request.path and number in world.users:
        picture = world.users[number].avatar
    elif "galler" in request.path and number in world.studios:
        picture = world.studios[number].thumbnail
    return Reply(200, picture or _PICTURE, "image/png")


for _host in (UPLOADS, CDN2):
    ROUTES.add(
        "GET",
        _host,
        "/get_image/{kind}/{size}",
        "/users/avatars/{size}",
        "/projects/thumbnails/{size}",
        "/galleries/thumbnails/{size}",
    )(_image)


# Ocular, which somebody else runs


@ROUTES.add("GET", OCULAR, "/api/user/{username}")
def _ocular_user(world: World, request: Request) -> Reply:
    status = world.ocular.get(request.params["username"].lower())
    if status is None:
        return json_reply({"error": "no user found"}, 404)
    return json_reply(status)


@ROUTES.add("GET", OCULAR, "/api/reactions/{post_id}")
def _ocular_reactions(world: World, request: Request) -> Reply:
    given = world.reactions.get(request.number("post_id"), [])

    def reaction(user: str, emoji: str) -> Json:
        return {"_id": f"60f{len(user)}", "post": request.params["post_id"], "user": user, "emoji": emoji}

    return json_reply(
        [{"emoji": e, "reactions": [reaction(user, emoji) for user, emoji in given if emoji == e]} for e in _EMOJI]
    )
