"""Characters that have no token: by their numbers, or in pairs of digits within a window of their alphabet.

- By numbers: how many (one digit; 0 and two more digits for ten and what those say), then the number of each, in five
  digits, or in eight for the rarest.
- In a window: two digits for one of `WINDOWS`, then pairs: 00 to 91 a character of the window, 92 the end, 93 to 97 one
  of " ,.!?", 98 a character by its number, 99 and two digits another window.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudlink.errors import DecodeError

# Where each window begins. One alphabet each, as far as it fits. Its place in this list is its number in the digits,
# so the list only ever grows at its end.
WINDOWS: Sequence[int] = (
    *(0x0401, 0x0386, 0x05D0, 0x060C, 0x067E, 0x06D4, 0x0E01, 0x3041, 0x30A1, 0x0905),
    *(0x0985, 0x0A05, 0x0A85, 0x0B05, 0x0B85, 0x0C05, 0x0C85, 0x0D05, 0x0D85, 0x0E81),
    *(0x0531, 0x10D0, 0x0F40, 0x1000, 0x1780, 0x1820, 0x1200, 0x125C, 0x12B8, 0x1314),
    *(0x00A1, 0x00FD, 0x0159, 0x01B5, 0x0211, 0x026D, 0x02C9, 0x0325, 0x045D, 0x04B9),
    *(0x1E00, 0x1E5C, 0x1EA4, 0x1F00, 0x1F5C, 0x1FB8, 0x2010, 0x2070, 0x20A0, 0x2100),
    *(0x215C, 0x2190, 0x21EC, 0x2248, 0x2300, 0x2460, 0x24BC, 0x2500, 0x255C, 0x25A0),
    *(0x25FC, 0x2658, 0x26B4, 0x2701, 0x275D, 0x2800, 0x285C, 0x28B8, 0x2C80, 0x2D30),
    *(0x13A0, 0x1400, 0x1680, 0x0710, 0x0780, 0x07CA, 0x10A0, 0x1C90, 0xA4D0, 0xA640),
    *(0xA720, 0x3001, 0x3105, 0x3131, 0xFF01, 0xFF5D, 0xAB70, 0xFB50, 0xFE70),
)

IN_EVERY_WINDOW = " ,.!?"
"""What the pairs from 93 on mean in a window."""

_WINDOW_SIZE = 92
_END, _FIRST_IN_EVERY, _BY_NUMBER, _OTHER_WINDOW = 92, 93, 98, 99
_NO_WINDOW = -1

# The first plane has its own numbers. The part with emoji and common ideographs follows, still in five digits; the
# numbers from _FAR on have three more digits and reach everything.
_NEAR, _NEAR_FROM = 0x10000, 0x1F000
_FAR, _FAR_FROM, _FAR_STEP = 0x18000, 0x10000, 1000

_ONE_DIGIT_COUNT = 9
_MOST_COUNTED = 10 + 99


def write_numbers(token: str, next_token: str, characters: str) -> str:
    """Characters by their numbers.

    Args:
        token: the digits of the token `characters` where they begin.
        next_token: its digits behind itself, for as many characters as need it again.
        characters: at least one.
    """
    parts = []
    for at in range(0, len(characters), _MOST_COUNTED):
        some = characters[at : at + _MOST_COUNTED]
        count = str(len(some)) if len(some) <= _ONE_DIGIT_COUNT else f"0{len(some) - 10:02d}"
        parts += [next_token if at else token, count, *map(_number, some)]
    return "".join(parts)


def write_windows(characters: str) -> str:
    """Characters in windows, as far as they have one; what follows the digits of the token `window`."""
    windows = [_windows_of(character) for character in characters]
    pairs = []
    window = next((some[0] for some in windows if some), 0)
    parts = [f"{window:02d}"]
    for at, (character, some) in enumerate(zip(characters, windows, strict=True)):
        if character in IN_EVERY_WINDOW:
            pairs = [_FIRST_IN_EVERY + IN_EVERY_WINDOW.index(character)]
        elif window in some:
            pairs = [ord(character) - WINDOWS[window]]
        elif some:
            window = _best(some, windows, at)
            pairs = [_OTHER_WINDOW, window, ord(character) - WINDOWS[window]]
        else:
            parts += [str(_BY_NUMBER), _number(character)]
            continue
        parts += [f"{pair:02d}" for pair in pairs]
    return "".join(parts) + str(_END)


def _best(some: Sequence[int], windows: Sequence[Sequence[int]], at: int) -> int:
    """Of the windows that show a character, one that shows the next character too."""
    following = windows[at + 1] if at + 1 < len(windows) else ()
    return next((window for window in some if window in following), some[0])


def _windows_of(character: str) -> list[int]:
    code = ord(character)
    return [number for number, start in enumerate(WINDOWS) if start <= code < start + _WINDOW_SIZE]


def _number(character: str) -> str:
    code = ord(character)
    if code < _NEAR:
        return f"{code:05d}"
    if 0 <= code - _NEAR_FROM < _FAR - _NEAR:
        return str(_NEAR + code - _NEAR_FROM)
    high, low = divmod(code - _FAR_FROM, _FAR_STEP)
    return f"{_FAR + high}{low:03d}"


class EscapeReader:
    """Reads numbers and windows from some digits.

    Args:
        digits: 0-9, of which only those from `place` on count.
        place: where the next digit stands; it moves on with reading.
    """

    def __init__(self, digits: str, place: int) -> None:
        self.digits = digits
        self.place = place

    def numbers(self) -> str:
        """The characters behind the token `characters`.

        Raises:
            DecodeError: they are cut short, or one is none.
        """
        count = self._take(1) or 10 + self._take(2)
        return "".join([self._character() for _ in range(count)])

    def windows(self) -> str:
        """The characters behind the token `window`.

        Raises:
            DecodeError: they are cut short, or one is none.
        """
        parts = []
        start = self._window()
        while (pair := self._take(2)) != _END:
            if pair < _WINDOW_SIZE:
                parts.append(chr(start + pair))
            elif pair == _OTHER_WINDOW:
                start = self._window()
            elif pair == _BY_NUMBER:
                parts.append(self._character())
            else:
                parts.append(IN_EVERY_WINDOW[pair - _FIRST_IN_EVERY])
        return "".join(parts)

    def _window(self) -> int:
        number = self._take(2)
        if number >= len(WINDOWS):
            raise DecodeError(f"a text names window {number}, there are {len(WINDOWS)}")
        return WINDOWS[number]

    def _character(self) -> str:
        code = self._take(5)
        if code >= _FAR:
            code = _FAR_FROM + (code - _FAR) * _FAR_STEP + self._take(3)
        elif code >= _NEAR:
            code += _NEAR_FROM - _NEAR
        if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            raise DecodeError(f"a text holds number {code:#x}, which is no character")
        return chr(code)

    def _take(self, width: int) -> int:
        taken = self.digits[self.place : self.place + width]
        if len(taken) < width or not (taken.isascii() and taken.isdigit()):
            raise DecodeError(f"a text is cut short, or has no digit, at place {self.place}")
        self.place += width
        return int(taken)
