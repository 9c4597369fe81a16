"""What a detector is: a module with three verbs and a few declared facts.

Registration is being in the folder: `detectors/cn/resident_id.py` is the detector `cn.resident_id`. A module declares

| name | meaning |
|---|---|
| `SHAPE` | regular expression over the shape of a text (`guard.classify.shape`): the prefilter |
| `PASS_RATE` | chance that a random text of that shape passes `check`; a test measures it again |
| `CONTEXT` | words that stand near such a value, in English, 简体, 繁體 and pinyin |
| `normalise(text) -> str` | one spelling: no separators, one case |
| `check(text) -> bool` | the rules hold |
| `explain(text) -> str` | which rule fails, or which hold, in words; never the text |

and where the defaults do not fit: `PREFIXES` (literals that start every such value), `PRIOR` (bits; how common the
kind is among texts of its shape, default -3), `CEILING` (bits; how sure values alone can make of a column, default
20), `COLUMN_RATE` (the pass rate among columns that share the prefix of the kind, default `PASS_RATE`), `RECALL`
(share of true values that `check` accepts, default 0.98; lists of names know fewer), `WRITTEN` (shape that is
evidence by itself, such as `(202) 555-0143`; values not written so count little in a column, and values written so
more in a text), `ANCHORED` (True: found in running text by a pass of its own, not as a token), `MINIMUM` (distinct
values a column needs before its values count), `TEXT` (False: looked for in columns only).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, cast

PRIOR_BITS = -3.0
CEILING_BITS = 20.0


class DetectorModule(Protocol):
    """The part of the contract that every detector module has."""

    SHAPE: str
    PASS_RATE: float
    CONTEXT: tuple[str, ...]

    def normalise(self, text: str) -> str:
        """One spelling of the value."""

    def check(self, text: str) -> bool:
        """True when the rules of the kind hold."""

    def explain(self, text: str) -> str:
        """Which rule fails, or which hold, without the value."""


@dataclass(frozen=True)
class Detector:
    """A detector module, loaded: its facts with the defaults filled in."""

    id: str
    shape: re.Pattern[str]
    pass_rate: float
    context: tuple[str, ...]
    prefixes: tuple[str, ...]
    prior: float
    ceiling: float
    column_rate: float
    recall: float
    written: re.Pattern[str] | None
    anchored: bool
    minimum: int
    text: bool
    normalise: Callable[[str], str]
    check: Callable[[str], bool]
    explain: Callable[[str], str]


def load(kind: str, module: ModuleType) -> Detector:
    """The detector that `module` declares, under the id `kind`."""
    declared = cast("DetectorModule", module)
    return Detector(
        id=kind,
        shape=re.compile(declared.SHAPE),
        pass_rate=declared.PASS_RATE,
        context=declared.CONTEXT,
        prefixes=getattr(module, "PREFIXES", ()),
        prior=getattr(module, "PRIOR", PRIOR_BITS),
        ceiling=getattr(module, "CEILING", CEILING_BITS),
        column_rate=getattr(module, "COLUMN_RATE", declared.PASS_RATE),
        recall=getattr(module, "RECALL", 0.98),
        written=re.compile(module.WRITTEN) if hasattr(module, "WRITTEN") else None,
        anchored=getattr(module, "ANCHORED", False),
        minimum=getattr(module, "MINIMUM", 1),
        text=getattr(module, "TEXT", True),
        normalise=declared.normalise,
        check=declared.check,
        explain=declared.explain,
    )
