"""The discussion forums, and the search index that somebody else keeps of them."""

from __future__ import annotations

import re
from typing import Final

from cloudlink.testing.site import pages
from cloudlink.testing.site.exchange import (
    Json,
    Refusal,
    Reply,
    Request,
    html_reply,
    json_reply,
    redirect,
    text_reply,
)
from cloudlink.testing.site.lookup import named_me, named_post, named_topic
from cloudlink.testing.site.records import Category, Post
from cloudlink.testing.site.routing import FORUM_SEARCH, WEB, Auth, Routes
from cloudlink.testing.site.world import World

ROUTES = Routes()

TOPICS_ON_A_PAGE: Final = 25
POSTS_ON_A_PAGE: Final = 20
ENTRIES_IN_A_FEED: Final = 15
_ATOM: Final = "application/atom+xml; charset=utf-8"
_CONDITION: Final = re.compile(r'\s*(username|topic\.id|topic\.category)\s*=\s*(?:"([^"]*)"|(\d+))\s*')


def _pages(total: int, size: int) -> int:
    return max(1, -(-total // size))


def _category(world: World, request: Request) -> Category:
    category = world.categories.get(request.number("category_id"))
    if category is None:
        raise Refusal(404)
    return category


# Reading


@ROUTES.add("GET", WEB, "/discuss/")
def _index(world: World, request: Request) -> Reply:
    return html_reply(pages.forum_index(world))


@ROUTES.add("GET", WEB, "/discuss/{category_id}/")
def _category_page(world: World, request: Request) -> Reply:
    category = _category(world, request)
    number = request.asked_number("page", 1)
    topics = world.topics_of(category)
    last = _pages(len(topics), TOPICS_ON_A_PAGE)
    # A page past the end is an empty table, not 404.
    shown = topics[(number - 1) * TOPICS_ON_A_PAGE : number * TOPICS_ON_A_PAGE] if number else []
    return html_reply(pages.category_page(world, category, shown, number=number, last=last))


@ROUTES.add("GET", WEB, "/discuss/topic/{topic_id}/")
def _topic(world: World, request: Request) -> Reply:
    topic = named_topic(world, request)
    number = request.asked_number("page", 1)
    posts = world.posts_of(topic)
    last = _pages(len(posts), POSTS_ON_A_PAGE)
    if not 1 <= number <= last:
        raise Refusal(404)
    topic.views += 1
    first = (number - 1) * POSTS_ON_A_PAGE
    shown = posts[first : first + POSTS_ON_A_PAGE]
    text = pages.topic_page(world, topic, shown, first=first + 1, number=number, last=last, viewer=request.user)
    return html_reply(text)


@ROUTES.add("GET", WEB, "/discuss/post/{post_id}/")
def _post(world: World, request: Request) -> Reply:
    post = named_post(world, request)
    posts = world.posts_of(world.topics[post.topic_id])
    number = posts.index(post) // POSTS_ON_A_PAGE + 1
    return redirect(f"/discuss/topic/{post.topic_id}/?page={number}#post-{post.id}")


@ROUTES.add("GET", WEB, "/discuss/post/{post_id}/source/")
def _source(world: World, request: Request) -> Reply:
    return text_reply(named_post(world, request).body)


@ROUTES.add("GET", WEB, "/discuss/feeds/topic/{topic_id}/")
def _topic_feed(world: World, request: Request) -> Reply:
    topic = named_topic(world, request)
    return _feed(world, topic.title, f"/discuss/topic/{topic.id}/", world.posts_of(topic))


@ROUTES.add("GET", WEB, "/discuss/feeds/forum/{category_id}/")
def _category_feed(world: World, request: Request) -> Reply:
    category = _category(world, request)
    posts = [post for topic in world.topics_of(category) for post in world.posts_of(topic)]
    return _feed(world, category.name, f"/discuss/{category.id}/", posts)


def _feed(world: World, title: str, address: str, posts: list[Post]) -> Reply:
    newest = sorted(posts, key=lambda post: post.created, reverse=True)[:ENTRIES_IN_A_FEED]
    updated = max((post.edited or post.created for post in newest), default=0.0)
    entries = [pages.feed_entry(world, post) for post in newest]
    return Reply(200, pages.feed(title, address, entries, updated=updated).encode(), _ATOM)


# Writing


def _too_soon(world: World, request: Request) -> str:
    """What the site says to somebody who posts again before the time."""
    wait = world.rules.post_interval * (2 if request.me.new_scratcher else 1)
    if world.now() >= world.last_post_by(request.me) + wait:
        return ""
    return f"Sorry, you have to wait {wait:.0f} seconds between posts."


def _refused(world: World, request: Request, error: str) -> Reply:
    """The form again, status 200: nothing was posted."""
    body = request.form.get("body", "")
    return html_reply(pages.document(f'<div class="djangobb">{pages.reply_form(error, body)}</div>'))


def _problem(world: World, request: Request) -> str:
    body = request.form.get("body", "")
    if not body.strip():
        return "This field is required."
    if world.is_improper(body) or world.is_muted(request.me):
        return "Your post contains words that are not allowed."
    return ""


@ROUTES.add("POST", WEB, "/discuss/post/{post_id}/edit/", auth=Auth.FORM)
def _edit(world: World, request: Request) -> Reply:
    post = named_post(world, request)
    if post.author_id != request.me.id or world.topics[post.topic_id].closed:
        raise Refusal(403)
    problem = _problem(world, request)
    if problem:
        return _refused(world, request, problem)
    post.body = request.form["body"]
    post.edited, post.edited_by = world.stamp(), request.me.id
    return redirect(f"/discuss/post/{post.id}/")


@ROUTES.add("POST", WEB, "/discuss/topic/{topic_id}/", auth=Auth.FORM)
def _reply(world: World, request: Request) -> Reply:
    topic = named_topic(world, request)
    if topic.closed:
        raise Refusal(403)
    problem = _problem(world, request) or _too_soon(world, request)
    if problem or "AddPostForm" not in request.form:
        return _refused(world, request, problem)
    post = world.add_post(request.me, topic, request.form["body"])
    return redirect(f"/discuss/post/{post.id}/")


@ROUTES.add("POST", WEB, "/discuss/{category_id}/topic/add", "/discuss/{category_id}/topic/add/", auth=Auth.FORM)
def _add_topic(world: World, request: Request) -> Reply:
    category = _category(world, request)
    name = request.form.get("name", "")
    problem = _problem(world, request) or _too_soon(world, request)
    if not name.strip():
        problem = "This field is required."
    if problem or "AddPostForm" not in request.form:
        return _refused(world, request, problem)
    topic = world.add_topic(request.me, category.id, name, request.form["body"])
    if request.form.get("subscribe"):
        topic.followers.append(request.me.id)
    return redirect(f"/discuss/topic/{topic.id}/")


@ROUTES.add("POST", WEB, "/discuss/subscription/topic/{topic_id}/add/", auth=Auth.FORM)
def _follow(world: World, request: Request) -> Reply:
    topic = named_topic(world, request)
    if request.me.id not in topic.followers:
        topic.followers.append(request.me.id)
    return redirect(f"/discuss/topic/{topic.id}/")


@ROUTES.add("POST", WEB, "/discuss/subscription/topic/{topic_id}/delete/", auth=Auth.FORM)
def _unfollow(world: World, request: Request) -> Reply:
    topic = named_topic(world, request)
    if request.me.id in topic.followers:
        topic.followers.remove(request.me.id)
    return redirect(f"/discuss/topic/{topic.id}/")


@ROUTES.add("POST", WEB, "/discuss/misc/", auth=Auth.FORM)
def _report(world: World, request: Request) -> Reply:
    if request.query.get("action") != "report":
        raise Refusal(404)
    request.params = {"post_id": str(request.asked_number("post_id", 0))}
    named_post(world, request).reports.append(request.form.get("reason", ""))
    return html_reply(pages.document('<p class="success">Thank you.</p>'))


@ROUTES.add("POST", WEB, "/discuss/settings/{username}/", auth=Auth.FORM)
def _signature(world: World, request: Request) -> Reply:
    named_me(world, request).signature = request.form.get("signature", "")
    return html_reply('<html><body><div class="djangobb"></div></body></html>')


# The search index of a third party


@ROUTES.add("GET", FORUM_SEARCH, "/search/indexes/forum_posts/search")
def _search(world: World, request: Request) -> Reply:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        error = {"message": "The Authorization header is missing.", "code": "missing_authorization_header"}
        return json_reply({**error, "type": "auth", "link": "https://docs.meilisearch.com/errors"}, 401)
    conditions = request.query.get("filter", "")
    found = [post for post in world.posts.values() if not post.deleted and _is_hit(world, post, request, conditions)]
    order = request.query.get("sort", "")
    found.sort(key=lambda post: post.id, reverse=order != "id:asc")
    size = request.asked_number("hitsPerPage", 20) or 20
    number = request.asked_number("page", 1) or 1
    return json_reply(
        {
            "hits": [_hit(world, post) for post in found[(number - 1) * size : number * size]],
            "query": request.query.get("q", ""),
            "processingTimeMs": 1,
            "hitsPerPage": size,
            "page": number,
            "totalPages": _pages(len(found), size) if found else 0,
            "totalHits": len(found),
        }
    )


def _is_hit(world: World, post: Post, request: Request, conditions: str) -> bool:
    topic = world.topics[post.topic_id]
    facts = {
        "username": world.users[post.author_id].username,
        "topic.id": str(topic.id),
        "topic.category": world.categories[topic.category_id].name,
    }
    for condition in conditions.split(" AND ") if conditions else []:
        match = _CONDITION.fullmatch(condition)
        if match is None:
            raise Refusal(400)
        if facts[match[1]].lower() != (match[2] if match[2] is not None else match[3]).lower():
            return False
    words = request.query.get("q", "").lower().split()
    return all(word in post.body.lower() for word in words)


def _hit(world: World, post: Post) -> Json:
    topic = world.topics[post.topic_id]
    entry = pages.atom_time(post.created).replace("+00:00", "Z")
    return {
        "id": post.id,
        "username": world.users[post.author_id].username,
        "content": pages.bb_to_html(post.body),
        "time_posted": entry,
        "time_last_edited": None if post.edited is None else pages.atom_time(post.edited).replace("+00:00", "Z"),
        "last_edited_by": None if post.edited_by is None else world.users[post.edited_by].username,
        "topic": {
            "id": topic.id,
            "title": topic.title,
            "category": world.categories[topic.category_id].name,
        },
    }
