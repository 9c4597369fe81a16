"""What a transform may see beside the values of its own column: other columns of the row, the whole table, ports.

Most transforms are functions of one value and need none of this. Those that do are `WideTransform`s: `reads` names the
other columns, `survey` looks at the whole table once before the first row is written, `apply_rows` gets all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from guard.anonymize.transform import Transform
from guard.errors import TransformError
from guard.model import Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.keys import Keys


class Span(Value, frozen=True):
    """What stands in a text: a kind, and the half-open place `[start, end)` in characters."""

    kind: str
    start: int
    end: int


class SpanFinder(Protocol):
    """Finds what is sensitive in texts; the engine gives the one of the classify room."""

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """The spans of each text, in any order; they may overlap."""


class Entry(Value, frozen=True):
    """One value for the vault: how it is found again (a MAC), the token, and the sealed value."""

    lookup: str
    token: str
    sealed: str


class Vault(Protocol):
    """A table of tokens; the engine gives the one of the store. It never sees a plain value or a key."""

    def keep(self, domain: str, entries: Sequence[Entry]) -> Sequence[str]:
        """The token of each entry: the one that its `lookup` has already, else its own, durable when this returns."""

    def sealed(self, domain: str, tokens: Sequence[str]) -> Mapping[str, str]:
        """The sealed value of each known token."""


@dataclass(frozen=True)
class Ports:
    """What the engine hands in."""

    spans: SpanFinder | None = None
    vault: Vault | None = None


@dataclass(frozen=True)
class Rows:
    """The rows that the values of one call stand in.

    Attributes:
        beside: the columns that `reads` names, as they were before any transform, of the same length.
        start: the number of the first row in the table, from 0.
        found: what the survey found; None where the transform has none.
    """

    beside: Mapping[str, pa.Array] = field(default_factory=dict)
    start: int = 0
    found: Any = None
    ports: Ports = Ports()


class Survey(Protocol):
    """A look at the whole table, batch by batch in order, before the first row is changed."""

    def see(self, values: pa.Array, beside: Mapping[str, pa.Array]) -> None:
        """The next batch of the column, and of what it reads."""

    def found(self) -> Any:
        """What `apply_rows` gets in `Rows.found`; read by several threads, so nothing changes it."""


@runtime_checkable
class WideTransform(Transform, Protocol):
    """A transform whose result depends on more than the value."""

    def reads(self, params: Any) -> tuple[str, ...]:
        """The names of other columns."""

    def survey(self, params: Any, keys: Keys | None) -> Survey | None:
        """What looks at the whole table first; None when nothing has to."""

    def apply_rows(self, values: pa.Array, params: Any, keys: Keys | None, rows: Rows) -> pa.Array:
        """The safer values, as `Transform.apply`."""


def not_surveyed() -> TransformError:
    """The error of a transform that was called before its look at the whole table: it must not guess."""
    msg = "it needs a look at the whole table first"
    return TransformError(msg, help="apply it by a plan, or with `Work.survey` before `Work.batch`")


def alone(module: WideTransform, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys | None) -> pa.Array:
    """`apply` of a wide transform over a column that is the whole table.

    Raises:
        TransformError: it reads other columns, which are not here.
    """
    from guard.anonymize.columns import array

    one = array(values)
    if module.reads(params):
        msg = f"it reads the column `{module.reads(params)[0]}`, which is not here"
        raise TransformError(msg, help="apply it by a plan, to the whole table")
    survey = module.survey(params, keys)
    if survey is not None:
        survey.see(one, {})
    return module.apply_rows(one, params, keys, Rows(found=survey.found() if survey else None))
