"""Every error this library raises on purpose.

    CloudlinkError
    |- InvalidArgument          you passed something that cannot work (also a ValueError)
    |  `- ValueTooLong          ... because it is longer than the cloud or the link carries
    |- DecodeError              digits or bytes from elsewhere that are not what they should be
    |- CloudError               the cloud server cannot be used
    |  |- ConnectFailed         ... it did not answer, or the network is down: trying again may help
    |  |- ConnectionRefused     ... it refused us for good: trying again will not help
    |  `- NotConnected          ... this connection is closed, or was never opened
    |     `- ConnectionLost     ... it was open, and has come to its end
    |- RequestError             a request was answered with an error, or a handler wants that
    |  |- RequestTimeout        ... no answer came in time
    |  `- Busy                  ... the server has too much work waiting
    |- SiteError                the Scratch site did not do what was asked
    |  |- SiteUnreachable       ... no answer: the network, or the site, is down
    |  |- SiteUnavailable       ... it answered that it cannot work now (500, maintenance)
    |  |- RateLimited           ... too many requests: wait `retry_after` seconds
    |  |- NotFound              ... there is no such thing, or you may not see it
    |  |- Forbidden             ... you may not do that
    |  |  |- LoginRequired      ... because nobody is logged in, or the login is over
    |  |  `- Muted              ... because the account is muted, until `until`
    |  |- LoginFailed           ... wrong password, a captcha, or a ban
    |  |- Rejected              ... it read what you sent and does not take it
    |  |  `- CommentRejected    ... a comment, with the site's `reason`
    |  |- ClientClosed          ... the client that was to ask it has been closed
    |  |- ServiceGone           ... what this function needs no longer exists anywhere
    |  `- BadResponse           ... it answered with something else than it ever did
    |- StorageError             a store cannot be used: closed, locked by others for too long, or the disk's fault
    |- SpriteError              the sprite's source, or a project file, is wrong
    |- PictureError             pictures of blocks could not be drawn
    `- PlayerError              the Scratch virtual machine could not be installed or run

The message of each says what was wrong, with the numbers, and what to do about it. The facts are also
attributes, so that a program need not read the message.
"""

from __future__ import annotations

from datetime import datetime


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


class ConnectionLost(NotConnected):
    """An open connection has come to its end, by the server's doing or by the network's.

    Attributes:
        code: the websocket close code; None when the connection broke without one, or when we closed it.
        reason: the words that came with the code, or what happened to the network.
    """

    def __init__(self, message: str, *, code: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class RequestError(CloudlinkError):
    """A request ended in an error.

    A handler raises it to answer with an error that the Scratch project can read; any other exception in a
    handler reaches the project as code 500, "internal error". A client raises it when the answer is an error.

    Args:
        text: what went wrong, in words for the player.
        code: a number from 0 to 999 for the program; 400 if not given. cloudlink itself uses 400 (bad
            arguments), 403 (it is not sure who asks), 404 (no such request), 408 (timeout), 410 (the answer is no
            longer kept), 413 (too long), 429 (too many requests), 500 (internal error) and 503 (busy or stopping).

    Raises:
        InvalidArgument: code is not a whole number from 0 to 999.
    """

    # Also for a subclass that forgets to call this constructor.
    text: str = ""
    code: int = 400

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


class SiteError(CloudlinkError):
    """The Scratch site did not do what was asked; the subclasses tell why.

    No message, and no attribute, holds a password, a session id or a token: what is said of a request is its
    method and its path.

    Attributes:
        status: the HTTP status of the answer, None if there was none.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class SiteUnreachable(SiteError):
    """No answer came.

    Attributes:
        sent: True if the request may have reached the site. A change may then have happened: look before you
            ask for it again, for cloudlink never repeats a change on its own.
    """

    def __init__(self, message: str, *, status: int | None = None, sent: bool = False) -> None:
        super().__init__(message, status=status)
        self.sent = sent


class SiteUnavailable(SiteError):
    """The site answered that it cannot work now (500 to 599, maintenance); trying again later may help."""


class RateLimited(SiteError):
    """The site got too many requests from this computer or this account.

    Attributes:
        retry_after: seconds to wait, None if the site did not tell.
    """

    def __init__(self, message: str, *, status: int | None = 429, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class NotFound(SiteError):
    """There is no such thing, or you may not see it: the site answers both alike.

    Attributes:
        what: what was looked for, such as "user 'pixel_otter'".
    """

    def __init__(self, message: str, *, status: int | None = 404, what: str = "") -> None:
        super().__init__(message, status=status)
        self.what = what


class Forbidden(SiteError):
    """The account, or somebody without one, may not do that."""


class LoginRequired(Forbidden):
    """Nobody is logged in, or the login is over; nothing was changed."""


class Muted(Forbidden):
    """The account may not write for a while.

    Attributes:
        until: when the mute ends, None if the site did not tell.
        kind: why, in the site's word ("spam", "vulgarity", ...), None if it did not tell.
    """

    def __init__(
        self, message: str, *, status: int | None = 403, until: datetime | None = None, kind: str | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.until = until
        self.kind = kind


class LoginFailed(SiteError):
    """The site did not let the account in.

    Attributes:
        captcha: True if it now wants a captcha: log in with a browser and use the session id.
        banned: True if the account or the network is banned.
    """

    def __init__(self, message: str, *, status: int | None = None, captcha: bool = False, banned: bool = False) -> None:
        super().__init__(message, status=status)
        self.captcha = captcha
        self.banned = banned


class Rejected(SiteError):
    """The site read what was sent and does not take it; sending the same again will not help.

    Attributes:
        reason: why, in the site's word, such as "inappropriate-generic".
    """

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        super().__init__(message, status=status)
        self.reason = reason


class CommentRejected(Rejected):
    """A comment was not posted.

    Attributes:
        reason: the site's code: "isFlood" (too soon), "isBad" (refused words), "isEmpty", "isTooLong", "isSpam",
            "hasChatSite", "isMuted", "isUnconstructive", "isDisallowed", "isIPMuted", "isNotPermitted",
            "isNotPermittedByParent", or one that is newer than this library.
        until: when the mute that came with it ends, if one did.
    """

    def __init__(
        self, message: str, *, status: int | None = 200, reason: str = "", until: datetime | None = None
    ) -> None:
        super().__init__(message, status=status, reason=reason)
        self.until = until


class ClientClosed(SiteError):
    """The client, or the session, that was to ask the site has been closed; nothing was sent."""


class ServiceGone(SiteError):
    """What a function needs no longer exists; nothing was sent.

    Attributes:
        reason: what is gone, and since when.
        replacement: what comes nearest, "" if nothing does.
    """

    def __init__(self, message: str, *, status: int | None = None, reason: str = "", replacement: str = "") -> None:
        super().__init__(message, status=status)
        self.reason = reason
        self.replacement = replacement


class BadResponse(SiteError):
    """The site answered with something that this library does not know; it may have changed."""


class StorageError(CloudlinkError):
    """A store cannot be used: it is closed, others write for too long, or the database failed; nothing was stored."""


class SpriteError(CloudlinkError):
    """The source of a sprite, or a project file, is wrong; the message names the place."""


class PictureError(CloudlinkError):
    """Pictures of blocks could not be drawn; the message says what is missing."""


class PlayerError(CloudlinkError):
    """The Scratch virtual machine could not be installed or run."""
