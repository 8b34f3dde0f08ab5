"""The rules that hold everywhere: auth, CSRF, sessions, limits, slashes, errors."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests
from site_caller import API, ASSETS, BACKPACK, PROJECTS, WEB, Caller

from cloudlink.clock import FakeClock
from cloudlink.testing import LocalSite, Rules
from cloudlink.testing.site.cookies import session_key
from cloudlink.testing.site.endpoints import ALL
from cloudlink.testing.site.routing import Auth

TOKEN, SESSION, CSRF = "X-Token", "scratchsessionsid", "scratchcsrftoken"
PAIR = ("X-CSRFToken", "X-Requested-With", "Referer")

# What each kind of auth demands, one call of each kind.
DEMANDS = [
    ("PUT", f"{API}/projects/1", (TOKEN,)),
    ("GET", f"{API}/users/cloudberry_dev/messages", (TOKEN,)),
    ("GET", f"{BACKPACK}/cloudberry_dev", (TOKEN,)),
    ("POST", f"{API}/proxy/comments/project/1", (TOKEN, SESSION, CSRF, *PAIR)),
    ("PUT", f"{API}/proxy/projects/1/share", (TOKEN, SESSION, CSRF, *PAIR)),
    ("PUT", f"{WEB}/site-api/users/all/cloudberry_dev/", (SESSION, CSRF, *PAIR)),
    ("POST", f"{WEB}/site-api/messages/messages-clear/", (SESSION, CSRF, *PAIR)),
    ("POST", f"{WEB}/site-api/comments/user/cloudberry_dev/add/", (SESSION, CSRF, *PAIR)),
    ("POST", f"{WEB}/login/", (CSRF, *PAIR)),
    ("GET", f"{WEB}/site-api/projects/all/", (SESSION, "X-Requested-With")),
    ("GET", f"{WEB}/messages/ajax/get-message-count/", (SESSION, "X-Requested-With")),
    ("POST", f"{WEB}/discuss/settings/cloudberry_dev/", (SESSION, CSRF, "X-CSRFToken", "Referer")),
    ("POST", f"{PROJECTS}/", (SESSION, CSRF)),
    ("POST", f"{ASSETS}/d41d8cd98f00b204e9800998ecf8427e.svg", (SESSION, CSRF)),
    ("PUT", f"{API}/studios/2/transfer/pixel_otter", (TOKEN, SESSION, CSRF, "X-CSRFToken")),
]

BODIES = {
    f"{API}/proxy/comments/project/1": {"content": "hello"},
    f"{WEB}/site-api/comments/user/cloudberry_dev/add/": {"content": "hello"},
    f"{WEB}/login/": {"username": "cloudberry_dev", "password": "correct horse"},
    f"{PROJECTS}/": {"targets": []},
    f"{API}/studios/2/transfer/pixel_otter": {"password": "correct horse"},
}


def prepared(site: LocalSite) -> None:
    site.add_project("cloudberry_dev", id=1)
    site.add_studio("cloudberry_dev", id=2, managers=[104512233])


def sent(me: Caller, method: str, url: str, **options: str) -> requests.Response:
    body = BODIES.get(url)
    return me.ask(method, url, json=body, **options) if body else me.ask(method, url, data=b"", **options)


@pytest.mark.parametrize(("method", "url", "demanded"), DEMANDS, ids=[url for _, url, _ in DEMANDS])
def test_a_call_needs_each_thing_it_demands_and_nothing_else(
    site: LocalSite, me: Caller, method: str, url: str, demanded: tuple[str, ...]
) -> None:
    prepared(site)
    for thing in demanded:
        assert sent(me, method, url, without=thing).status_code == 403, thing
    me.headers = {name: value for name, value in me.headers.items() if name in demanded}
    me.cookies = {name: value for name, value in me.cookies.items() if name in demanded}
    assert sent(me, method, url).status_code == 200


def test_every_write_of_the_table_is_guarded() -> None:
    open_writes = {
        (route.method, route.host, route.path)
        for route in ALL.routes
        if route.method != "GET" and route.auth is Auth.NONE
    }
    assert open_writes == {
        ("POST", WEB, "/session/"),
        ("POST", API, "/accounts/checkpassword"),
        ("POST", API, "/users/{username}/projects/{project_id}/views"),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-CSRFToken", "b"),
        ("Referer", "https://evil.example/"),
        ("Referer", "https://scratch.mit.edu.evil.example/"),
        ("Origin", "https://evil.example"),
        ("X-Requested-With", "fetch"),
    ],
)
def test_a_wrong_value_is_as_bad_as_none(me: Caller, name: str, value: str) -> None:
    reply = me.post(f"{WEB}/site-api/messages/messages-clear/", headers={name: value})
    assert reply.status_code == 403
    assert "Cookies need to be enabled (403)" in reply.text


def test_the_addresses_of_the_local_site_are_good_referers(site: LocalSite, me: Caller) -> None:
    referer = {"Referer": f"{site.hosts[WEB]}/users/x/", "Origin": site.url}
    assert me.post(f"{WEB}/site-api/messages/messages-clear/", headers=referer).json() == {"success": True}


def test_the_token_may_stand_in_the_query(site: LocalSite, me: Caller) -> None:
    token = me.headers.pop(TOKEN)
    assert me.get(f"{API}/users/cloudberry_dev/messages?x-token={token}").status_code == 200


def test_token_and_session_must_be_of_one_user(site: LocalSite, me: Caller) -> None:
    other = {TOKEN: site.user("pixel_otter").token}
    prepared(site)
    assert me.put(f"{API}/proxy/projects/1/share", headers=other).status_code == 403


def test_a_stale_token_does_no_harm_where_none_is_needed(nobody: Caller) -> None:
    assert nobody.get(f"{API}/users/pixel_otter", headers={TOKEN: "old"}).status_code == 200


def test_errors_are_json_on_the_api_and_html_on_the_old_site(nobody: Caller) -> None:
    api, web = nobody.get(f"{API}/users/no_such_user_"), nobody.get(f"{WEB}/users/no_such_user_/")
    assert (api.status_code, api.json()) == (404, {"code": "NotFound", "message": ""})
    assert web.status_code == 404
    assert '<div class="box" id="page-404">' in web.text
    assert '<h3 class="status-code">404</h3>' in web.text
    forbidden = nobody.put(f"{API}/projects/1", json={})
    assert (forbidden.status_code, forbidden.json()) == (403, {"code": "Forbidden", "message": ""})
    assert nobody.delete(f"{API}/news").status_code == 405


# Slashes


def test_the_old_site_redirects_to_the_slash(nobody: Caller) -> None:
    reply = nobody.get(f"{WEB}/users/pixel_otter")
    assert (reply.status_code, reply.headers["Location"]) == (301, f"/{WEB}/users/pixel_otter/")


def test_a_redirected_write_loses_its_body(site: LocalSite, me: Caller) -> None:
    reply = me.put(f"{WEB}/site-api/users/all/cloudberry_dev", json={"bio": "new"}, allow_redirects=True)
    assert reply.history
    assert site.user("cloudberry_dev").bio == ""


def test_the_api_takes_paths_with_and_without_a_slash(nobody: Caller) -> None:
    assert nobody.get(f"{API}/users/pixel_otter/").json() == nobody.get(f"{API}/users/pixel_otter").json()


# Paging


@pytest.fixture
def crowd(site: LocalSite) -> LocalSite:
    for n in range(45):
        site.follow(site.add_user(f"fan{n}"), "pixel_otter")
    return site


@pytest.mark.parametrize(
    ("query", "size"),
    [("", 20), ("limit=1", 1), ("limit=40", 40), ("limit=40&offset=40", 5), ("offset=45", 0), ("offset=1000", 0)],
)
def test_lists_give_what_limit_and_offset_ask_for(crowd: LocalSite, nobody: Caller, query: str, size: int) -> None:
    assert len(nobody.get(f"{API}/users/pixel_otter/followers?{query}").json()) == size


@pytest.mark.parametrize("query", ["limit=41", "limit=0", "limit=-1", "limit=x", "offset=-1", "offset=1.5", "limit=²"])
def test_other_limits_are_errors(nobody: Caller, query: str) -> None:
    reply = nobody.get(f"{API}/users/pixel_otter/followers?{query}")
    assert (reply.status_code, reply.json()) == (400, {"code": "BadRequest", "message": ""})


def test_a_limit_above_40_can_be_the_500_of_old(site: LocalSite, nobody: Caller) -> None:
    site.rules = replace(site.rules, limit_status=500)
    reply = nobody.get(f"{API}/users/pixel_otter/followers?limit=41")
    assert reply.status_code == 500
    assert reply.json() == {"code": "InternalError", "message": "statusCode (number) is required"}


def test_search_is_refused_far_out(nobody: Caller) -> None:
    assert nobody.get(f"{API}/search/projects?q=x&limit=40&offset=9960").json() == []
    assert nobody.get(f"{API}/search/projects?q=x&limit=40&offset=9961").status_code == 400


# Logging in


def login(caller: Caller, password: str = "correct horse", username: str = "cloudberry_dev") -> requests.Response:
    return caller.post(f"{WEB}/login/", json={"username": username, "password": password})


def test_the_csrf_token_comes_in_a_cookie(nobody: Caller) -> None:
    reply = nobody.get(f"{WEB}/csrf_token/")
    assert reply.text == ""
    assert len(reply.cookies["scratchcsrftoken"]) == 32
    assert reply.cookies["scratchlanguage"] == "en"


def test_a_login_gives_a_session_that_works(site: LocalSite, nobody: Caller) -> None:
    reply = login(nobody)
    user = site.user("cloudberry_dev")
    assert reply.json() == [
        {
            "username": "cloudberry_dev",
            "token": user.token,
            "num_tries": 1,
            "success": 1,
            "msg": "",
            "messages": [],
            "id": 190000001,
        }
    ]
    cookie = reply.cookies["scratchsessionsid"]
    assert cookie.startswith('".')
    assert cookie.endswith('"')
    session = nobody.get(f"{WEB}/session/", cookies={SESSION: cookie}).json()
    assert session["user"]["token"] == user.token
    assert session["user"]["email"] == "cloudberry@example.com"
    assert session["permissions"]["mute_status"] == {}


def test_the_session_id_can_be_decoded(site: LocalSite, clock: FakeClock) -> None:
    payload, time, signature = site.log_in("cloudberry_dev").strip('"').split(":")
    data = base64.urlsafe_b64decode(payload[1:] + "=" * (-len(payload[1:]) % 4))
    decoded = json.loads(zlib.decompress(data))
    assert decoded["username"] == "cloudberry_dev"
    assert decoded["_auth_user_id"] == "190000001"
    assert decoded["token"] == site.user("cloudberry_dev").token
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert sum(digits.index(d) * 62**i for i, d in enumerate(reversed(time))) == int(clock())
    assert signature


@pytest.mark.parametrize("username", ["cloudberry_dev", "no_such_user_"])
def test_a_wrong_password_is_403_without_a_session(nobody: Caller, username: str) -> None:
    reply = login(nobody, "wrong", username)
    assert reply.status_code == 403
    assert reply.json() == [
        {
            "username": "",
            "num_tries": 1,
            "success": 0,
            "msg": "Incorrect username or password.",
            "messages": [],
            "id": None,
        }
    ]
    assert SESSION not in reply.cookies


def test_after_some_failures_a_captcha_is_needed_even_with_the_password(nobody: Caller) -> None:
    tries = [login(nobody, "wrong").json()[0]["num_tries"] for _ in range(5)]
    assert tries == [1, 2, 3, 4, 5]
    reply = login(nobody)
    assert reply.status_code == 403
    assert reply.json()[0]["redirect"] == "/login_retry/"


def test_a_captcha_can_be_asked_of_everyone(site: LocalSite, nobody: Caller) -> None:
    with site.state() as world:
        world.captcha = True
    assert login(nobody).json()[0]["redirect"] == "/login_retry/"


def test_a_banned_network_gets_html(site: LocalSite, nobody: Caller) -> None:
    with site.state() as world:
        world.network_banned = True
    reply = login(nobody)
    assert (reply.status_code, reply.text) == (403, "<html><body>Forbidden</body></html>")
    assert nobody.get(f"{WEB}/session/").headers["Location"] == f"/{WEB}/ip_ban_appeal/127.0.0.1/"


def test_a_login_stops_a_pending_deletion(site: LocalSite, me: Caller) -> None:
    url = f"{WEB}/accounts/settings/delete_account/"
    assert me.post(url, data={"password": "wrong", "delete_state": "delbyusr"}).json() == {"success": False}
    assert me.post(url, data={"password": "correct horse", "delete_state": "delbyusr"}).json() == {"success": True}
    reply = me.post(f"{WEB}/accounts/login/", json={"username": "cloudberry_dev", "password": "correct horse"})
    assert reply.json()[0]["messages"] == [{"message": "canceled-deletion"}]


def test_the_session_is_over_after_a_logout(me: Caller) -> None:
    reply = me.post(f"{WEB}/accounts/logout/", data={"csrfmiddlewaretoken": "a"}, without="X-CSRFToken")
    assert (reply.status_code, reply.headers["Location"]) == (302, f"/{WEB}/")
    assert list(me.get(f"{WEB}/session/").json()) == ["flags"]


def test_the_session_is_over_after_two_weeks(clock: FakeClock, me: Caller) -> None:
    clock.advance(14 * 86400 - 60)
    assert "user" in me.get(f"{WEB}/session/").json()
    clock.advance(120)
    assert "user" not in me.get(f"{WEB}/session/").json()


def test_a_cookie_without_its_quotes_is_none(me: Caller) -> None:
    me.cookies[SESSION] = me.cookies[SESSION].strip('"')
    assert "user" not in me.get(f"{WEB}/session/").json()


def test_a_cookie_may_be_quoted_by_the_jar() -> None:
    assert session_key('".abc:d:e"') == session_key('"\\".abc:d:e\\""') == ".abc:d:e"
    assert session_key(".abc:d:e") is None


def test_the_session_wants_x_requested_with(me: Caller) -> None:
    assert me.get(f"{WEB}/session/", without="X-Requested-With").status_code == 403
    assert me.post(f"{WEB}/session/").json() == me.get(f"{WEB}/session/").json()


def test_after_a_login_the_session_can_lag(site: LocalSite, clock: FakeClock, me: Caller) -> None:
    site.rules = Rules(login_delay=3.0)
    assert "user" not in me.get(f"{WEB}/session/").json()
    clock.advance(3.1)
    assert "user" in me.get(f"{WEB}/session/").json()


def test_the_session_tells_of_a_mute_and_of_the_rank(site: LocalSite, me: Caller) -> None:
    site.user("cloudberry_dev").new_scratcher = True
    site.mute("cloudberry_dev", 3600, "spam")
    permissions = me.get(f"{WEB}/session/").json()["permissions"]
    assert (permissions["scratcher"], permissions["new_scratcher"]) == (False, True)
    mute = permissions["mute_status"]
    assert mute["currentMessageType"] == "spam"
    assert mute["muteExpiresAt"] - mute["offenses"][0]["createdAt"] == 3600
    assert mute["offenses"][0]["expiresAt"] == mute["muteExpiresAt"]


def test_a_banned_user_is_sent_to_the_page_about_it(site: LocalSite, me: Caller) -> None:
    site.user("cloudberry_dev").banned = True
    assert me.get(f"{WEB}/session/").json()["user"]["banned"] is True
    assert me.get(f"{API}/users/cloudberry_dev/messages").status_code == 403
    reply = me.get(f"{WEB}/site-api/projects/all/")
    assert reply.headers["Location"] == f"/{WEB}/accounts/banned-response/"
    assert me.get(f"{WEB}/accounts/banned-response/").status_code == 200


def test_pages_that_want_a_login_send_others_to_it(nobody: Caller, me: Caller) -> None:
    reply = nobody.get(f"{WEB}/mystuff/")
    assert reply.headers["Location"] == f"/{WEB}/accounts/login/?next=/mystuff/"
    assert me.get(f"{WEB}/mystuff/").status_code == 200


# Accounts


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("free_name", "valid username"),
        ("PIXEL_OTTER", "username exists"),
        ("no", "invalid username"),
        ("has.dot", "invalid username"),
        ("badword1", "bad username"),
    ],
)
def test_usernames_are_checked(nobody: Caller, name: str, message: str) -> None:
    assert nobody.get(f"{API}/accounts/checkusername/{name}/").json() == {"username": name, "msg": message}
    assert nobody.get(f"{WEB}/accounts/check_username/{name}/").json() == [{"username": name, "msg": message}]


def test_passwords_and_addresses_are_checked(nobody: Caller, me: Caller) -> None:
    def password(text: str) -> str:
        return str(nobody.post(f"{API}/accounts/checkpassword", json={"password": text}).json()["msg"])

    assert (password("aLongerOne12"), password("password")) == ("valid password", "invalid password")
    good = nobody.get(f"{WEB}/accounts/check_email/?email=a@example.com").json()
    bad = nobody.get(f"{WEB}/accounts/check_email/?email=nope").json()
    assert good == [{"email": "a@example.com", "msg": "valid email"}]
    assert bad == [{"email": "nope", "msg": "Enter a valid email address."}]
    own = me.post(f"{WEB}/accounts/check_password/", data={"password": "correct horse"})
    assert own.json() == {"success": True}


def test_settings_change_the_account(site: LocalSite, me: Caller) -> None:
    form = {"csrfmiddlewaretoken": "a"}
    me.post(f"{WEB}/accounts/settings/", data={**form, "country": "Ireland"})
    change = {"old_password": "correct horse", "new_password1": "new one", "new_password2": "new one"}
    me.post(f"{WEB}/accounts/password_change/", data={**form, **change})
    me.post(f"{WEB}/accounts/email_change/", data={**form, "email_address": "b@example.com", "password": "new one"})
    user = site.user("cloudberry_dev")
    assert (user.country, user.password, user.email) == ("Ireland", "new one", "b@example.com")
    page = me.get(f"{WEB}/accounts/email_change/").text
    assert '<span class="label">Current Email Address</span><span>b@example.com</span>' in page


def test_an_invitation_makes_a_scratcher(site: LocalSite, caller: Callable[..., Caller]) -> None:
    site.add_user("newbie", new_scratcher=True, invited=True)
    newbie = caller("newbie")
    assert newbie.get(f"{API}/users/newbie/invites").json()["invitee_id"] == site.user("newbie").id
    assert newbie.get(f"{WEB}/users/newbie/promote-to-scratcher/").status_code == 200
    assert newbie.get(f"{API}/users/newbie/invites").json() == {}
    assert not site.user("newbie").new_scratcher
    assert newbie.get(f"{WEB}/users/newbie/promote-to-scratcher/").status_code == 403
