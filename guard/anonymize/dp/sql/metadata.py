"""What the owner of the data says about a table: whose rows they are, and the public bounds of its columns.

The file is `privacy/units.yaml` of the rule pack. Nothing in it may be read from the data: a bound that was looked up
is itself an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
import yaml
from msgspec import Meta

from guard.errors import ConfigError
from guard.model import TableName, Value
from guard.sql.names import lower

FILE = "privacy/units.yaml"
MAX_BYTES = 1 << 20
MAX_KEYS = 10_000  # public values of one column
MAX_HOPS = 8  # foreign keys from a table to its unit

Key: TypeAlias = str | int | bool | None
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]


class Through(Value, frozen=True):
    """The unit of a row is the unit of the one row of `table` whose unique `key` equals the row's `column`."""

    column: Name
    table: Name
    key: Name


class ColumnBounds(Value, frozen=True):
    """Public facts about a column: its range, the grid on which it is summed, its values.

    `low` and `high` are inclusive; values outside are moved to the nearer one. `step` is the distance of two
    values that the answer can tell apart; a finer value is rounded to it. With `clip` the engine may choose a lower
    `high` for sums, from a noisy histogram that the answer pays for.
    """

    low: Annotated[str, Meta(max_length=40)] | int | None = None
    high: Annotated[str, Meta(max_length=40)] | int | None = None
    step: Annotated[str, Meta(max_length=40)] | int = 1
    keys: tuple[Key, ...] | None = None
    clip: bool = False

    @property
    def interval(self) -> tuple[Fraction, Fraction] | None:
        """The range as exact numbers, where one is given."""
        if self.low is None or self.high is None:
            return None
        return Fraction(self.low), Fraction(self.high)

    @property
    def grid(self) -> Fraction:
        """The step as an exact number."""
        return Fraction(self.step)


class TablePrivacy(Value, frozen=True):
    """Whose rows a table holds.

    Exactly one of `public`, `unit` and `through`. `groups` bounds the groups of one answer that a unit may count in,
    `rows` the rows that it may have in one group; with `groups: auto` the engine chooses from a noisy histogram.
    `entity` names what a unit is: only tables of one entity are joined.
    """

    public: bool = False
    unit: Name | None = None
    through: Through | None = None
    entity: Name = "person"
    groups: Annotated[int, Meta(ge=1, le=10_000)] | str = 1
    rows: Annotated[int, Meta(ge=1, le=1_000_000)] | str = 1
    columns: Mapping[Name, ColumnBounds] = msgspec.field(default_factory=dict)

    def column(self, name: str) -> ColumnBounds | None:
        """What is said about a column; names are compared without case."""
        wanted = lower(name)
        return next((bounds for known, bounds in self.columns.items() if lower(known) == wanted), None)


class _File(Value, frozen=True):
    tables: dict[Name, TablePrivacy] = msgspec.field(default_factory=dict)


class Units:
    """The tables that may be asked about with differential privacy, by name."""

    def __init__(self, tables: Mapping[str, TablePrivacy]) -> None:
        """Raises ConfigError for contradictions: two owners, a dangling or endless chain, an empty range."""
        self._tables = {lower(name): table for name, table in tables.items()}
        for name, table in tables.items():
            _check(name, table)
        for name in tables:
            self._chain(name)

    @classmethod
    def load(cls, rules: Path) -> Units:
        """The file of the rule pack at `rules`; without it no table is known, and every question is refused.

        Raises:
            ConfigError: it cannot be read, or says something contradictory.
        """
        path = rules / FILE
        if not path.is_file():
            return cls({})
        text = path.read_bytes()
        if len(text) > MAX_BYTES:
            raise ConfigError(f"`{FILE}` is larger than {MAX_BYTES} bytes", help="keep data out of it")
        try:
            parsed = msgspec.convert(yaml.safe_load(text) or {}, type=_File)
        except (yaml.YAMLError, msgspec.ValidationError) as error:
            raise ConfigError(f"`{FILE}` does not fit: {_short(error)}", help="see docs/reference/dp-sql.md") from None
        return cls(parsed.tables)

    def of(self, name: TableName) -> TablePrivacy | None:
        """What is said about a table; a name without a schema stands for the table in every schema."""
        exact = self._tables.get(lower(str(name)))
        if exact is None and name.schema:
            exact = self._tables.get(lower(f"{name.schema}.{name.name}"))
        return exact if exact is not None else self._tables.get(lower(name.name))

    def named(self, name: str) -> TablePrivacy | None:
        """As `of`, for a name as the file spells it."""
        return self._tables.get(lower(name))

    def _chain(self, name: str) -> None:
        seen, at = [lower(name)], self._tables[lower(name)]
        for _ in range(MAX_HOPS):
            if at.through is None:
                break
            target = lower(at.through.table)
            after = self._tables.get(target)
            if after is None or after.public or after.entity != at.entity or target in seen:
                raise ConfigError(
                    f"`{FILE}`: the unit of `{name}` leads to `{at.through.table}`, which has none of the same entity",
                    help="let `through` end at a table with `unit`",
                )
            seen.append(target)
            at = after
        else:
            raise ConfigError(f"`{FILE}`: the unit of `{name}` is too many keys away", help="name a nearer table")


def _check(name: str, table: TablePrivacy) -> None:
    owners = (table.public, table.unit is not None, table.through is not None)
    if sum(owners) != 1:
        raise ConfigError(
            f"`{FILE}`: table `{name}` needs exactly one of `public`, `unit` and `through`",
            help="say whose rows it holds",
        )
    for limit in (table.groups, table.rows):
        if isinstance(limit, str) and limit != "auto":
            raise ConfigError(f"`{FILE}`: a bound of table `{name}` is no number", help="write a number or `auto`")
    for column, bounds in table.columns.items():
        _check_column(f"{name}.{column}", bounds)


def _check_column(name: str, bounds: ColumnBounds) -> None:
    try:
        interval, grid = bounds.interval, bounds.grid
    except (ValueError, ZeroDivisionError):
        raise ConfigError(f"`{FILE}`: a bound of `{name}` is no number", help="write it as a decimal text") from None
    if grid <= 0 or (interval is not None and interval[0] >= interval[1]):
        raise ConfigError(
            f"`{FILE}`: the range of `{name}` is empty", help="give `low` below `high`, and a step above 0"
        )
    if interval is not None and any((end / grid).denominator != 1 for end in interval):
        raise ConfigError(f"`{FILE}`: the range of `{name}` is not on its grid", help="let `step` divide both ends")
    if bounds.keys is not None and (len(set(bounds.keys)) != len(bounds.keys) or len(bounds.keys) > MAX_KEYS):
        raise ConfigError(
            f"`{FILE}`: the keys of `{name}` repeat or are too many", help=f"list at most {MAX_KEYS} once"
        )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


def tables_of(units: Mapping[str, Any]) -> Units:
    """`Units` from plain values, as the file would hold them; for programs and tests."""
    return Units(msgspec.convert({"tables": dict(units)}, type=_File).tables)


def dates(keys: Iterable[Key]) -> tuple[date, ...] | None:
    """The keys as dates, where each one is an ISO date."""
    try:
        return tuple(date.fromisoformat(str(key)) for key in keys)
    except ValueError:
        return None
