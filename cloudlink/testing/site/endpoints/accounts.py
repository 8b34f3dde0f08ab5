"""Logging in and out, the session, the settings and checks of an account."""

from __future__ import annotations

import html
import re
from email.utils import formatdate

from cloudlink.testing.site.cookies import CSRF_COOKIE, SESSION_COOKIE
from cloudlink.testing.site.exchange import Refusal, Reply, Request, html_reply, json_reply, redirect
from cloudlink.testing.site.lookup import named_me
from cloudlink.testing.site.routing import API, WEB, Auth, Routes
from cloudlink.testing.site.shapes import session_object
from cloudlink.testing.site.world import World

ROUTES = Routes()

_NAME = re.compile(r"[A-Za-z0-9_-]{3,20}")
_COMMON_PASSWORDS = frozenset({"password", "123456", "12345678", "scratch", "qwerty"})


@ROUTES.add("GET", WEB, "/csrf_token/")
def _csrf_token(world: World, request: Request) -> Reply:
    year = 31449600
    expires = formatdate(world.now() + year, usegmt=True)
    cookie = f"{CSRF_COOKIE}={world.secret_text(32)}; expires={expires}; Max-Age={year}; Path=/"
    # Another cookie comes along, so that a client which cuts the header by position is found out.
    return Reply(headers=[("Set-Cookie", "scratchlanguage=en; Path=/"), ("Set-Cookie", cookie)])


@ROUTES.add("POST", WEB, "/login/", "/accounts/login/", auth=Auth.LOGIN)
def _log_in(world: World, request: Request) -> Reply:
    if world.network_banned:
        return html_reply("<html><body>Forbidden</body></html>", 403)
    user = world.find_user(str(request.json.get("username", "")))
    tries = 1
    if user is not None and not user.deleted:
        user.login_tries += 1
        tries = user.login_tries
        if world.captcha or tries > world.rules.login_tries:
            return _login_failure(tries, redirect="/login_retry/")
        if user.password == str(request.json.get("password", "")):
            user.login_tries = 0
            canceled = user.deletion_pending
            user.deletion_pending = False
            answer = {
                "username": user.username,
                "token": user.token,
                "num_tries": 1,
                "success": 1,
                "msg": "",
                "messages": [{"message": "canceled-deletion"}] if canceled else [],
                "id": user.id,
            }
            reply = json_reply([answer])
            age = int(world.rules.session_lifetime)
            cookie = f"{SESSION_COOKIE}={world.log_in(user)}; HttpOnly; Max-Age={age}; Path=/"
            reply.headers.append(("Set-Cookie", cookie))
            return reply
    if world.captcha:
        return _login_failure(tries, redirect="/login_retry/")
    return _login_failure(tries, message="Incorrect username or password.")


def _login_failure(tries: int, *, message: str = "", redirect: str | None = None) -> Reply:
    answer = {"username": "", "num_tries": tries, "success": 0, "msg": message, "messages": [], "id": None}
    if redirect is not None:
        answer["redirect"] = redirect
    return json_reply([answer], 403)


@ROUTES.add("POST", WEB, "/accounts/logout/", auth=Auth.FORM)
def _log_out(world: World, request: Request) -> Reply:
    world.log_out(request.cookies[SESSION_COOKIE])
    reply = redirect("/")
    reply.headers.append(("Set-Cookie", f'{SESSION_COOKIE}=""; Max-Age=0; Path=/'))
    return reply


@ROUTES.add("GET", WEB, "/session/")
@ROUTES.add("POST", WEB, "/session/")
def _session(world: World, request: Request) -> Reply:
    if request.headers.get("x-requested-with") != "XMLHttpRequest":
        raise Refusal(403)
    if world.network_banned:
        return redirect("/ip_ban_appeal/127.0.0.1/")
    session = world.by_session(request.cookies.get(SESSION_COOKIE, ""))
    if session is None or world.now() < session[1] + world.rules.login_delay:
        return json_reply(session_object(world, None))
    return json_reply(session_object(world, session[0]))


@ROUTES.add("GET", WEB, "/accounts/login/")
@ROUTES.add("GET", WEB, "/")
@ROUTES.add("GET", WEB, "/ip_ban_appeal/{address}/")
@ROUTES.add("GET", WEB, "/accounts/banned-response/")
@ROUTES.add("GET", WEB, "/classes/student_password_reset/")
def _plain_page(world: World, request: Request) -> Reply:
    return html_reply("<!DOCTYPE html>\n<html><head><title>Scratch</title></head><body></body></html>")


