"""Every error this library raises on purpose.

    CloudlinkError
    |- InvalidArgument          you passed something that cannot work (also a ValueError)
    |  `- ValueTooLong          ... because it is longer than the cloud or the link carries
    |- DecodeError              digits or bytes from elsewhere that are not what they should be
    |- CloudError               the cloud server cannot be used
    |  |- ConnectFailed         ... it did not answer, or the network is down: trying again may help
    |  |- ConnectionRefused     ... it refused us for good: trying again will not help
    |  `- NotConnected          ... this connection is closed, or was never opened
    |- RequestError             a request was answered with an error, or a handler wants that
    |  |- RequestTimeout        ... no answer came in time
    |  `- Busy                  ... the server has too much work waiting
    |- SpriteError              the sprite's source, or a project file, is wrong
    `- PlayerError              the Scratch virtual machine could not be installed or run

The message of each says what was wrong, with the numbers, and what to do about it. The facts are also
attributes, so that a program need not read the message.
"""

from __future__ import annotations


class CloudlinkError(Exception):
    """The root of the tree: catch it to catch everything that cloudlink raises on purpose."""


class InvalidArgument(CloudlinkError, ValueError):
    """The caller passed a value that cannot work; nothing was sent."""


class ValueTooLong(InvalidArgument):
    """A value is longer than the cloud or the link carries.

    Attributes:
        size: how long it is.
        limit: how long it may be, in the same unit.
    """

    def __init__(self, message: str, *, size: int, limit: int) -> None:
        super().__init__(message)
        self.size = size
        self.limit = limit


class DecodeError(CloudlinkError, ValueError):
    """Digits or bytes that came from elsewhere do not have the form they should have."""


class CloudError(CloudlinkError):
    """The cloud server cannot be used; the subclasses tell why."""


class ConnectFailed(CloudError):
    """The server did not answer or the network is down; trying again later may help."""


class ConnectionRefused(CloudError):
    """The server refused this client for good.

    Attributes:
        code: the websocket close code, or the HTTP status, that it gave.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NotConnected(CloudError):
    """The connection is closed or was never opened."""


class RequestError(CloudlinkError):
    """A request ended in an error.

    A handler raises it to answer with an error that the Scratch project can read; any other exception in a
    handler reaches the project as code 500, "internal error". A client raises it when the answer is an error.

    Args:
        text: what went wrong, in words for the player.
        code: a number from 0 to 999 for the program; 400 if not given. cloudlink itself uses 400 (bad
            arguments), 404 (no such request), 408 (timeout), 410 (the answer is no longer kept), 413 (too
            long), 500 (internal error) and 503 (busy or stopping).

    Raises:
        InvalidArgument: code is not a whole number from 0 to 999.
    """

    def __init__(self, text: str = "", code: int = 400) -> None:
        if not isinstance(code, int) or not 0 <= code <= 999:
            raise InvalidArgument(f"an error code is a whole number from 0 to 999, not {code!r}")
        super().__init__(text)
        self.text = text
        self.code = code


class RequestTimeout(RequestError):
    """No answer came before the request's timeout (code 408)."""

    def __init__(self, text: str = "no answer in time", code: int = 408) -> None:
        super().__init__(text, code)


class Busy(RequestError):
    """The server has too much work waiting; try again in a moment (code 503)."""

    def __init__(self, text: str = "busy, try again in a moment", code: int = 503) -> None:
        super().__init__(text, code)


class SpriteError(CloudlinkError):
    """The source of a sprite, or a project file, is wrong; the message names the place."""


class PlayerError(CloudlinkError):
    """The Scratch virtual machine could not be installed or run."""
