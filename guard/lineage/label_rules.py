"""What functions do to labels, as data: `rules/lineage/*.yaml`, which a security team edits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from guard.errors import ConfigError
from guard.model import State, Value

MAX_BYTES = 1_000_000  # of one rule file
Place = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class FunctionRule(Value, frozen=True):
    """`functions` are steps of `Edge.how`, with or without their arguments; `kinds` empty means every kind."""

    id: str
    functions: tuple[str, ...]
    becomes: State
    evidence: str
    kinds: tuple[str, ...] = ()
    note: str = ""


class Piece(Value, frozen=True):
    """Characters `first` to `last`, from 1, both included, are data of `kind`."""

    first: Place
    last: Place
    kind: str
    level: Annotated[int, msgspec.Meta(ge=1, le=5)]


class Parts(Value, frozen=True):
    """How a kind of fixed length is made up; a cut that leaves out fewer than `hidden` characters hides nothing."""

    kind: str
    length: Place
    hidden: Place
    source: str
    pieces: tuple[Piece, ...]


class LabelRules(Value, frozen=True):
    """All rules. `functions` is by step; `transparent` steps leave a value and the places of its characters alone."""

    functions: Mapping[str, tuple[FunctionRule, ...]]
    transparent: frozenset[str]
    enumerable: frozenset[str]
    parts: Mapping[str, Parts]
    identifiers: frozenset[str] = frozenset()  # kinds that name one person; answers are indexed by them


class _Functions(Value, frozen=True):
    version: int
    transparent: tuple[str, ...]
    rules: tuple[FunctionRule, ...]


class _Parts(Value, frozen=True):
    version: int
    enumerable: tuple[str, ...]
    parts: tuple[Parts, ...]
    identifiers: tuple[str, ...] = ()


def load(folder: Path) -> LabelRules:
    """Reads `functions.yaml` and `parts.yaml`.

    Raises:
        ConfigError: a file is missing, too large, or not what it should be; no rule is left out in silence.
    """
    functions = _read(folder / "functions.yaml", _Functions)
    parts = _read(folder / "parts.yaml", _Parts)
    by_step: dict[str, tuple[FunctionRule, ...]] = {}
    for rule in functions.rules:
        for step in rule.functions:
            if step in functions.transparent:
                _refuse(folder, f"`{step}` is transparent and has a rule")
            by_step[step] = (*by_step.get(step, ()), rule)
    for made in parts.parts:
        if any(not piece.first <= piece.last <= made.length for piece in made.pieces):
            _refuse(folder, f"a piece of `{made.kind}` lies outside of it")
    return LabelRules(
        functions=by_step,
        transparent=frozenset(functions.transparent),
        enumerable=frozenset(parts.enumerable),
        parts={made.kind: made for made in parts.parts},
        identifiers=frozenset(parts.identifiers),
    )


def _read(path: Path, kind: Any) -> Any:
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            _refuse(path, f"more than {MAX_BYTES} bytes")
        found = msgspec.yaml.decode(data, type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        _refuse(path, str(error))
    if found.version != 1:
        _refuse(path, f"version {found.version} is not known")
    return found


def _refuse(path: Path, cause: str) -> None:
    msg = f"the label rules in `{path.name}` cannot be used: {cause}"
    raise ConfigError(msg, help="see docs/reference/label-propagation.md")
