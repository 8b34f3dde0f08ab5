r"""The two-digit alphabet of classic Cloud Requests projects: 90 characters, each the digits 10 to 99.

The table is that of scratchattach and of the sprites it published, whose costume numbers are the codes. It has no
`< = > [ \ ] { }`, no letter with an accent; where those programs put spaces, or nothing,
in place of what they cannot carry, this one says so. Code 89 ends an item of a list; here it is the line break.

Two digits are also the hexadecimal form of one byte, which is how Python turns them around at the speed of C.
"""

from __future__ import annotations

from cloudlink.errors import DecodeError, InvalidArgument

ITEM_END = "89"
"""The digits behind each item of a list; as text, the line break."""

_FIRST_CODE = 10
_ALPHABET = "1234567890 aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ*/.,!\"§$%_-(´)`?\n@#~;:+&|^'"

_NONE = 0
"""The byte of what is in no table: no code and no character of the alphabet has it."""

_BYTES = bytes(int(str(code), 16) for code in range(_FIRST_CODE, 100))
_TO_BYTES = bytes(
    dict(zip(_ALPHABET.encode("latin-1"), _BYTES, strict=True)).get(character, _NONE) for character in range(256)
)
_FROM_BYTES = bytes(dict(zip(_BYTES, _ALPHABET.encode("latin-1"), strict=True)).get(byte, _NONE) for byte in range(256))


class Encoding:
    """Text as classic projects read and write it: two digits a character.

    Example: `Encoding.encode("pong")` is "51494733", and `Encoding.decode("51494733")` is "pong".
    """

    @staticmethod
    def encode(text: str | int | float, *, replace: str | None = None) -> str:
        """The digits of a text.

        Args:
            text: what to send; a number is sent as Python prints it.
            replace: what to put in place of each character that the alphabet does not have, such as " " or "";
                None, the default, refuses them.

        Raises:
            InvalidArgument: the text, or `replace` itself, has a character that the alphabet does not have.
        """
        text = str(text)
        if replace is not None:
            text = _with_replacement(text, replace)
        try:
            encoded = text.encode("latin-1").translate(_TO_BYTES)
        except UnicodeEncodeError:
            raise _stranger_in(text) from None
        if _NONE in encoded:
            raise _stranger_in(text)
        return encoded.hex()

    @staticmethod
    def decode(digits: str | int) -> str:
        """The text of some digits; the code 89, which ends an item of a list, becomes a line break.

        Raises:
            DecodeError: anything but the digits 0-9, an odd number of them, or a code below 10.
        """
        digits = str(digits)
        if not (digits.isascii() and digits.isdigit()) and digits:
            raise DecodeError("classic text consists of the digits 0-9 only")
        if len(digits) % 2:
            raise DecodeError(f"classic text has two digits for each character, so not {len(digits)} digits")
        decoded = bytes.fromhex(digits).translate(_FROM_BYTES)
        if _NONE in decoded:
            at = 2 * decoded.index(_NONE)
            raise DecodeError(f"classic text has codes from 10 to 99, not {digits[at : at + 2]} (at digit {at})")
        return decoded.decode("latin-1")


def _with_replacement(text: str, replace: str) -> str:
    return "".join(character if character in _ALPHABET else replace for character in text)


def _stranger_in(text: str) -> InvalidArgument:
    place, character = next(found for found in enumerate(text) if found[1] not in _ALPHABET)
    return InvalidArgument(
        f"the classic two-digit alphabet has no {character!a} (character {place} of the text); remove it, "
        'or give replace=" " to send a space in place of what the alphabet does not have'
    )
