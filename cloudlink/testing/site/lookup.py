"""Finding what a path names; what is not there, or not for the caller, ends the request with 404."""

from __future__ import annotations

from cloudlink.testing.site.exchange import Refusal, Request
from cloudlink.testing.site.records import Classroom, Comment, Place, Post, Project, Studio, Topic, User
from cloudlink.testing.site.shapes import mute_status
from cloudlink.testing.site.world import World


def named_user(world: World, request: Request) -> User:
    """The user in the path."""
    return existing_user(world, request.params["username"])


def existing_user(world: World, username: str) -> User:
    """The user of that name."""
    user = world.find_user(username)
    if user is None:
        raise Refusal(404)
    return user


def named_me(world: World, request: Request) -> User:
    """The user in the path, who must be the caller."""
    if named_user(world, request) is not request.me:
        raise Refusal(403)
    return request.me


def any_project(world: World, request: Request) -> Project:
    """The project in the path, whoever may see it."""
    project = world.projects.get(request.number("project_id"))
    if project is None:
        raise Refusal(404)
    return project


def seen_project(world: World, request: Request) -> Project:
    """The project in the path, if the caller may see it; with a name before it, it must be the author's."""
    project = any_project(world, request)
    if not world.may_see(project, request.user):
        raise Refusal(404)
    if request.path.startswith("/users/"):
        author = world.users[project.author_id]
        if author.username.lower() != request.params["username"].lower():
            raise Refusal(404)
    return project


def own_project(world: World, request: Request) -> Project:
    """The project in the path, which must be the caller's: 403 otherwise."""
    project = any_project(world, request)
    if project.author_id != request.me.id:
        raise Refusal(403)
    return project


def named_studio(world: World, request: Request) -> Studio:
    """The studio in the path."""
    studio = world.studios.get(request.number("studio_id"))
    if studio is None or studio.deleted:
        raise Refusal(404)
    return studio


def managed_studio(world: World, request: Request, *, host: bool = False) -> Studio:
    """The studio in the path, which the caller must manage, or host: 403 otherwise, or when they are muted."""
    studio = named_studio(world, request)
    allowed = request.me.id == studio.host_id if host else world.manages(studio, request.me)
    if not allowed:
        raise Refusal(403)
    refuse_muted(world, request.me)
    return studio


def refuse_muted(world: World, user: User) -> None:
    """End the request with 403 and the mute's details, if the user is muted."""
    if world.is_muted(user):
        raise Refusal(403, mute_status=mute_status(world, user))


def named_comment(world: World, request: Request, place: Place, place_id: int) -> Comment:
    """The comment in the path, deleted or not, which must be at that place."""
    comment = world.comments.get(request.number("comment_id"))
    if comment is None or (comment.place, comment.place_id) != (place, place_id):
        raise Refusal(404)
    return comment


def named_topic(world: World, request: Request) -> Topic:
    """The topic in the path: 404 for a deleted one, 403 for a hidden one."""
    topic = world.topics.get(request.number("topic_id"))
    if topic is None or topic.deleted:
        raise Refusal(404)
    if topic.hidden:
        raise Refusal(403)
    return topic


def named_post(world: World, request: Request) -> Post:
    """The post in the path, in a topic that can be read."""
    post = world.posts.get(request.number("post_id"))
    if post is None or post.deleted or world.topics[post.topic_id].deleted:
        raise Refusal(404)
    return post


def named_class(world: World, request: Request) -> Classroom:
    """The class in the path, ended or not."""
    room = world.classrooms.get(request.number("class_id"))
    if room is None:
        raise Refusal(404)
    return room
