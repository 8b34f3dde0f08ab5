from __future__ import annotations

import json
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from offline_site import CSRF, ME, SAMPLES, OfflineSite, client_of, json_of, sample, sample_reply, serving

from cloudlink.errors import BadResponse, InvalidArgument, LoginFailed, SiteError
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.identity import bare_session_id, cookie_value, decode_session_id
from cloudlink.rest.login import SETTLING, login
from cloudlink.rest.session import SESSION_VARIABLE, Session

COOKIE: str = ME["session_cookie"]
BARE = COOKIE.strip('"')


def session(**options: str) -> Session:
    return Session(COOKIE, client=client_of(serving("session")), **options)  # type: ignore[arg-type]


def test_a_session_tells_about_the_account() -> None:
    found = session()
    assert (found.username, found.user_id) == ("cloudberry_dev", 190000001)
    assert found.xtoken == ME["x_token"]
    assert found.email == "cloudberry@example.com"
    assert (found.new_scratcher, found.banned) == (False, False)
    assert not found.mute_status
    assert found.muted_until is None
    assert found.session_id == COOKIE


def test_a_muted_new_scratcher_and_a_banned_account() -> None:
    muted = Session(COOKIE, client=client_of(serving("session_muted_new_scratcher")))
    assert muted.new_scratcher is True
    assert muted.mute_status
    assert muted.mute_status.kind == muted.mute_status["currentMessageType"] == "spam"
    assert muted.muted_until == datetime.fromtimestamp(1780003600, UTC)
    assert Session(COOKIE, client=client_of(serving("session_banned"))).banned is True


@pytest.mark.parametrize("given_as", [COOKIE, BARE, f"  {COOKIE} ", f'"\\"{BARE}\\""'])
def test_a_session_id_is_taken_with_quotes_or_without(given_as: str) -> None:
    assert bare_session_id(given_as) == BARE


def test_a_session_id_is_decoded_without_a_request() -> None:
    wanted = json.loads((SAMPLES / "session_id.json").read_text())
    cookie = decode_session_id(wanted["cookie_value"])
    assert cookie.raw == wanted["decoded"]
    assert (cookie.username, cookie.user_id, cookie.language) == ("cloudberry_dev", 190000001, "en")
    assert cookie.token == ME["x_token"]
    assert cookie.login_time == datetime.fromtimestamp(wanted["login_timestamp"], UTC)
    assert ME["x_token"] not in repr(cookie)


@given(text=st.text(max_size=60) | st.text(alphabet=".:-_=abcXYZ019", min_size=8, max_size=60))
def test_any_text_is_decoded_or_refused_without_being_shown(text: str) -> None:
    try:
        decode_session_id(text)
    except InvalidArgument as error:
        assert len(text) < 8 or text not in str(error)  # noqa: PT017


def test_login_takes_the_session_id_from_the_cookie() -> None:
    site = serving("login_ok", "session")
    found = login("cloudberry_dev", "correct horse", client=client_of(site))
    assert found.session_id == COOKIE
    assert site.requests[0].headers["X-CSRFToken"] == CSRF
    assert json_of(site.requests[0]) == {"username": "cloudberry_dev", "password": "correct horse"}
    assert "scratchsessionsid" not in site.requests[0].headers["Cookie"]


def test_a_success_without_a_cookie_is_none() -> None:
    site = OfflineSite(lambda request: Reply(200, body=sample("login_ok")))
    with pytest.raises(LoginFailed):
        login("cloudberry_dev", "x", client=client_of(site))


def test_login_waits_until_the_site_knows_of_it() -> None:
    waits = [sample_reply("session_logged_out")] * len(SETTLING)

    def answers(request: Request) -> Reply:
        if request.method == "POST":
            return sample_reply("login_ok")
        return waits.pop() if waits else sample_reply("session")

    assert login("cloudberry_dev", "x", client=client_of(OfflineSite(answers))).username == "cloudberry_dev"


@pytest.mark.parametrize(("status", "kind"), [(429, SiteError), (500, SiteError), (302, BadResponse), (404, SiteError)])
def test_other_answers_to_a_login_are_ours(status: int, kind: type[SiteError]) -> None:
    with pytest.raises(kind):
        login("a", "b", client=client_of(OfflineSite(lambda request: Reply(status))))


def test_the_password_is_in_no_error() -> None:
    for name in ("login_bad_password", "login_need_captcha", "login_network_banned"):
        with pytest.raises(LoginFailed) as caught:
            login("a", "hunter2!", client=client_of(serving(name)))
        assert "hunter2!" not in str(caught.value)
    with pytest.raises(InvalidArgument):
        login("a", "", client=client_of(serving()))


def test_a_session_id_of_another_account_is_refused() -> None:
    assert session(username="Cloudberry_Dev").username == "cloudberry_dev"
    with pytest.raises(LoginFailed, match="pass the one of the right account"):
        session(username="somebody_else")


def test_a_session_is_kept_in_a_file_of_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    path.write_text("old")
    path.chmod(0o644)
    session().save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Session.from_file(path, client=client_of(serving("session"))).session_id == COOKIE
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    session().save(path)
    path.chmod(0o640)
    with pytest.raises(InvalidArgument, match="chmod 600"):
        Session.from_file(path, client=client_of(serving("session")))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"session_id": 5}', "\x00"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "login.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InvalidArgument):
        Session.from_file(path)
    with pytest.raises(InvalidArgument, match="cannot be read"):
        Session.from_file(tmp_path / "missing")


def test_a_session_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SESSION_VARIABLE, BARE)
    assert Session.from_environment(client=client_of(serving("session"))).session_id == COOKIE
    monkeypatch.delenv(SESSION_VARIABLE)
    with pytest.raises(InvalidArgument, match=SESSION_VARIABLE):
        Session.from_environment()


def test_logging_out() -> None:
    site = serving("session", "logout")
    Session(COOKIE, client=client_of(site)).logout()
    request = site.requests[-1]
    assert request.method == "POST"
    assert request.body == f"csrfmiddlewaretoken={CSRF}".encode()
    assert f"scratchsessionsid={COOKIE}" in request.headers["Cookie"]


def test_a_session_is_neither_shown_nor_pickled() -> None:
    found = session()
    assert repr(found) == "<Session of 'cloudberry_dev'>"
    with pytest.raises(TypeError, match=r"save\(path\)"):
        pickle.dumps(found)


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (("a=1; Path=/", "s=x; Path=/"), "x"),
        (('s="a;b"; Path=/',), '"a;b"'),
        (("s=; Path=/",), None),
        (("other=s=x",), None),
        ((), None),
    ],
)
def test_a_cookie_is_read_from_its_own_header(headers: tuple[str, ...], value: str | None) -> None:
    assert cookie_value(Reply(200, cookies=headers), "s") == value


def test_what_a_session_connects_shows_the_login() -> None:
    site = serving("session", "user", "project", "studio")
    found = Session(COOKIE, client=client_of(site))
    found.connect_user("ScratchCat")
    found.connect_project(1182391014)
    found.connect_studio(37071074)
    assert [request.headers.get("X-Token") for request in site.requests[1:]] == [ME["x_token"]] * 3
    found.get_linked_user()
    assert site.requests[-1].url.endswith("/users/cloudberry_dev")
