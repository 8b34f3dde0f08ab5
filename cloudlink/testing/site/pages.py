"""The HTML of the site: pages and fragments with the structure that clients read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from cloudlink.testing.site.records import Category, Classroom, Comment, Event, Post, Project, Studio, Topic, User
from cloudlink.testing.site.shapes import escaped
from cloudlink.testing.site.world import World

ERRORS: Final = {
    403: "<html><body><h1>Sorry, there was a problem with your request</h1>"
    "<p>Cookies need to be enabled (403)</p></body></html>",
    404: '<!DOCTYPE html>\n<html><head><title>Scratch - Imagine, Program, Share</title></head><body class="404">\n'
    '<div id="content"><div class="box" id="page-404"><div class="box-content">\n'
    "<h1>Whoops! Our server is Scratch'ing its head</h1>\n"
    "<p>We couldn't find the page you're looking for. Check to make sure you've typed the URL correctly.</p>\n"
    '<h3 class="status-code">404</h3>\n</div></div></div></body></html>',
    500: "<html><body><h1>Oops! Looks like we are having issues with our servers!</h1></body></html>",
}

COMMENTS_END: Final = "\n\n<!-- end templates/comments/list.html -->\n"

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SHORT_MONTHS: Final = (
    "Jan.",
    "Feb.",
    "March",
    "April",
    "May",
    "June",
    "July",
    "Aug.",
    "Sept.",
    "Oct.",
    "Nov.",
    "Dec.",
)
_SPACER: Final = "//cdn.scratch.mit.edu/scratchr2/static/images/spacer.png"
_MENTION: Final = re.compile(r"(?<![\w&])@([A-Za-z0-9_-]{3,20})")


def document(body: str, *, title: str = "Scratch", head: str = "") -> str:
    """A whole page."""
    return (
        f"<!DOCTYPE html>\n<html><head><title>{html.escape(title, quote=False)}</title>{head}</head>"
        f"<body>\n{body}\n</body></html>"
    )


def long_date(time: float) -> str:
    """`June 10, 2025`."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def forum_time(time: float, *, now: float) -> str:
    """`June 2, 2025 10:00:00`, `Today 12:13:14` or `Yesterday 01:02:03`."""
    moment = datetime.fromtimestamp(time, UTC)
    days = (datetime.fromtimestamp(now, UTC).date() - moment.date()).days
    clock = f"{moment:%H:%M:%S}"
    if days in (0, 1):
        return f"{('Today', 'Yesterday')[days]} {clock}"
    return f"{_SHORT_MONTHS[moment.month - 1]} {moment.day}, {moment.year} {clock}"


