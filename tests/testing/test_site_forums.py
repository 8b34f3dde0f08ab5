"""The forums, classes and the small services."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from dataclasses import replace

import pytest
from site_caller import API, WEB, Caller

from cloudlink.clock import FakeClock
from cloudlink.testing import LocalSite
from cloudlink.testing.site.records import Topic

CLOUD = "clouddata.scratch.mit.edu"


@pytest.fixture
def topic(site: LocalSite) -> Topic:
    return site.add_topic("pixel_otter", "Help With Scripts", "Cloud & lists", "How do I send [b]letters[/b]?", id=800)


def test_the_index_leads_to_the_categories(nobody: Caller, topic: Topic) -> None:
    text = nobody.get(f"{WEB}/discuss/").text
    assert text.count('<div class="blocktable">') == 4
    row = re.search(r'<a href="/discuss/7/">Help With Scripts</a>.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert '<td class="tc2">1</td><td class="tc3">1</td>' in row[0]
    assert '<span class="byuser">by pixel_otter</span>' in row[0]


def test_a_category_lists_twenty_five_topics_a_page(site: LocalSite, nobody: Caller) -> None:
    for n in range(26):
        site.add_topic("pixel_otter", 1, f"topic {n}", sticky=n == 0, closed=n == 0)
    pages = [nobody.get(f"{WEB}/discuss/1/?page={n}").text for n in (1, 2, 3)]
    assert [page.count('<tr><td class="tcl">') for page in pages] == [25, 1, 0]
    assert "<h4><span>Suggestions</span></h4>" in pages[0]
    assert pages[0].index("isticky iclosed") < pages[0].index("forumicon")
    assert '<span class="current page">1</span><a class="page" href="?page=2">2</a>' in pages[0]
    assert '<td class="djangobbcon1" colspan="4">' in pages[2]
    assert nobody.get(f"{WEB}/discuss/99/").status_code == 404


def test_a_topic_shows_its_posts(site: LocalSite, clock: FakeClock, nobody: Caller, topic: Topic) -> None:
    site.user("pixel_otter").signature = "[i]otter[/i]"
    for n in range(20):
        site.add_post("ScratchCat", topic, f"post {n}")
    text = nobody.get(f"{WEB}/discuss/topic/800/").text
    assert len(re.findall(r'<div id="p\d+" class="blockpost', text)) == 20
    assert '<li>&raquo; <a href="/discuss/7/">Help With Scripts</a></li><li>&raquo; Cloud &amp; lists</li>' in text
    assert '<div class="post_body_html">How do I send <b>letters</b>?</div>' in text
    assert '<div class="postsignature"><i>otter</i></div>' in text
    assert '<meta property="og:url" content="https://scratch.mit.edu/discuss/topic/800/"/>' in text
    assert re.search(r'<span class="conr">#1</span><a href="/discuss/post/\d+/">Today \d\d:\d\d:\d\d</a>', text)
    clock.advance(86400)
    second = nobody.get(f"{WEB}/discuss/topic/800/?page=2").text
    assert '<span class="conr">#21</span>' in second
    assert ">Yesterday " in second
    clock.advance(86400)
    assert re.search(r">May \d\d, 2026 \d\d:", nobody.get(f"{WEB}/discuss/topic/800/").text)
    assert nobody.get(f"{WEB}/discuss/topic/800/?page=3").status_code == 404


def test_deleted_and_hidden_topics(nobody: Caller, topic: Topic) -> None:
    topic.hidden = True
    assert nobody.get(f"{WEB}/discuss/topic/800/").status_code == 403
    topic.deleted = True
    assert nobody.get(f"{WEB}/discuss/topic/800/").status_code == 404


def test_a_post_leads_to_its_page(site: LocalSite, nobody: Caller, topic: Topic) -> None:
    posts = [site.add_post("ScratchCat", topic, f"[b]{n}[/b]") for n in range(20)]
    reply = nobody.get(f"{WEB}/discuss/post/{posts[-1].id}/")
    assert reply.status_code == 302
    assert reply.headers["Location"] == f"/{WEB}/discuss/topic/800/?page=2#post-{posts[-1].id}"
    source = nobody.get(f"{WEB}/discuss/post/{posts[0].id}/source/")
    assert (source.text, source.headers["Content-Type"]) == ("[b]0[/b]", "text/plain; charset=utf-8")
    posts[0].deleted = True
    assert nobody.get(f"{WEB}/discuss/post/{posts[0].id}/").status_code == 404


def test_feeds_have_exact_times(site: LocalSite, nobody: Caller, topic: Topic) -> None:
    site.add_post("ScratchCat", topic, "answer", created=1_750_000_000.0)
    for path in ("topic/800", "forum/7"):
        reply = nobody.get(f"{WEB}/discuss/feeds/{path}/")
        assert reply.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        atom = "{http://www.w3.org/2005/Atom}"
        entries = Xml.fromstring(reply.content).findall(f"{atom}entry")
        assert [entry.findtext(f"{atom}title") for entry in entries] == ["Cloud & lists :: Help With Scripts"] * 2
        assert entries[1].findtext(f"{atom}published") == "2025-06-15T15:06:40+00:00"
        assert entries[1].findtext(f"{atom}author/{atom}name") == "ScratchCat"


def test_editing_is_a_form_and_ends_in_a_redirect(site: LocalSite, me: Caller, otter: Caller, topic: Topic) -> None:
    (post,) = (p for p in [site.post(n) for n in [8120001]] if p.topic_id == topic.id)
    url = f"{WEB}/discuss/post/{post.id}/edit/"
    form = {"csrfmiddlewaretoken": "a", "body": "Grüße & so"}
    assert me.post(url, data=form).status_code == 403
    reply = otter.post(url, data=form)
    assert (reply.status_code, reply.headers["Location"]) == (302, f"/{WEB}/discuss/post/{post.id}/")
    assert post.body == "Grüße & so"
    refused = otter.post(url, data={**form, "body": "badword"})
    assert refused.status_code == 200
    assert '<ul class="errorlist"><li>' in refused.text
    page = otter.get(f"{WEB}/discuss/topic/800/").text
    assert '<em class="posteditmessage">Last edited by pixel_otter (Today ' in page


def test_replying_and_waiting(site: LocalSite, clock: FakeClock, me: Caller, topic: Topic) -> None:
    site.rules = replace(site.rules, post_interval=60.0)
    parts = {"csrfmiddlewaretoken": (None, "a"), "body": (None, "my answer"), "AddPostForm": (None, "")}
    reply = me.post(f"{WEB}/discuss/topic/800/", files=parts)
    assert reply.status_code == 302
    number = reply.headers["Location"].strip("/").rpartition("/")[2]
    assert site.post(number).body == "my answer"
    soon = me.post(f"{WEB}/discuss/topic/800/?", files=parts)
    assert soon.status_code == 200
    assert "<li>Sorry, you have to wait 60 seconds between posts.</li>" in soon.text
    clock.advance(61)
    topic.closed = True
    assert me.post(f"{WEB}/discuss/topic/800/", files=parts).status_code == 403


def test_starting_and_following_topics(site: LocalSite, me: Caller) -> None:
    form = {"csrfmiddlewaretoken": "a", "name": "Hello", "body": "text", "subscribe": "1", "AddPostForm": ""}
    reply = me.post(f"{WEB}/discuss/1/topic/add", data=form)
    number = int(reply.headers["Location"].strip("/").rpartition("/")[2])
    with site.state() as world:
        topic = world.topics[number]
    assert (topic.title, topic.followers) == ("Hello", [190000001])
    site.add_post("pixel_otter", topic, "hi")
    assert me.get(f"{API}/users/cloudberry_dev/messages").json()[0]["topic_title"] == "Hello"
    assert me.post(f"{WEB}/discuss/subscription/topic/{number}/delete/").status_code == 302
    assert topic.followers == []
    assert me.post(f"{WEB}/discuss/subscription/topic/{number}/remove/").status_code == 404
    assert me.post(f"{WEB}/discuss/subscription/topic/{number}/add/").status_code == 302


def test_reports_and_signatures(site: LocalSite, me: Caller, topic: Topic) -> None:
    reply = me.post(f"{WEB}/discuss/misc/?action=report&post_id=8120001", data={"reason": "spam"})
    assert '<p class="success">' in reply.text
    assert site.post(8120001).reports == ["spam"]
    me.post(f"{WEB}/discuss/settings/cloudberry_dev/", data={"signature": "hi", "update": ""})
    assert site.user("cloudberry_dev").signature == "hi"
    assert me.post(f"{WEB}/discuss/settings/pixel_otter/", data={"signature": "x"}).status_code == 403


def test_the_search_index_of_the_third_party(site: LocalSite, nobody: Caller, topic: Topic) -> None:
    site.add_post("ScratchCat", topic, "Encode them as numbers.")
    url = "scratchdb.lefty.one/search/indexes/forum_posts/search"
    assert nobody.get(f"{url}?q=numbers").status_code == 401
    key = {"Authorization": "Bearer key"}

    def found(query: str) -> list[str]:
        return [hit["username"] for hit in nobody.get(f"{url}?{query}", headers=key).json()["hits"]]

    assert found("q=numbers") == ["ScratchCat"]
    assert found('q=&filter=username = "pixel_otter" AND topic.id = 800') == ["pixel_otter"]
    assert found('q=&filter=topic.category = "Help With Scripts"&sort=id:asc') == ["pixel_otter", "ScratchCat"]
    assert found("q=&hitsPerPage=1&page=2") == ["pixel_otter"]
    assert nobody.get(f"{url}?filter=nonsense", headers=key).status_code == 400


# Classes


def test_a_class_is_seen_until_it_ends(site: LocalSite, nobody: Caller, me: Caller) -> None:
    student = site.add_user("student_one")
    site.add_project(student, "homework")
    studio = site.add_studio("ScratchCat", "Class studio")
    room = site.add_classroom(
        "ScratchCat", "Cat's class", id=156, token="ab1", student_ids=[student.id], studio_ids=[studio.id]
    )
    found = nobody.get(f"{API}/classrooms/156").json()
    assert (found["title"], found["educator"]["username"]) == ("Cat's class", "ScratchCat")
    assert nobody.get(f"{API}/classtoken/ab1").json() == found
    assert me.get(f"{API}/classrooms/156/projects").json()[0]["title"] == "homework"
    assert nobody.get(f"{API}/classrooms/156/projects").status_code == 403
    room.ended = True
    assert nobody.get(f"{API}/classrooms/156").status_code == 404
    page = nobody.get(f"{WEB}/classes/156/").text
    assert "<title>Cat's class on Scratch</title>" in page
    assert "<h4>Students (1)</h4>" in page
    assert "student_one" in nobody.get(f"{WEB}/classes/156/students/?page=1").text
    assert "Class studio" in nobody.get(f"{WEB}/classes/156/studios/").text


def test_a_teacher_runs_classes(site: LocalSite, me: Caller, otter: Caller) -> None:
    assert me.post(f"{WEB}/classes/create_classroom/", json={"title": "x"}).status_code == 403
    site.user("cloudberry_dev").educator = True
    (made,) = me.post(f"{WEB}/classes/create_classroom/", json={"title": "New class"}).json()
    assert made["success"] is True
    url = f"{WEB}/site-api/classrooms/all/{made['id']}/"
    assert me.put(url, json={"status": "busy"}).json()["fields"]["status"] == "busy"
    assert me.get(f"{WEB}/site-api/classrooms/all/?page=1").json()[0]["pk"] == made["id"]
    assert me.get(f"{WEB}/site-api/classrooms/students/{made['id']}/").json() == []
    link = me.get(f"{WEB}/site-api/classrooms/generate_registration_link/{made['id']}/").json()
    assert link["reg_link"].startswith("https://scratch.mit.edu/signup/")
    assert otter.get(url).status_code == 403
    assert '"classroom-count">1</span>' in me.get(f"{WEB}/educators/classes/").text
    me.post(f"{WEB}/site-api/classrooms/close_classroom/{made['id']}/")
    assert '"closed-count">1</span>' in me.get(f"{WEB}/educators/classes/").text
    assert me.get(f"{WEB}/site-api/classrooms/closed/").json()[0]["pk"] == made["id"]


# Services


def test_the_cloud_log_is_newest_first(site: LocalSite, clock: FakeClock, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    site.add_cloud_change(project, "pixel_otter", "score", verb="create_var")
    for n in range(3):
        site.add_cloud_change(project, "pixel_otter", "☁ score", str(n))
    site.add_cloud_change(5, "pixel_otter", "score", "9")
    log = nobody.get(f"{CLOUD}/logs?projectid={project.id}&limit=100&offset=0").json()
    assert [(entry["verb"], entry["value"]) for entry in log] == [
        ("set_var", "2"),
        ("set_var", "1"),
        ("set_var", "0"),
        ("create_var", None),
    ]
    assert log[0]["name"] == log[3]["name"] == "☁ score"
    assert log[0]["timestamp"] // 1000 == int(clock())
    assert len(nobody.get(f"{CLOUD}/logs?projectid={project.id}&limit=2&offset=1").json()) == 2
    assert nobody.get(f"{CLOUD}/logs?projectid=77").json() == []
    assert nobody.get(f"{CLOUD}/logs?projectid=77&limit=101").status_code == 400


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (f"{API}/", "help"),
        (f"{API}/health", "sql"),
        (f"{WEB}/health", "healthy"),
        (f"{CLOUD}/health", "redis"),
        (f"{WEB}/statistics/data/daily/", "PROJECT_COUNT"),
        (f"{WEB}/statistics/data/monthly/", "country_distribution"),
        (f"{WEB}/statistics/data/monthly-ga/", "pageviews"),
        ("translate-service.scratch.mit.edu/translate?language=ja&text=hello", "result"),
        ("translate-service.scratch.mit.edu/supported", "result"),
        ("backpack.scratch.mit.edu/", "ok"),
    ],
)
def test_services_answer(nobody: Caller, url: str, key: str) -> None:
    assert key in nobody.get(url).json()


def test_services_refuse_what_is_wrong(nobody: Caller) -> None:
    assert nobody.get("translate-service.scratch.mit.edu/translate?language=xx&text=a").status_code == 400
    speech = "synthesis-service.scratch.mit.edu/synth?locale=en-US&gender="
    assert nobody.get(f"{speech}female&text=hi").headers["Content-Type"] == "audio/mpeg"
    assert nobody.get(f"{speech}other&text=hi").status_code == 400
    assert nobody.get(f"{speech}male&text={'x' * 129}").status_code == 400


def test_ocular_answers_for_those_it_knows(site: LocalSite, nobody: Caller) -> None:
    with site.state() as world:
        world.ocular["pixel_otter"] = {"_id": "1", "name": "pixel_otter", "status": "hi", "color": None, "meta": {}}
        world.reactions[8120001] = [("ScratchCat", "👍")]
    assert nobody.get("my-ocular.jeffalo.net/api/user/pixel_otter").json()["status"] == "hi"
    assert nobody.get("my-ocular.jeffalo.net/api/user/nobody_").json() == {"error": "no user found"}
    reactions = nobody.get("my-ocular.jeffalo.net/api/reactions/8120001").json()
    assert len(reactions) == 8
    assert reactions[0]["reactions"][0]["user"] == "ScratchCat"
