"""What the sidecar answers when a request does not even reach a route."""

from __future__ import annotations

from guard.errors import UsageError


class UnauthorizedError(UsageError):
    """The token is missing or wrong."""

    code = "unauthorized"
    http_status = 401


class NotFoundError(UsageError):
    """There is no such thing to answer about."""

    code = "not-found"
    http_status = 404


class TooSlowError(UsageError):
    """The request did not arrive in time."""

    code = "too-slow"
    http_status = 408


class TooLargeError(UsageError):
    """The request is larger than the sidecar reads."""

    code = "too-large"
    http_status = 413


class MediaTypeError(UsageError):
    """The request is not declared as JSON; a web page could send it without asking."""

    code = "media-type"
    http_status = 415


class MisdirectedError(UsageError):
    """The request names another host: a web page may have pointed its own name at loopback."""

    code = "misdirected"
    http_status = 421
