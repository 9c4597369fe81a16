"""Schemes: the categories and levels that laws and standards have of their own, mapped from kinds, with clause and
dates.

Read from `rules/schemes/*.yaml`, one file an edition. A mapping is data with dates, because law moves: each row
belongs to an edition that is in force from a day (and until a day), and a question is asked *as of* a day. Only rows
whose certainty is `O` (read in the official text, or in several verbatim copies that agree) and that carry no `check`
are given out; the loader refuses others, so that no pack ships them by mistake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from guard.classify import rulefile
from guard.classify.taxonomy import Names, Script
from guard.errors import ConfigError
from guard.model import Value

Modal = Literal["must", "should", "lists"]


class _Row(Value, frozen=True):
    clause: str
    kinds: tuple[str, ...]
    category_en: str
    category_zh: str
    certainty: Literal["O", "S", "M"]
    category_zh_hant: str = ""
    sensitive: bool = False
    level: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    letter: str = ""
    modal: Modal = "lists"
    predicate: str = ""
    check: bool = False
    note: str = ""


class _Count(Value, frozen=True, rename={"zh_hans": "zh-Hans", "zh_hant": "zh-Hant"}):
    clause: str
    of: Literal["persons", "sensitive"]
    en: str
    zh_hans: str
    zh_hant: str
    certainty: Literal["O", "S", "M"]
    more_than: Annotated[int, msgspec.Meta(ge=0)] | None = None  # not included
    at_least: Annotated[int, msgspec.Meta(ge=0)] | None = None  # included
    less_than: Annotated[int, msgspec.Meta(ge=1)] | None = None  # not included
    effective_from: str = ""
    check: bool = False


class _File(Value, frozen=True):
    scheme: str
    edition: str
    source: str
    rows: tuple[_Row, ...]
    counts: tuple[_Count, ...] = ()
    gaps: tuple[Names, ...] = ()
    effective_from: str = ""
    effective_to: str = ""
    supersedes: str = ""


class Mapping(Value, frozen=True):
    """What one scheme says of one kind.

    `level` and `letter` are the scheme's own; `sensitive` is the scheme's own word for it. `predicate` narrows the row
    (`age<14`); empty means always. `effective_to` is the last day, empty while in force.
    """

    scheme: str
    edition: str
    clause: str
    kind: str
    category_en: str
    category_zh: str
    category_zh_hant: str
    sensitive: bool
    level: int | None
    letter: str
    modal: Modal
    predicate: str
    effective_from: str
    effective_to: str
    supersedes: str
    source: str
    certainty: str
    note: str

    def in_force(self, day: dt.date) -> bool:
        """True on the days from `effective_from` to `effective_to`, both included."""
        return _holds(self.effective_from, self.effective_to, day)

    def category(self, script: Script) -> str:
        """The category in one writing."""
        return {"en": self.category_en, "zh-Hans": self.category_zh, "zh-Hant": self.category_zh_hant}[script]


class Count(Value, frozen=True):
    """What a number of persons, or of persons with sensitive data, means under one scheme.

    `more_than` and `less_than` do not include the number, `at_least` does.
    """

    clause: str
    of: Literal["persons", "sensitive"]
    effect: Names
    more_than: int | None
    at_least: int | None
    less_than: int | None
    effective_from: str

    def applies(self, number: int, day: dt.date) -> bool:
        """True when the number lies within the bounds and the clause is in force."""
        return (
            (self.more_than is None or number > self.more_than)
            and (self.at_least is None or number >= self.at_least)
            and (self.less_than is None or number < self.less_than)
            and _holds(self.effective_from, "", day)
        )


class Edition(Value, frozen=True):
    """One edition of a scheme: its dates, what counts mean, and what it says that no row maps."""

    scheme: str
    edition: str
    source: str
    effective_from: str
    effective_to: str
    counts: tuple[Count, ...]
    gaps: tuple[Names, ...]

    def in_force(self, day: dt.date) -> bool:
        """True on the days from `effective_from` to `effective_to`, both included."""
        return _holds(self.effective_from, self.effective_to, day)


def _holds(first: str, last: str, day: dt.date) -> bool:
    at = day.isoformat()
    return (first or at) <= at <= (last or at)


class Schemes(Value, frozen=True):
    """All mappings of a rule pack."""

    mappings: tuple[Mapping, ...]
    editions: tuple[Edition, ...] = ()

    def of(self, kind: str, *, as_of: dt.date, scheme: str = "") -> tuple[Mapping, ...]:
        """What the schemes in force on a day say of a kind; of one scheme only when it is named."""
        return tuple(
            row
            for row in self.mappings
            if row.kind == kind and row.in_force(as_of) and (not scheme or row.scheme == scheme)
        )

    def names(self) -> tuple[str, ...]:
        """The schemes by name."""
        return tuple(sorted({edition.scheme for edition in self.editions}))


def load(folder: Path, kinds: Collection[str]) -> Schemes:
    """The schemes in `folder`.

    Args:
        folder: `rules/schemes`.
        kinds: the kinds of the taxonomy; a row for another kind is an error.

    Raises:
        ConfigError: a file does not fit, a kind is unknown, a date is no date, or a row is not certain enough to ship.
    """
    found: list[Mapping] = []
    editions: list[Edition] = []
    for path in rulefile.files(folder):
        file = rulefile.read(path, _File)
        for day in (file.effective_from, file.effective_to):
            _check_date(path, day)
        editions.append(_edition(path, file))
        for row in file.rows:
            if row.certainty != "O" or row.check:
                raise ConfigError(
                    f"`{path}` clause `{row.clause}` is not certain: certainty `{row.certainty}`",
                    help="ship only rows that were read in the official text",
                )
            for kind in row.kinds:
                if kind not in kinds:
                    raise ConfigError(f"`{path}` clause `{row.clause}` names the unknown kind `{kind}`")
                found.append(_mapping(file, row, kind))
    return Schemes(tuple(found), tuple(editions))


def _edition(path: Path, file: _File) -> Edition:
    counts = []
    for count in file.counts:
        _check_date(path, count.effective_from)
        if count.certainty != "O" or count.check:
            raise ConfigError(
                f"`{path}` clause `{count.clause}` is not certain: certainty `{count.certainty}`",
                help="ship only rows that were read in the official text",
            )
        if count.more_than is None and count.at_least is None and count.less_than is None:
            raise ConfigError(
                f"`{path}` clause `{count.clause}` has no bound", help="say more_than, at_least, less_than"
            )
        counts.append(
            Count(
                count.clause,
                count.of,
                Names(count.en, count.zh_hans, count.zh_hant),
                count.more_than,
                count.at_least,
                count.less_than,
                count.effective_from or file.effective_from,
            )
        )
    return Edition(
        file.scheme,
        file.edition,
        file.source,
        file.effective_from,
        file.effective_to,
        tuple(counts),
        file.gaps,
    )


def _mapping(file: _File, row: _Row, kind: str) -> Mapping:
    return Mapping(
        scheme=file.scheme,
        edition=file.edition,
        clause=row.clause,
        kind=kind,
        category_en=row.category_en,
        category_zh=row.category_zh,
        category_zh_hant=row.category_zh_hant or row.category_zh,
        sensitive=row.sensitive,
        level=row.level,
        letter=row.letter,
        modal=row.modal,
        predicate=row.predicate,
        effective_from=file.effective_from,
        effective_to=file.effective_to,
        supersedes=file.supersedes,
        source=file.source,
        certainty=row.certainty,
        note=row.note,
    )


def _check_date(path: Path, day: str) -> None:
    try:
        if day:
            dt.date.fromisoformat(day)
    except ValueError as error:
        raise ConfigError(
            f"`{path}` has a date that is not yyyy-mm-dd", help="write effective dates as 2021-11-01"
        ) from error
