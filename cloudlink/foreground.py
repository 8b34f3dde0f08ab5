"""Staying in the main thread until something ends, or somebody presses Ctrl-C."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloudlink.clock import LONGEST_WAIT

_log = logging.getLogger("cloudlink")


def stay(over: threading.Event) -> None:
    """Wait until something is over; a Ctrl-C is raised, also on Windows."""
    while not over.wait(LONGEST_WAIT):
        pass


@contextmanager
def until_ctrl_c(*, then: Callable[[], object] = lambda: None) -> Iterator[None]:
    """A block that Ctrl-C ends without an error, with a line in the log.

    Args:
        then: called after the block, whatever ended it; another Ctrl-C meanwhile is Python's usual one.
    """
    try:
        yield
    except KeyboardInterrupt:
        _log.info("Ctrl-C: ending once what is under way is finished; another Ctrl-C ends at once")
    except BaseException:  # what the program's own functions for signals raise
        then()
        raise
    then()
