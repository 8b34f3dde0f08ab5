"""Bytes as decimal digits: 7 bytes in 17 digits, 99.2 % of what digits can carry.

Seven bytes, most significant first, are one whole number below 2**56, written in 17 digits. The one to six bytes
of a tail take as few digits as they can (3, 5, 8, 10, 13, 15), so the length of the digits alone tells how many
bytes they hold. Scratch can do both ways without leaving the whole numbers that its doubles hold exactly, since
10**8 is 2**8 * 390625 (see scratch_sprites/FORMAT.md).
"""

from __future__ import annotations

from cloudlink.errors import DecodeError

GROUP_BYTES = 7
GROUP_DIGITS = 17

_DIGITS_OF_TAIL = [len(str(256**size - 1)) if size else 0 for size in range(GROUP_BYTES)]
_BYTES_OF_TAIL = {digits: size for size, digits in enumerate(_DIGITS_OF_TAIL)}


def length(size: int) -> int:
    """How many digits so many bytes take."""
    return size // GROUP_BYTES * GROUP_DIGITS + _DIGITS_OF_TAIL[size % GROUP_BYTES]


def encode(data: bytes) -> str:
    """The digits for some bytes: 17 for each 7, and 3 to 15 for the rest."""
    whole = len(data) - len(data) % GROUP_BYTES
    groups = [int.from_bytes(data[at : at + GROUP_BYTES]) for at in range(0, whole, GROUP_BYTES)]
    digits = f"%0{GROUP_DIGITS}d" * len(groups) % tuple(groups)
    tail = data[whole:]
    if not tail:
        return digits
    return digits + f"{int.from_bytes(tail):0{_DIGITS_OF_TAIL[len(tail)]}d}"


def decode(digits: str) -> bytes:
    """The bytes that `encode` made the digits from.

    Raises:
        DecodeError: anything but the characters 0-9, a length that no bytes have, or a group too large for
            its bytes.
    """
    if not (digits.isascii() and digits.isdigit()) and digits:
        raise DecodeError("packed bytes consist of the digits 0-9 only")
    whole = len(digits) - len(digits) % GROUP_DIGITS
    tail_size = _BYTES_OF_TAIL.get(len(digits) - whole)
    if tail_size is None:
        raise DecodeError(f"no number of bytes packs into {len(digits)} digits")
    try:
        groups = [int(digits[at : at + GROUP_DIGITS]).to_bytes(GROUP_BYTES) for at in range(0, whole, GROUP_DIGITS)]
        if tail_size:
            groups.append(int(digits[whole:]).to_bytes(tail_size))
    except OverflowError:
        raise DecodeError("a group of digits is too large for its bytes") from None
    return b"".join(groups)
