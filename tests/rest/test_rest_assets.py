from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from offline_site import answering, client_of, logged_in

from cloudlink.errors import InvalidArgument, RateLimited, SiteError, SiteUnavailable
from cloudlink.rest.assets import has_asset
from cloudlink.rest.http import Reply
from cloudlink.rest.retry import Retry

NAME = "83a66ca319837b936c3cb36d4b3f7ba7.svg"


def test_whether_there_is_an_asset_is_asked_without_fetching_it_and_without_a_login() -> None:
    site = answering(Reply(200))
    assert has_asset(NAME, client=logged_in(client_of(site)))
    assert (site.only.method, site.only.url) == ("HEAD", f"https://assets.scratch.mit.edu/{NAME}")
    assert not {"Cookie", "X-Token", "X-CSRFToken"} & set(site.only.headers)


@pytest.mark.parametrize("status", [204, 301, 302, 400, 403, 404, 405, 501])
def test_anything_but_a_yes_is_a_no(status: int) -> None:
    assert not has_asset(NAME, client=client_of(answering(Reply(status, headers={"location": "/elsewhere"}))))


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (500, SiteUnavailable), (503, SiteUnavailable)])
def test_a_site_that_cannot_tell_now_is_asked_again_and_then_told(status: int, kind: type[SiteError]) -> None:
    patient = {"retry": Retry(attempts=2, first=0)}
    assert has_asset(NAME, client=client_of(answering(Reply(status), Reply(200)), **patient))
    with pytest.raises(kind, match=f"HEAD https://assets.scratch.mit.edu/{NAME}"):
        has_asset(NAME, client=client_of(answering(Reply(status), Reply(status)), **patient))


@given(status=st.integers(200, 599), body=st.binary(max_size=20), location=st.sampled_from(["", "/", "http://[::1"]))
def test_any_answer_is_a_yes_a_no_or_our_error(status: int, body: bytes, location: str) -> None:
    reply = Reply(status, headers={"location": location, "retry-after": location}, body=body)
    try:
        assert has_asset(NAME, client=client_of(answering(reply))) is (status == 200)
    except SiteError as error:
        assert status == 429 or status >= 500, error  # noqa: PT017


@pytest.mark.parametrize("name", ["", "../x.svg", NAME.upper(), f"{NAME}/x"])
def test_a_name_that_is_none_is_not_asked_for(name: str) -> None:
    with pytest.raises(InvalidArgument, match="32 hex digits"):
        has_asset(name, client=client_of(answering()))
