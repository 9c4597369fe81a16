"""What goes over the wire: requests are decoded strictly.

An unknown, missing or repeated field is an error: two readers of one request must not see two subjects in it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from guard.errors import UsageError
from guard.model import Attribute, Subject

VERSION = 1
MAX_ECHO = 64  # characters of a caller's own name that an error repeats
INT64 = range(-(1 << 63), 1 << 63)
_HELP = "see docs/reference/sidecar.md"


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the requests."""


class SubjectIn(_Request, frozen=True):
    """Who asks."""

    id: str
    roles: tuple[str, ...] = ()
    attributes: dict[str, str | int | float | bool | tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        self.value()

    def value(self) -> Subject:
        """The subject as guard's own value."""
        attributes: dict[str, Attribute | list[str]] = dict(self.attributes)
        return Subject(id=self.id, roles=self.roles, attributes=attributes)


class CheckIn(_Request, frozen=True):
    """`/v1/check`. `source` is a name from `[sources]`, never a URI."""

    sql: str
    subject: SubjectIn
    purpose: str
    source: str


class QueryIn(CheckIn, frozen=True):
    """`/v1/query`: a check, and the values of `:name` in the SQL."""

    parameters: dict[str, str | int | float | bool | None] = {}

    def __post_init__(self) -> None:
        if any(isinstance(value, int) and value not in INT64 for value in self.parameters.values()):
            msg = "a parameter is no 64-bit integer"
            raise ValueError(msg)


class TextIn(_Request, frozen=True):
    """`/v1/classify`."""

    text: str


class AnonymizeIn(_Request, frozen=True):
    """`/v1/anonymize`: rows of one table, each with the same fields, and a plan as in a plan file."""

    rows: list[dict[str, Any]]
    plan: dict[str, Any]

    def __post_init__(self) -> None:
        if not self.rows:
            msg = "there are no rows"
            raise ValueError(msg)
        if any(row.keys() != self.rows[0].keys() for row in self.rows):
            msg = "the rows do not have the same fields"
            raise ValueError(msg)


class ReidentifyIn(_Request, frozen=True):
    """`/v1/reidentify`: pseudonyms, and the plan that made them, as in a plan file."""

    tokens: list[str | None]
    plan: dict[str, Any]
    column: str
    kind: str
    subject: SubjectIn
    purpose: str


# Made here, under the lock of the import: msgspec crashes when two threads are the first to use a type.
_DECODERS = {kind: msgspec.json.Decoder(kind) for kind in (CheckIn, QueryIn, TextIn, AnonymizeIn, ReidentifyIn)}


def decode(body: bytes, kind: type[Any]) -> Any:
    """The request in `body`.

    Raises:
        UsageError: not JSON, a missing, unknown or repeated field, a wrong type; the message never holds a value.
    """
    try:
        decoded = _DECODERS[kind].decode(body)
        json.loads(body, object_pairs_hook=_refuse_repeats)
    except msgspec.ValidationError as error:
        raise UsageError(f"the request does not fit: {_short(str(error))}", help=_HELP) from None
    except _RepeatedError:
        raise UsageError("the request does not fit: a field stands twice", help=_HELP) from None
    except RecursionError:
        raise UsageError("the request is nested too deeply", help=_HELP) from None
    except ValueError:  # of msgspec, of the decoder of UTF-8, and of numbers with thousands of digits
        raise UsageError("the request is not JSON", help="send one JSON object in UTF-8") from None
    return decoded


class _RepeatedError(Exception):
    """An object has two fields of one name."""


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _value in pairs}) < len(pairs):
        raise _RepeatedError


def _short(message: str) -> str:
    """msgspec repeats the name of an unknown field, which is the caller's own text."""
    return message if len(message) <= 4 * MAX_ECHO else f"{message[:MAX_ECHO]}..."
