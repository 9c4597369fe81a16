"""What one scheme says of labelled fields as of a day: categories, levels, what row counts mean, and what is left out.

The levels are the scheme's own. A row count stands for persons, and is too high where a person has several rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from collections.abc import Mapping as Mappings
from pathlib import Path

from guard.classify import rulefile
from guard.classify.schemes import Count, Edition, Mapping, Schemes
from guard.classify.taxonomy import Names, Taxonomy
from guard.errors import UsageError
from guard.model import FieldLabel, Value


class Counted(Value, frozen=True):
    """A clause that applies to a table because of its rows."""

    table: str
    rows: int
    count: Count


class SchemeReport(Value, frozen=True):
    """What a scheme says of fields.

    Attributes:
        scheme: its name.
        as_of: the day.
        editions: those in force on the day; none means that nothing was judged.
        named: each labelled field that it names, with what it says; the strictest first.
        unnamed: sensitive fields that it does not name, which is not the same as harmless.
        unread: fields that were not looked at.
        counted: what row counts mean.
        unknown_rows: tables with named fields whose rows nobody counted.
    """

    scheme: str
    as_of: str
    editions: tuple[Edition, ...]
    named: tuple[tuple[FieldLabel, tuple[Mapping, ...]], ...]
    unnamed: tuple[FieldLabel, ...]
    unread: tuple[FieldLabel, ...]
    counted: tuple[Counted, ...]
    unknown_rows: tuple[str, ...]

    @property
    def gaps(self) -> tuple[Names, ...]:
        """What the editions say that no row maps."""
        return tuple(gap for edition in self.editions for gap in edition.gaps)


def report(
    schemes: Schemes,
    taxonomy: Taxonomy,
    labels: Iterable[FieldLabel],
    rows: Mappings[str, int | None],
    *,
    scheme: str,
    as_of: dt.date,
) -> SchemeReport:
    """Judges labels by one scheme; `rows` are those of each dataset, by its name.

    Raises:
        UsageError: no such scheme.
    """
    if scheme not in schemes.names():
        raise UsageError(f"unknown scheme `{scheme}`", help=f"choose one of {', '.join(schemes.names())}")
    editions = tuple(each for each in schemes.editions if each.scheme == scheme and each.in_force(as_of))
    named, unnamed, unread = [], [], []
    for label in labels:
        kinds = _kinds(label)
        found = tuple(row for kind in kinds for row in schemes.of(kind, as_of=as_of, scheme=scheme))
        if found:
            named.append((label, found))
        elif label.verdict == "sensitive":
            unnamed.append(label)
        elif label.verdict == "not_scanned":
            unread.append(label)
    counted, unknown = _counted(editions, taxonomy, [*(label for label, _ in named), *unnamed], rows, schemes, as_of)
    named.sort(key=lambda pair: (-_strictest(pair[1]), pair[0].field))
    return SchemeReport(
        scheme,
        as_of.isoformat(),
        editions,
        tuple(named),
        tuple(unnamed),
        tuple(unread),
        counted,
        unknown,
    )


def texts(folder: Path) -> dict[str, Names]:
    """What reports say, from the rule pack.

    Raises:
        ConfigError: the file does not fit.
    """
    return rulefile.read(folder / "schemes.yaml", dict[str, Names])


def _kinds(label: FieldLabel) -> tuple[str, ...]:
    """The kind of a label; of a text, the kinds that stand in it."""
    if label.label is None:
        return ()
    inside = tuple(kind for kind, likely in label.others if likely >= 0.5)
    return (label.label.kind, *inside) if label.label.kind == "person.free_text" else (label.label.kind,)


def _strictest(found: tuple[Mapping, ...]) -> int:
    return max((row.level or 0) + 10 * row.sensitive for row in found)


def _counted(
    editions: tuple[Edition, ...],
    taxonomy: Taxonomy,
    labels: list[FieldLabel],
    rows: Mappings[str, int | None],
    schemes: Schemes,
    as_of: dt.date,
) -> tuple[tuple[Counted, ...], tuple[str, ...]]:
    if not any(edition.counts for edition in editions):
        return (), ()
    personal: dict[str, bool] = {}
    for label in labels:
        if label.label is not None and taxonomy[label.label.kind].personal:
            table = label.field.dataset.name
            special = any(row.sensitive for row in schemes.of(label.label.kind, as_of=as_of, scheme="pipl"))
            personal[table] = personal.get(table, False) or special
    found, unknown = [], []
    for table, special in sorted(personal.items()):
        number = rows.get(table)
        if number is None:
            unknown.append(table)
            continue
        for edition in editions:
            apart = special and any(count.of == "sensitive" for count in edition.counts)
            fitting = (count for count in edition.counts if (count.of == "sensitive") == apart)
            found += [Counted(table, number, count) for count in fitting if count.applies(number, as_of)]
    return tuple(found), tuple(unknown)
