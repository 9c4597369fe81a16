"""Detectors of users: a few lines of YAML in `rules/detectors/`, or a Python module. Their cases are checked on load.

In YAML a kind has the form of its values, how often chance passes, words that stand near, and cases:

    city.library_card:
      shape: 'A9{8}'
      form: 'L[0-9]{8}'
      check_digit: luhn            # optional: luhn (digits), mod11_2 (digits, X), mod97
      pass_rate: 0.004
      context: [library card, 借书证]
      positive: ['L12345674']
      hard_negative: ['L12345678', 'M12345674']

A Python module follows the contract of `guard.classify.detector` and has `POSITIVE` and `HARD_NEGATIVE`. A detector
whose cases do not hold is not loaded, and neither is its pack.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined] # how the standard library spells a parsed pattern
from re import _parser as parser  # type: ignore[attr-defined] # as above
from types import ModuleType
from typing import Annotated, Any, Literal

import msgspec

from guard.classify import rulefile
from guard.classify.checkdigit import luhn, mod_11_2
from guard.classify.detector import CEILING_BITS, PRIOR_BITS, Detector
from guard.classify.detector import load as load_module
from guard.classify.registry import add
from guard.classify.shape import shape_of
from guard.errors import ConfigError
from guard.model import Value

LEAST_CASES = 1  # of each
LONGEST = 256  # characters of a value
_ID = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_COMPACT = re.compile(r"[ -]")
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)


class _Row(Value, frozen=True):
    shape: str
    form: str
    pass_rate: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    positive: tuple[str, ...]
    hard_negative: tuple[str, ...]
    context: tuple[str, ...] = ()
    check_digit: Literal["", "luhn", "mod11_2", "mod97"] = ""
    prior: Annotated[float, msgspec.Meta(ge=-20, le=20)] = PRIOR_BITS
    ceiling: Annotated[float, msgspec.Meta(ge=0, le=20)] = CEILING_BITS
    text: bool = True


def load(folder: Path) -> tuple[str, ...]:
    """Adds the detectors of a folder of YAML files to this process, and names them; none where there is no folder.

    Raises:
        ConfigError: a file does not fit, a form can take time without end, or a case does not hold.
    """
    if not folder.is_dir():
        return ()
    rows: dict[str, _Row] = {}
    for path in rulefile.files(folder):
        rulefile.merge(path, rows, rulefile.read(path, dict[str, _Row]))
    for kind, row in sorted(rows.items()):
        detector = _detector(kind, row)
        _check_cases(detector, row.positive, row.hard_negative)
        add(detector, rulefile.canonical(row))
    return tuple(sorted(rows))


def register(kind: str, module: ModuleType) -> Detector:
    """Adds a Python module as the detector `kind`, before a pack that has a row for it is loaded.

    Raises:
        ConfigError: the id or the module does not fit, or a case does not hold.
    """
    _check_id(kind)
    for name in ("SHAPE", "PASS_RATE", "CONTEXT", "normalise", "check", "explain", "POSITIVE", "HARD_NEGATIVE"):
        if not hasattr(module, name):
            raise ConfigError(f"the detector `{kind}` has no `{name}`", help="see guard/classify/detector.py")
    detector = load_module(kind, module)
    _check_cases(detector, module.POSITIVE, module.HARD_NEGATIVE)
    add(detector, inspect.getsource(module).encode())
    return detector


def _detector(kind: str, row: _Row) -> Detector:
    _check_id(kind)
    form = _pattern(kind, "form", row.form)
    digits: Callable[[str], bool] = _CHECKS[row.check_digit]

    def normalise(text: str) -> str:
        return _COMPACT.sub("", text)

    def check(text: str) -> bool:
        if len(text) > LONGEST:
            return False
        return form.fullmatch(text) is not None and digits(normalise(text))

    def explain(text: str) -> str:
        if len(text) > LONGEST or form.fullmatch(text) is None:
            return "fails: the form of the kind"
        return "passes" if digits(normalise(text)) else f"fails: check digit ({row.check_digit})"

    return Detector(
        id=kind,
        shape=_pattern(kind, "shape", row.shape),
        pass_rate=row.pass_rate,
        context=row.context,
        prefixes=(),
        prior=row.prior,
        ceiling=row.ceiling,
        column_rate=row.pass_rate,
        recall=0.98,
        written=None,
        anchored=False,
        minimum=1,
        text=row.text,
        normalise=normalise,
        check=check,
        explain=explain,
    )


def _check_id(kind: str) -> None:
    if not _ID.fullmatch(kind):
        raise ConfigError(f"`{kind}` is not the id of a kind", help="write it as family.name in small letters")


def _check_cases(detector: Detector, positive: Sequence[str], hard_negative: Sequence[str]) -> None:
    """No value of a case is in the message: cases are often copied from data."""
    if len(positive) < LEAST_CASES or len(hard_negative) < LEAST_CASES:
        raise ConfigError(
            f"the detector `{detector.id}` has no positive or no hard negative case",
            help="give values that it must find, and values that only look like them",
        )
    for number, text in enumerate(positive, start=1):
        if not detector.shape.fullmatch(shape_of(text)):
            raise ConfigError(f"`{detector.id}`: the shape lets positive case {number} not through")
        if not detector.check(text):
            raise ConfigError(f"`{detector.id}`: positive case {number} {detector.explain(text)}")
    for number, text in enumerate(hard_negative, start=1):
        if detector.shape.fullmatch(shape_of(text)) and detector.check(text):
            raise ConfigError(f"`{detector.id}`: hard negative case {number} passes")


def _pattern(kind: str, key: str, text: str) -> re.Pattern[str]:
    try:
        tree = parser.parse(text)
        compiled = re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ConfigError(f"`{kind}.{key}` is not a regular expression") from None
    if any(_loops(tree, inside=0)):
        raise ConfigError(
            f"`{kind}.{key}` can take time without end", help="let no repetition stand inside another, and few in a row"
        )
    return compiled


def _loops(tree: Any, *, inside: int) -> Iterator[bool]:
    """True for a repetition of open length inside another, or for more than three in a row."""
    open_ones = 0
    for code, argument in tree:
        if code in _REPEATS:
            _, most, body = argument
            is_open = most > LONGEST
            open_ones += is_open
            yield bool(inside) and most > 1
            yield open_ones > 3
            yield from _loops(body, inside=inside + (most > 1))
        elif code is codes.SUBPATTERN:
            yield from _loops(argument[-1], inside=inside)
        elif code is codes.BRANCH:
            for branch in argument[1]:
                yield from _loops(branch, inside=inside)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _loops(argument[1], inside=inside)
        elif code is codes.GROUPREF:
            yield True


def _mod97(text: str) -> bool:
    from stdnum.iso7064 import mod_97_10

    return bool(mod_97_10.is_valid(text))


def _over(kept: Callable[[str], bool], check: Callable[[str], bool]) -> Callable[[str], bool]:
    """`check` over the characters that count, in capitals."""

    def checked(text: str) -> bool:
        counting = "".join(char for char in text.upper() if char.isascii() and kept(char))
        return len(counting) > 1 and check(counting)

    return checked


_CHECKS: dict[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "luhn": _over(str.isdigit, luhn),
    "mod11_2": _over(lambda char: char.isdigit() or char == "X", lambda text: text[:-1].isdigit() and mod_11_2(text)),
    "mod97": _over(str.isalnum, _mod97),
}
