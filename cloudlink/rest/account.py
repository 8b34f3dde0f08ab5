"""The settings of one's own account, and checks before one has one (reference, section 3.4).

The forms of the site's settings answer with a page, whatever they did, so what matters is looked at afterwards.
"""

from __future__ import annotations

import re
from typing import Final

from cloudlink.errors import BadResponse, InvalidArgument, LoginFailed
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client, json_body
from cloudlink.rest.endpoints import Target
from cloudlink.rest.fields import as_objects, flag, needed, parse_json, text
from cloudlink.rest.forms import check_taken
from cloudlink.rest.html import text_of

GONE_WITH_PROJECTS: Final = "delbyusrwproj"
GONE_ALONE: Final = "delbyusr"


class Account:
    """The settings of the account that is logged in; `Session.account` gives it.

    Args:
        client: with a login.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<Account of {self._client.username!r}>"

    def set_country(self, country: str, *, state: str | None = None) -> None:
        """Change the country that your profile shows.

        POST scratch.mit.edu/accounts/settings/; login. REPORTED. The site does not say whether it knows the
        country; `User.country` shows what came of it.

        Args:
            country: its English name.
            state: the part of the country, where the site asks for one.

        Raises:
            InvalidArgument: the country is empty; nothing was sent.
        """
        if not country:
            raise InvalidArgument("country is a country's English name; it is empty")
        values = {"country": country} | ({} if state is None else {"state": state})
        self._send(endpoints.ACCOUNT_SETTINGS.at(), values)

    def email_addresses(self) -> tuple[str | None, str | None]:
        """The address of the account, and the new one that waits for its confirmation; None where there is none.

        GET scratch.mit.edu/accounts/email_change/, from the page; login. VERIFIED.

        Raises:
            BadResponse: the page does not tell; it does in English only, `Client(language="en")`.
        """
        page = self._client.request(endpoints.ACCOUNT_EMAIL.at(), reply="html", what="email addresses")
        found: dict[str, str | None] = {}
        for label in page.all("span.label"):
            value = (text_of(label.parent) or "").removeprefix(label.text()).strip()
            found[label.text()] = value if re.fullmatch(r"[^@\s]+@[^@\s]+", value) else None
        if "Current Email Address" not in found:
            raise BadResponse('the page tells no email address; it does in English only: Client(language="en")')
        return found["Current Email Address"], found.get("New Email Address")

    def change_email(self, address: str, *, password: str) -> None:
        """Ask for another address; the site sends a mail there, to be confirmed.

        POST scratch.mit.edu/accounts/email_change/, then GET of the same page to see that it took it; login.
        REPORTED. Also sends the mail for the same address again.

        Args:
            address: the new address.
            password: your own; it goes to the site and is kept nowhere.

        Raises:
            BadResponse: the site does not show the new address afterwards: the password may be wrong.
        """
        self._send(endpoints.ACCOUNT_EMAIL_SET.at(), {"email_address": address, "password": password})
        if address not in self.email_addresses():
            raise BadResponse("the site does not show the new email address; look at the password and the address")

    def change_password(self, *, old: str, new: str) -> None:
        """Change the password; other logins of the account may end.

        POST scratch.mit.edu/accounts/password_change/, then `check_password` with the new one; login. REPORTED.

        Raises:
            InvalidArgument: the new one is empty; nothing was sent.
            LoginFailed: the site did not change it: the old one is wrong, or the new one is not good enough.
        """
        if not new:
            raise InvalidArgument("the new password is empty")
        values = {"old_password": old, "new_password1": new, "new_password2": new}
        self._send(endpoints.ACCOUNT_PASSWORD_SET.at(), values)
        if not self.check_password(new):
            raise LoginFailed("the password was not changed: the old one is wrong, or the new one is not good enough")

    def check_password(self, password: str) -> bool:
        """Whether this is the password of the account.

        POST scratch.mit.edu/accounts/check_password/; login. REPORTED.
        """
        target = endpoints.ACCOUNT_PASSWORD_CHECK.at()
        return self._succeeds(target, {"password": password})

    def set_subscription(self, *, activities: bool, teacher_tips: bool) -> None:
        """Choose what the site may send you by mail.

        POST scratch.mit.edu/accounts/settings/update_subscription/; login. REPORTED.

        Args:
            activities: what to do at home with Scratch.
            teacher_tips: what to do in class with Scratch.
        """
        wanted = {"activities": activities, "teacher_tips": teacher_tips}
        self._send(endpoints.ACCOUNT_SUBSCRIPTION.at(), {name: "on" for name, yes in wanted.items() if yes})

    def delete(self, *, password: str, with_projects: bool) -> None:
        """Delete the account; the site waits a while with it, and logging in meanwhile takes it back.

        POST scratch.mit.edu/accounts/settings/delete_account/; login. REPORTED.

        Args:
            password: your own; it goes to the site and is kept nowhere.
            with_projects: delete the shared projects as well.

        Raises:
            LoginFailed: the password is wrong; nothing was deleted.
        """
        state = GONE_WITH_PROJECTS if with_projects else GONE_ALONE
        if not self._succeeds(endpoints.ACCOUNT_DELETE.at(), {"password": password, "delete_state": state}):
            raise LoginFailed("the account was not deleted: the password is wrong")

    def become_scratcher(self) -> None:
        """Accept the invitation to be a Scratcher, no longer a New Scratcher; see `Session.invitation`.

        GET scratch.mit.edu/users/{you}/promote-to-scratcher/; login. VERIFIED.

        Raises:
            Forbidden: you were not invited.
        """
        target = endpoints.ACCOUNT_PROMOTE.at(username=self._client.username)
        self._client.request(target, reply="none", what="invitation")

    def _send(self, target: Target, values: dict[str, str]) -> None:
        what = "account settings"
        check_taken(self._client.submit(target, values, what=what, referer=target.path), what=what)

    def _succeeds(self, target: Target, values: dict[str, str]) -> bool:
        """Whether the answer says `success`; here a refusal is an answer, and no error."""
        raw = self._client.request(
            target, reply="bytes", what="account settings", body=json_body(values), referer="/accounts/settings/"
        )
        answer = parse_json(raw, of=f"POST {target.path}")
        done: bool = needed(flag(answer, "success"), "success", of=f"POST {target.path}")
        return done


def check_username(username: str, *, client: Client | None = None) -> str:
    """What the site says about a name for a new account.

    GET /accounts/checkusername/{username}/; no login. VERIFIED.

    Args:
        username: the name.
        client: how to reach the site; the default one if left out.

    Returns:
        "valid username" if it is free, "username exists", "bad username" (refused words), "invalid username" (not
        3 to 20 of A-Z a-z 0-9 - _), or a message that is newer than this library.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.CHECK_USERNAME.at(username=username), reply="json", what="check of a username")
    return str(needed(text(answer, "msg"), "msg", of="check of a username"))


