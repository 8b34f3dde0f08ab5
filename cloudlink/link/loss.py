"""How much of what the other side sends is lost, by the numbers of the frames that arrive."""

from __future__ import annotations

from cloudlink.link.window import ahead

_MEMORY = 64
"""Frames that the estimate looks back, more or less: its weight of the newest frame is one in so many."""

NOTABLE = 0.02
"""Above this share it pays to send small things twice where there is room: below, losses are rarer than stalls."""


class LossEstimate:
    """A running estimate of the share of frames that do not arrive.

    Args:
        modulo: where the frames' numbers wrap around.
    """

    def __init__(self, modulo: int) -> None:
        self.share = 0.0
        """The estimate, from 0 to 1."""
        self._modulo = modulo
        self._newest: int | None = None

    def seen(self, number: int) -> int:
        """Note that a frame arrived; how many before it, and after the newest so far, did not."""
        lost = 0
        if self._newest is not None:
            step = ahead(number, self._newest, modulo=self._modulo)
            if step <= 0:  # a late or doubled one; or the other side began anew, then the next one counts on
                return 0
            lost = step - 1
        self._newest = number
        for missed in (*[1.0] * min(lost, _MEMORY), 0.0):
            self.share += (missed - self.share) / _MEMORY
        return lost

    def start_over(self) -> None:
        """Forget the newest number: the other side counts anew."""
        self._newest = None

    @property
    def notable(self) -> bool:
        """Whether so much is lost that repeating beforehand is worth it."""
        return self.share > NOTABLE
