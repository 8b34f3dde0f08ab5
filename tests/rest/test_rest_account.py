"""One's own account, things and pictures, reports, and the small services, against the local site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from offline_site import answering, client_of, logged_in, serving
from rest_calls import SUCCESSES, WITH_SESSION, project, studio, user

from cloudlink.errors import (
    BadResponse,
    Forbidden,
    InvalidArgument,
    LoginFailed,
    NotFound,
    Rejected,
    ValueTooLong,
)
from cloudlink.rest.account import Account, check_email, check_password, check_username, request_password_reset
from cloudlink.rest.client import Client
from cloudlink.rest.http import Reply
from cloudlink.rest.languages import text_to_speech, translate, translation_languages
from cloudlink.rest.login import login
from cloudlink.rest.pictures import get_picture, picture_url
from cloudlink.rest.projects import Project
from cloudlink.rest.reports import PROJECT_CATEGORIES
from cloudlink.rest.session import Session
from cloudlink.rest.statistics import get_cloud_health, get_site_health
from cloudlink.rest.studios import get_studio
from cloudlink.rest.users import get_user
from cloudlink.testing import LocalSite

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def result_of(name: str) -> Any:
    before = ["session"] if name in WITH_SESSION else []
    return SUCCESSES[name](logged_in(client_of(serving(name, *before))))


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("otter", email="otter@example.com", new_scratcher=True)
        site.add_user("fox")
        yield site


# The account


def test_what_the_samples_say() -> None:
    assert result_of("check_account_password") is True
    assert result_of("account_email_change_page") == ("cloudberry@example.com", "cloud2@example.com")
    assert result_of("checkusername_bad") == "bad username"
    assert result_of("check_email_bad") == "Enter a valid email address."
    assert result_of("mystuff_html").shared == 7
    assert result_of("mystuff_studios_all")[0].project_count == 12
    assert result_of("project_trash_empty") == 3
    assert result_of("user_invites").id == 812345
    assert result_of("user_invites_none") is None
    assert result_of("user_messages_admin")[0].message == "Hi! Your project was reviewed."
    assert result_of("translate_supported") == {"am": "Amharic", "ja": "Japanese"}
    assert result_of("user_avatar_post").startswith("https://uploads.scratch.mit.edu/")
    assert result_of("cloud_health")["redis"]["ready"] is True


def test_the_settings_of_an_account(site: LocalSite, client: Client, otter: Session) -> None:
    account = otter.account
    assert repr(account) == "<Account of 'otter'>"
    account.set_country("Ireland")
    assert get_user("otter", client=client).country == "Ireland"
    assert account.email_addresses() == ("otter@example.com", None)
    account.change_email("new@example.com", password="correct horse")
    with pytest.raises(BadResponse, match="look at the password"):
        account.change_email("newer@example.com", password="wrong")
    assert site.user("otter").email == "new@example.com"
    account.set_subscription(activities=True, teacher_tips=False)
    assert site.user("otter").subscriptions == {"activities"}
    account.change_password(old="correct horse", new="battery staple")
    assert account.check_password("battery staple")
    assert not account.check_password("correct horse")
    with pytest.raises(LoginFailed, match="not changed"):
        account.change_password(old="wrong", new="another")
    assert login("otter", "battery staple", client=client).username == "otter"


def test_an_account_is_deleted_with_its_password_only(site: LocalSite, otter: Session) -> None:
    with pytest.raises(LoginFailed, match="password is wrong"):
        otter.account.delete(password="wrong", with_projects=True)
    assert not site.user("otter").deletion_pending
    otter.account.delete(password="correct horse", with_projects=False)
    assert site.user("otter").deletion_pending


def test_a_new_scratcher_is_invited(site: LocalSite, otter: Session) -> None:
    assert otter.invitation() is None
    with pytest.raises(Forbidden):
        otter.account.become_scratcher()
    site.user("otter").invited = True
    invitation = otter.invitation()
    assert invitation is not None
    assert invitation.unread
    otter.account.become_scratcher()
    otter.update()
    assert otter.new_scratcher is False
    site.user("otter").invited = True
    otter.dismiss_invitation(invitation.id)
    assert otter.invitation() is None


def test_alerts_are_read_and_dismissed(site: LocalSite, otter: Session) -> None:
    site.add_alert("otter", "<p>Be nice &amp; kind.</p>")
    (alert,) = otter.alerts()
    assert (alert.message, alert["message"]) == ("Be nice & kind.", "<p>Be nice &amp; kind.</p>")
    otter.dismiss_alert(alert.id)
    assert otter.alerts() == []
    with pytest.raises(Rejected):
        otter.dismiss_alert(5)


def test_checks_before_there_is_an_account(site: LocalSite, client: Client) -> None:
    names = {"fox": "username exists", "badword": "bad username", "x": "invalid username", "lynx": "valid username"}
    assert {name: check_username(name, client=client) for name in names} == names
    assert check_password("password", client=client) == "invalid password"
    assert check_password("aLongerOne12", client=client) == "valid password"
    assert check_email("lynx@example.com", client=client) == "valid email"
    assert check_email("lynx", client=client) == "Enter a valid email address."
    request_password_reset(username="otter", client=client)
    request_password_reset(email="otter@example.com", client=client)
    request_password_reset(username="nobody", client=client)
    with site.state() as world:
        assert world.mails == [("otter", "password reset")] * 2
    with pytest.raises(InvalidArgument, match="one of the two"):
        request_password_reset(client=client)


def test_addresses_are_read_from_an_english_page_only() -> None:
    page = b'<p><span class="label">Current Email Address</span>\n me@example.com </p>'
    account = Account(logged_in(client_of(answering(Reply(200, body=page), Reply(200, body=b"<p>Adresse</p>")))))
    assert account.email_addresses() == ("me@example.com", None)
    with pytest.raises(BadResponse, match="English"):
        account.email_addresses()


def test_a_refused_setting_is_told() -> None:
    page = Reply(200, body=b'<ul class="errorlist"><li>This is no country.</li></ul>')
    with pytest.raises(Rejected, match="This is no country"):
        Account(logged_in(client_of(answering(page)))).set_country("Nowhere")
    for call in (
        lambda: Account(logged_in(client_of(answering()))).set_country(""),
        lambda: Account(logged_in(client_of(answering()))).change_password(old="a", new=""),
    ):
        with pytest.raises(InvalidArgument):
            call()


# One's own things


def test_the_trash_is_emptied(site: LocalSite, otter: Session) -> None:
    for title in ("one", "two", "three"):
        site.add_project("otter", title, shared=False)
    for one in otter.mystuff_projects("unshared", limit=2):
        one.trash()
    back = otter.mystuff_projects("trashed")[0]
    back.restore()
    assert len(otter.mystuff_projects("trashed")) == 1
    with pytest.raises(Forbidden):
        otter.empty_trash(password="wrong")
    assert otter.empty_trash(password="correct horse") == 1
    assert {one.title for one in otter.mystuff_projects()} >= {back.title}
    assert len(otter.mystuff_projects()) == 2


def test_my_stuff_has_studios_and_counts(site: LocalSite, otter: Session) -> None:
    site.add_project("otter")
    site.add_project("otter", shared=False)
    mine = site.add_studio("otter", "Mine")
    theirs = site.add_studio("fox", "Theirs", curators=[site.user("otter").id])
    assert [one.title for one in otter.mystuff_studios(sort_by="title")] == ["Theirs", "Mine"]
    assert [one.id for one in otter.mystuff_studios("owned")] == [mine.id]
    assert [one.id for one in otter.mystuff_studios("curated")] == [theirs.id]
    counts = otter.mystuff_counts()
    assert (counts.shared, counts.unshared, counts.studios) == (1, 1, 2)
    for call in (lambda: otter.mystuff_studios("lost"), lambda: otter.mystuff_studios(sort_by="age")):
        with pytest.raises(InvalidArgument):
            call()


def test_something_is_put_into_the_backpack(otter: Session) -> None:
    added = otter.add_to_backpack("script", "application/json", "code", b"[]")
    assert (added.name, added.content()) == ("code", b"[]")
    picture = otter.add_to_backpack("costume", "image/png", "dot", PNG, thumbnail=b"\xff\xd8\xff\xd9")
    assert [one.id for one in otter.backpack()] == [picture.id, added.id]
    for kind, mime in (("costume", "audio/mp3"), ("song", "audio/mp3")):
        with pytest.raises(InvalidArgument, match="it takes costume"):
            otter.add_to_backpack(kind, mime, "x", b"")


def test_lists_of_followed_people_and_studios(otter: Session) -> None:
    assert otter.shared_by_followed_users() == otter.in_followed_studios() == []


# Pictures and reports


def test_pictures_are_changed_and_fetched(site: LocalSite, client: Client, fox: Session, tmp_path: Path) -> None:
    file = tmp_path / "me.png"
    file.write_bytes(PNG)
    me = fox.get_linked_user()
    assert me.set_picture(file)
    assert get_picture("user", me.id or 0, width=90, height=90, client=client) == PNG
    made = fox.create_studio()
    made.set_picture(PNG + b"!")
    assert get_picture("studio", made.id, width=170, height=100, client=client) == PNG + b"!"
    address = picture_url("class", 156, width=250, height=150)
    assert address == "https://uploads.scratch.mit.edu/get_image/classroom/156_250x150.png"
    with pytest.raises(Rejected, match="too-large"):
        made.set_picture(PNG + bytes(600_000))
    with pytest.raises(Forbidden):
        fox.connect_user("otter").set_picture(PNG)
    for call in (
        lambda: me.set_picture(b"GIF9"),
        lambda: picture_url("house", 1, width=1, height=1),  # type: ignore[arg-type]
        lambda: picture_url("user", "x", width=1, height=1),
        lambda: picture_url("user", 1, width=0, height=1),
    ):
        with pytest.raises(InvalidArgument):
            call()


def test_reports_reach_the_moderators(site: LocalSite, otter: Session, fox: Session) -> None:
    number = site.add_project("otter").id
    fox.connect_user("otter").report("description")
    found = fox.connect_project(number)
    assert isinstance(found, Project)
    found.report("copy without changes", "it is mine")
    made = otter_studio(site)
    fox.connect_studio(made).report("title")
    with site.state() as world:
        told = [{key: value for key, value in report.items() if key != "by"} for report in world.reports]
    assert told == [
        {"user": "otter", "field": "description"},
        {"project": number, "category": "0", "notes": "it is mine"},
        {"studio": made, "field": "title"},
    ]
    assert sorted(map(int, PROJECT_CATEGORIES.values())) == [*range(7), *range(8, 13), *range(14, 20)]
    client = logged_in(client_of(answering()))
    for call in (
        lambda: user(client).report("nose"),
        lambda: studio(client).report("nose"),
        lambda: project(client).report("nose", "x"),
        lambda: project(client).report("language", " "),
    ):
        with pytest.raises(InvalidArgument):
            call()


def otter_studio(site: LocalSite) -> int:
    return site.add_studio("otter", "Studio").id


def test_a_studio_is_deleted_by_its_host(site: LocalSite, client: Client, fox: Session) -> None:
    made = fox.create_studio()
    with pytest.raises(Forbidden):
        fox.connect_studio(otter_studio(site)).delete()
    made.delete()
    with pytest.raises(NotFound):
        get_studio(made.id, client=client)


# Small services


def test_translation_and_speech(client: Client) -> None:
    assert "ja" in translation_languages(client=client)
    assert translate("ja", "hello", client=client) == "[ja] hello"
    with pytest.raises(Rejected):
        translate("xx", "hello", client=client)
    assert text_to_speech("hello", gender="male", client=client).startswith(b"\xff\xfb")
    with pytest.raises(ValueTooLong):
        text_to_speech("x" * 129, client=client)
    for call in (
        lambda: translate("ja", "", client=client),
        lambda: text_to_speech("", client=client),
        lambda: text_to_speech("x", gender="cat", client=client),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidArgument):
            call()


def test_health(client: Client) -> None:
    assert get_site_health(client=client) is True
    assert "redis" in get_cloud_health(client=client)
