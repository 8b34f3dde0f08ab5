from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudlink.rest.html import parse_html, plain_text


@given(body=st.binary())
def test_any_bytes_are_a_page(body: bytes) -> None:
    page = parse_html(body)
    assert isinstance(page.text(), str)
    assert isinstance(page.all("li"), list)


@given(text=st.text())
def test_any_text_is_plain(text: str) -> None:
    assert isinstance(plain_text(text), str)


@given(text=st.text(alphabet=st.characters(exclude_characters="<&\r\0", exclude_categories=["Cs"])))
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


def test_markup_in_a_text_is_read() -> None:
    assert plain_text("a &amp;lt; b\n &#39;c&#39;") == "a &lt; b\n 'c'"
    assert plain_text('<a href="/users/x">@x</a> hi<br>you') == "@x hi\nyou"
    assert plain_text('<img src="//cdn.scratch.mit.edu/a/10mil.png?v=1"><img src="x y"><img>') == ":10mil:"


def test_a_page_is_searched() -> None:
    page = parse_html(b'<ul class="a b"><li id="x">one<li>two  <b>three</b></ul><script id="s">{"a": "<b>"}</script>')
    assert [item.text() for item in page.all("li")] == ["one", "two three"]
    item = page.first("#x")
    assert item is not None
    assert (item.attribute("id"), item.attribute("no")) == ("x", None)
    assert item.source == '<li id="x">one</li>'
    script = page.first("#s")
    assert script is not None
    assert script.raw_text() == '{"a": "<b>"}'
    assert page.first("table") is None
    assert page.all("ul")[0].has_class("b")
