"""The bytes of an entry: compact JSON with sorted keys, under a profile that leaves one spelling for each value.

The profile: objects with text keys, arrays, text, booleans, null, and integers of at most 53 bits. No floats (their
spelling differs between languages; write micro-units or text), no bytes, no dates. For keys in the Basic
Multilingual Plane the bytes equal RFC 8785 (JCS). `encode(decode(b)) == b`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from guard.errors import AuditError, IntegrityError
from guard.model import Entry

CLAIM_SIZE = 64  # bytes; more than a `claimed` member takes
MAX_ENTRY = 65_535 - CLAIM_SIZE  # bytes; a uint16 counts them, and the log may add a `claimed` time
MAX_DEPTH = 16  # containers within each other
MAX_INTEGER = 2**53 - 1

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

_TEXT = frozenset({str})
_ATOMS = frozenset({str, bool, type(None)})
_Path: TypeAlias = "tuple[_Path | None, str | int]"


def _as_dict(value: object) -> object:
    """What the encoder does not know by itself: mappings other than dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=_as_dict)
_DECODER = msgspec.json.Decoder(Entry)


class Fixed(dict[str, Any]):
    """An entry's body that was checked and encoded once, for many entries that differ in few members."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """Checks and encodes each member.

        Raises:
            AuditError: a member outside the profile.
        """
        if not _TEXT.issuperset(map(type, body)):
            raise AuditError("entry member `body` has a key that is not text")
        super().__init__({name: each if type(each) is str else _fixed(name, each) for name, each in body.items()})

    def plus(self, **members: Any) -> Fixed:
        """The body with these members too.

        Raises:
            AuditError: a member outside the profile.
        """
        more = Fixed(members)
        more.update((name, member) for name, member in self.items() if name not in members)
        return more


def _fixed(name: str, member: Any) -> msgspec.Raw:
    _check({name: member}, (None, "body"), 0)
    try:
        return msgspec.Raw(_ENCODER.encode(member))
    except UnicodeEncodeError:
        raise AuditError(f"entry member `body.{name}` holds a text that is not valid unicode") from None


def timestamp(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000Z`: the one spelling of a time in the log."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def is_timestamp(time: str) -> bool:
    """True for the one spelling of a real moment."""
    if not _TIME.fullmatch(time):
        return False
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return False
    return True


def encode(entry: Entry) -> bytes:
    """The canonical bytes, which are also the Merkle leaf's content.

    Raises:
        AuditError: a member outside the profile (its path is named, its value is not), or more than `MAX_ENTRY` bytes.
    """
    body: Mapping[str, Any] = entry.body
    if type(body) is Fixed:
        body = dict(body)  # the encoder knows plain dicts
    else:
        _check(body, (None, "body"), 0)
    members = {"v": entry.v, "kind": entry.kind, "time": entry.time, "actor": entry.actor, "body": body}
    if entry.claimed:
        members["claimed"] = entry.claimed
    try:
        data = _ENCODER.encode(members)
    except UnicodeEncodeError:
        raise AuditError(f"entry of kind `{entry.kind}` holds a text that is not valid unicode") from None
    if len(data) > MAX_ENTRY + (CLAIM_SIZE if entry.claimed else 0):
        raise AuditError(
            f"entry of kind `{entry.kind}` has {len(data)} bytes, the limit is {MAX_ENTRY}",
            help="log the SHA-256 of the large part and keep the part elsewhere",
        )
    return data


def decode(data: bytes) -> Entry:
    """The entry of canonical bytes.

    Raises:
        IntegrityError: the bytes are not the canonical form of an entry.
    """
    try:
        entry = _DECODER.decode(data)
        same = encode(entry) == data
    except (msgspec.MsgspecError, AuditError, RecursionError):
        same = False
    if not same:
        raise IntegrityError("the bytes are not the canonical form of an entry")
    return entry


def _check(value: Any, path: _Path, depth: int) -> None:
    """Raises for the first member outside the profile; atoms are passed over in line, since every entry comes here."""
    kind = type(value)
    if kind is dict or isinstance(value, Mapping):
        members = value.items()
        if not _TEXT.issuperset(map(type, value)):
            raise AuditError(f"entry member `{_text(path)}` has a key that is not text")
    elif kind is list or kind is tuple:
        members = enumerate(value)
    elif kind in _ATOMS or isinstance(value, StrEnum):
        return
    elif kind is int:
        raise AuditError(f"entry member `{_text(path)}` is an integer of more than 53 bits", help="write it as text")
    else:
        raise AuditError(
            f"entry member `{_text(path)}` is of type {kind.__name__}, which has no canonical form",
            help="use text, integers, booleans, lists and objects",
        )
    if depth == MAX_DEPTH:
        raise AuditError(f"entry member `{_text(path)}` is nested deeper than {MAX_DEPTH}")
    for name, member in members:
        kind = type(member)
        if kind not in _ATOMS and not (kind is int and -MAX_INTEGER <= member <= MAX_INTEGER):
            _check(member, (path, name), depth + 1)


def _text(path: _Path) -> str:
    parent, name = path
    part = name if isinstance(name, str) else f"[{name}]"
    return f"{_text(parent)}{'.' if isinstance(name, str) else ''}{part}" if parent else part
