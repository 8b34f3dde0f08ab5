"""When to repeat: a timer that follows the measured round trip, grows, and never beats in step with others."""

from __future__ import annotations

import math
from random import Random

from cloudlink.link.settings import ClientTimes

_DOUBT = 0.2
"""The share of repeats that is assumed before anything is known: the first dozen requests are sent twice."""


class RoundTrip:
    """A running estimate of the time from a request to the first part of its answer.

    Mean and deviation as TCP keeps them (RFC 6298), the handler's time included: what matters is when an answer
    can be expected.
    """

    def __init__(self, times: ClientTimes) -> None:
        self.times = times
        self.repeats = _DOUBT
        """A running share, from 0 to 1, of the first sendings that had to be repeated."""
        self._mean: float | None = None
        self._deviation = 0.0

    def tried(self, times: int) -> None:
        """Note how often something was sent until the other side gave a sign."""
        self.repeats += ((times > 1) - self.repeats) / 8

    def measured(self, seconds: float) -> None:
        """Take in one measurement, from a request that was not repeated."""
        if self._mean is None:
            self._mean, self._deviation = seconds, seconds / 16
            return
        self._deviation += (abs(seconds - self._mean) - self._deviation) / 4
        self._mean += (seconds - self._mean) / 8

    @property
    def is_measured(self) -> bool:
        """Whether anything was measured."""
        return self._mean is not None

    @property
    def patience(self) -> float:
        """Seconds after which an answer is overdue."""
        if self._mean is None:
            return self.times.first_retry
        expected = self._mean + 2.5 * self._deviation
        return min(max(expected, self.times.least_retry), self.times.most_retry)


class RetryTimer:
    """When one request, or the hello, is repeated next.

    Args:
        round_trip: tells how long to wait.
        random: draws the jitter.
        growth: each wait in vain is this many times longer than the one before.
        jitter: each wait is lengthened by up to this share of itself.
        first: seconds; the first wait while no round trip was measured, if it is another than for requests.
    """

    def __init__(
        self, round_trip: RoundTrip, random: Random, *, growth: float, jitter: float, first: float | None = None
    ) -> None:
        self.due = math.inf
        """Seconds; the time of the next repeat."""
        self._round_trip = round_trip
        self._random = random
        self._growth = growth
        self._jitter = jitter
        self._first = first
        self._tries = 0
        self._first_sent: float | None = None

    def start_now(self) -> None:
        """Make the repeat due at once."""
        self.due = -math.inf

    def ready(self, now: float) -> bool:
        """Whether the repeat is due."""
        return now >= self.due

    def sent(self, now: float) -> None:
        """Note that it went out, for the first time or again; each time the wait grows."""
        times = self._round_trip.times
        patience = self._round_trip.patience
        if self._first is not None and not self._round_trip.is_measured:
            patience = self._first
        self.wait(min(patience * self._growth**self._tries, times.most_retry), now)
        if self._tries == 0:
            self._first_sent = now
        self._tries += 1

    def answered(self, now: float) -> None:
        """Note that the other side gave a sign: the next wait is short again, and begins now."""
        if self._first_sent is not None:
            self._round_trip.tried(self._tries)
            if self._tries == 1:
                self._round_trip.measured(now - self._first_sent)
        self._tries = 0
        self.sent(now)
        self._first_sent = None

    def wait(self, seconds: float, now: float) -> None:
        """Make the repeat due after some seconds, and a random part of them more."""
        self.due = now + seconds * (1 + self._jitter * self._random.random())
