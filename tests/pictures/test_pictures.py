"""Pictures of the author's blocks, drawn by the forum's renderer in a real browser."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cloudlink.errors import PictureError
from cloudlink.pictures import draw as draw_module
from cloudlink.pictures.draw import draw, find_browser, install_renderer
from cloudlink.pictures.scenes import scenes
from cloudlink.sprite.companion import companion_source

PICTURES = Path(__file__).parents[2] / "scratch_sprites" / "pictures"


@pytest.fixture(scope="module")
def renderer(parts_folder: Path) -> Path:
    if find_browser() is None:
        pytest.skip("Chromium is not on PATH: no pictures of blocks can be drawn")
    return install_renderer(parts_folder / "pictures")


def words(svg: str) -> list[str]:
    """The words in a picture, in order."""
    picture = ElementTree.fromstring(svg)
    return " ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text")).split()


def test_blocks_are_drawn_with_their_words_and_colors(renderer: Path) -> None:
    drawn = draw(
        {"own": 'ask server [</script> & "x"] :: custom', "two": "say (score)\nstop [all v]"}, renderer=renderer
    )
    assert words(drawn["own"]) == ["ask", "server", "</script>", "&", '"x"']
    assert words(drawn["two"]) == ["say", "score", "stop", "all"]
    assert "sb3-custom" in drawn["own"]
    assert Counter(category in drawn["two"] for category in ("sb3-looks", "sb3-variables", "sb3-control")) == {True: 3}
    assert all(len(svg) < 20_000 for svg in drawn.values())


def test_the_pictures_in_the_repository_show_the_blocks_of_today(renderer: Path) -> None:
    # Only the words: widths are those of the fonts that a machine has.
    drawn = draw(scenes(companion_source()), renderer=renderer)
    kept = {path.stem: path.read_text(encoding="utf-8") for path in PICTURES.glob("*.svg")}
    assert {name: words(svg) for name, svg in kept.items()} == {name: words(svg) for name, svg in drawn.items()}, (
        "run: cloudlink sprite pictures -o scratch_sprites/pictures"
    )


def test_every_block_of_the_author_has_a_picture() -> None:
    found = scenes(companion_source())
    assert found["ask-server-name-and-wait"] == "ask server [name] and wait :: custom"
    assert not any("warp" in text for text in found.values())
    assert {path.stem for path in PICTURES.glob("*.svg")} == set(found)


def test_without_a_browser_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(draw_module, "_BROWSERS", ("no-such-browser",))
    with pytest.raises(PictureError, match="needs Chromium on the PATH, as one of: no-such-browser"):
        draw({"a": "say [x]"}, renderer=tmp_path)


def test_a_browser_without_its_renderer_is_an_error(tmp_path: Path) -> None:
    if find_browser() is None:
        pytest.skip("Chromium is not on PATH: no pictures of blocks can be drawn")
    with pytest.raises(PictureError, match="did not draw"):
        draw({"a": "say [x]"}, renderer=tmp_path)
