from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import InvalidArgument
from cloudlink.transport.address import SCRATCH_CLOUD, Address


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("wss://clouddata.turbowarp.org", "wss://clouddata.turbowarp.org"),
        ("WSS://CloudData.Scratch.mit.edu:443/", SCRATCH_CLOUD),
        ("ws://127.0.0.1:9080/", "ws://127.0.0.1:9080"),
        ("ws://[::1]:80", "ws://[::1]"),
        ("ws://example.com/cloud/", "ws://example.com/cloud"),
    ],
)
def test_an_address_has_one_spelling(text: str, url: str) -> None:
    assert Address.parse(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clouddata.turbowarp.org",
        "https://clouddata.turbowarp.org",
        "wss://",
        "wss://host:port",
        "wss://host:99999",
        "wss://me@clouddata.scratch.mit.edu",
        "wss://clouddata.scratch.mit.edu@evil.example",
        "wss://clouddata.scratch.mit.edu\\@evil.example",
        "wss://host/?query",
        "wss://host/#fragment",
        "wss://host\r\nCookie: x",
        "wss://höst",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "ws://clouddata.scratch.mit.edu",
        "wss://clouddata.scratch.mit.edu:444",
        "wss://clouddata.scratch.mit.edu.evil.example",
        "wss://evil.example/clouddata.scratch.mit.edu",
        "wss://scratch.mit.edu",
        "wss://clouddata.scratch.mit.edu/elsewhere",
        "wss://clouddata.scratch.mit.edu.",
        "ws://127.0.0.1",
    ],
)
def test_what_only_looks_like_scratch_is_not(text: str) -> None:
    assert not Address.parse(text).is_scratch


@given(st.text())
def test_any_text_is_an_address_or_an_invalid_argument(text: str) -> None:
    for url in (text, f"wss://{text}", f"wss://clouddata.scratch.mit.edu{text}"):
        try:
            address = Address.parse(url)
        except InvalidArgument:
            continue
        assert Address.parse(address.url) == address
        assert address.is_scratch == (address.url == SCRATCH_CLOUD)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.1.2.3", True), ("[::1]", True), ("10.0.0.1", False), ("localhost.evil", False)],
)
def test_our_own_machine_is_recognised(host: str, loopback: bool) -> None:
    assert Address.parse(f"ws://{host}").is_loopback is loopback