@ROUTES.add("GET", API, "/accounts/checkusername/{username}")
def _check_username(world: World, request: Request) -> Reply:
    name = request.params["username"]
    return json_reply({"username": name, "msg": name_message(world, name)})


@ROUTES.add("GET", WEB, "/accounts/check_username/{username}/")
def _check_username_web(world: World, request: Request) -> Reply:
    name = request.params["username"]
    return json_reply([{"username": name, "msg": name_message(world, name)}])


def name_message(world: World, name: str) -> str:
    """What the site says about a name for a new account."""
    if not _NAME.fullmatch(name):
        return "invalid username"
    if world.is_improper(name):
        return "bad username"
    return "username exists" if world.find_user(name) else "valid username"


@ROUTES.add("POST", API, "/accounts/checkpassword")
def _check_password(world: World, request: Request) -> Reply:
    password = str(request.json.get("password", ""))
    good = len(password) >= 6 and password.lower() not in _COMMON_PASSWORDS
    return json_reply({"msg": "valid password" if good else "invalid password"})


@ROUTES.add("GET", WEB, "/accounts/check_email/")
def _check_email(world: World, request: Request) -> Reply:
    address = request.query.get("email", "")
    good = re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address)
    return json_reply([{"email": address, "msg": "valid email" if good else "Enter a valid email address."}])


@ROUTES.add("POST", WEB, "/accounts/settings/", auth=Auth.FORM)
def _settings(world: World, request: Request) -> Reply:
    if "country" in request.form:
        request.me.country = request.form["country"]
    return html_reply("<html><body></body></html>")


@ROUTES.add("POST", WEB, "/accounts/settings/update_subscription/", auth=Auth.FORM)
def _subscribe(world: World, request: Request) -> Reply:
    request.me.subscriptions = {name for name in ("activities", "teacher_tips") if request.form.get(name) == "on"}
    return html_reply("<html><body></body></html>")


@ROUTES.add("POST", WEB, "/accounts/password_reset/", auth=Auth.LOGIN)
def _reset_password(world: World, request: Request) -> Reply:
    name, address = request.form.get("username", "").lower(), request.form.get("email")
    for user in world.users.values():
        if user.username.lower() == name or (address and user.email == address):
            world.mails.append((user.username, "password reset"))
    return html_reply("<html><body></body></html>")  # the same whether there is such an account or not


@ROUTES.add("GET", WEB, "/accounts/email_change/", auth=Auth.PAGE)
def _email_page(world: World, request: Request) -> Reply:
    address = html.escape(request.me.email or "")
    return html_reply(
        '<html><body><div id="email-change">\n<div class="field"><span class="label">Current Email Address</span>'
        f"<span>{address}</span></div>\n</div></body></html>"
    )


@ROUTES.add("POST", WEB, "/accounts/email_change/", auth=Auth.FORM)
def _email_change(world: World, request: Request) -> Reply:
    if request.form.get("password") == request.me.password and "email_address" in request.form:
        request.me.email = request.form["email_address"]
        request.me.email_confirmed = False
    return _email_page(world, request)


@ROUTES.add("POST", WEB, "/accounts/password_change/", auth=Auth.FORM)
def _password_change(world: World, request: Request) -> Reply:
    form = request.form
    first = form.get("new_password1", "")
    if form.get("old_password") == request.me.password and first and first == form.get("new_password2"):
        request.me.password = first
    return html_reply("<html><body></body></html>")


@ROUTES.add("POST", WEB, "/accounts/check_password/", auth=Auth.WEB)
def _check_own_password(world: World, request: Request) -> Reply:
    return json_reply({"success": request.form.get("password") == request.me.password})


@ROUTES.add("POST", WEB, "/accounts/settings/delete_account/", auth=Auth.WEB)
def _delete_account(world: World, request: Request) -> Reply:
    good = request.form.get("password") == request.me.password
    good = good and request.form.get("delete_state") in ("delbyusr", "delbyusrwproj")
    if good:
        request.me.deletion_pending = True
        world.log_out(request.cookies[SESSION_COOKIE])
    return json_reply({"success": good})


@ROUTES.add("GET", WEB, "/users/{username}/promote-to-scratcher/", auth=Auth.PAGE)
def _promote(world: World, request: Request) -> Reply:
    me = named_me(world, request)
    if not me.invited:
        raise Refusal(403)
    me.invited = me.new_scratcher = False
    return html_reply("<html><body></body></html>")