def check_password(password: str, *, client: Client | None = None) -> str:
    """What the site says about a password for a new account: whether it is easily guessed.

    POST /accounts/checkpassword; no login. VERIFIED. The password goes to the site and is kept nowhere.

    Args:
        password: the password.
        client: how to reach the site; the default one if left out.

    Returns:
        "valid password", "invalid password", or a message that is newer than this library.
    """
    client = default_client() if client is None else client
    body = json_body({"password": password})
    answer = client.request(endpoints.CHECK_PASSWORD.at(), reply="json", what="check of a password", body=body)
    return str(needed(text(answer, "msg"), "msg", of="check of a password"))


def check_email(address: str, *, client: Client | None = None) -> str:
    """What the site says about an email address for a new account.

    GET scratch.mit.edu/accounts/check_email/?email=; no login. VERIFIED.

    Args:
        address: the email address.
        client: how to reach the site; the default one if left out.

    Returns:
        "valid email", "Enter a valid email address.", "Scratch is not allowed to send email to this address.", or
        a message that is newer than this library.
    """
    client = default_client() if client is None else client
    of = "check of an email address"
    query = {"email": address}
    answers = as_objects(client.request(endpoints.CHECK_EMAIL.at(), reply="json", what=of, query=query), of=of)
    return str(needed(text(answers[0], "msg") if answers else None, "msg", of=of))


def request_password_reset(
    *, username: str | None = None, email: str | None = None, client: Client | None = None
) -> None:
    """Let the site send a mail with which the password of an account can be changed.

    POST scratch.mit.edu/accounts/password_reset/; no login. REPORTED. The site does not say whether there is such
    an account.

    Args:
        username: the account; or
        email: its address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: not just one of the two is given; nothing was sent.
    """
    client = default_client() if client is None else client
    values = {name: value for name, value in (("username", username), ("email", email)) if value}
    if len(values) != 1:
        raise InvalidArgument("pass the username or the email address, one of the two")
    client.submit(endpoints.PASSWORD_RESET.at(), values, what="password reset", referer="/accounts/password_reset/")