def ago(time: float, *, now: float) -> str:
    """`3 days, 2 hours ago`, with no-break spaces within each part."""
    rest = max(0, int(now - time))
    parts = []
    for name, size in (("year", 31536000), ("month", 2592000), ("week", 604800), ("day", 86400), ("hour", 3600)):
        number, rest = divmod(rest, size)
        if number:
            parts.append((number, name))
    parts.append((rest // 60, "minute"))
    return ", ".join(f"{n}&nbsp;{name}{'' if n == 1 else 's'}" for n, name in parts[:2]) + " ago"


# Comments of the old site


def comment_thread(world: World, comment: Comment, *, viewer: User | None) -> str:
    """A top comment with all its replies."""
    replies = world.replies(comment)
    items = "".join(
        f'    <li class="reply {"last" if reply is replies[-1] else ""}">\n'
        f"{comment_block(world, reply, viewer=viewer)}\n    </li>\n"
        for reply in replies
    )
    return (
        f'<li class="top-level-reply ">\n{comment_block(world, comment, viewer=viewer)}\n'
        f'  <ul class="replies">\n{items}  </ul>\n</li>\n'
    )


def comment_block(world: World, comment: Comment, *, viewer: User | None) -> str:
    """One comment; the delete button is there for its author and for the owner of the profile."""
    author = world.users[comment.author_id]
    number, name = comment.id, author.username
    may_delete = viewer is not None and viewer.id in (comment.author_id, comment.place_id)
    delete = (
        f'      <span data-comment-id="{number}" data-control="delete" class="actions report">Delete</span>\n'
        if may_delete
        else ""
    )
    control = "modal-login" if viewer is None else "reply-to"
    mention = ""
    if comment.parent_id is not None and comment.commentee_id is not None:
        other = world.users[comment.commentee_id].username
        mention = f'<a href="/users/{other}">@{other}</a>\n        '
    moment = datetime.fromtimestamp(comment.created, UTC)
    return f"""  <div id="comments-{number}" class="comment " data-comment-id="{number}">
    <div class="actions-wrap">
{delete}      <span data-control="report" class="actions report" data-comment-id="{number}">Report</span>
    </div>
    <a href="/users/{name}" id="comment-user" data-comment-user="{name}"><img class="avatar" \
src="//cdn2.scratch.mit.edu/get_image/user/{author.id}_60x60.png" width="45" height="45"/></a>
    <div class="info">
      <div class="name">
        <a href="/users/{name}">{name}</a>{"*" if author.scratchteam else ""}
      </div>
      <div class="content">
        {mention}{_linked(comment.content)}
      </div>
      <div>
        <span class="time" title="{moment:%Y-%m-%dT%H:%M:%SZ}">{long_date(comment.created)}</span>
        <a class="reply" style="display: none;" data-comment-id="{number}" \
data-parent-thread="{comment.parent_id or number}" data-commentee-id="{author.id}" \
data-control="{control}"><span>Reply</span></a>
      </div>
      <div data-content="reply-form"></div>
    </div>
  </div>"""


def _linked(text: str) -> str:
    return _MENTION.sub(r'<a href="/users/\1">@\1</a>', escaped(text))


def comment_error(error_json: str) -> str:
    """What a refused comment is answered with, status 200."""
    return f'<div class="comment-error"></div>\n<script id="error-data" type="application/json">{error_json}</script>\n'


# Profiles and the lists below them


def profile_page(world: World, user: User) -> str:
    """A user's profile."""
    rank = "Scratcher"
    if user.new_scratcher:
        rank = "New Scratcher"
    if user.educator:
        rank = "Teacher Account"
    if user.scratchteam:
        rank = "Scratch Team"
    joined = datetime.fromtimestamp(user.joined, UTC)
    group = ""
    if user.student_of is not None and (room := world.classrooms.get(user.student_of)):
        group = f'<a href="/classes/{room.id}/">Student of: {html.escape(room.title)}</a>'
    since = ago(user.joined, now=world.now()).removesuffix(" ago")
    badge = '<img src="//cdn.scratch.mit.edu/images/membership-badge.svg"/>' if user.member else ""
    return document(
        f"""<div id="profile-data" class="box slider-carousel-container prevent-select">
  <div class="box-head">
    <a href="/users/{user.username}/"><div class="avatar"><img \
src="//cdn2.scratch.mit.edu/get_image/user/{user.id}_60x60.png" width="55" height="55"/></div></a>{badge}
    <div class="header-text">
      <h2>{user.username}{"*" if user.scratchteam else ""}</h2>
      <p class="profile-details">
        <span class="group">
          {rank}
        </span>
        {group}Joined <span title="{joined:%Y-%m-%d}">{since}</span> ago
        <span class="location">{html.escape(user.country or "")}</span>
      </p>
    </div>
  </div>
</div>
{_profile_script(user)}""",
        title=f"{user.username} on Scratch",
    )


def _profile_script(user: User) -> str:
    return f"""<script type="text/javascript">
Scratch.INIT_DATA.PROFILE = {{
  model: {{
    id: '{user.username}',
    userId: {user.id},
    username: '{user.username}',
    thumbnail_url: '//uploads.scratch.mit.edu/users/avatars/{user.id}.png',
    comments_allowed: {"true" if user.comments_allowed else "false"}
  }},
}};
</script>"""


def list_page(user: User, label: str, total: int, items: Iterable[str], *, number: int, last: int) -> str:
    """A page of what belongs to a user, with the exact count in its heading."""
    return document(
        f"""<div id="content"><div class="box">
  <div class="box-head"><h2><a href="/users/{user.username}/">{user.username}</a> &raquo;
      {label} ({total})</h2></div>
  <div class="box-content"><div class="media-grid"><ul>
{"".join(items)}  </ul></div></div>
{_page_links(number, last)}</div></div>""",
        title=f"{user.username} on Scratch",
    )


def loves_page(user: User, total: int, items: Iterable[str], *, number: int, last: int) -> str:
    """The projects that a user loves; the only list of them, and its heading has no label."""
    return document(
        f"""<div id="content"><div class="box">
<div class="box-head"><h2><a href="/users/{user.username}/">{user.username}</a>'s loves &raquo;

 ({total})</h2></div>
<div class="box-content"><div class="media-grid"><ul>
{"".join(items)}</ul></div></div>
{_page_links(number, last)}</div></div>"""
    )


def _page_links(number: int, last: int) -> str:
    if last < 2:
        return ""
    links = (
        f'<span class="page-current">{n}</span>' if n == number else f'<a href="?page={n}">{n}</a>'
        for n in range(1, last + 1)
    )
    return f'  <div class="page-links">{" ".join(links)}</div>\n'


def user_item(user: User) -> str:
    """A user in such a list."""
    return f"""      <li class="user thumb item">
        <a href="/users/{user.username}/"><img class="lazy" src="{_SPACER}" \
data-original="//cdn2.scratch.mit.edu/get_image/user/{user.id}_60x60.png" width="60" height="60" /></a>
        <span class="title"><a href="/users/{user.username}/">{user.username}</a></span>
      </li>
"""


def project_item(world: World, project: Project) -> str:
    """A project in such a list."""
    author = world.users[project.author_id].username
    return f"""      <li class="project thumb item">
        <a href="/projects/{project.id}/"><img class="lazy image" \
data-original="//cdn2.scratch.mit.edu/get_image/project/{project.id}_144x108.png?v={project.modified}" \
width="144" height="108" /></a>
        <span class="title"><a href="/projects/{project.id}/">{html.escape(project.title)}</a></span>
        <span class="owner">by <a href="/users/{author}/">{author}</a></span>
      </li>
"""


def studio_item(studio: Studio) -> str:
    """A studio in such a list."""
    return f"""      <li class="gallery thumb item">
        <a href="/studios/{studio.id}/"><img class="lazy image" \
data-original="//cdn2.scratch.mit.edu/get_image/gallery/{studio.id}_170x100.png" width="170" height="100" /></a>
        <span class="title"><a href="/studios/{studio.id}/">{html.escape(studio.title)}</a></span>
      </li>
"""


def activity_list(world: World, events: Sequence[Event]) -> str:
    """What a user did lately."""
    return "<ul>\n" + "".join(_activity_item(world, event) for event in events) + "</ul>\n"


def _activity_item(world: World, event: Event) -> str:
    icon, words = _activity_words(event)
    actor = world.users[event.actor_id].username
    return f"""  <li>
    <span class="icon-xs black {icon}"></span>
    <div>
      <span class="actor">{actor}</span> {words}
      <span class="time">{ago(event.created, now=world.now())}</span>
    </div>
  </li>
"""


def _activity_words(event: Event) -> tuple[str, str]:
    facts = event.facts

    def project(number: str = "project_id", title: str = "title") -> str:
        return f'<a href="/projects/{facts[number]}/">{html.escape(facts[title])}</a>'

    def studio(title: str = "title") -> str:
        return f'<a href="/studios/{facts["gallery_id"]}/">{html.escape(facts[title])}</a>'

    match event.type:
        case "shareproject":
            return "project", f"shared the project {project()}"
        case "remixproject":
            return "remix", f"remixed {project('parent_id', 'parent_title')} as {project()}"
        case "loveproject":
            return "love", f"loved {project()}"
        case "favoriteproject":
            return "favorite", f"favorited {project(title='project_title')}"
        case "followuser":
            name = facts["followed_username"]
            return "follow", f'is now following <a href="/users/{name}/">{name}</a>'
        case "followstudio":
            return "studio", f"is now following the studio {studio()}"
        case "becomecurator":
            return "curator", f"became a curator of {studio()}"
        case "becomeownerstudio":
            return "curator", f"was promoted to manager of {studio('gallery_title')}"
        case "addprojecttostudio":
            return "studio", f"added {project(title='project_title')} to a studio"
        case _:
            return "scratch", "joined Scratch"


# Forums


def forum_index(world: World) -> str:
    """All categories, in their sections."""
    sections: dict[str, list[Category]] = {}
    for category in world.categories.values():
        sections.setdefault(category.section, []).append(category)
    blocks = "".join(
        f'<div class="blocktable"><div class="box"><div class="box-head"><h4>{html.escape(name)}</h4></div>'
        '<div class="box-content"><table><thead><tr><th>Forum</th><th>Topics</th><th>Posts</th><th>Last post</th></tr>'
        f"</thead><tbody>\n{''.join(_category_row(world, category) for category in found)}"
        "</tbody></table></div></div></div>\n"
        for name, found in sections.items()
    )
    return document(f'<div class="djangobb"><div id="idx1">\n{blocks}</div></div>')


def _category_row(world: World, category: Category) -> str:
    topics = world.topics_of(category)
    posts = [post for topic in topics for post in world.posts_of(topic)]
    return (
        '<tr><td class="tcl"><div class="intd"><div class="icon"></div><div class="tclcon">'
        f'<h3><a href="/discuss/{category.id}/">{html.escape(category.name)}</a></h3>\n'
        f" {html.escape(category.description)}\n</div></div></td>"
        f'<td class="tc2">{len(topics)}</td><td class="tc3">{len(posts)}</td>'
        f'<td class="tcr">{_last_post(world, posts, separator="<br/>")}</td></tr>\n'
    )


def _last_post(world: World, posts: Sequence[Post], *, separator: str = " ") -> str:
    if not posts:
        return ""
    post = max(posts, key=lambda post: post.created)
    return (
        f'<a href="/discuss/post/{post.id}/">{forum_time(post.created, now=world.now())}</a>{separator}'
        f'<span class="byuser">by {world.users[post.author_id].username}</span>'
    )


def category_page(world: World, category: Category, topics: Sequence[Topic], *, number: int, last: int) -> str:
    """A page of the topics of a category."""
    rows = "".join(_topic_row(world, topic) for topic in topics)
    if not topics:
        rows = '<tr><td class="djangobbcon1" colspan="4">Forum is empty.</td></tr>'
    return document(
        f"""<div class="djangobb">
<div class="linkst">{_pagination(number, last)}</div>
<div id="vf" class="blocktable"><div class="box"><div class="box-head"><h4>\
<span>{html.escape(category.name)}</span></h4></div><div class="box-content"><table><thead>\
<tr><th>Topic</th><th>Replies</th><th>Views</th><th>Last post</th></tr>\
</thead><tbody>
{rows}</tbody></table></div></div></div>
</div>"""
    )


def _topic_row(world: World, topic: Topic) -> str:
    posts = world.posts_of(topic)
    icon = " ".join(name for name, on in (("isticky", topic.sticky), ("iclosed", topic.closed)) if on) or "forumicon"
    return (
        f'<tr><td class="tcl"><div class="{icon}"><div class="nosize"><!-- --></div></div><div class="tclcon">'
        f'<h3 class="topic_isread"><a href="/discuss/topic/{topic.id}/">{html.escape(topic.title)}</a></h3> '
        f'<span class="byuser">by {world.users[topic.author_id].username}</span></div></td>'
        f'<td class="tc2">{max(0, len(posts) - 1)}</td><td class="tc3">{topic.views}</td>'
        f'<td class="tcr">{_last_post(world, posts)}</td></tr>\n'
    )


def _pagination(number: int, last: int) -> str:
    links = (
        f'<span class="current page">{n}</span>' if n == number else f'<a class="page" href="?page={n}">{n}</a>'
        for n in range(1, last + 1)
    )
    return f'<div class="pagination">{"".join(links)}</div>'


def topic_page(
    world: World, topic: Topic, posts: Sequence[Post], *, first: int, number: int, last: int, viewer: User | None
) -> str:
    """A page of the posts of a topic; the stray closing `div` at its end is the real page's."""
    category = world.categories[topic.category_id]
    blocks = "".join(_post_block(world, topic, post, place) for place, post in enumerate(posts, first))
    form = "" if topic.closed or viewer is None else reply_form()
    return document(
        f"""<div class="djangobb">
<div id="brdmenu"><ul><li><a href="/discuss/">Forums</a></li></ul></div>
<div class="linkst">{_pagination(number, last)}<ul><li><a href="/discuss/">Discussion Forums</a></li>\
<li>&raquo; <a href="/discuss/{category.id}/">{html.escape(category.name)}</a></li>\
<li>&raquo; {html.escape(topic.title)}</li></ul></div>
{blocks}<div class="nosize"><!-- --></div></div>
{form}</div>""",
        head=f'<meta property="og:url" content="https://scratch.mit.edu/discuss/topic/{topic.id}/"/>',
        title=topic.title,
    )


def reply_form(error: str = "", body: str = "") -> str:
    """The form for a post, with what was wrong with the last try."""
    problem = f'<ul class="errorlist"><li>{html.escape(error)}</li></ul>' if error else ""
    return (
        f'<form id="reply" method="post">{problem}<textarea name="body">{html.escape(body)}</textarea>'
        '<input type="submit" name="AddPostForm"/></form>'
    )


def _post_block(world: World, topic: Topic, post: Post, place: int) -> str:
    author = world.users[post.author_id]
    now = world.now()
    edited = ""
    if post.edited is not None and post.edited_by is not None:
        edited = (
            f'<p class="postedit"><em class="posteditmessage">Last edited by {world.users[post.edited_by].username} '
            f"({forum_time(post.edited, now=now)})</em></p>"
        )
    signature = f'<div class="postsignature">{bb_to_html(author.signature)}</div>' if author.signature else ""
    rank = "Scratch Team" if author.scratchteam else "New Scratcher" if author.new_scratcher else "Scratcher"
    written = sum(p.author_id == author.id for p in world.posts.values())
    count = next((f"{step}+" for step in (1000, 500, 100) if written >= step), str(written))
    parity = "roweven" if place % 2 else "rowodd"
    return f"""<div id="p{post.id}" class="blockpost {parity}{" firstpost" if place == 1 else ""}">\
<a name="post-{post.id}"></a>
<div class="box"><div class="box-head"><span class="conr">#{place}</span>\
<a href="/discuss/post/{post.id}/">{forum_time(post.created, now=now)}</a></div>
<div class="box-content"><div class="postleft"><dl><dt><a class="black username" href="/users/{author.username}/">\
{author.username}</a></dt><dd class="postavatar"><a href="/users/{author.username}/">\
<img src="//cdn2.scratch.mit.edu/get_image/user/{author.id}_90x90.png" width="90" height="90"></a></dd>\
{rank}<br>{count} posts</dl></div>
<div class="postright"><h3>{html.escape(topic.title)}</h3><div class="postmsg">\
<div class="post_body_html">{bb_to_html(post.body)}</div>{edited}{signature}</div></div>
<div class="clearer"></div><div class="postfootleft"></div><div class="postfootright"><ul><li class="postreport">\
<a href="/discuss/misc/?action=report&amp;post_id={post.id}">Report</a></li><li class="postquote">| \
<a onclick="return copy_paste('p{post.id}')" href="#reply">Quote</a></li></ul></div></div></div></div>
"""


_BB: Final = (
    (re.compile(r"\[b\](.*?)\[/b\]", re.S), r"<b>\1</b>"),
    (re.compile(r"\[i\](.*?)\[/i\]", re.S), r"<i>\1</i>"),
    (re.compile(r"\[scratchblocks\](.*?)\[/scratchblocks\]", re.S), r'<pre class="blocks">\1</pre>'),
    (re.compile(r"\[url=([^\]\"]+)\](.*?)\[/url\]", re.S), r'<a href="\1">\2</a>'),
    (
        re.compile(r"\[quote=([^\]]+)\](.*?)\[/quote\]", re.S),
        r'<blockquote><p class="bb-quote-author">\1 wrote:</p>\2</blockquote>',
    ),
    (re.compile(r"\[quote\](.*?)\[/quote\]", re.S), r"<blockquote>\1</blockquote>"),
)


def bb_to_html(text: str) -> str:
    """BBCode as HTML, for the tags that tests want most."""
    found = html.escape(text, quote=False)
    for pattern, replacement in _BB:
        found = pattern.sub(replacement, found)
    return found.replace("\r\n", "\n").replace("\n", "<br/>")


def feed(title: str, address: str, entries: Iterable[str], *, updated: float) -> str:
    """An Atom feed of posts."""
    link = f"http://scratch.mit.edu{address}"
    own = link.replace("/discuss/", "/discuss/feeds/")
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f'<title>Latest posts on {html.escape(title)}</title><link href="{link}" rel="alternate"/>'
        f'<link href="{own}" rel="self"/><id>{link}</id><updated>{atom_time(updated)}</updated>\n'
        f"{''.join(entries)}</feed>\n"
    )


def feed_entry(world: World, post: Post) -> str:
    """A post in a feed."""
    topic = world.topics[post.topic_id]
    title = f"{topic.title} :: {world.categories[topic.category_id].name}"
    link = f"http://scratch.mit.edu/discuss/post/{post.id}/"
    return (
        f'<entry><title>{html.escape(title)}</title><link href="{link}" rel="alternate"/>'
        f"<published>{atom_time(post.created)}</published><updated>{atom_time(post.edited or post.created)}</updated>"
        f"<author><name>{world.users[post.author_id].username}</name></author><id>{link}</id>"
        f'<summary type="html">{html.escape(bb_to_html(post.body))}</summary></entry>\n'
    )


def atom_time(time: float) -> str:
    """`2025-06-11T12:13:14+00:00`."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")


# Classes


def class_page(world: World, room: Classroom) -> str:
    """A class: for one that has ended this page is all there is."""
    students = list(world.living(room.student_ids))
    studios = [world.studios[number] for number in room.studio_ids]
    title = html.escape(room.title, quote=False)
    return document(
        f"""<div id="class-header"><h2>{title}</h2></div>
<p class="overview">{html.escape(room.description)}</p>
<p class="overview">{html.escape(room.status)}</p>
<div class="box"><div class="box-head"><h4>Students ({len(students)})</h4></div><div class="box-content">\
<ul class="scroll-content">
{"".join(user_item(user) for user in students)}</ul></div></div>
<div class="box"><div class="box-head"><h4>Class Studios ({len(studios)})</h4></div><div class="box-content">\
<ul class="scroll-content">
{"".join(studio_item(studio) for studio in studios)}</ul></div></div>
{_profile_script(world.users[room.educator_id])}""",
        title=f"{room.title} on Scratch",
    )


def class_list_page(room: Classroom, label: str, total: int, items: Iterable[str]) -> str:
    """All students or all studios of a class."""
    return document(
        f'<div class="box"><div class="box-head"><h2>{html.escape(room.title, quote=False)} &raquo; {label} ({total})'
        f'</h2></div><div class="media-grid"><ul>\n{"".join(items)}</ul></div></div>'
    )
