"""When two spellings are one name: case folding and length, per dialect, as the engines do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from sqlglot import exp

Folding: TypeAlias = Literal["lower", "upper", "insensitive"]

# Quoted names are exact and unquoted ones fold (SQL:2016, 5.2), except where the engine ignores case altogether.
_FOLDING: dict[str, Folding] = {
    "postgres": "lower",
    "redshift": "insensitive",
    "materialize": "lower",
    "risingwave": "lower",
    "snowflake": "upper",
    "oracle": "upper",
}
_LONGEST = {"postgres": 63, "redshift": 127, "materialize": 255, "mysql": 64}
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ASCII_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}


def lower(name: str) -> str:
    """`name` with A-Z in lower case and nothing else changed, as PostgreSQL, DuckDB and SQLite fold."""
    return name.lower() if name.isascii() else name.translate(_ASCII_LOWER)


def upper(name: str) -> str:
    """`name` with a-z in upper case and nothing else changed."""
    return name.upper() if name.isascii() else name.translate(_ASCII_UPPER)


class Names:
    """The naming rules of one dialect: keys that are equal exactly when the engine takes two names for one."""

    __slots__ = ("_fold", "_insensitive", "dialect", "longest", "stores_upper")

    def __init__(self, dialect: str, folding: Folding | None = None) -> None:
        folding = folding or _FOLDING.get(dialect, "insensitive")
        self.dialect = dialect
        self.longest = _LONGEST.get(dialect, 0)
        self.stores_upper = folding == "upper"
        self._insensitive = folding == "insensitive"
        self._fold: Callable[[str], str] = upper if folding == "upper" else lower

    def of(self, identifier: exp.Identifier) -> str:
        """The key of a name as a statement spells it."""
        name = str(identifier.this)
        return name if identifier.args.get("quoted") and not self._insensitive else self._fold(name)

    def stored(self, name: str) -> str:
        """The key of a name as the catalogue holds it."""
        return self._fold(name) if self._insensitive else name

    def too_long(self, identifier: exp.Identifier) -> bool:
        """True where the engine would cut the name, so that it could become another one."""
        return 0 < self.longest < len(str(identifier.this).encode())
