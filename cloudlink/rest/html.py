"""Web pages and pieces of them. The only import of selectolax.

selectolax is a thin layer over Lexbor, an HTML5 parser: it reads the broken markup of the site's old pages as a
browser does, and never fails.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode


class Element:
    """A piece of a page."""

    __slots__ = ("_node",)

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    def all(self, selector: str) -> list[Element]:
        """The elements below this one that a CSS selector picks, in order."""
        return [Element(node) for node in self._node.css(selector)]

    def first(self, selector: str) -> Element | None:
        """The first element below this one that a CSS selector picks."""
        node = self._node.css_first(selector)
        return None if node is None else Element(node)

    @property
    def parent(self) -> Element | None:
        """The element that this one is in."""
        node = self._node.parent
        return None if node is None else Element(node)

    def attribute(self, name: str) -> str | None:
        """The value of an attribute, None if it is not there."""
        return self._node.attributes.get(name)

    def has_class(self, name: str) -> bool:
        """Whether the element is of this class."""
        return name in (self.attribute("class") or "").split()

    def raw_text(self) -> str:
        """The text, with pictures in words, and white space as it stands in the source."""
        parts: list[str] = []
        for node in self._node.traverse(include_text=True):
            if node.tag == "-text":
                parts.append(node.text(deep=False))
            elif node.tag == "img":
                parts.append(picture_name(node.attributes))
            elif node.tag == "br":
                parts.append("\n")
        return "".join(parts)

    def text(self) -> str:
        """The text, with every run of white space as one space."""
        return " ".join(self.raw_text().split())

    @property
    def source(self) -> str:
        """The element as HTML."""
        return self._node.html or ""

    @property
    def content(self) -> str:
        """What is in the element, as HTML."""
        return self._node.inner_html or ""


def text_of(element: Element | None) -> str | None:
    """The text of an element that may be missing."""
    return None if element is None else element.text()


def attribute_of(element: Element | None, name: str) -> str | None:
    """An attribute of an element that may be missing."""
    return None if element is None else element.attribute(name)


def parse_html(body: bytes | str) -> Element:
    """A page, or a piece of one; any text is HTML."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    root = LexborHTMLParser(text).root
    return Element(root) if root is not None else Element(LexborHTMLParser("<html></html>").css("html")[0])


def picture_name(attributes: dict[str, str | None]) -> str:
    """A picture in a text, in words: its `alt`, or ":name:" after its file, as in ":cat:"."""
    alternative = attributes.get("alt")
    if alternative:
        return alternative
    try:
        name = urlsplit(attributes.get("src") or "").path.rpartition("/")[2].partition(".")[0]
    except ValueError:
        return ""
    return f":{name}:" if re.fullmatch(r"[A-Za-z0-9_-]+", name) else ""


def plain_text(markup: str) -> str:
    """The text of an escaped comment, line breaks kept (reference, section 2.6)."""
    return parse_html(markup).raw_text() if "<" in markup or "&" in markup else markup
