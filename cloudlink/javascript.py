"""Numbers as JavaScript prints them, and so Scratch and the cloud's clients."""

from __future__ import annotations

import math
from decimal import Decimal


def javascript_number(number: float) -> str:
    """The text JavaScript makes of a number: 1.0 is "1", 1e21 is "1e+21", 0.000001 is "0.000001"."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    # Both languages print the fewest digits that give the same double; they differ in where the
    # exponent form begins (ECMAScript, Number::toString).
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)  # it is a letter for NaN and infinities only
    point = len(digits) + exponent
    if -6 < point <= 21:
        return plain_number(number)
    first, *rest = map(str, digits)
    mantissa = first + ("." + "".join(rest) if rest else "")
    return f"{'-' if sign else ''}{mantissa}e{point - 1:+d}"


def plain_number(number: float) -> str:
    """A finite number without an exponent, however large or small: 1e21 has 22 digits."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
