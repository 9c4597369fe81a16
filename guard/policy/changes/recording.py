"""Recorded decisions, to be replayed under changed rules. A recording holds no value that tells of a person.

Texts in the subject's id and attributes are replaced by tokens, equal for equal texts within one recording; names,
numbers and booleans stay, since rules compare them. The verdict that is recorded is the engine's on this replaced
question; `exact` says whether the real question was decided alike.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from guard.errors import PolicyUnavailableError, UsageError
from guard.model import Value
from guard.policy.changes.exposure import Exposure, exposure_of
from guard.policy.engine import PolicyEngine
from guard.policy.metadata import Mode
from guard.policy.verdict import VerdictError, parse_verdict

MAX_BYTES = 64 << 20  # of one file; the one before is kept beside it
MAX_LINE = 4 << 20
MAX_REMEMBERED = 65_536  # questions that are not written again


class Recorded(Value, frozen=True):
    """One question and what the rules said; `exposure` is None for a denial."""

    input: dict[str, Any]
    revision: str
    exposure: Exposure | None
    exact: bool = True
    v: int = 1


_DECODER = msgspec.json.Decoder(Recorded)


class Recorder:
    """Writes questions to a file, each once; safe under threads.

    Args:
        path: the file; made with mode 0600.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, None] = OrderedDict()  # OWNED BY: _lock

    def record(self, engine: PolicyEngine, policy_input: Mapping[str, Any], raw: object) -> None:
        """Records a question that `engine` answered with `raw`; one that was recorded before is passed over.

        Raises:
            OSError: the file cannot be written.
        """
        replaced = without_values(policy_input, self._key)
        digest = hashlib.sha256(
            msgspec.json.encode([engine.revision, {**replaced, "context": {}}], order="deterministic")
        ).digest()
        with self._lock:
            if digest in self._seen:
                self._seen.move_to_end(digest)
                return
            self._seen[digest] = None
            if len(self._seen) > MAX_REMEMBERED:
                self._seen.popitem(last=False)
        real = judged(engine, policy_input, raw)
        shown = real
        if replaced["subject"] != policy_input["subject"]:
            try:
                shown = judged(engine, replaced, engine.decide(replaced))
            except PolicyUnavailableError:
                shown = None
        exact = (real is None) == (shown is None) and (real is None or shown is None or real.masks == shown.masks)
        self._write(msgspec.json.encode(Recorded(replaced, engine.revision, shown, exact)) + b"\n")

    def _write(self, line: bytes) -> None:
        with self._lock:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            handle = os.open(self._path, flags, 0o600)
            try:
                if os.fstat(handle).st_size > MAX_BYTES:
                    self._path.replace(self._path.with_suffix(f"{self._path.suffix}.1"))
                    os.close(handle)
                    handle = os.open(self._path, flags, 0o600)
                os.write(handle, line)
            finally:
                os.close(handle)


def judged(engine: PolicyEngine, policy_input: Mapping[str, Any], raw: object) -> Exposure | None:
    """What the rules of `engine` let be seen; None when they deny, err or do not answer."""
    try:
        verdict = parse_verdict(
            raw,
            revision=engine.revision,
            rules=engine.modes.keys(),
            label_sets={one["id"] for one in policy_input["label_sets"]},
            tables={one["name"] for one in policy_input["tables"]},
        )
    except VerdictError:
        return None
    deciding = verdict.without(frozenset(rule for rule, mode in engine.modes.items() if mode is Mode.MONITOR))
    if not deciding.allow or deciding.deny or deciding.faults:
        return None
    return exposure_of([deciding])


def without_values(policy_input: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """The question with tokens for the texts of the subject's id and attributes."""
    subject = policy_input["subject"]
    attributes = {name: _token(value, key) for name, value in subject["attributes"].items()}
    return {**policy_input, "subject": {**subject, "id": _token(subject["id"], key), "attributes": attributes}}


def _token(value: Any, key: bytes) -> Any:
    if isinstance(value, list | tuple):
        return [_token(item, key) for item in value]
    if not isinstance(value, str):
        return value
    return f"#{hashlib.blake2b(value.encode(), key=key, digest_size=8).hexdigest()}"


def read(path: Path) -> Iterator[Recorded]:
    """The questions of a recording.

    Raises:
        UsageError: it cannot be read, or a line is no record; names the line.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                try:
                    yield _DECODER.decode(line)
                except (msgspec.DecodeError, RecursionError):
                    raise UsageError(
                        f"`{path}`:{number}: the line is no recorded decision",
                        help="record with `policy.record` in guard.toml",
                    ) from None
    except OSError as error:
        cause = (error.strerror or "unknown cause").lower()
        raise UsageError(f"`{path}` cannot be read: {cause}", help="name the file of `policy.record`") from None
