"""Whatever the site answers, a call gives a value or one of our errors."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from offline_site import ENTRIES, OfflineSite, client_of, logged_in, sample, sample_reply
from rest_calls import FAILURES, SUCCESSES, WITH_SESSION

from cloudlink.errors import CloudlinkError
from cloudlink.rest.classrooms import read_class_page
from cloudlink.rest.forum_posts import fill_times, read_topic_page
from cloudlink.rest.html import parse_html
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.project_files import asset_names, json_in, kind_of, pack

READS = [name for name in SUCCESSES if sample(name)]
JSONS = [
    name for name in READS if ENTRIES[name]["content_type"] == "application/json" and not name.startswith("asset_")
]
PAGES = [name for name in READS if "html" in (ENTRIES[name]["content_type"] or "") or name.startswith("profile_")]

strange_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["", "1", "-1", "9" * 5000, "2025-06-12T09:00:00Z", "0001-01-01T00:00:00+14:00", "//x", "Z"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with one place in it changed, or taken out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 5)):
            return {name: part for name, part in value.items() if name != key}
        return value | {key: draw(mutated(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(mutated(value[index])), *value[index + 1 :]]
    return draw(strange_values)


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """The bytes with pieces cut out, doubled or overwritten."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 60)))
        piece = draw(
            st.binary(max_size=4) | st.sampled_from([b"", b"<", b"</div>", b"<li>", b'"', b"<!--", body[start:end] * 2])
        )
        body = body[:start] + piece + body[end:]
    return body


def try_call(name: str, reply: Reply) -> None:
    """Make the call once with this answer; further questions are answered with an empty list."""
    answers = [reply]

    def answer(request: Request) -> Reply:
        if name in WITH_SESSION and request.url.partition("?")[0].endswith("/session/"):
            return sample_reply("session")
        return answers.pop() if answers else Reply(200, body=b"[]")

    call = SUCCESSES.get(name) or FAILURES[name][0]
    try:
        repr(call(logged_in(client_of(OfflineSite(answer)))))
    except CloudlinkError as error:
        assert str(error)  # noqa: PT017  that it is one of ours is the point


few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("name", JSONS)
@few
@given(data=st.data())
def test_any_change_of_a_json_answer_is_a_value_or_our_error(name: str, data: st.DataObject) -> None:
    value = data.draw(mutated(json.loads(sample(name))))
    try_call(name, sample_reply(name, json.dumps(value).encode()))


@pytest.mark.parametrize("name", [*PAGES, "user", "session", "login_ok", "project_comment_post"])
@few
@given(data=st.data())
def test_any_damage_to_an_answer_is_a_value_or_our_error(name: str, data: st.DataObject) -> None:
    try_call(name, sample_reply(name, data.draw(damaged(sample(name)))))


@pytest.mark.parametrize("name", [*SUCCESSES, *FAILURES])
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    status=st.sampled_from([200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 409, 413, 418, 429, 500, 503]),
    body=st.binary(max_size=20) | st.sampled_from([b"", b"null", b"{}", b"[]", b"[{}]", b'{"errors": 5}', b"[" * 9000]),
    location=st.sampled_from(["", "/", "//[", "http://[::1", "/accounts/login/?next=/", "https://example.org/x"]),
)
def test_any_answer_is_a_value_or_our_error(name: str, status: int, body: bytes, location: str) -> None:
    headers = {"location": location, "retry-after": "1"} if location else {}
    try_call(name, Reply(status, headers=headers, body=body))


@few
@given(
    data=st.sampled_from(["forum_topic", "forum_feed_topic", "html_class"]).flatmap(lambda name: damaged(sample(name)))
)
def test_any_damage_to_a_page_is_read_or_our_error(data: bytes) -> None:
    page = parse_html(data)
    client = client_of(OfflineSite(lambda request: Reply(200, body=data)))
    try:
        repr(read_class_page(page, class_id=1, client=client))
        found = read_topic_page(page, topic_id=1, client=client)
        fill_times(found, client=client)
        assert all(post.id == int(post.id) >= 0 for post in found.posts)
    except CloudlinkError as error:
        assert str(error)  # noqa: PT017


@few
@given(
    data=st.sampled_from(["projectjson_sb3", "projectjson_sb2", "projectfile_zip"]).flatmap(
        lambda name: damaged(sample(name))
    )
)
def test_any_damage_to_a_project_file_is_a_value_or_our_error(data: bytes) -> None:
    read_file(data)


@few
@given(
    value=st.sampled_from(["projectjson_sb3", "projectjson_sb2"]).flatmap(
        lambda name: mutated(json.loads(sample(name)))
    )
)
def test_any_change_of_a_project_is_a_value_or_our_error(value: Any) -> None:
    read_file(json.dumps(value).encode())


def read_file(data: bytes) -> None:
    try:
        if kind_of(data) == "sb":
            return
        content = json_in(data) if kind_of(data) == "zip" else data
        if kind_of(content) in ("sb", "zip"):
            return
        names = asset_names(json.loads(content))
        pack(content, dict.fromkeys(names, b""), to=io.BytesIO())
    except CloudlinkError as error:
        assert str(error)  # noqa: PT017
